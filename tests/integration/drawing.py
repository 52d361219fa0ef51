"""Small models for the database tests, as BPMN text without a diagram."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'id="d" targetNamespace="test">'
)


def task(
    id: str, *, group: str = "", form: str = "", due: str = "", assignee: str = "", inside: str = "", before: str = ""
) -> str:
    """A user task. `inside`: further XML after its extensions; `before`: extensions of its own."""
    extensions = "<zeebe:userTask/>"
    if form:
        extensions += f"<zeebe:formDefinition formId={quoteattr(form)}/>"
    if group or assignee:
        groups = f" candidateGroups={quoteattr(group)}" if group else ""
        person = f" assignee={quoteattr(assignee)}" if assignee else ""
        extensions += f"<zeebe:assignmentDefinition{groups}{person}/>"
    if due:
        extensions += f"<zeebe:taskSchedule dueDate={quoteattr(due)}/>"
    name = id.replace("_", " ").capitalize()
    return (
        f"<userTask id={quoteattr(id)} name={quoteattr(name)}><extensionElements>{extensions}{before}"
        f"</extensionElements>{inside}</userTask>"
    )


def service(id: str, job_type: str, inputs: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> str:
    """A service task."""
    mapping = "".join(f"<zeebe:input source={quoteattr(v)} target={quoteattr(k)}/>" for k, v in (inputs or {}).items())
    named = "".join(f"<zeebe:header key={quoteattr(k)} value={quoteattr(v)}/>" for k, v in (headers or {}).items())
    extensions = f"<zeebe:taskDefinition type={quoteattr(job_type)}/>"
    if mapping:
        extensions += f"<zeebe:ioMapping>{mapping}</zeebe:ioMapping>"
    if named:
        extensions += f"<zeebe:taskHeaders>{named}</zeebe:taskHeaders>"
    return f"<serviceTask id={quoteattr(id)}><extensionElements>{extensions}</extensionElements></serviceTask>"


def timer(id: str, value: str, *, on: str = "", interrupting: bool = True, kind_of: str = "timeDuration") -> str:
    """A timer: a catch event, or a boundary event on a task."""
    kind = "intermediateCatchEvent"
    attributes = ""
    if on:
        kind = "boundaryEvent"
        attributes = f" attachedToRef={quoteattr(on)} cancelActivity={quoteattr(str(interrupting).lower())}"
    body = f'<timerEventDefinition><{kind_of} xsi:type="tFormalExpression">{value}</{kind_of}></timerEventDefinition>'
    return f"<{kind} id={quoteattr(id)} name={quoteattr(id)}{attributes}>{body}</{kind}>"


def message(id: str, name: str, *, throw: bool = False, start: bool = False, on: str = "") -> str:
    """A message event; `definitions` finds its declaration by name."""
    kind = "intermediateThrowEvent" if throw else "startEvent" if start else "intermediateCatchEvent"
    attributes = ""
    if on:
        kind, attributes = "boundaryEvent", f' attachedToRef={quoteattr(on)} cancelActivity="true"'
    return f'<{kind} id="{id}"{attributes}><messageEventDefinition messageRef="Message_{name}"/></{kind}>'


def flows(*paths: str) -> str:
    """Sequence flows: `a>b>c` is two."""
    pairs = [pair for path in paths for pair in zip(path.split(">"), path.split(">")[1:], strict=False)]
    return "".join(
        f'<sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}"/>'
        for number, (source, target) in enumerate(pairs)
    )


def process(id: str, *parts: str, messages: dict[str, str] | None = None, signals: tuple[str, ...] = ()) -> str:
    """A whole file with one executable process. `messages`: name → correlation key expression."""
    declared = ""
    for name, key in (messages or {}).items():
        key_text = f"<zeebe:subscription correlationKey={quoteattr(key)}/>" if key else ""
        extensions = f"<extensionElements>{key_text}</extensionElements>" if key_text else ""
        declared += f'<message id="Message_{name}" name="{name}">{extensions}</message>'
    declared += "".join(f'<signal id="Signal_{name}" name="{name}"/>' for name in signals)
    body = "".join(parts)
    return f'{HEAD}{declared}<process id="{id}" name="{id}" isExecutable="true">{body}</process></definitions>'


def chain(id: str, *tasks: str) -> str:
    """Tasks in a row; each is an id or a whole element."""
    elements = [found if found.startswith("<") else task(found) for found in tasks]
    ids = [element.split('id="', 1)[1].split('"', 1)[0] for element in elements]
    return process(
        id, '<startEvent id="start"/>', *elements, '<endEvent id="end"/>', flows(">".join(["start", *ids, "end"]))
    )


def write(folder: Path, text: str, name: str | None = None) -> Path:
    """The model as a file named after its process."""
    found = name or text.split('<process id="', 1)[1].split('"', 1)[0]
    path = folder / f"{found}.bpmn"
    path.write_text(text, encoding="utf-8")
    return path


def package(folder: Path, name: str, model: str, toml: str, forms: dict[str, str] | None = None) -> Path:
    """A package folder."""
    place = folder / name
    (place / "forms").mkdir(parents=True)
    write(place, model, name)
    (place / "process.toml").write_text(toml, encoding="utf-8")
    for form_id, content in (forms or {}).items():
        (place / "forms" / f"{form_id}.form").write_text(content, encoding="utf-8")
    return place
