"""One form on one page: what pickers offer, what was typed, what is wrong with it, and answers in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from flask import g, request

from engine.caching import Published
from engine.errors import NotFound
from forms import Evaluate, Form, InvalidInput, Lookups, Message, Option
from forms.answers import Answer
from forms.view import FormView
from web.auth import actor
from web.context import directory, engine
from web.i18n import language, zone
from web.remembered import the_units
from web.texts import form_of, text_of
from web.wording import Names

Errors = Mapping[str, Sequence[Message | str]]


@dataclass(frozen=True)
class Questions:
    """A form with all that it needs to be shown and read here and now."""

    form: Form
    evaluate: Evaluate
    #: The case's data; empty before there is a case.
    known: Mapping[str, Any]
    lookups: Lookups

    @cached_property
    def _zone(self) -> str:
        return zone().key

    def view(self, raw: Mapping[str, Any] | None = None, errors: Errors | None = None, focus: str = "") -> FormView:
        """The form as the page shows it; without `raw` as it begins."""
        return self.form.view(
            raw, errors, self.evaluate, known=self.known, lookups=self.lookups, zone=self._zone,
            language=language(), focus=focus,
        )  # fmt: skip

    def problems(self, raw: Mapping[str, Any]) -> Errors:
        """What must be corrected before these answers are taken: rules first, then questions not yet shown."""
        try:
            self.cleaned(raw)
        except InvalidInput as invalid:
            return invalid.errors
        return self.form.unseen(
            request.form, raw, self.evaluate, known=self.known, lookups=self.lookups, zone=self._zone
        )

    def cleaned(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """What would be stored of these answers. Raises InvalidInput."""
        return self.form.clean(raw, self.evaluate, known=self.known, lookups=self.lookups, zone=self._zone)

    def answers(self, data: Mapping[str, Any]) -> list[Answer]:
        """Stored answers in words."""
        return self.form.answers(
            data, self.lookups, language=language(), known=self.known, evaluate=self.evaluate, zone=self._zone
        )


def merged(*all_errors: Errors) -> Errors:
    """Errors of several kinds, field by field."""
    found: dict[str, list[Message | str]] = {}
    for errors in all_errors:
        for path, messages in errors.items():
            found.setdefault(path, []).extend(messages)
    return found


def no_files(why: str) -> Errors:
    """The same error for every file that was sent to a page that can keep none: better said than lost."""
    return {name.replace("-", "."): [why] for name, file in request.files.items() if file.filename}


def names(published: Published | None = None) -> Names:
    """What ids on a page are called; with a version, its roles and steps too.

    People are looked up one by one: a page names a handful of thousands.
    """
    units = the_units()
    roles = {name: role.title for name, role in published.roles.items()} if published else {}
    return Names(
        _person_name,
        lambda unit: units[unit].name if unit in units else unit,
        roles,
        partial(text_of, published) if published else str,
    )


def _person_name(person_id: str) -> str:
    known: dict[str, str] = g.setdefault("person_names", {})
    if person_id not in known:
        try:
            known[person_id] = directory().person(person_id).name
        except NotFound:
            known[person_id] = person_id
    return known[person_id]


def lookups(case_id: str | None = None) -> Lookups:
    """What pickers offer: all units, the units of the case, and the people who work at those."""
    return {
        "unit": _unit_options,
        "party": lambda: _of_units(_units_of(case_id)),
        "person": lambda: _people_of(_units_of(case_id)),
    }


def _units_of(case_id: str | None) -> list[str]:
    """The owner and the parties; before there is a case, the units of whoever starts it."""
    if case_id is None:
        return list(actor().units)
    case = engine().case(case_id)
    return [case.owner, *case.party_units]


def lookups_for_reading() -> Lookups:
    """For answers in words: a unit keeps its name after it has left the case."""
    return {"unit": _unit_options, "party": _unit_options, "person": _everybody}


def _unit_options() -> list[Option]:
    return [Option(unit.id, unit.name) for unit in the_units().values()]


def _of_units(units: Iterable[str]) -> list[Option]:
    known = the_units()
    found = [Option(unit, known[unit].name if unit in known else unit) for unit in dict.fromkeys(units)]
    return sorted(found, key=lambda option: option.label)


def _people_of(units: Iterable[str]) -> list[Option]:
    people = {person.id: person for unit in units for person in directory().people(unit=unit) if person.active}
    return sorted((Option(person.id, person.name) for person in people.values()), key=lambda option: option.label)


def _everybody() -> list[Option]:
    return [Option(person.id, person.name) for person in directory().people()]


def in_words(published: Published, form: Form, data: Mapping[str, Any]) -> list[Answer]:
    """Stored answers in the reader's words, where nothing needs to be evaluated anew."""
    asked = form_of(published, form)
    return asked.answers(data, lookups_for_reading(), language=language(), zone=zone().key)
