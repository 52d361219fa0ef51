"""Tasks and call activities; what they do when a token comes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.bpmn.specs.mixins import BpmnSpecMixin
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.environment import ServiceCall
from engine.bpmn.nodes import Activity
from engine.bpmn.throwing import BpmnError, throw_error
from engine.bpmn.values import as_names
from engine.errors import Incident
from engine.rules import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.bpmn.tokens import Token
    from engine.feel import FeelContext

#: A task's priority where the model says nothing, as in Camunda 8 (0-100).
DEFAULT_PRIORITY = 50


class UserTask(Activity, defaults.UserTask):  # type: ignore[misc]
    """Waits for a person."""

    def begin(self, token: Token) -> bool:
        said = self.dialect
        groups = self._groups(token)
        around = self._surroundings(token, groups)
        token.internal_data["task"] = {
            key: value
            for key, value in (
                ("assignee", said.assignee and said.assignee.of(token)),
                ("groups", list(groups)),
                ("users", list(as_names(said.candidate_users and said.candidate_users.of(token)))),
                ("due", self._date(token, "due", around)),
                ("follow_up", self._date(token, "follow_up", around)),
                ("priority", self._priority(token)),
            )
            if value not in (None, [], "")
        }
        self.watch(token)
        return True

    def _groups(self, token: Token) -> tuple[str, ...]:
        if self.dialect.candidate_groups is not None:
            return as_names(self.dialect.candidate_groups.of(token))
        return (self.lane,) if self.lane else ()

    @staticmethod
    def _surroundings(token: Token, groups: Sequence[str], began: datetime | None = None) -> FeelContext | None:
        """For its dates: the calendar of the units that are asked, and the time at which they were."""
        environment = token.workflow.top_workflow.environment
        calendar = environment.calendar_of(groups)
        if calendar is None and began is None:
            return None
        return environment.feel_on(calendar or environment.calendar, began or environment.now, groups)

    def due_again(self, token: Token, began: datetime) -> datetime | None:
        """When the open task would be due by what holds now, had it come at `began`.

        Raises:
            FeelError, Incident: its expression fails by now.
        """
        said = token.internal_data["task"]
        if said.get("moved"):
            return None
        around = self._surroundings(token, said.get("groups", ()), began)
        due = self._date(token, "due", around)
        return datetime.fromisoformat(due) if due else None

    def _date(self, token: Token, which: str, around: FeelContext | None) -> str | None:
        value = getattr(self.dialect, which)
        text = value and value.of(token, context=around)
        if text in (None, ""):
            return None
        try:
            return _iso(token.workflow.top_workflow.environment.instant(str(text), end_of_day=True))
        except ValueError as error:
            name = self.bpmn_name or self.bpmn_id
            said = Text(
                f"The date of “{name}” cannot be read: {error}", f"Datumet för ”{name}” går inte att läsa: {error}"
            )
            raise Incident(said) from error

    def _priority(self, token: Token) -> int:
        if self.dialect.priority is None:
            return DEFAULT_PRIORITY
        value = self.dialect.priority.of(token)
        try:
            return int(value)
        except (TypeError, ValueError) as error:
            name = self.bpmn_name or self.bpmn_id
            said = Text(
                f"The priority of “{name}” is no number: {value!r}", f"Prioriteten för ”{name}” är inget tal: {value!r}"
            )
            raise Incident(said) from error


class PassTask(Activity, BpmnSpecMixin):  # type: ignore[misc]
    """A manual task or a task without a type: nothing that a system does or waits for (as in Camunda 8)."""


class ScriptTask(Activity, BpmnSpecMixin):  # type: ignore[misc]
    """Writes the value of a FEEL expression into a variable."""

    def perform(self, token: Token) -> None:
        if self.dialect.script is None:
            raise Incident(Text("The script task has no expression", "Skriptuppgiften har inget uttryck"))
        value = self.dialect.script.of(token, strict=False)
        if self.dialect.result:
            token.scope.write(self.dialect.result, value)


class ServiceTask(Activity, BpmnSpecMixin):  # type: ignore[misc]
    """Calls a service by its job type, within the same command."""

    def perform(self, token: Token) -> bool | None:
        if self.dialect.job_type is None:
            raise Incident(Text("The service task has no job type", "Tjänsteuppgiften har ingen jobbtyp"))
        job_type = str(self.dialect.job_type.of(token))
        inputs = dict(token.scope.values) if token.scope is not token.workflow.scope else {}
        call = ServiceCall(job_type, self.bpmn_id, self.dialect.headers, inputs)
        try:
            result = token.workflow.top_workflow.environment.service(call)
        except LookupError as error:
            said = Text(f"Nobody carries out the job type “{job_type}”", f"Ingen utför jobbtypen ”{job_type}”")
            raise Incident(said) from error
        except BpmnError as error:
            throw_error(token, error.code)
            return False
        token.scope.write_all(result or {})
        return None


class BusinessRuleTask(Activity, BpmnSpecMixin):  # type: ignore[misc]
    """Asks a decision and writes its answer into a variable."""

    def perform(self, token: Token) -> None:
        top = token.workflow.top_workflow
        decision = top.model.decision(self._wf_spec.process_id, self.dialect.decision_id or "")
        chain = {"case": top.environment.case, **token.scope.chain()}
        value = decision.evaluate(chain, top.environment.feel)
        if self.dialect.result:
            token.scope.write(self.dialect.result, value)


class Inside(Activity):
    """An activity with an inside of its own: a sub-process, an event sub-process or a call activity."""

    #: The name of the process spec that runs inside.
    inside: str

    def begin(self, token: Token) -> bool:
        top = token.workflow.top_workflow
        spec = top.model.specs[self.inside]
        self.watch(token)
        instance = top.new_inside(token, spec, self.inner_scope(token))
        token._set_state(TaskState.STARTED)
        spec.begin(instance)
        return False

    def inner_scope(self, token: Token) -> Any:
        """The scope in which the inside runs."""
        return token.scope

    def _on_cancel(self, my_task: Token) -> None:
        top = my_task.workflow.top_workflow
        inside = top.subprocesses.pop(my_task.id, None)
        if inside is not None:
            inside.cancel_all()
            inside.completed = True
        super()._on_cancel(my_task)


class SubProcess(Inside, BpmnSpecMixin):  # type: ignore[misc]
    """An embedded sub-process."""


class CallActivity(Inside, BpmnSpecMixin):  # type: ignore[misc]
    """Runs another process, pinned when this version was published.

    What is written inside stays there until it ends; where `propagateAllParentVariables` is false, only the input
    mapping can be read inside.
    """

    def inner_scope(self, token: Token) -> Any:
        top = token.workflow.top_workflow
        if self.dialect.propagate_parent:
            return top.new_scope(token.scope, keeps=True)
        values = dict(token.scope.values) if token.scope is not token.workflow.scope else {}
        return top.new_scope(None, keeps=True, values=values)

    def perform(self, token: Token) -> None:
        values = token.internal_data.pop("returned", {})
        if self.dialect.propagate_child or self.dialect.outputs:
            token.scope.write_all(values)


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
