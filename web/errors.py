"""Every error a person can meet, in one place: which status, which words, which shape for a program.

Domain errors carry no status; this table does. The API answers

    {"error": {"code": "conflict", "message": "…", "reference": null, "fields": {}, "changes": []}}

and nothing else. An error nobody foresaw is logged whole under a reference number, without what was typed or who typed
it, and shown as that number only.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask, current_app, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from engine import errors as domain

log = logging.getLogger("samled.web")


@dataclass(frozen=True)
class Told:
    """An error as it is told."""

    status: int
    code: str
    title: str
    message: str
    reference: str | None = None
    #: Path of the field → what is wrong with it.
    fields: dict[str, list[Any]] = field(default_factory=dict)
    #: What changed since the person last looked.
    changes: list[str] = field(default_factory=list)


def tell(error: BaseException) -> Told:
    """What a person or a program is told of an error."""
    match error:
        case domain.Conflict():
            message = _("Somebody else was here before you. What you wrote is not saved in the case.")
            return Told(409, "conflict", _("This has changed meanwhile"), message, changes=list(error.changes))
        case domain.CalledOnly():
            message = _("It is a part of other processes, and they lead to it. Start the one that you need it for.")
            return Told(409, "called-only", _("This is not started by hand"), message)
        case domain.NotFound() | domain.Forbidden():
            return _not_found()
        case domain.InvalidAnswers():
            message = _("Some answers are missing or wrong. Correct them and send again.")
            return Told(422, "invalid-answers", _("Something needs correcting"), message, fields=error.errors)
        case domain.OutcomeUnknown():
            message = _(
                "The database went away as your change was being saved. Look whether it is there, then try again."
            )
            return Told(503, "outcome-unknown", _("We do not know whether it was saved"), message)
        case domain.DatabaseUnavailable() | domain.DatabaseNotReady():
            message = _("Samled cannot reach its database. Nothing was changed. Try again in a minute.")
            return Told(503, "unavailable", _("Samled rests for a moment"), message)
        case CSRFError():
            message = _("The page had been open for too long. Nothing was saved. Open it anew.")
            return Told(400, "csrf", _("This page is too old"), message)
        case HTTPException():
            told = _of_status(error.code or 500)
            messages = getattr(error, "data", {}).get("messages", {})
            return replace(told, fields=dict(_paths(messages))) if messages else told
        case _:
            return _unforeseen(error)


def _paths(messages: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """What marshmallow found wrong with a request, as path → texts. The first level only says where in the request."""
    if isinstance(messages, dict):
        for key, value in messages.items():
            yield from _paths(value, f"{path}.{key}" if path else "" if key in ("json", "query") else str(key))
    else:
        yield path, [str(text) for text in messages]


def _not_found() -> Told:
    message = _("It does not exist, or it is not yours to see. Check the number, or go to your tasks.")
    return Told(404, "not-found", _("There is nothing here for you"), message)


def _of_status(status: int) -> Told:
    match status:
        case 404 | 403:
            return _not_found()
        case 401:
            return Told(401, "unauthorised", _("Log in first"), _("Send a user name and a password."))
        case 405:
            message = _("The address is right, but not for this. Go back and try again.")
            return Told(405, "method", _("That does not work here"), message)
        case 413:
            megabytes = current_app.config["MAX_CONTENT_LENGTH"] // 2**20
            message = _("What you sent is larger than %(size)d MB. Choose a smaller file.", size=megabytes)
            return Told(413, "too-large", _("That was too large"), message)
        case 429:
            return Told(429, "too-many", _("Too many tries"), _("Wait a few minutes, then try again."))
        case 422:
            message = _("Some answers are missing or wrong. Correct them and send again.")
            return Told(422, "invalid-answers", _("Something needs correcting"), message)
        case 400 | 415:
            message = _("Go back, check what you sent and try again.")
            return Told(status, "bad-request", _("We could not read that"), message)
        case _:
            return Told(status, "error", _("Something went wrong"), _("Go back and try again."))


def _unforeseen(error: BaseException) -> Told:
    reference = secrets.token_hex(4)
    log.error("error %s at %s %s\n%s", reference, request.method, request.url_rule or "no rule", without_values(error))
    message = _(
        "It is not your fault, and nothing was saved. If it happens again, tell those who run Samled this number:"
    )
    return Told(500, "internal", _("Something went wrong"), message, reference=reference)


def without_values(error: BaseException) -> str:
    """The trace with the kinds of the errors but not their texts: those may quote what somebody wrote about a child."""
    lines: list[str] = []
    current: BaseException | None = error
    while current is not None:
        lines += [line.rstrip() for line in traceback.format_tb(current.__traceback__)]
        lines.append(f"{type(current).__module__}.{type(current).__qualname__}")
        current = current.__cause__ or current.__context__
        if current is not None:
            lines.append("caused by:")
    return "\n".join(lines)


def answer(told: Told) -> ResponseReturnValue:
    """A page for people, JSON under /api."""
    if request.path.startswith("/api/"):
        body = {
            "code": told.code,
            "message": told.message,
            "reference": told.reference,
            "fields": {path: [str(text) for text in texts] for path, texts in told.fields.items()},
            "changes": told.changes,
        }
        response = jsonify(error=body)
        response.status_code = told.status
        if told.status == 401:
            response.headers["WWW-Authenticate"] = 'Basic realm="Samled"'
        return response
    g.setdefault("person", None)
    return render_template("errors/error.html", told=told), told.status


def handle(error: Exception) -> ResponseReturnValue:
    """The one error handler."""
    if isinstance(error, HTTPException) and (error.code or 500) < 400:
        return error  # a redirect on its way
    return answer(tell(error))


def init_app(app: Flask) -> None:
    app.register_error_handler(Exception, handle)
