"""What was said, over time: the spectrogram, and a line for each word with when it was said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.inputs.labels import visible
from attnviz.inputs.where import Times
from attnviz.language.language import TERMINAL, Language
from attnviz.views.labels import dim_line, dim_lines, label_text, widest
from attnviz.views.over_time import Strip
from attnviz.views.screen import Screen
from attnviz.views.terminal.sound import axis_line, spectrogram_lines, strip_line

NAME, SPAN, TALL = 16, 14, 5  # characters of a word, and of its times; lines of the spectrogram


def transcript(
    model: str, found: Sequence[Strip], spans: Sequence[tuple[float, float]], where: Times,
    beyond: float, language: Language, screen: Screen, by_letters: bool = False,
) -> RenderableType:  # fmt: skip
    """Draw one window. found: a line for each word; spans: its begin and end in seconds. beyond:
    the share of weight after the end of the sound. by_letters: frames said letters, which gave the
    times."""
    left = min(widest([one.name for one in found], NAME), screen.width // 3)
    wide = max(screen.width - left - 1 - SPAN, 10)
    title = language.say("ui.said", TERMINAL, model=visible(model))
    lines = [label_text(title, screen.width, "bold")]
    lines += spectrogram_lines(where, left + 1, wide, TALL, screen)
    lines.append(axis_line(where, left + 1, wide))
    for one, (begin, end) in zip(found, spans, strict=True):
        lines.append(strip_line(one, where, left, wide, screen, f"{begin:.2f}–{end:.2f}s"))
    how = language.say("ui.said_letters" if by_letters else "ui.said_spans", TERMINAL)
    notes: list[Text] = [*dim_lines(how, screen.width)]
    if beyond > 0:
        said = language.say("ui.sound_beyond", TERMINAL, pct=float(np.float64(beyond)))
        notes.append(dim_line(said, screen.width))
    return Group(*lines, *notes)
