"""What happens when a deadline cannot fire: growing pauses, then parked with its reason, and the others go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from engine import Actor, Engine, Forbidden, NotFound, VirtualClock
from engine.bpmn.run import Run
from engine.deadlines import PAUSES
from engine.outbox import unsent
from engine.schema import cases as case_rows
from tests.integration import drawing as draw

Publish = Callable[[str], None]

WAIT = draw.process(
    "wait",
    '<startEvent id="start"/><endEvent id="end"/>',
    draw.timer("pause", "PT1H"),
    draw.task("done"),
    draw.flows("start>pause>done>end"),
)
ADMINISTRATOR = Actor(id="admin", units=["partner-skovde"], roles=["administrator"])


def fired(engine: Engine, case: str) -> list[str | None]:
    return [entry.element_id for entry in engine.history(case) if entry.kind == "fired"]


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Numbers of cases whose timers fail."""
    poisoned: set[str] = set()
    fire = Run.fire

    def fire_unless_poisoned(self: Run, token_id: int) -> None:
        if self._case.environment.case["id"] in poisoned:
            raise ZeroDivisionError("Exempel Andersson")
        fire(self, token_id)

    monkeypatch.setattr(Run, "fire", fire_unless_poisoned)
    return poisoned


def test_a_poisoned_case_is_retried_with_growing_pauses_then_parked_and_never_stops_the_queue(
    organisation: Engine, anna: Actor, clock: VirtualClock, publish: Publish, poison: set[str]
) -> None:
    publish(WAIT)
    cases = [organisation.start("wait", by=anna).id for _ in range(60)]
    poison.update(cases[0:40:10])
    clock.advance("PT1H")
    assert organisation.fire_due() == 56
    [row] = organisation.deadlines(cases[0])
    assert (row.attempts, row.parked_at) == (1, None)
    for number, pause in enumerate(PAUSES, 1):
        [row] = organisation.deadlines(cases[0])
        assert row.attempts == number
        clock.advance(timedelta(seconds=pause.total_seconds() - 1))
        organisation.fire_due()
        assert organisation.deadlines(cases[0])[0].attempts == number
        clock.advance("PT1S")
        organisation.fire_due()
    stands, _ = organisation.parked()
    assert [row.case_id for row in stands] == cases[0:40:10]
    assert stands[0].parked_at == clock.now()
    assert organisation.fire_due() == 0
    assert "parked-deadline" in {breach.rule for breach in organisation.check()}
    assert [entry.kind for entry in organisation.history(cases[0])][-1] == "deadline-parked"


def test_the_reason_names_the_error_and_nobody(
    organisation: Engine,
    anna: Actor,
    clock: VirtualClock,
    publish: Publish,
    poison: set[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    publish(WAIT)
    case = organisation.start("wait", by=anna)
    poison.add(case.id)
    clock.advance("PT1H")
    for pause in [*PAUSES, timedelta()]:
        organisation.fire_due()
        clock.advance(pause)
    [row], _ = organisation.parked()
    assert str(row.error).startswith("ZeroDivisionError in ")
    assert "Andersson" not in f"{row.error}{caplog.text}"
    assert case.id in caplog.text
    with organisation.database.reading() as tx:
        [notice] = unsent(tx)
    assert dict(notice.payload) == {"case": case.id, "to": "unit:elevhalsa-skovde", "reason": "parked"}


def test_an_administrator_lets_a_parked_deadline_try_again_and_nobody_else_does(
    organisation: Engine, anna: Actor, clock: VirtualClock, publish: Publish, poison: set[str]
) -> None:
    publish(WAIT)
    case = organisation.start("wait", by=anna)
    poison.add(case.id)
    clock.advance("PT1H")
    for pause in [*PAUSES, timedelta()]:
        organisation.fire_due()
        clock.advance(pause)
    [row], _ = organisation.parked()
    with pytest.raises(Forbidden):
        organisation.retry_deadline(row.id, by=anna)
    poison.clear()
    assert organisation.fire_due() == 0
    organisation.retry_deadline(row.id, by=ADMINISTRATOR)
    with pytest.raises(NotFound):
        organisation.retry_deadline(row.id, by=ADMINISTRATOR)
    assert organisation.fire_due() == 1
    assert fired(organisation, case.id) == ["pause"]
    [retried] = [entry for entry in organisation.history(case.id) if entry.kind == "deadline-retried"]
    assert retried.actor == "admin"
    assert organisation.check() == []


def test_only_administrators_change_the_calendar_and_the_deadlines(
    organisation: Engine, anna: Actor, tmp_path: Path
) -> None:
    toml = '[process]\ntitle = "W"\n[deadlines.answer]\nvalue = "P2D"\nsource = "local"\nadjustable = true\n'
    organisation.publish(draw.package(tmp_path, "wait", WAIT, toml))
    for change in (
        lambda by: organisation.set_deadline("wait", "answer", "P1D", by=by),
        lambda by: organisation.set_closed_days([], by=by),
        lambda by: organisation.set_zone("Europe/Stockholm", by=by),
    ):
        with pytest.raises(Forbidden):
            change(anna)
        change(ADMINISTRATOR)


def test_a_case_whose_state_cannot_be_read_stops_itself_only(
    engine: Engine, other_engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    publish(WAIT)
    cases = [engine.start("wait", by=anna).id for _ in range(5)]
    with engine.database.command() as tx:
        state = tx.exec_driver_sql("SELECT state FROM cases ORDER BY id LIMIT 1").scalar_one()
        broken = update(case_rows).where(case_rows.c.number == cases[0])
        tx.execute(broken.values(state={"broken": len(state)}))
    clock.advance("PT1H")
    assert other_engine.fire_due() == 4
    assert [bool(fired(engine, case)) for case in cases] == [False, True, True, True, True]
    assert engine.deadlines(cases[0])[0].attempts == 1


def test_a_batch_that_is_slow_lets_go_of_what_it_has_not_begun(
    engine: Engine,
    anna: Actor,
    clock: VirtualClock,
    publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from engine.commands import fire

    monkeypatch.setattr(fire, "LONGEST_BATCH", 0.0)
    publish(WAIT)
    cases = [engine.start("wait", by=anna).id for _ in range(3)]
    clock.advance("PT1H")
    assert fire._fire_batch(engine.place, 10) == [0.0]
    assert engine.fire_due() == 2
    assert [fired(engine, case) for case in cases] == [["pause"]] * 3


def test_a_scheduler_killed_while_it_fires_leaves_the_deadline_as_it_was(
    engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish, database_url: str
) -> None:
    publish(WAIT)
    case = engine.start("wait", by=anna)
    clock.advance("PT1H")
    # A process that dies by SIGKILL after everything was written and before the commit.
    program = f"""
        import os, signal
        from engine import Engine, VirtualClock
        from engine.commands.change import Change
        save = Change.save
        def save_and_die(self, *args, **kwargs):
            save(self, *args, **kwargs)
            os.kill(os.getpid(), signal.SIGKILL)
        Change.save = save_and_die
        Engine({database_url!r}, clock=VirtualClock({clock.now().isoformat()!r})).fire_due()
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False, env={**os.environ})
    assert killed.returncode == -signal.SIGKILL
    assert fired(engine, case.id) == []
    assert engine.fire_due() == 1
    assert fired(engine, case.id) == ["pause"]
    assert engine.check() == []
