"""Start a case from a form; a second one for the same child is pointed out first."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask import Flask

from engine import Engine, VirtualClock
from tests import form_process
from tests.page_inspector import Page, PageInspector
from tests.web_app import running_app

NOW = "2026-03-20T10:00+01:00"
CHILD = {"child-name": "Exempel Andersson", "child-personal_number": form_process.PERSONAL_NUMBER}
START = "Starta ärendet"


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock(NOW)) as made:
        form_process.publish(made.extensions["samled"])
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


def browser(app: Flask, username: str = "kurator.skovde") -> PageInspector:
    found = PageInspector(app)
    found.log_in(username)
    return found


@pytest.fixture
def page(app: Flask) -> Page:
    """The start form, by way of the list of processes."""
    return browser(app).get("/start").follow("Provprocess")


def send(page: Page, **typed: str) -> Page:
    return page.submit(START, _do="start", **typed)


def test_a_case_is_started_from_its_form_and_shown(engine: Engine, page: Page) -> None:
    case = send(page, **CHILD)
    assert case.title == "Ärende 2026-00001"
    assert "Ärendet har nummer 2026-00001." in case.text
    assert engine.case("2026-00001").owner == "elevhalsa-skovde"


def test_wrong_answers_start_nothing_and_keep_what_was_typed(engine: Engine, page: Page) -> None:
    again = send(page, **{"child-name": "Exempel Andersson"})
    assert again.status == 422
    assert "Fyll i ”Personnummer”." in again.text
    assert again.fields(button=START)["child-name"] == "Exempel Andersson"
    assert engine.cases() == []


def test_a_second_case_for_the_same_child_is_pointed_out_before_it_is_made(engine: Engine, page: Page) -> None:
    form_process.start(engine)
    warned = send(page, **CHILD, why="Behöver stöd")
    assert warned.status == 409
    assert "Det finns redan ett öppet ärende om det här barnet" in warned.text
    assert "Ärende 2026-00001" in warned.links()
    assert warned.fields(button=START)["why"] == "Behöver stöd"
    assert len(engine.cases()) == 1
    assert send(warned, _anyway="yes").title == "Ärende 2026-00002"


def test_the_same_number_written_in_another_way_is_the_same_child(engine: Engine, page: Page) -> None:
    form_process.start(engine)
    typed = {**CHILD, "child-personal_number": form_process.PERSONAL_NUMBER.replace("-", "")}
    assert send(page, **typed).status == 409


def test_those_who_may_not_know_of_the_other_case_are_not_told(app: Flask, engine: Engine) -> None:
    form_process.start(engine)
    page = browser(app, "psykolog.bup").get("/start/forms")
    assert send(page, **CHILD).title == "Ärende 2026-00002"


def test_a_form_posted_twice_starts_one_case(engine: Engine, page: Page) -> None:
    send(page, **CHILD)
    assert send(page, **CHILD).title == "Ärende 2026-00001"
    assert len(engine.cases()) == 1


def test_enter_in_a_field_starts_nothing(engine: Engine, page: Page) -> None:
    first = page.root.xpath("//main//form//button")[0]
    again = page.submit(START, **CHILD, **{first.get("name"): first.get("value")})
    assert again.status == 200
    assert engine.cases() == []


def test_a_file_has_no_place_before_there_is_a_case_and_one_is_told(app: Flask, engine: Engine) -> None:
    page = browser(app).get("/start/forms")
    again = page.submit(START, _do="start", **CHILD, letter=(io.BytesIO(b"%PDF-1.7"), "brev.pdf"))
    assert again.status == 422
    assert "bifoga den i någon av uppgifterna som följer" in again.text


def test_an_unknown_process_is_not_there(app: Flask) -> None:
    browser(app).get("/start/nothing", status=404)


def test_the_list_of_processes_says_what_each_is_for(app: Flask) -> None:
    assert "En liten process för prov." in browser(app).get("/start").text
