"""Between the chairs: every wait has somebody, a date and others who hear; ends and hand-overs leave nobody behind."""

from __future__ import annotations

import pytest

from engine.packages import Package
from engine.validation import chairs
from engine.validation.subject import Subject
from tests.models import bpmn

TOML = """
[process]
title = "A question"
[roles.staff-role]
title = "Somebody"
[roles.receiver]
title = "Whoever takes over"
[deadlines.answer]
value = "P3D"
source = "local"
escalate = ["unit-manager"]
[deadlines.quiet]
value = "P3D"
source = "local"
"""
WHO = '<zeebe:assignmentDefinition candidateGroups="staff-role"/>'
DUE = '<zeebe:taskSchedule dueDate="=deadline(&quot;answer&quot;)"/>'
MESSAGE = '<message id="m" name="answer"><extensionElements><zeebe:subscription correlationKey="=case.id"/></extensionElements></message>'
CATCH = '<intermediateCatchEvent id="{0}"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
TIMER = "<timerEventDefinition><timeDuration>P3D</timeDuration></timerEventDefinition>"
NOTICE = (
    '<serviceTask id="{0}"><extensionElements><zeebe:taskDefinition type="notice"/></extensionElements></serviceTask>'
)
SCRIPT = '<scriptTask id="{0}"><extensionElements><zeebe:script expression="=1" resultVariable="x"/></extensionElements></scriptTask>'


def task(name: str, said: str = WHO + DUE, more: str = "") -> str:
    return f'<userTask id="{name}"><extensionElements><zeebe:userTask/>{said}</extensionElements>{more}</userTask>'


def due(text: str) -> str:
    return WHO + f'<zeebe:taskSchedule dueDate="{text}"/>'


def boundary(name: str, host: str, *, interrupting: bool = True) -> str:
    return f'<boundaryEvent id="{name}" attachedToRef="{host}" cancelActivity="{str(interrupting).lower()}">{TIMER}</boundaryEvent>'


def service(name: str, job: str, *inputs: tuple[str, str]) -> str:
    mapped = "".join(f'<zeebe:input source="{source}" target="{target}"/>' for target, source in inputs)
    return (
        f'<serviceTask id="{name}"><extensionElements><zeebe:taskDefinition type="{job}"/>'
        f"<zeebe:ioMapping>{mapped}</zeebe:ioMapping></extensionElements></serviceTask>"
    )


def found(body: str, flows: str, *, declared: str = MESSAGE, toml: str | None = TOML) -> list[tuple[str, str]]:
    """Element and rule of each finding. `s` starts and `e` ends."""
    model = bpmn(f'<startEvent id="s"/>{body}<endEvent id="e"/><flows>\n{flows}\n</flows>', declared=declared)
    files = {"p.bpmn": model} | ({"process.toml": toml.encode()} if toml else {})
    subject = Subject.of(Package.from_files(files, "p"))
    assert subject.model is not None, subject.refused
    findings = list(chairs.check(subject))
    assert {one.severity for one in findings} <= {"publishing"}
    return sorted((one.element, one.rule) for one in findings)


ONE = "s -> a\na -> e"


def test_a_task_with_a_role_and_a_deadline_that_somebody_hears_of_is_in_order() -> None:
    assert found(task("a"), ONE) == []


def test_a_bare_model_is_not_asked_who_hears_of_a_deadline_that_it_cannot_declare() -> None:
    assert found(task("a"), ONE, toml=None) == []
    assert found(task("a", ""), ONE, toml=None) == [("a", "wait-without-date"), ("a", "wait-without-role")]


@pytest.mark.parametrize(
    "said",
    [
        '<zeebe:assignmentDefinition assignee="anna"/>' + DUE,
        '<zeebe:assignmentDefinition candidateUsers="anna, bo"/>' + DUE,
        '<zeebe:assignmentDefinition candidateGroups="=[case.owner]"/>' + DUE,
    ],
)
def test_a_task_is_somebodys_by_name_or_by_group(said: str) -> None:
    assert found(task("a", said), ONE) == []


def test_a_lane_says_whose_a_task_is() -> None:
    lane = '<laneSet id="l"><lane id="l1" name="staff-role"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    assert found(lane + task("a", DUE), ONE) == []
    assert found(task("a", DUE), ONE) == [("a", "wait-without-role")]


@pytest.mark.parametrize(
    ("date", "rules"),
    [
        ("2026-05-01", ["wait-without-escalation"]),
        ("=date(&quot;2026-05-01&quot;)", ["wait-without-escalation"]),
        ("=deadline(&quot;quiet&quot;)", ["wait-without-escalation"]),
        ("=deadline(&quot;answer&quot;, date(started))", []),
        ("=if late then deadline(&quot;answer&quot;) else deadline(&quot;quiet&quot;)", ["wait-without-escalation"]),
        # Not declared: another check's finding.
        ("=deadline(&quot;unknown&quot;)", []),
    ],
)
def test_a_date_must_be_tied_to_a_deadline_that_somebody_hears_of(date: str, rules: list[str]) -> None:
    assert found(task("a", due(date)), ONE) == [("a", rule) for rule in rules]


