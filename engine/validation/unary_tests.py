"""Tests of a decision table as sets of values: `< 18`, `[1..5)`, `"red", "green"`, `not(…)`, over constants only.

What else FEEL allows in a cell, such as variables and functions, is unknown here: whoever asks must then say nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal

Kind = Literal[
    "number", "string", "boolean", "null", "date", "date and time", "local date and time", "time", "duration", "months"
]
#: Kinds whose values have an order that tests may ask for.
ORDERED = frozenset({"number", "date", "date and time", "local date and time", "time", "duration", "months"})

_NUMBER = re.compile(r"-?\s*(\d+(\.\d+)?|\.\d+)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_MOMENT = re.compile(r'(?:(date and time|date|time|duration)\s*\(\s*|(@))("(?:[^"\\]|\\.)*")\s*(\))?')
_COMPARISON = re.compile(r"(<=|>=|!=|<|>|=)\s*(.+)", re.DOTALL)
_INTERVAL = re.compile(r"([\[\](])(.+?)\.\.(.+)([\[\])])", re.DOTALL)
_INTERVALS = re.compile(r"[\[\](][^\[\](),]*(?:\([^()]*\))?[^\[\](),]*\.\.[^\[\](),]*(?:\([^()]*\))?[^\[\](),]*[\[\])]")
_NOT = re.compile(r"not\s*\((.*)\)", re.DOTALL)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DURATION = re.compile(
    r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)


@dataclass(frozen=True)
class Constant:
    """A value that is written in a cell. Two of one kind can be compared by `value`, if the kind is ordered."""

    kind: Kind
    value: Any
    #: For people.
    shown: str

    @property
    def key(self) -> tuple[Kind, Any]:
        """The same for the same value, however it is written."""
        return self.kind, self.value


@dataclass(frozen=True)
class Part:
    """All values between two constants; one value where both are the same. None: without end."""

    low: Constant | None
    high: Constant | None
    with_low: bool = True
    with_high: bool = True
    #: All values but these.
    negated: bool = False

    @property
    def constants(self) -> tuple[Constant, ...]:
        """What is written in it."""
        return tuple(one for one in dict.fromkeys((self.low, self.high)) if one is not None)


@dataclass(frozen=True)
class Tests:
    """One cell: any of its parts fits; or, negated, none does."""

    #: None is a part that nobody knows without the case's data.
    parts: tuple[Part | None, ...]
    negated: bool = False
    #: Does every value fit, null too?
    anything: bool = False

    @property
    def constants(self) -> tuple[Constant, ...]:
        """All that are written in it."""
        return tuple(constant for part in self.parts if part is not None for constant in part.constants)


def parse(text: str) -> Tests:
    """The tests of one cell. Never raises: what is not understood is an unknown part."""
    text = text.strip()
    if text in ("", "-"):
        return Tests((), anything=True)
    negation = _NOT.fullmatch(text)
    pieces = split(negation[1]) if negation else split(text)
    if pieces is None or (negation and split(text) != [text]):
        return Tests((None,))
    return Tests(tuple(_part(piece) for piece in pieces), negated=negation is not None)


def constant(text: str) -> Constant | None:
    """The value that a piece of FEEL writes down; None where it has to be worked out."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        number = Decimal(re.sub(r"\s", "", text))
        return Constant("number", number, re.sub(r"\s", "", text))
    if text in ("true", "false"):
        return Constant("boolean", text == "true", text)
    if text == "null":
        return Constant("null", None, text)
    if _STRING.fullmatch(text):
        value = _unquoted(text)
        return None if value is None else Constant("string", value, f"“{value}”")
    moment = _MOMENT.fullmatch(text)
    if moment and bool(moment[1]) == bool(moment[4]):
        value = _unquoted(moment[3])
        return _moment(moment[1] or "", value) if value is not None else None
    return None


def split(text: str) -> list[str] | None:
    """At the commas that stand outside texts and brackets; None where a piece is empty or brackets do not match."""
    pieces, start, depth = [], 0, 0
    # The brackets of an interval may stand either way round, as in `]1..5[`.
    bare = _INTERVALS.sub(_blank, _STRING.sub(_blank, text))
    for index, sign in enumerate(bare):
        if sign == "," and depth == 0:
            pieces.append(text[start:index].strip())
            start = index + 1
        depth += (sign in "([{") - (sign in ")]}")
    pieces.append(text[start:].strip())
    return pieces if all(pieces) and depth == 0 else None


def _blank(found: re.Match[str]) -> str:
    return "x" * len(found[0])


def _part(text: str) -> Part | None:
    comparison = _COMPARISON.fullmatch(text)
    if comparison:
        return _compared(comparison[1], constant(comparison[2]))
    interval = _INTERVAL.fullmatch(text)
    if interval:
        low, high = constant(interval[2]), constant(interval[3])
        if low is None or high is None or low.kind != high.kind or low.kind not in ORDERED:
            return None
        return Part(low, high, with_low=interval[1] == "[", with_high=interval[4] == "]")
    value = constant(text)
    return None if value is None else Part(value, value)


def _compared(sign: str, value: Constant | None) -> Part | None:
    if value is None:
        return None
    if sign in ("=", "!="):
        return Part(value, value, negated=sign == "!=")
    if value.kind not in ORDERED:
        return None
    if sign in ("<", "<="):
        return Part(None, value, with_high=sign == "<=")
    return Part(value, None, with_low=sign == ">=")


def _unquoted(text: str) -> str | None:
    try:
        value: str = json.loads(text, strict=False)
    except ValueError:
        return None
    return value


def _moment(function: str, text: str) -> Constant | None:
    """A date, a time, both, or a duration. `function` is empty for `@"…"`, which may be any."""
    if function in ("", "duration") and text.lstrip("-").startswith("P"):
        return _duration(text)
    try:
        if function in ("", "date") and _DATE.fullmatch(text):
            return Constant("date", date.fromisoformat(text).toordinal(), text)
        if function in ("", "date and time") and "T" in text and "@" not in text:
            moment = datetime.fromisoformat(text)
            kind: Kind = "local date and time" if moment.tzinfo is None else "date and time"
            return Constant(kind, moment, text)
        if function in ("", "time") and "@" not in text and (found := time.fromisoformat(text)).tzinfo is None:
            return Constant("time", found, text)
    except ValueError:
        return None
    return None


def _duration(text: str) -> Constant | None:
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    sign = -1 if found[1] else 1
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in found.groups()[1:7])
    seconds = Decimal(found[8] or 0)
    clock = ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds
    if clock and (years or months):
        return None
    if years or months:
        return Constant("months", sign * (years * 12 + months), text)
    return Constant("duration", sign * clock, text)
