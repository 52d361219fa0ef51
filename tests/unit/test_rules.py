"""The rules of the catalogue: each is whole in both languages, used, documented, and shown by a pair of models."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from inspect import signature
from pathlib import Path

import pytest

from engine.bpmn import dialect, supported
from engine.findings import Finding
from engine.rules import CHECKS, Rule, Text, finding, rules
from engine.validation import findings_of
from tests import rules_page
from tests.rules.made import MADE

ROOT = Path(__file__).parents[2]
PAIRS = sorted(rule for rule in rules() if rule not in MADE and rules_page.pair(rule))


def told(found: list[Finding]) -> list[str]:
    return [str(one) for one in found]


def errors(found: list[Finding]) -> list[str]:
    return [str(one) for one in found if one.severity == "error"]


# Pairs


def test_every_rule_has_a_pair() -> None:
    missing = [f"{rule.id} ({rule.check})" for rule in rules().values() if rule.id not in MADE and rule.id not in PAIRS]
    assert missing == [], f"{len(missing)} rules have no bad… and good… in tests/rules/<rule>: {', '.join(missing)}"


def test_every_pair_is_of_a_rule() -> None:
    folders = {folder.name for folder in rules_page.PAIRS.iterdir() if folder.is_dir() and folder.name[0] not in "_."}
    assert folders - set(rules()) == set()
    assert set(MADE) - set(rules()) == set()
    assert set(MADE) & folders == set()


@pytest.mark.parametrize("rule", PAIRS)
def test_the_bad_one_breaks_its_rule_and_the_good_one_has_no_error(rule: str) -> None:
    bad, good = rules_page.pair(rule) or pytest.fail(rule)
    found, left = list(findings_of(bad, publish=True)), list(findings_of(good, publish=True))
    assert rule in {one.rule for one in found}, told(found)
    assert errors(left) == []
    assert [one for one in told(left) if f" {rule}: " in one] == []


@pytest.mark.parametrize("rule", MADE)
def test_a_pair_that_is_made_breaks_its_rule_and_does_not(rule: str, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "good").mkdir()
    found, left = list(MADE[rule].bad(tmp_path / "bad")), list(MADE[rule].good(tmp_path / "good"))
    assert rule in {one.rule for one in found}, told(found)
    assert errors(left) == []
    assert rule not in {one.rule for one in left}


# Words


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", text))


def texts(rule: Rule) -> Iterator[tuple[str, Text]]:
    yield "title", rule.title
    yield "why", rule.why
    for variant, words in rule.says.items():
        yield f"{variant} message", words.message
        yield f"{variant} remedy", words.remedy


@pytest.mark.parametrize("rule", rules())
def test_every_text_is_there_in_both_languages_with_the_same_values(rule: str) -> None:
    assert rules()[rule].says, "it says nothing"
    for what, text in texts(rules()[rule]):
        assert text.en.strip(), what
        assert text.sv.strip(), what
        assert placeholders(text.en) == placeholders(text.sv), what
        # FEEL's are filled in without `finding`.
        own = set(signature(finding).parameters) if rule != "feel" else set()
        assert not placeholders(text.en) & own, f"{what}: a name that finding() has itself"
        assert text.en != text.sv or not re.search("[a-z]", re.sub(r"\{\w+\}", "", text.en)), (
            f"{what} is not translated"
        )
        assert what == "why" or not re.search(r"\w\.$", text.en), f"{what}: the full stop is set where it is shown"


def test_a_rule_stands_in_one_file_only() -> None:
    files = {check: (ROOT / f"engine/rules/{check}.toml").read_text("utf-8") for check in CHECKS}
    named = [rule for text in files.values() for rule in re.findall(r"^\[([\w-]+)\]", text, re.MULTILINE)]
    assert sorted(named) == sorted(rules())


# Use in the code


@cache
def modules() -> dict[str, ast.Module]:
    files = [file for room in ("engine", "forms", "web") for file in sorted((ROOT / room).rglob("*.py"))]
    return {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text("utf-8")) for file in files}


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_findings_are_made_by_the_catalogue_alone() -> None:
    made = [
        f"{file}:{node.lineno}"
        for file, module in modules().items()
        for node in ast.walk(module)
        # `Finding(**read)` reads one back that another process has sent.
        if isinstance(node, ast.Call) and called(node) == "Finding" and (node.args or len(node.keywords) > 1)
    ]
    assert [place for place in made if not place.startswith("engine/rules/")] == []


def pattern(node: ast.AST) -> str | None:
    """A text of the code; for one that is put together, with a star in the place of each value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    return None


def texts_of(node: ast.AST) -> Iterator[str]:
    if (found := pattern(node)) is not None:
        yield found
    # The parts of a text that is put together are none of their own; what is put in may hold some.
    whole = isinstance(node, ast.JoinedStr)
    for child in ast.iter_child_nodes(node):
        if not (whole and isinstance(child, ast.Constant)):
            yield from texts_of(child)


@cache
def spoken() -> frozenset[str]:
    """Every text of the engine that may name a rule: `rule`, `rule.variant`, `rule.*`."""
    found = (text for file, module in modules().items() if not file.startswith("web/") for text in texts_of(module))
    return frozenset(one for one in found if re.fullmatch(r"[\w*-]+(\.[\w*-]+)?", one))


def test_every_rule_that_the_code_names_exists() -> None:
    known = {f"{rule.id}.{variant}".rstrip(".") for rule in rules().values() for variant in rule.says}
    named = {one for one in spoken() if one.partition(".")[0] in rules() and "." in one and not one.endswith(".js")}
    for module in modules().values():
        calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and called(node) == "finding"]
        named |= {one for node in calls if node.args and (one := pattern(node.args[0])) and one[0] != "*"}
    unknown = [one for one in sorted(named) if not any(fnmatchcase(rule, one) for rule in known)]
    assert unknown == [], "no such rule or variant in engine/rules/*.toml"


def test_every_rule_and_variant_is_used() -> None:
    patterns = [one for one in spoken() if one.strip("*.")]
    known = [f"{rule.id}.{variant}".rstrip(".") for rule in rules().values() for variant in rule.says]
    unused = [
        one for one in known if one not in patterns and not any(fnmatchcase(one, p) for p in patterns if "*" in p)
    ]
    assert unused == [], "in engine/rules/*.toml, but nothing in the code says it"


def test_every_refused_element_and_extension_has_words_and_no_words_are_left_over() -> None:
    elements = supported._REFUSED | supported._REFUSED_ATTRIBUTES.keys() | {"thrownForEach"}
    assert elements == set(rules()["unsupported-element"].says)
    assert dialect._REFUSED | {"unknown", "form", "eventJob"} == set(rules()["unsupported-extension"].says)


# The page


def test_the_page_of_the_rules_is_up_to_date() -> None:
    assert rules_page.PAGE.exists(), "run `make rules`"
    assert rules_page.PAGE.read_text("utf-8") == rules_page.page(), "run `make rules`"


def test_the_page_about_bpmn_names_rules_that_exist() -> None:
    page = (ROOT / "docs/reference/bpmn.md").read_text("utf-8")
    rows = [line for line in page[page.index("## What is refused") :].splitlines() if line.startswith("| ")]
    named = {rule for row in rows for rule in re.findall(r"`([a-z]+(?:-[a-z]+)*)`", row.split("|")[3])}
    assert {"deadlock", "unsupported-element", "link"} <= named
    assert named - set(rules()) == set()
