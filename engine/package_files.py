"""The files of a process package: how they are called, and how many and how large they may be."""

from __future__ import annotations

#: Bytes a file; the largest of some thousand public models is under 1 MB.
FILE_LIMIT = 5_000_000
FILES_LIMIT = 1_000
#: What decides how a case runs: this and the `.toml` files are what the hash covers.
RUNS = (".bpmn", ".dmn", ".form")
SCENARIOS = (".yaml", ".yml")
