"""Parts of errors that come as English words (a noun, a reason), in the language of the reader."""

from __future__ import annotations

import re
from string import Formatter

from attnviz.language.language import Language

PREFIX = "part."


def reworded(text: str, language: Language) -> str:
    """Return a part of a sentence in that language; what no language knows stays as it is.

    Parts may stand in parts: "the suffix of a survey".
    """
    english = language.fallback
    if english is None:
        return text
    parts = {k: said for k, said in english.sentences.items() if k.startswith(PREFIX)}
    for key in sorted(parts, key=lambda key: -len(parts[key])):  # what says most comes first
        if (found := _found(parts[key], text)) is not None:
            values = {name: reworded(value, language) for name, value in found.items()}
            return language.say(key, **values)
    return text


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
