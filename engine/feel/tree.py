"""The syntax tree of an expression, for whoever looks at how it is built up instead of evaluating it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tree:
    """A node."""

    #: The grammar's name for it, such as `Comparison`; of a word or sign, the word or sign itself.
    kind: str
    #: Where it stands in the expression, in characters.
    start: int
    end: int
    text: str
    parts: tuple[Tree, ...]

    @classmethod
    def of(cls, raw: list[Any], source: str) -> Tree:
        """From what the runtime gives, in UTF-16 units."""
        if source.isascii() or max(source) <= "\uffff":
            return cls._of(raw, source, None)
        places = [0]
        for number, character in enumerate(source):
            places += [number + 1] * (2 if character > "\uffff" else 1)
        return cls._of(raw, source, places)

    @classmethod
    def _of(cls, raw: list[Any], source: str, places: list[int] | None) -> Tree:
        kind, start, end, parts = raw
        if places is not None:
            start, end = places[start], places[end]
        return cls(kind, start, end, source[start:end], tuple(cls._of(part, source, places) for part in parts))

    @property
    def path(self) -> tuple[str, ...] | None:
        """The names of a path, such as `("plan", "owner")`; None for anything else."""
        if self.kind == "VariableName":
            return (" ".join(part.text.replace("`", "") for part in self.parts) or self.text,)
        if self.kind == "PathExpression" and len(self.parts) == 2:
            before, last = self.parts[0].path, self.parts[1].path
            return (*before, *last) if before is not None and last is not None else None
        return None

    @property
    def call(self) -> tuple[str, tuple[Tree, ...]] | None:
        """The name and the arguments of a call; None for anything else, and for arguments with names."""
        if self.kind not in ("FunctionInvocation", "DateTimeLiteral") or len(self.parts) < 3:
            return None
        parameters = next((part for part in self.parts if part.kind.endswith("Parameters")), None)
        if parameters is None or parameters.kind == "NamedParameters":
            return None
        return " ".join(self.parts[0].text.split()), parameters.parts

    def walk(self) -> Iterator[Tree]:
        """This node and all in it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.parts)
