"""The chain on a case page, and what a unit promises, in words."""

from __future__ import annotations

from flask import Flask

from engine.promises import Promise
from web import chain, i18n
from web.wording import Names

NAMES = Names(str, {"uph": "Ungas psykiska hälsa", "bup": "BUP"}.__getitem__)
HOPS = [
    {"unit": "uph", "from": "2027-03-08T09:00:00+01:00", "to": "2027-03-09T10:00:00+01:00", "answer": "passed-on", "reason": "BUP vet."},
    {"unit": "bup", "from": "2027-03-09T10:00:00+01:00", "to": None, "answer": "more-time", "until": "2027-03-16"},
]  # fmt: skip


def told(data: dict[str, object]) -> list[chain.Hop]:
    app = Flask("test")
    app.secret_key = "test"
    i18n.init_app(app)
    with app.test_request_context(headers={"Accept-Language": "sv"}):
        return chain.read(data, NAMES)


def test_each_unit_of_the_chain_is_told_with_its_answer() -> None:
    first, second = told({"hops": HOPS})
    assert (first.unit, first.answer, first.reason) == ("Ungas psykiska hälsa", "hjälpte den vidare", "BUP vet.")
    assert first.since
    assert first.until
    assert (second.unit, second.until) == ("BUP", "")
    assert second.answer.startswith("behöver mer tid, till")


def test_who_has_it_without_an_answer_is_told_as_such_and_a_strange_word_as_it_is() -> None:
    waiting, strange = told({"hops": [{"unit": "uph"}, {"unit": "bup", "answer": "later", "to": "soon"}]})
    assert waiting.answer == "har inte svarat än"
    assert (strange.answer, strange.until) == ("later", "soon")


def test_an_instant_beyond_the_calendar_is_shown_as_it_is_written() -> None:
    [hop] = told({"hops": [{"unit": "uph", "from": "9999-12-31T23:59:59-10:00"}]})
    assert hop.since == "9999-12-31T23:59:59-10:00"


def test_what_is_no_chain_shows_nothing() -> None:
    for hops in (None, "uph", [], ["uph"], [{"from": "2027-03-08"}], [{"unit": 3}]):
        assert told({"hops": hops}) == []
        assert chain.holder({"hops": hops}) == ""
    assert chain.holder({"hops": HOPS}) == "bup"


def test_a_units_own_words_stand_before_the_template_and_names_are_filled_in() -> None:
    template = "{unit} svarar inom {answer}."
    assert Promise().in_words(template, {"unit": "BUP", "answer": "48 timmar"}) == "BUP svarar inom 48 timmar."
    own = Promise(text="{unit} ringer upp inom {answer}, {som} vanligt.")
    assert (
        own.in_words(template, {"unit": "BUP", "answer": "ett dygn"}) == "BUP ringer upp inom ett dygn, {som} vanligt."
    )


def test_a_deadline_may_be_called_anything() -> None:
    values = {"template": "en dag", "self": "två dagar"}
    assert Promise().in_words("Inom {template} eller {self}.", values) == "Inom en dag eller två dagar."
