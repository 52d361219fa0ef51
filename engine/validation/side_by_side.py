"""Two elements that write one variable and may run at the same time: whoever is done last wins, and nobody hears of it.

At the same time: in branches of one parallel or inclusive split, beside an event that does not interrupt, or inside an
event sub-process that does not. What each branch alone can reach is compared; what follows the join is reached by both.
Who works a new value out from the one that is there loses nothing. Nor is anything lost where an event comes between
steps that do not wait: then the later is meant to win.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from engine.bpmn.activities import BusinessRuleTask, CallActivity, Inside, ScriptTask, UserTask
from engine.bpmn.gateways import EventGateway, ExclusiveGateway
from engine.bpmn.model import Model
from engine.bpmn.multi_instance import MultiInstance
from engine.bpmn.nodes import Node
from engine.bpmn.processes import ProcessSpec
from engine.bpmn.values import Value
from engine.findings import Finding
from engine.rules import finding
from engine.validation.data_ways import following, reached
from engine.validation.form_walk import Path
from engine.validation.subject import Subject

#: Of findings about one process: after some, nobody reads on.
_MOST = 20


@dataclass(frozen=True)
class Write:
    """A variable that an element writes, perhaps somewhere inside."""

    path: Path
    node: Node
    #: What is written, where it is an expression that looks at nothing: twice the same does no harm.
    value: str | None = None
    #: Is it worked out from what is there?
    adds: bool = False


def check(subject: Subject) -> Iterator[Finding]:
    """Every process of the package itself."""
    if subject.model is not None:
        writes = Writes(subject.model)
        for spec in subject.model.specs.values():
            if subject.model.package_of(spec.process_id) is subject.package:
                yield from _findings(spec, writes)


class Writes:
    """What the elements of a model write."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._inside: dict[str, tuple[Write, ...]] = {}

    def of(self, node: Node) -> tuple[Write, ...]:
        """Into the scope that the element stands in."""
        said = node.dialect
        if isinstance(node, MultiInstance):
            collection = node.loop.output_collection
            adds = any(_reads(value, collection) for value in (node.loop.collection, node.loop.output_element))
            return (Write((collection,), node, adds=adds),) if collection else ()
        local = {target.split(".")[0] for _, target in said.inputs}
        if said.outputs:
            own = local | {said.form_id}
            return tuple(_written(node, value, target, own) for value, target in said.outputs)
        return tuple(one for one in self._work(node) if one.path[0] not in local)

    def inside(self, key: str) -> tuple[Write, ...]:
        """All that is written somewhere in a spec."""
        if key not in self._inside:
            self._inside[key] = ()  # where a process calls itself
            nodes = [node for node in self.model.specs[key].task_specs.values() if not node.name.endswith(" [child]")]
            self._inside[key] = tuple(one for node in nodes for one in self.of(node))
        return self._inside[key]

    def _work(self, node: Node) -> tuple[Write, ...]:
        said = node.dialect
        if isinstance(node, UserTask):
            return (Write((said.form_id,), node),) if said.form_id else ()
        if isinstance(node, (ScriptTask, BusinessRuleTask)) and said.result:
            return (_written(node, said.script, said.result, frozenset()),)
        if isinstance(node, CallActivity):
            inside = self.inside(node.inside) if said.propagate_child else ()
            return tuple(Write(path, node) for path in dict.fromkeys(one.path for one in inside))
        return self.inside(node.inside) if isinstance(node, Inside) else ()


def _written(node: Node, value: Value | None, target: str, own: Collection[str | None]) -> Write:
    """By an expression; `own` are the names that mean something else inside the element."""
    root = target.split(".")[0]
    return Write(tuple(target.split(".")), node, _constant(value), root not in own and _reads(value, root))


def _constant(value: Value | None) -> str | None:
    """What it says, if it looks at nothing."""
    if value is None or value.expression is None:
        return value.text if value is not None else None
    return None if value.expression.reads or value.expression.needs_context else value.expression.source


def _reads(value: Value | None, root: str | None) -> bool:
    expression = value.expression if value is not None else None
    return expression is not None and any(path[0] == root for path in expression.reads)


def _waits(node: Node) -> bool:
    """Can time pass between its beginning and its end?"""
    inner = node.inner if isinstance(node, MultiInstance) else node
    return isinstance(inner, (UserTask, Inside))


