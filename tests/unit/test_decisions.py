"""DMN: hit policies, unary tests, required decisions, and tables that are refused with what to mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest

from engine.decisions import Decisions
from engine.errors import FeelError, InvalidModel, NotFound
from engine.feel import FeelContext

CONTEXT = FeelContext(now=datetime(2026, 3, 27, 9, 0, tzinfo=UTC), deadlines={"meeting": "P3W"})
DMN_13 = "https://www.omg.org/spec/DMN/20191111/MODEL/"

Row = tuple[Sequence[str], Sequence[str]]


def definitions(*decisions: str, namespace: str = DMN_13) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="{namespace}" id="defs" name="Beslut" '
        'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" '
        f'namespace="http://camunda.org/schema/1.0/dmn">{"".join(decisions)}<dmndi:DMNDI/></definitions>'
    ).encode()


def decision(decision_id: str, logic: str, *, name: str = "", requires: Sequence[str] = (), variable: str = "") -> str:
    needs = "".join(
        f'<informationRequirement><requiredDecision href="#{one}"/></informationRequirement>' for one in requires
    )
    named = f'<variable name="{escape(variable)}"/>' if variable else ""
    tag = '<extensionElements><zeebe:versionTag value="v1"/></extensionElements>'
    return f'<decision id="{decision_id}" name="{escape(name or decision_id)}">{tag}{named}{needs}{logic}</decision>'


def literal(text: str) -> str:
    return f'<literalExpression id="literal"><text>{escape(text)}</text></literalExpression>'


def table(
    inputs: Sequence[str], outputs: Sequence[str], rules: Sequence[Row], policy: str = "", aggregation: str = "",
    values: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    policies = (f' hitPolicy="{policy}"' if policy else "") + (f' aggregation="{aggregation}"' if aggregation else "")
    columns = "".join(
        f'<input id="in{number}" label="In"><inputExpression id="ie{number}" typeRef="string"><text>{escape(text)}</text>'
        "</inputExpression></input>" for number, text in enumerate(inputs)
    ) + "".join(
        f'<output id="out{number}" name="{name}">'
        + (f"<outputValues><text>{escape(values[name])}</text></outputValues>" if values and name in values else "")
        + "</output>" for number, name in enumerate(outputs)
    )  # fmt: skip
    rows = "".join(
        f'<rule id="rule{number}"><description>en rad</description>'
        + "".join(f'<inputEntry id="t{number}_{at}"><text>{escape(test)}</text></inputEntry>' for at, test in enumerate(tests))
        + "".join(f'<outputEntry id="r{number}_{at}"><text>{escape(result)}</text></outputEntry>' for at, result in enumerate(results))
        + "</rule>" for number, (tests, results) in enumerate(rules)
    )  # fmt: skip
    return f'<decisionTable id="table"{policies}>{columns}{rows}</decisionTable>'


def parse(*decisions: str, **more: Any) -> Decisions:
    return Decisions.parse(definitions(*decisions, **more), "beslut.dmn")


def decide(logic: str, **variables: Any) -> Any:
    return parse(decision("d", logic)).decision("d").evaluate(variables, CONTEXT)


def findings(*decisions: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidModel) as caught:
        parse(*decisions)
    assert all(finding.file == "beslut.dmn" and finding.remedy for finding in caught.value.findings)
    return [(finding.element, finding.rule) for finding in caught.value.findings]


AGES: list[Row] = [(["< 7"], ['"young"']), (["[7..18)"], ['"school"']), ([">= 18"], ['"grown"'])]
#: 5 hits the first and third rule, 50 the second and third, 500 none but the last.
OVERLAPPING: list[Row] = [(["< 10"], ['"low"', "1"]), (["[10..99]"], ['"high"', "2"]), (["-"], ['"middle"', "3"])]


def overlapping(policy: str, x: int, **more: Any) -> Any:
    rules = [(tests, results[:1]) for tests, results in OVERLAPPING]
    return decide(table(["x"], ["level"], rules, policy, **more), x=x)


def test_a_unique_table_gives_the_value_of_the_rule_that_hits_and_null_for_none() -> None:
    assert decide(table(["age"], ["band"], AGES), age=10) == "school"
    assert decide(table(["age"], ["band"], AGES[:1]), age=10) is None


def test_two_rules_that_hit_a_unique_table_are_an_error_that_names_them() -> None:
    with pytest.raises(FeelError, match=r"rules 1, 3 hit at once") as caught:
        overlapping("UNIQUE", 5)
    assert caught.value.element == "table"
    assert caught.value.file == "beslut.dmn"


@pytest.mark.parametrize(
    ("policy", "x", "expected"),
    [
        ("FIRST", 5, "low"),
        ("FIRST", 500, "middle"),
        ("RULE ORDER", 50, ["high", "middle"]),
        ("COLLECT", 5, ["low", "middle"]),
        ("PRIORITY", 5, "middle"),
        ("PRIORITY", 50, "high"),
        ("OUTPUT ORDER", 5, ["middle", "low"]),
    ],
)
def test_each_hit_policy_picks_its_rules(policy: str, x: int, expected: Any) -> None:
    assert overlapping(policy, x, values={"level": '"high", "middle", "low"'}) == expected


def test_any_takes_equal_results_and_refuses_different_ones() -> None:
    same: list[Row] = [(["> 1"], ['"a"']), (["> 2"], ['"a"'])]
    assert decide(table(["x"], ["y"], same, "ANY"), x=5) == "a"
    with pytest.raises(FeelError, match="different results"):
        overlapping("ANY", 5)


@pytest.mark.parametrize(("aggregation", "expected"), [("SUM", 4), ("MIN", 1), ("MAX", 3), ("COUNT", 2)])
def test_collect_aggregates_numbers(aggregation: str, expected: int) -> None:
    rules = [(tests, results[1:]) for tests, results in OVERLAPPING]
    assert decide(table(["x"], ["y"], rules, "COLLECT", aggregation), x=5) == expected


def test_an_aggregation_of_no_hits_is_null_and_counts_zero() -> None:
    rules: list[Row] = [(["1"], ["1"])]
    assert decide(table(["x"], ["y"], rules, "COLLECT", "SUM"), x=5) is None
    assert decide(table(["x"], ["y"], rules, "COLLECT", "COUNT"), x=5) == 0


def test_a_sum_of_text_is_refused() -> None:
    with pytest.raises(FeelError, match="needs numbers"):
        overlapping("COLLECT", 5, aggregation="SUM")


def test_several_outputs_are_an_object_by_name() -> None:
    assert decide(table(["x"], ["level", "days"], OVERLAPPING, "FIRST"), x=5) == {"level": "low", "days": 1}
    assert decide(table(["x"], ["level", "days"], OVERLAPPING, "COLLECT"), x=50) == [
        {"level": "high", "days": 2}, {"level": "middle", "days": 3},
    ]  # fmt: skip


def test_an_empty_test_passes_and_an_empty_result_is_null() -> None:
    assert decide(table(["x"], ["a", "b"], [([""], ["1", ""])]), x=5) == {"a": 1, "b": None}


def test_a_table_without_inputs_always_hits() -> None:
    assert decide(table([], ["y"], [([], ["1"])])) == 1


def test_inputs_keep_their_feel_types_while_they_are_tested() -> None:
    rules: list[Row] = [(['< date("2026-01-01")'], ['"before"']), (['>= date("2026-01-01")'], ['"after"'])]
    assert decide(table(["date(day)"], ["y"], rules), day="2026-03-27") == "after"
    rules = [(['> duration("P30D")'], ['"long"']), (["-"], ['"short"'])]
    assert decide(table(["today() - date(day)"], ["y"], rules, "FIRST"), day="2026-03-01") == "short"


def test_tests_and_results_may_use_variables_functions_and_the_input_itself() -> None:
    rules: list[Row] = [(["? > limit and ? < 2 * limit"], ['deadline("meeting", day)'])]
    found = decide(table(["x"], ["due"], rules), x=7, limit=5, day="2026-01-10")
    assert found == "2026-01-31T23:59:59+01:00"


def test_a_literal_expression_is_its_value() -> None:
    assert decide(literal('if x > 1 then "många" else "få"'), x=2) == "många"


def test_a_required_decision_is_known_by_its_variable_its_id_and_its_name() -> None:
    found = parse(
        decision("sum", literal("Barnets ålder + age_1 + Age band"), requires=["age_1"]),
        decision("age_1", literal("x * 10"), name="Age band", variable="Barnets ålder"),
    )
    assert found.ids == ("sum", "age_1")
    assert found.decision("sum").evaluate({"x": 2}, CONTEXT) == 60
    assert found.decision("sum").names == {"x"}


def test_names_with_words_of_feel_are_read_whole_when_a_decision_is_called_so() -> None:
    found = parse(
        decision("all", literal("Day and night - shift + 1"), requires=["shift"]),
        decision("shift", literal("4"), name="Day and night - shift"),
    )
    assert found.decision("all").evaluate({}, CONTEXT) == 5


def test_a_decision_that_two_others_require_is_evaluated_for_both() -> None:
    found = parse(
        decision("top", literal("left + right"), requires=["left", "right"]),
        decision("left", literal("base + 1"), requires=["base"]),
        decision("right", literal("base + 2"), requires=["base"]),
        decision("base", literal("x")),
    )
    assert found.decision("top").evaluate({"x": 10}, CONTEXT) == 23


def test_an_unknown_variable_is_an_error_with_the_cell_it_stands_in() -> None:
    with pytest.raises(FeelError, match="no variable “agee”") as caught:
        decide(table(["agee"], ["band"], AGES), age=10)
    assert caught.value.element == "in0"
    with pytest.raises(FeelError) as caught:
        decide(table(["age"], ["band"], [*AGES, (["> missing"], ["1"])]), age=20)
    assert caught.value.element == "t3_0"


def test_a_test_of_another_type_is_an_error_and_not_a_silent_miss() -> None:
    with pytest.raises(FeelError, match="cannot be compared") as caught:
        decide(table(["age"], ["band"], AGES), age="10")
    assert caught.value.element == "t0_0"
    lenient = parse(decision("d", table(["age"], ["band"], AGES))).decision("d")
    assert lenient.evaluate({"age": "10"}, CONTEXT, strict=False) is None


def test_null_passes_no_comparison() -> None:
    assert decide(table(["age"], ["band"], AGES), age=None) is None


def test_a_greedy_table_ends_as_an_error_and_the_next_one_works() -> None:
    with pytest.raises(FeelError, match="takes too long"):
        decide(table(["x"], ["y"], [(["count(for i in 1..1000000000 return i) > 1"], ["1"])]), x=1)
    assert decide(table(["age"], ["band"], AGES), age=10) == "school"


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    ],
)
def test_every_version_of_dmn_is_read(namespace: str) -> None:
    found = parse(decision("d", table(["age"], ["band"], AGES)), namespace=namespace)
    assert found.decision("d").evaluate({"age": 3}, CONTEXT) == "young"


def test_an_unknown_decision_is_not_found() -> None:
    with pytest.raises(NotFound, match="“other”"):
        parse(decision("d", literal("1"))).decision("other")


# what is refused ////


@pytest.mark.parametrize(
    ("logic", "expected"),
    [
        (table(["x"], ["y"], [], "BEST"), ("table", "dmn-hit-policy")),
        (table(["x"], ["y"], [], "COLLECT", "AVERAGE"), ("table", "dmn-aggregation")),
        (table(["x"], ["y"], [], "FIRST", "SUM"), ("table", "dmn-aggregation")),
        (table(["x"], ["y", "z"], [], "COLLECT", "SUM"), ("table", "dmn-aggregation")),
        (table(["x"], ["y"], [], "PRIORITY"), ("table", "dmn-priority")),
        (table(["x"], ["y"], [], "OUTPUT ORDER", values={"y": '"a" +'}), ("out0", "feel-syntax")),
        (table(["x"], ["y"], [], "PRIORITY", values={"y": "missing"}), ("out0", "dmn-priority")),
        (table([""], ["y"], []), ("in0", "dmn-empty")),
        (table(["x"], [], []), ("table", "dmn-output")),
        (table(["x"], ["", "z"], []), ("out0", "dmn-output")),
        (table(["x"], ["y"], [(["1", "2"], ["3"])]), ("rule0", "dmn-rule")),
        (table(["x"], ["y"], [(["1"], [])]), ("rule0", "dmn-rule")),
        (table(["x +"], ["y"], []), ("in0", "feel-syntax")),
        (table(["x"], ["y"], [(["> > 1"], ["1"])]), ("t0_0", "feel-syntax")),
        (table(["x"], ["y"], [(["1"], ["no such function(1)"])]), ("r0_0", "feel-syntax")),
        (literal(""), ("d", "dmn-empty")),
        (literal("1 +"), ("literal", "feel-syntax")),
        ("", ("d", "dmn-empty")),
        ("<invocation/>", ("d", "dmn-unsupported")),
        ("<context/>", ("d", "dmn-unsupported")),
        ("<knowledgeRequirement/>" + literal("1"), ("d", "dmn-unsupported")),
        (
            '<literalExpression id="l" expressionLanguage="juel"><text>1</text></literalExpression>',
            ("d", "dmn-language"),
        ),
    ],
)
def test_a_wrong_decision_is_refused_with_its_element_and_rule(logic: str, expected: tuple[str, str]) -> None:
    assert expected in findings(decision("d", logic))


def test_two_outputs_of_one_name_are_refused_both() -> None:
    assert findings(decision("d", table(["x"], ["y", "y"], []))) == [("out0", "dmn-output"), ("out1", "dmn-output")]


def test_all_faults_of_a_file_are_told_at_once() -> None:
    wrong = findings(
        decision("a", literal("1 +"), requires=["nowhere"]), decision("b", table(["x"], ["y"], [(["> > 1"], ["("])]))
    )
    assert wrong == [
        ("a", "dmn-requirement"),
        ("literal", "feel-syntax"),
        ("t0_0", "feel-syntax"),
        ("r0_0", "feel-syntax"),
    ]


def test_requirements_that_go_in_a_circle_are_refused() -> None:
    wrong = findings(
        decision("a", literal("1"), requires=["b"]),
        decision("b", literal("1"), requires=["a"]),
        decision("c", literal("1")),
    )
    assert wrong == [("a", "dmn-requirement"), ("b", "dmn-requirement")]


def test_two_decisions_with_one_id_are_refused() -> None:
    assert findings(decision("a", literal("1")), decision("a", literal("2"))) == [("a", "dmn-id")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not xml",
        b"<definitions/>",
        definitions(),
        b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + definitions()[38:],
        b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><d>&b;</d>',
        b"\x00\x01",
        '<?xml version="1.0" encoding="utf-16"?><a/>'.encode("latin-1"),
        b" " * 5_000_001,
    ],
)
def test_a_file_that_is_no_decision_is_refused_and_reads_nothing_else(content: bytes) -> None:
    with pytest.raises(InvalidModel) as caught:
        Decisions.parse(content, "x.dmn")
    assert caught.value.findings[0].rule in {"dmn-xml", "dmn-empty", "file-too-large"}
    assert "root:" not in str(caught.value)