@pytest.mark.parametrize("said", [WHO, due("2026-05-01"), due("=deadline(&quot;quiet&quot;)")])
@pytest.mark.parametrize("interrupting", [True, False])
def test_a_timer_on_the_task_that_leads_to_somebody_is_date_and_escalation(said: str, interrupting: bool) -> None:
    late = boundary("late", "a", interrupting=interrupting)
    flows = ONE + "\nlate -> b\nb -> e"
    assert found(task("a", said) + late + task("b"), flows) == []
    assert found(task("a", said) + late + NOTICE.format("b"), flows) == []
    assert found(task("a", said) + late + SCRIPT.format("b"), flows) == [("a", "wait-without-escalation")]


def test_a_timer_that_interrupts_goes_on_behind_what_it_leaves() -> None:
    inside = (
        task("a", WHO)
        + '<startEvent id="is"/><endEvent id="ie"/>'
        + boundary("late", "a")
        + "<flows>\nis -> a\na -> ie\nlate -> ie\n</flows>"
    )
    sub = f'<subProcess id="sub">{inside}</subProcess>'
    assert found(sub + task("b"), "s -> sub\nsub -> b\nb -> e") == []
    assert found(sub, "s -> sub\nsub -> e") == [("a", "wait-without-escalation")]
    quiet = sub.replace('cancelActivity="true"', 'cancelActivity="false"')
    assert found(quiet + task("b"), "s -> sub\nsub -> b\nb -> e") == [("a", "wait-without-escalation")]


def test_an_escalation_or_an_error_is_followed_to_where_it_is_caught() -> None:
    thrown = '<endEvent id="told"><escalationEventDefinition escalationRef="x"/></endEvent>'
    inside = (
        task("a", WHO) + '<startEvent id="is"/><endEvent id="ie"/>' + boundary("late", "a", interrupting=False) + thrown
    )
    sub = f'<subProcess id="sub">{inside}<flows>\nis -> a\na -> ie\nlate -> told\n</flows></subProcess>'
    catch = '<boundaryEvent id="heard" attachedToRef="sub" cancelActivity="false"><escalationEventDefinition escalationRef="x"/></boundaryEvent>'
    declared = '<escalation id="x" escalationCode="late"/>'
    flows = "s -> sub\nsub -> e"
    assert found(sub + catch + task("b"), flows + "\nheard -> b\nb -> e", declared=declared) == []
    assert found(sub, flows, declared=declared) == [("a", "wait-without-escalation")]


def test_a_repeated_task_is_looked_at_once() -> None:
    each = (
        '<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="=list" '
        'inputElement="one"/></extensionElements></multiInstanceLoopCharacteristics>'
    )
    assert found(task("a", "", each), ONE) == [("a", "wait-without-date"), ("a", "wait-without-role")]
    assert found(task("a", WHO, each) + boundary("late", "a") + task("b"), ONE + "\nlate -> b\nb -> e") == []


WAITS = {
    "message": CATCH.format("a"),
    "receive": '<receiveTask id="a" messageRef="m"/>',
    "condition": '<intermediateCatchEvent id="a"><conditionalEventDefinition><condition>=x</condition></conditionalEventDefinition></intermediateCatchEvent>',
    "gateway": '<eventBasedGateway id="a"/>' + CATCH.format("a1") + CATCH.format("a2"),
}
WAIT_FLOWS = {kind: "s -> a\na -> e" for kind in WAITS} | {"gateway": "s -> a\na -> a1\na -> a2\na1 -> e\na2 -> e"}


@pytest.mark.parametrize("kind", WAITS)
def test_what_waits_for_something_to_happen_has_a_date(kind: str) -> None:
    assert found(WAITS[kind], WAIT_FLOWS[kind]) == [("a", "wait-without-date")]


@pytest.mark.parametrize("kind", WAITS)
@pytest.mark.parametrize("interrupting", ["true", "false"])
def test_a_timer_of_an_event_sub_process_beside_it_is_a_date(kind: str, interrupting: str) -> None:
    late = (
        '<subProcess id="late" triggeredByEvent="true"><startEvent id="ls" isInterrupting="{}">'
        + TIMER
        + "</startEvent>{}</subProcess>"
    )
    loud = late.format(interrupting, NOTICE.format("n") + '<endEvent id="le"/><flows>\nls -> n\nn -> le\n</flows>')
    quiet = late.format(interrupting, '<endEvent id="le"/><flows>\nls -> le\n</flows>')
    assert found(WAITS[kind] + loud, WAIT_FLOWS[kind]) == []
    assert found(WAITS[kind] + quiet, WAIT_FLOWS[kind]) == [("a", "wait-without-escalation")]


