"""A process, sub-process or event sub-process as it is run: how it begins and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.mixins import BpmnSpecMixin
from SpiffWorkflow.specs import WorkflowSpec

from engine.bpmn.gateways import InclusiveGateway
from engine.bpmn.nodes import Node
from engine.rules import Text

if TYPE_CHECKING:
    from engine.bpmn.events import EventStart, StartEvent
    from engine.bpmn.instances import Instance


class Root(Node, BpmnSpecMixin):  # type: ignore[misc]
    """The root that the library wants of each tree. No token ever stands on it."""

    passive = True


class ProcessSpec(BpmnProcessSpec):  # type: ignore[misc]
    """One process, or the inside of a sub-process."""

    def __init__(self, key: str, process_id: str, file: str, title: str | None) -> None:
        # Not BpmnProcessSpec's own: it makes tasks called Start and End, which a model may have too.
        WorkflowSpec.__init__(self, name=key, filename=file)
        self.process_id = process_id
        self.description = title
        self.svg = self.io_specification = None
        self.data_objects: dict[str, object] = {}
        self.data_stores: dict[str, object] = {}
        self.correlation_keys: dict[str, object] = {}
        self.bpmn_start_events: list[StartEvent] = []
        #: No XML id may hold a "#", so this name is nobody else's.
        self.start = Root(self, "#root")
        self.start_events: list[StartEvent] = []
        self.event_starts: list[EventStart] = []
        self.inclusive_joins: list[InclusiveGateway] = []

    def begin(self, instance: Instance, at: str | None = None) -> None:
        """Start running: at the start event with the id `at`, else at the one without a trigger, else at the first."""
        for event_start in self.event_starts:
            event_start.watch(instance)
        plain = [start for start in self.start_events if start.trigger.kind == "none"]
        chosen = next((start for start in self.start_events if start.bpmn_id == at), None)
        instance.new_token(chosen or (plain or self.start_events)[0])

    def settle_joins(self, instance: Instance) -> bool:
        """Let one inclusive join go on that nothing can reach any more."""
        for join in self.inclusive_joins:
            if join.name in instance.arrivals and join.may_fire(instance):
                join.fire(instance)
                return True
        return False

    def finish(self, instance: Instance) -> None:
        """No token lives here any more: done, unless some wait at a join in vain."""
        top = instance.top_workflow
        if instance.arrivals:
            for name in list(instance.arrivals):
                del instance.arrivals[name]
                node = self.task_specs[name]
                name = node.bpmn_name or node.bpmn_id
                said = Text(
                    f"“{name}” waits for a branch that can no longer come",
                    f"”{name}” väntar på en gren som inte längre kan komma",
                )
                top.fail(instance.new_token(node), said)
            return
        instance.cancel_all()
        instance.completed = True
        host = instance.host
        if host is None:
            return
        top.subprocesses.pop(host.id, None)
        if instance.scope is not host.scope:
            host.internal_data["returned"] = instance.scope.values
            top.scopes.pop(instance.scope.id, None)
        host._ready()
