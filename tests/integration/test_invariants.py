"""`samled check` finds what breaks an invariant, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import delete, insert, update

from engine import Actor, Engine, VirtualClock
from engine.schema import FAR, cases, deadlines, outbox, subscriptions, tasks
from tests.integration import drawing as draw

Publish = Callable[[str], None]


@pytest.fixture
def case(engine: Engine, anna: Actor, publish: Publish) -> str:
    """A case with a task that is due, a timer and an awaited message."""
    publish(
        draw.process(
            "rich",
            '<startEvent id="start"/><endEvent id="end"/>',
            draw.task("ask", due="2026-05-01"),
            draw.timer("late", "P9D", on="ask"),
            draw.message("withdrawn", "withdrawn", on="ask"),
            draw.flows("start>ask>end", "late>end", "withdrawn>end"),
            messages={"withdrawn": "=case.id"},
        )
    )
    return engine.start("rich", by=anna).id


def broken_rules(engine: Engine) -> set[str]:
    return {breach.rule for breach in engine.check()}


def run(engine: Engine, statement: object) -> None:
    with engine.database.command() as tx:
        tx.execute(statement)  # type: ignore[call-overload]


def test_a_sound_database_has_no_breach(engine: Engine, anna: Actor, case: str) -> None:
    assert engine.check() == []
    engine.claim(engine.tasks(case=case)[0].id, by=anna)
    assert engine.check() == []


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (update(cases).values(owner=""), "no-owner"),
        (delete(tasks), "tasks-differ"),
        (update(tasks).values(due_at=FAR), "tasks-differ"),
        (update(tasks).values(element_id="other"), "tasks-differ"),
        (update(deadlines).where(deadlines.c.kind == "timer").values(due_at=FAR), "deadlines-differ"),
        (delete(deadlines), "deadlines-differ"),
        (delete(subscriptions), "waits-differ"),
        (update(cases).values(closed_at=FAR), "closed-with-rows"),
        (update(deadlines).values(run_at=None, parked_at=FAR, error="why"), "parked-deadline"),
    ],
)
def test_each_damage_is_found(engine: Engine, case: str, damage: object, rule: str) -> None:
    run(engine, damage)
    assert rule in broken_rules(engine)
    assert str(engine.check()[0]).startswith(f"{case}: ")


def test_a_case_that_only_waits_for_a_message_that_may_never_come_has_no_next_step(
    engine: Engine, anna: Actor, publish: Publish
) -> None:
    publish(
        draw.process(
            "mute",
            '<startEvent id="start"/><endEvent id="end"/>',
            draw.message("wait", "news"),
            draw.flows("start>wait>end"),
            messages={"news": "=case.id"},
        )
    )
    case = engine.start("mute", by=anna)
    assert broken_rules(engine) == {"no-next-step"}
    engine.send("news", case.id)
    assert engine.check() == []


def test_what_cases_tell_each_other_must_arrive(engine: Engine, clock: VirtualClock, case: str) -> None:
    values = {
        "key": "lost", "kind": "message", "payload": {"name": "x"}, "created_at": clock.now(),
        "next_try_at": clock.now(), "attempts": 0,
    }  # fmt: skip
    run(engine, insert(outbox).values(**values))
    assert engine.check() == []
    clock.advance("PT2H")
    assert broken_rules(engine) == {"late-message"}
    run(engine, update(outbox).values(next_try_at=None, error="it could not"))
    assert broken_rules(engine) == {"not-delivered"}
