"""Conditions: always or never true, ways that nobody can take, gateways where no way fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.findings import Finding
from engine.packages import Package
from engine.validation.conditions import check
from engine.validation.subject import Subject
from tests.models import bpmn
from tests.unit.test_dataflow import extended, script, task

PROCESSES = Path(__file__).parents[2] / "processes"
LEVELS = {"values": [{"label": name, "value": name} for name in ("red", "amber", "green")]}
REQUIRED = {"validate": {"required": True}}


def form(form_id: str, **fields: dict[str, Any]) -> dict[str, bytes]:
    """A form of these components by key."""
    components = [
        {("path" if "components" in field else "key"): key, "id": f"{form_id}_{key}", "label": key, **field}
        for key, field in fields.items()
    ]
    content = {"type": "default", "id": form_id, "schemaVersion": 19, "components": components}
    return {f"forms/{form_id}.form": json.dumps(content).encode()}


SELECT = {"type": "select", **LEVELS, **REQUIRED}
FORMS = {
    **form(
        "need",
        level=SELECT,
        wish={"type": "radio", **LEVELS},
        ok={"type": "checkbox"},
        agreed={"type": "checkbox", **REQUIRED},
        age={"type": "number", "validate": {"required": True, "min": 0, "max": 18}, "decimalDigits": 0},
        text={"type": "textfield"},
        urgent={"type": "checkbox", "conditional": {"hide": '=level != "red"'}},
    ),
    **form("plan", level=SELECT),
}


def findings(body: str, **files: bytes) -> list[Finding]:
    own = {"p.bpmn": bpmn(body), "process.toml": b'[process]\ntitle = "P"\n', **FORMS, **files}
    return list(check(Subject.of(Package.from_files(own, "p"))))


def gateway(*conditions: str, kind: str = "exclusiveGateway", before: str = "", inside: str = "need") -> list[Finding]:
    """A start with the form `need`, perhaps something else, and a gateway with a way for each condition."""
    ends = "".join(f'<endEvent id="e{number}"/>' for number in range(len(conditions)))
    flows = "".join(f"x -> e{number} [{condition}]\n" for number, condition in enumerate(conditions))
    way = "s -> x" if not before else "s -> b\nb -> x"
    begin = (
        extended('startEvent id="s"', f'<zeebe:formDefinition formId="{inside}"/>')
        if inside
        else '<startEvent id="s"/>'
    )
    return findings(f'{begin}{before}<{kind} id="x" name="Which"/>{ends}<flows>\n{way}\n{flows}</flows>')


def rules(*conditions: str, **more: str) -> list[tuple[str, str]]:
    return [(one.element.split("_")[0], f"{one.severity} {one.rule}") for one in gateway(*conditions, **more)]


COVERED = [
    ('=need.level = "red"', '=need.level = "amber"', '=need.level = "green"'),
    ('=need.level = "red"', '=need.level != "red"'),
    ('=need.level = "red"', '=not(need.level = "red")'),
    ('=need.level in ("red", "amber")', '=need.level = "green"'),
    ("=need.ok", "=not(need.ok)"),
    ("=need.ok = true", "=need.ok = false"),
    ("=need.age < 5", "=need.age >= 5"),
    ("=need.age <= 17", "=need.age = 18"),
    ("=need.age < 5", "=need.age in [5..12]", "=need.age > 12"),
    ("=need.age between 0 and 10", "=need.age between 11 and 18"),
    ('=need.text = "a"', '=need.text != "a"'),
    ("=count(case.id) = 0", "=count(case.id) > 0"),
    ('=need.ok and need.level = "red"', '=need.ok and need.level != "red"', "=need.ok = false"),
    ('=if need.ok then need.level = "red" else false', '=if need.ok then need.level != "red" else true'),
    ('=get or else(need.wish, "none") = "none"', "=need.wish != null"),
    ('=need.level = "red" and need.urgent', '=need.level = "red" and not(need.urgent)', '=need.level != "red"'),
    ("=get or else(need.urgent, false)", "=not(get or else(need.urgent, false))"),
    ('=need.level = "red"', "[default]"[1:-1]),
]


@pytest.mark.parametrize("conditions", COVERED)
def test_a_gateway_whose_conditions_cover_everything_is_clean(conditions: tuple[str, ...]) -> None:
    assert rules(*conditions) == []


UNCOVERED = [
    (('=need.level = "red"', '=need.level = "amber"'), "error", "“need.level” is “green”"),
    (('=need.wish = "red"', '=need.wish = "amber"', '=need.wish = "green"'), "warning", "“need.wish” is left empty"),
    (("=need.ok",), "error", "“need.ok” is false"),
    (("=need.age < 5", "=need.age > 5"), "warning", "“need.age” is 5"),
    (("=need.age <= 5", "=need.age >= 7"), "warning", "“need.age” is 6"),
    (('=need.text = "a"', '=need.text = "b"'), "warning", "“need.text” is something else than “a”, “b”"),
    (('=need.ok and need.level = "red"', "=not(need.ok)"), "error", "“need.ok” is true and “need.level” is “amber”"),
    (
        ('=need.level = "red" and need.urgent', '=need.level != "red"'),
        "warning",
        "“need.level” is “red” and “need.urgent” is false",
    ),
]


@pytest.mark.parametrize(("conditions", "severity", "example"), UNCOVERED)
def test_a_gateway_where_no_way_fits_says_when(conditions: tuple[str, ...], severity: str, example: str) -> None:
    [found] = gateway(*conditions)
    assert (found.rule, found.severity, found.element) == ("uncovered-gateway", severity, "x")
    assert found.message == f"When {example}, no way out of “Which” fits"


def test_without_a_form_anything_may_come() -> None:
    assert rules("=x", "=not(x)", inside="") == []
    assert rules('=x = "a"', '=x = "b"', inside="") == [("x", "warning uncovered-gateway")]
    assert rules("=x > 5", "=x < 5", inside="") == [("x", "warning uncovered-gateway")]
    assert rules("=x > 5", "=x <= 5", inside="") == []
    assert rules("=f", "=g", inside="") == [("x", "warning uncovered-gateway")]


def test_nothing_is_said_of_parts_that_depend_on_each_other() -> None:
    assert rules("=list contains(x, 1)", "=list contains(x, 2)", inside="") == []
    assert rules("=x > y", "=x = y", "=x < y", inside="") == []
    assert rules("=today() > date(x)", "=now() > date and time(y)", inside="") == []


def test_an_inclusive_gateway_needs_a_way_too() -> None:
    [found] = gateway('=need.level = "red"', "=need.ok", kind="inclusiveGateway")
    assert (
        found.message == "When “need.level” is “amber” and “need.ok” is false, none of the ways out of “Which” is taken"
    )
    assert rules('=need.level = "red"', '=need.level != "red"', "=need.ok", kind="inclusiveGateway") == []


NEVER = [
    '=need.level = "rde"',
    '=need.level = "red" and need.level = "green"',
    "=need.agreed = false",
    "=need.age > 18",
    "=need.age < 5 and need.age > 5",
    '=x = "a" and x = "b"',
    "=x and not(x)",
]


@pytest.mark.parametrize("condition", NEVER)
def test_a_condition_that_can_never_be_true_is_told(condition: str) -> None:
    assert rules(condition, "default") == [("f2", "warning never-true")]


def test_a_value_that_the_field_does_not_have_is_named() -> None:
    [found] = gateway('=need.level = "rde"', "default")
    assert found.message.endswith("can never be true: “need.level” is always one of “red”, “amber”, “green”")
    assert found.texts("sv")[0].endswith("aldrig bli sant: ”need.level” är alltid ett av ”red”, ”amber”, ”green”")


ALWAYS = ["=need.agreed", "=need.age >= 0", '=need.level in ("red", "amber", "green")', "=x > 5 or x <= 5"]


@pytest.mark.parametrize("condition", ALWAYS)
def test_a_condition_that_is_always_true_is_told(condition: str) -> None:
    assert rules(condition, "default") == [("f2", "warning always-true")]


SOMETIMES = [
    '=need.wish in ("red", "amber", "green")',
    "=need.text = null or need.ok",
    "=x",
    "=need.urgent",
    "=need.age > 17",
]


@pytest.mark.parametrize("condition", SOMETIMES)
def test_a_condition_that_is_sometimes_true_is_clean(condition: str) -> None:
    assert rules(condition, "default") == []


def test_a_way_that_an_earlier_one_always_takes_is_told() -> None:
    assert rules("=need.age > 5", "=need.age > 10", "default") == [("f3", "warning hidden-way")]
    assert rules("=need.age > 10", "=need.age > 5", "default") == []
    assert rules('=need.level != "red"', '=need.level = "green"', "default") == [("f3", "warning hidden-way")]
    assert rules("=need.age > 5", "=need.age > 10", "default", kind="inclusiveGateway") == []


def test_a_script_with_a_fixed_value_fixes_what_is_read() -> None:
    assert rules('=way = "a"', "default", before=script("b", '"b"', "way")) == [("f3", "warning never-true")]
    assert rules('=way = "b"', "default", before=script("b", '"b"', "way")) == [("f3", "warning always-true")]
    assert rules('=way = "a"', "default", before=script("b", "need.text", "way")) == []


def test_what_a_task_without_a_form_may_write_is_not_fixed() -> None:
    both = script("b", '"b"', "way") + '<userTask id="u"/>'
    body = f"""<startEvent id="s"/>{both}<exclusiveGateway id="x"/><endEvent id="e"/><endEvent id="f"/><flows>
