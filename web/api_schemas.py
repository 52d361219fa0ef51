"""What the REST API takes and gives, field by field."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields

LARGEST_PAGE = 200


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


class AgendaItemSchema(TaskSchema):
    """A task on an agenda."""

    created_at = fields.AwareDateTime(metadata={"description": "Since when it has waited"})


class AgendaSchema(ma.Schema):
    """A unit's next meetings, and what the first takes up."""

    unit = fields.String(required=True)
    meetings = fields.List(fields.AwareDateTime(), metadata={"description": "The next first; empty without a rhythm"})
    items = fields.List(fields.Nested(AgendaItemSchema), metadata={"description": "For the next meeting"})
    later = fields.List(fields.Nested(AgendaItemSchema), metadata={"description": "For the one after"})


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

    after = fields.String(metadata={"description": "`next` or `previous` of another page"})
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


class Reasoned(ma.Schema):
    """What whoever follows the case may ask about."""

    reason = fields.String(
        required=True, validate=ma.validate.Length(1, 2000), metadata={"description": "The case's history tells it"}
    )


class NewDate(Reasoned):
    """Another date for a task."""

    due_at = fields.AwareDateTime(
        required=True, metadata={"description": "Ahead, at most half a year away; with its offset"}
    )


class Snooze(Reasoned):
    """How long the next telling waits."""

    until = fields.AwareDateTime(
        required=True, metadata={"description": "Ahead, at most five working days away; with its offset"}
    )


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
    neighbours = {side: fields.String(allow_none=True) for side in ("next", "previous")}
    return ma.Schema.from_dict({"items": fields.List(fields.Nested(schema)), **neighbours}, name=name)()
