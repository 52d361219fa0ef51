"""Markdown of a form's text components → HTML that can do nothing but be read."""

from __future__ import annotations

import re
from functools import lru_cache

from markdown_it import MarkdownIt

_ALLOWED = re.compile(r"(?i)(https?://|mailto:)")
_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]*:")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&])")


def is_safe_link(url: str) -> bool:
    """http, https, mailto and addresses within the site (`//host` and other schemes are not)."""
    url = url.strip()
    if _ALLOWED.match(url):
        return True
    return not _SCHEME.match(url) and not url.startswith(("//", "\\", "/\\"))


class _Renderer(MarkdownIt):
    def validateLink(self, url: str) -> bool:
        return is_safe_link(url)


_markdown = (
    _Renderer("commonmark", {"html": False, "linkify": False}).enable("table").enable("strikethrough").disable("image")
)


@lru_cache(maxsize=512)
def to_html(source: str) -> str:
    """Sanitised HTML. Raw HTML in the source is shown as text; headings start at level 3, below the page's own."""
    tokens = _markdown.parse(source)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
    return str(_markdown.renderer.render(tokens, _markdown.options, {}))


def escape(text: str) -> str:
    """Data to be put into Markdown as plain words."""
    return _SPECIAL.sub(r"\\\1", text)
