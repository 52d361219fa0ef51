"""Parts 2 and 3 as pictures for the documentation: SVG of a few lines and bars, nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 760, 360, 60, 50, 230, 50
_COLOURS = ("#1d5e8c", "#b4541a", "#3f7d3a", "#7a3f7d", "#8c6d1d", "#1d8c84", "#a33b5b", "#555555")


def write(result: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the pictures of the parts that were measured; which files they are."""
    pictures = {}
    if "age" in result["parts"]:
        pictures["bench-age.svg"] = age(result["parts"]["age"])
    if "pages" in result["parts"]:
        pictures["bench-pages.svg"] = pages(result["parts"]["pages"])
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        (folder / name).write_text(picture, encoding="utf-8")
    return [folder / name for name in pictures]


def age(part: Mapping[str, Any]) -> str:
    """Milliseconds a warm step against the size, both axes logarithmic."""
    lines = {
        f"{kind}: {what}": [(int(size), one["ms"]) for size, one in states["warm"].items()]
        for kind, found in part["databases"].items()
        for what, states in found.items()
    }
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    across = _Scale(xs, _LEFT, _WIDTH - _RIGHT)
    up = _Scale(ys, _HEIGHT - _BOTTOM, _TOP)
    body = [*_grid(across, up)]
    for number, (name, points) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [(across.at(x), up.at(y)) for x, y in points]
        body.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{_joined(places)}"/>')
        body += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        body.append(_legend(number, name, colour))
    body.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 10, "loop rounds, open tasks, instances", "middle"))
    return _drawing("Milliseconds a durable step, warm", body)


def pages(part: Mapping[str, Any]) -> str:
    """p50 of each page, the small installation beside the large, and p99 of the large as a line above it."""
    rows = [(f"{kind}: {page}", one) for kind, found in part["databases"].items() for page, one in found.items()]
    most = max(one["large"]["p99"] for _, one in rows)
    room = (_HEIGHT - _TOP - 20) / len(rows)
    left, wide = 220, _WIDTH - 220 - 60
    body = []
    for number, (name, one) in enumerate(rows):
        top = _TOP + number * room
        body.append(_text(left - 8, top + room / 2 + 2, name, "end"))
        for place, (size, colour) in enumerate((("small", _COLOURS[0]), ("large", _COLOURS[1]))):
            y, long = top + place * room * 0.4, one[size]["p50"] / most * wide
            body.append(f'<rect x="{left}" y="{y:.1f}" width="{long:.1f}" height="{room * 0.36:.1f}" fill="{colour}"/>')
        x, y = left + one["large"]["p99"] / most * wide, top + room * 0.4
        body.append(f'<path d="M{x:.1f} {y:.1f}v{room * 0.36:.1f}" stroke="{_COLOURS[1]}" stroke-width="2"/>')
        body.append(_text(x + 5, y + room * 0.33, f"{one['large']['p50']:.0f} / {one['large']['p99']:.0f} ms"))
    return _drawing("A page over HTTP: p50 small (blue) and large (orange), line: p99 large", body)


class _Scale:
    """A logarithmic axis over whole decades."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self.first, self.last = floor(log10(min(values))), ceil(log10(max(values)))
        self._begin, self._step = begin, (end - begin) / max(1, self.last - self.first)

    def at(self, value: float) -> float:
        """Where a value lies, in pixels."""
        return self._begin + (log10(value) - self.first) * self._step

    def decades(self) -> list[float]:
        """The values with a line of the grid."""
        return [10.0**power for power in range(self.first, self.last + 1)]


def _grid(across: _Scale, up: _Scale) -> Iterator[str]:
    for x in across.decades():
        yield f'<path d="M{across.at(x):.1f} {_TOP}V{_HEIGHT - _BOTTOM}" stroke="#dddddd"/>'
        yield _text(across.at(x), _HEIGHT - _BOTTOM + 18, f"{x:,.0f}", "middle")
    for y in up.decades():
        yield f'<path d="M{_LEFT} {up.at(y):.1f}H{_WIDTH - _RIGHT}" stroke="#dddddd"/>'
        yield _text(_LEFT - 8, up.at(y) + 4, f"{y:g} ms", "end")


def _legend(number: int, name: str, colour: str) -> str:
    y = _TOP + 10 + number * 22
    x = _WIDTH - _RIGHT + 15
    return f'<rect x="{x}" y="{y - 9}" width="12" height="12" fill="{colour}"/>' + _text(x + 18, y + 2, name)


def _joined(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _drawing(title: str, body: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="12" fill="#222222">\n'
        f'<title>{escape(title)}</title>\n<rect width="100%" height="100%" fill="#ffffff"/>\n'
        f'<text x="20" y="26" font-size="15" font-weight="bold">{escape(title)}</text>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )
