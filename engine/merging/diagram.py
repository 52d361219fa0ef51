"""The diagram of a merged model: that of the side it looks like, else both put together, else drawn anew."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

from lxml import etree

from engine.bpmn.reading import BPMN
from engine.bpmn.words import ELEMENTS
from engine.differences.models import DI, is_diagram, items_below, lanes_of, local
from engine.errors import SamledError
from engine.layout import lay_out
from engine.merging.xml import insert_after, remove

#: What others are drawn inside of.
_AROUND = frozenset({"participant", "lane", "subProcess", "transaction", "adHocSubProcess", "group"})
#: What must have a shape.
_DRAWN = frozenset(ELEMENTS) - {"process", "sequenceFlow"}
#: Pixels by which a line may miss its shape.
_NEAR = 3.0
Bounds = tuple[float, float, float, float]


def merge_diagram(
    base: etree._Element, theirs: etree._Element, before: etree._Element, merged: etree._Element, file: str
) -> bytes:
    """The merged file. `before`: ours as it was; `merged`: ours with all that was merged, and our diagram still."""
    shape = _structure(merged)
    if shape == _structure(theirs) and (shape != _structure(before) or _drawing(before) == _drawing(base)):
        _replace(merged, theirs)
    elif shape != _structure(before) and merged.tag.startswith(f"{{{BPMN}}}"):
        fits = _put_together(theirs, before, merged)
        return _written(merged) if fits else _anew(merged, file)
    return _written(merged)


def _structure(root: etree._Element) -> frozenset[tuple[str, ...]]:
    """What decides how a model is drawn."""
    lanes = {key: lane.get("id", "") for key, lane in lanes_of(root).items()}
    ends = ("sourceRef", "targetRef", "attachedToRef")
    found = set()
    for node in items_below(root):
        parent = node.getparent()
        key, within = node.get("id", ""), "" if parent is None else parent.get("id", "")
        found.add((key, local(node), within, lanes.get(key, ""), *(node.get(end, "") for end in ends)))
    return frozenset(found)


def _drawing(root: etree._Element) -> list[bytes]:
    return [etree.tostring(one, method="c14n", with_tail=False) for one in root if is_diagram(one)]


def _replace(merged: etree._Element, source: etree._Element) -> None:
    """The other side's diagrams as they are."""
    for old in [one for one in merged if is_diagram(one)]:
        remove(old)
    for new in [one for one in source if is_diagram(one)]:
        copy = deepcopy(new)
        copy.tail = None
        insert_after(merged, copy, merged[-1] if len(merged) else None)


def _put_together(theirs: etree._Element, before: etree._Element, merged: etree._Element) -> bool:
    """Ours without what is gone, and what is new as theirs has it. Does that fit?"""
    known = {node.get("id", "") for node in items_below(merged)}
    planes = [*merged.iter(f"{{{DI}}}BPMNPlane")]
    if not planes:
        return True  # it was not drawn before either
    drawn = {one.get("bpmnElement", ""): one for plane in planes for one in plane if local(one)}
    for key, one in drawn.items():
        if key not in known and key not in _others(merged):
            remove(one)
    their_planes = theirs.iter(f"{{{DI}}}BPMNPlane")
    source = {one.get("bpmnElement", ""): one for plane in their_planes for one in plane if local(one)}
    changed = {row[0] for row in _structure(merged) - _structure(before)}
    for key in changed & source.keys():
        copy = deepcopy(source[key])
        copy.tail = None
        if key in drawn:
            remove(drawn[key])
        insert_after(planes[0], copy, planes[0][-1] if len(planes[0]) else None)
    return _fits(merged, changed)


def _others(root: etree._Element) -> set[str]:
    """Ids of what is drawn and no item, such as a collaboration."""
    return {node.get("id", "") for node in root.iter() if local(node) and node.get("id")}


def _fits(merged: etree._Element, changed: set[str]) -> bool:
    """Is everything new drawn, on top of nothing, inside of what it belongs to, and do its lines meet their ends?"""
    nodes = {node.get("id", ""): node for node in items_below(merged)}
    shapes = {key: bounds for one in merged.iter(f"{{{DI}}}BPMNShape")
              if (key := one.get("bpmnElement", "")) and (bounds := _bounds(one))}  # fmt: skip
    lines = {one.get("bpmnElement", ""): one for one in merged.iter(f"{{{DI}}}BPMNEdge")}
    lanes = {key: lane.get("id", "") for key, lane in lanes_of(merged).items()}
    return all(_is_drawn(nodes[key], nodes, shapes, lines, lanes) for key in changed & nodes.keys())


def _is_drawn(
    node: etree._Element,
    nodes: Mapping[str, etree._Element],
    shapes: Mapping[str, Bounds],
    lines: Mapping[str, etree._Element],
    lanes: Mapping[str, str],
) -> bool:
    key = node.get("id", "")
    if local(node) == "sequenceFlow":
        return key in lines and _meets(lines[key], node, shapes)
    return _has_room(key, nodes, shapes, lanes) if key in shapes else local(node) not in _DRAWN


def _has_room(
    key: str, nodes: Mapping[str, etree._Element], shapes: Mapping[str, Bounds], lanes: Mapping[str, str]
) -> bool:
    node, own = nodes[key], shapes[key]
    parent = node.getparent()
    for around in (lanes.get(key, ""), parent.get("id", "") if parent is not None else ""):
        if around in shapes and not _inside(own, shapes[around]):
            return False
    if local(node) in _AROUND or node.get("attachedToRef"):
        return True
    siblings = (other for other in nodes if other != key and other in shapes and nodes[other].getparent() is parent)
    return not any(_overlap(own, shapes[other]) for other in siblings if not nodes[other].get("attachedToRef"))


def _meets(line: etree._Element, flow: etree._Element, shapes: Mapping[str, Bounds]) -> bool:
    points = [(float(one.get("x", 0)), float(one.get("y", 0))) for one in line.iter("{*}waypoint")]
    ends = (flow.get("sourceRef", ""), flow.get("targetRef", ""))
    if len(points) < 2 or not set(ends) <= shapes.keys():
        return False
    return all(_touches(point, shapes[end]) for point, end in zip((points[0], points[-1]), ends, strict=True))


def _touches(point: tuple[float, float], bounds: Bounds) -> bool:
    (x, y), (left, top, width, height) = point, bounds
    return left - _NEAR <= x <= left + width + _NEAR and top - _NEAR <= y <= top + height + _NEAR


def _inside(inner: Bounds, outer: Bounds) -> bool:
    corners = ((inner[0], inner[1]), (inner[0] + inner[2], inner[1] + inner[3]))
    return all(_touches(corner, outer) for corner in corners)


def _overlap(one: Bounds, other: Bounds) -> bool:
    return (
        one[0] < other[0] + other[2] and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3] and other[1] < one[1] + one[3]
    )  # fmt: skip


def _bounds(shape: etree._Element) -> Bounds | None:
    found = shape.find("{*}Bounds")
    if found is None:
        return None
    x, y, width, height = (float(found.get(name, 0)) for name in ("x", "y", "width", "height"))
    return x, y, width, height


def _anew(merged: etree._Element, file: str) -> bytes:
    """Drawn from nothing; as put together where that cannot be done."""
    content = _written(merged)
    try:
        return lay_out(content, file, anew=True).content
    except SamledError:
        return content


def _written(root: etree._Element) -> bytes:
    info = root.getroottree().docinfo
    written: bytes = etree.tostring(root.getroottree(), xml_declaration=True, encoding=info.encoding or "UTF-8")
    return written + b"\n"
