"""Events: timers, messages, signals, errors, escalations, conditions; multi-instance; services and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.bpmn import ServiceCall
from engine.bpmn.throwing import BpmnError
from tests.models import Game
from tests.unit.test_bpmn_flow import chain

DECLARED = (
    '<message id="m1" name="one"/><message id="m2" name="two"/><signal id="s1" name="all"/>'
    '<error id="e1" name="Fel" errorCode="E1"/><escalation id="x1" name="Upp" escalationCode="X1"/>'
)


def timer(kind: str, value: str) -> str:
    return f"<timerEventDefinition><{kind}>{value}</{kind}></timerEventDefinition>"


def watched(event: str, *, interrupting: bool = True, tail: str = "") -> str:
    return f"""<startEvent id="s"/><userTask id="a"/><boundaryEvent id="b" attachedToRef="a"
    cancelActivity="{str(interrupting).lower()}">{event}</boundaryEvent><userTask id="t"/><endEvent id="e"/>
    {chain("s", "a", "e")}{chain("b", "t", "e")}{tail}"""


def test_an_interrupting_timer_stops_its_task_and_goes_once() -> None:
    game = Game(watched(timer("timeDuration", "P3D"))).fire("b")
    assert (game.open, game.waiting) == (["t"], [])
    assert game.kinds("fired") == ["b"]
    assert game.kinds("cancelled") == ["a"]


def test_a_timer_goes_with_its_task() -> None:
    game = Game(watched(timer("timeDuration", "P3D"))).complete("a")
    assert game.run.ended


def test_days_keep_the_local_hour_across_daylight_saving() -> None:
    game = Game(watched(timer("timeDuration", "P3D")), now=datetime(2026, 3, 27, 9, 0, tzinfo=UTC))
    assert next(iter(game.run.waits.values())).due_at == datetime(2026, 3, 30, 8, 0, tzinfo=UTC)


def test_a_timer_reads_a_deadline_of_the_package() -> None:
    game = Game(watched(timer("timeDate", '=deadline("answer")')), deadline_values={"answer": "2 working days"})
    assert next(iter(game.run.waits.values())).due_at == datetime(2026, 3, 31, 8, 0, tzinfo=UTC)


def test_a_cycle_fires_as_often_as_it_says_and_keeps_its_calendar_dates() -> None:
    now = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
    game = Game(watched(timer("timeCycle", "R3/P1M"), interrupting=False), now=now)
    dates = []
    for _ in range(3):
        dates.append(next(iter(game.run.waits.values())).due_at.date().isoformat())  # type: ignore[union-attr]
        game.fire("b")
    assert dates == ["2026-02-28", "2026-03-31", "2026-04-30"]
    assert (game.open, game.waiting) == (["a", "t", "t", "t"], [])


def test_after_an_outage_a_cycle_fires_once_and_says_for_how_many() -> None:
    game = Game(watched(timer("timeCycle", "R/P1D"), interrupting=False))
    game.environment.now += timedelta(days=10, hours=1)
    game.fire("b")
    assert game.open == ["a", "t"]
    assert [one.payload for one in game.happened if one.kind == "fired"] == [{"stands_for": 10}]
    assert next(iter(game.run.waits.values())).due_at > game.environment.now  # type: ignore[operator]


def test_a_message_reaches_one_waiting_event_and_only_under_its_key() -> None:
    game = Game(watched('<messageEventDefinition messageRef="m1"/>', interrupting=False), declared=DECLARED)
    assert not game.send("one", key="other")
    assert not game.send("two")
    assert game.send("one", told="yes")
    assert game.send("one")
    assert game.open == ["a", "t", "t"]
    assert game.run.data == {"told": "yes"}


def test_a_signal_reaches_everybody() -> None:
    body = watched('<signalEventDefinition signalRef="s1"/>', interrupting=False)
    body += '<subProcess id="ev" triggeredByEvent="true"><startEvent id="es" isInterrupting="false">'
    body += f'<signalEventDefinition signalRef="s1"/></startEvent><userTask id="et"/>{chain("es", "et")}</subProcess>'
    game = Game(body, declared=DECLARED)
    assert game.signal("all")
    assert game.open == ["a", "et", "t"]


def test_an_event_gateway_takes_the_first_event_and_each_timer_keeps_its_own_time() -> None:
    game = Game(
        f"""<startEvent id="s"/><eventBasedGateway id="g"/>
        <intermediateCatchEvent id="short">{timer("timeDuration", "P1D")}</intermediateCatchEvent>
        <intermediateCatchEvent id="long">{timer("timeDuration", "P9D")}</intermediateCatchEvent>
        <intermediateCatchEvent id="told"><messageEventDefinition messageRef="m1"/></intermediateCatchEvent>
        <userTask id="a"/><userTask id="b"/><userTask id="c"/><endEvent id="e"/>
        {chain("s", "g", "short", "a", "e")}{chain("g", "long", "b", "e")}{chain("g", "told", "c", "e")}""",
        declared=DECLARED,
    )
    due = {wait.element_id: wait.due_at for wait in game.run.waits.values()}
    assert {name: instant.day for name, instant in due.items() if instant} == {"short": 28, "long": 5}
    game.fire("long")
    assert (game.open, game.waiting) == (["b"], [])


def test_an_interrupting_event_sub_process_stops_the_process_around_it() -> None:
    game = Game(
        f"""<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>{chain("s", "a", "e")}
        <subProcess id="ev" triggeredByEvent="true"><startEvent id="es"><messageEventDefinition messageRef="m1"/>
        </startEvent><userTask id="et"/><endEvent id="ee"/>{chain("es", "et", "ee")}</subProcess>""",
        declared=DECLARED,
    )
    assert game.send("one", why="withdrawn")
    assert (game.open, game.waiting) == (["et"], [])
    assert not game.send("one")
    assert game.complete("et").run.ended
    assert game.run.data == {"why": "withdrawn"}


def test_an_event_sub_process_that_never_happens_does_not_keep_its_process_open() -> None:
    game = Game(
        f"""<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>{chain("s", "a", "e")}
        <subProcess id="ev" triggeredByEvent="true"><startEvent id="es">{timer("timeDuration", "P9D")}
        </startEvent><userTask id="et"/>{chain("es", "et")}</subProcess>"""
    )
    assert game.complete("a").run.ended


def test_an_error_reaches_the_nearest_that_expects_it() -> None:
    game = Game(
        f"""<startEvent id="s"/><subProcess id="sub"><startEvent id="ss"/><userTask id="a"/>
        <endEvent id="bad"><errorEventDefinition errorRef="e1"/></endEvent>{chain("ss", "a", "bad")}</subProcess>
        <boundaryEvent id="caught" attachedToRef="sub"><errorEventDefinition errorRef="e1"/></boundaryEvent>
        <userTask id="mend"/><userTask id="not"/><endEvent id="e"/>{chain("s", "sub", "not", "e")}
        {chain("caught", "mend", "e")}""",
        declared=DECLARED,
    )
    assert game.complete("a").open == ["mend"]


def test_an_error_that_nobody_expects_is_an_incident() -> None:
    game = Game(
        f"""<startEvent id="s"/><userTask id="a"/><endEvent id="bad"><errorEventDefinition errorRef="e1"/></endEvent>
        {chain("s", "a", "bad")}""",
        declared=DECLARED,
    ).complete("a")
    assert game.kinds("incident") == ["bad"]


def test_an_escalation_tells_without_stopping() -> None:
    game = Game(
        f"""<startEvent id="s"/><subProcess id="sub"><startEvent id="ss"/><userTask id="a"/>
        <intermediateThrowEvent id="up"><escalationEventDefinition escalationRef="x1"/></intermediateThrowEvent>
        <userTask id="b"/><endEvent id="se"/>{chain("ss", "a", "up", "b", "se")}</subProcess>
        <boundaryEvent id="heard" attachedToRef="sub" cancelActivity="false">
        <escalationEventDefinition escalationRef="x1"/></boundaryEvent><userTask id="boss"/><endEvent id="e"/>
        {chain("s", "sub", "e")}{chain("heard", "boss", "e")}""",
        declared=DECLARED,
    )
    assert game.complete("a").open == ["b", "boss"]


def test_terminate_ends_everything_in_its_process() -> None:
    game = Game(
        f"""<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/>
        <endEvent id="stop"><terminateEventDefinition/></endEvent><endEvent id="e"/>
        {chain("s", "g", "a", "stop")}{chain("g", "b", "e")}"""
    )
    assert game.complete("a").run.ended


def test_a_condition_is_looked_at_whenever_something_changes() -> None:
    game = Game(
        f"""<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><boundaryEvent id="b" attachedToRef="a">
        <conditionalEventDefinition><condition>=number &gt; 2</condition></conditionalEventDefinition></boundaryEvent>
        <userTask id="t"/><userTask id="c"/><endEvent id="e"/>
        {chain("s", "g", "a", "e")}{chain("g", "c", "e")}{chain("b", "t", "e")}""",
        {"number": 1},
    )
    assert game.open == ["a", "c"]
    assert game.complete("c", number=3).open == ["t"]


EACH = f"""<startEvent id="s"/><userTask id="a" name="Svara"><extensionElements>
<zeebe:assignmentDefinition candidateGroups="=[unit.id]"/></extensionElements>
<multiInstanceLoopCharacteristics isSequential="false"><extensionElements>
<zeebe:loopCharacteristics inputCollection="=units" inputElement="unit" outputCollection="answers"
outputElement="={{unit: unit.id, answer: reply.answer}}"/></extensionElements>COMPLETION
</multiInstanceLoopCharacteristics></userTask>
<boundaryEvent id="late" attachedToRef="a" cancelActivity="false">{timer("timeDuration", "P5D")}</boundaryEvent>
<userTask id="chase"/><userTask id="b"/><endEvent id="e"/>{chain("s", "a", "b", "e")}{chain("late", "chase", "e")}"""
LOOP_OVER_TWO = """<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics
inputCollection="=[1, 2]" outputCollection="all" outputElement="=heard"/></extensionElements>
</multiInstanceLoopCharacteristics>"""
UNITS = {"units": [{"id": "bup"}, {"id": "skola"}, {"id": "elevhälsa"}]}


def reply(game: Game, unit: str, answer: str) -> None:
    token = next(t.token_id for t in game.run.open_tasks.values() if t.candidate_groups == (unit,))
    game.run.complete(token, {"reply": {"answer": answer}})
    game._rest()


def test_each_instance_has_its_own_item_and_only_the_output_leaves() -> None:
    game = Game(EACH.replace("COMPLETION", ""), UNITS)
    assert game.open == ["a", "a", "a"]
    for unit in ("elevhälsa", "bup", "skola"):
        reply(game, unit, f"yes from {unit}")
    assert game.open == ["b"]
    assert game.run.data["answers"] == [
        {"unit": unit["id"], "answer": f"yes from {unit['id']}"} for unit in UNITS["units"]
    ]
    assert set(game.run.data) == {"units", "answers"}


def test_one_timer_watches_all_instances_together() -> None:
    game = Game(EACH.replace("COMPLETION", ""), UNITS).fire("late")
    assert game.open == ["a", "a", "a", "chase"]


def test_sequential_instances_come_one_at_a_time() -> None:
    game = Game(EACH.replace("COMPLETION", "").replace('isSequential="false"', 'isSequential="true"'), UNITS)
    for unit in ("bup", "skola", "elevhälsa"):
        assert game.open == ["a"]
        reply(game, unit, "yes")
    assert game.open == ["b"]


def test_a_completion_condition_sees_what_has_been_answered() -> None:
    condition = "<completionCondition>=numberOfCompletedInstances &gt;= 2</completionCondition>"
    game = Game(EACH.replace("COMPLETION", condition), UNITS)
    reply(game, "bup", "no")
    assert game.open == ["a", "a"]
    reply(game, "elevhälsa", "no")
    assert game.open == ["b"]
    assert game.run.data["answers"][1] is None


def test_no_items_means_no_instances() -> None:
    assert Game(EACH.replace("COMPLETION", ""), {"units": []}).open == ["b"]


def test_a_multi_instance_works_in_every_round_of_a_loop() -> None:
    body = EACH.replace("COMPLETION", "").replace(chain("s", "a", "b", "e"), "")
    body += f'<exclusiveGateway id="m"/><exclusiveGateway id="x"/>{chain("s", "m", "a", "b", "x")}'
    body += "<flows>\nx -> m [=more]\nx -> e [default]\n</flows>"
    game = Game(body, {"units": [{"id": "bup"}]})
    for more in (True, True, False):
        reply(game, "bup", "yes")
        game.complete("b", more=more)
    assert game.run.ended


def service(handler: Any) -> Game:
    return Game(
        f"""<startEvent id="s"/><serviceTask id="call"><extensionElements><zeebe:taskDefinition type="notice"/>
        <zeebe:taskHeaders><zeebe:header key="text" value="hej"/></zeebe:taskHeaders>
        <zeebe:ioMapping><zeebe:input source="=who" target="to"/><zeebe:output source="=sent" target="told.sent"/>
        </zeebe:ioMapping></extensionElements></serviceTask>
        <boundaryEvent id="bad" attachedToRef="call"><errorEventDefinition errorRef="e1"/></boundaryEvent>
        <userTask id="b"/><userTask id="mend"/><endEvent id="e"/>{chain("s", "call", "b", "e")}{chain("bad", "mend", "e")}""",
        {"who": "bup"},
        declared=DECLARED,
        service=handler,
    )


def test_a_service_gets_its_inputs_and_only_the_output_mapping_leaves() -> None:
    calls: list[ServiceCall] = []

    def handler(call: ServiceCall) -> Mapping[str, Any]:
        calls.append(call)
        return {"sent": True, "secret": 1}

    game = service(handler)
    assert game.run.data == {"who": "bup", "told": {"sent": True}}
    assert (calls[0].type, dict(calls[0].inputs), dict(calls[0].headers)) == ("notice", {"to": "bup"}, {"text": "hej"})


def test_a_services_error_is_caught_where_it_is_expected() -> None:
    def handler(call: ServiceCall) -> None:
        raise BpmnError("E1")

    assert service(handler).open == ["mend"]


def test_a_job_type_that_nobody_carries_out_is_an_incident() -> None:
    def handler(call: ServiceCall) -> None:
        raise LookupError(call.type)

    assert service(handler).kinds("incident") == ["call"]


def test_assignment_schedule_and_priority_are_read_when_the_task_opens() -> None:
    game = Game(
        f"""<startEvent id="s"/><userTask id="a"><extensionElements>
        <zeebe:assignmentDefinition assignee="=who" candidateGroups="bup, skola" candidateUsers="anna"/>
        <zeebe:taskSchedule dueDate="=deadline(&quot;answer&quot;)" followUpDate="2026-05-01"/>
        <zeebe:priorityDefinition priority="70"/></extensionElements></userTask><endEvent id="e"/>{chain("s", "a", "e")}""",
        {"who": "kim"},
        deadline_values={"answer": "P3W"},
    )
    task = next(iter(game.run.open_tasks.values()))
    assert (task.assignee, task.candidate_groups, task.candidate_users) == ("kim", ("bup", "skola"), ("anna",))
    assert (task.deadline_name, task.priority) == ("answer", 70)
    assert task.due_at == datetime(2026, 4, 17, 8, 0, tzinfo=UTC)
    assert task.follow_up_at == datetime(2026, 5, 1, 21, 59, tzinfo=UTC)


def test_a_lane_gives_the_default_group() -> None:
    game = Game(
        '<laneSet id="l"><lane id="l1" name="Samordnare"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
        f'<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>{chain("s", "a", "e")}'
    )
    assert next(iter(game.run.open_tasks.values())).candidate_groups == ("Samordnare",)


@pytest.mark.parametrize(("script", "value"), [("=1 + 2", 3), ("={a: x, b: [x]}", {"a": 5, "b": [5]})])
def test_a_script_writes_its_value(script: str, value: Any) -> None:
    game = Game(
        f"""<startEvent id="s"/><scriptTask id="a"><extensionElements>
        <zeebe:script expression="{script}" resultVariable="out"/></extensionElements></scriptTask>
        <userTask id="b"/><endEvent id="e"/>{chain("s", "a", "b", "e")}""",
        {"x": 5},
    )
    assert game.run.data["out"] == value


@pytest.mark.parametrize("loop", ["", LOOP_OVER_TWO])
def test_a_receive_task_lets_out_what_its_mapping_says(loop: str) -> None:
    game = Game(
        f"""<startEvent id="s"/><receiveTask id="r" messageRef="m1"><extensionElements><zeebe:ioMapping>
        <zeebe:output source="=told.word" target="heard"/></zeebe:ioMapping></extensionElements>{loop}</receiveTask>
        <userTask id="b"/><endEvent id="e"/>{chain("s", "r", "b", "e")}""",
        declared=DECLARED,
    )
    while not game.open:
        assert game.send("one", told={"word": "åäö", "secret": 1})
    assert game.run.data == ({"all": ["åäö", "åäö"]} if loop else {"heard": "åäö"})


def test_a_condition_that_cannot_be_asked_is_an_incident_and_stops_nobody_else() -> None:
    condition = "<conditionalEventDefinition><condition>=number &gt; 2</condition></conditionalEventDefinition>"
    game = Game(watched(condition))
    assert (game.open, game.stuck) == (["a"], ["b"])
    game.run.data["number"] = 1
    game.run.retry(next(iter(game.run.incidents)))
    game._rest()
    assert (game.open, game.waiting, game.stuck) == (["a"], ["b"], [])
    game.run.data["number"] = 3
    game._rest()
    assert game.open == ["t"]


def test_an_incident_of_a_watching_event_goes_with_its_task() -> None:
    condition = "<conditionalEventDefinition><condition>=number &gt; 2</condition></conditionalEventDefinition>"
    assert Game(watched(condition)).complete("a").run.ended
