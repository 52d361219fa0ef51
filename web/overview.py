"""How Samled is doing: for process owners the versions published, for administrators also what has stopped.

Read only. It names processes and cases by number, and nothing about any child.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from engine.access import may
from engine.deadlines import Deadline
from engine.heartbeats import Heartbeat
from engine.versions import Version
from web.auth import actor
from web.context import engine, now
from web.pages import add_place
from web.permissions import requires
from web.questions import names

blueprint = Blueprint("overview", __name__, url_prefix="/overview")

#: A scheduler ticks every few seconds; after this long without a tick something is wrong.
SILENT = timedelta(minutes=2)
#: Deadlines that should have fired this long ago and have not.
LATE = timedelta(minutes=2)


@dataclass(frozen=True)
class Health:
    """Whether time still passes in Samled."""

    heartbeats: list[Heartbeat]
    #: The latest tick is older than SILENT, or there has been none.
    silent: bool
    #: Deadlines that are given up until somebody looks at them.
    parked: list[Deadline]
    #: Deadlines that should have fired and have not.
    late: list[Deadline]
    #: Notices that wait, and those given up.
    waiting: int
    stuck: int


def health(moment: datetime) -> Health:
    """How the schedulers are."""
    beats = engine().heartbeats()
    overdue = engine().deadlines(before=moment)
    waiting, stuck = engine().backlog()
    return Health(
        heartbeats=beats,
        silent=not beats or moment - beats[0].at > SILENT,
        parked=[deadline for deadline in overdue if deadline.parked_at],
        late=[deadline for deadline in overdue if not deadline.parked_at and moment - deadline.due_at > LATE],
        waiting=waiting,
        stuck=stuck,
    )


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
        health=health(now()) if may(actor(), "administer") else None,
    )


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    add_place(app, "overview.show", _l("Overview"), 90, lambda: may(actor(), "publish"))
