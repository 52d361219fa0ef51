"""A form as a page shows it: plain values, ids and words, so that a template has nothing to decide.

`FormView` is a tree: fields, groups of fields, lists of rows. `kind` says which macro renders a part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from forms import inputs
from forms.components import Component, Container, DynamicList, Question, Separator, Spacer, Table, TextView
from forms.components.texts import Text
from forms.filling import Filling, Path, at, dotted, is_missing
from forms.limits import ROWS
from forms.markdown import escape, heading_shift, to_html
from forms.messages import Message, say
from forms.reading import element_id, field_name

if TYPE_CHECKING:
    from forms.form import Form


@dataclass
class ChoiceView:
    """One option of a field."""

    #: What the page sends.
    token: str
    label: str
    chosen: bool
    id: str


@dataclass
class Part:
    """Anything on the page."""

    #: `input`, `textarea`, `select`, `checkbox`, `radios`, `checks`, `moment`, `files`, `answer`, `group`, `list`,
    #: `text`, `table`, `separator` or `spacer`.
    kind: str
    id: str
    label: str = ""
    name: str = ""
    hints: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    required: bool = False
    #: Say “optional” beside the label?
    optional: bool = False
    value: str = ""
    choices: list[ChoiceView] = field(default_factory=list)
    #: HTML attributes of the input, ready to print.
    attributes: dict[str, str] = field(default_factory=dict)
    prefix: str = ""
    suffix: str = ""
    #: Sanitised HTML.
    html: str = ""
    parts: list[Part] = field(default_factory=list)
    rows: list[RowView] = field(default_factory=list)
    #: May rows be added and removed?
    changeable: bool = False
    columns: list[str] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    files: list[inputs.FileView] = field(default_factory=list)

    @property
    def described_by(self) -> str:
        """Ids of the hints and errors, for aria-describedby."""
        hints = [f"{self.id}-hint-{number}" for number in range(1, len(self.hints) + 1)]
        return " ".join([*hints, *(f"{self.id}-error-{number}" for number in range(1, len(self.errors) + 1))])


@dataclass
class RowView:
    """One row of a list."""

    #: `goals-0`: prefix of its fields' names, and the value of its remove button.
    name: str
    id: str
    label: str
    parts: list[Part]


@dataclass(frozen=True)
class Problem:
    """A line of the error summary."""

    text: str
    #: Element to go to; None when nothing on the page is meant.
    target: str | None


@dataclass
class FormView:
    """A form, ready for a template."""

    id: str
    title: str
    language: str
    parts: list[Part]
    problems: list[Problem]
    #: Names of the questions shown, for the hidden field `_seen`.
    seen: list[str]
    #: Element to put the focus on, after a row was added or removed.
    focus: str = ""

    @property
    def errors(self) -> list[Problem]:
        """Something to correct?"""
        return self.problems

    @property
    def has_rows(self) -> bool:
        """Are there buttons that add and remove?"""
        return any(part.kind in ("list", "files") for part in all_parts(self.parts))

    def say(self, word: str, **params: Any) -> str:
        """A word of the page in its language: `view.say("add", label=part.label)`."""
        return say(f"word.{word}", self.language, **params)


def all_parts(parts: Sequence[Part]) -> list[Part]:
    """Every part, those inside groups and rows included."""
    found: list[Part] = []
    for part in parts:
        found.append(part)
        found += all_parts(part.parts)
        for row in part.rows:
            found += all_parts(row.parts)
    return found


class Viewer:
    """Builds the view of one filling."""

    def __init__(self, form: Form, filling: Filling, errors: Mapping[str, Sequence[Message | str]]) -> None:
        self.form, self.filling, self.errors = form, filling, errors
        self.language = filling.situation.language
        self.seen: list[str] = []
        texts = [part for c in form.walk() if isinstance(c, TextView) for part in c.text.parts if isinstance(part, str)]
        self.shift = heading_shift(texts)

    def view(self, focus: str = "") -> FormView:
        """The whole form."""
        parts = self._parts(self.form.components, (), ())
        return FormView(self.form.id, self.form.title, self.language, parts, self._problems(parts), self.seen, focus)

    def _problems(self, parts: list[Part]) -> list[Problem]:
        """Errors in the order of the page; those of nothing on the page come first."""
        problems, placed = [], set()
        for part in all_parts(parts):
            path = part.name.replace("-", ".")
            if part.errors and part.name:
                placed.add(path)
                target = part.choices[0].id if part.kind in ("radios", "checks") and part.choices else part.id
                target = f"{part.id}-date" if part.kind == "moment" else target
                problems += [Problem(text, target) for text in part.errors]
        loose = [
            Problem(self._text(message), None)
            for path, messages in self.errors.items()
            if path not in placed
            for message in messages
        ]
        return [*loose, *problems]

    def _text(self, message: Message | str) -> str:
        return message.text(self.language) if isinstance(message, Message) else message

    def _errors_at(self, path: Path) -> list[str]:
        return [self._text(message) for message in self.errors.get(dotted(path), ())]

    def _parts(self, components: Sequence[Component], path: Path, rows: tuple[Path, ...]) -> list[Part]:
        parts = []
        for component in components:
            if not self._hidden(component, path, rows) and (part := self._part(component, path, rows)):
                parts.append(part)
        return parts

    def _hidden(self, component: Component, path: Path, rows: tuple[Path, ...]) -> bool:
        if isinstance(component, (Question, DynamicList)):
            return self.filling.by_path[(*path, *component.keys)].hidden
        return self.filling.hides(component, rows)

    def _part(self, component: Component, path: Path, rows: tuple[Path, ...]) -> Part | None:
        if isinstance(component, DynamicList):
            return self._list(component, (*path, *component.keys), rows)
        if isinstance(component, Container):
            inside = self._parts(component.children, (*path, *component.keys), rows)
            label = component.label.render(self.filling.scope(rows))
            return Part("group", self._id(component, rows), label, parts=inside) if inside else None
        if isinstance(component, Question):
            return self._question(component, (*path, *component.keys), rows)
        return self._shown(component, rows)

    def _shown(self, component: Component, rows: tuple[Path, ...]) -> Part | None:
        id, scope = self._id(component, rows), self.filling.scope(rows)
        if isinstance(component, TextView):
            html = to_html(component.text.render(scope, escape), self.shift)
            return Part("text", id, html=html) if html.strip() else None
        if isinstance(component, Table):
            columns, cells = component.content(scope)
            labels = [column.label for column in columns]
            return Part("table", id, component.label.render(scope), columns=labels, cells=cells)
        if isinstance(component, (Separator, Spacer)):
            return Part(component.type, id)
        return None

    def _id(self, component: Component, rows: tuple[Path, ...]) -> str:
        """Element id of what has no field name."""
        return "-".join(["c", *(str(row[-1]) for row in rows), component.id.replace(".", "-")])

    def _list(self, component: DynamicList, path: Path, rows: tuple[Path, ...]) -> Part:
        name, label = field_name(path), self.filling.label(component, rows)
        given = at(self.filling.raw, path)
        views = []
        for index in range(len(given) if isinstance(given, list) else 0):
            row, row_name = (*path, index), f"{name}-{index}"
            parts = self._parts(component.children, row, (*rows, row))
            text = say("word.row", self.language, label=label, number=index + 1)
            views.append(RowView(row_name, element_id(row_name), text, parts))
        part = Part("list", element_id(name), label, name, rows=views)
        part.changeable = component.changeable
        if len(views) >= ROWS:
            part.hints.append(Message("too-many-rows", {"label": label, "limit": ROWS}).text(self.language))
        part.errors = [text for index in range(len(views)) for text in self._errors_at((*path, index))]
        part.errors = [*self._errors_at(path), *part.errors]
        return part

    def _question(self, question: Question, path: Path, rows: tuple[Path, ...]) -> Part:
        cell, scope = self.filling.by_path[path], self.filling.scope(rows)
        name, label = field_name(path), self.filling.label(question, rows)
        part = Part("answer", element_id(name), label, name)
        hint = question.description.render(scope).strip()
        part.hints = [hint] if hint else []
        if cell.readonly:
            part.value = question.in_words(cell.value, scope) or say("word.unanswered", self.language)
            part.name = ""
            return part
        self.seen.append(name)
        part.required = question.required
        part.optional = not question.required
        part.errors = self._errors_at(path)
        raw = at(self.filling.raw, path)
        inputs.fill(part, question, cell.value if is_missing(raw) else raw, cell.value, scope)
        if isinstance(question, Text) and question.kind == "email":
            part.attributes["inputmode"] = "email"
        return part
