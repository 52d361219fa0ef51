"""Which elements of a package its scenarios have visited."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from engine.bpmn.events import EventStart, EventSubProcess
from engine.bpmn.flows import Flow
from engine.bpmn.gateways import EventGateway, ExclusiveGateway, InclusiveGateway
from engine.bpmn.model import Model
from engine.bpmn.multi_instance import MultiInstance
from engine.bpmn.nodes import Node
from engine.bpmn.processes import ProcessSpec, Root

#: (name of the spec, node or sequence flow): what `Model.passed` collects.
Passed = Collection[tuple[str, str]]


@dataclass(frozen=True)
class Element:
    """A flow node, or one of the ways out of a gateway that chooses."""

    file: str
    id: str
    name: str | None
    #: Of a way: the names of what it leads from and to, and the id of the latter.
    way: tuple[str, str] | None = None
    target: str | None = None

    @property
    def shown(self) -> str:
        """Its name, else its id."""
        return self.name or self.id


@dataclass(frozen=True)
class Coverage:
    """What there is to visit, and what was not."""

    total: int
    missed: tuple[Element, ...]

    @property
    def visited(self) -> int:
        """How many elements were visited."""
        return self.total - len(self.missed)

    @classmethod
    def of(cls, model: Model, passed: Passed) -> Coverage:
        """Of a package's own processes, by what the cases of a simulation have passed.

        Visited is what was carried out or has happened: a task that was opened but never completed is not, nor is an
        event that was waited for in vain.
        """
        total, missed = 0, []
        for key, spec in model.specs.items():
            if model.package_of(spec.process_id) is model.package:
                for element, done in _elements(key, spec, passed):
                    total += 1
                    if not done:
                        missed.append(element)
        return cls(total, tuple(missed))

    @property
    def to_visit(self) -> list[Element]:
        """What was missed, without the ways to elements that were missed too: whoever visits those goes there."""
        ids = {(one.file, one.id) for one in self.missed}
        return [one for one in self.missed if (one.file, one.target) not in ids]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        missed = [{"file": one.file, "element": one.id, "element_name": one.name} for one in self.missed]
        return {"elements": self.total, "visited": self.visited, "not_visited": missed}


def _elements(key: str, spec: ProcessSpec, passed: Passed) -> Iterator[tuple[Element, bool]]:
    for node in spec.task_specs.values():
        # An event sub-process counts by its own start event; what is repeated, by its body.
        if isinstance(node, (Root, EventStart, EventSubProcess)) or node.name.endswith(" [child]"):
            continue
        yield Element(spec.file, node.bpmn_id, node.bpmn_name), _visited(key, node, passed)
        if isinstance(node, (ExclusiveGateway, InclusiveGateway)) and len(node.outgoing) > 1:
            for flow in node.outgoing:
                yield _way(spec, flow), (key, flow.id) in passed


def _visited(key: str, node: Node, passed: Passed) -> bool:
    if isinstance(node, MultiInstance):  # over an empty list nothing is done
        return (key, node.inner.name) in passed
    if isinstance(node, EventGateway):  # it only waits: what happened is one of its events
        return any((key, flow.target.name) in passed for flow in node.outgoing)
    return (key, node.name) in passed


def _way(spec: ProcessSpec, flow: Flow) -> Element:
    source, target = (node.bpmn_name or node.bpmn_id for node in (flow.source, flow.target))
    return Element(spec.file, flow.id, flow.name, (source, target), flow.target.bpmn_id)
