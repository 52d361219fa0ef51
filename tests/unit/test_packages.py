"""Reading process packages. Files are written to a temporary folder: reading folders is what is tested."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidModel
from engine.package_files import FILE_LIMIT
from engine.packages import Package
from engine.process_settings import parse_settings

TOML = """
[process]
title = "Samordnad individuell plan"
owner_role = "coordinator"
subject = "need.personal_identity_number"

[roles.coordinator]
title = "Samordnare"
kinds = ["socialtjanst", "elevhalsa"]

[deadlines.sip-meeting]
value = "P3W"
source = "VG guidance"
adjustable = true
remind = "2 working days"
escalate = ["unit-manager", "coordinator"]

[deadlines.receipt]
value = "5 working days"
source = "local"

[indicators.meeting-in-time]
share_of = "meetings"
"""


def bpmn(process_id="sip", body=""):
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="t">
<bpmn:process id="{process_id}" isExecutable="true">{body}</bpmn:process></bpmn:definitions>""".encode()


def calls(process_id):
    return (
        f'<bpmn:callActivity id="call_{process_id}"><bpmn:extensionElements>'
        f'<zeebe:calledElement processId="{process_id}"/></bpmn:extensionElements></bpmn:callActivity>'
    )


def shows(form_id):
    return (
        f'<bpmn:userTask id="t"><bpmn:extensionElements><zeebe:formDefinition formId="{form_id}"/>'
        "</bpmn:extensionElements></bpmn:userTask>"
    )


FORM = b'{"id": "need", "type": "default", "components": []}'


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def findings(load):
    with pytest.raises(InvalidModel) as caught:
        load()
    return caught.value.findings


def rules(load):
    return [(finding.file, finding.element, finding.rule) for finding in findings(load)]


@pytest.fixture
def sip(tmp_path):
    return write(
        tmp_path / "sip",
        {
            "process.toml": TOML,
            "sip.bpmn": bpmn(),
            "forms/need.form": FORM,
            "rules.dmn": "<definitions/>",
            "scenarios/ordinary.yaml": "name: ordinary",
            "README.md": "About",
            "picture.png": b"\x89PNG",
        },
    )


def test_a_package_is_read_from_its_folder(sip):
    package = Package.load(sip)
    assert (package.name, package.title, package.bare) == ("sip", "Samordnad individuell plan", False)
    assert package.owner_role == "coordinator"
    assert package.subject == "need.personal_identity_number"
    assert package.language == "sv"
    assert package.roles["coordinator"].kinds == ("socialtjanst", "elevhalsa")
    assert package.indicators["meeting-in-time"] == {"share_of": "meetings"}
    assert package.forms == {"need": FORM}
    assert package.form_files == {"need": "forms/need.form"}
    assert (list(package.bpmn), list(package.dmn)) == (["sip.bpmn"], ["rules.dmn"])
    assert package.scenarios == {"scenarios/ordinary.yaml": "name: ordinary"}
    assert package.findings == ()


def test_a_deadline_has_its_value_source_reminder_and_escalation(sip):
    meeting, receipt = (Package.load(sip).deadlines[name] for name in ("sip-meeting", "receipt"))
    assert (meeting.value, meeting.source, meeting.adjustable) == ("P3W", "VG guidance", True)
    assert (meeting.remind, meeting.escalate) == ("2 working days", ("unit-manager", "coordinator"))
    assert (meeting.escalate_every, receipt.escalate_every) == ("2 working days", "2 working days")
    assert receipt.adjustable  # what is only our proposal, every organisation may change


def test_a_package_survives_being_stored(sip):
    package = Package.load(sip)
    again = Package.from_files(package.to_files(), package.name)
    assert again.hash == package.hash
    assert again.deadlines == package.deadlines
    assert again.forms == package.forms


def test_a_text_of_the_package_is_shown_in_another_language_where_somebody_has_translated_it(sip):
    before = Package.load(sip).hash
    write(sip, {"translations/en.toml": '"Behov" = "Need"'})
    package = Package.load(sip)
    assert (package.translate("Behov", "en"), package.translate("Behov", "sv")) == ("Need", "Behov")
    assert package.translate("Plan", "en") == "Plan"
    assert package.hash != before
    assert Package.from_files(package.to_files(), "sip").translations == package.translations


