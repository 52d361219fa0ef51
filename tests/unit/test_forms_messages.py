"""What forms say: both languages, the same values in each, what to do next."""

import datetime
import re
import string
from decimal import Decimal
from pathlib import Path

import pytest

from forms.messages import TEXTS, Message, in_words

FORMS = Path(__file__).parents[2] / "forms"


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_say_the_same_of_the_same(key):
    swedish, english = TEXTS[key]
    names = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (swedish, english)]
    assert names[0] == names[1]
    assert key in ("word.row", "pattern-own") or swedish != english


def test_every_message_that_the_code_makes_exists_and_every_one_that_exists_is_made():
    source = "".join(path.read_text("utf-8") for path in FORMS.rglob("*.py") if path.name != "messages.py")
    made = set(re.findall(r'(?:Message|Wrong|(?<![.])say)\(\s*"([a-z.-]+)"', source))
    assert made <= set(TEXTS)
    templates = (FORMS.parent / "web/templates/forms/form.html").read_text("utf-8")
    words = {f"word.{word}" for word in re.findall(r'view\.say\("([a-z-]+)"', templates)}
    assert words <= set(TEXTS)
    unused = (
        {key for key in TEXTS if f'"{key}"' not in source}
        - words
        - {"word.date", "word.time", "word.at", "word.yes", "word.no"}
    )
    assert unused - {"word.date-hint", "word.time-hint"} == set()


@pytest.mark.parametrize(
    ("value", "swedish", "english"),
    [
        (datetime.date(2027, 3, 27), "27 mars 2027", "27 March 2027"),
        (datetime.datetime(2027, 3, 27, 13, 5), "27 mars 2027 kl. 13:05", "27 March 2027 at 13:05"),
        (Decimal("3.50"), "3,50", "3.50"),
        (0.5, "0,5", "0.5"),
        (1e21, "1000000000000000000000", "1000000000000000000000"),
        (True, "Ja", "Yes"),
        (7, "7", "7"),
    ],
)
def test_values_are_written_as_each_language_does(value, swedish, english):
    assert in_words(value, "sv") == swedish
    assert in_words(value, "en") == english


def test_a_message_can_be_compared_and_kept_in_a_set():
    assert len({Message("required", {"label": "a"}), Message("required", {"label": "a"})}) == 1
    assert str(Message("required", {"label": "{x}"})) == "Fill in “{x}”."
