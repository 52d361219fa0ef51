"""My tasks: what is due first, taking, letting go, handing over, filters, search and paging."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from engine import Engine, VirtualClock
from tests import trial_process
from tests.page_inspector import Page, PageInspector
from tests.web_app import running_app
from web import inbox

NOW = "2026-03-27T10:00+01:00"


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock(NOW)) as made:
        trial_process.publish(made.extensions["samled"])
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


@pytest.fixture
def kurator(app: Flask) -> PageInspector:
    browser = PageInspector(app)
    browser.enter("kurator.skovde")
    return browser


def rows(page: Page) -> list[str]:
    """The words of each row, group headings in capitals."""
    found = []
    for row in page.root.iter("tr"):
        text = " ".join("".join(row.itertext()).split())
        if row.get("class") == "group-row":
            found.append(text.upper())
        elif row.getparent().tag == "tbody":
            found.append(text)
    return found


def numbers(page: Page) -> list[str]:
    return [text for text in page.links() if text.startswith("2026-")]


def test_an_empty_list_says_so_in_words(kurator: PageInspector) -> None:
    assert "Ingenting väntar på dig." in kurator.get("/").text


def test_what_is_due_first_is_on_top_and_overdue_is_said_in_words(engine: Engine, kurator: PageInspector) -> None:
    for due in (
        None,
        "2026-05-04T10:00+02:00",
        "2026-03-31T10:00+02:00",
        "2026-03-27T16:00+01:00",
        "2026-03-24T10:00+01:00",
    ):
        trial_process.start(engine, due)
    page = kurator.get("/")
    found = rows(page)
    assert [row for row in found if row.isupper()] == [
        "FÖRSENADE",
        "I DAG",
        "DEN NÄRMASTE VECKAN",
        "SENARE",
        "UTAN DATUM",
    ]
    assert "Försenad 3 dagar" in found[1]
    assert "I dag kl. 16:00" in found[3]
    assert "Tisdag kl. 10:00" in found[5]
    assert "4 maj" in found[7]
    assert "Inget datum" in found[9]
    assert "1 uppgift är försenad och 1 ska vara klar i dag. Börja överst." in page.text


def test_one_sees_ones_own_units_tasks_only(app: Flask, engine: Engine, kurator: PageInspector) -> None:
    case = trial_process.start(engine)
    assert numbers(kurator.get("/")) == [case.id]
    other = PageInspector(app)
    other.enter("psykolog.bup")
    assert numbers(other.get("/")) == []


def test_a_task_is_taken_and_let_go(engine: Engine, kurator: PageInspector) -> None:
    trial_process.start(engine)
    page = kurator.get("/").submit("Ta", at="/tasks/1/take")
    assert "Du har tagit ”Ställ frågan”." in page.text
    assert engine.task(1).assignee == "kurator.skovde"
    assert len(rows(page.follow("Bara de jag har tagit"))) == 2
    page = page.submit("Släpp")
    assert "Du har släppt" in page.text
    assert engine.task(1).assignee is None


def test_after_taking_one_is_back_where_one_was(engine: Engine, kurator: PageInspector) -> None:
    trial_process.start(engine)
    assert kurator.get("/?due=week").submit("Ta", at="/tasks/1/take").url == "/?due=week"


def test_two_who_take_the_same_task_are_told_who_has_it(app: Flask, engine: Engine, kurator: PageInspector) -> None:
    trial_process.start(engine)
    colleague = PageInspector(app)
    colleague.enter("skolpsykolog.skovde")
    slow, fast = kurator.get("/"), colleague.get("/")
    fast.submit("Ta", at="/tasks/1/take")
    assert "Exempel Skolpsykolog Skövde har redan tagit den." in slow.submit("Ta", at="/tasks/1/take").text
    assert engine.task(1).assignee == "skolpsykolog.skovde"


def test_a_task_that_is_done_meanwhile_is_told_and_not_an_error(engine: Engine, kurator: PageInspector) -> None:
    trial_process.start(engine)
    page = kurator.get("/")
    engine.complete(1, {})
    assert "Uppgiften är redan gjord." in page.submit("Ta", at="/tasks/1/take").text


def test_a_task_is_handed_to_a_colleague_of_the_unit(engine: Engine, kurator: PageInspector) -> None:
    trial_process.start(engine)
    page = kurator.get("/tasks/1/hand-over")
    assert "Elevhälsan Skövde" in page.text
    assert "Exempel Psykolog Skaraborg" not in page.text
    missing = page.submit("Lämna över")
    assert missing.status == 422
    assert "Välj vem som ska ha uppgiften." in missing.text
    done = page.submit("Lämna över", person="skolskoterska.skovde")
    assert "ligger nu hos Exempel Skolsköterska Skövde" in done.text
    assert engine.task(1).assignee == "skolskoterska.skovde"


def test_a_task_is_not_handed_to_somebody_outside_its_units(engine: Engine, kurator: PageInspector) -> None:
    trial_process.start(engine)
    page = kurator.get("/tasks/1/hand-over").submit("Lämna över", person="psykolog.bup")
    assert page.status == 422
    assert engine.task(1).assignee is None


@pytest.mark.parametrize("path", ["/tasks/1/take", "/tasks/1/release", "/tasks/1/hand-over"])
def test_what_is_not_yours_is_not_there(app: Flask, engine: Engine, path: str) -> None:
    trial_process.start(engine)
    other = PageInspector(app)
    token = other.enter("psykolog.bup").get("/").fields(at="/language")["csrf_token"]
    assert other.post(path, {"csrf_token": token, "person": "psykolog.bup"}).status == 404
    assert engine.task(1).assignee is None


def test_the_list_is_narrowed_by_due_date_and_keeps_the_choice(engine: Engine, kurator: PageInspector) -> None:
    late = trial_process.start(engine, "2026-03-24T10:00+01:00")
    today = trial_process.start(engine, "2026-03-27T16:00+01:00")
    week = trial_process.start(engine, "2026-03-31T10:00+02:00")
    trial_process.start(engine, "2026-05-04T10:00+02:00")
    page = kurator.get("/")
    assert numbers(page.submit("Visa", due="overdue")) == [late.id]
    assert numbers(page.submit("Visa", due="today")) == [late.id, today.id]
    narrowed = page.submit("Visa", due="week")
    assert numbers(narrowed) == [late.id, today.id, week.id]
    assert narrowed.fields(button="Visa")["due"] == "week"
    assert narrowed.root.xpath("//details[@open]")
    assert len(numbers(narrowed.follow("Visa alla"))) == 4


def test_search_finds_a_case_number_and_a_unit(engine: Engine, kurator: PageInspector) -> None:
    first, second = trial_process.start(engine), trial_process.start(engine)
    page = kurator.get("/")
    assert numbers(page.submit("Visa", q=second.id[-3:])) == [second.id]
    assert numbers(page.submit("Visa", q="Elevhälsan Skövde")) == [first.id, second.id]
    assert "Ingen öppen uppgift passar." in page.submit("Visa", q="finns inte %_").text


def test_strange_filters_are_left_out(engine: Engine, kurator: PageInspector) -> None:
    case = trial_process.start(engine)
    assert numbers(kurator.get("/?due=never&unit=bup-skaraborg&whose=theirs")) == [case.id]


def test_a_long_list_is_paged_and_every_task_is_met_once(
    engine: Engine, kurator: PageInspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "PAGE_SIZE", 3)
    wanted = [trial_process.start(engine, due).id for due in ["2026-03-30T10:00+02:00"] * 4 + [None] * 3]
    page = kurator.get("/")
    met = numbers(page)
    while "Visa nästa" in page.links():
        page = page.follow("Visa nästa")
        met += numbers(page)
    assert met == wanted
    assert "Till början" in page.links()


def test_a_page_that_was_never_there_is_not_found(kurator: PageInspector) -> None:
    assert kurator.get("/?after=nonsense", status=404).title == "Här finns inget för dig"


def test_the_list_is_in_english_for_those_who_want_it(app: Flask, engine: Engine) -> None:
    trial_process.start(engine, "2026-03-24T10:00+01:00")
    browser = PageInspector(app, language="en")
    browser.enter("kurator.skovde")
    page = browser.get("/").submit("English", language="en")
    assert page.title == "My tasks"
    assert "Overdue 3 days" in page.text


def test_the_first_view_weighs_little(engine: Engine, kurator: PageInspector) -> None:
    for _ in range(50):
        trial_process.start(engine)
    page = kurator.get("/")
    weight = len(page.response.data)
    for address in page.root.xpath("//link[@rel='stylesheet' or @rel='icon']/@href | //script/@src"):
        weight += len(kurator.http.get(address, headers={"Accept-Encoding": "gzip"}).data)
    assert weight < 150_000
