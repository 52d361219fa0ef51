"""How tokens move: gateways, joins, loops, sub-processes and calls."""

from __future__ import annotations

from itertools import pairwise

import pytest

from engine.errors import Conflict, InvalidModel
from tests.models import Game, bpmn


def chain(*names: str) -> str:
    """Flows from each to the next."""
    return "<flows>\n" + "\n".join(f"{a} -> {b}" for a, b in pairwise(names)) + "\n</flows>"


def test_a_task_is_completed_once() -> None:
    game = Game(
        f'<startEvent id="s"/><userTask id="a"/><userTask id="b"/><endEvent id="e"/>{chain("s", "a", "b", "e")}'
    )
    token = next(iter(game.run.open_tasks))
    game.complete("a", given=True)
    with pytest.raises(Conflict):
        game.run.complete(token, {})
    assert game.open == ["b"]
    assert game.run.data == {"given": True}
    assert game.complete("b").run.ended


CHOICE = """<startEvent id="s"/><userTask id="a"/><exclusiveGateway id="g"/>
<userTask id="high"/><userTask id="low"/><userTask id="other"/><endEvent id="e"/>
<flows>
s -> a
a -> g
g -> low [=x > 1]
g -> high [=x > 10]
g -> other [default]
low -> e
high -> e
other -> e
</flows>"""


@pytest.mark.parametrize(("x", "expected"), [(20, "low"), (5, "low"), (0, "other")])
def test_an_exclusive_gateway_takes_the_first_true_flow_of_the_file(x: int, expected: str) -> None:
    assert Game(CHOICE).complete("a", x=x).open == [expected]


def test_a_condition_on_an_unknown_variable_is_an_incident_and_not_a_silent_false() -> None:
    game = Game(CHOICE).complete("a")
    assert game.open == []
    assert game.kinds("incident") == ["g"]
    assert "x" in next(iter(game.run.incidents.values()))


def test_an_incident_goes_on_after_a_retry() -> None:
    game = Game(CHOICE).complete("a")
    game.run.data["x"] = 3
    game.run.retry(next(iter(game.run.incidents)))
    game.run.advance()
    assert game.open == ["low"]
    assert not game.run.incidents


PARALLEL = f"""<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/><parallelGateway id="j"/>
<userTask id="c"/><endEvent id="e"/>{chain("s", "g", "a", "j", "c", "e")}{chain("g", "b", "j")}"""


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_parallel_join_waits_for_every_branch_and_keeps_what_each_wrote(order: str) -> None:
    game = Game(PARALLEL)
    game.complete(order[0], one=1)
    assert "c" not in game.open
    game.complete(order[1], two=2)
    assert game.open == ["c"]
    assert game.run.data == {"one": 1, "two": 2}


def test_a_parallel_join_in_a_loop_waits_in_every_round() -> None:
    game = Game(
        f"""<startEvent id="s"/><exclusiveGateway id="m"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/>
        <parallelGateway id="j"/><exclusiveGateway id="again"/><endEvent id="e"/>
        {chain("s", "m", "g", "a", "j", "again")}{chain("g", "b", "j")}
        <flows>
        again -> m [=more]
        again -> e [default]
        </flows>"""
    )
    for round_ in range(5):
        assert game.open == ["a", "b"], round_
        game.complete("a", more=round_ < 4)
        assert game.open == ["b"], round_
        game.complete("b")
    assert game.run.ended


def test_a_join_whose_branch_cannot_come_is_an_incident() -> None:
    game = Game(
        """<startEvent id="s"/><userTask id="t"/><exclusiveGateway id="x"/><userTask id="a"/><userTask id="b"/>
        <parallelGateway id="j"/><endEvent id="e"/>
        <flows>
        s -> t
        t -> x
        x -> a [=true]
        x -> b [default]
        a -> j
        b -> j
        j -> e
        </flows>"""
    )
    game.complete("t").complete("a")
    assert not game.run.ended
    assert game.kinds("incident") == ["j"]


