"""What the checks of a package are going to ask of FEEL, guessed from its files.

A third of what it takes to check a package is to parse its expressions. With the guesses that is done beside what else
there is to do at first: to import the checks and to read the files. A wrong guess costs a millisecond or two and
changes nothing; one in the wrong order a little time.
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
from engine.package_files import FILE_LIMIT, FILES_LIMIT

#: More than this are a large package: its checks are asked for the rest when they come to it.
MOST = 2_000
# Each stops where the next could begin: nothing that a file holds makes them slow.
_ATTRIBUTE = re.compile(r'"=([^"<]*)"')
_CALLED = re.compile(r'processId="([\w-]{1,200})"')
_CELL = re.compile(r"<(?:\w+:)?(inputEntry|outputEntry|inputExpression)\b[^<>]*>\s*<(?:\w+:)?text>([^<]*)<")


def likely(path: Path) -> list[tuple[str, Kind]]:
    """The expressions that a package or file seems to hold, each once. Never raises for what cannot be read."""
    return list(islice(dict.fromkeys(_all(path)), MOST))


def _all(path: Path) -> Iterator[tuple[str, Kind]]:
    """In the order in which the checks come to them: models and decisions, those of called packages too, then forms."""
    found: dict[str, list[Path]] = {suffix: [] for suffix in _READERS}
    for package in _with_called(path):
        for file in islice(package.rglob("*"), FILES_LIMIT) if package.is_dir() else [package]:
            if (suffix := file.suffix.lower()) in found:
                found[suffix].append(file)
    for suffix, files in found.items():
        for file in files:
            yield from _READERS[suffix](_text(file))


def _with_called(path: Path) -> list[Path]:
    """A package and the packages beside it that bear the name of a process that is called."""
    found, around = [path.absolute()], path.absolute().parent
    for package in found:
        for model in islice(package.glob("*.bpmn"), FILES_LIMIT) if package.is_dir() else []:
            beside = (around / name for name in _CALLED.findall(_text(model)))
            found += [one for one in dict.fromkeys(beside) if one not in found and one.is_dir()]
    return found[:FILES_LIMIT]


def _text(file: Path) -> str:
    """What a file holds; nothing where it cannot be read."""
    with suppress(OSError, ValueError):
        if file.is_file() and file.stat().st_size <= FILE_LIMIT:
            return file.read_text("utf-8")
    return ""


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
    with suppress(ValueError, RecursionError):
        yield from _in_form(json.loads(text))


def _in_form(form: object) -> Iterator[tuple[str, Kind]]:
    waiting = [form]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and value.startswith("="):
            yield value[1:].strip(), "expression"
        elif isinstance(value, (list, dict)):
            waiting += value.values() if isinstance(value, dict) else value


_READERS = {".dmn": _of_decisions, ".bpmn": _of_model, ".form": _of_form}
