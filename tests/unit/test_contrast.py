"""The colour tokens reach the contrast of WCAG 2.2 AA, in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "web/styles/tokens.css").read_text(encoding="utf-8")
TEXT = [
    ("ink", ("paper", "surface", "surface-sunk")),
    ("ink-soft", ("paper", "surface", "surface-sunk")),
    ("brand", ("paper", "surface", "brand-tint")),
    ("brand-deep", ("paper", "surface", "brand-tint")),
    ("on-brand", ("brand", "brand-deep")),
    ("bad", ("surface", "paper", "bad-tint")),
    ("warn", ("surface", "warn-tint")),
    ("good", ("surface", "good-tint")),
    ("ink", ("brand-tint", "good-tint", "warn-tint", "bad-tint")),
]
EDGES = [("line-strong", ("surface", "paper")), ("focus", ("paper", "surface")), ("accent", ("surface", "paper"))]


def scheme(name: str) -> dict[str, str]:
    light, _, dark = TOKENS.partition("@media (prefers-color-scheme: dark)")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light))
    return colours | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", dark)) if name == "dark" else colours


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (EDGES, 3.0)], ids=["text", "edges"])
def test_colours_can_be_told_apart(name: str, pairs: list[tuple[str, tuple[str, ...]]], least: float) -> None:
    colours = scheme(name)
    weak = {
        f"{front} on {ground}": round(contrast(colours[front], colours[ground]), 2)
        for front, grounds in pairs
        for ground in grounds
        if contrast(colours[front], colours[ground]) < least
    }
    assert weak == {}
