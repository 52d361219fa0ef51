"""Processes as they are being changed: drafts, their steps, and what people say about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine import schema

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "process_drafts",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("process_id", sa.String(length=200), nullable=False),
        sa.Column("principal", sa.String(length=300), nullable=True),
        sa.Column("base_version_id", schema.Key, nullable=True),
        sa.Column("files", schema.Packed(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=True),
        sa.Column("saved_at", schema.Instant(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(length=200), nullable=True),
        sa.Column("locked_at", schema.Instant(timezone=True), nullable=True),
        sa.Column("locked_by", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.String(length=200), nullable=True),
        sa.Column("approved_by", sa.String(length=200), nullable=True),
        sa.Column("publish_from", schema.Instant(timezone=True), nullable=True),
        sa.Column("version_id", schema.Key, nullable=True),
        sa.ForeignKeyConstraint(
            ["base_version_id"], ["versions.id"], name="fk_process_drafts_base_version_id_versions"
        ),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_process_drafts_version_id_versions"),
        sa.PrimaryKeyConstraint("id", name="pk_process_drafts"),
    )
    op.create_index("ix_process_drafts_process_id", "process_drafts", ["process_id"])
    agreed = sa.text("state = 'in-review'")
    op.create_index(
        "ix_process_drafts_due", "process_drafts", ["publish_from"], sqlite_where=agreed, postgresql_where=agreed
    )
    op.create_table(
        "process_draft_steps",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("draft_id", schema.Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("before", schema.Packed(), nullable=False),
        sa.Column("after", schema.Packed(), nullable=False),
        sa.Column("at", schema.Instant(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["draft_id"],
            ["process_drafts.id"],
            name="fk_process_draft_steps_draft_id_process_drafts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_process_draft_steps"),
        sa.UniqueConstraint("draft_id", "number", name="uq_process_draft_steps_draft_id_number"),
    )
    op.create_table(
        "process_draft_comments",
        sa.Column("id", schema.Key, nullable=False),
        sa.Column("draft_id", schema.Key, nullable=False),
        sa.Column("element_id", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", schema.Instant(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=True),
        sa.Column("resolved_at", schema.Instant(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["draft_id"],
            ["process_drafts.id"],
            name="fk_process_draft_comments_draft_id_process_drafts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_process_draft_comments"),
    )
    op.create_index("ix_process_draft_comments_draft_id", "process_draft_comments", ["draft_id"])
