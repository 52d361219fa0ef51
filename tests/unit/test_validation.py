"""What `samled validate` finds. Files are written to a temporary folder: reading files is what is tested."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.validation import packages_in, validate
from tests.models import bpmn

GOOD = bpmn('<startEvent id="s"/><userTask id="u"/><endEvent id="e"/><flows>\ns -> u\nu -> e\n</flows>')
WITH_FORM = bpmn(
    '<startEvent id="s"/><userTask id="u"><extensionElements><zeebe:formDefinition formId="need"/>'
    '<zeebe:userTask/></extensionElements></userTask><endEvent id="e"/><flows>\ns -> u\nu -> e\n</flows>'
)
BAD_FORM = b'{"id": "need", "type": "default", "components": [{"type": "html", "id": "x"}]}'


def write(folder: Path, files: dict[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def found(path: Path) -> list[tuple[str, str, str]]:
    return [(finding.file, finding.element, finding.rule) for finding in validate(path)]


def test_a_good_model_has_no_errors(tmp_path: Path) -> None:
    write(tmp_path, {"a.bpmn": GOOD})
    assert [finding for finding in validate(tmp_path / "a.bpmn") if finding.severity == "error"] == []


def test_a_drawing_without_numbers_does_not_stop_the_reading(tmp_path: Path) -> None:
    shape = '<d:BPMNShape xmlns:d="http://www.omg.org/spec/BPMN/20100524/DI" bpmnElement="u"><c:Bounds x="" y="far" '
    shape += 'xmlns:c="http://www.omg.org/spec/DD/20100524/DC"/></d:BPMNShape></bpmn:definitions>'
    write(tmp_path, {"a.bpmn": GOOD.replace(b"</bpmn:definitions>", shape.encode())})
    assert [finding for finding in validate(tmp_path / "a.bpmn") if finding.severity == "error"] == []


def test_a_finding_is_one_line_that_begins_with_the_path_as_it_was_given(tmp_path: Path, monkeypatch) -> None:
    write(tmp_path / "p" / "sip", {"sip.bpmn": GOOD, "process.toml": "[proces]"})
    monkeypatch.chdir(tmp_path)
    line = str(validate(Path("p/sip"))[0])
    assert line.startswith("p/sip/process.toml:proces: error unknown-key: ")
    assert "; the nearest is process. " in line
    assert "\n" not in line
    line = str(validate(Path("p/sip/"))[0])
    assert line.startswith("p/sip/process.toml:")


def test_what_is_wrong_with_a_called_package_is_told_with_its_own_path(tmp_path: Path, monkeypatch) -> None:
    call = '<callActivity id="c"><extensionElements><zeebe:calledElement processId="b"/></extensionElements></callActivity>'
    caller = bpmn(f'<startEvent id="s"/>{call}<endEvent id="e"/><flows>\ns -> c\nc -> e\n</flows>', process="a")
    monkeypatch.chdir(write(tmp_path, {"p/a/a.bpmn": caller, "p/b/b.bpmn": GOOD.replace(b'"p"', b'"b"')}))
    write(tmp_path, {"p/b/process.toml": "[proces]"})
    assert found(Path("p/a")) == [("p/b/process.toml", "proces", "unknown-key")]
    write(tmp_path, {"p/b/process.toml": "", "p/b/b.bpmn": GOOD.replace(b'"p"', b'"b"').replace(b"userTask", b"chore")})
    assert "p/b/b.bpmn" in {file for file, _, _ in found(Path("p/a"))}


def test_a_form_in_a_package_is_found_by_its_file(tmp_path: Path) -> None:
    write(tmp_path / "x", {"x.bpmn": WITH_FORM, "forms/need.form": BAD_FORM})
    assert (f"{tmp_path}/x/forms/need.form", "x", "unsupported-component") in found(tmp_path / "x")


def test_a_bare_form_decision_or_scenario_is_checked_alone(tmp_path: Path) -> None:
    write(tmp_path, {"a.form": BAD_FORM, "a.dmn": "<x", "a.yaml": "nam: x", "a.txt": "x", "a.form.gz": b"\x1f\x8b"})
    assert found(tmp_path / "a.form")[0][2] == "unsupported-component"
    assert found(tmp_path / "a.dmn")[0][0] == f"{tmp_path}/a.dmn"
    assert found(tmp_path / "a.yaml") == [(f"{tmp_path}/a.yaml", "line 1", "unknown-key")]
    assert found(tmp_path / "a.txt")[0][2] == "not-a-model"
    assert found(tmp_path / "a.form.gz")[0][2] == "not-a-model"


def test_every_broken_file_of_a_package_is_told(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "x.bpmn": "<x", "a.dmn": "<x", "forms/a.form": BAD_FORM, "scenarios/a.yaml": "nam: x",
    }  # fmt: skip
    write(tmp_path / "x", files)
    assert {Path(file).name for file, _, _ in found(tmp_path / "x")} == {"x.bpmn", "a.dmn", "a.form", "a.yaml"}


def test_what_is_missing_too_large_or_not_readable_is_a_finding(tmp_path: Path) -> None:
    write(tmp_path, {"large.form": b" " * 5_000_001, "large.bpmn": b" " * 5_000_001, "bytes.yaml": b"\xff\xfe\x00"})
    assert found(tmp_path / "large.form")[0][2] == "file-too-large"
    assert found(tmp_path / "large.bpmn") == [(f"{tmp_path}/large.bpmn", "", "file-too-large")]
    assert found(tmp_path / "gone.dmn")[0][2] == "unreadable"
    assert found(tmp_path / "bytes.yaml")[0][2] == "encoding"


def test_a_folder_of_packages_stands_for_each_of_them(tmp_path: Path) -> None:
    write(tmp_path, {"b/b.bpmn": GOOD, "a/process.toml": "", "notes/x.txt": "x"})
    assert packages_in(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert packages_in(tmp_path / "b") == [tmp_path / "b"]
    assert packages_in(tmp_path / "notes") == [tmp_path / "notes"]


def test_a_check_that_does_not_end_in_time_is_stopped_and_told(tmp_path: Path) -> None:
    write(tmp_path, {"a.bpmn": GOOD})
    (told,) = validate(tmp_path / "a.bpmn", time_limit=0.001)
    assert (told.file, told.rule) == (f"{tmp_path}/a.bpmn", "too-slow")
    assert [one for one in validate(tmp_path / "a.bpmn") if one.severity == "error"] == []


BYTES = st.binary(max_size=200) | st.sampled_from([GOOD, WITH_FORM, BAD_FORM]).flatmap(
    lambda whole: st.integers(0, len(whole)).map(lambda end: whole[:end])
)


@pytest.mark.parametrize("suffix", [".bpmn", ".dmn", ".form", ".yaml"])
def test_no_content_ever_raises(suffix: str, tmp_path: Path) -> None:
    @settings(max_examples=40, deadline=None)
    @given(BYTES)
    def holds(content: bytes) -> None:
        path = tmp_path / f"a{suffix}"
        path.write_bytes(content)
        assert all(finding.rule != "cannot-check" for finding in validate(path))

    holds()
