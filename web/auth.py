"""Who is there, and what happens before any view runs.

The life of a request (`guard`): find the person of the session → a view marked `@public` runs → anybody else without a
session is asked to log in → a POST must carry its csrf token → the view runs and asks `may` about the object it shows.

A POST that comes too late is not lost: see kept.py. The log-in form is then shown at the very address of the POST;
when the same person has logged in, the kept fields take the place of the form's and the view runs as if nothing had
happened. Views need to do nothing for it, with one exception: a form with files must be posted to the address that
shows it, for then that page is shown again (as for GET) with `typed()` giving what was typed, so that the files are
chosen again.
"""

from __future__ import annotations

import time
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Blueprint, Flask, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from engine.access import Action, may
from engine.actors import Actor
from engine.directory import MANAGER, Person
from engine.errors import NotFound
from engine.example import sign_ins
from web import kept, passwords
from web.context import directory
from web.limits import too_many_tries, wrong_try
from web.permissions import PUBLIC, SIGNED_IN, WITHOUT_OBJECT, permission_of, public, requires

blueprint = Blueprint("auth", __name__)
login_manager = LoginManager()
csrf = CSRFProtect()
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Whom a newcomer in example mode does best to begin as.
FIRST_EXAMPLES = frozenset(
    {"kurator.skovde", "socialsekreterare.skovde", "psykolog.bup", "enhetschef.skovde", "processagare.skaraborg"}
)


class User(UserMixin):
    """A person of the directory as Flask-Login sees one. The session names the epoch it began in."""

    def __init__(self, person: Person) -> None:
        self.person = person

    def get_id(self) -> str:
        return f"{self.person.session_epoch}:{self.person.id}"


@login_manager.user_loader
def load_user(identity: str) -> User | None:
    """The person of a session that is neither idle for too long, nor too old, nor logged out everywhere."""
    now = time.time()
    if now - session.get("seen", 0) > current_app.config["SESSION_IDLE_SECONDS"]:
        return None
    if now - session.get("since", 0) > current_app.config["SESSION_SECONDS"]:
        return None
    epoch, _sep, person_id = identity.partition(":")
    try:
        found = directory().person(person_id)
    except NotFound:
        return None
    if not found.active or str(found.session_epoch) != epoch:
        return None
    if now - session["seen"] > 60:
        session["seen"] = int(now)
    return User(found)


def person() -> Person:
    """The person who is logged in."""
    return cast(Person, g.person)


def actor() -> Actor:
    """The person who is logged in, as the engine knows them."""
    if "actor" not in g:
        g.actor = directory().actor(person().id)
    return cast(Actor, g.actor)


def typed() -> MultiDict[str, str] | None:
    """What was typed before the session ended, when the page is to be shown again with it; else None."""
    return g.get("typed")


def form_token() -> Markup:
    """The hidden fields each of our forms begins with: the csrf token, and who the form was made for."""
    if "form_token" in g:
        return cast(Markup, g.form_token)
    fields = [("csrf_token", generate_csrf())]
    if g.get("person") is not None:
        fields.append(("_owner", kept.owner_token(person().id)))
    html = Markup('<input type="hidden" name="{}" value="{}">')
    g.form_token = Markup("").join(html.format(name, value) for name, value in fields)
    return g.form_token


def guard() -> ResponseReturnValue | None:
    """Runs before every request. See the life of a request above."""
    if request.endpoint == "static":
        return None
    g.person = cast(User, current_user).person if current_user.is_authenticated else None
    if request.endpoint is None or (request.blueprint or "").startswith("api"):
        return None  # no such page; the API has a door of its own (api.py)
    permission = permission_of(current_app.view_functions[request.endpoint], request.method)
    posted = request.method not in SAFE
    if posted and "_login" in request.form:
        return _log_in(permission)
    if permission != PUBLIC and g.person is None:
        return _ask_log_in()
    if posted:
        try:
            csrf.protect()
        except CSRFError:
            return _ask_again()
    if permission in WITHOUT_OBJECT:
        demand(cast(Action, permission))
    if posted and "_again" in request.form:
        return _resume(kept.unpack(request.form.get("_kept", "")))
    return None


def demand(action: Action, obj: object = None) -> None:
    """Raise NotFound unless the person who is logged in may do this: what is not yours is not there."""
    if not may(actor(), action, obj):
        raise NotFound


def _ask_log_in() -> ResponseReturnValue:
    """Ask a visitor without a session to log in: at this very address when there is something typed to keep."""
    begun_before = bool(session.get("_user_id"))
    logout_user()
    if request.method in SAFE:
        if begun_before:
            flash(_("You have been logged out because nothing happened for a while. Log in to go on."), "warn")
        return redirect(url_for("auth.log_in", next=None if request.path == "/" else request.full_path.rstrip("?")))
    token = kept.keep(request)
    return _log_in_page(kept_token=token, too_late=True), 401


def _ask_again() -> ResponseReturnValue:
    """A form whose csrf token is of an earlier session: sent again at a press, if we made it for this person."""
    token = kept.keep(request)
    if g.person is None or token is None or kept.owner_of(request.form["_owner"]) != g.person.id:
        raise CSRFError
    return render_template("auth/send_again.html", kept_token=token, action=request.path), 400


