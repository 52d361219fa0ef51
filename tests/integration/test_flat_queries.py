"""Pages cost the same however many rows there are: the databases' own plans say so, of the statements pages really run.

A plan that reads a large table from end to end, or sorts more than a page, fails here, and not first in a county.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event

from engine import Actor, Engine, VirtualClock
from engine.bench.filling import PERSON, UNIT, Volume, fill
from tests.integration import drawing as draw
from tests.integration.conftest import START

#: Grows with the number of cases. Units, people, versions and the like are small and may be read whole.
LARGE = ("cases", "tasks", "holders", "parties", "deadlines", "history", "reads", "files", "outbox", "subscriptions")
#: What PostgreSQL may read in one node of a plan for one page of 51; the unit owns more than that, open and closed.
MOST_ROWS = 1000


@pytest.fixture
def county(database_url: str) -> Iterator[tuple[Engine, str]]:
    """Enough rows for the planner to care, counted by ANALYZE; the number of one real case."""
    engine = Engine(database_url, VirtualClock(START))
    number = fill(engine, Volume(open=15_000, closed=25_000))
    with engine.database.command() as tx:
        for statement in SEED:
            tx.exec_driver_sql(statement)
    yield engine, number
    engine.close()


#: Beside what the benchmark fills: a deadline each, every thousandth parked; reads; files; notices that have left.
SEED = (
    "INSERT INTO deadlines (case_id, token_id, kind, task_due_at, element_id, due_at, run_at) "
    "SELECT t.case_id, t.token_id, 'due', t.sort_at, t.element_id, t.sort_at, '2027-01-01T00:00:00.000000' FROM tasks t "
    "WHERE NOT EXISTS (SELECT 1 FROM deadlines d WHERE d.case_id = t.case_id AND d.token_id = t.token_id)",
    "UPDATE deadlines SET parked_at = due_at, run_at = NULL WHERE id = id / 1000 * 1000",
    "INSERT INTO reads (case_id, at, actor, what) SELECT id, started_at, 'anna', 'case' FROM cases",
    "INSERT INTO files (case_id, name, media_type, size, at) SELECT id, 'a.pdf', 'application/pdf', 1, started_at "
    "FROM cases WHERE id = id / 4 * 4",
    'INSERT INTO outbox ("key", kind, case_id, payload, created_at, sent_at) '
    "SELECT 'k' || id, 'notice', id, package, started_at, started_at FROM cases "
    "CROSS JOIN (SELECT package FROM versions ORDER BY length(package) LIMIT 1) AS one",
    "ANALYZE",
)


@contextmanager
def statements(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Every SELECT that runs meanwhile, with its values."""
    found: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, text: str, values: Any, _context: Any, _many: bool) -> None:
        if text.lstrip().startswith("SELECT"):
            found.append((text, values))

    event.listen(engine.database._pool, "before_cursor_execute", listen)
    try:
        yield found
    finally:
        event.remove(engine.database._pool, "before_cursor_execute", listen)


def plan(engine: Engine, text: str, values: list[Any]) -> list[str]:
    kind = "EXPLAIN QUERY PLAN" if engine.database.kind == "sqlite" else "EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF)"
    with engine.database.reading() as tx:
        driver: Any = tx.connection.dbapi_connection
        return [str(row[-1]) for row in driver.execute(f"{kind} {text}", *values).fetchall()]


def faults(lines: list[str]) -> list[str]:
    """The lines of a plan that read a large table whole, or too much of it."""
    large = "|".join(LARGE)
    found = []
    for line in lines:
        whole = re.search(rf"Seq Scan on ({large})\b|SCAN ({large})\b(?! USING .*INDEX ix_cases_open)", line)
        rows = re.search(r"(?:Scan|Sort).*actual rows=(\d+)", line)
        if whole or (rows and int(rows[1]) > MOST_ROWS) or re.search(r"AUTOMATIC .*INDEX", line):
            found.append(line)
    return found


