"""The wave of a sound, with the words that were said above it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from attnviz.inputs.where import Times
from attnviz.views.over_time import seconds
from attnviz.views.palette import INK
from attnviz.views.picture.paper import SMALL_SIZE, Paper, rgb

TALL, WORDS = 0.45, 0.2  # inches of the wave, and of the words above it
SILENCE = 128
SPAN = "#c8d4ea"  # behind every second word


def draw_wave(
    axes: Axes, where: Times, paper: Paper, width: float, words: Sequence[str],
    spans: Sequence[tuple[float, float]],
) -> None:  # fmt: skip
    """Draw the wave on axes `width` inches wide; words: each written over its span in seconds,
    where it has room."""
    begin, end = seconds(where)
    assert where.wave is not None  # the caller made sure
    low, high = where.wave.astype(np.float64) - SILENCE
    times = np.linspace(begin, where.duration, len(low))
    axes.fill_between(times, low, high, color=rgb(INK), linewidth=0.4)
    axes.set_xlim(begin, end)
    axes.set_ylim(-SILENCE, SILENCE)
    axes.set_xticks([])
    axes.set_yticks([])
    for i, (word, (first, last)) in enumerate(zip(words, spans, strict=True)):
        if i % 2 == 0:
            axes.axvspan(first, last, color=SPAN, linewidth=0, zorder=0)
        room = (last - first) / max(end - begin, 1e-9) * width
        fitted = paper.fitted(word, max(room, 0.12), SMALL_SIZE)
        if len(fitted) > 1 or fitted == word:
            axes.annotate(
                fitted, ((first + last) / 2, SILENCE), (0, 2), textcoords="offset points",
                ha="center", va="bottom", fontsize=SMALL_SIZE, color=rgb(INK), parse_math=False,
            )  # fmt: skip
