"""What a model names exists where it is needed, and what is declared is used."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from engine.findings import Finding
from engine.packages import Package
from engine.validation import dataflow, references
from engine.validation.subject import Subject
from tests.models import bpmn
from tests.random_models import Drawer, to_bpmn
from tests.unit.test_conditions import FORMS
from tests.unit.test_dataflow import extended, script, task

PROCESSES = Path(__file__).parents[2] / "processes"
SETTINGS = """[process]
title = "P"
[roles.coordinator]
[deadlines.sip-meeting]
value = "P3W"
source = "local"
"""
#: Names both of them, so that they are used.
USED = (
    '<userTask id="u"><extensionElements><zeebe:userTask/><zeebe:assignmentDefinition candidateGroups="coordinator"/>'
    '<zeebe:taskSchedule dueDate="=deadline(&quot;sip-meeting&quot;)"/></extensionElements></userTask>'
)


def subject(body: str, *, declared: str = "", settings: str | None = SETTINGS, **files: bytes) -> Subject:
    toml = {} if settings is None else {"process.toml": settings.encode()}
    return Subject.of(Package.from_files({"p.bpmn": bpmn(body, declared=declared), **toml, **FORMS, **files}, "p"))


def found(body: str, **more: str | None) -> list[Finding]:
    return list(references.check(subject(body, **more)))  # type: ignore[arg-type]


def rules(body: str, **more: str | None) -> list[tuple[str, str]]:
    return [(one.element, f"{one.severity} {one.rule}") for one in found(body, **more)]


def line(element: str, name: str = "a", *, used: bool = True) -> str:
    """A start, this element, perhaps what uses all that is declared, and an end."""
    way = f"s -> {name}\n{name} -> u\nu -> e" if used else f"s -> {name}\n{name} -> e"
    return f'<startEvent id="s"/>{element}{USED if used else ""}<endEvent id="e"/><flows>\n{way}\n</flows>'


def for_group(groups: str, name: str = "a") -> str:
    groups = groups.replace('"', "&quot;")
    return extended(
        f'userTask id="{name}"', f'<zeebe:userTask/><zeebe:assignmentDefinition candidateGroups="{groups}"/>'
    )


def service(job: str, given: str = "") -> str:
    return extended('serviceTask id="a"', f'<zeebe:taskDefinition type="{job}"/>{given}')


def mapped(target: str, source: str = "x") -> str:
    return f'<zeebe:ioMapping><zeebe:input source="{source}" target="{target}"/></zeebe:ioMapping>'


# Roles and deadlines


def test_a_task_for_a_declared_role_is_clean() -> None:
    assert rules(line(for_group("coordinator"))) == []


def test_a_task_for_a_role_that_nobody_declares_is_told() -> None:
    [one] = found(line(for_group("coordinator, chief")))
    assert (one.element, one.severity, one.rule) == ("a", "publishing", "undeclared-role")
    assert "“chief”" in one.message
    [near] = found(line(for_group("coordinatr")))
    assert near.message.endswith("the nearest is coordinator")


def test_the_id_of_a_unit_may_be_written_as_feel() -> None:
    assert rules(line(for_group('=["elevhalsa-skovde"]'))) == []


def test_a_lane_that_is_no_role_is_told_unless_the_task_has_groups() -> None:
    lanes = '<laneSet id="ls"><lane id="l" name="Chefen"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    [one] = found(lanes + line('<userTask id="a"/>'))
    assert "its lane “Chefen”" in one.message
    assert rules(lanes + line(for_group("coordinator"))) == []


def test_in_a_bare_model_an_undeclared_role_is_a_warning() -> None:
    assert rules(line(for_group("chief"), used=False), settings=None) == [("a", "warning undeclared-role")]


def test_a_role_that_an_expression_asks_for_must_be_declared() -> None:
    def asked(role: str) -> str:
        return line(script("a", f'units with role("{role}")', "units"))

    assert rules(asked("chief")) == [("a", "publishing undeclared-role")]
    assert rules(asked("coordinator")) == []


def due(name: str) -> str:
    return extended(
        'userTask id="a"', f'<zeebe:userTask/><zeebe:taskSchedule dueDate="=deadline(&quot;{name}&quot;)"/>'
    )


def test_a_deadline_that_is_not_declared_stops_the_case() -> None:
    [one] = found(line(due("sip-meting")))
    assert (one.element, one.severity, one.rule) == ("a", "error", "undeclared-deadline")
    assert one.message.endswith("the nearest is sip-meeting")
    assert rules(line(due("sip-meeting"))) == []
    assert rules(line(due("x"), used=False), settings=None) == [("a", "warning undeclared-deadline")]


def test_what_is_declared_and_not_used_is_told() -> None:
    assert rules(line("<task id='a'/>".replace("'", '"'), used=False)) == [
        ("roles.coordinator", "warning unused-role"), ("deadlines.sip-meeting", "warning unused-deadline"),
    ]  # fmt: skip


def test_a_role_that_hears_of_a_deadline_or_owns_the_case_is_used() -> None:
    owned = SETTINGS.replace('title = "P"', 'title = "P"\nowner_role = "coordinator"')
    assert rules(line('<task id="a"/>', used=False), settings=owned) == [
        ("deadlines.sip-meeting", "warning unused-deadline")
    ]
    told = SETTINGS + 'escalate = ["coordinator"]\n'
    assert ("roles.coordinator", "warning unused-role") not in rules(line('<task id="a"/>', used=False), settings=told)


# Services, decisions


@pytest.mark.parametrize("job", ["set-owner", "add-party", "remove-party", "start-case"])
def test_a_service_that_lacks_what_it_needs_is_an_error(job: str) -> None:
    assert rules(line(service(job))) == [("a", "error missing-input")]
    given = "process" if job == "start-case" else "unit"
    assert rules(line(service(job, mapped(given)))) == []
    header = f'<zeebe:taskHeaders><zeebe:header key="{given}" value="coordinator"/></zeebe:taskHeaders>'
    assert [one for one in rules(line(service(job, header))) if "missing-input" in one[1]] == []


def test_a_notice_needs_nothing() -> None:
    assert rules(line(service("notice"))) == []


def test_the_item_of_a_multi_instance_is_given_too() -> None:
    loop = (
        '<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="=[1]" '
        'inputElement="unit"/></extensionElements></multiInstanceLoopCharacteristics>'
    )
    assert rules(line(service("add-party").replace("</serviceTask>", f"{loop}</serviceTask>"))) == []


def test_a_case_of_a_process_that_is_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_bytes(
        bpmn(line(service("start-case", mapped("process", "=&quot;q&quot;")), used=False))
    )
    told = [one.rule for one in references.check(Subject(tmp_path / "p.bpmn"))]
    assert told == ["unknown-start"]
    (tmp_path / "q.bpmn").write_bytes(bpmn(line('<task id="a"/>', used=False), process="q"))
    assert list(references.check(Subject(tmp_path / "p.bpmn"))) == []


DMN = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
<decision id="way" name="Way"><decisionTable id="t" hitPolicy="FIRST">
<input id="i"><inputExpression id="ie" typeRef="string"><text>{read}</text></inputExpression></input>
<output id="o" name="way" typeRef="string"/>
<rule id="r1"><inputEntry id="a1"><text>"red"</text></inputEntry><outputEntry id="b1"><text>"fast"</text></outputEntry></rule>
<rule id="r2"><inputEntry id="a2"><text></text></inputEntry><outputEntry id="b2"><text>"slow"</text></outputEntry></rule>
</decisionTable></decision></definitions>"""


