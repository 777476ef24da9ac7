"""A command line that was not understood, and the one that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import takewhile

from attnviz.cli.misread import misread
from attnviz.errors import AttnvizError


def corrected(message: str, arguments: Sequence[str], commands: Sequence[str]) -> AttnvizError:
    """Return the error, with the command that was meant where it is a text that was misread.

    message: what the library says of the line. commands: all there are.
    """
    meant = _meant(message, list(arguments), commands)
    if meant is None:
        return misread(message, commands)
    line = " ".join(["attnviz", *map(_quoted, meant)])
    message = f"{message.rstrip('.')}."
    return AttnvizError(message, f"Try: {line}", key="err.try", command=line)


def _meant(message: str, given: list[str], commands: Sequence[str]) -> list[str] | None:
    if not given:
        return None
    if given[0] not in commands:
        return _with_run(given, commands)
    if "unexpected extra argument" in message:
        words = _words(given[1:])
        return [given[0], " ".join(words), *given[1 + len(words) :]] if len(words) > 1 else None
    dashed = [word for word in given[1:] if word.startswith("-") and _is_sentence(word)]
    if len(dashed) == 1 and "--" not in given and message.startswith("No such option"):
        return [*(word for word in given if word != dashed[0]), "--", dashed[0]]
    return None


def _with_run(given: list[str], commands: Sequence[str]) -> list[str] | None:
    """A text, or several words that are not near to a command, without the command that shows
    it."""
    words = _words(given)
    if not words:
        text = given[0]
        return ["run", *given[1:], "--", text] if _is_sentence(text) else None
    several = len(words) > 1 and not get_close_matches(words[0], commands)
    if not several and not _is_sentence(words[0]):
        return None
    return ["run", " ".join(words), *given[len(words) :]]


def _words(given: Sequence[str]) -> list[str]:
    """What stands before the first option."""
    return list(takewhile(lambda word: not word.startswith("-"), given))


def _is_sentence(text: str) -> bool:
    """Whether it is several words, and not an option with its value."""
    return any(char.isspace() for char in text) and not re.match(r"--?[\w-]+=", text)


def _quoted(word: str) -> str:
    """A word as every shell reads it."""
    import shlex

    plain = not any(char in word for char in '"$`\\!')
    return f'"{word}"' if plain and _is_sentence(word) else shlex.quote(word)
