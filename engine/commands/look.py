"""Look at a case or a task. Whoever looks is written into the log of reads, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row

from engine import cases, deadlines, drafts, history, parties, reads, tasks
from engine.access import Action, CaseAccess, may
from engine.actors import Actor
from engine.bpmn.environment import Environment
from engine.bpmn.run import Run
from engine.caching import Published, Snapshot
from engine.cases import Case
from engine.commands.answers import Evaluate, evaluator
from engine.commands.change import Workplace, iso
from engine.deadlines import Step
from engine.errors import NotFound
from engine.parties import Party
from engine.roles import CaseRoles
from engine.rules import Text
from engine.tasks import Task

if TYPE_CHECKING:
    from forms import Form


@dataclass(frozen=True, slots=True)
class TaskDetail(Task):
    """An open task with all that its page needs."""

    #: The case's revision: give it back with the answers to be told when the case has changed meanwhile.
    revision: int = 0
    #: The case's data.
    data: Mapping[str, Any] = field(default_factory=dict)
    #: Variables that only this task sees, such as its item in a multi-instance.
    local: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    documentation: str | None = None
    form: Form | None = None
    #: Evaluates the form's FEEL: (source, variables) → value.
    evaluate: Evaluate | None = None
    #: What happens if it is not done, in order, steps that have passed included.
    ladder: tuple[Step, ...] = ()
    #: Who each `escalate` step tells: unit-manager or a role.
    escalate: tuple[str, ...] = ()
    #: What the asking person has typed so far.
    draft: Mapping[str, Any] | None = None
    #: Who made the case come here: the actor of the last command, and their unit.
    asked_by: tuple[str | None, str | None] = (None, None)

    @property
    def known(self) -> dict[str, Any]:
        """What the form's expressions may read: the case's data, the task's own variables over it."""
        return {**self.data, **self.local}


@contextmanager
def _looking(place: Workplace, by: Actor | None) -> Iterator[Connection]:
    """A transaction: one that can write when the read must be logged."""
    with place.database.reading() if by is None else place.database.command() as tx:
        yield tx


def case(place: Workplace, number: str, by: Actor | None, what: str = "case") -> Case:
    """A case. With `by`: one row in the log of reads; not visible is NotFound, and logged as refused."""
    with _looking(place, by) as tx:
        row = cases.summary(tx, number)
        refused = by is not None and not _visible(place, tx, row, by, what)
        found = None if refused else _case(tx, row)
    if found is None:
        raise cases.missing(number)
    return found


def demand(place: Workplace, number: str, by: Actor | None, action: Action, what: str | None) -> int:
    """The inner id of a case that `by` may read (`what` is logged), or may do `action` with. Raises NotFound."""
    with _looking(place, by) as tx:
        row = cases.summary(tx, number)
        allowed = by is None or _visible(place, tx, row, by, what)
        if allowed and by is not None and action != "read-case":
            allowed = may(by, action, CaseAccess(row.owner))
    if not allowed:
        raise cases.missing(number)
    key: int = row.id
    return key


def _visible(place: Workplace, tx: Connection, row: Row[*tuple[Any, ...]], by: Actor, what: str | None) -> bool:
    units = [party.unit for party in parties.of_case(tx, row.id)]
    seen = CaseAccess(row.owner, units, tasks.access_of(tx, row.id))
    allowed = may(by, "read-case", seen)
    if what is not None:
        reads.log(tx, row.id, by, what, place.clock.now(tx), refused=not allowed)
    return allowed


def _case(tx: Connection, row: Row[*tuple[Any, ...]]) -> Case:
    state = row.state
    stopped = tuple(
        Text(data["incident"], data.get("incident_sv") or data["incident"])
        for *_, tokens in state.get("instances", ())
        for *_, data in tokens
        if isinstance(data, dict) and "incident" in data
    )
    fields: list[Any] = [*row[:12], cases.data_of(state), tuple(parties.of_case(tx, row.id)), stopped]
    return Case(*fields)


