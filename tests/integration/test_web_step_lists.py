"""The list of steps and the texts of a draft as pages: every row opens, saves, and keeps what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from engine import Engine, VirtualClock
from engine.editing import texts
from engine.editing.steps import read
from engine.editing.steps.model import Model
from tests.page_inspector import PageInspector
from tests.web_app import running_app

PROCESSES = Path(__file__).parents[2] / "processes"


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock("2026-03-27T10:00+01:00")) as made:
        for process in ("deviation", "handover", "suicide_risk"):
            made.extensions["samled"].publish(PROCESSES / process)
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


@pytest.fixture
def owner(app: Flask) -> PageInspector:
    return PageInspector(app).enter("processagare.skaraborg")


def begin(owner: PageInspector, engine: Engine, process: str) -> str:
    owner.get(f"/processes/{process}").submit("Ändra processen")
    [draft] = engine.editing.drafts(process)
    return f"/processes/drafts/{draft.id}"


def rows_of(engine: Engine, process: str) -> list[read.Step]:
    [draft] = engine.editing.drafts(process)
    return read.steps(Model(draft.files[f"{process}.bpmn"], f"{process}.bpmn"))


def fields_of(engine: Engine, process: str) -> dict[str, str]:
    """Files of the draft, as they are now."""
    [draft] = engine.editing.drafts(process)
    return dict(draft.files)


@pytest.mark.parametrize("process", ["handover", "suicide_risk"])
def test_every_row_and_every_text_opens(engine: Engine, owner: PageInspector, process: str) -> None:
    at = begin(owner, engine, process)
    files = fields_of(engine, process)
    page = owner.get(f"{at}/steps")
    for row in rows_of(engine, process):
        assert f'id="row-{row.id}"' in page.html
        assert "Spara steget" in owner.get(f"{at}/steps?step={row.id}").html
    settings = texts.settings(files)
    parts = [("role", settings.roles), ("deadline", settings.deadlines), ("form", texts.forms(files))]
    for part, names in parts:
        for name in names:
            assert 'id="open"' in owner.get(f"{at}/texts?{part}={name}").html


def test_a_step_gets_another_name_and_time(engine: Engine, owner: PageInspector) -> None:
    at = begin(owner, engine, "handover")
    row = next(one for one in rows_of(engine, "handover") if one.is_task and one.is_plainly_due)
    [deadline] = row.deadlines
    before = fields_of(engine, "handover")
    page = owner.get(f"{at}/steps?step={row.id}")
    # What is no time is said beside the field, and the name that was typed is still there.
    page = page.submit("Spara steget", name="Välj enhet med familjen", **{"d-value": "noll"})
    assert page.status == 422
    assert "Skriv ett tal större än noll" in page.text
    assert 'value="Välj enhet med familjen"' in page.html
    assert fields_of(engine, "handover") == before
    page = page.submit("Spara steget", name="Välj enhet med familjen", **{"d-value": "7", "name-en": "Choose a unit"})
    assert "”Välj enhet med familjen” är sparat." in page.text
    after = fields_of(engine, "handover")
    assert texts.settings(after).deadlines[deadline].value == "7 working days"
    assert texts.languages(after)["en"]["Välj enhet med familjen"] == "Choose a unit"
    assert {name for name in after if after[name] != before[name]} == {
        "handover.bpmn",
        "process.toml",
        "translations/en.toml",
    }


def test_who_saves_on_what_was_changed_meanwhile_keeps_what_was_typed(engine: Engine, owner: PageInspector) -> None:
    at = begin(owner, engine, "handover")
    row = next(one for one in rows_of(engine, "handover") if one.is_task)
    first, second = owner.get(f"{at}/steps?step={row.id}"), owner.get(f"{at}/steps?step={row.id}")
    first.submit("Spara steget", name="Först")
    page = second.submit("Spara steget", name="Sedan")
    assert page.status == 409
    assert "Någon har sparat utkastet under tiden" in page.text
    assert 'value="Sedan"' in page.html
    assert "”Sedan” är sparat." in page.submit("Spara steget").text


def test_a_step_is_added_moved_and_taken_out(engine: Engine, owner: PageInspector) -> None:
    at = begin(owner, engine, "handover")
    row = next(one for one in rows_of(engine, "handover") if one.is_task and len(one.ways) == 1)
    page = owner.get(f"{at}/steps?step={row.id}")
    page = page.submit("Lägg till steget", **{"a-template": "task", "a-value": "2"})
    assert page.status == 422
    assert "Skriv vad steget heter" in page.text
    page = page.submit("Lägg till steget", **{"a-name": "Ring familjen", "a-role": "partner-group", "a-remind": "1"})
    assert "”Ring familjen” är tillagt." in page.text
    added = next(one for one in rows_of(engine, "handover") if one.name == "Ring familjen")
    assert (added.groups, added.deadlines) == (("partner-group",), ("ring-familjen",))
    assert texts.settings(fields_of(engine, "handover")).deadlines["ring-familjen"].value == "2 working days"
    page = owner.get(f"{at}/steps?step={added.id}").submit("Ta bort steget")
    assert "är borttaget" in page.text
    assert all(one.id != added.id for one in rows_of(engine, "handover"))


def test_texts_of_a_form_are_changed(engine: Engine, owner: PageInspector) -> None:
    at = begin(owner, engine, "handover")
    form = next(iter(texts.forms(fields_of(engine, "handover"))))
    page = owner.get(f"{at}/texts?form={form}")
    page = page.submit("Spara", **{"t-0": ""})
    assert page.status == 422
    assert "Den kan inte vara tom" in page.text
    page = page.submit("Spara", **{"t-0": "En ny text"})
    assert "Sparat." in page.text
    files = fields_of(engine, "handover")
    assert texts.form_texts(files[texts.forms(files)[form]])[0].text == "En ny text"


def test_only_who_publishes_sees_them(engine: Engine, owner: PageInspector, app: Flask) -> None:
    at = begin(owner, engine, "handover")
    staff = PageInspector(app).enter("kurator.skovde")
    assert {staff.http.get(f"{at}/{page}").status_code for page in ("steps", "texts")} <= {403, 404}


BROKEN = {
    "process.toml": "[[[",
    "translations/en.toml": "= nothing",
    "forms/handover.form": "{",
    "handover.bpmn": "<definitions>",
}


@pytest.mark.parametrize("file", BROKEN)
def test_a_file_that_cannot_be_read_is_said_and_breaks_nothing(engine: Engine, owner: PageInspector, file: str) -> None:
    at = begin(owner, engine, "handover")
    [draft] = engine.editing.drafts("handover")
    who = engine.directory.actor("processagare.skaraborg")
    broken = next((name for name in draft.files if name.endswith(file.rpartition("/")[2])), file)
    engine.editing.save(draft.id, {broken: BROKEN[file]}, draft.revision, who)
    assert {owner.get(f"{at}{page}").status for page in ("", "/steps", "/texts", "/publish")} == {200}
    page = owner.get(f"{at}/texts").submit("Spara", title="Något annat")
    assert page.status in (200, 422)
