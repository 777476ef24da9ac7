"""What one cell of a pooled map holds, in words, and how bright it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attnviz.inputs.tokens import Tokens
from attnviz.inputs.where import Times
from attnviz.language.language import Guard, Language
from attnviz.record.stack import PooledMap, Stack, Which
from attnviz.views.scale import Shades, shades

EXAMINED = 512  # tokens up to which a sink is looked for key by key


def cells_note(stack: Stack, cells: tuple[int, int], language: Language, medium: Guard) -> str:
    """Say how many weights a pooled cell holds, and of a sound how many seconds; "" of one."""
    if cells == (1, 1):
        return ""
    said = language.say("ui.cells", medium, rows=cells[0], columns=cells[1])
    steps = [_step(tokens) for tokens in (stack.query_tokens, stack.key_tokens)]
    if not all(steps):
        return said
    rows, columns = (f"{step * n:.3g}" for step, n in zip(steps, cells, strict=True))
    return f"{language.say('ui.sound_cells', medium, rows=rows, columns=columns)} · {said}"


def _step(tokens: Tokens) -> float:
    """Seconds from one frame of a sound to the next; 0 for what is no sound."""
    where = tokens.where
    if not isinstance(where, Times) or len(where.times) < 2:
        return 0.0
    return float(where.times[1, 0] - where.times[0, 0])


def cell_shades(
    stack: Stack, layer: int, head: Which, scale: str, pooled: PooledMap, allowed: NDArray[np.bool_]
) -> Shades:
    """Return how bright each cell of a pooled map is. Where one key swallows the map key by key,
    its cell, in which it is not alone, is left out of the scale too."""
    if pooled.cells[1] > 1 and scale == "auto" and max(stack.shape) <= EXAMINED:
        single = stack.map(layer, head, EXAMINED).mean
        if shades(single, stack.allowed(layer, EXAMINED), scale).sink is not None:
            return shades(pooled.mean, allowed, "no-sink")
    return shades(pooled.mean, allowed, scale, whole=pooled.cells[1] == 1)


def place_names(stack: Stack, places: list[int]) -> list[int | str]:
    """Name keys by their positions; frames of a sound by the seconds at which they begin."""
    where = stack.key_tokens.where
    if not isinstance(where, Times):
        return [*places]
    return [f"{where.times[place, 0]:.1f}s" for place in places]
