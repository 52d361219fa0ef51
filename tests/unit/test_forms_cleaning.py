"""Answers to data: what each component takes, keeps and says."""

import time

import pytest

from forms import Option
from tests.forms_kit import clean, errors, field, form, options


def one(component):
    """A form of one question, as two functions of its answer."""
    made = form(component)
    key = component["key"]
    return (lambda value: clean(made, {key: value})[key]), (lambda value: errors(made, {key: value}).get(key, []))


def test_unanswered_questions_are_stored_as_form_js_stores_them():
    made = form(
        field("textfield", "a"),
        field("number", "b"),
        field("checkbox", "c"),
        field("select", "d", values=options("x")),
        field("checklist", "e", values=options("x")),
        field("datetime", "f"),
        field("filepicker", "g"),
        {"type": "dynamiclist", "path": "h", "components": [field("textfield", "i")]},
    )
    assert clean(made, {}) == {"a": "", "b": None, "c": False, "d": None, "e": [], "f": None, "g": [], "h": []}


def test_missing_answers_take_their_default():
    made = form(
        field("textfield", "a", defaultValue="x"),
        field("number", "b", defaultValue=3),
        field("checkbox", "c", defaultValue=True),
    )
    assert clean(made, {}) == {"a": "x", "b": 3, "c": True}
    assert clean(made, {"a": "", "b": "", "c": False}) == {"a": "", "b": None, "c": False}


def test_unknown_keys_are_refused_by_name():
    made = form(
        field("textfield", "a"), {"type": "dynamiclist", "path": "rows", "components": [field("textfield", "b")]}
    )
    raw = {"typename": 1, "__proto__": {"a": 1}, "constructor": 2, "rows": [{"b": "x", "c": 1}]}
    assert set(errors(made, raw)) == {"typename", "__proto__", "constructor", "rows.0.c"}
    assert errors(made, raw)["typename"] == ["Formuläret har ingen fråga som heter ”typename”. Ta bort den."]


@pytest.mark.parametrize(
    "key", ["typename", "toString", "Meta", "load", "fields", "context", "items", "keys", "this", "i"]
)
def test_names_that_mean_something_elsewhere_are_harmless_as_keys(key):
    made = form(field("textfield", key, validate={"required": True}))
    assert clean(made, {key: "x"}) == {key: "x"}
    assert made.schema(lambda source, variables: None)().load({key: "x"}) == {key: "x"}
    assert list(errors(made, {})) == [key]


def test_dotted_keys_and_paths_make_nested_data():
    made = form(
        field("textfield", "child.name"), {"type": "group", "path": "child", "components": [field("number", "age")]}
    )
    assert clean(made, {"child": {"name": "Exempel", "age": 9}}) == {"child": {"name": "Exempel", "age": 9}}
    assert set(errors(made, {"child": "Exempel"})) == {"child"}
    assert set(errors(made, {"child.name": "x"})) == {"child.name"}


def test_a_text_loses_white_space_around_it_and_a_line_its_breaks():
    value, _ = one(field("textfield", "a"))
    assert value("  två\r\nord ") == "två ord"
    value, _ = one(field("textarea", "a"))
    assert value("rad 1\r\nrad 2\n") == "rad 1\nrad 2"


@pytest.mark.parametrize("bad", ["\x00", "a\x07", "\ud800", 3, True, ["x"], {}])
def test_what_cannot_be_stored_as_text_is_refused(bad):
    _, wrong = one(field("textfield", "a"))
    assert wrong(bad)


def test_lengths():
    _, wrong = one(field("textarea", "a", validate={"minLength": 3, "maxLength": "5"}))
    assert wrong("ab") == ["Skriv minst 3 tecken i ”A”."]
    assert wrong("abcdef") == ["Korta ”A” till högst 5 tecken; nu är det 6."]
    assert wrong("abc") == wrong("") == []
    _, wrong = one(field("textarea", "a"))
    assert wrong("x" * 20_000) == []
    assert wrong("x" * 20_001)


def test_a_pattern_matches_anywhere_unless_it_says_otherwise():
    _, wrong = one(
        field("textfield", "a", validate={"pattern": r"^\d{3} ?\d{2}$", "patternErrorMessage": "Skriv fem siffror."})
    )
    assert wrong("541 31") == []
    assert wrong("541 3") == ["A: Skriv fem siffror."]
    _, wrong = one(field("textfield", "a", validate={"pattern": "\\u00e5"}))
    assert wrong("blå") == []


