"""Texts of a form that may hold FEEL: `=expression`, or words with `{{expression}}` in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from forms.messages import in_words
from forms.scope import Scope

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
            return only if isinstance(only, str) else _words(scope.feel(only[0]), scope)
        return "".join(
            part if isinstance(part, str) else escape(_words(scope.feel(part[0]), scope)) for part in self.parts
        )


def _words(value: Any, scope: Scope) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_words(item, scope) for item in value)
    return in_words(value, scope.situation.language)
