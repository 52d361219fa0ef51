"""Events that never happen: starts that nothing sets off, and an event that waits for what another hears first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.bpmn.events import EventNode
from engine.bpmn.gateways import EventGateway
from engine.bpmn.processes import ProcessSpec
from engine.bpmn.triggers import Message, NamedTrigger
from engine.bpmn.words import trigger_word
from engine.findings import Finding
from engine.rules import finding
from engine.validation.subject import Subject

#: Kind of trigger that starts no case here → as its event definition begins.
_NEVER_STARTS = {"timer": "timer", "signal": "signal", "condition": "conditional"}
#: Heard by one event only. (A signal is heard by all.)
_HEARD_ONCE = ("message", "error", "escalation")


def check(subject: Subject) -> Iterator[Finding]:
    """Every process of the package and what it calls."""
    for name, spec in subject.model.specs.items() if subject.model else ():
        if name == spec.process_id:
            yield from _starts(spec)
        for group in _side_by_side(spec):
            yield from _twice(spec, group)


def _starts(spec: ProcessSpec) -> Iterator[Finding]:
    """A person, a message or another process starts a case; a clock or a signal does not."""
    for start in spec.start_events:
        if start.trigger.kind in _NEVER_STARTS:
            trigger = trigger_word(_NEVER_STARTS[start.trigger.kind])
            yield finding("start-by-itself", spec.file, start.bpmn_id, name=start.bpmn_name, trigger=trigger)


def _side_by_side(spec: ProcessSpec) -> Iterator[Sequence[EventNode]]:
    """Events that wait in one place at one time."""
    if spec.name == spec.process_id:
        yield spec.start_events
    yield spec.event_starts
    for node in spec.task_specs.values():
        yield getattr(node, "boundaries", ())
        if isinstance(node, EventGateway):
            yield [flow.target for flow in node.outgoing if isinstance(flow.target, EventNode)]


def _twice(spec: ProcessSpec, events: Sequence[EventNode]) -> Iterator[Finding]:
    first: dict[tuple[object, ...], EventNode] = {}
    for event in events:
        trigger = event.trigger
        if not isinstance(trigger, NamedTrigger) or trigger.kind not in _HEARD_ONCE:
            continue
        heard = (trigger.kind, trigger.name, trigger.key_text if isinstance(trigger, Message) else None)
        other = first.setdefault(heard, event)
        if other is not event:
            words = trigger_word(trigger.kind), other.bpmn_name or other.bpmn_id
            yield finding(
                "heard-once", spec.file, event.bpmn_id, name=event.bpmn_name, trigger=words[0], other=words[1]
            )
