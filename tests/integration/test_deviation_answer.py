"""A case reports a deviation and waits for what the partner group makes of it, without the group seeing the case."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Actor, Engine, NotFound
from engine.example import load_example_organisation
from tests.models import bpmn

DEVIATION = Path(__file__).parents[2] / "processes/deviation"
REPORTER = Actor(id="kurator.skovde", units=["elevhalsa-skovde"], roles=["staff"])
GROUP = Actor(id="sammankallande.skovde", units=["partssamverkan-skovde"], roles=["staff"])
WAITING = bpmn(
    """
    <startEvent id="start"/>
    <serviceTask id="report"><extensionElements>
      <zeebe:taskDefinition type="start-case"/>
      <zeebe:ioMapping>
        <zeebe:input source="deviation" target="process"/>
        <zeebe:input source="={deviation: context merge([deviation, {origin: case.id}])}" target="answers"/>
      </zeebe:ioMapping>
    </extensionElements></serviceTask>
    <intermediateCatchEvent id="answer"><messageEventDefinition messageRef="reviewed"/></intermediateCatchEvent>
    <userTask id="read_answer"/>
    <endEvent id="end"/>
    <flows>
      start -> report
      report -> answer
      answer -> read_answer
      read_answer -> end
    </flows>
    """,
    process="waiting",
    declared="""<message id="reviewed" name="deviation-reviewed"><extensionElements>
      <zeebe:subscription correlationKey="=case.id"/></extensionElements></message>""",
)
TOLD = {
    "date": "2026-03-20",
    "rule": "deadline",
    "what": "Mötet hölls inte i tid.",
    "effect": "Barnet fick vänta.",
    "partner_group": "partssamverkan-skovde",
}


@pytest.fixture
def reported(engine: Engine, tmp_path: Path) -> Engine:
    """Two cases have reported one deviation each."""
    engine.upgrade()
    load_example_organisation(engine)
    engine.publish(DEVIATION)
    (tmp_path / "waiting.bpmn").write_bytes(WAITING)
    engine.publish(tmp_path / "waiting.bpmn")
    for _ in range(2):
        engine.start("waiting", {"deviation": TOLD}, by=REPORTER)
    engine.deliver()
    return engine


def test_the_case_that_reported_it_hears_the_answer_and_no_other_does(reported: Engine) -> None:
    engine = reported
    first, second = sorted(one.id for one in engine.cases(process="waiting"))
    [review] = [
        task
        for task in engine.tasks(unit="partssamverkan-skovde")
        if engine.case(task.case_id).data["deviation"]["origin"] == first
    ]
    answer = {"cause": "Ingen ersatte samordnaren.", "measure": "Det finns en ersättare.", "report_year": 2026}
    engine.complete(review.id, {"deviation_review": answer}, by=GROUP)
    engine.deliver()

    assert [task.element_id for task in engine.tasks(case=first)] == ["read_answer"]
    assert engine.case(first).data["deviation_answer"] == {"cause": answer["cause"], "measure": answer["measure"]}
    assert list(engine.tasks(case=second)) == []


def test_the_partner_group_does_not_see_the_case_that_waits(reported: Engine) -> None:
    [waiting, *_] = reported.cases(process="waiting")
    with pytest.raises(NotFound):
        reported.case(waiting.id, by=GROUP)
