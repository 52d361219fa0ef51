"""Patterns that a form asks an answer to match, matched in linear time.

A form's pattern is a JavaScript regular expression written by whoever owns the form; in a backtracking engine
`^(a+)+$` hangs the server on thirty characters. RE2 cannot: it takes time in proportion to the text. What RE2 lacks
(look-ahead, back-references) is refused when the form is loaded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import re2  # type: ignore[import-untyped]

#: Bytes a compiled pattern may take.
_MEMORY = 1 << 22
_UNICODE_ESCAPE = re.compile(r"(\\\\)|\\u([0-9a-fA-F]{4})")


class UnsupportedPattern(ValueError):
    """The pattern cannot be matched in linear time, or is no pattern at all."""


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern. It matches anywhere in the text, as JavaScript's `test` does."""

    source: str
    _compiled: Any

    @classmethod
    def compile(cls, source: str) -> Pattern:
        """Compile. Raises UnsupportedPattern with the reason."""
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MEMORY
        translated = _UNICODE_ESCAPE.sub(lambda found: found[1] or f"\\x{{{found[2]}}}", source)
        try:
            return cls(source, re2.compile(translated, options))
        except (re2.error, ValueError, UnicodeError) as error:
            raise UnsupportedPattern(_reason(error)) from None

    def matches(self, text: str) -> bool:
        """Does the pattern occur in the text?"""
        return self._compiled.search(text) is not None


def _reason(error: Exception) -> str:
    detail = error.args[0] if error.args else ""
    return detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
