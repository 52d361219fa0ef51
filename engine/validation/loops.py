"""Circles of elements none of which waits: a case would go round there for ever, or call itself without end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from engine.bpmn.activities import CallActivity, SubProcess, UserTask
from engine.bpmn.events import BoundaryEvent, CatchEvent, ThrowEvent
from engine.bpmn.gateways import EventGateway
from engine.bpmn.multi_instance import MultiInstance
from engine.bpmn.nodes import Node
from engine.bpmn.processes import ProcessSpec
from engine.validation.data_ways import following, reached

Specs = Mapping[str, ProcessSpec]
T = TypeVar("T")


@dataclass(frozen=True)
class Loop:
    """A circle without a wait."""

    spec: ProcessSpec
    #: The element to name.
    element: Node
    #: From a start to the element and once round.
    way: tuple[Node, ...]


def endless_loops(specs: Specs) -> Iterator[Loop]:
    """One circle of each process that has any, and one of processes that call each other without end."""
    for spec in specs.values():
        if circle := _circle(spec.task_specs.values(), lambda node: _at_once(node, specs)):
            first = next((node for node in circle if not isinstance(node, ThrowEvent)), circle[0])
            at = circle.index(first)
            yield Loop(spec, first, (*_way(spec.start_events, first), *circle[at:], *circle[:at], first))
    calls = {name: _entered_at_once(spec, specs) for name, spec in specs.items()}
    if round_ := _circle(calls, lambda name: list(calls[name])):
        hosts = [calls[name][inside] for name, inside in zip(round_, [*round_[1:], round_[0]], strict=True)]
        ways = [(*_way(specs[name].start_events, host), host) for name, host in zip(round_, hosts, strict=True)]
        at = next((n for n, host in enumerate(hosts) if not isinstance(host, SubProcess)), 0)
        yield Loop(specs[round_[at]], hosts[at], tuple(node for way in (*ways[at:], *ways[:at]) for node in way))


def waits(node: Node, specs: Specs, seen: frozenset[str] = frozenset()) -> bool:
    """Does a token that passes here wait for a person, a message or time, whichever way it goes?"""
    if isinstance(node, MultiInstance):
        # Its list may be empty; but then a person or time has emptied it, and the step budget is there for the rest.
        written = "".join(node.loop.collection.text.removeprefix("=").split())
        return written != "[]" and waits(node.inner, specs, seen)
    if isinstance(node, (UserTask, EventGateway)):
        return True
    if isinstance(node, CatchEvent):
        return node.trigger.kind != "link"
    inside = _inside(node, specs)
    if inside is None or inside.name in seen:
        return False
    return _every_way_waits(inside, specs, seen | {inside.name})


def _inside(node: Node, specs: Specs) -> ProcessSpec | None:
    inner = node.inner if isinstance(node, MultiInstance) else node
    return specs.get(inner.inside) if isinstance(inner, (SubProcess, CallActivity)) else None


def _every_way_waits(spec: ProcessSpec, specs: Specs, seen: frozenset[str]) -> bool:
    """Is there no way from start to end that never waits?"""
    todo: list[Node] = list(spec.start_events)
    met: set[str] = set()
    while todo:
        node = todo.pop()
        if node.name in met or waits(node, specs, seen):
            continue
        met.add(node.name)
        if not node.outgoing:
            return False
        todo += [flow.target for flow in node.outgoing]
    return True


def _at_once(node: Node, specs: Specs) -> list[Node]:
    """Where a token that comes here is led on to without waiting."""
    if waits(node, specs):
        return []
    if isinstance(node, BoundaryEvent) and node.trigger.kind not in ("error", "escalation"):
        return []  # it may go off at once, but only a timer or message lets it: that is a wait
    thrown = [event for event in getattr(node, "boundaries", ()) if event.trigger.kind == "error"]
    return [*(flow.target for flow in node.outgoing), *thrown]


def _entered_at_once(spec: ProcessSpec, specs: Specs) -> dict[str, Node]:
    """The processes and sub-processes that begin as soon as this one does, with what enters them."""
    nodes = reached(spec.start_events, step=lambda node: iter(_at_once(node, specs)))
    return {inside.name: node for node in nodes if (inside := _inside(node, specs)) is not None}


def _circle(roots: Iterable[T], step: Callable[[T], list[T]]) -> list[T]:
    """The nodes of one circle, or none."""
    done: set[T] = set()
    for root in roots:
        path: list[T] = []
        on_path: set[T] = set()
        stack: list[tuple[T, Iterator[T]]] = []
        if root not in done:
            stack.append((root, iter(step(root))))
            path.append(root)
            on_path.add(root)
        while stack:
            node, steps = stack[-1]
            target = next(steps, None)
            if target is None:
                stack.pop()
                path.pop()
                on_path.discard(node)
                done.add(node)
            elif target in on_path:
                return path[path.index(target) :]
            elif target not in done:
                stack.append((target, iter(step(target))))
                path.append(target)
                on_path.add(target)
    return []


def _way(starts: Iterable[Node], goal: Node) -> list[Node]:
    """A shortest way from a start to the goal, which is not on it; empty where none leads there."""
    came: dict[Node, Node | None] = {start: None for start in starts}
    todo = deque(came)
    while todo:
        node = todo.popleft()
        if node is goal:
            way: list[Node] = []
            before = came[node]
            while before is not None:
                way.append(before)
                before = came[before]
            return way[::-1]
        for target in following(node):
            if target not in came:
                came[target] = node
                todo.append(target)
    return []
