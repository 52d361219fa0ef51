"""What an event waits for, or throws: one class an event definition.

A waiting token keeps what it needs in `internal_data`: a timer its due instant (UTC), computed once; a message its
correlation key. So nothing is computed again when a case is restored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition

from engine.durations import Cycle
from engine.errors import Incident
from engine.rules import Text

if TYPE_CHECKING:
    from engine.bpmn.tokens import Token
    from engine.bpmn.values import Value

T = TypeVar("T")


class Trigger(EventDefinition):  # type: ignore[misc]
    """No event definition: happens at once."""

    kind: ClassVar[str] = "none"
    #: How an occurrence is called in the case's history when it happens.
    happens: ClassVar[str] = "caught"

    def wait(self, token: Token) -> None:
        """A token begins to wait."""

    def again(self, token: Token) -> bool:
        """It has happened and the token stays. False if it will not happen another time."""
        return True


class NamedTrigger(Trigger):
    """A message, signal, error or escalation: matched by its name, or by its code."""

    def __init__(self, name: str | None) -> None:
        super().__init__(name)

    def matches(self, name: str | None) -> bool:
        """Does this catch what is thrown under `name`? One without a name or code catches all."""
        return not self.name or self.name == name


class Message(NamedTrigger):
    """A message, for whoever waits under its correlation key."""

    kind = "message"

    def __init__(self, name: str, key: Value | None) -> None:
        super().__init__(name)
        self._key = key

    @property
    def key_text(self) -> str:
        """How the model writes the correlation key; empty for the case's number."""
        return self._key.text if self._key else ""

    def wait(self, token: Token) -> None:
        token.internal_data["key"] = self.key(token)

    def key(self, token: Token) -> str:
        """The correlation key: the model's own, else the case's number."""
        value = self._key.of(token) if self._key else token.workflow.top_workflow.environment.case.get("id")
        if value is None:
            said = Text(
                f"The correlation key of the message “{self.name}” has no value",
                f"Korrelationsnyckeln för meddelandet ”{self.name}” har inget värde",
            )
            raise Incident(said)
        return str(value)


class Signal(NamedTrigger):
    """A signal, for everybody who waits for it."""

    kind = "signal"


class Error(NamedTrigger):
    """An error, for the nearest enclosing activity that expects its code."""

    kind = "error"


class Escalation(NamedTrigger):
    """An escalation, for the nearest enclosing activity that expects its code."""

    kind = "escalation"


class Terminate(Trigger):
    """Ends its process with everything in it."""

    kind = "terminate"


class Link(NamedTrigger):
    """A link: a sequence flow that is not drawn."""

    kind = "link"


class Condition(Trigger):
    """Waits until an expression becomes true."""

    kind = "condition"

    def __init__(self, condition: Value) -> None:
        super().__init__()
        self.condition = condition

    def has_become_true(self, token: Token) -> bool:
        """Is it true now, and was it not when last looked at?"""
        value = self.condition.of(token)
        if not isinstance(value, bool):
            text = self.condition.text
            said = Text(
                f"The condition “{text}” is neither true nor false", f"Villkoret ”{text}” är varken sant eller falskt"
            )
            raise Incident(said)
        before = token.internal_data.get("true", False)
        token.internal_data["true"] = value
        return value and not before


class Timer(Trigger):
    """Waits for an instant."""

    kind = "timer"
    happens = "fired"

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value

    def wait(self, token: Token) -> None:
        self._set(token, self.due(token, str(self._text(token))))

    def due_again(self, token: Token) -> datetime | None:
        """When it would be due by what holds now, had it been evaluated when it began to wait.

        None: it names no deadline of process.toml, or when it began is not known.

        Raises:
            FeelError, Incident: its expression fails by now.
        """
        return None

    def due(self, token: Token, text: str) -> datetime:
        """The instant (UTC) that `text` means for a token that begins to wait now."""
        raise AssertionError("Each kind of timer has its own.")

    def again(self, token: Token) -> bool:
        return False

    def _text(self, token: Token) -> Any:
        environment, groups = token.workflow.top_workflow.environment, asked_groups(token)
        around = environment.feel_on(environment.calendar, environment.now, groups) if groups else None
        value = self.value.of(token, context=around)
        if value in (None, ""):
            said = Text(
                "The timer has no value, so nobody would be told. Correct its expression",
                "Timern har inget värde, så ingen skulle få veta något. Rätta dess uttryck",
            )
            raise Incident(said)
        return value

    def _set(self, token: Token, due: datetime) -> None:
        token.internal_data["due"] = due.isoformat().replace("+00:00", "Z")


class DateTimer(Timer):
    """`timeDate`: an instant, or a date (its first moment)."""

    def __init__(self, value: Value) -> None:
        super().__init__(value)
        self.name = value.deadline_name

    def wait(self, token: Token) -> None:
        if self.name:
            token.internal_data["began"] = token.workflow.top_workflow.environment.now.isoformat()
        super().wait(token)

    def due_again(self, token: Token) -> datetime | None:
        began = token.internal_data.get("began")
        if began is None:
            return None
        environment = token.workflow.top_workflow.environment
        context = environment.feel_on(environment.calendar, datetime.fromisoformat(began), asked_groups(token))
        return self.due(token, str(self.value.of(token, context=context)))

    def due(self, token: Token, text: str) -> datetime:
        return _readable(lambda: token.workflow.top_workflow.environment.instant(text))


class DurationTimer(Timer):
    """`timeDuration`: from the moment the token arrives, on the calendar."""

    def due(self, token: Token, text: str) -> datetime:
        environment = token.workflow.top_workflow.environment
        return _readable(lambda: environment.calendar.add(environment.now, text))


class CycleTimer(Timer):
    """`timeCycle`: again and again. After an outage it fires once, says for how many, and goes on from now."""

    def wait(self, token: Token) -> None:
        environment = token.workflow.top_workflow.environment
        text = str(self._text(token))
        token.internal_data["cycle"] = text
        token.internal_data["anchor"] = environment.now.isoformat()
        first = _readable(lambda: environment.calendar.occurrence(Cycle.parse(text), environment.now, 1))
        if first is None:
            raise Incident(Text(f"The cycle “{text}” never happens", f"Upprepningen ”{text}” inträffar aldrig"))
        token.internal_data["number"] = 1
        self._set(token, first)

    def again(self, token: Token) -> bool:
        data, environment = token.internal_data, token.workflow.top_workflow.environment
        cycle = Cycle.parse(data["cycle"])
        following = environment.calendar.next_in_cycle(cycle, datetime.fromisoformat(data["anchor"]), environment.now)
        number = following[0] if following else (cycle.repetitions or data["number"]) + 1
        data["stands_for"] = number - data["number"]
        if following is None:
            return False
        data["number"] = number
        self._set(token, following[1])
        return True


def asked_groups(token: Token) -> Sequence[str]:
    """The candidate groups of the open task that a token is, or watches; none for other waits."""
    host = token.workflow.top_workflow.tokens.get(token.internal_data.get("host", token.id))
    said = (host or token).internal_data.get("task", {})
    groups: Sequence[str] = said.get("groups", ())
    return groups


def _readable(read: Callable[[], T]) -> T:
    try:
        return read()
    except ValueError as error:
        said = Text(f"The timer's value cannot be read: {error}", f"Timerns värde går inte att läsa: {error}")
        raise Incident(said) from error
