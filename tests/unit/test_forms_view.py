"""Forms on a page: accessible HTML, words in both languages, nothing lost and nothing executed."""

import pytest

from forms import InvalidInput, Message, Option
from tests.forms_kit import clean, errors, evaluate, field, form, html, options
from tests.page_inspector import findings

EVERYTHING = [
    {"type": "text", "text": "## Barnets plan\nÄrende **{{case.id}}** [mer](https://example.org)\n### Mer"},
    field("textfield", "name", description="Som barnet vill bli kallad", validate={"required": True}),
    field("textfield", "mail", validate={"validationType": "email"}),
    field("textfield", "fixed", readonly=True),
    field("textarea", "text"),
    field("number", "age", validate={"min": 0, "max": 20}, decimalDigits=0, appearance={"suffixAdorner": "år"}),
    field("datetime", "day", disallowPassedDates=True),
    field("datetime", "clock", subtype="time", timeInterval=15),
    field("datetime", "moment", subtype="datetime", dateLabel="Dag", timeLabel="Tid"),
    field("checkbox", "given", validate={"required": True}, description="Muntligt räcker"),
    field("radio", "form_of", values=options("x", "y"), validate={"required": True}),
    field("select", "one", values=options("x", "y")),
    field("checklist", "many", values=options("x", "y"), validate={"required": True}),
    field("taglist", "tags", values=options("x", "y")),
    field("select", "unit", properties={"samled": "unit"}),
    {"type": "separator"},
    {"type": "spacer", "height": 30},
    {"type": "group", "label": "Grupp", "components": [field("textfield", "inside")]},
    {
        "type": "dynamiclist",
        "path": "goals",
        "label": "Mål",
        "components": [
            field("textfield", "goal", validate={"required": True}),
            field("checklist", "who", values=options("x")),
            {"type": "text", "text": "I raden"},
        ],
    },
    {"type": "table", "label": "Enheter", "dataSource": "=units", "columns": [{"key": "name", "label": "Namn"}]},
    {"type": "table", "label": "Tom", "dataSource": "=nothing", "columns": [{"key": "name", "label": "Namn"}]},
    field("filepicker", "files", accept=".pdf", multiple=True, validate={"required": True}),
]
KNOWN = {
    "case": {"id": "2026-00123"},
    "units": [{"name": "BUP"}],
    "plan": {"fixed": "känt", "goals": [{"goal": "a"}, {}]},
}
LOOKUPS = {"unit": lambda: [Option("bup", "BUP Skövde"), Option("skola", "Skolan")]}


def shown(made, raw=None, faults=None, **more):
    return made.view(raw, faults, evaluate, known=KNOWN, lookups=LOOKUPS, **more)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_page_with_every_component_is_valid_and_labelled(language):
    made = form(*EVERYTHING)
    assert findings(html(shown(made, language=language))) == []
    raw = made.prefill(KNOWN)
    with pytest.raises(InvalidInput) as caught:
        clean(made, raw, known=KNOWN, lookups=LOOKUPS)
    page = html(shown(made, raw, caught.value.errors, language=language))
    assert findings(page) == []
    for text in (text for texts in caught.value.texts(language).values() for text in texts):
        assert page.count(text) >= 2, "in the summary and at the field"


def test_the_summary_links_to_each_field_in_the_order_of_the_page():
    made = form(
        field("textfield", "a"), field("radio", "b", values=options("x")), field("datetime", "c", subtype="datetime")
    )
    faults = {
        "c": [Message("required", {"label": "C"})],
        "b": [Message("required", {"label": "B"})],
        "zzz": [Message("required", {"label": "Z"})],
    }
    view = shown(made, {}, faults)
    assert [(problem.target, problem.text) for problem in view.problems] == [
        (None, "Fyll i ”Z”."),
        ("f-b-1", "Fyll i ”B”."),
        ("f-c-date", "Fyll i ”C”."),
    ]


def test_an_error_is_tied_to_its_field():
    made = form(field("textfield", "a", description="Så här", validate={"maxLength": 2}))
    page = html(shown(made, {"a": "abc"}, {"a": [Message("too-long", {"label": "A", "limit": 2, "length": 3})]}))
    assert 'aria-describedby="f-a-hint-1 f-a-error-1" aria-invalid="true"' in page
    assert 'value="abc"' in page


def test_what_may_be_left_out_is_said_in_words():
    made = form(field("textfield", "a"), field("textfield", "b", validate={"required": True}))
    page = html(shown(made))
    assert page.count("(frivilligt)") == 1
    assert 'name="b" value="" type="text" autocomplete="off" required' in page
    assert "(optional)" in html(shown(made, language="en"))


def test_what_was_typed_comes_back_even_when_it_is_wrong():
    made = form(
        field("number", "n"),
        field("datetime", "d"),
        field("datetime", "m", subtype="datetime"),
        field("select", "s", values=options("x")),
    )
    raw = {"n": "tolv", "d": "i morgon", "m": {"date": "2026-12-01", "time": "sen"}, "s": "borttagen"}
    page = html(shown(made, raw, {}))
    for text in ("tolv", "i morgon", "2026-12-01", "sen"):
        assert f'value="{text}"' in page
    assert 'type="text" autocomplete="off"' in page
    assert '<option value="borttagen" selected>' in page


