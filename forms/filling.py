"""One form and one set of raw answers: what is asked, what is hidden, what each answer comes to, what is wrong.

Reading answers goes in this order:
1. the shape: unknown keys, lists that are no lists;
2. each answer by itself: text to number and so on (a *cell* for each question in each row);
3. rounds: hide, compute and settle until nothing changes, since each may depend on the others (circles are refused
   when a form is loaded, so the rounds end);
4. the rules, of what is asked and changeable.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from forms.characters import printable
from forms.components import Component, Container, DynamicList, Expression, Question
from forms.keys import Keys, ListKeys
from forms.limits import ROUNDS, ROWS, ROWS_IN_ALL
from forms.messages import Message
from forms.scope import Scope, Situation
from forms.wrong import Wrong

if TYPE_CHECKING:
    from forms.form import Form

#: Segments from the form's root: keys, and row numbers from 0.
Path = tuple[str | int, ...]
#: A hide condition, and the rows it is in from the outermost inwards.
Guard = tuple[str, tuple[Path, ...]]

_MISSING: Any = object()


@dataclass
class Cell:
    """A question, a computed value or a list, in one place of the data."""

    component: Question | Expression | DynamicList
    path: Path
    #: The rows around it, from the outermost inwards.
    rows: tuple[Path, ...]
    guards: tuple[Guard, ...]
    value: Any = None
    #: What was typed, once read; `value` is that or what is kept.
    typed: Any = None
    wrong: Message | None = None
    #: Its own condition, when that looks at its own answer.
    own_hide: str = ""
    hidden: bool = False
    readonly: bool = False

    @property
    def name(self) -> str:
        """The path with dots, as errors name it."""
        return dotted(self.path)


def dotted(path: Path) -> str:
    """`goals.0.text`."""
    return ".".join(map(str, path))


def at(data: Any, path: Path) -> Any:
    """What is at a path; the missing mark when nothing is."""
    for segment in path:
        if isinstance(segment, int):
            if not isinstance(data, list) or segment >= len(data):
                return _MISSING
            data = data[segment]
        else:
            if not isinstance(data, Mapping) or segment not in data:
                return _MISSING
            data = data[segment]
    return data


def is_missing(value: Any) -> bool:
    """Is this what `at` gives for nothing?"""
    return value is _MISSING


def put(data: dict[str, Any], path: Path, value: Any) -> None:
    """Set what is at a path, making the objects on the way. Rows must be there already."""
    place: Any = data
    for segment, following in pairwise(path):
        if isinstance(segment, int):
            place = place[segment]
        else:
            place = place.setdefault(segment, [] if isinstance(following, int) else {})
    place[path[-1]] = value


class Filling:
    """A form being filled in."""

    def __init__(self, form: Form, raw: Any, situation: Situation) -> None:
        self.form = form
        self.situation = situation
        #: Faults of shape, by path: (component, message without label).
        self._misshapen: dict[Path, tuple[Component | None, Message]] = {}
        self._row_count = 0
        self.raw: Mapping[str, Any] = self._shaped(raw)
        self.cells: list[Cell] = list(self._cells(form.components, (), (), ()))
        self.by_path: dict[Path, Cell] = {cell.path: cell for cell in self.cells}
        self._scopes: dict[tuple[Path, ...], Scope] = {}
        self._visible: dict[Guard, bool] = {}
        self.settle()

    # The shape

    def _shaped(self, raw: Any) -> Mapping[str, Any]:
        if not isinstance(raw, Mapping):
            self._misshapen[()] = (None, Message("not-an-object"))
            return {}
        return self._object(raw, self.form.keys, ())

    def _object(self, raw: Mapping[Any, Any], asked: Keys, path: Path) -> dict[str, Any]:
        """The part of `raw` that the form asks for; the rest is noted as faults."""
        taken: dict[str, Any] = {}
        for key, value in raw.items():
            if not isinstance(key, str) or key not in asked:
                shown = printable(str(key))
                self._misshapen[(*path, shown)] = (None, Message("unknown-key", {"key": shown}))
                continue
            inside = asked[key]
            if inside is None:
                taken[key] = value
            elif isinstance(inside, ListKeys):
                taken[key] = self._list(inside, value, (*path, key))
            elif isinstance(value, Mapping):
                taken[key] = self._object(value, inside, (*path, key))
            elif value is not None:
                self._misshapen[(*path, key)] = (None, Message("not-an-object", {"label": key}))
        return taken

    def _list(self, asked: ListKeys, value: Any, path: Path) -> list[Any]:
        if value is None or value == "":
            return []
        if not isinstance(value, list):
            self._misshapen[path] = (asked.component, Message("not-a-list"))
            return []
        if len(value) > ROWS:
            self._misshapen[path] = (asked.component, Message("too-many-rows", {"limit": ROWS}))
            value = value[: ROWS + 1]
        rows = []
        for index, row in enumerate(value):
            self._row_count += 1
            if self._row_count > ROWS_IN_ALL:
                self._misshapen[path] = (asked.component, Message("too-many-rows-in-all", {"limit": ROWS_IN_ALL}))
                break
            if not isinstance(row, Mapping):
                self._misshapen[(*path, index)] = (asked.component, Message("not-an-object"))
                row = {}
            rows.append(self._object(row, asked.row, (*path, index)))
        return rows

    # The cells

    def _cells(
        self, components: Sequence[Component], path: Path, rows: tuple[Path, ...], guards: tuple[Guard, ...]
    ) -> Iterator[Cell]:
        for component in components:
            mine = (*guards, (component.hide, rows)) if component.hide else guards
            if isinstance(component, DynamicList):
                place = (*path, *component.keys)
                given = at(self.raw, place)
                count = len(given) if isinstance(given, list) else 0
                yield Cell(component, place, rows, mine, value=count)
                for index in range(count):
                    row = (*place, index)
                    yield from self._cells(component.children, row, (*rows, row), mine)
            elif isinstance(component, Container):
                yield from self._cells(component.children, (*path, *component.keys), rows, mine)
            elif isinstance(component, Question):
                own = str(component.hide) if component.id in self.form.self_hiding else ""
                place = (*path, *component.keys)
                yield self._read(Cell(component, place, rows, guards if own else mine, own_hide=own))
            elif isinstance(component, Expression):
                yield Cell(component, (*path, *component.keys), rows, mine)

    def _read(self, cell: Cell) -> Cell:
        question = cell.component
        assert isinstance(question, Question)  # noqa: S101 - for the type checker
        cell.readonly = question.readonly is True
        raw = at(self.raw, cell.path)
        if raw is _MISSING:
            cell.typed = self._default(question)
        else:
            try:
                cell.typed = question.read(raw)
            except Wrong as wrong:
                cell.typed, cell.wrong = question.blank(), Message(wrong.key, wrong.params)
        cell.value = self._kept(cell, question) if cell.readonly else cell.typed
        return cell

    @staticmethod
    def _default(question: Question) -> Any:
        return question.blank() if question.default is None else question.read(question.default)

    def _kept(self, cell: Cell, question: Question) -> Any:
        """What a read-only question stores: what was known, else its default."""
        earlier = at(self.situation.earlier(), cell.path)
        if earlier is not _MISSING:
            try:
                return question.read(earlier)
            except Wrong:
                pass
        return self._default(question)

    # The rounds

    def settle(self) -> None:
        """Hide, compute and settle until nothing changes."""
        if not self.form.is_dynamic:
            return
        for _ in range(ROUNDS):
            before = [(cell.hidden, cell.value) for cell in self.cells]
            self._round()
            if before == [(cell.hidden, cell.value) for cell in self.cells]:
                break

    def _round(self) -> None:
        self._scopes.clear()
        self._visible.clear()
        for cell in self.cells:
            cell.hidden = self._is_hidden(cell.guards) or self._hides_itself(cell)
        for cell in self.cells:
            if cell.hidden or isinstance(cell.component, DynamicList):
                continue
            scope = self.scope(cell.rows)
            if isinstance(cell.component, Expression):
                cell.value = scope.feel(cell.component.source)
                continue
            if isinstance(cell.component.readonly, str):
                cell.readonly = scope.feel(cell.component.readonly) is True
                cell.value = self._kept(cell, cell.component) if cell.readonly else cell.typed
            if cell.component.depends:
                cell.value = cell.component.settle(cell.value, scope)

    def _is_hidden(self, guards: tuple[Guard, ...]) -> bool:
        for guard in guards:
            if guard not in self._visible:
                source, rows = guard
                self._visible[guard] = self.scope(rows).feel(source) is not True
            if not self._visible[guard]:
                return True
        return False

    def _hides_itself(self, cell: Cell) -> bool:
        """A question may hide when it is empty, not by being answered: hidden when so with its answer and without."""
        question = cell.component
        if not cell.own_hide or not isinstance(question, Question):
            return False
        tried = [self._kept(cell, question)] if cell.readonly else [cell.typed, self._default(question)]
        for value in tried:
            data = copy.deepcopy(dict(self.scope().data))
            put(data, cell.path, question.settle(value, self.scope(cell.rows)))
            scope = Scope.root(self.situation, data)
            for row in cell.rows:
                scope = scope.row(int(row[-1]) + 1, at(data, row))
            if scope.feel(cell.own_hide) is not True:
                return False
        return True

    def hides(self, component: Component, rows: tuple[Path, ...]) -> bool:
        """Is a component hidden by its own condition, as things stand? (Its container may hide it too.)"""
        return bool(component.hide) and self._is_hidden(((str(component.hide), rows),))

    def scope(self, rows: tuple[Path, ...] = ()) -> Scope:
        """What an expression inside these rows sees, as things stood when this round began."""
        if () not in self._scopes:
            self._scopes[()] = Scope.root(self.situation, self.data(hidden_as_none=True))
        if rows not in self._scopes:
            outer = self.scope(rows[:-1])
            this = at(outer.data, rows[-1])
            number = int(rows[-1][-1]) + 1
            self._scopes[rows] = outer.row(number, this if isinstance(this, Mapping) else {})
        return self._scopes[rows]

    # What comes of it

    def data(self, hidden_as_none: bool = False) -> dict[str, Any]:
        """The answers as they are stored. Hidden ones are left out, or None for expressions to look at."""
        data: dict[str, Any] = {}
        for cell in self.cells:
            if isinstance(cell.component, DynamicList):
                if not cell.hidden or hidden_as_none:
                    put(data, cell.path, [{} for _ in range(cell.value)])
            elif not cell.hidden:
                put(data, cell.path, cell.value)
            elif hidden_as_none:
                put(data, cell.path, None)
        return data

    def problems(self) -> dict[Path, list[Message]]:
        """Everything wrong, in the form's order, labels included."""
        self._scopes.clear()
        found: dict[Path, list[Message]] = {}
        for path, (component, message) in self._misshapen.items():
            found[path] = [self._labelled(message, component, ())]
        for cell in self.cells:
            messages = [] if cell.hidden or cell.readonly else self._broken(cell)
            if messages:
                found.setdefault(cell.path, []).extend(
                    self._labelled(message, cell.component, cell.rows) for message in messages
                )
        return found

    def _broken(self, cell: Cell) -> list[Message]:
        component = cell.component
        if isinstance(component, DynamicList):
            return self._wrong_rows(component, cell)
        if isinstance(component, Expression):
            return []
        if cell.wrong:
            return [cell.wrong]
        if component.is_empty(cell.value):
            return [component.missing()] if component.required else []
        broken = component.check(cell.value, self.scope(cell.rows))
        if broken and cell.value == at(self.situation.earlier(), cell.path):
            # A day that was to come when it was first answered may be corrected around later.
            broken = [message for message in broken if message.key != "past-date"]
        return broken

    def _wrong_rows(self, component: DynamicList, cell: Cell) -> list[Message]:
        if component.changeable or cell.path in self._misshapen:
            return []
        earlier = at(self.situation.earlier(), cell.path)
        expected = len(earlier) if isinstance(earlier, list) else component.initial
        return [] if cell.value == expected else [Message("fixed-rows", {"limit": expected})]

    def unseen(self, shown: Collection[str]) -> dict[str, list[Message]]:
        """Visible questions whose field name is not among those shown."""
        return {
            cell.name: [self._labelled(Message("word.more-question"), cell.component, cell.rows)]
            for cell in self.cells
            if isinstance(cell.component, Question) and not (cell.hidden or cell.readonly)
            if "-".join(map(str, cell.path)) not in shown
        }

    def _labelled(self, message: Message, component: Component | None, rows: tuple[Path, ...]) -> Message:
        label = self.label(component, rows) if component else self.form.title
        return Message(message.key, {"label": label, **message.params})

    def label(self, component: Component, rows: tuple[Path, ...]) -> str:
        """The question as the form asks it here."""
        if isinstance(component, (Question, Container)):
            text = component.label.render(self.scope(rows)).strip()
            return text or (component.keys[-1].replace("_", " ") if component.keys else component.id)
        return component.id
