"""What is told of decision tables: gaps, contradictions, rules that never decide, values and types."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.decisions import Decisions
from engine.feel import FeelContext
from engine.findings import Finding
from engine.packages import Package
from engine.validation import table_cover, tables
from engine.validation.subject import Subject
from engine.validation.unary_tests import constant, parse

CONTEXT = FeelContext(now=datetime(2026, 3, 27, 9, 0, tzinfo=UTC))
#: Expression of an input, its tests.
Column = tuple[str, Sequence[str]]


def cell(tag: str, element: str, text: str) -> str:
    return f'<{tag} id="{element}"><text>{escape(text)}</text></{tag}>'


def table(
    *columns: Column,
    results: Sequence[str] | None = None,
    policy: str = "UNIQUE",
    types: Sequence[str] = ("", "", ""),
    allowed: Sequence[str] = ("", "", ""),
    output: str = 'name="y"',
    within: str = "",
    aggregation: str = "",
) -> str:
    """A table with an input a column; a result is the number of its rule unless others are given."""
    count = len(columns[0][1])
    answers = results or [str(number) for number in range(count)]
    inputs = "".join(
        f'<input id="in{at}"><inputExpression typeRef="{types[at]}"><text>{escape(text)}</text></inputExpression>'
        + (cell("inputValues", f"values{at}", allowed[at]) if allowed[at] else "")
        + "</input>"
        for at, (text, _) in enumerate(columns)
    )
    rules = "".join(
        f'<rule id="rule{row}">'
        + "".join(cell("inputEntry", f"t{row}_{at}", tests[row]) for at, (_, tests) in enumerate(columns))
        + cell("outputEntry", f"r{row}", answers[row])
        + "</rule>"
        for row in range(count)
    )
    more = f' aggregation="{aggregation}"' if aggregation else ""
    outputs = f'<output id="out" {output}>{within}</output>'
    return f'<decisionTable id="table" hitPolicy="{policy}"{more}>{inputs}{outputs}{rules}</decisionTable>'


def decision(logic: str, decision_id: str = "d", needs: str = "") -> str:
    return f'<decision id="{decision_id}" name="{decision_id}">{needs}{logic}</decision>'


def file(*parts: str) -> bytes:
    model = "https://www.omg.org/spec/DMN/20191111/MODEL/"
    return f'<definitions xmlns="{model}" id="x" name="x" namespace="x">{"".join(parts)}</definitions>'.encode()


def findings(*parts: str, **files: bytes) -> list[Finding]:
    package = Package.from_files({"d.dmn": file(*parts), **files}, "d", broken=True)
    return list(tables.check(Subject.of(package)))


def told(*parts: str) -> list[tuple[str, str, str]]:
    return [(one.severity, one.rule, one.element) for one in findings(*parts)]


def messages(*parts: str) -> list[str]:
    return [one.message for one in findings(*parts)]


# Gaps


@pytest.mark.parametrize(
    ("columns", "when"),
    [
        ([("age", ["< 18", "> 18"])], "age = 18"),
        ([("age", ["< 18", "[19..65)"])], "18 ≤ age < 19"),
        ([("age", ["< 18"])], "age ≥ 18"),
        ([("age", ["not([3..5])"])], "3 ≤ age ≤ 5"),
        ([("level", ['"red"', '"green"'])], "level is neither “green” nor “red”"),
        ([("level", ['"red"', '"green"', '"red"']), ("age", [">= 18", "-", "> 20"])], "level = “red” and age < 18"),
        ([("level", ['not("red")'])], "level = “red”"),
        ([("agreed", ["true"])], "agreed = false"),
        ([("date(day)", ['< date("2026-01-01")', '> date("2026-01-02")'])], "2026-01-01 ≤ “d” ≤ 2026-01-02"),
        ([("today() - date(day)", ['< duration("P3D")', ">= duration(\"P1W\")"]), ("a", ["-", "-"])], ""),
    ],
)  # fmt: skip
def test_a_gap_is_told_with_the_smallest_case_that_no_rule_fits(columns: list[Column], when: str) -> None:
    found = [one for one in messages(decision(table(*columns, policy="FIRST"))) if "No rule" in one]
    expected = [f"No rule fits when {when.replace('“d”', 'date(day)')}"] if when else []
    assert found == expected


@pytest.mark.parametrize(
    "columns",
    [
        [("age", ["< 18", ">= 18"])],
        [("age", ["< 18", "-"])],
        [("age", ["< 18", "not(< 18)"])],
        [("age", ["< limit", "> 5"])],
        [("agreed", ["true", "false"])],
        [("count(list)", ["0", "1", "> 1"])],
        [("age(date(born), today())", ["< 6", "[6..20]", ">= 21"])],
        [("date(day)", ['<= date("2026-01-01")', '>= date("2026-01-02")'])],
        [('if a then "x" else "y"', ['"x"', '"y"'])],
        [("floor(x)", ["< 3", "> 3"])],
        # What one input is says what the other can be.
        [("age", ["< 18", "-"]), ("age >= 18", ["-", "true"])],
        [("age", ["< 18", "-"]), ("age", ["-", ">= 18"])],
        [("level", ["starts with(?, \"r\")", '"green"'])],
        [("level", ['level = "red"', '"green"'])],
    ],
)  # fmt: skip
def test_where_every_case_is_covered_or_nobody_can_know_no_gap_is_told(columns: list[Column]) -> None:
    assert told(decision(table(*columns, policy="FIRST"))) == []


def test_allowed_values_say_what_cannot_come() -> None:
    closed = table(("level", ['"red"', '"green"']), allowed=['"red", "green"'])
    assert told(decision(closed)) == []
    ages = table(("age", ["< 6", "[6..18]"]), allowed=["[0..18]"])
    assert told(decision(ages)) == []
    forgotten = table(("level", ['"red"', '"green"']), allowed=['"red", "green", "amber"'])
    assert messages(decision(forgotten)) == ["No rule fits when level = “amber”"]


def test_allowed_values_may_come_with_a_type_that_the_file_defines() -> None:
    level = (
        '<itemDefinition name="tLevel"><typeRef>string</typeRef>'
        '<allowedValues><text>"red", "green"</text></allowedValues></itemDefinition>'
    )
    logic = decision(table(("level", ['"red"', '"green"']), types=["tLevel"]))
    assert told(level, logic) == []
    assert told(logic) == [("warning", "dmn-gap", "table")]


def test_whole_numbers_leave_nothing_between_two_that_follow_each_other() -> None:
    ages = ("age", ["<= 17", ">= 18"])
    assert told(decision(table(ages, types=["integer"]))) == []
    assert messages(decision(table(ages, types=["number"]))) == ["No rule fits when 17 < age < 18"]


def test_a_default_output_fills_every_gap_and_is_the_result_there() -> None:
    default = cell("defaultOutputEntry", "otherwise", '"nobody"')
    logic = table(("age", ["< 18"]), results=['"school"'], within=default)
    assert told(decision(logic)) == []
    decisions = Decisions.parse(file(decision(logic)), "d.dmn")
    assert [decisions.decision("d").evaluate({"age": age}, CONTEXT) for age in (10, 20)] == ["school", "nobody"]
    gathered = table(("age", ["< 18"]), policy="COLLECT", within=cell("defaultOutputEntry", "otherwise", '["none"]'))
    collected = Decisions.parse(file(decision(gathered)), "d.dmn").decision("d")
    assert [collected.evaluate({"age": age}, CONTEXT) for age in (10, 20)] == [[0], ["none"]]


@pytest.mark.parametrize(("policy", "aggregation", "count"), [
    ("COLLECT", "", 0), ("RULE ORDER", "", 0), ("COLLECT", "COUNT", 0), ("COLLECT", "SUM", 1), ("ANY", "", 1),
])  # fmt: skip
def test_a_list_may_be_empty_and_a_single_result_may_not(policy: str, aggregation: str, count: int) -> None:
    logic = table(("age", ["< 18"]), policy=policy, aggregation=aggregation)
    assert [rule for _, rule, _ in told(decision(logic))] == ["dmn-gap"] * count


def test_a_table_without_rules_never_has_a_result() -> None:
    logic = table(("age", []), policy="FIRST")
    assert messages(decision(logic)) == ["The table has no rules, so it never has a result"]


def test_a_rule_without_a_result_is_told_and_null_is_a_result() -> None:
    logic = table(("age", ["< 18", ">= 18"]), results=["", "null"])
    assert told(decision(logic)) == [("warning", "dmn-gap", "rule0")]


def test_what_a_required_decision_gives_is_all_that_can_come() -> None:
    needs = '<informationRequirement id="n"><requiredDecision href="#first"/></informationRequirement>'
    first = decision(table(("age", ["< 18", "-"]), results=['"young"', '"grown"'], policy="FIRST"), "first")
    assert told(first, decision(table(("first", ['"young"', '"grown"'])), needs=needs)) == []
    wrong = decision(table(("first", ['"young"', '"groan"', "-"]), policy="FIRST"), needs=needs)
    assert messages(first, wrong) == ["Rule 2 tests for “groan”, but first can only be “grown”, “young”"]


def test_the_options_of_a_form_are_all_that_can_come() -> None:
    options = [{"label": "Skola", "value": "school"}, {"label": "Hem", "value": "home"}]
    choice = {"type": "select", "key": "reason", "label": "Varför?", "values": options}
    form = json.dumps({"type": "default", "id": "need", "schemaVersion": 19, "components": [choice]}).encode()
    whole, misspelt = (decision(table(("need.reason", [f'"{value}"', '"home"']))) for value in ("school", "scool"))
    assert findings(whole, **{"need.form": form}) == []
    assert [one.message for one in findings(misspelt, **{"need.form": form})] == [
        "Rule 1 tests for “scool”, but need.reason can only be “home”, “school”",
        "No rule fits when need.reason = “school”",
    ]


@pytest.mark.parametrize(
    ("field", "test", "fits"),
    [
        ({"type": "number"}, "> 5", True),
        ({"type": "number"}, '"5"', False),
        ({"type": "number", "serializeToString": True}, '"5"', True),
        ({"type": "checkbox"}, "true", True),
        ({"type": "checkbox"}, '"true"', False),
        ({"type": "textfield"}, '"a"', True),
        ({"type": "textfield"}, "> 5", False),
        ({"type": "datetime", "subtype": "date"}, '> date("2026-01-01")', False),
        ({"type": "datetime", "subtype": "date"}, '"2026-01-01"', True),
    ],
)
def test_tests_fit_what_a_form_asks_for(field: dict[str, str], test: str, fits: bool) -> None:
    form = json.dumps(
        {"type": "default", "id": "f", "schemaVersion": 19, "components": [{"key": "x", "label": "X", **field}]}
    )
    found = findings(decision(table(("f.x", [test, "-"]), policy="FIRST")), **{"f.form": form.encode()})
    assert [(one.rule, one.element) for one in found] == [] if fits else [("dmn-type", "t0_0")]


def test_a_number_that_a_form_bounds_leaves_no_gap_beyond() -> None:
    age = {"type": "number", "key": "age", "label": "Ålder", "decimalDigits": 0, "validate": {"min": 0, "max": 20}}
    form = json.dumps({"type": "default", "id": "f", "schemaVersion": 19, "components": [age]}).encode()
    assert findings(decision(table(("f.age", ["< 6", "[6..17]", "[18..20]"]))), **{"f.form": form}) == []
    lacking = findings(decision(table(("f.age", ["< 6", "[6..17]"]))), **{"f.form": form})
    assert [one.message for one in lacking] == ["No rule fits when 17 < f.age ≤ 20"]


# Contradictions


def test_two_rules_that_fit_at_once_contradict_a_unique_table() -> None:
    logic = table(("level", ['"red"', '"green"', '"green"', "-"]), ("age", ["-", "-", "< 5", "> 90"]))
    assert [one for one in told(decision(logic)) if one[1] == "dmn-overlap"] == [
        ("error", "dmn-overlap", "rule2"), ("error", "dmn-overlap", "rule3"),
    ]  # fmt: skip
    assert "Rules 2 and 3 both fit when level = “green” and age < 5, but with UNIQUE only one may" in messages(
        decision(logic)
    )


@pytest.mark.parametrize(
    "columns",
    [
        [("age", ["< 18", ">= 18"])],
        [("age", ["< 18", "? >= 10"])],
        [("level", ['"red"', 'not("red")'])],
        [("level", ["null", "not(null)"])],
        [("date(day)", ['<= date("2026-01-01")', '> date("2026-01-01")'])],
        # These two cannot both be so.
        [("age", ["< 18", "-"]), ("age >= 18", ["-", "true"])],
    ],
)
def test_rules_apart_and_rules_that_nobody_can_compare_are_left_alone(columns: list[Column]) -> None:
    assert "dmn-overlap" not in {rule for _, rule, _ in told(decision(table(*columns)))}


def test_what_is_worked_out_may_never_come_so_its_overlap_is_a_warning() -> None:
    assert told(decision(table(("floor(x)", ["< 3", "<= 3"])))) == [("warning", "dmn-overlap", "rule1")]


def test_any_lets_rules_meet_that_agree() -> None:
    ages = ("age", ["< 18", "> 10", "-"])
    assert told(decision(table(ages, results=['"a"', '"a"', '"a"'], policy="ANY"))) == []
    assert told(decision(table(ages, results=['"a"', "x", "y"], policy="ANY"))) == []
    assert told(decision(table(ages, results=["1", "1.0", '"b"'], policy="ANY"))) == [("error", "dmn-overlap", "rule2")]


# Rules that never decide


def test_a_rule_below_others_that_take_all_its_cases_is_never_used() -> None:
    ages = table(("age", ["< 18", ">= 18", "[0..5]", "-"]), policy="FIRST")
    assert told(decision(ages)) == [("warning", "dmn-unreachable", "rule2")]  # the last one takes a missing age


def test_a_rule_whose_test_accepts_nothing_never_fits() -> None:
    assert told(decision(table(("age", ["[5..1]", "-"])))) == [("warning", "dmn-unreachable", "rule0")]


# Values and types


def test_results_are_in_their_list_of_values() -> None:
    values = cell("outputValues", "values", '"high", "low"')
    ages = ("age", ["< 18", ">= 18"])
    for policy, severity in (("PRIORITY", "error"), ("UNIQUE", "warning")):
        logic = table(ages, results=['"high"', '"lwo"'], policy=policy, within=values)
        assert told(decision(logic)) == [(severity, "dmn-value", "r1")]
    assert told(decision(table(ages, results=['"high"', "worked.out"], policy="PRIORITY", within=values))) == []


@pytest.mark.parametrize(
    ("types", "tests", "count"),
    [
        ("number", ["< 18", '"red"'], 1),
        ("string", ['"red"', "-"], 0),
        ("boolean", ["true", '"true"'], 1),
        ("date", ['date("2026-01-01")', '"2026-01-01"'], 1),
        ("dateTime", ['< date and time("2026-01-01T10:00:00")', "-"], 0),
        ("yearMonthDuration", ['< duration("P1Y")', "null"], 0),
        ("Any", ["1", "2"], 0),
        ("tOwn", ["1", '"b"'], 1),
        ("", ["1", '"b"'], 1),
    ],
)
def test_tests_fit_the_type_of_their_column(types: str, tests: list[str], count: int) -> None:
    found = [one for one in told(decision(table(("x", tests), types=[types]))) if one[1] == "dmn-type"]
    assert [severity for severity, *_ in found] == ["warning"] * count


def test_results_fit_their_type_and_what_is_added_up_is_a_number() -> None:
    ages = ("age", ["< 18", ">= 18"])
    typed = table(ages, results=["5", '"5"'], output='name="y" typeRef="number"')
    assert told(decision(typed)) == [("warning", "dmn-type", "r1")]
    added = table(ages, results=["5", '"5"'], policy="COLLECT", aggregation="SUM")
    assert told(decision(added)) == [("error", "dmn-type", "r1")]


def test_inputs_that_are_drawn_are_all_that_a_table_looks_at() -> None:
    needs = '<informationRequirement id="n"><requiredInput href="#age"/></informationRequirement>'
    age = '<inputData id="age" name="Ålder"><variable name="age"/></inputData>'
    logic = table(("age", ["< 18", "-"]), ("level", ["-", "-"]), policy="FIRST")
    assert told(decision(logic, needs=needs), age) == [("warning", "dmn-input", "in1")]
    assert told(decision(logic, needs=needs)) == [("warning", "dmn-input", "d")]
    assert told(decision(logic), age) == []
    title = '<inputData id="age" name="Ålder"/>'
    assert told(decision(logic, needs=needs), title) == []


def test_a_table_with_too_many_combinations_is_said_to_be_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_cover, "MOST_STEPS", 100)
    rows = [f"[{number}..{number + 0.5}]" for number in range(40)]
    assert told(decision(table(("x", rows)))) == [("warning", "dmn-too-large", "table")]


# Reading tests


@pytest.mark.parametrize(
    "text", ["x", "f(1, 2)", "[1..limit]", "? > 5", '< "b"', "[1, 2]", "1 + 1", "not(x)", "not(", "@x", '"a", "b" + c']
)
def test_what_only_data_can_tell_is_unknown(text: str) -> None:
    assert None in parse(text).parts


def test_what_is_written_differently_is_the_same_value() -> None:
    assert constant("1.0") == constant(" 1.0 ")
    pairs = [("1.0", "1"), ('date("2026-01-01")', '@"2026-01-01"'), ('duration("P1W")', '@"P7D"'), ('"å"', '"\\u00e5"')]
    for one, other in pairs:
        first, second = constant(one), constant(other)
        assert first is not None
        assert second is not None
        assert first.key == second.key


# Against the engine


NUMBERS = st.integers(0, 3).map(str)
DATES = st.integers(1, 3).map(lambda day: f'date("2026-01-0{day}")')


def ordered(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(["<", "<=", ">", ">=", "=", "!="])
    brackets = st.tuples(st.sampled_from("[(]"), st.sampled_from("])["))
    return st.one_of(
        values,
        st.tuples(signs, values).map(" ".join),
        st.tuples(brackets, values, values).map(lambda one: f"{one[0][0]}{one[1]}..{one[2]}{one[0][1]}"),
    )


def cells(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(part, min_size=1, max_size=2).map(", ".join)
    return st.one_of(several, several.map(lambda text: f"not({text})"), st.just("-"), st.just("null"))


#: Input, its tests, and values of its variable: every constant, something between any two, and something else.
KINDS: list[tuple[str, st.SearchStrategy[str], list[Any]]] = [
    ("n", cells(ordered(NUMBERS)), [number / 2 for number in range(-1, 8)]),
    ("s", cells(st.sampled_from(['"a"', '"b"'])), ["a", "b", "something else"]),
    ("b", cells(st.sampled_from(["true", "false"])), [True, False]),
    ("date(d)", cells(ordered(DATES)), [f"2026-01-0{day}" for day in range(1, 5)] + ["2025-12-31"]),
]


@st.composite
def random_tables(draw: st.DrawFn) -> tuple[list[Column], list[dict[str, Any]]]:
    chosen = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique_by=lambda kind: kind[0]))
    count = draw(st.integers(1, 5))
    columns = [(name, draw(st.lists(tests, min_size=count, max_size=count))) for name, tests, _ in chosen]
    variables = ["d" if name == "date(d)" else name for name, *_ in chosen]
    cases = [dict(zip(variables, case, strict=True)) for case in product(*(values for *_, values in chosen))]
    return columns, cases


def hits(columns: list[Column], cases: list[dict[str, Any]]) -> Iterator[list[int]]:
    """The rules that fit each case, as the engine finds them."""
    asked = Decisions.parse(file(decision(table(*columns, policy="RULE ORDER"))), "d.dmn").decision("d")
    for case in cases:
        yield asked.evaluate(case, CONTEXT, strict=False)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random_tables())
def test_a_random_table_has_the_gaps_and_contradictions_that_trying_every_case_finds(
    drawn: tuple[list[Column], list[dict[str, Any]]],
) -> None:
    columns, cases = drawn
    asks_null = {name: any("null" in test for test in tests) for name, tests in columns}
    with_null = [
        dict(zip(cases[0], case, strict=True))
        for case in product(*([*dict.fromkeys(one[key] for one in cases), None] for key in cases[0]))
    ]
    found = list(hits(columns, with_null))

    def counts(case: dict[str, Any], *, nulls: bool) -> bool:
        keys = dict(zip(case, asks_null.values(), strict=True))
        return all(value is not None or (nulls and keys[key]) for key, value in case.items())

    unique = {(rule, element) for _, rule, element in told(decision(table(*columns)))}
    by_case = list(zip(with_null, found, strict=True))
    assert (("dmn-gap", "table") in unique) == any(not fit for case, fit in by_case if counts(case, nulls=False))
    met = {rule for case, fit in by_case if counts(case, nulls=True) for rule in fit[1:]}
    assert {element for rule, element in unique if rule == "dmn-overlap"} == {f"rule{rule}" for rule in met}
    used = {fit[0] for fit in found if fit}
    first = {
        element for _, rule, element in told(decision(table(*columns, policy="FIRST"))) if rule == "dmn-unreachable"
    }
    assert first == {f"rule{rule}" for rule in range(len(columns[0][1])) if rule not in used}
