"""Logging in and out, and what happens to a form whose session has ended meanwhile."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask import Blueprint, Flask, request
from itsdangerous import URLSafeTimedSerializer

from tests.page_inspector import PASSWORD, PageInspector
from tests.web_app import running_app
from web.auth import form_token, typed
from web.limits import limiter
from web.permissions import SIGNED_IN, requires

PAGE = """<!doctype html><html lang="sv"><head><title>Prov – Samled</title></head><body><main id="content"><h1>Prov</h1>
<form method="post" action="/trial" enctype="multipart/form-data">{token}<label for="text">Text</label>
<textarea id="text" name="text">{text}</textarea><label for="tick">Kryss</label>
<input type="checkbox" id="tick" name="tick" value="a"><label for="file">Fil</label><input type="file" id="file" name="file">
<button>Skicka</button></form></main></body></html>"""


@pytest.fixture
def app(sqlite_url: str) -> Iterator[Flask]:
    """The application, with a form of its own that keeps what it is sent."""
    with running_app(sqlite_url, example=True) as made:
        room = Blueprint("trial", __name__)
        made.extensions["received"] = []

        @room.get("/trial")
        @requires(SIGNED_IN)
        def show() -> str:
            before = typed()
            return PAGE.format(token=form_token(), text=before["text"] if before else "")

        @room.post("/trial")
        @requires(SIGNED_IN)
        def receive() -> str:
            made.extensions["received"].append(request.form.to_dict(flat=False))
            return PAGE.format(token=form_token(), text="")

        made.register_blueprint(room)
        limiter.reset()
        yield made


@pytest.fixture
def browser(app: Flask) -> PageInspector:
    return PageInspector(app)


def received(app: Flask) -> list[dict[str, list[str]]]:
    own = {"csrf_token", "_owner"}
    return [{name: values for name, values in form.items() if name not in own} for form in app.extensions["received"]]


def lose_session(browser: PageInspector) -> None:
    browser.http.delete_cookie("samled")


def test_a_person_logs_in_and_out_on_either_database(database_url: str) -> None:
    with running_app(database_url) as either:
        browser = PageInspector(either)
        log_in_and_out(browser)


def log_in_and_out(browser: PageInspector) -> None:
    page = browser.log_in("kurator.skovde")
    assert page.url == "/"
    assert "Exempel Kurator Skövde" in page.html
    page = page.submit("Logga ut")
    assert "Du är utloggad." in page.text
    assert browser.get("/account").url.startswith("/login")


def test_the_user_name_is_read_without_regard_to_capitals(browser: PageInspector) -> None:
    assert browser.log_in("Kurator.Skovde").url == "/"


def test_after_log_in_one_gets_to_the_page_one_asked_for(browser: PageInspector) -> None:
    page = browser.get("/account?x=1")
    assert page.submit(at="/login", username="kurator.skovde", password=PASSWORD).url == "/account?x=1"


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "login"]
)
def test_nobody_is_sent_to_another_site_after_log_in(browser: PageInspector, target: str) -> None:
    page = browser.get("/login", query_string={"next": target})
    assert page.submit(at="/login", username="kurator.skovde", password=PASSWORD, next=target).url == "/"


def test_a_wrong_password_and_an_unknown_name_are_told_in_the_same_words(browser: PageInspector) -> None:
    wrong = browser.get("/login").submit(at="/login", username="kurator.skovde", password="fel")
    unknown = browser.get("/login").submit(at="/login", username="finns.inte", password="fel")
    assert wrong.status == unknown.status == 401
    assert "hör inte ihop" in wrong.text
    assert wrong.text.replace("kurator.skovde", "") == unknown.text.replace("kurator.skovde", "")


def test_somebody_who_has_left_cannot_log_in(app: Flask, browser: PageInspector) -> None:
    from dataclasses import replace

    directory = app.extensions["samled"].directory
    directory.add_people([replace(directory.person("kurator.skovde"), active=False)])
    assert browser.log_in("kurator.skovde").status == 401


def test_many_wrong_passwords_have_to_wait_and_so_does_a_right_one(browser: PageInspector) -> None:
    for _ in range(5):
        assert browser.get("/login").submit(at="/login", username="kurator.skovde", password="fel").status == 401
    page = browser.log_in("kurator.skovde")
    assert page.status == 429
    assert "Vänta några minuter" in page.text
    assert browser.log_in("rektor.skovde").url == "/", "others at the same address go on"


def test_example_people_are_shown_in_example_mode_only(browser: PageInspector, sqlite_url: str) -> None:
    assert "kurator.skovde" in browser.get("/login").text
    with running_app(sqlite_url) as earnest:
        assert "kurator.skovde" not in PageInspector(earnest).get("/login").text


def test_a_press_on_an_example_person_logs_in(browser: PageInspector) -> None:
    assert (
        "Exempel Rektor" in browser.get("/login").submit(at="/login", username="rektor.skovde", password=PASSWORD).html
    )


def test_cookies_are_for_the_server_alone(browser: PageInspector) -> None:
    page = browser.http.get("/login")
    cookie = page.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    secure = browser.app.test_client().get("/login", base_url="https://localhost")
    assert "Secure" in secure.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in secure.headers


def test_a_post_without_its_token_changes_nothing(app: Flask, browser: PageInspector) -> None:
    browser.log_in("kurator.skovde")
    assert browser.post("/trial", {"text": "x"}).status == 400
    assert browser.post("/trial", {"text": "x", "csrf_token": "made up"}).status == 400
    assert received(app) == []


def test_what_was_typed_before_the_session_ended_is_sent_after_log_in(app: Flask, browser: PageInspector) -> None:
    browser.enter("kurator.skovde")
    page = browser.get("/trial")
    lose_session(browser)
    page = page.submit("Skicka", text="Många ord\nom å, ä och ö.", tick=["a", "b"])
    assert page.status == 401
    assert "det du skrev är kvar" in page.text
    assert received(app) == []
    page = page.submit("Logga in", at="/trial", username="kurator.skovde", password="fel")
    assert page.status == 401
    page = page.submit("Logga in", at="/trial", username="kurator.skovde", password=PASSWORD)
    assert page.title == "Prov"
    assert received(app) == [{"text": ["Många ord\nom å, ä och ö."], "tick": ["a", "b"]}]


def test_a_press_on_an_example_person_sends_what_was_kept_too(app: Flask, browser: PageInspector) -> None:
    browser.enter("kurator.skovde")
    page = browser.get("/trial")
    lose_session(browser)
    page = page.submit("Skicka", text="mitt")
    page.submit("Kurator, Elevhälsan Skövde")
    assert received(app) == [{"text": ["mitt"]}]


def test_a_log_in_form_is_never_taken_for_a_views_own(app: Flask, browser: PageInspector) -> None:
    token = browser.get("/login").fields(at="/login")["csrf_token"]
    fields = {"csrf_token": token, "_login": "1", "username": "kurator.skovde", "password": PASSWORD}
    assert browser.post("/trial", fields).url == "/"
    assert received(app) == []


def test_what_one_person_typed_is_not_sent_as_another(app: Flask, browser: PageInspector) -> None:
    browser.enter("kurator.skovde")
    page = browser.get("/trial")
    lose_session(browser)
    page = page.submit("Skicka", text="mitt")
    page = page.submit("Logga in", at="/trial", username="rektor.skovde", password=PASSWORD)
    assert "hörde till en annan person" in page.text
    assert received(app) == []


def test_what_is_kept_cannot_be_read_in_the_page(browser: PageInspector) -> None:
    browser.enter("kurator.skovde")
    page = browser.get("/trial")
    lose_session(browser)
    page = page.submit("Skicka", text="hemligheten")
    token = page.fields(at="/trial")["_kept"]
    assert "hemligheten" not in page.html
    serializer = URLSafeTimedSerializer("k" * 40)
    assert serializer.loads_unsafe(token) == (False, None)


def test_a_form_from_another_site_is_not_kept(app: Flask, browser: PageInspector) -> None:
    page = browser.post("/trial", {"text": "planted", "_owner": "made-up.mark"})
    assert page.status == 401
    assert "_kept" not in page.html
    page = page.submit(at="/login", username="kurator.skovde", password=PASSWORD)
    assert page.url == "/"
    assert received(app) == []


def test_a_changed_parcel_of_typed_words_is_dropped(app: Flask, browser: PageInspector) -> None:
    browser.enter("kurator.skovde")
    page = browser.get("/trial")
    lose_session(browser)
    page = page.submit("Skicka", text="mitt")
    token = page.fields(at="/trial")["_kept"]
    page = page.submit(
        "Logga in", at="/trial", username="kurator.skovde", password=PASSWORD, _kept=token[:-8] + "AAAAAAA="
    )
    assert "kunde inte behållas" in page.text
    assert received(app) == []


def test_after_log_in_in_another_tab_one_is_asked_before_the_form_is_sent(app: Flask, browser: PageInspector) -> None:
    browser.enter("kurator.skovde")
    page = browser.get("/trial")
    lose_session(browser)
    browser.enter("kurator.skovde")
    page = page.submit("Skicka", text="mitt")
    assert page.title == "Det du skrev är kvar"
    assert received(app) == []
    page.submit("Skicka det jag skrev")
    assert received(app) == [{"text": ["mitt"]}]


def test_a_form_made_for_another_person_is_not_sent_from_this_ones_session(app: Flask, browser: PageInspector) -> None:
    browser.enter("kurator.skovde")
    page = browser.get("/trial")
    lose_session(browser)
    browser.enter("rektor.skovde")
    assert page.submit("Skicka", text="mitt").status == 400
    assert received(app) == []


def test_a_form_with_a_file_is_shown_again_so_that_the_file_is_chosen_again(app: Flask, browser: PageInspector) -> None:
    browser.enter("kurator.skovde")
    page = browser.get("/trial")
    lose_session(browser)
    page = page.submit("Skicka", text="mitt", file=(io.BytesIO(b"content"), "plan.txt"))
    page = page.submit("Logga in", at="/trial", username="kurator.skovde", password=PASSWORD)
    assert page.fields(at="/trial")["text"] == "mitt"
    assert received(app) == []
    page.submit("Skicka")
    assert received(app) == [{"text": ["mitt"]}]


def test_a_session_ends_when_nothing_happens(app: Flask, browser: PageInspector) -> None:
    browser.enter("kurator.skovde")
    with browser.http.session_transaction() as session:
        session["seen"] -= 61 * 60
    page = browser.get("/account")
    assert page.url.startswith("/login")
    assert "inget hände på ett tag" in page.text


def test_a_session_ends_after_a_day_at_work(app: Flask, browser: PageInspector) -> None:
    browser.enter("kurator.skovde")
    with browser.http.session_transaction() as session:
        session["since"] -= 13 * 3600
    assert browser.get("/account").url.startswith("/login")


def test_log_out_everywhere_ends_the_sessions_on_other_machines(app: Flask, browser: PageInspector) -> None:
    telephone = PageInspector(app)
    telephone.enter("kurator.skovde")
    browser.enter("kurator.skovde")
    page = browser.get("/account").submit("Logga ut överallt")
    assert "Du är utloggad överallt." in page.text
    assert telephone.get("/account").url.startswith("/login")


def test_the_password_is_changed_and_other_sessions_end(app: Flask, browser: PageInspector) -> None:
    telephone = PageInspector(app)
    telephone.enter("kurator.skovde")
    browser.enter("kurator.skovde")
    new = "tre blå hästar hoppar"
    page = browser.get("/account").submit("Byt lösenord", old=PASSWORD, new=new, again=new)
    assert "Ditt lösenord är bytt" in page.text
    assert browser.get("/account").url == "/account"
    assert telephone.get("/account").url.startswith("/login")
    assert telephone.log_in("kurator.skovde").status == 401
    assert telephone.log_in("kurator.skovde", new).url == "/"


@pytest.mark.parametrize(
    ("old", "new", "again", "told"),
    [
        ("fel", "tre blå hästar hoppar", "tre blå hästar hoppar", "Det är inte ditt lösenord nu"),
        (PASSWORD, "kort", "kort", "Använd minst 12 tecken"),
        (PASSWORD, "kurator.skovde.2026", "kurator.skovde.2026", "Ta inte med ditt namn"),
        (PASSWORD, "Lösenordlösenord1!", "Lösenordlösenord1!", "svårare att gissa"),
        (PASSWORD, PASSWORD, PASSWORD, "ett annat lösenord"),
        (PASSWORD, "tre blå hästar hoppar", "tre blå hästar", "inte lika"),
    ],
)
def test_a_new_password_that_will_not_do_is_told_beside_its_field(
    browser: PageInspector, old: str, new: str, again: str, told: str
) -> None:
    browser.enter("kurator.skovde")
    page = browser.get("/account").submit("Byt lösenord", old=old, new=new, again=again)
    assert page.status == 422
    assert told in page.text
    assert page.root.findtext(".//title").startswith("Fel: ")
    assert new not in page.html


def test_the_language_is_changed_and_the_page_kept(browser: PageInspector) -> None:
    browser.enter("kurator.skovde")
    page = browser.get("/account?x=1")
    assert page.root.get("lang") == "sv"
    page = page.submit("English", language="en")
    assert (page.url, page.root.get("lang"), page.title) == ("/account?x=1", "en", "My account")
    browser.get("/account").submit("Log out")
    assert browser.get("/login").title == "Log in", "the browser remembers"


def test_the_language_chosen_to_log_in_is_kept_after_it(browser: PageInspector) -> None:
    page = browser.get("/login").submit("English", language="en")
    page = page.submit(at="/login", username="kurator.skovde", password=PASSWORD)
    assert page.title == "My tasks"


def test_process_owners_and_administrators_begin_at_the_overview(app: Flask) -> None:
    for username in ("processagare.skaraborg", "administrator"):
        assert PageInspector(app).log_in(username).title == "Översikt"
    assert PageInspector(app).log_in("elevhalsochef.skovde").title == "Mina uppgifter"


def test_a_browser_that_asks_for_english_gets_it_before_log_in(app: Flask) -> None:
    assert PageInspector(app, language="en-GB").get("/login").title == "Log in"
    assert PageInspector(app, language="fi").get("/login").title == "Logga in"
