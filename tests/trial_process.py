"""A process small enough to read in a test: ask, then answer, each due when the start says."""

from __future__ import annotations

from typing import Any

from engine import Actor, Engine
from engine.cases import Case
from engine.packages import Package
from tests.models import bpmn

_TASK = """<userTask id="{id}" name="{name}"><extensionElements><zeebe:userTask/>
<zeebe:assignmentDefinition candidateGroups="{group}"/><zeebe:taskSchedule dueDate="{due}"/></extensionElements>
</userTask>"""

MODEL = bpmn(
    '<startEvent id="start"/>'
    + _TASK.format(id="ask", name="Ställ frågan", group="elevhalsa-skovde", due="=due")
    + _TASK.format(id="answer", name="Svara på frågan", group="bup-skaraborg", due="=due")
    + '<endEvent id="end"/>'
    "<flows>\nstart -> ask\nask -> answer\nanswer -> end\n</flows>",
    process="trial",
)


def publish(engine: Engine) -> None:
    """Publish the trial process."""
    engine.publish_package(Package.from_files({"trial.bpmn": MODEL}, "trial"))


def start(
    engine: Engine, due: str | None = "2026-03-30T10:00:00+02:00", by: str = "kurator.skovde", **data: Any
) -> Case:
    """A case whose tasks are due then."""
    actor: Actor = engine.directory.actor(by)
    return engine.start("trial", {"due": due, **data}, by=actor)
