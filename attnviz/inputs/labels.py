"""Labels of tokens: the user's own characters, safe wherever they are shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]  # half open, in characters of the text

# Controls, line separators, bidi controls and lone surrogates would move the cursor, hide text or
# reorder it wherever a label is shown; each gets a visible form instead.
_MOVE_OR_HIDE = ("Cc", "Cs", "Zl", "Zp")
_REORDER = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)


def moves_or_hides(char: str) -> bool:
    """Tell whether a character is a control, a line separator, a bidi control or half of a pair."""
    return unicodedata.category(char) in _MOVE_OR_HIDE or char in _REORDER


class _Visible(dict[int, str]):
    """A table for str.translate that works out each character when it first meets it."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        odd = moves_or_hides(char)
        shown = char if not odd else chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"
        self[code] = shown
        return shown


_VISIBLE = _Visible()


def visible(text: str) -> str:
    """Return `text` with every control, bidi control and lone surrogate in a visible form."""
    return text.translate(_VISIBLE)


def shortened(label: str, most: int) -> str:
    """Return the label in at most `most` characters, cut between those that stand together (letters
    and their marks)."""
    if len(label) <= most:
        return label
    end = most - 1
    while end and unicodedata.combining(label[end]):
        end -= 1
    return label[:end].rstrip() + "…"


def without_marks(word: str) -> str:
    """Return a word without case and combining marks, compatible characters as one (NFKD).

    Each character is taken apart by itself: in a whole word marks would also be sorted, at the
    square of their count.
    """
    parts = (unicodedata.normalize("NFKD", char) for char in word.casefold())
    return "".join(c for part in parts for c in part if not unicodedata.combining(c))


def labels_of(
    text: str, pieces: Sequence[str], spans: Sequence[Span], special: NDArray[np.bool_]
) -> tuple[str, ...]:
    """Return what to show for each token: the user's own characters, never the tokenizer's coding.

    A span loses white space at its ends and gains the combining marks that follow it and begin no
    other token. Tokens that share characters get a part number.
    """
    starts = {start for start, _ in spans}
    flags = special.tolist()
    trimmed = [
        (0, 0) if flag or _is_space(piece, text, span) else _trim(text, span, starts)
        for piece, span, flag in zip(pieces, spans, flags, strict=True)
    ]
    parts = _parts(trimmed)
    return tuple(
        visible(piece) if flag else shown(text[slice(*span)], text[slice(*whole)]) + part
        for piece, flag, span, whole, part in zip(pieces, flags, trimmed, spans, parts, strict=True)
    )


def _is_space(piece: str, text: str, span: Span) -> bool:
    """Whether a piece is only a tokenizer's sign for a space, and not that sign in the text."""
    return set(piece) <= {"▁", "Ġ"} and text[slice(*span)] != piece


def _trim(text: str, span: Span, starts: set[int]) -> Span:
    start, stop = span
    while start < stop and text[start].isspace():
        start += 1
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    while start < stop < len(text) and stop not in starts and _is_mark(text[stop]):
        stop += 1
    return start, stop


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _parts(spans: Sequence[Span]) -> list[str]:
    """ "·1/2" and "·2/2" for two neighbours that share characters, "" for a token of its own."""
    runs: list[list[int]] = []
    reach = 0
    for i, (start, stop) in enumerate(spans):
        if start < stop and start < reach and runs:
            runs[-1].append(i)
        else:
            runs.append([i])
        reach = max(reach, stop) if start < stop else reach
    parts = [""] * len(spans)
    for run in runs:
        for nth, i in enumerate(run, start=1):
            parts[i] = f"·{nth}/{len(run)}" if len(run) > 1 else ""
    return parts


def shown(piece: str, whole: str = "") -> str:
    """Return the label of a piece of text; white space and what cannot be seen get a sign."""
    if not piece.strip():
        white = piece or whole
        return "⏎" if "\n" in white else "⇥" if "\t" in white else "␠"
    if all(unicodedata.category(char) == "Cf" for char in piece):  # nothing that could be seen
        return "".join(f"⟨U+{ord(char):04X}⟩" for char in piece)
    return visible(f"◌{piece}" if all(map(_is_mark, piece)) else piece)
