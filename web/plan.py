"""The plan as a page to read and print: the child's words first, then who does what.

Any process may have one: it is what the form with the id `plan` was answered with. The keys below are read by name
(docs/reference/plan.md); whatever else the form asks stands at the end of the page in its own words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _

from web.wording import Names, long_day

FORM = "plan"
#: Where a child's own words may stand besides the goals: form id and key.
OWN_WORDS = (("child_view", "words"), ("child_view", "better"))


@dataclass(frozen=True)
class Goal:
    text: str
    #: How one notices that it is getting better.
    sign: str = ""


@dataclass(frozen=True)
class Intervention:
    what: str
    #: The unit, or the person outside it.
    who: str = ""
    by: str = ""


@dataclass(frozen=True)
class Plan:
    """What the page shows; a part that nobody filled in is empty."""

    goals: list[Goal] = field(default_factory=list)
    child_words: str = ""
    needs: str = ""
    interventions: list[Intervention] = field(default_factory=list)
    others: list[Intervention] = field(default_factory=list)
    main_responsible: str = ""
    follow_up: str = ""
    agreed: str = ""
    crisis: list[tuple[str, str]] = field(default_factory=list)


def has_plan(data: Mapping[str, Any]) -> bool:
    """Has a plan been written in this case?"""
    return bool(data.get(FORM)) and isinstance(data[FORM], Mapping)


def read(data: Mapping[str, Any], names: Names) -> Plan:
    """The plan out of a case's data."""
    plan: Mapping[str, Any] = data[FORM]
    crisis = plan.get("crisis")
    return Plan(
        goals=[Goal(_text(row, "goal"), _text(row, "sign")) for row in _rows(plan, "goals") if _text(row, "goal")],
        child_words="\n\n".join(filter(None, (_text(_object(data, form), key) for form, key in OWN_WORDS))),
        needs=_text(plan, "needs"),
        interventions=[
            Intervention(_text(row, "what"), names.unit(_text(row, "unit")), _day(row.get("by")))
            for row in _rows(plan, "interventions")
        ],
        others=[Intervention(_text(row, "what"), _text(row, "who")) for row in _rows(plan, "others")],
        main_responsible=names.unit(_text(plan, "main_responsible")),
        follow_up=_day(plan.get("follow_up_date")),
        agreed=_day(plan.get("date")),
        crisis=_crisis(crisis) if isinstance(crisis, Mapping) else [],
    )


def _crisis(crisis: Mapping[str, Any]) -> list[tuple[str, str]]:
    labels = (
        ("signs", _("This is how one notices that it gets worse")),
        ("helps", _("This helps")),
        ("call", _("Call")),
    )
    return [(label, _text(crisis, key)) for key, label in labels if _text(crisis, key)]


def _rows(data: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    rows = data.get(key)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _object(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value.strip() if isinstance(value, str) else ""


def _day(value: Any) -> str:
    """A stored date as people say it; text that is none is shown as it is."""
    if not isinstance(value, str) or not value:
        return ""
    try:
        return long_day(date.fromisoformat(value[:10]))
    except ValueError:
        return value
