"""An organisation's own values of deadlines: from a date, for new waits or for open ones too, and with what in sight."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from engine import Actor, Engine, Forbidden, NotFound, VirtualClock
from engine.commands.own_deadlines import Impact, NotAdjustable
from tests.integration import drawing as draw

#: Bytes that are no state.
UNREADABLE = {"sqlite": "x'00'", "postgresql": "'\\\\x00'"}
ADMINISTRATOR = Actor("admin", units=["soc-skovde"], roles=["administrator"])
SETTINGS = """
[process]
title = "Ladder"
[roles.coordinator]
title = "Coordinator"
[deadlines.answer]
value = "P10D"
source = "local"
adjustable = true
remind = "2 working days"
escalate = ["unit-manager"]
[deadlines.law]
value = "P3W"
source = "SoL"
adjustable = false
escalate = ["unit-manager"]
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def ladder(organisation: Engine, tmp_path: Path) -> Engine:
    model = draw.process(
        "ladder",
        '<startEvent id="start"/><parallelGateway id="both"/><endEvent id="end"/><endEvent id="over"/>',
        draw.task("ask", group="coordinator", due='=deadline("answer")'),
        draw.timer("late", '=deadline("answer")', kind_of="timeDate"),
        draw.flows("start>both>ask>end", "both>late>over"),
    )
    organisation.publish(draw.package(tmp_path, "ladder", model, SETTINGS))
    return organisation


def due(engine: Engine, case: str) -> set[datetime]:
    return {deadline.due_at for deadline in engine.deadlines(case) if deadline.kind in ("timer", "due")} | {
        task.due_at for task in engine.tasks(case=case) if task.due_at
    }


def test_a_value_holds_from_its_date_for_what_begins_then(ladder: Engine, anna: Actor, clock: VirtualClock) -> None:
    ladder.set_deadline("ladder", "answer", "P5D", valid_from=at("2026-04-01T00:00+02:00"), reason="less staff")
    assert due(ladder, ladder.start("ladder", by=anna).id) == {at("2026-04-06T10:00+02:00")}
    clock.set("2026-04-01T10:00+02:00")
    assert due(ladder, ladder.start("ladder", by=anna).id) == {at("2026-04-06T10:00+02:00")}
    ladder.set_deadline("ladder", "answer", None)
    assert due(ladder, ladder.start("ladder", by=anna).id) == {at("2026-04-11T10:00+02:00")}


def test_what_a_value_would_do_is_told_before_and_changes_nothing(
    ladder: Engine, anna: Actor, clock: VirtualClock
) -> None:
    case = ladder.start("ladder", by=anna)
    clock.set("2026-03-30T10:00+02:00")
    other = ladder.start("ladder", by=anna)
    before = due(ladder, case.id), due(ladder, other.id)
    clock.set("2026-03-31T10:00+02:00")
    assert ladder.preview_deadline("ladder", "answer", "P3D") == Impact(4, sooner=4, later=0, overdue=2)
    assert ladder.preview_deadline("ladder", "answer", "P3W") == Impact(4, sooner=0, later=4, overdue=0)
    assert ladder.preview_deadline("ladder", "answer", None) == Impact(4, 0, 0, 0)
    assert (due(ladder, case.id), due(ladder, other.id)) == before


def test_a_value_for_open_waits_moves_them_from_its_date_on_and_says_why(
    ladder: Engine, anna: Actor, clock: VirtualClock
) -> None:
    case = ladder.start("ladder", by=anna)
    ladder.set_deadline(
        "ladder", "answer", "P20D", valid_from=at("2026-04-01T00:00+02:00"), running=True, reason="semester"
    )
    assert ladder.apply_deadlines() == 0
    assert due(ladder, case.id) == {at("2026-04-06T10:00+02:00")}
    clock.set("2026-04-01T10:00+02:00")
    assert ladder.apply_deadlines() == 1
    assert due(ladder, case.id) == {at("2026-04-16T10:00+02:00")}
    assert ladder.apply_deadlines() == 0
    moved = [entry.payload for entry in ladder.history(case.id) if entry.kind == "deadline-moved"]
    assert len(moved) == 2
    assert {(said["to"], said["reason"]) for said in moved} == {("2026-04-16T08:00:00Z", "semester")}
    assert ladder.check() == []


def test_a_task_that_was_overdue_is_not_once_its_date_lies_ahead(
    ladder: Engine, anna: Actor, clock: VirtualClock
) -> None:
    case = ladder.start("ladder", by=anna)
    clock.set("2026-04-07T10:00+02:00")
    ladder.fire_due()
    assert [task.overdue for task in ladder.tasks(case=case.id)] == [True]
    ladder.set_deadline("ladder", "answer", "P20D", running=True, reason="semester")
    ladder.apply_deadlines()
    assert [task.overdue for task in ladder.tasks(case=case.id)] == [False]
    clock.set("2026-04-16T10:00+02:00")
    ladder.fire_due()
    assert [task.overdue for task in ladder.tasks(case=case.id)] == [True]


