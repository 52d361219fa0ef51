"""Writes docs/reference/rules.md from the rules and their pairs in tests/rules. `make rules`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from engine.rules import CHECKS, Rule, rules
from tests.rules.made import MADE

PAIRS = Path(__file__).parent / "rules"
PAGE = Path(__file__).parents[1] / "docs/reference/rules.md"
#: Characters of a line and lines of a file's difference that the page shows.
_WIDTH, _LINES = 160, 40

_HEAD = """# The rules

What `samled validate` finds, in the order in which it looks. Each rule has a severity: an *error* is never run, what is *publishing* runs but is not
published, a *warning* is advice. Some findings weigh less in a bare `.bpmn` file, which declares nothing. Below each rule stands the smallest model
that breaks it (`-`) and what mends it (`+`); these pairs are tests.

This page is made from the rules by `make rules`.
"""
_CHECK_TITLES = {
    "reading": "Safe to read",
    "package": "The package",
    "bpmn": "Well-formed BPMN",
    "supported": "Supported",
    "style": "Style that prevents faults",
    "expressions": "Expressions",
    "references": "References",
    "decisions": "Decisions",
    "forms": "Forms",
    "soundness": "Sound",
    "chairs": "Between the chairs",
    "scenarios": "Scenarios",
}


def pair(rule: str) -> tuple[Path, Path] | None:
    """The file or folder that breaks a rule, and the one that does not; None if one is missing."""
    bad, good = (sorted((PAIRS / rule).glob(f"{kind}*")) for kind in ("bad", "good"))
    return (bad[0], good[0]) if len(bad) == len(good) == 1 else None


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_contents(), *(line for check in CHECKS for line in _check(check))])


def _of(check: str) -> list[Rule]:
    return [rule for rule in rules().values() if rule.check == check]


def _contents() -> Iterator[str]:
    for check in CHECKS:
        if found := _of(check):
            yield f"- {_CHECK_TITLES[check]}: " + " · ".join(f"[{rule.id}](#{rule.id})" for rule in found)
    yield ""


def _check(check: str) -> Iterator[str]:
    found = _of(check)
    if found:
        yield f"## {_CHECK_TITLES[check]}\n"
    for rule in found:
        yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}\n"
    yield f"**{rule.title.en}** ({rule.severity}) · {rule.title.sv}\n"
    yield f"{rule.why.en}\n"
    yield "| message | på svenska | remedy |\n|---|---|---|"
    for words in rule.says.values():
        yield f"| {_cell(words.message.en)} | {_cell(words.message.sv)} | {_cell(words.remedy.en)} |"
    yield ""
    if rule.id in MADE:
        yield f"{MADE[rule.id].words}\n"
    elif both := pair(rule.id):
        yield from _difference(*both)


def _cell(text: str) -> str:
    """In a row of a table; how a value is formatted does not matter to the reader."""
    shown = re.sub(r"\{(\w+):\w+\}", r"{\1}", " ".join(text.split()))
    return shown.replace("{{", "{").replace("}}", "}").replace("|", "\\|")


def _difference(bad: Path, good: Path) -> Iterator[str]:
    before, after = _texts(bad), _texts(good)
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            yield f"```diff\n{_diff(name, old, new)}\n```\n"


def _texts(path: Path) -> dict[str, str]:
    """File name → text; a single file goes by its suffix, so that the two are compared."""
    files = [(file.relative_to(path).as_posix(), file) for file in path.rglob("*") if file.is_file()]
    return {name: _text(file) for name, file in (files if path.is_dir() else [(path.suffix, path)])}


def _text(file: Path) -> str:
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _diff(name: str, old: str, new: str) -> str:
    lines = list(unified_diff(old.splitlines(), new.splitlines(), n=2, lineterm=""))[2:]
    shown = [line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…" for line in lines]
    if len(shown) > _LINES:
        shown = [*shown[:_LINES], "…"]
    heading = [] if name.startswith(".") else [name]
    # Where lines are left out; none are before the first.
    return "\n".join(heading + ["…" if line.startswith("@@") else line for line in shown if line[:6] != "@@ -1,"])


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
