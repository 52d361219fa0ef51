"""Every end is reached with nothing left open.

A case closes when its last token is gone: an ordinary end waits for what still goes on beside it. A terminate end does
not; whoever had a task then finds it gone. So a terminate end must not take another's open task away unless somebody is
told on the way to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from itertools import permutations

from engine.bpmn.activities import UserTask
from engine.bpmn.events import BoundaryEvent, EndEvent
from engine.bpmn.gateways import InclusiveGateway, ParallelGateway
from engine.bpmn.nodes import Node
from engine.bpmn.processes import ProcessSpec
from engine.findings import Finding
from engine.rules import Text, finding
from engine.validation.scopes import Scopes, is_heard, nodes, worker

#: The tasks that a finding names; of more, the rest are left out.
_SHOWN = 3


def endings(scopes: Scopes) -> Iterator[Finding]:
    """Terminate ends that take open tasks away."""
    for spec in scopes.specs.values():
        ends = {node.name: node for node in nodes(spec) if _stops(node)}
        beside = _beside(scopes, spec, ends) if ends else {}
        for name, tasks in beside.items():
            gone = _taken_away(ends[name], tasks)
            if gone:
                yield _finding(spec, ends[name], gone)


def _stops(node: Node) -> bool:
    return isinstance(node, EndEvent) and node.trigger.kind == "terminate"


def _finding(spec: ProcessSpec, end: Node, gone: Iterable[UserTask]) -> Finding:
    names = list(dict.fromkeys(task.bpmn_name or task.bpmn_id for task in gone))
    tasks = Text(*(", ".join(f"{left}{name}{right}" for name in names[:_SHOWN]) for left, right in ("“”", "””")))
    what = end.bpmn_name or end.bpmn_id
    return finding("end-leaves-work", spec.file, end.bpmn_id, name=end.bpmn_name, what=what, tasks=tasks)


def _taken_away(end: Node, beside: Iterable[UserTask]) -> list[UserTask]:
    """Tasks of others that may be open when the end is reached, where nobody is told."""
    last, told = _before(end)
    doers = {_who(task) for task in last}
    return [] if told else [task for task in beside if task not in last and _who(task) not in doers]


def _before(end: Node) -> tuple[list[Node], bool]:
    """The user tasks last done on the ways to the end; and whether anybody is told between them and the end."""
    waiting, seen, last = [flow.source for flow in end.incoming], set[str](), []
    while waiting:
        node = waiting.pop()
        if node.name in seen:
            continue
        seen.add(node.name)
        if isinstance(worker(node), UserTask):
            last.append(worker(node))
        elif is_heard(node):
            return [], True
        else:
            waiting += [flow.source for flow in node.incoming]
    return last, False


def _who(task: Node) -> tuple[str | None, ...]:
    """Whose task it is, as the model says it."""
    said = task.dialect
    values = (said.assignee, said.candidate_groups, said.candidate_users)
    written = [None if value is None else value.text for value in values]
    return (*written, None if said.candidate_groups else task.lane)


def _beside(scopes: Scopes, spec: ProcessSpec, ends: Collection[str]) -> dict[str, dict[UserTask, None]]:
    """End → the tasks on branches that go on beside one that leads to it."""
    found: dict[str, dict[UserTask, None]] = {end: {} for end in ends}
    tasks = {node.name: inside for node in nodes(spec) if (inside := _tasks(scopes, node))}
    for start in spec.event_starts:
        if not start.interrupting:
            for end in ends:
                found[end] |= _tasks(scopes, start.sub_process)
    for split in nodes(spec):
        for branches in _splits(split):
            for here, there in _pairs(spec, split, branches):
                for end in here.intersection(ends):
                    for name in sorted(there & tasks.keys()):
                        found[end] |= tasks[name]
    return found


def _pairs(
    spec: ProcessSpec, split: Node, branches: list[list[Node]]
) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """For each two branches what either may come to before they are joined."""

    @cache
    def reach(branch: int, joins: frozenset[str] = frozenset()) -> frozenset[str]:
        return _reach(branches[branch], split, joins)

    for one, other in permutations(range(len(branches)), 2):
        joins = frozenset(name for name in reach(one) & reach(other) if _joins(spec.task_specs[name]))
        yield reach(one, joins), reach(other, joins)


def _splits(node: Node) -> Iterator[list[list[Node]]]:
    """Where one token becomes several: what each of them reaches first."""
    if isinstance(node, (ParallelGateway, InclusiveGateway)) and len(node.outgoing) > 1:
        yield [[flow.target] for flow in node.outgoing]
    events: list[BoundaryEvent] = getattr(node, "boundaries", [])
    for event in events:
        if not event.cancel_activity:
            rest = [node, *(flow.target for flow in node.outgoing), *(other for other in events if other is not event)]
            yield [rest, [flow.target for flow in event.outgoing]]


def _joins(node: Node) -> bool:
    return isinstance(node, (ParallelGateway, InclusiveGateway)) and len(node.incoming) > 1


def _reach(first: list[Node], split: Node, joins: Iterable[str]) -> frozenset[str]:
    """The nodes that a branch may come to, not going through the split again nor into these joins."""
    waiting, found, closed = list(first), {split.name} & {node.name for node in first}, {split.name, *joins}
    while waiting:
        node = waiting.pop()
        if node.name not in found and node.name not in closed:
            found.add(node.name)
            waiting += [flow.target for flow in node.outgoing]
            waiting += getattr(node, "boundaries", ())
    return frozenset(found)


def _tasks(scopes: Scopes, node: Node) -> dict[UserTask, None]:
    """The user task that a node is, or those inside it."""
    found: dict[UserTask, None] = {}
    waiting, seen = [node], set[str]()
    while waiting:
        at = waiting.pop()
        activity, inside = worker(at), scopes.inside(at)
        if isinstance(activity, UserTask):
            found[activity] = None
        elif inside is not None and inside not in seen:
            seen.add(inside)
            waiting += nodes(scopes.specs[inside])
    return found
