"""Expressions are compiled while the checks are still being imported: guessed from the files, and the same as without."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.errors import FeelError
from engine.feel import Feel, FeelContext
from engine.validation import ahead
from engine.validation.confined import _answers

CONTEXT = FeelContext(datetime(2026, 1, 1, tzinfo=UTC))
MODEL = """<definitions><zeebe:input source="=plan.owner" target="owner" /><sequenceFlow>
<conditionExpression>= answer != &#34;yes&#34; and a &gt; 1</conditionExpression></sequenceFlow></definitions>"""
TABLE = """<inputExpression id="i"><text>age</text></inputExpression><rule><inputEntry id="e"><text>&gt;= 13</text></inputEntry>
<inputEntry><text>-</text></inputEntry><outputEntry><text>"bup"</text></outputEntry></rule>"""
FORM = '{"components": [{"conditional": {"hide": "=answer = \\"no\\""}, "label": "No = no"}]}'


def test_what_a_package_asks_of_feel_is_guessed_from_its_files(tmp_path: Path) -> None:
    for name, text in {"a.bpmn": MODEL, "sub/b.dmn": TABLE, "c.form": FORM, "d.form": "{", "e.txt": MODEL}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert set(ahead.likely(tmp_path)) == {
        ("plan.owner", "expression"),
        ('answer != "yes" and a > 1', "expression"),
        ("age", "expression"),
        (">= 13", "unary"),
        ('"bup"', "expression"),
        ('answer = "no"', "expression"),
    }


@pytest.mark.parametrize("text", ['"=', "<inputEntry ", ">=", "><", '\\"=', "[", '{"a":'])
def test_a_file_that_repeats_the_beginning_of_an_expression_is_looked_through_once(text: str, tmp_path: Path) -> None:
    for kind in ("bpmn", "dmn", "form"):
        (tmp_path / f"a.{kind}").write_text(text * 50_000)
    # Looked through anew from each beginning, this would take minutes.
    assert len(ahead.likely(tmp_path)) < 3


def test_what_was_compiled_beside_is_what_would_have_been_compiled() -> None:
    sources = ["plan.owner", 'deadline("a") > now()', "1 +", "foo(1)", "[" * 201]
    feel, plain = Feel(), Feel()
    feel.compile_ahead([(source, "expression") for source in sources])
    for source in sources:
        assert _told(feel, source) == _told(plain, source)
    assert feel.compile("plan.owner").evaluate({"plan": {"owner": "u"}}, CONTEXT) == "u"
    assert feel.compile("1", kind="unary").evaluate({"?": 1}, CONTEXT) is True


def test_a_runtime_that_another_thread_began_still_guards_its_stack() -> None:
    feel = Feel()
    feel.compile_ahead([("1 + 1", "expression")])
    feel.settle()
    deep: list[object] = []
    for _ in range(900):
        deep = [deep]
    assert feel.compile("flatten(a)").evaluate({"a": deep}, CONTEXT) == []
    for source in ("string(a)", "a = a"):
        with pytest.raises(FeelError, match="nested too deeply"):
            feel.compile(source).evaluate({"a": deep}, CONTEXT)


def test_a_child_that_is_ended_in_the_middle_of_a_line_is_told_as_too_slow() -> None:
    reading, writing = os.pipe()
    os.write(writing, b'["entering", {"en": "style", "sv": "stil"}]\n["finding", {"file": "a.bp\n["ended", "slow"]\n')
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        [found] = _answers(stream, Path("a.bpmn"), 8.0)
    assert (found.rule, "style" in found.message) == ("too-slow", True)


def _told(feel: Feel, source: str) -> object:
    try:
        found = feel.compile(source)
    except FeelError as error:
        return str(error)
    return found.paths, found.functions, found.deadline_names, found.needs_context


def test_who_validates_loads_neither_a_database_library_nor_a_web_framework() -> None:
    script = "import sys; from engine.validation import checks; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "engine.validation.soundness" in loaded
    assert {"sqlalchemy", "psycopg", "alembic", "flask", "yaml"}.isdisjoint(loaded)