def named(engine: Engine, number: str) -> dict[str, Callable[[], Any]]:
    """What pages ask for."""
    by, late = PERSON, engine.clock.now(None)  # type: ignore[arg-type]
    second = engine.tasks(by=by).next
    older = engine.cases(by=by, open=False).next
    back = engine.tasks(by=by, cursor=second).previous
    assert second
    assert older
    assert back
    return {
        "inbox": lambda: engine.tasks(by=by),
        "inbox, page 2": lambda: engine.tasks(by=by, cursor=second),
        "inbox, back again": lambda: engine.tasks(by=by, cursor=back),
        "inbox, mine": lambda: engine.tasks(by=by, assignee=by.id),
        "inbox, a unit's": lambda: engine.tasks(by=by, unit=UNIT),
        "inbox, overdue": lambda: engine.tasks(by=by, due_before=late),
        "inbox, by number": lambda: engine.tasks(by=by, text="2025-1000010"),
        "open cases": lambda: engine.cases(by=by, open=True),
        "closed cases": lambda: engine.cases(by=by, open=False),
        "closed cases, page 2": lambda: engine.cases(by=by, open=False, cursor=older),
        "all cases": lambda: engine.cases(by=by),
        "a unit's cases": lambda: engine.cases(by=by, unit=UNIT, open=True),
        "search by number": lambda: engine.cases(by=by, text="2025-1000010"),
        "search by running number": lambda: engine.cases(by=by, text="1"),
        "search by the beginning of a number": lambda: engine.cases(by=by, text="2025-10"),
        "search by name": lambda: engine.cases(by=by, text="Elevhälsan Skövde"),
        "case page": lambda: engine.case(number, by=by),
        "case page, tasks": lambda: engine.tasks(case=number),
        "case page, timeline": lambda: engine.timeline(number, limit=25),
        "case page, deadlines": lambda: engine.deadlines(number),
        "case page, files": lambda: engine.files(number, by=by),
        "list of cases, first tasks": lambda: engine.first_tasks([number]),
        "reads": lambda: engine.reads(number, by=by, limit=50),
        "coming deadlines": lambda: engine.next_due(),
        "overview, parked": lambda: engine.parked(),
        "overview, pulse": lambda: engine.pulse(),
    }


def test_no_page_reads_a_large_table_whole(county: tuple[Engine, str]) -> None:
    engine, number = county
    found: dict[str, list[str]] = {}
    ran = 0
    for name, ask in named(engine, number).items():
        with statements(engine) as told:
            ask()
        for text, values in told:
            ran += 1
            if wrong := faults(plan(engine, text, [values])):
                found[name] = [*found.get(name, []), text, *wrong]
    assert ran > 30
    for wrong_statement in WRONG:  # else this test would prove nothing
        assert faults(plan(engine, wrong_statement, []))
    assert not faults(plan(engine, "SELECT name FROM units", []))
    assert found == {}, "\n".join(line for lines in found.values() for line in lines)


#: Each reads a large table whole, or sorts all of it.
WRONG = (
    "SELECT id FROM cases WHERE close_reason = 'x'",
    "SELECT id FROM tasks ORDER BY sort_at, id LIMIT 51",
    "SELECT number FROM cases WHERE number LIKE '%00001%' ORDER BY id DESC LIMIT 51",
)


def test_lists_are_turned_both_ways_and_end_where_they_end(database_url: str) -> None:
    engine = Engine(database_url, VirtualClock(START))
    fill(engine, Volume(open=4_000, closed=500))

    def walk(ask: Callable[[str | None], Any]) -> None:
        pages = [ask(None)]
        while pages[-1].next:
            pages.append(ask(pages[-1].next))
        ids = [one.id for page in pages for one in page]
        assert len(ids) == len(set(ids)) > 100
        assert pages[0].previous is None
        for before, after in pairwise(pages):
            again = ask(after.previous)
            assert [one.id for one in again] == [one.id for one in before]
            assert bool(again.previous) == bool(before.previous)
            assert [one.id for one in ask(again.next)] == [one.id for one in after]

    walk(lambda cursor: engine.tasks(by=PERSON, cursor=cursor, limit=100))
    walk(lambda cursor: engine.cases(by=PERSON, open=True, cursor=cursor, limit=150))
    engine.close()


def test_a_unit_that_is_only_asked_sees_the_case_until_it_has_answered(
    organisation: Engine, publish: Callable[[str], None]
) -> None:

    engine = organisation
    publish(draw.chain("guest", draw.task("ask", group="bup"), draw.task("go_on")))
    anna, bea = Actor("anna", ["elevhalsa-skovde"], ["staff"]), Actor("bea", ["bup"], ["staff"])
    case = engine.start("guest", by=anna).id
    assert [one.id for one in engine.cases(by=bea)] == [one.id for one in engine.cases(by=bea, text="1")] == [case]
    engine.complete(engine.tasks(case=case)[0].id, by=bea)
    assert engine.cases(by=bea) == []
    engine.complete(engine.tasks(case=case)[0].id, by=anna)
    assert [one.id for one in engine.cases(by=anna, open=False)] == [case]
