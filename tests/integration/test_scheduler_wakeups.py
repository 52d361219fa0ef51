"""A deadline that is due at once wakes the scheduler; without a wake-up the next tick finds it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from engine import Actor, Engine, VirtualClock, wakeups
from engine.directory import Person
from engine.errors import DatabaseUnavailable
from engine.notices import Notice
from engine.outbox import Outgoing, put
from engine.scheduler import Scheduler
from tests import postgres
from tests.integration import drawing as draw
from tests.integration.test_lost_connections import cut_all

ANNA = Actor(id="anna", units=["elevhalsa-skovde"], roles=["staff"])
#: Seconds: so far apart that no test is passed by waiting for a tick.
FAR = 600.0
WAIT = draw.process(
    "wait",
    '<startEvent id="start"/><endEvent id="end"/>',
    draw.timer("pause", "PT1S"),
    draw.task("done"),
    draw.flows("start>pause>done>end"),
)


def until(happened: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


@pytest.fixture
def live(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    """An engine that goes by the real clock."""
    engine = Engine(database_url)
    engine.publish(draw.write(tmp_path, WAIT))
    yield engine
    engine.close()


@pytest.fixture
def ticking(live: Engine, database_url: str) -> Iterator[Scheduler]:
    """A scheduler whose ticks are far apart: on PostgreSQL in another process's place, on SQLite in the same."""
    engine = live if live.database.kind == "sqlite" else Engine(database_url)
    scheduler = Scheduler(engine, interval=FAR)
    scheduler.start()
    until(lambda: live.heartbeats())
    time.sleep(0.5)  # it listens by now
    yield scheduler
    scheduler.stop()
    if engine is not live:
        engine.close()


@pytest.mark.usefixtures("ticking")
def test_a_deadline_nearer_than_the_next_tick_fires_in_time(live: Engine) -> None:
    for _ in range(2):  # the second time, the scheduler has looked while nothing was pending
        case = live.start("wait", by=ANNA)
        until(lambda case=case: live.tasks(case=case.id))
    until(lambda: live.pulse().lateness and live.pulse().lateness.fires == 2)  # type: ignore[union-attr]
    assert max(live.heartbeats()[0].recent) < FAR / 10


def test_a_wakeup_connection_that_is_cut_is_made_again(
    postgresql_url: str, postgresql_server: postgres.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "PAUSE", 0.1)
    engine = Engine(postgresql_url)
    engine.publish(draw.write(tmp_path, WAIT))
    waker = wakeups.Waker(engine.database)
    assert not waker.wait(0.1)
    cut_all(postgresql_server)
    assert not waker.wait(0.2)
    with suppress(DatabaseUnavailable):  # the pool's connections were cut too
        engine.next_due()
    time.sleep(0.2)
    assert not waker.wait(0.1)
    engine.start("wait", by=ANNA)
    assert waker.wait(5)
    waker.close()
    engine.close()


def test_without_a_wakeup_a_tick_finds_the_deadline(live: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeups.Waker, "wait", lambda self, seconds: time.sleep(seconds))
    scheduler = Scheduler(live, interval=0.3)
    scheduler.start()
    case = live.start("wait", by=ANNA)
    until(lambda: live.tasks(case=case.id))
    scheduler.stop()


def test_a_command_that_is_undone_wakes_nobody_on_postgresql(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(postgresql_url)
    waker = wakeups.Waker(engine.database)
    assert not waker.wait(0.1)
    with suppress(ZeroDivisionError), engine.database.command() as tx:
        wakeups.announce(tx)
        raise ZeroDivisionError
    assert not waker.wait(0.5)
    with engine.database.command() as tx:
        wakeups.announce(tx)
    assert waker.wait(5)
    waker.close()
    engine.close()


def test_a_mail_server_that_does_not_answer_makes_no_deadline_late(database_url: str, tmp_path: Path) -> None:
    let_go, asked = Event(), Event()

    class Hanging:
        def send(self, notice: Notice) -> None:
            asked.set()
            let_go.wait(30)

    engine = Engine(database_url, notifier=Hanging())
    engine.publish(draw.write(tmp_path, WAIT))
    with engine.database.command() as tx:
        notice = {"case": "2026-00001", "to": "person:x", "reason": "task"}
        put(tx, None, [Outgoing("a", "notice", notice)], engine.clock.now(tx))
    engine.directory.add_people([Person("x", "x", "X Exempel", "x@example.org")])
    scheduler = Scheduler(engine, interval=0.2)
    scheduler.start()
    assert asked.wait(10)
    case = engine.start("wait", by=ANNA)
    until(lambda: engine.tasks(case=case.id))
    assert engine.backlog() == (1, 0)
    let_go.set()
    scheduler.stop()
    engine.close()


def test_what_has_left_is_forgotten_after_a_time_and_so_is_a_scheduler_that_ended(
    organisation: Engine, clock: VirtualClock, publish: Callable[[str], None]
) -> None:
    publish(draw.chain("theirs", draw.task("ask", group="bup")))
    organisation.start("theirs", by=ANNA)
    Scheduler(organisation, name="old").tick()
    assert organisation.tidy(timedelta(days=90)) == 0
    clock.advance("P91D")
    organisation.start("theirs", by=ANNA)
    Scheduler(organisation, name="new").tick()
    with organisation.database.reading() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM outbox").scalar() == 1
    assert [beat.name for beat in organisation.heartbeats()] == ["new"]
