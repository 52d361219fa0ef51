"""Processes that die at any moment: what was acknowledged is there, once, and nothing is left half done."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from engine import Actor, Engine, VirtualClock
from tests.integration import drawing as draw

Publish = Callable[[str], None]
#: Change it to look for another failing run.
SEED = 20260327
KILLS = 3

WORKER = """
    import sys
    from engine import Actor, Conflict, Engine, NotFound, VirtualClock
    url, now, acknowledged = sys.argv[1:]
    engine = Engine(url, clock=VirtualClock(now))
    anna = Actor(id="anna", units=["elevhalsa-skovde"], roles=["staff"])
    with open(acknowledged, "a", buffering=1) as told:
        told.write("ready\\n")
        while tasks := engine.tasks(by=anna):
            engine.fire_due(limit=2)
            for task in tasks:
                try:
                    engine.complete(task.id, {task.element_id: True}, by=anna)
                except (Conflict, NotFound):
                    continue
                told.write(f"{task.case_id} {task.element_id}\\n")
"""


def started(path: Path, url: str, now: str) -> subprocess.Popen[bytes]:
    worker = subprocess.Popen([sys.executable, "-c", textwrap.dedent(WORKER), url, now, str(path)], env={**os.environ})
    until = time.monotonic() + 60
    while not (path.exists() and "ready" in path.read_text()):
        assert worker.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    return worker


def test_workers_killed_at_random_lose_nothing_that_was_acknowledged(
    engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish, database_url: str, tmp_path: Path
) -> None:
    publish(
        draw.process(
            "busy",
            '<startEvent id="start"/><endEvent id="end"/><parallelGateway id="split"/><parallelGateway id="join"/>',
            *[draw.task(f"t{number}") for number in range(6)],
            draw.timer("late", "PT1M", on="t0", interrupting=False),
            draw.task("remind"),
            draw.flows("start>split", "split>t0>t1>t2>join", "split>t3>t4>t5>join", "join>end", "late>remind>end"),
        )
    )
    cases = [engine.start("busy", by=anna).id for _ in range(15)]
    clock.advance("PT1H")
    chance = random.Random(SEED)
    for kill in range(KILLS):
        workers = [
            started(tmp_path / f"{kill}{number}.told", database_url, clock.now().isoformat()) for number in range(2)
        ]
        time.sleep(chance.uniform(0.05, 0.4))
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
    told = [line for path in tmp_path.glob("*.told") for line in path.read_text().splitlines() if line.count(" ") == 1]
    done = Counter(
        f"{case} {entry.element_id}" for case in cases for entry in engine.history(case) if entry.kind == "completed"
    )
    assert told
    assert set(told) <= done.keys()
    assert set(done.values()) == {1}
    assert engine.check() == []
    while tasks := engine.tasks():  # and whoever comes after finishes the rest
        engine.fire_due()
        for task in tasks:
            engine.complete(task.id, {}, by=anna)
    assert all(engine.case(case).closed_at for case in cases)
    assert engine.check() == []
