"""Part 4: deadlines fired a second when very many are due at once and very many more are pending."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, text

from engine import Engine
from engine.bench import models
from engine.bench.cases import WORKER
from engine.bench.databases import Databases
from engine.schema import Instant, history

_BATCH = 100
#: So many times in a row, with so many seconds between, a scheduler finds only what another holds: something is stuck.
_MOST_IDLE, _PAUSE = 200, 0.01
#: Copies of the one case that waits for its deadline.
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
_CASES = f"""
    INSERT INTO cases (number, version_id, process_id, owner, revision, state, started_at, incidents)
    {_NUMBERS} SELECT 'x' || i, version_id, process_id, owner, revision, state, started_at, 0
    FROM n CROSS JOIN cases WHERE number = :number
"""  # noqa: S608 - our own text
_DUE = """
    INSERT INTO deadlines (case_id, token_id, kind, task_due_at, element_id, due_at, run_at)
    SELECT c.id, d.token_id, d.kind, :past, d.element_id, :past, :past
    FROM cases c CROSS JOIN deadlines d WHERE c.number LIKE 'x%' AND d.case_id <> c.id
"""
#: A year from now, all of the one case: their place in the index is what matters.
_PENDING = f"""
    INSERT INTO deadlines (case_id, token_id, kind, task_due_at, element_id, due_at, run_at)
    {_NUMBERS} SELECT d.case_id, 1000 + i, d.kind, :future, d.element_id, :future, :future
    FROM n CROSS JOIN (SELECT * FROM deadlines ORDER BY id LIMIT 1) AS d
"""  # noqa: S608 - likewise


@dataclass(frozen=True, slots=True)
class Amount:
    """How many are due at once, and how many are pending beside them."""

    due: int
    pending: int


FULL, QUICK = Amount(20_000, 1_000_000), Amount(100, 1_000)


def measure(databases: list[Databases], amount: Amount) -> dict[str, Any]:
    """Fired a second, by one scheduler and by two."""
    found = {one.kind: {str(schedulers): _fired(one, schedulers, amount) for schedulers in (1, 2)} for one in databases}
    return {
        "what": f"deadlines fired a second, {amount.due} due at once with {amount.pending} pending",
        "due": amount.due,
        "pending": amount.pending,
        "databases": found,
    }


def _fired(database: Databases, schedulers: int, amount: Amount) -> dict[str, Any]:
    with database.fresh() as url, ExitStack() as stack:
        engine = stack.enter_context(closing(Engine(url)))
        engine.upgrade()
        models.publish(engine, models.wait())
        number = engine.start("bench-wait", by=WORKER).id
        with engine.database.command() as tx:
            _fill(tx, engine, number, amount)
        with engine.database.command() as tx:
            tx.execute(text("ANALYZE"))
        spawn = multiprocessing.get_context("spawn")
        pools = [stack.enter_context(ProcessPoolExecutor(1, mp_context=spawn)) for _ in range(schedulers)]
        for pool in pools:
            pool.submit(_ready, url).result()
        began = monotonic()
        each = [one.result() for one in [pool.submit(_fire, url) for pool in pools]]
        took = monotonic() - began
        fires = select(func.count(), func.count(history.c.case_id.distinct())).where(history.c.kind == "fired")
        with engine.database.reading() as tx:
            fired, of_cases = tx.execute(fires).one()
    return {
        "per_second": round(fired / took, 1),
        "per_second_a_process": round(fired / took / schedulers, 1),
        "by_each": each,
        "each_exactly_once": fired == of_cases == amount.due,
    }


def _fill(tx: Connection, engine: Engine, number: str, amount: Amount) -> None:
    now = engine.clock.now(tx)
    moments = {"past": now - timedelta(days=1), "future": now + timedelta(days=365)}

    def run(statement: str, moment: str = "", **values: Any) -> None:
        prepared = text(statement)
        if moment:
            prepared = prepared.bindparams(bindparam(moment, moments[moment], Instant()))
        tx.execute(prepared, values)

    run(_CASES, count=amount.due, number=number)
    run(_DUE, "past")
    run(_PENDING, "future", count=amount.pending)


def _ready(url: str) -> None:
    """Everything that a scheduler imports and connects to before it has anything to do."""
    with closing(Engine(url)) as engine:
        engine.next_due()


def _fire(url: str) -> int:
    """What a scheduler does at a tick, until nothing is due. How many fired."""
    fired = idle = 0
    with closing(Engine(url)) as engine:
        while idle < _MOST_IDLE:
            now = engine.fire_due(_BATCH)
            fired += now
            if not now and not engine.pulse().backlog:
                break
            idle = 0 if now else idle + 1
            if not now:  # what is left is in the other's hands
                sleep(_PAUSE)
    return fired
