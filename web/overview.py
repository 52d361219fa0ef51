"""How Samled is doing: for process owners the versions published, for administrators also what has stopped.

Read only. It names processes and cases by number, and nothing about any child.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, Flask, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.access import may
from engine.deadlines import Deadline
from engine.errors import NotFound, SamledError
from engine.heartbeats import Pulse
from engine.outbox import Waiting
from engine.versions import Version
from web.auth import actor
from web.context import engine
from web.pages import add_place
from web.permissions import requires
from web.questions import names

blueprint = Blueprint("overview", __name__, url_prefix="/overview")

#: Seconds: deadlines that should have fired this long ago and have not.
LATE = 120


@dataclass(frozen=True)
class Health:
    """Whether time still passes in Samled."""

    pulse: Pulse
    #: Deadlines that are given up until somebody looks at them.
    parked: list[Deadline]
    #: Notices and messages, likewise.
    stuck: list[Waiting]

    @property
    def is_late(self) -> bool:
        """Whether deadlines have not fired that should have."""
        return self.pulse.oldest > LATE


def health() -> Health:
    """How the schedulers are."""
    return Health(engine().pulse(), *engine().parked())


def scheduler_is_silent() -> bool:
    """For the banner of administrators: has no scheduler ticked for a minute?"""
    if g.get("person") is None:
        return False
    try:
        return may(actor(), "administer") and engine().silent()
    except SamledError:  # the page itself tells what is wrong
        return False


def seconds(value: float) -> str:
    """A lateness as people read it: 0.4 s, 12 s, 3 min."""
    if value < 120:
        return f"{format_decimal(round(value, 1) if value < 10 else round(value))} s"
    if value < 7200:
        return f"{format_decimal(round(value / 60))} min"
    return f"{format_decimal(round(value / 3600))} h"


def by_process(versions: list[Version]) -> list[tuple[str, list[Version]]]:
    """Versions under the title of the newest of each process."""
    parts = [list(part) for _id, part in groupby(versions, lambda version: version.process_id)]
    return sorted(((part[0].title, part) for part in parts), key=lambda item: item[0])


@blueprint.get("")
@requires("publish")
def show() -> ResponseReturnValue:
    return render_template(
        "overview/overview.html",
        processes=by_process(engine().versions()),
        names=names(),
        health=health() if may(actor(), "administer") else None,
    )


@blueprint.post("/deadlines/<int:deadline_id>/retry")
@requires("administer")
def retry_deadline(deadline_id: int) -> ResponseReturnValue:
    try:
        engine().retry_deadline(deadline_id, by=actor())
    except NotFound:
        flash(_("This deadline no longer stands still. Nothing was changed."), "info")
    else:
        flash(_("The deadline is tried again now."), "good")
    return redirect(url_for(".show"), code=303)


@blueprint.post("/outbox/<int:item_id>/retry")
@requires("administer")
def retry_sending(item_id: int) -> ResponseReturnValue:
    try:
        engine().retry_sending(item_id, by=actor())
    except NotFound:
        flash(_("It has left meanwhile. Nothing was changed."), "info")
    else:
        flash(_("It is tried again now."), "good")
    return redirect(url_for(".show"), code=303)


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.globals["scheduler_is_silent"] = scheduler_is_silent
    app.jinja_env.filters["seconds"] = seconds
    add_place(app, "overview.show", _l("Overview"), 90, lambda: may(actor(), "publish"))
