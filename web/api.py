"""The REST API under /api/v1: tasks, cases, messages. Its description is at /api/v1/openapi.json.

Another system logs in with each request (HTTP Basic, the person's own user name and password); a page of ours uses the
session it has, and then sends the csrf token as X-CSRFToken with everything that changes something. Either way it is a
person who acts: the same `may` decides, and each read is logged.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import marshmallow as ma
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, abort, g, request
from flask.typing import ResponseReturnValue
from flask_smorest import Api, Blueprint
from marshmallow import fields

from engine.errors import NotFound
from engine.pages import Page
from forms import Evaluate, Form
from web.auth import SAFE, actor, check_password, csrf
from web.context import engine
from web.i18n import language
from web.limits import too_many_tries, wrong_try
from web.permissions import SIGNED_IN, public, requires

blueprint = Blueprint("api", __name__, url_prefix="/api/v1", description="Tasks, cases and messages")
LARGEST_PAGE = 200
OPENAPI_VERSION = "3.0.3"


class OwnErrors(Api):  # type: ignore[misc]
    """errors.py shapes the errors of the API too: one shape, one place."""

    def _register_error_handlers(self) -> None:
        return


class TaskSchema(ma.Schema):
    """An open task."""

    id = fields.Integer(required=True)
    element_id = fields.String(metadata={"description": "Id of the element in the process model"})
    name = fields.String()
    case_id = fields.String(metadata={"description": "The case number, such as 2026-00123"})
    process_id = fields.String()
    group = fields.String(allow_none=True)
    units = fields.List(fields.String(), metadata={"description": "Units that hold the task"})
    assignee = fields.String(allow_none=True)
    due_at = fields.AwareDateTime(allow_none=True)
    overdue = fields.Boolean()
    form_id = fields.String(allow_none=True)
    label = fields.String(allow_none=True)


class CaseSummarySchema(ma.Schema):
    """A case as lists show it."""

    id = fields.String(required=True, metadata={"description": "The case number, such as 2026-00123"})
    process_id = fields.String()
    title = fields.String()
    owner = fields.String(metadata={"description": "Id of the unit that answers for the case"})
    revision = fields.Integer()
    started_at = fields.AwareDateTime()
    closed_at = fields.AwareDateTime(allow_none=True)


class CaseSchema(CaseSummarySchema):
    """A case with its data."""

    data = fields.Dict(keys=fields.String())


class EntrySchema(ma.Schema):
    """One thing that happened in a case."""

    at = fields.AwareDateTime()
    actor = fields.String(allow_none=True)
    unit = fields.String(allow_none=True)
    kind = fields.String()
    element_id = fields.String(allow_none=True)
    name = fields.String(allow_none=True)


class ProcessSchema(ma.Schema):
    """A process that cases can be started of."""

    id = fields.String(attribute="process_id")
    title = fields.String()
    version = fields.Integer(attribute="number")


class QuestionsSchema(ma.Schema):
    """What a form asks."""

    form = fields.String(allow_none=True, metadata={"description": "The form's id; without a form any object will do"})
    answers = fields.Dict(metadata={"description": "JSON Schema of the answers; send them as {form: answers}"})


class PageQuery(ma.Schema):
    """Where in a long list."""

    after = fields.String(metadata={"description": "`next` of the page before"})
    limit = fields.Integer(load_default=50, validate=ma.validate.Range(1, LARGEST_PAGE))


class TaskQuery(PageQuery):
    """Which tasks."""

    case = fields.String()
    unit = fields.String()
    assignee = fields.String()
    process = fields.String()
    due_before = fields.AwareDateTime()


class CaseQuery(PageQuery):
    """Which cases."""

    process = fields.String()
    unit = fields.String()
    open = fields.Boolean()


class Completion(ma.Schema):
    """What a task is completed with."""

    answers = fields.Dict(
        keys=fields.String(), required=True, metadata={"description": "{form id: {field: value}}, as the form asks"}
    )
    revision = fields.Integer(metadata={"description": "The case's revision as it was read; an older one is refused"})


class Start(ma.Schema):
    """A case to start."""

    process = fields.String(required=True)
    answers = fields.Dict(keys=fields.String(), load_default=dict)


class Message(ma.Schema):
    """A message that a case may be waiting for."""

    name = fields.String(required=True)
    correlation_key = fields.String(required=True, metadata={"description": "Mostly the case number"})
    payload = fields.Dict(keys=fields.String(), load_default=dict)


def page_of(schema: type[ma.Schema]) -> ma.Schema:
    """The schema of one page of a list."""
    name = schema.__name__.removesuffix("Schema") + "Page"
    return ma.Schema.from_dict(
        {"items": fields.List(fields.Nested(schema)), "next": fields.String(allow_none=True)}, name=name
    )()


View = TypeVar("View", bound=Callable[..., Any])


def paged(view: View) -> View:
    """Give a page of the façade as {"items", "next"}."""

    @wraps(view)
    def give(*args: Any, **kwargs: Any) -> dict[str, Any]:
        page: Page[Any] = view(*args, **kwargs)
        return {"items": list(page), "next": page.next}

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


@blueprint.route("/processes")
@requires("start-case")
@blueprint.response(200, ProcessSchema(many=True))
def list_processes() -> Any:
    """Processes that cases can be started of, by title."""
    return engine().processes()


@blueprint.route("/processes/<process_id>/form")
@requires("start-case")
@blueprint.response(200, QuestionsSchema)
def read_start_form(process_id: str) -> Any:
    """What is asked when a case starts."""
    return questions(*engine().start_form(process_id))


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
