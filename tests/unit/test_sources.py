"""docs/reference/sources.md names packages, elements and scenarios that exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/sources.md"
LETTERS = {"R", "P", "H", "T", "S", "G", "L", "local"}


def _rows() -> list[tuple[int, list[str]]]:
    lines = enumerate(PAGE.read_text(encoding="utf-8").splitlines(), 1)
    tables = [(number, line) for number, line in lines if line.startswith("|") and not line.startswith("|---")]
    rows = [(number, [cell.strip() for cell in line.strip("|").split(" | ")]) for number, line in tables]
    return [(number, cells) for number, cells in rows if cells[0] != "rule"]


@cache
def _elements(package: str) -> frozenset[str]:
    models = (ROOT / "processes" / package).glob("*.[bd][pm][mn]*")
    return frozenset(
        found.get("id", "") for model in models for found in etree.parse(model).iter(etree.Element) if found.get("id")
    )


@cache
def _scenarios(package: str) -> frozenset[str]:
    return frozenset(file.stem for file in (ROOT / "processes" / package / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize(("number", "cells"), _rows(), ids=lambda value: str(value) if isinstance(value, int) else "")
def test_what_a_row_names_exists(number: int, cells: list[str]) -> None:
    assert len(cells) == 5, f"line {number}: five columns"
    rule, sources, package, elements, scenarios = cells
    assert rule, f"line {number}: no rule"
    assert set(re.split(r"[,\s]+", sources)) <= LETTERS, f"line {number}: {sources} is no source"
    names = {name.strip("`") for name in package.split(", ")}
    known = frozenset[str]().union(*(_elements(name) for name in names))
    played = frozenset[str]().union(*(_scenarios(name) for name in names))
    for name in names:
        assert (ROOT / "processes" / name).is_dir(), f"line {number}: there is no package {name}"
    for element in () if elements == "–" else elements.split(", "):
        assert element.strip("`") in known, f"line {number}: {package} has no element {element}"
    for scenario in () if scenarios == "–" else scenarios.split(", "):
        assert scenario.strip("`") in played, f"line {number}: {package} has no scenario {scenario}"


def test_every_package_has_rules() -> None:
    named = {name.strip("`") for _, cells in _rows() for name in cells[2].split(", ")}
    packages = {folder.name for folder in (ROOT / "processes").iterdir() if (folder / "process.toml").exists()}
    assert packages - named == set(), "docs/reference/sources.md has no row for these packages"
