"""What moving a case to another version comes to: what changes in it, or why it cannot move."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.rules import Text

#: Why a case cannot move. `{what}` is the step it is about.
REASONS = {
    "no-counterpart": Text(
        "The case stands at “{what}”, which the new version does not have. Say which step it becomes",
        "Ärendet står vid ”{what}”, som inte finns i den nya versionen. Ange vilket steg det blir",
    ),
    "elsewhere": Text(
        "“{what}” stands in another part (sub-process) of the new version. Wait until the case has passed it",
        "”{what}” ligger i en annan del (delprocess) av den nya versionen. Vänta tills ärendet har passerat",
    ),
    "another-kind": Text(
        "“{what}” is another kind of step in the new version. Say which step it becomes",
        "”{what}” är en annan sorts steg i den nya versionen. Ange vilket steg det blir",
    ),
    "repetition-changed": Text(
        "The case is in the middle of “{what}”, done once for each in a list, and the new version goes through "
        "the list otherwise. Wait until the case has passed it",
        "Ärendet är mitt i ”{what}”, som görs en gång för var och en i en lista, och den nya versionen går igenom "
        "listan på annat sätt. Vänta tills ärendet har passerat",
    ),
    "calls-another": Text(
        "The case is inside “{what}”, which calls another process in the new version. "
        "Wait until the case has passed it",
        "Ärendet är inne i ”{what}”, som anropar en annan process i den nya versionen. "
        "Vänta tills ärendet har passerat",
    ),
    "lost-way": Text(
        "A branch of the case waits at “{what}” on a way in that the new version does not have. "
        "Wait until the branches have met",
        "En gren av ärendet väntar vid ”{what}” på en väg in som inte finns i den nya versionen. "
        "Vänta tills grenarna har mötts",
    ),
    "goes-on": Text(
        "The case would go on at once at “{what}”, and a move shall change no more than the version. "
        "Wait until the case has passed it",
        "Ärendet skulle gå vidare genast vid ”{what}”, och en flytt ska inte ändra mer än versionen. "
        "Vänta tills ärendet har passerat",
    ),
    "cannot-stand": Text(
        "No case of the new version can stand at {what} at the same time, so it might never end or do something twice. "
        "Wait until the case has gone on",
        "Inget ärende i den nya versionen kan stå vid {what} på en gång, så det skulle kunna fastna eller göra något "
        "två gånger. Vänta tills ärendet har gått vidare",
    ),
    "not-proven": Text(
        "It could not be shown in time that the case ends in the new version. Wait until the case has gone on",
        "Det gick inte att visa i tid att ärendet kommer till slut i den nya versionen. "
        "Vänta tills ärendet har gått vidare",
    ),
    "cannot-wait": Text(
        "“{what}” in the new version could not begin to wait: {problem}",
        "”{what}” i den nya versionen kunde inte börja vänta: {problem}",
    ),
    "not-theirs": Text(
        "The version is the local variant of another organisation. Choose everybody's, or the case's own",
        "Versionen är en annan organisations lokala variant. Välj allas, eller ärendets egen",
    ),
    "there": Text("The case runs on that version already", "Ärendet går redan på den versionen"),
    "closed": Text("The case is closed", "Ärendet är avslutat"),
    "another-process": Text("The case is of another process", "Ärendet hör till en annan process"),
    "may-not": Text(
        "Only the process owner of the case's organisation moves it",
        "Bara processägaren för ärendets organisation får flytta det"
    ),
    "failed": Text(
        "The case could not be read, and stays where it is. Look at the log",
        "Ärendet gick inte att läsa, och står kvar. Se loggen",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Reason:
    """Why a case cannot move."""

    #: A key of `REASONS`.
    code: str
    #: The element it is about, of the version that the case runs on or of the new one; empty for the case as a whole.
    element: str = ""
    name: str = ""
    problem: Text | None = None

    @property
    def text(self) -> Text:
        """In words."""
        values = {"what": self.name or self.element, "problem": self.problem or ""}
        said = REASONS[self.code]
        return Text(said.fill("en", values), said.fill("sv", values))

    def as_dict(self) -> dict[str, str]:
        """For JSON and for the move's row."""
        return {"code": self.code, "element": self.element, "text": self.text.en, "text_sv": self.text.sv}


@dataclass(frozen=True)
class Redated:
    """A wait or task whose date another version changes."""

    element: str
    name: str
    #: None: it had, or gets, no date.
    before: datetime | None
    after: datetime | None
    now: datetime

    @property
    def becomes_overdue(self) -> bool:
        """Is its new date in the past, and was the old one not?"""
        return self.after is not None and self.after <= self.now and not (self.before and self.before <= self.now)

    def as_dict(self) -> dict[str, Any]:
        """For JSON and for the case's history."""
        return {
            "element": self.element,
            "from": self.before.isoformat() if self.before else None,
            "to": self.after.isoformat() if self.after else None,
        }


@dataclass
class Outcome:
    """What moving one case comes to."""

    reasons: list[Reason] = field(default_factory=list)
    #: Elements of the old version where it stands.
    stands: list[str] = field(default_factory=list)
    #: Old element → new element, where the id changes.
    became: dict[str, str] = field(default_factory=dict)
    redated: list[Redated] = field(default_factory=list)
    #: Events that are waited for from now on, and those that no longer are.
    begun: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    #: Steps that only the new version has: those that still come, and those that lie behind the case.
    ahead: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)

    @property
    def moves(self) -> bool:
        """Can it move?"""
        return not self.reasons

    @property
    def overdue(self) -> int:
        """How many dates would be in the past at once."""
        return sum(one.becomes_overdue for one in self.redated)

    def refuse(self, code: str, element: str = "", name: str | None = None, problem: Text | None = None) -> None:
        """It cannot move; the same is said once."""
        reason = Reason(code, element, name or "", problem)
        if reason not in self.reasons:
            self.reasons.append(reason)

    def as_dict(self) -> dict[str, Any]:
        """For JSON and for the case's history: what says something."""
        said: dict[str, Any] = {
            "reasons": [one.as_dict() for one in self.reasons], "became": self.became,
            "redated": [one.as_dict() for one in self.redated], "begun": self.begun, "dropped": self.dropped,
            "ahead": self.ahead, "passed": self.passed,
        }  # fmt: skip
        return {key: value for key, value in said.items() if value}
