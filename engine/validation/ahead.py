"""What the checks of a package are going to ask of FEEL, guessed from its files.

A third of what it takes to check a package is to parse its expressions, and another third to import the checks. With
the guesses the one is done beside the other. A wrong guess costs a millisecond or two and changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from itertools import islice
from pathlib import Path

from engine.feel import Kind
from engine.package_files import FILE_LIMIT, FILES_LIMIT, RUNS

#: More than this are a large package: its checks are asked for the rest when they come to it.
MOST = 2_000
# Each stops where the next could begin: nothing that a file holds makes them slow.
_ATTRIBUTE = re.compile(r'"=([^"<]*)"')
_CELL = re.compile(r"<(?:\w+:)?(inputEntry|outputEntry|inputExpression)\b[^<>]*>\s*<(?:\w+:)?text>([^<]*)<")


def likely(path: Path) -> list[tuple[str, Kind]]:
    """The expressions that a package or file seems to hold, each once. Never raises for what cannot be read."""
    return list(islice(dict.fromkeys(_all(path)), MOST))


def _all(path: Path) -> Iterator[tuple[str, Kind]]:
    for file in islice(path.rglob("*"), FILES_LIMIT) if path.is_dir() else [path]:
        kind = file.suffix.lower()
        with suppress(OSError, ValueError, RecursionError):
            if kind in RUNS and file.is_file() and file.stat().st_size <= FILE_LIMIT:
                yield from _READERS[kind](file.read_text("utf-8"))


def _of_model(text: str) -> Iterator[tuple[str, Kind]]:
    yield from ((unescape(found).strip(), "expression") for found in _ATTRIBUTE.findall(text))
    for element in text.split("<"):
        content = element.partition(">")[2].strip()
        if content.startswith("="):
            yield unescape(content[1:]).strip(), "expression"


def _of_decisions(text: str) -> Iterator[tuple[str, Kind]]:
    for cell, found in _CELL.findall(text):
        if (source := unescape(found).strip()) not in ("", "-"):
            yield source, "unary" if cell == "inputEntry" else "expression"


def _of_form(text: str) -> Iterator[tuple[str, Kind]]:
    waiting = [json.loads(text)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and value.startswith("="):
            yield value[1:].strip(), "expression"
        elif isinstance(value, (list, dict)):
            waiting += value.values() if isinstance(value, dict) else value


_READERS = {".bpmn": _of_model, ".dmn": _of_decisions, ".form": _of_form}
