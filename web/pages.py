"""What all pages share: the navigation, the language switch, and links that keep where one is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import HTTPException

from web.auth import actor, local_path
from web.context import directory, now
from web.i18n import COOKIE, LANGUAGES
from web.permissions import public

blueprint = Blueprint("pages", __name__)


@dataclass(frozen=True)
class Place:
    """An entry of the navigation."""

    endpoint: str
    label: LazyString
    order: int
    #: Endpoints below it begin with this (the blueprint): the entry is then marked as where one is.
    section: str
    #: Whether the person who is logged in has any use for it.
    shown: Callable[[], bool] = lambda: True


def add_place(
    app: Flask, endpoint: str, label: LazyString, order: int, shown: Callable[[], bool] = lambda: True
) -> None:
    """Put a page into the navigation of everybody for whom `shown()` is true."""
    places: list[Place] = app.extensions.setdefault("samled_places", [])
    places.append(Place(endpoint, label, order, endpoint.partition(".")[0], shown))
    places.sort(key=lambda place: place.order)


def navigation() -> list[Place]:
    """The entries for the person who is logged in."""
    if g.get("person") is None:
        return []
    return [place for place in current_app.extensions.get("samled_places", []) if place.shown()]


def has_role(*roles: str) -> bool:
    """Whether the person who is logged in has one of these roles anywhere. For what is *offered*; `may` decides."""
    return bool(set(roles) & set(actor().roles))


def here() -> str:
    """A path that shows this page again, also after a POST that was refused: where the language switch returns to."""
    if request.method == "GET" and request.endpoint:
        return request.full_path.rstrip("?")
    try:
        current_app.create_url_adapter(request).match(method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return "/"
    return request.path


@blueprint.post("/language")
@public
def change_language() -> ResponseReturnValue:
    """Change the language of this browser, and of the person if one is logged in."""
    chosen = request.form.get("language", "")
    answer = redirect(local_path(request.form.get("to")) or url_for("inbox.show"), code=303)
    if chosen in LANGUAGES:
        answer.set_cookie(
            COOKIE, chosen, max_age=365 * 24 * 3600, httponly=True, samesite="Lax", secure=request.is_secure
        )
        if g.person is not None:
            directory().set_language(g.person.id, chosen)
        else:
            session["language"] = chosen  # theirs who logs in next: begin_session()
    return answer


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(navigation=navigation, here=here, now=now)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    add_place(app, "inbox.show", _l("My tasks"), 10)
