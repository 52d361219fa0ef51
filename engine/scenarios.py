"""A scenario: a case told in advance, step by step. What may stand in one is in `docs/reference/scenarios.md`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any

from engine.calendars import Calendar
from engine.durations import Amount, Duration, WorkingDays, parse_duration
from engine.errors import InvalidModel
from engine.findings import Finding
from engine.scenario_text import TextError, Value, read_yaml

#: When a scenario does not say: an ordinary Monday morning in winter time.
DEFAULT_START = "2026-01-12T09:00+01:00"


@dataclass(frozen=True)
class Complete:
    """Somebody completes an open task."""

    element: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    #: Unit or role; None: anybody who may.
    by: str | None = None
    #: Which of several: name or path → value.
    where: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True)
class Advance:
    """Time passes; what is due on the way fires in order."""

    amount: Amount
    text: str
    line: int = 0


@dataclass(frozen=True)
class Send:
    """A message arrives."""

    message: str
    #: None: the case's id.
    correlation: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True)
class Expect:
    """What must hold now; None is not looked at."""

    open: tuple[str, ...] | None = None
    overdue: tuple[str, ...] | None = None
    fired: tuple[str, ...] | None = None
    ended: bool | None = None
    closed: bool | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    owner: str | None = None
    #: Addresses that got a notice during the last step.
    notices: tuple[str, ...] | None = None
    line: int = 0


Step = Complete | Advance | Send | Expect


@dataclass(frozen=True)
class Scenario:
    """Everything one file says."""

    name: str
    file: str
    #: Virtual time at the start, as written.
    at: str = DEFAULT_START
    start: Mapping[str, Any] = field(default_factory=dict)
    #: The unit that starts the case; None: the first of the example organisation that may.
    owner: str | None = None
    steps: tuple[Step, ...] = ()

    @classmethod
    def parse(cls, text: str, file: str) -> Scenario:
        """Raises `InvalidModel` whose findings name the line and the remedy."""
        reader = _Reader(file)
        try:
            scenario = reader.scenario(read_yaml(text))
        except TextError as error:
            reader.report(error.line, "yaml", str(error), "Mend the line; indent with spaces, and each key once")
            raise InvalidModel(reader.findings) from None
        if reader.findings:
            raise InvalidModel(reader.findings)
        return scenario


class _Wrong(Exception):
    """A value is not what its key asks for."""


class _Reader:
    """Reads one file and collects what is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def report(self, line: int, rule: str, message: str, remedy: str) -> None:
        self.findings.append(Finding(self.file, f"line {line}", "error", rule, message, remedy))

    def scenario(self, value: Value) -> Scenario:
        keys = self.mapping(value, ("name", "at", "start", "owner", "steps"), "A scenario")
        return Scenario(
            name=self.read(keys, "name", _word, PurePosixPath(self.file).stem),
            file=self.file,
            at=self.read(keys, "at", _moment, DEFAULT_START),
            start=self.read(keys, "start", _object, {}),
            owner=self.read(keys, "owner", _word, None),
            steps=tuple(step for item in self.items(keys.get("steps")) if (step := self.step(item))),
        )

    def items(self, value: Value | None) -> list[Value]:
        if value is None or value.content is None:
            return []
        if isinstance(value.content, list):
            return value.content
        self.report(value.line, "wrong-type", "“steps” is not a list", "Begin each step with a dash: - complete: …")
        return []

    def step(self, value: Value) -> Step | None:
        kinds: dict[str, Callable[[Value], Step]] = {
            "complete": self.complete,
            "advance": self.advance,
            "send": self.send,
            "expect": self.expect,
        }
        remedy = f"Write one of: {', '.join(f'- {kind}: …' for kind in kinds)}"
        content = value.content if isinstance(value.content, dict) else {}
        found = [kind for kind in kinds if kind in content]
        if len(found) == 1:
            return kinds[found[0]](value)
        if found:
            self.report(value.line, "two-steps", f"This is {' and '.join(found)} in one step", "Make it two steps")
        else:
            near = "".join(_nearest(key, kinds) for key in content)
            self.report(value.line, "unknown-step", "This is no step", remedy + near)
        return None

    def complete(self, value: Value) -> Complete:
        keys = self.mapping(value, ("complete", "answers", "as", "where"), "A complete step")
        return Complete(
            element=self.read(keys, "complete", _word, ""),
            answers=self.read(keys, "answers", _object, {}),
            by=self.read(keys, "as", _word, None),
            where=self.read(keys, "where", _object, {}),
            line=value.line,
        )

    def advance(self, value: Value) -> Advance:
        keys = self.mapping(value, ("advance",), "An advance step")
        amount = self.read(keys, "advance", _amount, Duration())
        return Advance(amount, str(keys["advance"].plain).strip(), value.line)

    def send(self, value: Value) -> Send:
        keys = self.mapping(value, ("send", "correlation", "payload"), "A send step")
        return Send(
            message=self.read(keys, "send", _word, ""),
            correlation=self.read(keys, "correlation", _key, None),
            payload=self.read(keys, "payload", _object, {}),
            line=value.line,
        )

    def expect(self, value: Value) -> Expect:
        self.mapping(value, ("expect",), "An expect step")
        known = ("open", "overdue", "fired", "ended", "closed", "data", "owner", "notices")
        keys = self.mapping(value.content["expect"], known, "What is expected")
        return Expect(
            open=self.read(keys, "open", _names, None),
            overdue=self.read(keys, "overdue", _names, None),
            fired=self.read(keys, "fired", _names, None),
            ended=self.read(keys, "ended", _flag, None),
            closed=self.read(keys, "closed", _flag, None),
            data=self.read(keys, "data", _object, {}),
            owner=self.read(keys, "owner", _word, None),
            notices=self.read(keys, "notices", _names, None),
            line=value.line,
        )

    def mapping(self, value: Value, known: tuple[str, ...], what: str) -> dict[str, Value]:
        if not isinstance(value.content, dict):
            self.report(value.line, "wrong-type", f"{what} has no keys", f"Write for example “{known[0]}: …”")
            return {}
        for key, inner in value.content.items():
            if key not in known:
                remedy = f"Remove it, or use one of: {', '.join(known)}{_nearest(key, known)}"
                self.report(inner.line, "unknown-key", f"{what} has no key “{key}”", remedy)
        return {key: inner for key, inner in value.content.items() if key in known}

    def read(self, keys: Mapping[str, Value], key: str, convert: Callable[[Any], Any], default: Any) -> Any:
        value = keys.get(key)
        if value is None:
            return default
        try:
            return convert(value.plain)
        except _Wrong as wrong:
            self.report(value.line, "wrong-type", f"“{key}” cannot be read", str(wrong))
            return default


def _nearest(key: str, known: Any) -> str:
    matches = get_close_matches(key, list(known), n=1, cutoff=0.6)
    return f"; the nearest is {matches[0]}" if matches else ""


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong("Write a text; put it in double quotes if it looks like a number")
    return value.strip()


def _key(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise _Wrong("Write a text, such as a case number in double quotes")
    return str(value)


def _moment(value: Any) -> str:
    try:
        Calendar().instant(_word(value))
    except ValueError as error:
        raise _Wrong(str(error)) from None
    return _word(value)


def _amount(value: Any) -> Amount:
    try:
        amount = parse_duration(_word(value))
    except ValueError as error:
        raise _Wrong(str(error)) from None
    if not (amount.positive if isinstance(amount, Duration) else amount != WorkingDays(0)):
        raise _Wrong("Time only goes forward; write a duration such as P8D")
    return amount


def _object(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Wrong("Write keys and values, such as {consent: {given: false}}")
    return value


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _Wrong("Write a list of element ids, such as [ask_consent, plan]")
    return tuple(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("Write true or false")
    return value
