"""Every error that Samled raises on purpose. The docstring is the default message: cause, then remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.findings import Finding
from engine.rules import Text, finding, words


class SamledError(Exception):
    """Something went wrong in Samled. The log has the details."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or " ".join((self.__doc__ or "").split()))

    @property
    def message(self) -> str:
        """The text for a person: cause, then remedy."""
        return str(self.args[0])


class NotFound(SamledError):
    """That does not exist, or is not yours to see. Check the number."""


class Forbidden(SamledError):
    """You may not do this. Ask the unit that owns the case."""


class CalledOnly(SamledError):
    """This process is a part of others, which call it: no case is started of it. Start the one that leads to it."""


class Conflict(SamledError):
    """Somebody else changed this meanwhile. Look at what changed, then try again."""

    def __init__(self, message: str | None = None, *, changes: Sequence[str] = ()) -> None:
        super().__init__(message)
        #: What changed since the person last looked, a sentence each.
        self.changes = list(changes)


class InvalidAnswers(SamledError):
    """Some answers are missing or wrong. Correct the fields named and send again."""

    def __init__(self, errors: Mapping[str, Sequence[Any]] | None = None, message: str | None = None) -> None:
        self.errors = {path: list(messages) for path, messages in (errors or {}).items()}
        detail = "; ".join(f"{path}: {', '.join(map(str, messages))}" for path, messages in self.errors.items())
        super().__init__(message or (f"{' '.join((self.__doc__ or '').split())} {detail}" if detail else None))


class InvalidModel(SamledError):
    """The model cannot run as drawn. Mend what the findings name and try again."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = list(findings)
        super().__init__("\n".join(map(str, self.findings)) or None)


class FeelError(SamledError):
    """A FEEL expression failed: `problem` is a variant of the rule `feel`, filled in with `values`."""

    def __init__(
        self,
        problem: str,
        values: Mapping[str, Any] | None = None,
        *,
        expression: str = "",
        position: int | None = None,
        element: str | None = None,
        file: str | None = None,
    ) -> None:
        self.expression, self.position, self.element, self.file = expression, position, element, file
        said = words(f"feel.{problem}", values or {})
        #: What is wrong and where in the expression, and what to do about it, in both languages.
        self.said, self.remedy = said.message, said.remedy
        if expression:
            shown = expression if len(expression) <= 200 else expression[:197] + "…"
            place = "feel.within" if position is None else "feel.at"
            character = None if position is None else position + 1
            placed = {"problem": said.message, "expression": shown, "character": character, "remedy": said.remedy}
            self.said = words(place, placed).message
        super().__init__(f"{self.said.en} on {element}" if element else self.said.en)

    def finding(self, rule: str = "feel", *, file: str = "", element: str = "", **values: Any) -> Finding:
        """As a finding of a rule whose words name the `problem` and the `remedy`."""
        place = self.file or file, self.element or element
        return finding(rule, *place, problem=self.said, remedy=self.remedy, **values)


class Incident(SamledError):
    """The case cannot go on by itself. Its owner must decide how it continues."""

    #: The same in Swedish.
    swedish = "Ärendet kan inte fortsätta av sig självt. Dess ägare måste avgöra hur det går vidare."

    def __init__(self, said: Text | str | None = None, *, element: str | None = None) -> None:
        self.element = element
        super().__init__(said.en if isinstance(said, Text) else said)
        #: Why, in both languages, for those who look at the case.
        self.said = said if isinstance(said, Text) else Text(self.message, said or self.swedish)


class StepBudgetExceeded(Incident):
    """The process runs on without ever waiting. Draw a task or an event inside its loop."""

    swedish = "Processen går vidare utan att någonsin vänta. Rita en uppgift eller en händelse i dess slinga."


class DatabaseTooNew(SamledError):
    """The database was made by a newer version of Samled. Install that version, or restore an older backup."""


class DatabaseNotReady(SamledError):
    """The database is not set up, or from an older version of Samled. Run `samled init`; it loses nothing."""


class DatabaseUnavailable(SamledError):
    """The database does not answer. Nothing was changed; try again in a minute."""


class OutcomeUnknown(DatabaseUnavailable):
    """The database went away just as a change was being saved. Look whether it is there before you try again."""
