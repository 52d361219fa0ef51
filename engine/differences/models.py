"""The items of a model: every element of BPMN and DMN that has an id of its own, with all that it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from engine.bpmn.reading import BPMN, read_xml
from engine.differences.items import Item

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
#: What other items stand in. An id anywhere else, such as a timer's in its event, names nothing that people know.
_HOLDERS = frozenset(
    "definitions process subProcess transaction adHocSubProcess collaboration laneSet childLaneSet lane "
    "decision decisionTable rule".split()
)
#: The cells of a rule.
ENTRIES = frozenset({"inputEntry", "outputEntry"})
#: Said twice in a file: by the flows themselves, and by the lanes.
DERIVED = frozenset({"incoming", "outgoing", "flowNodeRef"})
#: Children of these are told apart by this attribute, else by their place.
_TOLD_APART = {"input": "target", "output": "target", "header": "key", "property": "name"}


def local(node: etree._Element) -> str:
    """The tag without its namespace; empty for a comment."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def is_diagram(node: etree._Element) -> bool:
    """Is it how the model is drawn, and no part of what it says?"""
    return local(node) in ("BPMNDiagram", "DMNDI")


def is_item(node: etree._Element) -> bool:
    """Does it stand for itself: has it an id, and stands in a process, a lane, a table …?"""
    parent = node.getparent()
    return bool(node.get("id")) and parent is not None and local(parent) in _HOLDERS and bool(local(node))


def items_below(root: etree._Element) -> Iterator[etree._Element]:
    """Every item of a model, in the order of the file; nothing of the diagram."""
    for child in root:
        if local(child) and not is_diagram(child):
            if is_item(child):
                yield child
            yield from items_below(child)


def step(node: etree._Element) -> str:
    """What tells a part of an item from its siblings: `taskSchedule`, `input[receipts]`, `text[2]`."""
    name = local(node)
    if (told := _TOLD_APART.get(name)) and node.get(told):
        return f"{name}[{node.get(told)}]"
    parent = node.getparent()
    alike = [] if parent is None else [one for one in parent if one.tag == node.tag and not is_item(one)]
    place = alike.index(node) if node in alike else 0
    return f"{name}[{place + 1}]" if place else name


def is_part(node: etree._Element) -> bool:
    """Is it part of what an item says, and neither an item nor said elsewhere as well?"""
    return bool(local(node)) and not is_item(node) and local(node) not in DERIVED


def parts(node: etree._Element) -> list[etree._Element]:
    """The children of an item, or of a part of it, that are parts themselves."""
    return [one for one in node if is_part(one) and not is_diagram(one)]


def facts_of(node: etree._Element, prefix: str = "") -> dict[str, str]:
    """All that an item says, by a path that does not depend on the order or the prefixes of the file."""
    found = {f"{prefix}@{_plain(name)}": value for name, value in node.attrib.items() if prefix or name != "id"}
    text = (node.text or "").strip()
    if text:
        found[prefix] = text
    elif prefix and not found and not len(node):
        found[prefix] = ""
    for part in parts(node):
        inner = prefix if local(part) == "extensionElements" else f"{prefix}/{step(part)}".lstrip("/")
        below = facts_of(part, inner) if inner else _of_extensions(part)
        found |= {path: value for path, value in below.items() if not _names_itself(path)}
    return found


def _of_extensions(holder: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in parts(holder):
        found |= facts_of(part, step(part))
    return found


def _names_itself(path: str) -> bool:
    """Ids that editors make up for parts, and attributes that the path holds already."""
    return path.endswith("@id") or path.endswith("@{type}")


def _plain(name: str) -> str:
    namespace, _, plain = name.rpartition("}")
    return f"{{{plain}}}" if namespace else plain


def lanes_of(root: etree._Element) -> dict[str, etree._Element]:
    """Flow node → the innermost lane that it is in."""
    found: dict[str, etree._Element] = {}
    for lane in root.iter(f"{{{BPMN}}}lane"):  # the inner after the outer
        for listed in lane.findall(f"{{{BPMN}}}flowNodeRef"):
            found[(listed.text or "").strip()] = lane
    return found


def items_of(content: bytes, file: str) -> dict[str, Item]:
    """The items of a BPMN or DMN file by id. Raises InvalidModel when it cannot be read."""
    root = read_xml(content, file)
    drawn, lanes = _drawn(root), lanes_of(root)
    found = {}
    for node in items_below(root):
        key = node.get("id", "")
        facts = facts_of(node)
        if key in lanes:
            facts["lane"] = lanes[key].get("id", "")
        facts |= _within(node)
        found[key] = Item(file, local(node), key, _name(node), facts, drawn.get(key, ""), _listed(node))
    return found


def _within(node: etree._Element) -> dict[str, str]:
    """The process, the sub-process or the lane in which it stands."""
    parent = node.getparent()
    inside = parent is not None and local(parent) in ("subProcess", "transaction", "process", "lane")
    return {"within": parent.get("id", "")} if parent is not None and inside else {}


def _listed(node: etree._Element) -> str:
    """The table whose order it is part of."""
    parent = node.getparent()
    ordered = local(node) in ("rule", "input", "output") and parent is not None
    return f"{parent.get('id', '')} {local(node)}" if ordered and parent is not None else ""


def _name(node: etree._Element) -> str:
    if name := node.get("name") or node.get("label"):
        return " ".join(name.split())
    parent = node.getparent()
    if local(node) in ENTRIES and parent is not None:
        return _name(parent)
    if local(node) == "rule":
        return " → ".join(_cells(node, "inputEntry") + _cells(node, "outputEntry")[:1])
    return ""


def _cells(rule: etree._Element, tag: str) -> list[str]:
    return ["".join(cell.itertext()).strip() or "-" for cell in rule if local(cell) == tag]


def _drawn(root: etree._Element) -> Mapping[str, str]:
    """Element id → its shape or line, as one text to compare."""
    found = {}
    for shape in root.iter(f"{{{DI}}}BPMNShape", f"{{{DI}}}BPMNEdge"):
        numbers = [*shape.iter("{*}Bounds"), *shape.iter("{*}waypoint")]
        said = [" ".join(f"{name}={float(value):g}" for name, value in sorted(one.attrib.items())) for one in numbers]
        found[shape.get("bpmnElement", "")] = "; ".join(said)
    return found
