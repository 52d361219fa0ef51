"""What waits in a case that moves: deadlines keep their due time, messages are heard as the new version names them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.bpmn.activities import UserTask
from engine.bpmn.triggers import CycleTimer, DurationTimer, Message, Timer, Trigger
from engine.bpmn.values import Value

if TYPE_CHECKING:
    from engine.bpmn.events import CatchingNode
    from engine.bpmn.tokens import Token

#: What a token that waits keeps whatever it waits for: what it watches.
_TIES = ("host", "gateway", "incident", "incident_sv", "since", "failed")
SOUGHT = ("error", "escalation")


def text_of(value: Value | None) -> str:
    """How the model writes a value; empty for none."""
    return value.text if value is not None else ""


def is_same_wait(old: Trigger, new: Trigger) -> bool:
    """Does what waited for `old` wait for `new` without anything having to be worked out anew?"""
    if isinstance(old, Timer) or isinstance(new, Timer):
        return type(old) is type(new)
    if isinstance(old, Message) and isinstance(new, Message):
        return (old.name, old.key_text) == (new.name, new.key_text)
    return old.kind == new.kind and (old.kind == "condition" or old.name == new.name)


def wait_anew(token: Token) -> None:
    """Begin to wait, from now on. Raises FeelError, Incident."""
    token.internal_data = {key: token.internal_data[key] for key in _TIES if key in token.internal_data}
    node: CatchingNode = token.task_spec  # type: ignore[assignment]
    node.wait(token)


def timer_again(token: Token, began: datetime | None) -> None:
    """Work out a timer's due time by the new version, from when it began where that is known; else it keeps it.

    Raises FeelError, Incident.
    """
    trigger: Timer = token.task_spec.trigger  # type: ignore[attr-defined]
    data = token.internal_data
    start = datetime.fromisoformat(data["began"]) if "began" in data else began
    if isinstance(trigger, CycleTimer):
        if data.get("cycle") == text_of(trigger.value):
            return
        start = datetime.fromisoformat(data["anchor"])
    elif isinstance(trigger, DurationTimer) and start is None:
        return
    if start is None:
        return
    with _At(token, start):
        trigger.wait(token)


def due_again(old: UserTask, token: Token, began: datetime, *, recompute: bool) -> None:
    """A task's date: kept, unless it had none or `recompute`. Raises FeelError, Incident."""
    node: UserTask = token.task_spec  # type: ignore[assignment]
    said = token.internal_data["task"]
    if said.get("moved") or ("due" in said and not recompute):
        return
    if node.dialect.due is None or ("due" in said and text_of(old.dialect.due) == text_of(node.dialect.due)):
        return
    with _At(token, began):
        due = node._date(token, "due", node._surroundings(token, said.get("groups", ()), began))
    if due:
        said["due"] = due


def holders_again(old: UserTask, token: Token) -> None:
    """Who does a task, and how urgent it is: as the new version says, where it says otherwise.

    Raises FeelError, Incident.
    """
    node: UserTask = token.task_spec  # type: ignore[assignment]
    before, after, said = old.dialect, node.dialect, token.internal_data["task"]
    found: dict[str, Any] = {}
    if (text_of(before.candidate_groups), old.lane) != (text_of(after.candidate_groups), node.lane):
        found["groups"] = list(node._groups(token))
    if text_of(before.candidate_users) != text_of(after.candidate_users):
        found["users"] = list(_names(after.candidate_users, token))
    if text_of(before.assignee) != text_of(after.assignee):
        found["assignee"] = after.assignee and after.assignee.of(token)
    if text_of(before.priority) != text_of(after.priority):
        found["priority"] = node._priority(token)
    for key, value in found.items():
        if value in (None, [], ""):
            said.pop(key, None)
        else:
            said[key] = value


def _names(value: Value | None, token: Token) -> tuple[str, ...]:
    from engine.bpmn.values import as_names

    return as_names(value and value.of(token))


class _At:
    """As if the command ran at another time, for what is worked out inside."""

    def __init__(self, token: Token, moment: datetime) -> None:
        self.top, self.moment = token.workflow.top_workflow, moment

    def __enter__(self) -> None:
        self.environment = self.top.environment
        self.top.environment = replace(self.environment, now=self.moment)

    def __exit__(self, *_: object) -> None:
        self.top.environment = self.environment
