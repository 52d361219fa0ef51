"""One run of the benchmark: its parts, one after the other, on every database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.bench import age, cases, firing, pages, sizes
from engine.bench.databases import Databases, to_measure
from engine.bench.machine import described

#: Every part by name, in the order in which they run: the databases, and whether it is to be quick.
PARTS: dict[str, Callable[[list[Databases], bool], dict[str, Any]]] = {
    "cases": lambda databases, quick: cases.measure(databases, cases.QUICK if quick else cases.FULL),
    "age": lambda databases, quick: age.measure(databases, age.QUICK if quick else age.FULL),
    "pages": lambda databases, quick: pages.measure(databases, pages.QUICK if quick else pages.FULL),
    "deadlines": lambda databases, quick: firing.measure(databases, firing.QUICK if quick else firing.FULL),
    "sizes": lambda databases, quick: sizes.measure(databases, sizes.QUICK if quick else sizes.FULL),
}


def run(
    parts: Sequence[str],
    *,
    url: str | None,
    postgresql: str | None,
    folder: Path,
    quick: bool,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Measure the parts; the result is JSON. `folder`: where throw-away databases lie. Raises NoPostgreSQL."""
    machine = described(folder)
    found: dict[str, Any] = {}
    with to_measure(url, postgresql, folder) as databases:
        kinds = [one.kind for one in databases]
        for name, measure in PARTS.items():
            if name in parts:
                progress(name)
                found[name] = measure(databases, quick)
    return {"machine": machine, "quick": quick, "databases": kinds, "parts": found}
