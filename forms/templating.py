"""Texts of a form that may hold FEEL: `=expression`, or words with `{{expression}}` in them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from forms.messages import in_words
from forms.scope import Scope

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII)
_HOLE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class UnsupportedTemplate(ValueError):
    """The text uses something of form-js's templates that Samled does not have."""


@dataclass(frozen=True)
class Template:
    """A text, cut into words (str) and expressions (a tuple of one)."""

    parts: tuple[str | tuple[str], ...]

    @classmethod
    def parse(cls, source: str) -> Template:
        """Cut a text. Raises UnsupportedTemplate for loops and conditions inside braces."""
        if source.startswith("="):
            return cls(((source[1:].strip(),),))
        parts: list[str | tuple[str]] = []
        for index, piece in enumerate(_HOLE.split(source)):
            if index % 2 == 0:
                if piece:
                    parts.append(piece)
            elif piece.strip()[:1] in ("#", "/", "^", "!", ">"):
                raise UnsupportedTemplate(piece.strip())
            else:
                parts.append((piece.strip(),))
        return cls(tuple(parts))

    @property
    def expressions(self) -> tuple[str, ...]:
        """FEEL sources in the text."""
        return tuple(part[0] for part in self.parts if isinstance(part, tuple))

    def render(self, scope: Scope, escape: Callable[[str], str] = str) -> str:
        """The text with its holes filled; `escape` is applied to what comes from data beside words of the form."""
        if not self.parts:
            return ""
        if len(self.parts) == 1:
            only = self.parts[0]
            return only if isinstance(only, str) else words(scope.feel(only[0]), scope)
        return "".join(
            part if isinstance(part, str) else escape(words(scope.feel(part[0]), scope)) for part in self.parts
        )


def words(value: Any, scope: Scope) -> str:
    """A value as a person reads it; ISO dates and times too, on the organisation's clock."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(words(item, scope) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {words(item, scope)}" for key, item in value.items())
    if isinstance(value, str) and _ISO.fullmatch(value):
        value = _moment(value, scope.situation.zone)
    return in_words(value, scope.situation.language)


def _moment(text: str, zone: str) -> datetime.date | str:
    """A date or moment of ISO text; the text itself when there is no such day."""
    try:
        if len(text) == 10:
            return datetime.date.fromisoformat(text)
        moment = datetime.datetime.fromisoformat(text)
        return moment.astimezone(ZoneInfo(zone)) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return text
