"""A token: one place in a case where something happens or waits. SpiffWorkflow's task, made lean.

A token lives from its arrival at an element until it has moved on, and is then gone: the tree holds the root of each
process instance and, right under it, what is alive. So a case's size depends on what waits and not on what has
happened, and nothing needs to be cut out later.
"""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

if TYPE_CHECKING:
    from engine.bpmn.instances import Instance
    from engine.bpmn.nodes import Node
    from engine.bpmn.variables import Scope
    from engine.feel import Expression, FeelContext


class Token(Task):  # type: ignore[misc]
    """One token. `id` is a small number, unique within the case."""

    workflow: Instance
    task_spec: Node

    def __init__(
        self,
        workflow: Instance,
        task_spec: Node,
        parent: Token | None,
        scope: Scope,
        *,
        id: int,
        state: int = TaskState.FUTURE,
    ) -> None:
        # The library's own constructor makes a UUID and reads the clock for each task: half the cost of a step.
        self.id = id
        self.workflow = workflow
        self.task_spec = task_spec
        self.scope = scope
        self._parent = parent.id if parent is not None else None
        self._children: dict[int, None] = {}
        self._state = state
        self.triggered = False
        self.thread_id = 0
        self.data: dict[str, Any] = {}
        self.internal_data: dict[str, Any] = {}
        self.last_state_change = 0.0
        #: Waiting events that watch this token: boundary events, or the events behind an event gateway.
        self.guards: list[int] = []
        workflow.tasks[id] = self
        workflow.top_workflow.tokens[id] = self
        if parent is not None:
            parent._child_added_notify(self)

    def _child_added_notify(self, child: Token) -> None:
        self._children[child.id] = None

    def run(self) -> bool | None:
        """Carry out the element; what raises has not been carried out."""
        done: bool | None = super().run()
        passed = self.workflow.top_workflow.model.passed
        if passed is not None:
            passed.add((self.workflow.spec.name, self.task_spec.name))
        return done

    def _set_state(self, value: int) -> None:
        self._state = value

    def _ready(self) -> None:
        self._state = TaskState.READY
        if not self.task_spec.manual:
            self.workflow.top_workflow.queue.append(self)

    def _inherit_data(self) -> None:
        """Nothing to do: variables live in scopes, and are not copied from task to task."""

    @property
    def of_multi_instance(self) -> Token | None:
        """The multi-instance body that this token is a child of."""
        parent = self.workflow.tasks.get(self._parent or 0)
        return parent if parent is not None and parent is not self.workflow.task_tree else None

    def evaluate(
        self, expression: Expression, *, strict: bool = True, context: FeelContext | None = None, **more: Any
    ) -> Any:
        """The value of a FEEL expression with the variables that can be read here.

        `context`: other surroundings than the command's own.

        Raises:
            FeelError: it fails or, where `strict`, warns.
        """
        environment = self.workflow.top_workflow.environment
        known = {"case": environment.case, **more}
        variables = ChainMap(known, self.scope.chain())  # type: ignore[arg-type]
        return expression.evaluate(variables, context or environment.feel, strict=strict)

    def read(self, name: str) -> Any:
        """A variable's value here; None when there is none."""
        return self.scope.chain().get(name)

    def cancel(self) -> None:
        """Stop here: with everything inside and everything that watches."""
        if self._state & TaskState.FINISHED_MASK and self._state != TaskState.ERROR:
            return
        self._state = TaskState.CANCELLED
        self.task_spec._on_cancel(self)
        self.workflow.remove(self)
