"""The REST API under /api/v1: tasks, cases, messages. Its description is at /api/v1/openapi.json.

Another system logs in with each request (HTTP Basic, the person's own user name and password); a page of ours uses the
session it has, and then sends the csrf token as X-CSRFToken with everything that changes something. Either way it is a
person who acts: the same `may` decides, and each read is logged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, abort, g, request
from flask.typing import ResponseReturnValue
from flask_smorest import Api, Blueprint

from engine.commands.postpone import ComesLaterAnyway, NoDate, NoReason, SnoozedEnough, TooFar
from engine.errors import InvalidAnswers, NotFound
from engine.pages import Page
from forms import Evaluate, Form
from web.api_schemas import (
    AgendaSchema,
    CaseQuery,
    CaseSchema,
    CaseSummarySchema,
    Completion,
    EntrySchema,
    Message,
    NewDate,
    ProcessSchema,
    QuestionsSchema,
    Snooze,
    Start,
    TaskQuery,
    TaskSchema,
    page_of,
)
from web.auth import SAFE, actor, check_password, csrf
from web.context import engine
from web.i18n import language
from web.limits import too_many_tries, wrong_try
from web.permissions import SIGNED_IN, public, requires

blueprint = Blueprint("api", __name__, url_prefix="/api/v1", description="Tasks, cases and messages")
OPENAPI_VERSION = "3.0.3"


class OwnErrors(Api):  # type: ignore[misc]
    """errors.py shapes the errors of the API too: one shape, one place."""

    def _register_error_handlers(self) -> None:
        return


View = TypeVar("View", bound=Callable[..., Any])


def paged(view: View) -> View:
    """Give a page of the façade as {"items", "next", "previous"}."""

    @wraps(view)
    def give(*args: Any, **kwargs: Any) -> dict[str, Any]:
        page: Page[Any] = view(*args, **kwargs)
        return {"items": list(page), "next": page.next, "previous": page.previous}

    return give  # type: ignore[return-value]


def _place(query: dict[str, Any]) -> dict[str, Any]:
    return {"cursor": query.pop("after", None), "limit": query.pop("limit")} | query


@blueprint.route("/tasks")
@requires(SIGNED_IN)
@blueprint.arguments(TaskQuery, location="query")
@blueprint.response(200, page_of(TaskSchema))
@paged
def list_tasks(query: dict[str, Any]) -> Any:
    """Open tasks of yours and your units', what is due first on top."""
    return engine().tasks(by=actor(), **_place(query))


@blueprint.route("/tasks/<int:task_id>")
@requires("read-task")
@blueprint.response(200, TaskSchema)
def read_task(task_id: int) -> Any:
    """An open task."""
    return engine().task(task_id, by=actor())


@blueprint.route("/tasks/<int:task_id>/form")
@requires("read-task")
@blueprint.response(200, QuestionsSchema)
def read_form(task_id: int) -> Any:
    """What a task asks. Which questions apply may depend on the answers; completing the task tells."""
    task = engine().task(task_id, by=actor())
    return questions(task.form, task.evaluate)


@blueprint.route("/tasks/<int:task_id>/completion", methods=["POST"])
@requires("complete-task")
@blueprint.arguments(Completion)
@blueprint.response(204)
def complete_task(completion: dict[str, Any], task_id: int) -> None:
    """Complete a task. 409 when somebody else has done it or the case has moved on, 422 when answers are wrong."""
    engine().complete(task_id, completion["answers"], by=actor(), revision=completion.get("revision"))


@blueprint.route("/tasks/<int:task_id>/date", methods=["POST"])
@requires("move-deadline")
@blueprint.arguments(NewDate)
@blueprint.response(204)
def move_date(wanted: dict[str, Any], task_id: int) -> None:
    """Give a task another date, for a reason. 422 when it lies behind or too far ahead, or the task has none."""
    with told_of("due_at"):
        engine().move_deadline(task_id, wanted["due_at"], wanted["reason"], by=actor())


@blueprint.route("/tasks/<int:task_id>/snooze", methods=["POST"])
@requires("move-deadline")
@blueprint.arguments(Snooze)
@blueprint.response(204)
def snooze(wanted: dict[str, Any], task_id: int) -> None:
    """Have a task's next reminder, or the next to be told that it is late, wait. 422 when it has waited enough."""
    with told_of("until"):
        engine().snooze(task_id, wanted["until"], wanted["reason"], by=actor())


