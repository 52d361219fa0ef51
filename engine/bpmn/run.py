"""A running case, as the rest of the engine sees it: open tasks, waits, and the few things that can be done to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.activities import DEFAULT_PRIORITY, UserTask
from engine.bpmn.environment import Environment
from engine.bpmn.events import CatchingNode
from engine.bpmn.instances import CaseInstance
from engine.bpmn.model import Model
from engine.bpmn.occurrences import Occurrence
from engine.bpmn.state import from_state, to_state
from engine.bpmn.tokens import Token
from engine.bpmn.triggers import asked_groups
from engine.errors import Conflict, FeelError, Incident, NotFound


@dataclass(frozen=True)
class OpenTask:
    """A user task that waits for a person."""

    token_id: int
    element_id: str
    name: str
    process_id: str
    form_id: str | None
    assignee: str | None
    candidate_groups: tuple[str, ...]
    candidate_users: tuple[str, ...]
    due_at: datetime | None
    follow_up_at: datetime | None
    priority: int
    deadline_name: str | None
    lane: str | None
    #: The variables that only this task sees: its input mapping and, in a multi-instance, its item.
    local: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wait:
    """Something else that is waited for."""

    token_id: int
    element_id: str
    #: timer, message, signal or condition.
    kind: str
    name: str | None
    due_at: datetime | None
    #: A message's correlation key.
    key: str | None
    #: The element that a boundary event watches.
    host_element_id: str | None


@dataclass(frozen=True)
class Stop:
    """An element that could not go on by itself: an incident."""

    token_id: int
    element_id: str
    message: str
    since: datetime


class Run:
    """One case in memory. Not safe for several threads."""

    def __init__(self, case: CaseInstance) -> None:
        self._case = case

    @classmethod
    def start(
        cls, model: Model, process_id: str, data: Mapping[str, Any], environment: Environment, *, at: str | None = None
    ) -> Run:
        """A new case at its start event (the one with id `at`, if named); call `advance` to let it run.

        Raises:
            NotFound: the version has no such process.
        """
        spec = model.specs.get(process_id)
        if spec is None or process_id not in model.process_ids:
            raise NotFound(f"There is no process “{process_id}” in this version. Publish it first.")
        case = CaseInstance(model, spec, environment)
        case.scope.values.update(data)
        spec.begin(case, at)
        return cls(case)

    @classmethod
    def restore(cls, model: Model, state: dict[str, Any], environment: Environment) -> Run:
        """A case as `snapshot` left it."""
        return cls(from_state(model, state, environment))

    def attach(self, environment: Environment) -> None:
        """Give a case that stayed in memory the surroundings of another command."""
        self._case.environment = environment

    @property
    def model(self) -> Model:
        """The version it runs on."""
        return self._case.model

    @property
    def process_id(self) -> str:
        """The process it was started as."""
        return str(self._case.spec.name)

    @property
    def data(self) -> dict[str, Any]:
        """The case's data. Replace values, never change them in place."""
        return self._case.scope.values

    @property
    def ended(self) -> bool:
        """Is no token left?"""
        return bool(self._case.completed)

    @property
    def incidents(self) -> dict[int, str]:
        """Token → why it could not go on."""
        return {token_id: stop.message for token_id, stop in self.stops.items()}

    @property
    def stops(self) -> dict[int, Stop]:
        """Every element that stands as an incident, the oldest first."""
        return {
            token.id: Stop(
                token.id,
                token.task_spec.bpmn_id,
                token.internal_data["incident"],
                datetime.fromisoformat(token.internal_data["since"]),
            )
            for token in self._case.by_age()
            if token._state == TaskState.ERROR
        }

    def open_task(self, token_id: int) -> OpenTask | None:
        """One open user task; None when there is none of that token. Costs the same however many are open."""
        token = self._case.tokens.get(token_id)
        return _open_task(token) if token is not None and _is_open(token) else None

    @property
    def open_token_ids(self) -> list[int]:
        """The tokens of the open user tasks, the oldest first."""
        return [token.id for token in self._case.by_age() if _is_open(token)]

    @property
    def open_tasks(self) -> dict[int, OpenTask]:
        """Every open user task, the oldest first."""
        return {
            token.id: _open_task(token)
            for token in self._case.by_age()
            if token._state == TaskState.READY and isinstance(token.task_spec, UserTask)
        }

    @property
    def waits(self) -> dict[int, Wait]:
        """Every event that is waited for, the oldest first."""
        return {
            token.id: self._wait(token)
            for token in self._case.by_age()
            if token._state == TaskState.WAITING and isinstance(token.task_spec, CatchingNode)
        }

    def _wait(self, token: Token) -> Wait:
        node, data = token.task_spec, token.internal_data
        trigger = node.trigger  # type: ignore[attr-defined]
        host = self._case.tokens.get(data.get("host", 0))
        return Wait(
            token.id,
            node.bpmn_id,
            trigger.kind,
            trigger.name,
            _instant(data.get("due")),
            data.get("key"),
            host.task_spec.bpmn_id if host is not None else None,
        )

    def complete(self, token_id: int, answers: Mapping[str, Any]) -> None:
        """Complete an open task with answers, which become variables.

        Raises:
            Conflict: the task is not open any more.
            Incident: the task's own output mapping fails; nothing was changed that the caller would save.
        """
        token = self._case.tokens.get(token_id)
        if token is None or token._state != TaskState.READY or not isinstance(token.task_spec, UserTask):
            raise Conflict("The task is no longer open. Look at the case to see what happened.")
        token.scope.write_all(answers)
        try:
            token.run()
        except FeelError as error:
            raise Incident(error.said, element=token.task_spec.bpmn_id) from error

    def send(self, name: str, key: str, payload: Mapping[str, Any] | None = None) -> bool:
        """Deliver a message to the oldest event here that waits for it. False if none does."""
        return self._case.message(name, key, payload or {})

    def signal(self, name: str, payload: Mapping[str, Any] | None = None) -> bool:
        """Deliver a signal to every event here that waits for it. False if none does."""
        return self._case.signal(name, payload or {})

    def fire(self, token_id: int) -> None:
        """A timer is due.

        Raises:
            Conflict: it no longer waits.
        """
        token = self._case.tokens.get(token_id)
        if token is None or token._state != TaskState.WAITING or not isinstance(token.task_spec, CatchingNode):
            raise Conflict("The timer no longer waits.")
        try:
            token.task_spec.caught(token, {})
        except (FeelError, Incident) as error:
            self._case.fail(token, error.said)

    def asked_groups(self, token_id: int) -> Sequence[str]:
        """The candidate groups of an open task, or of that which a timer watches; none for other waits."""
        token = self._case.tokens.get(token_id)
        return asked_groups(token) if token is not None else ()

    def due_again(self, token_id: int, began: datetime) -> datetime | None:
        """When an open task or a timer would be due by the deadlines that hold now; `began`: when the task came.

        None: that does not depend on a deadline, or cannot be told.
        """
        token = self._case.tokens.get(token_id)
        if token is None:
            return None
        try:
            if _is_open(token):
                return token.task_spec.due_again(token, began)  # type: ignore[attr-defined, no-any-return]
            return token.task_spec.trigger.due_again(token)  # type: ignore[attr-defined, no-any-return]
        except (FeelError, Incident):
            return None

    def move_due(self, token_id: int, due: datetime, *, by_hand: bool = False) -> None:
        """Give an open task or a timer another instant; one moved by hand is no longer that of its deadline.

        Raises:
            Conflict: it is no longer open.
        """
        token = self._case.tokens.get(token_id)
        if token is None:
            raise Conflict("The task is no longer open. Look at the case to see what happened.")
        said = token.internal_data["task"] if _is_open(token) else token.internal_data
        said["due"] = due.isoformat().replace("+00:00", "Z")
        if by_hand:
            said["moved"] = True

    def retry(self, token_id: int) -> None:
        """Try an element that stands as an incident once more.

        Raises:
            Conflict: it is no incident any more.
        """
        token = self._case.tokens.get(token_id)
        if token is None or token._state != TaskState.ERROR:
            raise Conflict("It is no incident any more. Look at the case to see what happened.")
        token.internal_data.pop("incident")
        token.internal_data.pop("incident_sv", None)
        token.internal_data.pop("since")
        token._state = token.internal_data.pop("failed")
        self._case.queue.append(token)

    def cancel(self) -> None:
        """Stop everything: the case was opened by mistake."""
        self._case.cancel_all()
        self._case.completed = True

    def advance(self) -> None:
        """Run everything automatic until only people, time and messages are waited for."""
        self._case.do_engine_steps()

    def drain_events(self) -> list[Occurrence]:
        """What has happened since the last call, in order."""
        happened, self._case.occurrences = self._case.occurrences, []
        return happened

    def snapshot(self) -> dict[str, Any]:
        """The state as JSON; see `state.py`."""
        return to_state(self._case)


def _is_open(token: Token) -> bool:
    return bool(token._state == TaskState.READY) and isinstance(token.task_spec, UserTask)


def _open_task(token: Token) -> OpenTask:
    node, said = token.task_spec, token.internal_data.get("task", {})
    return OpenTask(
        token_id=token.id,
        element_id=node.bpmn_id,
        name=node.bpmn_name or node.bpmn_id,
        process_id=token.workflow.spec.process_id,
        form_id=node.dialect.form_id,
        assignee=said.get("assignee"),
        candidate_groups=tuple(said.get("groups", ())),
        candidate_users=tuple(said.get("users", ())),
        due_at=_instant(said.get("due")),
        follow_up_at=_instant(said.get("follow_up")),
        priority=said.get("priority", DEFAULT_PRIORITY),
        deadline_name=node.dialect.deadline_name,
        lane=node.lane,
        local=_local_variables(token),
    )


def _local_variables(token: Token) -> dict[str, Any]:
    found: dict[str, Any] = {}
    scope, outermost = token.scope, token.workflow.top_workflow.scope
    while scope is not None and scope is not outermost:
        found = scope.values | found
        scope = scope.parent  # type: ignore[assignment]
    return found


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
