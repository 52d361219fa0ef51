"""One's own account: change the password, log out everywhere."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from web import passwords
from web.auth import actor, begin_session, check_password, person
from web.context import directory
from web.limits import too_many_tries, wrong_try
from web.permissions import SIGNED_IN, requires

blueprint = Blueprint("account", __name__, url_prefix="/account")


def _page(errors: dict[str, list[str]] | None = None) -> str:
    names = {unit.id: unit.name for unit in directory().units()}
    held = directory().memberships(person=person().id)
    return render_template("account/account.html", errors=errors or {}, memberships=held, unit_names=names)


@blueprint.get("")
@requires(SIGNED_IN)
def show() -> ResponseReturnValue:
    return _page()


@blueprint.post("")
@requires(SIGNED_IN)
def change_password() -> ResponseReturnValue:
    """Change the password. Other sessions end; this one goes on."""
    me = person()
    old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
    if too_many_tries(me.username):
        return _page({"old": [_("Too many tries. Wait a few minutes, then try again.")]}), 429
    errors: dict[str, list[str]] = {}
    if check_password(me.username, old) is None:
        wrong_try(me.username)
        errors["old"] = [_("That is not your password now. Type it once more.")]
    if found := passwords.faults(new, username=me.username, name=me.name):
        errors["new"] = found
    elif new == old:
        errors["new"] = [_("Choose another password than the one you have.")]
    elif new != again:
        errors["again"] = [_("The two are not the same. Type the new password twice.")]
    if errors:
        return _page(errors), 422
    directory().set_password_hash(me.id, passwords.hash_password(new))
    begin_session(directory().person(me.id))
    flash(_("Your password is changed. You are logged out everywhere else."), "good")
    return redirect(url_for("account.show"))


@blueprint.post("/log-out-everywhere")
@requires(SIGNED_IN)
def log_out_everywhere() -> ResponseReturnValue:
    """End every session of this person, on all computers and telephones, this one too."""
    directory().log_out_everywhere(actor().id)
    flash(_("You are logged out everywhere."), "good")
    return redirect(url_for("auth.log_in"))


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
