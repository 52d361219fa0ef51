"""Small models of every size, as BPMN text."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from engine import Engine

_HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'id="d" targetNamespace="bench">'
)


def loop() -> str:
    """A task that comes back for ever."""
    return _process("bench-loop", [_START, _merge(""), _task("")], ["start>again>task>again"])


def branches(number: int) -> str:
    """So many tasks side by side, each of which comes back for ever: as many stay open."""
    names = [f"-{one}" for one in range(number)]
    parts = [_START, '<parallelGateway id="split"/>', *map(_merge, names), *map(_task, names)]
    return _process(
        f"bench-branches{number}", parts, ["start>split"] + [f"split>again{n}>task{n}>again{n}" for n in names]
    )


def instances(number: int) -> str:
    """One task in so many instances at once."""
    each = (
        "<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics "
        f'inputCollection="=for i in 1..{number} return i" inputElement="item"/></extensionElements>'
        "</multiInstanceLoopCharacteristics>"
    )
    return _process(f"bench-instances{number}", [_START, _task("", each), _END], ["start>task>end"])


def wait() -> str:
    """A day's wait, then a task."""
    timer = (
        '<intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration xsi:type="tFormalExpression">P1D'
        "</timeDuration></timerEventDefinition></intermediateCatchEvent>"
    )
    return _process("bench-wait", [_START, timer, _task(""), _END], ["start>wait>task>end"])


def publish(engine: Engine, model: str) -> None:
    """Publish one of these."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.bpmn"
        path.write_text(model, encoding="utf-8")
        engine.publish(path)


_START, _END = '<startEvent id="start"/>', '<endEvent id="end"/>'


def _merge(name: str) -> str:
    return f'<exclusiveGateway id="again{name}"/>'


def _task(name: str, inside: str = "") -> str:
    return f'<userTask id="task{name}"><extensionElements><zeebe:userTask/></extensionElements>{inside}</userTask>'


def _process(id: str, parts: Iterable[str], paths: Iterable[str]) -> str:
    pairs = [pair for path in paths for pair in pairwise(path.split(">"))]
    flows = [
        f'<sequenceFlow id="flow{number}" sourceRef="{source}" targetRef="{target}"/>'
        for number, (source, target) in enumerate(pairs)
    ]
    return f'{_HEAD}<process id="{id}" isExecutable="true">{"".join([*parts, *flows])}</process></definitions>'
