"""Everything in a package that reads the case's data: expressions, forms, decisions, settings, scenarios."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from lxml import etree

from engine.errors import FeelError
from engine.feel import current_feel
from engine.validation.form_walk import Path
from engine.validation.subject import Subject
from forms.components.choices import Choice


class ReadingPlaces:
    """What one package and those that it calls read."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The FEEL of the processes, without its `=`."""
        return tuple(source for root in self.subject.roots.values() for source in _expressions(root))

    def of_form(self, form_id: str) -> frozenset[Path]:
        """What a form itself reads; a path may begin at its own fields, or at the case's data."""
        form = self.subject.forms[form_id]
        read = {path for one in form.expressions() for path in _paths(one.source)}
        keys = (part.source.key for part in form.walk() if isinstance(part, Choice))
        read |= {tuple(key.split(".")) for key in keys if key}
        return frozenset(read | {(form_id, *path) for path in read})

    @cached_property
    def paths(self) -> frozenset[Path]:
        """Of processes, decisions, all forms and the settings."""
        package = self.subject.package
        read = {path for source in self.sources for path in _paths(source)}
        for form_id in self.subject.forms:
            read |= self.of_form(form_id)
        for decisions in self.subject.decisions.values():
            for decision_id in decisions.ids:
                for expression in decisions.decision(decision_id).expressions:
                    read |= expression.reads
        if package is not None and package.subject:
            read.add(tuple(package.subject.split(".")))
        return frozenset(read)

    def reads(self, path: Path) -> bool:
        """Does anything read this, something in it or something around it? Scenarios name paths as text."""
        if any(path[: len(one)] == one[: len(path)] for one in self.paths):
            return True
        scenarios = self.subject.package.scenarios.values() if self.subject.package is not None else ()
        return any(".".join(path) in text for text in scenarios)


def _expressions(root: etree._Element) -> Iterator[str]:
    for element in root.iter():
        if isinstance(element.tag, str):
            texts = (element.text or "", *(str(value) for value in element.attrib.values()))
            yield from (text.strip()[1:] for text in texts if text.lstrip().startswith("="))


def _paths(source: str) -> frozenset[Path]:
    try:
        return current_feel().compile(source).reads
    except FeelError:
        return frozenset()
