"""What a question leads to begins as a case of its own, filled in: nothing is typed again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import Engine, VirtualClock
from engine.example import load_example_organisation

PROCESSES = Path(__file__).parents[2] / "processes"
ASKING = "elevhalsa-skovde"
CHILD = {"name": "Exempel Andersson", "personal_number": "20120125-2382"}
YES = {
    "given": "yes", "date": "2027-03-08", "by": ["guardian-1"], "how": "oral", "second_guardian": "no",
    "units": ["uph-skovde"], "kinds": ["health"], "until": "2027-06-30",
}  # fmt: skip
#: step → process, where the answers stand, and what is filled in.
LEADS: list[tuple[dict[str, Any], str, str, dict[str, Any]]] = [
    ({"step": "sip"}, "sip", "need", {"child": {**CHILD, "protected": False}, "asked_by": "case", "why": "Vad gör vi?"}),
    (
        {"step": "consultation", "step_unit": "uph-skovde"}, "consultation", "consultation_request",
        {"child": CHILD, "text": "Vad gör vi?", "unit": "uph-skovde"},
    ),
    (
        {"step": "team", "step_unit": "uph-skovde"}, "early_intervention", "request",
        {"child": CHILD, "text": "Vad gör vi?", "team": "uph-skovde", "tried_what": "Samtal."},
    ),
    (
        {"step": "concern", "urgent": "yes", "step_unit": "socialtjanst-skovde"}, "concern_report", "concern",
        {"child": {**CHILD, "protected": False}, "seen": "Vad gör vi?", "social_unit": "socialtjanst-skovde"},
    ),
]  # fmt: skip


def the_task(engine: Engine, case: str, element: str) -> int:
    (found,) = [task.id for task in engine.tasks(case=case) if task.element_id == element]
    return found


@pytest.mark.parametrize(("step", "process", "form", "filled_in"), LEADS, ids=[lead[1] for lead in LEADS])
def test_an_answer_starts_what_it_leads_to_at_whoever_asked(
    database_url: str, step: dict[str, Any], process: str, form: str, filled_in: dict[str, Any]
) -> None:
    engine = Engine(database_url, clock=VirtualClock("2027-03-08T09:00+01:00"))
    engine.upgrade()
    load_example_organisation(engine)
    for name in ("contact", process):
        engine.publish(PROCESSES / name)
    kurator, uph = engine.directory.actor("kurator.skovde"), engine.directory.actor("behandlare.uph")
    question = {
        "kind": "child", "child": CHILD, "confidentiality": True, "about": "mental-health", "text": "Vad gör vi?",
        "tried": "Samtal.", "unit": "uph-skovde",
    }  # fmt: skip
    case = engine.start("contact", answers={"question": question}, by=kurator)
    engine.complete(the_task(engine, case.id, "ask_consent"), {"consent": YES}, by=kurator)
    answer = {"kind": "answered", "text": "Så här.", **step}
    engine.complete(the_task(engine, case.id, "answer_question"), {"answer": answer}, by=uph)
    engine.deliver()

    (begun,) = engine.cases(process=process)
    started = engine.case(begun.id)
    assert started.owner == ASKING
    assert {key: started.data[form][key] for key in filled_in} == filled_in
    assert started.incidents == 0
    assert engine.tasks(case=started.id)
    # What the start form would refuse of it would have to be typed again.
    asked, evaluate = engine.start_form(process)
    assert asked is not None
    visible = {key: value for key, value in started.data[form].items() if value is not None}
    assert asked.clean(visible, evaluate)["child"]["name"] == CHILD["name"]
    engine.close()
