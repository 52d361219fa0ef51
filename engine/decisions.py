"""Decisions: a DMN file's tables and expressions, compiled once and evaluated in the FEEL sandbox."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.dmn import Cell, RawDecision, Reading, Table, read
from engine.errors import FeelError, InvalidModel, NotFound
from engine.feel import Expression, Feel, FeelContext, current_feel
from engine.feel.expression import Kind, Shape, shape_of, variables_text
from engine.feel.problems import Problem
from engine.feel.runtime import Key, LimitReached

#: A test that every value passes.
_ANYTHING = frozenset({"", "-"})


@dataclass(frozen=True, eq=False)
class _Literal:
    expression: Expression

    def evaluate(self, variables: Mapping[str, Any], context: FeelContext, strict: bool) -> Any:
        return self.expression.evaluate(variables, context, strict=strict)

    def expressions(self) -> Iterator[Expression]:
        yield self.expression


@dataclass(frozen=True)
class _Plan:
    """What is asked of the runtime for a table, worked out once."""

    inputs: list[Key]
    rules: list[list[Key | None]]
    shape: Mapping[str, Shape]
    needs_context: bool


@dataclass(frozen=True, eq=False)
class _Table:
    source: Table
    inputs: tuple[Expression, ...]
    #: A row a rule; None is a test that every value passes.
    tests: tuple[tuple[Expression | None, ...], ...]
    results: tuple[tuple[Expression | None, ...], ...]
    #: The values of each output in order of priority, best first; empty where none are listed.
    priorities: tuple[tuple[Any, ...], ...]
    #: What each output is when no rule hits; None where nothing is said.
    defaults: tuple[Expression | None, ...]
    feel: Feel

    def expressions(self) -> Iterator[Expression]:
        yield from self.inputs
        for row in (*self.tests, *self.results, self.defaults):
            yield from (cell for cell in row if cell is not None)

    def evaluate(self, variables: Mapping[str, Any], context: FeelContext, strict: bool) -> Any:
        hits = self._hits(variables, context, strict)
        policy = self.source.hit_policy
        if policy == "UNIQUE" and len(hits) > 1:
            raise self._error(Problem("unique", {"rules": self._named(hits)}))
        if not hits and any(self.defaults):
            # As it is, whatever the hit policy (as in Camunda 8): a default for COLLECT is written as a list.
            return self._value(self._result(self.defaults, variables, context, strict))
        found = [self._result(self.results[hit], variables, context, strict) for hit in hits]
        if policy == "COLLECT" and self.source.aggregator:
            return self._aggregated(self.source.aggregator, [next(iter(result.values())) for result in found])
        if policy in {"PRIORITY", "OUTPUT ORDER"}:
            found.sort(key=self._rank)
        if policy in {"COLLECT", "RULE ORDER", "OUTPUT ORDER"}:
            return [self._value(result) for result in found]
        if policy == "ANY" and any(result != found[0] for result in found):
            raise self._error(Problem("any", {"rules": self._named(hits)}))
        return self._value(found[0]) if found else None

    @cached_property
    def _plan(self) -> _Plan:
        looked_at = [*self.inputs, *(test for row in self.tests for test in row if test is not None)]
        return _Plan(
            inputs=[expression.key for expression in self.inputs],
            rules=[[None if test is None else test.key for test in row] for row in self.tests],
            shape=shape_of({path for expression in looked_at for path in expression.reads}),
            needs_context=any(expression.needs_context for expression in looked_at),
        )

    def _hits(self, variables: Mapping[str, Any], context: FeelContext, strict: bool) -> list[int]:
        """Indexes of the rules that hit, in the order of the table."""
        plan = self._plan
        try:
            answer = self.feel.runtime.evaluate_table(
                plan.inputs,
                plan.rules,
                self.source.hit_policy == "FIRST",
                variables_text(plan.shape, variables),
                context if plan.needs_context else None,
            )
        except ValueError as error:
            raise self._error(Problem("variable", {"said": error})) from None
        except LimitReached as limit:
            raise self._error(limit.problem) from None
        if strict and answer["w"]:
            first = answer["w"][0]
            row, column = first["cell"]
            cell = self.inputs[column] if row < 0 else self.tests[row][column]
            raise (cell or self.inputs[column]).error(Problem.read(first), first["position"])
        hits: list[int] = answer["v"]
        return hits

    def _result(
        self,
        cells: tuple[Expression | None, ...],
        variables: Mapping[str, Any],
        context: FeelContext,
        strict: bool,
    ) -> dict[str, Any]:
        return {
            output.name: None if cell is None else cell.evaluate(variables, context, strict=strict)
            for output, cell in zip(self.source.outputs, cells, strict=True)
        }

    def _value(self, result: dict[str, Any]) -> Any:
        """One output is its value; several are an object."""
        return result if len(result) > 1 else next(iter(result.values()))

    def _rank(self, result: dict[str, Any]) -> tuple[int, ...]:
        """Smaller is better; a value that is not listed comes last."""
        ranks = []
        for (name, value), order in zip(result.items(), self.priorities, strict=True):
            if order:
                ranks.append(order.index(value) if value in order else len(order))
                if value not in order:
                    raise self._error(Problem("unlisted", {"output": name}))
        return tuple(ranks)

    def _aggregated(self, aggregator: str, values: Sequence[Any]) -> Any:
        if aggregator == "COUNT":
            return len(values)
        if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in values):
            raise self._error(Problem("not-numbers", {"aggregator": aggregator}))
        if not values:
            return None
        return sum(values) if aggregator == "SUM" else min(values) if aggregator == "MIN" else max(values)

    def _named(self, hits: Sequence[int]) -> str:
        return ", ".join(str(hit + 1) for hit in hits)

    def _error(self, problem: Problem) -> FeelError:
        where = self.inputs[0].file if self.inputs else None
        return FeelError(problem.key, problem.values, element=self.source.element, file=where)


@dataclass(frozen=True, eq=False)
class Decision:
    """One decision of a file. Immutable; any thread may evaluate it."""

    id: str
    name: str
    #: Names under which a decision that requires it finds its result.
    aliases: tuple[str, ...]
    required: tuple[Decision, ...]
    logic: _Table | _Literal

    @property
    def names(self) -> frozenset[str]:
        """Root names of the variables that it reads, those of required decisions included."""
        read = frozenset(name for expression in self.logic.expressions() for name in expression.names)
        given = frozenset(alias for decision in self.required for alias in decision.aliases)
        return (read - given).union(*(decision.names for decision in self.required))

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """All that it evaluates itself, for checks."""
        return tuple(self.logic.expressions())

    def looks_at(self) -> Iterator[tuple[Expression, bool]]:
        """Each expression over the case's variables alone, those of required decisions included; always evaluated?"""
        given = {alias for decision in self.required for alias in decision.aliases}
        always = self.logic.inputs if isinstance(self.logic, _Table) else (self.logic.expression,)
        for expression in self.expressions:
            if not given & {path[0] for path in expression.reads}:
                yield expression, expression in always
        for decision in self.required:
            yield from decision.looks_at()

    def evaluate(self, variables: Mapping[str, Any], context: FeelContext, *, strict: bool = True) -> Any:
        """The result as JSON: one output is its value, several are an object; no hit is the outputs' defaults, else
        None; COLLECT, RULE ORDER and OUTPUT ORDER give a list.

        Required decisions are evaluated first; their results cross as JSON, so that a date is text there too.
        Raises `FeelError` for a failing expression and for rules that break their hit policy.
        """
        return self._evaluate(variables, context, strict, {})

    def _evaluate(self, variables: Mapping[str, Any], context: FeelContext, strict: bool, known: dict[str, Any]) -> Any:
        results: dict[str, Any] = {}
        for decision in self.required:
            if decision.id not in known:
                known[decision.id] = decision._evaluate(variables, context, strict, known)
            results |= dict.fromkeys(decision.aliases, known[decision.id])
        # ChainMap reads only; its type wants mappings that can be written.
        seen = ChainMap(results, variables) if results else variables  # type: ignore[arg-type]
        return self.logic.evaluate(seen, context, strict)


