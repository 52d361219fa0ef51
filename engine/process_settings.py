"""What a `process.toml` says: the process's name and owner, its roles, deadlines and indicators.

Strict: a key that is not known is a finding with the nearest known one, because a misspelt `escalate` would
otherwise be a deadline that nobody hears of. The reference is `docs/reference/process-toml.md`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from engine.durations import Duration, WorkingDays, parse_duration
from engine.findings import Finding
from engine.rules import finding
from engine.spelling import nearest, unknown_key
from engine.toml import read_toml

FILE = "process.toml"
DEFAULT_ESCALATE_EVERY = "2 working days"
#: The one recipient that needs no declaration: the managers of the unit that holds the task.
UNIT_MANAGER = "unit-manager"
#: What `source` says when no law, guidance or report fixes the figure.
LOCAL = "local"

Kind = Literal["text", "list", "flag", "duration"]

_TOP = ("process", "roles", "deadlines", "indicators")
_PROCESS: Mapping[str, Kind] = {
    "title": "text", "description": "text", "language": "text", "owner_role": "text", "subject": "text",
    "called_only": "flag", "variant_of": "text", "variant_for": "text", "promise": "text", "promise_by": "text",
}  # fmt: skip
_ROLE: Mapping[str, Kind] = {"title": "text", "description": "text", "kinds": "list"}
_DEADLINE: Mapping[str, Kind] = {
    "title": "text", "value": "duration", "source": "text", "adjustable": "flag",
    "remind": "duration", "escalate": "list", "escalate_every": "duration",
}  # fmt: skip


@dataclass(frozen=True)
class Role:
    """A part somebody plays in the process, such as the co-ordinator."""

    id: str
    title: str
    #: Which kinds of unit may hold it; empty means any.
    kinds: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class DeadlineSetting:
    """A deadline as the process sets it; an organisation may have its own value if it is adjustable."""

    name: str
    #: As written: `P3W`, `PT48H` or `5 working days`.
    value: str
    #: Which law, guidance or report fixes it; `local` is our proposal.
    source: str
    adjustable: bool = False
    #: How long before it the holder is reminded, as written.
    remind: str | None = None
    #: Who hears of it when it has passed, in order: `unit-manager` or a role.
    escalate: tuple[str, ...] = ()
    escalate_every: str = DEFAULT_ESCALATE_EVERY
    title: str = ""


@dataclass(frozen=True)
class ProcessSettings:
    """All of a `process.toml`; without one, everything is empty."""

    title: str = ""
    description: str = ""
    language: str = "sv"
    owner_role: str | None = None
    #: Dotted path in the case's data to the child's personal identity number.
    subject: str | None = None
    #: Of a local variant: the version it stands on, such as `sip@3`, and the organisation (huvudman) whose it is.
    variant_of: str | None = None
    variant_for: str | None = None
    #: What the unit that is asked promises, where it words nothing itself, and the path in the data to that unit.
    promise: str | None = None
    promise_by: str | None = None
    #: Is it a part that other processes call, of which nobody starts a case by hand?
    called_only: bool = False
    roles: Mapping[str, Role] = field(default_factory=lambda: MappingProxyType({}))
    deadlines: Mapping[str, DeadlineSetting] = field(default_factory=lambda: MappingProxyType({}))
    indicators: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))


def parse_settings(text: str, file: str = FILE) -> tuple[ProcessSettings, list[Finding]]:
    """The settings, as far as they can be read, and every finding. Never raises for anything in the text."""
    try:
        table = read_toml(text)
    except tomllib.TOMLDecodeError as error:
        return ProcessSettings(), [finding("toml-syntax", file, reason=error)]
    except RecursionError:
        return ProcessSettings(), [finding("toml-syntax.deep", file)]
    reader = _Reader(file)
    return reader.settings(table), reader.findings


class _Reader:
    """Reads one file's table and collects what is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def no_table(self, element: str, key: str, path: str) -> None:
        self.findings.append(finding("wrong-type.table", self.file, element, key=key, header=path))

    def settings(self, table: dict[str, Any]) -> ProcessSettings:
        self.unknown(table, _TOP, "")
        process = self.values(table.get("process", {}), "process", _PROCESS)
        roles = {name: self.role(name, path, value) for name, path, value in self.tables(table, "roles")}
        deadlines = {
            name: found
            for name, path, value in self.tables(table, "deadlines")
            if (found := self.deadline(name, path, value))
        }
        indicators = {name: MappingProxyType(value) for name, _, value in self.tables(table, "indicators")}
        self.references(process.get("owner_role"), roles, deadlines)
        return ProcessSettings(
            **process,
            roles=MappingProxyType(roles),
            deadlines=MappingProxyType(deadlines),
            indicators=MappingProxyType(indicators),
        )

    def role(self, name: str, path: str, table: dict[str, Any]) -> Role:
        values = self.values(table, path, _ROLE)
        return Role(id=name, **{"title": name, **values})

    def deadline(self, name: str, path: str, table: dict[str, Any]) -> DeadlineSetting | None:
        values = self.values(table, path, _DEADLINE)
        for key, example in (("value", 'value = "P3W"'), ("source", 'source = "local"')):
            if key not in table:
                self.findings.append(finding("missing-key", self.file, path, deadline=name, key=key, example=example))
        if not {"value", "source"} <= values.keys():
            return None
        return DeadlineSetting(name=name, **{"adjustable": values["source"] == LOCAL, **values})

    def references(
        self, owner_role: str | None, roles: Mapping[str, Role], deadlines: Mapping[str, DeadlineSetting]
    ) -> None:
        named = [("process.owner_role", owner_role)] if owner_role else []
        named += [
            (f"deadlines.{deadline.name}.escalate", recipient)
            for deadline in deadlines.values()
            for recipient in deadline.escalate
            if recipient != UNIT_MANAGER
        ]
        for key, role in named:
            if role not in roles:
                near = nearest(role, roles)
                rule = "undeclared-role.near" if near else "undeclared-role"
                self.findings.append(finding(rule, self.file, key, role=role, nearest=near))

    def tables(self, table: dict[str, Any], section: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Every sub-table of a section: its name, its path and itself."""
        value = table.get(section, {})
        if not isinstance(value, dict):
            self.no_table(section, section, f"{section}.name")
            return
        for name, inner in value.items():
            path = f"{section}.{name}"
            if isinstance(inner, dict):
                yield name, path, inner
            else:
                self.no_table(path, name, path)

    def unknown(self, table: Mapping[str, Any], known: tuple[str, ...] | Mapping[str, Kind], path: str) -> None:
        for key in table:
            if key not in known:
                full = f"{path}.{key}" if path else key
                self.findings.append(unknown_key(self.file, full, key, known))

    def values(self, table: Any, path: str, known: Mapping[str, Kind]) -> dict[str, Any]:
        if not isinstance(table, dict):
            self.no_table(path, path, path)
            return {}
        self.unknown(table, known, path)
        values = {}
        for key, kind in known.items():
            if key in table:
                value = _READERS[kind](table[key])
                if value is None:
                    at = f"{path}.{key}"
                    self.findings.append(finding(f"invalid-{kind}", self.file, at, key=key, value=str(table[key])[:80]))
                else:
                    values[key] = value
        return values


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _list(value: Any) -> tuple[str, ...] | None:
    good = isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value)
    return tuple(value) if good else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _duration(value: Any) -> str | None:
    """As written, if it is some time."""
    try:
        amount = parse_duration(value) if isinstance(value, str) else WorkingDays(0)
    except ValueError:
        return None
    forward = amount.positive if isinstance(amount, Duration) else amount != WorkingDays(0)
    return value.strip() if forward else None


#: What reads a value of each kind; None for one of another kind.
_READERS: Mapping[Kind, Callable[[Any], Any]] = {"text": _text, "list": _list, "flag": _flag, "duration": _duration}
