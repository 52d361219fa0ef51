"""Draws what a model says: a diagram for a file that has none, or one anew, so that people can read it.

How a drawing comes about: `planes.py` says what lies on which plane, `scopes.py` reads it, `columns.py` and `rows.py`
place it on a grid, `routes.py` and `tracks.py` lay the flows, `coordinates.py` and `labels.py` measure, and
`writing.py` puts it into the file. The same model is always drawn the same.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from engine.bpmn.reading import BPMN, read_xml
from engine.layout.planes import Planes
from engine.layout.writing import DI, CannotLayOut, Writer, spliced

__all__ = ["CannotLayOut", "Drawn", "lay_out"]

#: Kinds of elements that are not placed: they stay in the file, undrawn.
_LEFT_OUT = ("messageFlow", "group")


@dataclass(frozen=True)
class Drawn:
    """A file with its diagram."""

    content: bytes
    #: Kinds of elements of the file that are not in the diagram, such as `group`.
    left_out: tuple[str, ...]


def lay_out(content: bytes, file: str, *, anew: bool = False, fold: Collection[str] = ()) -> Drawn:
    """The same model with a diagram; `anew` replaces the one that it has. `fold` names sub-processes that get a plane
    of their own, besides those that must because a plane would hold too much.

    Raises:
        InvalidModel: the file cannot be read.
        CannotLayOut: it has a diagram, or has nothing to draw.
    """
    root = read_xml(content, file)
    if root.find(f".//{{{DI}}}BPMNShape") is not None and not anew:
        raise CannotLayOut(f"{file} has a diagram. To replace it, say --anew")
    if not any(len(process) for process in root.findall(f"{{{BPMN}}}process")):
        raise CannotLayOut(f"{file} has no process with anything in it to draw")
    writer = Writer(root)
    diagrams = [writer.diagram(plane) for plane in Planes(root, fold).build()]
    left_out = tuple(kind for kind in _LEFT_OUT if root.find(f".//{{{BPMN}}}{kind}") is not None)
    return Drawn(spliced(content, root, diagrams, file), left_out)
