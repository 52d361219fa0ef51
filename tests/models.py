"""Small BPMN models for tests, written as their flow nodes alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from engine.bpmn import Model, Run
from engine.bpmn.environment import Environment
from engine.packages import Package

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'targetNamespace="http://example.org/test">'
)
#: A flow in shorthand: `a -> b`, `a -> b [=x > 1]`, `a -> b [default]`; one a line between `flows` tags.
_FLOW = re.compile(r"^\s*(\S+)\s*->\s*(\S+?)(?:\s*\[(.*)\])?\s*$", re.MULTILINE)


def bpmn(body: str, *, process: str = "p", declared: str = "") -> bytes:
    """A whole model. In `body`, short tags (`<userTask id="a"/>`) and, between `<flows>` tags, flows in shorthand."""
    body, defaults = _with_flows(body)
    for source, flow in defaults.items():
        body = re.sub(rf'(<\w+ id="{source}")', rf'\1 default="{flow}"', body, count=1)
    inside = f'<process id="{process}" isExecutable="true">{body}</process>{declared}'
    inside = re.sub(r"<(/?)(?!/|\w+:|\?)(\w+)", r"<\1bpmn:\2", inside)
    return f"{_HEAD}{inside}</bpmn:definitions>".encode()


def _with_flows(body: str) -> tuple[str, dict[str, str]]:
    defaults: dict[str, str] = {}
    counter = iter(range(1, 10_000))

    def flow(match: re.Match[str]) -> str:
        source, target, rule = match.groups()
        flow_id = f"f{next(counter)}_{source}_{target}"
        if rule == "default":
            defaults[source] = flow_id
        condition = ""
        if rule and rule != "default":
            text = rule.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            condition = f'<conditionExpression xsi:type="tFormalExpression">{text}</conditionExpression>'
        return f'<sequenceFlow id="{flow_id}" sourceRef="{source}" targetRef="{target}">{condition}</sequenceFlow>'

    def flows(match: re.Match[str]) -> str:
        return _FLOW.sub(flow, match.group(1))

    return re.sub(r"<flows>(.*?)</flows>", flows, body, flags=re.DOTALL), defaults


class Game:
    """Plays a model: one environment, everything restored from its snapshot between any two steps."""

    def __init__(
        self, body: str | bytes, data: dict[str, Any] | None = None, *, declared: str = "", **more: Any
    ) -> None:
        content = body if isinstance(body, bytes) else bpmn(body, declared=declared)
        files = {"p.bpmn": content, **more.pop("files", {})}
        self.model = Model.load(Package.from_files(files, "p"))
        now = more.pop("now", datetime(2026, 3, 27, 9, 0, tzinfo=UTC))
        self.environment = Environment(
            now=now, case={"id": "2026-00001", "owner": "u", "started": now.isoformat()}, **more
        )
        self.run = Run.start(self.model, self.model.main, data or {}, self.environment)
        self.happened: list[Any] = []
        self._rest()

    def _rest(self) -> None:
        self.run.advance()
        self.happened += self.run.drain_events()
        self.run = Run.restore(self.model, self.run.snapshot(), self.environment)

    @property
    def open(self) -> list[str]:
        """Element ids of the open tasks, sorted."""
        return sorted(task.element_id for task in self.run.open_tasks.values())

    @property
    def waiting(self) -> list[str]:
        """Element ids of the events waited for, sorted."""
        return sorted(wait.element_id for wait in self.run.waits.values())

    def complete(self, element: str, **answers: Any) -> Game:
        """Complete the oldest open task of an element."""
        token = next(t.token_id for t in self.run.open_tasks.values() if t.element_id == element)
        self.run.complete(token, answers)
        self._rest()
        return self

    def fire(self, element: str) -> Game:
        """Let a timer fire at its due time."""
        wait = next(w for w in self.run.waits.values() if w.element_id == element)
        assert wait.due_at is not None
        self.environment.now = max(self.environment.now, wait.due_at)
        self.environment.__dict__.pop("feel", None)
        self.run.fire(wait.token_id)
        self._rest()
        return self

    def send(self, name: str, key: str = "2026-00001", **payload: Any) -> bool:
        """Send a message."""
        heard = self.run.send(name, key, payload)
        self._rest()
        return heard

    def signal(self, name: str, **payload: Any) -> bool:
        """Send a signal."""
        heard = self.run.signal(name, payload)
        self._rest()
        return heard

    def happen(self, element: str) -> Game:
        """What an element waits for happens: its timer is due, or its message comes."""
        wait = next(w for w in self.run.waits.values() if w.element_id == element)
        if wait.kind == "timer":
            return self.fire(element)
        assert self.run.send(wait.name or "", wait.key or "", {})
        self._rest()
        return self

    @property
    def stuck(self) -> list[str]:
        """Element ids of incidents, sorted."""
        tokens = self.run._case.tokens
        return sorted(tokens[token].task_spec.bpmn_id for token in self.run.incidents)

    def kinds(self, kind: str) -> list[str]:
        """Element ids of what happened of one kind, in order."""
        return [one.element_id for one in self.happened if one.kind == kind]
