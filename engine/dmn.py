"""Reads a DMN file into plain parts, naming everything in it that cannot be evaluated.

The Camunda 8 dialect: decision tables and literal expressions in FEEL, required decisions. DMN 1.1 to 1.5 differ in
their namespaces only, for these parts. Version tags, labels, types and the drawing are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine.findings import Finding
from engine.rules import finding

#: Bytes; a table that a person can read is far smaller.
LARGEST_FILE = 5_000_000

HIT_POLICIES = frozenset({"UNIQUE", "FIRST", "ANY", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER"})
AGGREGATORS = frozenset({"SUM", "MIN", "MAX", "COUNT"})

_NAMESPACE = re.compile(r"https?://www\.omg\.org/spec/DMN/")
_FEEL = re.compile(r"feel|https?://www\.omg\.org/spec/.*FEEL.*", re.IGNORECASE)
#: Boxed expressions of DMN that are neither a table nor a literal expression.
_BOXED = frozenset({"invocation", "context", "relation", "list", "functionDefinition", "conditional", "for", "filter"})


@dataclass(frozen=True)
class Cell:
    """One expression of a decision, with the id that findings name."""

    text: str
    element: str


@dataclass(frozen=True)
class Input(Cell):
    """A column of tests: the expression that they look at."""

    label: str = ""
    #: FEEL type, such as `number`; empty where none is written.
    type: str = ""
    #: Source of the unary tests that name its allowed values; empty if none are given.
    values: str = ""


@dataclass(frozen=True)
class Output:
    """A column of results."""

    name: str
    element: str
    #: Source of the list of its values, highest priority first; empty if none are given.
    values: str = ""
    label: str = ""
    #: FEEL type, such as `number`; empty where none is written.
    type: str = ""
    #: What it is when no rule fits; None where nothing is said.
    default: Cell | None = None


@dataclass(frozen=True)
class Rule:
    """A row: a test an input, a result an output."""

    element: str
    tests: tuple[Cell, ...]
    results: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A decision table."""

    element: str
    hit_policy: str
    aggregator: str | None
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class RawDecision:
    """A decision as it is written."""

    id: str
    name: str
    #: Under which its result is known to decisions that require it.
    variable: str
    required: tuple[str, ...]
    logic: Table | Cell | None
    #: Ids of the input data that it says it reads.
    inputs: tuple[str, ...] = ()


@dataclass
class Reading:
    """What a file holds, and what is wrong with it."""

    file: str
    decisions: list[RawDecision] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    #: Input data: id → the name of its variable; empty where it has but a title.
    input_data: dict[str, str] = field(default_factory=dict)
    #: Types that the file defines: name → the FEEL type it is made from, and the source of its allowed values.
    types: dict[str, tuple[str, str]] = field(default_factory=dict)

    def fault(self, rule: str, element: str, name: str | None = None, **values: Any) -> None:
        """Adds a finding; `name` is that of the decision."""
        self.findings.append(finding(rule, self.file, element, name=name or None, **values))


def read(xml: bytes, file: str) -> Reading:
    """Never raises for what is in the file: that becomes findings."""
    reading = Reading(file)
    root = _parse(xml, reading)
    if root is None:
        return reading
    reading.types = {node.get("name") or "": _defined(node) for node in _children(root, "itemDefinition")}
    for node in root:
        kind = _kind(node)
        if kind == "decision":
            _decision(node, reading)
        elif kind == "inputData":
            reading.input_data[_id(node)] = _variable(node)
        elif kind == "decisionService":
            reading.fault("dmn-unsupported.service", _id(node))
    if not reading.decisions and not reading.findings:
        reading.fault("dmn-empty.file", "")
    _check_ids(reading)
    _check_requirements(reading)
    return reading


