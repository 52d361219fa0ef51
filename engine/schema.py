"""The tables. `migrations/` builds them; a test keeps the two equal.

Instants are UTC. Where a query must stay flat as the data grows, the index that carries it stands beside the table.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from engine.encoding import decode, encode, pack, unpack

#: Stands for "never" where rows are sorted by date, so that no date sorts last on both databases.
FAR = datetime(9999, 12, 31, tzinfo=UTC)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware datetime: `timestamptz` on PostgreSQL, sortable UTC text on SQLite. A naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(26))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        if dialect.name == "sqlite":
            return value.astimezone(UTC).isoformat(timespec="microseconds")[:26]
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        moment: datetime = value
        return moment.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A small JSON value as readable text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else encode(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else decode(value)


class Packed(TypeDecorator[Any]):
    """A JSON value, compressed where that pays."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else pack(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else unpack(bytes(value))


#: A key that never comes back after its row is gone: SQLite would reuse the highest without AUTOINCREMENT.
Key = BigInteger().with_variant(Integer, "sqlite")


def _case(**options: Any) -> Column[Any]:
    return Column("case_id", Key, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False, **options)


versions = Table(
    "versions",
    metadata,
    Column("id", Key, primary_key=True),
    #: The process a case is started by.
    Column("process_id", String(200), nullable=False),
    #: 1, 2, 3 … for each process.
    Column("number", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("title", String(500), nullable=False),
    #: Messages that start a case of it: name → start event.
    Column("messages", Json, nullable=False),
    #: The package's files as a zip archive, with what it calls.
    Column("package", LargeBinary, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("published_by", String(200)),
    #: Of a local variant: the organisation (huvudman) whose it is, and the version it stands on (never deleted).
    Column("principal", String(300)),
    Column("base_version_id", Key),
    #: Of a local variant: since when no case starts on it.
    Column("withdrawn_at", Instant),
    UniqueConstraint("process_id", "number"),
)

_OPEN, _CLOSED = text("closed_at IS NULL"), text("closed_at IS NOT NULL")

cases = Table(
    "cases",
    metadata,
    Column("id", Key, primary_key=True),
    #: What people and models call the case, such as 2026-00123.
    Column("number", String(30), nullable=False, unique=True),
    Column("version_id", Key, ForeignKey("versions.id"), nullable=False),
    Column("process_id", String(200), nullable=False),
    #: The unit that answers for the case. A plain id: units come and go, cases remain.
    Column("owner", String(200), nullable=False),
    #: Counts the commands on the case: the optimistic lock.
    Column("revision", Integer, nullable=False),
    #: What waits, and the data.
    Column("state", Packed, nullable=False),
    #: A keyed hash of the child's personal identity number; never the number.
    Column("subject_key", String(64)),
    Column("started_at", Instant, nullable=False),
    Column("started_by", String(200)),
    Column("closed_at", Instant),
    Column("close_reason", Text),
    #: How many incidents the case has now; above 0 somebody must decide how it goes on.
    Column("incidents", Integer, nullable=False, server_default="0"),
    Index(None, "owner", "id"),
    # However many cases have been closed since, a unit's open ones are one range.
    Index("ix_cases_open_owner_id", "owner", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_cases_closed_owner_id", "owner", "id", sqlite_where=_CLOSED, postgresql_where=_CLOSED),
    Index(None, "subject_key"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Key, primary_key=True),
    _case(),
    #: The token of the live run that waits here.
    Column("token_id", Integer, nullable=False),
    Column("element_id", String(200), nullable=False),
    Column("name", String(500), nullable=False),
    #: The first candidate group as the model writes it.
    Column("task_group", String(200)),
    #: The first unit that holds it.
    Column("unit", String(200)),
    #: {"units", "groups", "people", "roles"}: everybody who holds it; `holders` is the same as an index.
    Column("held_by", Json, nullable=False),
    Column("assignee", String(200)),
    Column("label", String(500)),
    Column("form_id", String(200)),
    Column("deadline_name", String(200)),
    Column("priority", Integer),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("follow_up_at", Instant),
    Column("overdue", Boolean, nullable=False, server_default="0"),
    #: due_at, or FAR: what lists are sorted by.
    Column("sort_at", Instant, nullable=False),
    # No more indexes than this: who holds what, and what is due first, is in `holders`. Each one more is a page more to
    # write at every completion, and pages are what a commit costs.
    UniqueConstraint("case_id", "token_id"),
    sqlite_autoincrement=True,
)

#: Who may take a task. Carries the sort key too, so that an inbox is one index range however many tasks there are.
holders = Table(
    "holders",
    metadata,
    Column("task_id", Key, ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    #: unit | group (a plain name an actor carries) | person (named by the model) | assignee; and again as guest: a
    #: unit that neither owns the case nor takes part in it.
    Column("kind", String(10), primary_key=True),
    Column("holder", String(200), primary_key=True),
    Column("sort_at", Instant, nullable=False),
    Index(None, "kind", "holder", "sort_at", "task_id"),
    sqlite_with_rowid=False,
)

_PARKED = text("parked_at IS NOT NULL")

deadlines = Table(
    "deadlines",
    metadata,
    Column("id", Key, primary_key=True),
    _case(),
    Column("token_id", Integer, nullable=False),
    #: timer (drawn in the model) | remind | due | escalate (the steps a task has by default)
    Column("kind", String(10), nullable=False),
    #: Which entry of `escalate` comes now; 0 for the others.
    Column("rung", Integer, nullable=False, server_default="0"),
    #: When the task itself is due; the step's own time is due_at. Equal for timers.
    Column("task_due_at", Instant, nullable=False),
    Column("element_id", String(200), nullable=False),
    #: The deadline of process.toml, where there is one.
    Column("name", String(200)),
    Column("due_at", Instant, nullable=False),
    #: When a scheduler looks at it next: due_at, later after a failure, empty when parked.
    Column("run_at", Instant),
    #: How often somebody has had the next step wait.
    Column("snoozes", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("parked_at", Instant),
    Column("error", Text),
    UniqueConstraint("case_id", "token_id"),
    # Finding what is due costs the same however many are pending: it is the beginning of this index.
    Index(None, "run_at", "id"),
    Index("ix_deadlines_parked", "parked_at", sqlite_where=_PARKED, postgresql_where=_PARKED),
    sqlite_autoincrement=True,
)

subscriptions = Table(
    "subscriptions",
    metadata,
    _case(primary_key=True),
    Column("token_id", Integer, primary_key=True),
    #: message | signal
    Column("kind", String(10), nullable=False),
    Column("name", String(200), nullable=False),
    Column("key", String(200)),
    Column("process_id", String(200), nullable=False),
    Column("element_id", String(200), nullable=False),
    Index(None, "name", "key"),
)

history = Table(
    "history",
    metadata,
    Column("id", Key, primary_key=True),
    _case(),
    Column("at", Instant, nullable=False),
    Column("actor", String(200)),
    Column("unit", String(200)),
    Column("kind", String(20), nullable=False),
    Column("element_id", String(200)),
    #: The task that was completed: tells a late second completion who was first.
    Column("task_id", Key),
    #: {"name", "answers" …, "events": [[kind, element, name, payload] …]}
    Column("payload", Packed, nullable=False),
    Index(None, "case_id", "id"),
    Index(None, "task_id"),
)

reads = Table(
    "reads",
    metadata,
    Column("id", Key, primary_key=True),
    _case(),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("unit", String(200)),
    Column("what", String(200), nullable=False),
    Column("refused", Boolean, nullable=False, server_default="0"),
    Index(None, "case_id", "id"),
)

_PRESENT = text("until IS NULL")

parties = Table(
    "parties",
    metadata,
    Column("id", Key, primary_key=True),
    _case(),
    Column("unit", String(200), nullable=False),
    Column("roles", Json, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    #: The consent or legal ground on record.
    Column("ground", Text),
    #: Is the case closed? As `cases.closed_at`, to be indexed beside the unit.
    Column("closed", Boolean, nullable=False, server_default="0"),
    Index(None, "case_id"),
    Index(None, "unit", "case_id"),
    Index("ix_parties_present", "unit", "closed", "case_id", sqlite_where=_PRESENT, postgresql_where=_PRESENT),
)

_STUCK = text("next_try_at IS NULL AND sent_at IS NULL")
_SENT = text("sent_at IS NOT NULL")

outbox = Table(
    "outbox",
    metadata,
    Column("id", Key, primary_key=True),
    #: Guards against doubles: the same key is never sent twice.
    Column("key", String(500), nullable=False, unique=True),
    #: notice | message | signal | start-case
    Column("kind", String(20), nullable=False),
    Column("case_id", Key, ForeignKey("cases.id", ondelete="CASCADE")),
    Column("payload", Packed, nullable=False),
    Column("created_at", Instant, nullable=False),
    #: When to try (again); empty when sent or parked.
    Column("next_try_at", Instant),
    Column("sent_at", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Index(None, "next_try_at", "id"),
    Index(None, "case_id"),
    # Neither costs a page when a row is written, only when it is given up or has left.
    Index("ix_outbox_stuck", "id", sqlite_where=_STUCK, postgresql_where=_STUCK),
    Index("ix_outbox_sent", "sent_at", sqlite_where=_SENT, postgresql_where=_SENT),
)

drafts = Table(
    "drafts",
    metadata,
    Column("task_id", Key, ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("person", String(200), primary_key=True),
    Column("values", Packed, nullable=False),
    Column("at", Instant, nullable=False),
)

files = Table(
    "files",
    metadata,
    Column("id", Key, primary_key=True),
    _case(),
    Column("element_id", String(200)),
    Column("name", String(300), nullable=False),
    Column("media_type", String(200), nullable=False),
    Column("size", Integer, nullable=False),
    Column("added_by", String(200)),
    Column("at", Instant, nullable=False),
    #: When a completed task's answers first referred to it; until then it is of a draft, and its adder's alone.
    Column("answered_at", Instant),
    Index(None, "case_id"),
    sqlite_autoincrement=True,
)

#: Apart from `files`, so that listing files never reads their bytes.
file_contents = Table(
    "file_contents",
    metadata,
    Column("file_id", Key, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

units = Table(
    "units",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("name", String(300), nullable=False),
    Column("kind", String(100), nullable=False),
    Column("principal", String(300)),
    Column("municipality", String(200)),
    Column("mailbox", String(300)),
    #: The unit through which this one is reached.
    Column("via_unit", String(200)),
    Index(None, "municipality", "kind"),
)

people = Table(
    "people",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("username", String(200), nullable=False, unique=True),
    Column("name", String(300), nullable=False),
    Column("email", String(300)),
    Column("language", String(5), nullable=False, server_default="sv"),
    Column("password_hash", String(300)),
    #: Raised to log the person out everywhere.
    Column("session_epoch", Integer, nullable=False, server_default="0"),
    Column("active", Boolean, nullable=False, server_default="1"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("person_id", String(200), ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("unit_id", String(200), ForeignKey("units.id", ondelete="CASCADE"), primary_key=True),
    #: staff | unit-manager | process-owner | administrator
    Column("role", String(50), primary_key=True),
    Column("title", String(200)),
    Index(None, "unit_id", "role"),
)

settings = Table(
    "settings",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("value", Json, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", String(200)),
)

#: Who changed a setting to what, when and why; the newest row of a key is what `settings` holds.
setting_changes = Table(
    "setting_changes",
    metadata,
    Column("id", Key, primary_key=True),
    Column("key", String(200), nullable=False),
    Column("value", Json, nullable=False),
    Column("reason", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", String(200)),
)

#: Values that the organisation has given deadlines itself; never changed, only followed by another.
deadline_values = Table(
    "deadline_values",
    metadata,
    Column("id", Key, primary_key=True),
    Column("process_id", String(200), nullable=False),
    #: The deadline of process.toml.
    Column("name", String(200), nullable=False),
    #: None: the package's own again.
    Column("value", String(100)),
    Column("valid_from", Instant, nullable=False),
    #: Does it hold for what is waited for already, too?
    Column("running", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", String(200)),
    #: How far a scheduler has come with the running cases: the last case done, and when there was none left.
    Column("applied_to", Key, nullable=False, server_default="0"),
    Column("applied_at", Instant),
    #: The organisation (huvudman) whose own it is; None: of all.
    Column("principal", String(300)),
)
_WAITING = deadline_values.c.running & deadline_values.c.applied_at.is_(None)
Index("ix_deadline_values_waiting", deadline_values.c.valid_from, sqlite_where=_WAITING, postgresql_where=_WAITING)

#: Running cases to be moved to another version, asked for at once.
move_batches = Table(
    "move_batches",
    metadata,
    Column("id", Key, primary_key=True),
    Column("process_id", String(200), nullable=False, index=True),
    Column("to_version_id", Key, ForeignKey("versions.id"), nullable=False),
    #: Element id of the old version → that of the new one.
    Column("mapping", Json, nullable=False),
    #: Are running deadlines worked out anew?
    Column("recompute", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(200)),
)

#: What came of it for each case; it holds what is needed to take it back.
moves = Table(
    "moves",
    metadata,
    Column("id", Key, primary_key=True),
    Column("batch_id", Key, ForeignKey("move_batches.id", ondelete="CASCADE"), nullable=False),
    _case(index=True),
    #: waiting | moved | refused | taken-back
    Column("state", String(20), nullable=False),
    Column("from_version_id", Key),
    #: What changed, or why not.
    Column("outcome", Json),
    Column("at", Instant),
    #: The case's revision right after: at another it has gone on.
    Column("revision", Integer),
    #: The case's state right before, as it was stored.
    Column("before", LargeBinary),
    #: The rows that the move wrote over.
    Column("rows", Json),
    UniqueConstraint("batch_id", "case_id"),
)

#: The same done to many cases, asked for at once.
bulk_batches = Table(
    "bulk_batches",
    metadata,
    Column("id", Key, primary_key=True),
    #: start | complete | assign
    Column("kind", String(20), nullable=False),
    #: start: {"process", "owner"}; complete: {"answers"}; assign: {"from", "to"}.
    Column("how", Packed, nullable=False),
    #: The unit whose managers asked for it; none: the command line.
    Column("unit", String(200), index=True),
    Column("reason", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(200)),
)

#: What came of it for each; waiting ones are taken up again, however the work ended.
bulk_items = Table(
    "bulk_items",
    metadata,
    Column("batch_id", Key, ForeignKey("bulk_batches.id", ondelete="CASCADE"), primary_key=True),
    #: 1, 2, 3 …: of a file its line.
    Column("number", Integer, primary_key=True),
    #: waiting | done | refused
    Column("state", String(20), nullable=False),
    Column("task_id", Key),
    Column("case_id", Key, ForeignKey("cases.id", ondelete="CASCADE"), index=True),
    #: What a case is started with, until it is.
    Column("answers", Packed),
    #: Why not.
    Column("error", Text),
    Column("at", Instant),
)

#: A process as somebody is changing it, before it is published.
process_drafts = Table(
    "process_drafts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("process_id", String(200), nullable=False, index=True),
    #: The organisation (huvudman) whose local variant it becomes; without, it becomes everybody's next version.
    Column("principal", String(300)),
    #: The version it stands on; none for a process that is new.
    Column("base_version_id", Key, ForeignKey("versions.id")),
    #: File name → text.
    Column("files", Packed, nullable=False),
    #: Grows with each save: what was read at another is stale.
    Column("revision", Integer, nullable=False),
    #: How many of its steps are applied: those beyond were undone.
    Column("position", Integer, nullable=False),
    #: open | in-review | published | discarded
    Column("state", String(20), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(200)),
    Column("saved_at", Instant, nullable=False),
    Column("saved_by", String(200)),
    Column("locked_at", Instant),
    Column("locked_by", String(200)),
    #: Why it is published, who asked for that, who agreed, and when it is to begin.
    Column("reason", Text),
    Column("asked_by", String(200)),
    Column("approved_by", String(200)),
    Column("publish_from", Instant),
    Column("version_id", Key, ForeignKey("versions.id")),
)
#: A draft whose day has been set is looked for by schedulers.
_AGREED = process_drafts.c.state == "in-review"
Index("ix_process_drafts_due", process_drafts.c.publish_from, sqlite_where=_AGREED, postgresql_where=_AGREED)

#: Each save of a draft, to be undone and done again: also by somebody else, another day.
draft_steps = Table(
    "process_draft_steps",
    metadata,
    Column("id", Key, primary_key=True),
    Column("draft_id", Key, ForeignKey("process_drafts.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    #: File name → text before and after, nothing where the file was not there; only files that changed.
    Column("before", Packed, nullable=False),
    Column("after", Packed, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(200)),
    UniqueConstraint("draft_id", "number"),
)

#: What people say to each other about an element of a draft.
draft_comments = Table(
    "process_draft_comments",
    metadata,
    Column("id", Key, primary_key=True),
    Column("draft_id", Key, ForeignKey("process_drafts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("element_id", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(200)),
    Column("resolved_at", Instant),
    Column("resolved_by", String(200)),
)

#: When somebody is away, and who is asked instead.
absences = Table(
    "absences",
    metadata,
    Column("id", Key, primary_key=True),
    Column("person_id", String(200), ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    #: Local dates, both included, as ISO text.
    Column("first_day", String(10), nullable=False),
    Column("last_day", String(10), nullable=False),
    #: A colleague; None: the unit's mailbox.
    Column("substitute_id", String(200), ForeignKey("people.id", ondelete="SET NULL"), index=True),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", String(200)),
)

#: When somebody was last sent mail: what comes within the hour is collected.
mailings = Table(
    "mailings",
    metadata,
    #: `person:<id>` or `unit:<id>`.
    Column("recipient", String(210), primary_key=True),
    Column("at", Instant, nullable=False),
)

#: Case numbers of a year, and `organisation`: raised when directory or settings change, so that caches notice.
counters = Table(
    "counters",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Integer, nullable=False),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("started_at", Instant, nullable=False),
    #: Deadlines since it started.
    Column("fired", Integer, nullable=False, server_default="0"),
    #: Seconds by which each of its latest deadlines fired late.
    Column("recent", Json, nullable=False),
)
