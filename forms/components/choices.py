"""Questions answered by choosing: a tick, one of several, several of several, and pickers of our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from forms.characters import storable
from forms.components.base import Question
from forms.limits import ROWS, SHORT_TEXT
from forms.messages import Message
from forms.nodes import Node
from forms.options import OptionSource, canonical, find, in_order
from forms.scope import Option, Scope
from forms.wrong import Wrong

#: Kinds of picker whose options come from outside the form.
PICKERS = frozenset({"unit", "person", "party"})


@dataclass(frozen=True)
class Picker:
    """`"properties": {"samled": "unit"}`: a choice among units, people on staff or parties of the case."""

    kind: str

    @classmethod
    def load(cls, node: Node, kinds: frozenset[str]) -> Picker | None:
        """Read from the file; refuse a kind that this component cannot be."""
        kind = node.setting("samled")
        if not kind:
            return None
        if kind not in kinds:
            node.refuse("unsupported-picker", type=node.type, kind=kind, known=", ".join(sorted(kinds)))
            return None
        return cls(kind)

    def options(self, scope: Scope) -> list[Option] | None:
        """What can be picked; None when nobody is here to say."""
        return scope.situation.options(self.kind)

    def check(self, values: list[Any], scope: Scope) -> list[Message]:
        """Refuse what cannot be picked."""
        options = self.options(scope)
        if options is None or all(find(options, value) for value in values):
            return []
        return [Message("not-an-option")]

    def label_of(self, value: Any, scope: Scope) -> str:
        """The picked thing's name, or its id when nobody knows its name."""
        option = find(self.options(scope) or [], value)
        return option.label if option else str(value)


@dataclass(frozen=True, kw_only=True)
class Checkbox(Question):
    """Yes or no."""

    type = "checkbox"
    empty: ClassVar[Any] = False

    def missing(self) -> Message:
        return Message("required-tick")

    def read(self, raw: Any) -> Any:
        if raw is None:
            return False
        if not isinstance(raw, bool):
            raise Wrong("not-yes-or-no")
        return raw

    def is_empty(self, value: Any) -> bool:
        return value is not True

    def in_words(self, value: Any, scope: Scope) -> str:
        return Message("word.yes" if value is True else "word.no").text(scope.situation.language)


@dataclass(frozen=True, kw_only=True)
class Choice(Question):
    """What all choices among options have in common."""

    properties = Question.properties | {"values", "valuesKey", "valuesExpression", "searchable"}
    #: Kinds of picker that the component may be.
    pickers: ClassVar[frozenset[str]] = frozenset()

    source: OptionSource
    picker: Picker | None = None

    @classmethod
    def settings(cls, node: Node) -> dict[str, Any]:
        picker = Picker.load(node, cls.pickers)
        return {"picker": picker, "source": OptionSource.load(node, needed=picker is None)}

    @property
    def depends(self) -> bool:
        """Options that are computed may hold other values than text; the page sends their tokens."""
        return bool(self.picker is None and (self.source.expression or self.source.key))

    def options(self, scope: Scope) -> list[Option] | None:
        """The options just now; None when any value will do."""
        return self.picker.options(scope) if self.picker else self.source.options(scope)

    def expressions(self) -> dict[str, str]:
        found = super().expressions()
        if self.source.expression:
            found["valuesExpression"] = self.source.expression
        return found

    def one(self, raw: Any) -> Any:
        """One chosen value, of any JSON type but null."""
        if isinstance(raw, str):
            if len(raw) > SHORT_TEXT:
                raise Wrong("not-an-option")
            raw = storable(raw)
            if self.source.static and (option := find(self.source.static, raw)):
                return option.value
            return raw
        if isinstance(raw, (list, dict)) and not self.depends:
            raise Wrong("not-an-option")
        if raw is None or (isinstance(raw, float) and not -1e300 < raw < 1e300):
            raise Wrong("not-an-option")
        try:
            if len(canonical(raw).encode()) > SHORT_TEXT * 10:
                raise Wrong("not-an-option")
        except (TypeError, ValueError, RecursionError):  # UnicodeEncodeError is a ValueError
            raise Wrong("not-an-option") from None
        return raw

    def settle_one(self, value: Any, options: list[Option] | None) -> Any:
        """The option's own value, where the page sent its token."""
        option = find(options or [], value)
        return option.value if option else value

    def words_of(self, values: list[Any], scope: Scope) -> str:
        """Labels of what was chosen."""
        options = self.options(scope) or []
        found = [(find(options, value), value) for value in values]
        return ", ".join(option.label if option else str(value) for option, value in found)

    def schema_metadata(self) -> dict[str, Any]:
        return {"enum": [option.value for option in self.source.static]} if self.source.static else {}


@dataclass(frozen=True, kw_only=True)
class Single(Choice):
    """One of several."""

    def missing(self) -> Message:
        return Message("required-choice")

    def read(self, raw: Any) -> Any:
        value = None if raw is None else self.one(raw)
        return None if value == "" else value

    def settle(self, value: Any, scope: Scope) -> Any:
        return value if value is None or not self.depends else self.settle_one(value, self.options(scope))

    def check(self, value: Any, scope: Scope) -> list[Message]:
        if self.picker:
            return self.picker.check([value], scope)
        return [] if find(self.source.options(scope), value) else [Message("not-an-option")]

    def in_words(self, value: Any, scope: Scope) -> str:
        return "" if value is None else self.words_of([value], scope)


@dataclass(frozen=True, kw_only=True)
class Radio(Single):
    """One of several, all shown."""

    type = "radio"


@dataclass(frozen=True, kw_only=True)
class Select(Single):
    """One of several, in a list that opens."""

    type = "select"
    pickers = PICKERS


@dataclass(frozen=True, kw_only=True)
class Several(Choice):
    """Any number of several. The answer is a list in the order of the options, each once."""

    def blank(self) -> Any:
        return []

    def missing(self) -> Message:
        return Message("required-choices")

    def read(self, raw: Any) -> Any:
        if raw is None or raw == "":
            return []
        if not isinstance(raw, list):
            raise Wrong("not-a-list")
        if len(raw) > ROWS:
            raise Wrong("too-many", limit=ROWS)
        chosen: dict[str, Any] = {}
        for item in raw:
            if item != "" and item is not None:
                value = self.one(item)
                chosen.setdefault(canonical(value), value)
        return in_order([value for value in chosen.values() if value != ""], self.source.static)

    def settle(self, value: Any, scope: Scope) -> Any:
        if not self.depends or not value:
            return value
        options = self.options(scope)
        settled = [self.settle_one(item, options) for item in value]
        return in_order(list({canonical(item): item for item in settled}.values()), options or ())

    def check(self, value: Any, scope: Scope) -> list[Message]:
        if self.picker:
            return self.picker.check(value, scope)
        options = self.source.options(scope)
        return [] if all(find(options, item) for item in value) else [Message("not-an-option")]

    def in_words(self, value: Any, scope: Scope) -> str:
        return self.words_of(value, scope) if isinstance(value, list) else ""


@dataclass(frozen=True, kw_only=True)
class Checklist(Several):
    """Several, all shown with a box each."""

    type = "checklist"
    pickers = PICKERS


@dataclass(frozen=True, kw_only=True)
class Taglist(Several):
    """Several, of a list that may be long."""

    type = "taglist"
    pickers = PICKERS
