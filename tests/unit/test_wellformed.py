"""Well-formed BPMN: the schema in plain words, references that lead somewhere, and everything in the diagram."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from engine.findings import Finding
from engine.layout import lay_out
from engine.rules import rules
from engine.validation import wellformed
from engine.validation.bpmn_schema import MOST
from engine.validation.subject import Subject
from tests.models import bpmn
from tests.random_bpmn import to_bpmn
from tests.random_models import Drawer

ROOT = Path(__file__).parents[2]
FLOWS = "<flows>\ns -> a\na -> e\n</flows>"
SMALL = f'<startEvent id="s"/><task id="a"/><endEvent id="e"/>{FLOWS}'
ZEEBE = (
    '<extensionElements><zeebe:userTask/><zeebe:formDefinition formId="f"/><x:y xmlns:x="http://example.org/x" '
    'x:z="1"><x:deep/></x:y></extensionElements>'
)


def found(content: bytes, folder: Path, rule: str) -> list[Finding]:
    (folder / "a.bpmn").write_bytes(content)
    return [one for one in wellformed.check(Subject(folder / "a.bpmn")) if one.rule == rule]


def schema(body: str, folder: Path) -> list[tuple[str, str]]:
    return [(one.element, one.message) for one in found(bpmn(body), folder, "schema")]


# The schema


def test_extensions_of_any_namespace_do_not_depart_from_the_schema(tmp_path: Path) -> None:
    body = SMALL.replace("<task", "<userTask").replace('id="a"/>', f'id="a" zeebe:any="1">{ZEEBE}</userTask>')
    assert schema(body, tmp_path) == []


@pytest.mark.parametrize(
    ("written", "element", "message"),
    [
        ('<task id="a" colour="red"/>', "a", "“task” has an attribute that BPMN does not know: “colour” (line 2)"),
        ('<task id="a" startQuantity="x"/>', "a", "“x” is no value that “startQuantity” of “task” may have (line 2)"),
        ('<task id="a"><tsk/></task>', "a", "“tsk” may not stand here in “task”, or not in this order (line 2)"),
        ('<task id="a">text</task>', "a", "Text stands in “task”, between its elements (line 2)"),
        ('<task id="a"/><messageFlow id="m"/>', "m", "“messageFlow” may not stand here in “process”"),
        ('<task id="a"/><association id="n"/>', "n", "“association” has no “sourceRef” (line 2)"),
        (
            '<task id="a"><dataInputAssociation id="d"/></task>',
            "d",
            "Something that must stand in “dataInputAssociation” is missing (line 2)",
        ),
        (
            '<exclusiveGateway id="a" gatewayDirection="Both"/>',
            "a",
            "“Both” is no value that “gatewayDirection” of “exclusiveGateway” may have (line 2)",
        ),
    ],
)
def test_a_departure_is_told_in_plain_words_with_its_line(
    written: str, element: str, message: str, tmp_path: Path
) -> None:
    # What stands last may be followed by flows in the schema, so the order is right but for the fault.
    told = schema(SMALL.replace('<task id="a"/>', written), tmp_path)
    assert any(one == element and text.startswith(message) for one, text in told), told
    assert not any("{" in text for _, text in told)


def test_the_words_are_there_in_swedish_too(tmp_path: Path) -> None:
    (one,) = found(bpmn(SMALL.replace('id="a"/>', 'id="a" colour="red"/>')), tmp_path, "schema")
    assert one.texts("sv")[0] == "”task” har ett attribut som BPMN inte känner till: ”colour” (rad 2)"


def test_a_condition_of_an_unknown_type_is_told_at_its_flow(tmp_path: Path) -> None:
    # `tFormalExpression` without the prefix of BPMN is a type that no namespace has.
    body = '<startEvent id="s"/><exclusiveGateway id="g"/><endEvent id="e"/><flows>\ns -> g\ng -> e [=x]\n</flows>'
    ((element, message),) = schema(body, tmp_path)
    assert (element, message.split(" (")[0]) == (
        "f2_g_e",
        "“conditionExpression” names a type that BPMN does not know in “type”",
    )


def test_a_file_with_many_departures_tells_some_and_counts_the_rest(tmp_path: Path) -> None:
    many = "".join(f'<task id="t{number}" colour="red"/>' for number in range(MOST + 5))
    told = schema(f'<startEvent id="s"/>{many}', tmp_path)
    assert len(told) == MOST + 1
    assert told[-1] == ("", "More places that depart from the schema: 5")


def test_an_id_that_stands_twice_is_left_to_its_own_rule(tmp_path: Path) -> None:
    assert schema(SMALL.replace('<task id="a"/>', '<task id="a"/><task id="a"/>'), tmp_path) == []


def test_a_file_that_is_no_model_is_left_to_its_own_rule(tmp_path: Path) -> None:
    (tmp_path / "a.bpmn").write_text("<html/>")
    assert list(wellformed.check(Subject(tmp_path / "a.bpmn"))) == []


# References


@pytest.mark.parametrize(
    ("element", "attribute"),
    [
        ('<dataObjectReference id="x" dataObjectRef="gone"/>', "dataObjectRef"),
        ('<dataStoreReference id="x" dataStoreRef="gone"/>', "dataStoreRef"),
        ('<association id="x" sourceRef="a" targetRef="gone"/>', "targetRef"),
        ('<sendTask id="x" messageRef="gone"/>', "messageRef"),
    ],
)
def test_a_reference_to_nothing_is_told(element: str, attribute: str, tmp_path: Path) -> None:
    (one,) = found(bpmn(SMALL + element), tmp_path, "lost-reference")
    assert one.element == "x"
    assert f"names “gone” in “{attribute}”" in one.message


def test_a_lane_a_pool_and_a_shape_may_name_nothing_that_is_gone(tmp_path: Path) -> None:
    lanes = '<laneSet id="ls"><lane id="l" name="Unit"><flowNodeRef>gone</flowNodeRef><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    pools = '<collaboration id="c"><participant id="pool" processRef="gone2"/></collaboration>'
    drawn = lay_out(bpmn(lanes + SMALL), "a.bpmn").content.replace(b'bpmnElement="e"', b'bpmnElement="gone3"')
    content = drawn.replace(b"</bpmn:process>", b"</bpmn:process>" + pools.replace("<", "<bpmn:").encode())
    content = content.replace(b"<bpmn:/", b"</bpmn:")
    told = {(one.element, one.element_name): one.message for one in found(content, tmp_path, "lost-reference")}
    assert set(told) == {("l", "Unit"), ("pool", None), ("e_di", None)}


def test_a_name_of_another_file_is_not_looked_up(tmp_path: Path) -> None:
    assert found(bpmn(SMALL + '<sendTask id="x" messageRef="other:m"/>'), tmp_path, "lost-reference") == []


def test_many_lost_references_are_counted(tmp_path: Path) -> None:
    many = "".join(f'<dataObjectReference id="d{number}" dataObjectRef="gone"/>' for number in range(MOST + 3))
    told = found(bpmn(SMALL + many), tmp_path, "lost-reference")
    assert len(told) == MOST + 1
    assert told[-1].message == "More references that lead to nothing: 3"


@pytest.mark.parametrize("default", ["gone", "f1_s_g"])
def test_a_default_flow_that_does_not_leave_its_gateway_is_told(default: str, tmp_path: Path) -> None:
    body = f'<startEvent id="s"/><exclusiveGateway id="g" default="{default}"/><endEvent id="e"/>'
    content = bpmn(body + "<flows>\ns -> g\ng -> e\n</flows>")
    assert [one.element for one in found(content, tmp_path, "lost-default")] == ["g"]


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ("<incoming>f1_s_a</incoming><outgoing>f2_a_e</outgoing>", []),
        ("<outgoing>f2_a_e</outgoing>", []),
        ("<incoming>f2_a_e</incoming>", ["f1_s_a"]),
        ("<incoming>f1_s_a</incoming><incoming>gone</incoming>", ["gone"]),
        ("<outgoing>f1_s_a</outgoing>", ["f1_s_a"]),
    ],
)
def test_the_lists_of_an_element_say_what_its_flows_say(listed: str, told: list[str], tmp_path: Path) -> None:
    content = bpmn(SMALL.replace('<task id="a"/>', f'<task id="a">{listed}</task>'))
    messages = [one.message for one in found(content, tmp_path, "flow-lists")]
    assert len(messages) == len(told)
    assert all(flow in message for flow, message in zip(told, messages, strict=True))


# The diagram


def test_a_file_without_a_diagram_is_one_finding_that_counts_what_is_not_drawn(tmp_path: Path) -> None:
    (one,) = found(bpmn(SMALL), tmp_path, "missing-diagram")
    assert one.message == "The file has no diagram. Elements and flows that are not drawn: 5, the first is s"
    assert one.remedy == "Lay it out: samled layout a.bpmn"


def test_what_is_missing_in_a_diagram_is_counted(tmp_path: Path) -> None:
    drawn = lay_out(bpmn(SMALL), "a.bpmn").content.replace(b'bpmnElement="a"', b'bpmnElement="p"')
    (one,) = found(drawn, tmp_path, "missing-diagram")
    assert one.message == "Elements or flows that are not in the diagram: 1, the first is a"
    assert "--anew" in one.remedy


def test_what_only_documents_need_not_be_drawn(tmp_path: Path) -> None:
    drawn = lay_out(bpmn(SMALL), "a.bpmn").content
    more = b'</bpmn:process><bpmn:process id="q"><bpmn:task id="t"/></bpmn:process>'
    assert found(drawn.replace(b"</bpmn:process>", more), tmp_path, "missing-diagram") == []


# Severity


def test_nothing_here_is_more_than_a_warning() -> None:
    assert {rule.severity for rule in rules().values() if rule.check in ("bpmn", "style")} == {"warning"}


def test_random_models_lack_a_diagram_and_else_only_the_order_of_the_schema(tmp_path: Path) -> None:
    for seed in range(20):
        (tmp_path / "a.bpmn").write_bytes(to_bpmn(Drawer(Random(seed)).model()))
        assert {one.rule for one in wellformed.check(Subject(tmp_path / "a.bpmn"))} <= {"missing-diagram", "schema"}
