"""What depends on other answers: hiding, computing, limits, what is read-only. With the engine's own FEEL."""

from tests.forms_kit import clean, errors, field, form, options


def test_a_hidden_question_is_dropped_and_not_required():
    made = form(
        field("checkbox", "given"),
        field("textarea", "reason", validate={"required": True}, conditional={"hide": "=given"}),
    )
    assert clean(made, {"given": True, "reason": "kvar sedan förut"}) == {"given": True}
    assert errors(made, {"given": False}) == {"reason": ["Fyll i ”Reason”."]}


def test_a_hidden_question_counts_as_unanswered_for_the_next():
    made = form(
        field("checkbox", "a"),
        field("checkbox", "b", conditional={"hide": "=not(a)"}),
        field("textfield", "c", conditional={"hide": "=not(b = true)"}),
    )
    assert clean(made, {"a": True, "b": True, "c": "x"}) == {"a": True, "b": True, "c": "x"}
    assert clean(made, {"a": False, "b": True, "c": "x"}) == {"a": False}


def test_a_condition_looks_at_the_case_too():
    made = form(field("textfield", "a", conditional={"hide": '=case.owner != "bup" or consent.given'}))
    assert clean(made, {"a": "x"}, known={"case": {"owner": "bup"}, "consent": {"given": False}}) == {"a": "x"}
    assert clean(made, {"a": "x"}, known={"case": {"owner": "bup"}, "consent": {"given": True}}) == {}


def test_the_form_sees_its_own_answers_under_its_own_name_as_they_are_now():
    made = form(field("number", "n"), field("textfield", "a", conditional={"hide": "=plan.n > 3"}))
    assert clean(made, {"n": 5, "a": "x"}, known={"plan": {"n": 1}}) == {"n": 5}


def test_a_hidden_group_or_list_takes_everything_in_it_along():
    made = form(
        field("checkbox", "off"),
        {
            "type": "group",
            "path": "g",
            "conditional": {"hide": "=off"},
            "components": [
                field("textfield", "a", validate={"required": True}),
                {
                    "type": "dynamiclist",
                    "path": "rows",
                    "components": [field("textfield", "b", validate={"required": True})],
                },
            ],
        },
    )
    assert clean(made, {"off": True, "g": {"rows": [{}]}}) == {"off": True}
    assert set(errors(made, {"g": {"rows": [{}]}})) == {"g.a", "g.rows.0.b"}


def test_a_row_sees_itself_its_number_and_what_is_around_it():
    made = form(
        field("checkbox", "detailed"),
        {
            "type": "dynamiclist",
            "path": "rows",
            "components": [
                field("select", "kind", values=options("a", "other")),
                field("textfield", "which", conditional={"hide": '=this.kind != "other" or not(parent.detailed)'}),
                {"type": "expression", "key": "number", "expression": "=i[1]"},
            ],
        },
    )
    raw = {"detailed": True, "rows": [{"kind": "a", "which": "x"}, {"kind": "other", "which": "y"}]}
    assert clean(made, raw)["rows"] == [{"kind": "a", "number": 1}, {"kind": "other", "which": "y", "number": 2}]
    assert clean(made, {**raw, "detailed": False})["rows"][1] == {"kind": "other", "number": 2}


def test_a_list_in_a_list_keeps_its_rows_apart():
    made = form(
        {
            "type": "dynamiclist",
            "path": "goals",
            "components": [
                field("textfield", "text"),
                {
                    "type": "dynamiclist",
                    "path": "steps",
                    "components": [{"type": "expression", "key": "at", "expression": "=i"}, field("textfield", "by")],
                },
            ],
        }
    )
    raw = {"goals": [{"text": "a", "steps": [{"by": "x"}]}, {"text": "b", "steps": [{"by": "y"}, {"by": "z"}]}]}
    assert [[step["at"] for step in goal["steps"]] for goal in clean(made, raw)["goals"]] == [
        [[1, 1]],
        [[2, 1], [2, 2]],
    ]


