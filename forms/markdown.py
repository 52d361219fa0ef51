"""Markdown of a form's text components → HTML that can do nothing but be read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_ALLOWED = re.compile(r"(?i)(https?://|mailto:)")
_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]*:")
_HEADING = re.compile(r"^ {0,3}(#{1,6})(?:\s|$)", re.MULTILINE)
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&])")


def is_safe_link(url: str) -> bool:
    """http, https, mailto and addresses within the site (`//host` and other schemes are not)."""
    url = url.strip()
    if _ALLOWED.match(url):
        return True
    return not _SCHEME.match(url) and not url.startswith(("//", "\\", "/\\"))


@cache
def _markdown() -> MarkdownIt:
    # Only here: who checks a form shows none, and the library takes a while to import.
    from markdown_it import MarkdownIt

    class Renderer(MarkdownIt):
        def validateLink(self, url: str) -> bool:
            return is_safe_link(url)

    renderer = Renderer("commonmark", {"html": False, "linkify": False})
    return renderer.enable("table").enable("strikethrough").disable("image")


def heading_shift(sources: Iterable[str]) -> int:
    """How far down to move the headings of a form's texts, so that the highest of them comes just below the page's."""
    levels = [len(found[1]) for source in sources for found in _HEADING.finditer(source)]
    return 2 - min(levels, default=1)


@lru_cache(maxsize=512)
def to_html(source: str, shift: int = 1) -> str:
    """Sanitised HTML. Raw HTML in the source is shown as text; headings are moved `shift` levels down."""
    markdown = _markdown()
    tokens = markdown.parse(source)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, max(2, int(token.tag[1]) + shift))}"
    return str(markdown.renderer.render(tokens, markdown.options, {}))


def escape(text: str) -> str:
    """Data to be put into Markdown as plain words."""
    return _SPECIAL.sub(r"\\\1", text)
