"""Check 5 of the validator: conditions that are always or never true, ways that nobody can take, and gateways where no
way may fit.

What a variable can be comes from the forms, scripts and decisions that write it; everything else may be anything. So a
condition is called impossible only if it is so whatever the rest says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.bpmn.flows import Flow
from engine.bpmn.gateways import ExclusiveGateway, InclusiveGateway
from engine.bpmn.multi_instance import MultiInstance
from engine.bpmn.nodes import Node
from engine.bpmn.processes import ProcessSpec
from engine.bpmn.triggers import Condition as ConditionTrigger
from engine.errors import FeelError
from engine.feel import Expression
from engine.findings import Finding, Severity
from engine.rules import Text, finding
from engine.validation.combinations import Combination, Combinations
from engine.validation.data_steps import Read
from engine.validation.data_ways import Place
from engine.validation.domains import MISSING, Domain, Path
from engine.validation.known import Known
from engine.validation.logic import OTHER, Condition, Term, Terms
from engine.validation.narrowing import Narrowing, asked
from engine.validation.subject import Subject
from engine.validation.written import State

#: Parts that look at the clock depend on each other.
_CLOCK = re.compile(r"\b(now|today|deadline|age)\s*\(")


def check(subject: Subject) -> Iterator[Finding]:
    """Every gateway, and every condition that an event or a loop waits for."""
    known = subject.known
    if known is None:
        return
    checker = _Checker(known)
    for place, node in known.ways.nodes.items():
        if asked(node) and place in known.ways.before:
            yield from _within_limits(known, checker.gateway(place, node))
    for read in known.ways.reads:
        if read.strict and _is_waited_for(read):
            yield from _within_limits(known, checker.wait(read))


def _within_limits(known: Known, findings: Iterator[Finding]) -> Iterator[Finding]:
    """As far as they come: an expression that reaches a limit ends them, and some of these end them all."""
    if known.patience > 0:
        try:
            yield from findings
        except FeelError:
            known.patience -= 1


@dataclass
class _Gateway:
    """A gateway with its conditions taken apart."""

    spec: ProcessSpec
    node: Node
    state: State
    flows: list[Flow]
    conditions: list[Condition]
    combinations: Combinations
    #: Flow id → its condition, those of other gateways that look at the same included.
    all: dict[str, Condition]

    def true(self, place: int, combination: Combination) -> bool | None:
        return self.combinations.says(self.conditions[place], combination)

    @property
    def terms(self) -> list[Term]:
        """What its own conditions look at."""
        return list(dict.fromkeys(term for condition in self.conditions for term in condition.terms))


class _Checker:
    def __init__(self, known: Known) -> None:
        self.known = known
        self.model = known.model
        self.asking = [
            (spec, node) for spec in self.model.specs.values() for node in spec.task_specs.values() if asked(node)
        ]

    # One condition

    def wait(self, read: Read) -> Iterator[Finding]:
        """A condition that is waited for and can never become true."""
        condition = Condition.read(read.expression, Terms())
        combinations = self._combinations([condition], read.spec, read.state)
        answers = _answers(condition, combinations) if combinations.complete else set()
        if condition.terms and answers and True not in answers and answers != {None}:
            yield _finding("never-true.wait", read.spec, read.node, read.element, condition=_shown(condition))

    def _combinations(self, conditions: list[Condition], spec: ProcessSpec, state: State) -> Combinations:
        def domain(path: Path) -> Domain:
            return self.known.domain(spec, state, path)

        return Combinations(conditions, domain, self.known.context)

    # Gateways

    def gateway(self, place: Place, node: Node) -> Iterator[Finding]:
        """What is wrong with the conditions of one gateway."""
        spec, state = self.model.specs[place[0]], self.known.ways.before[place]
        flows = asked(node)
        terms = Terms()
        conditions = [Condition.read(_expression(flow), terms) for flow in flows]
        own = {flow.id: condition for flow, condition in zip(flows, conditions, strict=True)}
        gateway = _Gateway(spec, node, state, flows, conditions, self._combinations(conditions, spec, state), own)
        if not gateway.combinations.complete:
            return
        lone = set()
        for index, flow in enumerate(flows):
            found = list(self._condition(gateway, index, flow))
            lone |= {flow.id} if found else set()
            yield from found
        if isinstance(node, ExclusiveGateway):
            yield from self._hidden_ways(gateway, lone)
        if len(node.outgoing) == len(flows):
            yield from self._uncovered(gateway, terms)

    def _condition(self, gateway: _Gateway, index: int, flow: Flow) -> Iterator[Finding]:
        condition = gateway.conditions[index]
        if not condition.terms:
            return  # it looks at nothing: the data-flow says so
        answers = _answers(condition, gateway.combinations)
        if answers and True not in answers and answers != {None}:
            reason = _reason(condition, gateway.combinations)
            rule = "never-true.value" if reason else "never-true"
            yield _finding(rule, gateway.spec, gateway.node, flow.id, condition=_shown(condition), value=reason)
        elif answers == {True} and len(gateway.node.outgoing) > 1:
            yield _finding("always-true", gateway.spec, gateway.node, flow.id, condition=_shown(condition))

    def _hidden_ways(self, gateway: _Gateway, lone: set[str]) -> Iterator[Finding]:
        """Flows that are never taken because an earlier one always is when their condition is true."""
        every = gateway.combinations.all
        for index, flow in enumerate(gateway.flows):
            true = [one for one in every if gateway.true(index, one)]
            if not index or not true or lone & {flow.id}:
                continue
            if not any(all(gateway.true(before, one) is False for before in range(index)) for one in true):
                earlier = [before for before in range(index) if any(gateway.true(before, one) for one in true)]
                shown = _listed(_shown(gateway.conditions[before]) for before in earlier)
                if earlier:
                    yield _finding(
                        "hidden-way", gateway.spec, gateway.node, flow.id,
                        condition=_shown(gateway.conditions[index]), earlier=shown,
                    )  # fmt: skip

    # Covering

    def _uncovered(self, gateway: _Gateway, terms: Terms) -> Iterator[Finding]:
        """Values with which no way fits, where there is no default."""
        if not self._open(gateway, gateway.combinations.all):
            return
        related = self._related(gateway)
        if related is None or _entangled(gateway):
            return
        wider = self._with_related(gateway, related, terms)
        if wider is None:
            return
        arriving = Narrowing(self.model, wider.spec, wider.combinations, wider.all).arriving(wider.node)
        left = self._open(wider, [one for one in wider.combinations.all if one in arriving])
        if left:
            yield self._counter_example(wider, left, narrowed=bool(related))

    def _open(self, gateway: _Gateway, among: Iterable[Combination]) -> list[Combination]:
        """Combinations with which every condition is false."""
        count = len(gateway.conditions)
        return [one for one in among if all(gateway.true(index, one) is False for index in range(count))]

    def _related(self, gateway: _Gateway) -> list[Node] | None:
        """Other gateways of this spec that look at the same; None if a caller or sub-process has some."""
        roots = {path[0] for term in gateway.terms for path in term.reads}
        found = []
        for spec, node in self.asking:
            read = {path[0] for flow in asked(node) for path in _expression(flow).reads}
            if node is gateway.node or not read & roots:
                continue
            if spec is not gateway.spec:
                return None
            found.append(node)
        return found

    def _with_related(self, gateway: _Gateway, related: list[Node], terms: Terms) -> _Gateway | None:
        """The same over the values of the other gateways too; None if these cannot be understood together."""
        if not related:
            return gateway
        conditions = dict(gateway.all)
        for node in related:
            conditions |= {flow.id: Condition.read(_expression(flow), terms) for flow in asked(node)}
        combinations = self._combinations(list(conditions.values()), gateway.spec, gateway.state)
        if not combinations.complete:
            return None
        return _Gateway(
            gateway.spec, gateway.node, gateway.state, gateway.flows, gateway.conditions, combinations, conditions
        )

    def _counter_example(self, gateway: _Gateway, left: list[Combination], *, narrowed: bool) -> Finding:
        certain = [one for one in left if self._is_certain(gateway, one)] if not narrowed else []
        chosen = (certain or sorted(left, key=lambda one: _oddness(gateway, one)))[0]
        severity: Severity = "error" if certain else "warning"
        values = _in_words(gateway, chosen)
        inclusive = isinstance(gateway.node, InclusiveGateway)
        return _finding(
            "uncovered-gateway.inclusive" if inclusive else "uncovered-gateway", gateway.spec, gateway.node,
            gateway.node.bpmn_id, severity=severity, when=values,
        )  # fmt: skip

    def _is_certain(self, gateway: _Gateway, combination: Combination) -> bool:
        """Are all values answers that somebody may choose in one form, which is always filled in before?"""
        roots = {term.path[0] for term in gateway.terms if term.path}
        if len(roots) != 1 or not roots <= gateway.state.sure:
            return False
        for term in gateway.terms:
            domain = gateway.combinations.domains[term]
            value = combination[gateway.combinations.place[term]]
            if term.path is None or not domain.offered or domain.hides or value is MISSING or value is None:
                return False
            if value in domain.empty and not any(value is one for one in domain.values or ()):
                return False
        return True


def _expression(flow: Flow) -> Expression:
    condition = flow.condition
    expression = condition.expression if condition is not None else None
    assert expression is not None  # noqa: S101 - a condition is always FEEL
    return expression


def _is_waited_for(read: Read) -> bool:
    trigger = getattr(read.node, "event_definition", None)
    waited = [trigger.condition] if isinstance(trigger, ConditionTrigger) else []
    if isinstance(read.node, MultiInstance) and read.node.completion is not None:
        waited.append(read.node.completion)
    return any(value.expression is read.expression for value in waited)


def _answers(condition: Condition, combinations: Combinations) -> set[bool | None]:
    return {combinations.says(condition, one) for one in combinations.all}


def _entangled(gateway: _Gateway) -> bool:
    """Are there parts that say something of each other, so that not every combination is possible?"""
    terms = gateway.terms
    for index, term in enumerate(terms):
        for other in terms[index + 1 :]:
            if any(_meet(one, two) for one in term.reads for two in other.reads):
                return True
            if term.path is None and other.path is None and _CLOCK.search(term.text) and _CLOCK.search(other.text):
                return True
    return False


def _meet(first: Path, second: Path) -> bool:
    return first[: len(second)] == second[: len(first)]


def _reason(condition: Condition, combinations: Combinations) -> Text | None:
    """Which constant the field can never be: “need.level” is one of “red”, “green”."""
    for term in condition.terms:
        values = combinations.domains[term].values
        if values and term.constants and not any(one in values for one in term.constants):
            shown = _listed(values)
            return Text(f"“{term.text}” is always one of {shown.en}", f"”{term.text}” är alltid ett av {shown.sv}")
    return None


def _oddness(gateway: _Gateway, combination: Combination) -> int:
    """How far a counter-example is from what a person thinks of: given answers first."""
    values = [combination[gateway.combinations.place[term]] for term in gateway.terms]
    return sum((value is MISSING) * 4 + (value is None or value == "") * 2 + (value == OTHER) for value in values)


def _in_words(gateway: _Gateway, combination: Combination) -> Text:
    """“need.level” is “red” and “count(x)” is 0."""
    parts = [_value_in_words(term, combination[gateway.combinations.place[term]]) for term in gateway.terms]
    return Text(" and ".join(part.en for part in parts), " och ".join(part.sv for part in parts))


def _value_in_words(term: Term, value: Any) -> Text:
    name = term.text
    if value is MISSING:
        return Text(f"“{name}” is not asked for", f"”{name}” inte frågas efter")
    if value is None or value == "" or value == []:
        return Text(f"“{name}” is left empty", f"”{name}” lämnas tomt")
    if value == OTHER:
        texts = [one for one in term.constants if isinstance(one, str)]
        if not texts:
            return Text(f"“{name}” is anything", f"”{name}” är vad som helst")
        shown = _listed(dict.fromkeys(texts))
        return Text(f"“{name}” is something else than {shown.en}", f"”{name}” är något annat än {shown.sv}")
    shown_value = _quoted(value)
    return Text(f"“{name}” is {shown_value.en}", f"”{name}” är {shown_value.sv}")


def _quoted(value: Any) -> Text:
    if isinstance(value, bool):
        return Text("true", "sant") if value else Text("false", "falskt")
    if isinstance(value, (int, float)):
        return Text(f"{value:g}", f"{value:g}")
    if isinstance(value, list):
        shown = _listed(value)
        return Text(f"[{shown.en}]", f"[{shown.sv}]")
    return Text(f"“{value}”", f"”{value}”")


def _listed(values: Iterable[Any]) -> Text:
    shown = [_quoted(value) for value in values]
    return Text(", ".join(one.en for one in shown), ", ".join(one.sv for one in shown))


def _shown(condition: Condition) -> str:
    return " ".join(condition.source.split())


def _finding(
    rule: str, spec: ProcessSpec, node: Node, element: str, *, severity: Severity | None = None, **values: Any
) -> Finding:
    name = node.bpmn_name if element == node.bpmn_id else None
    shown = node.bpmn_name or node.bpmn_id
    return finding(rule, spec.file, element, name=name, severity=severity, gateway=shown, **values)
