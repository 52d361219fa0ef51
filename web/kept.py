"""What somebody has typed survives a session that ended meanwhile.

Every form carries who it was made for (`form_token()`). When such a form comes back without a valid session, its fields
travel on through the log-in page, encrypted, and are sent on when the *same* person has logged in. Only a form that we
made for that person counts: a form that another site posts has no such mark and is dropped.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from flask import Request, current_app
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.datastructures import ImmutableMultiDict

#: Seconds a page may stay open and still be sent: a week, so that a form begun on Friday is not lost on Monday.
OWNER_AGE = 7 * 24 * 3600
#: Seconds the log-in page may take.
KEPT_AGE = 24 * 3600
#: Fields of our own that are no part of what was typed.
OWN_FIELDS = frozenset({"csrf_token", "_owner", "_kept", "_login", "_again"})


@dataclass(frozen=True)
class Kept:
    """A form that came too late."""

    owner: str
    path: str
    fields: list[tuple[str, str]]
    #: Files cannot be kept: the page is shown again so that they are chosen again.
    had_files: bool

    def form(self) -> ImmutableMultiDict[str, str]:
        """The fields as `request.form` had them."""
        return ImmutableMultiDict(self.fields)


def owner_token(person: str) -> str:
    """The mark a form carries: who it was made for."""
    return _owner_signer().dumps(person)


def owner_of(token: str) -> str | None:
    """The person a form was made for, or None for a mark that is not ours or too old."""
    try:
        return str(_owner_signer().loads(token, max_age=OWNER_AGE))
    except BadData:
        return None


def keep(request: Request) -> str | None:
    """The posted fields, encrypted for the log-in page; None when the form is not one of ours."""
    owner = owner_of(request.form.get("_owner", ""))
    if owner is None:
        return None
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in OWN_FIELDS]
    had_files = any(file.filename for _, file in request.files.items(multi=True))
    text = json.dumps([owner, request.path, fields, had_files])
    return _cipher().encrypt(zlib.compress(text.encode())).decode("ascii")


def unpack(token: str) -> Kept | None:
    """What `keep` made; None when it is not ours or too old."""
    try:
        text = zlib.decompress(_cipher().decrypt(token.encode(), ttl=KEPT_AGE))
        owner, path, fields, had_files = json.loads(text)
    except (InvalidToken, zlib.error, ValueError):
        return None
    return Kept(owner, path, [(name, value) for name, value in fields], had_files)


def _secret() -> str:
    return str(current_app.config["SECRET_KEY"])


def _owner_signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_secret(), salt="form owner")


def _cipher() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"kept form" + _secret().encode()).digest()))
