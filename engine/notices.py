"""Notices: e-mail that a task waits. Never more than the case's number and a link: mail travels unprotected.

One mail to each recipient, with all there is to tell; after it an hour of quiet, which only what is pressing breaks. A
notifier takes a `Notice` to a person or mailbox; which one is chosen by the scheme of SAMLED_SMTP_URL. Sending is at
least once: the outbox rows are leased before and marked after, and the mail's Message-ID is made of their keys, so that
a mail system that gets the very same mail twice can drop one.
"""

from __future__ import annotations

import logging
import os
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from hashlib import sha256
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from sqlalchemy import Connection, select

from engine import mailings, outbox
from engine.commands.change import Workplace
from engine.errors import SamledError
from engine.outbox import Waiting
from engine.schema import people

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 20
#: After a mail, what else there is to tell the same person or mailbox waits this long, and then leaves in one mail.
QUIET = timedelta(hours=1)
#: What does not wait: somebody must act now. It begins no hour of quiet, so that what waits leaves within the hour.
PRESSING = frozenset({"due", "escalate", "stopped", "parked"})
#: After so many the mail server is taken to be down: what else waits is spared its try until the next round.
FAILURES_IN_A_ROW = 3

_SUBJECT = {"sv": "Samled: ärende {case}", "en": "Samled: case {case}"}
_SUBJECT_OF_SEVERAL = {"sv": "Samled: {count} ärenden", "en": "Samled: {count} cases"}
_TEXT: Mapping[str, Mapping[str, str]] = {
    "sv": {
        "task": "En uppgift väntar i ärende {case}.",
        "remind": "Påminnelse: en uppgift i ärende {case} ska snart vara klar.",
        "due": "En uppgift i ärende {case} skulle ha varit klar nu.",
        "escalate": "En uppgift i ärende {case} är försenad och har förts vidare till er.",
        "stopped": "Ärende {case} har stannat. Någon hos er behöver bestämma hur det går vidare.",
        "parked": "En tidsfrist i ärende {case} står still. De som sköter Samled ser varför; bevaka ärendet själva.",
        "notice": "Det finns något nytt i ärende {case}.",
    },
    "en": {
        "task": "A task waits in case {case}.",
        "remind": "Reminder: a task in case {case} is due soon.",
        "due": "A task in case {case} was due now.",
        "escalate": "A task in case {case} is late and has been passed on to you.",
        "stopped": "Case {case} has stopped. Somebody at your unit must decide how it goes on.",
        "parked": "A deadline in case {case} stands still. Those who run Samled see why; watch the case yourselves.",
        "notice": "There is something new in case {case}.",
    },
}


class NotSent(SamledError):
    """The notice could not be sent. It is tried again later."""


@dataclass(frozen=True)
class Notice:
    """One message to one address."""

    #: Those of the rows it is made of; sent twice, it is the same mail.
    key: str
    address: str
    subject: str
    text: str


class Notifier(Protocol):
    """Takes a notice to its address. Raises NotSent (or any error) when it could not."""

    def send(self, notice: Notice) -> None: ...


#: Scheme of SAMLED_SMTP_URL → what makes a notifier of the address.
NOTIFIERS: dict[str, Callable[[SplitResult], Notifier]] = {}