INCLUSIVE = """<startEvent id="s"/><userTask id="t"/><inclusiveGateway id="g"/><userTask id="a"/><userTask id="b"/>
<userTask id="c"/><inclusiveGateway id="j"/><userTask id="after"/><endEvent id="e"/>
<flows>
s -> t
t -> g
g -> a [="a" in which]
g -> b [="b" in which]
g -> c [default]
a -> j
b -> j
c -> j
j -> after
after -> e
</flows>"""


@pytest.mark.parametrize(("which", "tasks"), [(["a"], "a"), (["b"], "b"), (["a", "b"], "ab"), ([], "c")])
def test_an_inclusive_join_waits_for_just_the_branches_that_run(which: list[str], tasks: str) -> None:
    source = INCLUSIVE.replace('"a" in which', 'list contains(which, "a")').replace(
        '"b" in which', 'list contains(which, "b")'
    )
    game = Game(source).complete("t", which=which)
    assert game.open == list(tasks)
    for task in tasks[:-1]:
        assert "after" not in game.complete(task).open
    assert game.complete(tasks[-1]).open == ["after"]


def test_a_sub_process_keeps_its_answers_when_its_boundary_event_takes_over() -> None:
    game = Game(
        f"""<startEvent id="s"/><subProcess id="sub"><startEvent id="ss"/><userTask id="a"/><userTask id="b"/>
        <endEvent id="se"/>{chain("ss", "a", "b", "se")}</subProcess>
        <boundaryEvent id="late" attachedToRef="sub"><timerEventDefinition><timeDuration>P1D</timeDuration>
        </timerEventDefinition></boundaryEvent><userTask id="c"/><endEvent id="e"/>
        {chain("s", "sub", "e")}{chain("late", "c", "e")}"""
    )
    game.complete("a", known={"from": "inside"}).fire("late")
    assert game.open == ["c"]
    assert game.run.data == {"known": {"from": "inside"}}
    assert game.complete("c").run.ended


def test_a_called_process_returns_what_it_wrote() -> None:
    called = bpmn(
        f'<startEvent id="cs"/><userTask id="inner"/><endEvent id="ce"/>{chain("cs", "inner", "ce")}', process="called"
    )
    game = Game(
        f"""<startEvent id="s"/><callActivity id="call"><extensionElements><zeebe:calledElement processId="called"/>
        </extensionElements></callActivity><userTask id="b"/><endEvent id="e"/>{chain("s", "call", "b", "e")}""",
        files={"called.bpmn": called},
    )
    assert game.open == ["inner"]
    assert game.complete("inner", answer=42).run.data == {"answer": 42}
    assert game.open == ["b"]


def test_ids_that_are_names_inside_the_library_are_no_trouble() -> None:
    game = Game(f'<startEvent id="Start"/><userTask id="Root"/><endEvent id="End"/>{chain("Start", "Root", "End")}')
    assert game.complete("Root").run.ended


def test_a_chain_of_nearly_two_thousand_elements_runs() -> None:
    names = [f"t{n}" for n in range(1_900)]
    tasks = "".join(f'<task id="{name}"/>' for name in names)
    game = Game(f'<startEvent id="s"/>{tasks}<userTask id="u"/><endEvent id="e"/>{chain("s", *names, "u", "e")}')
    assert game.open == ["u"]


def test_forty_parallel_blocks_in_a_row_run() -> None:
    body, before = '<startEvent id="s"/>', "s"
    for n in range(40):
        body += f'<parallelGateway id="g{n}"/><task id="a{n}"/><task id="b{n}"/><parallelGateway id="j{n}"/>'
        body += chain(before, f"g{n}", f"a{n}", f"j{n}") + chain(f"g{n}", f"b{n}", f"j{n}")
        before = f"j{n}"
    game = Game(f'{body}<userTask id="u"/><endEvent id="e"/>{chain(before, "u", "e")}')
    assert game.open == ["u"]
    assert len(game.run.snapshot()["instances"][0][-1]) == 1


LOOP = """<startEvent id="s"/><exclusiveGateway id="m"/><userTask id="a"/><exclusiveGateway id="again"/><endEvent id="e"/>
<flows>
s -> m
m -> a
a -> again
again -> m [=more]
again -> e [default]
</flows>"""


