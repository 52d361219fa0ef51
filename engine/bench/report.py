"""A run of the benchmark as a table for people: ratios first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def lines(result: dict[str, Any]) -> Iterator[str]:
    """The whole run in words."""
    machine = result["machine"]
    yield (
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, {machine['system']}, "
        f"Python {machine['python']}, SQLite {machine['sqlite']}, SpiffWorkflow {machine['spiffworkflow']}"
    )
    yield (
        f"4 kB are forced to disk in {machine['forced_to_disk_ms']} ms; "
        f"load before the run {machine['load_before']}; databases: {', '.join(result['databases'])}"
    )
    if result["quick"]:
        yield "Quick: too little was run for the figures to mean much."
    for name, part in result["parts"].items():
        yield ""
        yield f"{name}: {part['what']}"
        yield from _TABLES[name](part)


def _cases(part: dict[str, Any]) -> Iterator[str]:
    rows = [("", "×", "(least–most)", "tasks/s")]
    for name, found in part["contenders"].items():
        ratio, rate = found["ratio"], found["per_second"]
        spread = f"({ratio['least']:.2f}–{ratio['most']:.2f})"
        rows.append((name, f"{ratio['median']:.2f}", spread, f"{rate['median']:.0f}"))
    yield from table(rows)


def table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Rows with their columns below each other: the first to the left, the others to the right."""
    kept = list(rows)
    widths = [max(map(len, column)) for column in zip(*kept, strict=True)]
    for first, *others in kept:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  " + "  ".join(cells).rstrip()


_TABLES: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {"cases": _cases}
