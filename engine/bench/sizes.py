"""Part 5: what a finished case takes on disk, and what warm cases take in memory."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from engine import Engine
from engine.bench.cases import WORKER, prepare, start, steps
from engine.bench.databases import Databases
from engine.bench.texts import BYTES, answers
from engine.schema import cases, history

#: Tables with their indexes and what is stored out of line.
_TABLES = "SELECT sum(pg_total_relation_size(relid)) FROM pg_catalog.pg_statio_user_tables"


@dataclass(frozen=True, slots=True)
class Amount:
    """How many cases are run to their end, how many are kept warm, and how far those have come."""

    finished: int
    warm: int
    steps: int


FULL, QUICK = Amount(200, 1_000, 8), Amount(5, 10, 2)


def measure(databases: list[Databases], amount: Amount) -> dict[str, Any]:
    """Bytes of a finished reference case, everything included; memory of warm ones."""
    return {
        "what": f"bytes of a finished case with {BYTES} bytes of text a form, and memory of {amount.warm} warm cases",
        "finished": amount.finished,
        "databases": {one.kind: _stored(one, amount.finished) for one in databases},
        "warm": _in_memory(databases[0], amount),
    }


def _stored(database: Databases, amount: int) -> dict[str, int]:
    with database.fresh() as url, closing(Engine(url)) as engine:
        prepare(engine)
        _run(engine, 1, None)
        before = _size(engine)
        _run(engine, amount, None)
        after = _size(engine)
        with engine.database.reading() as tx:
            of_history = tx.execute(select(func.sum(func.length(history.c.payload)))).scalar_one()
            of_state = tx.execute(select(func.sum(func.length(cases.c.state)))).scalar_one()
    return {
        "bytes_a_case": (after - before) // amount,
        "of_that_history": int(of_history) // (amount + 1),
        "of_that_state": int(of_state) // (amount + 1),
    }


def _run(engine: Engine, amount: int, most: int | None) -> None:
    """Cases side by side, to their end or so many steps."""
    for number, task in steps(engine, start(engine, amount)):
        if most is not None and number >= most:
            return
        engine.complete(task, answers(number), by=WORKER)


def _size(engine: Engine) -> int:
    """Bytes of the whole database, indexes included, when what was deleted has been given back."""
    if engine.database.kind == "sqlite":
        file = Path(str(engine.database.url.database))
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return file.stat().st_size
    with closing(engine.database.own_connection()) as server:
        server.execute("VACUUM FULL")
        row = server.execute(_TABLES).fetchone()
    return int(row[0]) if row else 0


def _in_memory(database: Databases, amount: Amount) -> dict[str, Any]:
    """In a process of its own: this one's memory has been used before."""
    spawn = multiprocessing.get_context("spawn")
    with database.fresh() as url, ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(_warm, url, amount).result()


def _warm(url: str, amount: Amount) -> dict[str, Any]:
    with closing(Engine(url)) as engine:
        prepare(engine)
        _run(engine, 10, amount.steps)
        before, known = _resident(), engine.warm_cases()
        _run(engine, amount.warm, amount.steps)
        after, now = _resident(), engine.warm_cases()
    return {
        "cases": now.cases - known.cases,
        "steps_each": amount.steps,
        "grown_mib": round((after - before) / 2**20, 1),
        "own_estimate_mib": round((now.bytes - known.bytes) / 2**20, 1),
        "evictions": now.evictions,
    }


def _resident() -> int:
    """Bytes of memory that this process takes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
