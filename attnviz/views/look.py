"""Which layer and heads a view shows."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.errors import AttnvizError, out_of_range
from attnviz.record.stack import Stack, Which


@dataclass(frozen=True)
class Choice:
    """The layer and heads to show: one head, some, or the mean of all. `layers` are several that
    are shown as grids, one below the other."""

    layer: int = 0
    heads: tuple[int, ...] = ()  # none: the mean
    layers: tuple[int, ...] = ()  # none: the one

    @property
    def head(self) -> Which:
        """The one head, or the mean."""
        return self.heads[0] if len(self.heads) == 1 else "mean"


def choose(stack: Stack, layer: str, head: str, show: str = "auto") -> Choice:
    """Read "0", "0,2", "0-3", "all" or "mean"; AttnvizError names what does not exist, or what
    cannot be shown for several layers."""
    layers, heads = _numbers("Layer", layer, stack.n_layers), _numbers("Head", head, stack.n_heads)
    if not layers and stack.n_layers > 1:
        raise AttnvizError("There is no mean of layers.", "Show one, some (0-3), or all.")
    if len(layers) < 2:
        return Choice(layers[0] if layers else 0, heads)
    if show not in ("auto", "grid", "none"):
        raise AttnvizError(
            f"--show {show} is for one layer, and --layer {layer} means {len(layers)}.",
            "Choose one, or --show grid.",
        )
    return Choice(layers[0], heads, layers)


def _numbers(what: str, language: str, n: int) -> tuple[int, ...]:
    if language == "mean":
        return ()
    if language == "all":
        return tuple(range(n))
    found: list[int] = []
    for word in language.split(","):
        first, dash, last = word.strip().partition("-")
        known = first.isdecimal() and (last.isdecimal() or not dash)
        if not known or max(len(first), len(last)) > 9 or int(last or first) < int(first):
            raise AttnvizError(
                f'"{language}" is not a {what.lower()}.',
                'Give numbers ("0", "0,2", "0-3"), all or mean.',
            )
        numbers = range(int(first), int(last or first) + 1)
        wrong = [number for number in (int(first), int(last or first)) if number >= n]
        if wrong:
            raise out_of_range(what, wrong[0], 0, n - 1)
        found += numbers
    return tuple(dict.fromkeys(found))
