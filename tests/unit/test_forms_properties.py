"""Whatever is sent: errors by field in both languages, or data that survives storage and reads the same again."""

import datetime
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

import forms
from engine.rules import words
from forms import Option
from tests.forms_kit import clean, evaluate, field, form, html, options, posted

KNOWN = {
    "case": {"id": "2026-00123", "open": True},
    "units": ["bup", 1, True],
    "plan": {"fixed": "känt", "rows": [{"fixed": 3}]},
}
LOOKUPS = {"unit": lambda: [Option("bup", "BUP"), Option("skola", "Skolan")]}

INSIDE = [
    field("textfield", "text", validate={"minLength": 2, "maxLength": "=n"}),
    field("number", "fixed", readonly=True),
    field("checklist", "many", values=options("x", "y"), conditional={"hide": '=this.text = "göm"'}),
    {"type": "expression", "key": "at", "expression": "=i[1] * 2"},
]
RICH = form(
    field("checkbox", "on"),
    field("number", "n", validate={"min": 0, "max": "=100"}, decimalDigits=2),
    field("number", "exact", serializeToString=True, increment="0.25"),
    field("textfield", "child.name", validate={"required": True, "pattern": "^[^<]*$"}, conditional={"hide": "=on"}),
    field("textarea", "free", conditional={"hide": "=n > 5 or child.name = null"}),
    field("textfield", "own", conditional={"hide": '=own = "" or own = "x"'}),
    field("datetime", "day"),
    field("datetime", "clock", subtype="time", timeSerializingFormat="utc_normalized"),
    field("datetime", "moment", subtype="datetime", timeSerializingFormat="utc_offset", timeInterval=5),
    field("radio", "one", values=options("x", "y"), defaultValue="x"),
    field("select", "dynamic", valuesExpression='=if on then [1, 2] else ["1", true, {label: "L", value: {a: 1}}]'),
    field("taglist", "keyed", valuesKey="units"),
    field("select", "unit", properties={"samled": "unit"}),
    field("filepicker", "files", multiple=True),
    field("textfield", "fixed", readonly="=not(on)"),
    {
        "type": "group",
        "path": "child",
        "conditional": {"hide": "=case.open = false"},
        "components": [field("number", "age")],
    },
    {
        "type": "dynamiclist",
        "path": "rows",
        "components": [*INSIDE, {"type": "dynamiclist", "path": "in", "components": INSIDE}],
    },
    {"type": "expression", "key": "total", "expression": "=count(rows)"},
)

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.sampled_from(
        [
            "",
            "x",
            "y",
            "göm",
            "true",
            "1",
            "12,5",
            "-0",
            "1e5",
            "2026-03-29",
            "2026-10-25",
            "02:30",
            "10:00Z",
            "bup",
            "2026-03-29T02:30",
            "2026-10-25T02:30+02:00",
            "1850-01-01T00:00+00:59",
            "__proto__",
            '{"a":1}',
            " \u2028 ",
            "é",
        ]
    ),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)
REFERENCE = st.fixed_dictionaries({"id": TEXTS, "name": TEXTS, "size": st.integers(-1, 10**9), "type": TEXTS})