def test_a_loop_of_two_thousand_rounds_ends_and_its_state_does_not_grow() -> None:
    game = Game(LOOP)
    early = len(str(game.complete("a", more=True).run.snapshot()))
    for _ in range(2_000):
        game.complete("a", more=True)
    assert len(str(game.run.snapshot())) < early + 40
    assert game.complete("a", more=False).run.ended


def test_a_loop_that_never_waits_is_an_incident() -> None:
    game = Game(
        """<startEvent id="s"/><userTask id="u"/><exclusiveGateway id="m"/><task id="a"/><exclusiveGateway id="x"/>
        <endEvent id="e"/>
        <flows>
        s -> u
        u -> m
        m -> a
        a -> x
        x -> m [=true]
        x -> e [default]
        </flows>""",
        step_budget=500,
    )
    game.complete("u")
    assert "never waiting" in str(game.run.incidents) or "without ever waiting" in str(game.run.incidents)


def test_a_link_leads_on() -> None:
    game = Game(
        f"""<startEvent id="s"/><intermediateThrowEvent id="away"><linkEventDefinition name="L"/></intermediateThrowEvent>
        <intermediateCatchEvent id="here"><linkEventDefinition name="L"/></intermediateCatchEvent><userTask id="a"/>
        <endEvent id="e"/>{chain("s", "away")}{chain("here", "a", "e")}"""
    )
    assert game.open == ["a"]


