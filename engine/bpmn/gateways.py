"""Gateways. Joins count the tokens that arrive on each flow; a token too many stays for the next round."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING

from SpiffWorkflow.bpmn.specs.mixins import BpmnSpecMixin
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.flows import Flow
from engine.bpmn.nodes import Node
from engine.errors import Incident
from engine.rules import Text

if TYPE_CHECKING:
    from engine.bpmn.instances import Instance
    from engine.bpmn.tokens import Token


class _Choosing(Node):
    """A gateway with conditions on its flows."""

    def _run_hook(self, my_task: Token) -> bool:
        # Chosen before anything moves: an expression that fails leaves the token here, as an incident.
        my_task.internal_data["take"] = [flow.id for flow in self.choose(my_task)]
        return True

    def leaving(self, token: Token) -> list[Flow]:
        chosen = token.internal_data["take"]
        return [flow for flow in self.outgoing if flow.id in chosen]

    def choose(self, token: Token) -> list[Flow]:
        """The flows to take. Raises Incident if there are none."""
        raise AssertionError("Each gateway has its own.")

    def otherwise(self) -> list[Flow]:
        """The default flow, or the only one without a condition."""
        chosen = [flow for flow in self.outgoing if flow.is_default or flow.condition is None]
        if not chosen and self.outgoing:
            name = self.bpmn_name or self.bpmn_id
            said = Text(
                f"No way out of “{name}” fits. Give it a default flow",
                f"Ingen väg ut ur ”{name}” passar. Ge den ett standardflöde",
            )
            raise Incident(said)
        return chosen[:1]


def _is_true(flow: Flow, token: Token) -> bool:
    if flow.condition is None or flow.is_default:
        return False
    value = flow.condition.of(token)
    if not isinstance(value, bool):
        text = flow.condition.text
        said = Text(
            f"The condition “{text}” on the flow {flow.id} is neither true nor false",
            f"Villkoret ”{text}” på flödet {flow.id} är varken sant eller falskt",
        )
        raise Incident(said)
    return value


class ExclusiveGateway(_Choosing, BpmnSpecMixin):  # type: ignore[misc]
    """Takes the first flow, in the order of the file, whose condition is true; else the default."""

    def choose(self, token: Token) -> list[Flow]:
        for flow in self.outgoing:
            if _is_true(flow, token):
                return [flow]
        return self.otherwise()


class _Join(Node):
    """Counts what arrives."""

    def arrive(self, instance: Instance, flow: Flow) -> None:
        if len(self.incoming) < 2:
            instance.new_token(self)
            return
        waiting = instance.arrivals.setdefault(self.name, {})
        waiting[flow.id] = waiting.get(flow.id, 0) + 1
        instance.top_workflow.touched[id(instance)] = instance
        self.arrived(instance, waiting)

    def arrived(self, instance: Instance, waiting: dict[str, int]) -> None:
        """A token has come to wait here."""

    def fire(self, instance: Instance) -> None:
        """Consume one token from each flow that has one, and go on with one."""
        waiting = instance.arrivals.pop(self.name)
        left = {flow: count - 1 for flow, count in waiting.items() if count > 1}
        if left:
            instance.arrivals[self.name] = left
        instance.new_token(self)


class ParallelGateway(_Join, BpmnSpecMixin):  # type: ignore[misc]
    """Waits for a token on every incoming flow, then sends one along every outgoing flow."""

    def arrived(self, instance: Instance, waiting: dict[str, int]) -> None:
        if len(waiting) == len(self.incoming):
            self.fire(instance)


class InclusiveGateway(_Join, _Choosing, BpmnSpecMixin):  # type: ignore[misc]
    """Takes every flow whose condition is true; a join waits for what can still come (BPMN 2.0, 13.4.3)."""

    def choose(self, token: Token) -> list[Flow]:
        return [flow for flow in self.outgoing if _is_true(flow, token)] or self.otherwise()

    def may_fire(self, instance: Instance) -> bool:
        """Can no other token in `instance` still come?"""
        return self.may_join(set(instance.arrivals[self.name]), self._standing(instance))

    def may_join(self, waiting: Collection[str], standing: Collection[str]) -> bool:
        """Can no token at `standing` nodes reach a flow that has none, unless it could also reach a `waiting` one?"""
        for node in standing:
            reached = self._reach.get(node, frozenset())
            if any(flow not in waiting for flow in reached) and not any(flow in waiting for flow in reached):
                return False
        return True

    def _standing(self, instance: Instance) -> set[str]:
        """Where tokens are; an event that watches stands where what it watches does."""
        nodes = {
            token.task_spec.name
            for token in instance.living()
            if token.task_spec is not self and not ({"host", "gateway"} & token.internal_data.keys())
        }
        return nodes | {join for join in instance.arrivals if join != self.name}

    @cached_property
    def _reach(self) -> dict[str, frozenset[str]]:
        """Node → the incoming flows of this join that a token there can reach without passing through the join."""
        found: dict[str, set[str]] = {}
        for flow in self.incoming:
            open_nodes, seen = [flow.source], {self.name}
            while open_nodes:
                node = open_nodes.pop()
                if node.name in seen:
                    continue
                seen.add(node.name)
                found.setdefault(node.name, set()).add(flow.id)
                open_nodes += [before.source for before in node.incoming]
                host = getattr(node, "host_activity", None)
                if host is not None:
                    open_nodes.append(host)
        return {name: frozenset(flows) for name, flows in found.items()}


class EventGateway(Node, BpmnSpecMixin):  # type: ignore[misc]
    """Waits for the first of several events. Each keeps its own event definition, so two timers do not share one."""

    def _update_hook(self, my_task: Token) -> bool:
        my_task._set_state(TaskState.STARTED)
        for flow in self.outgoing:
            event = flow.target
            token = my_task.workflow.new_token(event, state=TaskState.WAITING)
            token.internal_data["gateway"] = my_task.id
            my_task.guards.append(token.id)
            event.wait(token)  # type: ignore[attr-defined]
        my_task.workflow.top_workflow.note("entered", self, my_task)
        return False
