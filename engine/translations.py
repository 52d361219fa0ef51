"""A package in other languages: `translations/en.toml` holds, for each text of the package, the same in English.

A flat table, so that whoever translates needs no key but the text itself. A text that is missing is shown as it is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

from engine.findings import Finding
from engine.rules import finding
from engine.toml import read_toml

FOLDER = "translations"


def language_of(file: str) -> str | None:
    """The language of a file of the package by its name, such as `en`; None for what is no translation."""
    path = PurePosixPath(file)
    return path.stem if path.parent.as_posix() == FOLDER and path.suffix == ".toml" else None


def parse_translation(text: str, file: str) -> tuple[Mapping[str, str], list[Finding]]:
    """Text → text, as far as it can be read, and every finding. Never raises for anything in the text."""
    try:
        table = read_toml(text)
    except tomllib.TOMLDecodeError as error:
        return MappingProxyType({}), [finding("toml-syntax", file, reason=error)]
    except RecursionError:
        return MappingProxyType({}), [finding("toml-syntax.deep", file)]
    wrong = [finding("translation", file, key, text=key) for key, value in table.items() if not isinstance(value, str)]
    return MappingProxyType({key: value for key, value in table.items() if isinstance(value, str)}), wrong