def test_a_catastrophic_pattern_does_not_hang_the_server():
    _, wrong = one(field("textfield", "a", validate={"pattern": "^(a+)+$"}))
    begun = time.perf_counter()
    assert wrong("a" * 19_999 + "b")
    assert time.perf_counter() - begun < 0.5


@pytest.mark.parametrize("good", ["namn@example.se", "fornamn.efternamn+x@sub.example.com"])
@pytest.mark.parametrize("bad", ["namn", "namn@", "@example.se", "a b@example.se", "namn@example", "a@b.se, c@d.se"])
def test_e_mail_addresses(good, bad):
    _, wrong = one(field("textfield", "a", validate={"validationType": "email"}))
    assert wrong(good) == []
    assert "e-postadress" in wrong(bad)[0]


@pytest.mark.parametrize(
    "good", ["070-174 06 05", "+46 70 174 06 05", "0046701740605", "0500-12 34 56", "(08) 12 34 56"]
)
@pytest.mark.parametrize("bad", ["ring mig", "12", "+46", "++46701740605", "070-174 06 05 06 07 08 09"])
def test_telephone_numbers(good, bad):
    _, wrong = one(field("textfield", "a", validate={"validationType": "phone"}))
    assert wrong(good) == []
    assert "telefonnummer" in wrong(bad)[0]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("3", 3),
        ("3,5", 3.5),
        (" 1 000,25 ", 1000.25),
        ("−2", -2),
        (3.0, 3),
        (0.1, 0.1),
        ("1e3", 1000),
        (-0.0, 0),
        ("", None),
    ],
)
def test_numbers_are_read_as_people_write_them(typed, stored):
    value, _ = one(field("number", "a"))
    assert value(typed) == stored
    assert type(value(typed)) is type(stored)


@pytest.mark.parametrize(
    "bad", ["tre", "1.2.3", "NaN", "Infinity", float("nan"), float("inf"), True, [], "1" * 400, 10**400, "1e99", "٣"]
)
def test_what_is_no_number_is_refused(bad):
    _, wrong = one(field("number", "a"))
    assert wrong(bad)


def test_a_number_may_be_stored_as_exact_text():
    value, wrong = one(field("number", "a", serializeToString=True))
    assert value("12345678901234567890,120") == "12345678901234567890.12"
    assert value(3) == "3"
    assert wrong("1" * 61)


def test_limits_steps_and_decimals_of_numbers():
    _, wrong = one(field("number", "a", validate={"min": 0, "max": 10}, decimalDigits=1, increment=0.5))
    assert wrong("2,5") == []
    assert wrong("-1") == ["Skriv ett tal som är minst 0 i ”A”."]
    assert wrong("10,5") == ["Skriv ett tal som är högst 10 i ”A”."]
    assert wrong("2,25") == [
        "Skriv ”A” med högst 1 decimaler.",
        "Skriv ett tal i steg om 0,5 i ”A”; närmast ligger 2,0 och 2,5.",
    ]


@pytest.mark.parametrize(
    ("type", "empty", "answer", "text"),
    [
        ("textfield", " ", "x", "Fyll i ”A”."),
        ("number", None, 0, "Fyll i ”A”."),
        ("checkbox", False, True, "Kryssa i ”A” för att gå vidare."),
        ("datetime", "", "2026-12-01", "Skriv ett datum under ”A”, till exempel 27 mars 2027."),
        (
            "filepicker",
            [],
            [{"id": "1", "name": "a.pdf", "size": 1, "type": "application/pdf"}],
            "Välj en fil under ”A”.",
        ),
    ],
)
def test_a_required_question_must_be_answered(type, empty, answer, text):
    _, wrong = one(field(type, "a", validate={"required": True}))
    assert wrong(empty) == [text]
    assert wrong(answer) == []


def test_a_required_choice_must_be_made():
    for type, empty in (("radio", None), ("select", ""), ("checklist", []), ("taglist", [])):
        _, wrong = one(field(type, "a", values=options("x"), validate={"required": True}))
        assert wrong(empty)[0].startswith("Välj")
        assert wrong("x" if type in ("radio", "select") else ["x"]) == []


def test_only_options_may_be_chosen():
    value, wrong = one(field("radio", "a", values=options("x", "y")))
    assert value("x") == "x"
    assert wrong("z") == ["Välj ett av alternativen under ”A”."]
    value, wrong = one(field("checklist", "a", values=options("x", "y")))
    assert value(["y", "x", "y"]) == ["x", "y"]
    assert wrong(["x", "z"])
    assert wrong("x")


