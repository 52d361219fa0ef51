"""Case pages: where a case stands, what has happened, and what one may do to it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from flask import Flask

from engine import Engine, VirtualClock
from engine.cases import Case
from tests import form_process, trial_process
from tests.page_inspector import PageInspector
from tests.web_app import running_app
from web.diagram import Drawing, marks

NOW = "2026-03-20T10:00+01:00"  # a Friday


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock(NOW)) as made:
        form_process.publish(made.extensions["samled"])
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


@pytest.fixture
def case(engine: Engine) -> Case:
    return form_process.start(engine)


def browser(app: Flask, username: str = "kurator.skovde") -> PageInspector:
    found = PageInspector(app)
    found.log_in(username)
    return found


@pytest.fixture
def kurator(app: Flask) -> PageInspector:
    return browser(app)


def with_plan(engine: Engine, case: Case) -> None:
    """The case with its plan written, waiting for BUP."""
    form_process.complete(engine, case, {"ask": {"answer": "Ja"}})
    form_process.complete(engine, case, {"plan": form_process.PLAN})


def test_a_case_says_in_words_where_it_stands(case: Case, kurator: PageInspector) -> None:
    page = kurator.get(f"/cases/{case.id}")
    assert page.title == "Ärende 2026-00001"
    for words in (
        "Gäller Exempel Andersson",
        "ägs av Elevhälsan Skövde",
        "Ställ frågan",
        "Väntar hos Elevhälsan Skövde. Ingen har tagit den ännu.",
        "Senast fredag 27 mars 2026 kl. 10:00, om 5 arbetsdagar.",
        "Om den inte görs i tid får enhetens chef besked, därefter Samordnare.",
        "25 mars 2026: påminnelse om ”Ställ frågan”",
        "Ärendet öppnades.",
        "Nästa steg: Ställ frågan.",
        "äger ärendet",
    ):
        assert words in page.text


def test_the_timeline_tells_who_did_what_and_what_it_led_to(app: Flask, engine: Engine, case: Case) -> None:
    with_plan(engine, case)
    page = browser(app).get(f"/cases/{case.id}")
    for words in (
        "Klart: Skriv planen. Exempel Kurator Skövde, Elevhälsan Skövde",
        "deltar från och med nu.",
        "Nästa steg: Bekräfta planen.",
        "Jag vill sova.",
    ):
        assert words in page.text
    assert page.text.index("Klart: Skriv planen") < page.text.index("Klart: Ställ frågan")


def test_a_long_timeline_is_paged(app: Flask, engine: Engine, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.cases.TIMELINE", 2)
    with_plan(engine, case)
    first = browser(app).get(f"/cases/{case.id}")
    assert "Ärendet öppnades" not in first.text
    second = first.follow("Visa nästa")
    assert "Ärendet öppnades" in second.text
    assert "Klart: Skriv planen" not in second.text
    assert "Klart: Skriv planen" in second.follow("Till början").text


def test_a_case_that_is_not_yours_is_not_there_and_the_attempt_is_logged(
    app: Flask, engine: Engine, case: Case
) -> None:
    stranger = browser(app, "psykolog.bup")
    for path in ("", "/marks.json", "/plan", "/reads", "/close", "/answers/1", "/record/withdrawn"):
        stranger.get(f"/cases/{case.id}{path}", status=404)
    log = engine.reads(case.id, by=engine.directory.actor("kurator.skovde"))
    assert ("psykolog.bup", "case") in [(read.actor, read.what) for read in log if read.refused]


def test_a_party_may_read_the_case_but_neither_close_it_nor_read_its_log(
    app: Flask, engine: Engine, case: Case
) -> None:
    with_plan(engine, case)
    party = browser(app, "psykolog.bup")
    page = party.get(f"/cases/{case.id}")
    assert "Vilka som har läst ärendet" not in page.links()
    party.get(f"/cases/{case.id}/reads", status=404)
    party.get(f"/cases/{case.id}/close", status=404)


def test_each_look_at_a_case_is_one_row_that_its_owner_can_read(app: Flask, engine: Engine, case: Case) -> None:
    page = browser(app).get(f"/cases/{case.id}")
    log = page.follow("Vilka som har läst ärendet")
    assert "Exempel Kurator Skövde" in log.text
    rows = engine.reads(case.id, by=engine.directory.actor("kurator.skovde"))
    assert [row.what for row in rows if row.what == "case"] == ["case"]


def test_an_answer_is_corrected_and_the_old_one_stays_with_who_and_why(app: Flask, engine: Engine, case: Case) -> None:
    form_process.complete(engine, case, {"ask": {"answer": "Nej", "more": "Kvar"}})
    page = browser(app).get(f"/cases/{case.id}").follow("Rätta de här svaren: Ställ frågan")
    assert page.title == "Rätta: Ställ frågan"
    assert page.fields(button="Spara rättelsen")["more"] == "Kvar"
    refused = page.submit("Spara rättelsen", answer="Ja", _do="correct")
    assert refused.status == 422
    assert "Skriv varför svaren rättas." in refused.text
    assert refused.fields(button="Spara rättelsen")["answer"] == "Ja"
    done = refused.submit("Spara rättelsen", _reason="Skrev fel", _do="correct")
    for words in ("Svaren rättades: Ställ frågan.", "Skäl: Skrev fel", "Före rättelsen"):
        assert words in done.text
    assert engine.case(case.id).data["ask"] == {"answer": "Ja", "more": "Kvar", "letter": []}


def test_two_who_correct_the_same_answers_are_told(app: Flask, engine: Engine, case: Case) -> None:
    form_process.complete(engine, case, {"ask": {"answer": "Nej"}})
    entry = next(entry.id for entry in engine.history(case.id) if entry.kind == "completed")
    page = browser(app).get(f"/cases/{case.id}/answers/{entry}")
    colleague = engine.directory.actor("skolpsykolog.skovde")
    engine.correct(case.id, entry, {"ask": {"answer": "Kanske"}}, "hörde fel", by=colleague)
    late = page.submit("Spara rättelsen", answer="Ja", _reason="Skrev fel", _do="correct")
    assert late.status == 409
    assert "ändrats av någon annan under tiden" in late.text
    assert late.fields(button="Spara rättelsen")["answer"] == "Ja"


def test_a_case_opened_by_mistake_is_closed_with_a_reason(app: Flask, engine: Engine, case: Case) -> None:
    page = browser(app).get(f"/cases/{case.id}").follow("Stäng ett ärende som öppnats av misstag")
    assert "Ställ frågan" in page.text
    refused = page.submit("Stäng ärendet")
    assert refused.status == 422
    closed = refused.submit("Stäng ärendet", reason="Öppnat två gånger")
    assert "Skäl: Öppnat två gånger" in closed.text
    assert engine.tasks(case=case.id) == []
    again = page.submit("Stäng ärendet", reason="Öppnat två gånger")
    assert again.status == 409


def test_what_the_process_listens_for_is_recorded_and_leads_to_its_task(app: Flask, engine: Engine, case: Case) -> None:
    page = browser(app).get(f"/cases/{case.id}").follow("Samtycket tas tillbaka")
    assert page.title == "Samtycket tas tillbaka"
    task = page.submit("Registrera")
    assert task.title == "Prata med familjen"
    assert "Registrerat: Samtycket tas tillbaka." in task.text
    assert {task.element_id for task in engine.tasks(case=case.id)} == {"ask", "talk"}


def test_an_event_recorded_twice_by_a_double_press_counts_once(app: Flask, engine: Engine, case: Case) -> None:
    page = browser(app).get(f"/cases/{case.id}/record/withdrawn")
    first, second = page.submit("Registrera"), page.submit("Registrera")
    assert first.url == second.url
    assert [task.element_id for task in engine.tasks(case=case.id)].count("talk") == 1


def test_the_answers_of_a_closed_case_are_left_as_they_are(app: Flask, engine: Engine, case: Case) -> None:
    engine.close_case(case.id, "fel barn", by=engine.directory.actor("kurator.skovde"))
    kurator = browser(app)
    assert not any("answers" in (url or "") for url in kurator.get(f"/cases/{case.id}").links().values())
    kurator.get(f"/cases/{case.id}/answers/1", status=409)


def test_a_case_that_cannot_go_on_says_so_and_may_be_tried_again(app: Flask, engine: Engine) -> None:
    trial_process.publish(engine)
    case = trial_process.start(engine, due="not a date")
    kurator = browser(app)
    page = kurator.get(f"/cases/{case.id}")
    assert "Processen har stannat här och kan inte gå vidare av sig själv." in page.text
    assert "går inte att läsa" in page.text  # why, in the reader's language too
    assert "Processen kan fortfarande inte gå vidare." in page.submit("Försök igen").text
    browser(app, "psykolog.bup").post(f"/cases/{case.id}/retry", kurator.get("/").fields(at="/logout"), status=400)


def test_the_plan_is_a_page_to_read_with_the_childs_words_first(app: Flask, engine: Engine, case: Case) -> None:
    with_plan(engine, case)
    page = browser(app).get(f"/cases/{case.id}").follow("Läs planen")
    assert page.title == "Plan för Exempel Andersson"
    assert page.text.index("Jag vill sova.") < page.text.index("Lugn och ro.") < page.text.index("Samtal")
    assert "Elevhälsan Skövde" in page.text
    assert "Exempel" not in page.root.findtext(".//title")


def test_a_case_without_a_plan_has_no_plan_page(kurator: PageInspector, case: Case) -> None:
    kurator.get(f"/cases/{case.id}/plan", status=404)


def test_the_list_shows_ones_own_cases_and_what_waits_in_each(app: Flask, engine: Engine, case: Case) -> None:
    page = browser(app).get("/cases")
    assert f"/cases/{case.id}" in page.links().values()
    assert "Ställ frågan" in page.text
    assert "Dina enheter har inget öppet ärende." in browser(app, "psykolog.bup").get("/cases").text


def test_cases_are_found_by_number_process_party_and_state(app: Flask, engine: Engine, case: Case) -> None:
    with_plan(engine, case)
    kurator = browser(app)
    for query in ("text=2026-00001", "text=BUP", "process=forms", "unit=elevhalsa-skovde", "state=all"):
        assert case.id in kurator.get(f"/cases?{query}").links(), query
    for query in ("text=2026-00002", "process=other", "state=closed"):
        page = kurator.get(f"/cases?{query}")
        assert case.id not in page.links(), query
        assert "Inget ärende passar det du sökte efter." in page.text


def test_a_long_list_of_cases_is_paged(app: Flask, engine: Engine, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.cases.PAGE_SIZE", 1)
    second = form_process.start(engine)
    page = browser(app).get("/cases")
    assert second.id in page.links()
    assert case.id not in page.links()
    assert case.id in page.follow("Visa nästa").links()


def test_the_drawing_is_marked_with_what_is_done_and_what_waits(app: Flask, engine: Engine, case: Case) -> None:
    form_process.complete(engine, case, {"ask": {"answer": "Ja"}})
    drawn, tasks = Drawing(form_process.MODEL, "forms"), engine.tasks(case=case.id)
    with app.test_request_context():
        found = marks(drawn, engine.history(case.id), tasks, [], engine.clock.now())
    assert found.elements["ask"]["state"] == "done"
    assert found.elements["write_plan"]["state"] == "waiting"
    assert "confirm" not in found.elements
    assert [flow.split("_", 1)[1] for flow in found.flows] == ["start_ask", "ask_write_plan"]


def test_the_drawing_of_a_version_comes_compressed_and_may_be_kept(app: Flask, case: Case) -> None:
    response = browser(app).http.get("/drawings/1.bpmn", headers={"Accept-Encoding": "gzip"})
    assert "Skriv planen" in gzip.decompress(response.data).decode()
    assert "immutable" in response.headers["Cache-Control"]


def test_steps_forms_and_drawing_are_in_the_readers_language(app: Flask, engine: Engine, case: Case) -> None:
    form_process.complete(engine, case, {"ask": {"answer": "Ja"}})
    engine.directory.set_language("kurator.skovde", "en")
    reader = PageInspector(app, language="en")
    reader.log_in("kurator.skovde")
    assert "Next: Write the plan." in reader.get(f"/cases/{case.id}").text
    task = reader.get("/tasks/2")
    assert task.title == "Write the plan"
    assert "What does the child need?" in task.text
    assert "Write the plan" in reader.http.get("/drawings/1.bpmn?language=en", headers={"Accept-Encoding": ""}).text
