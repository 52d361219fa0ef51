"""What the makers of the editor's own libraries (bpmn.io) do for a model: lint it.

The very packages that the editor uses, bundled by `build.mjs` and run in the embedded JavaScript engine. They get the
text of a model and nothing else.
"""

from engine.bpmnio.runtime import BundleMissing, Failed, Script

__all__ = ["BundleMissing", "Failed", "Script"]
