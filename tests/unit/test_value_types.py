"""Types: what cannot be computed with the answers that the forms allow, and values that are of no use where they stand."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from engine.findings import Finding
from engine.packages import Package
from engine.validation.subject import Subject
from engine.validation.value_types import check
from tests.models import bpmn
from tests.random_models import Drawer, to_bpmn
from tests.unit.test_conditions import LEVELS, REQUIRED, form
from tests.unit.test_dataflow import extended, script, task, timer

PROCESSES = Path(__file__).parents[2] / "processes"
FORMS = form(
    "need",
    ok={"type": "checkbox"},
    level={"type": "select", **LEVELS, **REQUIRED},
    several={"type": "checklist", **LEVELS},
    text={"type": "textfield"},
    number={"type": "number", **REQUIRED},
    perhaps={"type": "number"},
    day={"type": "datetime", "subtype": "date", **REQUIRED},
    hidden={"type": "checkbox", "conditional": {"hide": "=ok"}},
    rows={"type": "dynamiclist", "components": [{"type": "number", "key": "n", "id": "n", "label": "n"}]},
)  # fmt: skip


def findings(body: str) -> list[Finding]:
    toml = b'[process]\ntitle = "P"\n[deadlines.meeting]\nvalue = "P3W"\nsource = "local"\n'
    return list(check(Subject.of(Package.from_files({"p.bpmn": bpmn(body), "process.toml": toml, **FORMS}, "p"))))


def around(element: str, name: str = "b", begin: str = "need") -> list[Finding]:
    start = (
        extended('startEvent id="s"', f'<zeebe:formDefinition formId="{begin}"/>') if begin else '<startEvent id="s"/>'
    )
    return findings(f'{start}{element}<endEvent id="e"/><flows>\ns -> {name}\n{name} -> e\n</flows>')


def gateway(condition: str, begin: str = "need") -> list[tuple[str, str]]:
    start = (
        extended('startEvent id="s"', f'<zeebe:formDefinition formId="{begin}"/>') if begin else '<startEvent id="s"/>'
    )
    body = f"""{start}<exclusiveGateway id="x"/><endEvent id="e"/><endEvent id="f"/><flows>
s -> x
x -> e [={condition}]
x -> f [default]
</flows>"""
    return told(findings(body))


def told(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.severity, one.rule) for one in found]


WRONG = [
    'need.ok = "yes"',
    "need.level > 3",
    "need.number + need.text = 3",
    "need.day > today()",
    'need.number = "3"',
    "date(need.ok) < today()",
    "need.level",
    "need.number",
    "need.level and need.ok",
    '"yes"',
    "need.ok + 1 = 2",
    'need.several = "red"',
]


@pytest.mark.parametrize("condition", WRONG)
def test_a_condition_that_no_answer_can_make_true_or_false_is_an_error(condition: str) -> None:
    assert gateway(condition) == [("error", "wrong-value")]


RIGHT = [
    'need.ok = true and need.level = "red"',
    "string(need.number) + need.text = \"3x\"",
    "date(need.day) > today()",
    'number(need.text) = 3',
    "date(need.text) < today()",
    'number(substring(need.text, 1, 4)) > 3',
    "need.perhaps > 3",
    'need.hidden',
    'list contains(need.several, "red")',
    "count(need.rows) > 1",
    "need.rows[1].n > 3",
    "some r in need.rows satisfies r.n > 3",
    "if need.ok then need.perhaps > 5 else false",
    "unknown + 1 = need.number",
    'deadline(need.text) > now()',
    'now() < deadline("meeting")',
    'need.level != null',
    'date(2026, need.number, 1) > today()',
    'case.owner = "a"',
]  # fmt: skip


@pytest.mark.parametrize("condition", RIGHT)
def test_what_some_answer_makes_true_or_false_is_clean(condition: str) -> None:
    assert gateway(condition) == []


def test_the_words_name_what_is_wrong() -> None:
    start = extended('startEvent id="s"', '<zeebe:formDefinition formId="need"/>')
    [found] = findings(f"""{start}<exclusiveGateway id="x"/><endEvent id="e"/><endEvent id="f"/><flows>
s -> x
x -> e [=need.ok = "yes"]
x -> f [default]
</flows>""")
    assert "true or false and a text" in found.message
    assert found.texts("sv")[0].startswith("Vad som än svaras")


def test_where_null_is_only_stored_it_is_a_warning() -> None:
    assert told(around(script("b", "need.ok + 1", "sum"))) == [("warning", "wrong-value")]
    assert told(around(script("b", "need.number + 1", "sum"))) == []


def test_a_timer_needs_a_date() -> None:
    assert told(around(timer("b", "need.ok"))) == [("error", "wrong-value")]
    assert told(around(timer("b", "need.number"))) == [("error", "wrong-value")]
    for source in ("need.day", "need.text", "date(need.day)", 'deadline("meeting")', "now()"):
        assert told(around(timer("b", source))) == []


def test_a_deadline_that_is_not_declared_is_not_said_twice() -> None:
    assert told(around(timer("b", 'deadline("nobody")'))) == []


def test_a_duration_timer_needs_a_length_of_time() -> None:
    element = """<intermediateCatchEvent id="b"><timerEventDefinition><timeDuration>={}</timeDuration>
