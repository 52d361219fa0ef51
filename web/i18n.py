"""Swedish first, English second.

The source text is English (`_("My tasks")`); `translations/sv/*.po` hold the Swedish, a file a room, so that colleagues
do not meet in one. They are read as they are: no compiled file to forget. A test finds texts without a translation.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, Domain, format_date, format_datetime, format_time, get_locale, ngettext
from flask_babel import gettext as _

LANGUAGES = {"sv": "Svenska", "en": "English"}
COOKIE = "samled_language"
FOLDER = Path(__file__).parent / "translations"


def read_catalogue(language: str, folder: Path = FOLDER) -> Catalog:
    """All `.po` files of a language as one catalogue. Of a text with two translations the first counts."""
    merged = Catalog(locale=language)
    for path in sorted((folder / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and merged.get(message.id, message.context) is None:
                    merged.add(message.id, message.string, context=message.context)
    return merged


class TextDomain(Domain):  # type: ignore[misc]
    """Our texts, read from the .po files once a process."""

    def __init__(self) -> None:
        super().__init__(domain="samled")
        self._languages: dict[str, NullTranslations] = {}

    def get_translations(self) -> NullTranslations:
        chosen = get_locale()
        language = chosen.language if chosen else "sv"
        if language not in self._languages:
            self._languages[language] = self._read(language)
        return self._languages[language]

    @staticmethod
    def _read(language: str) -> NullTranslations:
        catalogue = read_catalogue(language)
        if not len(catalogue):
            return NullTranslations()
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        return Translations(fp=compiled)


def choose_language() -> str:
    """The person's own, else what this browser chose here, else what it asks for, else Swedish."""
    if not has_request_context():
        return "sv"
    person = g.get("person")
    if person is not None and person.language in LANGUAGES:
        return str(person.language)
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES) or "sv"


def language() -> str:
    """The language of this request: "sv" or "en"."""
    chosen = get_locale()
    return chosen.language if chosen and chosen.language in LANGUAGES else "sv"


def zone() -> ZoneInfo:
    """The organisation's time zone."""
    return ZoneInfo(current_app.config["BABEL_DEFAULT_TIMEZONE"])


@dataclass(frozen=True)
class Due:
    """A due date in words. `state` is the chip's class: overdue, soon, waiting or empty."""

    state: str
    words: str
    #: The whole date, for a title or a screen reader.
    full: str


def due_words(due_at: datetime | None, now: datetime) -> Due:
    """How a due date is told to a person who decides what to do first."""
    if due_at is None:
        return Due("", _("No date"), _("No date"))
    local, today = due_at.astimezone(zone()), now.astimezone(zone()).date()
    full = date_time(due_at)
    days = (local.date() - today).days
    if due_at <= now:
        if days == 0:
            return Due("overdue", _("Overdue since %(time)s", time=clock(due_at)), full)
        return Due("overdue", ngettext("Overdue 1 day", "Overdue %(num)d days", -days), full)
    if days == 0:
        return Due("soon", _("Today at %(time)s", time=clock(due_at)), full)
    if days == 1:
        return Due("soon", _("Tomorrow at %(time)s", time=clock(due_at)), full)
    if days < 7:
        weekday = format_date(local.date(), "EEEE").capitalize()
        return Due("waiting", _("%(weekday)s at %(time)s", weekday=weekday, time=clock(due_at)), full)
    return Due("waiting", day(local.date(), today), full)


def clock(moment: datetime) -> str:
    """A time of day on the organisation's clock: 14:30."""
    return str(format_time(moment, "HH:mm"))


def day(value: date | datetime, today: date | None = None) -> str:
    """27 March, and the year unless it is this one."""
    if isinstance(value, datetime):
        value = value.astimezone(zone()).date()
    return str(format_date(value, "d MMMM" if today and value.year == today.year else "d MMMM y"))


def date_time(moment: datetime) -> str:
    """27 mars 2027 kl. 14:30."""
    return _("%(date)s at %(time)s", date=format_datetime(moment, "d MMMM y"), time=clock(moment))


def role_name(role: str) -> str:
    """What a membership's role is called on screen."""
    names = {
        "staff": _("Staff"),
        "unit-manager": _("Unit manager"),
        "process-owner": _("Process owner"),
        "administrator": _("Administrator"),
    }
    return names.get(role, role)


def init_app(app: Flask) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = "sv"
    babel = Babel(app, locale_selector=choose_language)
    babel.domain_instance = TextDomain()
    app.jinja_env.filters.update(day=day, date_time=date_time, clock=clock)
    app.jinja_env.globals.update(language=language, languages=LANGUAGES, due_words=due_words, role_name=role_name)
