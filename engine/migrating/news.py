"""Steps that only the new version has: does a case that moves still come to them, or do they lie behind it?"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engine.bpmn.activities import Inside
from engine.bpmn.events import CatchEvent
from engine.bpmn.instances import CaseInstance, Instance
from engine.bpmn.model import Model
from engine.bpmn.multi_instance import MultiInstance
from engine.bpmn.nodes import Activity, Node
from engine.bpmn.processes import ProcessSpec


def of(old: CaseInstance, case: CaseInstance, mapped: Collection[str]) -> tuple[list[str], list[str]]:
    """Element ids: those that can still come, and those that cannot. `mapped`: what takes an old step's place."""
    known = {node.bpmn_id for spec in old.model.specs.values() for node in spec.task_specs.values()} | set(mapped)
    come: set[str] = set()
    for instance in case.instances():
        come |= {node.bpmn_id for node in _coming(instance, case.model)}
    new = {
        node.bpmn_id: None
        for spec in _parts(case)
        for node in spec.task_specs.values()
        if isinstance(node, (Activity, CatchEvent)) and node.bpmn_id not in known
    }
    return [one for one in new if one in come], [one for one in new if one not in come]


def _parts(case: CaseInstance) -> list[ProcessSpec]:
    """The case's process, and the sub-processes and called processes in it."""
    found = {case.spec.name: case.spec}
    todo = [case.spec]
    while todo:
        for node in todo.pop().task_specs.values():
            inner = node.inner if isinstance(node, MultiInstance) else node
            if isinstance(inner, Inside) and inner.inside not in found:
                found[inner.inside] = case.model.specs[inner.inside]
                todo.append(found[inner.inside])
    return list(found.values())


def _coming(instance: Instance, model: Model) -> Iterator[Node]:
    """The nodes that tokens of an instance can come to; with what runs inside those."""
    standing = [token.task_spec for token in instance.living()]
    joins = [instance.spec.task_specs[name] for name in instance.arrivals]
    todo = [after for node in (*standing, *joins) for after in _after(node)]
    todo += [start.sub_process for start in instance.spec.event_starts]
    for node in standing:
        if isinstance(node, MultiInstance) and node.sequential:
            todo += _inside(node.inner, model)  # it begins again for the next in the list
    met: set[int] = set()
    while todo:
        node = todo.pop()
        if id(node) in met:
            continue
        met.add(id(node))
        yield node
        todo += _after(node)
        todo += _inside(node, model)


def _after(node: Node) -> list[Node]:
    return [*(flow.target for flow in node.outgoing), *getattr(node, "boundaries", ())]


def _inside(node: Node, model: Model) -> list[Node]:
    inner = node.inner if isinstance(node, MultiInstance) else node
    if not isinstance(inner, Inside):
        return []
    spec = model.specs[inner.inside]
    return [*spec.start_events, *(start.sub_process for start in spec.event_starts)]
