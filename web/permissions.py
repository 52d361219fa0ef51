"""What each route asks of a person, said where the route is. A test finds a route that says nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])
#: For anybody.
PUBLIC = "public"
#: For anybody who is logged in: one's own account, lists that show only what the person may see.
SIGNED_IN = "signed-in"
#: Actions that ask nothing but who the person is: asked before the view runs. The others need the object, so the view
#: asks, with `demand(action, object)` or by calling the façade with `by=actor()`.
WITHOUT_OBJECT = frozenset({"start-case", "publish", "administer"})


def requires(action: str) -> Callable[[View], View]:
    """The view needs a logged-in person who may do `action` (see engine/access.py) to the object it shows."""

    def mark(view: View) -> View:
        view.samled_permission = action  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """The view is for anybody, logged in or not."""
    view.samled_permission = PUBLIC  # type: ignore[attr-defined]
    return view


def permission_of(view: Callable[..., Any], method: str) -> str | None:
    """The permission of a view function, or of the method of a class-based view."""
    view_class = getattr(view, "view_class", None)
    handler = getattr(view_class, method.lower(), view) if view_class else view
    return getattr(handler, "samled_permission", None) or getattr(view_class, "samled_permission", None)
