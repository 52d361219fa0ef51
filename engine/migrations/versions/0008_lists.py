"""Lists of cases are index ranges: where a unit takes part, open and closed apart, and where it is only a guest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_PRESENT, _CLOSED = sa.text("until IS NULL"), sa.text("closed_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("parties", sa.Column("closed", sa.Boolean(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE parties SET closed = (1 = 1) WHERE case_id IN (SELECT id FROM cases WHERE closed_at IS NOT NULL)"
    )
    op.create_index(
        "ix_parties_present",
        "parties",
        ["unit", "closed", "case_id"],
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    )
    op.create_index(
        "ix_cases_closed_owner_id", "cases", ["owner", "id"], sqlite_where=_CLOSED, postgresql_where=_CLOSED
    )
    op.execute(
        "INSERT INTO holders (task_id, kind, holder, sort_at) "
        "SELECT h.task_id, 'guest', h.holder, h.sort_at FROM holders h JOIN tasks t ON t.id = h.task_id "
        "JOIN cases c ON c.id = t.case_id WHERE h.kind = 'unit' AND c.owner <> h.holder AND NOT EXISTS "
        "(SELECT 1 FROM parties p WHERE p.case_id = c.id AND p.unit = h.holder AND p.until IS NULL)"
    )
