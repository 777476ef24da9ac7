"""The explorer's picture, in place of a map: patches on the colour of what the query gives them,
or of what they give it; and the tokens that are no patches as chips with their share."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from rich.text import Text

from attnviz.inputs.where import NOT_ON_THE_GRID, Boxes
from attnviz.language.language import TERMINAL
from attnviz.record.stack import Floats
from attnviz.views.explorer.state import State
from attnviz.views.labels import dim_line, label_text
from attnviz.views.number_format import percent
from attnviz.views.overlay import is_even, patches_of
from attnviz.views.picture_cells import cells_shown, drawn_picture
from attnviz.views.screen import Screen

CHIP = 14  # characters of a chip's name


def pictured(state: State) -> Boxes | None:
    """Return where the keys of a state lie in a picture, where that is what is shown of them."""
    return patches_of(state.stack)


def is_all_picture(state: State) -> bool:
    """Tell whether the queries are the patches of the picture and marks, and no words."""
    tokens = state.stack.query_tokens
    return isinstance(tokens.where, Boxes) and bool((tokens.where.on_grid | tokens.special).all())


def draw_picture(state: State, where: Boxes, screen: Screen) -> list[Text]:
    """Draw the picture with the weights of one query over it, or, looked at the other way, what
    each patch gives to that query; below it what the brightness means.

    Each character carries meta: the "query" that a click chooses, or the "key".
    """
    looks = isinstance(state.stack.query_tokens.where, Boxes)
    weights = weights_over(state)
    even = is_even(weights)  # says nothing, and would be bright everywhere
    lines = max(screen.height - 1, 1)
    outlined = state.query if looks else None
    drawn = drawn_picture(where, weights * (not even), outlined, screen.width, lines, screen)
    shown = cells_shown(where, screen.width, lines, screen)
    tokens = {cell: token for token, cell in enumerate(where.cells.tolist())}
    for line, cells in zip(drawn, shown.tolist(), strict=True):
        column = 0
        for cell, run in groupby(cells):
            after = column + len(list(run))
            if cell in tokens and cell != NOT_ON_THE_GRID:
                line.apply_meta({"query" if looks else "key": tokens[cell]}, column, after)
            column = after
    legend = dim_line(_legend(state, where, weights, even), screen.width)
    return [*drawn, legend] if screen.height > 1 else drawn


def weights_over(state: State) -> Floats:
    """Return what the query gives each key, or, looked at the other way, what each query gives
    it."""
    mean = state.sheet.map.mean
    both = state.stack.shape[0] == state.stack.shape[1]
    weights: Floats = mean[:, state.query] if state.column and both else mean[state.query]
    return weights


def draw_chips(state: State, screen: Screen) -> list[Text]:
    """Name the query, where it is a patch, and the tokens that are no patches, each with its share
    of the weights; each carries meta: its "query"."""
    tokens, weights = state.stack.query_tokens, weights_over(state)
    lines = [Text(no_wrap=True)]
    if not tokens.special[state.query]:
        lines[0].append_text(label_text(tokens.labels[state.query], CHIP, "bold reverse"))
    for i in np.flatnonzero(tokens.special).tolist():
        style = "bold reverse" if i == state.query else "reverse"
        chip = Text().append_text(label_text(f" {tokens.labels[i]} ", CHIP, style))
        chip.append(f" {percent(float(weights[i]))}%")
        chip.apply_meta({"query": i})
        if lines[-1].cell_len + 2 + chip.cell_len > screen.width:
            lines.append(Text(no_wrap=True))
        lines[-1].append("  " if lines[-1].cell_len else "").append_text(chip)
    return lines[: screen.height]


def _legend(state: State, where: Boxes, weights: Floats, even: bool) -> str:
    """What is brightest, and how much of the row lies elsewhere: each picture is on a scale of its
    own."""
    language = state.look.language
    inside = np.asarray(weights)[where.on_grid]
    largest = percent(float(inside.max(initial=0)))
    name = state.stack.query_tokens.labels[state.query]
    if state.column and isinstance(state.stack.query_tokens.where, Boxes):
        return language.say("ui.image_column", TERMINAL, query=name, number=f"{largest}%")
    share = float(inside.sum())
    said = language.say("ui.image_row", TERMINAL, number=f"{largest}%", pct=share)
    return f"{language.say('ui.image_even')} · {said}" if even else said
