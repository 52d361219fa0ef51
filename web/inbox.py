"""My tasks: what must I do first today? Mine and my units', what is due first on top."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue

from web.permissions import SIGNED_IN, requires

blueprint = Blueprint("inbox", __name__)


@blueprint.get("/")
@requires(SIGNED_IN)
def show() -> ResponseReturnValue:
    return render_template("inbox/inbox.html")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
