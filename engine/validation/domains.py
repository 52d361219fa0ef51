"""What an answer can be, as far as a form fixes it: its type, its values, and whether it may be empty or missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations
from typing import Any

import forms
from engine.rules import Text
from forms.components import (
    Checkbox,
    Component,
    Container,
    Datetime,
    DynamicList,
    Expression,
    Number,
    Question,
    Textarea,
    Textfield,
)
from forms.components.choices import Several, Single

Path = tuple[str, ...]

#: In the place of a value: the field is hidden, so that there is nothing under its key.
MISSING: Any = type("Missing", (), {"__repr__": lambda _: "missing"})()

#: Type of an answer → how a sentence calls it.
TYPES: Mapping[str, Text] = {
    "boolean": Text("true or false", "sant eller falskt"),
    "number": Text("a number", "ett tal"),
    "text": Text("a text", "en text"),
    "date": Text("a date (as text)", "ett datum (som text)"),
    "time": Text("a time of day (as text)", "ett klockslag (som text)"),
    "datetime": Text("a date and time (as text)", "datum och tid (som text)"),
    "list": Text("a list", "en lista"),
    "context": Text("a set of fields", "en uppsättning fält"),
}
#: Texts of every sort that a function may ask for: what somebody types could be any of these.
_TEXTS = ("", "text", "2026-03-27", "2026-03-27T10:30:00+01:00", "10:30:00", "P1D", "P1Y", "12", "R/P1D", "true")
_MOMENTS = {"date": "2026-03-27", "time": "10:30", "datetime": "2026-03-27T10:30"}
#: A checklist of so many options has as many as 32 answers.
_MOST_OPTIONS = 5


@dataclass(frozen=True)
class Domain:
    """What a variable or a field of it can be."""

    #: A key of `TYPES`; empty where values of several types are possible or nothing is known.
    type: str = ""
    #: All that it can be, `empty` aside; None where that is not a short list.
    values: tuple[Any, ...] | None = None
    #: What it is where nobody has answered; nothing where an answer is required.
    empty: tuple[Any, ...] = ()
    #: For a number.
    least: float | None = None
    most: float | None = None
    whole: bool = False
    #: FEEL that hides the field when true, and the form whose fields it may name without the form's id.
    hides: tuple[str, ...] = ()
    form_id: str = ""
    #: Is each of `values` an answer that somebody may give?
    offered: bool = False
    #: Representatives of all that it can be.
    samples: tuple[Any, ...] = ()

    @property
    def may_be(self) -> tuple[Any, ...]:
        """Representatives, empty and missing included."""
        given = self.samples if self.values is None else self.values
        return (*given, *(one for one in self.empty if one not in given), *((MISSING,) if self.hides else ()))


UNKNOWN = Domain()


def of_values(values: Sequence[Any]) -> Domain:
    """One of these, which nobody chooses: what scripts and decisions write."""
    types = {type_of(value) for value in values if value is not None}
    once = tuple(value for index, value in enumerate(values) if value not in values[:index] and value is not None)
    return Domain(
        type=types.pop() if len(types) == 1 else "",
        values=once,
        empty=(None,) if None in values else (),
        samples=once,
    )


def type_of(value: Any) -> str:
    """The type of a JSON value, as in `TYPES`; empty for null."""
    if isinstance(value, bool):
        return "boolean"
    names = ((str, "text"), (int | float, "number"), (list, "list"), (dict, "context"))
    return next((name for kind, name in names if isinstance(value, kind)), "")


def of_form(form: forms.Form) -> dict[Path, Domain]:
    """Path of a field outside lists → what its answer can be. Lists and groups are there too."""
    found: dict[Path, Domain] = {(): Domain("context", samples=({},))}
    for path, component, hides in _fields(form.components, (), ()):
        domain = replace(_domain(component), hides=hides, form_id=form.id)
        # Two questions with one key are shown in turn: together they are more than each.
        found[path] = UNKNOWN if path in found else domain
        for end in range(1, len(path)):
            found.setdefault(path[:end], Domain("context", samples=({},)))
    return found


def _fields(
    components: Sequence[Component], path: Path, hides: tuple[str, ...]
) -> Iterator[tuple[Path, Component, tuple[str, ...]]]:
    for component in components:
        mine = (*hides, component.hide) if component.hide else hides
        if isinstance(component, Container) and not isinstance(component, DynamicList):
            yield from _fields(component.children, (*path, *component.keys), mine)
        elif isinstance(component, (DynamicList, Question, Expression)):
            yield (*path, *component.keys), component, mine


def _domain(component: Component) -> Domain:
    if isinstance(component, DynamicList):
        return Domain("list", samples=([], [{}]))
    if not isinstance(component, Question):
        return UNKNOWN
    domain = _answered(component)
    if component.readonly:
        # It keeps what was known, which an older version of the form may have asked for.
        return replace(domain, values=None, least=None, most=None, empty=(_blank(component),))
    required = component.required or isinstance(component, Checkbox)
    return domain if required else replace(domain, empty=(_blank(component),))


def _blank(component: Question) -> Any:
    return component.blank()


def _answered(component: Question) -> Domain:
    """What the answer can be when there is one."""
    if isinstance(component, Checkbox):
        values = (True,) if component.required and not component.readonly else (True, False)
        return Domain("boolean", values, offered=True, samples=(True, False))
    if isinstance(component, Single):
        return _single(component)
    if isinstance(component, Several):
        return _several(component)
    if isinstance(component, Number):
        return _number(component)
    if isinstance(component, Datetime):
        sample = _MOMENTS[component.subtype] + {"utc_normalized": "Z", "utc_offset": "+01:00"}.get(component.format, "")
        return Domain(component.subtype, samples=(sample,))
    if isinstance(component, (Textfield, Textarea)):
        return Domain("text", samples=_TEXTS)
    return UNKNOWN


def _single(component: Single) -> Domain:
    options = _static(component)
    if not options:
        return UNKNOWN
    types = {type_of(value) for value in options}
    return Domain(types.pop() if len(types) == 1 else "", options, offered=True, samples=options)


def _several(component: Several) -> Domain:
    options = _static(component)
    if not options:
        return UNKNOWN
    if len(options) > _MOST_OPTIONS:
        return Domain("list", samples=([options[0]], [*options]))
    chosen = [list(some) for count in range(1, len(options) + 1) for some in combinations(options, count)]
    return Domain("list", tuple(chosen), offered=True, samples=tuple(chosen))


def _static(component: Single | Several) -> tuple[Any, ...]:
    source = component.source
    dynamic = component.picker is not None or source.key or source.expression
    return () if dynamic else tuple(option.value for option in source.static)


def _number(component: Number) -> Domain:
    if component.as_text:
        return Domain("text", samples=("12",))
    least, most = _plain(component.least), _plain(component.most)
    whole = component.decimals == 0 or (component.increment is not None and component.increment % 1 == 0)
    lowest = least if least is not None else min(0.0, most if most is not None else 0.0)
    highest = most if most is not None else max(1.0, lowest + 1)
    samples = tuple(dict.fromkeys((lowest, highest)))
    return Domain("number", least=least, most=most, whole=whole, samples=samples)


def _plain(bound: Decimal | str | None) -> float | None:
    return float(bound) if isinstance(bound, Decimal) else None
