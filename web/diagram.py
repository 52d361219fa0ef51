"""A case on the drawing of its process: what is done, what waits, which way it took.

The drawing is the version's own .bpmn; the marks are worked out here and put on it by web/viewer. Everything they
show stands in words on the case page too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from flask_babel import gettext as _
from lxml import etree

from engine.bpmn.reading import read_xml
from engine.errors import NotFound
from engine.history import Entry
from engine.packages import Package
from engine.tasks import Task
from web.i18n import due_words

#: Kinds of the history that mean: this element is behind us. An activity that was stopped is not done.
PASSED = frozenset({"completed", "fired", "caught", "ended", "thrown", "started"})


@dataclass(frozen=True)
class Drawing:
    """The file that defines a process, and mostly draws it."""

    content: bytes
    process_id: str

    @property
    def is_drawn(self) -> bool:
        """Is there a picture? A model may do without."""
        return b"BPMNPlane" in self.content

    def in_words(self, translate: Callable[[str], str]) -> bytes:
        """The drawing with its names in another language."""
        root = read_xml(self.content, "")
        for item in root.iter(etree.Element):
            if item.get("name"):
                item.set("name", translate(item.get("name")))
        return etree.tostring(root, encoding="utf-8", xml_declaration=True)

    @cached_property
    def _process(self) -> Any:
        root = read_xml(self.content, "")
        return next((item for item in root.iterchildren("{*}process") if item.get("id") == self.process_id), root)

    def around(self, element_id: str) -> Iterator[str]:
        """The sub-processes that an element is in."""
        for item in self._process.iter(etree.Element):
            if item.get("id") == element_id:
                yield from (outer.get("id") for outer in item.iterancestors("{*}subProcess"))

    @cached_property
    def flows(self) -> Mapping[str, tuple[str, str]]:
        """Sequence flow → its source and target."""
        found = self._process.iter("{*}sequenceFlow")
        return {flow.get("id"): (flow.get("sourceRef"), flow.get("targetRef")) for flow in found}

    @cached_property
    def activities(self) -> frozenset[str]:
        """Elements that take time: these are done when they say so, not when the flow passes."""
        tags = ("Task", "subProcess", "task", "callActivity", "transaction")
        return frozenset(
            item.get("id") for item in self._process.iter(etree.Element) if etree.QName(item).localname.endswith(tags)
        )

    @cached_property
    def calls(self) -> frozenset[str]:
        """Activities that call another process: what goes on inside is on another drawing."""
        return frozenset(item.get("id") for item in self._process.iter("{*}callActivity"))

    @cached_property
    def occasions(self) -> Mapping[str, str]:
        """Event → what people call the occasion: an event sub-process has a name of its own, its start is a trigger."""
        found = {}
        for start in self._process.iter("{*}startEvent"):
            around = start.getparent()
            if around.get("triggeredByEvent") == "true" and around.get("name"):
                found[start.get("id")] = around.get("name")
        return found


@lru_cache(maxsize=64)
def drawing_of(package: Package, process_id: str) -> Drawing:
    """The file of a package that defines a process. Raises NotFound for a process of another package."""
    mark = f'id="{process_id}"'.encode()
    for content in package.bpmn.values():
        if mark in content:
            return Drawing(content, process_id)
    raise NotFound


@dataclass
class Marks:
    """What the viewer puts on the drawing."""

    #: Element id → {"state": done | waiting | late, "text": words}.
    elements: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Sequence flows that were taken.
    flows: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {"elements": self.elements, "flows": self.flows}


def marks(
    drawing: Drawing, entries: Sequence[Entry], tasks: Sequence[Task], waits: Iterable[str], now: datetime
) -> Marks:
    """The marks of a case. `waits`: elements that wait for a date or a message."""
    passed, flows = _passed(drawing, entries)
    found = Marks({element: {"state": "done", "text": _("Done")} for element in passed}, flows)
    calls = _open_calls(drawing, entries)
    going_on = {element: ("waiting", _("Waiting")) for element in (*waits, *calls)}
    for task in sorted(tasks, key=lambda task: task.due_at is not None and task.due_at <= now):
        told = due_words(task.due_at, now)
        state = ("late" if told.state == "overdue" else "waiting", f"{task.name}: {told.words}")
        # A task of a called process is on another drawing: here the call stands for it.
        places = [task.element_id] if task.element_id in drawing.activities else calls
        going_on.update(dict.fromkeys(places, state))
    for element, (state_name, text) in going_on.items():
        # One round of a sub-process may be done while another goes on inside it.
        for outer in drawing.around(element):
            found.elements.pop(outer, None)
        found.elements[element] = {"state": state_name, "text": text}
    return found


def _passed(drawing: Drawing, entries: Iterable[Entry]) -> tuple[list[str], list[str]]:
    """Elements that are behind us, and the flows that were taken."""
    passed: dict[str, None] = {}
    flows: dict[str, None] = {}
    for entry in entries:
        if entry.kind == "flow":
            flow = str(entry.payload.get("flow"))
            flows[flow] = None
            # Leaving it is what shows that a gateway or an event is behind us.
            source = drawing.flows.get(flow, ("", ""))[0]
            if source and source not in drawing.activities:
                passed[source] = None
        elif entry.element_id and entry.kind in PASSED:
            passed[entry.element_id] = None
    return list(passed), list(flows)


def _open_calls(drawing: Drawing, entries: Iterable[Entry]) -> list[str]:
    """Called processes that go on now."""
    count = dict.fromkeys(drawing.calls, 0)
    for entry in entries:
        if entry.element_id in count:
            count[entry.element_id] += {"entered": 1, "completed": -1, "cancelled": -1}.get(entry.kind, 0)
    return [element for element, going_on in count.items() if going_on > 0]
