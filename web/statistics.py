"""A unit's own figures for a year: for those who work there and its managers, and beside no other unit's."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from engine.indicators import FEWEST, Count
from web.auth import actor
from web.context import directory, engine
from web.permissions import requires
from web.texts import process_text

blueprint = Blueprint("statistics", __name__, url_prefix="/units")

#: Seconds: shorter times are told in hours, longer in days.
HOURS_UNTIL = 72 * 3600


@blueprint.get("/<unit_id>/statistics")
@requires("read-statistics")
def show(unit_id: str) -> ResponseReturnValue:
    """The unit's year in each process; without a year in the address, this year."""
    found = engine().statistics(unit_id, by=actor())
    wanted = request.args.get("year", type=int)
    if wanted in found.years and wanted != found.year:
        found = engine().statistics(unit_id, wanted, by=actor())
    return render_template(
        "statistics/statistics.html",
        unit=directory().unit(unit_id),
        statistics=found,
        fewest=FEWEST,
        time_words=time_words,
        answer_words=answer_words,
    )


def time_words(seconds: float) -> str:
    """How long something took: in hours up to three days, then in days; what was quicker than an hour as one."""
    if seconds <= HOURS_UNTIL:
        return ngettext("%(num)d hour", "%(num)d hours", max(1, round(seconds / 3600)))
    return ngettext("%(num)d day", "%(num)d days", round(seconds / 86400))


def answer_words(count: Count, process_id: str) -> str:
    """An answer as the form calls it, in the reader's language."""
    if isinstance(count.value, bool):
        return _("yes") if count.value else _("no")
    if isinstance(count.value, int):
        return str(count.value)
    return process_text(count.label, process_id) if count.label else _("Something else")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
