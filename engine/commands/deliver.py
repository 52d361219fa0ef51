"""Messages, signals and new cases: from outside, and from case to case through the outbox.

A command locks one case. What it throws at others waits in the outbox until it has committed; then each receiver gets
it in a transaction of its own, in which the outbox row is marked: whoever comes second finds it marked and undoes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from engine import cases, outbox, subscriptions, versions
from engine.access import may
from engine.actors import SYSTEM, Actor
from engine.commands.change import Change, Workplace, open_change
from engine.commands.start import Beginning, start
from engine.database import is_about_the_database
from engine.errors import DatabaseUnavailable, InvalidAnswers
from engine.outbox import Outgoing, Waiting
from engine.reasons import reason
from engine.subscriptions import MESSAGE, SIGNAL

log = logging.getLogger(__name__)


class _TakenAlready(Exception):
    """Another process delivered it first."""


def send(place: Workplace, name: str, key: str | None, payload: Mapping[str, Any], by: Actor | None) -> int:
    """Deliver a message from outside to one waiting case of each process, or start what it starts. How many heard."""
    heard = 0
    with place.database.reading() as tx:
        targets = _first_of_each_process(subscriptions.waiting(tx, MESSAGE, name, key or ""))
    for case in targets:
        heard += _tell(place, case, MESSAGE, name, key, payload, by)
    if heard:
        return heard
    with place.database.reading() as tx:
        starts = versions.started_by(tx, name)
    for version, at in starts:
        beginning = Beginning(version.process_id, payload, by or SYSTEM, at=at, unchecked=True)
        with place.database.command() as tx:
            change = start(place, tx, beginning)
        change.keep_warm()
    return len(starts)


def signal(place: Workplace, name: str, payload: Mapping[str, Any], by: Actor | None) -> int:
    """Deliver a signal from outside to every case that waits for it. How many heard it."""
    with place.database.reading() as tx:
        targets = subscriptions.waiting(tx, SIGNAL, name)
    return sum(_tell(place, case, SIGNAL, name, None, payload, by) for _, case in targets)


def _first_of_each_process(waiting: list[tuple[str, int]]) -> list[int]:
    """As in Camunda 8, a message reaches one case of each process: the oldest."""
    found: dict[str, int] = {}
    for process, case in waiting:
        found.setdefault(process, case)
    return list(found.values())


def _tell(
    place: Workplace, case: int, kind: str, name: str, key: str | None, values: Mapping[str, Any], by: Actor | None
) -> bool:
    with place.database.command() as tx:
        change = open_change(place, tx, cases.lock_by_id(tx, case), by)
        # A key is mostly a case number, and those can be guessed: only who sees a case may tell it anything.
        allowed = by is None or may(by, "read-case", change.case_access)
        if allowed and by is not None and not by.is_system:
            _demand_nothing_replaced(change, values)
        heard = allowed and _receive(change, kind, name, key, values)
    if heard:
        change.keep_warm()
    return heard


def _demand_nothing_replaced(change: Change, values: Mapping[str, Any]) -> None:
    """A person's message may add to what the case knows; to replace it is a correction, with a reason."""
    taken = sorted({"case", *change.run.data} & set(values))
    if taken:
        raise InvalidAnswers({name: ["The case has this already. Correct the answer instead."] for name in taken})


def _receive(change: Change, kind: str, name: str, key: str | None, values: Mapping[str, Any]) -> bool:
    run = change.run
    heard = run.send(name, key or "", values) if kind == MESSAGE else run.signal(name, values)
    if heard:
        change.save("received", payload={kind: name, "values": dict(values)})
    return heard


def deliver_internal(place: Workplace, limit: int = 100) -> int:
    """Deliver what cases have thrown at each other. How many rows were dealt with; failures are tried again later."""
    done = 0
    while done < limit:
        with place.database.reading() as tx:
            due = outbox.due(tx, place.clock.now(tx), min(limit - done, 20), internal=True)
        for item in due:
            _deliver(place, item)
        done += len(due)
        if not due:
            break
    return done


def _deliver(place: Workplace, item: Waiting) -> None:
    change: Change | None = None
    try:
        with place.database.command() as tx:
            change = _carry_out(place, tx, item)
            if not outbox.mark_sent(tx, item.id, place.clock.now(tx)):
                raise _TakenAlready
    except _TakenAlready:
        return
    except DatabaseUnavailable:
        raise
    except Exception as error:
        if is_about_the_database(error):
            raise  # what was to be delivered is not to blame
        why = reason(error)
        log.error("A %s from case %s could not be delivered: %s", item.kind, item.payload.get("from"), why)
        with place.database.command() as tx:
            outbox.mark_failed(tx, item, why, place.clock.now(tx))
        return
    if change is not None:
        change.keep_warm()


def _carry_out(place: Workplace, tx: Connection, item: Waiting) -> Change | None:
    said = item.payload
    if item.kind == "start-case":
        beginning = Beginning(
            said["process"], said["answers"], SYSTEM, said.get("owner"),
            at=said.get("at"), unchecked=True, origin=said.get("from"),
        )  # fmt: skip
        return start(place, tx, beginning)
    if "target" not in said:
        outbox.put(tx, item.case, _spread(tx, item), place.clock.now(tx))
        return None
    change = open_change(place, tx, cases.lock_by_id(tx, said["target"]), None)
    heard = _receive(change, item.kind, said["name"], said.get("key"), said.get("values", {}))
    return change if heard else None


def _spread(tx: Connection, item: Waiting) -> list[Outgoing]:
    """A row for each receiver of a thrown message or signal."""
    said = item.payload
    waiting = subscriptions.waiting(tx, item.kind, said["name"], said.get("key"))
    if item.kind == SIGNAL:
        targets = [case for _, case in waiting if case != item.case]  # its own case has heard it already
    else:
        targets = _first_of_each_process(waiting)
    rows = [Outgoing(f"{item.key}>{case}", item.kind, {**said, "target": case}) for case in targets]
    if rows or item.kind == SIGNAL:
        return rows
    return [
        Outgoing(
            f"{item.key}>{version.process_id}",
            "start-case",
            {"process": version.process_id, "answers": said.get("values", {}), "at": at, "owner": _owner(tx, item),
             "from": said.get("from")},
        )
        for version, at in versions.started_by(tx, said["name"])
    ]  # fmt: skip


def _owner(tx: Connection, item: Waiting) -> str | None:
    return cases.owner(tx, item.case) if item.case is not None else None
