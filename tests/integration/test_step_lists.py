"""The list of steps: the same model as the diagram, changed without drawing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.editing import contents, texts
from engine.editing.steps import flow, read, say, templates
from engine.editing.steps.model import Model, StepRefused, file_of
from engine.packages import Package
from engine.validation import validate

PROCESSES = Path(__file__).parents[2] / "processes"
NAMES = sorted(path.name for path in PROCESSES.iterdir() if (path / "process.toml").exists())


def files_of(name: str) -> dict[str, str]:
    return contents.texts(Package.load(PROCESSES / name))


def model_of(files: dict[str, str], name: str) -> Model:
    file = file_of(files, files, name)
    return Model(files[file], file)


def errors_of(files: dict[str, str], folder: Path) -> list[str]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return [f"{one.rule} {one.element}" for one in validate(folder) if one.severity == "error"]


@pytest.mark.parametrize("name", NAMES)
def test_every_process_is_a_list_with_all_its_tasks(name: str) -> None:
    model = model_of(files_of(name), name)
    rows = read.steps(model)
    tasks = {key for key, node in model.nodes.items() if node.tag.endswith("}userTask")}
    assert tasks == {row.id for row in rows if row.is_task}
    assert len({row.id for row in rows}) == len(rows) == len({row.number for row in rows})
    assert read.steps(Model(model.text(), model.file)) == rows


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_nobody_changed_is_written_as_it_was(name: str) -> None:
    files = files_of(name)
    model = model_of(files, name)
    assert model.text() == files[model.file]


@pytest.mark.parametrize("name", NAMES)
def test_a_new_name_role_and_date_change_that_step_alone(name: str) -> None:
    files = files_of(name)
    model = model_of(files, name)
    row = next(one for one in read.steps(model) if one.is_task and one.is_plainly_due)
    say.rename(model, row.id, "Ett nytt namn på åtgärden")
    say.assign(model, row.id, ["somebody-else"])
    say.set_due(model, row.id, '=deadline("another")')
    before, after = files[model.file].splitlines(), model.text().splitlines()
    changed = [now for was, now in zip(before, after, strict=False) if was != now]
    assert len(after) - len(before) in (0, 1, 2)
    again = read.find(read.steps(Model(model.text(), model.file)), row.id)
    assert again is not None
    assert (again.name, again.groups, again.deadlines) == (
        "Ett nytt namn på åtgärden",
        ("somebody-else",),
        ("another",),
    )
    if len(after) == len(before):
        assert len(changed) <= 3, changed


def test_a_deadline_gets_another_time_and_the_rest_of_the_file_stays() -> None:
    files = files_of("handover")
    now = texts.settings(files).deadlines["handover-receipt"]
    said = texts.Deadline(now.title, "7 working days", now.remind or "", now.escalate)
    changes = texts.set_deadline(files, "handover-receipt", said)
    was, becomes = files["process.toml"].splitlines(), changes["process.toml"].splitlines()
    assert [new for old, new in zip(was, becomes, strict=True) if old != new] == ['value = "7 working days"']


@pytest.mark.parametrize(
    ("count", "unit"), [("0", "days"), ("-1", "days"), ("x", "weeks"), ("99999", "weeks"), ("", "")]
)
def test_what_is_no_time_is_refused(count: str, unit: str) -> None:
    with pytest.raises(texts.NotATime):
        texts.together(count, unit)


def test_an_approval_is_put_on_a_way_and_its_no_leads_back(tmp_path: Path) -> None:
    files = files_of("handover")
    model = model_of(files, "handover")
    row = next(one for one in read.steps(model) if one.is_task and len(one.ways) == 1)
    deadline = texts.Deadline("Godkänn", "3 working days", "1 working day", ("unit-manager", "partner-group"))
    files |= texts.set_deadline(files, "approve", deadline)
    wanted = templates.Wanted("approval", "Godkänn valet", ["partner-group"], '=deadline("approve")')
    added = templates.add(model, row.ways[0].flow_id, wanted, list(texts.forms(files).values()))
    files |= {**added.files, model.file: model.redrawn()}
    rows = read.steps(model_of(files, "handover"))
    assert read.find(rows, added.id) is not None
    assert any(way.is_back and way.target_id == row.id for one in rows for way in one.ways)
    assert errors_of(files, tmp_path / "handover") == []


def test_a_step_is_added_moved_and_taken_out_again() -> None:
    files = files_of("handover")
    model = model_of(files, "handover")
    row = next(one for one in read.steps(model) if one.is_task and len(one.ways) == 1)
    ways = {(one.get("sourceRef"), one.get("targetRef")) for one in model.flows.values()}
    first = templates.add(model, row.ways[0].flow_id, templates.Wanted("task", "Ring familjen", ["partner-group"]))
    second = templates.add(
        model, str(model.out_of(first.id)[0].get("id")), templates.Wanted("task", "Skriv ett brev", ["partner-group"])
    )
    flow.move(model, second.id, up=True)
    order = [one.id for one in read.steps(model)]
    assert order.index(second.id) < order.index(first.id)
    assert model.redrawn()
    flow.take_out(model, first.id)
    flow.take_out(model, second.id)
    assert {(one.get("sourceRef"), one.get("targetRef")) for one in model.flows.values()} == ways


def test_what_the_diagram_is_for_is_refused_with_the_reason() -> None:
    model = model_of(files_of("handover"), "handover")
    branch = next(one for one in read.steps(model) if one.is_branch)
    with pytest.raises(StepRefused) as refused:
        flow.take_out(model, branch.id)
    assert refused.value.reason == "not-a-step"
    with pytest.raises(StepRefused) as gone:
        say.rename(model, "nowhere", "x")
    assert gone.value.reason == "gone"


def test_a_text_of_a_form_changes_with_its_translation() -> None:
    files = files_of("handover")
    form_id, file = next(iter(texts.forms(files).items()))
    assert form_id
    one = next(said for said in texts.form_texts(files[file]) if said.what == "label")
    files |= texts.set_form_texts(files, file, {one.path: "En ny fråga på svenska?"})
    files |= texts.retell(files, [(one.text, "En ny fråga på svenska?", {"en": "A new question?"})])
    assert [said.text for said in texts.form_texts(files[file]) if said.path == one.path] == ["En ny fråga på svenska?"]
    assert texts.languages(files)["en"]["En ny fråga på svenska?"] == "A new question?"
