"""Move cases in batches: what is asked for is written first, then each case is moved on its own.

Whatever stops the work (a lost connection, a killed process) leaves cases that wait; `go_on` takes them up again. None
is moved twice, for a case's row is read once the case is locked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping, Sequence

from engine import cases
from engine.actors import Actor
from engine.commands.change import Workplace
from engine.database import is_about_the_database
from engine.errors import NotFound, SamledError
from engine.migrating import moving, stored
from engine.migrating.forecast import target_of
from engine.migrating.stored import Batch, Move

log = logging.getLogger(__name__)


class NoReason(SamledError):
    """Say why the cases are moved. It stays in their history."""


class UnknownStep(SamledError):
    """There is no such step to map to. Write ids of steps as `old=new`."""


def ask(
    place: Workplace,
    process_id: str,
    to: int | None,
    case_ids: Collection[str] | None,
    mapping: Mapping[str, str],
    *,
    recompute: bool,
    reason: str,
    by: Actor | None,
) -> Batch:
    """Write which cases are to be moved; none has moved yet. `case_ids` None: all that run on other versions.

    Raises NotFound (no such version or case), Forbidden, NoReason, UnknownStep.
    """
    if not reason.strip():
        raise NoReason
    with place.database.command() as tx:
        organisation = place.snapshots.get(tx).organisation
        moving.demand_mover(organisation, by)
        published = target_of(place, tx, process_id, to)
        demand_steps(published.model.elements, mapping)
        if case_ids is None:
            rows = stored.open_cases(tx, published.version, None)
            keys = [row.id for row in rows if moving.may_move(organisation, by, row.owner)]
        else:
            keys = [cases.key(tx, number) for number in dict.fromkeys(case_ids)]
        values = {
            "process_id": process_id, "to_version_id": published.version.id, "mapping": dict(mapping),
            "recompute": recompute, "reason": reason.strip()[:2000], "created_at": place.clock.now(tx),
            "created_by": by.id if by else None,
        }  # fmt: skip
        return stored.batch(tx, stored.add_batch(tx, values, keys))


def demand_steps(elements: Mapping[tuple[str, str], object], mapping: Mapping[str, str]) -> None:
    """Raises UnknownStep when a step to map to is none of the version."""
    known = {element for _, element in elements}
    unknown = sorted(set(mapping.values()) - known)
    if unknown:
        raise UnknownStep(f"The version has no step {', '.join(unknown)}. Write ids of steps as old=new.")


def go_on(place: Workplace, batch_id: int, by: Actor | None, *, limit: int | None, seconds: float | None) -> Batch:
    """Move cases of a batch that wait, at most so many and for so long. Raises NotFound, Forbidden."""
    until = time.monotonic() + seconds if seconds is not None else None
    with place.database.reading() as tx:
        moving.demand_mover(place.snapshots.get(tx).organisation, by)
        batch = stored.batch(tx, batch_id)
        published = place.publications.get(tx, batch.to_version_id)
        left = stored.waiting(tx, batch_id, limit or 1_000_000)
    wanted = moving.Wanted(batch, published, by)
    for move_id, case in left:
        if until is not None and time.monotonic() > until:
            break
        _try(place, wanted, move_id, case)
    return found(place, batch_id, by)[0]


def _try(place: Workplace, wanted: moving.Wanted, move_id: int, case: int) -> None:
    try:
        moving.move(place, wanted, move_id, case)
    except Exception as error:
        if is_about_the_database(error):
            raise
        log.exception("Case %s could not be moved", case)
        moving.refuse(place, move_id, case, "failed")


def found(place: Workplace, batch_id: int, by: Actor | None) -> tuple[Batch, Sequence[Move]]:
    """A batch and what has come of it. Raises NotFound, Forbidden."""
    with place.database.reading() as tx:
        moving.demand_mover(place.snapshots.get(tx).organisation, by)
        return stored.batch(tx, batch_id), stored.of_batch(tx, batch_id)


def of_process(place: Workplace, process_id: str) -> Sequence[Batch]:
    """The batches of a process, the newest first."""
    with place.database.reading() as tx:
        return stored.batches(tx, process_id)


def take_back(
    place: Workplace, batch_id: int, case_ids: Collection[str] | None, reason: str, by: Actor | None
) -> tuple[list[str], list[str]]:
    """Put cases of a batch back: the numbers of those that went back, and of those that have gone on since.

    Raises NotFound, Forbidden, NoReason.
    """
    if not reason.strip():
        raise NoReason
    _, moves = found(place, batch_id, by)
    if case_ids is not None:
        unknown = set(case_ids) - {one.case_id for one in moves}
        if unknown:
            raise NotFound(f"Case {min(unknown)} was not moved here. Look at the list.")
    back: list[str] = []
    stay: list[str] = []
    for one in moves:
        if one.state != stored.MOVED or (case_ids is not None and one.case_id not in case_ids):
            continue
        with place.database.reading() as tx:
            case = cases.key(tx, one.case_id)
        try:
            moving.take_back(place, one.id, case, reason.strip()[:2000], by)
            back.append(one.case_id)
        except moving.GoneOn:
            stay.append(one.case_id)
    return back, stay
