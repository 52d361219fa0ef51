"""Reading form files: what is kept, what is refused by name, and that nothing else gets through."""

import json
import time

import pytest

import forms
from engine.rules import words
from tests.forms_kit import field, form, options, reasons


@pytest.mark.parametrize("type", ["html", "iframe", "image", "button", "documentPreview", "range", "", "typename"])
def test_a_component_we_do_not_have_is_refused_by_name(type):
    with pytest.raises(forms.InvalidForm) as caught:
        form({"type": type, "id": "Field_1"})
    [reason] = caught.value.reasons
    assert (reason.file, reason.component, reason.rule.partition(".")[0]) == (
        "plan.form",
        "Field_1",
        "unsupported-component",
    )
    said = words(reason.rule, reason.values)
    assert f"“{type}”" in said.message.en
    assert f"”{type}”" in said.message.sv


def test_every_reason_is_told_at_once():
    found = reasons({"type": "html"}, field("textfield", "a b"), field("number", "n", foo=1), schemaVersion=20)
    assert found == ["schema-version", "unsupported-component", "illegal-key", "unsupported-property"]


@pytest.mark.parametrize(
    ("component", "rule"),
    [
        (field("textfield", "a", validate={"requried": True}), "unsupported-rule"),
        (field("textfield", "a", validate={"min": 1}), "unsupported-rule"),
        (field("number", "a", validate={"pattern": "1+"}), "unsupported-rule"),
        (field("textfield", "a", validate={"pattern": "(?=x)y"}), "unsupported-pattern"),
        (field("textfield", "a", validate={"pattern": r"(a)\1"}), "unsupported-pattern"),
        (field("textfield", "a", validate={"pattern": "("}), "unsupported-pattern"),
        (field("textfield", "a", validate={"validationType": "iban"}), "unsupported-rule"),
        (field("textfield", "a", validate={"required": "yes"}), "property-type"),
        (field("textfield", "a", conditional={"hide": "b = 1"}), "not-an-expression"),
        (field("textfield", "a", conditional={"show": "=b"}), "unsupported-property"),
        (field("textfield", "a", options=[]), "unsupported-property"),
        (field("textfield", "a", properties={"samled": "spaceship"}), "unsupported-picker"),
        (field("number", "a", defaultValue="many"), "default-value"),
        (field("number", "a", increment=0), "property-type"),
        (field("checkbox", "a", defaultValue="yes"), "default-value"),
        (field("datetime", "a", subtype="year"), "property-type"),
        (field("datetime", "a", properties={"samled": "unit"}), "unsupported-picker"),
        (field("select", "a"), "missing-options"),
        (field("select", "a", values=options("x", "x")), "option"),
        (field("select", "a", valuesExpression="[1,2]"), "not-an-expression"),
        ({"type": "textfield", "label": "No key"}, "unnamed-component"),
        (field("textfield", "__proto__"), "illegal-key"),
        (field("textfield", "a.constructor.b"), "illegal-key"),
        (field("textfield", "_add"), "illegal-key"),
        (field("textfield", "csrf_token"), "illegal-key"),
        ({"type": "text", "text": "{{#if a}}b{{/if}}"}, "unsupported-template"),
        ({"type": "expression", "key": "a", "expression": "1 + 1"}, "not-an-expression"),
        ({"type": "table", "dataSource": "=a"}, "missing-columns"),
        ({"type": "dynamiclist", "components": []}, "unnamed-component"),
        ({"type": "dynamiclist", "path": "a", "isRepeating": False, "components": []}, "unsupported-property"),
        (field("filepicker", "a", properties={"maxSize": "a lot"}), "property-type"),
        (field("filepicker", "a", accept="pdf"), "property-type"),
        ("no object", "not-a-component"),
    ],
)
def test_a_rule_or_property_we_do_not_keep_is_refused(component, rule):
    assert rule in reasons(component)


def test_what_other_tools_leave_behind_changes_nothing():
    component = field("textfield", "a", layout={"row": "Row_1", "columns": None}, _parent="x", properties={"note": "y"})
    assert (
        reasons({**component, "camunda:x": 1}, exporter={"name": "Camunda Modeler"}, executionPlatform="Camunda Cloud")
        == []
    )


@pytest.mark.parametrize(
    "pair",
    [
        (field("textfield", "a"), field("number", "a")),
        (field("textfield", "a"), field("number", "a.b")),
        (field("textfield", "a.b"), {"type": "dynamiclist", "path": "a", "components": []}),
        (field("textfield", "a"), {"type": "group", "path": "a", "components": [field("textfield", "b")]}),
    ],
)
def test_two_components_that_write_to_one_place_are_refused(pair):
    assert "duplicate-key" in reasons(*pair)


