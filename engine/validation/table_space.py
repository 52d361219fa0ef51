"""The values that a decision table looks at, cut into cells on each of which every test is either true or false.

An input is a dimension: its atoms are the constants of its tests and what lies between them, or everything else. What a
test accepts is a set of atoms, as the bits of a number; a rule is a box.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from engine.dmn import Input, Table
from engine.errors import FeelError
from engine.feel import current_feel
from engine.validation.unary_tests import ORDERED, Constant, Kind, Part, Tests, parse

Path = tuple[str, ...]


@dataclass(frozen=True)
class Answers:
    """What is known of a variable: from the form that asks for it, or the decision that gives it."""

    #: None: it may be of several.
    kind: Kind | None = None
    #: Of a number: is it always whole?
    whole: bool = False
    #: All that it can be.
    allowed: Tests | None = None


#: Path of a variable → what is known of it.
Values = Callable[[Path], Answers | None]

#: Functions of one variable whose result can be any value of its kind.
_ANY_RESULT = re.compile(r"(date and time|date|time|duration|number)\s*\(\s*([\w.]+)\s*\)")
#: Functions that give a whole number from nought on.
_COUNTS = re.compile(r"(count|string length|length|age)\s*\(")
_WHOLE = frozenset({"integer", "long"})


@dataclass(frozen=True)
class Dimension:
    """One input, or several that look at the same."""

    columns: tuple[int, ...]
    source: str
    label: str
    #: None: no test of it can be understood, or they are of several kinds.
    kind: Kind | None
    #: In order; the atoms lie at them and, if the kind is ordered, between them.
    constants: tuple[Constant, ...]
    #: What it reads of the case's data.
    reads: frozenset[Path]
    #: Is the null value asked for?
    asks_null: bool
    #: Atoms that can occur, null aside.
    possible: int = 0
    #: Can each of them occur?
    certain: bool = False
    #: What the variable is that it looks at, where that is known.
    answered: Kind | None = None

    @property
    def null(self) -> int:
        """The bit of null, which lies behind all others."""
        return 1 << self.size

    @property
    def everything(self) -> int:
        """All atoms that can occur, null included: an answer may be missing."""
        return self.possible | self.null

    @cached_property
    def size(self) -> int:
        """How many atoms there are besides null."""
        if self.kind in ORDERED:
            return 2 * len(self.constants) + 1
        return 2 if self.kind == "boolean" else len(self.constants) + 1

    @cached_property
    def _places(self) -> dict[object, int]:
        step = (1, 2) if self.kind in ORDERED else (0, 1)
        return {constant.key: step[0] + step[1] * number for number, constant in enumerate(self.constants)}

    def accepted(self, tests: Tests) -> tuple[int, int]:
        """Atoms that surely fit, and those that may."""
        if tests.anything:
            return self.everything, self.everything
        whole = (1 << self.size) - 1 | self.null
        sure = maybe = 0
        for part in tests.parts:
            bits = None if part is None else self._bits(part, whole)
            sure |= bits or 0
            maybe |= whole if bits is None else bits
        if tests.negated:
            sure, maybe = whole & ~maybe, whole & ~sure
        return sure & self.everything, maybe & self.everything

    def _bits(self, part: Part, whole: int) -> int | None:
        if all(one.kind == "null" for one in part.constants):
            bits = self.null
        elif self.kind is None or any(one.kind != self.kind for one in part.constants):
            return None
        else:
            low = 0 if part.low is None else self._places[part.low.key] + (not part.with_low)
            high = self.size - 1 if part.high is None else self._places[part.high.key] - (not part.with_high)
            bits = ((1 << (high + 1)) - 1) & ~((1 << low) - 1) if high >= low else 0
        return whole & ~bits if part.negated else bits


@dataclass(frozen=True)
class Space:
    """All dimensions of a table, and its rules in them."""

    dimensions: tuple[Dimension, ...]
    #: A rule is a box: atoms a dimension. What surely fits, and what may.
    sure: tuple[tuple[int, ...], ...]
    maybe: tuple[tuple[int, ...], ...]
    #: Inputs whose tests are of several kinds: index of the column → its kinds.
    mixed: dict[int, tuple[Kind, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, names: Iterable[str] = (), values: Values = lambda _path: None) -> Space:
        """`names` as for `Feel.compile`; `values` tells what a variable can be."""
        cells = [[parse(rule.tests[column].text) for rule in table.rules] for column in range(len(table.inputs))]
        columns: dict[str, list[int]] = {}
        for index, column in enumerate(table.inputs):
            columns.setdefault(column.text, []).append(index)
        mixed: dict[int, tuple[Kind, ...]] = {}
        dimensions = []
        for same in columns.values():
            tests = [one for index in same for one in cells[index]]
            kinds = tuple(dict.fromkeys(c.kind for one in tests for c in one.constants if c.kind != "null"))
            if len(kinds) > 1:
                mixed[same[0]] = kinds
            dimensions.append(_dimension(table.inputs[same[0]], tuple(same), tests, kinds, tuple(names), values))
        boxes = [
            [_met(dimension, [cells[index][row] for index in dimension.columns]) for dimension in dimensions]
            for row in range(len(table.rules))
        ]
        return cls(
            tuple(dimensions),
            tuple(tuple(sure for sure, _ in box) for box in boxes),
            tuple(tuple(maybe for _, maybe in box) for box in boxes),
            mixed,
        )

    @cached_property
    def related(self) -> tuple[frozenset[int], ...]:
        """For each dimension, the others that look at some of the same data, so that they are not independent."""
        return tuple(
            frozenset(
                other
                for other, two in enumerate(self.dimensions)
                if other != index and any(_around(a, b) for a in one.reads for b in two.reads)
            )
            for index, one in enumerate(self.dimensions)
        )


def _dimension(
    column: Input, columns: tuple[int, ...], tests: list[Tests], kinds: tuple[Kind, ...], names: tuple[str, ...],
    values: Values,
) -> Dimension:  # fmt: skip
    kind = kinds[0] if len(kinds) == 1 else None
    path, reads, whole, certain = _looks_at(column, names)
    known = (values(path) if path else None) or Answers()
    allowed = parse(column.values) if column.values else known.allowed
    # An allowed value that no test names is an atom of its own.
    used = [one for one in (*tests, *([allowed] if allowed else [])) if not one.anything]
    constants = {one.key: one for test in used for one in test.constants if one.kind == kind}
    if kind == "boolean":
        constants = {("boolean", one): Constant("boolean", one, str(one).lower()) for one in (False, True)}
    ordered = sorted(constants.values(), key=lambda one: one.value) if kind else []
    asks_null = any(one.kind == "null" for test in tests for one in test.constants)
    found = Dimension(columns, column.text, column.label, kind, tuple(ordered), reads, asks_null, answered=known.kind)
    possible = (1 << found.size) - 1
    if allowed is not None and not allowed.anything:
        sure, maybe = replace(found, possible=possible).accepted(allowed)
        certain, possible = certain or sure == maybe, maybe & ~found.null
    if kind == "number" and (whole or known.whole):
        possible &= _whole_numbers(ordered, from_nought=whole == "count")
    if kind == "date":
        possible &= _whole_numbers(ordered, from_nought=False)
    return replace(found, possible=possible, certain=certain or kind == "boolean")


def _looks_at(column: Input, names: tuple[str, ...]) -> tuple[Path | None, frozenset[Path], str, bool]:
    """The variable that it is (None: it is worked out), all it reads, whether whole, whether any value can come."""
    try:
        read = current_feel().compile(column.text, names=names).reads
    except FeelError:
        return None, frozenset(), "", False
    path = next(iter(read)) if len(read) == 1 else None
    if path is not None and column.text == ".".join(path):
        return path, read, "whole" if column.type in _WHOLE else "", True
    if _COUNTS.match(column.text) and _is_one_call(column.text):
        return None, read, "count", True
    return None, read, "", _ANY_RESULT.fullmatch(column.text) is not None


def _is_one_call(text: str) -> bool:
    """Does the first bracket end with the text?"""
    depth = 0
    for index, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == ")" and depth == 0:
            return index == len(text) - 1
    return False


def _whole_numbers(constants: Sequence[Constant], *, from_nought: bool) -> int:
    """The atoms in which a whole number lies."""
    bits = 0
    bounds = [one.value for one in constants]
    for number, value in enumerate(bounds):
        before = bounds[number - 1] if number else (-1 if from_nought else None)
        if before is None or math.ceil(value) - math.floor(before) > 1:
            bits |= 1 << (2 * number)
        if value == math.floor(value) and not (from_nought and value < 0):
            bits |= 1 << (2 * number + 1)
    return bits | 1 << (2 * len(bounds))


def _met(dimension: Dimension, tests: Iterable[Tests]) -> tuple[int, int]:
    sure = maybe = dimension.everything
    for one in tests:
        surely, perhaps = dimension.accepted(one)
        sure, maybe = sure & surely, maybe & perhaps
    return sure, maybe


def _around(one: Path, other: Path) -> bool:
    return one[: len(other)] == other[: len(one)]
