"""SpiffWorkflow as it comes, on the same case: in memory without persistence, and through JSON at every step.

The model is `plain.bpmn`: the reference case without the dialect, run by the stock parser, script engine and
serialiser. It checks no permission, writes no history, and nothing of it outlives the process.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine.bench.texts import answers

PLAIN = Path(__file__).with_name("plain.bpmn")


class Library:
    """The stock library with the reference case parsed: parsing is not measured."""

    def __init__(self) -> None:
        parser = BpmnParser()
        parser.add_bpmn_file(str(PLAIN))
        self._spec = parser.get_spec("reference")
        self._subspecs = parser.get_subprocess_specs("reference")
        self._serializer = BpmnWorkflowSerializer()

    def in_memory(self, cases: int) -> float:
        """Human tasks a second. Only completing is timed, here as there: not the start, nor the search for the task."""
        took, done = 0.0, 0
        for _ in range(cases):
            workflow = self._started()
            for step in count():
                if workflow.completed:
                    break
                task = _ready(workflow)
                began = perf_counter()
                _complete(workflow, task, step)
                took += perf_counter() - began
                done += 1
        return done / took

    def through_json(self, cases: int) -> float:
        """The same; each step begins with reading the whole workflow from JSON and ends with writing it. No disk."""
        took, done = 0.0, 0
        for _ in range(cases):
            text, completed = self._serializer.serialize_json(self._started()), False
            for step in count():
                if completed:
                    break
                began = perf_counter()
                workflow = self._serializer.deserialize_json(text)
                _complete(workflow, _ready(workflow), step)
                text, completed = self._serializer.serialize_json(workflow), workflow.completed
                took += perf_counter() - began
                done += 1
        return done / took

    def _started(self) -> Any:
        workflow = BpmnWorkflow(self._spec, self._subspecs)
        workflow.do_engine_steps()
        return workflow


def _ready(workflow: Any) -> Any:
    return workflow.get_tasks(state=TaskState.READY, manual=True)[0]


def _complete(workflow: Any, task: Any, step: int) -> None:
    task.data.update(answers(step))
    task.run()
    workflow.do_engine_steps()