class _Reach:
    """What can be reached from each element of a scope, as bits: one by one it would take too long in a large one."""

    def __init__(self, spec: ProcessSpec) -> None:
        self.nodes: list[Node] = list(_backwards(spec.start_events))
        self.bit = {node.name: 1 << number for number, node in enumerate(self.nodes)}
        self._from = dict.fromkeys(self.bit, 0)
        changed = True
        while changed:  # once, and once more for each loop inside another
            changed = False
            for node in self.nodes:
                found = self.bit[node.name]
                for other in following(node):
                    found |= self._from[other.name]
                changed = changed or found != self._from[node.name]
                self._from[node.name] = found

    def behind(self, nodes: Sequence[Node], *, avoid: Node) -> int:
        """From any of these on, without passing through `avoid`."""
        found = 0
        for node in nodes:
            found |= self._from[node.name]
        if found & self.bit[avoid.name]:
            return sum(self.bit[node.name] for node in reached(nodes, avoid=avoid))
        return found


class _Branches:
    """The elements of one process or sub-process that may run side by side."""

    def __init__(self, spec: ProcessSpec, writes: Writes) -> None:
        self.spec = spec
        self.reach = _Reach(spec)
        drawn = (node for node in spec.task_specs.values() if node.name in self.reach.bit)
        self.writes = [(self.reach.bit[node.name], one) for node in drawn for one in writes.of(node)]
        self.all = writes

    def pairs(self) -> Iterator[tuple[Write, Write]]:
        """Two writes that may happen at the same time, of which one is lost."""
        for node in self.reach.nodes if len(self.writes) > 1 else ():
            if len(node.outgoing) > 1 and not isinstance(node, (ExclusiveGateway, EventGateway)):
                ways = [self.reach.behind([flow.target], avoid=node) for flow in node.outgoing]
                yield from (pair for pair in self._beside(ways) if not all(one.adds for one in pair))
            yield from (pair for pair in self._beside_events(node) if _collide(*pair))
        around = _by_root(one for _, one in self.writes)
        for start in self.spec.event_starts:
            for other in () if start.interrupting else self.all.of(start.sub_process):
                yield from ((one, other) for one in around.get(other.path[0], ()) if _collide(one, other))

    def _beside_events(self, node: Node) -> Iterator[tuple[Write, Write]]:
        """What follows an event that does not interrupt, beside its host and what follows that."""
        events = getattr(node, "boundaries", ())
        for event in events:
            if not event.cancel_activity:
                others = [flow.target for flow in node.outgoing] + [one for one in events if one is not event]
                host = self.reach.bit[node.name] | self.reach.behind(others, avoid=node)
                yield from self._beside([host, self.reach.behind([event], avoid=node)])

    def _beside(self, ways: list[int]) -> Iterator[tuple[Write, Write]]:
        # What every branch reaches comes behind the join: it is beside nothing.
        apart = reduce(or_, ways) & ~reduce(and_, ways)
        found = [
            (sum(1 << n for n, way in enumerate(ways) if way & bit), one) for bit, one in self.writes if bit & apart
        ]
        for place, (here, one) in enumerate(found):
            for there, other in found[place + 1 :]:
                # Each must be reached by a branch that does not reach the other.
                if one.path[0] == other.path[0] and here & ~there and there & ~here:
                    yield one, other


def _backwards(starts: Iterable[Node]) -> Iterator[Node]:
    """All that can be reached, each after what follows it, loops aside."""
    met: set[str] = set()
    for start in starts:
        stack = [(start, following(start))] if start.name not in met else []
        met.add(start.name)
        while stack:
            node, targets = stack[-1]
            target = next((one for one in targets if one.name not in met), None)
            if target is None:
                yield node
                stack.pop()
            else:
                met.add(target.name)
                stack.append((target, following(target)))


def _by_root(writes: Iterable[Write]) -> Mapping[str, Sequence[Write]]:
    """Name of the variable → all that write it or a part of it."""
    found: dict[str, list[Write]] = {}
    for one in writes:
        found.setdefault(one.path[0], []).append(one)
    return found


def _findings(spec: ProcessSpec, writes: Writes) -> Iterator[Finding]:
    found: dict[tuple[str, frozenset[str]], Finding] = {}
    for one, other in _Branches(spec, writes).pairs():
        if not _same(one.path, other.path) or (one.value is not None and one.value == other.value):
            continue
        key = ".".join(one.path if len(one.path) < len(other.path) else other.path)
        met = key, frozenset((one.node.name, other.node.name))
        if met not in found:
            found[met] = finding(
                "parallel-write", spec.file, other.node.bpmn_id, name=other.node.bpmn_name, key=key,
                first=_name(one.node), second=_name(other.node),
            )  # fmt: skip
        if len(found) >= _MOST:
            break
    yield from found.values()


def _collide(one: Write, other: Write) -> bool:
    """Is something lost where an event comes between?"""
    return (_waits(one.node) or _waits(other.node)) and not (one.adds or other.adds)


def _same(one: Path, other: Path) -> bool:
    """Is one of them the other, or around it?"""
    return one[: len(other)] == other[: len(one)]


def _name(node: Node) -> str:
    return str(node.bpmn_name or node.bpmn_id)
