"""What the forms room raises: a form that cannot be used, and answers that do not fit a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forms.messages import Message
from forms.reasons import Reason


class FormsError(Exception):
    """Something is wrong with a form or with what was filled in."""


class InvalidForm(FormsError):
    """The form file cannot be used. Mend what the reasons name and try again."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        self.reasons = list(reasons)
        super().__init__("\n".join(map(str, self.reasons)) or self.__doc__)


class InvalidInput(FormsError):
    """Some answers are missing or wrong. Correct the fields named and send again."""

    def __init__(self, errors: Mapping[str, Sequence[Message]]) -> None:
        #: Path of the answer (`goals.0.text`; empty for the form as a whole) → messages, in the form's order.
        self.errors = {path: list(messages) for path, messages in errors.items()}
        super().__init__(f"{self.__doc__} {', '.join(filter(None, self.errors))}".strip())

    def texts(self, language: str = "sv") -> dict[str, list[str]]:
        """The messages in words, for a page or an API."""
        return {path: [message.text(language) for message in messages] for path, messages in self.errors.items()}

    def nested(self, language: str = "sv") -> dict[str, Any]:
        """The messages as marshmallow nests them: `{"goals": {0: {"text": ["…"]}}}`."""
        tree: dict[Any, Any] = {}
        for path, texts in self.texts(language).items():
            place = tree
            segments: list[Any] = [int(part) if part.isdecimal() else part for part in path.split(".")] if path else []
            for segment in segments:
                deeper = place.setdefault(segment, {})
                if not isinstance(deeper, dict):  # pragma: no cover - a leaf has no children
                    break
                place = deeper
            place.setdefault("_schema", []).extend(texts)
        return _flatten(tree)


def _flatten(tree: dict[Any, Any]) -> dict[str, Any]:
    """`{"a": {"_schema": [x]}}` → `{"a": [x]}` where nothing else is inside."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            value = value["_schema"] if set(value) == {"_schema"} else _flatten(value)
        flat[key] = value
    return flat