def test_a_broken_translation_names_file_and_text(sip):
    write(sip, {"translations/en.toml": '"Behov" = 3', "translations/fi.toml": "["})
    assert rules(lambda: Package.load(sip)) == [
        ("translations/en.toml", "Behov", "translation"),
        ("translations/fi.toml", "", "toml-syntax"),
    ]


def test_the_hash_covers_what_runs_and_nothing_else(sip):
    before = Package.load(sip).hash
    write(sip, {"README.md": "Changed", "scenarios/ordinary.yaml": "name: changed", "scenarios/new.yaml": "name: new"})
    assert Package.load(sip).hash == before
    for name, content in (("process.toml", TOML + "#"), ("forms/need.form", FORM + b" "), ("sip.bpmn", bpmn() + b"\n")):
        write(sip, {name: content})
        assert Package.load(sip).hash != before
        before = Package.load(sip).hash


@given(st.dictionaries(st.sampled_from(["a.bpmn", "ab.bpmn", "b.bpmn"]), st.sampled_from([b"", b"a", b"ab", b"b"])))
def test_no_two_sets_of_files_have_one_hash(files):
    reference = Package.from_files({"b.bpmn": b"b"}, "x")
    if files and files != {"b.bpmn": b"b"}:
        assert Package.from_files(files, "x").hash != reference.hash


def test_the_hash_depends_on_content_and_not_on_the_place(sip, tmp_path):
    elsewhere = write(tmp_path / "elsewhere" / "sip", Package.load(sip).files)
    assert Package.load(elsewhere).hash == Package.load(sip).hash


def test_a_bare_model_has_empty_settings_and_finds_its_forms_and_decisions_beside(tmp_path):
    decision = b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="who"/></definitions>'
    rule = (
        '<bpmn:businessRuleTask id="r"><bpmn:extensionElements><zeebe:calledDecision decisionId="who"/>'
        "</bpmn:extensionElements></bpmn:businessRuleTask>"
    )
    write(
        tmp_path,
        {
            "a.bpmn": bpmn("a", shows("need") + rule),
            "forms/x.form": FORM,
            "y.form": b'{"id": "other", "components": [{"key": "need"}]}',
            "rules.dmn": decision,
            "others.dmn": decision.replace(b"who", b"what"),
        },
    )
    package = Package.load(tmp_path / "a.bpmn")
    assert (package.name, package.title, package.bare) == ("a", "a", True)
    assert package.deadlines == {}
    assert package.roles == {}
    assert package.forms == {"need": FORM}
    assert list(package.dmn) == ["rules.dmn"]


def test_a_broken_form_beside_a_bare_model_is_told(tmp_path):
    write(tmp_path, {"a.bpmn": bpmn("a", shows("need")), "need.form": b"{"})
    assert rules(lambda: Package.load(tmp_path / "a.bpmn")) == [("need.form", "", "form-json")]


def test_called_processes_are_pinned_with_what_they_call_in_turn(tmp_path):
    write(tmp_path / "p" / "sip", {"process.toml": TOML, "sip.bpmn": bpmn("sip", calls("handover") + calls("sip"))})
    write(tmp_path / "p" / "handover", {"handover.bpmn": bpmn("handover", calls("receipt") + calls("sip"))})
    write(tmp_path / "p" / "other", {"all.bpmn": bpmn("receipt")})
    write(tmp_path / "p" / "broken", {"process.toml": "[", "x.bpmn": bpmn("x")})
    package = Package.load(tmp_path / "p" / "sip")
    assert {process_id: called.name for process_id, called in package.called.items()} == {
        "handover": "handover",
        "receipt": "other",
    }
    again = Package.from_files(package.to_files(), "sip")
    assert again.hash == package.hash
    assert again.called["handover"].bpmn == package.called["handover"].bpmn
    write(tmp_path / "p" / "other", {"all.bpmn": bpmn("receipt", calls("nobody"))})
    assert Package.load(tmp_path / "p" / "sip").hash != package.hash


