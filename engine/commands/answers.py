"""Answers: checked against the task's form, else any JSON object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.bpmn.environment import Environment
from engine.caching import Published
from engine.encoding import plain
from engine.errors import InvalidAnswers
from engine.feel import current_feel
from forms import Lookups

Evaluate = Callable[[str, Mapping[str, Any]], Any]


def evaluator(environment: Environment) -> Evaluate:
    """How forms evaluate FEEL (without its `=`): leniently, as form-js does in the browser."""

    def evaluate(source: str, variables: Mapping[str, Any]) -> Any:
        known = {**variables, "case": environment.case}
        return current_feel().compile(source).evaluate(known, environment.feel, strict=False)

    return evaluate


def clean(
    published: Published,
    process_id: str,
    form_id: str | None,
    answers: Mapping[str, Any],
    environment: Environment,
    known: Mapping[str, Any],
    pickers: Lookups | None = None,
) -> dict[str, Any]:
    """What is stored of `answers`. With a form they come as {form id: {field: value}}. Raises InvalidAnswers.

    `pickers`: what questions for a unit or a party may be answered with; left out, with anything.
    """
    if not isinstance(answers, Mapping):
        raise InvalidAnswers({"": ["The answers are no object."]})
    if form_id is None:
        return _any(answers)
    unknown = [key for key in answers if key != form_id]
    if unknown:
        remedy = f"Send the answers as {{“{form_id}”: {{…}}}}."
        raise InvalidAnswers({key: [f"This is not the task's form. {remedy}"] for key in unknown})
    raw = answers.get(form_id, {})
    if not isinstance(raw, Mapping):
        raise InvalidAnswers({form_id: ["The answers of a form are an object."]})
    from forms import InvalidInput

    form = published.form(process_id, form_id)
    try:
        cleaned = form.clean(raw, evaluator(environment), known=known, lookups=pickers, zone=environment.calendar.zone)
    except InvalidInput as error:
        raise InvalidAnswers(error.errors) from error
    return {form_id: plain(cleaned)}


def _any(answers: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {str(key): plain(value, str(key)) for key, value in answers.items()}
    except TypeError as error:
        raise InvalidAnswers({"": [str(error)]}) from error
