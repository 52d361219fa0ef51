"""Part 1: human tasks a second on the reference case, durable, beside the library without any persistence."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Any

from sqlalchemy import select

from engine import Actor, Engine
from engine.bench.databases import Databases
from engine.bench.library import Library
from engine.bench.machine import spread
from engine.bench.texts import answers
from engine.schema import cases, tasks

REFERENCE = Path(__file__).with_name("reference")
HUMAN_TASKS = 23
WORKER = Actor(id="exempel", units=["exempelenheten"], roles=["staff"])
PROCESSES = 2
#: Seconds from asking until all processes begin together.
_HEAD_START = 0.2


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is run."""

    rounds: int
    #: Cases of each contender in each round.
    cases: int


FULL, QUICK = Amount(9, 12), Amount(1, 1)


def measure(databases: list[Databases], amount: Amount) -> dict[str, Any]:
    """Human tasks a second of every contender, and what they are against the library in memory."""
    library = Library()
    contenders: dict[str, Callable[[int], float]] = {
        "library in memory": library.in_memory,
        "library through JSON": library.through_json,
    }
    rates: dict[str, list[float]] = {}
    with ExitStack() as stack:
        for one in databases:
            url = stack.enter_context(one.fresh())
            engine = stack.enter_context(closing(Engine(url)))
            prepare(engine)
            contenders[f"{one.kind} warm"] = partial(_alone, engine, cold=False)
            contenders[f"{one.kind} cold"] = partial(_alone, engine, cold=True)
            contenders[f"{one.kind} {PROCESSES} processes"] = stack.enter_context(_together(url))
        for contender in contenders.values():
            contender(1)  # everything is imported, compiled and connected before the first round
        for _ in range(amount.rounds):
            for name, contender in contenders.items():
                rates.setdefault(name, []).append(contender(amount.cases))
    return {
        "what": "human tasks a second on the reference case; × is against the library in memory, round by round",
        "rounds": amount.rounds,
        "cases_a_round": amount.cases,
        "contenders": {name: _result(name, rates) for name in contenders},
    }


def _result(name: str, rates: dict[str, list[float]]) -> dict[str, Any]:
    pairs = zip(rates[name], rates["library in memory"], strict=True)
    return {"per_second": spread(rates[name]), "ratio": spread([ours / theirs for ours, theirs in pairs])}


def prepare(engine: Engine) -> None:
    """An empty database with the reference case published."""
    engine.upgrade()
    engine.publish(REFERENCE)


def _alone(engine: Engine, amount: int, *, cold: bool) -> float:
    """One process: cases side by side, a step of each in turn. Only completing is timed."""
    mine = start(engine, amount)
    took, done = 0.0, 0
    for number, task in steps(engine, mine):
        if cold:
            engine.place.warm.clear()
        began = perf_counter()
        engine.complete(task, answers(number), by=WORKER)
        took += perf_counter() - began
        done += 1
    _check(done, amount)
    return done / took


def start(engine: Engine, amount: int) -> list[str]:
    """Start reference cases; their numbers."""
    return [engine.start("reference", by=WORKER).id for _ in range(amount)]


def steps(engine: Engine, mine: list[str]) -> Iterator[tuple[int, int]]:
    """One open task of each case in turn, until none has any: the number of the step, and the task to complete."""
    wanted = select(tasks.c.case_id, tasks.c.id).join(cases, cases.c.id == tasks.c.case_id)
    wanted = wanted.where(cases.c.number.in_(mine)).order_by(tasks.c.id.desc())
    for number in range(HUMAN_TASKS + 1):
        with engine.database.reading() as tx:
            oldest = {row.case_id: row.id for row in tx.execute(wanted)}
        for task in oldest.values():
            yield number, task


@contextmanager
def _together(url: str) -> Iterator[Callable[[int], float]]:
    """Several processes at work on one database: from when the first begins to when the last has done, all included."""
    spawn = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        pools = [stack.enter_context(ProcessPoolExecutor(1, mp_context=spawn)) for _ in range(PROCESSES)]

        def contend(amount: int) -> float:
            numbers = [pool.submit(_start_at, url, amount) for pool in pools]
            for one in numbers:
                one.result()
            begin = monotonic() + _HEAD_START
            done = [pool.submit(_work_at, begin) for pool in pools]
            completed, ends = zip(*(one.result() for one in done), strict=True)
            _check(sum(completed), amount * PROCESSES)
            return float(sum(completed) / (max(ends) - begin))

        yield contend
        for pool in pools:
            pool.submit(_close).result()


#: Of a process of `_together`: its engine, and the cases that it has started and not completed.
_engines: dict[str, Engine] = {}
_started: list[str] = []


def _start_at(url: str, amount: int) -> None:
    engine = _engines.get("mine") or _engines.setdefault("mine", Engine(url))
    _started[:] = start(engine, amount)


def _work_at(begin: float) -> tuple[int, float]:
    """How many were completed, and when the last was."""
    sleep(max(0.0, begin - monotonic()))
    engine, done = _engines["mine"], 0
    for number, task in steps(engine, _started):
        engine.complete(task, answers(number), by=WORKER)
        done += 1
    return done, monotonic()


def _close() -> None:
    _engines.pop("mine").close()


def _check(done: int, amount: int) -> None:
    """A case that ended early would make everything look fast."""
    if done != amount * HUMAN_TASKS:
        raise RuntimeError(f"{done} tasks completed instead of {amount * HUMAN_TASKS}")
