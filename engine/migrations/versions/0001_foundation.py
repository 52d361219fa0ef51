"""The foundation: versions, cases, tasks, deadlines, history, outbox, directory."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine import schema

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("at", schema.Instant(timezone=True), nullable=False),
        sa.Column("lateness", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fired", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("username", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("email", sa.String(length=300), nullable=True),
        sa.Column("language", sa.String(length=5), server_default="sv", nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=True),
        sa.Column("session_epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("username", name=op.f("uq_people_username")),
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("value", schema.Json(), nullable=False),
        sa.Column("changed_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
    op.create_table(
        "units",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("principal", sa.String(length=300), nullable=True),
        sa.Column("municipality", sa.String(length=200), nullable=True),
        sa.Column("mailbox", sa.String(length=300), nullable=True),
        sa.Column("via_unit", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
    )
    op.create_index(op.f("ix_units_municipality_kind"), "units", ["municipality", "kind"], unique=False)
    op.create_table(
        "versions",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("process_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("messages", schema.Json(), nullable=False),
        sa.Column("package", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
        sa.UniqueConstraint("process_id", "number", name=op.f("uq_versions_process_id_number")),
    )
    op.create_table(
        "cases",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("version_id", schema.Key, nullable=False),
        sa.Column("process_id", sa.String(length=200), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", schema.Packed(), nullable=False),
        sa.Column("subject_key", sa.String(length=64), nullable=True),
        sa.Column("started_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("started_by", sa.String(length=200), nullable=True),
        sa.Column("closed_at", schema.Instant(timezone=True), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("incidents", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_cases_version_id_versions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("number", name=op.f("uq_cases_number")),
    )
    op.create_index(
        "ix_cases_open_owner_id",
        "cases",
        ["owner", "id"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(op.f("ix_cases_owner_id"), "cases", ["owner", "id"], unique=False)
    op.create_index(op.f("ix_cases_subject_key"), "cases", ["subject_key"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("unit_id", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=50), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_memberships_person_id_people"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_memberships_unit_id_units"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "unit_id", "role", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_unit_id_role"), "memberships", ["unit_id", "role"], unique=False)
    op.create_table(
        "deadlines",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("case_id", schema.Key, nullable=False),
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("rung", sa.Integer(), server_default="0", nullable=False),
        sa.Column("task_due_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("element_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("due_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("run_at", schema.Instant(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("parked_at", schema.Instant(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_deadlines_case_id_cases"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadlines")),
        sa.UniqueConstraint("case_id", "token_id", name=op.f("uq_deadlines_case_id_token_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_deadlines_run_at_id"), "deadlines", ["run_at", "id"], unique=False)
    op.create_table(
        "files",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("case_id", schema.Key, nullable=False),
        sa.Column("element_id", sa.String(length=200), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("media_type", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.String(length=200), nullable=True),
        sa.Column("at", schema.Instant(timezone=True), nullable=False),
        sa.Column("answered_at", schema.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_files_case_id_cases"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_files_case_id"), "files", ["case_id"], unique=False)
    op.create_table(
        "history",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("case_id", schema.Key, nullable=False),
        sa.Column("at", schema.Instant(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=True),
        sa.Column("unit", sa.String(length=200), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("element_id", sa.String(length=200), nullable=True),
        sa.Column("task_id", schema.Key, nullable=True),
        sa.Column("payload", schema.Packed(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_history_case_id_cases"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    op.create_index(op.f("ix_history_case_id_id"), "history", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_history_task_id"), "history", ["task_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("key", sa.String(length=500), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("case_id", schema.Key, nullable=True),
        sa.Column("payload", schema.Packed(), nullable=False),
        sa.Column("created_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("next_try_at", schema.Instant(timezone=True), nullable=True),
        sa.Column("sent_at", schema.Instant(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_outbox_case_id_cases"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(op.f("ix_outbox_case_id"), "outbox", ["case_id"], unique=False)
    op.create_index(op.f("ix_outbox_next_try_at_id"), "outbox", ["next_try_at", "id"], unique=False)
    op.create_table(
        "parties",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("case_id", schema.Key, nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("roles", schema.Json(), nullable=False),
        sa.Column("since", schema.Instant(timezone=True), nullable=False),
        sa.Column("until", schema.Instant(timezone=True), nullable=True),
        sa.Column("ground", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_parties_case_id_cases"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties")),
    )
    op.create_index(op.f("ix_parties_case_id"), "parties", ["case_id"], unique=False)
    op.create_index(op.f("ix_parties_unit_case_id"), "parties", ["unit", "case_id"], unique=False)
    op.create_table(
        "reads",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("case_id", schema.Key, nullable=False),
        sa.Column("at", schema.Instant(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=True),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("refused", sa.Boolean(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_reads_case_id_cases"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reads")),
    )
    op.create_index(op.f("ix_reads_case_id_id"), "reads", ["case_id", "id"], unique=False)
    op.create_table(
        "subscriptions",
        sa.Column("case_id", schema.Key, nullable=False),
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("process_id", sa.String(length=200), nullable=False),
        sa.Column("element_id", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_subscriptions_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "token_id", name=op.f("pk_subscriptions")),
    )
    op.create_index(op.f("ix_subscriptions_name_key"), "subscriptions", ["name", "key"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("case_id", schema.Key, nullable=False),
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("element_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("task_group", sa.String(length=200), nullable=True),
        sa.Column("unit", sa.String(length=200), nullable=True),
        sa.Column("held_by", schema.Json(), nullable=False),
        sa.Column("assignee", sa.String(length=200), nullable=True),
        sa.Column("label", sa.String(length=500), nullable=True),
        sa.Column("form_id", sa.String(length=200), nullable=True),
        sa.Column("deadline_name", sa.String(length=200), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("created_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("due_at", schema.Instant(timezone=True), nullable=True),
        sa.Column("follow_up_at", schema.Instant(timezone=True), nullable=True),
        sa.Column("overdue", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("sort_at", schema.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_tasks_case_id_cases"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("case_id", "token_id", name=op.f("uq_tasks_case_id_token_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "drafts",
        sa.Column("task_id", schema.Key, nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("values", schema.Packed(), nullable=False),
        sa.Column("at", schema.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_drafts_task_id_tasks"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task_id", "person", name=op.f("pk_drafts")),
    )
    op.create_table(
        "file_contents",
        sa.Column("file_id", schema.Key, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files.id"], name=op.f("fk_file_contents_file_id_files"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_file_contents")),
    )
    op.create_table(
        "holders",
        sa.Column("task_id", schema.Key, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("sort_at", schema.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_holders_task_id_tasks"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task_id", "kind", "holder", name=op.f("pk_holders")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_holders_kind_holder_sort_at_task_id"),
        "holders",
        ["kind", "holder", "sort_at", "task_id"],
        unique=False,
    )


def downgrade() -> None:
    for name in [
        "holders",
        "file_contents",
        "drafts",
        "tasks",
        "subscriptions",
        "reads",
        "parties",
        "outbox",
        "history",
        "files",
        "deadlines",
        "memberships",
        "cases",
        "versions",
        "units",
        "settings",
        "people",
        "heartbeats",
        "counters",
    ]:
        op.drop_table(name)
