"""Safe to read: XML from anybody is read within limits, and whatever could reach further is refused by its own rule."""

from __future__ import annotations

import pytest

from engine.bpmn import Model
from engine.bpmn.reading import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, read_xml
from engine.errors import InvalidModel
from engine.packages import Package
from tests.models import bpmn
from tests.rules.made import SMALL, chain, nested
from tests.unit.test_bpmn_flow import chain as flows


def rule(content: bytes) -> str | None:
    """The rule by which a file is not read; None if it is."""
    try:
        read_xml(content, "a.bpmn")
    except InvalidModel as refused:
        (finding,) = refused.findings
        assert (finding.file, finding.severity) == ("a.bpmn", "error")
        return finding.rule
    return None


def text(inside: str = "å", *, head: str = '<?xml version="1.0"?>') -> str:
    return f"{head}<definitions>{inside}</definitions>"


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 15))


@pytest.mark.parametrize(
    "declared",
    [
        f'<!DOCTYPE definitions [<!ENTITY e0 "x">{BOMB}]>',
        '<!DOCTYPE definitions [<!ENTITY e14 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE definitions [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
        '<!DOCTYPE definitions SYSTEM "http://127.0.0.1:9/x.dtd">',
        "<!DOCTYPE html>",
        "<!-- a comment --> <?a note?>\n<!DOCTYPE definitions []>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_document_type_is_refused_before_its_entities_are_read(declared: str, encoding: str) -> None:
    head = '<?xml version="1.0" encoding="UTF-16"?>' if "16" in encoding else ""
    assert rule(text("&e14;", head=head + declared).encode(encoding)) == "document-type"


def test_the_word_doctype_may_stand_in_a_text_or_comment() -> None:
    assert rule(text("<![CDATA[<!DOCTYPE x>]]>&lt;!DOCTYPE y>", head="<!-- <!DOCTYPE z> -->").encode()) is None


def test_an_entity_that_nothing_defines_is_no_xml() -> None:
    assert rule(text("&e14;").encode()) == "not-xml"


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("", "utf-8"), ("", "utf-8-sig"), ("", "utf-16"), ("UTF-8", "utf-8"), ("utf-8", "utf-8-sig"), ("US-ASCII", "ascii"),
        ("UTF-16", "utf-16"), ("UTF-16", "utf-16-le"), ("UTF-16", "utf-16-be"), ("UTF-8", "utf-16"),
    ],
)  # fmt: skip
def test_utf_8_and_utf_16_are_read(declared: str, encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
    inside = "a" if encoding == "ascii" else "åäö 😀"
    assert read_xml(text(inside, head=head).encode(encoding), "a.bpmn").text == inside


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("ISO-8859-1", "latin-1"), ("windows-1252", "cp1252"), ("UTF-8", "latin-1"), ("UTF-7", "utf-7"),
        ("UTF-32", "utf-32"), ("IBM037", "cp037"), ("klingon", "ascii"),
    ],
)  # fmt: skip
def test_any_other_encoding_is_refused(declared: str, encoding: str) -> None:
    inside = "a" if encoding == "ascii" else "å"
    head = f'<?xml version="1.0" encoding="{declared}"?>'
    assert rule(text(inside, head=head).encode(encoding)) == "encoding"


def test_a_model_in_utf_16_runs() -> None:
    content = bpmn(f'<startEvent id="s"/><userTask id="a" name="Möte"/><endEvent id="e"/>{flows("s", "a", "e")}')
    model = Model.load(
        Package.from_files({"p.bpmn": content.decode().replace("UTF-8", "UTF-16").encode("utf-16")}, "p")
    )
    element = model.element("a")
    assert element is not None
    assert element.name == "Möte"


def test_each_limit_holds_to_the_last_one() -> None:
    assert rule(SMALL.ljust(MAX_BYTES)) is None
    assert rule(SMALL.ljust(MAX_BYTES + 1)) == "file-too-large"
    assert rule(nested(MAX_DEPTH)) is None
    assert rule(nested(MAX_DEPTH + 1)) == "too-deep"
    assert rule(chain(MAX_ELEMENTS - 1)) is None
    assert rule(chain(MAX_ELEMENTS)) == "too-many-elements"


@pytest.mark.parametrize("content", [b"<a>" * 250_000, b"<a>" * 250_000 + b"</a>" * 250_000])
def test_what_is_nested_deeper_than_any_parser_goes_is_too_deep(content: bytes) -> None:
    assert rule(content) == "too-deep"


@pytest.mark.parametrize(
    "content", [b"", b" ", b"\0", b"<", b"<a", b"<a></b>", b"{}", b"<a/><b/>", b"<" + b"a" * 60_000 + b"/>", b"<?" * 9]
)
def test_what_is_no_xml_is_refused(content: bytes) -> None:
    assert rule(content) in ("not-xml", "encoding")
