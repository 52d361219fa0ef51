"""A drawing in the file: its diagrams as text before the last tag, and nothing else changed, not a byte."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy

from lxml import etree

from engine.bpmn.reading import BPMN, read_xml
from engine.errors import SamledError
from engine.layout.picture import Box, Picture, Point
from engine.layout.planes import Plane

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
_DC = "http://www.omg.org/spec/DD/20100524/DC"
_WAYS = "http://www.omg.org/spec/DD/20100524/DI"
_PREFIXES = {"bpmndi": DI, "dc": _DC, "di": _WAYS}
_DIAGRAM = re.compile(
    r"\s*(<([\w.-]+:)?BPMNDiagram\b[^>]*/>|<([\w.-]+:)?BPMNDiagram\b.*?</([\w.-]+:)?BPMNDiagram\s*>)", re.DOTALL
)
#: Pixels: where the upper left corner of a plane lies, as editors have it.
_CORNER = (160.0, 80.0)


class CannotLayOut(SamledError):
    """The file cannot be laid out."""


class Writer:
    """Diagrams as elements."""

    def __init__(self, root: etree._Element) -> None:
        kept = (child for child in root if child.tag != f"{{{DI}}}BPMNDiagram")
        self._taken = {node.get("id") for child in kept for node in child.iter(etree.Element)}
        self._marked = {node.get("id") for node in root.iter(f"{{{BPMN}}}exclusiveGateway")}

    def diagram(self, plane: Plane) -> etree._Element:
        """A diagram with the plane."""
        shows, picture = plane.shows, plane.picture
        diagram = etree.Element(f"{{{DI}}}BPMNDiagram", id=self._id(f"{shows}_diagram"), nsmap=_PREFIXES)
        parent = etree.SubElement(diagram, f"{{{DI}}}BPMNPlane", id=self._id(f"{shows}_plane"), bpmnElement=shows)
        bounds = picture.bounds()
        moved = Picture()
        moved.add(picture, round(_CORNER[0] - bounds.x), round(_CORNER[1] - bounds.y))
        for name, box in moved.shapes.items():
            parent.append(self._shape(name, box, moved))
        for name, points in moved.lines.items():
            parent.append(self._edge(name, points, moved.labels))
        return diagram

    def _shape(self, name: str, box: Box, picture: Picture) -> etree._Element:
        shape = etree.Element(f"{{{DI}}}BPMNShape", id=self._id(f"{name}_di"), bpmnElement=name)
        if name in picture.flat:
            shape.set("isHorizontal", "true")
        if name in picture.opened or name in picture.folded:
            shape.set("isExpanded", "true" if name in picture.opened else "false")
        if name in self._marked:
            shape.set("isMarkerVisible", "true")
        shape.append(_bounds(box))
        if name in picture.labels:
            etree.SubElement(shape, f"{{{DI}}}BPMNLabel").append(_bounds(picture.labels[name]))
        return shape

    def _edge(self, name: str, points: Iterable[Point], labels: Mapping[str, Box]) -> etree._Element:
        edge = etree.Element(f"{{{DI}}}BPMNEdge", id=self._id(f"{name}_di"), bpmnElement=name)
        for x, y in points:
            etree.SubElement(edge, f"{{{_WAYS}}}waypoint", x=str(round(x)), y=str(round(y)))
        if name in labels:
            etree.SubElement(edge, f"{{{DI}}}BPMNLabel").append(_bounds(labels[name]))
        return edge

    def _id(self, wanted: str) -> str:
        """As wanted, unless something else has that id."""
        free = next(one for one in (wanted, *(f"{wanted}_{n}" for n in range(2, 99))) if one not in self._taken)
        self._taken.add(free)
        return free


def _bounds(box: Box) -> etree._Element:
    sides = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    return etree.Element(f"{{{_DC}}}Bounds", {name: str(round(value)) for name, value in sides.items()})


# --- into the file ----------------------------------------------------------------------------------------------------


def spliced(content: bytes, root: etree._Element, diagrams: list[etree._Element], file: str) -> bytes:
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
