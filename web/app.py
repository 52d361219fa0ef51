"""The web application, put together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Flask, Response, jsonify
from werkzeug.middleware.proxy_fix import ProxyFix

from engine import Engine
from web import (
    absences,
    account,
    api,
    attachments,
    auth,
    calendars,
    case_actions,
    cases,
    durations,
    editing,
    editing_json,
    errors,
    files,
    handing_over,
    i18n,
    inbox,
    limits,
    migrating,
    overview,
    package_texts,
    pages,
    postponing,
    processes,
    security,
    start,
    statistics,
    step_list,
    tasks,
    teams,
    texts,
    units,
)
from web.context import engine as engine_of_app
from web.permissions import public
from web.settings import Settings

#: In this order: what guards comes before what shows.
ROOMS = (
    *(security, i18n, errors, files, limits, auth, api, pages, texts, durations),
    *(inbox, tasks, postponing, cases, case_actions, start, attachments, account, absences),
    *(
        calendars,
        processes,
        editing,
        editing_json,
        step_list,
        package_texts,
        migrating,
        teams,
        statistics,
        units,
        handing_over,
        overview,
    ),
)


def create_app(
    database_url: str | None = None, *, engine: Engine | None = None, settings: Settings | None = None, **config: Any
) -> Flask:
    """The application over a database whose schema is in place.

    `engine` is taken as it is (its owner closes it); else one is made for `database_url`, else for SAMLED_DATABASE_URL.
    `settings` stand in for the environment; `config` goes to Flask as it is. Raises SettingsError.
    """
    settings = settings or Settings.from_environment()
    if database_url is not None:
        settings = replace(settings, database_url=database_url)
    app = Flask("web", static_folder=None)
    app.static_folder = "static"
    app.config.update(
        SECRET_KEY=settings.secret_key,
        EXAMPLE=settings.example,
        BABEL_DEFAULT_TIMEZONE=settings.zone,
        BASE_URL=settings.base_url,
        SESSION_IDLE_SECONDS=settings.session_idle_minutes * 60,
        SESSION_SECONDS=settings.session_hours * 3600,
        MAX_CONTENT_LENGTH=settings.upload_megabytes * 2**20,
        MAX_FORM_MEMORY_SIZE=4 * 2**20,
        MAX_FORM_PARTS=5000,
    )
    app.config.update(config)
    app.extensions["samled"] = engine or Engine(settings.database_url, clock=settings.clock())
    app.extensions["samled"].editing.second_person = not settings.publish_alone
    if settings.proxies:
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    for room in ROOMS:
        room.init_app(app)
    app.add_url_rule("/health", view_func=public(health))
    app.add_url_rule("/health/scheduler", view_func=public(scheduler_health))
    return app


def health() -> Response:
    """Whether the process answers and its database too."""
    engine_of_app().next_due()
    return jsonify(status="ok")


def scheduler_health() -> tuple[Response, int]:
    """For monitoring: whether any scheduler has ticked within a minute (200), or none has (503)."""
    silent = engine_of_app().silent()
    return jsonify(status="silent" if silent else "ok"), 503 if silent else 200
