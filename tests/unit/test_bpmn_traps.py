"""Faults that the engine library has as it comes, mended here: one test each, beside those of flow and events.

What is refused instead is in `test_bpmn_flow`; docs/reference/bpmn.md has the whole list.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.bpmn import Model, Run
from engine.packages import Package
from tests.models import Game, bpmn
from tests.unit.test_bpmn_events import DECLARED, EACH, UNITS, reply, timer, watched
from tests.unit.test_bpmn_flow import CHOICE, chain


def on_another_parse(game: Game, content: bytes) -> None:
    """Go on with the same case on a model that has just been read, as another process would."""
    game.model = Model.load(Package.from_files({"p.bpmn": content}, "p"))
    game.run = Run.restore(game.model, game.run.snapshot(), game.environment)


# Parsing


def test_a_data_object_two_sub_processes_deep_is_read() -> None:
    data = '<dataObject id="d"/><dataObjectReference id="dr" dataObjectRef="d"/>'
    inner = (
        f'<subProcess id="two"><startEvent id="s2"/><userTask id="a"/><endEvent id="e2"/>{data}{chain("s2", "a", "e2")}'
    )
    outer = (
        f'<subProcess id="one"><startEvent id="s1"/>{inner}</subProcess><endEvent id="e1"/>{chain("s1", "two", "e1")}'
    )
    game = Game(f'<startEvent id="s"/>{outer}</subProcess><endEvent id="e"/>{chain("s", "one", "e")}')
    assert game.complete("a").run.ended


def test_forty_sub_processes_in_each_other_run() -> None:
    inside = '<startEvent id="s40"/><userTask id="a"/><endEvent id="e40"/>' + chain("s40", "a", "e40")
    for level in reversed(range(40)):
        sub = f'<subProcess id="sub{level}">{inside}</subProcess>'
        inside = (
            f'<startEvent id="s{level}"/>{sub}<endEvent id="e{level}"/>{chain(f"s{level}", f"sub{level}", f"e{level}")}'
        )
    assert Game(inside).complete("a").run.ended


def test_where_a_flow_is_drawn_does_not_change_the_order_of_its_conditions() -> None:
    # The library asks from the top of the drawing down; here “high” is drawn above “low”, which the file asks first.
    shapes = "".join(
        f'<d:BPMNShape bpmnElement="{name}"><c:Bounds x="0" y="{y}" width="9" height="9"/></d:BPMNShape>'
        for name, y in (("high", 0), ("low", 500), ("other", 900))
    )
    drawn = (
        '<d:BPMNDiagram xmlns:d="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:c="http://www.omg.org/spec/DD/20100524/DC">'
        f'<d:BPMNPlane bpmnElement="p">{shapes}</d:BPMNPlane></d:BPMNDiagram></bpmn:definitions>'
    )
    content = bpmn(CHOICE).replace(b"</bpmn:definitions>", drawn.encode())
    assert Game(content).complete("a", x=20).open == ["low"]


@pytest.mark.parametrize(("yes", "no"), [("true", "false"), ("1", "0")])
def test_truth_is_read_as_xml_writes_it(yes: str, no: str) -> None:
    game = Game(
        f"""<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>{chain("s", "a", "e")}
        <boundaryEvent id="b" attachedToRef="a" cancelActivity="{no}">{timer("timeDuration", "P1D")}</boundaryEvent>
        <userTask id="t"/>{chain("b", "t")}
        <subProcess id="ev" triggeredByEvent="{yes}"><startEvent id="es" isInterrupting="{no}">
        {timer("timeDuration", "P2D")}</startEvent><userTask id="et"/>{chain("es", "et")}</subProcess>"""
    )
    assert game.fire("b").fire("es").open == ["a", "et", "t"]


# Joins


def test_an_inclusive_join_in_a_loop_waits_in_every_round() -> None:
    game = Game(
        f"""<startEvent id="s"/><exclusiveGateway id="m"/><inclusiveGateway id="g"/><userTask id="a"/><userTask id="b"/>
        <inclusiveGateway id="j"/><userTask id="after"/><exclusiveGateway id="x"/><endEvent id="e"/>
        {chain("s", "m", "g")}{chain("a", "j", "after", "x")}{chain("b", "j")}
        <flows>
        g -> a [=true]
        g -> b [=both]
        x -> m [=more]
        x -> e [default]
        </flows>""",
        {"both": True},
    )
    for both in (True, False, True):
        assert game.open == (["a", "b"] if game.run.data["both"] else ["a"])
        if game.run.data["both"]:
            assert game.complete("b").open == ["a"]
        assert game.complete("a").open == ["after"]
        game.complete("after", both=both, more=True)
    assert not game.stuck


def test_an_inclusive_join_waits_for_a_branch_that_is_still_three_steps_away() -> None:
    game = Game(
        f"""<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/><userTask id="c"/>
        <userTask id="d"/><inclusiveGateway id="j"/><userTask id="after"/><endEvent id="e"/>
        {chain("s", "g", "a", "j", "after", "e")}{chain("g", "b", "c", "d", "j")}"""
    )
    for far in ("b", "c", "d"):
        game.complete("a") if far == "b" else None
        assert game.open == [far]
        game.complete(far)
    assert game.open == ["after"]


def test_branches_that_write_one_variable_keep_the_last_that_was_written() -> None:
    both = f"""<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/><parallelGateway id="j"/>
    <userTask id="c"/><endEvent id="e"/>{chain("s", "g", "a", "j", "c", "e")}{chain("g", "b", "j")}"""
    for first, last in ("ab", "ba"):
        game = Game(both).complete(first, note=first).complete(last, note=last)
        assert (game.open, game.run.data) == (["c"], {"note": last})


# Data


def test_a_value_that_was_handed_in_is_never_changed_in_place() -> None:
    need: dict[str, Any] = {"reason": "school"}
    mapping = '<zeebe:ioMapping><zeebe:output source="=given" target="need.given"/></zeebe:ioMapping>'
    task = f'<userTask id="a"><extensionElements>{mapping}</extensionElements></userTask>'
    game = Game(f'<startEvent id="s"/>{task}<userTask id="b"/>{chain("s", "a", "b")}', {"need": need})
    game.run.complete(next(iter(game.run.open_tasks)), {"given": True})
    assert game.run.data["need"] == {"reason": "school", "given": True}
    assert need == {"reason": "school"}


# Multi-instance


@pytest.mark.parametrize("sequential", [False, True])
def test_a_multi_instance_goes_on_when_restored_onto_a_model_that_has_just_been_read(sequential: bool) -> None:
    body = EACH.replace("COMPLETION", "").replace('isSequential="false"', f'isSequential="{str(sequential).lower()}"')
    game, content = Game(body, UNITS), bpmn(body)
    for unit in ("bup", "skola", "elevhälsa"):
        on_another_parse(game, content)
        reply(game, unit, "yes")
    assert game.open == ["b"]
    assert [one["unit"] for one in game.run.data["answers"]] == ["bup", "skola", "elevhälsa"]


def test_a_task_of_a_multi_instance_has_the_name_lane_and_assignment_of_its_element() -> None:
    lanes = '<laneSet id="l"><lane id="l1" name="Samordnare"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    game = Game(lanes + EACH.replace("COMPLETION", ""), UNITS)
    tasks = list(game.run.open_tasks.values())
    assert {(task.element_id, task.name, task.lane) for task in tasks} == {("a", "Svara", "Samordnare")}
    assert [task.candidate_groups for task in tasks] == [("bup",), ("skola",), ("elevhälsa",)]


# Events


KINDS = ("timer", "message", "signal", "error", "escalation", "conditional")
#: An error always interrupts; one that says it does not is refused.
STARTS = [(kind, interrupting) for kind in KINDS for interrupting in (True, False) if interrupting or kind != "error"]


@pytest.mark.parametrize(("kind", "interrupting"), STARTS)
def test_an_event_sub_process_is_started_by_every_kind_of_event(kind: str, interrupting: bool) -> None:
    events = {
        "timer": timer("timeDuration", "P1D"),
        "message": '<messageEventDefinition messageRef="m1"/>',
        "signal": '<signalEventDefinition signalRef="s1"/>',
        "error": '<errorEventDefinition errorRef="e1"/>',
        "escalation": '<escalationEventDefinition escalationRef="x1"/>',
        "conditional": "<conditionalEventDefinition><condition>=far</condition></conditionalEventDefinition>",
    }
    thrown = (
        f'<endEvent id="thrown">{events[kind]}</endEvent>' if kind in ("error", "escalation") else '<task id="thrown"/>'
    )
    game = Game(
        f"""<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/>{thrown}
        {chain("s", "g", "a")}{chain("g", "b", "thrown")}
        <subProcess id="ev" triggeredByEvent="true">
        <startEvent id="es" isInterrupting="{str(interrupting).lower()}">{events[kind]}</startEvent>
        <userTask id="et"/><endEvent id="ee"/>{chain("es", "et", "ee")}</subProcess>""",
        {"far": False},
        declared=DECLARED,
    )
    assert game.open == ["a", "b"]
    if kind == "timer":
        game.fire("es")
    elif kind == "message":
        assert game.send("one")
    elif kind == "signal":
        assert game.signal("all")
    else:
        game.complete("b", far=True)
    others = [] if interrupting else ["a"] if kind in ("error", "escalation", "conditional") else ["a", "b"]
    assert game.open == sorted([*others, "et"])
    for task in list(game.open):
        game.complete(task)
    assert game.run.ended


@pytest.mark.parametrize(("code", "expected"), [("E1", "named"), ("E2", "any")])
def test_who_names_an_error_hears_it_before_who_expects_all(code: str, expected: str) -> None:
    declared = '<error id="e1" name="one" errorCode="E1"/><error id="thrown" name="thrown" errorCode="CODE"/>'
    game = Game(
        f"""<startEvent id="s"/><subProcess id="sub"><startEvent id="ss"/><endEvent id="bad">
        <errorEventDefinition errorRef="thrown"/></endEvent>{chain("ss", "bad")}</subProcess>
        <boundaryEvent id="all" attachedToRef="sub"><errorEventDefinition/></boundaryEvent><userTask id="any"/>
        <boundaryEvent id="one" attachedToRef="sub"><errorEventDefinition errorRef="e1"/></boundaryEvent>
        <userTask id="named"/>{chain("s", "sub")}{chain("all", "any")}{chain("one", "named")}""",
        declared=declared.replace("CODE", code),
    )
    assert game.open == [expected]


def test_an_event_that_comes_again_does_not_revive_what_it_has_stopped() -> None:
    game = Game(watched('<messageEventDefinition messageRef="m1"/>'), declared=DECLARED)
    assert game.send("one")
    assert not game.send("one")
    assert game.open == ["t"]
    assert game.complete("t").run.ended


def test_an_interrupting_event_goes_too_when_its_task_is_completed() -> None:
    game = Game(watched('<messageEventDefinition messageRef="m1"/>'), declared=DECLARED).complete("a")
    assert game.run.ended
    assert not game.send("one")


def test_all_that_follows_a_timer_is_run_when_it_fires() -> None:
    body = f"""<startEvent id="s"/><intermediateCatchEvent id="wait">{timer("timeDuration", "P1D")}</intermediateCatchEvent>
    <task id="one"/><parallelGateway id="g"/><task id="two"/><userTask id="a"/><userTask id="b"/>
    {chain("s", "wait", "one", "g", "two", "a")}{chain("g", "b")}"""
    assert Game(body).fire("wait").open == ["a", "b"]


def test_what_waits_is_not_computed_again_when_something_else_happens() -> None:
    game = Game(
        f"""<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/>
        <intermediateCatchEvent id="wait">{timer("timeDuration", "=days")}</intermediateCatchEvent>
        {chain("s", "g", "a", "b")}{chain("g", "wait")}""",
        {"days": "P3D"},
    )
    due = next(iter(game.run.waits.values())).due_at
    game.environment.now += timedelta(days=1)
    game.complete("a", days="P9D")
    assert next(iter(game.run.waits.values())).due_at == due
