"""What is known of a variable's values at one place of a model: through the data-flow, from whatever writes it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import forms
from engine.bpmn.activities import BusinessRuleTask, CallActivity, Inside, ScriptTask, ServiceTask, UserTask
from engine.bpmn.events import CatchingNode, StartEvent
from engine.bpmn.model import Model
from engine.bpmn.multi_instance import MultiInstance
from engine.bpmn.nodes import Activity, Node
from engine.bpmn.processes import ProcessSpec
from engine.decisions import Decision
from engine.errors import FeelError
from engine.feel import CalendarTable, Expression, FeelContext
from engine.validation.data_steps import SILENT_JOBS
from engine.validation.data_ways import Place, Ways
from engine.validation.domains import UNKNOWN, Domain, Path, of_form, of_values
from engine.validation.written import ANYTHING, State

#: Hit policies under which one rule gives the answer.
_SINGLE = frozenset({"UNIQUE", "FIRST", "ANY", "PRIORITY"})
#: What is found must not depend on the day.
_NOW = datetime(2026, 3, 27, 9, tzinfo=UTC)
#: Nor on holidays, and to work them out takes longer than all else here.
_CALENDAR = CalendarTable("Europe/Stockholm", ((0, 3600),))
_CASE = {
    "id": Domain("text", samples=("2026-00123",)),
    "owner": Domain("text", samples=("elevhalsa-skovde",)),
    "started": Domain("datetime", samples=("2026-03-27T09:00:00Z",)),
}


class Known:
    """Of one model whose data-flow is solved."""

    def __init__(self, model: Model, ways: Ways) -> None:
        self.model = model
        self.ways = ways
        self.writers: dict[str, list[Place]] = {}
        for place, node in ways.nodes.items():
            for name in written(node):
                self.writers.setdefault(name, []).append(place)
        #: How many expressions may still reach a limit before the checks stop evaluating any.
        self.patience = 3
        self._forms: dict[tuple[str, str], dict[Path, Domain]] = {}
        self._constants: dict[str, tuple[Any, ...] | None] = {}

    @cached_property
    def context(self) -> FeelContext:
        """For evaluating with samples: every deadline and role that is declared."""
        return _context(self.model)

    def domain(self, spec: ProcessSpec, state: State, path: Path) -> Domain:
        """What stands under a path when `state` is what is known."""
        root, *rest = path
        if root == "case":
            return _CASE.get(rest[0], UNKNOWN) if len(rest) == 1 else UNKNOWN
        held = state.kinds.get(root)
        if not held:
            return UNKNOWN
        if ANYTHING in held:
            return self._written(state, path)
        if len(held) > 1:
            return UNKNOWN
        if not rest and root in self._emptied:
            return UNKNOWN
        process_id, form_id = next(iter(held)).split("/", 1)
        return self.form(process_id, form_id).get(tuple(rest), UNKNOWN)

    @cached_property
    def _emptied(self) -> frozenset[str]:
        """Variables that some element sets to null: as a whole they may be nothing, whatever form fills them."""
        said = [getattr(node, "inner", node).dialect for node in self.ways.nodes.values()]
        mapped = [(value, target) for one in said for value, target in (*one.inputs, *one.outputs)]
        scripts = [(one.script, one.result) for one in said if one.script is not None and one.result]
        return frozenset(
            target
            for value, target in (*mapped, *scripts)
            if value.expression is not None and value.expression.source == "null"
        )

    def form(self, process_id: str, form_id: str) -> dict[Path, Domain]:
        """The fields of a form; none of one that cannot be read."""
        key = process_id, form_id
        if key not in self._forms:
            content = self.model.package_of(process_id).forms.get(form_id)
            try:
                self._forms[key] = of_form(forms.load(content)) if content is not None else {}
            except forms.InvalidForm:
                self._forms[key] = {}
        return self._forms[key]

    def settled(self, state: State, roots: Collection[str]) -> bool:
        """Has nothing that can bring anything come after whatever writes these?"""
        places = [place for root in roots if root != "case" for place in self.writers.get(root, ())]
        return all(state.taints <= self.ways.after[place].taints for place in places if place in self.ways.after)

    def _written(self, state: State, path: Path) -> Domain:
        """Of a variable that only scripts with fixed values and decisions write, and nothing after them."""
        root, *rest = path
        places = self.writers.get(root, [])
        if root not in state.sure or not places:
            return UNKNOWN
        if not self.settled(state, [root]):
            return UNKNOWN
        domains = [self._output(place, tuple(rest)) for place in places]
        if any(domain is None for domain in domains):
            return UNKNOWN
        return of_values([value for domain in domains for value in domain or ()])

    def _output(self, place: Place, rest: Path) -> tuple[Any, ...] | None:
        """All that an element may write; None where nobody knows."""
        node = self.ways.nodes[place]
        if isinstance(node, ScriptTask) and not node.dialect.outputs and node.dialect.script is not None:
            return _inside(self.constant(node.dialect.script.expression), rest)
        if isinstance(node, BusinessRuleTask) and not node.dialect.outputs:
            spec = self.model.specs[place[0]]
            return self._decided(self.model.decision(spec.process_id, node.dialect.decision_id or ""), rest)
        return None

    def _decided(self, decision: Decision, rest: Path) -> tuple[Any, ...] | None:
        table: Any = getattr(decision.logic, "source", None)
        if table is None or table.hit_policy not in _SINGLE:
            return None
        names = [output.name for output in table.outputs]
        wanted = rest[0] if len(names) > 1 and len(rest) == 1 else names[0] if len(names) == 1 and not rest else None
        if wanted not in names or any(getattr(output, "default", None) is not None for output in table.outputs):
            return None
        logic: Any = decision.logic
        cells = [row[names.index(wanted)] for row in logic.results]
        values = [self.constant(cell) for cell in cells if cell is not None]
        if any(value is None for value in values):
            return None
        catches_all = any(all(test is None for test in row) for row in logic.tests)
        nothing = () if catches_all and None not in cells else (None,)
        # With several outputs nothing hits as null, which has no fields: then reading one fails.
        return (*(one for value in values for one in value or ()), *(nothing if not rest else ()))

    def constant(self, expression: Expression | None) -> tuple[Any, ...] | None:
        """The one value of an expression that looks at nothing; None for any other."""
        if expression is None or expression.reads or expression.needs_context:
            return None
        if expression.source not in self._constants:
            self._constants[expression.source] = self._evaluated(expression)
        return self._constants[expression.source]

    def _evaluated(self, expression: Expression) -> tuple[Any, ...] | None:
        try:
            value, remarks = expression.evaluate_with_warnings({}, self.context)
        except FeelError:
            return None
        return None if remarks else (value,)


def _inside(values: tuple[Any, ...] | None, rest: Path) -> tuple[Any, ...] | None:
    for key in rest:
        if values is None or not all(isinstance(value, dict) and key in value for value in values):
            return None
        values = tuple(value[key] for value in values)
    return values


def written(node: Node) -> frozenset[str]:
    """Roots of the variables that an element itself writes, whatever else it may bring."""
    if isinstance(node, MultiInstance):
        return frozenset({node.loop.output_collection} if node.loop.output_collection else ())
    said = node.dialect
    if said.outputs:
        return frozenset(target.split(".")[0] for _, target in said.outputs)
    if isinstance(node, (UserTask, StartEvent)):
        return frozenset({said.form_id} if said.form_id else ())
    if isinstance(node, (ScriptTask, BusinessRuleTask)):
        return frozenset({said.result} if said.result else ())
    return frozenset()


def brings_anything(node: Node) -> bool:
    """May it write variables that nobody can name beforehand?"""
    inner = getattr(node, "inner", node)
    if isinstance(node, MultiInstance) or inner.dialect.outputs:
        return False
    if isinstance(node, CatchingNode):
        return node.trigger.kind in ("message", "signal")
    if isinstance(node, StartEvent):
        return not node.dialect.form_id
    if isinstance(node, UserTask):
        return not node.dialect.form_id
    if isinstance(node, CallActivity):
        return node.dialect.propagate_child
    if isinstance(node, ServiceTask):
        return node.dialect.job_type is None or node.dialect.job_type.text not in SILENT_JOBS
    return False


def inside_of(node: Node) -> str | None:
    """The spec that runs inside a sub-process or call activity."""
    inner = getattr(node, "inner", node)
    return inner.inside if isinstance(inner, Inside) and isinstance(inner, Activity) else None


def _context(model: Model) -> FeelContext:
    package = model.package
    deadlines = {name: one.value for name, one in package.settings.deadlines.items()}
    for called in package.called.values():
        deadlines |= {name: one.value for name, one in called.settings.deadlines.items()}
    packages = [package, *package.called.values()]
    roles = {role: [f"example-{role}"] for one in packages for role in one.settings.roles}
    return FeelContext(now=_NOW, calendar=_CALENDAR, deadlines=deadlines, units_by_role=roles)
