"""Deadlines over what is ugly about time: both changes of the clock, leap days, a new year, ten days without a scheduler.

All is counted and stored before, and fires after.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine import Actor, Engine, VirtualClock
from engine.commands.postpone import SnoozedEnough
from engine.outbox import unsent
from tests.integration import drawing as draw

SETTINGS = """
[process]
title = "Ladder"
[roles.coordinator]
title = "Coordinator"
kinds = ["elevhalsa"]
[roles.partner-group]
title = "Partner group"
kinds = ["partssamverkan"]
[deadlines.answer]
value = "{value}"
source = "local"
adjustable = true
remind = "{remind}"
escalate = ["unit-manager", "partner-group"]
"""
FOR_EACH = (
    '<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="=[1, 2, 3]" '
    'inputElement="one"/></extensionElements></multiInstanceLoopCharacteristics>'
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def ladder(engine: Engine, folder: Path, *, value: str = "P10D", remind: str = "P1D", inside: str = "") -> None:
    """One task with a date, a reminder and two to escalate to."""
    model = draw.chain("ladder", draw.task("ask", group="coordinator", due='=deadline("answer")', inside=inside))
    engine.publish(draw.package(folder, "ladder", model, SETTINGS.format(value=value, remind=remind)))


def cycle(engine: Engine, folder: Path, text: str) -> None:
    """A task that a cycle watches."""
    parts = draw.task("ask"), draw.timer("again", text, on="ask", interrupting=False, kind_of="timeCycle")
    flows = draw.flows("start>ask>end", "again>over")
    ends = '<startEvent id="start"/><endEvent id="end"/><endEvent id="over"/>'
    engine.publish(draw.write(folder, draw.process("cycle", ends, *parts, flows)))


def told(engine: Engine) -> list[tuple[str, str]]:
    with engine.database.reading() as tx:
        return [(str(item.payload["to"]), str(item.payload["reason"])) for item in unsent(tx) if item.kind == "notice"]


def firings(engine: Engine, clock: VirtualClock, most: int) -> Iterator[datetime]:
    """When deadlines fire, each at its own moment and none a second before."""
    for _ in range(most):
        due = engine.next_due()
        if due is None:
            return
        clock.set(due - timedelta(seconds=1))
        assert engine.fire_due() == 0, f"early for {due}"
        clock.set(due)
        assert engine.fire_due() >= 1
        yield due


@pytest.mark.parametrize(
    ("start", "value", "remind", "expected"),
    [
        # Days keep the local hour, hours are hours on the clock.
        ("2026-03-28T10:00+01:00", "P2D", "P1D", ("2026-03-29T10:00+02:00", "2026-03-30T10:00+02:00")),
        ("2026-03-28T10:00+01:00", "PT48H", "PT24H", ("2026-03-29T11:00+02:00", "2026-03-30T11:00+02:00")),
        ("2026-10-24T10:00+02:00", "P2D", "P1D", ("2026-10-25T10:00+01:00", "2026-10-26T10:00+01:00")),
        ("2026-10-24T10:00+02:00", "PT48H", "PT24H", ("2026-10-25T09:00+01:00", "2026-10-26T09:00+01:00")),
        # The week of 31 December 2026 is number 53; 1 and 6 January are no working days.
        ("2026-12-30T10:00+01:00", "P1W", "1 working day", ("2027-01-05T10:00+01:00", "2027-01-06T10:00+01:00")),
        ("2028-02-29T10:00+01:00", "P1Y", "P1M", ("2029-01-28T10:00+01:00", "2029-02-28T10:00+01:00")),
    ],
)
def test_a_reminder_and_a_date_stored_before_fire_after_at_their_hour(
    organisation: Engine, clock: VirtualClock, anna: Actor, tmp_path: Path, start: str, value: str, remind: str,
    expected: tuple[str, str],
) -> None:  # fmt: skip
    ladder(organisation, tmp_path, value=value, remind=remind)
    clock.set(start)
    organisation.start("ladder", by=anna)
    assert list(firings(organisation, clock, 2)) == [at(moment) for moment in expected]
    assert organisation.check() == []


@pytest.mark.parametrize(
    ("start", "text", "expected"),
    [
        # 02:30 does not exist on 29 March, and exists twice on 25 October: once each, and 02:30 again from then on.
        ("2026-03-28T02:30+01:00", "R/P1D",
         ["2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00", "2026-03-31T02:30+02:00"]),
        ("2026-10-24T02:30+02:00", "R/P1D",
         ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00", "2026-10-27T02:30+01:00"]),
        ("2026-10-25T00:30+02:00", "R/PT1H",
         ["2026-10-25T01:30+02:00", "2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"]),
        ("2026-12-24T10:00+01:00", "R3/P1W",
         ["2026-12-31T10:00+01:00", "2027-01-07T10:00+01:00", "2027-01-14T10:00+01:00"]),
        ("2026-12-31T10:00+01:00", "R/P2M",
         ["2027-02-28T10:00+01:00", "2027-04-30T10:00+02:00", "2027-06-30T10:00+02:00"]),
        ("2028-02-29T10:00+01:00", "R/P2Y",
         ["2030-02-28T10:00+01:00", "2032-02-29T10:00+01:00", "2034-02-28T10:00+01:00"]),
    ],
)  # fmt: skip
def test_a_cycle_keeps_its_hour_and_its_day(
    engine: Engine, clock: VirtualClock, anna: Actor, tmp_path: Path, start: str, text: str, expected: list[str]
) -> None:
    cycle(engine, tmp_path, text)
    clock.set(start)
    engine.start("cycle", by=anna)
    assert list(firings(engine, clock, 3)) == [at(moment) for moment in expected]
    assert engine.check() == []


def test_after_ten_days_a_daily_cycle_fires_once_and_says_for_how_many(
    engine: Engine, clock: VirtualClock, anna: Actor, tmp_path: Path
) -> None:
    cycle(engine, tmp_path, "R/P1D")
    case = engine.start("cycle", by=anna)
    clock.set("2026-04-06T11:00+02:00")
    assert [engine.fire_due(), engine.fire_due()] == [1, 0]
    [entry] = [entry for entry in engine.history(case.id) if entry.kind == "fired"]
    assert entry.payload["stands_for"] == 10
    assert engine.next_due() == at("2026-04-07T10:00+02:00"), "and goes on with the clock's new hour"
    assert engine.check() == []


def test_a_cycle_that_would_have_ended_during_the_outage_fires_once_and_ends(
    engine: Engine, clock: VirtualClock, anna: Actor, tmp_path: Path
) -> None:
    cycle(engine, tmp_path, "R3/P1W")
    case = engine.start("cycle", by=anna)
    clock.advance("P10W")
    assert [engine.fire_due(), engine.fire_due()] == [1, 0]
    [entry] = [entry for entry in engine.history(case.id) if entry.kind == "fired"]
    assert entry.payload["stands_for"] == 3
    assert engine.next_due() is None
    assert engine.check() == []


def test_after_an_outage_each_step_of_a_ladder_is_told_once_and_no_reminder(
    organisation: Engine, clock: VirtualClock, anna: Actor, tmp_path: Path
) -> None:
    ladder(organisation, tmp_path)
    case = organisation.start("ladder", by=anna)
    clock.set("2026-06-30T10:00+02:00")
    organisation.fire_due()
    assert organisation.fire_due() == 0
    assert told(organisation) == [
        ("unit:elevhalsa-skovde", "due"),
        ("person:chef", "escalate"),
        ("unit:partner-skovde", "escalate"),
    ]
    [again] = organisation.deadlines(case.id)
    assert (again.rung, again.due_at > clock.now()) == (1, True)
    assert organisation.check() == []


@pytest.mark.parametrize(("value", "due"), [("P3D", "2026-03-30T10:00+02:00"), ("PT72H", "2026-03-30T11:00+02:00")])
def test_an_own_value_given_to_a_running_case_counts_over_the_change_of_the_clock(
    organisation: Engine, clock: VirtualClock, anna: Actor, tmp_path: Path, value: str, due: str
) -> None:
    ladder(organisation, tmp_path)
    case = organisation.start("ladder", by=anna)
    clock.set("2026-03-29T12:00+02:00")
    organisation.set_deadline("ladder", "answer", value, running=True, reason="decided")
    assert organisation.apply_deadlines() == 1
    assert organisation.tasks(case=case.id)[0].due_at == at(due)
    assert list(firings(organisation, clock, 1)) == [at(due)], "its reminder would have come at once: there is none"
    assert organisation.tasks(case=case.id)[0].overdue
    assert organisation.check() == []


def test_a_closed_day_entered_later_moves_nothing_that_is_counted(
    organisation: Engine, clock: VirtualClock, anna: Actor, tmp_path: Path
) -> None:
    ladder(organisation, tmp_path, value="2 working days", remind="1 working day")
    before = organisation.start("ladder", by=anna)
    organisation.set_closed_days([date(2026, 3, 30), date(2026, 3, 31)], reason="moving house")
    after = organisation.start("ladder", by=anna)
    assert organisation.tasks(case=before.id)[0].due_at == at("2026-03-31T10:00+02:00")
    assert organisation.deadlines(before.id)[0].due_at == at("2026-03-30T10:00+02:00")
    assert organisation.tasks(case=after.id)[0].due_at == at("2026-04-02T10:00+02:00")
    clock.set("2026-03-31T10:00+02:00")
    organisation.fire_due()
    assert [task.overdue for task in organisation.tasks(case=before.id)] == [True]


def test_a_reminder_waits_five_working_days_over_easter_and_the_change_of_the_clock_and_no_minute_longer(
    organisation: Engine, clock: VirtualClock, anna: Actor, tmp_path: Path
) -> None:
    ladder(organisation, tmp_path, value="P20D", remind="P19D")
    case = organisation.start("ladder", by=anna)
    [task] = organisation.tasks(case=case.id)
    with pytest.raises(SnoozedEnough):
        organisation.snooze(task.id, at("2026-04-07T10:01+02:00"), "Easter", by=anna)
    organisation.snooze(task.id, at("2026-04-07T10:00+02:00"), "Easter", by=anna)
    assert list(firings(organisation, clock, 1)) == [at("2026-04-07T10:00+02:00")]
    assert told(organisation) == [("unit:elevhalsa-skovde", "remind")]
    assert organisation.tasks(case=case.id)[0].due_at == at("2026-04-16T10:00+02:00")


def test_one_of_several_tasks_of_a_step_is_moved_and_the_others_keep_their_date(
    organisation: Engine, clock: VirtualClock, anna: Actor, tmp_path: Path
) -> None:
    ladder(organisation, tmp_path, inside=FOR_EACH)
    case = organisation.start("ladder", by=anna)
    first, second, third = organisation.tasks(case=case.id)
    organisation.move_deadline(second.id, at("2026-04-20T10:00+02:00"), "abroad", by=anna)
    dates = {task.id: task.due_at for task in organisation.tasks(case=case.id)}
    old = at("2026-04-06T10:00+02:00")
    assert dates == {first.id: old, second.id: at("2026-04-20T10:00+02:00"), third.id: old}
    clock.set(old)
    organisation.fire_due()
    overdue = {task.id for task in organisation.tasks(case=case.id) if task.overdue}
    assert overdue == {first.id, third.id}
    clock.set("2026-04-20T10:00+02:00")
    organisation.fire_due()
    assert all(task.overdue for task in organisation.tasks(case=case.id))
    for task in (first, second, third):
        organisation.complete(task.id, {}, by=anna)
    assert organisation.case(case.id).closed_at is not None
    assert organisation.check() == []
