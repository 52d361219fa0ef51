"""Draws what a model says: a diagram for a file that has none, so that it can be opened in an editor.

bpmn-auto-layout places each process; here they are put together, in pools where the file has some. Nothing else in the
file changes, not a byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from engine.bpmn.reading import BPMN, read_xml
from engine.bpmnio import Failed, Script
from engine.bpmnio.lean import lean
from engine.errors import SamledError

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
_DC = "http://www.omg.org/spec/DD/20100524/DC"
_WAYS = "http://www.omg.org/spec/DD/20100524/DI"
_PREFIXES = {"bpmndi": DI, "dc": _DC, "di": _WAYS}
#: Seconds of CPU time for a process; one of 300 elements takes less than one.
TIME_LIMIT = 30.0
#: Pixels: between pools, inside of a pool, its title, an empty pool.
_GAP, _MARGIN, _TITLE, _BAND = 40, 30, 30, 60
#: What bpmn-auto-layout does not place: it stays in the file, undrawn.
_LEFT_OUT = (
    "lane",
    "messageFlow",
    "textAnnotation",
    "association",
    "group",
    "dataObjectReference",
    "dataStoreReference",
)
_DIAGRAM = re.compile(
    r"\s*(<([\w.-]+:)?BPMNDiagram\b[^>]*/>|<([\w.-]+:)?BPMNDiagram\b.*?</([\w.-]+:)?BPMNDiagram\s*>)", re.DOTALL
)


class CannotLayOut(SamledError):
    """The file cannot be laid out."""


@dataclass(frozen=True)
class Drawn:
    """A file with its diagram."""

    content: bytes
    #: Kinds of elements of the file that are not in the diagram, such as `lane`.
    left_out: tuple[str, ...]


def lay_out(content: bytes, file: str, *, anew: bool = False) -> Drawn:
    """The same model with a diagram; `anew` replaces the one that it has.

    Raises:
        InvalidModel: the file cannot be read.
        CannotLayOut: it has a diagram, has nothing to draw, or its flows are too entangled.
    """
    root = read_xml(content, file)
    drawn = root.find(f".//{{{DI}}}BPMNShape") is not None
    if drawn and not anew:
        raise CannotLayOut(f"{file} has a diagram. To replace it, say --anew")
    processes = root.findall(f"{{{BPMN}}}process")
    if not any(len(process) for process in processes):
        raise CannotLayOut(f"{file} has no process with anything in it to draw")
    script = Script("layout")
    planes = {process.get("id", ""): _placed(script, root, process) for process in processes}
    diagrams = _Diagram(root, planes).build()
    left_out = tuple(kind for kind in _LEFT_OUT if root.find(f".//{{{BPMN}}}{kind}") is not None)
    return Drawn(_spliced(content, root, diagrams, file), left_out)


# --- one process ------------------------------------------------------------------------------------------------------


def _placed(script: Script, root: etree._Element, process: etree._Element) -> list[etree._Element]:
    """The shapes and edges of a process."""
    alone = lean(root, [process.get("id")])
    for child in [child for child in alone if child.tag != f"{{{BPMN}}}process"]:
        alone.remove(child)
    try:
        return _asked(script, alone)
    except Failed:
        # Flows that join what is far apart can be too much for it. Then a tree of flows is placed, and the rest drawn.
        left = _without_joining(alone)
    try:
        shapes = _asked(Script("layout"), alone)
    except Failed as failed:
        raise CannotLayOut(f"The process {process.get('id')} cannot be laid out: {failed}") from None
    return shapes + _edges_between(left, shapes)


def _asked(script: Script, alone: etree._Element) -> list[etree._Element]:
    alone = deepcopy(alone)
    _open_sub_processes(alone)
    answer = script(etree.tostring(alone, encoding="unicode"), seconds=TIME_LIMIT)
    planes = etree.fromstring(answer.encode()).iter(f"{{{DI}}}BPMNPlane")
    return [shape for plane in planes for shape in plane]


def _open_sub_processes(alone: etree._Element) -> None:
    """Says that each sub-process is drawn open: what is in it is drawn inside, else it would lie on top of the rest."""
    plane = etree.SubElement(etree.SubElement(alone, f"{{{DI}}}BPMNDiagram"), f"{{{DI}}}BPMNPlane")
    for inside in alone.iter(f"{{{BPMN}}}subProcess"):
        named = {"id": f"{inside.get('id')}-open-di", "bpmnElement": inside.get("id"), "isExpanded": "true"}
        etree.SubElement(plane, f"{{{DI}}}BPMNShape", named)


def _without_joining(alone: etree._Element) -> list[etree._Element]:
    """Takes out every flow to where another one leads already, and gives them back."""
    reached: set[str | None] = set()
    left = []
    for flow in list(alone.iter(f"{{{BPMN}}}sequenceFlow")):
        if flow.get("targetRef") in reached or flow.get("sourceRef") == flow.get("targetRef"):
            left.append(flow)
        reached.add(flow.get("targetRef"))
    gone = {flow.get("id") for flow in left}
    for listed in list(alone.iter(f"{{{BPMN}}}incoming", f"{{{BPMN}}}outgoing")):
        if listed.text in gone:
            listed.getparent().remove(listed)
    for flow in left:
        flow.getparent().remove(flow)
    return left


def _edges_between(flows: list[etree._Element], shapes: list[etree._Element]) -> list[etree._Element]:
    """Each flow as a line below both of its ends."""
    bounds = {shape.get("bpmnElement"): _bounds(shape) for shape in shapes if _bounds(shape)}
    edges = []
    for flow in flows:
        source, target = bounds.get(flow.get("sourceRef")), bounds.get(flow.get("targetRef"))
        if source is None or target is None:
            continue
        (x, y, width, height), (to_x, to_y, to_width, to_height) = source, target
        left, right, below = x + width / 2, to_x + to_width / 2, max(y + height, to_y + to_height) + 20
        edge = etree.Element(f"{{{DI}}}BPMNEdge", bpmnElement=flow.get("id"))
        for point in ((left, y + height), (left, below), (right, below), (right, to_y + to_height)):
            etree.SubElement(edge, f"{{{_WAYS}}}waypoint", x=f"{point[0]:g}", y=f"{point[1]:g}")
        edges.append(edge)
    return edges


def _bounds(shape: etree._Element) -> tuple[float, float, float, float] | None:
    bounds = shape.find(f"{{{_DC}}}Bounds")
    if bounds is None:
        return None
    x, y, width, height = (float(bounds.get(name)) for name in ("x", "y", "width", "height"))
    return x, y, width, height


# --- all of them ------------------------------------------------------------------------------------------------------


class _Diagram:
    """The shapes of several processes, put together."""

    def __init__(self, root: etree._Element, planes: Mapping[str, list[etree._Element]]) -> None:
        self.root, self.planes = root, planes
        kept = (child for child in root if child.tag != f"{{{DI}}}BPMNDiagram")
        self._taken = {node.get("id") for child in kept for node in child.iter(etree.Element)}

    def build(self) -> list[etree._Element]:
        """One diagram with every pool, and one for each process that is in no pool."""
        collaboration = self.root.find(f"{{{BPMN}}}collaboration")
        pools = [] if collaboration is None else collaboration.findall(f"{{{BPMN}}}participant")
        built = []
        if pools:
            built.append(self._diagram(collaboration.get("id"), [*self._pools(pools)]))
        pooled = {pool.get("processRef") for pool in pools}
        for process, shapes in self.planes.items():
            if process not in pooled and shapes:
                built.append(self._diagram(process, shapes))
        return built

    def _pools(self, pools: list[etree._Element]) -> Iterator[etree._Element]:
        """Each pool around what its process has, one below the other."""
        top = 0.0
        wide = max([self._size(self.planes.get(pool.get("processRef"), []))[0] for pool in pools], default=0.0)
        for pool in pools:
            shapes = self.planes.get(pool.get("processRef"), [])
            height = self._size(shapes)[1] + 2 * _MARGIN if shapes else _BAND
            yield self._pool(pool, top, wide + 2 * _MARGIN + _TITLE, height)
            left_edge, top_edge = self._corner(shapes)
            for shape in shapes:
                _shift(shape, _TITLE + _MARGIN - left_edge, top + _MARGIN - top_edge)
                yield shape
            top += height + _GAP

    @staticmethod
    def _pool(pool: etree._Element, top: float, width: float, height: float) -> etree._Element:
        shape = etree.Element(f"{{{DI}}}BPMNShape", bpmnElement=pool.get("id"), isHorizontal="true")
        size = {"x": "0", "y": f"{top:g}", "width": f"{width:g}", "height": f"{height:g}"}
        etree.SubElement(shape, f"{{{_DC}}}Bounds", size)
        return shape

    @staticmethod
    def _corner(shapes: list[etree._Element]) -> tuple[float, float]:
        points = [*_points(shapes)]
        return min((x for x, _ in points), default=0.0), min((y for _, y in points), default=0.0)

    def _size(self, shapes: list[etree._Element]) -> tuple[float, float]:
        left, top = self._corner(shapes)
        points = [*_points(shapes)]
        return max((x for x, _ in points), default=0.0) - left, max((y for _, y in points), default=0.0) - top

    def _diagram(self, shows: str, shapes: list[etree._Element]) -> etree._Element:
        diagram = etree.Element(f"{{{DI}}}BPMNDiagram", id=self._id(f"{shows}_diagram"), nsmap=_PREFIXES)
        plane = etree.SubElement(diagram, f"{{{DI}}}BPMNPlane", id=self._id(f"{shows}_plane"), bpmnElement=shows)
        for shape in shapes:
            copy = deepcopy(shape)
            others = {name: value for name, value in copy.attrib.items() if name not in ("id", "bpmnElement")}
            copy.attrib.clear()
            shown = shape.get("bpmnElement", "")
            copy.attrib.update({"id": self._id(f"{shown}_di"), "bpmnElement": shown, **others})
            plane.append(copy)
        return diagram

    def _id(self, wanted: str) -> str:
        """As wanted, unless something else has that id."""
        free = next(one for one in (wanted, *(f"{wanted}_{n}" for n in range(2, 99))) if one not in self._taken)
        self._taken.add(free)
        return free


def _points(shapes: list[etree._Element]) -> Iterator[tuple[float, float]]:
    for shape in shapes:
        if bounds := _bounds(shape):
            yield bounds[0], bounds[1]
            yield bounds[0] + bounds[2], bounds[1] + bounds[3]
        for point in shape.iter(f"{{{_WAYS}}}waypoint"):
            yield float(point.get("x")), float(point.get("y"))


def _shift(shape: etree._Element, right: float, down: float) -> None:
    for place in shape.iter(f"{{{_DC}}}Bounds", f"{{{_WAYS}}}waypoint"):
        place.set("x", f"{float(place.get('x')) + right:g}")
        place.set("y", f"{float(place.get('y')) + down:g}")


# --- into the file ----------------------------------------------------------------------------------------------------


def _spliced(content: bytes, root: etree._Element, diagrams: list[etree._Element], file: str) -> bytes:
    """The file's own text with the diagrams before its last tag; checked to be otherwise the same."""
    encoding = root.getroottree().docinfo.encoding or "utf-8"
    text = content.decode(encoding)
    prefix = re.escape(root.prefix + ":") if root.prefix else ""
    if any(child.tag == f"{{{DI}}}BPMNDiagram" for child in root):
        text = _DIAGRAM.sub("", text)
    head, end, tail = _before_last(text, prefix)
    newline = "\r\n" if "\r\n" in text else "\n"
    written = newline.join(_text(diagram, root).replace("\n", newline) for diagram in diagrams)
    result = f"{head.rstrip()}{newline}{written}{newline}{end}{tail}".encode(encoding, "xmlcharrefreplace")
    if _rest(read_xml(result, file)) != _rest(root):
        raise CannotLayOut(
            f"{file} is written in a way into which a diagram cannot be put. Open and save it in an editor"
        )
    return result


def _before_last(text: str, prefix: str) -> tuple[str, str, str]:
    found = None
    for found in re.finditer(rf"</{prefix}definitions\s*>", text):  # noqa: B007 - the last one
        pass
    if found is None:
        raise CannotLayOut("The file has no end of its definitions. Open and save it in an editor")
    return text[: found.start()], found[0], text[found.end() :]


def _text(diagram: etree._Element, root: etree._Element) -> str:
    """As the editor writes it, two levels in; without the prefixes that the file declares itself."""
    etree.indent(diagram, "  ")
    text = etree.tostring(diagram, encoding="unicode")
    for prefix, uri in _PREFIXES.items():
        if root.nsmap.get(prefix) == uri:
            text = text.replace(f' xmlns:{prefix}="{uri}"', "", 1)
    return "\n".join(f"  {line}" for line in text.replace("/>", " />").split("\n"))


def _rest(root: etree._Element) -> bytes:
    """Everything but the diagrams and the spaces around them, to compare."""
    copy = deepcopy(root)
    for child in [child for child in copy if child.tag == f"{{{DI}}}BPMNDiagram"]:
        copy.remove(child)
    for child in copy:
        child.tail = None
    copy.text = None
    found: bytes = etree.tostring(copy, method="c14n")
    return found
