"""The façade: all that pages, schedulers, scenarios and tools may do with cases.

Every command is one transaction. `by` is who asks: what they may not do raises Forbidden, what they may not know of
raises NotFound. Without `by` (tools in the same process) nothing is refused and no read is logged.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import (
    backups,
    bulk,
    cases,
    deadlines,
    drafts,
    files,
    heartbeats,
    history,
    organisations,
    outbox,
    parties,
    promises,
    reads,
    subjects,
)
from engine import tasks as task_rows
from engine import versions as version_rows
from engine.absences import Absence
from engine.access import may
from engine.actors import Actor
from engine.agendas import Agenda
from engine.backups import Contents
from engine.bulk import Bulk, Item
from engine.caching import Publications, Published, Snapshots, WarmCases, WarmStatistics
from engine.calendars import Calendar
from engine.cases import Case, CaseSummary
from engine.clock import Clock, SystemClock
from engine.commands import (
    amend,
    away,
    deliver,
    fire,
    look,
    own_deadlines,
    parked,
    postpone,
    promise,
    publish,
    review,
    start,
    teams,
    variants,
    work,
)
from engine.commands.answers import Evaluate
from engine.commands.change import Change, Workplace
from engine.commands.look import TaskDetail
from engine.commands.own_deadlines import Impact
from engine.commands.review import Answered, Asked, Listening
from engine.commands.variants import VariantStatus
from engine.database import Database
from engine.deadlines import Deadline
from engine.directory import Directory, Organisation
from engine.editing.editing import Editing
from engine.errors import CalledOnly, InvalidAnswers, NotFound
from engine.files import File
from engine.heartbeats import Heartbeat, Pulse
from engine.history import Entry
from engine.indicators import Statistics
from engine.invariants import Breach, check
from engine.merging import Side
from engine.migrating import batches, past
from engine.migrating.forecast import Forecast, what_moves
from engine.migrating.stored import Batch, Move
from engine.notices import Notifier, notifier_from_environment, send_due
from engine.organisations import SettingChange, Settings
from engine.outbox import Waiting
from engine.packages import Package
from engine.pages import Page
from engine.parties import Party
from engine.promises import Promise
from engine.reads import Read
from engine.rhythms import Rhythm
from engine.school_years import SchoolYears, Stretch
from engine.tasks import Task, TaskFilter
from engine.versions import Version

if TYPE_CHECKING:
    from forms import Form

#: Tasks on a page where nobody says otherwise; those of one case come together.
PAGE, PAGE_OF_A_CASE = 50, 10_000


class Engine:
    """One database and a clock. Threads may share it; processes make their own."""

    def __init__(self, database_url: str, clock: Clock | None = None, *, notifier: Notifier | None = None) -> None:
        """`notifier`: who sends notices; left out, the one that SAMLED_SMTP_URL names. Raises DatabaseUnavailable."""
        self.clock: Clock = clock or SystemClock()
        self.database = Database(database_url)
        self.directory = Directory(self.database)
        self._notifier = notifier or notifier_from_environment()
        self.place = Workplace(self.database, self.clock, Publications(), Snapshots(), WarmCases())
        #: Drafts of processes, and how they become versions.
        self.editing = Editing(self.place)

    def warm_cases(self) -> WarmStatistics:
        """How many cases this process keeps in memory, how much they take, and how often that helped."""
        return self.place.warm.statistics()

    def upgrade(self) -> None:
        """Bring the database up to date. Raises DatabaseTooNew, DatabaseUnavailable."""
        self.database.upgrade()
        with self.database.command() as tx:
            subjects.prepare(tx, self.clock.now(tx))

    def backup(self, path: Path) -> Contents:
        """Write everything as it is at this moment into a file, while others go on. Raises AlreadyThere."""
        return backups.take(self.database, path)

    def restore(self, path: Path, *, overwrite: bool = False) -> Contents:
        """Put a backup into an empty database, or in the place of all that is there. Raises DamagedBackup, NotEmpty."""
        return backups.restore(self.database, path, overwrite=overwrite)

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()

    # Versions

    def publish(self, path: Path | str, by: Actor | None = None, *, variant_for: str | None = None) -> Version:
        """Publish a folder or a bare .bpmn; the same content is the same version. Raises InvalidModel, Forbidden.

        `variant_for`: as the local variant of that organisation (huvudman), else as the package's settings say.
        """
        return publish.publish(self.place, Path(path), by, variant_for=variant_for)

    def publish_package(self, package: Package, by: Actor | None = None) -> Version:
        """Publish a package that is in memory. Raises InvalidModel, Forbidden."""
        return publish.publish_package(self.place, package, by)

    def versions(self, process: str | None = None) -> list[Version]:
        """All versions, the newest of each process first."""
        with self.database.reading() as tx:
            return version_rows.all_of(tx, process)

    def processes(self) -> list[Version]:
        """The newest version of every process, by title."""
        with self.database.reading() as tx:
            return version_rows.newest(tx)

    def startable(self) -> list[Version]:
        """The newest version of every process that people start, by title: not the parts that others call."""
        with self.database.reading() as tx:
            newest = version_rows.newest(tx)
            return [one for one in newest if not self.place.publications.get(tx, one.id).package.settings.called_only]

    def demand_startable(self, process_id: str) -> None:
        """Raises NotFound where there is no such process, CalledOnly where it is a part that others call."""
        with self.database.reading() as tx:
            if start.newest(self.place, tx, process_id).package.settings.called_only:
                raise CalledOnly

    def published(self, version_id: int) -> Published:
        """A version with its package and model. Raises NotFound."""
        with self.database.reading() as tx:
            return self.place.publications.get(tx, version_id)

    def version_package(self, process: str, number: int) -> Package:
        """The package of a version by its number, such as 3 of sip. Raises NotFound."""
        with self.database.reading() as tx:
            return version_rows.package(tx, version_rows.numbered(tx, process, number).id)

    # Local variants

    def variants(self, process: str | None = None) -> list[Version]:
        """The local variant of each organisation that has one, of a process or of all."""
        with self.database.reading() as tx:
            return version_rows.variants(tx, process)

    def variant_status(self, process: str, principal: str, take: Mapping[str, Side] | None = None) -> VariantStatus:
        """An organisation's variant beside its base: what differs, and what a merge with the newest base would give.

        Raises NotFound: it has none; NoSuchConflict.
        """
        return variants.status(self.place, process, principal, take)

    def new_variant(self, process: str, principal: str) -> dict[str, bytes]:
        """The files of a variant of the newest version, still as that is. Raises NotFound."""
        return variants.new(self.place, process, principal)

    def update_variant(
        self, process: str, principal: str, take: Mapping[str, Side] | None = None, by: Actor | None = None
    ) -> Version:
        """Publish the merge of an organisation's variant with the newest base.

        Raises NotFound, Conflict (something is to be chosen yet), InvalidModel (the merge cannot be run), Forbidden.
        """
        return variants.update(self.place, process, principal, take, by)

    def merged_variant(self, process: str, principal: str, take: Mapping[str, Side] | None = None) -> dict[str, bytes]:
        """The files of that merge, conflicts or not: ours stands in those. Raises NotFound, NoSuchConflict."""
        return variants.merged(self.place, process, principal, take)

    def end_variant(self, process: str, principal: str, by: Actor | None = None) -> None:
        """Start an organisation's cases on the base again. Raises NotFound, Forbidden."""
        variants.end(self.place, process, principal, by)

    def set_role_kinds(
        self,
        process: str,
        role: str,
        kinds: Sequence[str],
        *,
        principal: str | None = None,
        reason: str = "",
        by: Actor | None = None,
    ) -> None:
        """Set which kinds of unit hold a role in an organisation, or in all; none: as the process says.

        Raises NotFound, NotAmong (a kind that the process does not allow), Forbidden.
        """
        variants.set_role_kinds(self.place, process, role, kinds, principal, reason, by)

    # Moving running cases to another version

    def what_moves(
        self,
        process_id: str,
        to: int | Package | None = None,
        mapping: Mapping[str, str] | None = None,
        *,
        recompute: bool = False,
        cases: Collection[str] | None = None,
        by: Actor | None = None,
    ) -> Forecast:
        """What a version would do to the running cases of its process: moved as copies in memory, nothing is stored.

        `to`: its number, the newest, or a package that is not published yet. `mapping`: element id of the old version →
        that of the new. `recompute`: running deadlines by the new version, else they keep their due time.
        Raises NotFound, Forbidden, InvalidModel, Conflict (a package of another process).
        """
        return what_moves(self.place, process_id, to, mapping or {}, recompute=recompute, only=cases, by=by)

    def ask_to_move(
        self,
        process_id: str,
        to: int | None = None,
        mapping: Mapping[str, str] | None = None,
        *,
        reason: str,
        recompute: bool = False,
        cases: Collection[str] | None = None,
        by: Actor | None = None,
    ) -> Batch:
        """Write which cases are to be moved (left out: all that run on other versions); `go_on_moving` moves them.

        Raises NotFound, Forbidden, NoReason, UnknownStep.
        """
        return batches.ask(self.place, process_id, to, cases, mapping or {}, recompute=recompute, reason=reason, by=by)

    def go_on_moving(
        self, batch_id: int, by: Actor | None = None, *, limit: int | None = None, seconds: float | None = None
    ) -> Batch:
        """Move cases of a batch that wait, each in a transaction of its own, at most so many and for so long.

        What stops it loses nothing: call it again. Raises NotFound, Forbidden.
        """
        return batches.go_on(self.place, batch_id, by, limit=limit, seconds=seconds)

    def move(
        self,
        process_id: str,
        to: int | None = None,
        mapping: Mapping[str, str] | None = None,
        *,
        reason: str,
        recompute: bool = False,
        cases: Collection[str] | None = None,
        by: Actor | None = None,
    ) -> Batch:
        """Both at once: each case is moved, or refused with a reason that `moves` tells."""
        asked = self.ask_to_move(process_id, to, mapping, reason=reason, recompute=recompute, cases=cases, by=by)
        return self.go_on_moving(asked.id, by)

    def moves(self, batch_id: int, by: Actor | None = None) -> tuple[Batch, Sequence[Move]]:
        """A batch and what has come of each of its cases. Raises NotFound, Forbidden."""
        return batches.found(self.place, batch_id, by)

    def move_batches(self, process_id: str) -> Sequence[Batch]:
        """The batches of a process, the newest first."""
        return batches.of_process(self.place, process_id)

    def take_back(
        self, batch_id: int, cases: Collection[str] | None = None, *, reason: str, by: Actor | None = None
    ) -> tuple[list[str], list[str]]:
        """Put moved cases back as they were: the numbers of those that went back, and of those that have gone on since.

        Raises NotFound, Forbidden, NoReason.
        """
        return batches.take_back(self.place, batch_id, cases, reason, by)

    # Many at once

    def ask_to_start(
        self,
        process_id: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        owner: str | None = None,
        reason: str,
        by: Actor | None = None,
    ) -> Bulk:
        """Write which cases are to be started, one for each set of start answers; `go_on_with` starts them.

        Raises NotFound, NoReason, Forbidden.
        """
        return bulk.ask_to_start(self.place, process_id, rows, owner=owner, reason=reason, by=by)

    def ask_to_complete(
        self,
        process_id: str,
        element_id: str,
        answers: Mapping[str, Any],
        *,
        cases: Collection[str] | None = None,
        reason: str,
        by: Actor | None = None,
    ) -> Bulk:
        """Write which open tasks are to be completed with the same answers. Raises NotFound, NoReason, Forbidden."""
        return bulk.ask_to_complete(self.place, process_id, element_id, answers, numbers=cases, reason=reason, by=by)

    def ask_to_assign(
        self, giver: str, taker: str | None, *, unit: str | None = None, reason: str, by: Actor | None = None
    ) -> Bulk:
        """Write which tasks are to go from one person to another, None: back to their units; of a unit, or all.

        Raises NoReason, Forbidden, Conflict (the same person).
        """
        return bulk.ask_to_assign(self.place, giver, taker, unit=unit, reason=reason, by=by)

    def go_on_with(
        self, batch_id: int, by: Actor | None = None, *, limit: int | None = None, seconds: float | None = None
    ) -> Bulk:
        """Do what waits of a batch, each in a transaction of its own, at most so many and for so long.

        What stops it loses nothing, and nothing is done twice: call it again. Raises NotFound, Forbidden.
        """
        batch, thrown = bulk.go_on(self.place, batch_id, by, limit=limit, seconds=seconds)
        if thrown:
            self.deliver()
        return batch

    def bulk(self, batch_id: int, by: Actor | None = None) -> tuple[Bulk, Sequence[Item]]:
        """A batch, and what came of each of its items, refused ones first. Raises NotFound, Forbidden."""
        return bulk.found(self.place, batch_id, by)

    def taken_in(self, unit: str, by: Actor | None = None) -> Mapping[str, int]:
        """Person → how many open tasks of a unit they have taken. Raises Forbidden: for the unit's managers."""
        return bulk.taken_in(self.place, unit, by)

    # Cases

    def start(
        self,
        process_id: str,
        answers: Mapping[str, Any] | None = None,
        by: Actor | None = None,
        owner: str | None = None,
    ) -> Case:
        """Start a case of the newest version. Its owner is the actor's first unit, or another of theirs: `owner`.

        Raises NotFound (no such process), Forbidden, InvalidAnswers.
        """
        with self.database.command() as tx:
            change = start.start(self.place, tx, start.Beginning(process_id, answers or {}, by, owner))
        self._after(change)
        return look.case(self.place, change.number, None)

    def start_form(
        self, process_id: str, by: Actor | None = None, owner: str | None = None
    ) -> tuple[Form | None, Evaluate]:
        """The form with which a case of the process starts, and what evaluates its FEEL. Raises NotFound.

        `by` and `owner` as for `start`: an organisation may have a local variant.
        """
        with self.database.reading() as tx:
            principal = start.principal_of(self.place, tx, by, owner)
            published = start.newest(self.place, tx, process_id, principal)
            return look.start_form(self.place, tx, published, process_id, principal)

    def version_to_start(self, process_id: str, by: Actor | None = None, owner: str | None = None) -> Version:
        """The version on which a case would start: the owner's local variant, else the newest. Raises NotFound."""
        with self.database.reading() as tx:
            principal = start.principal_of(self.place, tx, by, owner)
            return start.newest(self.place, tx, process_id, principal).version

    def open_cases_about(
        self, process_id: str, answers: Mapping[str, Any], by: Actor | None = None, owner: str | None = None
    ) -> Sequence[CaseSummary]:
        """Open cases about the child whom these start answers name, those that `by` may know of."""
        with self.database.reading() as tx:
            return start.same_subject(self.place, tx, process_id, answers, by, owner)

    def case(self, case_id: str, by: Actor | None = None) -> Case:
        """A case by its number. With `by`, one row is logged; not visible to them is NotFound."""
        return look.case(self.place, case_id, by)

    def cases(
        self,
        *,
        by: Actor | None = None,
        process: str | None = None,
        unit: str | None = None,
        text: str | None = None,
        open: bool | None = None,
        cursor: str | None = None,
        limit: int = PAGE,
    ) -> Page[CaseSummary]:
        """Cases, newest first. `text`: a number, its beginning or its running number; or part of a party's name."""
        with self.database.reading() as tx:
            return cases.page(
                tx, by, process=process, unit=unit, text=text, open=open, cursor=cursor, limit=limit
            )  # fmt: skip

    def correct(
        self,
        case_id: str,
        entry_id: int,
        answers: Mapping[str, Any],
        reason: str,
        by: Actor | None = None,
        revision: int | None = None,
    ) -> None:
        """Replace answers given earlier; the old ones stay in history.

        Raises NotFound, Forbidden, Conflict, InvalidAnswers.
        """
        self._after(amend.correct(self.place, case_id, entry_id, answers, reason, by, revision))

    def close_case(self, case_id: str, reason: str, by: Actor | None = None, revision: int | None = None) -> None:
        """Close a case that was opened by mistake. Raises NotFound, Forbidden, Conflict, InvalidAnswers (no reason)."""
        self._after(amend.close(self.place, case_id, reason, by, revision))

    def retry_incident(self, case_id: str, by: Actor | None = None) -> None:
        """Try again what stopped in a case. Raises NotFound, Forbidden."""
        self._after(amend.retry(self.place, case_id, by))

    def history(self, case_id: str, by: Actor | None = None) -> list[Entry]:
        """All that happened in a case, oldest first. With `by`, a read is logged."""
        look.demand(self.place, case_id, by, "read-case", "history")
        with self.database.reading() as tx:
            row = cases.summary(tx, case_id)
            names = past.names(self.place.publications, tx, row.id, row.version_id)
            return history.of_case(tx, row.id, names)

    def timeline(self, case_id: str, *, before: int | None = None, limit: int = 50) -> Page[Entry]:
        """The newest commands of a case and what they led to, oldest first; `next` is the `before` of earlier ones.

        Logs nothing: whoever shows it has read the case.
        """
        return review.page_of_history(self.place, case_id, before, limit)

    def answered(self, case_id: str, entry_id: int, by: Actor | None = None) -> Answered:
        """Answers given earlier, with their form: to show or correct. With `by`, a read is logged. Raises NotFound."""
        return review.answered(self.place, case_id, entry_id, by)

    def listening(self, case_id: str) -> list[Listening]:
        """The messages and signals that a case waits for. Raises NotFound."""
        return review.listening(self.place, case_id)

    def reads(
        self, case_id: str, by: Actor | None = None, *, cursor: str | None = None, limit: int = PAGE_OF_A_CASE
    ) -> Page[Read]:
        """Who has read a case, newest first. For its owner unit. Raises NotFound."""
        case = look.demand(self.place, case_id, by, "read-log", "log")
        with self.database.reading() as tx:
            return reads.of_case(tx, case, cursor, limit)

    def parties(self, case_id: str, by: Actor | None = None, *, former: bool = False) -> list[Party]:
        """The units that take part; with `former` also those that no longer do."""
        case = look.demand(self.place, case_id, by, "read-case", None)
        with self.database.reading() as tx:
            return parties.of_case(tx, case, current=not former)

    def deadlines(
        self, case: str | None = None, *, before: datetime | None = None, limit: int = 1000
    ) -> list[Deadline]:
        """What will happen by itself and when, the next first: in a case, or in all."""
        with self.database.reading() as tx:
            return deadlines.of_case(tx, cases.key(tx, case)) if case else deadlines.upcoming(tx, before, limit)

    # Tasks

    def tasks(
        self,
        case: str | None = None,
        *,
        group: str | None = None,
        unit: str | None = None,
        assignee: str | None = None,
        process: str | None = None,
        element: str | None = None,
        text: str | None = None,
        due_before: datetime | None = None,
        overdue: bool | None = None,
        by: Actor | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[Task]:
        """Open tasks, what is due first at the top; `by` sees those they hold. Raises NotFound for an unknown case."""
        with self.database.reading() as tx:
            key = cases.key(tx, case) if case is not None else None
            wanted = TaskFilter(key, group, unit, assignee, process, element, text, due_before, overdue)
            return task_rows.page(tx, wanted, by, cursor, limit or (PAGE if case is None else PAGE_OF_A_CASE))

    def task(self, task_id: int, by: Actor | None = None) -> TaskDetail:
        """An open task with its form, its case's data and what happens if it is not done. With `by`, a read is logged.

        Raises NotFound: there is none, it is done, or it is not theirs.
        """
        return look.task(self.place, task_id, by)

    def completed(self, task_id: int, by: Actor | None = None) -> Answered:
        """A task that is done: by whom, when, with which answers. With `by`, a read is logged.

        Raises NotFound: it is open, never was, was cancelled, or its case is not theirs.
        """
        return review.completed(self.place, task_id, by)

    def asked(self, task: Task) -> Asked | None:
        """The command that an open task came out of. Logs nothing: whoever shows it has read the task."""
        return review.asked(self.place, task.case_id, task.created_at) if task.created_at else None

    def complete(
        self,
        task_id: int,
        answers: Mapping[str, Any] | None = None,
        by: Actor | None = None,
        revision: int | None = None,
    ) -> None:
        """Complete a task. With `revision`, only if nothing else has happened in its case since.

        Raises NotFound, Forbidden, Conflict (done already; `changes` says by whom), InvalidAnswers.
        """
        self._after(work.complete(self.place, task_id, answers or {}, by, revision))

    def first_tasks(self, case_ids: Sequence[str]) -> dict[str, Task]:
        """For a list of cases: case number → its open task that is due first. Logs nothing."""
        return review.first_tasks(self.place, case_ids)

    def claim(self, task_id: int, by: Actor) -> Task:
        """Take a task. Raises NotFound, Conflict when somebody else has."""
        return work.assign(self.place, task_id, by.id, by, "taken")

    def release(self, task_id: int, by: Actor | None = None) -> Task:
        """Give a task back to its units. Raises NotFound, Conflict."""
        return work.assign(self.place, task_id, None, by, "released")

    def assign(self, task_id: int, person: str, by: Actor | None = None) -> Task:
        """Hand a task to a colleague. Raises NotFound (the task, or the person in the directory), Conflict."""
        return work.assign(self.place, task_id, person, by, "assigned")

    def task_to_move(self, task_id: int, by: Actor | None = None) -> Task:
        """An open task, for whoever may move its date: its holders and the unit that owns the case. Raises NotFound."""
        return postpone.task_to_move(self.place, task_id, by)

    def move_deadline(self, task_id: int, due_at: datetime, reason: str, by: Actor | None = None) -> None:
        """Give an open task another date, with a reason. Raises NotFound, Conflict, NoReason, TooFar."""
        postpone.move_deadline(self.place, task_id, due_at, reason, by).keep_warm()

    def snooze(self, task_id: int, until: datetime, reason: str, by: Actor | None = None) -> None:
        """Have the next reminder, due or escalation of a task wait; its date stays.

        Raises NotFound, NoReason, SnoozedEnough, ComesLaterAnyway.
        """
        postpone.snooze(self.place, task_id, until, reason, by)

    def save_draft(self, task_id: int, values: Mapping[str, Any], by: Actor) -> None:
        """Keep what somebody has typed so far. Raises NotFound."""
        work.save_draft(self.place, task_id, values, by)

    def draft(self, task_id: int, by: Actor) -> dict[str, Any] | None:
        """What this person has typed so far; None if nothing."""
        with self.database.reading() as tx:
            return drafts.get(tx, task_id, by.id)

    # Messages, time and what leaves

    def send(
        self,
        name: str,
        correlation_key: str | None = None,
        payload: Mapping[str, Any] | None = None,
        by: Actor | None = None,
    ) -> int:
        """Deliver a message to whoever waits for it under that key, or start what it starts. How many heard it.

        `by` reaches the cases they may see and no others.
        """
        heard = deliver.send(self.place, name, correlation_key, payload or {}, by)
        self.deliver()
        return heard

    def signal(self, name: str, payload: Mapping[str, Any] | None = None, by: Actor | None = None) -> int:
        """Deliver a signal to every case that waits for it. How many heard it."""
        heard = deliver.signal(self.place, name, payload or {}, by)
        self.deliver()
        return heard

    def fire_due(self, limit: int = 100) -> int:
        """Fire deadlines that are due, in due order. How many fired."""
        return len(self.fire_due_timed(limit))

    def fire_due_timed(self, limit: int = 100) -> list[float]:
        """As `fire_due`: how late each that fired was, in seconds."""
        late = fire.fire_due(self.place, limit)
        if late:
            self.deliver()
        return late

    def next_due(self) -> datetime | None:
        """When the next deadline is due; None when none is pending."""
        with self.database.reading() as tx:
            return deadlines.next_run(tx)

    def seconds_to_next(self) -> float | None:
        """Seconds until the next deadline is due, by the clock that decides what is due; None when none is pending."""
        with self.database.reading() as tx:
            run = deadlines.next_run(tx)
            return None if run is None else max(0.0, (run - self.clock.now(tx)).total_seconds())

    def silent(self) -> bool:
        """Whether no scheduler has ticked for a minute."""
        with self.database.reading() as tx:
            last = heartbeats.last_tick(tx)
            return last is None or self.clock.now(tx) - last > heartbeats.SILENT

    def deliver(self, limit: int = 1000) -> int:
        """Deliver what cases have thrown at each other. How many."""
        return deliver.deliver_internal(self.place, limit)

    def send_notices(self, limit: int = 100, *, quiet: timedelta | None = None) -> int:
        """Send the notices that wait, one mail to each recipient. How many left.

        `quiet`: how long after a mail what does not press is collected; else `notices.QUIET`.
        """
        return send_due(self.place, self._notifier, limit, quiet=quiet)

    def retry_deadline(self, deadline_id: int, by: Actor | None = None) -> None:
        """Let a parked deadline be tried again. Raises NotFound (it is not parked), Forbidden."""
        parked.retry_deadline(self.place, deadline_id, by)

    def retry_sending(self, item_id: int, by: Actor | None = None) -> None:
        """Let a notice or message that was given up be tried again. Raises NotFound (it was not), Forbidden."""
        parked.retry_sending(self.place, item_id, by)

    def parked(self) -> tuple[list[Deadline], list[Waiting]]:
        """What was given up until an administrator lets it try again: deadlines, and what could not leave."""
        with self.database.reading() as tx:
            return deadlines.parked(tx), outbox.parked(tx)

    def beat(self, name: str, late: Sequence[float] = (), fired: int = 0) -> None:
        """A scheduler is alive. `late`: seconds, of its latest fires; `fired`: how many since it started."""
        with self.database.command() as tx:
            heartbeats.beat(tx, name, self.clock.now(tx), late, fired)

    def heartbeats(self) -> list[Heartbeat]:
        """All schedulers, the one that ticked last first."""
        with self.database.reading() as tx:
            return heartbeats.newest(tx)

    def tidy(self, keep_sent: timedelta) -> int:
        """Forget what left the outbox longer ago than that, and schedulers that are no more. How many rows left."""
        with self.database.command() as tx:
            now = self.clock.now(tx)
            heartbeats.forget_ended(tx, now)
            return outbox.forget_sent(tx, now - keep_sent)

    def pulse(self) -> Pulse:
        """How the schedulers are: who ticks, how late deadlines fire, what waits."""
        with self.database.reading() as tx:
            return heartbeats.pulse(tx, self.clock.now(tx))

    def backlog(self) -> tuple[int, int]:
        """Rows of the outbox that wait, and those that are parked."""
        with self.database.reading() as tx:
            return outbox.waiting(tx), outbox.parked_count(tx)

    def check(self) -> list[Breach]:
        """The rows that break an invariant; there must be none."""
        return check(self.place)

    # Files

    def add_file(self, task_id: int, name: str, media_type: str, content: bytes, by: Actor | None = None) -> File:
        """Keep a file that is an answer of an open task. Raises NotFound, InvalidAnswers when it is too large."""
        if len(content) > files.LARGEST:
            raise InvalidAnswers({"": [f"The file is larger than {files.LARGEST // 1_000_000} MB."]})
        with self.database.command() as tx:
            task = task_rows.get(tx, task_id)
            if by is not None and not may(by, "add-file", task):
                raise NotFound(f"There is no open task {task_id} for you. Check the link.")
            key = files.add(
                tx, cases.key(tx, task.case_id), name=name, media_type=media_type, content=content,
                element_id=task.element_id, by=by.id if by else None, now=self.clock.now(tx),
            )  # fmt: skip
            return files.get(tx, key)

    def file(self, file_id: int, by: Actor | None = None) -> tuple[File, bytes]:
        """A file and its bytes, for whoever may read its case; logged. Raises NotFound."""
        with self.database.reading() as tx:
            found = files.get(tx, file_id)
        look.demand(self.place, found.case_id, by, "read-case", f"file:{file_id}")
        if by is not None and not found.is_for(by.id):
            raise NotFound(f"There is no file {file_id}. Check the link.")
        with self.database.reading() as tx:
            return found, files.content(tx, file_id)

    def files(self, case_id: str, by: Actor | None = None) -> list[File]:
        """The files of a case, without their bytes; of drafts only one's own. Raises NotFound."""
        case = look.demand(self.place, case_id, by, "read-case", None)
        with self.database.reading() as tx:
            return [file for file in files.of_case(tx, case) if by is None or file.is_for(by.id)]

    # The organisation

    def organisation(self) -> Organisation:
        """Units and their managers, as a snapshot."""
        with self.database.reading() as tx:
            return self.place.snapshots.get(tx).organisation

    def calendar(self) -> Calendar:
        """The organisation's calendar: its zone, holidays and closed days."""
        with self.database.reading() as tx:
            return self.place.snapshots.get(tx).settings.calendar

    def set_deadline(
        self,
        process_id: str,
        name: str,
        value: str | None,
        by: Actor | None = None,
        *,
        valid_from: datetime | None = None,
        running: bool = False,
        reason: str = "",
        principal: str | None = None,
    ) -> None:
        """Give a deadline a value of the organisation's own (None: the package's again).

        `principal`: only for waits of the units of that organisation (huvudman), and before what is set for all.
        It holds from `valid_from` (now) on: for waits that begin then, and where `running`, for those that are open.
        Raises NotFound, NotAdjustable, Forbidden; ValueError for no duration.
        """
        own_deadlines.set_value(
            self.place, process_id, name, value,
            valid_from=valid_from, running=running, reason=reason, by=by, principal=principal,
        )  # fmt: skip

    def preview_deadline(self, process_id: str, name: str, value: str | None, principal: str | None = None) -> Impact:
        """What a value would do to open waits, if it held for them now. Raises NotFound, NotAdjustable, ValueError."""
        return own_deadlines.preview(self.place, process_id, name, value, principal)

    def apply_deadlines(self, limit: int = 200) -> int:
        """What a scheduler calls: bring new values to running cases. How many cases were looked at."""
        return own_deadlines.apply(self.place, limit)

    def add_absence(
        self, person: str, first_day: date, last_day: date, substitute: str | None = None, by: Actor | None = None
    ) -> None:
        """Somebody is away on these days (both included): their reminders go to a colleague, else to their unit.

        Raises Forbidden, NoSubstitute; ValueError when it ends before it begins.
        """
        away.add(self.place, person, first_day, last_day, substitute, by)

    def remove_absence(self, absence_id: int, person: str, by: Actor | None = None) -> None:
        """Somebody is there after all. Raises Forbidden, NotFound."""
        away.remove(self.place, absence_id, person, by)

    def absences(self, *people: str, by: Actor | None = None) -> list[Absence]:
        """When these people are away from today on, person by person. Raises Forbidden."""
        return away.of_people(self.place, people, by)

    def set_closed_days(self, days: Sequence[date], reason: str = "", by: Actor | None = None) -> None:
        """Set the days on which the organisation is closed. Raises Forbidden."""
        with self.database.command() as tx:
            parked.demand_administrator(self.place, tx, by)
            organisations.set_closed_days(tx, frozenset(days), by.id if by else None, self.clock.now(tx), reason)

    def set_zone(self, zone: str, by: Actor | None = None) -> None:
        """Set the organisation's zone, for what is counted from now on. Raises ValueError for no zone, Forbidden."""
        with self.database.command() as tx:
            parked.demand_administrator(self.place, tx, by)
            organisations.set_zone(tx, zone, by.id if by else None, self.clock.now(tx))

    def set_counting(
        self, *, eves: bool, hours_of_working_days: bool, reason: str = "", by: Actor | None = None
    ) -> None:
        """Are the three eves free, and do a deadline's hours pass on working days only? Raises Forbidden."""
        with self.database.command() as tx:
            parked.demand_administrator(self.place, tx, by)
            who, now = by.id if by else None, self.clock.now(tx)
            organisations.set_counting(
                tx, eves=eves, hours_of_working_days=hours_of_working_days, by=who, now=now, reason=reason
            )

    def set_school_years(self, years: SchoolYears, reason: str = "", by: Actor | None = None) -> None:
        """Set the terms of the schools, and what deadlines do between them. Raises Forbidden."""
        with self.database.command() as tx:
            parked.demand_administrator(self.place, tx, by)
            organisations.set_school_years(tx, years, by.id if by else None, self.clock.now(tx), reason)

    def set_rhythm(self, unit: str, rhythm: Rhythm | None, reason: str = "", by: Actor | None = None) -> None:
        """Set when a unit meets (None: not any more). Raises NotFound, Forbidden: for its managers, administrators."""
        teams.set_rhythm(self.place, unit, rhythm, reason, by)

    def set_promise(self, unit: str, own: Promise, reason: str = "", by: Actor | None = None) -> None:
        """Word what a unit promises. Raises NotFound, ValueError, Forbidden: for its managers and administrators."""
        promise.set_promise(self.place, unit, own, reason, by)

    def promise(self, unit: str) -> Promise:
        """What a unit promises in its own words; empty when it has worded nothing."""
        with self.database.reading() as tx:
            return promises.of_unit(tx, unit)

    def promises(self) -> Mapping[str, Promise]:
        """Unit id → its promise, for units that have worded one."""
        with self.database.reading() as tx:
            return promises.of_all(tx)

    def promise_changes(self, unit: str) -> list[SettingChange]:
        """Who worded a unit's promise how, when and why, the newest first."""
        with self.database.reading() as tx:
            return promises.history(tx, unit)

    def agenda(self, unit: str, by: Actor | None = None) -> Agenda:
        """A unit's next meetings and what the first takes up. Raises NotFound, also for whoever is not of it."""
        return teams.agenda(self.place, unit, by)

    def statistics(self, unit: str, year: int | None = None, by: Actor | None = None) -> Statistics:
        """A unit's year in figures (left out: this year). Raises NotFound, also for whoever is not of it."""
        return teams.statistics(self.place, unit, year, by)

    def settings(self) -> Settings:
        """What the organisation has set: calendar, school years, its own values of deadlines, teams' rhythms."""
        with self.database.reading() as tx:
            return self.place.snapshots.get(tx).settings

    def setting_changes(self, by: Actor | None = None) -> list[SettingChange]:
        """Who set what, when and why, the newest first. Raises Forbidden."""
        with self.database.reading() as tx:
            parked.demand_administrator(self.place, tx, by)
            return organisations.changes(tx)

    def school_break(self, units: Sequence[str], day: date) -> Stretch | None:
        """First and last day of the break in which a day falls for all of these units; None: one of them is there."""
        with self.database.reading() as tx:
            return self.place.snapshots.get(tx).school_break(units, day)

    def _after(self, change: Change) -> None:
        """After a command's commit: keep the case warm, deliver what it threw at others."""
        change.keep_warm()
        if any(item.kind != outbox.NOTICE for item in change.context.outgoing):
            self.deliver()
