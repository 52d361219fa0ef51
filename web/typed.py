"""What a person typed into the forms about a draft: kept as it is when it cannot be saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from babel import Locale
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from engine.editing import texts
from engine.editing.texts import Deadline
from web.i18n import language

#: Field → what is wrong with it.
Errors = dict[str, list[str]]
#: How many rungs of a ladder can be chosen.
RUNGS = 4


class Typed:
    """A form as it was sent; or nothing, when a page is shown first."""

    def __init__(self, form: MultiDict[str, str] | None = None) -> None:
        self.form: MultiDict[str, str] = form if form is not None else MultiDict()
        self.sent = form is not None

    def get(self, name: str, otherwise: str = "") -> str:
        """As typed; `otherwise` while nothing was sent."""
        return self.form.get(name, "") if self.sent else otherwise

    def line(self, name: str) -> str:
        """A text of one line, without spaces around it."""
        return " ".join(self.get(name).split())

    def block(self, name: str) -> str:
        """A text of several lines, without spaces around it."""
        return self.get(name).replace("\r\n", "\n").strip()

    def all(self, name: str, otherwise: Iterable[str] = ()) -> list[str]:
        """Everything that was ticked."""
        return self.form.getlist(name) if self.sent else list(otherwise)

    def languages(self, name: str, languages: Iterable[str]) -> dict[str, str]:
        """A text in other languages: field `name-en`."""
        return {language: self.line(f"{name}-{language}") for language in languages}

    def deadline(self, prefix: str, title: str, errors: Errors) -> Deadline | None:
        """The time, reminder and ladder of a deadline; None, with errors, where one of them is none."""
        value = self._time(f"{prefix}-value", errors)
        remind = self._time(f"{prefix}-remind", errors) if self.get(f"{prefix}-remind").strip() else ""
        rungs = [self.get(f"{prefix}-escalate-{number}") for number in range(1, RUNGS + 1)]
        if value is None or remind is None:
            return None
        return Deadline(title, value, remind, tuple(one for one in rungs if one))

    def _time(self, name: str, errors: Errors) -> str | None:
        try:
            return texts.together(self.get(name).strip(), self.get(f"{name}-unit"))
        except texts.NotATime:
            errors[name] = [_("Write a number greater than nothing, and choose what it counts, at most ten years.")]
            return None


def language_name(code: str) -> str:
    """A language's name in the reader's."""
    return str(Locale.parse(code).get_language_name(language()) or code)


def for_fields() -> dict[str, Any]:
    """What `editing/fields.html` needs."""
    return {
        "time_parts": texts.parts,
        "time_units": list(texts.UNITS),
        "rungs": RUNGS,
        "new_value": texts.NEW_VALUE,
        "new_remind": texts.NEW_REMIND,
        "empty_typed": Typed(),
        "language_name": language_name,
    }