def test_nothing_typed_or_known_is_markup():
    evil = '"><script>alert(1)</script>'
    made = form(
        field("textfield", "a", label=evil, description=evil),
        field("textarea", "b"),
        {"type": "text", "text": f"{evil} {{{{case.id}}}} [x](javascript:alert(1)) ![i](https://example.org/i.png)"},
        {"type": "table", "dataSource": "=units", "columns": [{"key": "name", "label": evil}]},
        field("radio", "c", valuesKey="units"),
    )
    known = {"case": {"id": f"[x](https://example.org){evil}"}, "units": [{"name": evil, "label": evil, "value": evil}]}
    page = html(made.view({"a": evil, "b": f"</textarea>{evil}"}, {"a": [evil]}, evaluate, known=known))
    assert "<script" not in page
    assert "<img" not in page
    assert "javascript:" not in page.replace("](javascript:", "")
    assert 'href="https://example.org"' not in page
    assert findings(page) == []


def test_links_of_a_text_go_to_the_web_by_mail_or_within_the_site():
    made = form(
        {
            "type": "text",
            "text": "[a](https://a.se) [b](mailto:b@example.se) [c](/c) [d](//d.se) [e](data:text/html,x) [f](ftp://f)",
        }
    )
    page = html(shown(made))
    assert [part.split('"')[0] for part in page.split('href="')[1:]] == ["https://a.se", "mailto:b@example.se", "/c"]


def test_dates_of_the_case_are_read_as_people_write_them():
    made = form({"type": "text", "text": "Senast {{due}}, {{at}}. Nej {{no}}, {{n}} år, {{ok}}"})
    known = {"due": "2026-12-01", "at": "2026-12-01T09:30:00Z", "no": "2026-13-01", "n": 3.5, "ok": True}
    page = html(made.view(None, None, evaluate, known=known))
    assert "Senast 1 december 2026, 1 december 2026 kl. 10:30. Nej 2026-13-01, 3,5 år, Ja" in page


def test_a_hidden_part_is_not_on_the_page():
    made = form(
        field("checkbox", "a"),
        field("textfield", "b", conditional={"hide": "=a"}),
        {"type": "text", "text": "Bara ibland", "conditional": {"hide": "=a"}},
        {"type": "group", "label": "Grupp", "components": [field("textfield", "c", conditional={"hide": "=a"})]},
    )
    assert shown(made, {"a": False}).seen == ["a", "b", "c"]
    page = html(shown(made, {"a": True}))
    assert 'name="b"' not in page
    assert "Bara ibland" not in page
    assert "Grupp" not in page


def test_answers_are_told_in_words():
    made = form(*EVERYTHING)
    raw = {
        "name": "Exempel", "text": "rad 1\nrad 2", "age": 9, "day": "2026-12-01", "clock": "10:15", "given": True,
        "moment": "2026-12-01T10:00", "form_of": "x", "many": ["x", "y"], "unit": "bup", "inside": "i",
        "goals": [{"goal": "g", "who": ["x"]}], "files": [{"id": "1", "name": "a.pdf", "size": 9, "type": "application/pdf"}],
    }  # fmt: skip
    data = clean(made, raw, known=KNOWN, lookups=LOOKUPS)
    told = dict(made.describe(data, LOOKUPS))
    assert told["Age"] == "9 år"
    assert told["Day"] == "1 december 2026"
    assert told["Moment"] == "1 december 2026 kl. 10:00"
    assert (told["Clock"], told["Given"], told["Many"], told["Unit"], told["Files"]) == (
        "10:15",
        "Ja",
        "X, Y",
        "BUP Skövde",
        "a.pdf",
    )
    assert (told["Mail"], told["Grupp: Inside"], told["Mål 1: Goal"], told["Fixed"]) == ("Inget svar", "i", "g", "känt")
    assert dict(made.describe(data, LOOKUPS, language="en"))["Day"] == "1 December 2026"
    page = html(answers=made.answers(data, LOOKUPS))
    assert findings(page) == []
    assert "rad 1<br>rad 2" in page
    assert findings(html(answers=made.describe(data, LOOKUPS))) == []


def test_answers_of_an_older_form_can_still_be_told():
    made = form(
        field("select", "a", values=options("x")),
        field("number", "b"),
        field("datetime", "c"),
        field("checklist", "d", values=options("x")),
    )
    odd = {"a": "gone", "b": "many", "c": "sometime", "d": "x", "other": 1}
    assert dict(made.describe(odd)) == {"A": "gone", "B": "many", "C": "sometime", "D": "Inget svar"}


def test_a_picker_that_nobody_gives_options_is_typed():
    made = form(field("taglist", "a", properties={"samled": "person"}))
    assert errors(made, {"a": ["anna"]}) == {}
    assert made.view({"a": ["anna"]}, {}, evaluate).parts[0].kind == "input"


def test_a_table_calls_a_unit_by_its_name_and_leaves_every_other_text():
    columns = [{"key": "unit", "label": "Enhet"}, {"key": "reason", "label": "Skäl"}]
    made = form({"type": "table", "dataSource": "=answers", "columns": columns})
    known = {"answers": [{"unit": "bup", "reason": "bup kan inte"}, {"unit": "stängd-enhet", "reason": None}]}
    page = html(made.view({}, {}, evaluate, known=known, lookups=LOOKUPS))
    assert "BUP Skövde" in page
    assert "bup kan inte" in page
    assert "stängd-enhet" in page
