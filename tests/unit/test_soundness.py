"""Soundness: what can go wrong in a process is found, with the way that leads there; what cannot is accepted."""

from __future__ import annotations

import pytest

from engine.bpmn import Model
from engine.findings import Finding
from engine.packages import Package
from engine.validation import soundness
from tests.models import bpmn
from tests.unit.test_bpmn_flow import LOOP, PARALLEL, chain


def problems(body: str | bytes, declared: str = "") -> list[soundness.Problem]:
    content = body if isinstance(body, bytes) else bpmn(body, declared=declared)
    return soundness.check(Model.load(Package.from_files({"p.bpmn": content}, "p")).specs)


def findings(body: str) -> list[Finding]:
    return soundness.findings(Model.load(Package.from_files({"p.bpmn": bpmn(body)}, "p")).specs)


def kinds(body: str | bytes) -> set[str]:
    return {problem.kind for problem in problems(body)}


@pytest.mark.parametrize("body", [LOOP, PARALLEL])
def test_a_sound_process_is_accepted(body: str) -> None:
    assert problems(body) == []


XOR_THEN_AND = """<startEvent id="s"/><exclusiveGateway id="x"/><userTask id="a"/><userTask id="b"/>
<parallelGateway id="j"/><endEvent id="e"/>
<flows>
s -> x
x -> a [=v]
x -> b [default]
a -> j
b -> j
j -> e
</flows>"""


def test_a_deadlock_is_found_with_the_way_there() -> None:
    found = next(problem for problem in problems(XOR_THEN_AND) if problem.kind == "deadlock")
    assert found.element == "j"
    assert found.path[0] == "s"
    assert found.path[-1] == "j"
    assert str(found.finding()).startswith("p.bpmn:j: error deadlock: ")


def test_a_finding_has_the_whole_way_as_ids_and_shows_the_last_twelve_by_name() -> None:
    names = [f"t{n}" for n in range(20)]
    tasks = "".join(f'<userTask id="{name}" name="Task {name}"/>' for name in names)
    body = XOR_THEN_AND.replace('<startEvent id="s"/>', f'<startEvent id="s"/>{tasks}').replace("s -> x", "t19 -> x")
    (found,) = (one for one in findings(body + chain("s", *names)) if one.rule == "deadlock")
    assert found.path == ("s", *names, "x", found.path[-2], "j")
    way = [f"Task {name}" for name in names[11:]]
    assert found.message.endswith(f"(on the way … → {' → '.join(way)} → x → {found.path[-2]} → j)")
    assert found.swedish is not None
    assert found.swedish[0].endswith(f"(på vägen … → {' → '.join(way)} → x → {found.path[-2]} → j)")


def test_of_several_starts_the_way_begins_at_the_one_that_leads_there() -> None:
    body = XOR_THEN_AND + '<startEvent id="other"/><userTask id="o"/>' + chain("other", "o")
    body = body.replace('<startEvent id="s"/>', "") + '<startEvent id="s"/>'
    (found,) = (one for one in findings(body) if one.rule == "deadlock")
    assert (found.path[0], found.path[-1]) == ("s", "j")


@pytest.mark.parametrize(("items", "endless"), [("=[ ]", True), ("=[1]", False), ("=items", False)])
def test_who_is_asked_once_for_nothing_is_not_waited_for(items: str, endless: bool) -> None:
    loop = f'<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="{items}"/></extensionElements></multiInstanceLoopCharacteristics>'
    body = f'<startEvent id="s"/><userTask id="u">{loop}</userTask>{chain("s", "u", "u")}'
    assert [one.rule for one in findings(body) if one.rule == "loop-without-wait"] == ["loop-without-wait"] * endless


@pytest.mark.parametrize(("way", "endless"), [(("s", "c", "u", "e"), True), (("s", "u", "c", "e"), False)])
def test_a_process_that_calls_itself_before_it_waits_is_found(way: tuple[str, ...], endless: bool) -> None:
    call = '<callActivity id="c"><extensionElements><zeebe:calledElement processId="p"/></extensionElements></callActivity>'
    body = f'<startEvent id="s"/>{call}<userTask id="u"/><endEvent id="e"/>{chain(*way)}'
    assert [(one.rule, one.element, one.path) for one in findings(body)] == (
        [("loop-without-wait", "c", ("s", "c"))] if endless else []
    )


