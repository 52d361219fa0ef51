"""Moving running cases to another version: what was asked for, and what came of it for each case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine import schema

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "move_batches",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("process_id", sa.String(length=200), nullable=False),
        sa.Column("to_version_id", schema.Key, nullable=False),
        sa.Column("mapping", schema.Json(), nullable=False),
        sa.Column("recompute", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["to_version_id"], ["versions.id"], name="fk_move_batches_to_version_id_versions"),
        sa.PrimaryKeyConstraint("id", name="pk_move_batches"),
    )
    op.create_index("ix_move_batches_process_id", "move_batches", ["process_id"])
    op.create_table(
        "moves",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("batch_id", schema.Key, nullable=False),
        sa.Column("case_id", schema.Key, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("from_version_id", schema.Key, nullable=True),
        sa.Column("outcome", schema.Json(), nullable=True),
        sa.Column("at", schema.Instant(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("rows", schema.Json(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["move_batches.id"], name="fk_moves_batch_id_move_batches", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_moves_case_id_cases", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_moves"),
        sa.UniqueConstraint("batch_id", "case_id", name="uq_moves_batch_id_case_id"),
    )
    op.create_index("ix_moves_case_id", "moves", ["case_id"])