def test_an_event_sub_process_with_a_timer_is_no_date_for_a_task() -> None:
    late = (
        '<subProcess id="late" triggeredByEvent="true"><startEvent id="ls" isInterrupting="false">'
        + TIMER
        + "</startEvent>"
    )
    late += NOTICE.format("n") + '<endEvent id="le"/><flows>\nls -> n\nn -> le\n</flows></subProcess>'
    assert found(task("a", WHO) + late, ONE) == [("a", "wait-without-date")]


def test_a_timer_behind_the_event_gateway_is_a_date_if_somebody_hears() -> None:
    late = f'<intermediateCatchEvent id="late">{TIMER}</intermediateCatchEvent>'
    body, flows = '<eventBasedGateway id="a"/>' + CATCH.format("a1") + late, "s -> a\na -> a1\na -> late\na1 -> e\n"
    assert found(body + task("b"), flows + "late -> b\nb -> e") == []
    assert found(body, flows + "late -> e") == [("a", "wait-without-escalation")]


def test_a_timer_on_the_sub_process_around_it_is_a_date() -> None:
    inside = '<startEvent id="is"/>' + CATCH.format("a") + '<endEvent id="ie"/><flows>\nis -> a\na -> ie\n</flows>'
    sub = f'<subProcess id="sub">{inside}</subProcess>' + boundary("late", "sub", interrupting=False)
    assert found(sub + NOTICE.format("n"), "s -> sub\nsub -> e\nlate -> n\nn -> e") == []
    assert found(sub, "s -> sub\nsub -> e\nlate -> e") == [("a", "wait-without-escalation")]


def test_a_called_process_is_watched_where_all_who_call_it_watch_it() -> None:
    called = '<process id="q" isExecutable="true"><startEvent id="qs"/>' + CATCH.format("a") + '<endEvent id="qe"/>'
    called += '<sequenceFlow id="q1" sourceRef="qs" targetRef="a"/><sequenceFlow id="q2" sourceRef="a" targetRef="qe"/></process>'
    call = '<callActivity id="{0}"><extensionElements><zeebe:calledElement processId="q"/></extensionElements></callActivity>'
    watched = call.format("c") + boundary("late", "c", interrupting=False) + NOTICE.format("n")
    flows = "s -> c\nlate -> n\nn -> e\n"
    assert found(watched, flows + "c -> e", declared=MESSAGE + called) == []
    twice = found(watched + call.format("d"), flows + "c -> d\nd -> e", declared=MESSAGE + called)
    assert twice == [("a", "wait-without-date")]


def test_a_timer_alone_is_its_own_date() -> None:
    assert found(f'<intermediateCatchEvent id="a">{TIMER}</intermediateCatchEvent>', ONE) == []


# Ends

STOP = '<endEvent id="stop"><terminateEventDefinition/></endEvent>'
FORK = '<parallelGateway id="fork"/>'
OTHERS = '<zeebe:assignmentDefinition candidateGroups="receiver"/>' + DUE


def test_an_end_that_stops_everything_must_not_take_anothers_task_away() -> None:
    body, flows = FORK + task("a") + task("b", OTHERS) + STOP, "s -> fork\nfork -> a\nfork -> b\nb -> e\n"
    assert found(body, flows + "a -> stop") == [("stop", "end-leaves-work")]
    assert found(body + NOTICE.format("n"), flows + "a -> n\nn -> stop") == []


def test_the_task_of_whoever_ends_it_may_go() -> None:
    assert found(FORK + task("a") + task("b") + STOP, "s -> fork\nfork -> a\nfork -> b\na -> stop\nb -> e") == []


def test_branches_that_are_joined_before_the_end_leave_nothing() -> None:
    join = '<parallelGateway id="join"/>'
    flows = "s -> fork\nfork -> a\nfork -> b\na -> join\nb -> join\njoin -> stop"
    body = FORK + task("a") + task("b", OTHERS) + join + STOP
    assert [one for one in found(body.replace('<endEvent id="e"/>', ""), flows) if one[1] == "end-leaves-work"] == []


def test_a_timer_beside_a_task_must_not_stop_it_unheard() -> None:
    body = task("a") + boundary("late", "a", interrupting=False) + STOP
    assert found(body, ONE + "\nlate -> stop") == [("stop", "end-leaves-work")]