</timerEventDefinition></intermediateCatchEvent>"""
    assert told(around(element.format("need.day"))) == [("error", "wrong-value")]
    assert told(around(element.format('duration("P3D")'))) == []
    assert told(around(element.format("need.text"))) == []


def test_a_multi_instance_needs_a_list() -> None:
    def many(source: str) -> list[tuple[str, str]]:
        loop = f"""<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics
inputCollection="={source}" inputElement="one"/></extensionElements></multiInstanceLoopCharacteristics>"""
        return told(around(f'<task id="b">{loop}</task>'))

    assert many("need.level") == [("error", "wrong-value")]
    assert many("need.several") == many("need.rows") == many("[1, 2]") == []


def test_a_task_needs_names_and_dates() -> None:
    def asked(attributes: str) -> list[tuple[str, str]]:
        return told(around(extended('userTask id="b"', f"<zeebe:userTask/>{attributes}")))

    assert asked('<zeebe:assignmentDefinition assignee="=need.ok"/>') == [("warning", "wrong-value")]
    assert asked('<zeebe:assignmentDefinition candidateGroups="=need.number"/>') == [("warning", "wrong-value")]
    assert asked('<zeebe:assignmentDefinition candidateGroups="=need.several" assignee="=need.text"/>') == []
    assert asked('<zeebe:taskSchedule dueDate="=need.ok"/>') == [("error", "wrong-value")]
    assert asked('<zeebe:taskSchedule dueDate="=need.day" followUpDate="=null"/>') == []
    assert asked('<zeebe:priorityDefinition priority="=need.level"/>') == [("error", "wrong-value")]
    assert asked('<zeebe:priorityDefinition priority="=need.number"/>') == []


def test_what_a_task_without_a_form_may_have_changed_is_a_warning() -> None:
    start = extended('startEvent id="s"', '<zeebe:formDefinition formId="need"/>')
    body = f"""{start}<userTask id="u"/>{timer("t", "need.ok")}<endEvent id="e"/><flows>
s -> u
u -> t
t -> e
</flows>"""
    assert told(findings(body)) == [("warning", "wrong-value")]
    assert told(around(task("u", "need") + timer("b", "need.ok"))) == [("error", "wrong-value")]


def test_a_script_with_a_fixed_value_is_known() -> None:
    body = '<startEvent id="s"/>{}<endEvent id="e"/><flows>\ns -> a\na -> t\nt -> e\n</flows>'
    assert told(findings(body.format(script("a", "true", "when") + timer("t", "when")))) == [("error", "wrong-value")]
    assert told(findings(body.format(script("a", '"2026-03-27"', "when") + timer("t", "when")))) == []


@pytest.mark.parametrize(
    "call",
    ["string length(x, 1)", 'today("a")', "count()", 'number("1", ",", ".", 3)', 'deadline(nam: "meeting")', "not()"],
)
def test_a_function_called_with_what_it_does_not_take_is_an_error(call: str) -> None:
    assert told(around(script("b", call, "r"), begin="")) == [("error", "wrong-arguments")]


@pytest.mark.parametrize(
    "call",
    ["date(2026, 1, 2)", "max(1, 2, 3, 4)", 'deadline(name: "meeting")', "concatenate([1], [2], [3])", "today()",
     "date and time(date(2026, 1, 1), time(1, 2, 3))", "sort([2, 1], function(a, b) a < b)", "append([1], 2, 3)",
     'get or else(x, "y")', "is defined(x)", "(function(count) count)(3)", 'context put({}, "a", 1)', '@"2026-03-27"'],
)  # fmt: skip
def test_a_function_called_as_it_should_be_is_clean(call: str) -> None:
    assert [one for one in around(script("b", call, "r"), begin="") if one.rule == "wrong-arguments"] == []


@pytest.mark.parametrize("condition", ['x in ["a", "b"] or y', "x in [1..5] and y", 'y and x in ["a"] or y'])
def test_an_in_that_swallows_what_follows_is_told(condition: str) -> None:
    assert gateway(condition, begin="") == [("error", "in-without-brackets")]


@pytest.mark.parametrize(
    "condition", ['(x in ["a", "b"]) or y', 'x in ("a", "b") or y', 'y or x in ["a"]', "x in y", "x in y or z"]
)
def test_an_in_that_swallows_nothing_is_clean(condition: str) -> None:
    assert gateway(condition, begin="") == []


def test_an_expression_that_reaches_a_limit_is_left_alone() -> None:
    bomb = "count(for i in 1..1000000000 return i)"
    assert around(script("b", f"{bomb} = 1", "r"), begin="") == []
    assert gateway(f"{bomb} = 1 and x", begin="") == []


@pytest.mark.parametrize("package", ["sip", "deviation"])
def test_the_processes_of_the_house_are_clean(package: str) -> None:
    assert list(check(Subject(PROCESSES / package))) == []


def test_random_models_have_no_error_here() -> None:
    for seed in range(60):
        package = Package.from_files({"p.bpmn": to_bpmn(Drawer(Random(seed)).model())}, "p")
        assert [one for one in check(Subject.of(package)) if one.severity == "error"] == []
