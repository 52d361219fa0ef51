"""Deadlines fire never early, never twice, never not; and tasks climb their ladder without anybody drawing it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine import Actor, Engine, VirtualClock
from engine.outbox import unsent
from tests.integration import drawing as draw

Publish = Callable[[str], None]
LADDER = """[process]
title = "Ladder"
[roles.coordinator]
title = "Samordnare"
kinds = ["elevhalsa"]
[roles.partner-group]
title = "Partssamverkan"
kinds = ["partssamverkan"]
[deadlines.answer]
value = "10 working days"
source = "local"
remind = "2 working days"
escalate = ["unit-manager", "partner-group"]
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def fired(engine: Engine, case: str) -> list[str | None]:
    return [entry.element_id for entry in engine.history(case) if entry.kind == "fired"]


def test_a_timer_fires_at_its_moment_and_not_a_second_before(
    engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    publish(
        draw.process(
            "wait",
            '<startEvent id="start"/><endEvent id="end"/>',
            draw.timer("pause", "P3D"),
            draw.task("done"),
            draw.flows("start>pause>done>end"),
        )
    )
    case = engine.start("wait", by=anna)
    [deadline] = engine.deadlines(case.id)
    # The clocks go forward on 29 March: three days later it is the same hour on the wall.
    assert (deadline.kind, deadline.element_id, deadline.due_at) == ("timer", "pause", at("2026-03-30T10:00+02:00"))
    assert engine.next_due() == deadline.due_at
    clock.set("2026-03-30T09:59:59+02:00")
    assert engine.fire_due() == 0
    clock.set("2026-03-30T10:00+02:00")
    assert engine.fire_due() == 1
    assert engine.fire_due() == 0
    assert fired(engine, case.id) == ["pause"]
    assert [task.element_id for task in engine.tasks(case=case.id)] == ["done"]
    assert engine.deadlines(case.id) == []
    assert engine.next_due() is None
    assert engine.check() == []


def test_after_an_outage_what_is_due_fires_in_due_order(
    engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    publish(
        draw.process(
            "two",
            '<startEvent id="start"/><endEvent id="end"/>',
            draw.task("ask"),
            draw.timer("second", "P2D", on="ask", interrupting=False),
            draw.timer("first", "P1D", on="ask", interrupting=False),
            draw.timer("last", "P3D", on="ask"),
            draw.timer("never", "P4D", on="ask"),
            draw.flows("start>ask>end", "second>end", "first>end", "last>end", "never>end"),
        )
    )
    case = engine.start("two", by=anna)
    clock.advance("P10D")
    assert engine.fire_due() == 3
    assert fired(engine, case.id) == ["first", "second", "last"]
    assert engine.case(case.id).closed_at is not None
    assert engine.check() == []


def test_the_limit_of_one_call_is_kept(engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish) -> None:
    publish(draw.chain("due", draw.task("ask", due="2026-04-01T10:00+02:00")))
    for _ in range(5):
        engine.start("due", by=anna)
    clock.advance("P10D")
    assert [engine.fire_due(limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_task_with_a_due_date_of_its_own_becomes_overdue(
    organisation: Engine, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    publish(draw.chain("due", draw.task("ask", due="2026-04-01T10:00+02:00")))
    case = organisation.start("due", by=anna)
    [task] = organisation.tasks(case=case.id)
    assert (task.due_at, task.overdue) == (at("2026-04-01T10:00+02:00"), False)
    clock.set("2026-04-01T10:00+02:00")
    assert organisation.fire_due() == 1
    assert organisation.tasks(case=case.id, overdue=True)[0].id == task.id
    # Nobody stops hearing of it: a week of working days later (over Good Friday and Easter Monday) it is told again.
    again = [(deadline.kind, deadline.due_at) for deadline in organisation.deadlines(case.id)]
    assert again == [("due", at("2026-04-10T10:00+02:00"))]
    assert told(organisation) == [("unit:elevhalsa-skovde", "due")]
    organisation.complete(task.id, {}, by=anna)
    assert organisation.check() == []


def told(engine: Engine) -> list[tuple[str, str]]:
    """Whom notices wait for, and why."""
    with engine.database.reading() as tx:
        return [(str(item.payload["to"]), str(item.payload["reason"])) for item in unsent(tx) if item.kind == "notice"]


def test_a_task_reminds_is_due_and_escalates_without_anybody_drawing_it(
    organisation: Engine, anna: Actor, clock: VirtualClock, tmp_path: Path
) -> None:
    engine = organisation
    model = draw.chain("ladder", draw.task("ask", group="coordinator", due='=deadline("answer")'), "after")
    engine.publish(draw.package(tmp_path, "ladder", model, LADDER))
    case = engine.start("ladder", by=anna)
    [task] = engine.tasks(case=case.id)
    # Ten working days from Friday 27 March, over Good Friday 3 April and Easter Monday 6 April.
    assert task.due_at == at("2026-04-14T10:00+02:00")
    assert task.deadline_name == "answer"
    detail = engine.task(task.id)
    assert [(step.kind, step.at) for step in detail.ladder] == [
        ("remind", at("2026-04-10T10:00+02:00")),
        ("due", at("2026-04-14T10:00+02:00")),
        ("escalate", at("2026-04-14T10:00+02:00")),
        ("escalate", at("2026-04-16T10:00+02:00")),
    ]
    engine.claim(task.id, by=anna)
    expected = [
        ("2026-04-10T10:00+02:00", 1, [("person:anna", "remind")], False),
        (
            "2026-04-14T10:00+02:00",
            2,
            [("unit:elevhalsa-skovde", "due"), ("person:chef", "escalate")],
            True,
        ),
        ("2026-04-16T10:00+02:00", 1, [("unit:partner-skovde", "escalate")], True),
    ]
    seen: list[tuple[str, str]] = []
    for moment, count, notices, overdue in expected:
        clock.set(moment)
        assert engine.fire_due() == count
        seen += notices
        assert told(engine) == seen
        assert engine.tasks(case=case.id)[0].overdue is overdue
    [again] = engine.deadlines(case.id)
    assert (again.kind, again.rung, again.due_at) == ("escalate", 1, at("2026-04-23T10:00+02:00"))
    clock.set("2026-06-30T10:00+02:00")
    assert engine.fire_due() == 1, "after an outage it is told once, and not for every week that was missed"
    assert told(engine)[-1] == ("unit:partner-skovde", "escalate")
    assert engine.deadlines(case.id)[0].due_at > clock.now()
    kinds = [entry.kind for entry in engine.history(case.id)]
    assert [kind for kind in kinds if kind in ("reminded", "overdue", "escalated")] == [
        "reminded",
        "overdue",
        "escalated",
        "escalated",
        "escalated",
    ]
    assert engine.check() == []


def test_a_completed_task_ends_its_ladder(
    organisation: Engine, anna: Actor, clock: VirtualClock, tmp_path: Path
) -> None:
    model = draw.chain("ladder", draw.task("ask", group="coordinator", due='=deadline("answer")'), "after")
    organisation.publish(draw.package(tmp_path, "ladder", model, LADDER))
    case = organisation.start("ladder", by=anna)
    organisation.complete(organisation.tasks(case=case.id)[0].id, {}, by=anna)
    clock.advance("P1Y")
    assert organisation.fire_due() == 0
    assert told(organisation) == []


def test_an_outage_over_the_due_date_does_not_remind_of_what_is_overdue(
    organisation: Engine, anna: Actor, clock: VirtualClock, tmp_path: Path
) -> None:
    model = draw.chain("ladder", draw.task("ask", group="coordinator", due='=deadline("answer")'), "after")
    organisation.publish(draw.package(tmp_path, "ladder", model, LADDER))
    organisation.start("ladder", by=anna)
    clock.set("2026-04-15T10:00+02:00")
    assert organisation.fire_due() == 2
    assert [reason for _, reason in told(organisation)] == ["due", "escalate"]


def test_the_organisations_own_value_of_a_deadline_holds_from_then_on(
    organisation: Engine, anna: Actor, tmp_path: Path
) -> None:
    engine = organisation
    model = draw.chain("ladder", draw.task("ask", group="coordinator", due='=deadline("answer")'))
    engine.publish(draw.package(tmp_path, "ladder", model, LADDER))
    before = engine.start("ladder", by=anna)
    engine.set_deadline("ladder", "answer", "P1D")
    after = engine.start("ladder", by=anna)
    assert engine.tasks(case=before.id)[0].due_at == at("2026-04-14T10:00+02:00")
    assert engine.tasks(case=after.id)[0].due_at == at("2026-03-28T10:00+01:00")
    with pytest.raises(ValueError, match="soon"):
        engine.set_deadline("ladder", "answer", "soon")


def test_closed_days_of_the_organisation_are_not_worked(organisation: Engine, anna: Actor, tmp_path: Path) -> None:
    model = draw.chain("ladder", draw.task("ask", group="coordinator", due='=deadline("answer")'))
    organisation.publish(draw.package(tmp_path, "ladder", model, LADDER))
    organisation.set_closed_days([datetime(2026, 4, 14, tzinfo=UTC).date()])
    case = organisation.start("ladder", by=anna)
    assert organisation.tasks(case=case.id)[0].due_at == at("2026-04-15T10:00+02:00")


def test_a_deadline_that_nobody_fires_is_reported(
    engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    publish(draw.chain("due", draw.task("ask", due="2026-04-01T10:00+02:00")))
    engine.start("due", by=anna)
    clock.set("2026-04-01T11:00+02:00")
    assert engine.check() == []
    clock.set("2026-04-01T11:00:01+02:00")
    assert [breach.rule for breach in engine.check()] == ["late-deadline"]
