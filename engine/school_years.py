"""School years: when the units that are schools are there, and what a deadline does that ends when they are not.

A summons to a school in July is a trap: nobody opens it before August. So the case page says so, and the organisation
chooses: say it only, let the deadline wait for the term, or ask somebody else meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Literal

from engine.directory import Unit

Rule = Literal["say", "wait", "ask"]
RULES: tuple[Rule, ...] = ("say", "wait", "ask")
#: Kinds of unit that keep school terms; preschools are open all year.
SCHOOL_KINDS = ("skola", "elevhalsa")
_DAY = timedelta(days=1)
#: A longer stretch without school is a slip of the pen.
LONGEST_BREAK = timedelta(days=120)

Stretch = tuple[date, date]


@dataclass(frozen=True)
class SchoolYears:
    """The terms of each municipality, and the rule."""

    #: Municipality (empty: all that have none of their own) → first and last day of each term, in order.
    terms: Mapping[str, tuple[Stretch, ...]] = field(default_factory=dict)
    kinds: tuple[str, ...] = SCHOOL_KINDS
    rule: Rule = "say"

    @classmethod
    def read(cls, value: Mapping[str, Any] | None) -> SchoolYears:
        """From JSON as `as_json` gives it.

        Raises:
            ValueError: a term ends before it begins, two overlap, or the rule is none of `RULES`.
        """
        said = value or {}
        terms = {place: _terms(found) for place, found in said.get("terms", {}).items()}
        rule = said.get("rule", "say")
        if rule not in RULES:
            raise ValueError(f"“{rule}” is no rule for school holidays. Choose one of {', '.join(RULES)}.")
        return cls(terms, tuple(said.get("kinds", SCHOOL_KINDS)), rule)

    def as_json(self) -> dict[str, Any]:
        """For the settings."""
        terms = {
            place: [[first.isoformat(), last.isoformat()] for first, last in found]
            for place, found in self.terms.items()
        }
        return {"terms": terms, "kinds": list(self.kinds), "rule": self.rule}

    def breaks(self, unit: Unit) -> tuple[Stretch, ...]:
        """The stretches between a school's terms; none for other units, nor before the first or after the last term."""
        if unit.kind not in self.kinds:
            return ()
        terms = self.terms.get(unit.municipality or "") or self.terms.get("", ())
        gaps = ((before[1] + _DAY, after[0] - _DAY) for before, after in pairwise(terms))
        return tuple((first, last) for first, last in gaps if first <= last)

    def break_on(self, unit: Unit, day: date) -> Stretch | None:
        """The break in which a day falls for this unit."""
        return next((found for found in self.breaks(unit) if found[0] <= day <= found[1]), None)

    def shared_break(self, units: Sequence[Unit | None], day: date) -> Stretch | None:
        """The break in which a day falls for all of these units; None: one of them is there, or is not known."""
        found = [self.break_on(unit, day) if unit else None for unit in units]
        return found[0] if found and all(found) else None


def _terms(value: Iterable[Iterable[str]]) -> tuple[Stretch, ...]:
    found = sorted((date.fromisoformat(first), date.fromisoformat(last)) for first, last in value)
    for first, last in found:
        if last < first:
            raise ValueError(f"The term from {first} ends before it begins. Write its last day after its first.")
    for (_, ends), (begins, _) in pairwise(found):
        if begins <= ends:
            raise ValueError(f"The terms overlap on {begins}. Let the later begin after {ends}.")
        if begins - ends > LONGEST_BREAK:
            raise ValueError(f"Nobody would be at school from {ends} to {begins}. Write the terms in between, too.")
    return tuple(found)
