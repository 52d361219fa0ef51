"""Do the cells of a decision table fit the types of its columns, and its results their list of values?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.dmn import Cell, Output, RawDecision, Table
from engine.findings import Finding, Severity
from engine.rules import Text, finding
from engine.validation.table_space import Space
from engine.validation.table_words import shown
from engine.validation.unary_tests import Constant, Kind, constant, parse, split

_NUMBER: frozenset[Kind] = frozenset({"number"})
_MOMENT: frozenset[Kind] = frozenset({"date and time", "local date and time"})
_DURATION: frozenset[Kind] = frozenset({"duration", "months"})
#: What `typeRef` says → what a constant may be. Any other type says nothing.
_KINDS: dict[str, frozenset[Kind]] = {
    "string": frozenset({"string"}),
    "boolean": frozenset({"boolean"}),
    "number": _NUMBER, "integer": _NUMBER, "long": _NUMBER, "double": _NUMBER,
    "date": frozenset({"date"}),
    "time": frozenset({"time"}),
    "dateTime": _MOMENT, "date and time": _MOMENT,
    "dayTimeDuration": _DURATION, "days and time duration": _DURATION,
    "yearMonthDuration": _DURATION, "years and months duration": _DURATION,
}  # fmt: skip
_WORDS: dict[str, Text] = {
    "number": Text("a number", "ett tal"),
    "string": Text("a text", "en text"),
    "boolean": Text("true or false", "sant eller falskt"),
    "date": Text("a date", "ett datum"),
    "date and time": Text("a date and time", "ett datum med klockslag"),
    "local date and time": Text("a date and time", "ett datum med klockslag"),
    "time": Text("a time", "ett klockslag"),
    "duration": Text("a length of time", "en tidslängd"),
    "months": Text("a length of time", "en tidslängd"),
}


def kind_findings(file: str, decision: RawDecision, table: Table, space: Space) -> Iterator[Finding]:
    """Cells that do not fit their column, each column once."""
    name = decision.name or None
    for dimension in space.dimensions:
        for index in dimension.columns:
            column, written = table.inputs[index], _KINDS.get(table.inputs[index].type)
            given = dimension.answered
            for number, rule in enumerate(table.rules):
                constants = parse(rule.tests[index].text).constants
                said: dict[str, Any] = {"number": number + 1, "column": shown(dimension)}
                if given and (odd := [one for one in constants if one.kind not in ("null", given)]):
                    said |= {"value": odd[0].shown, "kind": _WORDS[given]}
                    yield finding("dmn-type.answer", file, rule.tests[index].element, name=name, **said)
                    break
                if wrong := [one for one in constants if written and not _fits(one, written)]:
                    said |= {"value": wrong[0].shown, "type": column.type}
                    yield finding("dmn-type.test", file, rule.tests[index].element, name=name, **said)
                    break
            else:
                if index in space.mixed:
                    one, other = (_WORDS[kind] for kind in space.mixed[index][:2])
                    said = {"column": shown(dimension), "one": one, "other": other}
                    yield finding("dmn-type.mixed", file, column.element, name=name, **said)
    for index, output in enumerate(table.outputs):
        results = [(f"{number + 1}", rule.results[index]) for number, rule in enumerate(table.rules)]
        yield from _output_findings(file, name, table, output, results)


def _output_findings(
    file: str, name: str | None, table: Table, output: Output, results: list[tuple[str, Cell]]
) -> Iterator[Finding]:
    written = _KINDS.get(output.type)
    listed = [constant(one) for one in split(output.values) or ()] if output.values else []
    keys = {one.key for one in listed if one is not None}
    ranked = table.hit_policy in ("PRIORITY", "OUTPUT ORDER")
    shown_name = output.label or output.name
    for number, cell in results:
        value = constant(cell.text) if cell.text else None
        if value is None:
            continue
        common: dict[str, Any] = {"number": number, "value": value.shown, "column": shown_name}
        if table.aggregator not in (None, "COUNT") and value.kind != "number":
            yield finding(
                "dmn-type.aggregate", file, cell.element, name=name, severity="error", **common,
                aggregator=table.aggregator,
            )  # fmt: skip
            return
        if written and not _fits(value, written):
            yield finding("dmn-type.output", file, cell.element, name=name, **common, type=output.type)
            return
        if keys and None not in listed and value.key not in keys:
            severity: Severity = "error" if ranked else "warning"
            values = ", ".join(one.shown for one in listed if one is not None)
            yield finding("dmn-value.output", file, cell.element, name=name, severity=severity, **common, listed=values)


def _fits(value: Constant, written: frozenset[Kind]) -> bool:
    return value.kind == "null" or value.kind in written
