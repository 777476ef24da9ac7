"""Who shows a record. Records know no views: the package names them here when it is imported."""

from __future__ import annotations

TYPE_CHECKING = False  # the package imports this: nothing else is loaded with it
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SHOWN_BY: dict[str, str] = {}  # what a record is asked for → "module:function" that makes it


def shower(what: str) -> Callable[..., Any]:
    """Return the function that shows a record in this way, imported when it is first asked for."""
    import pkgutil
    from functools import wraps

    from attnviz.errors import numbers_are_checked

    found: Callable[..., Any] = pkgutil.resolve_name(SHOWN_BY[what])

    @wraps(found)
    def shown(*args: Any, **given: Any) -> Any:
        with numbers_are_checked():
            return found(*args, **given)

    return shown
