"""Due dates in words, in both languages, by the organisation's clock."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from flask_babel import force_locale

from web import i18n

NOW = datetime.fromisoformat("2026-03-27T10:00+01:00")  # a Friday; summer time begins on the Sunday


@pytest.fixture(scope="module")
def app() -> Flask:
    made = Flask("words")
    made.config["BABEL_DEFAULT_TIMEZONE"] = "Europe/Stockholm"
    i18n.init_app(made)
    return made


@pytest.mark.parametrize(
    ("due", "state", "swedish", "english"),
    [
        ("2026-03-24T10:00+01:00", "overdue", "Försenad 3 dagar", "Overdue 3 days"),
        ("2026-03-26T23:59+01:00", "overdue", "Försenad 1 dag", "Overdue 1 day"),
        ("2026-03-27T09:30+01:00", "overdue", "Försenad sedan kl. 09:30", "Overdue since 09:30"),
        ("2026-03-27T10:00+01:00", "overdue", "Försenad sedan kl. 10:00", "Overdue since 10:00"),
        ("2026-03-27T23:59+01:00", "soon", "I dag kl. 23:59", "Today at 23:59"),
        ("2026-03-27T23:30+00:00", "soon", "I morgon kl. 00:30", "Tomorrow at 00:30"),
        ("2026-03-30T10:00+02:00", "waiting", "Måndag kl. 10:00", "Monday at 10:00"),
        ("2026-04-02T23:59+02:00", "waiting", "Torsdag kl. 23:59", "Thursday at 23:59"),
        ("2026-04-03T10:00+02:00", "waiting", "3 april", "3 April"),
        ("2027-01-01T10:00+01:00", "waiting", "1 januari 2027", "1 January 2027"),
    ],
)
def test_a_due_date_is_told_as_one_would_say_it(app: Flask, due: str, state: str, swedish: str, english: str) -> None:
    moment = datetime.fromisoformat(due)
    for language, words in (("sv", swedish), ("en", english)):
        with app.test_request_context("/"), force_locale(language):
            told = i18n.due_words(moment, NOW)
            assert (told.state, told.words) == (state, words)


def test_no_date_is_said_and_is_no_state(app: Flask) -> None:
    with app.test_request_context("/"), force_locale("sv"):
        assert i18n.due_words(None, NOW) == i18n.Due("", "Inget datum", "Inget datum")


def test_the_whole_date_is_told_too(app: Flask) -> None:
    with app.test_request_context("/"), force_locale("sv"):
        moment = datetime.fromisoformat("2026-03-29T01:30+00:00")
        assert i18n.due_words(moment, NOW).full == "29 mars 2026 kl. 03:30"
