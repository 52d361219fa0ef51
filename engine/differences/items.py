"""What two packages are compared by: their items, each with an id and its facts; and what has become of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from difflib import SequenceMatcher
from typing import Any, Literal

What = Literal["added", "removed", "changed", "moved", "rewired", "layout"]
#: In what a sentence calls things: (text, language) → the text in that language.
Translate = Callable[[str, str], str]


@dataclass(frozen=True)
class Item:
    """Something of a package that has an id: an element, a deadline, a role, a question, a rule of a table, a text."""

    file: str
    #: The BPMN or DMN tag, or deadline, role, indicator, package, form, field, text, file, called.
    kind: str
    id: str
    name: str
    #: Aspect → value, such as `taskSchedule@dueDate` → `=deadline("summons-sent")`.
    facts: Mapping[str, str] = field(default_factory=dict)
    #: Where it stands on the diagram; never part of what it does.
    layout: str = ""
    #: In which list its place counts, such as the rules of a table; empty where no order does.
    listed: str = ""


@dataclass(frozen=True)
class Change:
    """One difference: what of which item, what it was and what it is."""

    file: str
    kind: str
    id: str
    name: str
    #: `moved`: to another lane, sub-process or place in a list. `rewired`: a flow leads elsewhere. `layout`: only drawn
    #: elsewhere.
    what: What
    #: Empty for what came, went or was drawn elsewhere.
    aspect: str = ""
    before: str | None = None
    after: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


#: Which package an item is of (its file's identity), and its id.
Key = tuple[str, str]

_MOVES = frozenset({"lane", "within", "place"})
_ENDS = frozenset({"@sourceRef", "@targetRef", "@attachedToRef"})


def compare(before: Mapping[Key, Item], after: Mapping[Key, Item]) -> list[Change]:
    """Every difference, in the order of the newer package; what is gone comes last."""
    found: list[Change] = []
    placed = _placed_anew(before, after)
    for key, item in after.items():
        old = before.get(key)
        if old is None or old.kind != item.kind:
            found += [_whole(old, "removed")] if old else []
            found.append(_whole(item, "added"))
        else:
            found += _changes(old, item)
            found += [placed[key]] if key in placed else []
    return found + [_whole(item, "removed") for key, item in before.items() if key not in after]


def _whole(item: Item, what: What) -> Change:
    return Change(item.file, item.kind, item.id, item.name, what)


def _placed_anew(before: Mapping[Key, Item], after: Mapping[Key, Item]) -> dict[Key, Change]:
    """What stands elsewhere in its list, as few as explain the new order."""
    found = {}
    lists: dict[tuple[str, str], list[Key]] = {}
    for key, item in after.items():
        if item.listed and key in before and before[key].listed == item.listed:
            lists.setdefault((key[0], item.listed), []).append(key)
    for (file, listed), now in lists.items():
        was = [key for key, old in before.items() if key[0] == file and old.listed == listed and key in set(now)]
        if was == now:
            continue
        for tag, _, _, first, last in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
            for key in now[first:last] if tag in ("insert", "replace") else ():
                item, places = after[key], (str(was.index(key) + 1), str(now.index(key) + 1))
                found[key] = Change(item.file, item.kind, item.id, item.name, "moved", "place", *places)
    return found


def _changes(old: Item, new: Item) -> list[Change]:
    found = []
    for aspect in [*new.facts, *(one for one in old.facts if one not in new.facts)]:
        was, now = old.facts.get(aspect), new.facts.get(aspect)
        if was != now:
            what: What = "moved" if aspect in _MOVES else "rewired" if aspect in _ENDS else "changed"
            found.append(Change(new.file, new.kind, new.id, new.name, what, aspect, was, now))
    if not found and old.layout != new.layout and old.layout and new.layout:
        found.append(_whole(new, "layout"))
    return found
