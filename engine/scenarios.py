"""A scenario: a case told in advance, step by step. What may stand in one is in `docs/reference/scenarios.md`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from engine.calendars import Calendar
from engine.durations import Amount, Duration, WorkingDays, parse_duration
from engine.errors import InvalidModel
from engine.findings import Finding
from engine.rules import finding
from engine.scenario_text import TextError, Value, read_yaml
from engine.spelling import nearest, unknown_key

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

    @property
    def asks(self) -> bool:
        """Does it look at anything?"""
        return self != Expect(line=self.line)


Step = Complete | Advance | Send | Expect


def in_words(step: Step) -> str:
    """A step in the words of the file."""
    match step:
        case Complete():
            return f"complete {step.element}" + (f" as {step.by}" if step.by else "")
        case Advance():
            return f"advance {step.text}"
        case Send():
            return f"send {step.message}"
        case _:
            return "expect"


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
            reader.report(error.line, error.rule, **error.values)
            raise InvalidModel(reader.findings) from None
        if reader.findings:
            raise InvalidModel(reader.findings)
        return scenario


class _Wrong(Exception):
    """A value is not what its key asks for; the text is the variant of the rule `wrong-type`."""


class _Reader:
    """Reads one file and collects what is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def report(self, line: int, rule: str, **values: Any) -> None:
        self.findings.append(finding(rule, self.file, f"line {line}", **values))

    def scenario(self, value: Value) -> Scenario:
        keys = self.mapping(value, ("name", "at", "start", "owner", "steps"))
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
        self.report(value.line, "wrong-type.steps")
        return []

    def step(self, value: Value) -> Step | None:
        kinds: dict[str, Callable[[Value], Step]] = {
            "complete": self.complete,
            "advance": self.advance,
            "send": self.send,
            "expect": self.expect,
        }
        content = value.content if isinstance(value.content, dict) else {}
        found = [kind for kind in kinds if kind in content]
        if len(found) == 1:
            return kinds[found[0]](value)
        if found:
            self.report(value.line, "two-steps", steps=", ".join(found))
        else:
            near = next((one for key in content if (one := nearest(key, kinds))), None)
            known = ", ".join(f"- {kind}: …" for kind in kinds)
            self.report(value.line, "unknown-step.near" if near else "unknown-step", known=known, nearest=near)
        return None

    def complete(self, value: Value) -> Complete:
        keys = self.mapping(value, ("complete", "answers", "as", "where"))
        return Complete(
            element=self.read(keys, "complete", _word, ""),
            answers=self.read(keys, "answers", _object, {}),
            by=self.read(keys, "as", _word, None),
            where=self.read(keys, "where", _object, {}),
            line=value.line,
        )

    def advance(self, value: Value) -> Advance:
        keys = self.mapping(value, ("advance",))
        amount = self.read(keys, "advance", _amount, Duration())
        return Advance(amount, str(keys["advance"].plain).strip(), value.line)

    def send(self, value: Value) -> Send:
        keys = self.mapping(value, ("send", "correlation", "payload"))
        return Send(
            message=self.read(keys, "send", _word, ""),
            correlation=self.read(keys, "correlation", _key, None),
            payload=self.read(keys, "payload", _object, {}),
            line=value.line,
        )

    def expect(self, value: Value) -> Expect:
        self.mapping(value, ("expect",))
        known = ("open", "overdue", "fired", "ended", "closed", "data", "owner", "notices")
        keys = self.mapping(value.content["expect"], known)
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

    def mapping(self, value: Value, known: tuple[str, ...]) -> dict[str, Value]:
        if not isinstance(value.content, dict):
            self.report(value.line, "wrong-type.keys", example=known[0])
            return {}
        for key, inner in value.content.items():
            if key not in known:
                self.findings.append(unknown_key(self.file, f"line {inner.line}", key, known))
        return {key: inner for key, inner in value.content.items() if key in known}

    def read(self, keys: Mapping[str, Value], key: str, convert: Callable[[Any], Any], default: Any) -> Any:
        value = keys.get(key)
        if value is None:
            return default
        try:
            return convert(value.plain)
        except _Wrong as wrong:
            self.report(value.line, f"wrong-type.{wrong}", key=key)
            return default


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong("word")
    return value.strip()


def _key(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise _Wrong("correlation")
    return str(value)


def _moment(value: Any) -> str:
    try:
        Calendar().instant(_word(value))
    except ValueError:
        raise _Wrong("moment") from None
    return _word(value)


def _amount(value: Any) -> Amount:
    try:
        amount = parse_duration(_word(value))
    except ValueError:
        raise _Wrong("amount") from None
    if not (amount.positive if isinstance(amount, Duration) else amount != WorkingDays(0)):
        raise _Wrong("amount")
    return amount


def _object(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Wrong("object")
    return value


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _Wrong("names")
    return tuple(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("flag")
    return value
