"""When each written token was said: cross-attention made into a path through time.

Heads that align are normed over tokens, smoothed over time and averaged; dynamic time warping
(Giorgino 2009) finds the cheapest way through. Rules of OpenAI's whisper/timing.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.frozen import dataclass

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

BEFORE, AFTER = (
    "\"'“¡¿([{-",
    "\"'.。,，!！?？:：”)]}、",
)  # marks that belong to the word after, before
BROKEN = "\ufffd"  # a character of which some bytes are missing


@dataclass(frozen=True)
class Path:
    """The way of tokens through time: (steps,) each, both never falling. begins: (tokens,), the
    frame at which the way comes to each token."""

    tokens: NDArray[np.int64]
    frames: NDArray[np.int64]
    begins: NDArray[np.int64]


def alignment(weights: Floats, median_width: int) -> Array:
    """Return how well each token fits each frame: (tokens, frames), from the weights of heads that
    align, (heads, tokens, frames)."""
    wide = weights.astype(np.float64)
    spread = wide.std(axis=1, keepdims=True)
    normed = np.divide(
        wide - wide.mean(axis=1, keepdims=True), spread, out=np.zeros_like(wide), where=spread > 0
    )
    smoothed: Array = median_filtered(normed, median_width).mean(axis=0)
    return smoothed


def median_filtered(values: Array, width: int) -> Array:
    """Return medians of `width` neighbours along the last axis, mirrored at both ends."""
    half = width // 2
    if values.shape[-1] <= half or half == 0:
        return values
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(half, half)], mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=-1)
    medians: Array = np.median(windows, axis=-1)
    return medians


def warped(fit: Array) -> Path:
    """Find the path through (tokens, frames) along which the fit sums to most.

    A step goes to the next frame, the next token, or both; both or the next token only where that
    is strictly best. All cells of a diagonal are worked out together, in float32 as the reference.
    """
    n, m = fit.shape
    cost = np.full((n + 1, m + 1), np.inf, dtype=np.float32)
    came = np.full((n + 1, m + 1), 2, dtype=np.int8)
    cost[0, 0], came[:, 0] = 0, 1
    came[0, :] = 2
    for diagonal in range(2, n + m + 1):
        i = np.arange(max(1, diagonal - m), min(n, diagonal - 1) + 1)
        j = diagonal - i
        both, token, frame = cost[i - 1, j - 1], cost[i - 1, j], cost[i, j - 1]
        first = (both < token) & (both < frame)
        second = (token < both) & (token < frame)
        came[i, j] = np.where(first, 0, np.where(second, 1, 2))
        least = np.where(first, both, np.where(second, token, frame))
        cost[i, j] = (-fit[i - 1, j - 1] + least).astype(np.float32)
    return _walked_back(came, n, m)


def _walked_back(came: NDArray[np.int8], i: int, j: int) -> Path:
    tokens, frames = [], []
    while i > 0 or j > 0:
        tokens.append(i - 1)
        frames.append(j - 1)
        step = 2 if i == 0 else 1 if j == 0 else int(came[i, j])
        i, j = i - (step != 2), j - (step != 1)
    way, times = np.array(tokens[::-1]), np.array(frames[::-1])
    begun = np.concatenate([[True], np.diff(way) > 0])
    return Path(way, times, times[begun])


def words_of(pieces: Sequence[str], spaced: bool = True) -> list[list[int]]:
    """Group decoded pieces into words: the places of each word's pieces.

    spaced: whether the language writes spaces between words; else each whole character is a word.
    Marks belong to the word that they stand at.
    """
    words: list[list[int]] = []
    for place, piece in enumerate(pieces):
        alone = piece.strip() in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
        whole = not words or BROKEN not in "".join(pieces[k] for k in words[-1])
        if not words or (whole and (not spaced or piece.startswith(" ") or alone)):
            words.append([place])
        else:
            words[-1].append(place)
    return _with_marks(words, pieces)


def _with_marks(words: list[list[int]], pieces: Sequence[str]) -> list[list[int]]:
    """Join marks to the words that they belong to."""
    found: list[list[int]] = []
    opening: list[int] = []
    for word in words:
        text = "".join(pieces[k] for k in word)
        if text.startswith(" ") and text.strip() in BEFORE and text.strip():
            opening += word
        elif found and not opening and text in AFTER and text:
            found[-1] += word
        else:
            found.append(opening + word)
            opening = []
    return [*found, opening] if opening else found