def test_a_manual_task_is_passed_through_as_in_camunda_8() -> None:
    game = Game(f'<startEvent id="s"/><manualTask id="m"/><endEvent id="e"/>{chain("s", "m", "e")}')
    assert game.run.ended
    assert game.kinds("completed") == ["m"]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<startEvent id="s"/><complexGateway id="c"/>', "unsupported-element"),
        ('<startEvent id="s"/><adHocSubProcess id="c"/>', "unsupported-element"),
        ('<startEvent id="s"/><transaction id="c"/>', "unsupported-element"),
        ('<startEvent id="s"/><task id="a"><standardLoopCharacteristics/></task>', "unsupported-element"),
        ('<startEvent id="s"/><endEvent id="c"><compensateEventDefinition/></endEvent>', "unsupported-element"),
        (
            '<startEvent id="s"/><task id="c"/><boundaryEvent id="b" attachedToRef="c"><compensateEventDefinition/>'
            "</boundaryEvent>",
            "unsupported-element",
        ),
        (
            '<startEvent id="s"/><intermediateThrowEvent id="c"><compensateEventDefinition/></intermediateThrowEvent>',
            "unsupported-element",
        ),
        ('<startEvent id="s"/><task id="c" isForCompensation="true"/>', "unsupported-element"),
        ('<startEvent id="s"/><task id="c" startQuantity="2"/>', "unsupported-element"),
        ('<startEvent id="s"/><task id="c" completionQuantity="2"/>', "unsupported-element"),
        ('<startEvent id="s"/><receiveTask id="c" instantiate="true"/>', "unsupported-element"),
        ('<startEvent id="s"/><eventBasedGateway id="c" eventGatewayType="Parallel"/>', "unsupported-element"),
        (
            '<startEvent id="s"/><task id="a"><multiInstanceLoopCharacteristics behavior="One"/></task>',
            "unsupported-element",
        ),
        (
            '<startEvent id="s"/><task id="a"><multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality>'
            "</multiInstanceLoopCharacteristics></task>",
            "unsupported-element",
        ),
        (
            '<startEvent id="s"/><task id="a"/><boundaryEvent id="b" attachedToRef="a" cancelActivity="false">'
            "<errorEventDefinition/></boundaryEvent>",
            "unsupported-event",
        ),
        ('<startEvent id="s"/><subProcess id="a" triggeredByEvent="true"><startEvent id="b"/></subProcess>', "start"),
        ('<startEvent id="s"/><subProcess id="a"><startEvent id="b"/><startEvent id="c"/></subProcess>', "start"),
        ('<startEvent id="s"><errorEventDefinition/></startEvent>', "start"),
        ('<startEvent id="s"/><endEvent id="e"><timerEventDefinition/></endEvent>', "unsupported-event"),
        ('<userTask id="a"/>', "no-start"),
        ('<startEvent id="s"/><task id="s"/>', "duplicate-id"),
        ('<startEvent id="s"/><flows>\ns -> nowhere\n</flows>', "dangling-flow"),
        ('<startEvent id="s"/><task id="a"/><task id="b"/><flows>\ns -> a\ns -> b\n</flows>', "implicit-split"),
        ('<startEvent id="s"/><task id="a"/><task id="b"/><flows>\ns -> a\na -> b [=x]\n</flows>', "conditional-flow"),
        ('<startEvent id="s"/><intermediateCatchEvent id="c"/>', "unsupported-event"),
        ('<startEvent id="s"/><boundaryEvent id="c"><timerEventDefinition/></boundaryEvent>', "boundary-host"),
        (CHOICE.replace("[=x > 1]", "[=x >]"), "expression"),
        (CHOICE.replace(" [=x > 1]", ""), "missing-condition"),
        (
            '<startEvent id="s"/><userTask id="a"><extensionElements><zeebe:userTaskForm id="f">x</zeebe:userTaskForm>'
            "</extensionElements></userTask>",
            "unsupported-extension",
        ),
        (
            '<startEvent id="s"/><userTask id="a"><extensionElements><zeebe:taskListeners/></extensionElements></userTask>',
            "unsupported-extension",
        ),
        (
            '<startEvent id="s"/><intermediateThrowEvent id="a"><extensionElements><zeebe:taskDefinition type="mail"/>'
            '</extensionElements><signalEventDefinition signalRef="sig"/></intermediateThrowEvent>',
            "unsupported-extension",
        ),
        (
            '<startEvent id="s"/><sendTask id="a" messageRef="msg"><multiInstanceLoopCharacteristics/></sendTask>',
            "unsupported-element",
        ),
        (
            '<startEvent id="s"/><userTask id="a"><extensionElements><zeebe:formDefinition formId="no"/>'
            "</extensionElements></userTask>",
            "reference",
        ),
        (
            '<startEvent id="s"/><callActivity id="a"><extensionElements><zeebe:calledElement processId="no"/>'
            "</extensionElements></callActivity>",
            "reference",
        ),
        ('<startEvent id="s"/><receiveTask id="a"/>', "reference"),
        ('<startEvent id="s"/><serviceTask id="a"/>', "incomplete-task"),
        ('<startEvent id="s"/><scriptTask id="a"><script>x = 1</script></scriptTask>', "incomplete-task"),
        (
            '<startEvent id="s"/><userTask id="a" xmlns:c="http://camunda.org/schema/1.0/bpmn" c:assignee="${me}"/>',
            "foreign-extension",
        ),
        (
            '<startEvent id="s"/><intermediateCatchEvent id="a"><timerEventDefinition><timeDuration>3 days</timeDuration>'
            "</timerEventDefinition></intermediateCatchEvent>",
            "timer",
        ),
        (
            '<startEvent id="s"/><intermediateCatchEvent id="a"><timerEventDefinition/></intermediateCatchEvent>',
            "timer",
        ),
        (
            '<startEvent id="s"/><intermediateThrowEvent id="a"><linkEventDefinition name="x"/></intermediateThrowEvent>',
            "link",
        ),
    ],
)
def test_what_cannot_run_as_drawn_is_refused_with_element_rule_and_remedy(body: str, rule: str) -> None:
    with pytest.raises(InvalidModel) as refused:
        Game(body)
    findings = refused.value.findings
    assert rule in {finding.rule for finding in findings}
    assert all(finding.remedy and finding.severity == "error" for finding in findings)


def test_a_process_that_is_not_executable_is_refused() -> None:
    content = bpmn('<startEvent id="s"/>').replace(b'isExecutable="true"', b'isExecutable="false"')
    with pytest.raises(InvalidModel, match="no-executable-process"):
        Game(content)
