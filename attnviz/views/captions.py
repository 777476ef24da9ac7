"""What the small pictures of a caption are called, in every medium alike."""

from __future__ import annotations

from attnviz.analysis.caption import CaptionWord, caption_words
from attnviz.language.language import Guard, Language
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.overlay import special_names


def words_of(record: AttentionRecord, look: Look) -> tuple[CaptionWord, ...]:
    """Return the words of a caption under the chosen layers and heads."""
    return caption_words(record, look.layers, look.heads)


def named(word: CaptionWord, stack: Stack) -> str:
    """A word, how likely it was, and what of its weight went to no patch."""
    found = f"{word.text} {percent(word.probability)}%"
    if not stack.key_tokens.special.any():
        return found
    return f"{found} · {special_names(stack)} {percent(word.special)}%"


def heading(record: AttentionRecord, language: Language, medium: Guard) -> str:
    """Say what the small pictures show."""
    return language.say("ui.caption", medium, model=record.model.name)
