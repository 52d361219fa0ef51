"""Calendars: own values of deadlines, who changed a setting, who is away, who was sent mail when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine import schema

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WAITING = sa.text("running AND applied_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "setting_changes",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("value", schema.Json(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting_changes")),
    )
    values = op.create_table(
        "deadline_values",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("process_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=True),
        sa.Column("valid_from", schema.Instant(timezone=True), nullable=False),
        sa.Column("running", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=True),
        sa.Column("applied_to", schema.Key, server_default="0", nullable=False),
        sa.Column("applied_at", schema.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_values")),
    )
    op.create_index(
        "ix_deadline_values_waiting",
        "deadline_values",
        ["valid_from"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_table(
        "absences",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("first_day", sa.String(length=10), nullable=False),
        sa.Column("last_day", sa.String(length=10), nullable=False),
        sa.Column("substitute_id", sa.String(length=200), nullable=True),
        sa.Column("changed_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_absences_person_id_people"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["substitute_id"], ["people.id"], name=op.f("fk_absences_substitute_id_people"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_person_id"), "absences", ["person_id"])
    op.create_index(op.f("ix_absences_substitute_id"), "absences", ["substitute_id"])
    op.create_table(
        "mailings",
        sa.Column("recipient", sa.String(length=210), nullable=False),
        sa.Column("at", schema.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("recipient", name=op.f("pk_mailings")),
    )
    op.add_column("deadlines", sa.Column("snoozes", sa.Integer(), server_default="0", nullable=False))
    _move_values(values)


def _move_values(values: sa.Table) -> None:
    """Own values stood in one setting, without date and reason."""
    settings = sa.table(
        "settings",
        sa.column("key"),
        sa.column("value", schema.Json()),
        sa.column("changed_at", schema.Instant(timezone=True)),
        sa.column("changed_by"),
    )
    connection = op.get_bind()
    row = connection.execute(sa.select(settings).where(settings.c.key == "deadlines")).first()
    if row is None:
        return
    for process_id, own in row.value.items():
        for name, value in own.items():
            connection.execute(
                values.insert().values(
                    process_id=process_id, name=name, value=value, valid_from=row.changed_at, running=False, reason="",
                    changed_at=row.changed_at, changed_by=row.changed_by,
                )
            )  # fmt: skip
    connection.execute(sa.delete(settings).where(settings.c.key == "deadlines"))
