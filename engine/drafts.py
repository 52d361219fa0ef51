"""Drafts: what somebody has typed into a task's form so far. One for each task and person; gone with the task."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from engine.schema import drafts
from engine.upsert import upsert


def save(tx: Connection, task_id: int, person: str, values: Mapping[str, Any], now: datetime) -> None:
    """Keep a draft in place of the person's earlier one."""
    upsert(tx, drafts, {"task_id": task_id, "person": person, "values": dict(values), "at": now})


def get(tx: Connection, task_id: int, person: str) -> dict[str, Any] | None:
    """The person's draft, if there is one."""
    query = select(drafts.c["values"]).where(drafts.c.task_id == task_id, drafts.c.person == person)
    values: dict[str, Any] | None = tx.execute(query).scalar()
    return values


def discard(tx: Connection, task_id: int, person: str) -> None:
    """Throw a draft away."""
    tx.execute(delete(drafts).where(drafts.c.task_id == task_id, drafts.c.person == person))
