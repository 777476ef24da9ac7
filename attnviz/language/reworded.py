"""English words from below (a part of an error, a note), in the language of the reader."""

from __future__ import annotations

import re
from string import Formatter

from attnviz.language.language import PLAIN, Guard, Language

PREFIX = "part."
NOTE = "note."


def reworded(text: str, language: Language) -> str:
    """Return a part of a sentence in that language; what no language knows stays as it is.

    Parts may stand in parts: "the suffix of a survey".
    """
    if (said := _said(text, language, PREFIX)) is None:
        return text
    key, found = said
    return language.say(key, **{name: reworded(value, language) for name, value in found.items()})


def reworded_note(note: str, language: Language, guard: Guard = PLAIN) -> str:
    """Return a note in that language: records keep notes in English, and a file may hold any other
    line, which stays as it is."""
    if (said := _said(note, language, NOTE)) is None:
        return note
    key, found = said
    return language.say(key, guard, **found)  # its values are names and words of a text


def _said(text: str, language: Language, prefix: str) -> tuple[str, dict[str, str]] | None:
    """The key of the English sentence that a text is, and its values."""
    english = language.fallback
    if english is None:
        return None
    parts = {k: said for k, said in english.sentences.items() if k.startswith(prefix)}
    for key in sorted(parts, key=lambda key: -len(parts[key])):  # what says most comes first
        if (found := _found(parts[key], text)) is not None:
            return key, found
    return None


def _found(template: str, text: str) -> dict[str, str] | None:
    """The values in a text that a template says; None where it says something else."""
    pieces = [(literal, name) for literal, name, _, _ in Formatter().parse(template)]
    if not text.startswith(pieces[0][0]):
        return None
    pattern = "".join(
        re.escape(literal) + (f"(?P<{name}>.+?)" if name else "") for literal, name in pieces
    )
    found = re.fullmatch(pattern, text, re.DOTALL)
    return None if found is None else found.groupdict()