def test_options_come_from_the_case_or_from_an_expression():
    made = form(field("select", "a", valuesKey="units"), field("select", "b", valuesExpression="=[1, 2, 3][item > 1]"))
    known = {"units": [{"label": "Elevhälsan", "value": "elevhalsa"}, "bup"]}
    assert clean(made, {"a": "bup", "b": "2"}, known=known) == {"a": "bup", "b": 2}
    assert set(errors(made, {"a": "skola", "b": 1}, known=known)) == {"a", "b"}


def test_true_is_not_one_and_one_is_not_its_text():
    made = form(field("select", "a", valuesKey="all"))
    known = {"all": [{"label": "yes", "value": True}, {"label": "one", "value": 1}, {"label": "text", "value": "1"}]}
    assert clean(made, {"a": True}, known=known) == {"a": True}
    assert clean(made, {"a": 1}, known=known) == {"a": 1}
    assert clean(made, {"a": "1"}, known=known) == {"a": "1"}
    assert clean(made, {"a": "true"}, known=known) == {"a": True}


@pytest.mark.parametrize(
    "bad", ["i morgon", "2026-02-30", "27/3 2027", "2026-3-1", "0001-01-01", "2026-01-01T10:00", 20260101]
)
def test_a_date_must_exist(bad):
    value, wrong = one(field("datetime", "a"))
    assert wrong(bad) == ["Skriv ett datum som finns under ”A”, till exempel 27 mars 2027."]
    assert value("2028-02-29") == "2028-02-29"


def test_times_are_stored_in_the_forms_own_format():
    for format, stored in (("no_timezone", "10:00"), ("utc_offset", "10:00+01:00"), ("utc_normalized", "09:00Z")):
        value, wrong = one(field("datetime", "a", subtype="time", timeSerializingFormat=format))
        assert value("10:00") == value("09:00Z") == value(stored) == stored
        assert wrong("25:00") == ["Skriv ett klockslag mellan 00:00 och 23:59 under ”A”, till exempel 13:30."]


def test_a_date_and_a_time_are_one_answer():
    value, wrong = one(field("datetime", "a", subtype="datetime", timeSerializingFormat="utc_offset"))
    assert value({"date": "2026-06-01", "time": "10:00"}) == "2026-06-01T10:00+02:00"
    assert value("2026-06-01T08:00Z") == "2026-06-01T10:00+02:00"
    assert value("2026-03-29T02:30") == "2026-03-29T03:30+02:00"
    assert value({"date": "", "time": ""}) is None
    assert wrong({"date": "2026-06-01", "time": ""}) == [
        "Skriv både datum och klockslag under ”A”, till exempel 27 mars 2027 13:30."
    ]
    assert wrong({"date": "2026-06-01", "zone": "x"})


def test_a_date_may_have_to_come():
    made = form(field("datetime", "a", disallowPassedDates=True))
    assert clean(made, {"a": "2026-11-23"}) == {"a": "2026-11-23"}
    assert errors(made, {"a": "2026-11-22"}, "en")["a"] == [
        "Enter today or a later date under “A”, such as 30 November 2026."
    ]


def test_a_date_that_has_passed_since_it_was_given_may_stay():
    made = form(field("datetime", "a", disallowPassedDates=True))
    assert clean(made, {"a": "2026-11-01"}, known={"plan": {"a": "2026-11-01"}}) == {"a": "2026-11-01"}
    assert errors(made, {"a": "2026-11-02"}, known={"plan": {"a": "2026-11-01"}})


def test_a_working_day_is_asked_of_the_engines_calendar():
    _, wrong = one(field("datetime", "a", properties={"samled": "working-date"}))
    assert wrong("2026-12-23") == []
    assert wrong("2026-12-25") == ["Välj en arbetsdag under ”A”. Den närmaste är 28 december 2026."]


def test_a_time_keeps_to_its_interval():
    _, wrong = one(field("datetime", "a", subtype="time", timeInterval=15))
    assert wrong("10:45") == []
    assert wrong("10:50") == ["Skriv ett klockslag i steg om 15 minuter under ”A”, till exempel 10:45."]


def test_a_picker_takes_what_can_be_picked_just_now():
    made = form(
        field("select", "a", properties={"samled": "unit"}),
        field("taglist", "b", properties={"samled": "person"}),
        field("textfield", "c", properties={"samled": "party"}),
    )
    lookups = {
        "unit": lambda: [Option("bup", "BUP")],
        "person": lambda: [Option("anna", "Exempel Andersson")],
        "party": list,
    }
    assert clean(made, {"a": "bup", "b": ["anna"]}, lookups=lookups) == {"a": "bup", "b": ["anna"], "c": ""}
    assert set(errors(made, {"a": "x", "b": ["y"], "c": "z"}, lookups=lookups)) == {"a", "b", "c"}
    assert clean(made, {"a": "x", "b": ["y"], "c": "z"}) == {"a": "x", "b": ["y"], "c": "z"}


