"""What a page posts → raw answers, nested as the form is; and the buttons that add and remove rows.

An answer's field name is its path joined by hyphens: `goals-0-text`. Besides the answers a page posts `_seen` (names of
the questions it showed, so that an unticked box differs from one that was not there), `goals-0-_row` (a row exists,
even when all its boxes are unticked), and the buttons `_add=goals`, `_remove=goals-0` and `_refresh`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forms.components import (
    Checkbox,
    Component,
    Container,
    Datetime,
    DynamicList,
    Filepicker,
    Question,
)
from forms.components.choices import Choice, Several
from forms.components.files import read_reference
from forms.limits import ROWS

if TYPE_CHECKING:
    from forms.form import Form

#: A posted form: anything with `getlist` (Werkzeug's MultiDict), or a plain mapping of names to texts or lists of them.
Fields = Any

SEEN, ADD, REMOVE, ROW, REFRESH = "_seen", "_add", "_remove", "_row", "_refresh"

_ABSENT: Any = object()


@dataclass(frozen=True)
class RowChange:
    """The answers after a row was added or removed, and the element to put the focus on."""

    raw: dict[str, Any]
    focus: str


def field_name(path: Sequence[str | int]) -> str:
    """`goals-0-text`."""
    return "-".join(map(str, path))


def element_id(name: str) -> str:
    """Id of a field's element on the page."""
    return f"f-{name}"