def objects(keys: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects shaped like answers, now and then with something else in them."""
    near = st.fixed_dictionaries({}, optional=keys)
    return st.one_of(
        near, near, near, st.builds(lambda a, b: {**a, **b}, near, st.dictionaries(TEXTS, JSON, max_size=2))
    )


ROW = {"text": TEXTS, "fixed": JSON, "many": st.lists(st.sampled_from(["x", "y"])) | JSON, "at": JSON}
ANSWERS = objects(
    {
        "on": st.booleans() | JSON,
        "n": st.integers(-1, 101) | st.floats() | JSON,
        "exact": st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str) | JSON,
        "child": objects({"name": TEXTS, "age": st.integers(0, 20) | JSON}) | JSON,
        "free": TEXTS,
        "own": TEXTS,
        "day": st.dates().map(str) | JSON,
        "clock": st.times().map(lambda time: f"{time:%H:%M}") | JSON,
        "moment": st.datetimes().map(lambda at: at.isoformat()[:16])
        | st.dictionaries(st.sampled_from(["date", "time"]), TEXTS)
        | JSON,
        "one": st.sampled_from(["x", "y", None]) | JSON,
        "dynamic": st.sampled_from([1, 2, "1", "2", True, "true", {"a": 1}, '{"a":1}']) | JSON,
        "keyed": st.lists(st.sampled_from(["bup", 1, True, "1", "true"])) | JSON,
        "unit": st.sampled_from(["bup", "skola", "nope"]) | JSON,
        "files": st.lists(REFERENCE, max_size=3) | JSON,
        "fixed": TEXTS,
        "rows": st.lists(objects({**ROW, "in": st.lists(objects(ROW), max_size=2)}), max_size=3) | JSON,
        "total": JSON,
    }
)


PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=2, max_size=30)
#: Two visible characters at least, so that they are there after trimming.
WORD = PLAIN.map(lambda text: f"ä{text}ö".replace("<", ""))
GOOD_FILE = st.fixed_dictionaries(
    {"id": st.uuids().map(str), "name": WORD.map(lambda name: f"{name}.pdf".replace("/", "").replace("\\", "")),
     "size": st.integers(0, 10**6), "type": st.just("application/pdf")}
)  # fmt: skip
GOOD_ROW = {"text": WORD, "many": st.lists(st.sampled_from(["x", "y"]))}
#: Answers that the rich form takes.
GOOD = st.fixed_dictionaries(
    {"n": st.integers(50, 100), "child": st.fixed_dictionaries({"name": WORD}, optional={"age": st.integers(-5, 20)})},
    optional={
        "on": st.booleans(),
        "exact": st.integers(-(10**20), 10**20).map(lambda number: f"{number},25"),
        "free": PLAIN,
        "own": st.sampled_from(["", "x", "y"]),
        "day": st.dates(datetime.date(1850, 1, 1), datetime.date(2200, 12, 31)).map(str),
        "clock": st.times().map(lambda time: f"{time:%H:%M}"),
        "moment": st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2200, 1, 1)).map(
            lambda at: at.replace(minute=at.minute // 5 * 5).isoformat()[:16]
        ),
        "one": st.sampled_from(["x", "y", None]),
        "keyed": st.lists(st.sampled_from(["bup", 1, True, "1", "true"])),
        "unit": st.sampled_from(["bup", "skola", ""]),
        "files": st.lists(GOOD_FILE, max_size=3),
        "fixed": WORD,
        "rows": st.lists(
            st.fixed_dictionaries(GOOD_ROW, optional={"in": st.lists(st.fixed_dictionaries(GOOD_ROW), max_size=2)}),
            max_size=3,
        ),
        "total": JSON,
    },
)
#: The same with one answer spoilt.
SPOILT = st.builds(lambda good, key, value: {**good, key: value}, GOOD, st.sampled_from(list(RICH.keys)), JSON)


#: What arrives of a posted form: the web framework has replaced what is no text, a page never sends control characters.
TYPED = st.one_of(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30), TEXTS.filter(str.isprintable))


def check_reasons(reasons: list[forms.Reason]) -> None:
    """Each says what is wrong and what to do."""
    assert reasons
    for reason in reasons:
        said = words(reason.rule, reason.values)
        assert said.message.sv
        assert said.remedy.sv


def check_errors(invalid: forms.InvalidInput) -> None:
    """Each path has a message, each message words that can be sent."""
    assert invalid.errors
    assert all(isinstance(path, str) and messages for path, messages in invalid.errors.items())
    for messages in invalid.errors.values():
        assert all(message.text(language).encode() for message in messages for language in ("sv", "en"))
    assert invalid.nested()


def errors_or_data(made: forms.Form, raw: Any) -> dict[str, Any] | None:
    """Clean data, after checking what must hold of it; None when there were errors, after checking those."""
    try:
        data = clean(made, raw, known=KNOWN, lookups=LOOKUPS)
    except forms.InvalidInput as invalid:
        return check_errors(invalid)
    stored = json.loads(json.dumps(data, allow_nan=False, ensure_ascii=False).encode())
    assert stored == data
    assert clean(made, stored, known=KNOWN, lookups=LOOKUPS) == data
    assert "\x00" not in json.dumps(data, ensure_ascii=False)
    assert all(len(told) == 2 for told in made.describe(data, LOOKUPS))
    return data


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.one_of(ANSWERS, SPOILT, SPOILT, JSON))
def test_any_answers_give_errors_by_field_or_data_that_reads_the_same_again(raw):
    errors_or_data(RICH, raw)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(GOOD)
def test_good_answers_are_taken_and_survive_a_round_trip_through_a_page(raw):
    data = errors_or_data(RICH, raw)
    assert data is not None, "these are answers that the form takes"
    assert set(data) <= set(RICH.keys)
    page = html(RICH.view(data, {}, evaluate, known={**KNOWN, "plan": data}, lookups=LOOKUPS))
    assert clean(RICH, RICH.read_post(posted(page)), known={**KNOWN, "plan": data}, lookups=LOOKUPS) == data


NAMES = st.one_of(
    st.sampled_from(
        [
            "on",
            "n",
            "exact",
            "child-name",
            "child-age",
            "free",
            "own",
            "day",
            "clock",
            "moment-date",
            "moment-time",
            "one",
            "dynamic",
            "keyed",
            "unit",
            "files",
            "rows-0-text",
            "rows-0-many",
            "rows-0-_row",
            "rows-1-in-0-text",
            "rows-7-_row",
            "_seen",
            "_add",
            "_remove",
            "_refresh",
            "rows",
            "rows-0",
            "rows--1-text",
            "moment",
            "fixed",
            "total",
        ]
    ),
    TEXTS,
)
POSTS = st.lists(
    st.tuples(NAMES, TYPED | st.sampled_from(["rows", "rows-0", "rows-1-in", "files-0", "on n one"])), max_size=25
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(POSTS)
def test_any_post_is_read_shown_again_and_loses_nothing(pairs):
    fields = MultiDict(pairs)
    raw = RICH.read_post(fields)
    change = RICH.change_rows(fields, raw)
    raw = change.raw if change else raw
    errors_or_data(RICH, raw)
    again = RICH.read_post(posted(html(RICH.view(raw, {}, evaluate, known=KNOWN, lookups=LOOKUPS))))
    # What is shown as typed is what is sent back; hidden questions and read-only ones are not on the page.
    assert errors_or_data(RICH, again) == errors_or_data(RICH, raw)


KEYS = ["a", "b", "c", "d.x", "d.y", "constructor_", "typename", "e"]


@st.composite
def any_form(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Components of all kinds, each hidden or not by those before it."""
    components: list[dict[str, Any]] = []
    for key in draw(st.lists(st.sampled_from(KEYS), min_size=1, unique=True)):
        kind = draw(
            st.sampled_from(["textfield", "number", "checkbox", "select", "checklist", "datetime", "expression"])
        )
        earlier = [component["key"] for component in components]
        component = field(kind, key)
        if kind in ("select", "checklist"):
            component["values"] = options("x", "y")
        if kind == "expression":
            component["expression"] = f'={draw(st.sampled_from([*earlier, "1"]))} = "x"'
        else:
            component["validate"] = {"required": draw(st.booleans())}
        if earlier and draw(st.booleans()):
            test = draw(st.sampled_from(["= true", '= "x"', "= null", "> 3", "!= false"]))
            component["conditional"] = {"hide": f"={draw(st.sampled_from(earlier))} {test}"}
        components.append(component)
    if draw(st.booleans()):
        listed = {"type": "dynamiclist", "path": "list", "components": components}
        return [listed, field("checkbox", "z")]
    return draw(st.permutations(components))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_form(), st.data())
