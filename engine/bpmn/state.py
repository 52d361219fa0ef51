"""A case's state as JSON: what waits and the data, and nothing of what has been. The spec is not in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.bpmn.instances import CaseInstance, Instance
from engine.bpmn.tokens import Token
from engine.bpmn.variables import Scope

if TYPE_CHECKING:
    from engine.bpmn.environment import Environment
    from engine.bpmn.model import Model

#: The format's number, so that a later one can read an earlier one's cases.
FORMAT = 1


def to_state(case: CaseInstance) -> dict[str, Any]:
    """The whole state of a case at rest."""
    return {
        "format": FORMAT,
        "process": case.spec.name,
        "last": case._last_id,
        "scopes": [
            [scope.id, scope.parent.id if scope.parent else 0, int(scope.keeps), scope.values]
            for scope in case.scopes.values()
        ],
        "instances": [_instance_state(instance) for instance in case.instances() if not instance.completed],
        "ended": case.completed,
    }


def _instance_state(instance: Instance) -> list[Any]:
    tokens = [
        [token.id, token.task_spec.name, token._state, token.scope.id, token._parent, token.internal_data]
        for token in instance.tasks.values()
        if token is not instance.task_tree
    ]
    host = instance.host.id if instance.host is not None else 0
    return [host, instance.spec.name, instance.scope.id, instance.arrivals, tokens]


def from_state(model: Model, state: dict[str, Any], environment: Environment) -> CaseInstance:
    """The case as it was, on a model of the same version."""
    case = CaseInstance(model, model.specs[state["process"]], environment)
    case._last_id = state["last"]
    case.scopes.clear()
    for scope_id, parent, keeps, values in state["scopes"]:
        case.scopes[scope_id] = Scope(scope_id, case.scopes.get(parent), keeps=bool(keeps), values=values)
    case.completed = state["ended"]
    for host, spec, scope, arrivals, tokens in state["instances"]:
        instance: Instance = case
        if host:
            instance = case.new_inside(case.tokens[host], model.specs[spec], case.scopes[scope])
        instance.scope = instance.task_tree.scope = case.scopes[scope]
        instance.arrivals = arrivals
        for row in tokens:
            _restore_token(case, instance, row)
    if not state["instances"]:
        case.scope = next(iter(case.scopes.values()))
    return case


def _restore_token(case: CaseInstance, instance: Instance, row: list[Any]) -> None:
    token_id, name, state, scope, parent, data = row
    node = instance.spec.task_specs[name]
    token = Token(instance, node, instance.tasks[parent], case.scopes[scope], id=token_id, state=state)
    token.internal_data = data
    guarded = case.tokens.get(data.get("host") or data.get("gateway") or 0)
    if guarded is not None:
        guarded.guards.append(token_id)
