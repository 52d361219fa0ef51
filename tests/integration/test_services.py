"""Service tasks change the case in the command that reaches them; what others must hear leaves after the commit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine import Actor, Engine, VirtualClock
from engine.job_types import JOB_TYPES
from engine.outbox import unsent
from engine.services import HANDLERS, CaseContext, ServiceCall, handler
from tests.integration import drawing as draw

Publish = Callable[[str], None]
ROLES = """[process]
title = "Roles"
[roles.coordinator]
title = "Samordnare"
kinds = ["elevhalsa"]
[roles.summoned]
title = "Kallad"
[roles.social]
title = "Socialtjänst"
kinds = ["socialtjanst"]
"""


def line(id: str, *elements: str) -> str:
    ids = [element.split('id="', 1)[1].split('"', 1)[0] for element in elements]
    start_and_end = '<startEvent id="start"/><endEvent id="end"/>'
    return draw.process(id, start_and_end, *elements, draw.flows(">".join(["start", *ids, "end"])))


def open_tasks(engine: Engine, case: str) -> dict[str, tuple[str, ...]]:
    return {task.element_id: task.units for task in engine.tasks(case=case)}


def test_set_owner_hands_the_case_over_within_the_same_command(
    organisation: Engine, anna: Actor, tmp_path: Path
) -> None:
    engine = organisation
    model = line(
        "over",
        draw.task("before", group="coordinator"),
        draw.service("hand", "set-owner", {"unit": '="soc-skovde"'}),
        draw.task("after", group="summoned"),
    )
    engine.publish(draw.package(tmp_path, "over", model, ROLES))
    case = engine.start("over", by=anna)
    assert open_tasks(engine, case.id) == {"before": ("elevhalsa-skovde",)}
    engine.complete(engine.tasks(case=case.id)[0].id, {}, by=anna)
    assert engine.case(case.id).owner == "soc-skovde"
    assert open_tasks(engine, case.id) == {"after": ("soc-skovde",)}
    # Whoever handed it over remains a party and may still read it.
    assert engine.case(case.id, by=anna).party_units == ["elevhalsa-skovde"]
    [handed] = [entry for entry in engine.history(case.id) if entry.kind == "owner-set"]
    assert handed.payload == {"from": "elevhalsa-skovde", "to": "soc-skovde"}
    assert engine.check() == []


def test_tasks_move_with_the_roles_that_parties_are_given(organisation: Engine, anna: Actor, tmp_path: Path) -> None:
    engine = organisation
    model = draw.process(
        "roles",
        '<startEvent id="start"/><parallelGateway id="split"/><parallelGateway id="join"/><endEvent id="end"/>',
        draw.task("summoned_task", group="summoned"),
        draw.task("invite"),
        draw.service("add", "add-party", {"unit": "=who", "roles": '=["summoned"]', "ground": '="consent"'}),
        draw.task("again"),
        draw.service("remove", "remove-party", {"unit": "=who", "roles": '=["summoned"]'}),
        draw.flows("start>split>summoned_task>join>end", "split>invite>add>again>remove>join"),
    )
    engine.publish(draw.package(tmp_path, "roles", model, ROLES))
    case = engine.start("roles", by=anna)
    tasks = {task.element_id: task for task in engine.tasks(case=case.id)}
    assert tasks["summoned_task"].units == ("elevhalsa-skovde",)
    engine.claim(tasks["summoned_task"].id, by=anna)
    engine.complete(tasks["invite"].id, {"who": "bup"}, by=anna)
    assert open_tasks(engine, case.id) == {"summoned_task": ("bup",), "again": ("elevhalsa-skovde",)}
    bea = Actor(id="bea", units=["bup"])
    assert [task.element_id for task in engine.tasks(by=bea)] == ["summoned_task"]
    assert [party.ground for party in engine.parties(case.id)] == ["consent"]
    # It has left anna's unit: she has it no longer, and BUP's mailbox hears of it.
    assert [task.element_id for task in engine.tasks(by=anna)] == ["again"]
    with engine.database.reading() as tx:
        assert [item.payload["to"] for item in unsent(tx)] == ["unit:bup"]
    again = next(task for task in engine.tasks(case=case.id) if task.element_id == "again")
    engine.complete(again.id, {}, by=anna)
    assert open_tasks(engine, case.id) == {"summoned_task": ("elevhalsa-skovde",)}
    assert engine.tasks(by=bea) == []
    assert engine.tasks(case=case.id)[0].assignee is None
    assert engine.check() == []


def test_a_role_goes_to_parties_then_owner_then_fitting_kinds(organisation: Engine, tmp_path: Path) -> None:
    engine = organisation
    model = draw.process(
        "who",
        '<startEvent id="start"/><parallelGateway id="split"/><parallelGateway id="join"/><endEvent id="end"/>',
        draw.service("add", "add-party", {"unit": '=["elevhalsa-skovde", "bup"]'}),
        *[draw.task(f"t_{group}", group=group) for group in ("coordinator", "social", "bup", "unheard-of")],
        draw.flows(
            "start>add>split",
            *[f"split>t_{group}>join" for group in ("coordinator", "social", "bup", "unheard-of")],
            "join>end",
        ),
    )
    engine.publish(draw.package(tmp_path, "who", model, ROLES))
    sara = Actor(id="sara", units=["soc-skovde"], roles=["staff"])
    case = engine.start("who", by=sara)
    assert open_tasks(engine, case.id) == {
        "t_coordinator": ("elevhalsa-skovde",),  # a party of the fitting kind: the owner is of another
        "t_social": ("soc-skovde",),  # the owner itself
        "t_bup": ("bup",),  # a unit's own id
        "t_unheard-of": (),  # a plain name
    }


def test_notices_go_to_whoever_has_got_a_task_and_name_nobody(
    organisation: Engine, anna: Actor, tmp_path: Path
) -> None:
    engine = organisation
    model = line(
        "told",
        draw.service("tell", "notice", {"to": '="bup"'}, {"text": "En ny mall finns."}),
        draw.task("theirs", group="bup"),
    )
    engine.publish(draw.package(tmp_path, "told", model, ROLES))
    engine.start("told", answers={"child": {"name": "Exempel Andersson"}}, by=anna)
    with engine.database.reading() as tx:
        waiting = unsent(tx)
    assert [(item.payload["to"], item.payload["reason"]) for item in waiting] == [
        ("unit:bup", "notice"),
        ("unit:bup", "task"),
    ]
    assert "Andersson" not in str(waiting)


def test_start_case_starts_another_case_after_the_commit(engine: Engine, anna: Actor, tmp_path: Path) -> None:
    draw.write(tmp_path, draw.chain("child", "ask"))
    parent = line(
        "parent", draw.service("go", "start-case", {"answers": "={a: 1}"}, {"process": "child"}), draw.task("x")
    )
    engine.publish(draw.write(tmp_path, parent))
    assert {version.process_id for version in engine.versions()} == {"parent", "child"}
    case = engine.start("parent", by=anna)
    child, itself = engine.cases()
    assert (itself.id, child.process_id, child.owner) == (case.id, "child", "elevhalsa-skovde")
    assert engine.case(child.id).data == {"a": 1}
    [started] = [entry for entry in engine.history(child.id) if entry.kind == "started"]
    assert started.payload["from"] == case.id
    assert engine.deliver() == 0
    assert engine.check() == []


def test_what_a_model_gives_a_service_wrong_is_an_incident_that_the_owner_hears_of(
    organisation: Engine, anna: Actor, publish: Publish
) -> None:
    engine = organisation
    publish(line("wrong", draw.service("hand", "set-owner", {"unit": "=1 + 1"}), draw.task("after")))
    case = engine.start("wrong", by=anna)
    assert case.incidents == 1
    assert "unit" in case.incident_messages[0]
    assert "måste vara en text" in case.incident_texts[0].sv
    assert case.owner == "elevhalsa-skovde"
    assert engine.fire_due() == 1
    with engine.database.reading() as tx:
        told = [(item.payload["to"], item.payload["reason"]) for item in unsent(tx)]
    assert ("unit:elevhalsa-skovde", "stopped") in told
    assert [deadline.kind for deadline in engine.deadlines(case.id)] == ["stopped"], "told again until somebody acts"
    assert engine.check() == []
    engine.retry_incident(case.id, by=anna)
    assert engine.case(case.id).incidents == 1


def test_a_handler_of_ones_own_is_registered_and_its_result_becomes_variables(
    engine: Engine, anna: Actor, publish: Publish
) -> None:
    @handler("test-double")
    def double(call: ServiceCall, case: CaseContext) -> dict[str, object]:
        return {"doubled": call.inputs["number"] * 2, "by": case.number}

    try:
        publish(line("own", draw.service("go", "test-double", {"number": "=21"}), draw.task("after")))
        case = engine.start("own", by=anna)
        assert case.data == {"doubled": 42, "by": case.id}
    finally:
        del HANDLERS["test-double"], JOB_TYPES["test-double"]


def test_every_job_type_has_a_handler() -> None:
    assert HANDLERS.keys() == JOB_TYPES.keys()


def test_a_message_between_two_cases_arrives_after_the_commit(engine: Engine, anna: Actor, publish: Publish) -> None:
    keyed = {"answer": "=other"}
    publish(
        draw.process(
            "asker",
            '<startEvent id="start"/><endEvent id="end"/>',
            draw.message("wait", "answer"),
            draw.task("got"),
            draw.flows("start>wait>got>end"),
            messages={"answer": "=case.id"},
        )
    )
    publish(
        draw.process(
            "answerer",
            '<startEvent id="start"/><endEvent id="end"/>',
            draw.task("think"),
            draw.message("throw", "answer", throw=True),
            draw.flows("start>think>throw>end"),
            messages=keyed,
        )
    )
    asker = engine.start("asker", by=anna)
    assert engine.tasks(case=asker.id) == []
    answerer = engine.start("answerer", answers={"other": asker.id}, by=anna)
    engine.complete(engine.tasks(case=answerer.id)[0].id, {}, by=anna)
    assert [task.element_id for task in engine.tasks(case=asker.id)] == ["got"]
    assert engine.case(answerer.id).closed_at is not None


def test_a_signal_reaches_every_case_that_waits(engine: Engine, anna: Actor, publish: Publish) -> None:
    catch = (
        '<intermediateCatchEvent id="wait"><signalEventDefinition signalRef="Signal_alarm"/></intermediateCatchEvent>'
    )
    throw = (
        '<intermediateThrowEvent id="throw"><signalEventDefinition signalRef="Signal_alarm"/></intermediateThrowEvent>'
    )
    ends = '<startEvent id="start"/><endEvent id="end"/>'
    publish(
        draw.process("hear", ends, catch, draw.task("heard"), draw.flows("start>wait>heard>end"), signals=("alarm",))
    )
    publish(draw.process("cry", ends, throw, draw.flows("start>throw>end"), signals=("alarm",)))
    cases = [engine.start("hear", by=anna).id for _ in range(3)]
    engine.start("cry", by=anna)
    assert [len(engine.tasks(case=case)) for case in cases] == [1, 1, 1]
    more = engine.start("hear", by=anna)
    assert engine.signal("alarm") == 1
    assert len(engine.tasks(case=more.id)) == 1


def test_a_message_starts_a_case_when_nobody_waits_for_it(
    engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    publish(
        draw.process(
            "reported",
            draw.message("start", "report", start=True),
            '<endEvent id="end"/>',
            draw.task("look"),
            draw.flows("start>look>end"),
            messages={"report": ""},
        )
    )
    assert engine.send("report", payload={"what": "worry"}, by=anna) == 1
    [case] = engine.cases()
    assert (case.process_id, case.owner) == ("reported", "elevhalsa-skovde")
    assert engine.case(case.id).data == {"what": "worry"}
    assert engine.send("unheard-of") == 0
