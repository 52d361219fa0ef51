"""What a merged model says twice or in an order: the ends of its flows, its lanes, the rows of its tables."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine.bpmn.reading import BPMN
from engine.differences.models import is_diagram, local
from engine.merging.conflicts import Choices, Conflict
from engine.merging.xml import insert_after, remove

#: Whose children come in an order that counts → which.
_ORDERED = {"decisionTable": ("input", "output", "rule"), "rule": ("inputEntry", "outputEntry")}
_WAYS = ("incoming", "outgoing")


def fit_ways(root: etree._Element, items: Mapping[str, etree._Element]) -> None:
    """Say at each element which flows come and go, as the flows themselves say it; in files that say it at all."""
    if root.find(f".//{{{BPMN}}}incoming") is None and root.find(f".//{{{BPMN}}}outgoing") is None:
        return
    wanted: dict[tuple[str, str], list[str]] = {}
    for key, node in items.items():
        if local(node) == "sequenceFlow":
            wanted.setdefault((node.get("targetRef", ""), "incoming"), []).append(key)
            wanted.setdefault((node.get("sourceRef", ""), "outgoing"), []).append(key)
    for key, node in items.items():
        for way in _WAYS if not local(node).endswith("Flow") else ():
            _fit(node, way, wanted.get((key, way), []))


def _fit(node: etree._Element, way: str, wanted: list[str]) -> None:
    listed = {(one.text or "").strip(): one for one in node.findall(f"{{{BPMN}}}{way}")}
    for key, one in listed.items():
        if key not in wanted:
            remove(one)
    for key in wanted:
        if key not in listed:
            new = etree.Element(f"{{{BPMN}}}{way}")
            new.text = key
            insert_after(node, new, node.find(f"{{{BPMN}}}{way}[last()]"))


def fit_lanes(root: etree._Element, lanes: Mapping[str, str]) -> None:
    """Put each element into its lane. Lanes around that lane may go on listing it."""
    by_id = {lane.get("id", ""): lane for lane in root.iter(f"{{{BPMN}}}lane")}
    listed: set[tuple[str, str]] = set()
    for lane_id, lane in by_id.items():
        for one in lane.findall(f"{{{BPMN}}}flowNodeRef"):
            element = (one.text or "").strip()
            own = by_id.get(lanes.get(element, ""))
            if element not in lanes or own is None or lane not in (own, *own.iterancestors()):
                remove(one)
            else:
                listed.add((lane_id, element))
    for element, lane_id in lanes.items():
        own = by_id.get(lane_id)
        if own is not None and (lane_id, element) not in listed:
            new = etree.Element(f"{{{BPMN}}}flowNodeRef")
            new.text = element
            insert_after(own, new, own.find(f"{{{BPMN}}}flowNodeRef[last()]"))


def merge_orders(
    base: etree._Element, theirs: etree._Element, ours: etree._Element, file: str, choices: Choices
) -> None:
    """The order of a table's columns and rules: that of the side which changed it; a conflict where both did."""
    for table in [node for node in ours.iter() if local(node) in _ORDERED and not is_diagram(node)]:
        sides = [_by_id(root, table.get("id", "")) for root in (base, theirs)]
        for tag in _ORDERED[local(table)]:
            old, new, own = ([] if one is None else _keys(one, tag) for one in (*sides, table))
            common = set(old) & set(new) & set(own)
            old, new, own = ([key for key in keys if key in common] for keys in (old, new, own))
            if new in (old, own):
                continue
            if own != old:
                was, our, their = (", ".join(keys) for keys in (old, own, new))
                conflict = Conflict(file, table.get("id", ""), table.get("name", ""), f"{tag} order", was, our, their)
                if choices.choose(conflict) == "ours":
                    continue
            _reorder(table, tag, new)


def _by_id(root: etree._Element, key: str) -> etree._Element | None:
    return next((node for node in root.iter() if local(node) in _ORDERED and node.get("id") == key), None)


def _keys(table: etree._Element, tag: str) -> list[str]:
    return [one.get("id", "") for one in table if local(one) == tag]


def _reorder(table: etree._Element, tag: str, order: list[str]) -> None:
    """Those in `order` in that order, at the places they have together."""
    rows = {one.get("id", ""): one for one in table if local(one) == tag}
    places = [table.index(rows[key]) for key in _keys(table, tag) if key in order]
    tails = [table[place].tail for place in places]
    children = list(table)
    for place, key, tail in zip(places, order, tails, strict=True):
        children[place] = rows[key]
        rows[key].tail = tail
    table[:] = children
