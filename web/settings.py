"""What an installation may set, read once from the environment. docs/reference/settings.md says the same in a table."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from engine.clock import Clock, ShiftedClock, SystemClock
from engine.errors import SamledError

DEFAULT_DATABASE = "sqlite:///var/samled.db"


class SettingsError(SamledError):
    """A setting is wrong. Correct it and start again."""


@dataclass(frozen=True)
class Settings:
    """How this installation runs."""

    #: SQLAlchemy address of the database.
    database_url: str = DEFAULT_DATABASE
    #: Signs sessions and forms; at least 32 characters.
    secret_key: str = ""
    #: Example mode: the log-in page lists the example people and their passwords.
    example: bool = False
    #: smtp://user:password@host:587, or empty: notices are only written down.
    smtp_url: str = ""
    #: The address people use, such as https://samled.example.org; links in notices begin with it.
    base_url: str = ""
    #: The organisation's time zone.
    zone: str = "Europe/Stockholm"
    #: Minutes without a request after which a person logs in again.
    session_idle_minutes: int = 60
    #: Hours after which a person logs in again in any case.
    session_hours: int = 12
    #: How many proxies in front of us are trusted to tell the visitor's address and scheme.
    proxies: int = 0
    #: The largest request body in megabytes.
    upload_megabytes: int = 16
    #: Days for which notices are kept after they have left.
    keep_sent_days: int = 90
    #: One process owner may publish a changed process alone.
    publish_alone: bool = False
    #: Example mode only: a file with the seconds by which the clock is moved, for showing what happens weeks later.
    clock_file: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ, *, web: bool = True) -> Settings:
        """Read `SAMLED_…`. Raises SettingsError with the name of the setting and the remedy.

        Only the web signs anything: with `web=False` no secret key is asked for, or made.
        """
        database_url = database_address(environ)
        example = _switch(environ, "SAMLED_EXAMPLE")
        return cls(
            database_url=database_url,
            secret_key=secret_key(environ, database_url) if web else "",
            example=example,
            smtp_url=_text_or_file(environ, "SAMLED_SMTP_URL"),
            base_url=environ.get("SAMLED_BASE_URL", "").rstrip("/"),
            zone=_zone(environ.get("SAMLED_ZONE") or "Europe/Stockholm"),
            session_idle_minutes=_number(environ, "SAMLED_SESSION_IDLE_MINUTES", 60, 1, 24 * 60),
            session_hours=_number(environ, "SAMLED_SESSION_HOURS", 12, 1, 24 * 7),
            proxies=_number(environ, "SAMLED_PROXIES", 0, 0, 5),
            upload_megabytes=_number(environ, "SAMLED_UPLOAD_MEGABYTES", 16, 1, 1024),
            keep_sent_days=_number(environ, "SAMLED_KEEP_SENT_DAYS", 90, 1, 3650),
            publish_alone=_switch(environ, "SAMLED_PUBLISH_ALONE"),
            clock_file=_clock_file(environ, example),
        )

    def clock(self) -> Clock:
        """The clock that every process of this installation goes by."""
        return ShiftedClock(Path(self.clock_file)) if self.clock_file else SystemClock()


def database_address(environ: Mapping[str, str] = os.environ) -> str:
    """SAMLED_DATABASE_URL; its password may come from SAMLED_DATABASE_PASSWORD[_FILE]. Raises SettingsError."""
    address = environ.get("SAMLED_DATABASE_URL") or DEFAULT_DATABASE
    password = _text_or_file(environ, "SAMLED_DATABASE_PASSWORD")
    if not password:
        return address
    try:
        return make_url(address).set(password=password).render_as_string(hide_password=False)
    except ArgumentError:
        raise SettingsError("SAMLED_DATABASE_URL is not a database address. See docs/reference/settings.md.") from None


def secret_key(environ: Mapping[str, str], database_url: str) -> str:
    """The key given, else one made once and kept beside an SQLite database, so that a trial needs no setting."""
    given = _text_or_file(environ, "SAMLED_SECRET_KEY")
    if given:
        if len(given) < 32:
            raise SettingsError("SAMLED_SECRET_KEY is shorter than 32 characters. Make one: openssl rand -hex 32.")
        return given
    path = database_url.partition("sqlite:///")[2].partition("?")[0]
    if not database_url.startswith("sqlite"):
        raise SettingsError(
            "SAMLED_SECRET_KEY is not set. Set it, or SAMLED_SECRET_KEY_FILE, to the same value for every process: "
            "openssl rand -hex 32."
        )
    if not path or path == ":memory:":
        return secrets.token_hex(32)
    return _kept_key(Path(path).parent / "secret-key")


def _kept_key(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # O_EXCL: of two processes starting at once one makes the key and the other reads it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_text(encoding="ascii").strip()
        if len(key) < 32:
            raise SettingsError(f"{path} holds no key. Remove the file; everybody logs in once more.") from None
        return key
    except OSError as error:
        reason = error.strerror or "not possible"
        raise SettingsError(f"Cannot write {path}: {reason}. Give the folder write permission.") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        key = secrets.token_hex(32)
        file.write(key)
    return key


def _text_or_file(environ: Mapping[str, str], name: str) -> str:
    """A secret: the value itself, or the content of the file that NAME_FILE names (as container secrets come)."""
    if path := environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error
    return environ.get(name, "").strip()


def _clock_file(environ: Mapping[str, str], example: bool) -> str:
    path = environ.get("SAMLED_CLOCK_FILE", "")
    if path and not example:
        raise SettingsError("SAMLED_CLOCK_FILE moves the clock, which only example mode may do. Unset it.")
    return path


def _switch(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").strip().lower()
    if value in ("", "0", "no", "false", "off"):
        return False
    if value in ("1", "yes", "true", "on"):
        return True
    raise SettingsError(f"{name} is {value!r}. Set it to 1 or 0.")


def _number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SettingsError(f"{name} is {text!r}. Set it to a whole number from {least} to {most}.")
    return int(text)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(f"SAMLED_ZONE is {name!r}. Set it to a zone such as Europe/Stockholm.") from error
    return name
