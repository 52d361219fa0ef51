"""Running instances: the case's process, and each sub-process or called process inside it.

One command's life: a change (a completion, a message, a timer) puts tokens into the queue; `advance` takes them one by
one until nothing automatic is left; what then lives are open tasks and waits. When the queue is empty, inclusive
joins are asked whether anything can still reach them, conditions are looked at again, and instances in which no token
lives any more are finished; each of these may fill the queue anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.occurrences import Occurrence
from engine.bpmn.tokens import Token
from engine.bpmn.variables import Scope
from engine.errors import FeelError, Incident, StepBudgetExceeded
from engine.rules import Text

if TYPE_CHECKING:
    from engine.bpmn.environment import Environment
    from engine.bpmn.flows import Flow
    from engine.bpmn.model import Model
    from engine.bpmn.nodes import Node
    from engine.bpmn.processes import ProcessSpec


class Instance:
    """One running process: its tokens, and the tokens that have arrived at its joins."""

    spec: ProcessSpec
    top_workflow: CaseInstance
    tasks: dict[int, Token]
    task_tree: Token
    completed: bool
    #: Join → incoming flow → how many tokens wait there.
    arrivals: dict[str, dict[str, int]]
    #: The outermost scope of this instance.
    scope: Scope
    #: The activity that this instance is the inside of; None for the case's own process.
    host: Token | None

    def _plant(self, scope: Scope, host: Token | None) -> None:
        self.scope, self.host, self.arrivals = scope, host, {}

    def new_token(
        self, node: Node, *, parent: Token | None = None, scope: Scope | None = None, state: int = TaskState.FUTURE
    ) -> Token:
        """A token at `node`, queued unless it waits."""
        top = self.top_workflow
        token = Token(self, node, parent or self.task_tree, scope or self.scope, id=top.next_id(), state=state)
        if state in (TaskState.FUTURE, TaskState.READY):
            top.queue.append(token)
        return token

    def take(self, flow: Flow) -> None:
        """Send a token along a sequence flow."""
        top = self.top_workflow
        top.note("flow", flow.target, payload={"flow": flow.id})
        if top.model.passed is not None:
            top.model.passed.add((self.spec.name, flow.id))
        flow.target.arrive(self, flow)

    def living(self) -> Iterator[Token]:
        """The tokens that keep this instance going."""
        for token in self.tasks.values():
            if token is not self.task_tree and not token.task_spec.passive:
                yield token

    def remove(self, token: Token) -> None:
        """Forget a token that has moved on or was cancelled, with its guards."""
        top = self.top_workflow
        for guard in token.guards:
            watcher = top.tokens.get(guard)
            if watcher is not None:
                watcher.cancel()
        if self.tasks.pop(token.id, None) is None:
            return
        top.tokens.pop(token.id, None)
        parent = self.tasks.get(token._parent or 0)
        if parent is not None:
            parent._children.pop(token.id, None)
        if token.scope is not self.scope:
            top.scopes.pop(token.scope.id, None)
        top.touched[id(self)] = self

    def cancel_all(self) -> None:
        """Stop everything in this instance."""
        for token in list(self.tasks.values()):
            if token is not self.task_tree:
                token.cancel()
        self.arrivals.clear()


class CaseInstance(Instance, BpmnWorkflow):  # type: ignore[misc]
    """The case's own process, and what all its instances share."""

    def __init__(self, model: Model, spec: ProcessSpec, environment: Environment) -> None:
        self.model = model
        self.environment = environment
        self.queue: deque[Token] = deque()
        self.tokens: dict[int, Token] = {}
        self.scopes: dict[int, Scope] = {}
        self.occurrences: list[Occurrence] = []
        #: Instances from which a token has gone, to be looked at when the queue is empty.
        self.touched: dict[int, Instance] = {}
        self._last_id = 0
        super().__init__(spec, model.specs, script_engine=model.script_engine, deserializing=True)
        self._plant(self.new_scope(None, keeps=True), None)
        self.task_tree = _root(self)

    def next_id(self) -> int:
        """The next number for a token or a scope; numbers are never used twice in a case."""
        self._last_id += 1
        return self._last_id

    def new_scope(self, parent: Scope | None, *, keeps: bool, values: dict[str, Any] | None = None) -> Scope:
        """A scope for variables."""
        scope = Scope(self.next_id(), parent, keeps=keeps, values=values)
        self.scopes[scope.id] = scope
        return scope

    def new_inside(self, host: Token, spec: ProcessSpec, scope: Scope) -> SubInstance:
        """Make the inside of a sub-process or call activity; nothing runs in it yet."""
        inside = SubInstance(self, spec, host, scope)
        self.subprocesses[host.id] = inside
        return inside

    def instances(self) -> Iterator[Instance]:
        """Every running instance, the case's own first."""
        yield self
        yield from list(self.subprocesses.values())

    def by_age(self) -> list[Token]:
        """Every token, the oldest first; a case that was restored may hold them in another order."""
        return [self.tokens[token_id] for token_id in sorted(self.tokens)]

    def get_task_from_id(self, task_id: int) -> Token:
        return self.tokens[task_id]

    def note(self, kind: str, node: Node, token: Token | None = None, payload: dict[str, Any] | None = None) -> None:
        """Remember that something happened, for the case's history."""
        self.occurrences.append(
            Occurrence(kind, node.bpmn_id, node.bpmn_name, token.id if token else None, payload or {})  # type: ignore[arg-type]
        )

    def do_engine_steps(self, will_complete_task: Any = None, did_complete_task: Any = None) -> None:
        """Run everything automatic until only people, time and messages are waited for."""
        budget = self.environment.step_budget
        while True:
            while self.queue:
                token = self.queue.popleft()
                budget -= 1
                self._step(token, within_budget=budget > 0)
            if not (self._settle() or self.queue):
                return

    def _step(self, token: Token, *, within_budget: bool) -> None:
        arriving = token._state == TaskState.FUTURE
        try:
            if not within_budget:
                raise StepBudgetExceeded(element=token.task_spec.bpmn_id)
            if token._state == TaskState.FUTURE:
                token.task_spec._update(token)
            elif token._state == TaskState.READY and not token.task_spec.manual:
                token.run()
        except (FeelError, Incident) as error:
            if arriving:
                self._take_back(token)
            self.fail(token, error.said)

    def _take_back(self, token: Token) -> None:
        """An arrival has failed half-way: undo what it began, so that trying again is arriving again."""
        for guard in list(token.guards):
            self.tokens[guard].cancel()
        token.guards.clear()
        for child in list(token._children):
            token.workflow.tasks[child].cancel()
        inside = self.subprocesses.pop(token.id, None)
        if inside is not None:
            inside.cancel_all()
            inside.completed = True
        token._state = TaskState.FUTURE

    def message(self, name: str, key: str, payload: Mapping[str, Any]) -> bool:
        """Deliver a message to the oldest event that waits for it under `key`. False if none does."""
        for token in self._waiting("message", name):
            if token.internal_data.get("key") == key:
                token.task_spec.caught(token, payload)
                return True
        return False

    def signal(self, name: str, payload: Mapping[str, Any]) -> bool:
        """Deliver a signal to every event that waits for it. False if none does."""
        heard = self._waiting("signal", name)
        for token in heard:
            if token.id in self.tokens:
                token.task_spec.caught(token, payload)
        return bool(heard)

    def _waiting(self, kind: str, name: str) -> list[Token]:
        return [
            token
            for token in self.by_age()
            if token._state == TaskState.WAITING and token.task_spec.waits_for(kind, name)
        ]

    def fail(self, token: Token, said: Text) -> None:
        """Leave a token where it stands as an incident; `retry` takes it up again from the same place."""
        # The library has marked a task that failed while it ran already.
        token.internal_data["failed"] = TaskState.READY if token._state == TaskState.ERROR else token._state
        token._state = TaskState.ERROR
        token.internal_data["incident"], token.internal_data["incident_sv"] = said.en, said.sv
        token.internal_data["since"] = self.environment.now.isoformat()
        self.note("incident", token.task_spec, token, {"message": said.en})

    def _settle(self) -> bool:
        """With an empty queue: joins, conditions, and instances that are done. True if something moved."""
        for instance in self.instances():
            if instance.arrivals and instance.spec.settle_joins(instance):
                return True
        if self.model.has_conditions and self._look_at_conditions():
            return True
        # The innermost first: finishing one makes its host move.
        while self.touched:
            _, instance = self.touched.popitem()
            if instance.completed or next(instance.living(), None) is not None:
                continue
            instance.spec.finish(instance)
            return True
        return False

    def _look_at_conditions(self) -> bool:
        for token in self.by_age():
            try:
                if token._state == TaskState.WAITING and token.task_spec.look_at_condition(token):
                    return True
            except (FeelError, Incident) as error:
                self.fail(token, error.said)
        return False


class SubInstance(Instance, BpmnSubWorkflow):  # type: ignore[misc]
    """The inside of a sub-process, an event sub-process or a call activity."""

    def __init__(self, top: CaseInstance, spec: ProcessSpec, host: Token, scope: Scope) -> None:
        self._plant(scope, host)
        super().__init__(spec, host.id, top, deserializing=True)
        self.task_tree = _root(self)

    @property
    def parent_workflow(self) -> Instance:
        return self.host.workflow  # type: ignore[union-attr]

    def _calculate_depth(self) -> int:
        return getattr(self.parent_workflow, "depth", 0) + 1


def _root(instance: Instance) -> Token:
    # The library wants a tree; its root never moves. It has the number 0 and is in no register.
    root = Token.__new__(Token)
    root.id, root.workflow, root.task_spec, root.scope = 0, instance, instance.spec.start, instance.scope
    root._parent, root._children, root._state, root.guards = None, {}, TaskState.COMPLETED, []
    root.triggered, root.thread_id, root.data, root.internal_data, root.last_state_change = False, 0, {}, {}, 0.0
    instance.tasks[0] = root
    return root
