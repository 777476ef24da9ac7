"""Runs of Latin letters, digits and signs in an Arabic line: which of them lose their order there.

By the bidi algorithm (UAX #9) a digit or a sign beside an Arabic letter is drawn with it, from the
right: "√64 = 8" becomes "8 = 64√", "1.2 MB" "MB 1.2", "62%" "%62", "/a/b.npz" "a/b.npz/".
Runs that begin with a letter, and plain numbers, keep their order by themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_GUARDED = re.compile(r"(\u200e[^\u200e]*\u200e|[\u2066-\u2069])")
_PLAIN_NUMBER = re.compile(r"\d+([.,\u202f]\d+)*")
_SIGNS = ("=", "×", "→", "+")
_BEFORE, _AFTER = "([«\"'", ")]»\"'.,:;!?…،؛؟"


def guard_runs(sentence: str, guarded: Callable[[str], str]) -> str:
    """Return the sentence with `guarded` around each run that needs it. What stands in marks or in
    isolates already is left alone."""
    said, depth = [], 0
    for part in _GUARDED.split(sentence):
        if part in ("\u2066", "\u2067", "\u2068", "\u2069"):
            depth += -1 if part == "\u2069" else 1
        said.append(part if depth or _GUARDED.fullmatch(part) else _guarded(part, guarded))
    return "".join(said)


def _guarded(text: str, guarded: Callable[[str], str]) -> str:
    """Guard the runs of a text that has no marks and no isolates."""
    said, run = list[str](), list[str]()

    def end() -> None:
        said.append(_guarded_run("".join(run), guarded))
        run.clear()

    for piece in re.split("( )", text):
        if piece != " " and not _is_of_a_run(piece):
            end()
            said.append(piece)
            continue
        if piece[0] in _BEFORE:
            end()
        run.append(piece)
        if piece[-1] in _AFTER:
            end()
    end()
    return "".join(said)


def _is_of_a_run(word: str) -> bool:
    """Tell whether a word has letters or digits and none that is written from the right, or is a
    sign of a formula."""
    directions = {unicodedata.bidirectional(char) for char in word}
    return word in _SIGNS or (bool(directions & {"L", "EN"}) and not directions & {"R", "AL", "AN"})


def _guarded_run(run: str, guarded: Callable[[str], str]) -> str:
    core = run.strip(" =×→+").lstrip(_BEFORE).rstrip(_AFTER)
    if not core or _keeps_its_order(core) or "{" in core:
        return run
    before, after = run.split(core, 1)
    return f"{before}{guarded(core)}{after}"


def _keeps_its_order(run: str) -> bool:
    """Tell whether it begins with a letter, which numbers after it follow, or is a plain number."""
    first, last = (unicodedata.bidirectional(char) for char in (run[0], run[-1]))
    led = first == "L" and last in ("L", "EN", "ET")
    return led or _PLAIN_NUMBER.fullmatch(run) is not None