def test_what_is_not_proven_in_time_is_said_to_be_so() -> None:
    model = Model.load(Package.from_files({"p.bpmn": bpmn(LOOP)}, "p"))
    (found,) = soundness.findings(model.specs, seconds=0)
    assert (found.rule, found.severity, found.element) == ("soundness-not-proven", "publishing", "p")
    assert "within 0 seconds" in found.message


def test_what_nothing_reaches_is_found() -> None:
    found = problems(XOR_THEN_AND)
    assert ("dead", "e") in {(problem.kind, problem.element) for problem in found}


def test_tokens_that_multiply_in_a_loop_are_found() -> None:
    body = f"""<startEvent id="s"/><exclusiveGateway id="m"/><userTask id="a"/><parallelGateway id="g"/><userTask id="b"/>
    <endEvent id="e"/>{chain("s", "m", "a", "g", "b", "e")}{chain("g", "m")}"""
    assert "unbounded" in kinds(body)


def test_a_loop_of_automatic_steps_is_found_although_it_has_a_way_out() -> None:
    body = """<startEvent id="s"/><exclusiveGateway id="m"/><task id="a"/><exclusiveGateway id="x"/><endEvent id="e"/>
    <flows>
    s -> m
    m -> a
    a -> x
    x -> m [=v]
    x -> e [default]
    </flows>"""
    assert kinds(body) == {"endless-loop"}


def test_a_sub_process_that_waits_breaks_a_loop() -> None:
    inside = f'<startEvent id="ss"/><userTask id="u"/><endEvent id="se"/>{chain("ss", "u", "se")}'
    body = """<startEvent id="s"/><exclusiveGateway id="m"/><subProcess id="a">INSIDE</subProcess>
    <exclusiveGateway id="x"/><endEvent id="e"/>
    <flows>
    s -> m
    m -> a
    a -> x
    x -> m [=v]
    x -> e [default]
    </flows>"""
    assert kinds(body.replace("INSIDE", inside)) == set()
    assert kinds(body.replace("INSIDE", inside.replace("userTask", "task"))) == {"endless-loop"}


def test_terminate_leaves_no_deadlock_behind_and_kills_no_part() -> None:
    body = f"""<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/><userTask id="c"/>
    <endEvent id="stop"><terminateEventDefinition/></endEvent><endEvent id="e"/>
    {chain("s", "g", "a", "stop")}{chain("g", "b", "c", "e")}"""
    assert problems(body) == []


def test_a_reminder_beside_a_loop_is_no_multiplication() -> None:
    body = """<startEvent id="s"/><exclusiveGateway id="m"/><userTask id="a"/><boundaryEvent id="b" attachedToRef="a"
    cancelActivity="false"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>
    <userTask id="r"/><endEvent id="re"/><exclusiveGateway id="x"/><endEvent id="e"/>
    <flows>
    s -> m
    m -> a
    b -> r
    r -> re
    a -> x
    x -> m [=v]
    x -> e [default]
    </flows>"""
    assert problems(body) == []


def test_twenty_parallel_branches_with_choices_are_proven_at_once() -> None:
    body = '<startEvent id="s"/><parallelGateway id="g"/><parallelGateway id="j"/><endEvent id="e"/>'
    body += chain("s", "g") + chain("j", "e")
    for n in range(20):
        body += f'<exclusiveGateway id="x{n}"/><userTask id="a{n}"/><userTask id="b{n}"/><exclusiveGateway id="y{n}"/>'
        body += f"<flows>\ng -> x{n}\nx{n} -> a{n} [=v]\nx{n} -> b{n} [default]\na{n} -> y{n}\nb{n} -> y{n}\ny{n} -> j\n</flows>"
    assert problems(body) == []


def test_a_branch_that_goes_round_for_ever_does_not_hide_the_one_beside() -> None:
    """Found by the random models: the loop was entered where no flow led back, and the other branch was forgotten."""
    body = """<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="round"/><userTask id="again"/>
    <endEvent id="e"/>
    <flows>
    s -> g
    g -> a
    g -> round
    a -> e
    round -> again
    again -> round
    </flows>"""
    assert problems(body) == []
