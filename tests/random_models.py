"""Random process models, drawn from blocks and then sometimes rewired, as a plain structure.

The structure knows nothing of the engine: `tests.token_game` plays it by the BPMN 2.0 standard, `tests.random_bpmn`
writes it as a file. Whatever acts at once on something elsewhere (a script, a throw, a triggered end) stands right
behind a user task, so that it acts when everything else is at rest and its result does not hang on chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from tests.random_bpmn import to_bpmn

__all__ = ["Drawer", "Element", "Flow", "Scope", "to_bpmn"]

#: What can be thrown and caught across a model.
SIGNALS, ERRORS, ESCALATIONS = ("alarm", "calm"), ("E1", "E2"), ("X1", "X2")


@dataclass
class Flow:
    """A sequence flow; `at_least` is its condition on the variable v. A `link` is drawn as a pair of link events."""

    id: str
    source: str
    target: str
    at_least: int | None = None
    default: bool = False
    link: bool = False

    def __deepcopy__(self, _memo: object) -> Flow:
        return self


@dataclass
class Element:
    """A flow node.

    Kinds: start, end, user, pass, script, decide, service, receive, catch, throw, xor, and, or, events, sub, call,
    boundary, event_sub. Triggers: timer, cycle, message, signal, error, escalation, condition, terminate.
    """

    id: str
    kind: str
    trigger: str | None = None
    #: The message's or signal's name, or the code; None catches every code.
    name: str | None = None
    interrupting: bool = True
    host: str | None = None
    inside: Scope | None = None
    #: Multi-instance: how many, whether one after another, and how many of them are enough.
    times: int | None = None
    sequential: bool = False
    enough: int | None = None
    #: A conditional event's condition on v; a service's: from here on it answers with the error `name`.
    at_least: int | None = None
    #: What a script adds to v, modulo 10.
    add: int = 0

    def __deepcopy__(self, _memo: object) -> Element:
        return self


@dataclass
class Scope:
    """A process or the inside of a sub-process."""

    elements: dict[str, Element] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)

    def __deepcopy__(self, _memo: object) -> Scope:
        return self

    def leaving(self, element_id: str) -> list[Flow]:
        """The flows out of an element, in the order of the file."""
        return [flow for flow in self.flows if flow.source == element_id]

    def entering(self, element_id: str) -> list[Flow]:
        """The flows into an element."""
        return [flow for flow in self.flows if flow.target == element_id]

    def start(self) -> Element:
        """The first start event."""
        return next(one for one in self.elements.values() if one.kind == "start")

    def everything(self) -> Iterator[Element]:
        """Every element here and inside."""
        for element in self.elements.values():
            yield element
            if element.inside is not None:
                yield from element.inside.everything()


class Drawer:
    """Draws one model. `rewire` is the share of scopes that are made unstructured; `decisions` asks a DMN file too."""

    def __init__(self, random: Random, *, depth: int = 3, rewire: float = 0.4, decisions: bool = False) -> None:
        self.random = random
        self.depth = depth
        self.rewire = rewire
        self.decisions = decisions
        self._count = 0
        #: The codes that whatever is drawn now can throw and somebody around it expects.
        self._expected: dict[str, list[str]] = {"error": [], "escalation": []}

    def model(self) -> Scope:
        """A whole process."""
        whole = self._scope(self.depth, top=True)
        waiting = [
            one.name for one in whole.everything() if one.trigger == "message" and one.kind not in ("throw", "end")
        ]
        for one in whole.everything():
            if one.trigger == "message" and one.kind in ("throw", "end"):
                one.name = self.random.choice([*waiting, "nobody"])
        return whole

    # --- pieces

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    def _id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"

    def _add(self, scope: Scope, kind: str, **more: object) -> str:
        element = Element(self._id(kind), kind, **more)  # type: ignore[arg-type]
        if element.trigger == "message" and element.name is None:
            element.name = element.id
        scope.elements[element.id] = element
        return element.id

    def _flow(self, scope: Scope, source: str, target: str, at_least: int | None = None, default: bool = False) -> None:
        link = scope.elements[source].kind != "events" and self._chance(0.03)
        scope.flows.append(Flow(self._id("f"), source, target, at_least, default, link))

    def _trigger(self, *more: str) -> dict[str, object]:
        """What an event waits for."""
        return self._named(self.random.choice(["timer", "timer", "message", "message", "signal", "condition", *more]))

    def _named(self, trigger: str) -> dict[str, object]:
        found: dict[str, object] = {"trigger": trigger}
        if trigger == "signal":
            found["name"] = self.random.choice(SIGNALS)
        elif trigger == "error":
            found["name"] = self.random.choice([*ERRORS, None])
        elif trigger == "escalation":
            found["name"] = self.random.choice([*ESCALATIONS, None])
        elif trigger == "condition":
            found["at_least"] = self.random.randint(1, 9)
        return found

    def _thrown(self, kinds: list[str]) -> dict[str, object]:
        """What an event throws; an error only where somebody expects it, or once in a while all the same."""
        kind = self.random.choice(kinds)
        if kind in ("error", "escalation"):
            all_codes = ERRORS if kind == "error" else ESCALATIONS
            expected = self._expected[kind]
            if kind == "error" and not expected and not self._chance(0.03):
                return {"trigger": "signal", "name": self.random.choice(SIGNALS)}
            return {"trigger": kind, "name": self.random.choice(expected or all_codes)}
        return {"trigger": kind, "name": self.random.choice(SIGNALS) if kind == "signal" else None}

    # --- scopes

    def _scope(self, depth: int, *, top: bool = False) -> Scope:
        scope = Scope()
        start, event = self._add(scope, "start"), None
        if depth > 1 and self._chance(0.3):
            more = self._trigger("error", "error", "escalation", "cycle")
            interrupting = more["trigger"] == "error" or (more["trigger"] != "cycle" and self._chance(0.5))
            event = scope.elements[self._add(scope, "event_sub", interrupting=interrupting, **more)]
            # Its inside is no part of what it watches.
            event.inside = self._scope(1)
            if event.trigger == "message":
                event.name = event.inside.start().id
        with_event = self._expecting([event] if event is not None else [])
        first, last = self._block(scope, depth)
        end = self._end(scope, last)
        self._forget(with_event)
        self._flow(scope, start, first)
        if top and self._chance(0.1):
            merge, other = self._add(scope, "xor"), self._add(scope, "start", **self._named("message"))
            self._flow(scope, other, merge)
            scope.flows[-2].target = merge
            self._flow(scope, merge, first)
        self._flow(scope, *end)
        if self._chance(self.rewire):
            self._rewire(scope)
        return scope

    def _expecting(self, catchers: list[Element]) -> dict[str, list[str]]:
        """Remember what these catch; returns what was before."""
        before = {kind: list(codes) for kind, codes in self._expected.items()}
        for one in catchers:
            if one.trigger in self._expected:
                codes = [one.name] if one.name else ERRORS if one.trigger == "error" else ESCALATIONS
                self._expected[one.trigger] += codes
        return before

    def _forget(self, before: dict[str, list[str]]) -> None:
        self._expected = before

    def _end(self, scope: Scope, last: str) -> tuple[str, str]:
        """The end of a scope and what leads there."""
        if self._chance(0.8):
            return last, self._add(scope, "end")
        user, end = self._exit(scope, ["message", "signal", "escalation"])
        self._flow(scope, last, user)
        return user, end

    def _exit(self, scope: Scope, kinds: list[str]) -> tuple[str, str]:
        return self._add(scope, "user"), self._add(scope, "end", **self._thrown(kinds))

    def _block(self, scope: Scope, depth: int) -> tuple[str, str]:
        """The first and last element of a block."""
        kinds = ["user"] * 4 + ["pass", "catch", "catch", "receive", "act", "multi"]
        if depth > 0:
            kinds += ["sequence"] * 5 + ["xor", "and", "or", "loop", "events", "sub", "watched"] * 2
        kind = self.random.choice(kinds)
        if kind == "catch":
            kind, more = "catch", self._trigger()
        elif kind == "receive":
            more = self._named("message")
        elif kind in ("user", "pass"):
            more = {}
        else:
            return getattr(self, f"_{kind}")(scope, depth - 1)  # type: ignore[no-any-return]
        single = self._add(scope, kind, **more)
        return single, single

    def _act(self, scope: Scope, depth: int) -> tuple[str, str]:
        """A user task, and right behind it something that acts at once."""
        kinds = ["script", "throw", "throw", "service", *(["decide"] if self.decisions else [])]
        kind = self.random.choice(kinds)
        more: dict[str, object] = {}
        if kind == "script":
            more = {"add": self.random.randint(1, 9)}
        elif kind == "throw":
            more = self._thrown(["message", "signal", "escalation"])
        user, act = self._add(scope, "user"), self._add(scope, kind, **more)
        self._flow(scope, user, act)
        if kind == "service" and self._chance(0.5):
            service = scope.elements[act]
            service.name, service.at_least = self.random.choice(ERRORS), self.random.randint(3, 8)
            event = self._add(
                scope, "boundary", trigger="error", name=self.random.choice([service.name, None]), host=act
            )
            end = self._add(scope, "xor")
            self._flow(scope, act, end)
            self._flow(scope, event, end)
            return user, end
        return user, act

    def _multi(self, scope: Scope, depth: int) -> tuple[str, str]:
        single = self._add(scope, "user")
        self._multiply(scope.elements[single], self.random.randint(0, 3))
        return single, single

    def _multiply(self, element: Element, times: int) -> None:
        element.times, element.sequential = times, self._chance(0.5)
        if self._chance(0.3):
            element.enough = self.random.randint(1, 2)

    def _sequence(self, scope: Scope, depth: int) -> tuple[str, str]:
        first, last = self._block(scope, depth)
        for _ in range(self.random.randint(1, 2)):
            following, end = self._block(scope, depth)
            self._flow(scope, last, following)
            last = end
        return first, last

    def _split(self, scope: Scope, depth: int, kind: str) -> tuple[str, str]:
        split, end = self._add(scope, kind), self._add(scope, kind)
        count, exits = self.random.randint(2, 3), 0
        for branch in range(count):
            conditional, last_one = kind in ("xor", "or"), branch == count - 1
            rule = self.random.randint(0, 9) if conditional and not last_one else None
            if self._chance(0.15) and kind != "and":
                self._flow(scope, split, end, rule, conditional and last_one)
                continue
            if self._chance(0.12) and kind != "and" and not last_one and not exits:
                exits += 1
                first, out = self._exit(scope, ["message", "signal", "escalation", "error", "error", "terminate"])
                self._flow(scope, split, first, rule)
                self._flow(scope, first, out)
                continue
            first, last = self._block(scope, depth)
            self._flow(scope, split, first, rule, conditional and last_one)
            self._flow(scope, last, end)
        return split, end

    def _xor(self, scope: Scope, depth: int) -> tuple[str, str]:
        return self._split(scope, depth, "xor")

    def _and(self, scope: Scope, depth: int) -> tuple[str, str]:
        return self._split(scope, depth, "and")

    def _or(self, scope: Scope, depth: int) -> tuple[str, str]:
        return self._split(scope, depth, "or")

    def _loop(self, scope: Scope, depth: int) -> tuple[str, str]:
        merge, first_task, again = self._add(scope, "xor"), self._add(scope, "user"), self._add(scope, "xor")
        first, last = self._block(scope, depth)
        self._flow(scope, merge, first_task)
        self._flow(scope, first_task, first)
        self._flow(scope, last, again)
        self._flow(scope, again, merge, self.random.randint(5, 9))
        after = self._add(scope, "pass")
        self._flow(scope, again, after, default=True)
        return merge, after

    def _events(self, scope: Scope, depth: int) -> tuple[str, str]:
        gateway, end = self._add(scope, "events"), self._add(scope, "xor")
        for _ in range(self.random.randint(2, 3)):
            kind = "receive" if self._chance(0.2) else "catch"
            event = self._add(scope, kind, **(self._named("message") if kind == "receive" else self._trigger()))
            first, last = self._block(scope, depth)
            self._flow(scope, gateway, event)
            self._flow(scope, event, first)
            self._flow(scope, last, end)
        return gateway, end

    def _sub(self, scope: Scope, depth: int, expects: list[Element] | None = None) -> tuple[str, str]:
        sub = self._add(scope, "call" if self._chance(0.3) else "sub")
        before = self._expecting(expects or [])
        scope.elements[sub].inside = self._scope(max(depth, 0))
        self._forget(before)
        if self._chance(0.3):
            self._multiply(scope.elements[sub], self.random.randint(1, 2))
        return sub, sub

    def _watched(self, scope: Scope, depth: int) -> tuple[str, str]:
        """An activity with boundary events."""
        inside = self._chance(0.6)
        events = []
        for _ in range(self.random.randint(1, 2)):
            more = self._trigger("cycle", *(["error", "error", "escalation", "escalation"] if inside else []))
            interrupting = more["trigger"] == "error" or (more["trigger"] != "cycle" and self._chance(0.5))
            events.append(Element("", "boundary", interrupting=interrupting, **more))  # type: ignore[arg-type]
        host = self._sub(scope, depth, events)[0] if inside else self._watched_task(scope)
        end = self._add(scope, "xor")
        self._flow(scope, host, end)
        for event in events:
            event.id, event.host = self._id("boundary"), host
            event.name = event.id if event.trigger == "message" else event.name
            scope.elements[event.id] = event
            first, last = self._block(scope, depth)
            self._flow(scope, event.id, first)
            self._flow(scope, last, end if event.interrupting else self._side_end(scope))
        return host, end

    def _watched_task(self, scope: Scope) -> str:
        kind = self.random.choice(["user", "user", "user", "receive"])
        task = self._add(scope, kind, **(self._named("message") if kind == "receive" else {}))
        if kind == "user" and self._chance(0.2):
            self._multiply(scope.elements[task], self.random.randint(1, 3))
        return task

    def _side_end(self, scope: Scope) -> str:
        trigger = self.random.choice([None, None, None, "terminate"])
        return self._add(scope, "end", trigger=trigger)

    def _rewire(self, scope: Scope) -> None:
        """Move the end of a flow to another element, where that is allowed at all."""
        for _ in range(self.random.randint(1, 2)):
            fixed = {
                flow.target
                for flow in scope.flows
                if scope.elements[flow.source].kind == "events" or _acts(scope.elements[flow.target])
            }
            flows = [flow for flow in scope.flows if flow.target not in fixed]
            targets = [
                element.id
                for element in scope.elements.values()
                if element.kind not in ("start", "boundary", "event_sub") and element.id not in fixed
            ]
            if flows and targets:
                self.random.choice(flows).target = self.random.choice(targets)


def _acts(element: Element) -> bool:
    """Does it act on something elsewhere as soon as it is reached?"""
    if element.kind == "end":
        return element.trigger not in (None, "terminate")
    return element.kind in ("script", "decide", "service", "throw")
