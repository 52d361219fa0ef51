"""Three versions of a package as one: by element id, and what both sides changed is named."""

import json

import pytest

from engine.differences import differences
from engine.merging import NoSuchConflict, merge
from engine.packages import Package
from tests.unit.test_differences import DMN, FORM, MODEL, package

RENAMED = ("p.bpmn", 'name="Behov"', 'name="Ett behov"')
DUE = ("process.toml", "3 working days", "5 working days")


def ids(merged) -> list[str]:
    return [conflict.id for conflict in merged.conflicts]


def same(one: Package, other: Package) -> bool:
    return [change for change in differences(one, other) if change.what != "layout"] == []


def test_where_one_side_is_unchanged_the_other_comes_out_byte_for_byte():
    changed = package(RENAMED, DUE)
    assert dict(merge(package(), changed, package()).package.files) == dict(changed.files)
    assert dict(merge(package(), package(), changed).package.files) == dict(changed.files)


def test_changes_of_different_elements_and_different_aspects_come_together():
    theirs = package(RENAMED, DUE, ("forms/summons.form", "Vem?", "Vilka?"), ("who.dmn", '"x"', '"z"'))
    ours = package(
        ("p.bpmn", 'name="Kalla enheter"', 'name="Kalla"'), ("process.toml", "Kallelsen skickad", "Kallat"),
        ("forms/summons.form", "Hur?", "På vilket sätt?"), ("who.dmn", '"y"', '"w"'),
    )  # fmt: skip
    merged = merge(package(), theirs, ours)
    assert ids(merged) == []
    expected = package(
        RENAMED, DUE, ("forms/summons.form", "Vem?", "Vilka?"), ("who.dmn", '"x"', '"z"'),
        ("p.bpmn", 'name="Kalla enheter"', 'name="Kalla"'), ("process.toml", "Kallelsen skickad", "Kallat"),
        ("forms/summons.form", "Hur?", "På vilket sätt?"), ("who.dmn", '"y"', '"w"'),
    )  # fmt: skip
    assert same(merged.package, expected)
    assert merged.package.files["process.toml"] == expected.files["process.toml"]


def test_the_text_of_a_model_stays_as_it_is_but_for_what_came():
    ours = package(("p.bpmn", 'name="Kalla enheter"', 'name="Kalla"'))
    merged = merge(package(), package(RENAMED), ours).package.files["p.bpmn"].decode()
    was = ours.files["p.bpmn"].decode().splitlines()
    # Besides the lines of the root and what stood on one line with spaces inside its tag.
    assert [line for line in merged.splitlines()[6:] if line not in was] == [
        '    <bpmn:startEvent id="start" name="Ett behov"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>'
    ]


def test_what_both_changed_is_a_conflict_with_all_three_values_and_ours_stands():
    theirs, ours = package(("p.bpmn", '"Behov"', '"Ett behov"')), package(("p.bpmn", '"Behov"', '"Begäran"'))
    merged = merge(package(), theirs, ours)
    (conflict,) = merged.conflicts
    assert (conflict.id, conflict.base, conflict.ours, conflict.theirs) == (
        "p.bpmn:start:@name", "Behov", "Begäran", "Ett behov",
    )  # fmt: skip
    assert same(merged.package, ours)
    assert same(merge(package(), theirs, ours, {conflict.id: "theirs"}).package, theirs)
    assert merge(package(), theirs, ours, {conflict.id: "ours"}).conflicts == ()


def test_the_same_change_on_both_sides_is_no_conflict():
    assert ids(merge(package(), package(RENAMED, DUE), package(RENAMED))) == []