class SmtpNotifier:
    """Sends by SMTP: smtp://user:password@host:587?from=samled@example.org (STARTTLS where offered), or smtps://."""

    def __init__(self, address: SplitResult) -> None:
        self._secure = address.scheme == "smtps"
        self._host = address.hostname or "localhost"
        self._port = address.port or (465 if self._secure else 587)
        self._user = unquote(address.username) if address.username else None
        self._password = unquote(address.password or "")
        self._sender = parse_qs(address.query).get("from", [f"samled@{self._host}"])[0]

    def send(self, notice: Notice) -> None:
        """One connection a notice: they are few, and a stale connection is a lost notice."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, notice.address, notice.subject
        message["Message-ID"] = f"<{sha256(notice.key.encode()).hexdigest()[:32]}@samled>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notice.text)
        try:
            with self._connect() as connection:
                connection.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(f"The mail server {self._host}:{self._port} did not take it: {error}") from error

    def _connect(self) -> smtplib.SMTP:
        if self._secure:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
            )
        else:
            connection = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
        connection.ehlo()
        protected = self._secure
        if not protected and connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
            protected = True
        if self._user:
            if not protected:
                raise smtplib.SMTPException("no login without TLS")
            connection.login(self._user, self._password)
        return connection


NOTIFIERS["smtp"] = NOTIFIERS["smtps"] = SmtpNotifier


def notifier_from_environment() -> Notifier | None:
    """The notifier that SAMLED_SMTP_URL names; None when it is not set. Raises NotSent for an unknown kind."""
    return notifier_for(os.environ.get("SAMLED_SMTP_URL", "").strip())


def notifier_for(url: str) -> Notifier | None:
    """The notifier that an address names; None when it is empty. Raises NotSent for an unknown kind."""
    if not url:
        return None
    address = urlsplit(url)
    if address.scheme not in NOTIFIERS:
        raise NotSent(f"SAMLED_SMTP_URL must begin with {' or '.join(f'{name}://' for name in NOTIFIERS)}.")
    return NOTIFIERS[address.scheme](address)


def send_due(place: Workplace, notifier: Notifier | None, limit: int = 100, *, quiet: timedelta | None = None) -> int:
    """Send the notices that wait, one mail to each recipient. How many left.

    Without a notifier they are marked as not to be sent. `quiet` stands for `QUIET`.
    """
    sent = failed = 0
    for _ in range(limit):
        with place.database.reading() as tx:
            waiting = outbox.due(tx, place.clock.now(tx), 100, internal=False)
        if not waiting:
            break
        for items in _by_recipient(waiting):
            left = _send(place, notifier, items, QUIET if quiet is None else quiet)
            sent += left or 0
            failed = failed + 1 if left is None else 0
            if failed == FAILURES_IN_A_ROW:
                return sent
    return sent


def _by_recipient(waiting: Sequence[Waiting]) -> list[list[Waiting]]:
    found: dict[str, list[Waiting]] = {}
    for item in waiting:
        found.setdefault(str(item.payload["to"]), []).append(item)
    return list(found.values())


def _send(place: Workplace, notifier: Notifier | None, items: Sequence[Waiting], quiet: timedelta) -> int | None:
    """How many left (none: there was nothing to send, others have them, or they wait); None when it failed."""
    recipient = str(items[0].payload["to"])
    with place.database.command() as tx:
        now = place.clock.now(tx)
        items = [item for item in items if outbox.claim(tx, item.id, now)]
        quiet_until = mailings.last(tx, recipient) + quiet
        if now < quiet_until and not any(item.payload["reason"] in PRESSING for item in items):
            outbox.hold(tx, [item.id for item in items], quiet_until)
            return 0
        notice = compose(tx, items, place.snapshots.get(tx).organisation.mailbox) if items else None
    error = None
    if notifier is not None and notice is not None:
        try:
            notifier.send(notice)
        except Exception as problem:
            # The kind of error only: a mail server's own words repeat the address.
            error = type(problem.__cause__ or problem).__name__
            log.warning("A notice about case %s could not be sent: %s", items[0].payload.get("case"), error)
    with place.database.command() as tx:
        now = place.clock.now(tx)
        for item in items:
            if error is not None:
                outbox.mark_failed(tx, item, error, now)
            else:
                outbox.mark_sent(tx, item.id, now)
        if error is not None:
            return None
        if notifier is None or notice is None:
            return 0
        if any(item.payload["reason"] not in PRESSING for item in items):
            mailings.mark(tx, recipient, now)
    return len(items)


def compose(tx: Connection, items: Sequence[Waiting], mailbox: Callable[[str], str | None]) -> Notice | None:
    """The words and the address of a mail; None when whoever it is for has no address."""
    kind, _, recipient = str(items[0].payload["to"]).partition(":")
    language, address = "sv", mailbox(recipient)
    if kind == "person":
        query = select(people.c.email, people.c.language).where(people.c.id == recipient, people.c.active)
        row = tx.execute(query).first()
        address, language = (row.email, row.language) if row else (None, "sv")
    if not address:
        return None
    language = language if language in _TEXT else "sv"
    parts: dict[str, list[str]] = {}
    for item in items:
        lines = parts.setdefault(str(item.payload["case"]), [])
        lines += [line for line in _lines(item, _TEXT[language]) if line not in lines]
    base = os.environ.get("SAMLED_BASE_URL", "").rstrip("/")
    text = [line for number, lines in parts.items() for line in [*lines, *([f"{base}/cases/{number}"] if base else [])]]
    subject = (_SUBJECT if len(parts) == 1 else _SUBJECT_OF_SEVERAL)[language]
    key = " ".join(sorted(item.key for item in items))
    subject = subject.format(case=items[0].payload["case"], count=len(parts))
    return Notice(key, address, subject, "\n\n".join(text) + "\n")


def _lines(item: Waiting, words: Mapping[str, str]) -> list[str]:
    lines = [words.get(item.payload["reason"], words["notice"]).format(case=item.payload["case"])]
    return [*lines, str(item.payload["text"])] if item.payload.get("text") else lines
