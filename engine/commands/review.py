"""Look back: what was answered and by whom, a page of the history at a time, and what a case listens for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, func, select

from engine import cases, history, parties
from engine import tasks as task_rows
from engine.actors import Actor
from engine.bpmn.run import Run
from engine.commands import amend, look
from engine.commands.answers import Evaluate, evaluator
from engine.commands.change import Workplace
from engine.errors import NotFound
from engine.history import Entry
from engine.migrating import past
from engine.pages import Page
from engine.schema import cases as case_rows
from engine.schema import history as rows
from engine.schema import subscriptions, tasks
from engine.tasks import Task

if TYPE_CHECKING:
    from forms import Form


@dataclass(frozen=True, slots=True)
class Answered:
    """Answers that were given, with what a page needs to show or correct them."""

    #: The history's row.
    entry_id: int
    #: The case's number.
    case_id: str
    element_id: str | None
    #: The step's name, or None for the start of the case.
    name: str | None
    at: datetime
    actor: str | None
    unit: str | None
    #: As stored: {form id: {field: value}}.
    answers: Mapping[str, Any]
    #: The case's revision now.
    revision: int
    #: The unit that owns the case now.
    owner: str
    #: The case's data now.
    data: Mapping[str, Any]
    form: Form | None
    evaluate: Evaluate


@dataclass(frozen=True, slots=True)
class Listening:
    """A message or signal that a case waits for."""

    #: message | signal
    kind: str
    name: str
    key: str | None
    element_id: str
    process_id: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The command that an open task came out of."""

    at: datetime
    actor: str | None
    unit: str | None
    kind: str
    #: The step that was done, fired or heard; None for the start of the case.
    name: str | None


def completed(place: Workplace, task_id: int, by: Actor | None) -> Answered:
    """A task that is done. Raises NotFound: it is open, never was, was cancelled, or its case is not theirs."""
    with place.database.reading() as tx:
        done = history.completion(tx, task_id)
        number = cases.number(tx, done.case_id) if done is not None else None
    if done is None or number is None:
        raise NotFound(f"There is no task {task_id} that is done. Look at its case.")
    return answered(place, number, done.id, by, f"task:{done.element_id}")


def answered(place: Workplace, number: str, entry_id: int, by: Actor | None, what: str = "answers") -> Answered:
    """Answers in a case's history. With `by`: a read is logged. Raises NotFound."""
    case = look.demand(place, number, by, "read-case", what)
    with place.database.reading() as tx:
        row = history.entry(tx, case, entry_id)
        if row is None or row.kind not in amend.ANSWERED:
            raise NotFound("There are no such answers in this case. Choose them in its timeline.")
        return _answered(place, tx, cases.summary(tx, number), row)


def _answered(place: Workplace, tx: Connection, case: Row[*tuple[Any, ...]], row: Row[*tuple[Any, ...]]) -> Answered:
    published = past.published_then(place.publications, tx, case.id, case.version_id, row.id)
    environment = look.environment_of(place, tx, published, case, parties.of_case(tx, case.id))
    process_id, form_id = amend.form_of(published, case.process_id, row)
    return Answered(
        entry_id=row.id,
        case_id=case.number,
        element_id=row.element_id,
        name=published.names.get(row.element_id),
        at=row.at,
        actor=row.actor,
        unit=row.unit,
        answers=row.payload.get("answers", {}),
        revision=case.revision,
        owner=case.owner,
        data=Run.restore(published.model, case.state, environment).data,
        form=published.form(process_id, form_id) if form_id else None,
        evaluate=evaluator(environment),
    )


def page_of_history(place: Workplace, number: str, before: int | None, limit: int) -> Page[Entry]:
    """The newest commands of a case, oldest first among them; `next` is `before` of those that came earlier.

    Logs nothing: it is part of a page of the case, whose read is logged.
    """
    with place.database.reading() as tx:
        case = cases.summary(tx, number)
        query = select(rows.c.id).where(rows.c.case_id == case.id).order_by(rows.c.id.desc())
        if before is not None:
            query = query.where(rows.c.id < before)
        ids = list(tx.execute(query.limit(limit + 1)).scalars())
        names = past.names(place.publications, tx, case.id, case.version_id)
        shown = ids[:limit]
        found = history.between(tx, case.id, shown[-1], shown[0], names) if shown else []
    return Page(found, str(shown[-1]) if len(ids) > limit else None)


def first_tasks(place: Workplace, numbers: Sequence[str]) -> dict[str, Task]:
    """Case number → its open task that is due first; a case without an open task is left out."""
    order = func.row_number().over(partition_by=tasks.c.case_id, order_by=(tasks.c.sort_at, tasks.c.id))
    wanted = select(case_rows.c.id).where(case_rows.c.number.in_(numbers))
    ranked = select(tasks.c.id, order.label("place")).where(tasks.c.case_id.in_(wanted)).subquery()
    with place.database.reading() as tx:
        keys = tx.execute(select(ranked.c.id).where(ranked.c.place == 1)).scalars().all()
        return {task.case_id: task for task in map(partial(task_rows.get, tx), keys)}


def listening(place: Workplace, number: str) -> list[Listening]:
    """What a case waits to hear, in the order in which it began to listen."""
    query = select(
        subscriptions.c.kind, subscriptions.c.name, subscriptions.c.key, subscriptions.c.element_id,
        subscriptions.c.process_id,
    ).order_by(subscriptions.c.token_id)  # fmt: skip
    with place.database.reading() as tx:
        found = tx.execute(query.where(subscriptions.c.case_id == cases.key(tx, number)))
        return [Listening(*row) for row in found]


def asked(place: Workplace, number: str, created_at: datetime) -> Asked | None:
    """The command that made a task come up. Logs nothing: the task's own page does."""
    with place.database.reading() as tx:
        case = cases.summary(tx, number)
        query = select(rows.c.at, rows.c.actor, rows.c.unit, rows.c.kind, rows.c.element_id)
        query = query.where(rows.c.case_id == case.id, rows.c.at <= created_at, rows.c.kind.not_in(history.ASIDE))
        row = tx.execute(query.order_by(rows.c.id.desc()).limit(1)).first()
        names = past.names(place.publications, tx, case.id, case.version_id)
    return Asked(row.at, row.actor, row.unit, row.kind, names.get(row.element_id)) if row else None
