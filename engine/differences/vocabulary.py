"""What sentences about differences call things, in both languages."""

from __future__ import annotations

from engine.durations import Duration, WorkingDays, parse_duration
from engine.findings import Language
from engine.rules import Text

#: Kind of item → what it is, where it is no element of BPMN (those are in `engine.bpmn.words`).
KINDS = {
    "package": Text("the process", "processen"),
    "role": Text("role", "roll"),
    "deadline": Text("deadline", "tidsgräns"),
    "indicator": Text("indicator", "mått"),
    "form": Text("form", "formulär"),
    "field": Text("question", "fråga"),
    "rule": Text("rule of a table", "regel i en tabell"),
    "input": Text("column of a table", "kolumn i en tabell"),
    "output": Text("result of a table", "resultat i en tabell"),
    "decision": Text("decision table", "beslutstabell"),
    "decisionTable": Text("decision table", "beslutstabell"),
    "text": Text("translation", "översättning"),
    "file": Text("file", "fil"),
    "called": Text("process that it calls", "process som den anropar"),
    "lane": Text("lane", "bana"),
    "participant": Text("pool", "pool"),
    "textAnnotation": Text("note on the diagram", "anteckning på bilden"),
    "association": Text("line on the diagram", "streck på bilden"),
    "message": Text("message", "meddelande"),
    "error": Text("error", "fel"),
    "signal": Text("signal", "signal"),
    "escalation": Text("escalation", "eskalering"),
}
#: The end of an aspect's path → what it is called; the first that fits.
ASPECTS = (
    ("@name", Text("the name", "namnet")),
    ("taskSchedule@dueDate", Text("the date it is due", "dagen då det ska vara klart")),
    ("taskSchedule@followUpDate", Text("the date it is looked at", "dagen då det tas upp")),
    ("assignmentDefinition@candidateGroups", Text("who does it", "vem som gör det")),
    ("assignmentDefinition@assignee", Text("the person who does it", "personen som gör det")),
    ("assignmentDefinition@candidateUsers", Text("the people who may do it", "personerna som får göra det")),
    ("formDefinition@formId", Text("the form", "formuläret")),
    ("conditionExpression", Text("the condition", "villkoret")),
    ("@default", Text("the way where no condition holds", "vägen när inget villkor stämmer")),
    ("documentation", Text("the description", "beskrivningen")),
    ("script@expression", Text("what is worked out", "det som räknas ut")),
    ("calledDecision@decisionId", Text("the decision table", "beslutstabellen")),
    ("calledElement@processId", Text("the process it calls", "processen den anropar")),
    ("taskDefinition@type", Text("what the system does", "det som systemet gör")),
    ("@cancelActivity", Text("whether it interrupts", "om den avbryter")),
    ("timeDate", Text("the time", "tiden")),
    ("timeDuration", Text("the time", "tiden")),
    ("timeCycle", Text("how often", "hur ofta")),
    ("loopCharacteristics@inputCollection", Text("for whom it is done", "för vilka det görs")),
    ("@messageRef", Text("the message", "meddelandet")),
    ("@sourceRef", Text("where it comes from", "varifrån den kommer")),
    ("@targetRef", Text("where it leads", "vart den leder")),
    ("@attachedToRef", Text("the step it belongs to", "steget den hör till")),
    ("lane", Text("the lane", "banan")),
    ("within", Text("what it stands in", "det den står i")),
    ("place", Text("the place in its list", "platsen i listan")),
    ("@hitPolicy", Text("how rules are chosen", "hur regler väljs")),
    ("validate.required", Text("whether it must be answered", "om den måste besvaras")),
    ("conditional.hide", Text("when it is hidden", "när den är dold")),
    ("label", Text("the wording", "formuleringen")),
    ("description", Text("the help text", "hjälptexten")),
    ("title", Text("the name", "namnet")),
    ("value", Text("the time", "tiden")),
    ("remind", Text("the reminder", "påminnelsen")),
    ("escalate_every", Text("the time between escalations", "tiden mellan upptrappningar")),
    ("escalate", Text("who is told when it passes", "vem som får veta när den passeras")),
    ("source", Text("where the figure comes from", "varifrån siffran kommer")),
    ("adjustable", Text("whether an organisation may set it", "om en organisation får ändra den")),
    ("kinds", Text("which kinds of unit hold it", "vilka slags enheter som har den")),
)  # fmt: skip
_UNITS = {
    "working": Text("working days", "arbetsdagar"), "months": Text("months", "månader"),
    "weeks": Text("weeks", "veckor"),
    "days": Text("days", "dagar"), "hours": Text("hours", "timmar"), "minutes": Text("minutes", "minuter"),
}  # fmt: skip
_ONE = {
    "working": Text("working day", "arbetsdag"), "months": Text("month", "månad"), "weeks": Text("week", "vecka"),
    "days": Text("day", "dag"), "hours": Text("hour", "timme"), "minutes": Text("minute", "minut"),
}  # fmt: skip


def aspect_word(aspect: str) -> Text:
    """What an aspect is called; its own path in quotes where nothing better is known."""
    found = next((text for end, text in ASPECTS if aspect == end or aspect.endswith(end)), None)
    return found or Text(f"“{aspect}”", f"”{aspect}”")


def length(value: str) -> tuple[int, str] | None:
    """A length of time as a number of one unit: `PT48H` → (48, "hours"); None where it takes several, or is none."""
    try:
        amount = parse_duration(value)
    except ValueError:
        return None
    if isinstance(amount, WorkingDays):
        return amount.count, "working"
    parts = _parts(amount)
    return parts[0] if len(parts) == 1 else None


def length_words(value: str, language: Language) -> str:
    """`P3W` → `3 weeks`; what takes several units, or is no length, as it is written."""
    found = length(value)
    if found is None:
        return value
    count, unit = found
    return f"{count} {getattr((_ONE if count == 1 else _UNITS)[unit], language)}"


def _parts(amount: Duration) -> list[tuple[int, str]]:
    weeks = amount.days and amount.days % 7 == 0
    seconds = int(amount.seconds)
    clock = (seconds // 3600, "hours") if seconds % 3600 == 0 else (seconds // 60, "minutes")
    days = (amount.days // 7, "weeks") if weeks else (amount.days, "days")
    return [(count, unit) for count, unit in ((amount.months, "months"), days, clock) if count]
