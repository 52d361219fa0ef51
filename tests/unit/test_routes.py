"""Every route says what it asks of a person."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from flask import Flask

from engine import Engine
from engine.access import Action
from web.app import create_app
from web.permissions import PUBLIC, SIGNED_IN, permission_of
from web.settings import Settings

#: What anybody may reach. Whoever adds to it says why here.
OPEN_TO_ALL = {
    "/static/<path:filename>": "style sheets, scripts and pictures",
    "/health": "for the container's health check; says only that we are there",
    "/health/scheduler": "for monitoring; says only whether deadlines fire",
    "/login": "to log in",
    "/language": "the log-in page too is in two languages",
    "/api/v1/openapi.json": "the description of the API, without any data",
}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    engine = Engine(f"sqlite:///{tmp_path / 'never-opened.db'}")
    return create_app(engine=engine, settings=Settings(secret_key="k" * 32), TESTING=True)


def test_every_route_says_which_permission_it_needs(app: Flask) -> None:
    silent = []
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            permission = permission_of(app.view_functions[rule.endpoint], method)
            if permission not in {PUBLIC, SIGNED_IN, *get_args(Action)}:
                silent.append(f"{method} {rule.rule} ({rule.endpoint}): {permission}")
    assert not silent, "Put @requires(action) or @public under the route:\n" + "\n".join(silent)


def test_only_known_routes_are_open_to_all(app: Flask) -> None:
    found = {
        rule.rule
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if permission_of(app.view_functions[rule.endpoint], method) == PUBLIC
    }
    assert found == set(OPEN_TO_ALL)


def test_no_route_takes_words_about_a_person_in_its_path(app: Flask) -> None:
    names = {name for rule in app.url_map.iter_rules() for name in rule.arguments}
    strange = {name for name in names if not name.endswith("_id") and name not in ("filename", "number", "what")}
    assert not strange, "Take ids (…_id) and case numbers only"