def test_what_is_computed_cannot_be_posted():
    made = form(
        field("number", "a"),
        {
            "type": "expression",
            "key": "sum",
            "expression": "=if double = null then 0 else double + 1",
            "computeOn": "presubmit",
        },
        {"type": "expression", "key": "double", "expression": "=a * 2", "computeOn": "change"},
    )
    assert clean(made, {"a": 4, "sum": 1_000_000}) == {"a": 4, "double": 8, "sum": 9}


def test_a_computed_value_may_be_hidden_and_may_hide():
    made = form(
        field("number", "a"),
        {"type": "expression", "key": "b", "expression": "=a > 3", "conditional": {"hide": "=a = null"}},
        field("textfield", "c", conditional={"hide": "=b"}),
    )
    assert clean(made, {"a": 5, "c": "x"}) == {"a": 5, "b": True}
    assert clean(made, {"c": "x"}) == {"a": None, "c": "x"}


def test_limits_may_be_expressions():
    made = form(
        field("number", "least"),
        field("number", "a", validate={"min": "=least", "max": "=case.most"}),
        field("textfield", "b", validate={"maxLength": "=least"}),
    )
    known = {"case": {"most": 10}}
    assert errors(made, {"least": 3, "a": 2, "b": "abcd"}, known=known) == {
        "a": ["Skriv ett tal som är minst 3 i ”A”."],
        "b": ["Korta ”B” till högst 3 tecken; nu är det 4."],
    }
    assert errors(made, {"least": "", "a": 11, "b": "abcd"}, known=known) == {
        "a": ["Skriv ett tal som är högst 10 i ”A”."]
    }


def test_a_read_only_answer_is_kept_and_not_taken_from_the_post():
    made = form(
        field("textfield", "a", readonly=True),
        field("number", "b", disabled=True, defaultValue=7),
        field("textfield", "c", readonly="=b > 5", validate={"required": True}),
    )
    assert clean(made, {"a": "ny", "b": 1, "c": "ny"}, known={"plan": {"a": "gammal", "c": "fast"}}) == {
        "a": "gammal",
        "b": 7,
        "c": "fast",
    }
    assert clean(made, {"a": "ny", "c": "ny"}, known={"plan": {"b": 2}}) == {"a": "", "b": 2, "c": "ny"}


def test_a_question_may_hide_when_it_is_empty_but_not_by_being_answered():
    made = form(
        field("textfield", "a", conditional={"hide": '=a = ""'}),
        field("textfield", "b", conditional={"hide": '=b = "x"'}),
    )
    assert clean(made, {"a": "", "b": "x"}) == {"b": "x"}
    assert clean(made, {"a": "y", "b": ""}) == {"a": "y", "b": ""}


def test_labels_may_hold_feel():
    made = form(
        field("textfield", "child"),
        field("textfield", "a", label="Vad vill {{child}}?", validate={"required": True}),
        field("textfield", "b", label='="Sedan " + string(today())', validate={"required": True}),
    )
    assert errors(made, {"child": "Exempel {0}"}) == {
        "a": ["Fyll i ”Vad vill Exempel {0}?”."],
        "b": ["Fyll i ”Sedan 2026-11-23”."],
    }


def test_a_comparison_with_an_empty_field_hides_nothing_and_raises_nothing():
    made = form(field("number", "n"), field("textfield", "a", conditional={"hide": "=n > 3 and unknown.thing = 1"}))
    assert clean(made, {"a": "x"}) == {"n": None, "a": "x"}


def test_hiding_keeps_several_levels_of_groups_apart():
    made = form(
        field("radio", "who", values=options("child", "adult")),
        {
            "type": "group",
            "conditional": {"hide": '=who != "child"'},
            "components": [
                field("checkbox", "guardian"),
                {
                    "type": "group",
                    "conditional": {"hide": "=not(guardian)"},
                    "components": [field("textfield", "name")],
                },
            ],
        },
    )
    assert clean(made, {"who": "child", "guardian": True, "name": "x"}) == {
        "who": "child",
        "guardian": True,
        "name": "x",
    }
    assert clean(made, {"who": "child", "guardian": False, "name": "x"}) == {"who": "child", "guardian": False}
    assert clean(made, {"who": "adult", "guardian": True, "name": "x"}) == {"who": "adult"}
