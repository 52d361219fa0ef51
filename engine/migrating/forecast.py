"""What a version would do to running cases: each is moved in memory, as a copy, and nothing is stored."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from engine import cases, parties, versions
from engine.actors import Actor
from engine.bpmn.model import Model
from engine.bpmn.run import Run
from engine.caching import Published
from engine.commands.change import Workplace
from engine.commands.look import environment_of
from engine.database import is_about_the_database
from engine.errors import Conflict, InvalidModel, NotFound
from engine.migrating import stored
from engine.migrating.moving import began_of, demand_mover, refusal_at_once
from engine.migrating.outcome import Outcome, Reason
from engine.migrating.transfer import Target, transfer
from engine.packages import Package
from engine.versions import Version

log = logging.getLogger(__name__)
#: Cases that are looked into at a time; about a millisecond each.
MOST = 2_000


@dataclass(frozen=True)
class CaseAhead:
    """One running case, and what moving it comes to."""

    #: The case's number.
    case_id: str
    owner: str
    version: Version
    outcome: Outcome


@dataclass(frozen=True)
class VersionAhead:
    """The running cases of one version in use."""

    version: Version
    cases: Sequence[CaseAhead]

    @property
    def moving(self) -> Sequence[CaseAhead]:
        """Those that can move."""
        return [one for one in self.cases if one.outcome.moves]

    @property
    def staying(self) -> Sequence[CaseAhead]:
        """Those that cannot."""
        return [one for one in self.cases if not one.outcome.moves]

    @property
    def stands(self) -> Mapping[str, int]:
        """Element of the old version → how many cases stand there, the most first."""
        return dict(Counter(place for one in self.cases for place in dict.fromkeys(one.outcome.stands)).most_common())

    @property
    def reasons(self) -> Mapping[Reason, int]:
        """Why cases cannot move → how many, the most first."""
        return dict(Counter(reason for one in self.cases for reason in one.outcome.reasons).most_common())

    @property
    def redated(self) -> int:
        """How many dates change."""
        return sum(len(one.outcome.redated) for one in self.cases if one.outcome.moves)

    @property
    def overdue(self) -> int:
        """How many dates would be in the past at once."""
        return sum(one.outcome.overdue for one in self.cases if one.outcome.moves)


@dataclass(frozen=True)
class Forecast:
    """What a version would do to the running cases of its process."""

    process_id: str
    #: None: it is not published yet.
    to: Version | None
    versions: Sequence[VersionAhead] = field(default_factory=list)
    #: Cases that were not looked into: there were too many at a time.
    left_out: int = 0

    @property
    def cases(self) -> Sequence[CaseAhead]:
        """All of them."""
        return [case for version in self.versions for case in version.cases]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "process": self.process_id, "to": self.to.number if self.to else None, "left_out": self.left_out,
            "versions": [
                {
                    "version": one.version.number, "cases": len(one.cases), "can_move": len(one.moving),
                    "stands": dict(one.stands), "dates_changed": one.redated, "become_overdue": one.overdue,
                    "reasons": [{**reason.as_dict(), "cases": count} for reason, count in one.reasons.items()],
                }
                for one in self.versions
            ],
            "cases": [
                {"case": one.case_id, "version": one.version.number}
                | {"moves": one.outcome.moves, **one.outcome.as_dict()}
                for one in self.cases
            ],
        }  # fmt: skip


def what_moves(
    place: Workplace,
    process_id: str,
    to: int | Package | None,
    mapping: Mapping[str, str],
    *,
    recompute: bool,
    only: Collection[str] | None,
    by: Actor | None,
) -> Forecast:
    """See `Engine.what_moves`."""
    with place.database.reading() as tx:
        organisation = place.snapshots.get(tx).organisation
        demand_mover(organisation, by)
        published = target_of(place, tx, process_id, to)
        in_use = {one.id: one for one in versions.all_of(tx, process_id)}
        rows = [
            row
            for row in stored.open_cases(tx, published.version, only)
            if refusal_at_once(organisation, by, row, published) != "may-not"
        ]
        target = Target(published.model, mapping, recompute)
        found: dict[int, list[CaseAhead]] = {}
        for row in rows[:MOST]:
            code = refusal_at_once(organisation, by, row, published)
            outcome = _refused(code) if code else look(place, tx, row, published, target)
            ahead = CaseAhead(row.number, row.owner, in_use[row.version_id], outcome)
            found.setdefault(row.version_id, []).append(ahead)
    ahead_of = [VersionAhead(in_use[key], found[key]) for key in sorted(found, reverse=True)]
    to_version = published.version if published.version.id else None
    return Forecast(process_id, to_version, ahead_of, max(0, len(rows) - MOST))


def target_of(place: Workplace, tx: Connection, process_id: str, to: int | Package | None) -> Published:
    """The version to move to: by its number, the newest, or a package that is not published (with the id 0).

    Raises NotFound, InvalidModel (it cannot run), Conflict (it is of another process).
    """
    if isinstance(to, Package):
        model = Model.load(to)
        if model.main != process_id:
            raise Conflict(f"This is the process {model.main}, not {process_id}. Keep the id, or choose that process.")
        return Published(Version(0, process_id, 0, to.title, to.hash, place.clock.now(tx), None), to, model)
    version = versions.latest(tx, process_id) if to is None else versions.numbered(tx, process_id, to)
    if version is None:
        raise NotFound(f"There is no process “{process_id}”. Look at `samled versions`.")
    return place.publications.get(tx, version.id)


def look(place: Workplace, tx: Connection, row: Any, published: Published, target: Target) -> Outcome:
    """Move one case in memory; one that cannot be read is said to be so."""
    try:
        current = parties.of_case(tx, row.id)
        old = place.publications.get(tx, row.version_id)
        run = Run.restore(old.model, cases.state(tx, row.id), environment_of(place, tx, old, row, current))
        environment = environment_of(place, tx, published, row, current)
        return transfer(run, target, environment, began_of(tx, row.id))[1]
    except Exception as error:
        if is_about_the_database(error) or isinstance(error, InvalidModel):
            raise
        log.exception("What moving case %s would do is not known", row.id)
        return _refused("failed")


def _refused(code: str) -> Outcome:
    outcome = Outcome()
    outcome.refuse(code)
    return outcome
