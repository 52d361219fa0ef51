"""Merging the files that are plain data: forms in JSON, settings and translations in TOML. Their layout stays."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import tomlkit

from engine.merging.conflicts import Choices
from engine.merging.data import DataMerge, joined
from engine.toml import read_toml


def merge_json(base: bytes, theirs: bytes, ours: bytes, file: str, choices: Choices) -> bytes:
    """Three versions of a form as one."""
    texts = [one.decode("utf-8-sig") for one in (base, theirs, ours)]
    merged = DataMerge(file, choices).merge(*(json.loads(text) for text in texts))
    own = texts[2]
    indented = re.match(r"\s*[{\[]\r?\n([ \t]+)", own)
    text = json.dumps(merged, ensure_ascii=False, indent=indented[1] if indented else None)
    newline = "\r\n" if "\r\n" in own else "\n"
    return (text.replace("\n", newline) + own[len(own.rstrip()) :]).encode()


def merge_toml(base: bytes, theirs: bytes, ours: bytes, file: str, choices: Choices) -> bytes:
    """Three versions of a TOML file as one: our text, with what came or changed, and its comments."""
    texts = [one.decode("utf-8-sig") for one in (base, theirs, ours)]
    merged = DataMerge(file, choices).merge(*map(read_toml, texts))
    return written(texts[2], merged, texts[1]).encode()


def written(text: str, data: Mapping[str, Any], source: str = "") -> str:
    """A TOML text changed to say `data` and nothing else, the rest as it was.

    `source`: a text from which what is new is taken as it is written there.
    """
    document = tomlkit.parse(text)
    _write(document, data, tomlkit.parse(source))
    return tomlkit.dumps(document)


def _write(table: MutableMapping[str, Any], data: Mapping[str, Any], source: Mapping[str, Any]) -> None:
    for key in [key for key in table if key not in data]:
        del table[key]
    for key in joined(list(table), list(data)):
        value, written_there = data[key], source.get(key)
        if key not in table:
            table[key] = written_there if written_there is not None and _plain(written_there) == value else value
        elif isinstance(value, Mapping) and isinstance(table[key], MutableMapping):
            _write(table[key], value, written_there if isinstance(written_there, Mapping) else {})
        elif _plain(table[key]) != value:
            table[key] = value


def _plain(item: Any) -> Any:
    return item.unwrap() if hasattr(item, "unwrap") else item
