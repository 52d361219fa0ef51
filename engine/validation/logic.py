"""A condition taken apart: the values it looks at, with the constants it compares them with.

Each value becomes a variable of its own (a *term*), and the condition is evaluated by FEEL itself over them. A part
that is no comparison with constants becomes a term too, true or false whatever it says, so that nothing is understood
wrongly: what is not understood is only free.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from engine.errors import FeelError
from engine.feel import Expression, Tree, current_feel
from engine.validation.domains import MISSING, Domain, Path

#: A text that no model compares with.
OTHER = "\u2026"
_ORDERED = frozenset({"<", "<=", ">", ">=", "between"})
_LITERALS = frozenset({"StringLiteral", "NumericLiteral", "BooleanLiteral", "null"})
#: Around and between the constants of an `in`.
_TESTS = frozenset(
    {"PositiveUnaryTests", "PositiveUnaryTest", "SimplePositiveUnaryTest", "CompareOp", "List", "Interval"}
)
_BRACKETS = frozenset("()[],") | {"..", "]", "["}


@dataclass(eq=False)
class Term:
    """One value that conditions look at."""

    #: As it is written, for people.
    text: str
    #: None where it is no variable.
    path: Path | None
    #: What it is computed from.
    reads: frozenset[Path]
    name: str
    #: Does it stand where a condition stands?
    boolean: bool = False
    #: Is it asked whether it is there?
    lenient: bool = False
    constants: list[Any] = field(default_factory=list)

    def may_be(self, domain: Domain) -> tuple[Any, ...]:
        """Representatives of its values: between any two that the conditions tell apart there is one."""
        if self.path is None and self.boolean and not self.constants:
            return (True, False)
        if domain.values is not None:
            found = domain.may_be
        else:
            found = (*self._points(domain), *domain.empty, *((MISSING,) if domain.hides else ()))
        missing = (MISSING,) if self.lenient and domain.offered is False and domain.values is None else ()
        return tuple(value for index, value in enumerate((*found, *missing)) if not _among(value, found, index))

    def _points(self, domain: Domain) -> tuple[Any, ...]:
        numbers = sorted(
            {float(one) for one in self.constants if isinstance(one, (int, float)) and not isinstance(one, bool)}
        )
        texts = [one for one in self.constants if isinstance(one, str)]
        flags = [True, False] if self.boolean or any(isinstance(one, bool) for one in self.constants) else []
        nulls = [None] if None in self.constants and not domain.type else []
        spread = _spread(numbers, domain) if numbers or domain.type == "number" else []
        others = [OTHER] if texts or not (flags or spread) else []
        return (*flags, *spread, *texts, *others, *nulls)


def _among(value: Any, values: tuple[Any, ...], end: int) -> bool:
    return any(type(one) is type(value) and one == value for one in values[:end])


def _spread(numbers: list[float], domain: Domain) -> list[float]:
    """The numbers, one between each two, one below and one above, as far as the domain goes."""
    bounds = [one for one in (domain.least, domain.most) if one is not None]
    known = sorted({*numbers, *bounds}) or [0.0]
    between = [(first + second) / 2 for first, second in pairwise(known)]
    if domain.whole:
        between = [float(int(first) + 1) for first, second in pairwise(known) if int(first) + 1 < second]
    points = sorted({known[0] - 1, *known, *between, known[-1] + 1})
    return [
        one
        for one in points
        if (domain.least is None or one >= domain.least) and (domain.most is None or one <= domain.most)
    ]


class Terms:
    """The terms of several conditions, each once."""

    def __init__(self) -> None:
        self._terms: dict[str, Term] = {}

    def take(self, tree: Tree) -> Term:
        """The term of a part of an expression."""
        path = tree.path
        text = ".".join(path) if path else " ".join(tree.text.split())
        if text not in self._terms:
            reads = frozenset({path}) if path else _reads(tree.text)
            self._terms[text] = Term(text, path, reads, f"term{len(self._terms)}")
        return self._terms[text]


@dataclass(frozen=True)
class Condition:
    """A condition over terms."""

    source: str
    expression: Expression
    terms: tuple[Term, ...]

    @classmethod
    def read(cls, expression: Expression, terms: Terms) -> Condition:
        """Raises `FeelError` for one that cannot be taken apart."""
        reader = _Reader(terms)
        reader.boolean(expression.tree)
        rewritten = expression.source
        for start, end, name in sorted(reader.cuts, reverse=True):
            rewritten = f"{rewritten[:start]}{name}{rewritten[end:]}"
        return cls(expression.source, current_feel().compile(rewritten), tuple(dict.fromkeys(reader.met)))


class _Reader:
    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.cuts: list[tuple[int, int, str]] = []
        self.met: list[Term] = []

    def boolean(self, tree: Tree) -> None:
        """A part that is true or false."""
        if tree.kind in ("Expression", "ParenthesizedExpression", "Conjunction", "Disjunction"):
            for part in tree.parts:
                if part.kind not in ("(", ")", "and", "or"):
                    self.boolean(part)
        elif tree.kind == "IfExpression" and len(tree.parts) == 6:
            for part in tree.parts[1::2]:
                self.boolean(part)
        elif tree.kind == "Comparison":
            self._comparison(tree)
        elif (call := tree.call) is not None and call[0] == "not" and len(call[1]) == 1:
            self.boolean(call[1][0])
        elif call is not None and call[0] == "is defined" and len(call[1]) == 1 and call[1][0].path:
            self._cut(call[1][0]).lenient = True
        elif tree.kind != "BooleanLiteral":
            self._cut(tree).boolean = True

    def _comparison(self, tree: Tree) -> None:
        left, operator, *rest = tree.parts
        sign = operator.text
        if sign not in ("in", "between") and _is_constant(left) and len(rest) == 1:
            left, rest = rest[0], [left]
        tests = [part for one in rest for part in one.walk()]
        constants = [_constant(part) for part in tests if part.kind in _LITERALS]
        plain = all(part.kind in _TESTS | _LITERALS | _BRACKETS | {"and", "ArithOp"} for part in tests)
        ordered = sign in _ORDERED or any(part.kind in ("CompareOp", "Interval") for part in tests)
        texts = any(isinstance(one, str) for one in constants)
        if plain and constants and not (ordered and texts) and not any(one is OTHER for one in constants):
            self._value(left, constants)
        else:
            self._cut(tree).boolean = True

    def _value(self, tree: Tree, constants: list[Any]) -> None:
        """A part that is compared with constants."""
        call = tree.call
        if tree.kind == "ParenthesizedExpression" and len(tree.parts) == 3:
            self._value(tree.parts[1], constants)
        elif call is not None and call[0] == "get or else" and len(call[1]) == 2 and call[1][0].path:
            term = self._cut(call[1][0])
            term.lenient = True
            term.constants += constants
            if not _is_constant(call[1][1]):
                self._cut(call[1][1])
        else:
            self._cut(tree).constants += constants

    def _cut(self, tree: Tree) -> Term:
        term = self.terms.take(tree)
        self.met.append(term)
        self.cuts.append((tree.start, tree.end, term.name))
        return term


def _is_constant(tree: Tree) -> bool:
    return tree.kind in _LITERALS


def _constant(tree: Tree) -> Any:
    """The value of a literal; `OTHER` for a text that is not plain."""
    if tree.kind == "null":
        return None
    if tree.kind == "BooleanLiteral":
        return tree.text == "true"
    try:
        value = json.loads(tree.text)
    except ValueError:
        return OTHER
    return value


def _reads(source: str) -> frozenset[Path]:
    try:
        return current_feel().compile(source).reads
    except FeelError:
        return frozenset()