@pytest.mark.parametrize(
    ("file", "old", "one", "other", "conflict"),
    [
        ("process.toml", "3 working days", "P1W", "P2W", "process.toml:deadlines.summons-sent.value"),
        ("forms/summons.form", "Vem?", "Vilka?", "Vilken?", "forms/summons.form:c1:label"),
        ("forms/summons.form", "Brev", "Post", "Papper", "forms/summons.form:c2:values[letter].label"),
        ("who.dmn", '"x"', '"a"', '"b"', "who.dmn:b1:text"),
        ("who.dmn", 'hitPolicy="FIRST"', 'hitPolicy="ANY"', 'hitPolicy="UNIQUE"', "who.dmn:t:@hitPolicy"),
        ("p.bpmn", "summons-sent", "a", "b", "p.bpmn:send:taskSchedule@dueDate"),
        ("translations/en.toml", "Done", "Finished", "Over", "translations/en.toml:Klart"),
        ("README.md", "Läs", "Se", "Titta", "README.md"),
    ],
)
def test_conflicts_of_every_kind_of_file_can_be_chosen_either_way(file, old, one, other, conflict):
    theirs, ours = package((file, old, one)), package((file, old, other))
    merged = merge(package(), theirs, ours)
    assert ids(merged) == [conflict]
    assert same(merged.package, ours)
    assert same(merge(package(), theirs, ours, {conflict: "theirs"}).package, theirs)


@pytest.mark.parametrize("file", ["process.toml", "forms/summons.form"])
def test_a_file_that_cannot_be_read_is_one_conflict_and_a_side_is_chosen_whole(file):
    other = {"process.toml": DUE, "forms/summons.form": ("forms/summons.form", "Vem?", "Vilka?")}[file]
    theirs = package(other)
    ours = Package.from_files({**package().files, file: b"{[ broken"}, "p", broken=True)
    merged = merge(package(), theirs, ours)
    (conflict,) = merged.conflicts
    assert merged.package.files[file] == b"{[ broken"
    assert merge(package(), theirs, ours, {conflict.id: "theirs"}).package.files[file] == theirs.files[file]
    assert [change.file for change in differences(package(), merged.package) if change.kind == "file"] == [file]


def test_a_choice_in_what_is_no_conflict_is_refused():
    with pytest.raises(NoSuchConflict, match="start:@name"):
        merge(package(), package(RENAMED), package(DUE), {"p.bpmn:start:@name": "ours"})


WITHOUT = (
    MODEL.replace(MODEL[MODEL.index('    <bpmn:userTask id="send"') : MODEL.index('    <bpmn:endEvent id="end"')], "")
    .replace('    <bpmn:sequenceFlow id="f2" sourceRef="send" targetRef="end"/>\n', "")
    .replace("<bpmn:flowNodeRef>send</bpmn:flowNodeRef>", "")
    .replace('targetRef="send"', 'targetRef="end"')
    .replace("<bpmn:incoming>f2<", "<bpmn:incoming>f1<")
)
GUARDED = MODEL.replace(
    "</bpmn:process>",
    '<bpmn:boundaryEvent id="late" attachedToRef="send"/><bpmn:sequenceFlow id="f9" sourceRef="late" targetRef="end"/>'
    "</bpmn:process>",
)


def test_what_one_side_took_out_and_the_other_changed_is_a_conflict():
    without = package(("p.bpmn", MODEL, WITHOUT))
    changed = package(("p.bpmn", 'name="Kalla enheter"', 'name="Kalla"'))
    for theirs, ours in ((without, changed), (changed, without)):
        merged = merge(package(), theirs, ours)
        assert "p.bpmn:send" in ids(merged)
        assert merged.conflicts[0].base == "there"
        known = {name for name, _ in _model(merged.package)}
        assert ("send" in known) is (ours is changed)


def test_what_leads_to_a_step_that_the_other_side_took_out_is_named_not_lost_in_silence():
    without, guarded = package(("p.bpmn", MODEL, WITHOUT)), package(("p.bpmn", MODEL, GUARDED))
    (conflict,) = merge(package(), guarded, without).conflicts
    assert conflict.id == "p.bpmn:send"
    assert set(conflict.along) == {"late", "f9"}
    back = merge(package(), guarded, without, {"p.bpmn:send": "theirs"}).package
    assert {"send", "late", "f9", "f2"} <= {name for name, _ in _model(back)}


def _model(package: Package) -> list[tuple[str, str]]:
    from engine.differences.models import items_of

    return [(item.id, item.kind) for item in items_of(package.files["p.bpmn"], "p.bpmn").values()]


