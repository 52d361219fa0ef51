"""How often somebody may try: the log-in and the password of the API.

Counted in the memory of this process (Flask-Limiter's memory storage): several web processes each count for themselves.
"""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import parse_many

#: Wrong passwords for one name from one address, then for one address whatever the name.
FOR_NAME = "5 per minute; 20 per hour"
FOR_ADDRESS = "60 per hour"

limiter = Limiter(key_func=get_remote_address, storage_uri="memory://", strategy="moving-window")


def _keys(username: str) -> list[tuple[str, tuple[str, ...]]]:
    address = get_remote_address()
    return [(FOR_NAME, ("login", address, username.casefold())), (FOR_ADDRESS, ("login", address))]


def too_many_tries(username: str) -> bool:
    """Whether this name or this address has to wait. A right password waits too, or guessing would go on."""
    strategy = limiter.limiter
    return any(not strategy.test(rate, *key) for rates, key in _keys(username) for rate in parse_many(rates))


def wrong_try(username: str) -> None:
    """Count a wrong password."""
    for rates, key in _keys(username):
        for rate in parse_many(rates):
            limiter.limiter.hit(rate, *key)


def init_app(app: Flask) -> None:
    app.config.setdefault("RATELIMIT_HEADERS_ENABLED", False)
    limiter.init_app(app)
    if app.config.get("TESTING"):
        limiter.reset()
