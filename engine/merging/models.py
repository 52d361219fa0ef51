"""Three-way merging of a BPMN or DMN model by element id.

Ours is changed into the merged model, so that its text and order stay. Every item is merged by itself: its attributes
and parts one by one, what it stands in, its lane. What one side took out and the other changed, or leads to, is a
conflict, and with it the flows that came or went with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from engine.bpmn.reading import read_xml
from engine.differences.models import facts_of, is_diagram, items_below, lanes_of, local
from engine.merging.conflicts import Choices, Conflict, Side
from engine.merging.diagram import merge_diagram
from engine.merging.lists import fit_lanes, fit_ways, merge_orders
from engine.merging.xml import insert_after, parts_by_key, remove, without_items

_REFERENCES = ("sourceRef", "targetRef", "attachedToRef", "default")
#: Attributes that editors make up, or that say with what the file was written.
_INCIDENTAL = ("id", "exporter", "exporterVersion")


@dataclass
class _Side:
    """One of the three versions."""

    root: etree._Element
    items: dict[str, etree._Element] = field(init=False)
    lanes: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.items = {node.get("id", ""): node for node in items_below(self.root)}
        self.lanes = {node: lane.get("id", "") for node, lane in lanes_of(self.root).items()}

    def says(self, key: str) -> tuple[object, ...] | None:
        """All that there is about an item, to compare."""
        node = self.items.get(key)
        if node is None:
            return None
        return node.tag, self.place(key), self.lanes.get(key), *sorted(facts_of(node).items())

    def place(self, key: str) -> str:
        """The item it stands in; empty for what stands in nothing."""
        parent = self.items[key].getparent()
        return parent.get("id", "") if parent is not None else ""

    def named(self, key: str) -> Iterator[str]:
        """What an item leads to or belongs to."""
        node = self.items.get(key)
        if node is not None:
            yield from (value for name in _REFERENCES if (value := node.get(name)))
            yield self.place(key)


def merge_model(base: bytes, theirs: bytes, ours: bytes, file: str, choices: Choices) -> bytes:
    """Three versions of a model as one. Raises InvalidModel when one of them cannot be read."""
    was, new, own = (_Side(read_xml(one, file)) for one in (base, theirs, ours))
    return _Merge(was, new, own, file, choices).run()


class _Merge:
    def __init__(self, base: _Side, theirs: _Side, ours: _Side, file: str, choices: Choices) -> None:
        self.base, self.theirs, self.ours = base, theirs, ours
        self.file, self.choices = file, choices
        self.before = _Side(read_xml(etree.tostring(ours.root), file))  # ours as it was: for the diagram and to compare
        #: Items of the merged model.
        self.items = ours.items
        self.lanes: dict[str, str] = {}
        #: Taken out by one side and kept by choice: their flows are kept with them.
        self.kept: set[str] = set()
        #: Items in a conflict about themselves as a whole → the conflict.
        self.disputed: dict[str, Conflict] = {}
        #: What fell away with another → that other.
        self.fallen: dict[str, str] = {}

    def run(self) -> bytes:
        self.content(self.base.root, self.theirs.root, self.ours.root, "", "")
        keys = [*self.before.items, *(key for key in self.theirs.items if key not in self.before.items)]
        for flows in (False, True):
            for key in keys:
                if (local(self.any(key)) == "sequenceFlow") is flows:
                    self.item(key)
        self.drop_what_leads_nowhere()
        merge_orders(self.base.root, self.theirs.root, self.ours.root, self.file, self.choices)
        for node in list(items_below(self.ours.root)):
            self.lanes.setdefault(node.get("id", ""), self.lane(node.get("id", "")))
        fit_ways(self.ours.root, self.items)
        fit_lanes(self.ours.root, self.lanes)
        return merge_diagram(self.base.root, self.theirs.root, self.before.root, self.ours.root, self.file)

    def any(self, key: str) -> etree._Element:
        return next(side.items[key] for side in (self.before, self.theirs, self.base) if key in side.items)

    # --- one item -----------------------------------------------------------------------------------------------------

    def item(self, key: str) -> None:
        base, theirs, ours = self.base.says(key), self.theirs.says(key), self.before.says(key)
        if ours is None and theirs is not None:
            if base is None or self.chosen_against_removal(key, removed="ours") == "theirs":
                self.put_in(key)
        elif theirs is None and base is not None and ours is not None:
            if self.chosen_against_removal(key, removed="theirs") == "theirs":
                self.take_out(key)
        elif ours is not None and theirs is not None and ours != theirs:
            self.both(key)

    def chosen_against_removal(self, key: str, *, removed: Side) -> Side:
        """Which side decides about an item that one of them took out: the other, if it has changed or uses it."""
        keeper = self.theirs if removed == "ours" else self.before
        keeps: Side = "theirs" if removed == "ours" else "ours"
        if local(self.any(key)) == "sequenceFlow" and (ends := self.kept & set(self.base.named(key))):
            self.along(min(ends), key)
            return keeps
        if keeper.says(key) == self.base.says(key) and not self.is_used(key, keeper):
            return removed
        said = ("changed" if keeper.says(key) != self.base.says(key) else "used", None)
        ours, theirs = said if keeps == "ours" else (said[1], said[0])
        node = self.any(key)
        conflict = Conflict(self.file, key, _name(node), "", "there", ours, theirs)
        side = self.choices.choose(conflict)
        self.disputed[key] = conflict
        if side == keeps:
            self.kept.add(key)
        return side

    def is_used(self, key: str, side: _Side) -> bool:
        """Does a side lead to it, or put something into it, in a way that the base does not?"""
        users = (other for other in side.items if key in set(side.named(other)))
        return any(other not in self.base.items or key not in set(self.base.named(other)) for other in users)

    def put_in(self, key: str) -> None:
        """An item that only theirs has."""
        source = self.theirs.items[key]
        parent = self.parent_of(source)
        if parent is None:
            self.nowhere(key)
            return
        siblings = source.itersiblings(preceding=True)
        known = (self.items.get(one.get("id", "")) if local(one) else None for one in siblings)
        before = next((one for one in known if one is not None and one.getparent() is parent), None)
        new = without_items(source)
        insert_after(parent, new, before)
        self.items[key] = new
        self.lanes[key] = self.theirs.lanes.get(key, "")

    def parent_of(self, source: etree._Element) -> etree._Element | None:
        """Where in the merged model the parent of an item of theirs is: by id, else the same way down."""
        outer = source.getparent()
        if outer is None or outer.getparent() is None:
            return self.ours.root
        return self.items.get(outer.get("id", ""))

    def nowhere(self, key: str) -> None:
        """What it stood in is gone: that is told with the conflict about it, or as one of its own."""
        outer = self.theirs.place(key)
        if self.cause(outer):
            self.along(outer, key)
        else:
            node = self.theirs.items[key]
            self.choices.choose(Conflict(self.file, key, _name(node), "within", None, None, outer))

    def take_out(self, key: str) -> None:
        remove(self.items.pop(key))

    def both(self, key: str) -> None:
        base, theirs, ours = self.base.items.get(key), self.theirs.items[key], self.items[key]
        if theirs.tag != ours.tag:
            said = None if base is None else local(base)
            self.whole(key, said, local(ours), local(theirs))
            return
        self.content(base, theirs, ours, key, "")
        places = (self.base.place(key) if base is not None else None, self.before.place(key), self.theirs.place(key))
        if self.decided(key, "within", *places) == "theirs":
            parent = self.parent_of(theirs)
            if parent is not None:
                remove(ours)
                insert_after(parent, ours, parent[-1] if len(parent) else None)
        self.lanes[key] = self.lane(key)

    def whole(self, key: str, base: str | None, ours: str, theirs: str) -> None:
        """Of another kind on each side: one of them as it is."""
        if base == ours or (base != theirs and self.choose(key, "kind", base, ours, theirs) == "ours"):
            return
        old = self.items.pop(key)
        inside = [one for one in old if one.get("id") in self.items]
        self.put_in(key)
        for one in inside:
            self.items[key].append(one)
        remove(old)

    def lane(self, key: str) -> str:
        if key not in self.theirs.items or key not in self.before.items:
            return (self.before if key in self.before.items else self.theirs).lanes.get(key, "")
        lanes = [side.lanes.get(key, "") for side in (self.base, self.before, self.theirs)]
        return lanes[2] if self.decided(key, "lane", *lanes) == "theirs" else lanes[1]

    # --- what an item says --------------------------------------------------------------------------------------------

    def content(
        self,
        base: etree._Element | None,
        theirs: etree._Element,
        ours: etree._Element,
        key: str,
        path: str,
    ) -> None:
        """Attributes, text and parts of an element that both have; `path` is empty for the item itself."""
        was, new, own = ({} if one is None else dict(one.attrib) for one in (base, theirs, ours))
        for name in [*own, *(one for one in new if one not in own)]:
            aspect = f"{path}@{etree.QName(name).localname}"
            incidental = name in _INCIDENTAL
            if not incidental and self.decided(key, aspect, was.get(name), own.get(name), new.get(name)) == "theirs":
                if name in new:
                    ours.set(name, new[name])
                else:
                    del ours.attrib[name]
        if path and not len(ours) and not len(theirs):
            texts = [(one.text or "").strip() if one is not None else None for one in (base, ours, theirs)]
            if self.decided(key, path, *texts) == "theirs":
                ours.text = theirs.text
        self.parts(base, theirs, ours, key, path)

    def parts(
        self, base: etree._Element | None, theirs: etree._Element, ours: etree._Element, key: str, path: str
    ) -> None:
        was, new, own = parts_by_key(base), parts_by_key(theirs), parts_by_key(ours)
        for part in [*own, *(one for one in new if one not in own)]:
            old, their, our = was.get(part), new.get(part), own.get(part)
            if any(is_diagram(one) for one in (their, our) if one is not None):
                continue
            inner = _path(path, part)
            if their is not None and our is not None:
                self.content(old, their, our, key, inner)
            elif self.decided(key, inner, _said(old), _said(our), _said(their)) == "theirs":
                if our is not None:
                    remove(our)
                elif their is not None:
                    self.add_part(theirs, their, ours)

    @staticmethod
    def add_part(theirs: etree._Element, part: etree._Element, ours: etree._Element) -> None:
        own, copy = parts_by_key(ours), without_items(part)
        keys = list(parts_by_key(theirs).items())
        place = next(n for n, (_, one) in enumerate(keys) if one is part)
        before = next((own[name] for name, _ in reversed(keys[:place]) if name in own), None)
        insert_after(ours, copy, before)

    def decided(self, key: str, aspect: str, base: str | None, ours: str | None, theirs: str | None) -> Side:
        """Which side's value of an aspect stands."""
        if ours == theirs or theirs == base:
            return "ours"
        return "theirs" if ours == base else self.choose(key, aspect, base, ours, theirs)

    def choose(self, key: str, aspect: str, base: str | None, ours: str | None, theirs: str | None) -> Side:
        name = _name(self.any(key)) if key else ""
        return self.choices.choose(Conflict(self.file, key, name, aspect, base, ours, theirs))

    # --- what leads to nowhere ----------------------------------------------------------------------------------------

    def drop_what_leads_nowhere(self) -> None:
        """What leads to an item that is gone goes with it, and is named in the conflict about it."""
        gone = True
        while gone:
            gone = False
            for key, node in list(self.items.items()):
                lost = [node.get(name) for name in _REFERENCES[:3] if node.get(name) and self.is_lost(node.get(name))]
                if lost and (self.cause(lost[0]) or key not in self.before.items):
                    self.take_out(key)
                    self.along(str(lost[0]), key)
                    gone = True
        for node in self.items.values():
            if node.get("default") and self.is_lost(node.get("default")):
                del node.attrib["default"]

    def is_lost(self, key: str | None) -> bool:
        known = any(key in side.items for side in (self.base, self.theirs, self.before))
        return known and key not in self.items

    def cause(self, key: str | None) -> Conflict | None:
        """The conflict for which an item is gone."""
        return self.disputed.get(self.fallen.get(key or "", key or ""))

    def along(self, about: str, key: str) -> None:
        about = self.fallen.get(about, about)
        conflict = self.disputed.get(about)
        if conflict is None:
            return
        self.fallen[key] = about
        told = replace(conflict, along=(*conflict.along, key))
        self.disputed[about] = told
        self.choices.open[:] = [told if one == conflict else one for one in self.choices.open]


def _path(path: str, part: str) -> str:
    name = part.rpartition("}")[2].partition(" ")[2] or part.rpartition(" ")[2]
    return path if name == "extensionElements" else f"{path}/{name}".lstrip("/")


def _name(node: etree._Element) -> str:
    return " ".join((node.get("name") or node.get("label") or "").split())


def _said(part: etree._Element | None) -> str | None:
    """A part as one text; None where it is not there."""
    if part is None:
        return None
    facts = facts_of(part, local(part))
    return next(iter(facts.values())) if len(facts) == 1 else ", ".join(f"{key}={facts[key]}" for key in sorted(facts))
