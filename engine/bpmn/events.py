"""Events: what starts, waits, throws and ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.bpmn.specs.mixins import BpmnSpecMixin
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.activities import Inside
from engine.bpmn.nodes import Activity, Node
from engine.bpmn.throwing import throw_error, throw_escalation
from engine.bpmn.triggers import Condition, Trigger

if TYPE_CHECKING:
    from engine.bpmn.instances import Instance
    from engine.bpmn.tokens import Token


class EventNode(Node):
    """An event and its trigger."""

    @property
    def trigger(self) -> Trigger:
        """What it waits for or throws."""
        return self.event_definition  # type: ignore[attr-defined,no-any-return]


class CatchingNode(EventNode):
    """An event at which a token can wait."""

    def wait(self, token: Token) -> None:
        """Begin to wait."""
        token._set_state(TaskState.WAITING)
        self.trigger.wait(token)

    def waits_for(self, kind: str, name: str) -> bool:
        return self.trigger.kind == kind and self.trigger.name == name

    def look_at_condition(self, token: Token) -> bool:
        if not isinstance(self.trigger, Condition):
            return False
        if not self.trigger.has_become_true(token):
            return False
        self.caught(token, {})
        return True

    def tell(self, token: Token, payload: Mapping[str, Any]) -> None:
        """Write the payload where `token` goes on, and remember that it happened."""
        detail = {key: token.internal_data[key] for key in ("stands_for",) if key in token.internal_data}
        token.workflow.top_workflow.note(self.trigger.happens, self, token, detail)
        outputs = self.dialect.outputs
        if not outputs:
            token.scope.write_all(payload)
            return
        inner = token.workflow.top_workflow.new_scope(token.scope, keeps=True, values=dict(payload))
        outer, token.scope = token.scope, inner
        try:
            results = [(target, value.of(token, strict=False)) for value, target in outputs]
        finally:
            token.scope = outer
            token.workflow.top_workflow.scopes.pop(inner.id, None)
        for target, value in results:
            outer.write(target, value)


class StartEvent(EventNode, defaults.StartEvent):  # type: ignore[misc]
    """Where a process starts; its trigger concerns whoever starts it."""

    def _update_hook(self, my_task: Token) -> bool:
        my_task.workflow.top_workflow.note("entered", self, my_task)
        return True

    def _on_ready_hook(self, my_task: Token) -> None:
        """Nothing to do."""

    def _run_hook(self, my_task: Token) -> bool:
        return True


class CatchEvent(CatchingNode, defaults.IntermediateCatchEvent):  # type: ignore[misc]
    """An intermediate catch event, a receive task, or the far end of a link."""

    def _update_hook(self, my_task: Token) -> bool:
        if self.trigger.kind in ("link", "none"):
            return True
        self.wait(my_task)
        my_task.workflow.top_workflow.note("entered", self, my_task)
        return False

    def _run_hook(self, my_task: Token) -> bool:
        return True

    def caught(self, token: Token, payload: Mapping[str, Any]) -> None:
        self.tell(token, payload)
        gateway = token.workflow.top_workflow.tokens.get(token.internal_data.pop("gateway", 0))
        if gateway is not None:
            gateway.guards.remove(token.id)
            gateway.cancel()
        token._ready()


class ReceiveTask(Activity, CatchEvent):  # type: ignore[misc]
    """A receive task: a message catch event that may have boundary events."""

    def _update_hook(self, my_task: Token) -> bool:
        self._open_scope(my_task)
        self.watch(my_task)
        return CatchEvent._update_hook(self, my_task)

    def tell(self, token: Token, payload: Mapping[str, Any]) -> None:
        token.workflow.top_workflow.note(self.trigger.happens, self, token)
        token.scope.write_all(payload)


class BoundaryEvent(CatchingNode, defaults.BoundaryEvent):  # type: ignore[misc]
    """Watches an activity; interrupting or not."""

    def watch(self, host: Token) -> None:
        """Begin to wait beside `host`. Errors and escalations need no token: they look for their catcher."""
        if self.trigger.kind in ("error", "escalation"):
            return
        token = host.workflow.new_token(self, state=TaskState.WAITING)
        token.internal_data["host"] = host.id
        host.guards.append(token.id)
        self.wait(token)

    def caught(self, token: Token, payload: Mapping[str, Any]) -> None:
        host = token.workflow.top_workflow.tokens[token.internal_data["host"]]
        stays = not self.cancel_activity and self.trigger.again(token)
        fired = self.trip(host, payload, token.internal_data)
        if not stays and fired.workflow.tasks.get(token.id) is token:
            host.guards.remove(token.id)
            token.cancel()

    def trip(
        self, host: Token, payload: Mapping[str, Any] | None = None, data: Mapping[str, Any] | None = None
    ) -> Token:
        """Go on from here, and stop `host` if interrupting."""
        fired = host.workflow.new_token(self, state=TaskState.READY)
        if data and "stands_for" in data:
            fired.internal_data["stands_for"] = data["stands_for"]
        self.tell(fired, payload or {})
        if self.cancel_activity:
            host.cancel()
        return fired

    def _run_hook(self, my_task: Token) -> bool:
        return True

    def _on_cancel(self, my_task: Token) -> None:
        """A guard goes with its host, unnoticed."""


class EventSubProcess(Inside, BpmnSpecMixin):  # type: ignore[misc]
    """What runs when the start event of an event sub-process happens."""


class EventStart(CatchingNode, BpmnSpecMixin):  # type: ignore[misc]
    """The start event of an event sub-process, waiting in the instance that encloses it."""

    passive = True
    event_definition: Trigger
    interrupting: bool
    sub_process: EventSubProcess

    def watch(self, instance: Instance) -> None:
        """Begin to wait, for as long as `instance` runs."""
        if self.trigger.kind not in ("error", "escalation"):
            instance.new_token(self)

    def _update_hook(self, my_task: Token) -> bool:
        self.wait(my_task)
        return False

    def caught(self, token: Token, payload: Mapping[str, Any]) -> None:
        stays = not self.interrupting and self.trigger.again(token)
        self.trip(token.workflow, payload, token.internal_data)
        if not stays and token.workflow.tasks.get(token.id) is token:
            token.cancel()

    def trip(
        self, instance: Instance, payload: Mapping[str, Any] | None = None, data: Mapping[str, Any] | None = None
    ) -> Token:
        """Start the event sub-process, and stop everything else in `instance` if interrupting."""
        if self.interrupting:
            instance.cancel_all()
        token = instance.new_token(self.sub_process)
        if data and "stands_for" in data:
            token.internal_data["stands_for"] = data["stands_for"]
        self.tell(token, payload or {})
        return token


class ThrowEvent(EventNode, defaults.IntermediateThrowEvent):  # type: ignore[misc]
    """An intermediate throw event; a send task without a job type; the near end of a link."""

    def _run_hook(self, my_task: Token) -> bool | None:
        return True if throw(self, my_task) else None


class EndEvent(EventNode, defaults.EndEvent):  # type: ignore[misc]
    """Where a path ends."""

    def _run_hook(self, my_task: Token) -> bool | None:
        return True if throw(self, my_task) else None

    def _on_complete(self, my_task: Token) -> None:
        instance = my_task.workflow
        instance.top_workflow.note("ended", self, my_task)
        instance.remove(my_task)
        if self.trigger.kind == "terminate":
            instance.cancel_all()
            instance.top_workflow.touched[id(instance)] = instance


def throw(node: EventNode, token: Token) -> bool:
    """Throw what an event throws. False if that stopped the token itself."""
    kind, name, top = node.trigger.kind, node.trigger.name, token.workflow.top_workflow
    if kind == "error":
        throw_error(token, name)
    elif kind == "escalation":
        return throw_escalation(token, name)
    elif kind == "signal":
        top.note("thrown", node, token, {"signal": name, "values": thrown_values(node, token)})
        top.signal(name, thrown_values(node, token))
    elif kind == "message":
        key, values = node.trigger.key(token), thrown_values(node, token)
        if not top.message(name, key, values):
            top.note("thrown", node, token, {"message": name, "key": key, "values": values})
    return token.id in top.tokens


def thrown_values(node: EventNode, token: Token) -> dict[str, Any]:
    """What goes with a thrown message or signal: the event's input mapping, and nothing else."""
    return {target: value.of(token, strict=False) for value, target in node.dialect.inputs}
