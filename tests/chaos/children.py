"""The processes that are killed: the real scheduler and web, and people at work on the façade. Forked from one that has
imported everything, so that a kill costs a start of milliseconds and not of seconds."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any

import web.app  # noqa: F401  (imported before the fork)
from engine import Actor, Conflict, Engine, NotFound, notices, outbox
from engine.errors import DatabaseUnavailable
from web.serving import schedule, serve

ANNA = Actor(id="anna", units=["elevhalsa-skovde"], roles=["staff"])
#: A notice that a killed sender held is free again after this long; two minutes in earnest.
LEASE = timedelta(seconds=3)
_nursery = multiprocessing.get_context("forkserver")
_nursery.set_forkserver_preload([__name__])


def start(target: Callable[..., None], log: Path, settings: Mapping[str, str], *args: Any) -> BaseProcess:
    """A new process that runs one of the functions below."""
    child: BaseProcess = _nursery.Process(target=_child, args=(target, log, dict(settings), args), daemon=True)
    child.start()
    return child


def kill(child: BaseProcess) -> None:
    """SIGKILL: it notices nothing."""
    if child.is_alive() and child.pid is not None:
        os.kill(child.pid, signal.SIGKILL)
    child.join()


def _child(target: Callable[..., None], log: Path, settings: dict[str, str], args: tuple[Any, ...]) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(settings)
    outbox.LEASE = LEASE
    notices.QUIET = timedelta(0)
    target(*args)


def scheduler() -> None:
    """`samled scheduler`. While the database is away it does not start; whoever watches over it tries again."""
    while True:
        try:
            return schedule()
        except DatabaseUnavailable:
            time.sleep(0.1)


def website(port: int, with_scheduler: bool) -> None:
    """`samled web` or `samled run`."""
    while True:
        try:
            return serve("127.0.0.1", port, with_scheduler=with_scheduler)
        except DatabaseUnavailable:
            time.sleep(0.1)


def person(url: str, seed: int, told: Path, stop: Path) -> None:
    """Starts cases, completes tasks and sends messages, and writes down a line for each that was acknowledged."""
    logging.disable()
    chance, engine = Random(seed), None
    with told.open("a", buffering=1) as acknowledged:
        while not stop.exists():
            try:
                engine = engine or Engine(url)
                acknowledged.write(_act(engine, chance))
            except DatabaseUnavailable:
                time.sleep(0.05)
            except (Conflict, NotFound):
                continue
            time.sleep(chance.uniform(0.0, 0.03))


def _act(engine: Engine, chance: Random) -> str:
    tasks = engine.tasks(by=ANNA, limit=30)
    if len(tasks) < 5 or chance.random() < 0.15:
        return f"started {engine.start('busy', by=ANNA).id} -\n"
    task = chance.choice(tasks)
    if chance.random() < 0.3 and engine.send("note", task.case_id, {}, by=ANNA):
        return f"received {task.case_id} note\n"
    engine.complete(task.id, {task.element_id: True}, by=ANNA)
    return f"completed {task.case_id} {task.element_id}\n"
