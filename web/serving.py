"""The processes that stay: web and scheduler, together or apart."""

from __future__ import annotations

import errno
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from types import FrameType

import click
from waitress import create_server

from engine import Engine
from engine.errors import SamledError
from engine.heartbeats import Pulse
from engine.notices import notifier_for
from engine.scheduler import Scheduler
from web.settings import Settings

#: Connections that wait to be accepted; the kernel cuts it to its own limit.
_BACKLOG = 1024


def serve(host: str, port: int, *, with_scheduler: bool, threads: int = 8) -> None:
    """Serve pages until told to stop. Raises SamledError: port taken, database not ready, a setting wrong."""
    _log()
    with listen(host, port) as listener, _engine(web=True) as (engine, settings):
        from web.app import create_app

        app = create_app(engine=engine, settings=settings)
        with _ticking(engine, settings) if with_scheduler else nullcontext():
            server = create_server(app, sockets=[listener], threads=threads, ident=None)
            _stop_on_signal(_raise_exit)
            click.echo(f"Samled is ready: {_address(host, listener)} (Ctrl-C stops it)")
            server.run()


def schedule() -> None:
    """Fire deadlines and send notices until told to stop. Raises SamledError as `serve` does."""
    _log()
    with _engine(web=False) as (engine, settings):
        scheduler = Scheduler(engine, keep_sent=timedelta(days=settings.keep_sent_days))
        _stop_on_signal(lambda _number, _frame: scheduler.stop())
        click.echo(f"The scheduler {scheduler.name} ticks every {scheduler.interval:g} seconds (Ctrl-C stops it)")
        scheduler.run()


def ticks_here(engine: Engine) -> bool:
    """Whether a scheduler of this machine has ticked within the last minute."""
    here = f"{socket.gethostname()}:"
    return any(beat.name.startswith(here) for beat in engine.pulse().living)


def pulse_in_words(pulse: Pulse) -> str:
    """What `samled scheduler --status` prints."""
    lines = [f"{len(pulse.living)} scheduler(s) tick." if pulse.living else "No scheduler has ticked for a minute."]
    for beat in pulse.schedulers:
        state = "ticks" if beat in pulse.living else "silent"
        lines.append(f"{beat.name}: {state}, last seen {beat.at:%Y-%m-%d %H:%M:%S} UTC, {beat.fired} fired")
    if late := pulse.lateness:
        lines.append(f"lateness: p50 {late.p50:g} s, p99 {late.p99:g} s, max {late.max:g} s of the last {late.fires}")
    lines.append(f"deadlines: {pulse.backlog} due, the oldest for {pulse.oldest:.0f} s; {pulse.parked} parked")
    lines.append(f"outbox: {pulse.unsent} waiting, {pulse.stuck} parked")
    return "\n".join(lines)


@contextmanager
def _engine(*, web: bool) -> Iterator[tuple[Engine, Settings]]:
    settings = Settings.from_environment(web=web)
    engine = Engine(settings.database_url, clock=settings.clock(), notifier=notifier_for(settings.smtp_url))
    try:
        engine.database.check_ready()
        yield engine, settings
    finally:
        engine.close()


@contextmanager
def _ticking(engine: Engine, settings: Settings) -> Iterator[None]:
    scheduler = Scheduler(engine, keep_sent=timedelta(days=settings.keep_sent_days))
    scheduler.start()
    try:
        yield
    finally:
        scheduler.stop()


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # of every connection
    # Of every tick; and it warns of each that a long tick leaves out, which is as it should be.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _stop_on_signal(handler: signal._HANDLER) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def _raise_exit(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _address(host: str, listener: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104
    return f"http://{shown}:{listener.getsockname()[1]}"


class CannotListen(SamledError):
    """The address cannot be listened on. Choose another with --host and --port."""


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, before anything slow is done: a port that is taken must be told at once. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except socket.gaierror as error:
        raise CannotListen(f"There is no address {host} here. Choose another with --host.") from error
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                message = f"Port {port} is taken. Stop what uses it, or choose another: --port {_another(port)}."
            case errno.EACCES:
                message = f"Port {port} needs more rights than this user has. Choose one above 1023: --port 8000."
            case errno.EADDRNOTAVAIL:
                message = f"There is no address {host} here. Choose another with --host."
            case _:
                message = f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another."
        raise CannotListen(message) from error


def _another(port: int) -> int:
    return port + 1 if port < 65535 else 8000
