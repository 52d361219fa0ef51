"""Differences in sentences, for people: what a step does now, and what it did before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.bpmn.words import ELEMENTS
from engine.differences.items import Change, Item
from engine.differences.models import ENTRIES
from engine.differences.packages import package_items
from engine.differences.vocabulary import KINDS, aspect_word, length, length_words
from engine.findings import Language
from engine.packages import Package
from engine.rules import Text

#: Characters of a value that is shown.
_SHOWN = 100
_DEADLINE = re.compile(r'=\s*deadline\(\s*"([^"]+)"')
_ABOUT_FILES = frozenset({"text", "file"})

_ADDED = Text("New: {name} ({kind}).", "Nytt: {name} ({kind}).")
_ADDED_AFTER = Text("New: {name} ({kind}), after {after}.", "Nytt: {name} ({kind}), efter {after}.")
_REMOVED = Text("Gone: {name} ({kind}).", "Borttaget: {name} ({kind}).")
_NEW_FLOW = Text("{name} is new.", "{name} är ny.")
_LOST_FLOW = Text("{name} is gone.", "{name} är borttagen.")
_RENAMED = Text("*{before}* is now called *{after}*.", "*{before}* heter nu *{after}*.")
_DUE = Text("{name} is due within {after}, before {before}.", "{name} ska vara klar inom {after}, förut {before}.")
_LONG = Text("The deadline {name} is {after}, before {before}.", "Tidsgränsen {name} är {after}, förut {before}.")
_DONE_BY = Text("{name} is done by {after}, before by {before}.", "{name} görs av {after}, förut av {before}.")
_LEADS = Text("{name} leads to {after}, before to {before}.", "{name} leder till {after}, förut till {before}.")
_COMES = Text("{name} comes from {after}, before from {before}.", "{name} kommer från {after}, förut från {before}.")
_PLACE = Text("{name} comes as number {after}, before {before}.", "{name} kommer som nummer {after}, förut {before}.")
_WITHIN = Text("{name} stands in {after}, before in {before}.", "{name} står i {after}, förut i {before}.")
_CHANGED = Text("{name}: {aspect} is “{after}”, before “{before}”.", "{name}: {aspect} är ”{after}”, förut ”{before}”.")
_SAID = Text("{name}: {aspect} is “{after}”, before nothing.", "{name}: {aspect} är ”{after}”, förut inget.")
_UNSAID = Text("{name}: {aspect} is gone, before “{before}”.", "{name}: {aspect} är borta, förut ”{before}”.")
_FILE = Text("The file {name} has changed.", "Filen {name} är ändrad.")
_CALLED = Text("The process {name}, which it calls, has changed.", "Processen {name}, som den anropar, är ändrad.")
_TEXTS = Text("Translations that have changed: {count}.", "Översättningar som är ändrade: {count}.")
_LAYOUT = Text(
    "Only drawn elsewhere, otherwise the same: {count}.", "Bara ritade på en annan plats, i övrigt lika: {count}."
)
_CELL = Text("a cell", "en ruta")
_WAY = Text("The way from {source} to {target}", "Vägen från {source} till {target}")


def sentences(before: Package, after: Package, changes: Sequence[Change], language: Language = "sv") -> list[str]:
    """What the differences between two packages are. Names stand between asterisks."""
    return _Writer(before, after, changes, language).all()


class _Writer:
    def __init__(self, before: Package, after: Package, changes: Sequence[Change], language: Language) -> None:
        self.packages, self.changes, self.language = (before, after), changes, language
        old, new = package_items(before), package_items(after)
        #: Model elements by id, of either package; ids of two files may be alike, which only costs a name.
        self.items: dict[str, Item] = {item.id: item for item in (*old.values(), *new.values()) if _of_model(item)}
        self.new = new
        self.added = {change.id for change in changes if change.what == "added" and _of_model(change)}
        self.gone = {change.id for change in changes if change.what == "removed" and _of_model(change)}

    def all(self) -> list[str]:
        """A sentence for each difference that people care for, then how many of the rest there are."""
        told = [text for change in self.changes for text in self.tell(change)]
        for kind, text in ((lambda one: one.kind == "text", _TEXTS), (lambda one: one.what == "layout", _LAYOUT)):
            count = sum(map(kind, self.changes))
            told += [text.fill(self.language, {"count": count})] if count else []
        return list(dict.fromkeys(told))

    def tell(self, change: Change) -> list[str]:
        if change.what == "layout" or change.kind == "text" or change.kind in ("laneSet", "collaboration"):
            return []
        if change.kind in ENTRIES and change.what in ("added", "removed"):
            return []  # told with its rule, or its column
        if change.kind in ("file", "called"):
            said = _FILE if change.kind == "file" else _CALLED
            return [self.say(said if change.what == "changed" else self.whole(change), change)]
        if change.kind == "sequenceFlow" and self.follows(change):
            return []
        if change.what in ("added", "removed"):
            return [self.say(self.whole(change), change, after=self.before_it(change.id))]
        if change.kind == "deadline" and change.aspect == "value":
            return self.deadline(change)
        return [self.aspect(change)]

    def follows(self, change: Change) -> bool:
        """Does a flow only change because a step came or went, which is told itself?"""
        said = self.items[change.id].facts
        ends = {said.get("@sourceRef"), said.get("@targetRef"), change.before, change.after}
        return change.what in ("added", "removed", "rewired") and bool(ends & (self.added | self.gone))

    def whole(self, change: Change) -> Text:
        if change.kind == "sequenceFlow":
            return _NEW_FLOW if change.what == "added" else _LOST_FLOW
        if change.what == "removed":
            return _REMOVED
        return _ADDED_AFTER if self.before_it(change.id) else _ADDED

    def before_it(self, element: str) -> str:
        """The name of what leads to a step."""
        flows = (item.facts for item in self.new.values() if item.kind == "sequenceFlow")
        sources = [facts.get("@sourceRef", "") for facts in flows if facts.get("@targetRef") == element]
        return self.called(sources[0]) if sources and element else ""

    def deadline(self, change: Change) -> list[str]:
        """By the steps that are due by it, where there are few; else by its own name."""
        dates = ((item, item.facts.get("taskSchedule@dueDate")) for item in self.new.values())
        due = [item for item, date in dates if _named_deadline(date) == change.id]
        before, after = change.before or "", change.after or ""
        words = {"after": length_words(after, self.language), "before": self.shorter(before, after)}
        if not due or len(due) > 3:
            return [self.say(_LONG, change, **words)]
        return [_DUE.fill(self.language, {"name": self.called(item.id), **words}) for item in due]

    def shorter(self, before: str, after: str) -> str:
        """`3` where it is the same unit as after: “within 5 working days, before 3”."""
        old, new = length(before), length(after)
        return str(old[0]) if old and new and old[1] == new[1] else length_words(before, self.language)

    def aspect(self, change: Change) -> str:
        before, after = change.before, change.after
        if change.aspect == "@name" and before and after:
            return _RENAMED.fill(self.language, {"before": self.translated(before), "after": self.translated(after)})
        if change.aspect == "taskSchedule@dueDate" and (lengths := self.lengths(before, after)):
            was, now = lengths
            words = {"after": length_words(now, self.language), "before": self.shorter(was, now)}
            return self.say(_DUE, change, **words)
        references = {"lane": _DONE_BY, "@sourceRef": _COMES, "@targetRef": _LEADS, "within": _WITHIN}
        if change.aspect in references and before and after:
            return self.say(references[change.aspect], change, before=self.called(before), after=self.called(after))
        if change.aspect == "place":
            return self.say(_PLACE, change, before=before, after=after)
        if change.aspect == "assignmentDefinition@candidateGroups" and before and after:
            return self.say(_DONE_BY, change, before=self.role(before, 0), after=self.role(after, 1))
        text = _CHANGED if before and after else _SAID if after else _UNSAID
        values = {"before": _short(before), "after": _short(after)}
        aspect = _CELL if change.kind in ENTRIES else aspect_word(change.aspect)
        return self.say(text, change, aspect=aspect, **values)

    def lengths(self, before: str | None, after: str | None) -> tuple[str, str] | None:
        """The lengths of the deadlines that two due dates name; None unless both name one, of another length."""
        names = (_named_deadline(before), _named_deadline(after))
        found = [package.deadlines[name].value for package, name in zip(self.packages, names, strict=True)
                 if name in package.deadlines and name]  # fmt: skip
        return (found[0], found[1]) if len(found) == 2 and found[0] != found[1] else None

    def role(self, name: str, which: int) -> str:
        role = self.packages[which].roles.get(name)
        return f"*{self.translated(role.title)}*" if role else f"*{name}*"

    def say(self, text: Text, change: Change, **values: object) -> str:
        kind = ELEMENTS.get(change.kind) or KINDS.get(change.kind) or Text(change.kind, change.kind)
        name = self.called(change.id) if _of_model(change) else f"*{self.translated(change.name or change.id)}*"
        said = text.fill(self.language, {"name": name, "kind": kind, **values})
        return said[:1].upper() + said[1:]

    def called(self, element: str) -> str:
        """An element's name; of a flow without one, from where to where."""
        item = self.items.get(element)
        if item is not None and item.kind == "sequenceFlow":
            ends = (item.facts.get("@sourceRef", ""), item.facts.get("@targetRef", ""))
            return _WAY.fill(self.language, {"source": self.called(ends[0]), "target": self.called(ends[1])})
        return f"*{self.translated(item.name) if item and item.name else element}*"

    def translated(self, text: str) -> str:
        return self.packages[1].translate(text, self.language)


def _of_model(one: Item | Change) -> bool:
    return one.file.lower().endswith((".bpmn", ".dmn"))


def _named_deadline(expression: str | None) -> str | None:
    found = _DEADLINE.match(expression or "")
    return found[1] if found else None


def _short(value: str | None) -> str:
    text = " ".join((value or "").split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
