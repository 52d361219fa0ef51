"""Two packages compared."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from engine.differences.items import Change, Item, Key, compare
from engine.differences.models import items_of
from engine.differences.texts import form_items, settings_items, translation_items
from engine.package_files import RUNS
from engine.packages import Package
from engine.process_settings import FILE
from engine.references import References, decision_ids
from engine.translations import language_of


def differences(before: Package, after: Package) -> list[Change]:
    """What is different in `after`, by ids; files are paired by what they define, whatever their names.

    Raises InvalidModel: a model cannot be read.
    """
    return compare(package_items(before), package_items(after))


def package_items(package: Package) -> dict[Key, Item]:
    """All items of a package; of those it calls each as a whole. Raises InvalidModel."""
    files = ((file, _identity(package, file)) for file in _ordered(package))
    found = {(identity, item.id): item for file, identity in files for item in file_items(package, file)}
    for process_id, called in package.called.items():
        facts = {"content": called.hash}
        found["called", process_id] = Item(f"{called.name}/", "called", process_id, called.title, facts)
    return found


def _ordered(package: Package) -> list[str]:
    """Models first, then their settings, forms, rules, texts, and the rest: the order in which one reads a package."""
    kinds = (".bpmn", FILE, ".form", ".dmn", ".toml")
    rank = {file: next((n for n, kind in enumerate(kinds) if file.lower().endswith(kind)), 9) for file in package.files}
    return sorted(package.files, key=lambda file: (rank[file], file))


def file_items(package: Package, file: str) -> Iterator[Item]:
    """The items of one file; of a kind that has none, or that cannot be read, the file itself. Raises InvalidModel."""
    content = package.files[file]
    if file.lower().endswith((".bpmn", ".dmn")):
        yield from items_of(content, file).values()
        return
    try:
        found = _text_items(content, file)
    except (ValueError, RecursionError, AttributeError):  # no TOML or JSON, or of another shape than such a file has
        found = None
    yield from [Item(file, "file", file, file, {"content": sha256(content).hexdigest()})] if found is None else found


def _text_items(content: bytes, file: str) -> list[Item] | None:
    if file.lower().endswith(".form"):
        return list(form_items(_text(content), file))
    if file == FILE:
        return list(settings_items(_text(content), file))
    return list(translation_items(_text(content), file)) if language_of(file) else None


def _identity(package: Package, file: str) -> str:
    """What a file is known by in another package: its processes, its decisions, its form; else its name."""
    content = package.files[file]
    if not file.lower().endswith(RUNS):
        return file
    if file.lower().endswith(".bpmn"):
        defined = References.of([content]).processes
    elif file.lower().endswith(".dmn"):
        defined = decision_ids(content)
    else:
        defined = frozenset(key for key, name in package.form_files.items() if name == file)
    return f"{file.rpartition('.')[2].lower()} {min(defined)}" if defined else file


def _text(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return content.decode(encoding)
