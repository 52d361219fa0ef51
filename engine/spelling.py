"""A word that is not known, and the known one that is nearest to it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from engine.findings import Finding
from engine.rules import finding


def nearest(word: str, known: Iterable[str]) -> str | None:
    """What was probably meant; None when nothing is near."""
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


def unknown_key(file: str, element: str, key: str, known: Iterable[str]) -> Finding:
    """A key of a TOML table or a YAML mapping that is not known there."""
    near, listed = nearest(key, known), ", ".join(known)
    rule = "unknown-key.near" if near else "unknown-key"
    return finding(rule, file, element, key=key, known=listed, nearest=near)
