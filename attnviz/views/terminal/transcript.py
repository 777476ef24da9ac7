"""What was said, over time: the spectrogram, and a line for each word with when it was said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.inputs.labels import visible
from attnviz.inputs.where import Times
from attnviz.language.language import TERMINAL, Language
from attnviz.views.cells import full_rows, levels
from attnviz.views.labels import dim_lines, label_text, padded, widest
from attnviz.views.over_time import (
    Matrix,
    Strip,
    Weights,
    columns_of,
    n_heard,
    seconds,
)
from attnviz.views.screen import Screen
from attnviz.views.sound_lines import axis_line, loudness_line, spectrogram_lines
from attnviz.views.terminal.sound import strip_line

NAME, SPAN, TALL = 16, 14, 5  # characters of a word, and of its times; lines of the spectrogram
PAST = 8  # characters for all that lies beyond the end


def transcript(
    model: str, found: Sequence[Strip], spans: Sequence[tuple[float, float]], where: Times,
    beyond: float, language: Language, screen: Screen, by_letters: bool = False,
    matrix: Matrix | None = None,
) -> RenderableType:  # fmt: skip
    """Draw one window. found: a line for each word; spans: its begin and end in seconds. beyond:
    the share of weight after the end of the sound. by_letters: frames said letters, which gave the
    times. matrix: token by token in place of words, with the path and the end of the sound."""
    left = min(widest([one.name for one in found], NAME), screen.width // 3)
    wide = max(screen.width - left - 1 - SPAN, 10)
    title = language.say("ui.said", TERMINAL, model=visible(model))
    lines = [label_text(title, screen.width, "bold")]
    lines += loudness_lines(where, [one.name for one in found], spans, left + 1, wide)
    lines += spectrogram_lines(where, left + 1, wide, TALL, screen)
    lines.append(axis_line(where, left + 1, wide))
    if matrix is not None:
        lines += matrix_lines(matrix, where, left, wide, language, screen)
    else:
        for one, (begin, end) in zip(found, spans, strict=True):
            lines.append(strip_line(one, where, left, wide, screen, f"{begin:.2f}–{end:.2f}s"))
    how = language.say("ui.said_letters" if by_letters else "ui.said_spans", TERMINAL)
    notes: list[Text] = [*dim_lines(how, screen.width)]
    if beyond > 0:
        said = language.say("ui.sound_beyond", TERMINAL, pct=float(np.float64(beyond)))
        notes += dim_lines(said, screen.width)
    return Group(*lines, *notes)


def loudness_lines(
    where: Times, words: Sequence[str], spans: Sequence[tuple[float, float]], indent: int, wide: int
) -> list[Text]:
    """Draw how loud the sound is in one line, and under it each word where it was said, as much of
    it as fits before the next."""
    line = loudness_line(where, indent, wide)
    if line is None:
        return []
    begin, end = seconds(where)
    places = [round((first - begin) / max(end - begin, 1e-9) * wide) for first, _ in spans]
    under = Text(" " * indent, no_wrap=True)
    for word, place, following in zip(words, places, [*places[1:], wide], strict=True):
        at = max(place, under.cell_len - indent)
        room = max(following, at + 1) - at
        if at + 1 > wide or room < 1:
            break
        under.append(" " * (indent + at - under.cell_len))
        under.append_text(label_text(word, max(room - 1, 1)))
    return [line, under]


def matrix_lines(
    matrix: Matrix, where: Times, left: int, wide: int, language: Language, screen: Screen
) -> list[Text]:
    """Draw tokens × time, a ● where the path is; right of ┃, in a few characters, all that lies
    beyond the end of the sound."""
    heard, lines = n_heard(where), []
    for token, label in enumerate(matrix.labels):
        row = matrix.weights[token].astype(np.float64)
        largest = max(float(row.max(initial=0)), 1e-9)
        shares = np.sqrt(columns_of(row[:heard], wide) / largest)
        on_path = matrix.frames[matrix.tokens == token] * wide // heard
        line = padded(label_text(label.strip() or label, left), left).append(" ")
        line.append_text(_with_path(_cells(shares, screen), sorted({*on_path.tolist()})))
        if heard < len(row):
            rest = np.sqrt(columns_of(row[heard:], PAST) / largest)
            line.append(" ┃ ", "dim").append_text(_cells(rest, screen))
        lines.append(line)
    said = language.say("ui.sound_path", TERMINAL)
    return [*lines, *dim_lines(said, screen.width)]


def _cells(shares: Weights, screen: Screen) -> Text:
    steps = levels(shares[None, :], np.ones((1, len(shares)), dtype=np.bool_))
    return full_rows(steps, 1, screen.colour)[0]


def _with_path(cells: Text, places: Sequence[int]) -> Text:
    """The cells, with a ● at some of them."""
    line, done = Text(no_wrap=True), 0
    for place in places:
        line.append_text(cells[done:place]).append("●", "bold")
        done = place + 1
    return line.append_text(cells[done:])
