"""Finding what is due costs the same with many pending as with few: the databases' own plans say so."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects import postgresql, sqlite

from engine import Engine, claims, heartbeats
from engine.database import Database

NOW = datetime(2026, 3, 27, 9, tzinfo=UTC)
FEW, MANY = 5_000, 50_000

_CASES = """
    INSERT INTO cases (id, number, version_id, process_id, owner, revision, state, started_at)
    WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})
    SELECT i, 'c' || i, 1, 'p', 'u', 1, {empty}, {now} FROM n
"""
_DEADLINES = """
    INSERT INTO deadlines (case_id, token_id, kind, task_due_at, element_id, due_at, run_at)
    SELECT id, 1, 'timer', {later}, 'e', {later}, {later} FROM cases WHERE id BETWEEN {first} AND {last}
"""


def fill(database: Database, first: int, last: int) -> None:
    """Cases with a deadline each that is due in a year; with the first hundred it is due now."""
    with database.command() as tx:
        on_postgresql = database.kind == "postgresql"
        words = {
            "first": first, "last": last,
            "empty": "'\\x6a7b7d'" if on_postgresql else "x'6a7b7d'",
            "now": "'2026-01-01T00:00:00+00:00'" if on_postgresql else "'2026-01-01T00:00:00.000000'",
            "later": "'2027-01-01T00:00:00+00:00'" if on_postgresql else "'2027-01-01T00:00:00.000000'",
        }  # fmt: skip
        version = "INSERT INTO versions (id, process_id, number, hash, title, messages, package, published_at) VALUES "
        if first == 1:
            tx.exec_driver_sql(f"{version} (1, 'p', 1, 'h', 't', '{{}}', {words['empty']}, {words['now']})")
        tx.exec_driver_sql(_CASES.format(**words))
        tx.exec_driver_sql(_DEADLINES.format(**words))
        if first == 1:
            tx.exec_driver_sql(f"UPDATE deadlines SET due_at = {words['now']}, run_at = {words['now']} WHERE id <= 100")
        tx.exec_driver_sql("ANALYZE")


def statement(tx: Connection) -> str:
    """The claim as the database gets it, values written out."""
    dialect: Any = postgresql.dialect() if tx.dialect.name == "postgresql" else sqlite.dialect()
    compiled = str(claims._CLAIM.statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
    moment = "'2026-03-27T09:00:00+00:00'" if tx.dialect.name == "postgresql" else "'2026-03-27T09:00:00.000000'"
    if tx.dialect.name == "sqlite":
        parts = compiled.split("?")
        values = ["'organisation'", moment, "40", "0"]
        return "".join(part + value for part, value in zip(parts, [*values, ""], strict=True))
    compiled = re.sub(r"%\(now\)s", moment, compiled)
    compiled = re.sub(r"%\(most\)s", "40", compiled)
    return re.sub(r"%\(\w+\)s(::\w+)?", "'organisation'", compiled)


def plan(database: Database) -> list[str]:
    with database.reading() as tx:
        kind = "EXPLAIN QUERY PLAN" if tx.dialect.name == "sqlite" else "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF)"
        rows = tx.execute(text(f"{kind} {statement(tx)}".replace(":organisation", "'organisation'"))).all()
        return [str(row[-1]) for row in rows]


def test_sqlite_finds_what_is_due_at_the_beginning_of_an_index(sqlite_url: str) -> None:
    engine = Engine(sqlite_url)
    fill(engine.database, 1, MANY)
    found = " | ".join(plan(engine.database))
    assert "SEARCH deadlines USING INDEX ix_deadlines_run_at_id (run_at<?)" in found
    assert "SCAN deadlines" not in found
    assert "TEMP B-TREE" not in found
    engine.close()


def _pages(lines: list[str]) -> int:
    [line] = [line for line in lines if "Buffers:" in line][:1]
    return sum(int(number) for number in re.findall(r"(?:hit|read)=(\d+)", line))


def test_postgresql_touches_as_many_pages_with_many_pending_as_with_few(postgresql_url: str) -> None:
    engine = Engine(postgresql_url)
    fill(engine.database, 1, FEW)
    plan(engine.database)
    few = _pages(plan(engine.database))
    fill(engine.database, FEW + 1, MANY)
    plan(engine.database)
    lines = plan(engine.database)
    found = " | ".join(lines)
    assert "ix_deadlines_run_at_id on deadlines" in found
    assert "Sort" not in found
    assert "Seq Scan on deadlines" not in found
    assert _pages(lines) <= 1.5 * few  # an index may be a level deeper
    engine.close()


def test_the_pulse_of_a_million_is_counted_without_reading_what_is_not_due(database_url: str) -> None:
    engine = Engine(database_url)
    fill(engine.database, 1, FEW)
    with engine.database.reading() as tx:
        pulse = heartbeats.pulse(tx, NOW)
    assert (pulse.backlog, pulse.parked, pulse.unsent, pulse.stuck) == (100, 0, 0, 0)
    assert pulse.oldest > 0
    engine.close()
