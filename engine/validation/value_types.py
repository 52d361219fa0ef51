"""Check 5 of the validator, types: expressions that cannot be computed whatever is answered, or come to a value that is
of no use where they stand.

Nothing is inferred: each expression is evaluated with values of every sort that the forms, scripts and decisions before
it allow. Where one of these works, or where what it reads is not known, nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from engine.bpmn import triggers
from engine.bpmn.activities import UserTask
from engine.bpmn.multi_instance import MultiInstance
from engine.bpmn.nodes import Node
from engine.bpmn.values import Value
from engine.calendars import Calendar
from engine.durations import Cycle, parse_duration
from engine.errors import FeelError
from engine.feel import Expression, Warning
from engine.findings import Finding, Severity
from engine.rules import Text, finding
from engine.validation.calls import swallowing, wrong_calls
from engine.validation.data_steps import Read
from engine.validation.domains import MISSING, TYPES, Domain, Path, type_of
from engine.validation.known import Known
from engine.validation.subject import Subject

#: Of one expression.
_MOST = 200
#: What depends on the type of a value and not on the value: any text, number or date would fare the same.
_OF_TYPES = frozenset(
    {"not-comparable", "cannot-calculate", "not-condition", "not-joined", "not-a-list", "no-property", "filter"}
)
#: Functions that look a text up: a text that no sample is may be there.
_LOOK_UP = frozenset({"deadline", "next meeting", "units with role", "get value"})
_CALENDAR = Calendar()


@dataclass(frozen=True)
class Use:
    """What an expression is for."""

    #: Variant of the rule.
    variant: str
    fits: Callable[[Any], bool]
    #: Does the engine stop at what does not fit?
    stops: bool = True


def check(subject: Subject) -> Iterator[Finding]:
    """Every expression of the model that something can reach."""
    known = subject.known
    if known is None:
        return
    told = set[tuple[str, str, str]]()
    for read in known.ways.reads:
        key = read.spec.file, read.element, read.expression.source
        if key not in told:
            told.add(key)
            yield from _findings(known, read)


def _findings(known: Known, read: Read) -> Iterator[Finding]:
    try:
        calls, swallowed = list(wrong_calls(read.expression)), list(swallowing(read.expression))
    except FeelError:
        return  # nested so deeply that nothing can be said
    for error in calls:
        yield _finding(
            "wrong-arguments", read, expression=_shown(read.expression), problem=error.said, remedy=error.remedy
        )
    for part in swallowed:
        severity: Severity = "error" if read.strict else "warning"
        yield _finding("in-without-brackets", read, severity, condition=" ".join(part.split()))
    if not calls and not swallowed and read.expression.kind == "expression":
        yield from _evaluated(known, read)


def _evaluated(known: Known, read: Read) -> Iterator[Finding]:
    samples = _samples(known, read)
    if samples is None or known.patience <= 0 or _names_what_is_not_declared(known, read.expression):
        return
    use, wrong, failed = _use(read), [], []
    for variables, whole in samples:
        try:
            value, remarks = read.expression.evaluate_with_warnings(variables, known.context)
        except FeelError:
            known.patience -= 1
            return  # too slow or too large, perhaps with these values only
        if remarks:
            failed.append((remarks[0], whole))
            continue
        if use is None or use.fits(value):
            return
        wrong.append(value)
    settled = known.settled(read.state, {path[0] for path in read.expression.reads})
    if wrong and use is not None:
        stops: Severity = "error" if use.stops and settled else "warning"
        shown = TYPES.get(type_of(wrong[0]), Text("null", "null"))
        yield _finding(f"wrong-value.{use.variant}", read, stops, expression=_shown(read.expression), type=shown)
    elif failed and (certain := _certain(known, read, failed)) is not None:
        stops = "error" if read.strict and settled else "warning"
        error = read.expression.error(certain.problem, certain.position)
        yield _finding("wrong-value", read, stops, problem=error.said, remedy=error.remedy)


def _certain(known: Known, read: Read, failed: list[tuple[Warning, bool]]) -> Warning | None:
    """The failure to tell of, if nothing else that may be answered would fare better."""
    whole = [remark for remark, complete in failed if complete]
    if not whole:
        return None
    domains = [known.domain(read.spec, read.state, path) for path in read.expression.reads]
    closed = all(domain.values is not None for domain in domains)
    if closed or all(remark.problem.key in _OF_TYPES for remark in whole):
        return whole[0]
    return None


def _samples(known: Known, read: Read) -> list[tuple[Mapping[str, Any], bool]] | None:
    """Variables to try, and whether every answer among them is given; None where not all that is read is known."""
    paths = sorted(read.expression.reads)
    domains: list[Domain] = []
    for path in paths:
        if len(path) == 1 and path[0] in read.expression.ambiguous_names and path[0] not in read.state.kinds:
            continue
        domain = known.domain(read.spec, read.state, path)
        if not domain.may_be or domain.type in ("", "context") or (domain.type == "list" and domain.values is None):
            return None
        domains.append(domain)
    if len(domains) != len(paths) or any(_around(one, other) for one in paths for other in paths if one != other):
        return None
    if read.expression.functions & _LOOK_UP and any(domain.values is None for domain in domains):
        return None
    if prod(len(domain.may_be) for domain in domains) > _MOST:
        return None
    return [_variables(paths, values) for values in product(*(domain.may_be for domain in domains))]


def _names_what_is_not_declared(known: Known, expression: Expression) -> bool:
    """Deadlines and roles are looked up by the check of references."""
    context = known.context
    return bool(
        expression.deadline_names - context.deadlines.keys() or expression.role_names - context.units_by_role.keys()
    )


def _around(outer: Path, inner: Path) -> bool:
    return inner[: len(outer)] == outer


def _variables(paths: list[Path], values: tuple[Any, ...]) -> tuple[Mapping[str, Any], bool]:
    variables: dict[str, Any] = {}
    for path, value in zip(paths, values, strict=True):
        place = variables
        for key in path[:-1]:
            place = place.setdefault(key, {})
        if value is not MISSING:
            place[path[-1]] = value
    return variables, all(value is not MISSING and value is not None for value in values)


# What expressions are for


def _use(read: Read) -> Use | None:
    if read.element != read.node.bpmn_id:
        return CONDITION  # a sequence flow
    return next((use for value, use in _uses(read.node) if value.expression is read.expression), None)


def _uses(node: Node) -> Iterator[tuple[Value, Use]]:
    trigger = getattr(node, "event_definition", None)
    timer = next((use for kind, use in _TIMERS.items() if isinstance(trigger, kind)), None)
    if timer is not None:
        yield trigger.value, timer  # type: ignore[union-attr]
    if isinstance(trigger, triggers.Condition):
        yield trigger.condition, CONDITION
    if isinstance(node, MultiInstance):
        yield node.loop.collection, Use("collection", lambda value: isinstance(value, list))
        if node.completion is not None:
            yield node.completion, CONDITION
    worker = getattr(node, "inner", node)
    if isinstance(worker, UserTask):
        said = worker.dialect
        for value in (said.candidate_groups, said.candidate_users):
            if value is not None:
                yield value, Use("names", _is_names, stops=False)
        for value, use in (
            (said.assignee, Use("assignee", lambda one: one is None or isinstance(one, str), stops=False)),
            (said.due, Use("date", lambda one: one in (None, "") or _is_instant(one))),
            (said.follow_up, Use("date", lambda one: one in (None, "") or _is_instant(one))),
            (said.priority, Use("priority", _is_whole)),
        ):
            if value is not None:
                yield value, use


def _reads(read: Callable[[str], object]) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        try:
            read(str(value))
        except (ValueError, OverflowError):
            return False
        return value not in (None, "")

    return fits


def _is_names(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return all(item is None or isinstance(item, str) for item in items)


def _is_whole(value: Any) -> bool:
    try:
        int(value)
    except (TypeError, ValueError):
        return False
    return True


_is_instant = _reads(_CALENDAR.instant)
CONDITION = Use("condition", lambda value: isinstance(value, bool))
_TIMERS: Mapping[type, Use] = {
    triggers.DateTimer: Use("date-timer", _is_instant),
    triggers.DurationTimer: Use("duration-timer", _reads(parse_duration)),
    triggers.CycleTimer: Use("cycle-timer", _reads(Cycle.parse)),
}


def _shown(expression: Expression) -> str:
    text = " ".join(expression.source.split())
    return text if len(text) <= 200 else f"{text[:197]}…"


def _finding(rule: str, read: Read, severity: Severity | None = None, **values: Any) -> Finding:
    name = read.node.bpmn_name if read.element == read.node.bpmn_id else None
    return finding(rule, read.spec.file, read.element, name=name, severity=severity, **values)
