"""What changes an answer, on one screen: a grid of heads, and the heads and tokens that matter."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.analysis.effects import NONE, Effects
from attnviz.inputs.labels import visible
from attnviz.language.language import TERMINAL, Language
from attnviz.views.cells import full_rows, levels
from attnviz.views.effect_words import effect_number, effects_notes, effects_title
from attnviz.views.labels import broken, dim_lines, label_text
from attnviz.views.screen import Screen

HEAD, EFFECT, NAME, BAR = 7, 9, 14, 18  # characters of columns
LEAST_ROWS = 5


def effects(
    found: Effects, screen: Screen, language: Language, *, top: int | None = None
) -> RenderableType:
    """Return the title, the grid, the strongest heads beside the strongest tokens, the edges."""
    head = [
        line for part in effects_title(found, language, TERMINAL)
        for line in _lines(part, screen, "bold")
    ]  # fmt: skip
    grid = list(_grid(found, screen, language))
    notes = [
        line for note in effects_notes(found, language, TERMINAL)
        for line in dim_lines(note, screen.width)
    ]  # fmt: skip
    room = screen.height - len(head) - len(grid) - len(notes) - 2
    n_rows = max(room, LEAST_ROWS) if top is None else top
    return Group(
        *head,
        *grid,
        *_tables(found, n_rows, screen, language),
        *_edges(found, screen, language),
        *notes,
    )


def _grid(found: Effects, screen: Screen, language: Language) -> Iterator[Text]:
    """Layers down, heads across; each layer on its own scale would hide that the last one feeds the
    answer directly, so one scale serves all, and says where it ends."""
    if not np.isfinite(found.table).any():
        return
    sizes = np.abs(np.nan_to_num(found.table))
    largest = float(sizes.max())
    wide = 3 if 7 + 3 * sizes.shape[1] + 10 <= screen.width else 1
    numbers = "".join(f"{n:>2} "[:wide].rjust(wide) for n in range(sizes.shape[1]))
    together = language.say("effect.together", TERMINAL)
    yield Text(f"layer {numbers if wide > 1 else ''}  {together}", "dim")
    steps = levels(np.sqrt(sizes / max(largest, NONE)), np.ones(sizes.shape, bool))
    for layer, cells in enumerate(full_rows(steps, wide, screen.colour)):
        line = Text(f"{found.layer_numbers[layer]:>5} ", "dim").append_text(cells)
        yield line.append(f"  {effect_number(found.layers[layer], language)}")
    said = language.say("effect.colour", TERMINAL, value=effect_number(largest, language))
    yield from dim_lines(said, screen.width)


def _tables(found: Effects, n_rows: int, screen: Screen, language: Language) -> Iterator[Text]:
    heads, tokens = found.ranked()[:n_rows], found.ranked_tokens()[:n_rows]
    if not heads and not tokens:
        return
    left = HEAD + EFFECT if heads else 0
    title = Text(("head".ljust(HEAD) + "effect".rjust(EFFECT)) if heads else "", "bold")
    yield title.append(("   " + "token".ljust(NAME) + "effect".rjust(EFFECT)) if tokens else "")
    largest = max((abs(effect) for _, effect in tokens), default=0.0)
    for row in range(max(len(heads), len(tokens))):
        line = Text(no_wrap=True)
        if row < len(heads):
            layer, head, effect = heads[row]
            line.append(
                f"{found.layer_numbers[layer]}.{head}".ljust(HEAD)
                + effect_number(effect, language).rjust(EFFECT)
            )
        line.append(" " * (left - line.cell_len))
        if row < len(tokens):
            position, effect = tokens[row]
            name = label_text(found.labels[position], NAME)
            line.append("   ").append_text(name).append(" " * (NAME - name.cell_len))
            line.append(effect_number(effect, language).rjust(EFFECT) + "  ")
            line.append("█" * round(BAR * abs(effect) / max(largest, NONE)))
        line.truncate(screen.width)
        yield line


def _edges(found: Effects, screen: Screen, language: Language) -> Iterator[Text]:
    for edge in found.edges:
        places = ", ".join(f"{found.layer_numbers[layer]}.{head}" for layer, head in edge.heads)
        said = language.say(
            "effect.cut", TERMINAL, query=visible(edge.query), key=visible(edge.key),
            places=places or language.say("effect.everywhere"),
            value=effect_number(edge.effect, language),
        )  # fmt: skip
        yield from _lines(said, screen, "")


def _lines(words: str, screen: Screen, style: str) -> list[Text]:
    """A sentence on as many lines as it needs."""
    return [Text(piece, style, no_wrap=True) for piece in broken(words, screen.width)]
