"""A sound in lines of characters: its spectrogram, how loud it is, and the time it takes."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from attnviz.inputs.where import Times
from attnviz.views.cells import half_rows, levels
from attnviz.views.over_time import columns_of, drawn_picture, loudness, seconds
from attnviz.views.screen import Screen

APART = 12  # characters between two times of the axis
BARS = " ▁▂▃▄▅▆▇█"


def spectrogram_lines(
    where: Times, indent: int, wide: int, tall: int, screen: Screen
) -> list[Text]:
    """Draw the spectrogram, high frequencies first, two bands in each line."""
    picture = drawn_picture(where)
    if picture is None or not tall:
        return []
    bands = columns_of(picture[::-1].T, min(2 * tall, len(picture))).T  # (bands, columns)
    shares = columns_of(bands, wide) / 255
    steps = levels(shares, np.ones(shares.shape, dtype=np.bool_))
    return [Text(" " * indent).append_text(line) for line in half_rows(steps, screen.colour)]


def axis_line(where: Times, indent: int, wide: int) -> Text:
    """Write times below the picture, up to where the sound ends."""
    begin, end = seconds(where)
    n = max(wide // APART, 1)
    line = Text(" " * indent, "dim", no_wrap=True)
    for i in range(n):
        place = indent + i * wide // n
        line.append(" " * max(place - line.cell_len, 0))
        line.append(f"|{begin + (end - begin) * i / n:.2f}s")
    return line


def loudness_line(where: Times, indent: int, wide: int) -> Text | None:
    """Draw how loud the sound is in one line; None where its wave was not kept."""
    heights = loudness(where, wide)
    if heights is None:
        return None
    steps = np.ceil(heights * (len(BARS) - 1)).astype(int).tolist()
    return Text(" " * indent, no_wrap=True).append("".join(BARS[step] for step in steps))
