"""Facts about weights over a picture: how much of it holds half of them, and what tells that part
from the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.facts import Finding, HalfOfPicture, HalfOnColour, HalfOnPlace
from attnviz.inputs.where import Boxes
from attnviz.models.builtin.image_features import oklab
from attnviz.record.stack import Stack, Which

HALF = 0.5
SMALL = 0.25  # of the picture: even weights need half of it
MOST_PATCHES = 1024
FEWEST = 9  # patches below which a part of the picture says nothing

Array = NDArray[Any]


def of_picture(stack: Stack, layer: int, head: Which) -> Iterator[Finding]:
    """Yield the parts of a picture that hold half of the weight: the smallest one; and, where
    patches look at one another, those nearest to each in colour and in place."""
    where = stack.key_tokens.where
    if not isinstance(where, Boxes) or stack.weights is None:
        return
    if not FEWEST <= int(where.on_grid.sum()) <= MOST_PATCHES:
        return
    rows = _on_picture(stack, where, layer, head)
    if not len(rows):
        return
    area = _part(-np.sort(-rows, axis=1))
    if area <= SMALL:
        yield HalfOfPicture(1 - area, area)
    if stack.two_texts:
        return
    colours = colours_of(where)
    for kind, places in ((HalfOnColour, colours), (HalfOnPlace, _middles(where))):
        part = None if places is None else _part(_nearest_first(rows, places))
        if part is not None and part <= SMALL:
            yield kind(1 - part, part)


def _on_picture(stack: Stack, where: Boxes, layer: int, head: Which) -> Array:
    """Rows over patches alone, each as shares of what lies on the picture: (queries, patches);
    of patches that look at one another only theirs, without rows that look elsewhere."""
    assert stack.weights is not None  # the caller made sure
    each = stack.weights[layer]
    rows = np.asarray(each.mean(axis=0) if head == "mean" else each[head], dtype=np.float64)
    rows = rows[:, where.on_grid]
    rows = rows if stack.two_texts else rows[where.on_grid]
    sums = rows.sum(axis=1, keepdims=True)
    found: Array = (rows / np.where(sums > 0, sums, 1))[sums[:, 0] > 0]
    return found if stack.two_texts or len(found) == rows.shape[1] else found[:0]


def _part(ordered: Array) -> float:
    """The share of the picture whose patches hold half of the weight, the mean of all rows; each
    row in an order of its own: (queries, patches)."""
    held = np.cumsum(ordered.mean(axis=0))
    n = int(np.searchsorted(held, HALF - 1e-9)) + 1
    return float(min(n / ordered.shape[1], 1.0))


def _nearest_first(rows: Array, places: Array) -> Array:
    """Each row in the order of distance from the patch that looks: (patches, patches)."""
    apart = ((places[:, None] - places) ** 2).sum(axis=-1)
    ordered: Array = np.take_along_axis(rows, np.argsort(apart, axis=1, kind="stable"), axis=1)
    return ordered


def _middles(where: Boxes) -> Array:
    boxes = where.boxes[where.on_grid]
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def colours_of(where: Boxes) -> Array | None:
    """Return the mean colour of each patch in OKLab, (patches, 3), from the small copy of the
    picture; None where there is none, or a patch lies outside of it."""
    small = where.thumbnail
    if small is None:
        return None
    height, width, _ = small.shape
    scale = np.array([width / where.size[0], height / where.size[1]] * 2)
    boxes = where.boxes[where.on_grid] * scale
    lab, found = oklab(small), []
    for left, top, right, bottom in boxes.tolist():
        x, y = max(round(left), 0), max(round(top), 0)
        part = lab[y : max(round(bottom), y + 1), x : max(round(right), x + 1)]
        if not part.size:
            return None
        found.append(part.mean(axis=(0, 1)))
    return np.array(found)
