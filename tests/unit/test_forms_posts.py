"""What a browser posts: read without loss, rows added and removed without JavaScript."""

from werkzeug.datastructures import MultiDict

from tests.forms_kit import errors, evaluate, field, form, html, options, posted

GOALS = {
    "type": "dynamiclist",
    "path": "goals",
    "label": "Mål",
    "components": [
        field("textfield", "text"),
        field("checkbox", "urgent"),
        {"type": "dynamiclist", "path": "steps", "label": "Steg", "components": [field("textfield", "by")]},
    ],
}


def test_fields_are_nested_as_the_form_is():
    made = form(
        field("textfield", "child.name"),
        {"type": "group", "path": "child", "components": [field("number", "age")]},
        GOALS,
    )
    fields = MultiDict(
        [("child-name", "Exempel"), ("child-age", "9"), ("goals-0-text", "a"), ("goals-0-steps-0-by", "x")]
    )
    assert made.read_post(fields) == {
        "child": {"name": "Exempel", "age": "9"},
        "goals": [{"text": "a", "urgent": False, "steps": [{"by": "x"}]}],
    }


def test_a_plain_mapping_will_do():
    made = form(field("checklist", "a", values=options("x", "y")), field("textfield", "b"))
    assert made.read_post({"a": ["x", "y"], "b": "z"}) == {"a": ["x", "y"], "b": "z"}


def test_rows_may_have_gaps_and_may_be_empty():
    made = form(GOALS)
    fields = {"goals-2-text": "b", "goals-10-_row": "1", "goals-x-text": "no row", "goals-99999999-text": "no row"}
    assert [row.get("text") for row in made.read_post(fields)["goals"]] == ["b", None]


def test_a_list_without_rows_is_posted_as_none():
    assert form(GOALS).read_post({}) == {"goals": []}


def test_an_unticked_box_differs_from_one_that_was_not_on_the_page():
    made = form(
        field("checkbox", "a", defaultValue=True), field("checklist", "b", values=options("x"), defaultValue=["x"])
    )
    assert made.read_post({"_seen": "a b"}) == {"a": False, "b": []}
    assert made.read_post({"_seen": "c"}) == {}


def test_adding_a_row_loses_nothing():
    made = form(GOALS)
    view = made.view({"goals": [{"text": "ett", "urgent": True, "steps": [{"by": "x"}]}]}, {}, evaluate)
    fields = posted(html(view), _add="goals-0-steps", goals__0__text="ändrat")
    change = made.change_rows(fields, made.read_post(fields))
    assert change.raw == {"goals": [{"text": "ändrat", "urgent": True, "steps": [{"by": "x"}, {}]}]}
    assert f'id="{change.focus}" tabindex="-1" autofocus' in html(
        made.view(change.raw, {}, evaluate, focus=change.focus)
    )


def test_removing_a_row_keeps_the_others():
    made = form(GOALS)
    raw = {"goals": [{"text": "ett"}, {"text": "två"}, {"text": "tre"}]}
    assert made.change_rows({"_remove": "goals-1"}, raw).raw == {"goals": [{"text": "ett"}, {"text": "tre"}]}
    assert raw["goals"][1] == {"text": "två"}


def test_a_button_for_what_is_not_there_changes_nothing():
    made = form(GOALS, field("textfield", "a"))
    for button in ("goals-7", "goals", "a-0", "nothing-1", "", "goals-0-steps-3", "-", "goals-٣"):
        assert made.change_rows({"_remove": button}, {"goals": [{"text": "x", "steps": []}]}).raw["goals"] == [
            {"text": "x", "steps": []}
        ]
    assert made.change_rows({"_add": "a"}, {"a": "x"}).raw["a"] == "x"
    assert made.change_rows({"_do": "complete"}, {}) is None


def test_rows_of_a_fixed_list_cannot_be_added():
    made = form({**GOALS, "allowAddRemove": False})
    assert made.change_rows({"_add": "goals"}, {"goals": [{}]}).raw == {"goals": [{}]}
    assert made.change_rows({"_remove": "goals-0"}, {"goals": [{}]}).raw == {"goals": [{}]}


def test_the_enter_key_brings_the_page_back_and_removes_no_row():
    made = form(GOALS)
    page = html(made.view(None, {}, evaluate))
    assert page.index('name="_refresh"') < page.index('name="_remove"')
    assert made.change_rows({"_refresh": "1"}, {"goals": [{"text": "x"}]}).raw == {"goals": [{"text": "x"}]}


def test_a_question_that_an_answer_made_visible_is_shown_before_the_answers_are_taken():
    made = form(
        field("checkbox", "given"), field("textarea", "reason", conditional={"hide": "=given"}), field("textfield", "x")
    )
    fields = posted(html(made.view({"given": True}, {}, evaluate)))
    del fields["given"]
    raw = made.read_post(fields)
    assert [message.text() for message in made.unseen(fields, raw, evaluate)["reason"]] == ["Svara också på ”Reason”."]
    assert made.unseen({"x": "API"}, raw, evaluate) == {}
    fields = posted(html(made.view(raw, {}, evaluate)))
    assert made.unseen(fields, made.read_post(fields), evaluate) == {}


def test_files_stay_attached_while_the_rest_is_corrected():
    made = form(field("filepicker", "docs", multiple=True, accept=".pdf"))
    first = {"id": "1", "name": "a.pdf", "size": 9, "type": "application/pdf"}
    second = {"id": "2", "name": 'b å ".pdf', "size": 9, "type": "application/pdf"}
    fields = posted(html(made.view({"docs": [first]}, {}, evaluate)))
    raw = made.read_post(fields, {"docs": [second]})
    assert raw == {"docs": [first, second]}
    assert made.change_rows({"_remove": "docs-0"}, raw).raw == {"docs": [second]}
    assert made.file_rule("docs").broken_by("x.exe", 1, "text/plain")
    assert made.file_rule("docs").broken_by("x.pdf", 1, "application/pdf") == []
    assert made.file_rule("other") is None


def test_a_reference_that_is_tampered_with_is_refused():
    made = form(field("filepicker", "docs"))
    for sent in ('{"id": "1"}', "not json", "[]", "1", '{"id": "1", "name": "a", "size": -1, "type": ""}', "[" * 1_999):
        assert set(errors(made, made.read_post({"docs": sent}))) == {"docs"}


def test_earlier_answers_prefill_and_what_the_form_no_longer_asks_is_left_out():
    made = form(field("textfield", "a"), {**GOALS, "defaultRepetitions": 2})
    assert made.prefill({}) == {"goals": [{"steps": [{}]}, {"steps": [{}]}]}
    known = {"plan": {"a": "x", "gone": 1, "goals": [{"text": "y", "old": 2}]}}
    assert made.prefill(known) == {"a": "x", "goals": [{"text": "y", "steps": [{}]}]}
    assert known["plan"]["goals"] == [{"text": "y", "old": 2}]
