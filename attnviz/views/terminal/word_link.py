"""Which heads link two words: layers down, heads across, the weight in each cell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.analysis.word_link import WordLink
from attnviz.language.language import TERMINAL, Language
from attnviz.record.record import AttentionRecord
from attnviz.views.cells import SHADES, background, full_rows
from attnviz.views.labels import broken, dim_lines, label_text
from attnviz.views.link_words import MOST, link_lines, link_note
from attnviz.views.number_format import percent
from attnviz.views.palette import LEVELS, level
from attnviz.views.screen import Screen

WIDES = (5, 4)  # characters of a cell with its number
NARROW = 2  # and of one without
LAYER = "layer"


def word_link_view(
    record: AttentionRecord, link: WordLink, language: Language, screen: Screen
) -> RenderableType:
    """Draw the weight from one word to the other in every head, and name the strongest."""
    name, *told = link_lines(record, link, language, TERMINAL)
    lines = [label_text(line, screen.width, "bold") for line in broken(name, screen.width)]
    for line in told:
        lines += [label_text(piece, screen.width) for piece in broken(line, screen.width)]
    largest = float(link.weights.max(initial=0))
    lines += [Text(), *_matrix(link, largest, screen), _scale(largest, screen), Text()]
    note = link_note(record, link, language, TERMINAL)
    return Group(*lines, *dim_lines(note, screen.width))


def _matrix(link: WordLink, largest: float, screen: Screen) -> Iterator[Text]:
    """A line for each layer; heads that do not fit stand in bands below one another."""
    n_layers, n_heads = link.weights.shape
    margin = max(len(LAYER), len(str(link.layer_numbers[-1]))) + 2
    room = max(screen.width - margin, NARROW)
    wide = next((wide for wide in WIDES if wide * n_heads <= room), NARROW)
    across = min(max(room // wide, 1), n_heads)
    best = {(layer, head) for layer, head, _ in link.strongest(MOST)}
    for start in range(0, n_heads, across):
        heads = range(start, min(start + across, n_heads))
        if start:
            yield Text()
        yield _numbers(heads, margin, wide)
        for layer in range(n_layers):
            line = Text(f"{link.layer_numbers[layer]} ".rjust(margin), "dim", no_wrap=True)
            for head in heads:
                weight = float(link.weights[layer, head])
                bold = (layer, head) in best
                line.append_text(_cell(weight, largest, wide, screen, bold=bold))
            yield line


def _numbers(heads: range, margin: int, wide: int) -> Text:
    line = LAYER.rjust(margin - 1) + " "
    for i, head in enumerate(heads):
        number = str(head)
        if wide > NARROW:
            line += number.rjust(wide - 1) + " "
        elif head % 2 == 0 or len(number) < NARROW:
            line = line.ljust(margin + i * wide) + number
    return Text(line, "dim", no_wrap=True)


def _cell(weight: float, largest: float, wide: int, screen: Screen, *, bold: bool) -> Text:
    step = level(weight, largest)
    if wide > NARROW:
        text = Text(percent(weight).rjust(wide - 1) + " ", background(step) or "")
    elif screen.colour:
        text = Text(" " * wide, background(step) or "")
    else:
        text = Text(SHADES[-(-step * (len(SHADES) - 1) // LEVELS)] * wide)
    if bold:
        text.stylize("bold")
    return text


def _scale(largest: float, screen: Screen) -> Text:
    line = Text("0% ", "dim", no_wrap=True)
    steps = np.linspace(0, LEVELS - 1, 12).round().astype(np.int64)[None, :]
    line.append_text(full_rows(steps, 1, screen.colour)[0])
    return line.append(f" {percent(largest)}%", "dim")
