"""One model's XML as it is edited: nodes, flows, lanes; everything that is not touched stays as it is written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from lxml import etree

from engine.bpmn.reading import BPMN, read_xml
from engine.editing.contents import NotAPackage, process_id_of
from engine.errors import SamledError
from engine.layout import lay_out
from engine.merging.xml import insert_after, remove
from engine.references import defines

ZEEBE = "http://camunda.org/schema/zeebe/1.0"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
DI = "http://www.omg.org/spec/BPMN/20100524/DI"

ACTIVITIES = (
    "task", "userTask", "serviceTask", "scriptTask", "businessRuleTask", "sendTask", "receiveTask", "manualTask",
    "callActivity", "subProcess", "transaction", "adHocSubProcess",
)  # fmt: skip
GATEWAYS = ("exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway", "complexGateway")
EVENTS = ("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent")
NODES = frozenset((*ACTIVITIES, *GATEWAYS, *EVENTS))
SUB_PROCESSES = ("subProcess", "transaction", "adHocSubProcess")
#: What comes before them in an element, by the schema.
_BEFORE = {"incoming": ("documentation", "extensionElements", "incoming"), "outgoing": ("outgoing",)}
#: The drawing and the first line, as written: they stay, to the byte.
_DRAWN = re.compile(r"<(?:[\w.-]+:)?BPMNDiagram\b.*?</(?:[\w.-]+:)?BPMNDiagram\s*>", re.DOTALL)
_DECLARED = re.compile(r"\s*<\?xml\b[^>]*\?>\s*")
_NO_NAME = re.compile(r"[^a-z0-9]+")


class StepRefused(SamledError):
    """This cannot be done to this step. Use the diagram for it."""

    def __init__(self, reason: str, **values: str) -> None:
        """`reason`: a word that the page says in the reader's language, such as `several-ways`."""
        super().__init__(f"{reason} {values or ''}".strip())
        self.reason = reason
        self.values = values


def bpmn(tag: str) -> str:
    return f"{{{BPMN}}}{tag}"


def kind(node: etree._Element) -> str:
    """The tag without its namespace; nothing for what is not BPMN."""
    return node.tag.partition("}")[2] if isinstance(node.tag, str) and node.tag.startswith(f"{{{BPMN}}}") else ""


def file_of(files: Iterable[str], texts: dict[str, str], process_id: str) -> str:
    """The name of the model that defines a process. Raises StepRefused where none does."""
    models = sorted(name for name in files if name.lower().endswith(".bpmn"))
    found = [name for name in models if defines(texts[name].encode(), process_id)]
    if not found and models:
        found = [name for name in models if defines(texts[name].encode(), _named(texts))]
    if not found:
        raise StepRefused("no-model")
    return found[0]


def _named(texts: dict[str, str]) -> str:
    try:
        return process_id_of(texts)
    except NotAPackage:
        raise StepRefused("no-model") from None