def test_two_groups_may_share_a_path():
    group = {"type": "group", "path": "a"}
    assert (
        reasons({**group, "components": [field("number", "x")]}, {**group, "components": [field("number", "y")]}) == []
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (field("checkbox", "a", conditional={"hide": "=b"}), field("checkbox", "b", conditional={"hide": "=a"})),
        (
            {"type": "expression", "key": "a", "expression": "=b + 1"},
            {"type": "expression", "key": "b", "expression": "=a"},
        ),
        (field("checkbox", "a"), {"type": "expression", "key": "b", "expression": "=b + 1"}),
        (
            field("checkbox", "x"),
            {"type": "group", "conditional": {"hide": "=y = 1"}, "components": [field("number", "y")]},
        ),
    ],
)
def test_conditions_that_depend_on_themselves_are_refused(first, second):
    assert "conditions-in-a-circle" in reasons(first, second)


def test_a_field_read_through_the_forms_own_name_makes_a_circle():
    group = {"type": "group", "conditional": {"hide": "=plan.y = 1"}, "components": [field("number", "y")]}
    assert reasons(group) == ["conditions-in-a-circle"]
    whole = {"type": "expression", "key": "a", "expression": "=plan"}
    assert reasons(whole) == ["conditions-in-a-circle"]


def test_a_field_of_a_row_is_another_than_the_forms_field_of_the_same_name():
    rows = {
        "type": "dynamiclist",
        "path": "rows",
        "components": [
            field("number", "a", conditional={"hide": "=b = 1"}),
            field("number", "b", conditional={"hide": "=a = 1"}),
        ],
    }
    assert reasons(field("number", "a"), field("number", "b"), rows) == []
    rows["components"][0]["conditional"]["hide"] = "=this.b = 1"
    assert reasons(rows) == []
    rows["components"][1]["conditional"]["hide"] = "=this.a = 1"
    assert reasons(rows) == ["conditions-in-a-circle"]


def test_many_fields_with_long_conditions_are_read_in_reasonable_time():
    names = " or ".join(f"case.x{number} = 1" for number in range(300))
    hidden = [field("number", f"a{number}", conditional={"hide": f"={names}"}) for number in range(20)]
    begun = time.perf_counter()
    assert reasons(*hidden, *(field("number", f"b{number}") for number in range(300))) == []
    assert time.perf_counter() - begun < 5


def test_a_name_inside_a_text_or_a_comment_makes_no_circle():
    hide = '=b = "a" /* not a */'
    assert reasons(field("textfield", "a", conditional={"hide": hide}), field("textfield", "b")) == []


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe\x00", b"null", b'{"components": 3}', b'{"id": NaN}', "[" * 100_000]
)
def test_what_is_no_form_is_refused_without_a_traceback(content):
    with pytest.raises(forms.InvalidForm) as caught:
        forms.load(content, "x.form")
    assert all(reason.file == "x.form" and words(reason.rule, reason.values) for reason in caught.value.reasons)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_utf_16_are_read(encoding):
    content = json.dumps(
        {"id": "a", "type": "default", "components": [field("textfield", "namn", label="Å")]}, ensure_ascii=False
    )
    assert forms.load(content.encode(encoding)).components[0].label.parts == ("Å",)


def test_a_form_has_limits():
    deep = field("textfield", "a")
    for _ in range(20):
        deep = {"type": "group", "components": [deep]}
    assert "groups-too-deep" in reasons(deep)
    assert "too-large" in reasons(*(field("textfield", f"a{number}") for number in range(1_001)))
    with pytest.raises(forms.InvalidForm, match="too-large"):
        forms.load(" " * 1_000_001)


def test_the_title_is_the_forms_own_or_its_first_heading_or_its_id():
    assert form(id="plan").title == "plan"
    assert form({"type": "text", "text": "## Planen\nMer"}).title == "Planen"
    assert forms.load({"id": "a", "title": "Samtycke", "components": []}).title == "Samtycke"


def test_all_feel_of_a_form_can_be_listed():
    made = form(
        field("number", "a", validate={"max": "=b"}, conditional={"hide": "=c"}, description="Most {{b}}"),
        {"type": "expression", "key": "d", "expression": "=a * 2"},
    )
    found = {(one.component, one.property, one.source) for one in made.expressions()}
    assert found == {
        ("a", "conditional.hide", "c"),
        ("a", "description", "b"),
        ("a", "validate.max", "b"),
        ("d", "expression", "a * 2"),
    }
