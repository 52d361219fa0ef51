"""Kill, restart, cut: afterwards everything acknowledged is there, every deadline fired once, no notice is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import psycopg
import pytest

from tests import postgres
from tests.chaos import children, proxy
from tests.chaos.crew import IN_EARNEST, SEED, at_work, reckon, say


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """A PostgreSQL of our own: these tests stop it."""
    with postgres.running(killable=True) as running:
        yield running


@pytest.mark.parametrize("schedulers", [2, 4] if IN_EARNEST else [2])
def test_processes_killed_at_random_on_postgresql(
    postgresql_server: postgres.Server, tmp_path: Path, schedulers: int
) -> None:
    url, over = postgresql_server.create(f"killed_{schedulers}"), Event()
    with at_work(url, tmp_path, SEED + schedulers) as crew:
        crew.add_schedulers(schedulers)
        crew.add_people(2, url)
        crew.add_website(with_scheduler=False, over=over)
        began = time.monotonic()
        while crew.works(began):
            time.sleep(crew.chance.uniform(0.3, 1.7))
            crew.kill_one()
        found = reckon(crew, url, over)
        assert found.late
        say(f"{schedulers} schedulers, web and people killed on PostgreSQL", crew, found)


def test_processes_killed_at_random_on_sqlite(tmp_path: Path) -> None:
    url, over = f"sqlite:///{tmp_path / 'samled.db'}", Event()
    with at_work(url, tmp_path, SEED) as crew:
        crew.add_website(with_scheduler=True, over=over)
        crew.add_people(2, url)
        began = time.monotonic()
        while crew.works(began):
            time.sleep(crew.chance.uniform(0.3, 1.7))
            crew.kill_one()
        found = reckon(crew, url, over)
        assert found.late
        say("samled run and people killed on SQLite", crew, found)


def test_postgresql_itself_is_restarted_and_killed(server: postgres.Server, tmp_path: Path) -> None:
    url, over, stops = server.create("stopped"), Event(), 0
    with at_work(url, tmp_path, SEED) as crew:
        crew.add_schedulers(2)
        crew.add_people(2, url)
        crew.add_website(with_scheduler=False, over=over)
        began = time.monotonic()
        while crew.works(began) or stops < 3:
            time.sleep(crew.chance.uniform(0.5, 2.0))
            if stops % 3 == 2:  # one of its processes is killed: all others end, and it recovers by itself
                _kill_a_backend(server)
            else:
                server.stop(signal.SIGQUIT if stops % 3 else signal.SIGINT)
                time.sleep(crew.chance.uniform(0.0, 0.5))
                server.start()
            stops += 1
        found = reckon(crew, url, over)
        say("PostgreSQL restarted and killed", crew, found, f"{stops} stops")


def _kill_a_backend(server: postgres.Server) -> None:
    with psycopg.connect(host=str(server.socket_folder), user="postgres", autocommit=True) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = 'stopped' AND pid <> pg_backend_pid() LIMIT 1"
        row = connection.execute(query).fetchone()
    if row:
        os.kill(row[0], signal.SIGKILL)


def test_connections_cut_in_the_middle_of_a_commit(postgresql_server: postgres.Server, tmp_path: Path) -> None:
    url, over, cuts = postgresql_server.create("cut"), Event(), 0
    with proxy.running(postgresql_server.socket_folder, SEED) as between, at_work(url, tmp_path, SEED) as crew:
        cut = between.url("cut")
        crew.settings["SAMLED_DATABASE_URL"] = cut
        between.cut_one_commit_in = 20 if IN_EARNEST else 5
        crew.add_schedulers(2)
        crew.add_people(2, cut)
        crew.add_website(with_scheduler=False, over=over)
        began = time.monotonic()
        while crew.works(began) or not (between.unheard and between.unanswered):
            time.sleep(crew.chance.uniform(0.5, 3.0))
            between.cut_all()
            cuts += 1
        between.cut_one_commit_in = 0
        found = reckon(crew, url, over)
        commits = f"{between.unheard} commits cut before and {between.unanswered} after the server heard"
        say("connections cut", crew, found, f"{cuts} times all", commits)


def test_a_child_that_is_killed_is_gone(tmp_path: Path) -> None:
    child = children.start(children.scheduler, tmp_path / "log", {"SAMLED_DATABASE_URL": "postgresql://127.0.0.1:9/x"})
    children.kill(child)
    assert child.exitcode == -signal.SIGKILL
