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


def _age(part: dict[str, Any]) -> Iterator[str]:
    rows = [("", "size", "×", "ms")]
    for kind, found in part["databases"].items():
        for what, states in found.items():
            for state, sizes in states.items():
                rows += [
                    (f"{kind} {what}, {state}", size, f"{one['ratio']:.2f}", f"{one['ms']:.2f}")
                    for size, one in sizes.items()
                ]
    yield from table(rows)


def _pages(part: dict[str, Any]) -> Iterator[str]:
    rows = [("", "×", "p50 small", "p50 large", "p99 large")]
    for kind, found in part["databases"].items():
        for page, one in found.items():
            p50, p99 = (one["small"]["p50"], one["large"]["p50"]), one["large"]["p99"]
            rows.append((f"{kind} {page}", f"{one['ratio']:.2f}", f"{p50[0]:.1f}", f"{p50[1]:.1f}", f"{p99:.1f}"))
    yield from table(rows)


def _deadlines(part: dict[str, Any]) -> Iterator[str]:
    rows = [("", "/s a process", "/s together", "each exactly once")]
    for kind, found in part["databases"].items():
        for schedulers, one in found.items():
            rates = f"{one['per_second_a_process']:.0f}", f"{one['per_second']:.0f}"
            rows.append((f"{kind}, schedulers: {schedulers}", *rates, "yes" if one["each_exactly_once"] else "NO"))
    yield from table(rows)


def _sizes(part: dict[str, Any]) -> Iterator[str]:
    rows = [("", "bytes a case", "of that history", "of that state")]
    for kind, one in part["databases"].items():
        rows.append((kind, str(one["bytes_a_case"]), str(one["of_that_history"]), str(one["of_that_state"])))
    yield from table(rows)
    warm = part["warm"]
    yield (
        f"  {warm['cases']} warm cases after {warm['steps_each']} steps each: the process grew by "
        f"{warm['grown_mib']} MiB (own estimate {warm['own_estimate_mib']}), {warm['evictions']} evicted"
    )


def table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Rows with their columns below each other: the first to the left, the others to the right."""
    kept = list(rows)
    widths = [max(map(len, column)) for column in zip(*kept, strict=True)]
    for first, *others in kept:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  " + "  ".join(cells).rstrip()


_TABLES: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "cases": _cases,
    "age": _age,
    "pages": _pages,
    "deadlines": _deadlines,
    "sizes": _sizes,
}
