"""What the small pictures of a caption are called, in every medium alike."""

from __future__ import annotations

from attnviz.analysis.caption import CaptionWord, caption_words
from attnviz.inputs.where import Boxes
from attnviz.language.language import Guard, Language
from attnviz.record.record import AttentionRecord
from attnviz.views.look import Look
from attnviz.views.number_format import percent

LITTLE = 1e-4  # a share below it is rounding


def words_of(record: AttentionRecord, look: Look) -> tuple[CaptionWord, ...]:
    """Return the words of a caption under the chosen layers and heads."""
    return caption_words(record, look.layers, look.heads, look.apart)


def named(word: CaptionWord, where: Boxes, language: Language, medium: Guard) -> str:
    """Return a word, how likely it was, and what of its weight went to no patch: to special tokens
    of the picture, or to words beside it."""
    found = f"{word.text} {percent(word.probability)}%"
    if not where.on_grid.all():
        found += f" · [CLS] {percent(word.special)}%"
    if word.elsewhere > LITTLE:
        found += f" · {language.say('ui.caption_words', medium)} {percent(word.elsewhere)}%"
    return found


def heading(record: AttentionRecord, language: Language, medium: Guard) -> str:
    """Say what the small pictures show."""
    return language.say("ui.caption", medium, model=record.model.name)
