"""The pages and the JSON about drafts: begun, saved, merged, agreed to, published, out and in as files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from engine import Engine, VirtualClock
from tests.integration import drawing as draw
from tests.integration.test_editing import SCENARIO, SETTINGS
from tests.page_inspector import PageInspector
from tests.web_app import running_app


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock("2026-03-27T10:00+01:00")) as made:
        model = draw.chain("ladder", draw.task("ask", group="coordinator", due='=deadline("answer")'))
        folder = draw.package(tmp_path / "base", "ladder", model, SETTINGS)
        (folder / "scenarios").mkdir()
        (folder / "scenarios" / "answered.yaml").write_text(SCENARIO, "utf-8")
        made.extensions["samled"].publish(folder)
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


@pytest.fixture
def owner(app: Flask) -> PageInspector:
    return PageInspector(app).enter("processagare.skaraborg")


@pytest.fixture
def administrator(app: Flask) -> PageInspector:
    return PageInspector(app).enter("administrator")


class Script:
    """What a page's script sends, with the token of a page."""

    def __init__(self, inspector: PageInspector) -> None:
        self.http = inspector.http
        token = inspector.get("/cases").fields().get("csrf_token")
        self.headers = {"X-CSRFToken": str(token)}

    def __call__(self, method: str, path: str, body: object = None) -> TestResponse:
        return self.http.open(path, method=method, json={} if body is None else body, headers=self.headers)


def test_a_draft_is_begun_changed_asked_for_agreed_to_and_published(
    engine: Engine, owner: PageInspector, administrator: PageInspector
) -> None:
    page = owner.get("/processes/ladder").submit("Ändra processen")
    assert "Inget skiljer än." in page.text
    [draft] = engine.editing.drafts("ladder")
    send, at = Script(owner), f"/processes/drafts/{draft.id}/files"
    files = owner.http.get(at).get_json()
    assert (files["revision"], files["lock"], files["may"]) == (1, None, {"edit": True})
    model = files["files"]["ladder.bpmn"].replace('name="Ask"', 'name="Fråga familjen"')
    sent = {"revision": 1, "files": {"ladder.bpmn": model}}
    assert send("PUT", at, sent).get_json() == {"revision": 2}
    stale = send("PUT", at, sent)
    assert (stale.status_code, "kvar i den här webbläsaren" in stale.get_json()["error"]) == (409, True)
    assert "heter nu Fråga familjen" in owner.get(f"/processes/drafts/{draft.id}").text
    page = owner.get(f"/processes/drafts/{draft.id}/publish")
    assert "Kontrollerna har inget emot det" in page.text
    assert "Skriv varför" in page.submit("Begär att det publiceras").text
    page = page.submit("Begär att det publiceras", reason="Så säger familjerna själva")
    assert "när en annan person har godkänt" in page.text
    page = owner.get(f"/processes/drafts/{draft.id}/publish")
    assert "Godkänn och publicera" not in page.text
    page = administrator.get(f"/processes/drafts/{draft.id}/publish")
    assert "Så säger familjerna själva" in page.text
    assert "Nya ärenden startar på det" in page.submit("Godkänn och publicera").text
    assert engine.versions("ladder")[0].number == 2
    page = administrator.get("/processes/ladder").submit("Gå tillbaka till den: Version 1")
    assert "Det här utkastet är version 1" in page.text


def test_staff_reach_nothing_of_it(app: Flask, engine: Engine) -> None:
    draft = engine.editing.open("ladder")
    staff = PageInspector(app).enter("kurator.skovde")
    send = Script(staff)
    for path in (
        "drafts",
        f"drafts/{draft.id}",
        f"drafts/{draft.id}/files",
        f"drafts/{draft.id}/package.zip",
        "import",
    ):
        assert staff.http.get(f"/processes/{path}").status_code == 404, path
    for path in ("undo", "agree", "findings", "comments", "lock", "publish"):
        assert send("POST", f"/processes/drafts/{draft.id}/{path}").status_code == 404, path
    assert send("PUT", f"/processes/drafts/{draft.id}/files", {"revision": 1, "files": {}}).status_code == 404
    assert staff.http.post(f"/processes/drafts/{draft.id}/lock", json={}).status_code == 400  # no token


