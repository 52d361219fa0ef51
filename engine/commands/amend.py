"""Correct an earlier answer, or close a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import history
from engine.access import AnswersAccess, CaseAccess
from engine.actors import Actor
from engine.commands import answers as answering
from engine.commands.change import Change, Workplace, changing
from engine.errors import Conflict, InvalidAnswers, NotFound
from engine.migrating import past

#: Commands whose answers can be corrected.
ANSWERED = ("started", "completed", "corrected")


def correct(
    place: Workplace,
    number: str,
    entry_id: int,
    answers: Mapping[str, Any],
    reason: str,
    by: Actor | None,
    revision: int | None,
) -> Change:
    """Replace answers given earlier; the old ones stay in history with who, when and why.

    What already followed from the old answers is not undone: the case goes on from where it stands.
    Raises NotFound, Forbidden, Conflict (closed, answered anew since, stale revision), InvalidAnswers.
    """
    _demand_reason(reason)
    with changing(place, number, by) as change:
        change.demand_revision(revision)
        change.demand_open()
        row = history.entry(change.tx, change.id, entry_id)
        if row is None or row.kind not in ANSWERED:
            raise NotFound("There are no such answers in this case. Choose them in its timeline.")
        change.demand("correct-answers", AnswersAccess(change.context.owner, row.unit))
        old: dict[str, Any] = dict(row.payload.get("answers", {}))
        then = past.published_then(place.publications, change.tx, change.id, change.row.version_id, entry_id)
        process_id, form_id = form_of(then, change.row.process_id, row)
        cleaned = answering.clean(then, process_id, form_id, answers, change.environment, change.run.data)
        for name, value in cleaned.items():
            if change.run.data.get(name) != old.get(name):
                raise Conflict(
                    "These answers have been replaced since. Look at the newest answers, and correct those.",
                    changes=[f"“{name}” was answered again."],
                )
            change.run.data[name] = value
        payload = {"answers": cleaned, "old": old, "corrects": entry_id, "reason": reason.strip()}
        change.save("corrected", element_id=row.element_id, payload=payload)
    return change


def form_of(published: Any, process_id: str, row: Any) -> tuple[str, str | None]:
    if row.element_id is None:
        return process_id, published.model.start_form(process_id)
    info = published.model.element(row.element_id)
    return (info.process_id, info.form_id) if info else (process_id, None)


def close(place: Workplace, number: str, reason: str, by: Actor | None, revision: int | None) -> Change:
    """Stop everything in a case that was opened by mistake. Raises NotFound, Forbidden, Conflict, InvalidAnswers."""
    _demand_reason(reason)
    with changing(place, number, by) as change:
        change.demand_revision(revision)
        change.demand_open()
        change.demand("close-case", CaseAccess(change.context.owner))
        change.run.cancel()
        change.save("closed", payload={"reason": reason.strip()}, close_reason=reason.strip())
    return change


def retry(place: Workplace, number: str, by: Actor | None) -> Change:
    """Try again what stopped. Raises NotFound, Forbidden, Conflict."""
    with changing(place, number, by) as change:
        change.demand_open()
        change.demand("correct-answers", AnswersAccess(change.context.owner))
        for token in change.run.incidents:
            change.run.retry(token)
        change.save("retried")
    return change


def _demand_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidAnswers({"reason": ["Write why. It stays in the case's history."]})