@contextmanager
def told_of(field: str) -> Iterator[None]:
    """What is wrong with a date, told as wrong with its field."""
    try:
        yield
    except (TooFar, NoDate, SnoozedEnough, ComesLaterAnyway) as error:
        raise InvalidAnswers({field: [error.message]}) from None
    except NoReason as error:
        raise InvalidAnswers({"reason": [error.message]}) from None


@blueprint.route("/processes")
@requires("start-case")
@blueprint.response(200, ProcessSchema(many=True))
def list_processes() -> Any:
    """Processes that cases can be started of, by title."""
    return engine().startable()


@blueprint.route("/processes/<process_id>/form")
@requires("start-case")
@blueprint.response(200, QuestionsSchema)
def read_start_form(process_id: str) -> Any:
    """What is asked when a case starts."""
    engine().demand_startable(process_id)
    return questions(*engine().start_form(process_id, by=actor()))


@blueprint.route("/cases")
@requires(SIGNED_IN)
@blueprint.arguments(CaseQuery, location="query")
@blueprint.response(200, page_of(CaseSummarySchema))
@paged
def list_cases(query: dict[str, Any]) -> Any:
    """Cases that you may see, newest first."""
    return engine().cases(by=actor(), **_place(query))


@blueprint.route("/cases", methods=["POST"])
@requires("start-case")
@blueprint.arguments(Start)
@blueprint.response(201, CaseSchema)
def start_case(wanted: dict[str, Any]) -> Any:
    """Start a case of a process."""
    engine().demand_startable(wanted["process"])
    return engine().start(wanted["process"], answers=wanted["answers"], by=actor())


@blueprint.route("/cases/<number>")
@requires("read-case")
@blueprint.response(200, CaseSchema)
def read_case(number: str) -> Any:
    """A case with its data. The read is logged."""
    return engine().case(number, by=actor())


@blueprint.route("/cases/<number>/history")
@requires("read-case")
@blueprint.response(200, EntrySchema(many=True))
def read_history(number: str) -> Any:
    """What has happened in a case, oldest first."""
    return engine().history(number, by=actor())


@blueprint.route("/units/<unit_id>/agenda")
@requires("read-agenda")
@blueprint.response(200, AgendaSchema)
def read_agenda(unit_id: str) -> Any:
    """When a unit of yours meets next, and what the meeting takes up, what has waited longest first."""
    return engine().agenda(unit_id, by=actor())


@blueprint.route("/messages", methods=["POST"])
@requires("read-case")
@blueprint.arguments(Message)
@blueprint.response(204)
def send_message(message: dict[str, Any]) -> None:
    """Tell a case that something has happened that it waits for. 404 when no case of yours waits for it."""
    key, payload = message["correlation_key"], message["payload"]
    if not engine().send(message["name"], correlation_key=key, payload=payload, by=actor()):
        raise NotFound  # nothing waits for it, or nothing of yours


def questions(form: Form | None, evaluate: Evaluate | None) -> dict[str, Any]:
    """The form's marshmallow schema as JSON Schema: the same that its answers are read by."""
    if form is None or evaluate is None:
        return {"form": None, "answers": {"type": "object"}}
    plugin = MarshmallowPlugin(schema_name_resolver=lambda schema: None)
    APISpec("", "", OPENAPI_VERSION, plugins=[plugin])
    described = plugin.converter.schema2jsonschema(form.schema(evaluate, language=language())())
    return {"form": form.id, "answers": described}


def door() -> ResponseReturnValue | None:
    """Who asks? HTTP Basic, else the session of a page of ours with its csrf token."""
    if (request.blueprint or "") != blueprint.name:
        return None
    given = request.authorization
    if given is not None and given.type == "basic":
        username, password = given.username or "", given.password or ""
        if too_many_tries(username):
            abort(429)
        g.person = check_password(username, password)
        if g.person is None:
            wrong_try(username)
    elif g.person is not None and request.method not in SAFE:
        csrf.protect()
    if g.person is None:
        abort(401)
    return None


def init_app(app: Flask) -> None:
    app.config.update(
        API_TITLE="Samled",
        API_VERSION="v1",
        OPENAPI_VERSION=OPENAPI_VERSION,
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "components": {"securitySchemes": {"basic": {"type": "http", "scheme": "basic"}}},
            "security": [{"basic": []}],
        },
    )
    csrf.exempt(blueprint)
    app.before_request(door)
    api = OwnErrors(app)
    api.register_blueprint(blueprint)
    described = app.view_functions["api-docs.openapi_json"]

    @public
    @wraps(described)
    def describe() -> Any:
        return described()

    app.view_functions["api-docs.openapi_json"] = describe
