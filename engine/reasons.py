"""Why something failed, in words that name nobody: such a reason is kept in rows, shown to administrators and logged.

Errors that Samled raises on purpose speak of the model and of what to do. The text of any other error may quote what
somebody wrote about a child, so only its kind is told, and where in the code it was raised.
"""

from __future__ import annotations

import traceback
from pathlib import Path

from engine.errors import FeelError, InvalidAnswers, SamledError


def reason(error: BaseException | None) -> str:
    """The reason of an error, without anything personal."""
    if error is None:
        return "unknown"
    if isinstance(error, SamledError) and not isinstance(error, FeelError | InvalidAnswers):
        return error.message
    return f"{type(error).__name__}{_place(error)}"


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(__file__).parent in Path(frame.filename).parents] or frames
    return f" in {Path(ours[-1].filename).stem}, line {ours[-1].lineno}" if ours else ""
