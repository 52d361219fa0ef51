"""What people write, for the benchmark: half a kilobyte a form, of the same few words, always the same."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

BYTES = 512
_WORDS = (
    "barnet familjen skolan möte stöd insats plan uppföljning samtycke frånvaro vårdnadshavare kurator tillsammans "
    "behov mål svårt bättre morgon hemma läraren samtal måndag vecka nästa gång berättar orolig hjälp rutin lugn"
).split()


@cache
def text(number: int, size: int = BYTES) -> str:
    """About so many bytes of text; each number has its own. Some words carry figures, so that it packs less well."""
    chance, words, length = Random(number), [], 0  # noqa: S311 - text to measure with, no secret
    while length < size:
        word = chance.choice(_WORDS) + (str(chance.randint(0, 99)) if chance.random() < 0.5 else "")
        words.append(word)
        length += len(word.encode()) + 1
    return " ".join(words).encode()[:size].decode(errors="ignore")


def answers(step: int) -> dict[str, Any]:
    """The answers of a case's step, counted from 0: one form's, under a key of their own."""
    return {f"form{step}": {"text": text(step)}}
