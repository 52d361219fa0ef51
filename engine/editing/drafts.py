"""The rows of drafts, their steps and comments. Who may do what stands in `editing`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from engine.errors import NotFound
from engine.schema import draft_comments, draft_steps, process_drafts

State = Literal["open", "in-review", "published", "discarded"]
#: File name → text; nothing where the file is not there.
Files = Mapping[str, str | None]
#: Steps of a draft that can be undone.
STEPS_KEPT = 500


@dataclass(frozen=True, slots=True)
class Draft:
    """A process as somebody is changing it."""

    id: int
    process_id: str
    #: The organisation whose local variant it becomes; None: everybody's next version.
    principal: str | None
    base_version_id: int | None
    files: Mapping[str, str]
    revision: int
    #: How many of its steps are applied; those beyond were undone.
    position: int
    state: State
    created_at: datetime
    created_by: str | None
    saved_at: datetime
    saved_by: str | None
    locked_at: datetime | None
    locked_by: str | None
    reason: str | None
    asked_by: str | None
    approved_by: str | None
    publish_from: datetime | None
    #: The version that it became.
    version_id: int | None

    @property
    def is_closed(self) -> bool:
        return self.state in ("published", "discarded")


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody says about an element of a draft, or about the whole (`element_id` is empty)."""

    id: int
    draft_id: int
    element_id: str
    text: str
    at: datetime
    by: str | None
    resolved_at: datetime | None
    resolved_by: str | None


_DRAFT = [process_drafts.c[name] for name in Draft.__dataclass_fields__]
_COMMENT = [draft_comments.c[name] for name in Comment.__dataclass_fields__]


def add(tx: Connection, values: Mapping[str, Any]) -> int:
    """A new draft; gives its id."""
    key: int = tx.execute(insert(process_drafts).values(**values).returning(process_drafts.c.id)).scalar_one()
    return key


def get(tx: Connection, draft_id: int, *, lock: bool = False) -> Draft:
    """One draft; `lock` holds it until the commit. Raises NotFound."""
    query = select(*_DRAFT).where(process_drafts.c.id == draft_id)
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound(f"There is no draft {draft_id}. Look at the drafts of the process.")
    return Draft(*row)


def every(tx: Connection, process_id: str | None = None, *, closed: bool = False) -> list[Draft]:
    """Drafts, the last saved first; those that are published or discarded only with `closed`."""
    query = select(*_DRAFT).order_by(process_drafts.c.saved_at.desc(), process_drafts.c.id.desc())
    if process_id is not None:
        query = query.where(process_drafts.c.process_id == process_id)
    if not closed:
        query = query.where(process_drafts.c.state.in_(("open", "in-review")))
    return [Draft(*row) for row in tx.execute(query)]


def due(tx: Connection, now: datetime) -> list[int]:
    """The ids of agreed drafts whose day has come."""
    mine = process_drafts.c
    query = select(mine.id).where(mine.state == "in-review", mine.approved_by.is_not(None), mine.publish_from <= now)
    return list(tx.execute(query.order_by(mine.publish_from, mine.id)).scalars())


def change(tx: Connection, draft_id: int, **values: Any) -> None:
    """Write columns of a draft."""
    tx.execute(update(process_drafts).where(process_drafts.c.id == draft_id).values(**values))


def apply(files: Mapping[str, str], changes: Files) -> dict[str, str]:
    """Files with changes made to them."""
    return {name: text for name, text in {**files, **changes}.items() if text is not None}


def add_step(tx: Connection, draft: Draft, before: Files, after: Files, now: datetime, by: str | None) -> int:
    """Note a save after the steps that are applied; what was undone is gone then. Gives the step's number."""
    number, steps = draft.position + 1, draft_steps.c
    tx.execute(
        delete(draft_steps).where(
            steps.draft_id == draft.id, (steps.number >= number) | (steps.number <= number - STEPS_KEPT)
        )
    )
    tx.execute(
        insert(draft_steps).values(
            draft_id=draft.id, number=number, before=dict(before), after=dict(after), at=now, by=by
        )
    )
    return number


def step(tx: Connection, draft_id: int, number: int) -> tuple[Files, Files] | None:
    """What a step changed: before and after; None where there is none."""
    query = select(draft_steps.c.before, draft_steps.c.after)
    row = tx.execute(query.where(draft_steps.c.draft_id == draft_id, draft_steps.c.number == number)).first()
    return (row.before, row.after) if row else None


def comments(tx: Connection, draft_id: int) -> list[Comment]:
    """What is said about a draft, oldest first."""
    query = select(*_COMMENT).where(draft_comments.c.draft_id == draft_id).order_by(draft_comments.c.id)
    return [Comment(*row) for row in tx.execute(query)]


def add_comment(tx: Connection, draft_id: int, element_id: str, text: str, now: datetime, by: str | None) -> None:
    """Say something about an element."""
    tx.execute(insert(draft_comments).values(draft_id=draft_id, element_id=element_id, text=text, at=now, by=by))


def resolve_comment(tx: Connection, draft_id: int, comment_id: int, now: datetime, by: str | None) -> None:
    """Settle a comment. Raises NotFound."""
    mine = (draft_comments.c.draft_id == draft_id) & (draft_comments.c.id == comment_id)
    if not tx.execute(update(draft_comments).where(mine).values(resolved_at=now, resolved_by=by)).rowcount:
        raise NotFound(f"There is no comment {comment_id} on this draft. Look at it anew.")
