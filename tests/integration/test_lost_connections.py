"""A database that goes away is told clearly, and found again by itself; nothing that was acknowledged is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import Actor, Engine
from engine.errors import DatabaseUnavailable
from tests import postgres
from tests.integration import drawing as draw

ANNA = Actor(id="anna", units=["elevhalsa-skovde"], roles=["staff"])


@pytest.fixture
def engine(postgresql_url: str, tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(postgresql_url)
    engine.publish(draw.write(tmp_path, draw.chain("two", "ask", "decide")))
    yield engine
    engine.close()


def cut_all(server: postgres.Server) -> None:
    """End every connection to every database but our own."""
    server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname <> ''")


@pytest.mark.parametrize("what", ["complete", "start", "read", "fire"])
def test_after_a_cut_one_command_is_told_and_the_next_succeeds(
    engine: Engine, postgresql_server: postgres.Server, what: str
) -> None:
    case = engine.start("two", by=ANNA)
    [task] = engine.tasks(case=case.id)
    actions = {
        "complete": lambda: engine.complete(task.id, {"a": 1}, by=ANNA),
        "start": lambda: engine.start("two", by=ANNA),
        "read": lambda: engine.case(case.id, by=ANNA),
        "fire": engine.fire_due,
    }
    cut_all(postgresql_server)
    with pytest.raises(DatabaseUnavailable):
        actions[what]()
    actions[what]()
    assert engine.check() == []
    assert engine.case(case.id).data == ({"a": 1} if what == "complete" else {})


def test_a_cut_in_the_middle_of_a_command_undoes_it(
    engine: Engine, postgresql_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.commands.change import Change

    case = engine.start("two", by=ANNA)
    [task] = engine.tasks(case=case.id)
    save = Change.save

    def cut_and_save(self: Change, *args: object, **kwargs: object) -> None:
        cut_all(postgresql_server)  # the last writes go together with the commit: neither must happen
        save(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Change, "save", cut_and_save)
    with pytest.raises(DatabaseUnavailable):
        engine.complete(task.id, {"lost": True}, by=ANNA)
    monkeypatch.undo()
    assert engine.case(case.id).data == {}
    engine.complete(task.id, {"kept": True}, by=ANNA)
    assert engine.case(case.id).data == {"kept": True}
    assert engine.check() == []