def test_any_form_reads_its_own_data_the_same_again(components, data):
    made = form(*components)
    value = st.sampled_from(["x", "y", "", True, False, None, 5, ["x"], "2026-12-01"]) | JSON
    flat = {key: value for key in ("a", "b", "c", "constructor_", "typename", "e", "z")}
    nested = st.fixed_dictionaries(
        {}, optional={**flat, "d": st.fixed_dictionaries({}, optional={"x": value, "y": value})}
    )
    raw = data.draw(
        nested if len(components) != 2 else nested | st.fixed_dictionaries({"list": st.lists(nested, max_size=3)})
    )
    errors_or_data(made, raw)


@settings(max_examples=40, deadline=None)
@given(
    JSON
    | st.builds(
        lambda parts: {"id": "x", "components": parts},
        st.lists(
            st.dictionaries(
                st.sampled_from(
                    [
                        "type",
                        "key",
                        "path",
                        "label",
                        "values",
                        "validate",
                        "conditional",
                        "components",
                        "expression",
                        "subtype",
                        "properties",
                        "text",
                    ]
                ),
                JSON
                | st.sampled_from(["textfield", "group", "dynamiclist", "select", "number", "=a", "=", "a.b", "text"]),
                max_size=6,
            ),
            max_size=5,
        ),
    )
)
def test_any_json_is_a_form_or_refused_with_reasons(content):
    try:
        made = forms.load(content if isinstance(content, dict) else json.dumps(content), "x.form")
    except forms.InvalidForm as invalid:
        check_reasons(invalid.reasons)
    else:
        made.view(None, None, lambda source, variables: None)
