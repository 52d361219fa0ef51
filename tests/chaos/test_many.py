"""Very many deadlines due at once: each fires exactly once, whatever else is pending, and the rate is told."""

from __future__ import annotations

import time
from pathlib import Path

from engine import Actor, Engine
from tests import postgres
from tests.chaos import children
from tests.chaos.crew import IN_EARNEST
from tests.integration import drawing as draw

DUE, PENDING = (100_000, 1_000_000) if IN_EARNEST else (1_000, 10_000)
SCHEDULERS = 2
LONGEST = 3600.0
ANNA = Actor(id="anna", units=["elevhalsa-skovde"], roles=["staff"])
WAIT = draw.process(
    "wait",
    '<startEvent id="start"/><endEvent id="end"/>',
    *[draw.timer("pause", "P1D"), draw.task("done")],
    draw.flows("start>pause>done>end"),
)
#: Copies of one case that waits for its deadline; a day after the start it is due.
_COPIES = f"""
    INSERT INTO cases (number, version_id, process_id, owner, revision, state, started_at, incidents)
    SELECT 'x' || i, version_id, process_id, owner, revision, state, started_at - interval '2 days', 0
    FROM cases, generate_series(1, {DUE}) AS i WHERE number NOT LIKE 'x%%'
"""
_DUE = """
    INSERT INTO deadlines (case_id, token_id, kind, task_due_at, element_id, due_at, run_at)
    SELECT c.id, d.token_id, d.kind, d.task_due_at - interval '2 days', d.element_id,
           d.due_at - interval '2 days', d.run_at - interval '2 days'
    FROM cases c, (SELECT * FROM deadlines ORDER BY id LIMIT 1) AS d WHERE c.number LIKE 'x%%'
"""
_PENDING = f"""
    INSERT INTO deadlines (case_id, token_id, kind, task_due_at, element_id, due_at, run_at)
    SELECT d.case_id, 1000 + i, 'timer', d.due_at + interval '1 year', d.element_id,
           d.due_at + interval '1 year' + i * interval '1 second', d.run_at + interval '1 year' + i * interval '1 second'
    FROM (SELECT * FROM deadlines ORDER BY id LIMIT 1) AS d, generate_series(1, {PENDING}) AS i
"""


def test_each_of_very_many_deadlines_fires_once(postgresql_server: postgres.Server, tmp_path: Path) -> None:
    url = postgresql_server.create("many")
    engine = Engine(url)
    engine.upgrade()
    engine.publish(draw.write(tmp_path, WAIT))
    engine.start("wait", by=ANNA)
    with engine.database.command() as tx:
        for statement in (_COPIES, _DUE, _PENDING):
            tx.exec_driver_sql(statement)
    with engine.database.command() as tx:
        tx.exec_driver_sql("ANALYZE")
    settings = {"SAMLED_DATABASE_URL": url}
    crew = [children.start(children.scheduler, tmp_path / "scheduler.log", settings) for _ in range(SCHEDULERS)]
    try:
        end = time.monotonic() + LONGEST
        while engine.pulse().backlog:
            assert time.monotonic() < end
            time.sleep(0.5)
    finally:
        for child in crew:
            children.kill(child)
    counts = "SELECT count(*), count(DISTINCT case_id) FROM history WHERE kind = 'fired'"
    took = "SELECT extract(epoch FROM max(at) - min(at)) FROM history WHERE kind = 'fired'"
    with engine.database.reading() as tx:
        assert tuple(tx.exec_driver_sql(counts).one()) == (DUE, DUE)
        seconds = float(tx.exec_driver_sql(took).scalar_one())
    fired = sorted(beat.fired for beat in engine.heartbeats())
    print(
        f"\n{DUE} due at once with {PENDING} pending, {SCHEDULERS} schedulers ({fired}): {DUE / seconds:.0f}/s together"
    )
    engine.close()
