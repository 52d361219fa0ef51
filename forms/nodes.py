"""Reading a form file: one component's JSON, and the reasons gathered on the way.

Everything a component does not ask for by name is refused, so that a rule we do not keep can never pass unnoticed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from forms.reasons import Reason
from forms.templating import Template, UnsupportedTemplate

KEY = re.compile(r"\w+(\.\w+)*")
#: Names that JavaScript objects already have a meaning for; form-js itself stumbles on them.
ILLEGAL_SEGMENTS = frozenset({"__proto__", "constructor", "prototype"})
#: Properties that every component may have and that change nothing in what it does.
HARMLESS = frozenset({"type", "id", "layout", "appearance", "properties", "conditional", "versionTag"})


@dataclass
class Source:
    """One form file while it is being read."""

    file: str
    reasons: list[Reason] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    count: int = 0

    def refuse(self, component: str, rule: str, **values: Any) -> None:
        """Note why the form cannot be used, and read on: all reasons are told at once."""
        self.reasons.append(Reason(self.file, component, rule, values))


@dataclass
class Node:
    """One component of the file."""

    source: Source
    content: Mapping[str, Any]
    #: Where it is, for a component without key or id: `components.3`.
    place: str

    @property
    def type(self) -> str:
        return str(self.content.get("type", ""))

    @property
    def name(self) -> str:
        """What a reason calls it: its key, path or id."""
        for name in ("key", "path", "id"):
            value = self.content.get(name)
            if isinstance(value, str) and value:
                return value
        return self.place

    def refuse(self, rule: str, **values: Any) -> None:
        """Note a reason against this component."""
        self.source.refuse(self.name, rule, **values)

    def only(self, allowed: Iterable[str]) -> None:
        """Refuse every property that is neither allowed nor harmless. Names with _, $ or : belong to other tools."""
        known = HARMLESS | set(allowed)
        for name, value in self.content.items():
            if name in known or value is None or name.startswith(("_", "$")) or ":" in name:
                continue
            self.refuse("unsupported-property", property=name, type=self.type)

    def text(self, name: str) -> str:
        """A string, empty when absent."""
        value = self.content.get(name)
        if value is None or isinstance(value, str):
            return value or ""
        self.refuse("property-type.text", property=name)
        return ""

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false."""
        value = self.content.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.refuse("property-type.flag", property=name)
        return default

    def whole_number(self, name: str, default: int | None = None, least: int = 0) -> int | None:
        """An integer of at least `least`."""
        value = self.content.get(name)
        if value is None:
            return default
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value) and value >= least:
            return int(value)
        self.refuse("property-type.whole-number", property=name, least=least)
        return default

    def part(self, name: str) -> Mapping[str, Any]:
        """An object inside, empty when absent."""
        value = self.content.get(name)
        if value is None or isinstance(value, Mapping):
            return value or {}
        self.refuse("property-type.object", property=name)
        return {}

    def template(self, name: str) -> Template:
        """A text that may hold FEEL."""
        return self.as_template(name, self.text(name))

    def as_template(self, name: str, source: str) -> Template:
        """The same, of a text at hand."""
        try:
            return Template.parse(source)
        except UnsupportedTemplate as template:
            self.refuse("unsupported-template", property=name, block=str(template))
            return Template(())

    def feel(self, name: str, value: Any) -> str:
        """FEEL source of a property that must be an expression."""
        if isinstance(value, str) and value.startswith("=") and value[1:].strip():
            return value[1:].strip()
        self.refuse("not-an-expression", property=name)
        return "null"

    def flag_or_feel(self, name: str) -> bool | str:
        """True, false, or the source of a FEEL expression."""
        value = self.content.get(name)
        if isinstance(value, str) and value:
            return self.feel(name, value)
        return self.flag(name) if value != "" else False

    def keys(self, name: str, required: bool) -> tuple[str, ...]:
        """A dotted key, cut."""
        value = self.text(name)
        if not value:
            if required:
                self.refuse("unnamed-component", type=self.type, property=name)
            return ()
        segments = tuple(value.split("."))
        if not KEY.fullmatch(value):
            self.refuse("illegal-key.characters", property=name, key=value, legal=_legal(value))
        elif len(segments) > 8 or len(value) > 200:
            self.refuse("illegal-key.long", property=name)
        for segment in ILLEGAL_SEGMENTS.intersection(segments):
            self.refuse("illegal-key.reserved", property=name, key=segment)
        return segments

    def hide(self) -> str | None:
        """FEEL source of the condition under which the component is hidden."""
        conditional = self.part("conditional")
        for name in set(conditional) - {"hide"}:
            self.refuse("unsupported-property.conditional", property=name)
        hide = conditional.get("hide")
        if hide in (None, "", False):
            return None
        return self.feel("conditional.hide", hide)

    def setting(self, name: str) -> str:
        """One of the custom `properties` that Samled reads."""
        value = self.part("properties").get(name, "")
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return str(value).strip()
        self.refuse("property-type.text", property=f"properties.{name}")
        return ""


def _legal(name: str) -> str:
    """A legal key close to the one written."""
    return ".".join(filter(None, re.sub(r"[^\w.]+", "_", name).split("."))) or "field"
