"""A county's worth of rows in a moment: copies of one real case, open and closed, by plain SQL.

Every tenth case is of the unit whose pages are measured, the others of the other units in turn; in every third a
second unit takes part. Open ones have one task each, due on one of forty days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, text

from engine import Actor, Engine
from engine.bench.cases import prepare
from engine.bench.texts import answers
from engine.example import load_example_organisation
from engine.schema import Instant

USERNAME, UNIT = "kurator.skovde", "elevhalsa-skovde"
PERSON = Actor(id=USERNAME, units=[UNIT], roles=["staff"])
#: Of the real case whose page is measured: this many tasks are done.
_STEPS = 8
_DAYS = 40
#: Copied in one statement.
_CHUNK = 100_000

_CASES = """
    INSERT INTO cases
    (number, version_id, process_id, owner, revision, state, started_at, started_by, closed_at, incidents)
    WITH RECURSIVE n(i) AS (SELECT CAST(:first AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i < :last),
    others AS (
        SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS many FROM units WHERE id <> :unit
    )
    SELECT '2025-' || (1000000 + i), c.version_id, c.process_id,
           CASE WHEN n.i % 10 = 0 THEN CAST(:unit AS VARCHAR(200)) ELSE others.id END,
           c.revision, c.state, :started, c.started_by, :closed, 0
    FROM n CROSS JOIN cases c JOIN others ON others.place = n.i % others.many WHERE c.number = :real
"""
_OWNERS = """
    INSERT INTO parties (case_id, unit, roles, since)
    SELECT id, owner, '[]', started_at FROM cases WHERE id > :after AND number <> :real
"""
_SECONDS = """
    INSERT INTO parties (case_id, unit, roles, since)
    SELECT id, (SELECT u.id FROM units u WHERE u.id > cases.owner ORDER BY u.id LIMIT 1), '[]', started_at FROM cases
    WHERE id > :after AND number <> :real AND id % 3 = 0 AND owner < (SELECT max(id) FROM units)
"""
_HISTORY = """
    INSERT INTO history (case_id, at, actor, unit, kind, element_id, payload)
    SELECT c.id, c.started_at, h.actor, h.unit, h.kind, h.element_id, h.payload FROM cases c
    CROSS JOIN (SELECT * FROM history ORDER BY id LIMIT 1) AS h WHERE c.id > :after AND c.number <> :real
"""
_TASKS = """
    INSERT INTO tasks
    (case_id, token_id, element_id, name, task_group, unit, held_by, created_at, due_at, overdue, sort_at)
    SELECT c.id, t.token_id, t.element_id, t.name, t.task_group, c.owner,
           replace(t.held_by, CAST(:unit AS VARCHAR(200)), c.owner), t.created_at, :due, t.overdue, :due
    FROM cases c CROSS JOIN (SELECT * FROM tasks ORDER BY id LIMIT 1) AS t
    WHERE c.closed_at IS NULL AND c.number <> :real AND c.id % :days = :day
"""
_HOLDERS = """
    INSERT INTO holders (task_id, kind, holder, sort_at)
    SELECT t.id, 'unit', t.unit, t.sort_at FROM tasks t JOIN cases c ON c.id = t.case_id WHERE c.number <> :real
"""


@dataclass(frozen=True, slots=True)
class Volume:
    """How many cases there are."""

    open: int
    closed: int


def fill(engine: Engine, volume: Volume) -> str:
    """Fill an empty database; the number of the one case that was really run, which is the newest of its unit."""
    prepare(engine)
    load_example_organisation(engine, passwords=True)
    real = _real_case(engine)
    with engine.database.command() as tx:
        now = engine.clock.now(tx)
    long_ago = now - timedelta(days=400)
    begun = 0
    for amount, closed in ((volume.closed, now - timedelta(days=30)), (volume.open, None)):
        for first, last in _chunks(begun, amount):
            _run(engine, _CASES, first=first, last=last, unit=UNIT, real=real, started=long_ago, closed=closed)
        begun += amount
    # The real one has the first id: all the copies come after it.
    for statement in (_OWNERS, _SECONDS, _HISTORY):
        _run(engine, statement, after=0, real=real)
    for day in range(_DAYS):
        _run(engine, _TASKS, unit=UNIT, real=real, days=_DAYS, day=day, due=now + timedelta(days=day - 5))
    _run(engine, _HOLDERS, real=real)
    _run(engine, "ANALYZE")
    return real


def _real_case(engine: Engine) -> str:
    number = engine.start("reference", by=PERSON).id
    for step in range(_STEPS):
        engine.complete(engine.tasks(case=number)[0].id, answers(step), by=PERSON)
    return number


def _chunks(begun: int, amount: int) -> Iterator[tuple[int, int]]:
    for first in range(begun + 1, begun + amount + 1, _CHUNK):
        yield first, min(first + _CHUNK - 1, begun + amount)


def _run(engine: Engine, statement: str, **values: Any) -> None:
    """One statement, committed."""
    instants = [bindparam(name, type_=Instant()) for name in ("started", "closed", "due") if name in values]
    with engine.database.command() as tx:
        tx.execute(text(statement).bindparams(*instants), values)
