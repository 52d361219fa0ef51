"""The example cases: real ones, at different stages, on both databases."""

from __future__ import annotations

from pathlib import Path

from engine import Engine
from engine.actors import SYSTEM
from engine.example import load_example_organisation, sign_ins
from engine.example_cases import STAGES, load_example_cases

PROCESSES = Path(__file__).parents[2] / "processes"


def test_example_cases_stand_at_different_stages_and_break_no_invariant(database_url: str) -> None:
    engine = Engine(database_url)
    try:
        load_example_organisation(engine)
        engine.publish(PROCESSES / "sip", by=SYSTEM)
        assert load_example_cases(engine, PROCESSES) == len(STAGES)

        tasks = engine.tasks(limit=1000)
        assert len({task.element_id for task in tasks}) >= 6
        assert any(task.overdue for task in tasks)
        assert any(not task.overdue for task in tasks)
        assert {case.closed_at is None for case in engine.cases(limit=1000)} == {True, False}
        assert engine.check() == []

        people = {person.username for person in sign_ins()}
        for case in engine.cases(limit=1000):
            done = [entry for entry in engine.history(case.id) if entry.kind == "completed"]
            assert {entry.actor for entry in done} <= people

        assert load_example_cases(engine, PROCESSES) == 0, "a second time there are cases already"
    finally:
        engine.close()
