"""Errors and escalations on their way outwards, to the nearest that expects them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

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
            boundaries = getattr(watched.task_spec, "boundaries", ()) if watched is not None else ()
            for boundary in _expecting(boundaries, kind, code):
                yield partial(boundary.trip, watched)
        instance = at.workflow
        for start in _expecting(instance.spec.event_starts, kind, code):
            inside_itself = not first and start.sub_process is at.task_spec
            if not inside_itself:
                yield partial(start.trip, instance)
        at, first = instance.host, False


def _expecting(events: Iterable[Any], kind: str, code: str | None) -> list[Any]:
    """Those of them that expect it: one that names the code comes before one that expects all, as in Camunda 8."""
    found = (event for event in events if event.trigger.kind == kind and event.trigger.matches(code))
    return sorted(found, key=lambda event: not event.trigger.name)
