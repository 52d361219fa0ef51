"""A question answered by files. The form sees references only; storing the bytes is somebody else's task."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from forms.characters import storable
from forms.components.base import Question
from forms.limits import FILE_SIZE, ROWS, SHORT_TEXT
from forms.messages import Message
from forms.nodes import Node
from forms.scope import Scope
from forms.wrong import Wrong

_SIZE = re.compile(r"(\d{1,6})(?:[.,](\d))?\s*(b|kb|mb)?", re.IGNORECASE | re.ASCII)
_UNITS = {"b": 1, "kb": 2**10, "mb": 2**20}
_ACCEPT = re.compile(r"\.[\w.+-]+|[\w.+-]+/(\*|[\w.+-]+)", re.ASCII)
_ID = re.compile(r"[\w.:-]{1,100}", re.ASCII)


@dataclass(frozen=True)
class FileRule:
    """What may be attached."""

    #: `.pdf`, `image/*`, `application/pdf`; empty: anything.
    accept: tuple[str, ...] = ()
    #: Bytes.
    largest: int = FILE_SIZE
    multiple: bool = False

    def broken_by(self, name: str, size: int, media_type: str) -> list[Message]:
        """Why a file may not be attached; messages without the label."""
        problems = []
        if self.accept and not any(_accepted(rule, name.lower(), media_type.lower()) for rule in self.accept):
            problems.append(Message("file-type", {"accept": ", ".join(self.accept)}))
        if size > self.largest:
            problems.append(Message("file-size", {"limit": in_units(self.largest)}))
        return problems


@dataclass(frozen=True, kw_only=True)
class Filepicker(Question):
    """Files, stored as a list of `{"id", "name", "size", "type"}`; size in bytes."""

    type = "filepicker"
    properties = Question.properties | {"accept", "multiple"}

    rule: FileRule = FileRule()

    @classmethod
    def settings(cls, node: Node) -> dict[str, Any]:
        if node.content.get("defaultValue") is not None:
            node.refuse("default-value.files")
        accept = tuple(filter(None, (part.strip().lower() for part in node.text("accept").split(","))))
        for part in accept:
            if not _ACCEPT.fullmatch(part):
                node.refuse("property-type.accept", kind=part)
        size = node.setting("maxSize")
        largest = parse_size(size) if size else FILE_SIZE
        if largest is None or not 0 < largest <= 10 * FILE_SIZE:
            node.refuse("property-type.size", size=size)
        return {"rule": FileRule(accept, largest or FILE_SIZE, _multiple(node))}

    def blank(self) -> Any:
        return []

    def missing(self) -> Message:
        return Message("required-file")

    def read(self, raw: Any) -> Any:
        if raw is None or raw == "":
            return []
        if isinstance(raw, Mapping):
            raw = [raw]
        if not isinstance(raw, list):
            raise Wrong("not-a-file")
        if len(raw) > ROWS:
            raise Wrong("too-many", limit=ROWS)
        references = {reference["id"]: reference for reference in map(_reference, raw)}
        return list(references.values())

    def check(self, value: Any, scope: Scope) -> list[Message]:
        problems = [Message("one-file")] if len(value) > 1 and not self.rule.multiple else []
        for reference in value:
            problems += self.rule.broken_by(reference["name"], reference["size"], reference["type"])
        return problems

    def in_words(self, value: Any, scope: Scope) -> str:
        return ", ".join(str(file.get("name", "")) for file in value) if isinstance(value, list) else ""


def parse_size(text: str) -> int | None:
    """`5 MB`, `200 kB` or a number of bytes → bytes. None when it is no size."""
    found = _SIZE.fullmatch(text.strip()) if len(text) < 20 else None
    if not found and text.isdecimal() and len(text) < 12:
        return int(text)
    if not found:
        return None
    return int(Decimal(f"{found[1]}.{found[2] or 0}") * _UNITS[(found[3] or "b").lower()])


def in_units(size: int) -> str:
    """Bytes as people write them: 5 MB."""
    for unit, factor in (("MB", 2**20), ("kB", 2**10)):
        if size >= factor:
            return f"{size / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} B"


def read_reference(text: str) -> Any:
    """A reference that a page sent back as JSON text; the text itself when it is none."""
    try:
        found = json.loads(text) if len(text) < 2_000 else text
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, dict) else text


def shown_reference(raw: Any) -> tuple[str, str]:
    """Name and size of a reference in words, as far as it has them."""
    try:
        reference = _reference(raw)
    except Wrong:
        return str(raw.get("name", "")) if isinstance(raw, Mapping) else "?", ""
    return reference["name"], in_units(reference["size"])


def _reference(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, Mapping) or set(raw) != {"id", "name", "size", "type"}:
        raise Wrong("not-a-file")
    texts = {name: raw[name] for name in ("id", "name", "type")}
    if not all(isinstance(text, str) and len(text) <= SHORT_TEXT for text in texts.values()):
        raise Wrong("not-a-file")
    size = raw["size"]
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 2**40 or not _ID.fullmatch(raw["id"]):
        raise Wrong("not-a-file")
    name = re.split(r"[/\\]", storable(raw["name"]).replace("\n", " ").replace("\t", " "))[-1].strip()
    if not name:
        raise Wrong("not-a-file")
    return {"id": raw["id"], "name": name, "size": size, "type": storable(raw["type"])}


def _multiple(node: Node) -> bool:
    """Some editors wrote the tick of a box, `"on"`, for true."""
    value = node.content.get("multiple")
    return value in ("on", "true") if value in ("on", "true", "off", "false", "") else node.flag("multiple")


def _accepted(rule: str, name: str, media_type: str) -> bool:
    if rule.startswith("."):
        return name.endswith(rule)
    return media_type.startswith(rule[:-1]) if rule.endswith("/*") else media_type == rule
