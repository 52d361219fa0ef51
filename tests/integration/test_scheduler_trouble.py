"""A full disk, a database that can only be read, one that is gone for a while, a process that stands still: told
clearly, recovered by itself, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from engine import Actor, Engine, VirtualClock, database
from engine.errors import DatabaseUnavailable, OutcomeUnknown
from engine.scheduler import Scheduler
from tests import postgres
from tests.chaos import proxy
from tests.integration import drawing as draw

Publish = Callable[[str], None]
START = "2026-03-27T10:00+01:00"
WAIT = draw.process(
    "wait",
    '<startEvent id="start"/><endEvent id="end"/>',
    *[draw.timer("pause", "PT1H"), draw.task("done")],
    draw.flows("start>pause>done>end"),
)


def in_order(engine: Engine, case: str) -> None:
    """The deadline has fired once, and nothing contradicts anything."""
    assert [entry.element_id for entry in engine.history(case) if entry.kind == "fired"] == ["pause"]
    assert [task.element_id for task in engine.tasks(case=case)] == ["done"]
    assert engine.check() == []


def test_a_full_disk_is_told_and_with_room_again_everything_goes_on(
    sqlite_url: str, anna: Actor, clock: VirtualClock, tmp_path: Path
) -> None:
    engine = Engine(sqlite_url, clock=clock)
    engine.publish(draw.write(tmp_path, WAIT))
    case = engine.start("wait", by=anna)
    clock.advance("PT1H")
    _limit_pages(engine, to=0)
    with pytest.raises(DatabaseUnavailable, match="disk is full"):
        engine.start("wait", {"text": os.urandom(200_000).hex()}, by=anna)
    with pytest.raises(DatabaseUnavailable, match="disk is full"):
        _fill(engine, anna)
    assert engine.check() == []
    _limit_pages(engine, to=1_000_000)
    clock.advance("PT1H")
    while engine.fire_due():
        pass
    in_order(engine, case.id)
    engine.close()


def _fill(engine: Engine, anna: Actor) -> None:
    """Until the pages that there are have been filled."""
    while True:
        engine.start("wait", {"text": os.urandom(2000).hex()}, by=anna)
        engine.fire_due()


def _limit_pages(engine: Engine, *, to: int) -> None:
    """As if the disk held no more: 0 is what the file has now."""

    def limit(connection: object) -> None:
        connection.execute(f"PRAGMA max_page_count={to or 1}")  # type: ignore[attr-defined]

    held = [engine.database._pool.connect() for _ in range(3)]
    for connection in held:
        limit(connection.connection.dbapi_connection)
    for connection in held:
        connection.close()


def test_a_database_that_can_only_be_read_says_so_and_goes_on_when_it_may_be_written(
    postgresql_url: str, postgresql_server: postgres.Server, anna: Actor, clock: VirtualClock, tmp_path: Path
) -> None:
    engine = Engine(postgresql_url, clock=clock)
    engine.publish(draw.write(tmp_path, WAIT))
    case = engine.start("wait", by=anna)
    clock.advance("PT1H")
    name = str(engine.database.url.database)
    postgresql_server.run(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    engine.close()
    for action in (lambda: engine.start("wait", by=anna), engine.fire_due):
        with pytest.raises(DatabaseUnavailable, match="only be read"):
            action()
    assert engine.case(case.id).id == case.id
    postgresql_server.run(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    engine.close()
    assert engine.fire_due() == 1
    in_order(engine, case.id)
    engine.close()


def test_a_sqlite_file_that_can_only_be_read_says_so(
    sqlite_url: str, anna: Actor, clock: VirtualClock, tmp_path: Path
) -> None:
    engine = Engine(sqlite_url, clock=clock)
    engine.publish(draw.write(tmp_path, WAIT))
    case = engine.start("wait", by=anna)
    clock.advance("PT1H")
    connection = engine.database._pool.connect()
    connection.connection.dbapi_connection.execute("PRAGMA query_only=1")  # type: ignore[union-attr]
    connection.close()
    with pytest.raises(DatabaseUnavailable, match="cannot be written"):
        engine.fire_due()
    connection = engine.database._pool.connect()
    connection.connection.dbapi_connection.execute("PRAGMA query_only=0")  # type: ignore[union-attr]
    connection.close()
    assert engine.fire_due() == 1
    in_order(engine, case.id)
    engine.close()


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """A PostgreSQL of our own: it is stopped."""
    with postgres.running(killable=True) as running:
        yield running


def _await(happened: Callable[[], bool]) -> None:
    """Wait for it, also while the database is away."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with suppress(DatabaseUnavailable):
            if happened():
                return
        time.sleep(0.1)
    raise AssertionError("it never happened")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_a_scheduler_outlives_a_database_that_is_gone(
    server: postgres.Server, anna: Actor, tmp_path: Path, how: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(server.create("gone"))
    engine.upgrade()
    engine.publish(draw.write(tmp_path, WAIT.replace("PT1H", "PT1S")))
    case = engine.start("wait", by=anna)
    other = Engine(server.url("gone"))
    scheduler = Scheduler(other, interval=0.2)
    server.stop(how)
    scheduler.start()
    try:
        with pytest.raises(DatabaseUnavailable):
            engine.start("wait", by=anna)
        time.sleep(1.0)
        assert "The database does not answer." in caplog.text
        server.start()
        _await(lambda: bool(engine.tasks(case=case.id)))
    finally:
        scheduler.stop()
    in_order(engine, case.id)
    other.close()
    engine.close()


def test_a_commit_whose_answer_is_lost_is_told_as_unknown_and_is_there_once(
    postgresql_url: str, postgresql_server: postgres.Server, anna: Actor, clock: VirtualClock, tmp_path: Path
) -> None:
    direct = Engine(postgresql_url, clock=clock)
    direct.publish(draw.write(tmp_path, WAIT))
    with proxy.running(postgresql_server.socket_folder, seed=1) as between:
        engine = Engine(between.url(str(direct.database.url.database)), clock=clock)
        engine.next_due()
        for _ in range(8):
            _cut_short(engine, between, lambda: engine.start("wait", by=anna))
        assert between.unheard
        assert between.unanswered
        assert between.unheard + between.unanswered == 8
        # The server may still be at the last of them.
        _await(lambda: len(direct.cases(limit=50)) == between.unanswered)
        started = direct.cases(limit=50)
        clock.advance("PT1H")
        while between.unanswered == len(started):
            _cut_short(engine, between, engine.fire_due)
        _await(lambda: engine.fire_due() == 0 and engine.next_due() is None)
        for case in started:
            in_order(direct, case.id)
        engine.close()
    direct.close()


def _cut_short(engine: Engine, between: proxy.Proxy, action: Callable[[], object]) -> None:
    engine.next_due()  # its connection is there: what is cut is the command's commit and no other
    between.cut_one_commit_in = 1
    with pytest.raises(OutcomeUnknown, match="Look whether it is there"):
        action()
    between.cut_one_commit_in = 0


def test_a_process_that_stands_still_in_the_middle_of_a_command_gives_its_locks_back(
    postgresql_url: str, anna: Actor, clock: VirtualClock, tmp_path: Path
) -> None:
    engine = Engine(postgresql_url, clock=clock)
    engine.publish(draw.write(tmp_path, WAIT))
    case = engine.start("wait", by=anna)
    clock.advance("PT1H")
    program = f"""
        import os, signal
        from engine import Engine, VirtualClock, database
        from engine.commands.change import Change
        database._SERVER_PATIENCE = database._SERVER_PATIENCE.replace("60s", "1s")
        save = Change.save
        def stand_still_and_save(self, *args, **kwargs):
            os.kill(os.getpid(), signal.SIGSTOP)
            save(self, *args, **kwargs)
        Change.save = stand_still_and_save
        Engine({postgresql_url!r}, clock=VirtualClock({clock.now().isoformat()!r})).fire_due()
    """
    assert "60s" in database._SERVER_PATIENCE
    still = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stderr=subprocess.PIPE)
    os.waitpid(still.pid, os.WUNTRACED)
    assert engine.fire_due() == 0  # passed over: it is in the other's hands
    end = time.monotonic() + 20
    while not engine.fire_due():
        assert time.monotonic() < end
        time.sleep(0.2)
    still.send_signal(signal.SIGCONT)
    _, said = still.communicate(timeout=30)
    assert still.returncode == 1
    assert b"DatabaseUnavailable" in said or b"OutcomeUnknown" in said
    in_order(engine, case.id)
    engine.close()


def test_ten_days_of_outage_fire_everything_once_in_due_order(
    engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    publish(WAIT)
    cases = []
    for _ in range(5):
        cases.append(engine.start("wait", by=anna).id)
        clock.advance("PT1M")
    clock.advance("P10D")
    assert engine.fire_due() == 5
    assert engine.fire_due() == 0
    fired = [(entry.id, case) for case in cases for entry in engine.history(case) if entry.kind == "fired"]
    assert [case for _, case in sorted(fired)] == cases
    assert engine.check() == []


def test_which_errors_are_about_the_database_and_which_about_what_it_was_asked() -> None:
    about = [psycopg.errors.AdminShutdown(), psycopg.errors.DiskFull(), psycopg.errors.DeadlockDetected()]
    about += [psycopg.errors.ReadOnlySqlTransaction(), psycopg.OperationalError(), psycopg.InterfaceError()]
    assert all(map(database.is_about_the_database, about))
    asked = [psycopg.errors.UniqueViolation(), psycopg.DataError(), psycopg.errors.ProgramLimitExceeded(), KeyError()]
    assert not any(map(database.is_about_the_database, asked))
