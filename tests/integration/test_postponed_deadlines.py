"""A date moved by hand and a telling that waits: within limits, with a reason, and never forgotten."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from engine import Actor, Engine, NotFound, VirtualClock
from engine.commands.postpone import ComesLaterAnyway, NoReason, SnoozedEnough, TooFar
from engine.tasks import Task
from tests.integration import drawing as draw

STRANGER = Actor("eva", units=["soc-skovde"])
SETTINGS = """
[roles.coordinator]
title = "Coordinator"
[deadlines.answer]
value = "P10D"
source = "local"
remind = "P2D"
escalate = ["unit-manager"]
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def task(organisation: Engine, anna: Actor, tmp_path: Path) -> Task:
    """Due on 6 April at 10, reminded of on 4 April."""
    model = draw.chain("ladder", draw.task("ask", group="coordinator", due='=deadline("answer")'))
    organisation.publish(draw.package(tmp_path, "ladder", model, SETTINGS))
    return organisation.tasks(case=organisation.start("ladder", by=anna).id)[0]


def steps(engine: Engine, task: Task) -> list[tuple[str, datetime]]:
    return [(deadline.kind, deadline.due_at) for deadline in engine.deadlines(task.case_id)]


def test_a_date_moved_by_hand_moves_its_reminder_and_is_told_in_the_history(
    organisation: Engine, task: Task, anna: Actor, clock: VirtualClock
) -> None:
    organisation.move_deadline(task.id, at("2026-04-20T10:00+02:00"), "Barnet är bortrest", by=anna)
    assert steps(organisation, task) == [("remind", at("2026-04-18T10:00+02:00"))]
    moved = next(entry for entry in organisation.history(task.case_id) if entry.payload.get("reason"))
    assert moved.payload["from"] == "2026-04-06T08:00:00Z"
    assert moved.payload["to"] == "2026-04-20T08:00:00Z"
    assert moved.payload["reason"] == "Barnet är bortrest"
    clock.set("2026-04-19T10:00+02:00")
    assert organisation.fire_due() == 1
    assert organisation.check() == []
    organisation.complete(task.id, {}, by=anna)


def test_a_date_is_moved_ahead_and_no_further_than_half_a_year(organisation: Engine, task: Task, anna: Actor) -> None:
    for wrong in ("2026-03-27T09:00+01:00", "2026-09-28T10:00+02:00"):
        with pytest.raises(TooFar):
            organisation.move_deadline(task.id, at(wrong), "därför", by=anna)
    with pytest.raises(NoReason):
        organisation.move_deadline(task.id, at("2026-04-20T10:00+02:00"), "  ", by=anna)


def test_a_reminder_waits_but_not_beyond_the_date(
    organisation: Engine, task: Task, anna: Actor, clock: VirtualClock
) -> None:
    clock.set("2026-04-02T10:00+02:00")
    organisation.snooze(task.id, at("2026-04-10T10:00+02:00"), "Väntar på svar", by=anna)
    assert steps(organisation, task) == [("remind", at("2026-04-06T10:00+02:00"))]
    clock.set("2026-04-06T10:00+02:00")
    assert organisation.fire_due() >= 1
    assert organisation.tasks(case=task.case_id)[0].overdue


def test_a_telling_waits_twice_and_five_working_days_at_a_time(
    organisation: Engine, task: Task, anna: Actor, clock: VirtualClock
) -> None:
    clock.set("2026-04-07T10:00+02:00")
    organisation.fire_due()
    assert steps(organisation, task)[0][0] == "escalate"
    with pytest.raises(SnoozedEnough):
        organisation.snooze(task.id, at("2026-04-15T10:00+02:00"), "Möte på fredag", by=anna)
    clock.set("2026-04-10T10:00+02:00")
    for day in (14, 15):
        organisation.snooze(task.id, at(f"2026-04-{day}T10:00+02:00"), "Möte på fredag", by=anna)
    with pytest.raises(SnoozedEnough):
        organisation.snooze(task.id, at("2026-04-16T10:00+02:00"), "Möte på fredag", by=anna)
    kinds = [entry.kind for entry in organisation.history(task.case_id)]
    assert kinds.count("snoozed") == 2


def test_a_telling_that_comes_no_sooner_anyway_is_left_and_nothing_is_said_of_it(
    organisation: Engine, task: Task, anna: Actor, clock: VirtualClock
) -> None:
    before = steps(organisation, task)
    with pytest.raises(ComesLaterAnyway):
        organisation.snooze(task.id, at("2026-03-30T10:00+02:00"), "Möte", by=anna)
    clock.set("2026-04-02T10:00+02:00")
    organisation.snooze(task.id, at("2026-04-10T10:00+02:00"), "Möte", by=anna)
    with pytest.raises(ComesLaterAnyway):  # it waits for the date itself already
        organisation.snooze(task.id, at("2026-04-10T11:00+02:00"), "Möte", by=anna)
    assert before == [("remind", at("2026-04-04T10:00+02:00"))]
    assert [entry.kind for entry in organisation.history(task.case_id)].count("snoozed") == 1


def test_whoever_neither_holds_the_task_nor_owns_its_case_learns_nothing_of_it(
    organisation: Engine, task: Task
) -> None:
    with pytest.raises(NotFound):
        organisation.move_deadline(task.id, at("2026-04-20T10:00+02:00"), "därför", by=STRANGER)
    with pytest.raises(NotFound):
        organisation.snooze(task.id, at("2026-03-30T10:00+02:00"), "därför", by=STRANGER)