def test_many_running_cases_are_done_in_parts_that_anybody_may_go_on_with(
    ladder: Engine, other_engine: Engine, anna: Actor
) -> None:
    cases = [ladder.start("ladder", by=anna).id for _ in range(45)]
    ladder.set_deadline("ladder", "answer", "P1D", running=True, reason="hurry")
    assert ladder.apply_deadlines(limit=20) == 20
    assert other_engine.apply_deadlines() == 25
    assert {moment for case in cases for moment in due(ladder, case)} == {at("2026-03-28T10:00+01:00")}


def test_what_is_fixed_unknown_or_no_duration_is_refused(ladder: Engine) -> None:
    with pytest.raises(NotAdjustable):
        ladder.set_deadline("ladder", "law", "P1D")
    with pytest.raises(NotFound, match="no deadline “lunch”"):
        ladder.set_deadline("ladder", "lunch", "P1D")
    with pytest.raises(NotFound, match="no process lunch"):
        ladder.preview_deadline("lunch", "answer", "P1D")
    with pytest.raises(ValueError, match="soon"):
        ladder.set_deadline("ladder", "answer", "soon")
    with pytest.raises(ValueError, match="soon"):
        ladder.preview_deadline("ladder", "answer", "soon")


def test_only_an_administrator_sets_a_value(ladder: Engine, anna: Actor) -> None:
    with pytest.raises(Forbidden):
        ladder.set_deadline("ladder", "answer", "P1D", by=anna)
    ladder.set_deadline("ladder", "answer", "P1D", by=ADMINISTRATOR)


def test_a_case_that_cannot_be_looked_at_is_passed_over_and_the_others_get_the_value(
    ladder: Engine, other_engine: Engine, anna: Actor
) -> None:
    broken, sound = (ladder.start("ladder", by=anna).id for _ in range(2))
    with ladder.database.command() as tx:
        tx.exec_driver_sql(f"UPDATE cases SET state = {UNREADABLE[tx.dialect.name]} WHERE number = '{broken}'")
    ladder.set_deadline("ladder", "answer", "P1D", running=True, reason="hurry")
    assert other_engine.apply_deadlines() == 1
    assert due(other_engine, sound) == {at("2026-03-28T10:00+01:00")}
    assert other_engine.apply_deadlines() == 0
    assert [(breach.case, breach.rule) for breach in other_engine.check()] == [(broken, "unreadable")]


def test_nothing_fires_by_the_old_value_once_the_new_one_holds(
    ladder: Engine, anna: Actor, clock: VirtualClock
) -> None:
    case = ladder.start("ladder", by=anna)
    ladder.set_deadline(
        "ladder", "answer", "P20D", valid_from=at("2026-04-05T00:00+02:00"), running=True, reason="semester"
    )
    clock.set("2026-04-07T10:00+02:00")
    ladder.fire_due()
    assert [task.overdue for task in ladder.tasks(case=case.id)] == [False]
    assert due(ladder, case.id) == {at("2026-04-16T10:00+02:00")}
    kinds = {entry.kind for entry in ladder.history(case.id)}
    assert kinds.isdisjoint({"overdue", "escalated", "fired"})
    assert ladder.check() == []


def test_a_date_moved_by_hand_keeps_its_hand(ladder: Engine, anna: Actor) -> None:
    case = ladder.start("ladder", by=anna)
    ladder.move_deadline(ladder.tasks(case=case.id)[0].id, at("2026-06-01T16:00+02:00"), "utomlands", by=anna)
    assert ladder.preview_deadline("ladder", "answer", "P12D") == Impact(1, sooner=0, later=1, overdue=0)
    ladder.set_deadline("ladder", "answer", "P12D", running=True, reason="mer tid")
    ladder.apply_deadlines()
    assert due(ladder, case.id) == {at("2026-06-01T16:00+02:00"), at("2026-04-08T10:00+02:00")}


@pytest.mark.parametrize("wrong", ["P0D", "-P3D", "0 working days", "P150Y", "P1D" + " " * 200])
def test_a_value_leads_forward_and_not_for_ever(ladder: Engine, wrong: str) -> None:
    for call in (ladder.set_deadline, ladder.preview_deadline):
        with pytest.raises(ValueError, match="no time for a deadline"):
            call("ladder", "answer", wrong)


def test_a_deadline_without_its_row_is_found(ladder: Engine, anna: Actor) -> None:
    case = ladder.start("ladder", by=anna)
    with ladder.database.command() as tx:
        tx.exec_driver_sql("DELETE FROM deadlines WHERE kind = 'remind'")
    assert [(breach.case, breach.rule) for breach in ladder.check()] == [(case.id, "deadlines-differ")]