def decided(result: str, read: str = "need.level", more: str = "") -> Subject:
    variable = f' resultVariable="{result}"' if result else ""
    body = (
        extended('startEvent id="s"', '<zeebe:formDefinition formId="need"/>')
        + extended('businessRuleTask id="b"', f'<zeebe:calledDecision decisionId="way"{variable}/>')
        + f'{USED}<exclusiveGateway id="x"/><endEvent id="e"/><endEvent id="f"/><flows>\ns -> b\nb -> u\nu -> x\n{more}\n</flows>'
    )
    return subject(body, **{"d.dmn": DMN.format(read=read).encode()})


ASKED = 'x -> e [=way = "fast"]\nx -> f [default]'


def test_the_answer_of_a_decision_must_be_kept_and_read() -> None:
    assert [one.rule for one in references.check(decided("way", more=ASKED))] == []
    assert [one.message for one in references.check(decided("", more="x -> e"))] == [
        "The decision is asked, but its answer is not kept"
    ]
    [unread] = references.check(decided("answer", more="x -> e"))
    assert "“answer”, which nothing reads" in unread.message


def test_what_a_decision_looks_at_must_be_there() -> None:
    assert dataflow.check_subject(decided("way", more=ASKED)) == []
    [field] = dataflow.check_subject(decided("way", "need.levl", more=ASKED))
    assert (field.element, field.severity, field.rule) == ("b", "error", "unknown-variable")
    [root] = dataflow.check_subject(decided("way", "urgency", more=ASKED))
    assert (root.element, root.severity, root.rule) == ("b", "error", "unknown-variable")


# Errors, escalations, signals

NAMES = """<error id="E1" name="declined" errorCode="declined"/><error id="E2" name="other" errorCode="other"/>
<escalation id="S1" name="late" escalationCode="late"/><signal id="G1" name="stop"/>"""


