"""Which layers see everything before them and which a window, as configs list them."""

from __future__ import annotations

from attnviz.attention.masks import causal, full, local, sliding
from attnviz.attention.rules import Rule
from attnviz.models.checkpoint.config import Fields

FULL, SLIDING = "full_attention", "sliding_attention"


def layer_kinds(fields: Fields, n_layers: int, usual: list[str]) -> list[str]:
    """Read the kind of each layer."""
    kinds: list[str] = fields.per_layer("layer_types", n_layers, usual, (FULL, SLIDING))
    return kinds


def layer_masks(
    fields: Fields, kinds: list[str], window: int | None, *, both_ways: bool = False
) -> tuple[Rule, ...]:
    """Return the mask of each layer.

    A window of w means 0 <= i - j < w; both ways |i - j| <= w // 2.
    """
    if SLIDING in kinds and (type(window) is not int or window < 1):
        raise fields.wrong("sliding_window", window, "a whole number from 1")
    near = local((window or 1) // 2) if both_ways else sliding(window or 1)
    far = full() if both_ways else causal()
    return tuple(near if kind == SLIDING else far for kind in kinds)


def local_windows(fields: Fields, n_layers: int) -> tuple[Rule, ...]:
    """Read Longformer's windows around each token, one for all layers or one for each; the config
    counts both sides together."""
    given = fields.get("attention_window", 512)
    widths = [given] * n_layers if isinstance(given, int) else given
    even = isinstance(widths, list) and all(type(w) is int and w > 0 and w % 2 == 0 for w in widths)
    if not even or len(widths) != n_layers:
        raise fields.wrong("attention_window", given, f"an even number, or a list of {n_layers}")
    return tuple(local(width // 2) for width in widths)


def gap_masks(fields: Fields, kinds: list[str]) -> tuple[Rule | None, ...]:
    """Return the mask of each layer of a causal stack in which only full layers attend; None of the
    others. AttnvizError where none attends, for then there is nothing to show."""
    if FULL not in kinds:
        raise fields.wrong("layer_types", kinds, "a list in which some layer has attention")
    return tuple(causal() if kind == FULL else None for kind in kinds)