class Post:
    """A posted form, whatever holds it."""

    def __init__(self, fields: Fields, uploads: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self._fields, self.uploads = fields, uploads
        self.names = [name for name in fields if isinstance(name, str)]
        seen = self.all(SEEN)
        #: None: the sender is not our page and does not say.
        self.seen = frozenset(" ".join(seen).split()) if seen else None

    def all(self, name: str) -> list[str]:
        """Every value posted under a name."""
        if hasattr(self._fields, "getlist"):
            values = self._fields.getlist(name)
        else:
            value = self._fields.get(name, [])
            values = value if isinstance(value, (list, tuple)) else [value]
        return [value for value in values if isinstance(value, str)]

    def one(self, name: str) -> str | None:
        """The first value, None when nothing was posted."""
        return next(iter(self.all(name)), None)

    def showed(self, name: str) -> bool:
        """Was the question on the page that posted this?"""
        return self.seen is None or name in self.seen

    def row_numbers(self, name: str) -> list[int]:
        """Numbers of a list's rows, in order; they may have gaps after a removal by script."""
        prefix = f"{name}-"
        numbers = {
            int(number)
            for posted in self.names
            if posted.startswith(prefix)
            and (number := posted[len(prefix) :].partition("-")[0]).isascii()
            and number.isdigit()
            and len(number) < 7
        }
        return sorted(numbers)[: ROWS + 1]


def read_post(form: Form, fields: Fields, uploads: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Raw answers of a posted page."""
    raw: dict[str, Any] = {}
    _read_into(raw, form.components, Post(fields, uploads), ())
    return raw


def _read_into(raw: dict[str, Any], components: Sequence[Component], post: Post, path: tuple[str | int, ...]) -> None:
    """`raw` is the object that components at `path` (a row or the root) write into."""
    for component in components:
        if isinstance(component, DynamicList):
            place = (*path, *component.keys)
            rows = []
            for number in post.row_numbers(field_name(place)):
                row: dict[str, Any] = {}
                _read_into(row, component.children, post, (*place, number))
                rows.append(row)
            _put(raw, component.keys, rows)
        elif isinstance(component, Container):
            inner: dict[str, Any] = {}
            _read_into(inner, component.children, post, (*path, *component.keys))
            _merge(raw, component.keys, inner)
        elif isinstance(component, Question):
            value = _answer(component, field_name((*path, *component.keys)), post)
            if value is not _ABSENT:
                _put(raw, component.keys, value)


def _answer(component: Question, name: str, post: Post) -> Any:
    if isinstance(component, Datetime) and component.subtype == "datetime":
        date, time = post.one(f"{name}-date"), post.one(f"{name}-time")
        if date is not None or time is not None:
            return {"date": date or "", "time": time or ""}
    if isinstance(component, Filepicker):
        references: list[Any] = [read_reference(text) for text in post.all(name) if text]
        uploaded = list(post.uploads.get(name, ()))
        return [*references, *uploaded] if references or uploaded or post.showed(name) else _ABSENT
    if isinstance(component, Checkbox):
        return _ABSENT if not post.showed(name) else post.one(name) in ("true", "on", "1")
    if isinstance(component, Several):
        values = [text for text in post.all(name) if text]
        return values if values or post.showed(name) else _ABSENT
    value = post.one(name)
    if value is None:
        # An unchosen radio button posts nothing; other inputs that are on the page always post something.
        return None if isinstance(component, Choice) and post.showed(name) else _ABSENT
    return value


def _put(raw: dict[str, Any], keys: Sequence[str], value: Any) -> None:
    for key in keys[:-1]:
        raw = raw.setdefault(key, {})
    raw[keys[-1]] = value


def _merge(raw: dict[str, Any], keys: Sequence[str], inner: Mapping[str, Any]) -> None:
    """Put a group's answers where its path says, beside what other groups of the same path put there."""
    for key in keys:
        raw = raw.setdefault(key, {})
    for key, value in inner.items():
        if isinstance(value, dict) and isinstance(raw.get(key), dict):
            _merge(raw, (key,), value)
        else:
            raw[key] = value


def change_rows(form: Form, fields: Fields, raw: Mapping[str, Any]) -> RowChange | None:
    """Press the button `_add` or `_remove`, if one was pressed. A button for what is not there changes nothing.

    `_refresh` is what the Enter key presses in a form with such buttons: the page comes back as it is.
    """
    post = Post(fields, {})
    added, removed = post.one(ADD), post.one(REMOVE)
    if added is None and removed is None:
        return RowChange(dict(raw), "") if post.one(REFRESH) is not None else None
    changed = copy.deepcopy(dict(raw))
    if added is not None:
        return RowChange(changed, _add_row(form, changed, added))
    return RowChange(changed, _remove_row(form, changed, str(removed)))


def _add_row(form: Form, raw: dict[str, Any], name: str) -> str:
    component = _component_at(form.components, name.split("-"))
    rows = _list_at(raw, name.split("-"))
    if not isinstance(component, DynamicList) or rows is None or not component.changeable:
        return element_id(name)
    if len(rows) <= ROWS:
        rows.append({})
    return element_id(f"{name}-{len(rows) - 1}")


def _remove_row(form: Form, raw: dict[str, Any], button: str) -> str:
    name, _, number = button.rpartition("-")
    component = _component_at(form.components, name.split("-"))
    removable = isinstance(component, Filepicker) or (isinstance(component, DynamicList) and component.changeable)
    rows = _list_at(raw, name.split("-")) if removable else None
    if rows is not None and number.isascii() and number.isdigit() and int(number) < len(rows):
        del rows[int(number)]
    return element_id(name)


def component_named(form: Form, name: str) -> Component | None:
    """The list or question whose field name this is."""
    return _component_at(form.components, name.split("-"))


def seen_names(fields: Fields) -> frozenset[str] | None:
    """Names of the questions that the posting page showed; None when it did not say."""
    return Post(fields, {}).seen


def _component_at(components: Sequence[Component], segments: Sequence[str]) -> Component | None:
    for component in components:
        keys = list(getattr(component, "keys", ()))
        if isinstance(component, Container) and list(segments[: len(keys)]) == keys:
            if isinstance(component, DynamicList):
                if len(segments) == len(keys):
                    return component
                found = _component_at(component.children, segments[len(keys) + 1 :])
            else:
                found = _component_at(component.children, segments[len(keys) :])
            if found:
                return found
        elif isinstance(component, Question) and keys == list(segments):
            return component
    return None


def _list_at(raw: Any, segments: Sequence[str]) -> list[Any] | None:
    """The list at a path of raw answers, made when it is missing."""
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        if isinstance(raw, list):
            raw = raw[int(segment)] if segment.isascii() and segment.isdigit() and int(segment) < len(raw) else None
        elif isinstance(raw, dict):
            raw = raw.setdefault(segment, [] if last else {})
        else:
            return None
    return raw if isinstance(raw, list) else None
