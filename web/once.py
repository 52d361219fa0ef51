"""A form that starts something counts once, however often its button is pressed.

The page carries a mark; the session remembers the marks that were sent and where each led. (A task needs none of this:
it can be completed only once.)
"""

from __future__ import annotations

import secrets

from flask import request, session

FIELD = "_once"
#: How many sent forms a session remembers.
REMEMBERED = 20


def mark() -> str:
    """The mark of the form on this page: the one it came with, or a new one."""
    return request.form.get(FIELD) or secrets.token_urlsafe(12)


def led_to() -> str | None:
    """Where this very form led when it was sent before; None the first time."""
    sent: list[list[str]] = session.get("sent", [])
    given = request.form.get(FIELD, "")
    return next((where for known, where in sent if given and known == given), None)


def remember(where: str) -> None:
    """This form has been sent, and led there."""
    session["sent"] = [*session.get("sent", []), [request.form.get(FIELD, ""), where]][-REMEMBERED:]