def test_new_steps_of_both_sides_are_in_their_lanes_and_know_their_flows():
    def with_step(key: str, flow: str) -> Package:
        source, target = {"f1": ("start", "send"), "f2": ("send", "end")}[flow]
        new = MODEL.replace(f'sourceRef="{source}" targetRef="{target}"', f'sourceRef="{source}" targetRef="{key}"')
        new = new.replace(
            "</bpmn:process>",
            f'<bpmn:manualTask id="{key}" name="{key}"><bpmn:incoming>{flow}</bpmn:incoming>'
            f"<bpmn:outgoing>to_{key}</bpmn:outgoing></bpmn:manualTask>"
            f'<bpmn:sequenceFlow id="to_{key}" sourceRef="{key}" targetRef="{target}"/></bpmn:process>',
        ).replace('name="Chef">', f'name="Chef"><bpmn:flowNodeRef>{key}</bpmn:flowNodeRef>')
        assert f"<bpmn:incoming>{flow}</bpmn:incoming>" in new
        return package(("p.bpmn", MODEL, new.replace(f"<bpmn:incoming>{flow}<", f"<bpmn:incoming>to_{key}<", 1)))

    merged = merge(package(), with_step("one", "f1"), with_step("two", "f2"))
    assert ids(merged) == []
    text = merged.package.files["p.bpmn"].decode()
    assert text.count("<bpmn:flowNodeRef>one</bpmn:flowNodeRef>") == 1
    assert text.count("<bpmn:flowNodeRef>two</bpmn:flowNodeRef>") == 1
    for flow in ("f1", "f2", "to_one", "to_two"):
        assert text.count(f"<bpmn:incoming>{flow}</bpmn:incoming>") == 1
        assert text.count(f"<bpmn:outgoing>{flow}</bpmn:outgoing>") == 1
    assert "BPMNShape" in text


def test_questions_and_options_that_both_sides_added_are_all_there_in_order():
    def with_question(key: str, after: str) -> Package:
        form = json.loads(FORM)
        place = [one["id"] for one in form["components"]].index(after) + 1
        form["components"].insert(place, {"type": "textfield", "id": key, "key": key, "label": key})
        return package(("forms/summons.form", FORM, json.dumps(form, ensure_ascii=False)))

    merged = merge(package(), with_question("new", "c1"), with_question("own", "c2"))
    components = json.loads(merged.package.files["forms/summons.form"])["components"]
    assert [one["id"] for one in components] == ["c1", "new", "c2", "own"]


def test_rules_that_both_sides_put_in_another_order_are_a_conflict():
    def rule(key: str) -> str:
        start = DMN.index(f'<rule id="{key}"')
        return DMN[start : DMN.index("</rule>", start) + 7]

    third = rule("r2").replace('"r2"', '"r3"').replace('"a2"', '"a3"').replace('"b2"', '"b3"')
    base = DMN.replace(rule("r2"), rule("r2") + third)
    one = DMN.replace(rule("r1"), "").replace(rule("r2"), rule("r2") + rule("r1") + third)
    other = DMN.replace(rule("r2"), third + rule("r2"))
    versions = [package(("who.dmn", DMN, text)) for text in (base, one, other)]
    merged = merge(*versions)
    assert ids(merged) == ["who.dmn:t:rule order"]
    assert same(merge(*versions, {"who.dmn:t:rule order": "theirs"}).package, versions[1])
    assert same(merge(versions[0], versions[1], versions[0]).package, versions[1])
    reordered = merge(versions[0], versions[1], package(("who.dmn", DMN, base.replace('"y"', '"w"'))))
    assert ids(reordered) == []


def test_a_merged_settings_file_keeps_its_comments_and_takes_those_of_what_is_new():
    ours = package(("process.toml", "[roles", "# våra roller\n[roles"))
    theirs = package(
        ("process.toml", "[deadlines.", '[deadlines.receipt]  # ny\nvalue = "P1W"\nsource = "local"\n[deadlines.')
    )
    text = merge(package(), theirs, ours).package.files["process.toml"].decode()
    assert "# våra roller" in text
    assert "# ny" in text
    assert merge(package(), theirs, ours).package.deadlines["receipt"].value == "P1W"
