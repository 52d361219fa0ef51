"""FEEL: values, names, strictness and messages. What it may not reach is in test_feel_sandbox.py."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import FeelError
from engine.feel import BundleMissing, Expression, Feel, FeelContext, Static, current_feel, parse_static_or_feel
from engine.feel import runtime as runtime_module

CONTEXT = FeelContext(
    now=datetime(2026, 3, 27, 9, 0, tzinfo=UTC),
    deadlines={"sip-meeting": "P3W", "answer": "PT48H", "receipt": "5 working days"},
    units_by_role={"coordinator": ["elevhalsa-exempelby", "vardcentral-exempelby"]},
)


def evaluate(source: str, variables: Mapping[str, Any] | None = None, **more: Any) -> Any:
    return current_feel().compile(source, **more).evaluate(variables or {}, CONTEXT)


def warned(source: str, variables: Mapping[str, Any] | None = None, **more: Any) -> tuple[Any, list[str]]:
    value, warnings = current_feel().compile(source, **more).evaluate_with_warnings(variables or {}, CONTEXT)
    return value, [warning.type for warning in warnings]


def unary(source: str, value: Any, **variables: Any) -> Any:
    return evaluate(source, {"?": value, **variables}, kind="unary")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("10 / 4", 2.5),
        ("2 ** 10", 1024),
        ("-5 + 2", -3),
        ("0.1 + 0.2 = 0.3", True),
        ("1.1 * 3", 3.3),
        ("sum([0.1, 0.2])", 0.3),
        ("mean(1, 2)", 1.5),
        ("1 / 3 * 3", 1),
        ("1e3", 1000),
        ("007", 7),
        (".5", 0.5),
        ("for i in 1..3 return count(partial)", [0, 1, 2]),
        ("for i in 1..2 return partial", [[], [[]]]),
        ("-(1 + 1)", -2),
        ('"Åsa" + " Öberg"', "Åsa Öberg"),
        ("if 1 > 2 then 1 else 2", 2),
        ("null = null", True),
        ("1 = null", False),
        ("1 != null", True),
        ("true or null", True),
        ("false and null", False),
        ("true and null", None),
        ("5 between 1 and 9", True),
        ("5 in [1..5)", False),
        ("5 in (1, 5)", True),
        ("5 in > 3", True),
        ("[1, 2, 3][2]", 2),
        ("[1, 2, 3][-1]", 3),
        ("[1, 2, 3][9]", None),
        ("[1, 2, 3][item > 1]", [2, 3]),
        ("[true, false][item = false]", [False]),
        ("for i in 1..3 return i * 2", [2, 4, 6]),
        ("for i in 3..1 return i", [3, 2, 1]),
        ("for i in -1..0 return i", [-1, 0]),
        ("for i in 5..0 return i", [5, 4, 3, 2, 1, 0]),
        ("for i in (1..5] return i", [2, 3, 4, 5]),
        ("[{active: true, n: 1}, {active: false, n: 2}][active].n", [1]),
        ('[{name: "ax"}, {name: "b"}][contains(name, "x")].name', ["ax"]),
        ("[1, 2][false]", []),
        ("for i in 1..2, j in [10, 20] return i + j", [11, 21, 12, 22]),
        ("some x in [1, 2] satisfies x > 1", True),
        ("every x in [1, 2] satisfies x > 1", False),
        ("{a: 1, b: a + 1}", {"a": 1, "b": 2}),
        ('{"å ä": 1}', {"å ä": 1}),
        ("(function(a, b) a + b)(1, 2)", 3),
        ("{double: function(x) x * 2, r: double(4)}.r", 8),
        ("sort([3, 1, 2], function(a, b) a < b)", [1, 2, 3]),
        ("median([9, 10, 1])", 9),
        ('number("1 234,5", " ", ",")', 1234.5),
        ('string([1, "a"])', '[1, "a"]'),
        ("flatten([1, [2, [3]]])", [1, 2, 3]),
        ("distinct values([1, 2, 1])", [1, 2]),
        ("index of([1, 2, 1], 1)", [1, 3]),
        ('list contains([date("2026-01-01")], date("2026-01-01"))', True),
        ('list contains(["1"], 1)', False),
        ("min(3, 1, 2)", 1),
        ("max([])", None),
        ('max(date("2026-01-01"), date("2026-02-01"))', "2026-02-01"),
        ('context put({a: {b: 1}}, ["a", "b"], 2)', {"a": {"b": 2}}),
        ("context merge({a: 1}, {b: 2})", {"a": 1, "b": 2}),
        ('get value({a: 1}, "b")', None),
        ("get entries({a: 1})", [{"key": "a", "value": 1}]),
        ('matches("Åäö", "^[A-ZÅÄÖ][a-zåäö]+$")', True),
        ('replace("abc", "b", "[$0]")', "a[b]c"),
        ('split("a;b", ";")', ["a", "b"]),
        ('upper case("åäö")', "ÅÄÖ"),
        ('string length("😀å")', 2),
        ("decimal(2.5, 0)", 2),
        ("modulo(7, 3)", 1),
        ("not(true)", False),
        ("not(null)", None),
        ("1 instance of number", True),
        ('date("2026-01-01") instance of date', True),
        ('duration("P1M") instance of years and months duration', True),
        ('duration("PT1H") instance of days and time duration', True),
        ("during(3, [1..5])", True),
        ("overlaps before([1..3], [2..5])", True),
        ("coincides([1..3], [1..3])", True),
        ("starts([1..2], [1..5])", True),
        ("finished by([1..5], [3..5])", True),
        ("// a remark\n1", 1),
    ],
)
def test_an_everyday_expression_has_the_value_that_feel_gives_it(source: str, expected: Any) -> None:
    assert evaluate(source) == expected


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ('"a", "b"', "b", True),
        ('not("a", "b")', "b", False),
        ("-", None, True),
        ("> 5", 6, True),
        ("[1..5)", 5, False),
        ("<= 3, 7", 7, True),
        ("true", False, False),
        ("false", False, True),
        ("null", None, True),
        ("> 5", None, False),
        ("? > 3 and ? < limit", 4, True),
        ("list contains(?, 2)", [1, 2], True),
    ],
)
def test_a_unary_test_is_asked_of_the_input(source: str, value: Any, expected: bool) -> None:
    assert unary(source, value, limit=10) is expected


def test_only_what_is_named_crosses_so_that_a_value_without_json_form_beside_it_does_no_harm() -> None:
    variables = {"consent": {"given": True, "signature": object()}, "other": object()}
    assert evaluate("consent.given", variables) is True


def test_an_expression_tells_what_it_reads_and_calls() -> None:
    expression = current_feel().compile(
        'for u in units return {n: u.name, d: deadline("sip-meeting", date(case.opened)), k: kinds[kind = wanted]}'
    )
    assert expression.names == {"units", "case", "kinds"}
    assert expression.paths == {("units",), ("case", "opened"), ("kinds",)}
    assert expression.ambiguous_names == {"kind", "wanted"}
    assert expression.functions == {"deadline", "date"}
    assert expression.deadline_names == {"sip-meeting"}
    assert current_feel().compile('units with role("coordinator")').role_names == {"coordinator"}
    assert current_feel().compile('deadline(name: "answer", from: x)').deadline_names == {"answer"}


def test_a_name_inside_a_filter_may_be_a_key_of_the_item_or_a_variable() -> None:
    people = [{"kind": "a", "n": 1}, {"kind": "b", "n": 2}]
    assert evaluate("people[kind = wanted].n", {"people": people, "wanted": "b"}) == [2]


@pytest.mark.parametrize(
    ("source", "variables", "names"),
    [
        ("my var + 1", {"my var": 1}, ()),
        ("`my var` + 1", {"my var": 1}, ()),
        ("`a-b` + 1", {"a-b": 1}, ()),
        ("a-b + 1", {"a-b": 1}, ["a-b"]),
        ("Day and night + 1", {"Day and night": 1}, ["Day and night"]),
        ("person.first name + 1", {"person": {"first name": 1}}, ()),
        ("Ålder på barnet + 1", {"Ålder på barnet": 1}, ()),
    ],
)
def test_names_may_hold_spaces_signs_and_swedish_letters(
    source: str, variables: dict[str, Any], names: list[str]
) -> None:
    assert evaluate(source, variables, names=names) == 2


def test_without_a_declaration_a_sign_between_names_is_arithmetic() -> None:
    assert evaluate("a-b", {"a": 3, "b": 1, "a-b": 9}) == 2


@settings(deadline=None)
@given(st.text(alphabet="abcåäöÅÄÖéüß_", min_size=1, max_size=12))
def test_any_name_of_letters_is_a_name(name: str) -> None:
    expression = current_feel().compile(f"{name} + 1")
    assert expression.names == {name}
    assert expression.evaluate({name: 1}, CONTEXT) == 2


_plain_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e15, 1e15),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(_plain_json)
def test_any_json_value_crosses_and_comes_back_the_same(value: Any) -> None:
    assert evaluate("x", {"x": value}) == value
    assert evaluate("x = y", {"x": value, "y": value}) is True


@pytest.mark.parametrize(
    ("source", "variables", "kind"),
    [
        ("missing", {}, "NO_VARIABLE_FOUND"),
        ("missing = 1", {}, "NO_VARIABLE_FOUND"),
        ("x.y", {"x": {}}, "NO_CONTEXT_ENTRY_FOUND"),
        ("x.y", {"x": None}, "NO_PROPERTY_FOUND"),
        ('"5" = 5', {}, "NOT_COMPARABLE"),
        ('"5" > 4', {}, "NOT_COMPARABLE"),
        ('x > "a"', {"x": 1}, "NOT_COMPARABLE"),
        ('5 in ["a".."b"]', {}, "NOT_COMPARABLE"),
        ('today() < "2026-01-01"', {}, "NOT_COMPARABLE"),
        ("today() < now()", {}, "NOT_COMPARABLE"),
        ('duration("P1M") > duration("P30D")', {}, "NOT_COMPARABLE"),
        ('1 + "a"', {}, "INVALID_TYPE"),
        ("1 + null", {}, "INVALID_TYPE"),
        ("1 / 0", {}, "INVALID_TYPE"),
        ("10 ** 400", {}, "INVALID_TYPE"),
        ('if "yes" then 1 else 2', {}, "INVALID_TYPE"),
        ("x and true", {"x": "yes"}, "INVALID_TYPE"),
        ('some x in [1] satisfies "yes"', {}, "INVALID_TYPE"),
        ("for x in 5 return x", {}, "INVALID_TYPE"),
        ("for x in null return x", {}, "INVALID_TYPE"),
        ("[1, 2][0]", {}, "INVALID_TYPE"),
        ("x instance of unicorn", {"x": 1}, "INVALID_TYPE"),
        ('date("2026-02-30")', {}, "FUNCTION_INVOCATION_FAILURE"),
        ('date("2026")', {}, "FUNCTION_INVOCATION_FAILURE"),
        ('date("2026-03-27T10:00:00Z")', {}, "FUNCTION_INVOCATION_FAILURE"),
        ("date(null)", {}, "FUNCTION_INVOCATION_FAILURE"),
        ('duration("1 week")', {}, "FUNCTION_INVOCATION_FAILURE"),
        ('number("")', {}, "FUNCTION_INVOCATION_FAILURE"),
        ('number("0x10")', {}, "FUNCTION_INVOCATION_FAILURE"),
        ("upper case(5)", {}, "FUNCTION_INVOCATION_FAILURE"),
        ("upper case(null)", {}, "FUNCTION_INVOCATION_FAILURE"),
        ('substring("abc")', {}, "FUNCTION_INVOCATION_FAILURE"),
        ("modulo(5, 0)", {}, "FUNCTION_INVOCATION_FAILURE"),
        ('matches("a", "(")', {}, "FUNCTION_INVOCATION_FAILURE"),
        ('sum([1, "a"])', {}, "FUNCTION_INVOCATION_FAILURE"),
        ('not("a")', {}, "FUNCTION_INVOCATION_FAILURE"),
        ("today(1)", {}, "FUNCTION_INVOCATION_FAILURE"),
        ('deadline("no-such")', {}, "FUNCTION_INVOCATION_FAILURE"),
        ('deadline("answer", "soon")', {}, "FUNCTION_INVOCATION_FAILURE"),
        ('units with role("no-such")', {}, "FUNCTION_INVOCATION_FAILURE"),
        ("working days after(today(), 1.5)", {}, "FUNCTION_INVOCATION_FAILURE"),
        ("x.f(1)", {"x": {"f": 1}}, "NO_FUNCTION_FOUND"),
    ],
)
def test_a_mistake_is_an_error_when_strict_and_null_or_false_with_a_warning_else(
    source: str, variables: dict[str, Any], kind: str
) -> None:
    expression = current_feel().compile(source, element="Gateway_1")
    value, warnings = expression.evaluate_with_warnings(variables, CONTEXT)
    assert kind in [warning.type for warning in warnings]
    assert value in (None, False, 2)
    with pytest.raises(FeelError) as caught:
        expression.evaluate(variables, CONTEXT)
    assert caught.value.element == "Gateway_1"
    assert caught.value.position is not None
    assert expression.evaluate(variables, CONTEXT, strict=False) == value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x != null and x.y > 3", False),
        ("x = null or x.y > 3", True),
        ("if x = null then 0 else x.y", 0),
        ("is defined(missing)", False),
        ("is defined(x)", True),
        ("is defined(known.a)", True),
        ("is defined(known.b.c)", False),
        ('get or else(missing.path, "none")', "none"),
        ("get or else(known.a, 0)", 1),
        ("get or else(x, 5)", 5),
    ],
)
def test_a_model_can_ask_for_what_may_be_missing(source: str, expected: Any) -> None:
    assert evaluate(source, {"x": None, "known": {"a": 1}}) == expected


def test_lists_of_a_null_and_a_missing_value_are_told_apart_by_is_defined_only() -> None:
    assert evaluate("is defined(a) and a = null", {"a": None}) is True


def test_a_message_never_holds_the_value_of_a_variable() -> None:
    secret = "Exempel Andersson"
    for source in (
        "x + 1",
        "x.y",
        "x > 1",
        "date(x)",
        "if x then 1 else 2",
        "x and true",
        "number(x)",
        "for i in [x] return i + 1",
    ):
        with pytest.raises(FeelError) as caught:
            evaluate(source, {"x": secret})
        assert secret not in str(caught.value), source


@pytest.mark.parametrize(
    ("source", "position"),
    [
        ("1 +", 3),
        ("(1", 2),
        ('"open', 0),
        ("1 + 12345678901234567890", 4),
        ("1 2", None),
        ("a = > 1", 4),
        ("", 0),
        ("foo(1)", 0),
        ("1 + is empty([])", 4),
        ("x.{", None),
    ],
)
def test_a_syntax_error_is_found_when_the_expression_is_compiled(source: str, position: int | None) -> None:
    with pytest.raises(FeelError) as caught:
        current_feel().compile(source, element="Task_1", file="sip.bpmn")
    assert caught.value.element == "Task_1"
    assert caught.value.file == "sip.bpmn"
    assert caught.value.expression == source
    if position is not None:
        assert caught.value.position == position


def test_a_position_counts_characters_also_after_an_emoji() -> None:
    with pytest.raises(FeelError) as caught:
        evaluate('"😀😀" = missing')
    assert caught.value.position == len('"😀😀" = ')


def test_a_function_of_camunda_that_is_lacking_is_named_as_such() -> None:
    with pytest.raises(FeelError, match="“is empty” of Camunda's FEEL is not offered"):
        current_feel().compile("is empty(list)")


def test_text_with_an_equals_sign_is_feel_and_other_text_is_itself() -> None:
    static = parse_static_or_feel("deadline(x)", element="a")
    assert static == Static("deadline(x)", "a")
    assert static.evaluate({}, CONTEXT) == "deadline(x)"
    expression = parse_static_or_feel("= 1 + a", element="a")
    assert isinstance(expression, Expression)
    assert expression.evaluate({"a": 1}, CONTEXT) == 2
    assert parse_static_or_feel("{{a}}").evaluate({"a": 1}, CONTEXT) == "{{a}}"


def test_a_value_without_a_json_form_is_refused_by_name() -> None:
    for value in (object(), {1, 2}, float("nan")):
        with pytest.raises(FeelError, match="cannot be passed"):
            evaluate("x", {"x": value})


def test_a_date_of_python_crosses_as_iso_text() -> None:
    assert evaluate("date(x).year", {"x": date(2026, 3, 27)}) == 2026


@pytest.mark.parametrize("source", ["function(a) a", "[1..3]", "{f: function() 1}", "count"])
def test_what_cannot_be_stored_does_not_leave_an_expression(source: str) -> None:
    with pytest.raises(FeelError):
        evaluate(source)


def test_an_expression_compiled_in_one_thread_is_evaluated_in_others_at_the_same_time() -> None:
    expression = current_feel().compile("x * 2 + count(for i in 1..50 return i)")
    found: list[int] = []

    def work(number: int) -> None:
        for _ in range(50):
            found.append(expression.evaluate({"x": number}, CONTEXT) - number * 2)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [50] * 300


def test_an_evaluation_costs_the_same_however_much_the_case_knows() -> None:
    expression = current_feel().compile("consent.given = true and rounds < 5")
    small = {"consent": {"given": True}, "rounds": 1}
    large = {f"form_{n}": {f"field_{m}": "text" * 20 for m in range(50)} for n in range(200)} | small
    large["consent"] = {"given": True} | {f"field_{m}": "text" * 20 for m in range(5000)}

    def least(variables: dict[str, Any]) -> float:
        spent = []
        for _ in range(15):
            started = time.thread_time()
            for _ in range(50):
                expression.evaluate(variables, CONTEXT)
            spent.append(time.thread_time() - started)
        return min(spent)

    assert least(large) < 2 * least(small)


def test_more_expressions_than_the_cache_holds_are_all_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_module, "MOST_COMPILED", 5)
    feel = Feel()
    expressions = [feel.compile(f"x + {number}") for number in range(12)]
    assert [expression.evaluate({"x": 1}, CONTEXT) for expression in expressions] == list(range(1, 13))


def test_a_missing_bundle_names_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(runtime_module, "BUNDLE", tmp_path / "feel.js")
    with pytest.raises(BundleMissing, match="make setup"):
        Feel().compile("1")


REFERENCE = (Path(__file__).parents[2] / "docs/reference/feel.md").read_text("utf-8")


def test_every_function_that_the_reference_offers_exists() -> None:
    tables = REFERENCE.split("## Our functions")[1].split("### What Camunda's FEEL has")[0]
    rows = [row.split("|") for row in tables.splitlines() if row.startswith("|") and "---" not in row]
    cells = [cell for _, first, second, *_ in rows for cell in (first, second if "(" not in first else "")]
    names = {name.split("(")[0] for cell in cells for name in re.findall(r"`([a-z][a-z ]*(?:\([^`]*)?)`", cell)}
    assert len(names) > 70
    for name in names:
        assert current_feel().compile(f"{name}(1)").functions == {name}


def test_every_function_that_the_reference_names_as_lacking_is_refused_as_such() -> None:
    lacking = REFERENCE.split("Refused by name when the model is read:")[1].split("\n")[0]
    names = re.findall(r"`([^`]+)`", lacking)
    assert len(names) > 10
    for name in names:
        with pytest.raises(FeelError, match="not offered here"):
            current_feel().compile(f"{name}(1)")
