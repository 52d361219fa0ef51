"""The words of a case: due dates, what happens otherwise, and a sentence for everything that can happen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args

import pytest
from flask import Flask

from engine.bpmn.occurrences import Kind
from engine.calendars import Calendar
from engine.deadlines import ladder
from engine.history import ASIDE, Entry
from engine.process_settings import DeadlineSetting
from web import i18n
from web.wording import SENTENCES, Names, consequences, due_text, holder, listed, sentence, timeline, told_already

CALENDAR = Calendar()
FRIDAY = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
NAMES = Names(str.title, str.upper, {"coordinator": "Samordnare"})
COMMANDS = {"started", "completed", "corrected", "closed", "received", "retried"}
SERVICES = {"notice", "owner-set", "party-added", "party-removed", "case-started"}


@pytest.fixture(autouse=True)
def swedish() -> Iterator[None]:
    app = Flask(__name__)
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Europe/Stockholm"
    i18n.init_app(app)
    with app.test_request_context(headers={"Accept-Language": "sv"}):
        yield


@pytest.mark.parametrize(
    ("due", "said"),
    [
        ("2026-03-20T15:00+00:00", "Senast fredag 20 mars 2026 kl. 16:00, i dag."),
        ("2026-03-21T09:00+00:00", "Senast lördag 21 mars 2026 kl. 10:00, i morgon."),
        ("2026-03-22T09:00+00:00", "Senast söndag 22 mars 2026 kl. 10:00, om 2 dagar."),
        ("2026-03-23T09:00+00:00", "Senast måndag 23 mars 2026 kl. 10:00, om 1 arbetsdag."),
        ("2026-04-07T08:00+00:00", "Senast tisdag 7 april 2026 kl. 10:00, om 10 arbetsdagar."),  # Easter between
        ("2026-09-20T08:00+00:00", "Senast söndag 20 september 2026 kl. 10:00, om 26 veckor."),
        ("2026-03-20T08:00+00:00", "Skulle ha varit klar fredag 20 mars 2026 kl. 09:00, tidigare i dag."),
        ("2026-03-16T09:00+00:00", "Skulle ha varit klar måndag 16 mars 2026 kl. 10:00, för 4 arbetsdagar sedan."),
    ],
)
def test_a_due_date_counts_working_days_and_weekends_are_none(due: str, said: str) -> None:
    assert due_text(datetime.fromisoformat(due), FRIDAY, CALENDAR).sentence == said


def test_a_task_without_a_date_says_so() -> None:
    assert due_text(None, FRIDAY, CALENDAR).short == "Inget datum"


def setting(*escalate: str) -> DeadlineSetting:
    return DeadlineSetting("d", "5 working days", "local", remind="2 working days", escalate=escalate)


def test_what_happens_otherwise_is_told_day_by_day() -> None:
    steps = ladder(datetime(2026, 3, 27, 9, 0, tzinfo=UTC), setting("unit-manager", "coordinator"), CALENDAR)
    assert consequences(steps, ("unit-manager", "coordinator"), FRIDAY, NAMES) == [
        "Onsdag 25 mars 2026: den som har uppgiften får en påminnelse.",
        "Fredag 27 mars 2026: uppgiften märks som försenad; enhetens funktionsbrevlåda och enhetens chef får besked.",
        "Tisdag 31 mars 2026: Samordnare får besked.",
    ]


def test_what_has_happened_already_is_not_told_as_coming() -> None:
    steps = ladder(datetime(2026, 3, 19, 9, 0, tzinfo=UTC), setting("unit-manager", "coordinator"), CALENDAR)
    told = told_already(steps, ("unit-manager", "coordinator"), FRIDAY, NAMES)
    assert told == "Har redan fått besked om att den är försenad: enhetens funktionsbrevlåda och enhetens chef."
    assert len(consequences(steps, ("unit-manager", "coordinator"), FRIDAY, NAMES)) == 1


def test_everything_that_can_happen_has_a_sentence() -> None:
    assert {*COMMANDS, *SERVICES, *ASIDE, *get_args(Kind)} - SENTENCES.keys() == {"flow"}


@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_a_sentence_says_what_it_is_about_or_that_it_is_the_case(kind: str) -> None:
    entry = Entry(
        1, FRIDAY, "anna", "bup", kind, "ask", "Fråga", None, {"to": "bup", "unit": "bup", "name": "brev.pdf"}
    )
    assert any(word in sentence(entry, NAMES) for word in ("Fråga", "BUP", "brev.pdf", "rendet", "Processen"))


def test_a_kind_nobody_has_worded_is_still_told() -> None:
    assert sentence(Entry(1, FRIDAY, None, None, "brand-new", "ask", "Fråga"), NAMES) == "Brand new: Fråga."


def test_the_timeline_is_newest_first_and_one_line_a_command() -> None:
    entries = [
        Entry(1, FRIDAY, "anna", "bup", "started", None),
        Entry(1, FRIDAY, "anna", "bup", "entered", "ask", "Fråga"),
        Entry(2, FRIDAY, "anna", "bup", "completed", "ask", "Fråga", None, {"answers": {"ask": {"a": 1}}}),
    ]
    newest, oldest = timeline(entries, NAMES, lambda entry: entry.kind == "entered")
    assert (newest.text, newest.who, newest.answers) == ("Klart: Fråga.", "Anna, BUP", {"ask": {"a": 1}})
    assert (oldest.text, oldest.led_to) == ("Ärendet öppnades.", ("Nästa steg: Fråga.",))


def test_the_same_reminder_to_several_is_one_line() -> None:
    entries = [Entry(number, FRIDAY, None, None, "reminded", "ask", "Fråga") for number in (1, 2, 3)]
    assert [line.text for line in timeline(entries, NAMES, lambda entry: True)] == ["En påminnelse skickades: Fråga."]


@pytest.mark.parametrize(
    ("assignee", "units", "said"),
    [
        (None, ["bup"], "Väntar hos BUP. Ingen har tagit den ännu."),
        ("anna", ["bup", "soc"], "Anna har tagit den, för BUP och SOC."),
        ("anna", [], "Anna har tagit den."),
        (None, [], "Ingen har den ännu."),
    ],
)
def test_who_has_a_task(assignee: str | None, units: list[str], said: str) -> None:
    assert holder(assignee, units, [], NAMES) == said


def test_lists_are_joined_as_people_do() -> None:
    assert [listed(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a och b", "a, b och c"]
