"""One command on one case: the unit of work.

Life of a change: the case row is locked → the run is taken from the warm cases, or restored → the caller does one thing
to `change.run` → `save` runs the engine, writes what differs, history, outbox and state → the transaction commits → the
run goes back among the warm cases. Any error before the commit rolls everything back, and the run is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from engine import access, cases, history, outbox, parties, projection, services, subjects, tasks
from engine.access import Action, CaseAccess
from engine.actors import Actor
from engine.bpmn.environment import Environment, ServiceCall, no_calendar, no_services, no_values
from engine.bpmn.run import Run
from engine.caching import Publications, Published, Snapshot, Snapshots, Warm, WarmCases
from engine.calendars import Calendar
from engine.cases import LockedRow
from engine.claims import Claim
from engine.clock import Clock
from engine.database import Database, last_writes
from engine.encoding import unpack
from engine.errors import Conflict, Forbidden
from engine.parties import Party
from engine.prepared import together
from engine.process_settings import Role
from engine.projection import Projection, Surroundings
from engine.services import CaseContext
from engine.tasks import TaskRow
from forms import Lookups, Option

ENDED = "ended"


@dataclass
class Workplace:
    """What every command needs; one for each Engine."""

    database: Database
    clock: Clock
    publications: Publications
    snapshots: Snapshots
    warm: WarmCases


class Change:
    """A locked case with its run, and what the command wants written beside it."""

    def __init__(
        self,
        place: Workplace,
        tx: Connection,
        row: LockedRow,
        by: Actor | None,
        published: Published,
        snapshot: Snapshot,
        now: datetime,
        run: Run | None = None,
        claim: Claim | None = None,
    ) -> None:
        self.place, self.tx, self.row, self.by = place, tx, row, by
        self.id: int = row.id
        self.number: str = row.number
        self.published, self.snapshot = published, snapshot
        self.now = now
        self._warm = place.warm.take(row.id, row.revision)
        self._parties = self._warm.parties if self._warm else claim.parties if claim else parties.of_case(tx, row.id)
        self.context = CaseContext(
            row.number, row.revision + 1, self.now, self._roles_for, snapshot.organisation, row.owner, self._parties
        )
        self.environment = self._environment(row.started_at)
        #: Tokens that got another instant: their rows are made anew.
        self._moved: set[int] = set()
        #: How long the JSON of the state is; 0 while nobody knows.
        self._state_bytes = self._warm.state_bytes if self._warm else 0
        self.run: Run
        self.before: Projection
        if run is not None:
            self.run, self.before = run, Projection()
            run.attach(self.environment)
        elif self._warm:
            self.run, self.before = self._warm.run, self._warm.projection
            self.run.attach(self.environment)
        else:
            state = unpack(claim.state) if claim else cases.state(tx, row.id)
            self.run = Run.restore(published.model, state, self.environment)
            self.before = projection.project(self.run, self.context.roles)

    def pickers(self) -> Lookups | None:
        """What questions for a unit or a party of the case may be answered with; None where no units are registered."""
        known = self.snapshot.organisation.units
        if not known:
            return None
        parties = [self.context.owner, *(party.unit for party in self.context.parties)]
        return {
            "unit": lambda: [Option(unit.id, unit.name) for unit in known.values()],
            "party": lambda: [Option(unit, known[unit].name if unit in known else unit) for unit in parties],
        }

    def _environment(self, started_at: datetime) -> Environment:
        settings = self.snapshot.settings
        return Environment(
            now=self.now,
            calendar=settings.calendar,
            calendar_of=self._calendar_of_groups,
            deadline_values=self._deadline_values(()),
            deadline_values_of=self._deadline_values,
            units_by_role=self.context.roles,
            meetings=self.snapshot.meetings,
            case={"id": self.number, "owner": self.row.owner, "started": iso(started_at)},
            service=self._service,
        )

    def _roles_for(self, owner: str) -> Mapping[str, Role]:
        return self.snapshot.roles(self.row.process_id, self.published.roles, owner)

    def _deadline_values(self, groups: Sequence[str]) -> Mapping[str, str]:
        declared, roles = self.published.deadlines, self.context.roles
        return self.snapshot.deadline_values(self.row.process_id, declared, self.now, roles, groups)

    def _calendar_of_groups(self, groups: Sequence[str]) -> Calendar:
        return self.snapshot.calendar_of_groups(groups, self.context.roles)

    def _service(self, call: ServiceCall) -> Mapping[str, Any] | None:
        result = services.carry_out(call, self.context)
        # What the service changed must hold for the rest of this very command.
        self.environment.case = {**self.environment.case, "owner": self.context.owner}
        self.environment.units_by_role = self.context.roles
        self.environment.deadline_values = self._deadline_values(())
        self.environment.__dict__.pop("feel", None)
        return result

    def move_due(self, token: int, due: datetime, *, why: str, by_hand: bool = False) -> dict[str, Any]:
        """Give an open task or a timer another instant. For the history: from when, to when and why.

        Raises Conflict: it is no longer open.
        """
        old = self.before.deadlines[token]
        self.run.move_due(token, due, by_hand=by_hand)
        self._moved.add(token)
        return {"from": iso(old.due_at), "to": iso(due), "deadline": old.name, "reason": why}

    def demand(self, action: Action, obj: object) -> None:
        """Raises Forbidden when the actor may not; nobody in particular (a tool) may everything."""
        if self.by is not None and not access.may(self.by, action, obj):
            raise Forbidden

    def demand_revision(self, revision: int | None) -> None:
        """Raises Conflict, saying what has happened since, unless the case still is at this revision."""
        if revision is not None and revision != self.row.revision:
            missed = history.last(self.tx, self.id, self.row.revision - revision, self.published.names)
            raise Conflict(changes=missed)

    def demand_open(self) -> None:
        """Raises Conflict when the case is closed."""
        if self.row.closed_at is not None:
            raise Conflict(f"Case {self.number} is closed since {self.row.closed_at:%Y-%m-%d}. Nothing was changed.")

    @property
    def case_access(self) -> CaseAccess:
        """The case for `may`: owner, parties, open tasks."""
        open_tasks = tasks.access_of(self.tx, self.id)
        return CaseAccess(self.context.owner, [party.unit for party in self.context.parties], open_tasks)

    def save(
        self,
        kind: str,
        *,
        element_id: str | None = None,
        task_id: int | None = None,
        payload: Mapping[str, Any] | None = None,
        close_reason: str | None = None,
        last: bool = False,
    ) -> None:
        """Run the engine until it waits, and write everything that differs.

        `last`: the command does nothing more in its transaction, which may be committed with these writes.
        """
        self.run.advance()
        occurrences = self.run.drain_events()
        self._post(occurrences)
        after = self._project()
        around = Surroundings(
            self.id, self.row.process_id, self.published.deadlines, self.snapshot.calendar_of, self.now
        )
        came = projection.change_tasks(self.tx, self.id, self.before, after)
        parties.replace(self.tx, self.id, self._parties, self.context.parties, self.now)
        self._save_subject((payload or {}).get("answers", {}))
        with last_writes(self.tx) if last else together(self.tx):
            self._tell_new_holders([*came, *projection.write(self.tx, around, self.before, after)])
            outbox.put(self.tx, self.id, self.context.outgoing, self.now)
            self._save_row(close_reason)
            self._append(kind, element_id, task_id, payload, occurrences)
        self.before = after

    def _append(
        self,
        kind: str,
        element_id: str | None,
        task_id: int | None,
        payload: Mapping[str, Any] | None,
        occurrences: list[Any],
    ) -> None:
        history.append(
            self.tx,
            self.id,
            kind,
            now=self.now,
            actor=self.by.id if self.by else None,
            unit=self.by.unit if self.by else None,
            element_id=element_id,
            task_id=task_id,
            payload=payload,
            occurrences=occurrences,
            events=self.context.events,
        )

    def _project(self) -> Projection:
        same = self.context.owner == self.row.owner and self.context.parties is self._parties
        return projection.project(self.run, self.context.roles, self.before.without(self._moved) if same else None)

    def _save_row(self, close_reason: str | None) -> None:
        closing = self.row.closed_at is None and self.run.ended
        values = {
            "revision": self.row.revision + 1,
            "state": self.run.snapshot(),
            "owner": self.context.owner,
            "incidents": len(self.run.incidents),
            "closed_at": self.now if closing else self.row.closed_at,
            "close_reason": close_reason or (ENDED if closing else self.row.close_reason),
        }
        self._state_bytes = cases.save(self.tx, self.id, values)
        if closing:
            parties.close(self.tx, self.id)

    def _save_subject(self, answers: Mapping[str, Any]) -> None:
        path = self.published.package.subject
        if path and path.split(".")[0] in answers:
            key = subjects.key_of(self.tx, path, self.run.data, self.now.date())
            cases.set_subject(self.tx, self.id, key)

    def _post(self, occurrences: list[Any]) -> None:
        """Messages and signals that were thrown go to other cases after the commit."""
        for occurrence in occurrences:
            if occurrence.kind != "thrown":
                continue
            said = occurrence.payload
            kind = "signal" if "signal" in said else "message"
            self.context.send(
                kind,
                {"name": said[kind], "key": said.get("key"), "values": said.get("values", {}), "from": self.number},
            )

    def _tell_new_holders(self, added: list[TaskRow]) -> None:
        """Units that did not act themselves hear that a task has come to them, if they have a mailbox."""
        acting = self.by.units if self.by else ()
        organisation = self.snapshot.organisation
        for row in added:
            for unit in row.units:
                if unit not in acting and organisation.mailbox(unit):
                    self.context.notify([f"unit:{unit}"], "task")

    def keep_warm(self) -> None:
        """After the commit. A case that has ended is hardly wanted again."""
        self._leave()
        if not self.run.ended:
            self._keep(self.row.revision + 1, self.context.parties)

    def keep_unchanged(self) -> None:
        """After a transaction that wrote nothing to the case."""
        self._leave()
        if self._warm:  # else nobody knows how large it is
            self._keep(self.row.revision, self._parties)

    def _keep(self, revision: int, parties: list[Party]) -> None:
        self.place.warm.put(self.id, Warm(revision, self.run, parties, self.before, self._state_bytes))

    def _leave(self) -> None:
        """Else the run would keep this command and its connection alive."""
        self.environment.service = no_services
        self.environment.calendar_of = no_calendar
        self.environment.deadline_values_of = no_values


def open_change(
    place: Workplace,
    tx: Connection,
    row: LockedRow,
    by: Actor | None,
    *,
    now: datetime | None = None,
    run: Run | None = None,
    claim: Claim | None = None,
) -> Change:
    """The locked case with its run; `run` is that of a case which is just being started.

    `claim`: a scheduler's, with what it has read of the case already.
    """
    snapshot = place.snapshots.get(tx, row.organisation or 0)
    published = place.publications.get(tx, row.version_id)
    return Change(place, tx, row, by, published, snapshot, now or place.clock.now(tx), run, claim)


@contextmanager
def changing(place: Workplace, number: str, by: Actor | None) -> Iterator[Change]:
    """A transaction on the case with this number. Raises NotFound when there is none, or none to see."""
    with place.database.command() as tx:
        change = open_change(place, tx, cases.lock(tx, number), by)
        if by is not None and not access.may(by, "read-case", change.case_access):
            raise cases.missing(number)
        yield change


def iso(moment: datetime) -> str:
    """An instant as case data holds it."""
    return moment.isoformat().replace("+00:00", "Z")
