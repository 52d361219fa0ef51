"""The way on which a variable is not written."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from engine.bpmn.events import EventNode, EventStart, StartEvent
from engine.bpmn.nodes import Activity, Node
from engine.validation.data_steps import Read, ends_normally
from engine.validation.data_ways import Place, Ways, following, reached


def is_later(ways: Ways, read: Read, *writers: Place) -> bool:
    """Can what writes only be reached through what reads? (In another scope: nobody knows, so no.)"""
    if not writers or any(key != read.spec.name for key, _ in writers) or isinstance(read.node, EventStart):
        return False
    before = {node.name for node in reached(read.spec.start_events, avoid=read.node)}
    return all(name not in before and (key, name) != (read.spec.name, read.node.name) for key, name in writers)


@dataclass(frozen=True)
class Detour:
    """A way that misses what writes: a variant of the rule `unwritten-on-a-way` with its values."""

    variant: str
    values: Mapping[str, str] = field(default_factory=dict)
    #: Element ids from a start to the read.
    path: tuple[str, ...] = ()


def detour(ways: Ways, read: Read, name: str, writers: Collection[Place]) -> Detour:
    """Where nothing writes `name`: “on the way through *Declined* nothing writes it”."""
    key, node = read.spec.name, read.node
    while node.name in ways.model.specs[key].task_specs and not isinstance(node, EventStart):
        starts = ways.model.specs[key].start_events
        known = [ways.after[key, start.name] for start in starts if (key, start.name) in ways.after]
        if any(name not in state.kinds for state in known) or not ways.hosts(key):
            break
        key, host = ways.hosts(key)[0]
        node = ways.model.specs[key].task_specs[host]
    if isinstance(node, EventStart):
        first = next((ways.nodes[place] for place in writers), None)
        return Detour("before", {"writer": _name(first)}) if first else Detour("before-all")
    found = _inside_way(ways, node, name, writers) or _through(ways, key, node, name, writers)
    return found or Detour("first")


def _inside_way(ways: Ways, host: Node, name: str, writers: Collection[Place]) -> Detour | None:
    """The way inside a sub-process or call to an end where it is not written; None where nothing inside writes it."""
    inside = getattr(getattr(host, "inner", host), "inside", None)
    if inside is None or all(key != inside for key, _ in writers):
        return None
    for (key, end), state in ways.after.items():
        node = ways.nodes[key, end]
        if key == inside and ends_normally(node) and name not in state.sure:
            way = _through(ways, inside, node, name, writers)
            before = {other.name for place in writers if place[0] == inside for other in reached([ways.nodes[place]])}
            return way if (way and way.variant == "through") or node.name in before else _by(node)
    stops = [start.sub_process for start in ways.model.specs[inside].event_starts if start.interrupting]
    return _by(stops[0]) if stops else None


def _by(node: Node | None, path: Collection[Node] = ()) -> Detour:
    return Detour("through", {"through": _name(node)}, tuple(one.bpmn_id for one in path))


def _through(ways: Ways, key: str, reader: Node, name: str, writers: Collection[Place]) -> Detour | None:
    mine = [ways.nodes[place] for place in writers if place[0] == key and ways.nodes[place] is not reader]
    if not mine:
        return None
    surely = {
        node.name
        for node in mine
        if name in ways.after[key, node.name].sure and name not in ways.before[key, node.name].sure
    }
    path = _path(ways.model.specs[key].start_events, reader, surely)
    for node in path:
        if node in mine and (way := _inside_way(ways, node, name, writers)):
            return way
    behind = {node.name for node in reached([flow.target for one in mine for flow in one.outgoing], avoid=reader)}
    writing = {node.name for node in mine}
    apart = [
        node
        for node in path
        if node.name not in behind and not writing & {other.name for other in reached([node], avoid=reader)}
    ]
    named = [node for node in apart if isinstance(node, (Activity, EventNode)) and not isinstance(node, StartEvent)]
    if named:
        return _by(named[0], [*path, reader])
    split = [node for node in path if writing & {other.name for other in reached([node], avoid=reader)}]
    if not split:
        return None
    then = (path[path.index(split[-1]) + 1 :] or [reader])[0]
    shown = tuple(node.bpmn_id for node in (*path, reader))
    return Detour("straight", {"split": _name(split[-1]), "then": _name(then)}, shown)


def _path(starts: Collection[Node], reader: Node, avoid: Collection[str]) -> list[Node]:
    """A shortest way from the start to the reader past none of these; the reader is not on it."""
    came: dict[str, Node | None] = {start.name: None for start in starts}
    todo: deque[Node] = deque(starts)
    while todo:
        node = todo.popleft()
        if node is reader:
            found: list[Node] = []
            before = came[node.name]
            while before is not None:
                found.append(before)
                before = came[before.name]
            return found[::-1]
        # What watches an activity goes on although the activity did not finish.
        targets = getattr(node, "boundaries", ()) if node.name in avoid else following(node)
        for target in targets:
            if target.name not in came:
                came[target.name] = node
                todo.append(target)
    return []


def _name(node: Node | None) -> str:
    return (node.bpmn_name or node.bpmn_id) if node is not None else ""
