"""What a unit's cases say in a year: the indicators of process.toml, counted for that unit alone.

Two queries a process, over the cases that the unit owns or takes part in, or did: no case page is read, nothing is
compared with another unit, and nothing that somebody wrote in their own words comes out. Cases that were opened by
mistake and closed count nowhere.

A cell of fewer than five cases is not told (`local`), nor one that could be worked out from the others.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, or_, select, union

from engine.caching import Published, Snapshot
from engine.cases import data_of
from engine.packages import Package
from engine.schema import cases, history, parties

#: Fewer cases than this are not told (`local`).
FEWEST = 5
#: What happens at an element when it is over.
_OVER = ("completed", "fired", "caught", "thrown", "ended")
#: A number larger than this is no kind of case.
_LARGEST = 99

#: An answer: the value of an option, yes or no, a number; None: anything else.
Value = str | bool | int | None
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, from `from` to `to`. None: too few to tell."""

    count: int | None
    #: Seconds on the clock.
    median: float | None
    #: Nine of ten took this long or less; seconds.
    p90: float | None
    #: Per cent within the deadline that was in force when each began; None also where no deadline is named.
    in_time: int | None
    #: The name of that deadline in process.toml.
    within: str | None
    #: Per cent that should be in time, as the process says.
    target: int | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many cases have one answer."""

    value: Value
    #: What the form calls it, as written in the package.
    label: str | None
    #: None: too few to tell, or it would tell another.
    count: int | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One indicator: either times, or counts of each answer."""

    name: str
    title: str
    description: str
    times: Times | None
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class OfProcess:
    """All indicators of one process."""

    process_id: str
    title: str
    #: Cases of the unit that began in the year; None: too few to tell.
    cases: int | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """A unit's year."""

    unit: str
    year: int
    #: The years there is something to count in, the newest first.
    years: tuple[int, ...]
    processes: tuple[OfProcess, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Something that the unit brought to its end."""

    began: datetime
    ended: datetime
    #: The case's owner.
    owner: str


@dataclass(slots=True)
class _Case:
    owner: str
    started_at: datetime
    state: Mapping[str, Any]
    #: (at, unit, elements that were over then), oldest first.
    steps: list[tuple[datetime, str | None, list[str]]]


def of_unit(
    tx: Connection, published: Sequence[Published], unit: str, year: int, now: datetime, snapshot: Snapshot
) -> Statistics:
    """A unit's year in these processes. A step is of the year in which it ended, an answer of the one its case began.

    A step counts for the unit that did it, or, where nobody did, for the case's owner. Answers count for the unit that
    owns the case or has done something in it.
    """
    calendar = snapshot.calendar_of([unit])
    first = tx.execute(select(cases.c.started_at).where(_involved(unit)).order_by(cases.c.started_at).limit(1)).scalar()
    this_year = calendar.local(now).year
    years = range(calendar.local(first).year if first else this_year, this_year + 1)
    begin, end = (calendar.instant(date(one, 1, 1)) for one in (year, year + 1))
    found = [_of_process(_load(tx, one, unit, begin, end), one, unit, (begin, end), snapshot) for one in published]
    return Statistics(unit, year, tuple(reversed(years)), tuple(one for one in found if one))


def _of_process(
    found: Sequence[_Case], published: Published, unit: str, year: tuple[datetime, datetime], snapshot: Snapshot
) -> OfProcess | None:
    settings = published.package.settings
    begun = [case for case in found if year[0] <= case.started_at and _is_of(case, unit)]
    if not found or not settings.indicators:
        return None
    options = _options(published.package)
    figures = []
    for name, table in settings.indicators.items():
        times: Times | None = None
        counts: tuple[Count, ...] = ()
        if "from" in table and "to" in table:
            spans = [span for case in found for span in _spans(case, str(table["from"]), str(table["to"]), unit)]
            spans = [span for span in spans if year[0] <= span.ended < year[1]]
            times = _times(spans, table, published, unit, snapshot)
        elif "data" in table:
            counts = _counts(begun, str(table["data"]), options)
        else:
            continue
        figures.append(Figure(name, str(table.get("title", name)), str(table.get("description", "")), times, counts))
    return OfProcess(published.version.process_id, published.version.title, told(len(begun)), tuple(figures))


# Reading


def _involved(unit: str) -> Any:
    own = select(cases.c.id).where(cases.c.owner == unit)
    shared = select(parties.c.case_id).where(parties.c.unit == unit)
    by_hand = select(history.c.id).where(history.c.case_id == cases.c.id, history.c.kind == "closed").exists()
    return cases.c.id.in_(union(own, shared)) & ~by_hand


def _load(tx: Connection, published: Published, unit: str, begin: datetime, end: datetime) -> list[_Case]:
    """The cases of a process that were open some time between two instants, with what happened in them."""
    wanted = _involved(unit) & (cases.c.process_id == published.version.process_id) & (cases.c.started_at < end)
    wanted &= or_(cases.c.closed_at.is_(None), cases.c.closed_at >= begin)
    found = {
        row.id: _Case(row.owner, row.started_at, row.state, [])
        for row in tx.execute(select(cases.c.id, cases.c.owner, cases.c.started_at, cases.c.state).where(wanted))
    }
    steps = select(history.c.case_id, history.c.at, history.c.unit, history.c.payload)
    for row in tx.execute(steps.where(history.c.case_id.in_(select(cases.c.id).where(wanted))).order_by(history.c.id)):
        over = [element for kind, element, *_ in row.payload.get("events", ()) if kind in _OVER]
        if row.case_id in found and (over or row.unit):
            found[row.case_id].steps.append((row.at, row.unit, over))
    return list(found.values())


def _is_of(case: _Case, unit: str) -> bool:
    """Does the unit own the case, or has it brought a step of it to an end?"""
    return case.owner == unit or any(by == unit and over for _at, by, over in case.steps)


# Times


def _spans(case: _Case, begins: str, ends: str, unit: str) -> Iterator[Span]:
    """From each time `begins` was over to the first time after it that the unit had `ends` over."""
    began: datetime | None = None
    for at, by, over in case.steps:
        for element in over:
            if element == ends and began is not None and (by or case.owner) == unit:
                yield Span(began, at, case.owner)
                began = None
            if element == begins:
                began = at


def _times(
    spans: Sequence[Span], table: Mapping[str, Any], published: Published, unit: str, snapshot: Snapshot
) -> Times:
    within = str(table["within"]) if table.get("within") in published.deadlines else None
    target = table["target"] if isinstance(table.get("target"), int) else None
    if len(spans) < FEWEST:
        return Times(told(len(spans)), None, None, None, within, target)
    took = sorted((span.ended - span.began).total_seconds() for span in spans)
    kept = sum(_in_time(span, within, published, unit, snapshot) for span in spans) if within else 0
    shown = within and all(count == 0 or count >= FEWEST for count in (kept, len(spans) - kept))
    share = round(100 * kept / len(spans)) if shown else None
    return Times(len(spans), percentile(took, 50), percentile(took, 90), share, within, target)


def _in_time(span: Span, within: str, published: Published, unit: str, snapshot: Snapshot) -> bool:
    principals = snapshot.principals([unit], span.owner)
    process_id = published.version.process_id
    value = snapshot.settings.deadline_values(process_id, published.deadlines, span.began, principals)[within]
    return span.ended <= snapshot.calendar_of([unit]).due(span.began, value)


def percentile(ordered: Sequence[float], per_cent: int) -> float:
    """The least of these values, in rising order, that so many per cent of them do not exceed; there must be one."""
    return ordered[max(0, math.ceil(len(ordered) * per_cent / 100) - 1)]


# Answers


def _counts(found: Sequence[_Case], path: str, options: Mapping[tuple[str, str], str]) -> tuple[Count, ...]:
    """How many cases have each answer; a list of options counts once for each, any other list by its length."""
    key = path.rpartition(".")[2]
    counted: Counter[tuple[str, Value, str | None]] = Counter()
    for case in found:
        counted.update({_kind(value, key, options) for value in _values(data_of(case.state), path)})
    rows = sorted(counted.items(), key=lambda item: (-item[1], item[0][0]))
    shown = suppressed({kind: count for kind, count in rows})
    return tuple(Count(kind[1], kind[2], shown[kind]) for kind, _count in rows)


def _values(data: Any, path: str) -> list[Any]:
    for key in path.split("."):
        data = data.get(key) if isinstance(data, Mapping) else None
    if isinstance(data, list):
        return data if data and all(isinstance(one, str) for one in data) else [len(data)]
    return [] if data is None or data == "" else [data]


def _kind(value: Any, key: str, options: Mapping[tuple[str, str], str]) -> tuple[str, Value, str | None]:
    """The answer as it may be told: what is neither an option nor yes, no or a small number is only “another”."""
    if isinstance(value, bool) or (isinstance(value, int) and 0 <= value <= _LARGEST):
        return repr(value), value, None
    label = options.get((key, value), options.get(("", value))) if isinstance(value, str) else None
    return (value, value, label) if label is not None else ("", None, None)


def _options(package: Package) -> Mapping[tuple[str, str], str]:
    """(Key of the question, value) → what the form calls it; with an empty key, for a value of any question."""
    found: dict[tuple[str, str], str] = {}
    for one in (package, *package.called.values()):
        for content in one.forms.values():
            for key, value, label in _options_in(json.loads(content)):
                found.setdefault((key, value), label)
                found.setdefault(("", value), label)
    return found


def _options_in(part: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(part, list):
        for one in part:
            yield from _options_in(one)
    elif isinstance(part, dict):
        for option in part.get("values") or ():
            if isinstance(option, dict) and isinstance(option.get("value"), str):
                yield str(part.get("key", "")), option["value"], str(option.get("label", option["value"]))
        yield from _options_in(part.get("components") or [])


# Small groups


def told(count: int) -> int | None:
    """The count, if it is none or large enough to tell (`local`: five)."""
    return count if count == 0 or count >= FEWEST else None


def suppressed(counts: Mapping[Kind, int]) -> dict[Kind, int | None]:
    """The counts without the small ones; nor the next smallest, where the small ones would follow from the sum.

    At least two are hidden, if any, and together they are at least five cases, as far as there are so many.
    """
    hidden = {kind for kind, count in counts.items() if told(count) is None}
    for kind, count in sorted(counts.items(), key=lambda item: item[1]):
        enough = len(hidden) >= 2 and sum(counts[one] for one in hidden) >= FEWEST
        if hidden and not enough and count:
            hidden.add(kind)
    return {kind: None if kind in hidden else count for kind, count in counts.items()}