def thrown(kind: str, reference: str, *, boundary: str = "", event: str = "endEvent") -> str:
    """A sub-process that ends by throwing, with perhaps a boundary event that catches."""
    throws = f'<{event} id="t"><{kind}EventDefinition {kind}Ref="{reference}"/></{event}>'
    inside = f'<startEvent id="is"/>{throws}<flows>\nis -> t\n</flows>'
    catches = ""
    if boundary:
        catches = (
            f'<boundaryEvent id="c" attachedToRef="a"><{kind}EventDefinition {kind}Ref="{boundary}"/></boundaryEvent>'
            '<endEvent id="ce"/><flows>\nc -> ce\n</flows>'
        )
    return line(f'<subProcess id="a">{inside}</subProcess>{catches}')


def test_an_error_that_nobody_catches_is_an_error() -> None:
    assert rules(thrown("error", "E1"), declared=NAMES) == [("t", "error uncaught-error")]
    assert rules(thrown("error", "E1", boundary="E1"), declared=NAMES) == []


def test_a_catcher_of_another_code_catches_nothing() -> None:
    assert sorted(rules(thrown("error", "E1", boundary="E2"), declared=NAMES), reverse=True) == [
        ("t", "error uncaught-error"), ("c", "warning never-thrown"),
    ]  # fmt: skip


def test_an_error_at_the_end_of_a_process_alone_is_for_its_callers() -> None:
    body = line('<task id="a"/>').replace(
        '<endEvent id="e"/>', '<endEvent id="e"><errorEventDefinition errorRef="E1"/></endEvent>'
    )
    assert rules(body, declared=NAMES) == [("e", "warning uncaught-error")]


def test_an_event_sub_process_catches_what_is_thrown_beside_it_but_not_its_own() -> None:
    handler = """<subProcess id="h" triggeredByEvent="true"><startEvent id="hs">
<errorEventDefinition errorRef="E1"/></startEvent><endEvent id="he">{end}</endEvent><flows>
hs -> he
</flows></subProcess>"""
    assert rules(handler.format(end="") + thrown("error", "E1"), declared=NAMES) == []
    again = handler.format(end='<errorEventDefinition errorRef="E1"/>') + thrown("error", "E1")
    assert [one for one in rules(again, declared=NAMES) if one[0] == "he"] == [("he", "error uncaught-error")]


def test_an_escalation_that_nobody_hears_is_a_warning() -> None:
    assert rules(thrown("escalation", "S1"), declared=NAMES) == [("t", "warning uncaught-escalation")]
    assert rules(thrown("escalation", "S1", boundary="S1"), declared=NAMES) == []


def test_a_service_of_somebody_else_may_throw_any_error() -> None:
    boundary = """<boundaryEvent id="c" attachedToRef="a"><errorEventDefinition errorRef="E1"/></boundaryEvent>
<endEvent id="ce"/><flows>
c -> ce
</flows>"""
    assert rules(line('<userTask id="a"/>' + boundary), declared=NAMES) == [("c", "warning never-thrown")]
    assert rules(line(service("notice") + boundary), declared=NAMES) == [("c", "warning never-thrown")]


def test_a_caller_that_does_not_catch_lets_the_error_stop_the_case() -> None:
    called = """<process id="q" isExecutable="true"><startEvent id="qs"/><endEvent id="qe">
<errorEventDefinition errorRef="E1"/></endEvent><sequenceFlow id="qf" sourceRef="qs" targetRef="qe"/></process>"""
    call = extended('callActivity id="a"', '<zeebe:calledElement processId="q"/>')
    assert rules(line(call), declared=called + NAMES) == [("qe", "error uncaught-error")]
    boundary = """<boundaryEvent id="c" attachedToRef="a"><errorEventDefinition errorRef="E1"/></boundaryEvent>
<endEvent id="ce"/><flows>
c -> ce
</flows>"""
    assert rules(line(call + boundary), declared=called + NAMES) == []


def test_a_signal_that_nothing_sends_is_a_warning() -> None:
    catch = '<intermediateCatchEvent id="a"><signalEventDefinition signalRef="G1"/></intermediateCatchEvent>'
    assert rules(line(catch), declared=NAMES) == [("a", "warning unsent-signal")]
    throw = '<intermediateThrowEvent id="b"><signalEventDefinition signalRef="G1"/></intermediateThrowEvent>'
    both = line(catch).replace("s -> a", "s -> b\nb -> a").replace("<userTask", f"{throw}<userTask", 1)
    assert rules(both, declared=NAMES) == []


# Nothing that is not so


@pytest.mark.parametrize("package", ["sip", "deviation"])
def test_the_processes_of_the_house_are_clean(package: str) -> None:
    assert list(references.check(Subject(PROCESSES / package))) == []


def test_random_models_have_no_error_here() -> None:
    for seed in range(60):
        package = Package.from_files({"p.bpmn": to_bpmn(Drawer(Random(seed)).model())}, "p")
        assert [one for one in references.check(Subject.of(package)) if one.severity == "error"] == []


def test_a_task_of_a_form_is_clean() -> None:
    assert rules(line(task("a", "need"))) == []
