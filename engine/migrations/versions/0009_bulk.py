"""The same done to many cases: what was asked for, and what came of it for each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine import schema

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bulk_batches",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("how", schema.Packed(), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_batches"),
    )
    op.create_index("ix_bulk_batches_unit", "bulk_batches", ["unit"])
    op.create_table(
        "bulk_items",
        sa.Column("batch_id", schema.Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("task_id", schema.Key, nullable=True),
        sa.Column("case_id", schema.Key, nullable=True),
        sa.Column("answers", schema.Packed(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("at", schema.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["bulk_batches.id"], name="fk_bulk_items_batch_id_bulk_batches", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_bulk_items_case_id_cases", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("batch_id", "number", name="pk_bulk_items"),
    )
    op.create_index("ix_bulk_items_case_id", "bulk_items", ["case_id"])
