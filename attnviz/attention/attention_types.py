"""The types of attention: what each is called, which settings shape it, and the mask it means.

Importing this imports no NumPy: the command line lists the types in its help.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from attnviz.frozen import dataclass

if TYPE_CHECKING:
    from attnviz.attention.rules import Rule

WINDOW, GLOBAL_TOKENS = "window", "global_tokens"  # the settings


@dataclass(frozen=True)
class AttentionType:
    """One type. make: the module of masks, what makes the mask of a window, and positions → the
    mask. settings: which of the two it is made of. two_texts: it looks from one text at another."""

    name: str
    make: Callable[[Any, Callable[[], Rule], Sequence[int]], Rule]
    settings: tuple[str, ...] = ()
    two_texts: bool = False


ATTENTION_TYPES = {
    one.name: one
    for one in (
        AttentionType("self", lambda masks, near, positions: masks.full()),
        AttentionType("causal", lambda masks, near, positions: masks.causal()),
        AttentionType("cross", lambda masks, near, positions: masks.full(), two_texts=True),
        AttentionType("local", lambda masks, near, positions: near(), (WINDOW,)),
        AttentionType(
            "global",
            lambda masks, near, positions: near() | masks.global_(positions),
            (WINDOW, GLOBAL_TOKENS),
        ),
    )
}
OF_ONE_TEXT = tuple(name for name, one in ATTENTION_TYPES.items() if not one.two_texts)


def in_full(kind: str) -> str:
    """Write a type of attention in full: "self-attention", "causal attention"."""
    return f"{kind}-attention" if kind in ("self", "cross") else f"{kind} attention"


def mask_of(
    name: str, window: int = 0, positions: Sequence[int] = (), grid: tuple[int, int] | None = None
) -> Rule:
    """Make the mask that a type means.

    window: tokens seen on each side; of patches on a `grid` (its columns, and the tokens before
    it), rings around each. positions: tokens that see all and are seen by all. Each counts only
    for the types that have such a setting.
    """
    from attnviz.attention import masks

    def near() -> Rule:
        return masks.local(window) if grid is None else masks.nearby(grid[0], window, grid[1])

    return ATTENTION_TYPES[name].make(masks, near, positions)
