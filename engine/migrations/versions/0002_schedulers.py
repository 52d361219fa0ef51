"""Schedulers: how late each fires, what stands still found by an index, sent rows of the outbox forgotten in time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine import schema

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PARKED = sa.text("parked_at IS NOT NULL")
_STUCK = sa.text("next_try_at IS NULL AND sent_at IS NULL")
_SENT = sa.text("sent_at IS NOT NULL")


def upgrade() -> None:
    op.drop_table("heartbeats")  # holds nothing that outlives a tick
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("at", schema.Instant(timezone=True), nullable=False),
        sa.Column("started_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("fired", sa.Integer(), server_default="0", nullable=False),
        sa.Column("recent", schema.Json(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )
    op.create_index("ix_deadlines_parked", "deadlines", ["parked_at"], sqlite_where=_PARKED, postgresql_where=_PARKED)
    op.create_index("ix_outbox_stuck", "outbox", ["id"], sqlite_where=_STUCK, postgresql_where=_STUCK)
    op.create_index("ix_outbox_sent", "outbox", ["sent_at"], sqlite_where=_SENT, postgresql_where=_SENT)
