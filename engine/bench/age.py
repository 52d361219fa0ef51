"""Part 2: what a step costs as a case ages, as more waits beside it, and in larger multi-instances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import select

from engine import Engine
from engine.bench import models
from engine.bench.cases import WORKER
from engine.bench.databases import Databases
from engine.schema import cases, tasks

#: Of a multi-instance each completion leaves one fewer open: few are timed, or the smallest would end.
_FEW = 4


@dataclass(frozen=True, slots=True)
class Amount:
    """How far it goes, and how many steps are timed at each size."""

    rounds: Sequence[int]
    branches: Sequence[int]
    instances: Sequence[int]
    steps: int


FULL = Amount((10, 100, 1_000, 10_000), (5, 50, 500), (10, 100, 1_000), 50)
QUICK = Amount((10, 50), (5, 20), (10, 20), 3)


def measure(databases: list[Databases], amount: Amount) -> dict[str, Any]:
    """Milliseconds a step for each size, and how many times the smallest that is."""
    found: dict[str, Any] = {}
    for one in databases:
        with one.fresh() as url, closing(Engine(url)) as engine:
            engine.upgrade()
            found[one.kind] = {
                "loop rounds": _steps(engine, {size: _looped(engine, size) for size in amount.rounds}, amount.steps),
                "open parallel tasks": _steps(
                    engine, {size: _started(engine, models.branches(size)) for size in amount.branches}, amount.steps
                ),
                "multi-instance": _steps(
                    engine, {size: _started(engine, models.instances(size)) for size in amount.instances}, _FEW
                ),
            }
    return {
        "what": "milliseconds a durable step, the median; × is against the smallest of its row, steps taken in turn",
        "steps": amount.steps,
        "databases": found,
    }


def _looped(engine: Engine, rounds: int) -> str:
    """A case that has gone round so often."""
    number = _started(engine, models.loop())
    for _ in range(rounds):
        engine.complete(_open(engine, number), {"round": "done"}, by=WORKER)
    return number


def _started(engine: Engine, model: str) -> str:
    models.publish(engine, model)
    return engine.start(model.partition('<process id="')[2].partition('"')[0], by=WORKER).id


def _steps(engine: Engine, numbers: dict[int, str], steps: int) -> dict[str, Any]:
    """A step of each size in turn, warm and cold."""
    return {
        "warm": _timed(engine, numbers, steps, lambda: None),
        "cold": _timed(engine, numbers, steps, engine.place.warm.clear),
    }


def _timed(engine: Engine, numbers: dict[int, str], steps: int, before: Callable[[], None]) -> dict[str, Any]:
    took: dict[int, list[float]] = {size: [] for size in numbers}
    for _ in range(steps):
        for size, number in numbers.items():
            task = _open(engine, number)
            before()
            began = perf_counter()
            engine.complete(task, {"round": "done"}, by=WORKER)
            took[size].append(perf_counter() - began)
    smallest = median(next(iter(took.values())))
    return {
        str(size): {"ms": round(median(times) * 1000, 3), "ratio": round(median(times) / smallest, 2)}
        for size, times in took.items()
    }


def _open(engine: Engine, number: str) -> int:
    """The oldest open task of a case."""
    wanted = select(tasks.c.id).join(cases, cases.c.id == tasks.c.case_id).where(cases.c.number == number)
    with engine.database.reading() as tx:
        return int(tx.execute(wanted.order_by(tasks.c.id).limit(1)).scalar_one())
