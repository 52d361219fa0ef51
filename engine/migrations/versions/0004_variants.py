"""Local variants: whose a version is and on which it stands; values of deadlines that are one organisation's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine import schema

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("versions", sa.Column("principal", sa.String(length=300), nullable=True))
    op.add_column("versions", sa.Column("base_version_id", schema.Key, nullable=True))
    op.add_column("versions", sa.Column("withdrawn_at", schema.Instant(timezone=True), nullable=True))
    op.add_column("deadline_values", sa.Column("principal", sa.String(length=300), nullable=True))
