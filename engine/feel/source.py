"""Camunda 8's rule for a text of a model: with a leading `=` it is FEEL, else it is the text itself. No templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.feel.context import FeelContext
from engine.feel.expression import Expression
from engine.feel.feel import Feel, current_feel


@dataclass(frozen=True)
class Static:
    """Text that stands for itself. Looks like an `Expression` that reads nothing."""

    source: str
    element: str | None = None
    file: str | None = None
    names: frozenset[str] = frozenset()
    paths: frozenset[tuple[str, ...]] = frozenset()
    ambiguous_names: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    deadline_names: frozenset[str] = frozenset()
    role_names: frozenset[str] = frozenset()

    def evaluate(self, variables: Mapping[str, Any], context: FeelContext, *, strict: bool = True) -> str:
        """The text."""
        return self.source


def parse_static_or_feel(
    text: str, *, element: str | None = None, file: str | None = None, feel: Feel | None = None
) -> Static | Expression:
    """`=a + b` is FEEL, anything else static. Raises `FeelError` for a syntax error in FEEL."""
    if text.startswith("="):
        return (feel or current_feel()).compile(text[1:].strip(), element=element, file=file)
    return Static(text, element, file)