def task(place: Workplace, task_id: int, by: Actor | None) -> TaskDetail:
    """An open task with its case's data. With `by`: logged as a read of the case; not theirs is NotFound."""
    with _looking(place, by) as tx:
        found = tasks.get(tx, task_id)
        row = cases.summary(tx, found.case_id)
        allowed = by is None or may(by, "read-task", found)
        if by is not None:
            reads.log(tx, row.id, by, f"task:{found.element_id}", place.clock.now(tx), refused=not allowed)
        detail = _detail(place, tx, found, row, by) if allowed else None
    if detail is None:
        raise NotFound(f"There is no open task {task_id} for you. Check the link.")
    return detail


def _detail(place: Workplace, tx: Connection, found: Task, row: Row[*tuple[Any, ...]], by: Actor | None) -> TaskDetail:
    published = place.publications.get(tx, row.version_id)
    environment = environment_of(place, tx, published, row, parties.of_case(tx, row.id))
    run = Run.restore(published.model, row.state, environment)
    # A look that is logged writes, and so sees each statement's own moment: the task may be completed between two.
    token = tasks.token(tx, found.id)
    open_task = run.open_tasks.get(token)
    if open_task is None:
        raise NotFound(f"Task {found.id} is no longer open. Look at its case.")
    info = published.model.element(found.element_id, open_task.process_id)
    setting = published.deadlines.get(found.deadline_name) if found.deadline_name else None
    ladder = deadlines.ladder(found.due_at, setting, environment.calendar) if found.due_at else []
    return TaskDetail(
        **{name: getattr(found, name) for name in Task.__slots__},
        revision=row.revision,
        data=run.data,
        local=open_task.local,
        title=row.title,
        documentation=info.documentation if info else None,
        form=published.form(open_task.process_id, open_task.form_id) if open_task.form_id else None,
        evaluate=evaluator(environment),
        ladder=tuple(ladder),
        escalate=tuple(setting.escalate) if setting else (),
        draft=drafts.get(tx, found.id, by.id) if by else None,
        asked_by=history.last_actor(tx, row.id),
    )


def environment_of(
    place: Workplace,
    tx: Connection,
    published: Published,
    row: Row[*tuple[Any, ...]],
    current: list[Party],
    snapshot: Snapshot | None = None,
) -> Environment:
    """The surroundings of a case that is only looked at; `snapshot`: in another organisation than it is now."""
    snapshot = snapshot or place.snapshots.get(tx)
    now, declared = place.clock.now(tx), snapshot.roles(row.process_id, published.roles, row.owner)
    roles = CaseRoles(declared, row.owner, current, snapshot.organisation)
    values = partial(snapshot.deadline_values, row.process_id, published.deadlines, now, roles)
    return Environment(
        now=now,
        calendar=snapshot.settings.calendar,
        calendar_of=lambda groups: snapshot.calendar_of_groups(groups, roles),
        deadline_values=values(),
        deadline_values_of=values,
        units_by_role=roles,
        meetings=snapshot.meetings,
        case={"id": row.number, "owner": row.owner, "started": iso(row.started_at)},
    )


def start_form(
    place: Workplace, tx: Connection, published: Published, process_id: str, principal: str | None
) -> tuple[Form | None, Evaluate]:
    """The form with which an organisation's case starts, if it has one, and how to evaluate its FEEL."""
    snapshot, now = place.snapshots.get(tx), place.clock.now(tx)
    settings = snapshot.settings
    values = settings.deadline_values(process_id, published.deadlines, now, (principal,) if principal else ())
    environment = Environment(now=now, calendar=settings.calendar, deadline_values=values, meetings=snapshot.meetings)
    form_id = published.model.start_form(process_id)
    return (published.form(process_id, form_id) if form_id else None), evaluator(environment)
