"""How much room words take: measured by characters, as bpmn-js sets them (Arial; 12 pixels inside, 11 beside)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

#: Pixels of a font size.
INSIDE, BESIDE = 12, 11
_LINE = 1.2
#: A thousandth of the font size; what is not listed is as wide as most small letters.
_WIDTHS = {
    **dict.fromkeys("ijlÍí|'", 222),
    **dict.fromkeys(" ftI.,;:/!()[]-", 300),
    **dict.fromkeys('r"*', 350),
    **dict.fromkeys("ckszxvyJ", 500),
    **dict.fromkeys("ABEKPSVXYÅÄ&", 680),
    **dict.fromkeys("CDHNRUwGOQÖ", 760),
    **dict.fromkeys("mMW%—", 890),
}
_OTHERS = 560


class Size(NamedTuple):
    """Pixels."""

    width: float
    height: float


def width_of(text: str, font: int = INSIDE) -> float:
    """Pixels of the text on one line."""
    return sum(_WIDTHS.get(char, _OTHERS) for char in text) * font / 1000


def lines_of(text: str, room: float, font: int = INSIDE) -> list[str]:
    """The text broken at spaces (and after hyphens) into lines no wider than the room, where words allow it."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for part in _parts(paragraph):
            if line and width_of((line + part).rstrip(), font) > room:
                lines.append(line.rstrip())
                line = ""
            line += part
        lines.append(line.rstrip())
    return lines


def _parts(text: str) -> Iterator[str]:
    """Words with what follows them up to the next one."""
    word = ""
    for char, following in zip_longest(text, text[1:], fillvalue=""):
        word += char
        if (char in " -/" and following not in " -/") or not following:
            yield word
            word = ""


def words_size(text: str, widest: float, font: int = BESIDE) -> Size:
    """The room that the text takes when no line is wider than `widest`, or than its longest word."""
    if not text.strip():
        return Size(0, 0)
    lines = lines_of(text, widest, font)
    # As narrow as so many lines can be.
    while widest > 20 and len(narrower := lines_of(text, widest - 4, font)) == len(lines):
        widest, lines = widest - 4, narrower
    # A little more than measured: another font's letters are somewhat wider, and a broken line is ugly.
    return Size(max(width_of(line, font) for line in lines) * 1.06 + 3, len(lines) * font * _LINE)


def box_size(text: str, usual: Size, *, most: float = 150) -> Size:
    """The size of a box around its name: the usual one, or wider, or taller, whatever it takes.

    Above and below the name there is room for what bpmn-js puts there: the sign of its kind, and of its loop.
    """
    longest = max((width_of(part.strip()) for part in _parts(text)), default=0.0) * 1.06 + 16
    width = max(usual.width, min(-(-longest // 10) * 10, 400))
    while True:
        height = len(lines_of(text, width - 16)) * INSIDE * _LINE + 44
        if height <= usual.height or width >= most:
            return Size(width, max(usual.height, -(-height // 10) * 10))
        width += 10
