"""Weights over the frames of a sound: whose lines are shown, laid out along the time it takes.

A column of a drawing stands for the frames that it covers: the largest of their weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.inputs.where import Bytes, Times
from attnviz.record.stack import Stack
from attnviz.views.look import Look
from attnviz.views.overlay import MOST_KEPT, is_even, row_of, surest_head
from attnviz.views.titles import head_title

Weights = NDArray[np.floating[Any]]
BEYOND = 8  # a matrix shows as much beyond a sound as this part of it


@dataclass(frozen=True)
class Strip:
    """One line over time: its name, its weights (all frames,), and the frame that listens."""

    name: str
    row: Weights
    query: int | None


@dataclass(frozen=True, eq=False)
class Matrix:
    """Where each token of a transcript looked. weights: (tokens, all frames). tokens, frames:
    (steps,), the path through it that gave words their times."""

    labels: tuple[str, ...]
    weights: Weights
    tokens: NDArray[np.int64]
    frames: NDArray[np.int64]


def frames_of(stack: Stack) -> Times | None:
    """Return where the keys lie in a sound; None where they are no frames, or rows were not
    kept."""
    where = stack.key_tokens.where
    kept = not stack.streamed or max(stack.shape) <= MOST_KEPT
    return where if isinstance(where, Times) and kept else None


def listening_frame(stack: Stack, look: Look) -> int:
    """Return the query whose row is shown: the one chosen, else the loudest frame, else the
    middle."""
    if look.query is not None:
        return look.query
    where = stack.query_tokens.where
    n = stack.shape[0]
    if not isinstance(where, Times) or where.picture is None:
        return n // 2
    loudness = where.picture.astype(np.int64).sum(axis=0)
    return min(int((np.argmax(loudness) + 0.5) * n / len(loudness)), n - 1)


def strips(stack: Stack, look: Look) -> list[Strip]:
    """Draw from words one line each, of constructed heads the surest one's; else one line a head,
    all for the same frame."""
    if stack.query_tokens.where is None:
        return [_of_word(stack, look, query) for query in range(stack.shape[0])]
    query = listening_frame(stack, look)
    return [
        Strip(
            f"{stack.layer_numbers[layer]}.{head}"
            if stack.names_layers
            else head_title(stack, head),
            row_of(stack, layer, head, query),
            query,
        )
        for layer, head in look.places(stack)
    ]


def columns_of(values: NDArray[Any], n_columns: int) -> NDArray[Any]:
    """Lay (…, frames) out on so many columns, the largest of the frames in each."""
    n = values.shape[-1]
    first = np.arange(n_columns) * n // n_columns
    last = np.maximum(-(-(np.arange(n_columns) + 1) * n // n_columns), first + 1)
    return np.stack(
        [values[..., a:b].max(axis=-1) for a, b in zip(first, last, strict=True)], axis=-1
    )


def beyond_end(where: Times, row: Weights) -> float:
    """Return the share of a row on frames that begin after the sound has ended."""
    return float(row[where.times[:, 0] >= where.duration].sum())


def n_heard(where: Times) -> int:
    """Return how many frames are drawn: those that begin before the sound ends."""
    return max(int((where.times[:, 0] < where.duration).sum()), 1)


def end_of_drawing(where: Times) -> int:
    """Return how many frames a matrix shows: those that hold sound, and some of what lies beyond
    it."""
    heard = n_heard(where)
    return min(heard + -(-heard // BEYOND), len(where.times))


def loudness(where: Times, n_columns: int) -> Weights | None:
    """Return the height of the wave in so many columns from 0 to 1; None where it was not kept."""
    if where.wave is None:
        return None
    low, high = where.wave.astype(np.float64)
    begin, end = seconds(where)
    share = (where.duration - begin) / max(end - begin, 1e-9)  # the last frame may end later
    columns = columns_of(high - low, max(round(n_columns * min(share, 1.0)), 1))[:n_columns]
    return np.pad(columns, (0, n_columns - len(columns))) / max(float(columns.max()), 1.0)


def seconds(where: Times) -> tuple[float, float]:
    """Return where the first frame begins and the last one that is drawn ends."""
    return float(where.times[0, 0]), float(where.times[n_heard(where) - 1, 1])


def drawn_picture(where: Times) -> Bytes | None:
    """Return the part of the spectrogram that lies over the frames that are drawn."""
    if where.picture is None:
        return None
    share = n_heard(where) / len(where.times)
    return where.picture[:, : max(round(share * where.picture.shape[1]), 1)]


def _of_word(stack: Stack, look: Look, query: int) -> Strip:
    named = bool(stack.head_names) and look.head == "mean"
    head = surest_head(stack, look.layer, query) if named else look.head
    row = row_of(stack, look.layer, head, query)
    word = stack.query_tokens.labels[query]
    if is_even(row):
        return Strip(f"{word} · {look.language.say('ui.image_even')}", row * 0, None)
    name = stack.head_name(head) if isinstance(head, int) else ""
    return Strip(f"{word} · {name}" if name else word, row, None)
