"""The patches of a picture as a page knows them, and each picture once, as JPEG."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import numpy as np

from attnviz.inputs.tokens import Tokens
from attnviz.inputs.where import Boxes, Bytes
from attnviz.record.stack import Stack

QUALITY = 85  # of the JPEG: a small copy to draw on, in grey
MOST_SIDE = 640  # pixels of its longer side

Tree = dict[str, Any]


def image_tree(tokens: Tokens, pictures: list[Bytes]) -> Tree | None:
    """Return where each token lies on the grid of a picture, -1 for none, where the grid lies in
    it, and the number of its picture in `pictures`, which it is added to, or None where it was left
    out. None for tokens of a text or a sound."""
    where = tokens.where
    if not isinstance(where, Boxes):
        return None
    return {
        "cells": where.cells.tolist(),
        "grid": where.grid,
        "size": where.size,
        "box": _grid_box(where),
        "picture": None if where.thumbnail is None else _place(where.thumbnail, pictures),
    }


def jpegs(pictures: Iterable[Bytes]) -> list[str]:
    """Return each picture, (height, width, 3), as JPEG in base64."""
    return [_jpeg(picture) for picture in pictures]


def is_pictured(stack: Stack) -> bool:
    """Tell whether a stack looks at a picture, or a picture looks."""
    sides = (stack.query_tokens.where, stack.key_tokens.where)
    return any(isinstance(where, Boxes) and where.on_grid.any() for where in sides)


def _grid_box(where: Boxes) -> list[float]:
    """Left, top, right and bottom of the whole grid in pixels of the original picture. Boxes of a
    grid are alike, so that one of them tells."""
    if not where.on_grid.any():
        return [0.0, 0.0, *map(float, where.size)]
    (left, top, right, bottom), cell = where.boxes[where.on_grid][0], where.cells[where.on_grid][0]
    rows, columns = where.grid
    down, across = divmod(int(cell), columns)
    wide, tall = right - left, bottom - top
    x, y = left - across * wide, top - down * tall
    return [float(number) for number in (x, y, x + columns * wide, y + rows * tall)]


def _place(picture: Bytes, pictures: list[Bytes]) -> int:
    for i, known in enumerate(pictures):
        if known is picture or np.array_equal(known, picture):
            return i
    pictures.append(picture)
    return len(pictures) - 1


def _jpeg(picture: Bytes) -> str:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(picture))
    image.thumbnail((MOST_SIDE, MOST_SIDE))
    file = BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return b64encode(file.getvalue()).decode()
