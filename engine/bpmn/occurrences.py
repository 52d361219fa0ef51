"""What happened while a command ran, for the case's history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

#: entered and completed: an activity · cancelled: it was stopped · fired: a timer · caught: a message, signal, error,
#: escalation or condition · thrown: a message or signal for others · flow: a sequence flow was taken ·
#: ended: a process reached its end · incident: an element could not go on · stuck: a join waits in vain.
Kind = Literal["entered", "completed", "cancelled", "fired", "caught", "thrown", "flow", "ended", "incident"]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One thing that happened at one element."""

    kind: Kind
    element_id: str
    name: str | None
    #: The token it happened to; None for a flow.
    token_id: int | None
    payload: dict[str, Any] = field(default_factory=dict)
