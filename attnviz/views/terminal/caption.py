"""A caption in a terminal: for each word a small picture of where the model looked."""

from __future__ import annotations

from rich.console import RenderableType

from attnviz.analysis.caption import picture_of
from attnviz.inputs.labels import visible
from attnviz.language.language import TERMINAL
from attnviz.record.record import AttentionRecord
from attnviz.views.captions import heading, named, words_of
from attnviz.views.labels import dim_lines, label_text
from attnviz.views.look import Look
from attnviz.views.screen import Screen
from attnviz.views.terminal.image import Small, small_pictures

ROOM = 6  # lines that are not of pictures


def caption_view(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw one small picture per word, under the word, its probability and what went to [CLS]; each
    on its own scale."""
    words, picture = words_of(record, look), picture_of(record)
    assert picture is not None  # there would be no words
    where, language = picture[0], look.language
    text = " ".join(visible(word.text) for word in words)
    lines: list[RenderableType] = [label_text(text, screen.width, "bold")]
    lines += dim_lines(heading(record, language, TERMINAL), screen.width)
    smalls = [
        Small(named(word, where, language, TERMINAL), word.row, None, look.mass) for word in words
    ]
    return lines + small_pictures(where, smalls, screen, max(screen.height - ROOM, 6))