def test_a_bare_model_finds_what_it_calls_in_the_same_folder(tmp_path):
    write(tmp_path, {"a.bpmn": bpmn("a", calls("b") + calls("nobody")), "some.bpmn": bpmn("b"), "c.bpmn": b"not b xml"})
    write(tmp_path, {"utf16.bpmn": bpmn("d").decode().replace("UTF-8", "UTF-16").encode("utf-16")})
    assert list(Package.load(tmp_path / "a.bpmn").called) == ["b"]
    write(tmp_path, {"a.bpmn": bpmn("a", '<bpmn:callActivity id="plain" calledElement="d"/>')})
    assert list(Package.load(tmp_path / "a.bpmn").called) == ["d"]


@pytest.mark.parametrize(
    "given",
    [
        '<zeebe:taskHeaders><zeebe:header key="process" value="other"/></zeebe:taskHeaders>',
        """<zeebe:ioMapping><zeebe:input source='="other"' target="process"/></zeebe:ioMapping>""",
        """<zeebe:ioMapping><zeebe:input source="other" target="processId"/></zeebe:ioMapping>""",
    ],
)
def test_processes_started_as_cases_of_their_own_are_known(given):
    service = '<bpmn:serviceTask id="{0}"><bpmn:extensionElements><zeebe:taskDefinition type="{0}"/>{1}'
    service += "</bpmn:extensionElements></bpmn:serviceTask>"
    model = bpmn("a", service.format("start-case", given) + service.format("notice", given.replace("other", "else")))
    assert Package.from_files({"a.bpmn": model}, "a").references.started == {"other"}


def test_a_process_id_never_leads_out_of_the_folder(tmp_path):
    write(tmp_path, {"p/a/a.bpmn": bpmn("a", calls("../../secret")), "secret/secret.bpmn": bpmn("../../secret")})
    assert Package.load(tmp_path / "p" / "a").called == {}


@pytest.mark.parametrize(
    ("toml", "element", "rule"),
    [
        ("[", "", "toml-syntax"),
        ("[proces]\n", "proces", "unknown-key"),
        ('[process]\ntitel = "x"', "process.titel", "unknown-key"),
        ("[process]\ntitle = 3", "process.title", "invalid-text"),
        ("process = 3", "process", "wrong-type"),
        ("deadlines = 3", "deadlines", "wrong-type"),
        ("[deadlines]\nx = 3", "deadlines.x", "wrong-type"),
        ('[deadlines.x]\nvalue = "P3W"', "deadlines.x", "missing-key"),
        ('[deadlines.x]\nsource = "local"', "deadlines.x", "missing-key"),
        ('[deadlines.x]\nvalue = "3 weeks"\nsource = "local"', "deadlines.x.value", "invalid-duration"),
        ('[deadlines.x]\nvalue = "P0D"\nsource = "local"', "deadlines.x.value", "invalid-duration"),
        ('[deadlines.x]\nvalue = 3\nsource = "local"', "deadlines.x.value", "invalid-duration"),
        (
            '[deadlines.x]\nvalue = "P3W"\nsource = "local"\nescalate = "unit-manager"',
            "deadlines.x.escalate",
            "invalid-list",
        ),
        ('[deadlines.x]\nvalue = "P3W"\nsource = "local"\nadjustable = "no"', "deadlines.x.adjustable", "invalid-flag"),
        ('[deadlines.x]\nvalue = "P3W"\nsource = "local"\nescalation = []', "deadlines.x.escalation", "unknown-key"),
        ("[roles.x]\nkinds = [3]", "roles.x.kinds", "invalid-list"),
    ],
)
def test_a_fault_in_the_settings_names_file_key_and_remedy(toml, element, rule):
    found = findings(lambda: Package.from_files({"process.toml": toml.encode(), "x.bpmn": bpmn()}, "x"))
    assert [(finding.file, finding.element, finding.rule) for finding in found] == [("process.toml", element, rule)]
    assert found[0].remedy


