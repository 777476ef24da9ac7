"""Where patches and frames stand, as a part of a record's tree, and back.

| key of `where` | what it holds |
|---|---|
| boxes, cells, grid, size | of the patches of a picture (inputs/where.py: Boxes) |
| times, duration | of the frames of a sound (inputs/where.py: Times) |
| wave | the lowest and highest samples of a sound, made small, as media; or null |
| voice | the sound itself to listen to (inputs/where.py: Times), as media; or null |
| media | the small copy of the picture or sound: its shape, and its bytes in base 64; or null |
"""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.digits import grouped
from attnviz.inputs.where import NOT_ON_THE_GRID, VOICE_RATE, Boxes, Times, Where

Tree = dict[str, Any]
LARGEST_SIDE = 4096  # of a small copy
LONGEST_VOICE = 64 * VOICE_RATE  # samples


def where_tree(where: Where) -> Tree:
    """Describe where tokens stand: arrays and what JSON can hold."""
    if isinstance(where, Times):
        return {
            "times": where.times,
            "duration": where.duration,
            "media": _media_tree(where.picture),
            "wave": _media_tree(where.wave),
            "voice": _media_tree(where.voice),
        }
    return {
        "boxes": where.boxes,
        "cells": where.cells,
        "grid": list(where.grid),
        "size": list(where.size),
        "media": _media_tree(where.thumbnail),
    }


def where_of(tree: Tree, n_tokens: int) -> Where:
    """Read what `where_tree` wrote; ValueError where it does not fit so many tokens."""
    if "times" in tree:
        times = _finite(tree["times"]).reshape(-1, 2)
        _check_length(times, n_tokens)
        picture, wave = _media(tree["media"], 2), _media(tree.get("wave"), 2)
        if wave is not None and len(wave) != 2:
            raise ValueError(f"a wave has {len(wave)} lines")
        voice = _media(tree.get("voice"), 1)
        return Times(times, float(_finite(tree["duration"])), picture, wave, voice)
    boxes = _finite(tree["boxes"]).reshape(-1, 4)
    cells = np.array(tree["cells"], dtype=np.int64)
    (rows, columns), (width, height) = (map(int, tree[key]) for key in ("grid", "size"))
    _check_length(boxes, n_tokens)
    if cells.shape != (n_tokens,) or min(rows, columns, width, height) < 1:
        raise ValueError("patches do not fit their grid")
    on_grid = cells[cells != NOT_ON_THE_GRID]
    if on_grid.size and not 0 <= on_grid.min() <= on_grid.max() < rows * columns <= 1 << 24:
        raise ValueError("patches lie outside of their grid")
    return Boxes(boxes, cells, (rows, columns), (width, height), _media(tree["media"], 3))


def _finite(value: Any) -> NDArray[np.float64]:
    array = np.array(value, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError("places are not finite numbers")
    return array


def _check_length(places: NDArray[Any], n_tokens: int) -> None:
    if len(places) != n_tokens:
        raise ValueError(f"{len(places)} places for {n_tokens} tokens")


def _media_tree(pixels: NDArray[np.uint8] | None) -> Tree | None:
    if pixels is None:
        return None
    text = base64.b64encode(pixels.tobytes()).decode()
    return {"shape": list(pixels.shape), "base64": text}


def _media(tree: Tree | None, n_axes: int) -> NDArray[np.uint8] | None:
    """The small copy; its bytes have to be as many as its shape says."""
    if tree is None:
        return None
    shape = [int(side) for side in tree["shape"]]
    largest = LONGEST_VOICE if n_axes == 1 else LARGEST_SIDE
    if len(shape) != n_axes or not all(1 <= side <= largest for side in shape):
        raise ValueError(f"a small copy has shape {shape}")
    data = base64.b64decode(tree["base64"], validate=True)
    if len(data) != math.prod(shape) or (n_axes == 3 and shape[2] != 3):
        raise ValueError(f"a small copy of shape {shape} has {grouped(len(data))} bytes")
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)