class Model:
    """A model that can be changed. `text()` is what it has become."""

    def __init__(self, text: str, file: str) -> None:
        """Raises InvalidModel for what cannot be read."""
        self.file = file
        self.root = read_xml(text.encode(), file)
        self._before, self._redrawn = text, False
        #: Does it list at each node which flows lead there and away?
        self._lists = next(self.root.iter(bpmn("incoming"), bpmn("outgoing")), None) is not None
        self.nodes = {key: node for node in self.root.iter(etree.Element) if kind(node) in NODES and (key := _id(node))}
        self.flows = {key: flow for flow in self.root.iter(bpmn("sequenceFlow")) if (key := _id(flow))}

    def processes(self) -> list[etree._Element]:
        """The processes of the file, in order."""
        return list(self.root.findall(bpmn("process")))

    def text(self) -> str:
        """The file, drawn as it was."""
        written: str = etree.tostring(self.root.getroottree(), encoding="unicode")
        head = _DECLARED.match(self._before)
        written = (head[0] if head else '<?xml version="1.0" encoding="UTF-8"?>\n') + written
        drawn, now = _DRAWN.findall(self._before), _DRAWN.findall(written)
        if not self._redrawn and len(drawn) == len(now):
            kept = iter(drawn)
            written = _DRAWN.sub(lambda _match: next(kept), written)
        return written + self._before[len(self._before.rstrip()) :]

    def redrawn(self) -> str:
        """The file, laid out anew: for a change of which steps there are, or of what leads where."""
        return lay_out(self.text().encode(), self.file, anew=True).content.decode()

    def node(self, key: str) -> etree._Element:
        """Raises StepRefused: it is not there any more."""
        if key not in self.nodes:
            raise StepRefused("gone")
        return self.nodes[key]

    def into(self, key: str) -> list[etree._Element]:
        """The flows that lead to a node."""
        return [flow for flow in self.flows.values() if flow.get("targetRef") == key]

    def out_of(self, key: str) -> list[etree._Element]:
        """The flows that lead on, the default one last."""
        found = [flow for flow in self.flows.values() if flow.get("sourceRef") == key]
        default = self.nodes[key].get("default")
        return sorted(found, key=lambda flow: flow.get("id") == default)

    def borders(self, key: str) -> list[etree._Element]:
        """The events on a step's border."""
        return [node for node in self.nodes.values() if node.get("attachedToRef") == key]

    # What changes

    def turn(self, flow: etree._Element, target: str) -> None:
        """Let a flow lead elsewhere."""
        self._unlist(flow.get("targetRef", ""), "incoming", flow)
        flow.set("targetRef", target)
        self._list(target, "incoming", flow)

    def add_flow(self, source: str, target: str, name: str = "", condition: str = "") -> etree._Element:
        """A new flow between two nodes of a scope."""
        key = self.free_id(f"{source}__{target}")
        flow = etree.Element(bpmn("sequenceFlow"), id=key)
        if name:
            flow.set("name", name)
        flow.set("sourceRef", source)
        flow.set("targetRef", target)
        self.flows[key] = flow
        scope = self.scope(self.nodes[source])
        insert_after(scope, flow, _last(scope, "sequenceFlow"))
        self.set_condition(flow, condition)
        self._list(source, "outgoing", flow)
        self._list(target, "incoming", flow)
        return flow

    def set_condition(self, flow: etree._Element, condition: str) -> None:
        """Under which condition a flow is taken; nothing: always."""
        said = flow.find(bpmn("conditionExpression"))
        if not condition:
            if said is not None:
                remove(said)
            return
        if said is None:
            said = etree.Element(bpmn("conditionExpression"), {f"{{{XSI}}}type": self._formal()})
            insert_after(flow, said, flow[-1] if len(flow) else None)
        said.text = condition

    def add_node(self, scope: etree._Element, node: etree._Element, after: etree._Element) -> None:
        """A new node in the scope and the lane of another."""
        etree.indent(node, level=len(list(scope.iterancestors())) + 1)
        insert_after(scope, node, after)
        key = _id(node)
        self.nodes[key] = node
        beside = _id(after)
        for listed in list(self.root.iter(bpmn("flowNodeRef"))):
            if (listed.text or "").strip() == beside and (lane := listed.getparent()) is not None:
                new = etree.Element(bpmn("flowNodeRef"))
                new.text = key
                insert_after(lane, new, listed)

    def drop(self, element: etree._Element) -> None:
        """Take away a node or a flow with what is inside it, its place in lists and lanes, and its drawing."""
        gone = {key for one in element.iter(etree.Element) if (key := _id(one))}
        for key in gone & self.flows.keys():
            flow = self.flows.pop(key)
            self._unlist(flow.get("sourceRef", ""), "outgoing", flow)
            self._unlist(flow.get("targetRef", ""), "incoming", flow)
            source = self.nodes.get(flow.get("sourceRef", ""))
            if source is not None and source.get("default") == key:
                del source.attrib["default"]
        for key in gone:
            self.nodes.pop(key, None)
        remove(element)
        for one in list(self.root.iter(etree.Element)):
            drawn = one.get("bpmnElement") in gone and one.tag.startswith(f"{{{DI}}}")
            tied = kind(one) == "association" and {one.get("sourceRef"), one.get("targetRef")} & gone
            self._redrawn = self._redrawn or drawn
            if drawn or tied or (kind(one) == "flowNodeRef" and (one.text or "").strip() in gone):
                remove(one)

    @staticmethod
    def scope(node: etree._Element) -> etree._Element:
        """The process or sub-process around a node."""
        around = node.getparent()
        if around is None:
            raise StepRefused("gone")
        return around

    def free_id(self, wanted: str) -> str:
        """An id like a name, that nothing else has: `Godkänn kallelsen` → `godkann_kallelsen`."""
        plain = unicodedata.normalize("NFKD", wanted).encode("ascii", "ignore").decode().lower()
        plain = re.sub(r"_{3,}", "__", _NO_NAME.sub("_", plain) if "__" not in wanted else wanted).strip("_")[:80]
        plain = plain if plain[:1].isalpha() else f"step_{plain}".strip("_")
        taken = set(self.root.xpath("//@id"))
        return next(one for one in _numbered(plain) if one not in taken)

    def _formal(self) -> str:
        prefix = self.root.prefix
        return f"{prefix}:tFormalExpression" if prefix else "tFormalExpression"

    def _list(self, key: str, which: str, flow: etree._Element) -> None:
        node = self.nodes.get(key)
        if node is None or not self._lists or which not in _BEFORE:
            return
        new = etree.Element(bpmn(which))
        new.text = flow.get("id")
        tags = (*_BEFORE["incoming"], *_BEFORE["outgoing"]) if which == "outgoing" else _BEFORE["incoming"]
        earlier = [child for child in node if kind(child) in tags]
        insert_after(node, new, earlier[-1] if earlier else None)

    def _unlist(self, key: str, which: str, flow: etree._Element) -> None:
        node = self.nodes.get(key)
        for listed in node.findall(bpmn(which)) if node is not None else []:
            if (listed.text or "").strip() == flow.get("id"):
                remove(listed)


def _numbered(plain: str) -> Iterator[str]:
    yield plain
    number = 2
    while True:
        yield f"{plain}_{number}"
        number += 1


def _last(scope: etree._Element, tag: str) -> etree._Element | None:
    found = scope.findall(bpmn(tag))
    nodes = [child for child in scope if kind(child) in NODES]
    return found[-1] if found else nodes[-1] if nodes else None


def _id(node: etree._Element) -> str:
    return node.get("id") or ""
