"""Event definitions: an event's trigger, with the messages, signals, errors and escalations that a file declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.util import full_tag

from engine.bpmn import triggers
from engine.bpmn.dialect import read_extensions
from engine.bpmn.faults import Faults
from engine.bpmn.values import Value
from engine.calendars import Calendar
from engine.durations import Cycle, parse_duration
from engine.errors import FeelError

_TIMERS = {
    "timeDate": triggers.DateTimer,
    "timeDuration": triggers.DurationTimer,
    "timeCycle": triggers.CycleTimer,
}
#: How a timer's text is read when it is no expression; each raises ValueError.
_READERS: dict[str, Callable[[str], object]] = {
    "timeDate": Calendar().instant,
    "timeDuration": parse_duration,
    "timeCycle": Cycle.parse,
}
_NAMED: dict[str, tuple[str, str, str, Any]] = {
    "signalEventDefinition": ("signal", "signalRef", "name", triggers.Signal),
    "errorEventDefinition": ("error", "errorRef", "errorCode", triggers.Error),
    "escalationEventDefinition": ("escalation", "escalationRef", "escalationCode", triggers.Escalation),
}


class Definitions:
    """What a file declares beside its processes."""

    def __init__(self, root: etree._Element, faults: Faults) -> None:
        self.faults = faults
        self._declared = {
            kind: {node.get("id"): node for node in root.iterchildren(full_tag(kind))}
            for kind in ("message", "signal", "error", "escalation")
        }

    def trigger(self, node: etree._Element) -> triggers.Trigger:
        """The trigger of an event or receive task; unreadable ones become findings."""
        if node.tag == full_tag("receiveTask"):
            return self.message(node, node.get("messageRef"))
        for child in node:
            tag = etree.QName(child).localname if isinstance(child.tag, str) else ""
            if tag == "timerEventDefinition":
                return self._timer(node, child)
            if tag == "messageEventDefinition":
                return self.message(node, child.get("messageRef"))
            if tag in _NAMED:
                return self._named(node, child, tag)
            if tag == "conditionalEventDefinition":
                return self._condition(node, child)
            if tag == "terminateEventDefinition":
                return triggers.Terminate()
            if tag == "linkEventDefinition":
                return triggers.Link(child.get("name"))
        return triggers.Trigger()

    def message(self, node: etree._Element, reference: str | None) -> triggers.Trigger:
        """The message that an element refers to."""
        declared = self._declared["message"].get(reference)
        if declared is None or not declared.get("name"):
            self.faults.add(node, "reference.no-message")
            return triggers.Trigger()
        return triggers.Message(declared.get("name"), read_extensions(declared, self.faults).correlation_key)

    def _named(self, node: etree._Element, child: etree._Element, tag: str) -> triggers.Trigger:
        kind, attribute, key, trigger = _NAMED[tag]
        reference = child.get(attribute)
        declared = self._declared[kind].get(reference)
        catches_all = reference is None and kind in ("error", "escalation")
        if declared is None and not catches_all:
            self.faults.add(node, f"reference.no-{kind}")
        name = None if declared is None else declared.get(key) or declared.get("name")
        return trigger(name)  # type: ignore[no-any-return]

    def _timer(self, node: etree._Element, child: etree._Element) -> triggers.Trigger:
        for tag, timer in _TIMERS.items():
            value = self._value(node, child.find(full_tag(tag)), feel=False)
            if value is not None:
                self._check_static(node, tag, value)
                return timer(value)
        self.faults.add(node, "timer.empty")
        return triggers.Trigger()

    def _check_static(self, node: etree._Element, tag: str, value: Value) -> None:
        if value.expression is not None:
            return
        try:
            _READERS[tag](value.text)
        except ValueError:
            self.faults.add(node, f"timer.{tag}", value=value.text)

    def _condition(self, node: etree._Element, child: etree._Element) -> triggers.Trigger:
        value = self._value(node, child.find(full_tag("condition")), feel=True)
        if value is not None:
            return triggers.Condition(value)
        self.faults.add(node, "condition")
        return triggers.Trigger()

    def _value(self, node: etree._Element, holder: etree._Element | None, *, feel: bool) -> Value | None:
        if holder is None or not (holder.text or "").strip():
            return None
        try:
            return Value.read(holder.text, element=node.get("id", ""), file=self.faults.file, feel=feel)
        except FeelError as error:
            self.faults.expression(node, error)
            return None
