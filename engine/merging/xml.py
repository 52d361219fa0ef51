"""Small moves in an XML tree that leave the text of the rest as it is."""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from engine.differences.models import DERIVED, is_item, is_part, local, step

#: What comes first in an element, in this order, by the schema.
_FIRST = ("documentation", "extensionElements", "incoming", "outgoing")


def part_key(node: etree._Element) -> str:
    """What tells a part from its siblings in any of the three versions."""
    return f"{node.tag} {step(node)}"


def parts_by_key(node: etree._Element | None) -> dict[str, etree._Element]:
    """The parts of an element."""
    return {part_key(one): one for one in node if is_part(one)} if node is not None else {}


def without_items(node: etree._Element) -> etree._Element:
    """A copy that stands alone: what has an id of its own is not in it."""
    copy = deepcopy(node)
    ids = {one.get("id") for one in node.iter() if one is not node and is_item(one)}
    for one in [one for one in copy.iter() if one is not copy and local(one) and one.get("id") in ids]:
        parent = one.getparent()
        if parent is not None and is_item(one):
            parent.remove(one)
    for listed in [one for one in copy if local(one) in DERIVED]:
        copy.remove(listed)
    copy.tail = None
    return copy


def insert_after(parent: etree._Element, new: etree._Element, before: etree._Element | None) -> None:
    """Put an element after a sibling, or where it belongs when it comes first, indented as its siblings are."""
    place = parent.index(before) + 1 if before is not None else _beginning(parent, new)
    if len(parent) == 0:
        outer = _indent_of(parent)
        parent.text, new.tail = f"{outer}  ", outer
    elif place == 0:
        new.tail = parent.text if not (parent.text or "").strip() else None
    else:
        sibling = parent[place - 1]
        new.tail = sibling.tail
        if not (parent.text or "").strip():
            sibling.tail = parent.text
    parent.insert(place, new)


def remove(node: etree._Element) -> None:
    """Take an element away, with the line it stands on."""
    parent = node.getparent()
    if parent is None:
        return
    before = node.getprevious()
    if node.getnext() is None:  # what follows is the parent's own closing line
        if before is not None:
            before.tail = node.tail
        else:
            parent.text = None
    parent.remove(node)


def _beginning(parent: etree._Element, new: etree._Element) -> int:
    """After what must stand before it."""
    name = local(new)
    earlier = _FIRST[: _FIRST.index(name)] if name in _FIRST else (*_FIRST, "laneSet")
    places = [place for place, child in enumerate(parent) if local(child) in earlier]
    return max(places) + 1 if places else 0


def _indent_of(node: etree._Element) -> str:
    """The line break and spaces before an element."""
    before, parent = node.getprevious(), node.getparent()
    text = before.tail if before is not None else parent.text if parent is not None else None
    return text if text and not text.strip() and "\n" in text else "\n"
