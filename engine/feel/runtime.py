"""One embedded JavaScript engine with the FEEL bundle in it: the only place that knows QuickJS.

Life cycle: made at a thread's first evaluation (some 25 ms), used by that thread alone (two threads in one QuickJS
context crash), thrown away when a limit was hit, made again at the next evaluation. What crosses is JSON text:
integers from 2³¹ are cut, and a NUL ends a string, when they cross as such.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import quickjs

from engine.errors import SamledError
from engine.feel.context import NO_MEETINGS, CalendarTable, FeelContext, MeetingTable
from engine.feel.problems import Problem

BUNDLE = Path(__file__).parent / "dist" / "feel.js"

#: Compiled expressions and calendars that a runtime keeps; the least recently used go first.
MOST_COMPILED = 5000
MOST_TABLES = 16
#: QuickJS's own stack. A thread's is 8 MB on Linux, so its guard fires long before the real one is full.
STACK_SIZE = 768 * 1024
#: How much longer the one retry may take when other threads used up the process's CPU time.
PATIENCE = 4

#: How much longer than an evaluation the parsing of an expression may take.
COMPILE_PATIENCE = 8

#: Source, kind ("expression" or "unary") and the names that are declared.
Key = tuple[str, str, tuple[str, ...]]


class BundleMissing(SamledError):
    """The FEEL runtime is not built: engine/feel/dist/feel.js is missing. Run `make setup`."""


class LimitReached(Exception):
    """An evaluation used up its time, memory or stack."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.key)
        self.problem = problem


