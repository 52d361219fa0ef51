"""Multi-instance: an activity once for each item of a list, side by side or one after another.

The body is a token of its own that its children hang under. A child's variables stay with it; only what
`outputElement` says leaves, into `outputCollection`, in the order of the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.mixins import BpmnSpecMixin
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.nodes import Activity
from engine.errors import Incident
from engine.rules import Text

if TYPE_CHECKING:
    from engine.bpmn.dialect import Loop
    from engine.bpmn.tokens import Token
    from engine.bpmn.values import Value


class MultiInstance(Activity, BpmnSpecMixin):  # type: ignore[misc]
    """The body. It has the element's flows and boundary events; its inner activity does the work."""

    inner: Activity
    loop: Loop
    sequential: bool
    completion: Value | None

    def begin(self, token: Token) -> bool:
        items = self.loop.collection.of(token)
        if not isinstance(items, list):
            text = self.loop.collection.text
            raise Incident(Text(f"The collection “{text}” is no list", f"Samlingen ”{text}” är ingen lista"))
        token.internal_data.update(total=len(items), done=0)
        if self.loop.output_collection:
            token.internal_data["out"] = [None] * len(items)
        if not items:
            return True
        token._set_state(TaskState.STARTED)
        self.watch(token)
        if self.sequential:
            token.internal_data["items"] = items
            self._create(token, 0, items[0])
        else:
            for index, item in enumerate(items):
                self._create(token, index, item)
        return False

    def _create(self, body: Token, index: int, item: Any) -> None:
        values = {"loopCounter": index + 1}
        if self.loop.element:
            values[self.loop.element] = item
        scope = body.workflow.top_workflow.new_scope(body.scope, keeps=True, values=values)
        child = body.workflow.new_token(self.inner, parent=body, scope=scope)
        child.internal_data["index"] = index

    def collect(self, body: Token, child: Token) -> None:
        """A child has done its work: keep its output, and ask the completion condition."""
        data = body.internal_data
        if self.loop.output_element is not None and "out" in data:
            value = self.loop.output_element.of(child, strict=False)
            index = child.internal_data["index"]
            data["out"] = [*data["out"][:index], value, *data["out"][index + 1 :]]
        data["done"] += 1
        if self.completion is not None and self._is_complete(body, child):
            data["stop"] = True

    def _is_complete(self, body: Token, child: Token) -> bool:
        data = body.internal_data
        active = 0 if self.sequential else data["total"] - data["done"]
        # The names are Camunda 8's. The child's own variables can be read too; the output collection as it is by now.
        counts = {
            "numberOfInstances": data["total"],
            "numberOfCompletedInstances": data["done"],
            "numberOfActiveInstances": active,
            "numberOfTerminatedInstances": 0,
        }
        if self.loop.output_collection:
            counts[self.loop.output_collection] = data["out"]
        value = self.completion.of(child, **counts)  # type: ignore[union-attr]
        if not isinstance(value, bool):
            text = self.completion.text  # type: ignore[union-attr]
            said = Text(
                f"The completion condition “{text}” is neither true nor false",
                f"Slutvillkoret ”{text}” är varken sant eller falskt",
            )
            raise Incident(said)
        return value

    def child_completed(self, body: Token) -> None:
        """A child is gone: the next one, or the end."""
        data = body.internal_data
        if data.get("stop") or data["done"] >= data["total"]:
            self._cancel_children(body)
            body._ready()
        elif self.sequential:
            self._create(body, data["done"], data["items"][data["done"]])

    def perform(self, token: Token) -> None:
        if self.loop.output_collection:
            token.scope.write(self.loop.output_collection, token.internal_data["out"])

    def _cancel_children(self, body: Token) -> None:
        for child in list(body._children):
            body.workflow.tasks[child].cancel()

    def _on_cancel(self, my_task: Token) -> None:
        self._cancel_children(my_task)
