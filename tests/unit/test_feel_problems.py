"""What is wrong with an expression, in words: the runtime names it, the catalogue has it in both languages."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.errors import FeelError
from engine.feel import FeelContext, current_feel
from engine.feel.problems import NEEDS, TYPES
from engine.rules import rules

FEEL = Path(__file__).parents[2] / "engine/feel"
CONTEXT = FeelContext(now=datetime(2026, 3, 27, 9, tzinfo=UTC))
#: Variants of the rule that are not a problem but say where one is.
PLACES = {"", "form", "at", "within"}


def problem(source, **variables):
    with pytest.raises(FeelError) as caught:
        current_feel().compile(source, element="Task_1", file="sip.bpmn").evaluate(variables, CONTEXT)
    return caught.value


def test_every_problem_that_the_runtime_names_has_words_and_every_word_is_used():
    scripts = "".join(path.read_text("utf-8") for path in (FEEL / "javascript").rglob("*.js"))
    modules = "".join(path.read_text("utf-8") for path in [*FEEL.glob("*.py"), FEEL.parent / "decisions.py"])
    named = set(re.findall(r"warn\('[A-Z_]+', '([a-z][a-z-]+)'", scripts))
    named |= set(re.findall(r"(?:problem: |Problem\(|\? )'([a-z][a-z-]+)'", scripts))
    named |= set(re.findall(r"'([a-z][a-z-]+)' : 'no-function'", scripts)) | {"no-function", "empty"}
    named |= set(re.findall(r"(?:Problem|cls)\(\"([a-z][a-z-]+)\"", modules))
    known = set(rules()["feel"].says) - PLACES
    assert known - named == set(), "nothing in engine/feel names these"
    assert {one for one in named if "-" in one} - known - set(NEEDS) == set(), "no words for these"


def test_every_type_and_need_that_the_runtime_names_has_a_word():
    scripts = {path.name: path.read_text("utf-8") for path in (FEEL / "javascript").rglob("*.js")}
    types = re.findall(r"return '([a-z ]+)'", scripts["values.js"].partition("function getType")[2].partition("\n}")[0])
    assert len(types) > 8
    assert set(types) <= set(TYPES)
    needs = re.findall(r"wrong\('[^']+', '([^']+)'\)", scripts["calendar.js"])
    assert len(needs) > 6
    assert set(needs) == set(NEEDS)


@pytest.mark.parametrize(
    ("source", "swedish"),
    [
        ("", "Det finns inget uttryck"),
        ("x and", "Uttrycket slutar för tidigt (i ”x and” vid tecken 6)"),
        ("1 5", "”5” kan inte stå här (i ”1 5” vid tecken 3)"),
        ('x "y"', '”"y"” kan inte stå här (i ”x "y"” vid tecken 3)'),
        ("x = 'a'", "Texten som börjar med ' står inte mellan två raka citattecken (i ”x = 'a'” vid tecken 5)"),
        ("x && y", "FEEL har inget tecken && (i ”x && y” vid tecken 3)"),
        ("x == 5", "FEEL har inget tecken == (i ”x == 5” vid tecken 4)"),
        ("x = > 5", "”>” har inget till vänster om sig (i ”x = > 5” vid tecken 5)"),
        ("foo(1)", "Det finns ingen funktion ”foo” (i ”foo(1)” vid tecken 1)"),
        ("missing", "Det finns ingen variabel ”missing” (i ”missing” vid tecken 1)"),
        ("x > 5", "De här kan inte jämföras: en text och ett tal (i ”x > 5” vid tecken 1)"),
        ("x * 2", "”*” kan inte användas på en text och ett tal (i ”x * 2” vid tecken 1)"),
        ("date(5)", "”date” kan inte anropas med ett tal, eller inte med det värdet (i ”date(5)” vid tecken 1)"),
        ("deadline(5)", "deadline(name) behöver namnet på en frist i process.toml (i ”deadline(5)” vid tecken 1)"),
        ("[1..3]", "Resultatet är, eller innehåller, ett intervall: det måste vara ett värde som kan sparas"),
        ("for i in 1..1000000000 return i", "Uttrycket tar för lång tid"),
    ],
)
def test_what_is_wrong_is_said_in_swedish_with_the_place(source, swedish):
    assert problem(source, x="text").said.sv.startswith(swedish)


def test_an_error_becomes_a_finding_in_both_languages():
    found = problem("x and").finding()
    assert (found.file, found.element, found.rule, found.severity) == ("sip.bpmn", "Task_1", "feel", "error")
    assert found.message == "The expression cannot be used: The expression ends too early (in “x and” at character 6)"
    assert found.texts("sv")[0].endswith("Uttrycket slutar för tidigt (i ”x and” vid tecken 6)")
    assert all("”and”" in found.texts("sv")[1] or "“and”" in text for text in found.texts("en")[1:])


def test_an_error_without_a_place_takes_that_of_the_file_that_is_checked():
    with pytest.raises(FeelError) as caught:
        current_feel().compile("1 +")
    assert caught.value.finding(file="a.bpmn").file == "a.bpmn"
