"""What every test may ask for: databases, real ones of both kinds, built by the migrations."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres

BOTH = ["sqlite", "postgresql"]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgres.Server]:
    """One PostgreSQL server for this test process."""
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: postgres.Server) -> str:
    """Name of a database with the schema that the migrations build; tests copy it."""
    _migrate(postgresql_server.create("samled_template"))
    return "samled_template"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the schema that the migrations build; tests copy it."""
    path = tmp_path_factory.mktemp("template") / "samled.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database, schema in place."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'samled.db')}"


@pytest.fixture
def postgresql_url(postgresql_server: postgres.Server, postgresql_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database, schema in place."""
    name = f"test_{uuid.uuid4().hex}"
    yield postgresql_server.create(name, postgresql_template)
    postgresql_server.drop(name)


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database, schema in place: the test runs once on each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=BOTH)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database without any schema, for what tests the migrations themselves; once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: postgres.Server = request.getfixturevalue("postgresql_server")
    name = f"empty_{uuid.uuid4().hex}"
    yield server.create(name)
    server.drop(name)


def _migrate(url: str) -> None:
    from engine import Engine  # here: the unit tests of a single room need no engine

    engine = Engine(url)
    try:
        engine.upgrade()
    finally:
        engine.close()
