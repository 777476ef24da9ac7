"""A caption in a terminal: for each word a small picture of where the model looked."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from attnviz.inputs.labels import visible
from attnviz.language.language import TERMINAL
from attnviz.record.record import AttentionRecord
from attnviz.views.captions import heading, named, words_of
from attnviz.views.labels import dim_line, label_text
from attnviz.views.look import Look
from attnviz.views.overlay import patches_of
from attnviz.views.screen import Screen
from attnviz.views.terminal.image import Small, small_pictures

ROOM = 6  # lines that are not of pictures


def caption_view(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw one small picture per word, under the word, its probability and what went to [CLS]; each
    on its own scale."""
    stack, words = record.stack, words_of(record, look)
    text = " ".join(visible(word.text) for word in words)
    lines: list[RenderableType] = [label_text(text, screen.width, "bold")]
    lines.append(dim_line(heading(record, look.language, TERMINAL), screen.width))
    where = patches_of(stack)
    if where is None:  # rows of so long a stack were not kept
        return [*lines, *(Text(named(word, stack)) for word in words)]
    smalls = [Small(named(word, stack), word.row, None) for word in words]
    return lines + small_pictures(where, smalls, screen, max(screen.height - ROOM, 6))
