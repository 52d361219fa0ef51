"""How a case begins: a person, a message or another process starts one. A clock or a signal does not."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.words import trigger_word
from engine.findings import Finding
from engine.rules import finding
from engine.validation.subject import Subject

#: Kind of trigger that starts no case here → as its event definition begins.
_NEVER = {"timer": "timer", "signal": "signal", "condition": "conditional"}


def check(subject: Subject) -> Iterator[Finding]:
    """Start events of whole processes that would happen by themselves."""
    for name, spec in subject.model.specs.items() if subject.model else ():
        for start in spec.start_events if name == spec.process_id else ():
            if start.trigger.kind in _NEVER:
                trigger = trigger_word(_NEVER[start.trigger.kind])
                yield finding("start-by-itself", spec.file, start.bpmn_id, name=start.bpmn_name, trigger=trigger)