def _parse(xml: bytes, reading: Reading) -> etree._Element | None:
    if len(xml) > LARGEST_FILE:
        reading.fault("file-too-large", "", limit=LARGEST_FILE // 1_000_000)
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        reading.fault("dmn-xml", "", reason=error)
        return None
    if root.getroottree().docinfo.doctype:
        reading.fault("dmn-xml.document-type", "")
        return None
    if _kind(root) != "definitions":
        reading.fault("dmn-xml.other", "")
        return None
    return root


def _kind(node: etree._Element) -> str:
    """The local name of a DMN element; empty for those of other namespaces."""
    if not isinstance(node.tag, str):
        return ""
    name = etree.QName(node)
    return name.localname if _NAMESPACE.match(name.namespace or "") else ""


def _children(node: etree._Element, kind: str) -> Iterator[etree._Element]:
    return (child for child in node if _kind(child) == kind)


def _child(node: etree._Element, kind: str) -> etree._Element | None:
    return next(_children(node, kind), None)


def _id(node: etree._Element) -> str:
    return node.get("id") or ""


def _text(node: etree._Element | None) -> str:
    text = None if node is None else _child(node, "text")
    return "" if text is None else (text.text or "").strip()


def _decision(node: etree._Element, reading: Reading) -> None:
    decision_id, name = _id(node), node.get("name") or ""
    if not decision_id:
        reading.fault("dmn-id.missing", "", name, decision=name)
        return
    required, inputs = list[str](), list[str]()
    for requirement in _children(node, "informationRequirement"):
        for kind, named in (("requiredDecision", required), ("requiredInput", inputs)):
            needed = _child(requirement, kind)
            if needed is not None:
                named.append((needed.get("href") or "").removeprefix("#"))
    if _child(node, "knowledgeRequirement") is not None:
        reading.fault("dmn-unsupported.knowledge", decision_id, name)
    title = _variable(node) or name or decision_id
    logic = _logic(node, decision_id, name, reading)
    reading.decisions.append(RawDecision(decision_id, name, title, tuple(required), logic, tuple(inputs)))


def _variable(node: etree._Element) -> str:
    """The name of its variable; empty where it has none."""
    variable = _child(node, "variable")
    return "" if variable is None else variable.get("name") or ""


def _logic(node: etree._Element, decision_id: str, name: str, reading: Reading) -> Table | Cell | None:
    for child in node:
        kind = _kind(child)
        if kind == "decisionTable":
            return _table(child, decision_id, reading)
        if kind == "literalExpression":
            _check_language(child, decision_id, reading)
            text = _text(child)
            if not text:
                reading.fault("dmn-empty.expression", decision_id, name)
            return Cell(text, _id(child) or decision_id)
        if kind in _BOXED:
            reading.fault("dmn-unsupported.boxed", decision_id, name, kind=kind)
            return None
    reading.fault("dmn-empty.decision", decision_id, name)
    return None


def _table(node: etree._Element, decision_id: str, reading: Reading) -> Table | None:
    element = _id(node) or decision_id
    policy = node.get("hitPolicy") or "UNIQUE"
    aggregator = node.get("aggregation")
    inputs = [_input(column, element, reading) for column in _children(node, "input")]
    outputs = [_output(column, element, reading) for column in _children(node, "output")]
    rules = [_rule(row, element, reading) for row in _children(node, "rule")]
    table = Table(element, policy, aggregator, tuple(inputs), tuple(outputs), tuple(rules))
    return table if _check_table(table, reading) else None


def _input(column: etree._Element, table: str, reading: Reading) -> Input:
    expression, element = _child(column, "inputExpression"), _id(column) or table
    _check_language(expression, element, reading)
    type_, allowed = _type(expression, reading)
    values = _text(_child(column, "inputValues")) or allowed
    return Input(_text(expression), element, column.get("label") or "", type_, values)


def _output(column: etree._Element, table: str, reading: Reading) -> Output:
    default, element = _child(column, "defaultOutputEntry"), _id(column) or table
    _check_language(default, element, reading)
    text, values = _text(default), _text(_child(column, "outputValues"))
    otherwise = Cell(text, _id(default) or element) if default is not None and text else None
    return Output(
        column.get("name") or "", element, values, column.get("label") or "", _type(column, reading)[0], otherwise
    )


def _type(node: etree._Element | None, reading: Reading) -> tuple[str, str]:
    """The FEEL type, and the allowed values of one that the file defines. Of DMN 1.1 it may have a prefix: `feel:`."""
    named = "" if node is None else (node.get("typeRef") or "").removeprefix("feel:")
    return reading.types.get(named, (named, ""))


def _defined(node: etree._Element) -> tuple[str, str]:
    """What an item definition is made from; nothing for a list or a structure."""
    base = _child(node, "typeRef")
    if base is None or node.get("isCollection") == "true":
        return "", ""
    return (base.text or "").strip().removeprefix("feel:"), _text(_child(node, "allowedValues"))


def _rule(row: etree._Element, table: str, reading: Reading) -> Rule:
    element = _id(row) or table

    def cells(kind: str) -> Iterator[Cell]:
        for entry in _children(row, kind):
            _check_language(entry, _id(entry) or element, reading)
            yield Cell(_text(entry), _id(entry) or element)

    return Rule(element, tuple(cells("inputEntry")), tuple(cells("outputEntry")))


def _check_language(node: etree._Element | None, element: str, reading: Reading) -> None:
    language = node.get("expressionLanguage") if node is not None else None
    if language and not _FEEL.fullmatch(language):
        reading.fault("dmn-language", element, language=language)


def _check_table(table: Table, reading: Reading) -> bool:
    before = len(reading.findings)
    if table.hit_policy not in HIT_POLICIES:
        known = ", ".join(sorted(HIT_POLICIES))
        reading.fault("dmn-hit-policy", table.element, policy=table.hit_policy, known=known)
    if table.aggregator and (table.aggregator not in AGGREGATORS or table.hit_policy != "COLLECT"):
        known = ", ".join(sorted(AGGREGATORS))
        values = {"policy": table.hit_policy, "aggregator": table.aggregator, "known": known}
        reading.fault("dmn-aggregation", table.element, **values)
    if table.aggregator and len(table.outputs) != 1:
        reading.fault("dmn-aggregation.outputs", table.element)
    if table.hit_policy in {"PRIORITY", "OUTPUT ORDER"} and not any(output.values for output in table.outputs):
        reading.fault("dmn-priority", table.element, policy=table.hit_policy)
    for column in table.inputs:
        if not column.text:
            reading.fault("dmn-empty.input", column.element)
    _check_outputs(table, reading)
    for number, rule in enumerate(table.rules, 1):
        if (len(rule.tests), len(rule.results)) != (len(table.inputs), len(table.outputs)):
            reading.fault("dmn-rule", rule.element, number=number)
    return len(reading.findings) == before


def _check_outputs(table: Table, reading: Reading) -> None:
    if not table.outputs:
        reading.fault("dmn-output", table.element)
    names = [output.name for output in table.outputs]
    for output in table.outputs:
        if len(names) > 1 and not output.name:
            reading.fault("dmn-output.nameless", output.element)
        elif names.count(output.name) > 1:
            reading.fault("dmn-output.twice", output.element, output=output.name)


def _check_ids(reading: Reading) -> None:
    ids = [decision.id for decision in reading.decisions]
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        reading.fault("dmn-id", twice, id=twice)


def _check_requirements(reading: Reading) -> None:
    requires = {decision.id: decision.required for decision in reading.decisions}
    for decision in reading.decisions:
        for needed in decision.required:
            if needed not in requires:
                shown = decision.name or decision.id
                reading.fault("dmn-requirement", decision.id, decision.name, decision=shown, needed=needed)
        if decision.id in _reached(decision.required, requires):
            reading.fault("dmn-requirement.circle", decision.id, decision.name, decision=decision.name or decision.id)


def _reached(start: Iterable[str], requires: dict[str, tuple[str, ...]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(start)
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += requires.get(one, ())
    return reached
