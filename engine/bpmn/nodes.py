"""What every element of a running model has in common: SpiffWorkflow's task specs, with our way of moving tokens.

The library's hooks keep their names and meaning (`_update_hook` when a token arrives, `_run_hook` when it may run,
`_on_complete` when it has), but nothing is predicted: the next token is made when the last one leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.dialect import NOTHING, Extensions
from engine.bpmn.flows import Flow
from engine.errors import Incident
from engine.rules import Text

if TYPE_CHECKING:
    from engine.bpmn.events import BoundaryEvent
    from engine.bpmn.instances import Instance
    from engine.bpmn.tokens import Token


class Node:
    """Mixed in before the library's spec class of an element."""

    name: str
    bpmn_id: str
    bpmn_name: str | None
    lane: str | None
    manual: bool = False
    #: Does a token here keep its process going? A start event of an event sub-process does not.
    passive = False
    incoming: list[Flow]
    outgoing: list[Flow]
    #: What the model's own extension elements say.
    dialect: Extensions = NOTHING

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.incoming, self.outgoing = [], []

    def connect_flow(self, flow: Flow) -> None:
        """Add a sequence flow that leaves here."""
        self.outgoing.append(flow)
        flow.target.incoming.append(flow)
        self.connect(flow.target)  # type: ignore[attr-defined]

    def arrive(self, instance: Instance, flow: Flow) -> None:
        """A token comes along a flow."""
        instance.new_token(self)

    def leaving(self, token: Token) -> list[Flow]:
        """The flows that a finished token takes."""
        return self.outgoing

    def waits_for(self, kind: str, name: str) -> bool:
        """Is this an event that waits for a message or signal of this name?"""
        return False

    def caught(self, token: Token, payload: Mapping[str, Any]) -> None:
        """What a waiting token waits for has happened."""
        raise AssertionError("Only events catch.")

    def look_at_condition(self, token: Token) -> bool:
        """A conditional event that waits: has its condition become true? Then move."""
        return False

    def _predict(self, my_task: Token, *args: Any, **kwargs: Any) -> None:
        """Nothing is predicted."""

    def _update(self, my_task: Token) -> None:
        if self._update_hook(my_task) and my_task._state == TaskState.FUTURE:
            my_task._ready()

    def _update_hook(self, my_task: Token) -> bool:
        return True

    def _on_ready(self, my_task: Token) -> None:
        """Nothing to do."""

    def _run_hook(self, my_task: Token) -> bool | None:
        return True

    def _on_complete(self, my_task: Token) -> None:
        instance = my_task.workflow
        for flow in self.leaving(my_task):
            instance.take(flow)
        instance.remove(my_task)

    def _on_cancel(self, my_task: Token) -> None:
        """Nothing to do."""

    def _on_error(self, my_task: Token) -> None:
        """The instance keeps the token as an incident."""


class Activity(Node):
    """A task, a sub-process or a call activity: it has variables of its own, and events may watch it."""

    #: Boundary events attached here.
    boundaries: list[BoundaryEvent]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.boundaries = []

    def _update_hook(self, my_task: Token) -> bool:
        self._open_scope(my_task)
        ready = self.begin(my_task)
        my_task.workflow.top_workflow.note("entered", self, my_task)
        return ready

    def _run_hook(self, my_task: Token) -> bool | None:
        if self.perform(my_task) is False:
            return None
        self._map_outputs(my_task)
        body = my_task.of_multi_instance
        if body is not None:
            body.task_spec.collect(body, my_task)  # type: ignore[attr-defined]
        return True

    def _on_complete(self, my_task: Token) -> None:
        instance = my_task.workflow
        instance.top_workflow.note("completed", self, my_task)
        body = my_task.of_multi_instance
        if body is None:
            super()._on_complete(my_task)
        else:
            instance.remove(my_task)
            body.task_spec.child_completed(body)  # type: ignore[attr-defined]

    def _on_cancel(self, my_task: Token) -> None:
        my_task.workflow.top_workflow.note("cancelled", self, my_task)

    def begin(self, token: Token) -> bool:
        """A token has arrived. True if it may run, or be completed, at once."""
        return True

    def perform(self, token: Token) -> bool | None:
        """Do what the activity does. False if the token was taken away meanwhile."""

    def watch(self, token: Token) -> None:
        """Let the boundary events wait."""
        for boundary in self.boundaries:
            boundary.watch(token)

    def _open_scope(self, token: Token) -> None:
        mapping = self.dialect
        if not (mapping.inputs or mapping.outputs):
            return
        if token.scope is token.workflow.scope:
            token.scope = token.workflow.top_workflow.new_scope(token.scope, keeps=bool(mapping.outputs))
        for value, target in mapping.inputs:
            _set_path(token.scope.values, target, value.of(token, strict=False))

    def _map_outputs(self, token: Token) -> None:
        if not self.dialect.outputs:
            return
        inner = token.of_multi_instance is not None or token.scope.parent is None
        outer = token.scope if inner else token.scope.parent
        results = [(value.of(token, strict=False), target) for value, target in self.dialect.outputs]
        for result, target in results:
            root, *rest = target.split(".")
            if rest:
                whole = {root: outer.chain().get(root)}  # type: ignore[union-attr]
                _set_path(whole, target, result)
                result = whole[root]
            outer.write(root, result)  # type: ignore[union-attr]


def _set_path(values: dict[str, Any], path: str, value: Any) -> None:
    """Write `value` under a dotted path, copying what stands on the way."""
    root, *rest = path.split(".")
    if not rest:
        values[root] = value
        return
    inner = values.get(root)
    if inner is not None and not isinstance(inner, dict):
        said = Text(
            f"“{root}” is no set of fields, so “{path}” cannot be written. Choose another name",
            f"”{root}” är ingen samling fält, så ”{path}” kan inte skrivas. Välj ett annat namn",
        )
        raise Incident(said)
    copy = dict(inner or {})
    _set_path(copy, ".".join(rest), value)
    values[root] = copy
