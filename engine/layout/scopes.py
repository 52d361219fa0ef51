"""What there is to draw, read from a model: the nodes of a process or of a sub-process, their flows and lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from lxml import etree

from engine.bpmn.reading import BPMN, is_true
from engine.bpmn.supported import EVENTS, FLOW_NODES
from engine.layout.sizes import Size, box_size, words_size

SUB_PROCESSES = ("subProcess", "transaction", "adHocSubProcess")
#: What has a shape on the flow, run or not.
DRAWN = FLOW_NODES | {*SUB_PROCESSES, "complexGateway"}
ARTIFACTS = ("textAnnotation", "dataObjectReference", "dataStoreReference")
TASK, EVENT, GATEWAY = Size(100, 80), Size(36, 36), Size(50, 50)
#: Pixels: how wide the name below an event or above a gateway may be, and that of a flow.
LABEL, FLOW_LABEL = 96, 120


@dataclass(eq=False)
class Node:
    """Something with a place of its own."""

    id: str
    kind: str
    name: str
    size: Size
    lane: int = 0
    #: Its events on the border, in file order.
    borders: list[Node] = field(default_factory=list)
    #: On whose border it sits.
    host: Node | None = None
    #: What is in it, where it is drawn open.
    inside: Scope | None = None
    #: Lies in a row of its own below the flow, joined to nothing.
    apart: bool = False
    artifact: bool = False
    #: Columns, first and last, and the row: set by columns.py and rows.py.
    first: int = 0
    last: int = 0
    row: int = 0

    @property
    def is_gateway(self) -> bool:
        return self.kind.endswith("Gateway")

    @property
    def is_event(self) -> bool:
        return self.kind in EVENTS

    @property
    def label(self) -> Size:
        """The room of a name that stands beside the shape; nothing where it stands inside."""
        beside = self.is_event or self.is_gateway or self.kind.startswith("data")
        return words_size(self.name, LABEL) if beside else Size(0, 0)

    @property
    def port(self) -> int:
        """The column where lines leave and enter above and below."""
        return (self.first + self.last) // 2


@dataclass(eq=False)
class Flow:
    """A line between two nodes of a scope."""

    id: str
    name: str
    source: Node
    target: Node
    #: Runs against the direction of reading.
    back: bool = False
    #: An association: joins a note or data to what it is about.
    dotted: bool = False
    #: Part of the way from the start to the main end.
    is_main: bool = False

    @property
    def start(self) -> Node:
        """Where it starts on the grid: at the host of a border event."""
        return self.source.host or self.source

    @property
    def end(self) -> Node:
        return self.target.host or self.target

    @property
    def label(self) -> Size:
        return words_size(self.name, FLOW_LABEL)


@dataclass(eq=False)
class Scope:
    """A process, or what is in a sub-process."""

    id: str
    nodes: list[Node]
    flows: list[Flow]
    #: Lane ids with their names, from above; none for one without lanes.
    lanes: list[tuple[str, str]]
    #: Lanes inside a lane: the ids of each with the lanes of the lowest level that it is around.
    outer_lanes: list[tuple[str, int, int]] = field(default_factory=list)

    def everything(self) -> Iterator[Node]:
        """Its nodes and those on their borders."""
        return chain.from_iterable((node, *node.borders) for node in self.nodes)


def read_scope(
    element: etree._Element, is_open: Callable[[etree._Element], bool], sized: Callable[[Scope], Size]
) -> Scope:
    """What is directly in a process or sub-process. `is_open` says which sub-processes show what is in them, and
    `sized` lays that out."""
    lanes, outer, lane_of = _lanes(element)
    nodes: dict[str, Node] = {}
    for child in element.iterchildren(f"{{{BPMN}}}*"):
        kind, name = _local(child), (child.get("name") or "").strip()
        if kind in DRAWN and child.get("id"):
            node = Node(child.get("id", ""), kind, name, _usual_size(kind, name), lane_of.get(child.get("id"), 0))
            node.apart = is_true(child, "triggeredByEvent")
            if kind in SUB_PROCESSES and is_open(child):
                node.inside = read_scope(child, is_open, sized)
                wide, high = sized(node.inside)
                # The sign of a loop stands at the bottom.
                loops = child.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics") is not None
                node.size = Size(wide, high + (18 if loops else 0))
            nodes[node.id] = node
    _put_on_borders(element, nodes)
    flows = [*_flows(element, nodes)]
    _take_in_artifacts(element, nodes, flows)
    return Scope(element.get("id", ""), [node for node in nodes.values() if not node.host], flows, lanes, outer)


def _usual_size(kind: str, name: str) -> Size:
    if kind in EVENTS:
        return EVENT
    return GATEWAY if kind.endswith("Gateway") else box_size(name, TASK)


def _put_on_borders(element: etree._Element, nodes: dict[str, Node]) -> None:
    for child in element.iterchildren(f"{{{BPMN}}}boundaryEvent"):
        host = nodes.get(child.get("attachedToRef", ""))
        if host and child.get("id") in nodes and host.kind != "boundaryEvent":
            event = nodes[child.get("id")]
            event.host, event.lane = host, host.lane
            host.borders.append(event)


def _flows(element: etree._Element, nodes: dict[str, Node]) -> Iterator[Flow]:
    for child in element.iterchildren(f"{{{BPMN}}}sequenceFlow"):
        source, target = nodes.get(child.get("sourceRef", "")), nodes.get(child.get("targetRef", ""))
        if source and target and child.get("id"):
            name = (child.get("name") or "").strip()
            yield Flow(child.get("id"), name, source, target)


def _take_in_artifacts(element: etree._Element, nodes: dict[str, Node], flows: list[Flow]) -> None:
    """Notes and data, each in the lane of what it is about."""
    artifacts: dict[str, Node] = {}
    for child in element.iterchildren(*(f"{{{BPMN}}}{kind}" for kind in ARTIFACTS)):
        if child.get("id"):
            text = (child.findtext(f"{{{BPMN}}}text") or child.get("name") or "").strip()
            kind = _local(child)
            size = note_size(text) if kind == "textAnnotation" else Size(36 if "Object" in kind else 50, 50)
            artifacts[child.get("id")] = Node(child.get("id"), kind, text, size, artifact=True)
    known = {**nodes, **artifacts}
    for identity, source, target in _associations(element):
        ends = known.get(source), known.get(target)
        if ends[0] and ends[1] and (ends[0].artifact or ends[1].artifact):
            about, artifact = (ends[1], ends[0]) if ends[0].artifact else (ends[0], ends[1])
            if artifact.artifact and not about.artifact:
                artifact.lane = about.lane
            flows.append(Flow(identity, "", ends[0], ends[1], dotted=True))
    nodes.update(artifacts)


def _associations(element: etree._Element) -> Iterator[tuple[str, str, str]]:
    for child in element.iterchildren(f"{{{BPMN}}}association"):
        yield child.get("id", ""), child.get("sourceRef", ""), child.get("targetRef", "")
    for child in element.iterchildren(f"{{{BPMN}}}*"):
        for data in child.iterchildren(f"{{{BPMN}}}dataInputAssociation"):
            yield data.get("id", ""), (data.findtext(f"{{{BPMN}}}sourceRef") or "").strip(), child.get("id", "")
        for data in child.iterchildren(f"{{{BPMN}}}dataOutputAssociation"):
            yield data.get("id", ""), child.get("id", ""), (data.findtext(f"{{{BPMN}}}targetRef") or "").strip()


def note_size(text: str) -> Size:
    """A note is wider than it is tall."""
    width = 150.0
    while width < 260 and words_size(text, width - 14, 12).height > 58:
        width += 10
    return Size(width, max(40.0, words_size(text, width - 14, 12).height + 12))


def _lanes(element: etree._Element) -> tuple[list[tuple[str, str]], list[tuple[str, int, int]], dict[str, int]]:
    """The lanes of the lowest level, those around them, and which one each node is in."""
    lanes: list[tuple[str, str]] = []
    outer: list[tuple[str, int, int]] = []
    lane_of: dict[str, int] = {}

    def gather(lane_set: etree._Element) -> None:
        for lane in lane_set.iterchildren(f"{{{BPMN}}}lane"):
            before = len(lanes)
            for inner in lane.iterchildren(f"{{{BPMN}}}childLaneSet"):
                gather(inner)
            if len(lanes) == before:
                lanes.append((lane.get("id", ""), lane.get("name") or ""))
            else:
                outer.append((lane.get("id", ""), before, len(lanes) - 1))
            for listed in lane.iterchildren(f"{{{BPMN}}}flowNodeRef"):
                lane_of.setdefault((listed.text or "").strip(), before)

    for lane_set in element.iterchildren(f"{{{BPMN}}}laneSet"):
        gather(lane_set)
    return lanes, outer, lane_of


def _local(node: etree._Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
