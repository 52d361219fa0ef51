"""A process and the part that it calls may both have a form of one name: whoever reads English sees the right one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from engine import Engine
from tests.integration import drawing as draw
from tests.page_inspector import PageInspector
from tests.web_app import running_app


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with running_app(database_url) as made:
        yield made


def note(folder: Path, process: str, model: str, question: str, english: str) -> Path:
    """A package with a form `note` that asks one question."""
    field = {"type": "textfield", "id": "asked", "key": "asked", "label": question}
    form = json.dumps({"type": "default", "id": "note", "schemaVersion": 19, "components": [field]})
    place = draw.package(folder, process, model, f'[process]\ntitle = "{process}"\n', {"note": form})
    (place / "translations").mkdir()
    (place / "translations/en.toml").write_text(f'"{question}" = "{english}"\n', encoding="utf-8")
    return place


def test_the_form_of_a_called_part_is_not_that_of_its_caller(app: Flask, tmp_path: Path) -> None:
    engine: Engine = app.extensions["samled"]
    call = '<callActivity id="call"><extensionElements><zeebe:calledElement processId="inner"/></extensionElements></callActivity>'
    around = draw.process(
        "outer", '<startEvent id="start"/><endEvent id="end"/>', call, draw.flows("start>call>end")
    )  # fmt: skip
    within = draw.chain("inner", draw.task("write", form="note"))
    note(tmp_path, "inner", within, "Inre fråga", "Inner question")
    engine.publish(note(tmp_path, "outer", around, "Yttre fråga", "Outer question"))
    browser = PageInspector(app, language="en")
    engine.directory.set_language("kurator.skovde", "en")
    browser.log_in("kurator.skovde")
    kurator = engine.directory.actor("kurator.skovde")
    case = engine.start("outer", {}, by=kurator)
    [task] = engine.tasks(case=case.id)
    page = browser.get(f"/tasks/{task.id}")
    assert "Inner question" in page.text
    assert "Outer question" not in page.text