def test_an_unknown_key_is_answered_with_the_nearest_known_one():
    _, found = parse_settings("[process]\ndescripton = 'x'")
    assert "the nearest is description" in str(found[0])


def test_every_fault_is_told_at_once():
    _, found = parse_settings('[process]\na = 1\nb = 2\n[roles.x]\nc = 3\n[deadlines.y]\nvalue = "soon"')
    assert len(found) == 5


def test_an_undeclared_role_is_a_finding_for_publishing_and_does_not_stop_the_reading():
    toml = '[process]\nowner_role = "boss"\n[deadlines.x]\nvalue = "P1D"\nsource = "local"\nescalate = ["partner-grup"]'
    toml += '\n[roles.partner-group]\ntitle = "x"'
    package = Package.from_files({"process.toml": toml.encode(), "x.bpmn": bpmn()}, "x")
    assert [(finding.severity, finding.element) for finding in package.findings] == [
        ("publishing", "process.owner_role"),
        ("publishing", "deadlines.x.escalate"),
    ]
    assert "the nearest is partner-group" in package.findings[1].message


@given(st.text(max_size=200))
def test_no_settings_text_raises(text):
    parse_settings(text)


keys = st.sampled_from(["process", "roles", "deadlines", "indicators", "x", "value", "source", "escalate"])
plain = st.integers() | st.text() | st.booleans()


inner = plain | st.lists(plain, max_size=2) | st.dictionaries(keys, plain, max_size=3)
deeper = inner | st.dictionaries(keys, inner, max_size=3)


@given(st.dictionaries(keys, deeper, min_size=1, max_size=4))
def test_no_settings_of_any_shape_raise(table):
    from engine.process_settings import _Reader

    _Reader("process.toml").settings(table)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"README.md": b"x"}, ("", "", "no-model")),
        ({"x.bpmn": b"x", "a.form": b"{"}, ("a.form", "", "form-json")),
        ({"x.bpmn": b"x", "a.form": b"[" * 100_000}, ("a.form", "", "form-json")),
        ({"x.bpmn": b"x", "a.form": b"[]"}, ("a.form", "id", "form-id")),
        ({"x.bpmn": b"x", "a.form": b'{"id": 3}'}, ("a.form", "id", "form-id")),
        ({"x.bpmn": b"x", "a.form": b'{"id": "\xff"}'}, ("a.form", "", "encoding")),
        ({"x.bpmn": b"x", "a.form": FORM, "b.form": FORM}, ("b.form", "id", "duplicate-form")),
        ({"x.bpmn": b" " * (FILE_LIMIT + 1)}, ("x.bpmn", "", "file-too-large")),
        ({"../x.bpmn": b"x"}, ("../x.bpmn", "", "file-name")),
        ({"/etc/x.bpmn": b"x"}, ("/etc/x.bpmn", "", "file-name")),
    ],
)
def test_files_that_are_no_package_are_refused(files, expected):
    assert rules(lambda: Package.from_files(files, "x")) == [expected]


def test_what_is_no_package_on_disk_is_refused_without_a_traceback(tmp_path):
    write(tmp_path, {"a.txt": "x", "large.bpmn": b" " * (FILE_LIMIT + 1), "empty/README.md": "x"})
    assert rules(lambda: Package.load(tmp_path / "a.txt")) == [("a.txt", "", "not-a-package")]
    assert rules(lambda: Package.load(tmp_path / "gone.bpmn")) == [("gone.bpmn", "", "not-found")]
    assert rules(lambda: Package.load(tmp_path / "large.bpmn")) == [("large.bpmn", "", "file-too-large")]
    assert rules(lambda: Package.load(tmp_path / "empty")) == [("empty/", "", "no-model")]


def test_settings_and_forms_in_utf_16_and_with_a_byte_order_mark_are_read():
    files = {
        "x.bpmn": bpmn(),
        "process.toml": TOML.encode("utf-8-sig"),
        "forms/need.form": FORM.decode().encode("utf-16"),
    }
    package = Package.from_files(files, "x")
    assert package.title == "Samordnad individuell plan"
    assert list(package.forms) == ["need"]
