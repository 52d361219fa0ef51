"""Events that never happen are named; what is heard by several, or under another key, is left in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.packages import Package
from engine.validation import idle_events
from engine.validation.subject import Subject
from tests.models import bpmn
from tests.unit.test_bpmn_events import timer
from tests.unit.test_bpmn_flow import chain

PROCESSES = Path(__file__).parents[2] / "processes"
MESSAGE = '<messageEventDefinition messageRef="{}"/>'
DECLARED = (
    '<message id="m1" name="answer"/><message id="m2" name="answer"/><signal id="s1" name="all"/>'
    '<message id="m3" name="answer"><extensionElements><zeebe:subscription correlationKey="=partner"/>'
    '</extensionElements></message><escalation id="x1" name="up" escalationCode="up"/>'
)


def found(body: str) -> list[tuple[str, str]]:
    content = bpmn(body, declared=DECLARED)
    return [
        (one.rule, one.element) for one in idle_events.check(Subject.of(Package.from_files({"p.bpmn": content}, "p")))
    ]


def at_a_gateway(first: str, second: str) -> str:
    return f"""<startEvent id="s"/><eventBasedGateway id="g"/><intermediateCatchEvent id="one">{first}</intermediateCatchEvent>
    <intermediateCatchEvent id="two">{second}</intermediateCatchEvent><endEvent id="e"/>
    {chain("s", "g", "one", "e")}{chain("g", "two", "e")}"""


def test_of_two_events_for_one_message_only_one_hears_it() -> None:
    assert found(at_a_gateway(MESSAGE.format("m1"), MESSAGE.format("m2"))) == [("heard-once", "two")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (MESSAGE.format("m1"), MESSAGE.format("m3")),
        ('<signalEventDefinition signalRef="s1"/>', '<signalEventDefinition signalRef="s1"/>'),
        (timer("timeDuration", "P1D"), timer("timeDuration", "P1D")),
    ],
)
def test_another_key_a_signal_and_a_timer_are_heard_by_each(first: str, second: str) -> None:
    assert found(at_a_gateway(first, second)) == []


def test_two_event_sub_processes_for_one_escalation_are_found() -> None:
    subs = "".join(
        f"""<subProcess id="ev{n}" triggeredByEvent="true"><startEvent id="es{n}" isInterrupting="false">
        <escalationEventDefinition escalationRef="x1"/></startEvent><userTask id="et{n}"/>{chain(f"es{n}", f"et{n}")}</subProcess>"""
        for n in (1, 2)
    )
    body = f'<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>{chain("s", "a", "e")}{subs}'
    assert found(body) == [("heard-once", "es2")]


START = '<startEvent id="s">{}</startEvent><userTask id="a"/><endEvent id="e"/>' + chain("s", "a", "e")


@pytest.mark.parametrize(
    ("event", "idle"),
    [
        ("", False),
        (MESSAGE.format("m1"), False),
        (timer("timeCycle", "R/P1M"), True),
        ('<signalEventDefinition signalRef="s1"/>', True),
        ("<conditionalEventDefinition><condition>=x</condition></conditionalEventDefinition>", True),
    ],
)
def test_no_case_starts_by_a_clock_a_signal_or_a_condition(event: str, idle: bool) -> None:
    assert found(START.format(event)) == ([("start-by-itself", "s")] if idle else [])


def test_the_timer_that_starts_an_event_sub_process_does_happen() -> None:
    sub = f"""<subProcess id="ev" triggeredByEvent="true"><startEvent id="es">{timer("timeDuration", "P1D")}</startEvent>
    <userTask id="et"/>{chain("es", "et")}</subProcess>"""
    assert found(START.format("") + sub) == []