def test_a_task_of_an_event_sub_process_may_be_open_when_the_end_comes() -> None:
    beside = '<subProcess id="es" triggeredByEvent="true"><startEvent id="es1" isInterrupting="false"><messageEventDefinition messageRef="m"/></startEvent>'
    beside += task("b", OTHERS) + '<endEvent id="es2"/><flows>\nes1 -> b\nb -> es2\n</flows></subProcess>'
    assert found(beside + task("a") + STOP, "s -> a\na -> stop") == [("stop", "end-leaves-work")]
    assert found(beside + task("a"), ONE) == []


# Hand-overs

MOVE = service("move", "set-owner", ("unit", "=handover.unit"))
CHOOSE = '<zeebe:formDefinition formId="handover"/>'
RECEIPT = '<zeebe:assignmentDefinition candidateGroups="=[handover.unit]"/>' + DUE


def moved(body: str, flows: str) -> list[tuple[str, str]]:
    choose = task("choose")[: -len("</extensionElements></userTask>")]
    choose += '<zeebe:ioMapping><zeebe:output source="=x" target="handover"/></zeebe:ioMapping></extensionElements></userTask>'
    return found(choose + MOVE + body, flows)


def test_a_case_moves_when_the_receiver_has_done_its_task() -> None:
    assert moved(task("take", RECEIPT), "s -> choose\nchoose -> take\ntake -> move\nmove -> e") == []


def test_a_case_does_not_move_to_whoever_has_not_answered() -> None:
    assert moved("", "s -> choose\nchoose -> move\nmove -> e") == [("move", "handover-without-receipt")]


def test_every_way_to_the_move_needs_the_receipt() -> None:
    late = task("take", RECEIPT) + boundary("late", "take") + '<exclusiveGateway id="x"/>'
    flows = "s -> choose\nchoose -> take\ntake -> x\nx -> move\nmove -> e\n"
    assert moved(late + NOTICE.format("n"), flows + "late -> n\nn -> x") == [("move", "handover-without-receipt")]
    assert moved(late + task("ask", RECEIPT), flows + "late -> ask\nask -> x") == []


def test_a_receipt_of_the_one_before_does_not_count_for_the_next() -> None:
    flows = "s -> choose\nchoose -> take\ntake -> again\nagain -> move [=ok]\nagain -> other [default]\nmove -> e\n"
    other = task("other").replace(
        "</extensionElements>",
        '<zeebe:ioMapping><zeebe:output source="=x" target="handover"/></zeebe:ioMapping></extensionElements>',
    )
    body = task("take", RECEIPT) + '<exclusiveGateway id="again"/><exclusiveGateway id="x"/>' + other
    assert moved(body, flows + "other -> take") == []
    flows = flows.replace("again -> move [=ok]", "again -> x [=ok]\nx -> move")
    assert moved(body, flows + "other -> x") == [("move", "handover-without-receipt")]


def test_a_receipt_on_one_of_two_joined_branches_is_enough() -> None:
    body = FORK + '<parallelGateway id="join"/>' + task("take", RECEIPT) + task("sum_up")
    flows = "s -> choose\nchoose -> fork\nfork -> take\nfork -> sum_up\ntake -> join\nsum_up -> join\njoin -> move\nmove -> e"
    assert moved(body, flows) == []


def test_a_role_that_the_receiver_has_been_given_receives() -> None:
    role = '<zeebe:assignmentDefinition candidateGroups="receiver"/>' + DUE
    give = service("give", "add-party", ("unit", "=handover.unit"), ("roles", "=[&quot;receiver&quot;]"))
    flows = "s -> choose\nchoose -> give\ngive -> take\ntake -> move\nmove -> e"
    assert moved(give + task("take", role), flows) == []
    assert moved(SCRIPT.format("give") + task("take", role), flows) == [("move", "handover-without-receipt")]


def test_a_case_that_is_routed_before_anybody_has_worked_on_it_hands_nothing_over() -> None:
    assert found(MOVE + task("a"), "s -> move\nmove -> a\na -> e") == []


def test_a_receipt_is_seen_from_inside_a_sub_process() -> None:
    inside = f'<subProcess id="sub"><startEvent id="is"/>{MOVE}<endEvent id="ie"/><flows>\nis -> move\nmove -> ie\n</flows></subProcess>'
    assert found(task("take", RECEIPT) + inside, "s -> take\ntake -> sub\nsub -> e") == []
    assert found(task("a") + inside, "s -> a\na -> sub\nsub -> e") == [("move", "handover-without-receipt")]


def test_a_unit_that_is_named_has_done_a_task_of_its_own() -> None:
    move = service("move", "set-owner", ("unit", "receiver"))
    assert found(task("a", OTHERS) + move, "s -> a\na -> move\nmove -> e") == []
    assert found(task("a") + move, "s -> a\na -> move\nmove -> e") == [("move", "handover-without-receipt")]
