"""The migrations build the schema, once, on an empty database, and say clearly why when they cannot."""

from __future__ import annotations

import stat
from pathlib import Path
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from engine import Engine
from engine.database import Database
from engine.errors import DatabaseNotReady, DatabaseTooNew, DatabaseUnavailable
from engine.schema import metadata


def test_the_migrations_build_exactly_the_schema_of_the_code(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.upgrade()
    with database.reading() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
    database.close()


def test_upgrading_twice_changes_nothing(empty_database_url: str) -> None:
    engine = Engine(empty_database_url)
    engine.upgrade()
    engine.upgrade()
    assert engine.versions() == []
    engine.close()


def test_processes_that_start_together_migrate_once(empty_database_url: str) -> None:
    errors: list[BaseException] = []

    def upgrade() -> None:
        engine = Engine(empty_database_url)
        try:
            engine.upgrade()
        except BaseException as error:
            errors.append(error)
        finally:
            engine.close()

    threads = [Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_database_that_was_never_set_up_says_what_to_run(empty_database_url: str) -> None:
    engine = Engine(empty_database_url)
    with pytest.raises(DatabaseNotReady, match="samled init"):
        engine.versions()
    engine.close()


def test_a_database_from_a_newer_version_is_left_alone(database_url: str) -> None:
    database = Database(database_url)
    with database.command() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    engine = Engine(database_url)
    with pytest.raises(DatabaseTooNew, match="newer version"):
        engine.upgrade()
    with pytest.raises(DatabaseTooNew):
        engine.versions()
    engine.close()


def test_the_folder_of_a_sqlite_file_is_made(tmp_path: Path) -> None:
    engine = Engine(f"sqlite:///{tmp_path}/some/where/samled.db")
    engine.upgrade()
    engine.close()
    made = tmp_path / "some/where/samled.db"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_a_sqlite_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatabaseUnavailable, match=str(tmp_path / "file")):
        Engine(f"sqlite:///{tmp_path}/file/samled.db")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(DatabaseUnavailable, match=r"folder\.db"):
        Engine(f"sqlite:///{tmp_path}/folder.db").upgrade()


def test_an_address_that_is_none_is_refused_without_showing_its_password() -> None:
    with pytest.raises(DatabaseUnavailable) as told:
        Engine("mysql://user:secret@host/name")
    assert "secret" not in str(told.value)
    with pytest.raises(DatabaseUnavailable):
        Engine("nonsense")


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    engine = Engine("postgresql://127.0.0.1:9/nothing")
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        engine.versions()
    engine.close()


def test_a_database_in_memory_serves_a_simulation() -> None:
    engine = Engine("sqlite://")
    engine.upgrade()
    assert engine.versions() == []
    engine.close()
