"""Every table is described, and named and indexed as the others are."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint

from engine.schema import Instant, metadata

DESCRIBED = (Path(__file__).parents[2] / "docs/reference/database.md").read_text(encoding="utf-8")
TABLES = list(metadata.tables.values())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.name))
def test_every_table_has_a_line_in_the_reference(table: Table) -> None:
    rows = [line for line in DESCRIBED.splitlines() if line.startswith("|")]
    assert any(f"`{table.name}`" in line.split("|")[1] for line in rows)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.name))
def test_every_foreign_key_is_found_by_an_index(table: Table) -> None:
    """Deleting or reading the rows of a case never walks through a whole table."""
    leading = {next(iter(index.columns)).name for index in table.indexes}
    keys = [found for found in table.constraints if isinstance(found, PrimaryKeyConstraint | UniqueConstraint)]
    leading |= {next(iter(found.columns)).name for found in keys}
    for key in table.foreign_keys:
        if key.column.table.name != "versions":  # versions are never deleted
            assert key.parent.name in leading


def test_a_moment_without_its_time_zone_is_refused() -> None:
    from datetime import datetime

    from sqlalchemy.dialects import postgresql, sqlite

    for dialect in (sqlite.dialect(), postgresql.dialect()):
        with pytest.raises(ValueError, match="time zone"):
            Instant().process_bind_param(datetime(2026, 3, 27), dialect)
