"""The door to FEEL: compiles expressions, and gives each thread a runtime of its own."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from engine.errors import FeelError
from engine.feel.ahead import Ahead
from engine.feel.expression import Expression, Kind, _character, shape_of
from engine.feel.problems import Problem
from engine.feel.runtime import MOST_COMPILED, Key, LimitReached, Runtime

#: An expression longer than this (characters) is a mistake or an attack.
LONGEST_SOURCE = 20_000
#: More brackets within brackets than this likewise. The parser takes a second and more to give up on thousands.
DEEPEST_BRACKETS = 200
#: What is compiled ahead is shorter than this, so that no single one holds up the rest.
LONGEST_AHEAD = 1_000
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)


class Feel:
    """Compiles FEEL. Safe to share: every thread gets its own embedded runtime, made at its first evaluation.

    `time_limit`: seconds of CPU time an evaluation may take; `memory_limit`: bytes a runtime may hold.
    """

    def __init__(self, time_limit: float = 0.25, memory_limit: int = 64 * 2**20) -> None:
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._local = threading.local()
        # Parsing costs 2 ms and more, and what is found is the same for all threads and all elements.
        self._facts: dict[Key, dict[str, Any]] = {}
        self._expressions: dict[tuple[str, Kind, tuple[str, ...], str | None, str | None], Expression] = {}

    @property
    def runtime(self) -> Runtime:
        """The calling thread's own."""
        runtime: Runtime | None = getattr(self._local, "runtime", None)
        if runtime is None:
            self.settle()
            runtime = getattr(self._local, "runtime", None) or Runtime(self._time_limit, self._memory_limit)
            self._local.runtime = runtime
        return runtime

    @cached_property
    def signatures(self) -> dict[str, list[str]]:
        """Every function → names of its parameters; dots before the last mean any number."""
        return self.runtime.signatures()

    def compile(
        self,
        source: str,
        *,
        element: str | None = None,
        file: str | None = None,
        kind: Kind = "expression",
        names: Iterable[str] = (),
    ) -> Expression:
        """Parses an expression (without a leading `=`), or unary tests, as `> 5, < 2` in a decision table.

        `names` declares variables whose names hold signs or words of FEEL, such as `Dish-type` or `Day and night`;
        names with plain spaces need not be declared. `element` and `file` are for messages.
        Raises `FeelError` with the position for a syntax error or an unknown function.
        """

        declared = tuple(sorted(set(names))) if names else ()
        asked = (source, kind, declared, element, file)
        known = self._expressions.get(asked)
        if known is None:
            known = self._expression(source, kind, element, file, declared, self._checked(*asked))
            if len(self._expressions) >= MOST_COMPILED:
                self._expressions.clear()
            self._expressions[asked] = known
        return known

    def compile_ahead(self, sources: Iterable[tuple[str, Kind]]) -> None:
        """Begins to compile what this thread is likely to ask for, beside all else it does, until it `settle`s."""
        keys: list[Key] = [(source, kind, ()) for source, kind in sources if len(source) <= LONGEST_AHEAD]
        if keys:
            self.settle()
            self._local.runtime = None
            self._local.ahead = Ahead(Runtime(self._time_limit, self._memory_limit), keys)

    def settle(self) -> None:
        """Ends what was begun with `compile_ahead`: a process is forked only when no thread runs beside."""
        ahead: Ahead | None = getattr(self._local, "ahead", None)
        if ahead is not None:
            self._local.ahead = None
            # From here on this thread's own: one at a time may use it, whichever that is.
            self._local.runtime, found = ahead.finish()
            self._facts.update(found)

    def _checked(
        self, source: str, kind: Kind, declared: tuple[str, ...], element: str | None, file: str | None
    ) -> dict[str, Any]:
        def refused(problem: Problem, position: int | None = None) -> FeelError:
            at = _character(source, position)
            return FeelError(problem.key, problem.values, expression=source, position=at, element=element, file=file)

        if len(source) > LONGEST_SOURCE:
            raise refused(Problem("too-long", {"limit": LONGEST_SOURCE}))
        if "\0" in source:
            raise refused(Problem("nul"), source.index("\0"))
        if _depth(source) > DEEPEST_BRACKETS:
            raise refused(Problem("depth-limit"))
        try:
            facts = self._compiled((source, kind, declared))
        except LimitReached as limit:
            raise refused(limit.problem) from None
        if "error" in facts:
            raise refused(Problem.read(facts["error"]), facts["error"]["position"])
        return facts

    def _compiled(self, key: Key) -> dict[str, Any]:
        facts = self._facts.get(key)
        if facts is None:
            ahead: Ahead | None = getattr(self._local, "ahead", None)
            facts = (ahead.facts(key) if ahead is not None else None) or self.runtime.compile(key)
            if len(self._facts) >= MOST_COMPILED:
                self._facts.clear()
            self._facts[key] = facts
        return facts

    def _expression(
        self,
        source: str,
        kind: Kind,
        element: str | None,
        file: str | None,
        declared: tuple[str, ...],
        facts: dict[str, Any],
    ) -> Expression:
        paths = frozenset(tuple(path) for path in facts["paths"])
        ambiguous = frozenset(facts["ambiguous"])
        read = {*paths, *((name,) for name in ambiguous), *([("?",)] if kind == "unary" else [])}
        return Expression(
            source=source,
            kind=kind,
            element=element,
            file=file,
            names=frozenset(path[0] for path in paths),
            paths=paths,
            ambiguous_names=ambiguous,
            functions=frozenset(facts["functions"]),
            deadline_names=frozenset(facts["deadlines"]),
            role_names=frozenset(facts["roles"]),
            declared=declared,
            _shape=shape_of(read),
            _needs_context=facts["needsContext"],
            _feel=self,
        )


def _depth(source: str) -> int:
    """How many brackets stand within each other, those in texts aside."""
    if sum(map(source.count, "([{")) <= DEEPEST_BRACKETS:
        return 0
    depth = deepest = 0
    for sign in _TEXT.sub("", source):
        if sign in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in ")]}":
            depth -= 1
    return deepest


_default = Feel()


def current_feel() -> Feel:
    """The one with the usual limits."""
    return _default
