"""Heads over the patches of a picture, and from words at them, constructed as those over texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnviz.inputs.image import open_picture, patch_tokens
from attnviz.inputs.tokens import Tokens
from attnviz.models.builtin import image_words
from attnviz.models.builtin.image_features import FREQUENCIES, PARTS, features, grid_of
from attnviz.models.builtin.medium_heads import Medium, MediumHeads, plan_heads
from attnviz.models.builtin.parts import Floats, Plan, Term, rotated
from attnviz.models.model import IMAGE, Inputs

WORDS = image_words.PARTS
# The kernel of a step leaves no wave out, so that it is sharp; that of nearness only slow ones.
STEP = FREQUENCIES**0.25 / (FREQUENCIES**0.25).sum()
WIDE = np.where(FREQUENCIES < 0.8, 1.0, 0.0)
WIDE /= WIDE.sum()


MEDIUM = Medium(
    role=IMAGE,
    called="picture",
    reads=frozenset({"image"}),
    head_dim=128,
    parts=PARTS,
    word_parts=WORDS,
    word_features=image_words.features,
    value="colour",
)


class ImageHeads(MediumHeads):
    """One layer of such heads, over a picture or from a text at it."""

    medium = MEDIUM

    def open(self, inputs: Inputs) -> tuple[Tokens, Floats]:
        """Open the picture and cut it into patches."""
        assert inputs.image is not None  # `prepare` made sure
        picture = open_picture(inputs.image)
        return patch_tokens(picture, grid_of(picture.size)), features(picture)


def image_heads(n_heads: int, *, cross: bool = False) -> ImageHeads:
    """Make the first `n_heads` constructed heads over a picture, or from a text at it; past the end
    of the list they come again, blunter and sharper by turns. AttnvizError unless 1 … 64 heads."""
    plans = CROSS_HEADS if cross else HEADS
    return ImageHeads(plan_heads(plans, n_heads, MEDIUM, cross=cross), cross)


def match(part: str, strength: float) -> Term:
    """Return strength × (the query's part · the key's part)."""
    return PARTS.take(part, strength), PARTS.take(part)


def toward(flag: str, strength: float) -> Term:
    """Return strength × the key's flag, for every query alike."""
    return PARTS.put("constant", np.array([[strength]])), PARTS.take(flag)


def along(axis: str, step: int, strength: float, amplitude: np.ndarray[Any, Any] = STEP) -> Term:
    """Return peaks at the keys `step` rows or columns from the query."""
    turned = strength * rotated(amplitude, FREQUENCIES * step)
    return PARTS.put(axis, turned), PARTS.take(axis)


def near(strength: float) -> list[Term]:
    """Score near patches: it falls with the distance on the grid."""
    return [along(axis, 0, strength, WIDE) for axis in ("row", "column")]


def said(word_part: str, key_part: str, strength: float) -> Term:
    """Return strength × (what the word says · what the patch is)."""
    return WORDS.take(word_part, strength), PARTS.take(key_part)


HEADS = (
    Plan("same colour", lambda: [match("colour", 12)]),
    Plan("near", lambda: near(7)),
    Plan("edges & texture", lambda: [toward("edge", 8)]),
    Plan("stands out", lambda: [toward("odd", 8)]),
    Plan("same edge direction", lambda: [match("orientation", 24)]),
    Plan("left neighbour", lambda: [along("column", -1, 16), along("row", 0, 16)]),
    Plan("patch above", lambda: [along("row", -1, 16), along("column", 0, 16)]),
    Plan("same row", lambda: [along("row", 0, 10)]),
    Plan("same column", lambda: [along("column", 0, 10)]),
    Plan("bright", lambda: [toward("light", 8)]),
    Plan("dark", lambda: [toward("dark", 8)]),
    Plan("vivid colour", lambda: [toward("vivid", 8)]),
    Plan("centre", lambda: [toward("centre", 8)]),
    Plan("same colour, near", lambda: [match("colour", 10), *near(14)]),
    Plan("all alike", list),
)

CROSS_HEADS = (
    Plan("colour words", lambda: [said("wide colour", "wide colour", 16)]),
    Plan("place words", lambda: [said("place", "place", 8), said("centre", "centre", 8)]),
    Plan("light words", lambda: [said("light", "light", 8)]),
    Plan("surface words", lambda: [said("surface", "edge", 8)]),
    Plan("all alike", list),
)
