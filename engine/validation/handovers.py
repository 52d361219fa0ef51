"""Every hand-over waits for its receipt: a case moves to another unit only when that unit has completed a task in it.

Followed are the ways from the start, and from each task in which the receiver is chosen, to each `set-owner`. A case
that is routed before anybody has worked on it hands nothing over. Nothing can be computed here, so a task counts as the
receiver's when whom it is for is worked out like the receiver, or is a role that the receiver has been given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, reduce

from engine.bpmn.activities import CallActivity, ServiceTask, UserTask
from engine.bpmn.events import CatchEvent
from engine.bpmn.gateways import EventGateway, ParallelGateway
from engine.bpmn.model import Model
from engine.bpmn.nodes import Node
from engine.bpmn.processes import ProcessSpec
from engine.bpmn.values import Value, as_names
from engine.findings import Finding
from engine.rules import finding
from engine.validation.scopes import Scopes, nodes, worker

#: (has the receiver given a receipt, has anybody worked on the case) on a way.
State = tuple[bool, bool]
States = frozenset[State]


def handovers(model: Model, scopes: Scopes) -> Iterator[Finding]:
    """Every `set-owner` that a case may come to without a receipt."""
    for spec in scopes.specs.values():
        for node in nodes(spec):
            task = worker(node)
            receiver = _given(task, "unit", "owner") if _is_job(task, "set-owner") else None
            if receiver is None or _same_owner(receiver):
                continue
            if (False, True) in _Ways(model, scopes, task, receiver).arrive():
                what = node.bpmn_name or node.bpmn_id
                yield finding("handover-without-receipt", spec.file, node.bpmn_id, name=node.bpmn_name, what=what)


def _is_job(node: Node, job_type: str) -> bool:
    return (
        isinstance(node, ServiceTask) and node.dialect.job_type is not None and node.dialect.job_type.text == job_type
    )


def _given(node: Node, *names: str) -> Value | None:
    """What a service task is given under the first of these names: by input mapping, else by header."""
    inputs = {target: value for value, target in node.dialect.inputs}
    headers = {name: Value(text, None) for name, text in node.dialect.headers.items() if text}
    return next((found[name] for found in (inputs, headers) for name in names if name in found), None)


def _same_owner(receiver: Value) -> bool:
    return receiver.expression is not None and receiver.expression.paths == {("case", "owner")}


class _Ways:
    """The ways to one `set-owner`."""

    def __init__(self, model: Model, scopes: Scopes, task: Node, receiver: Value) -> None:
        self.model, self.scopes, self.task, self.receiver = model, scopes, task, receiver
        expression = receiver.expression
        #: Forms and variables in which the receiver is chosen.
        self.chosen_in = {path[0] for path in expression.paths} if expression is not None else set()
        self.found: set[State] = set()
        #: What has been followed: spec and states at its start → those at its ends; while it is, none yet.
        self.followed: dict[tuple[str, States], States] = {}

    def arrive(self) -> set[State]:
        """The states in which a case may come to the `set-owner`."""
        for process_id in self.model.process_ids:
            if not any(isinstance(worker(host), CallActivity) for _, host in self.scopes.hosts[process_id]):
                self._run(process_id, frozenset({(False, False)}))
        return self.found

    def _run(self, key: str, entry: States) -> States:
        """The states at the ends of a process or sub-process that begins with these."""
        if (key, entry) not in self.followed:
            self.followed[key, entry] = frozenset()
            self.followed[key, entry] = self._follow(self.scopes.specs[key], entry)
        return self.followed[key, entry]

    def _follow(self, spec: ProcessSpec, entry: States) -> States:
        #: Flow, or node to which none leads → states.
        at: dict[object, States] = {}
        waiting: list[Node] = []
        ends: States = frozenset()

        def put(place: object, node: Node, states: States) -> None:
            if not states <= at.get(place, frozenset()):
                at[place] = at.get(place, frozenset()) | states
                waiting.append(node)

        for start in spec.start_events:
            put(start, start, entry)
        for event_start in spec.event_starts:
            # It may happen at any time, so nothing that is done beside it is sure.
            self._run(event_start.sub_process.inside, entry | {(False, True)})
        while waiting:
            node = waiting.pop()
            arrived = _arrived(node, at)
            left = self._leave(node, arrived)
            for flow in node.outgoing:
                put(flow, flow.target, left)
            for event in getattr(node, "boundaries", ()):
                put(event, event, _worked(arrived))
            if not node.outgoing:
                ends |= left
        return ends

    def _leave(self, node: Node, arrived: States) -> States:
        activity, inside = worker(node), self.scopes.inside(node)
        if activity is self.task:
            self.found |= arrived
        if isinstance(activity, UserTask):
            if self._is_receipt(activity):
                return frozenset({(True, True)} if arrived else ())
            if self._chooses(activity):
                return frozenset({(False, True)} if arrived else ())
            return _worked(arrived)
        if inside is not None and arrived:
            return self._run(inside, arrived)
        return _worked(arrived) if isinstance(activity, (CatchEvent, EventGateway)) else arrived

    def _chooses(self, task: UserTask) -> bool:
        written = {target.split(".")[0] for _, target in task.dialect.outputs}
        return bool(self.chosen_in & ({task.dialect.form_id} | written))

    def _is_receipt(self, task: UserTask) -> bool:
        said = task.dialect
        for whom in (said.candidate_groups, said.assignee, said.candidate_users):
            if whom is not None and self._is_receivers(whom):
                return True
        return said.candidate_groups is None and task.lane is not None and self._names([task.lane])

    def _is_receivers(self, whom: Value) -> bool:
        if whom.expression is None:
            return self._names(as_names(whom.text))
        if self.receiver.expression is None:
            return f'"{self.receiver.text}"' in whom.text
        # Which units it means is known only when a case gets here; the owner's own are not another's.
        return whom.expression.paths != {("case", "owner")}

    def _names(self, groups: Iterable[str]) -> bool:
        """Is one of these units or roles the receiver, or a role that the receiver has been given?"""
        if self.receiver.expression is None:
            return self.receiver.text in groups
        return any(self._may_hold(roles, group) for roles in self._given_roles for group in groups)

    @cached_property
    def _given_roles(self) -> list[Value | None]:
        """The roles in which the receiver becomes a party; None where nothing is said, so that its kind decides."""
        found = []
        for spec in self.scopes.specs.values():
            for node in map(worker, nodes(spec)):
                unit = _given(node, "unit", "units") if _is_job(node, "add-party") else None
                if unit is not None and unit.text == self.receiver.text:
                    found.append(_given(node, "roles", "role"))
        return found

    def _may_hold(self, roles: Value | None, group: str) -> bool:
        return group in roles.text if roles is not None else group != self.model.package.owner_role


def _arrived(node: Node, at: dict[object, States]) -> States:
    """The states with which a node goes on: a parallel join has all that its branches have done."""
    coming = [at.get(place, frozenset()) for place in (node, *node.incoming)]
    if not isinstance(node, ParallelGateway):
        return frozenset().union(*coming)
    return reduce(_both, coming[1:]) if all(coming[1:]) and coming[1:] else frozenset()


def _both(one: States, other: States) -> States:
    return frozenset((a or c, b or d) for a, b in one for c, d in other)


def _worked(states: States) -> States:
    return frozenset((received, True) for received, _ in states)