s -> b
b -> u
u -> x
x -> e [=way = "a"]
x -> f [default]
</flows>"""
    assert findings(body) == []


TWO_GATEWAYS = """<exclusiveGateway id="x"/><endEvent id="no"/>{task}<exclusiveGateway id="y"/>
<endEvent id="e1"/><endEvent id="e2"/><flows>
s -> x
x -> no [=need.level = "red"]
x -> t [default]
t -> y
y -> e1 [=need.level = "amber"]
y -> e2 [=need.level = "green"]
</flows>"""


def test_a_gateway_before_leaves_less_to_cover() -> None:
    start = extended('startEvent id="s"', '<zeebe:formDefinition formId="need"/>')
    assert findings(start + TWO_GATEWAYS.format(task=task("t", "plan"))) == []
    again = findings(start + TWO_GATEWAYS.format(task=task("t", "need")))
    assert [(one.element, one.rule) for one in again] == [("y", "uncovered-gateway")]


def test_branches_that_meet_again_bring_only_what_they_let_through() -> None:
    start = extended('startEvent id="s"', '<zeebe:formDefinition formId="need"/>')
    body = f"""{start}<exclusiveGateway id="x"/>{task("a", "plan")}{task("b", "plan")}<endEvent id="no"/>
<exclusiveGateway id="m"/><exclusiveGateway id="y"/><endEvent id="e1"/><endEvent id="e2"/><flows>
s -> x
x -> a [=need.level = "red"]
x -> b [=need.level = "amber"]
x -> no [default]
a -> m
b -> m
m -> y
y -> e1 [=need.level = "red"]
y -> e2 [=need.level = "amber"]
</flows>"""
    assert findings(body) == []


def test_what_a_caller_has_decided_is_left_alone() -> None:
    start = extended('startEvent id="s"', '<zeebe:formDefinition formId="need"/>')
    call = extended('callActivity id="c"', '<zeebe:calledElement processId="q"/>')
    called = """<startEvent id="qs"/><exclusiveGateway id="y"/><endEvent id="e1"/><endEvent id="e2"/><flows>
