"""Float32 numbers with the fewest decimal digits that mean them, many at once.

NumPy's and Python's own text of one number takes half a microsecond, and a record has millions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DIGITS = range(6, 10)  # that a float32 may need; with fewer it is short already
MOST_ZEROS = 22  # 10^22 is the largest power of ten that a float64 holds exactly
LONGEST = DIGITS[-1]
POWERS = 10 ** np.arange(1, LONGEST + 1, dtype=np.int64)
SMALLEST = -4  # the power of ten of 0.0001; what is smaller is written as 1e-05

# The characters of any number that can be written here; each leaves out what it does not need.
TEMPLATE = np.frombuffer(b"0.0000.00000000e-00, ", np.uint8)
ZEROS, FIRST, POINT, OTHERS, POWER = slice(2, 5), 5, 6, slice(7, 15), slice(15, 19)
COMMA = 2  # characters at the end

Whole = NDArray[np.int64]


def shortest(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the float64 numbers with the fewest decimal digits that mean these float32 numbers,
    (n,): what NumPy's own text of them says, in a tenth of its time."""
    whole, places, left = _decimals(values)
    found = values.astype(np.float64)
    exact = places > 0
    found[exact] = whole[exact] / 10.0 ** places[exact]  # both are exact: the nearest float64
    if left.any():  # very large or very small
        found[left] = values[left].astype(np.str_).astype(np.float64)
    return found


def _decimals(values: NDArray[np.float32]) -> tuple[Whole, Whole, NDArray[np.bool_]]:
    """Numbers as whole / 10^places, (n,) each, with places > 0, and which of them are none of
    these but too large, too small; 0 and what is no number have no places."""
    wide = values.astype(np.float64)
    left = np.isfinite(wide) & (wide != 0)
    size = np.floor(np.log10(np.abs(np.where(left, wide, 1)))).astype(np.int64)
    whole, places = np.zeros(wide.shape, np.int64), np.zeros(wide.shape, np.int64)
    for digits in DIGITS:
        zeros = digits - 1 - size
        tried = left & (size < DIGITS[0]) & (zeros <= MOST_ZEROS)
        scale = 10.0 ** np.where(tried, zeros, 0)
        rounded = np.rint(wide * scale)
        fits = tried & ((rounded / scale).astype(np.float32) == values)
        whole[fits], places[fits] = rounded[fits], zeros[fits]
        left &= ~fits
    return whole, places, left


def row_texts(rows: NDArray[np.float32]) -> list[str] | None:
    """Write rows of weights (rows, columns) as JSON has them, "0.5, 0.25" for each; None where
    one is no number from 0 to 1."""
    values = rows.ravel()
    whole, places, left = _decimals(values)
    if left.any() or not ((values >= 0) & (values <= 1)).all() or np.signbit(values).any():
        return None
    kept, characters = _characters(whole, places)
    characters[values == 1, 0] = ord("1")
    characters[values == 1, FIRST] = ord("0")
    text = characters[kept].tobytes().decode("ascii")
    ends = kept.sum(axis=1).cumsum()[rows.shape[1] - 1 :: rows.shape[1]].tolist()
    return [text[a : b - COMMA] for a, b in zip([0, *ends], ends, strict=False)]


def _characters(whole: Whole, places: Whole) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """`TEMPLATE` filled in for each number, and what it needs of that: (n, characters) each."""
    n_digits = np.searchsorted(POWERS, whole, side="right") + 1
    power = n_digits - 1 - places  # of ten, of the first digit
    first = (
        whole * 10 ** np.maximum(LONGEST - n_digits, 0) // 10 ** np.maximum(n_digits - LONGEST, 0)
    )
    characters = np.tile(TEMPLATE, (len(whole), 1))
    n_digits = _fill(characters, first.astype(np.uint32))
    small = (power < SMALLEST) & (whole > 0)
    power = -np.where(whole > 0, power, -1)
    characters[:, POWER.stop - 2] += (power // 10).astype(np.uint8)
    characters[:, POWER.stop - 1] += (power % 10).astype(np.uint8)
    kept = np.ones(characters.shape, np.bool_)
    kept[:, : ZEROS.start] = ~small[:, None]
    kept[:, ZEROS] = ~small[:, None] & (np.arange(3) < power[:, None] - 1)
    kept[:, POINT] = small & (n_digits > 1)
    kept[:, OTHERS] = np.arange(1, LONGEST) < n_digits[:, None]
    kept[:, POWER] = small[:, None]
    return kept, characters


def _fill(characters: NDArray[np.uint8], first: NDArray[np.uint32]) -> Whole:
    """Write the nine digits of each number where they belong; return how many it needs."""
    columns = (FIRST, *range(OTHERS.start, OTHERS.stop))
    needed = np.ones(first.shape, np.int64)
    for nth in range(LONGEST - 1, -1, -1):
        rest = first // np.uint32(10)
        digit = (first - rest * np.uint32(10)).astype(np.uint8)
        np.maximum(needed, np.where(digit, nth + 1, 1), out=needed)
        characters[:, columns[nth]] += digit
        first = rest
    return needed