@cache
def _bundle(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        raise BundleMissing from None


#: What of a calendar's table JavaScript is given, in the order in which its constructor takes it.
_TABLE = (
    "zone", "transitions", "non_working_days", "first_year", "last_year", "breaks", "hours_of_working_days",
)  # fmt: skip


class Runtime:
    """Compiles and evaluates; not thread-safe. `time_limit` in seconds of CPU time, `memory_limit` in bytes."""

    def __init__(self, time_limit: float, memory_limit: int) -> None:
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        #: Characters of variables; parsed, they take some ten times as much memory.
        self.largest_payload = memory_limit // 8
        self._context: Any = None
        self._compiled: OrderedDict[Key, int] = OrderedDict()
        self._tables: OrderedDict[int, tuple[CalendarTable, int]] = OrderedDict()
        self._next_table = 1
        self._surroundings: FeelContext | None = None
        self._meetings: MeetingTable = NO_MEETINGS

    def compile(self, key: Key) -> dict[str, Any]:
        """The expression's id and names, or `{"error": {"problem", "values", "position"}}`. Raises `LimitReached`."""
        return self._guarded(lambda: self._compile(key))

    def compile_all(self, keys: Sequence[Key]) -> list[dict[str, Any]]:
        """The same for each of many in one call, and in the time of one. Raises `LimitReached`."""

        def call() -> dict[str, Any]:
            with self._patient():
                found = json.loads(self._context.get("compileAll")(json.dumps(keys)))
            for key, facts in zip(keys, found, strict=True):
                self._keep(key, facts)
            return {"all": found}

        facts: list[dict[str, Any]] = self._guarded(call)["all"]
        return facts

    def evaluate(self, key: Key, variables: str, context: FeelContext | None) -> dict[str, Any]:
        """`{"v": value, "w": warnings}` or `{"e": problem, "p": position}`. Raises `LimitReached`.

        `context` is None for an expression that asks for neither time nor calendar nor organisation.
        """

        def call() -> dict[str, Any]:
            self._surround(context)
            answer: dict[str, Any] = json.loads(self._evaluate(self._identity(key), variables))
            return answer

        return self._guarded(call)

    def evaluate_table(
        self,
        inputs: Sequence[Key],
        rules: Sequence[Sequence[Key | None]],
        only_first: bool,
        variables: str,
        context: FeelContext | None,
    ) -> dict[str, Any]:
        """`{"v": indexes of the rules that hit, "w": warnings with their cell}`. None is a test that all pass."""

        def call() -> dict[str, Any]:
            ids = [self._identity(key) for key in inputs]
            tests = [[0 if key is None else self._identity(key) for key in rule] for rule in rules]
            head = json.dumps([ids, tests, only_first])[:-1]
            self._surround(context)
            answer: dict[str, Any] = json.loads(self._context.get("evaluateTable")(f"{head},{variables}]"))
            return answer

        return self._guarded(call)

    def tree(self, key: Key) -> list[Any]:
        """The syntax tree: `[kind, from, to, parts]`, in UTF-16 units. Raises `LimitReached`."""

        def call() -> dict[str, Any]:
            return {"tree": json.loads(self._context.get("tree")(self._identity(key)))}

        found: list[Any] = self._guarded(call)["tree"]
        return found

    def signatures(self) -> dict[str, list[str]]:
        """Built-in function → names of its parameters; dots before the last mean any number."""
        return self._guarded(lambda: json.loads(self._context.get("signatures")()))

    def _identity(self, key: Key) -> int:
        identity = self._compiled.get(key)
        if identity is None:
            found: int = self._compile(key)["id"]
            return found
        self._compiled.move_to_end(key)
        return identity

    def _guarded(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Runs under the limits. The time limit counts the CPU time of the whole process: when it ended an evaluation
        that had little of it itself, because other threads were busy, it is tried once more (it has no effects)."""
        if self._context is None:
            self._start(self._time_limit)
        started = time.thread_time()
        try:
            return call()
        except quickjs.JSException as error:
            # After a limit the heap may be in any state, so no other evaluation gets to see it.
            self._context = None
            if "interrupted" not in str(error) or time.thread_time() - started > 0.9 * self._time_limit:
                raise LimitReached(_problem(str(error))) from None
        self._start(PATIENCE * self._time_limit)
        try:
            answer = call()
        except quickjs.JSException as error:
            self._context = None
            raise LimitReached(_problem(str(error))) from None
        self._limit(self._time_limit)
        return answer

    def _limit(self, seconds: float) -> None:
        self._context.set_time_limit(seconds)
        self._current_limit = seconds

    def _start(self, time_limit: float) -> None:
        context = quickjs.Context()
        context.set_max_stack_size(STACK_SIZE)
        context.set_memory_limit(self._memory_limit)
        context.eval(_bundle(BUNDLE))
        self._evaluate: Callable[[int, str], str] = context.get("evaluate")
        self._compiled.clear()
        self._tables.clear()
        self._surroundings, self._meetings = None, NO_MEETINGS
        self._context = context
        self._limit(time_limit)

    def _compile(self, key: Key) -> dict[str, Any]:
        with self._patient():
            facts: dict[str, Any] = json.loads(self._context.get("compile")(json.dumps(key)))
        self._keep(key, facts)
        return facts

    @contextmanager
    def _patient(self) -> Iterator[None]:
        """feelin's parser takes 1 ms for a line and 0.2 s for a page; a limit for evaluations would refuse that."""
        limit = self._current_limit
        self._limit(COMPILE_PATIENCE * limit)
        yield
        self._limit(limit)

    def _keep(self, key: Key, facts: Mapping[str, Any]) -> None:
        if "id" in facts:
            self._compiled[key] = facts["id"]
            if len(self._compiled) > MOST_COMPILED:
                _, oldest = self._compiled.popitem(last=False)
                self._context.get("drop")(oldest)

    def _surround(self, context: FeelContext | None) -> None:
        """Tells JavaScript the time, the calendar and the organisation, unless it has heard of just these."""
        if context is None or self._surroundings is context:
            return
        milliseconds = int(context.now.timestamp() * 1000)
        deadlines, units = (json.dumps(dict(named)) for named in (context.deadlines, context.units_by_role))
        if self._meetings is not context.meetings:
            told = context.meetings
            self._context.get("loadMeetings")(json.dumps([told.begins, told.ends, dict(told.by_unit)]))
            self._meetings = told
        self._context.get("surround")(f"[{milliseconds},{self._table(context.table)},{deadlines},{units}]")
        self._surroundings = context

    def _table(self, table: CalendarTable) -> int:
        """The number by which JavaScript knows this calendar; it is sent once."""
        known = self._tables.get(id(table))
        if known is not None:
            self._tables.move_to_end(id(table))
            return known[1]
        number, self._next_table = self._next_table, self._next_table + 1
        text = json.dumps([getattr(table, name) for name in _TABLE])
        self._context.get("loadTable")(number, text)
        self._tables[id(table)] = (table, number)
        if len(self._tables) > MOST_TABLES:
            _, (_, oldest) = self._tables.popitem(last=False)
            self._context.get("dropTable")(oldest)
        return number


def _problem(text: str) -> Problem:
    if "interrupted" in text:
        return Problem("time-limit")
    if "memory" in text or text.startswith("null"):
        return Problem("memory-limit")
    if "call stack" in text:
        return Problem("depth-limit")
    return Problem("other", {"said": text.splitlines()[0]})
