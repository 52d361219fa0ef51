"""Every text on screen has its Swedish, and every Swedish text its use."""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from web.i18n import FOLDER, read_catalogue

WEB = Path(__file__).parents[2] / "web"
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {
    "_": None, "_l": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}  # fmt: skip
NAMED = re.compile(r"%\(\w+\)[sd]")


def texts_in_use() -> dict[str | tuple[str, ...], str]:
    """Text → where it is used."""
    found = extract_from_dir(WEB, METHODS, keywords=KEYWORDS, options_map={"templates/**.html": {"silent": "false"}})
    return {message: f"web/{file}:{line}" for file, line, message, _comments, _context in found}


def test_every_text_has_its_swedish() -> None:
    swedish = read_catalogue("sv")
    missing = [
        f"{where}: {text!r}"
        for text, where in texts_in_use().items()
        if not (found := swedish.get(text)) or not found.string or not all(found.string)
    ]
    assert not missing, "Add to a file of web/translations/sv/:\n" + "\n".join(sorted(missing))


def test_no_translation_is_left_over() -> None:
    used = texts_in_use()
    left = [str(message.id) for message in read_catalogue("sv") if message.id and message.id not in used]
    assert not left, "Remove from web/translations/sv/, or use:\n" + "\n".join(sorted(left))


def test_rooms_translate_a_text_they_share_in_one_way() -> None:
    translations: dict[str, dict[str, str]] = {}
    for path in sorted((FOLDER / "sv").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="sv"):
                if message.id:
                    translations.setdefault(str(message.id), {})[path.name] = str(message.string)
    doubtful = {text: found for text, found in translations.items() if len(set(found.values())) > 1}
    assert not doubtful, "Agree on one, or word the English differently"


def test_translations_keep_the_values_they_are_given() -> None:
    wrong = []
    for message in read_catalogue("sv"):
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        known = set(NAMED.findall(" ".join(sources)))
        wrong += [text for text in strings if not set(NAMED.findall(text)) <= known]
    assert not wrong


@pytest.mark.parametrize("path", sorted((FOLDER / "sv").glob("*.po")), ids=lambda path: path.name)
def test_a_file_says_each_text_once(path: Path) -> None:
    ids = re.findall(r'^msgid "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
    assert [text for text, count in Counter(ids).items() if count > 1] == []
    assert not read_po(io.BytesIO(path.read_bytes()), locale="sv").obsolete
