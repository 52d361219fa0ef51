"""The task page: what it says, and that nothing typed is ever lost."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask import Flask

from engine import Engine, VirtualClock
from tests import form_process, trial_process
from tests.page_inspector import Page, PageInspector
from tests.web_app import running_app

NOW = "2026-03-20T10:00+01:00"  # a Friday
COMPLETE, DRAFT = "Slutför uppgiften", "Spara utkast"


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
def kurator(app: Flask) -> PageInspector:
    return browser(app)


@pytest.fixture
def page(engine: Engine, kurator: PageInspector) -> Page:
    """The page of the first task of a new case."""
    form_process.start(engine)
    return kurator.get("/tasks/1")


def value(page: Page, name: str) -> str:
    return page.fields(at="/tasks/1").get(name, "")


def test_a_task_says_what_is_asked_by_whom_by_when_and_what_happens_otherwise(page: Page) -> None:
    assert page.title == "Ställ frågan"
    for words in (
        "Gäller Exempel Andersson",
        "Fråga lugnt.",
        "Senast fredag 27 mars 2026 kl. 10:00, om 5 arbetsdagar.",
        "Ärendet öppnades. Av Exempel Kurator Skövde, Elevhälsan Skövde, fredag 20 mars 2026.",
        "Onsdag 25 mars 2026: den som har uppgiften får en påminnelse.",
        "Fredag 27 mars 2026: uppgiften märks som försenad; enhetens funktionsbrevlåda och enhetens chef får besked.",
        "Tisdag 31 mars 2026: Samordnare får besked.",
        "Väntar hos Elevhälsan Skövde. Ingen har tagit den ännu.",
        "Så började det",
        "Sover inte.",
    ):
        assert words in page.text


def test_a_task_is_shown_in_english_too(app: Flask, engine: Engine) -> None:
    form_process.start(engine)
    english = PageInspector(app, language="en")
    engine.directory.set_language("kurator.skovde", "en")
    english.log_in("kurator.skovde")
    page = english.get("/tasks/1")
    assert "By Friday 27 March 2026 at 10:00, in 5 working days." in page.text
    assert "Friday 27 March 2026: the task is marked as overdue" in page.text


def test_an_overdue_task_says_since_when_in_words(engine: Engine, kurator: PageInspector) -> None:
    form_process.start(engine)
    engine.clock.advance("P11D")  # type: ignore[attr-defined]
    engine.fire_due()
    assert (
        "Skulle ha varit klar fredag 27 mars 2026 kl. 10:00, för 2 arbetsdagar sedan." in kurator.get("/tasks/1").text
    )


def test_completing_leads_to_a_receipt_that_says_who_has_it_now(engine: Engine, page: Page) -> None:
    receipt = page.submit(COMPLETE, answer="Ja")
    assert receipt.url == "/tasks/1/done"
    assert receipt.title == "Klart: Ställ frågan"
    assert "Det här händer nu, och vem som har det" in receipt.text
    assert "Skriv planen" in receipt.text
    assert "Väntar hos Elevhälsan Skövde." in receipt.text
    assert engine.case("2026-00001").data["ask"]["answer"] == "Ja"


def test_wrong_answers_come_back_with_a_summary_and_everything_typed(engine: Engine, page: Page) -> None:
    again = page.submit(COMPLETE, answer="", more="Lång berättelse")
    assert again.status == 422
    assert "Fyll i ”Vad blev svaret?”." in again.text
    assert "#f-answer" in again.links().values()
    assert value(again, "more") == "Lång berättelse"
    assert again.root.findtext(".//title").startswith("Fel:")
    assert len(engine.tasks(case="2026-00001")) == 1


def test_the_same_form_posted_twice_counts_once_and_says_so(engine: Engine, page: Page) -> None:
    page.submit(COMPLETE, answer="Ja")
    receipt = page.submit(COMPLETE, answer="Ja")
    assert receipt.url == "/tasks/1/done?again=1"
    assert "Du hade redan skickat det här. Det räknades en gång." in receipt.text
    assert [entry.kind for entry in engine.history("2026-00001")].count("completed") == 1


def test_when_a_colleague_was_first_one_is_told_who_and_keeps_what_one_wrote(app: Flask, page: Page) -> None:
    browser(app, "skolpsykolog.skovde").get("/tasks/1").submit(COMPLETE, answer="Kollegans svar")
    late = page.submit(COMPLETE, answer="Mitt svar", more="Min berättelse")
    assert late.status == 409
    assert late.title == "Redan klart: Ställ frågan"
    assert "Exempel Skolpsykolog Skövde, Elevhälsan Skövde gjorde det här 20 mars 2026" in late.text
    assert "Min berättelse" in late.text
    assert "Kollegans svar" in late.text


def test_other_answers_after_ones_own_are_not_taken_for_a_second_press(page: Page) -> None:
    page.submit(COMPLETE, answer="Ja")
    late = page.submit(COMPLETE, answer="Nej, förresten")
    assert late.status == 409
    assert "Nej, förresten" in late.text


def test_a_task_called_off_while_somebody_writes_shows_what_they_wrote(engine: Engine, page: Page) -> None:
    engine.close_case("2026-00001", "fel barn", by=engine.directory.actor("kurator.skovde"))
    gone = page.submit(COMPLETE, answer="Ja", more="Lång berättelse")
    assert gone.status == 404
    assert gone.title == "Uppgiften är inte längre öppen"
    assert "Lång berättelse" in gone.text


def test_a_draft_is_kept_by_the_button_and_filled_in_next_time(kurator: PageInspector, page: Page) -> None:
    saved = page.submit(DRAFT, _do="draft", more="Halvvägs")
    assert "Utkastet är sparat." in saved.text
    assert value(kurator.get("/tasks/1"), "more") == "Halvvägs"


def test_a_draft_is_kept_by_the_script_and_is_nobody_elses(app: Flask, kurator: PageInspector, page: Page) -> None:
    fields = page.fields(at="/tasks/1")
    fields["more"] = "Bara mitt"
    assert kurator.http.post("/tasks/1/draft", data=fields).json == {"saved": True}
    assert value(kurator.get("/tasks/1"), "more") == "Bara mitt"
    assert value(browser(app, "skolpsykolog.skovde").get("/tasks/1"), "more") == ""


def test_enter_in_a_field_never_completes_the_task(engine: Engine, page: Page) -> None:
    """A browser presses the first button of the form."""
    first = page.root.xpath("//form[@data-autosave]//button")[0]
    again = page.submit(at="/tasks/1", **{first.get("name"): first.get("value")}, answer="Ja")
    assert again.status == 200
    assert value(again, "answer") == "Ja"
    assert len(engine.tasks(case="2026-00001")) == 1
    assert engine.tasks(case="2026-00001")[0].element_id == "ask"


def test_rows_are_added_and_removed_without_a_script_and_nothing_is_lost(
    engine: Engine, kurator: PageInspector
) -> None:
    case = form_process.start(engine)
    form_process.complete(engine, case, {"ask": {"answer": "Ja"}})
    page = kurator.get("/tasks/2")
    page = page.submit(at="/tasks/2", _add="goals", **{"goals-0-goal": "Jag vill sova", "needs": "Lugn"})
    assert page.status == 200
    page = page.submit(at="/tasks/2", _remove="goals-0", **{"goals-1-goal": "Träffa Alex"})
    fields = page.fields(at="/tasks/2")
    assert (fields["goals-0-goal"], fields["needs"]) == ("Träffa Alex", "Lugn")
    assert "goals-1-goal" not in fields


def test_a_task_without_a_form_is_marked_as_done_and_may_end_the_case(app: Flask, engine: Engine) -> None:
    case = form_process.start(engine)
    form_process.complete(engine, case, {"ask": {"answer": "Ja"}})
    form_process.complete(engine, case, {"plan": form_process.PLAN})
    page = browser(app, "psykolog.bup").get("/tasks/3")
    assert "Den här uppgiften har inget formulär." in page.text
    receipt = page.submit(COMPLETE)
    assert "Ärendet är stängt" in receipt.text


def test_a_unit_whose_part_ends_with_its_answer_is_told_and_shown_no_more(app: Flask, engine: Engine) -> None:
    trial_process.publish(engine)
    case = trial_process.start(engine)
    form_process.complete(engine, case, {})
    done = browser(app, "psykolog.bup").get("/tasks/2").submit(COMPLETE)
    assert done.url == "/"
    assert "Klart: Svara på frågan. Din enhets del i ärendet är över." in done.text


def test_a_task_that_is_not_ones_own_is_not_there_and_the_attempt_is_logged(
    app: Flask, engine: Engine, page: Page
) -> None:
    stranger = browser(app, "psykolog.bup")
    stranger.get("/tasks/1", status=404)
    assert stranger.post("/tasks/1", {}, status=None).status in (400, 404)
    log = engine.reads("2026-00001", by=engine.directory.actor("kurator.skovde"))
    assert [(read.actor, read.what) for read in log if read.refused][-1] == ("psykolog.bup", "task:ask")


def test_what_was_typed_in_an_ended_session_is_sent_on_after_logging_in(
    engine: Engine, kurator: PageInspector, page: Page
) -> None:
    kurator.http.delete_cookie("samled")
    login = page.submit(COMPLETE, answer="Ja", more="Lång berättelse", _do="complete")
    assert login.status == 401
    receipt = login.submit(username="kurator.skovde", password="prova-samled-2026")
    assert receipt.url == "/tasks/1/done"
    assert engine.case("2026-00001").data["ask"]["more"] == "Lång berättelse"


def attached(content: bytes, name: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def test_a_file_is_attached_and_downloaded_by_those_who_may_read_the_case(
    app: Flask, kurator: PageInspector, page: Page
) -> None:
    page.submit(COMPLETE, answer="Ja", letter=attached(b"%PDF-1.7 exempel", "bre\u0301v ö.pdf"))
    response = kurator.http.get("/files/1")
    assert response.data == b"%PDF-1.7 exempel"
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.mimetype == "application/pdf"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    browser(app, "psykolog.bup").get("/files/1", status=404)


def test_a_file_that_is_not_what_its_name_says_is_refused_and_the_rest_is_kept(engine: Engine, page: Page) -> None:
    again = page.submit(COMPLETE, answer="Ja", letter=attached(b"MZ\x90\x00 a program", "brev.pdf"))
    assert again.status == 422
    assert "#f-letter" in again.links().values()
    assert value(again, "answer") == "Ja"
    assert engine.files("2026-00001") == []


def test_a_file_survives_a_mistake_elsewhere_in_the_form(engine: Engine, page: Page) -> None:
    again = page.submit(COMPLETE, answer="", letter=attached(b"hej", "brev.txt"))
    assert "brev.txt" in again.text
    again.submit(COMPLETE, answer="Ja")
    assert engine.case("2026-00001").data["ask"]["letter"][0]["name"] == "brev.txt"


def test_a_made_up_reference_to_another_cases_file_is_refused(
    engine: Engine, kurator: PageInspector, page: Page
) -> None:
    made_up = '{"id": "999", "name": "x.pdf", "size": 1, "type": "application/pdf"}'
    again = page.submit(COMPLETE, answer="Ja", letter=made_up)
    assert again.status == 422
    assert "en av dem hör inte till det här ärendet" in again.text
