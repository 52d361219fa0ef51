"""Errors and escalations on their way outwards, to the nearest that expects them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import Incident
from engine.rules import Text

if TYPE_CHECKING:
    from engine.bpmn.tokens import Token


class BpmnError(Exception):
    """A service reports an error that the model may catch."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def throw_error(token: Token, code: str | None) -> None:
    """Interrupt the nearest activity that expects the error `code`.

    Raises:
        Incident: nobody expects it.
    """
    for trip in _outwards(token, "error", code):
        trip()
        return
    raise Incident(Text(f"Nobody expects the error “{code or '?'}”", f"Ingen väntar på felet ”{code or '?'}”"))


def throw_escalation(token: Token, code: str | None) -> bool:
    """Tell the nearest activity that expects the escalation; nobody is no fault. False if that stopped `token`."""
    for trip in _outwards(token, "escalation", code):
        trip()
        break
    return token.id in token.workflow.top_workflow.tokens


def _outwards(token: Token, kind: str, code: str | None) -> Iterator[Callable[[], object]]:
    """What to call to tell those who expect `code`, the nearest first."""
    at: Token | None = token
    first = True
    while at is not None:
        for watched in (at, at.of_multi_instance):
            for boundary in getattr(watched.task_spec, "boundaries", ()) if watched is not None else ():
                if boundary.trigger.kind == kind and boundary.trigger.matches(code):
                    yield partial(boundary.trip, watched)
        instance = at.workflow
        for start in instance.spec.event_starts:
            inside_itself = not first and start.sub_process is at.task_spec
            if start.trigger.kind == kind and start.trigger.matches(code) and not inside_itself:
                yield partial(start.trip, instance)
        at, first = instance.host, False
