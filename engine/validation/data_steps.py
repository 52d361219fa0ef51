"""What one element does to the variables, and which it reads: the data-flow's picture of `engine.bpmn`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

from engine.bpmn.activities import BusinessRuleTask, CallActivity, Inside, ScriptTask, ServiceTask, UserTask
from engine.bpmn.events import CatchEvent, CatchingNode, EndEvent, EventNode, EventStart, StartEvent
from engine.bpmn.gateways import EventGateway
from engine.bpmn.model import Model
from engine.bpmn.multi_instance import MultiInstance
from engine.bpmn.nodes import Activity, Node
from engine.bpmn.processes import ProcessSpec
from engine.bpmn.triggers import Trigger
from engine.bpmn.values import Value
from engine.feel import Expression
from engine.validation.written import ANYTHING, State

#: Built-in job types: their handlers return no variables.
SILENT_JOBS = frozenset({"notice", "set-owner", "add-party", "remove-party", "start-case"})
#: What a completion condition may read besides (Camunda 8's names).
_COUNTS = (
    "numberOfInstances",
    "numberOfCompletedInstances",
    "numberOfActiveInstances",
    "numberOfTerminatedInstances",
)
_SCHEDULE = ("assignee", "candidate_groups", "candidate_users", "due", "follow_up", "priority")


@dataclass(frozen=True)
class Read:
    """One expression, where it is evaluated, and what is known there."""

    spec: ProcessSpec
    node: Node
    #: Element the finding is about: the node, or a sequence flow.
    element: str
    expression: Expression
    state: State
    #: Is a warning of FEEL an incident here?
    strict: bool


class Surroundings(Protocol):
    """What a step asks of the whole analysis."""

    def enter(self, inside: str, state: State) -> None:
        """A sub-process or called process begins with this."""

    def leave(self, inside: str) -> State | None:
        """What is known at its end; None if none is reached (yet)."""


class Steps:
    """The steps of a model's elements. With `reads`, every expression met is noted there."""

    def __init__(self, model: Model, around: Surroundings, reads: list[Read] | None = None) -> None:
        self.model = model
        self.around = around
        self.reads = reads

    def note(
        self, spec: ProcessSpec, node: Node, value: Value | None, state: State, *, strict: bool, element: str = ""
    ) -> None:
        """An expression is evaluated here."""
        if self.reads is not None and value is not None and value.expression is not None:
            self.reads.append(Read(spec, node, element or node.bpmn_id, value.expression, state, strict))

    def after(self, spec: ProcessSpec, node: Node, state: State) -> State | None:
        """What is known when a token leaves `node`; None if none does."""
        if isinstance(node, MultiInstance):
            return self._multi_instance(spec, node, state)
        if isinstance(node, EventNode) and not isinstance(node, StartEvent):
            return self._event(spec, node, state)
        if isinstance(node, Activity):
            return self._activity(spec, node, state, keeps=False)
        return state

    def start(self, spec: ProcessSpec, node: StartEvent) -> State:
        """What a new case knows behind its start event."""
        known = State().write("case", ())
        kind = node.trigger.kind
        if node.dialect.form_id:
            return known.write(node.dialect.form_id, [self._form(spec, node.dialect.form_id)])
        return known if kind in ("timer", "condition") else known.taint(_name(node))

    def event_start(self, spec: ProcessSpec, start: EventStart, at_start: State, at_rest: State) -> State:
        """What an event sub-process begins with.

        `at_start`: what is known as soon as what encloses it runs, which is when timers and keys are evaluated;
        `at_rest`: whenever that waits for something, and only then can an event from outside come.
        """
        self.trigger(spec, start, start.trigger, at_rest if start.trigger.kind == "condition" else at_start)
        thrown = start.trigger.kind in ("error", "escalation")
        known = self._payload(start, at_start if thrown else at_rest)
        return self._inputs(spec, start.sub_process, known)[0]

    def trigger(self, spec: ProcessSpec, node: Node, trigger: Trigger, state: State) -> None:
        """Note what an event's definition reads."""
        for attribute in ("value", "condition", "_key"):
            self.note(spec, node, getattr(trigger, attribute, None), state, strict=True)

    # Events

    def _event(self, spec: ProcessSpec, node: EventNode, state: State) -> State:
        if isinstance(node, Activity):
            inner, _ = self._inputs(spec, node, state)
            self.trigger(spec, node, node.trigger, inner)
            return self._payload(node, state)
        self.trigger(spec, node, node.trigger, state)
        if isinstance(node, CatchingNode):
            return self._payload(node, state)
        for value, _ in node.dialect.inputs:
            self.note(spec, node, value, state, strict=False)
        return state

    def _payload(self, node: Any, state: State) -> State:
        """What a message or signal brings: what the output mapping says (which alone sees it), else anything."""
        if node.dialect.outputs:
            for _, target in node.dialect.outputs:
                state = state.write(target.split(".")[0])
            return state
        return state.taint(_name(node)) if node.trigger.kind in ("message", "signal") else state

    # Activities

    def _activity(self, spec: ProcessSpec, node: Activity, state: State, *, keeps: bool) -> State | None:
        inner, local = self._inputs(spec, node, state)
        worked = self._work(spec, node, inner, local)
        if worked is None:
            return None
        outputs = node.dialect.outputs
        if not outputs:
            return worked if keeps else worked.outside(local, state)
        result = worked if keeps else state
        for value, target in outputs:
            self.note(spec, node, value, worked, strict=False)
            root = target.split(".")[0]
            result = result.write(root, _kinds(value, worked) if root == target else (ANYTHING,))
        return replace(result, facts=worked.facts)

    def _inputs(self, spec: ProcessSpec, node: Node, state: State) -> tuple[State, frozenset[str]]:
        """The state inside an activity, and the names that are its own."""
        local = set()
        for value, target in node.dialect.inputs:
            self.note(spec, node, value, state, strict=False)
            root = target.split(".")[0]
            local.add(root)
            state = state.write(root, _kinds(value, state) if root == target else (ANYTHING,))
        return state, frozenset(local)

    def _work(self, spec: ProcessSpec, node: Activity, state: State, local: frozenset[str]) -> State | None:
        said = node.dialect
        if isinstance(node, UserTask):
            for attribute in _SCHEDULE:
                self.note(spec, node, getattr(said, attribute), state, strict=True)
            return (
                state.write(said.form_id, [self._form(spec, said.form_id)])
                if said.form_id
                else state.taint(_name(node))
            )
        if isinstance(node, ScriptTask):
            self.note(spec, node, said.script, state, strict=False)
            return state.write(said.result, _kinds(said.script, state)) if said.result else state
        if isinstance(node, BusinessRuleTask):
            self._decision(spec, node, state)
            return state.write(said.result) if said.result else state
        if isinstance(node, ServiceTask):
            self.note(spec, node, said.job_type, state, strict=True)
            known = said.job_type is not None and said.job_type.text in SILENT_JOBS
            return state if known else state.taint(_name(node))
        return self._inside(node, state, local) if isinstance(node, Inside) else state

    def _decision(self, spec: ProcessSpec, node: BusinessRuleTask, state: State) -> None:
        """What the decision looks at is read here."""
        if self.reads is not None:
            for expression, always in self.model.decision(spec.process_id, node.dialect.decision_id or "").looks_at():
                self.reads.append(Read(spec, node, node.bpmn_id, expression, state, strict=always))

    def _inside(self, node: Inside, state: State, local: frozenset[str]) -> State | None:
        entered = state
        if isinstance(node, CallActivity) and not node.dialect.propagate_parent:
            names = local | {"case"}
            covered = None if state.covered is None else state.covered & names
            kinds = {name: held for name, held in state.kinds.items() if name in names}
            entered = replace(state, sure=state.sure & names, covered=covered, kinds=kinds)
        self.around.enter(node.inside, entered)
        left = self.around.leave(node.inside)
        if left is None:
            return None
        if isinstance(node, CallActivity) and not (node.dialect.propagate_child or node.dialect.outputs):
            return state
        covered = None if state.covered is None or left.covered is None else state.covered | left.covered
        return State(
            state.sure | left.sure, covered, {**state.kinds, **left.kinds}, state.taints | left.taints, state.facts
        )

    def _multi_instance(self, spec: ProcessSpec, node: MultiInstance, state: State) -> State:
        loop = node.loop
        self.note(spec, node, loop.collection, state, strict=True)
        item = state.write("loopCounter")
        item = item.write(loop.element) if loop.element else item
        done = self._activity(spec, node.inner, item, keeps=True)
        if done is not None:
            self.note(spec, node, loop.output_element, done, strict=False)
            for name in (*_COUNTS, *([loop.output_collection] if loop.output_collection else [])):
                done = done.write(name)
            self.note(spec, node, node.completion, done, strict=True)
        return state.write(loop.output_collection) if loop.output_collection else state

    def _form(self, spec: ProcessSpec, form_id: str) -> str:
        return f"{spec.process_id}/{form_id}"


def _kinds(value: Value | None, state: State) -> frozenset[str]:
    """What the variable may hold that this is written into: with `=x` the same as x, with `=null` nothing."""
    source = value.expression.source if value is not None and value.expression is not None else ""
    if source == "null":
        return frozenset()
    return state.kinds.get(source, frozenset((ANYTHING,)))


def _name(node: Any) -> str:
    return str(node.bpmn_name or node.bpmn_id)


def ends_normally(node: Node) -> bool:
    """Does what a token has written up to this end leave with the process? An error does not end it, it breaks it."""
    return not node.outgoing and not (isinstance(node, EndEvent) and node.trigger.kind == "error")


def rests(node: Node) -> bool:
    """Can a case wait with a token here?"""
    if isinstance(node, CatchEvent):
        return node.trigger.kind != "link"
    return isinstance(node, (UserTask, EventGateway, Inside, MultiInstance))


def inside_of(node: Node) -> str | None:
    """The spec inside a sub-process or call, where what it writes can leave before it ends."""
    if isinstance(node, Inside) and not isinstance(node, CallActivity):
        return None if node.dialect.outputs else node.inside
    return None
