"""The pages about forms say what the code does."""

import json
import re
from pathlib import Path

import forms
from engine.validation.form_files import form_findings
from forms import Option
from forms.components import COMPONENTS, REFUSED
from forms.components.choices import PICKERS
from tests.forms_kit import clean, errors, evaluate, html
from tests.page_inspector import findings

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "forms.md").read_text("utf-8")
HOW_TO = (DOCS / "how-to" / "write-a-form.md").read_text("utf-8")


def test_every_component_picker_and_refusal_is_in_the_reference():
    named = set(re.findall(r"`([\w-]+)`", REFERENCE))
    assert set(COMPONENTS) | set(REFUSED) | PICKERS | {"working-date"} <= named


def test_every_rule_that_a_component_keeps_is_in_its_row():
    rows = {
        name: line
        for line in REFERENCE.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    for type, component in COMPONENTS.items():
        if type == "textarea":
            continue  # "the same" as the row above
        missing = {rule for rule in getattr(component, "rules", ()) if f"`{rule}`" not in rows[type]}
        assert missing == set(), type


def test_the_example_of_the_how_to_works():
    example = json.loads(re.search(r"```json\n(.*?)```", HOW_TO, re.DOTALL)[1])
    form = forms.load(example, "answer.form")
    lookups = {"person": lambda: [Option("anna", "Exempel Andersson")]}
    known = {"meeting": {"date": "2026-12-01"}}
    assert clean(form, {"comes": "no", "reason": "Ingen ledig", "people": [{}]}, lookups=lookups) == {
        "comes": "no",
        "reason": "Ingen ledig",
        "latest": None,
    }
    assert set(errors(form, {"comes": "yes", "people": [{"who": "x"}], "latest": "2026-12-06"}, lookups=lookups)) == {
        "people.0.who",
        "latest",
    }
    page = html(form.view({"comes": "yes", "people": [{}]}, {}, evaluate, known=known, lookups=lookups))
    assert findings(page) == []
    assert "1 december 2026" in page


def test_the_refusal_that_the_how_to_shows_is_the_one_given():
    [finding] = form_findings(b'{"id": "answer", "components": [{"type": "image", "id": "logo"}]}', "answer.form")
    assert str(finding) in HOW_TO
