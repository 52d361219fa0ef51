"""The pictures of the processes in the docs show the models as they are."""

from __future__ import annotations

from tests import process_pictures as pictures

REMEDY = "Take them again: make pictures (or .venv/bin/python -m tests.process_pictures NAME)"


def test_every_model_has_a_picture_that_shows_it_as_it_is_now() -> None:
    old = [
        str(model.relative_to(pictures.ROOT))
        for folder in pictures.packages()
        for model in sorted(folder.glob("*.bpmn"))
        if {pictures.signature(one) for one in pictures.pictures_of(model)} != {pictures.appearance(model.read_bytes())}
    ]
    assert not old, f"Pictures are missing or older than their models: {', '.join(old)}. {REMEDY}"


def test_the_page_shows_every_picture() -> None:
    shown = pictures.PAGE.read_text(encoding="utf-8")
    assert [one.name for one in pictures.FOLDER.glob("*.svg") if f"/{one.name})" not in shown] == [], REMEDY


def test_a_picture_holds_no_script_and_nothing_from_elsewhere() -> None:
    for picture in pictures.FOLDER.glob("*.svg"):
        text = picture.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "http" not in text.replace("http://www.w3.org/", "")


def test_what_cannot_be_seen_makes_no_picture_old() -> None:
    model = '<d xmlns="x"><task id="a" name="A">{}</task></d>'
    assert pictures.appearance(model.format("").encode()) == pictures.appearance(
        model.format("<documentation>Why</documentation>").encode()
    )
    assert pictures.appearance(model.encode()) != pictures.appearance(model.replace('"A"', '"B"').encode())
