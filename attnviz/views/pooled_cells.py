"""What one cell of a pooled map holds, in words."""

from __future__ import annotations

from attnviz.inputs.tokens import Tokens
from attnviz.inputs.where import Times
from attnviz.language.language import Guard, Language
from attnviz.record.stack import Stack


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


def place_names(stack: Stack, places: list[int]) -> list[int | str]:
    """Name keys by their positions; frames of a sound by the seconds at which they begin."""
    where = stack.key_tokens.where
    if not isinstance(where, Times):
        return [*places]
    return [f"{where.times[place, 0]:.1f}s" for place in places]
