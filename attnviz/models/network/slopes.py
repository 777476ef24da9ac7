"""Distances by ALiBi (arXiv 2108.12409): a head weighs a key less, the further back it stands."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.layers import Floats


@dataclass(frozen=True)
class Slopes:
    """What each head adds for the place of the key: nothing else tells positions (ALiBi, arXiv
    2108.12409). of_places: (keys,) → (heads, keys); strength: what that is multiplied by."""

    of_places: Callable[[Floats], Floats]
    strength: float = 1.0

    def __call__(self, n_tokens: int, start: int = 0) -> Floats:
        """Return (heads, queries, keys), the same for all queries: softmax is about differences."""
        places = np.arange(start + n_tokens, dtype=np.float32)
        bias = self.of_places(places) * np.float32(self.strength)  # (heads, keys)
        return np.broadcast_to(bias[:, None], (len(bias), n_tokens, len(places)))


def even_slopes(n_heads: int) -> Callable[[Floats], Floats]:
    """Return BLOOM's slopes: 2^(-8 i / heads), and half steps between the first of them where the
    heads are no power of 2."""
    per_token = _slopes(n_heads)
    return lambda places: np.multiply.outer(per_token, places)


def rounded_slopes(n_heads: int) -> Callable[[Floats], Floats]:
    """Return Falcon's slopes, which was trained with bfloat16: they and what they give are rounded
    to it."""
    per_token = _as_bfloat16(_slopes(n_heads))
    return lambda places: _as_bfloat16(np.multiply.outer(per_token, _as_bfloat16(places)))


def uneven_slopes(n_heads: int) -> Callable[[Floats], Floats]:
    """Return MPT's slopes: 2^(-8 i / n) for the next power of 2, every other one first."""
    n = 1 << (n_heads - 1).bit_length()
    powers = np.arange(1, n + 1, dtype=np.float32) * np.float32(8 / n)
    every = 1 / np.power(np.float32(2), powers)
    if n != n_heads:
        every = np.concatenate([every[1::2], every[::2]])[:n_heads]
    return lambda places: np.multiply.outer(every, places)


def _slopes(n_heads: int) -> Floats:
    power = 1 << (n_heads.bit_length() - 1)  # the largest power of 2 among them

    def falling(n: int, steps: Floats) -> Floats:
        base = np.float32(2 ** (-(2 ** -(math.log2(n) - 3))))
        found: Floats = np.power(base, steps)
        return found

    first = falling(power, np.arange(1, power + 1, dtype=np.float32))
    rest = np.arange(1, 2 * (n_heads - power), 2, dtype=np.float32)
    return np.concatenate([first, falling(2 * power, rest)])


def _as_bfloat16(x: Floats) -> Floats:
    """Round float32 to the nearest number of 8 bits, ties to even."""
    bits = x.astype(np.float32).view(np.uint32)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return bits.view(np.float32)