class Decisions:
    """The decisions of one DMN file."""

    def __init__(self, decisions: Mapping[str, Decision]) -> None:
        self._decisions = dict(decisions)

    @classmethod
    def parse(cls, xml: bytes, file: str) -> Decisions:
        """Reads and compiles a DMN file. Raises `InvalidModel` with every fault found."""
        reading = read(xml, file)
        compiled = _Compiler(reading).compile()
        if reading.findings:
            raise InvalidModel(reading.findings)
        return cls(compiled)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids in the order of the file."""
        return tuple(self._decisions)

    def decision(self, decision_id: str) -> Decision:
        """Raises `NotFound`."""
        try:
            return self._decisions[decision_id]
        except KeyError:
            raise NotFound(f"There is no decision “{decision_id}” in the file. Check its id.") from None


class _Compiler:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._feel = current_feel()
        self._raw = {decision.id: decision for decision in reading.decisions}
        self._done: dict[str, Decision] = {}

    def compile(self) -> dict[str, Decision]:
        # With a faulty requirement there may be no order to compile in; the expressions are checked all the same.
        faulty = any(finding.rule in {"dmn-requirement", "dmn-id"} for finding in self._reading.findings)
        for raw in self._reading.decisions:
            if faulty:
                self._logic(raw)
            else:
                self._decision(raw)
        return {raw.id: self._done[raw.id] for raw in self._reading.decisions if raw.id in self._done}

    def _decision(self, raw: RawDecision) -> Decision | None:
        if raw.id in self._done:
            return self._done[raw.id]
        required = [self._decision(self._raw[needed]) for needed in raw.required]
        logic = self._logic(raw)
        if logic is None or None in required:
            return None
        needed = tuple(decision for decision in required if decision is not None)
        aliases = tuple(dict.fromkeys(alias for alias in (raw.variable, raw.id, raw.name) if alias))
        self._done[raw.id] = Decision(raw.id, raw.name, aliases, needed, logic)
        return self._done[raw.id]

    def _logic(self, raw: RawDecision) -> _Table | _Literal | None:
        names = [alias for needed in raw.required if needed in self._raw for alias in self._aliases(needed)]
        if isinstance(raw.logic, Cell):
            expression = self._cell(raw.logic, "expression", names) if raw.logic.text else None
            return _Literal(expression) if expression else None
        return self._table(raw.logic, names) if raw.logic else None

    def _aliases(self, decision_id: str) -> list[str]:
        raw = self._raw[decision_id]
        return [alias for alias in (raw.variable, raw.id, raw.name) if alias]

    def _table(self, table: Table, names: list[str]) -> _Table | None:
        before = len(self._reading.findings)
        inputs = [self._cell(column, "expression", names) for column in table.inputs]
        tests = [
            tuple(None if cell.text in _ANYTHING else self._cell(cell, "unary", names) for cell in rule.tests)
            for rule in table.rules
        ]
        results = [
            tuple(self._cell(cell, "expression", names) if cell.text else None for cell in rule.results)
            for rule in table.rules
        ]
        priorities = [self._priority(output.values, output.element) for output in table.outputs]
        defaults = tuple(
            self._cell(output.default, "expression", names) if output.default else None for output in table.outputs
        )
        if len(self._reading.findings) > before:
            return None
        known = tuple(column for column in inputs if column is not None)
        return _Table(table, known, tuple(tests), tuple(results), tuple(priorities), defaults, self._feel)

    def _priority(self, values: str, element: str) -> tuple[Any, ...]:
        """The listed values of an output: they are constants, so nothing is passed to them."""
        from datetime import UTC, datetime

        expression = self._cell(Cell(f"[{values}]", element), "expression", []) if values else None
        if expression is None:
            return ()
        try:
            found: list[Any] = expression.evaluate({}, FeelContext(now=datetime(2000, 1, 1, tzinfo=UTC)))
        except FeelError as error:
            self._reading.fault("dmn-priority.variable", element, problem=error.said)
            return ()
        return tuple(found)

    def _cell(self, cell: Cell, kind: Kind, names: list[str]) -> Expression | None:
        try:
            return self._feel.compile(cell.text, element=cell.element, file=self._reading.file, kind=kind, names=names)
        except FeelError as error:
            self._reading.findings.append(error.finding("feel-syntax"))
            return None