def test_files_are_references_of_the_right_kind_and_size():
    value, wrong = one(field("filepicker", "a", accept=".pdf, image/*", properties={"maxSize": "1 MB"}))
    pdf = {"id": "7", "name": "C:\\mapp\\plan.PDF", "size": 2**20, "type": "application/pdf"}
    assert value([pdf]) == value(pdf) == [{**pdf, "name": "plan.PDF"}]
    assert wrong([{**pdf, "name": "plan.exe", "type": "application/x-msdownload"}]) == [
        "Välj en fil av rätt slag under ”A”: .pdf, image/*."
    ]
    assert wrong([{**pdf, "size": 2**20 + 1}]) == ["Välj en mindre fil under ”A”; högst 1 MB."]
    assert wrong([pdf, {**pdf, "id": "8"}]) == ["Välj bara en fil under ”A”."]
    for broken in (
        "x",
        [1],
        [{**pdf, "path": "/etc"}],
        [{**pdf, "id": "../7"}],
        [{**pdf, "size": "1"}],
        [{**pdf, "name": "/"}],
    ):
        assert wrong(broken) == ["Välj filen under ”A” på nytt."]


def test_a_list_has_rows_within_limits():
    made = form({"type": "dynamiclist", "path": "rows", "label": "Mål", "components": [field("textfield", "a")]})
    assert clean(made, {"rows": [{"a": "x"}, {}]}) == {"rows": [{"a": "x"}, {"a": ""}]}
    assert errors(made, {"rows": "x"}) == {"rows": ["Skicka ”Mål” som en lista."]}
    assert errors(made, {"rows": [3]}) == {"rows.0": ["Skicka svaren under ”Mål” som ett objekt."]}
    assert errors(made, {"rows": [{}] * 201}) == {"rows": ["Ta bort rader under ”Mål”; högst 200 får plats."]}


def test_lists_inside_lists_have_a_limit_together():
    inner = {"type": "dynamiclist", "path": "in", "label": "Steg", "components": [field("textfield", "a")]}
    made = form({"type": "dynamiclist", "path": "rows", "components": [inner]})
    assert errors(made, {"rows": [{"in": [{}] * 190}] * 5}) == {}
    told = errors(made, {"rows": [{"in": [{}] * 200}] * 200})
    assert any("högst 1000 rader i alla listor" in text for texts in told.values() for text in texts)


def test_rows_of_a_fixed_list_are_counted():
    made = form(
        {"type": "dynamiclist", "path": "rows", "allowAddRemove": False, "components": [field("textfield", "a")]}
    )
    assert set(errors(made, {"rows": [{}, {}]})) == {"rows"}
    assert clean(made, {"rows": [{}, {}]}, known={"plan": {"rows": [{"a": "x"}, {"a": "y"}]}}) == {
        "rows": [{"a": ""}, {"a": ""}]
    }


@pytest.mark.parametrize("raw", [None, [], "x", 3, [{"a": 1}]])
def test_answers_that_are_no_object_are_refused(raw):
    assert list(errors(form(field("textfield", "a")), raw)) == [""]


def test_errors_speak_both_languages_and_nest_as_marshmallows_do():
    made = form(
        {"type": "dynamiclist", "path": "rows", "components": [field("textfield", "a", validate={"required": True})]}
    )
    assert errors(made, {"rows": [{}]}, "en") == {"rows.0.a": ["Fill in “A”."]}
    schema = made.schema(lambda source, variables: None, language="en")()
    assert schema.validate({"rows": [{}]}) == {"rows": {0: {"a": ["Fill in “A”."]}}}
    assert schema.load({"rows": [{"a": "x"}]}) == {"rows": [{"a": "x"}]}


def test_the_schema_describes_the_answers():
    made = form(
        field("number", "a", validate={"required": True, "min": 1, "max": 5}),
        field("radio", "b", values=options("x", "y")),
        field("textarea", "c", validate={"maxLength": 10}, description="Kort"),
    )
    found = {name: field.metadata for name, field in made.schema(lambda source, variables: None)().fields.items()}
    assert found["answer_a"] == {"title": "A", "minimum": 1, "maximum": 5}
    assert found["answer_b"] == {"title": "B", "enum": ["x", "y"]}
    assert found["answer_c"] == {"title": "C", "description": "Kort", "maxLength": 10}