qs -> y
y -> e1 [=need.level = "amber"]
y -> e2 [=need.level = "green"]
</flows>"""
    body = f"""{start}<exclusiveGateway id="x"/>{call}<endEvent id="no"/><endEvent id="e"/><flows>
s -> x
x -> no [=need.level = "red"]
x -> c [default]
c -> e
</flows>"""
    assert findings(body, **{"q.bpmn": bpmn(called, process="q")}) == []


def test_a_round_that_asks_again_may_bring_anything() -> None:
    start = extended('startEvent id="s"', '<zeebe:formDefinition formId="plan"/>')
    body = f"""{start}<exclusiveGateway id="m"/>{task("a", "need")}<exclusiveGateway id="x"/><endEvent id="e"/><flows>
s -> m
m -> a
a -> x
x -> m [=need.level = "red"]
x -> e [=need.level = "green"]
</flows>"""
    [found] = findings(body)
    assert (found.severity, found.element) == ("error", "x")
    assert "“need.level” is “amber”" in found.message


def test_an_event_that_waits_for_what_can_never_be_is_told() -> None:
    start = extended('startEvent id="s"', '<zeebe:formDefinition formId="need"/>')
    waits = """<intermediateCatchEvent id="c" name="Red at last"><conditionalEventDefinition>
<condition xsi:type="tFormalExpression">=need.level = "rde"</condition></conditionalEventDefinition>
</intermediateCatchEvent>"""
    body = f'{start}{waits}<endEvent id="e"/><flows>\ns -> c\nc -> e\n</flows>'
    assert [(one.element, one.rule) for one in findings(body)] == [("c", "never-true")]
    assert findings(body.replace("rde", "red")) == []


def test_what_is_set_to_nothing_and_filled_by_a_form_on_one_way_may_be_nothing() -> None:
    found = findings(
        f"""
        <startEvent id="s"/>
        {script("b", "null", "plan")}
        {extended('userTask id="t"', '<zeebe:formDefinition formId="plan"/>')}
        <exclusiveGateway id="g"/><exclusiveGateway id="j"/><exclusiveGateway id="x"/>
        <endEvent id="e0"/><endEvent id="e1"/>
        <flows>
        s -> b
        b -> g
        g -> t [=case.id = "2026-00001"]
        g -> j [default]
        t -> j
        j -> x
        x -> e0 [=plan != null]
        x -> e1 [default]
        </flows>
        """
    )
    assert found == []
