"""What the built-in heads know of each token: one row of numbers per token, nothing learned.

content    60  hash of the word's character n-grams, of length 1: like words lie close
previous   60  the content of the token before (zero for the first)
position   32  sines and cosines of the position at 16 geometric frequencies
relative   16  the same of position / length, at 8 even frequencies, to line up two texts
flags       9  first, stop, punctuation, number, capital, name, long, rare, constant

Beside another text, content is that of the word there that is spelled like this one (zero where
there is none), and relative is the place there: look_alikes.py.
"""

from __future__ import annotations

import unicodedata
from _blake2 import blake2b  # hashlib has the same, and loads OpenSSL
from collections import Counter
from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from attnviz.inputs.labels import without_marks
from attnviz.inputs.tokens import Tokens
from attnviz.models.builtin.look_alikes import look_alikes, places_beside
from attnviz.models.builtin.parts import Floats, Parts

CONTENT = 60
# Sinusoids as in arXiv 1706.03762, but the frequencies fall by half a step at a time from 2
# radians per token: the sharp ones tell neighbours apart, the slow ones tell far places apart.
FREQUENCIES = 2.0 * 0.53 ** np.arange(16.0)
RELATIVE_FREQUENCIES = np.pi * np.arange(1.0, 9.0)
FLAGS = ("first", "stop", "punctuation", "number", "capital", "name", "long", "rare", "constant")
STOPS = frozenset(".!?…。！？؟۔।")
LONGEST = 12  # characters; longer words count as this long

PARTS = Parts(
    {
        "content": CONTENT,
        "previous": CONTENT,
        "position": 2 * FREQUENCIES.size,
        "relative": 2 * RELATIVE_FREQUENCIES.size,
        **dict.fromkeys(FLAGS, 1),
    }
)
WIDTH = PARTS.width
part = PARTS.at


def features(tokens: Tokens, beside: Tokens | None = None) -> Floats:
    """Compute the features of every token: (tokens, WIDTH) float32.

    beside: another text that this one looks at.
    """
    words = _words(tokens)
    table = np.zeros((len(words), WIDTH), dtype=np.float32)
    content = table[:, part("content")]
    for row, word in enumerate(words):
        content[row] = spelling(word)
    table[1:, part("previous")] = content[:-1]
    places = np.arange(len(words))
    table[:, part("position")] = sinusoids(places, FREQUENCIES)
    table[:, part("relative")] = sinusoids((places + 0.5) / len(words), RELATIVE_FREQUENCIES)
    flags = {word: _flags(word, count, len(words)) for word, count in Counter(words).items()}
    table[:, part("first").start :] = [flags[word] for word in words]
    table[0, part("first")] = 1
    if beside is not None:
        _put_beside(table, words, _words(beside))
    return table


def _words(tokens: Tokens) -> list[str]:
    return [piece or label for piece, label in zip(tokens.slices(), tokens.labels, strict=True)]


def _put_beside(table: Floats, words: list[str], others: list[str]) -> None:
    """Write what the words know of another text over their content and relative place.

    The spelling of the look-alike rather than the word's own: products of unlike hashes are noise,
    so a word that looks like none, or only half like one, would pile up on a chance key.
    """
    alike = look_alikes(words, others)
    table[:, part("content")] = 0
    for row, word in enumerate(words):
        if word in alike:
            table[row, part("content")] = spelling(alike[word])
    places = places_beside(words, others, alike)
    table[:, part("relative")] = sinusoids(places, RELATIVE_FREQUENCIES)


def sinusoids(places: NDArray[Any], frequencies: NDArray[np.float64]) -> Floats:
    """Return [sin, cos] of places × frequencies: (places, 2 × frequencies)."""
    angles = np.multiply.outer(places, frequencies)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)


@lru_cache(maxsize=1 << 16)
def spelling(word: str) -> Floats:
    """Hash the word, without case and marks: (CONTENT,) float32 of length 1.

    Half of it tells the word itself, half its letters (feature hashing, Weinberger et al. 2009:
    each pair and triple of characters, word ends included, adds +1 or -1 in one place). So equal
    words have product 1, words that share letters up to about 1/2, others about 0.
    """
    framed = f"\x02{without_marks(word) or word}\x03"
    letters = np.zeros(CONTENT)
    for size in (2, 3):
        for start in range(max(len(framed) - size + 1, 1)):
            code = crc32(framed[start : start + size].encode())
            letters[code % CONTENT] += 1 if code & 0x10000 else -1
    digest = int.from_bytes(blake2b(framed.encode(), digest_size=8).digest(), "big")
    whole = np.array([1.0 if digest >> place & 1 else -1.0 for place in range(CONTENT)])
    vector = _unit(letters) + _unit(whole)
    return _unit(vector).astype(np.float32)


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def _flags(word: str, count: int, n_words: int) -> tuple[float, ...]:
    punctuation = all(unicodedata.category(char)[0] in "PS" for char in word)
    number = any(char.isnumeric() for char in word) and not any(char.isalpha() for char in word)
    capital = word[:1].isupper()
    return (
        0.0,  # first: set by place, not by word
        float(all(char in STOPS for char in word)),
        float(punctuation),
        float(number),
        float(capital),
        float(number or capital),
        0.0 if punctuation else min(len(word), LONGEST) / LONGEST,
        0.0 if punctuation else float(1 - np.log(count) / np.log(max(n_words, 2))),
        1.0,
    )
