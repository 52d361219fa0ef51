"""Takes the pictures of all processes' diagrams, and writes the page that shows them.

`make pictures`, or for some packages alone `.venv/bin/python -m tests.process_pictures sip consent`. bpmn-js draws each
model in a real browser. A picture carries a hash of what its model looks like, so that a test can tell when it is old.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from tests import browser as browsers

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs/images/processes"
PAGE = ROOT / "docs/reference/processes.md"
_LIBRARY = ROOT / "node_modules/bpmn-js/dist/bpmn-viewer.production.min.js"
_DRAW = """async (xml) => {
  document.body.innerHTML = '<div id="canvas" style="width: 1200px; height: 800px"></div>';
  const viewer = new BpmnJS({ container: '#canvas' });
  const { warnings } = await viewer.importXML(xml);
  const canvas = viewer.get('canvas');
  const drawn = [];
  for (const root of canvas.getRootElements()) {
    if (!root.businessObject) continue;
    canvas.setRootElement(root);
    const { id, name, $type } = root.businessObject;
    drawn.push({ id, name, folded: $type === 'bpmn:SubProcess', svg: (await viewer.saveSVG()).svg });
  }
  return { drawn, warnings: warnings.map((warning) => warning.message) };
}"""
#: What a model says that cannot be seen.
_UNSEEN = ("extensionElements", "documentation", "conditionExpression", "script", "flowNodeRef", "incoming", "outgoing")


def main(names: list[str]) -> None:
    """Take the pictures of these packages, or of all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with browsers.running() as browser:
        page = browser.new_page()
        page.add_script_tag(path=_LIBRARY)
        for folder in packages():
            if not names or folder.name in names:
                for model in sorted(folder.glob("*.bpmn")):
                    take(page, model)
    PAGE.write_text(page_of_all(), encoding="utf-8")


def packages() -> list[Path]:
    return sorted(
        model.parent for model in (ROOT / "processes").glob("*/process.toml") if [*model.parent.glob("*.bpmn")]
    )


def take(page: Any, model: Path) -> None:
    """A picture of each plane of a model; those of planes that are no more are removed."""
    content = model.read_bytes()
    answer = page.evaluate(_DRAW, content.decode())
    assert not answer["warnings"], (model, answer["warnings"])
    name = picture_name(model)
    written = {f"{name}.svg"}
    for drawn in answer["drawn"]:
        file = f"{name}-{drawn['id']}.svg" if drawn["folded"] else f"{name}.svg"
        written.add(file)
        title = drawn["name"] or _title(model)
        (FOLDER / file).write_text(_signed(drawn["svg"], appearance(content), title), encoding="utf-8")
    for old in pictures_of(model):
        if old.name not in written:
            old.unlink()
    print(f"wrote {len(written)} pictures of {model.relative_to(ROOT)}")


def picture_name(model: Path) -> str:
    """The name of a picture without its plane: the package, and the file where it is not the package's main one."""
    package = model.parent.name
    return package if model.stem == package else f"{package}-{model.stem}"


def pictures_of(model: Path) -> list[Path]:
    """The pictures there are of a model: of its main plane first, then of what is folded, by name."""
    name = picture_name(model)
    others = {picture_name(other) for other in model.parent.glob("*.bpmn")} - {name}
    folded = [file for file in FOLDER.glob(f"{name}-*.svg") if not any(file.stem.startswith(one) for one in others)]
    whole = FOLDER / f"{name}.svg"
    return [*([whole] if whole.exists() else []), *sorted(folded)]


def appearance(content: bytes) -> str:
    """A hash of what can be seen of a model."""
    root = etree.fromstring(content)
    etree.strip_elements(root, *(f"{{*}}{name}" for name in _UNSEEN), etree.Comment, with_tail=False)
    found = sha256()
    for node in root.iter(etree.Element):
        text = (node.text or "").strip() if etree.QName(node).localname == "text" else ""
        seen = (etree.QName(node).localname, sorted(node.attrib.items()) if node is not root else [], text)
        found.update(repr(seen).encode())
    return found.hexdigest()[:32]


def signature(picture: Path) -> str:
    """The hash that a picture carries."""
    found = re.search(r"<metadata>model ([0-9a-f]+)</metadata>", picture.read_text(encoding="utf-8"))
    return found[1] if found else ""


def _signed(svg: str, model: str, title: str) -> str:
    """The picture with its title and hash, on white, and the same whenever the model looks the same."""
    svg = re.sub(r"<!--.*?-->|<!DOCTYPE[^>]*>|<\?xml[^>]*\?>", "", svg, flags=re.DOTALL).strip()
    svg = re.sub(r'<(\w+) class="djs-(?:hit|outline)[^>]*/>', "", svg)  # where a mouse would hit: nothing to see
    for number, marker in enumerate(dict.fromkeys(re.findall(r'<marker id="([^"]+)"', svg))):
        svg = svg.replace(marker, f"end-{number}")
    head = f"<title>{escape(title)}</title><metadata>model {model}</metadata>"
    return re.sub(r"<svg ([^>]*)>", rf'<svg style="background: white" \1>{head}', svg, count=1) + "\n"


def page_of_all() -> str:
    """The page with every picture."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield "# The processes, drawn"
    yield ""
    yield "Written by `make pictures` from the models in `processes/`. A task with a plus sign is folded: what is in it follows below its process."
    for folder in packages():
        settings = tomllib.loads((folder / "process.toml").read_text(encoding="utf-8")).get("process", {})
        yield ""
        yield f"## {settings.get('title', folder.name)}"
        readme = f"[README](../../processes/{folder.name}/README.md)" if (folder / "README.md").exists() else ""
        yield " ".join(
            filter(None, [str(settings.get("description", "")).strip(), f"`processes/{folder.name}`", readme])
        )
        for model in sorted(folder.glob("*.bpmn"), key=lambda model: (model.stem != folder.name, model.stem)):
            for picture in pictures_of(model):
                found = re.search(r"<title>(.*?)</title>", picture.read_text(encoding="utf-8"))
                title = found[1] if found else picture.stem
                yield ""
                if picture.stem != picture_name(model):
                    yield f"**{title}**"
                    yield ""
                yield f"![{title}](../images/processes/{picture.name})"


def _title(model: Path) -> str:
    names = etree.parse(model).getroot().xpath("//*[local-name()='participant' or local-name()='process']/@name")
    return str(names[0]) if names else model.stem


if __name__ == "__main__":
    main(sys.argv[1:])
