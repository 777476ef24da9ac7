"""Which words of one text are spelled like words of another, and the places that pair up by it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from attnviz.inputs.labels import without_marks

ALIKE = 0.5  # share of their pairs of letters (Dice) from which two words look alike

Floats = NDArray[np.float64]


def look_alikes(words: Sequence[str], others: Sequence[str]) -> dict[str, str]:
    """Find for each of the words the other that is spelled most like it: word → other.

    Compares pairs of neighbouring letters, word ends included, without case and marks; of others
    that are as like, the first. Words without a look-alike are left out.
    """
    of_others = {other: _pairs(other) for other in dict.fromkeys(others)}
    names, sizes = list(of_others), list(map(len, of_others.values()))
    with_pair = defaultdict(list)
    for index, pairs in enumerate(of_others.values()):
        for pair in pairs:
            with_pair[pair].append(index)
    found = {}
    for word in dict.fromkeys(words):
        pairs, common = _pairs(word), Counter[int]()
        for pair in pairs:
            common.update(with_pair.get(pair, ()))
        shares = {index: 2 * n / (len(pairs) + sizes[index]) for index, n in common.items()}
        best = min(shares, key=lambda index: (-shares[index], index), default=None)
        if best is not None and shares[best] >= ALIKE:
            found[word] = names[best]
    return found


def _pairs(word: str) -> frozenset[tuple[str, str]]:
    return frozenset(pairwise(f"\x02{without_marks(word) or word}\x03"))


def places_beside(words: Sequence[str], others: Sequence[str], alike: dict[str, str]) -> Floats:
    """Say for each of the words where in the other text it belongs: (words,), from 0 to 1.

    Words that each text has once and that look alike stand at the same place; those between two of
    them are shared out evenly, as the whole text is where there are none. Of pairs that cross, the
    longest run that does not is taken.
    """
    centres = [(np.arange(len(text)) + 0.5) / len(text) for text in (words, others)]
    here, there = _rising(_pairs_of_once(words, others, alike))
    known = [[0.0, *at[list(kept)], 1.0] for at, kept in zip(centres, (here, there), strict=True)]
    places: Floats = np.interp(centres[0], known[0], known[1])
    return places


def _pairs_of_once(
    words: Sequence[str], others: Sequence[str], alike: dict[str, str]
) -> list[tuple[int, int]]:
    """Places (here, there) of look-alikes that each text has once, in the order of the words."""
    once = [_once(text) for text in (words, others)]
    place = {other: j for j, other in enumerate(others)}
    return [
        (i, place[alike[word]])
        for i, word in enumerate(words)
        if word in once[0] and alike.get(word) in once[1]
    ]


def _once(words: Sequence[str]) -> set[str]:
    folded = dict(zip(words, map(without_marks, words), strict=True))
    counts = Counter(folded[word] for word in words)
    return {word for word in folded if counts[folded[word]] == 1}


def _rising(pairs: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """The longest run of pairs whose second numbers rise as the first do (patience sorting)."""
    tops: list[int] = []  # the smallest last number of a run of each length
    at: list[int] = []  # and its pair
    before: list[int] = []
    for index, (_, there) in enumerate(pairs):
        length = bisect_left(tops, there)
        if tops[length : length + 1] != [there]:
            tops[length : length + 1], at[length : length + 1] = [there], [index]
        before.append(at[length - 1] if length else -1)
    run = []
    index = at[-1] if at else -1
    while index >= 0:
        run.append(pairs[index])
        index = before[index]
    return [here for here, _ in reversed(run)], [there for _, there in reversed(run)]
