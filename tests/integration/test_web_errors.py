"""What a person is told when something is wrong, and what is kept out of the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from flask import Blueprint, Flask

from engine import Engine
from engine.errors import Conflict, DatabaseUnavailable, Forbidden, InvalidAnswers, NotFound
from tests.page_inspector import PageInspector
from tests.web_app import running_app
from web.app import create_app
from web.permissions import SIGNED_IN, requires
from web.settings import Settings

SECRET = "Exempel Barn 20120125-2382"
ERRORS: dict[str, Exception] = {
    "missing": NotFound(SECRET),
    "forbidden": Forbidden(SECRET),
    "conflict": Conflict("x", changes=["“Ask” was completed by anna."]),
    "answers": InvalidAnswers({"need.why": ["Fill in “Why?”"]}),
    "database": DatabaseUnavailable(),
    "unforeseen": ValueError(SECRET),
}


@pytest.fixture
def app(sqlite_url: str) -> Iterator[Flask]:
    with running_app(sqlite_url) as made:
        made.config["PROPAGATE_EXCEPTIONS"] = False
        for prefix in ("/trial", "/api/trial"):
            room = Blueprint(f"trial{len(prefix)}", __name__, url_prefix=prefix)

            @room.get("/<kind_id>")
            @requires(SIGNED_IN)
            def fail(kind_id: str) -> str:
                raise ERRORS[kind_id]

            made.register_blueprint(room)
        yield made


@pytest.fixture
def browser(app: Flask) -> PageInspector:
    made = PageInspector(app)
    made.enter("kurator.skovde")
    return made


@pytest.mark.parametrize(
    ("kind", "status", "title"),
    [
        ("missing", 404, "Här finns inget för dig"),
        ("forbidden", 404, "Här finns inget för dig"),
        ("conflict", 409, "Det här har ändrats under tiden"),
        ("answers", 422, "Något behöver rättas"),
        ("database", 503, "Samled vilar en stund"),
        ("unforeseen", 500, "Något gick fel"),
    ],
)
def test_each_error_has_its_page(browser: PageInspector, kind: str, status: int, title: str) -> None:
    page = browser.get(f"/trial/{kind}", status=status)
    assert page.title == title
    assert SECRET not in page.html
    assert "Traceback" not in page.html


def test_an_unforeseen_error_is_logged_whole_under_the_number_shown_without_what_somebody_wrote(
    browser: PageInspector, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="samled.web"):
        page = browser.get("/trial/unforeseen", status=500)
    number = page.root.findtext(".//code")
    written = "\n".join(record.getMessage() for record in caplog.records)
    assert number in written
    assert "ValueError" in written
    assert "in fail" in written
    assert SECRET not in written
    assert "kurator" not in written


def test_the_api_tells_every_error_in_one_shape(browser: PageInspector) -> None:
    for kind in ERRORS:
        body = browser.http.get(f"/api/trial/{kind}").get_json()
        assert set(body) == {"error"}
        assert set(body["error"]) == {"code", "message", "reference", "fields", "changes"}
    assert browser.http.get("/api/trial/answers").get_json()["error"]["fields"] == {"need.why": ["Fill in “Why?”"]}
    assert browser.http.get("/api/trial/conflict").get_json()["error"]["changes"] == ["“Ask” was completed by anna."]
    assert browser.http.get("/api/trial/unforeseen").get_json()["error"]["reference"]
    assert browser.http.get("/api/nowhere").get_json()["error"]["code"] == "not-found"


def test_a_request_that_is_too_large_is_told_the_limit(app: Flask, browser: PageInspector) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 2**20
    page = browser.post("/account", {"old": "x" * 2**21})
    assert page.status == 413
    assert "större än 1 MB" in page.text


def test_an_address_without_a_page_is_told_also_to_visitors(app: Flask) -> None:
    assert PageInspector(app).get("/nowhere", status=404).title == "Här finns inget för dig"


def test_the_wrong_method_is_told(browser: PageInspector) -> None:
    assert browser.get("/logout", status=405).title == "Det går inte här"


def test_health_is_told_without_log_in(app: Flask) -> None:
    answer = app.test_client().get("/health")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_files_of_ours_are_sent_compressed_and_kept_for_a_year(browser: PageInspector) -> None:
    page = browser.get("/")
    address = page.root.xpath("//link[@rel='stylesheet']/@href")[0]
    answer = browser.http.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.mimetype == "text/css"
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Accept-Encoding" in answer.headers["Vary"]
    plain = browser.http.get(address)
    assert "Content-Encoding" not in plain.headers
    assert len(plain.data) > len(answer.data)


@pytest.mark.parametrize("path", ["../app.py", "..%2fapp.py", "/etc/passwd", "dist/../../settings.py"])
def test_nothing_but_static_files_is_sent(browser: PageInspector, path: str) -> None:
    for encoding in ("gzip", "identity"):
        assert browser.http.get(f"/static/{path}", headers={"Accept-Encoding": encoding}).status_code in (404, 308)


def test_a_database_out_of_reach_is_told_and_health_says_so() -> None:
    nowhere = Engine("postgresql://nobody@127.0.0.1:1/nothing")
    app = create_app(engine=nowhere, settings=Settings(secret_key="k" * 40))
    browser = PageInspector(app)
    assert app.test_client().get("/health").status_code == 503
    page = browser.get("/login").submit(at="/login", username="kurator.skovde", password="prova")
    assert (page.status, page.title) == (503, "Samled vilar en stund")