def test_the_browser_is_told_what_the_checks_say_who_is_at_work_and_what_is_said(
    engine: Engine, owner: PageInspector, administrator: PageInspector
) -> None:
    draft = engine.editing.open("ladder")
    at = f"/processes/drafts/{draft.id}"
    send, other = Script(owner), Script(administrator)
    found = send("POST", f"{at}/findings").get_json()["findings"]
    assert ("ladder.bpmn", "missing-diagram") in [(one["file"], one["rule"]) for one in found]
    assert all(one["message"] and one["remedy"] for one in found)
    send("POST", f"{at}/lock")
    refused = other("PUT", f"{at}/files", {"revision": 1, "files": {"README.md": "x"}})
    assert (refused.status_code, "ändrar i utkastet" in refused.get_json()["error"]) == (409, True)
    assert "Ta över" in administrator.get(at).text
    assert other("POST", f"{at}/take-over").get_json()["may"] == {"edit": True}
    assert other("POST", f"{at}/comments", {"element_id": "ask", "text": "Räcker det?"}).status_code == 201
    [said] = owner.http.get(f"{at}/comments").get_json()["comments"]
    assert (said["text"], said["resolved"]) == ("Räcker det?", False)
    send("POST", f"{at}/comments", {"id": said["id"], "resolved": True})
    assert owner.http.get(f"{at}/comments").get_json()["comments"][0]["resolved"] is True
    drawn = send("POST", f"{at}/layout", {"xml": draft.files["ladder.bpmn"]}).get_json()["xml"]
    assert "BPMNShape" in drawn
    assert send("POST", f"{at}/layout", {"xml": "<no"}).status_code == 422
    assert send("PUT", f"{at}/files", {"revision": 1, "files": {"../x.bpmn": "x"}}).status_code in (409, 422)
    for body in ([], {"files": 1}, {"revision": True, "files": {}}, {"revision": 1, "files": {"README.md": 1}}):
        assert send("PUT", f"{at}/files", body).status_code == 400, body


@pytest.mark.parametrize("broken", ["<not", None], ids=["unreadable", "taken away"])
def test_a_draft_that_cannot_be_read_is_shown_and_undone(
    engine: Engine, owner: PageInspector, broken: str | None
) -> None:
    draft = engine.editing.open("ladder")
    files = {name: broken for name in draft.files if broken is None or name.endswith(".bpmn")}
    engine.editing.save(draft.id, files, 1)
    page = owner.get(f"/processes/drafts/{draft.id}")
    assert "Utkastet kan inte läsas" in page.text
    assert "Det här måste" in owner.get(f"/processes/drafts/{draft.id}/publish").text
    assert "Inget skiljer än." in page.submit("Ångra det senaste sparandet").text


def test_a_draft_whose_base_has_moved_takes_the_changes_in_each_conflict_chosen(
    engine: Engine, owner: PageInspector
) -> None:
    mine, other = engine.editing.open("ladder"), engine.editing.open("ladder")
    for draft, name in ((mine, "Min"), (other, "Annans")):
        model = draft.files["ladder.bpmn"].replace('name="Ask"', f'name="{name}"')
        engine.editing.save(draft.id, {"ladder.bpmn": model}, 1)
    engine.editing.ask(other.id, "först")
    engine.editing.agree(other.id)
    page = owner.get(f"/processes/drafts/{mine.id}")
    assert "Version 2 publicerades under tiden" in page.text
    assert "Välj först i varje konflikt." in page.submit("Ta in ändringarna i utkastet").text
    page = page.submit("Ta in ändringarna i utkastet", **{"take-0": "ours"})
    assert "Ändringarna finns i utkastet." in page.text
    assert "publicerades under tiden" not in page.text
    assert 'name="Min"' in engine.editing.draft(mine.id).files["ladder.bpmn"]


def test_packages_and_models_go_out_and_come_in(engine: Engine, owner: PageInspector) -> None:
    out = owner.http.get("/processes/ladder/versions/1.zip")
    assert (out.mimetype, out.headers["Content-Disposition"]) == (
        "application/zip",
        "attachment; filename=ladder-1.zip",
    )
    page = owner.get("/processes/import")
    came = page.submit("Gör ett utkast av den", file=(io.BytesIO(out.data), "ladder.zip"))
    assert "Inget skiljer än." in came.text
    assert "Det här är ingen process" in page.submit("Gör ett utkast av den", file=(io.BytesIO(b"x"), "x.zip")).text
    assert "Välj en fil." in page.submit("Gör ett utkast av den").text
    [draft] = engine.editing.drafts()
    assert owner.http.get(f"/processes/drafts/{draft.id}/package.zip").data == out.data
    assert "Utkast" in owner.get("/processes/drafts").text


def test_it_waits_for_a_day_to_come(engine: Engine, owner: PageInspector) -> None:
    draft = engine.editing.open("ladder")
    engine.editing.save(draft.id, {"README.md": "Ny"}, 1)
    page = owner.get(f"/processes/drafts/{draft.id}/publish")
    assert "Skriv en kommande dag" in page.submit("Begär att det publiceras", reason="x", day="2026-03-27").text
    page.submit("Begär att det publiceras", reason="x", day="2026-04-01")
    assert str(engine.editing.draft(draft.id).publish_from) == "2026-03-31 22:00:00+00:00"
    assert "Väntar på en andra person" in owner.get("/processes/drafts").text
    page = owner.get(f"/processes/drafts/{draft.id}").submit("Öppna det igen för ändringar")
    assert engine.editing.draft(draft.id).state == "open"
    page.submit("Lägg utkastet åt sidan")
    assert engine.editing.drafts() == []
