"""The scheduler ticks; notices leave by SMTP, at least once, with nothing personal in them."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from engine import Actor, Engine, VirtualClock, notices
from engine.notices import Notice, NotSent, notifier_from_environment
from engine.outbox import PAUSES, Outgoing, put, unsent
from engine.scheduler import Scheduler
from tests.integration import drawing as draw

Publish = Callable[[str], None]


class Mailbox:
    """A mail server's memory."""

    def __init__(self) -> None:
        self.received: list[tuple[list[str], Message]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.received.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return "250 OK"


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A real SMTP server, named by the environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("SAMLED_SMTP_URL", f"smtp://127.0.0.1:{port}?from=samled@example.org")
    monkeypatch.setenv("SAMLED_BASE_URL", "https://samled.example.org/")
    yield mailbox
    controller.stop()


@pytest.fixture
def mailing(mail: Mailbox, organisation: Engine, database_url: str, clock: VirtualClock) -> Iterator[Engine]:
    """An engine that sends, on the database with the organisation."""
    engine = Engine(database_url, clock=clock)
    yield engine
    engine.close()


def test_the_scheduler_fires_and_mails_with_nothing_personal(
    mailing: Engine, mail: Mailbox, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    publish(draw.chain("theirs", draw.task("ask", group="bup", due="2026-04-01T10:00+02:00")))
    child = {"child": {"name": "Exempel Andersson", "number": "20120125-2382"}}
    case = mailing.start("theirs", answers=child, by=anna)
    scheduler = Scheduler(mailing, name="test")
    assert scheduler.tick() == 0
    clock.set("2026-04-01T10:00:07+02:00")
    assert scheduler.tick() == 1
    assert scheduler.tick() == 0
    assert [to for to, _ in mail.received] == [["bup@example.org"], ["bup@example.org"]]
    texts = [part.get_payload(decode=True).decode() for _, part in mail.received]  # type: ignore[union-attr]
    assert texts[0].startswith(f"En uppgift väntar i ärende {case.id}.")
    assert f"https://samled.example.org/cases/{case.id}" in texts[0]
    assert "skulle ha varit klar" in texts[1]
    assert "Andersson" not in "".join(str(part) for _, part in mail.received)
    assert "2382" not in "".join(texts)
    assert len({part["Message-ID"] for _, part in mail.received}) == 2
    [beat] = mailing.heartbeats()
    assert (beat.name, beat.at) == ("test", clock.now())
    assert mailing.backlog() == (0, 0)


def test_each_person_is_written_to_in_their_language(
    mailing: Engine, mail: Mailbox, anna: Actor, clock: VirtualClock, tmp_path: Path
) -> None:
    toml = '[process]\ntitle = "L"\n[deadlines.x]\nvalue = "P1D"\nsource = "local"\nescalate = ["unit-manager"]\n'
    model = draw.chain("ladder", draw.task("ask", due='=deadline("x")'))
    mailing.publish(draw.package(tmp_path, "ladder", model, toml))
    mailing.start("ladder", by=anna)
    clock.advance("P1D")
    Scheduler(mailing).tick()
    by_address = {to[0]: part.get_payload(decode=True).decode() for to, part in mail.received}  # type: ignore[union-attr]
    assert by_address["chef@example.org"].startswith("A task in case")
    assert by_address["elevhalsa@example.org"].startswith("En uppgift i ärende")


class Broken:
    """A mail server that does not take anything, until it is mended."""

    def __init__(self) -> None:
        self.mended = False
        self.sent: list[Notice] = []

    def send(self, notice: Notice) -> None:
        if not self.mended:
            raise NotSent("The mail server is down.")
        self.sent.append(notice)


def test_a_notice_that_cannot_be_sent_is_tried_again_with_growing_pauses_and_then_parked(
    organisation: Engine, database_url: str, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    broken = Broken()
    engine = Engine(database_url, clock=clock, notifier=broken)
    publish(draw.chain("theirs", draw.task("ask", group="bup")))
    engine.start("theirs", by=anna)
    for number, pause in enumerate(PAUSES, 1):
        assert engine.send_notices() == 0
        with engine.database.reading() as tx:
            [item] = unsent(tx)
        assert (item.attempts, item.next_try_at) == (number, clock.now() + pause)
        assert engine.send_notices() == 0  # not before its time
        clock.advance(pause)
    engine.send_notices()
    assert engine.backlog() == (0, 1)
    assert [breach.rule for breach in engine.check()] == ["not-delivered"]
    engine.close()


def test_several_schedulers_send_each_notice_once(
    organisation: Engine,
    database_url: str,
    anna: Actor,
    clock: VirtualClock,
    publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests.integration.test_conflicts import together

    notifier = Broken()
    notifier.mended = True
    publish(draw.chain("theirs", draw.task("ask", group="bup")))
    for _ in range(10):
        organisation.start("theirs", by=anna)
    engines = [Engine(database_url, clock=clock, notifier=notifier) for _ in range(3)]
    monkeypatch.setattr(notices, "QUIET", timedelta(0))
    results = together(*[engine.send_notices for engine in engines])
    assert sum(results) == 10
    told = [line for notice in notifier.sent for line in notice.text.splitlines() if line.startswith("En uppgift")]
    assert len(set(told)) == len(told) == 10
    for engine in engines:
        engine.close()


def test_a_sender_that_dies_leaves_the_notice_to_another(
    organisation: Engine, database_url: str, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    class Dying(Broken):
        def send(self, notice: Notice) -> None:
            raise KeyboardInterrupt  # as a process that is stopped here

    publish(draw.chain("theirs", draw.task("ask", group="bup")))
    organisation.start("theirs", by=anna)
    dying = Engine(database_url, clock=clock, notifier=Dying())
    with pytest.raises(KeyboardInterrupt):
        dying.send_notices()
    dying.close()
    mended = Broken()
    mended.mended = True
    other = Engine(database_url, clock=clock, notifier=mended)
    assert other.send_notices() == 0
    clock.advance("PT6M")
    assert other.send_notices() == 1
    other.close()


def test_what_comes_within_the_hour_is_collected_into_one_mail_and_what_presses_takes_it_along(
    organisation: Engine, database_url: str, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    notifier = Broken()
    notifier.mended = True
    engine = Engine(database_url, clock=clock, notifier=notifier)
    publish(draw.chain("theirs", draw.task("ask", group="bup", due="2026-03-27T14:00+01:00")))
    cases = [engine.start("theirs", by=anna).id]
    assert engine.send_notices() == 1
    for _ in range(3):
        clock.advance("PT10M")
        cases.append(engine.start("theirs", by=anna).id)
        assert engine.send_notices() == 0
    clock.advance("PT31M")
    assert engine.send_notices() == 3
    [first, second] = notifier.sent
    assert first.subject == f"Samled: ärende {cases[0]}"
    assert second.subject == "Samled: 3 ärenden"
    assert all(case in second.text for case in cases[1:])
    cases.append(engine.start("theirs", by=anna).id)
    assert engine.send_notices() == 0
    clock.set("2026-03-27T14:00+01:00")
    engine.fire_due()
    assert engine.send_notices() == 6
    assert notifier.sent[-1].text.count("skulle ha varit klar nu") == 5
    engine.close()


def test_pressing_mail_does_not_keep_the_rest_waiting_for_ever(
    organisation: Engine, database_url: str, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    notifier = Broken()
    notifier.mended = True
    engine = Engine(database_url, clock=clock, notifier=notifier)
    publish(draw.chain("theirs", draw.task("ask", group="bup")))
    engine.start("theirs", by=anna)
    engine.send_notices()
    case = engine.start("theirs", by=anna).id
    engine.send_notices()
    for number in range(3):
        clock.advance("PT50M")
        with engine.database.command() as tx:
            pressing = {"case": "2026-00099", "to": "unit:bup", "reason": "due"}
            put(tx, None, [Outgoing(f"pressing-{number}", "notice", pressing)], clock.now())
        engine.send_notices()
    assert any(case in notice.text for notice in notifier.sent)
    engine.close()


def test_nobody_is_reminded_twice_of_the_same_thing_in_a_day(
    organisation: Engine, anna: Actor, clock: VirtualClock, tmp_path: Path
) -> None:
    toml = '[deadlines.x]\nvalue = "P3D"\nsource = "local"\nremind = "P1D"\nescalate = ["unit-manager"]\n'
    model = draw.chain("ladder", draw.task("ask", due='=deadline("x")'))
    organisation.publish(draw.package(tmp_path, "ladder", model, toml))
    [task] = organisation.tasks(case=organisation.start("ladder", by=anna).id)
    clock.set("2026-03-29T10:00+02:00")
    assert organisation.fire_due() == 1
    organisation.move_deadline(task.id, clock.now() + timedelta(days=1, hours=2), "en dag till", by=anna)
    clock.advance("PT3H")
    assert organisation.fire_due() == 1
    with organisation.database.reading() as tx:
        assert [item.payload["reason"] for item in unsent(tx)].count("remind") == 1


def test_the_same_key_is_written_once(engine: Engine, clock: VirtualClock) -> None:
    for text in ("first", "second"):
        with engine.database.command() as tx:
            put(tx, None, [Outgoing("same", "notice", {"text": text, "to": "unit:x", "reason": "task"})], clock.now())
    with engine.database.reading() as tx:
        assert [item.payload["text"] for item in unsent(tx)] == ["first"]


def test_without_a_mail_server_notices_do_not_pile_up(organisation: Engine, anna: Actor, publish: Publish) -> None:
    publish(draw.chain("theirs", draw.task("ask", group="bup")))
    organisation.start("theirs", by=anna)
    assert organisation.backlog() == (1, 0)
    assert organisation.send_notices() == 0
    assert organisation.backlog() == (0, 0)


def test_a_mail_address_of_an_unknown_kind_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMLED_SMTP_URL", "pigeon://loft")
    with pytest.raises(NotSent, match="smtp://"):
        notifier_from_environment()


def test_a_scheduler_in_the_background_fires_by_itself_and_survives_an_error(
    engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(draw.chain("due", draw.task("ask", due="2026-04-01T10:00+02:00")))
    case = engine.start("due", by=anna)
    clock.advance("P10D")
    beat, calls = engine.beat, []

    def fails_once(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 1:
            raise RuntimeError("once")
        beat(*args)

    monkeypatch.setattr(engine, "beat", fails_once)
    scheduler = Scheduler(engine, interval=0.05)
    scheduler.start()
    until = time.monotonic() + 20
    while time.monotonic() < until and not (engine.heartbeats() and engine.tasks(case=case.id, overdue=True)):
        time.sleep(0.05)
    scheduler.stop()
    assert engine.tasks(case=case.id)[0].overdue
    assert len(calls) > 1
