"""One case in memory, taken from one version onto another: the same tokens, where the new version has their elements.

Nothing happens by moving: no step is done, none is skipped, no event fires. What would, or what stands where the new
version has no counterpart, is refused with the reason. Life of a transfer: `_Transfer.run` sets every token on its
counterpart (`_place`), then lets the events watch that the new version has (`_watch`), looks whether a case can stand
like that (`standing.py`) and that nothing goes on at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.activities import CallActivity, UserTask
from engine.bpmn.environment import Environment
from engine.bpmn.events import CatchingNode, EventStart, EventSubProcess
from engine.bpmn.gateways import EventGateway
from engine.bpmn.instances import CaseInstance, Instance
from engine.bpmn.model import Model
from engine.bpmn.multi_instance import MultiInstance
from engine.bpmn.nodes import Activity, Node
from engine.bpmn.processes import ProcessSpec
from engine.bpmn.run import Run
from engine.bpmn.tokens import Token
from engine.bpmn.triggers import Timer
from engine.bpmn.variables import Scope
from engine.errors import FeelError, Incident
from engine.migrating import news, waits
from engine.migrating.outcome import Outcome, Redated
from engine.migrating.standing import Position, Positions, position_of, rests

#: Token → when its task came.
Began = Callable[[int], datetime | None]
_CHILD = " [child]"


@dataclass
class Target:
    """The version to move to, and how: made once and used for many cases."""

    model: Model
    #: Old element id → new, where they are not the same.
    mapping: Mapping[str, str] = field(default_factory=dict)
    #: Work out running deadlines anew by the new version; else they keep their due time.
    recompute: bool = False
    _positions: dict[tuple[str, frozenset[str]], Positions] = field(default_factory=dict)

    def can_stand(self, spec: ProcessSpec, position: Position) -> bool | None:
        """See `Positions`."""
        also = frozenset(
            place for place, _ in position if (node := spec.task_specs.get(place)) is not None and not rests(node)
        )
        key = spec.name, also
        if key not in self._positions:
            self._positions[key] = Positions(spec, also)
        return self._positions[key].can_stand(position)


def transfer(
    old: Run, target: Target, environment: Environment, began: Began = lambda token: None
) -> tuple[Run, Outcome]:
    """`old` on the target's version; `environment`: its surroundings there. The outcome says whether it may be used.

    `old` is not changed. Where the outcome refuses, the run is not fit for use.
    """
    work = _Transfer(old._case, target, environment, began)
    work.run()
    return Run(work.case), work.outcome


class _Transfer:
    def __init__(self, old: CaseInstance, target: Target, environment: Environment, began: Began) -> None:
        self.old, self.target, self.began = old, target, began
        self.outcome = Outcome()
        self.case = CaseInstance(target.model, target.model.specs[old.spec.name], environment)
        self.case.scopes.clear()
        for scope in old.scopes.values():
            parent = self.case.scopes.get(scope.parent.id) if scope.parent is not None else None
            self.case.scopes[scope.id] = Scope(scope.id, parent, keeps=scope.keeps, values=dict(scope.values))
        self.case._last_id = old._last_id
        self.pairs: list[tuple[Instance, Instance]] = []

    def run(self) -> None:
        """All of it; see the top of the module."""
        before = {token.id: _due(token) for token in self.old.tokens.values()}
        for instance in self.old.instances():
            self._place_instance(instance)
        if self.outcome.reasons:
            return
        self._tie()
        for _, instance in self.pairs:
            for token in list(instance.tasks.values()):
                if token is not instance.task_tree:
                    self._tried(token.task_spec, lambda token=token: self._watch(token))  # type: ignore[misc]
            self._await_starts(instance)
        if self.outcome.reasons:
            return
        self._look_whether_it_can_stand()
        self._look_for_dates(before)
        self.outcome.ahead, self.outcome.passed = news.of(self.old, self.case, set(self.target.mapping.values()))
        if not self.outcome.reasons:
            self._demand_rest()

    # Tokens

    def _place_instance(self, old: Instance) -> None:
        spec = self._spec_of(old)
        if spec is None:
            return
        instance: Instance = self.case
        if old.host is not None:
            instance = self.case.new_inside(self.case.tokens[old.host.id], spec, self.case.scopes[old.scope.id])
        instance.scope = instance.task_tree.scope = self.case.scopes[old.scope.id]
        self.pairs.append((old, instance))
        for token in old.tasks.values():
            if token is not old.task_tree:
                self._place(token, old, instance)
        self._carry_arrivals(old, instance)

    def _spec_of(self, old: Instance) -> ProcessSpec | None:
        if old.host is None:
            return self.case.spec
        host = self.case.tokens.get(old.host.id)
        if host is None:
            return None  # refused already
        inside: str = host.task_spec.inside  # type: ignore[attr-defined]
        if isinstance(host.task_spec, CallActivity) and inside != old.spec.name:
            self._refuse("calls-another", host.task_spec)
            return None
        return self.case.model.specs[inside]

    def _place(self, token: Token, old: Instance, instance: Instance) -> None:
        node, guards = token.task_spec, token.internal_data.keys() & {"host", "gateway"}
        is_event = bool(guards) or isinstance(node, EventStart)
        if not is_event and token.of_multi_instance is None:
            self.outcome.stands.append(node.bpmn_id)
        found = self._counterpart(node, instance.spec)
        parent = instance.tasks.get(token._parent or 0)
        if is_event and (found is None or type(found) is not type(node)):
            self.outcome.dropped.append(node.bpmn_id)
            return
        if found is None:
            self._refuse("elsewhere" if self._is_elsewhere(node) else "no-counterpart", node)
        elif type(found) is not type(node):
            self._refuse("another-kind", node)
        elif isinstance(node, MultiInstance) and not _goes_on_alike(node, found):  # type: ignore[arg-type]
            self._refuse("repetition-changed", node)
        elif parent is not None:
            if found.bpmn_id != node.bpmn_id:
                self.outcome.became[node.bpmn_id] = found.bpmn_id
            copy = Token(instance, found, parent, self.case.scopes[token.scope.id], id=token.id, state=token._state)
            copy.internal_data = dict(token.internal_data)
            if "task" in copy.internal_data:
                copy.internal_data["task"] = dict(copy.internal_data["task"])
            self._tried(found, lambda: self._carry(token, copy))

    def _counterpart(self, node: Node, spec: ProcessSpec) -> Node | None:
        name = self.target.mapping.get(node.bpmn_id, node.bpmn_id)
        found: Node | None = spec.task_specs.get(name + _CHILD if node.name.endswith(_CHILD) else name)
        return found

    def _is_elsewhere(self, node: Node) -> bool:
        name = self.target.mapping.get(node.bpmn_id, node.bpmn_id)
        return any(name in spec.task_specs for spec in self.case.model.specs.values())

    def _carry(self, token: Token, copy: Token) -> None:
        """What a token waits for: as it was, unless the new version waits for something else."""
        old, new = token.task_spec, copy.task_spec
        if isinstance(old, UserTask) and "task" in copy.internal_data:
            began = self.began(token.id) or self.case.environment.now
            waits.holders_again(old, copy)
            waits.due_again(old, copy, began, recompute=self.target.recompute)
        elif token._state == TaskState.WAITING and isinstance(old, CatchingNode) and isinstance(new, CatchingNode):
            if new.trigger.kind in waits.SOUGHT:
                copy.internal_data.pop("due", None)
            elif not waits.is_same_wait(old.trigger, new.trigger):
                waits.wait_anew(copy)
                self.outcome.begun.append(new.bpmn_id)
            elif self.target.recompute and isinstance(new.trigger, Timer):
                waits.timer_again(copy, self.began(copy.internal_data.get("host", 0)))

    def _carry_arrivals(self, old: Instance, instance: Instance) -> None:
        for join, waiting in old.arrivals.items():
            node = old.spec.task_specs[join]
            found = self._counterpart(node, instance.spec)
            ways = {flow.id for flow in found.incoming} if found is not None and type(found) is type(node) else set()
            if found is None or len(ways) < 2 or not waiting.keys() <= ways:
                self._refuse("lost-way", node)
                continue
            instance.arrivals[found.name] = dict(waiting)

    # Events that watch

    def _tie(self) -> None:
        """Tell what is watched by whom; forget what watches something else in the new version."""
        for token in list(self.case.tokens.values()):
            data, node = token.internal_data, token.task_spec
            watched = self.case.tokens.get(data.get("host") or data.get("gateway") or 0)
            if watched is None:
                continue
            kind = node.trigger.kind  # type: ignore[attr-defined]
            if node in _watchers(watched.task_spec) and kind not in waits.SOUGHT:
                watched.guards.append(token.id)
            else:
                self._forget(token)

    def _forget(self, token: Token) -> None:
        token.workflow.tasks.pop(token.id, None)
        self.case.tokens.pop(token.id, None)
        token.workflow.task_tree._children.pop(token.id, None)
        self.outcome.dropped.append(token.task_spec.bpmn_id)

    def _watch(self, token: Token) -> None:
        """Let events wait that the new version has at this step, and the old did not."""
        if token._state == TaskState.ERROR or "gateway" in token.internal_data:
            return  # what stopped begins anew when it is tried again; a gateway's events are not watched themselves
        known = {self.case.tokens[guard].task_spec for guard in token.guards}
        old = self.old.tokens.get(token.id)
        had = self._kinds(_watchers(old.task_spec) if old is not None else ())
        tie = "gateway" if isinstance(token.task_spec, EventGateway) else "host"
        for event in _watchers(token.task_spec):
            if event in known or self._is_over(event, had):
                continue
            guard = token.workflow.new_token(event, state=TaskState.WAITING)
            guard.internal_data[tie] = token.id
            token.guards.append(guard.id)
            event.wait(guard)
            self.outcome.begun.append(event.bpmn_id)

    def _kinds(self, events: Iterable[CatchingNode]) -> dict[str, str]:
        """What events of the old version wait for, by their ids in the new one."""
        return {self.target.mapping.get(one.bpmn_id, one.bpmn_id): one.trigger.kind for one in events}

    def _is_over(self, event: CatchingNode, had: Mapping[str, str]) -> bool:
        """Is it none that waits, or has what it waits for happened in the old version already?"""
        return event.trigger.kind in waits.SOUGHT or (
            had.get(event.bpmn_id) == event.trigger.kind and not self._was_dropped(event)
        )

    def _was_dropped(self, event: Node) -> bool:
        mapped = {self.target.mapping.get(one, one) for one in self.outcome.dropped}
        return event.bpmn_id in mapped

    def _await_starts(self, instance: Instance) -> None:
        """Event sub-processes that only the new version has may begin from now on."""
        old = next(old for old, new in self.pairs if new is instance)
        spec = instance.spec
        stopping = {start.sub_process for start in spec.event_starts if start.interrupting}
        if any(token.task_spec in stopping for token in instance.tasks.values()):
            return  # one that stops everything runs: no other begins any more (BPMN 2.0, 13.5.4)
        known = {token.task_spec for token in instance.tasks.values()}
        had = self._kinds(old.spec.event_starts)
        for start in spec.event_starts:
            if start in known or self._is_over(start, had):
                continue
            token = instance.new_token(start, state=TaskState.WAITING)
            self._tried(start, lambda token=token, start=start: start.wait(token))  # type: ignore[misc]
            self.outcome.begun.append(start.bpmn_id)

    # Whether it holds

    def _look_whether_it_can_stand(self) -> None:
        for _, instance in self.pairs:
            places: Counter[str] = Counter()
            for token in instance.living():
                tied = token.internal_data.keys() & {"host", "gateway"}
                if not tied and token.of_multi_instance is None and not isinstance(token.task_spec, EventSubProcess):
                    places[token.task_spec.name] += 1
            for join, waiting in instance.arrivals.items():
                places.update(waiting)
                if len(waiting) == len(instance.spec.task_specs[join].incoming):
                    self._refuse("goes-on", instance.spec.task_specs[join])
            can = self.target.can_stand(instance.spec, position_of(places))
            if not can:
                targets = {flow.id: node for node in instance.spec.task_specs.values() for flow in node.incoming}
                nodes = [instance.spec.task_specs.get(place) or targets[place] for place in places]
                shown = ", ".join(dict.fromkeys(f"“{node.bpmn_name or node.bpmn_id}”" for node in nodes))
                self.outcome.refuse("cannot-stand" if can is False else "not-proven", nodes[0].bpmn_id, shown)

    def _demand_rest(self) -> None:
        """Nothing may go on at once."""
        here = set(self.case.tokens)
        self.case.do_engine_steps()
        moved = [one.element_id for one in self.case.occurrences]
        if moved or set(self.case.tokens) != here:
            info = self.case.model.element(moved[0], None) if moved else None
            self.outcome.refuse("goes-on", moved[0] if moved else "", info.name if info else None)
        self.case.occurrences.clear()

    def _look_for_dates(self, before: Mapping[int, datetime | None]) -> None:
        after = {token.id: token for token in self.case.tokens.values()}
        now = self.case.environment.now
        for token_id in sorted({*before, *after}):
            token = after.get(token_id)
            node = (token or self.old.tokens[token_id]).task_spec
            old, new = before.get(token_id), _due(token) if token is not None else None
            if old != new:
                name = node.bpmn_name or node.bpmn_id
                self.outcome.redated.append(Redated(node.bpmn_id, name, old, new, now))

    def _refuse(self, code: str, node: Node) -> None:
        self.outcome.refuse(code, node.bpmn_id, node.bpmn_name)

    def _tried(self, node: Node, work: Callable[[], None]) -> None:
        try:
            work()
        except (FeelError, Incident) as error:
            self.outcome.refuse("cannot-wait", node.bpmn_id, node.bpmn_name, error.said)


def _watchers(node: Node | None) -> Collection[CatchingNode]:
    """The events that wait because a token is at a node."""
    if isinstance(node, EventGateway):
        return [flow.target for flow in node.outgoing if isinstance(flow.target, CatchingNode)]
    return node.boundaries if isinstance(node, Activity) else []


def _due(token: Token) -> datetime | None:
    said = token.internal_data.get("task", {}).get("due") or token.internal_data.get("due")
    return datetime.fromisoformat(said) if said else None


def _goes_on_alike(old: MultiInstance, new: MultiInstance) -> bool:
    """Can a list that is half done be gone on with?"""
    return _list_of(old) == _list_of(new) and type(old.inner) is type(new.inner)


def _list_of(node: MultiInstance) -> tuple[object, ...]:
    loop = node.loop
    texts = waits.text_of(loop.collection), waits.text_of(loop.output_element)
    return node.sequential, loop.element, loop.output_collection, *texts
