"""Passwords: argon2 hashes, and the rules for a new one, in words."""

from __future__ import annotations

import re
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _

SHORTEST = 12
LONGEST = 200
#: What people choose when a rule asks for twelve characters. Compared without case, digits and signs at the ends.
COMMON = frozenset(
    """password lösenord passwordpassword lösenordlösenord välkommen qwertyuiop qwertyuiopå asdfghjkl sommar vinter
    hemligt letmein iloveyou samled administrator changeme trustno abcdefghijkl skolan kommunen""".split()
)

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return _hasher.hash(password)


@cache
def _nobody() -> str:
    """What an unknown user's password is compared with, so that the answer takes as long as for a known one."""
    return _hasher.hash("no account has this password")


def verify(stored: str | None, password: str) -> bool:
    """Whether the password is right. Takes the same time when there is no such person (`stored` is None)."""
    try:
        return _hasher.verify(stored or _nobody(), password[:LONGEST]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def faults(password: str, *, username: str, name: str) -> list[str]:
    """What is wrong with a new password, a sentence each; empty when it will do."""
    found = []
    if len(password) < SHORTEST:
        found.append(_("Use at least %(count)d characters. Three or four words in a row will do.", count=SHORTEST))
    if len(password) > LONGEST:
        found.append(_("Use at most %(count)d characters.", count=LONGEST))
    folded = password.casefold()
    own = [username.casefold(), *(part for part in name.casefold().split() if len(part) > 3)]
    if any(part and part in folded for part in own):
        found.append(_("Leave out your name and your user name."))
    if password and (re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded) in COMMON or len(set(folded)) < 5):
        found.append(_("Choose something that is harder to guess."))
    return found
