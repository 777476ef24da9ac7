"""Where heads, or words, listen in a sound: its spectrogram, and a line for each below it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attnviz.inputs.where import Times
from attnviz.language.language import PICTURE, Language
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack
from attnviz.views.figure import USUAL, FigureStyle
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.over_time import (
    Matrix,
    Strip,
    beyond_end,
    drawn_picture,
    frames_of,
    listening_frame,
    n_heard,
    seconds,
    strips,
)
from attnviz.views.palette import INK
from attnviz.views.picture.paper import LABEL_SIZE, SMALL_SIZE, Paper, rgb
from attnviz.views.picture.path import draw_matrix, matrix_height
from attnviz.views.picture.waveform import TALL as WAVE
from attnviz.views.picture.waveform import WORDS, draw_wave
from attnviz.views.titles import title

WIDTH, SPECTROGRAM, LINE, GAP, BETWEEN = 7.5, 1.3, 0.26, 0.08, 0.55  # inches
MOST = 96  # lines on one sheet
LEAST_WIDTH = 1.0  # inches that the times below need
NAME = 2.6  # inches that a name may take


def sound_figure(record: AttentionRecord, look: Look) -> Figure:
    """Draw the spectrogram with the time below it, and a line for each head, or for each word,
    every line on its own scale, with the time of its largest weight at the right."""
    stack = record.stack
    where = frames_of(stack)
    assert where is not None  # `picture` made sure
    found = strips(stack, look)[:MOST]
    notes = _notes(stack, where, found, look)
    heading = [title(record, look.language, PICTURE), _what(stack, look), *notes]
    return strips_figure(heading, found, where, look.language, style=look.figure)


def strips_figure(
    heading: list[str], found: list[Strip], where: Times, language: Language,
    spans: Sequence[tuple[float, float]] = (), matrix: Matrix | None = None,
    style: FigureStyle = USUAL,
) -> Figure:  # fmt: skip
    """Draw lines over time under the wave and the spectrogram. spans: begin and end in seconds of
    each line, which are outlined, named above the wave, and said at the right in place of the
    largest weight. matrix: token by token, with the path, drawn below."""
    paper = Paper(heading, style)
    labels = [*(one.name for one in found), *(() if matrix is None else matrix.labels)]
    name = paper.beside(NAME) if style.width is None else style.width / 3
    left = min(paper.widest(labels, LABEL_SIZE), name) + 0.1
    line = paper.row(LINE, LABEL_SIZE)
    size = paper.label_size(LABEL_SIZE, line, 0.9)
    wide, tall, words = paper.across(WIDTH), line * len(found), WORDS if spans else 0.0
    paper.need(wide, paper.beside(LEAST_WIDTH) if style.is_sized else 0.0)
    right, bottom = paper.beside(1.2), paper.beside(0.5)
    wave = 0.0 if where.wave is None else words + WAVE + GAP
    above = 0.1 + wave + (SPECTROGRAM + GAP if where.picture is not None else 0.0)
    if matrix is not None:
        place = (left, above + tall + BETWEEN, wide, matrix_height(matrix))
        lower = paper.add_axes(*place, right=right, bottom=bottom)
        _matrix(paper, lower, matrix, where, left, language)
        axes = paper.place(paper.margin + left, paper.top + above, wide, tall)
    else:
        axes = paper.add_axes(left, above, wide, tall, right=right, bottom=bottom)
    _above(paper, left, where, wave, [one.name for one in found], spans)
    names = [paper.fitted(one.name, left - 0.1, LABEL_SIZE) for one in found]
    _lines(paper, axes, found, where, names, spans, size)
    if matrix is None:
        small = paper.points(SMALL_SIZE)
        axes.set_xlabel(language.say("ui.sound_time", PICTURE), fontsize=small, color=rgb(INK))
    return paper.figure


def _matrix(
    paper: Paper, axes: Axes, matrix: Matrix, where: Times, left: float, language: Language
) -> None:
    names = [paper.fitted(one, left - 0.1, LABEL_SIZE - 2) for one in matrix.labels]
    draw_matrix(axes, matrix, where, names, language)


def _above(
    paper: Paper, left: float, where: Times, wave: float, names: list[str],
    spans: Sequence[tuple[float, float]],
) -> None:  # fmt: skip
    """The wave with words over their spans, and the spectrogram."""
    y = paper.top + 0.1
    if wave:
        axes = paper.place(paper.margin + left, y + wave - WAVE - GAP, paper.across(WIDTH), WAVE)
        draw_wave(axes, where, paper, paper.across(WIDTH), names if spans else [], spans)
    if where.picture is not None:
        _spectrogram(
            paper.place(paper.margin + left, y + wave, paper.across(WIDTH), SPECTROGRAM), where
        )


def _what(stack: Stack, look: Look) -> str:
    if stack.query_tokens.where is None:
        return look.language.say("ui.sound_words", PICTURE)
    query = stack.query_tokens.labels[listening_frame(stack, look)]
    return look.language.say("ui.sound_heads", PICTURE, query=query)


def _notes(stack: Stack, where: Times, found: list[Strip], look: Look) -> list[str]:
    share = float(np.mean([beyond_end(where, one.row) for one in found]))
    said = [look.language.say("ui.sound_beyond", PICTURE, pct=share)] if share > 0 else []
    if stack.query_tokens.where is None and stack.head_names:
        said.append(look.language.say("ui.sound_lined", PICTURE))
    return said


def _spectrogram(axes: Axes, where: Times) -> None:
    begin, end = seconds(where)
    picture = drawn_picture(where)
    assert picture is not None  # the caller made sure
    axes.imshow(
        picture, cmap="gray_r", aspect="auto", origin="lower", interpolation="nearest",
        extent=(begin, end, 0, 1),
    )  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])


def _lines(
    paper: Paper, axes: Axes, found: list[Strip], where: Times, names: list[str],
    spans: Sequence[tuple[float, float]], size: float,
) -> None:  # fmt: skip
    begin, end = seconds(where)
    rows = np.stack([one.row[: n_heard(where)] for one in found]).astype(np.float64)
    largest = rows.max(axis=1, keepdims=True)
    shares = np.sqrt(np.divide(rows, largest, out=np.zeros_like(rows), where=largest > 0))
    colours = paper.coloured(shares, np.ones(shares.shape, dtype=np.bool_))
    axes.imshow(
        colours, aspect="auto", interpolation="nearest", origin="upper",
        extent=(begin, end, len(found) - 0.5, -0.5),
    )  # fmt: skip
    axes.set_yticks(range(len(found)), names, fontsize=size, parse_math=False)
    axes.tick_params(axis="x", labelsize=paper.points(SMALL_SIZE))
    axes.tick_params(axis="y", length=0)
    for line in np.arange(0.5, len(found) - 1):
        axes.axhline(float(line), color="white", linewidth=0.6)
    for i, peak in enumerate(rows.argmax(axis=1).tolist()):
        if spans:
            low, high = spans[i]
            said = f"{low:.2f}–{high:.2f}s"
            axes.add_patch(
                Rectangle((low, i - 0.45), high - low, 0.9, fill=False, color="white", linewidth=1)
            )
        elif largest[i, 0] > 0:
            said = f"{where.times[peak, 0]:.2f}s  {percent(float(largest[i, 0]))}%"
        else:
            continue
        axes.annotate(
            said, (end, i), (4, 0), textcoords="offset points", va="center",
            fontsize=paper.points(SMALL_SIZE), color=rgb(INK), annotation_clip=False,
        )  # fmt: skip