def _log_in(permission: str | None) -> ResponseReturnValue | None:
    """Check name and password posted from the log-in form, then go on to what was asked for."""
    token = request.form.get("_kept") or None
    try:
        csrf.protect()
    except CSRFError:
        return _log_in_page(kept_token=token, error=_("The page had been open for too long. Log in now.")), 400
    username = request.form.get("username", "").strip()
    if too_many_tries(username):
        return _log_in_page(kept_token=token, error=_("Too many tries. Wait a few minutes, then try again.")), 429
    found = check_password(username, request.form.get("password", ""))
    if found is None:
        wrong_try(username)
        message = _("The user name and the password do not go together. Check both and try again.")
        return _log_in_page(kept_token=token, error=message), 401
    begin_session(found)
    if permission in WITHOUT_OBJECT:
        demand(cast(Action, permission))
    if token:
        return _resume(kept.unpack(token))
    if request.endpoint == "auth.logged_in":
        return None
    return redirect(url_for(home()))  # a log-in form without anything kept: the view must not take it for its own


def check_password(username: str, password: str) -> Person | None:
    """The person with this name and password, or None: for a wrong one and for nobody alike, in the same time."""
    found = directory().person_by_username(username)
    usable = found if found is not None and found.active else None
    stored = directory().password_hash(usable.id) if usable else None
    if not passwords.verify(stored, password) or usable is None:
        return None
    if stored and passwords.needs_rehash(stored):
        directory().rehash(usable.id, passwords.hash_password(password))
    return usable


def begin_session(found: Person) -> None:
    """Log a person in, in a session that shares nothing with the one before but the language chosen to log in."""
    chosen = session.get("language")
    session.clear()
    if chosen and chosen != found.language:
        directory().set_language(found.id, chosen)
        found = directory().person(found.id)
    g.pop("csrf_token", None)
    g.pop("actor", None)
    g.pop("form_token", None)
    session["since"] = session["seen"] = int(time.time())
    login_user(User(found))
    g.person = found


def _resume(late: kept.Kept | None) -> ResponseReturnValue | None:
    """Go on with a kept form: None lets the view run with its fields."""
    if late is None:
        flash(_("What was typed could not be kept. Nothing was saved."), "bad")
        return redirect(url_for("inbox.show"))
    if late.owner != g.person.id:
        flash(_("What was typed on that page belonged to another person and has not been sent."), "warn")
        return redirect(url_for("inbox.show"))
    if late.path != request.path:
        return redirect(url_for("inbox.show"))
    if late.had_files:
        g.typed = late.form()
        flash(_("You are logged in again. Choose the files once more, then send."), "warn")
        return _show_page_again()
    request.form = late.form()
    return None


def _show_page_again() -> ResponseReturnValue:
    """The page at this address as for GET, in answer to a POST."""
    try:
        endpoint, arguments = cast(Any, current_app.create_url_adapter(request)).match(method="GET")
    except HTTPException:  # nothing is shown at this address, or elsewhere
        return redirect(url_for("inbox.show"))
    request.method = "GET"
    return current_app.ensure_sync(current_app.view_functions[endpoint])(**arguments)


def _log_in_page(*, kept_token: str | None = None, error: str | None = None, too_late: bool = False) -> str:
    here = request.path if kept_token else url_for("auth.log_in")
    return render_template(
        "auth/log_in.html",
        action=here,
        kept_token=kept_token,
        next=local_path(request.values.get("next")) or "",
        username=request.form.get("username", "") if "_login" in request.form else "",
        error=error,
        too_late=too_late,
        examples=sign_ins() if current_app.config["EXAMPLE"] else [],
        first_examples=FIRST_EXAMPLES,
    )


def local_path(target: str | None) -> str | None:
    """The target if it is a path of ours, else None: nobody is sent on to another site."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or any(ord(sign) < 32 for sign in target):
        return None
    return target


@blueprint.get("/login")
@public
def log_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(url_for("inbox.show"))
    return _log_in_page()


@blueprint.post("/login")
@public
def logged_in() -> ResponseReturnValue:
    """Reached when `guard` has logged the person in."""
    if not current_user.is_authenticated:
        return redirect(url_for("auth.log_in"))
    return redirect(local_path(request.form.get("next")) or url_for(home()))


def home() -> str:
    """Where somebody begins: at their tasks, or at the overview when tasks are not what they are here for."""
    works = {"staff", MANAGER} & set(actor().roles)
    return "inbox.show" if works or not may(actor(), "publish") else "overview.show"


@blueprint.post("/logout")
@requires(SIGNED_IN)
def log_out() -> ResponseReturnValue:
    logout_user()
    session.clear()
    flash(_("You are logged out."), "good")
    return redirect(url_for("auth.log_in"))


def init_app(app: Flask) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # guard() checks, after it has seen to late forms
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # as long as the session
    app.config["WTF_CSRF_SSL_STRICT"] = False  # we send no Referer; the token and SameSite do the work
    login_manager.session_protection = None  # a telephone changes its address all day
    login_manager.init_app(app)
    csrf.init_app(app)
    app.before_request(guard)
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(form_token=form_token)
