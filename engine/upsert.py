"""Insert a row, or replace the one with its primary key: the same on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(tx: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert `values`, or update the row that has their primary key. Columns not named keep what they hold."""
    keys = [column.name for column in table.primary_key]
    rest = {name: value for name, value in values.items() if name not in keys}
    kind = postgresql if tx.dialect.name == "postgresql" else sqlite
    statement = kind.insert(table).values(**values)
    if rest:
        tx.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))
    else:
        tx.execute(statement.on_conflict_do_nothing(index_elements=keys))
