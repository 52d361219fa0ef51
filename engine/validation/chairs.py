"""Nothing falls between the chairs: whatever a case waits for has somebody, a date, and a path by which others hear.

A user task needs somebody to do it. Every wait, for a person or a message, needs a date: a task's own due date, or a
timer beside it. When the date passes, somebody must hear: by the deadline of `process.toml` that the due date is tied
to, or by what the timer leads to. A timer alone is a date already, and what comes after it is the next step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.bpmn.activities import UserTask
from engine.bpmn.events import CatchEvent, CatchingNode
from engine.bpmn.gateways import EventGateway
from engine.bpmn.model import Model
from engine.bpmn.nodes import Node
from engine.bpmn.processes import ProcessSpec
from engine.findings import Finding
from engine.process_settings import DeadlineSetting
from engine.rules import finding
from engine.validation.endings import endings
from engine.validation.handovers import handovers
from engine.validation.scopes import Scopes, nodes, worker
from engine.validation.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """Every wait, end and hand-over of the package's processes and of what they call."""
    if subject.model is None:
        return
    scopes = Scopes(subject.model.specs)
    deadlines = _deadlines(subject.model)
    for key, spec in scopes.specs.items():
        for node in nodes(spec):
            yield from _Wait(scopes, deadlines, key, spec, node).check()
    yield from endings(scopes)
    yield from handovers(subject.model, scopes)


def _deadlines(model: Model) -> Mapping[str, DeadlineSetting]:
    """As the engine sees them: its own come first where names are alike."""
    packages = (*model.package.called.values(), model.package)
    return {name: setting for package in packages for name, setting in package.deadlines.items()}


class _Wait:
    """One element at which a case may wait."""

    def __init__(
        self, scopes: Scopes, deadlines: Mapping[str, DeadlineSetting], key: str, spec: ProcessSpec, node: Node
    ) -> None:
        self.scopes, self.deadlines, self.key, self.spec, self.node = scopes, deadlines, key, spec, node

    def check(self) -> Iterator[Finding]:
        activity = worker(self.node)
        if isinstance(activity, UserTask):
            yield from self._task(activity)
        elif isinstance(activity, EventGateway):
            timers = [flow.target for flow in activity.outgoing if _kind(flow.target) == "timer"]
            yield from self._event([(self.key, one) for one in timers if isinstance(one, CatchingNode)])
        elif _kind(activity) in ("message", "signal", "condition") and not self._is_alternative:
            yield from self._event([])

    @property
    def _is_alternative(self) -> bool:
        """Does it stand behind an event gateway, which is the one that waits?"""
        return any(isinstance(flow.source, EventGateway) for flow in self.node.incoming)

    def _task(self, task: UserTask) -> Iterator[Finding]:
        said = task.dialect
        if not (said.assignee or said.candidate_groups or said.candidate_users or task.lane):
            yield self._finding("wait-without-role")
        timers = [(self.key, one) for one in self.scopes.timers_on(self.node)]
        timers += self.scopes.timers_around(self.key, event_sub_processes=False)
        if any(self.scopes.tells(key, timer) for key, timer in timers):
            return
        if said.due is None:
            yield self._finding("wait-without-escalation.timer" if timers else "wait-without-date")
        elif said.deadline_name is None:
            yield self._finding("wait-without-escalation")
        else:
            # One that nobody has declared is a finding of its own.
            deadline = self.deadlines.get(said.deadline_name)
            if deadline is not None and not deadline.escalate:
                yield self._finding("wait-without-escalation.deadline", deadline=deadline.title or deadline.name)

    def _event(self, timers: list[tuple[str, CatchingNode]]) -> Iterator[Finding]:
        timers += [(self.key, one) for one in self.scopes.timers_on(self.node)]
        timers += self.scopes.timers_around(self.key, event_sub_processes=True)
        if not timers:
            yield self._finding("wait-without-date.event")
        elif not any(self.scopes.tells(key, timer) for key, timer in timers):
            yield self._finding("wait-without-escalation.timer")

    def _finding(self, rule: str, **values: Any) -> Finding:
        name = self.node.bpmn_name or self.node.bpmn_id
        return finding(rule, self.spec.file, self.node.bpmn_id, name=self.node.bpmn_name, what=name, **values)


def _kind(node: Node) -> str | None:
    """What an intermediate event or a receive task waits for."""
    return node.trigger.kind if isinstance(node, CatchEvent) else None
