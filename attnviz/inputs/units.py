"""Which tokens make one unit (a word, a sentence, a line), and the units in place of the tokens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attnviz.inputs.sentences import sentence_ends
from attnviz.inputs.text import tokenize
from attnviz.inputs.tokens import Tokens, from_labels

Places = NDArray[np.int64]
Bools = NDArray[np.bool_]

KINDS = ("words", "sentences", "lines")

_SURROGATES = re.compile("[\ud800-\udfff]")
_WHITE = np.array([code for code in range(0x3001) if chr(code).isspace()])


def starts(tokens: Tokens, kind: str) -> Places:
    """Return the first token of each unit, in order: (units,) int64.

    kind: one of KINDS. A token belongs to the unit that its span begins in, white space aside. A
    word is what `tokenize(text, "words")` finds, a sentence ends where `sentence_ends` says, a line
    where `str.splitlines` does. Special tokens stay alone, and no unit holds tokens of both texts
    of a pair. Of words, tokens that share characters join, and those without characters or of
    several words stay alone; in sentences and lines white space goes with what is before it.
    """
    spans = _trimmed(tokens)
    borders = _borders(tokens)
    if kind == "words":
        joins = _in_words(spans, tokens.text)
    else:
        joins = _in_parts(spans, borders, _CUTS[kind](tokens.text))
    return np.flatnonzero(borders | ~joins)


def joined(tokens: Tokens, starts: Places) -> Tokens:
    """Return the tokens with each group, from its start to the next, as one token of one line.

    Groups of the same pieces have the same id, which no single token has.
    """
    stops = [*starts.tolist()[1:], len(tokens)]
    groups = list(zip(starts.tolist(), stops, strict=True))
    spans = _covered(tokens, starts)
    texts = (" ".join(tokens.text[start:stop].split()) for start, stop in spans.tolist())
    shown = from_labels(texts).labels  # safe to show
    pieces = tuple("".join(tokens.pieces[first:stop]) for first, stop in groups)
    return replace(
        tokens,
        ids=_ids(tokens, groups, pieces),
        labels=tuple(
            label if stop - first > 1 else tokens.labels[first]
            for label, (first, stop) in zip(shown, groups, strict=True)
        ),
        pieces=pieces,
        spans=spans,
        special=tokens.special[starts],  # those never join
        segments=None if tokens.segments is None else tokens.segments[starts],
    )


def numbered(tokens: Tokens) -> Tokens:
    """Return the tokens with their positions before their labels: long labels are cut wherever they
    are shown, and the number tells them apart and finds them. Special tokens keep theirs."""
    labels = (
        label if special else f"{place} {label}"
        for place, (label, special) in enumerate(
            zip(tokens.labels, tokens.special.tolist(), strict=True)
        )
    )
    return replace(tokens, labels=tuple(labels))


def _trimmed(tokens: Tokens) -> Places:
    """The span of each token without white space at its ends; (0, 0) where nothing is left."""
    codes = np.frombuffer(tokens.text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    ink, places = ~np.isin(codes, _WHITE), np.arange(codes.size)
    following = np.minimum.accumulate(np.where(ink, places, codes.size)[::-1])[::-1]
    before = np.maximum.accumulate(np.where(ink, places + 1, 0))
    spans = np.clip(tokens.spans, 0, codes.size)
    start = np.append(following, codes.size)[spans[:, 0]]
    stop = np.insert(before, 0, 0)[spans[:, 1]]
    seen = (start < stop) & ~tokens.special
    return np.where(seen[:, None], np.column_stack([start, stop]), 0)


def _borders(tokens: Tokens) -> Bools:
    """Tokens before which every unit ends: special ones and what follows them, another text."""
    borders = tokens.special.copy()
    borders[1:] |= tokens.special[:-1]
    if tokens.segments is not None:
        borders[1:] |= np.diff(tokens.segments) != 0
    borders[:1] = True
    return borders


def _in_words(spans: Places, text: str) -> Bools:
    """Whether each token is of one word with the token before it, or shares characters with it."""
    whole = _SURROGATES.sub("\ufffd", text)  # as long as the text, and can be cut into words
    words = tokenize(whole, "words").spans if whole.strip() else np.zeros((0, 2), dtype=np.int64)
    start, stop = spans.T
    word = np.searchsorted(words[:, 0], start, side="right") - 1
    ends = np.append(words[:, 1], 0)[word]  # the last is of what comes before every word
    word[(start >= stop) | (stop > ends)] = -1
    joins = np.zeros(len(spans), dtype=np.bool_)
    joins[1:] = (word[1:] >= 0) & (word[1:] == word[:-1])
    joins[1:] |= start[1:] < np.minimum(np.maximum.accumulate(stop)[:-1], stop[1:])
    return joins


def _in_parts(spans: Places, borders: Bools, cuts: Places) -> Bools:
    """Whether each token is of one part with what is before it since the last border.

    cuts: places in the text where a new part begins.
    """
    place, ink = np.arange(len(spans)), spans[:, 0] < spans[:, 1]
    part = np.searchsorted(cuts, spans[:, 0], side="right")
    since = np.maximum.accumulate(np.where(borders, place, 0))
    last = np.append(-1, np.maximum.accumulate(np.where(ink, place, -1))[:-1])
    changed = ink & (last >= since) & (part != part[last])
    joins: Bools = ~changed
    return joins


def _line_starts(text: str) -> Places:
    return np.array([start for start, _ in _lines(text)], dtype=np.int64)


def _sentence_starts(text: str) -> Places:
    """Where a sentence ended, and where a line stands below a blank one."""
    below = [start for start, after_blank in _lines(text) if after_blank]
    return np.union1d(sentence_ends(text), np.array(below, dtype=np.int64))


def _lines(text: str) -> Iterator[tuple[int, bool]]:
    """The first character of every line that is not blank, and whether a paragraph begins there."""
    start, blank = 0, True
    for line in text.splitlines(keepends=True):
        if line.strip():
            yield start, blank
            blank = line[-1] in "\f\u2029"  # the next page, the next paragraph
        else:
            blank = True
        start += len(line)


_CUTS: dict[str, Callable[[str], Places]] = {"sentences": _sentence_starts, "lines": _line_starts}


def _covered(tokens: Tokens, starts: Places) -> Places:
    """The span of each group: from the first character to the last that is not white space, with
    the combining marks that follow it. A token that stays alone keeps its own."""
    spans, text = _trimmed(tokens), tokens.text
    first = np.where(spans[:, 0] < spans[:, 1], spans[:, 0], len(text))
    stop = np.maximum.reduceat(spans[:, 1], starts)
    start = np.minimum(np.minimum.reduceat(first, starts), stop)
    stop[stop > start] = [_after_marks(text, end) for end in stop[stop > start].tolist()]
    alone = np.diff(starts, append=len(tokens)) == 1
    return np.where(alone[:, None], tokens.spans[starts], np.column_stack([start, stop]))


def _after_marks(text: str, stop: int) -> int:
    while stop < len(text) and unicodedata.category(text[stop])[0] == "M":
        stop += 1
    return stop


def _ids(tokens: Tokens, groups: list[tuple[int, int]], pieces: tuple[str, ...]) -> Places:
    """A token that stays alone keeps its id; groups get new ones, equal for equal pieces."""
    ids = tokens.ids[[first for first, _ in groups]]
    unused, seen = int(tokens.ids.max(initial=0)) + 1, dict[str, int]()
    for place, (first, stop) in enumerate(groups):
        if stop - first > 1:
            ids[place] = seen.setdefault(pieces[place], unused + len(seen))
    return ids
