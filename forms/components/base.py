"""What every component of a form has, and what every question has besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from forms.messages import Message, in_words
from forms.nodes import Node
from forms.scope import Scope
from forms.templating import Template
from forms.wrong import Wrong


@dataclass(frozen=True, kw_only=True)
class Component:
    """Anything on a form."""

    #: form-js's name of the component.
    type: ClassVar[str]
    #: Properties it understands besides the harmless ones.
    properties: ClassVar[frozenset[str]] = frozenset()

    #: Unique in its form; used for element ids on the page.
    id: str
    #: FEEL source: hidden when it is true.
    hide: str | None = None

    @classmethod
    def load(cls, node: Node, id: str) -> Component:
        """Read from a form file; every fault is noted in the node's source."""
        node.only(cls.properties)
        return cls(id=id, hide=node.hide(), **cls.settings(node))

    @classmethod
    def settings(cls, node: Node) -> dict[str, Any]:
        """What this kind of component reads from the file, by attribute."""
        return {}

    def expressions(self) -> dict[str, str]:
        """Property → FEEL source, for whoever checks them beforehand."""
        return {"conditional.hide": self.hide} if self.hide else {}


@dataclass(frozen=True, kw_only=True)
class Question(Component):
    """A component with an answer in the form's data."""

    #: Rules of `validate` that it keeps.
    rules: ClassVar[frozenset[str]] = frozenset({"required"})
    empty: ClassVar[Any] = None
    properties = frozenset({"key", "label", "description", "disabled", "readonly", "validate", "defaultValue"})

    keys: tuple[str, ...]
    label: Template
    description: Template
    required: bool = False
    #: True, or FEEL source that tells: shown but not changeable, kept from what is known.
    readonly: bool | str = False
    #: The form's `defaultValue`; None when there is none.
    default: Any = None

    @classmethod
    def load(cls, node: Node, id: str) -> Component:
        node.only(cls.properties)
        keys = node.keys("key", required=True)
        validate = node.part("validate")
        cls._check_rules(node, validate)
        required = validate.get("required", False)
        if required not in (True, False, None):
            node.refuse("property-type.flag", property="validate.required")
        question = cls(
            id=id,
            hide=node.hide(),
            keys=keys,
            label=cls.load_label(node),
            description=node.template("description"),
            required=required is True,
            readonly=_either(node.flag_or_feel("readonly"), node.flag_or_feel("disabled")),
            default=node.content.get("defaultValue"),
            **cls.settings(node),
        )
        return question.checked(node)

    @classmethod
    def load_label(cls, node: Node) -> Template:
        """The question; its key when the file gives none, since a field without a name cannot be used by ear."""
        return node.as_template("label", node.text("label") or node.name.replace("_", " "))

    def checked(self, node: Node) -> Question:
        """Refuse a default value that the question itself would refuse."""
        if self.default is not None:
            try:
                self.read(self.default)
            except Wrong:
                node.refuse("default-value", type=self.type)
        return self

    @classmethod
    def _check_rules(cls, node: Node, validate: Mapping[str, Any]) -> None:
        for name, value in validate.items():
            if name not in cls.rules and value not in (None, "", False):
                node.refuse("unsupported-rule", type=cls.type, property=name)

    @property
    def depends(self) -> bool:
        """Must its value be settled again when other answers change?"""
        return False

    def read(self, raw: Any) -> Any:
        """The raw answer as a JSON value of the right type. Raises Wrong."""
        raise NotImplementedError

    def settle(self, value: Any, scope: Scope) -> Any:
        """The value once the other answers are known (a choice among computed options)."""
        return value

    def check(self, value: Any, scope: Scope) -> list[Message]:
        """Rules that the value breaks; messages without the label. Not asked about unanswered questions."""
        return []

    def blank(self) -> Any:
        """What an unanswered question stores, as form-js does."""
        return self.empty

    def missing(self) -> Message:
        """What to say when a required question is unanswered; without the label."""
        return Message("required")

    def is_empty(self, value: Any) -> bool:
        """Is this no answer at all?"""
        return value is None or value == "" or value == []

    def in_words(self, value: Any, scope: Scope) -> str:
        """The answer as a person reads it; empty when there is none."""
        return "" if self.is_empty(value) else in_words(value, scope.situation.language)

    def expressions(self) -> dict[str, str]:
        found = super().expressions()
        for name in ("label", "description"):
            for number, source in enumerate(getattr(self, name).expressions):
                found[f"{name}" if number == 0 else f"{name}.{number}"] = source
        if isinstance(self.readonly, str):
            found["readonly"] = self.readonly
        return found

    def schema_metadata(self) -> dict[str, Any]:
        """JSON Schema keywords that describe the answer, for the API's documentation."""
        return {}


def _either(first: bool | str, second: bool | str) -> bool | str:
    """Read-only or disabled, either of them possibly an expression."""
    if first is True or second is True:
        return True
    if isinstance(first, str) and isinstance(second, str):
        return f"({first}) = true or ({second}) = true"
    return first or second
