"""Well-formed BPMN: the standard's schema, references inside the file, and a diagram for what runs.

What the engine would run wrongly is refused where it is read (engine/bpmn/supported.py, definitions.py); the rest are
warnings, for a file that other tools read otherwise, or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from lxml import etree

from engine.bpmn.reading import BPMN
from engine.bpmn.supported import FLOW_NODES, is_executable
from engine.findings import Finding
from engine.layout.planes import MOST as MOST_ELEMENTS
from engine.layout.quality import Quality, measure
from engine.rules import finding
from engine.validation.bpmn_schema import MOST, violations
from engine.validation.subject import Subject

_DI = "http://www.omg.org/spec/BPMN/20100524/DI"
#: Attributes that name another element of the file. Those of flows, boundary events and events that run are errors of
#: the reader's own: `sourceRef`, `targetRef`, `attachedToRef`, and `messageRef` and its like.
_NAMING = {
    "messageFlow": ("sourceRef", "targetRef", "messageRef"),
    "association": ("sourceRef", "targetRef"),
    "dataObjectReference": ("dataObjectRef",),
    "dataStoreReference": ("dataStoreRef",),
    "participant": ("processRef",),
    "sendTask": ("messageRef",),
    "BPMNPlane": ("bpmnElement",),
    "BPMNShape": ("bpmnElement",),
    "BPMNEdge": ("bpmnElement",),
}
#: How often flows may cross on a plane before it is worth a word.
CROSSINGS = 10
#: Elements whose text names another element.
_NAMED_BY_TEXT = ("flowNodeRef", "categoryValueRef")


def check(subject: Subject) -> Iterator[Finding]:
    """Every model of the package."""
    for file, root in subject.roots.items():
        if etree.QName(root).localname != "definitions":
            continue  # not-bpmn
        yield from violations(root, file)
        yield from _File(root, file).check()


class _File:
    """One model, and what it has by id."""

    def __init__(self, root: etree._Element, file: str) -> None:
        self.root, self.file = root, file
        self.nodes = {node.get("id"): node for node in root.iter(etree.Element) if node.get("id")}
        self.running = [process for process in root.iterchildren(f"{{{BPMN}}}process") if is_executable(process)]

    def check(self) -> Iterator[Finding]:
        """References first, then the diagram."""
        lost = [*self._lost_references()]
        yield from lost[:MOST]
        if len(lost) > MOST:
            yield finding("lost-reference.more", self.file, count=len(lost) - MOST)
        for process in self.running:
            yield from self._defaults(process)
            yield from self._flow_lists(process)
        yield from self._undrawn()
        if self.running:
            for quality in measure(self.root):
                yield from self._unclear(quality)

    def _lost_references(self) -> Iterator[Finding]:
        for node in self.root.iter(etree.Element):
            tag = _local(node)
            if tag in _NAMED_BY_TEXT:
                yield from self._lost(node.getparent(), tag, (node.text or "").strip())
            for attribute in _NAMING.get(tag, ()):
                yield from self._lost(node, attribute, node.get(attribute))

    def _lost(self, node: etree._Element, attribute: str, reference: str | None) -> Iterator[Finding]:
        """The finding if nothing has the id. A prefix says that it may be in another file."""
        if reference and reference not in self.nodes and ":" not in reference:
            yield self._finding("lost-reference", node, tag=_local(node), attribute=attribute, reference=reference)

    def _defaults(self, process: etree._Element) -> Iterator[Finding]:
        for node in process.iter(f"{{{BPMN}}}*"):
            default = node.get("default")
            if default and _local(node) in FLOW_NODES:
                flow = self.nodes.get(default)
                if flow is None or flow.get("sourceRef") != node.get("id"):
                    yield self._finding("lost-default", node, reference=default)

    def _flow_lists(self, process: etree._Element) -> Iterator[Finding]:
        """The lists of flows inside elements must say what the flows say; none at all says nothing."""
        real: dict[tuple[str | None, str], set[str]] = defaultdict(set)
        for flow in process.iter(f"{{{BPMN}}}sequenceFlow"):
            real[flow.get("sourceRef"), "outgoing"].add(flow.get("id", ""))
            real[flow.get("targetRef"), "incoming"].add(flow.get("id", ""))
        for node in process.iter(f"{{{BPMN}}}*"):
            for way in ("incoming", "outgoing") if _local(node) in FLOW_NODES else ():
                listed = {(one.text or "").strip().rpartition(":")[2] for one in node.iterchildren(f"{{{BPMN}}}{way}")}
                wrong = sorted(listed ^ real[node.get("id"), way]) if listed else []
                if wrong:
                    yield self._finding(f"flow-lists.{way}", node, flow=wrong[0])

    def _undrawn(self) -> Iterator[Finding]:
        drawn = {
            shape.get("bpmnElement", "").rpartition(":")[2]
            for shape in self.root.iter(f"{{{_DI}}}BPMNShape", f"{{{_DI}}}BPMNEdge")
        }
        shown = [
            node
            for process in self.running
            for node in process.iter(f"{{{BPMN}}}*")
            if _local(node) in FLOW_NODES or _local(node) == "sequenceFlow"
        ]
        missing = [node for node in shown if node.get("id") not in drawn]
        if missing:
            rule = "missing-diagram.whole" if len(missing) == len(shown) else "missing-diagram.part"
            yield self._finding(rule, missing[0], count=len(missing), file_name=self.file)

    def _unclear(self, quality: Quality) -> Iterator[Finding]:
        """The worst that there is to say of a plane: one finding, so that a drawing by hand is not scolded."""
        shown = self.nodes.get(quality.shows)
        if shown is None:
            return
        told = {"file_name": self.file}
        if quality.through:
            flow, other = quality.through[0]
            name = self.nodes[other].get("name") or other
            node, count = self.nodes[flow], len(quality.through)
            yield self._finding("diagram-unclear.through", node, count=count, other=name, **told)
        elif quality.covered:
            node, count = self.nodes[quality.covered[0]], len(quality.covered)
            yield self._finding("diagram-unclear.covered", node, count=count, **told)
        elif len(quality.crossing) > CROSSINGS:
            yield self._finding("diagram-unclear.crossings", shown, count=len(quality.crossing), **told)
        elif quality.elements > MOST_ELEMENTS:
            yield self._finding("diagram-unclear.crowded", shown, count=quality.elements, **told)

    def _finding(self, rule: str, node: etree._Element, **values: Any) -> Finding:
        holder = node
        while not holder.get("id") and holder.getparent() is not None:
            holder = holder.getparent()
        element, name = holder.get("id", ""), holder.get("name") or None
        return finding(rule, self.file, element, name=name, label=name or element, **values)


def _local(node: etree._Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
