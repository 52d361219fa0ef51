"""What is inside what, what watches it, and whether anybody hears of it: over the specs that the engine runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.bpmn.activities import Inside, ServiceTask, UserTask
from engine.bpmn.events import BoundaryEvent, CatchingNode, EndEvent, EventStart, EventSubProcess, ThrowEvent
from engine.bpmn.multi_instance import MultiInstance
from engine.bpmn.nodes import Node
from engine.bpmn.processes import ProcessSpec

#: A node and the name of the spec it is in.
Place = tuple[str, Node]
#: Job types after which nobody has heard anything: they change who may see the case, not who knows.
_SILENT = ("set-owner", "add-party", "remove-party")


def worker(node: Node) -> Node:
    """What does the work: of what is repeated, its body."""
    return node.inner if isinstance(node, MultiInstance) else node


def nodes(spec: ProcessSpec) -> Iterator[Node]:
    """Every element once; of what is repeated, the element and not its body."""
    return (node for node in spec.task_specs.values() if not node.name.endswith(" [child]"))


class Scopes:
    """The processes of a model and their sub-processes."""

    def __init__(self, specs: Mapping[str, ProcessSpec]) -> None:
        self.specs = specs
        #: Name of a spec → the activities that it is the inside of.
        self.hosts: dict[str, list[Place]] = defaultdict(list)
        self._found: dict[tuple[str, bool], list[tuple[str, CatchingNode]]] = {}
        self._told: dict[CatchingNode, bool] = {}
        for key, spec in specs.items():
            for node in nodes(spec):
                inside = worker(node)
                if isinstance(inside, Inside) and inside.inside in specs:
                    self.hosts[inside.inside].append((key, node))

    def inside(self, node: Node) -> str | None:
        """The name of the spec that runs inside a node."""
        activity = worker(node)
        return activity.inside if isinstance(activity, Inside) and activity.inside in self.specs else None

    def timers_on(self, node: Node) -> list[CatchingNode]:
        """The timers attached to a node."""
        return [event for event in getattr(node, "boundaries", ()) if event.trigger.kind == "timer"]

    def timers_around(self, key: str, *, event_sub_processes: bool) -> list[tuple[str, CatchingNode]]:
        """Timers that run while something in the spec `key` waits: attached to what encloses it.

        With `event_sub_processes`, those too that start an event sub-process beside or around it. A process that others
        call is watched only if each of them watches it.
        """
        if (key, event_sub_processes) not in self._found:
            self._found[key, event_sub_processes] = []  # for a process that calls itself
            self._found[key, event_sub_processes] = self._around(key, event_sub_processes=event_sub_processes)
        return self._found[key, event_sub_processes]

    def _around(self, key: str, *, event_sub_processes: bool) -> list[tuple[str, CatchingNode]]:
        starts = self.specs[key].event_starts if event_sub_processes else ()
        found: list[tuple[str, CatchingNode]] = [(key, one) for one in starts if one.trigger.kind == "timer"]
        outer = []
        for outer_key, host in self.hosts[key]:
            timers = [(outer_key, one) for one in self.timers_on(host)]
            timers += self.timers_around(outer_key, event_sub_processes=event_sub_processes)
            outer.append([one for one in timers if getattr(one[1], "sub_process", None) is not host])
        return found + ([one for each in outer for one in each] if all(outer) else [])

    def tells(self, key: str, event: CatchingNode) -> bool:
        """When the event of the spec `key` happens, does anybody hear: is there a task, a notice or a message?"""
        if event not in self._told:
            self._told[event] = self._tells(key, event)
        return self._told[event]

    def _tells(self, key: str, event: CatchingNode) -> bool:
        if isinstance(event, EventStart):
            inside = event.sub_process.inside
            starts: Sequence[Node] = self.specs[inside].start_events
            return self._leads(inside, starts, set(), goes_on=event.interrupting)
        goes_on = not isinstance(event, BoundaryEvent) or event.cancel_activity
        return self._leads(key, [flow.target for flow in event.outgoing], set(), goes_on=goes_on)

    def _leads(self, key: str, at: Sequence[Node], seen: set[tuple[str, str]], *, goes_on: bool) -> bool:
        """From here on, does any way lead to somebody? `goes_on`: what encloses this continues when it ends."""
        waiting = list(at)
        while waiting:
            node = waiting.pop()
            if (key, node.name) in seen:
                continue
            seen.add((key, node.name))
            if is_heard(node):
                return True
            inside = self.inside(node)
            if inside is not None and self._leads(inside, self.specs[inside].start_events, seen, goes_on=False):
                return True
            if any(self._leads(k, [n], seen, goes_on=goes_on) for k, n in self._catchers(key, node)):
                return True
            waiting += [flow.target for flow in node.outgoing]
            waiting += getattr(node, "boundaries", ())
            if not node.outgoing and goes_on:
                for outer, host in self.hosts[key]:
                    after = [flow.target for flow in host.outgoing]
                    if self._leads(outer, after, seen, goes_on=not isinstance(host, EventSubProcess)):
                        return True
        return False

    def _catchers(self, key: str, node: Node) -> Iterator[Place]:
        """Who catches the error or escalation that is thrown here, the nearest first and all further out."""
        if not isinstance(node, (ThrowEvent, EndEvent)) or node.trigger.kind not in ("error", "escalation"):
            return
        kind, name, waiting, seen = node.trigger.kind, node.trigger.name, [key], set()
        while waiting:
            at = waiting.pop()
            if at in seen:
                continue
            seen.add(at)
            for start in self.specs[at].event_starts:
                if _catches(start, kind, name):
                    yield from (
                        (start.sub_process.inside, one) for one in self.specs[start.sub_process.inside].start_events
                    )
            for outer, host in self.hosts[at]:
                yield from ((outer, one) for one in getattr(host, "boundaries", ()) if _catches(one, kind, name))
                waiting.append(outer)


def _catches(event: Any, kind: str, name: str | None) -> bool:
    return bool(event.trigger.kind == kind and event.trigger.matches(name))


def is_heard(node: Node) -> bool:
    """Does somebody hear of it when a case gets here: a task, a notice, a service of one's own, a message, a signal?"""
    activity = worker(node)
    if isinstance(activity, UserTask):
        return True
    if isinstance(activity, ServiceTask):
        job_type = activity.dialect.job_type
        return job_type is not None and job_type.text not in _SILENT
    return isinstance(activity, (ThrowEvent, EndEvent)) and activity.trigger.kind in ("message", "signal")
