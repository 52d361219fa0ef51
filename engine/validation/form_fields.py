"""Which fields a form's answers have: always, or only while they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import forms
from engine.errors import FeelError
from engine.feel import current_feel
from forms.components import Component, Container, DynamicList, Expression, Question
from forms.keys import ListKeys

Path = tuple[str, ...]


@dataclass(frozen=True)
class Fields:
    """Of one form."""

    form: forms.Form
    #: Path of a field that may be hidden → what its conditions look at, as paths of the case's data.
    hideable: dict[Path, frozenset[Path]]

    @classmethod
    def load(cls, content: bytes) -> Fields | None:
        """None for a form that cannot be read: others say why."""
        try:
            form = forms.load(content)
        except forms.InvalidForm:
            return None
        hideable: dict[Path, frozenset[Path]] = {}
        always: set[Path] = set()
        for path, conditions in _fields(form.components, (), ()):
            if not conditions or path in hideable:
                always.add(path)  # two questions for one key: shown in turn
            hideable[path] = frozenset(read for source in conditions for read in _reads(source, form.id))
        return cls(form, {path: reads for path, reads in hideable.items() if path not in always})

    def has(self, path: Path) -> bool:
        """Does the form ask for this? What is inside an answer is not known."""
        asked: object = self.form.keys
        for key in path:
            asked = asked.row if isinstance(asked, ListKeys) else asked
            if asked is None:
                return True
            if not isinstance(asked, dict) or key not in asked:
                return False
            asked = asked[key]
        return True

    def hidden_by(self, path: Path) -> frozenset[Path] | None:
        """What hides this field; None when it is always answered."""
        return next((self.hideable[path[:end]] for end in range(1, len(path) + 1) if path[:end] in self.hideable), None)


def _fields(
    components: Sequence[Component], path: Path, conditions: tuple[str, ...]
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Every field outside lists, with the conditions that hide it."""
    for component in components:
        mine = (*conditions, component.hide) if component.hide else conditions
        if isinstance(component, Container) and not isinstance(component, DynamicList):
            yield from _fields(component.children, (*path, *component.keys), mine)
        elif isinstance(component, (DynamicList, Question, Expression)):
            yield (*path, *component.keys), mine


def _reads(source: str, form_id: str) -> Iterator[Path]:
    try:
        read = current_feel().compile(source).reads
    except FeelError:
        return
    for path in read:
        yield path
        yield (form_id, *path)
