"""Lists in help that registries make when the help of a command is asked for: they import NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from typer.core import TyperCommand


class Command(TyperCommand):
    """A command whose help has names such as {shows} for what is there to choose from."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, with every list in its place."""
        for parameter in self.params:
            text = getattr(parameter, "help", None)
            for name, listed in LISTS.items():
                if text and f"{{{name}}}" in text:
                    text = text.replace(f"{{{name}}}", " · ".join(listed()))
            if text:
                parameter.help = text  # type: ignore[attr-defined]
        super().format_help(ctx, formatter)


def _shows() -> Iterable[str]:
    from attnviz.views.terminal.show import SHOWS

    return SHOWS


def _scales() -> Iterable[str]:
    from attnviz.views.scale import SCALES

    return SCALES


def _measures(order: str) -> Iterable[str]:
    from attnviz.analysis import head_measures

    wanted = getattr(head_measures, order)
    return [name for name, each in head_measures.MEASURES.items() if each.order == wanted]


LISTS: dict[str, Callable[[], Iterable[str]]] = {
    "shows": _shows,
    "scales": _scales,
    "smallest": lambda: _measures("SMALLEST"),
    "largest": lambda: _measures("LARGEST"),
}
