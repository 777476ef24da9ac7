"""Heads over the patches of a picture, and from words at them, constructed like those over texts.

For features X (patches, width) a head has real matrices W_Q, W_K and W_V such that
softmax(X W_Q (X W_K)ᵀ / sqrt(head_dim)) looks where the head's name says. Nothing is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from attnviz.attention.masks import full
from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.inputs.image import open_picture, patch_tokens
from attnviz.inputs.text import tokenize
from attnviz.models.builtin import image_words
from attnviz.models.builtin.heads import MOST_HEADS, SHARPNESS
from attnviz.models.builtin.image_features import (
    FREQUENCIES,
    PARTS,
    features,
    grid_of,
)
from attnviz.models.builtin.parts import Floats, Plan, Term, joined, rotated
from attnviz.models.model import (
    IMAGE,
    TEXT,
    Attend,
    Inputs,
    Layout,
    Prepared,
    StackShape,
    stack_shapes,
)

HEAD_DIM = 128
WORDS = image_words.PARTS
# The kernel of a step leaves no wave out, so that it is sharp; that of nearness only slow ones.
STEP = FREQUENCIES**0.25 / (FREQUENCIES**0.25).sum()
WIDE = np.where(FREQUENCIES < 0.8, 1.0, 0.0)
WIDE /= WIDE.sum()


@dataclass(frozen=True)
class Head:
    """One head: its name and its matrices W_Q (queries' width, HEAD_DIM) and W_K (width,
    HEAD_DIM). W_V copies the colours."""

    name: str
    w_query: Floats
    w_key: Floats


@dataclass(frozen=True)
class ImageHeads:
    """One layer of such heads, over a picture or from a text at it."""

    heads: tuple[Head, ...]
    crosses: bool  # from words at patches

    notes = ()
    name = "builtin"
    origin = "constructed"
    any_type = True  # nothing was trained, so no mask is more its own than another

    @property
    def type(self) -> str:
        """Over a picture self-attention, from a text at it cross-attention."""
        return "cross" if self.crosses else "self"

    @property
    def reads(self) -> frozenset[str]:
        """A picture, and from words at patches a text too."""
        return frozenset({"image", "text", "tokenizer"} if self.crosses else {"image"})

    @property
    def details(self) -> Mapping[str, Any]:
        """Nothing that the name does not say."""
        return {}

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """Its one stack."""
        n, names = len(self.heads), tuple(head.name for head in self.heads)
        queries, stack = (TEXT, "cross") if self.crosses else (IMAGE, "self")
        return {stack: Layout(n, n, HEAD_DIM, (full(),), queries, IMAGE, names)}

    def prepare(self, inputs: Inputs) -> Prepared:
        """Open the picture and cut it into patches; cut the text into words."""
        inputs.refuse_unread(self.reads, f"the {self.name} heads over a picture")
        if inputs.image is None:
            raise AttnvizError("There is no picture.", "Give one.")
        picture = open_picture(inputs.image)
        tokens = {IMAGE: patch_tokens(picture, grid_of(picture.size))}
        tokenizer = None
        if self.crosses:
            tokenizer = inputs.tokenizer or "words"
            tokens = {TEXT: tokenize(inputs.require_text(), tokenizer)} | tokens
        return Prepared(tokens, {IMAGE: features(picture)}, tokenizer=tokenizer)

    def stacks(self, prepared: Prepared) -> dict[str, StackShape]:
        """Return the one stack."""
        return stack_shapes(self.layouts, prepared.tokens)

    def run(self, prepared: Prepared, attend: Attend) -> Floats:
        """Attend from the patches, or from the words, to the patches.

        Returns (queries, width of a patch's features) float32: the mean of the colours seen.
        """
        y = prepared.features[IMAGE].astype(np.float32, copy=False)  # (patches, width)
        x = image_words.features(prepared.text) if self.crosses else y
        ((stack, _),) = self.stacks(prepared).items()
        n, w_value = len(self.heads), PARTS.take("colour")
        w_output = np.tile(w_value.T / np.float32(n), (n, 1))  # (heads × colour, width)
        query = np.stack([x @ head.w_query for head in self.heads])
        key = np.stack([y @ head.w_key for head in self.heads])
        value = np.stack([y @ w_value] * n)
        output = attend(stack, query, key, value, mask=full(), w_output=w_output)
        merged: Floats = np.concatenate(list(output), axis=1) @ w_output
        return merged


def image_heads(n_heads: int, *, cross: bool = False) -> ImageHeads:
    """The first `n_heads` constructed heads over a picture, or from a text at it; past the end of
    the list they come again, blunter and sharper by turns. AttnvizError unless 1 … 64 heads."""
    if not 1 <= n_heads <= MOST_HEADS:
        raise AttnvizError(f"`heads` is {n_heads}.", f"Choose a number from 1 to {MOST_HEADS}.")
    plans, widths = (
        (CROSS_HEADS, (WORDS.width, PARTS.width)) if cross else (HEADS, (PARTS.width,) * 2)
    )
    made = []
    for i in range(n_heads):
        plan, sharpness = plans[i % len(plans)], SHARPNESS[i // len(plans) % len(SHARPNESS)]
        name = plan.name + ("" if sharpness == 1 else f" ×{sharpness:g}")
        made.append(Head(name, *joined(plan.terms(), widths, HEAD_DIM, sharpness)))
    return ImageHeads(tuple(made), cross)


def match(part: str, strength: float) -> Term:
    """strength × (the query's part · the key's part)."""
    return PARTS.take(part, strength), PARTS.take(part)


def toward(flag: str, strength: float) -> Term:
    """strength × the key's flag, for every query alike."""
    return PARTS.put("constant", np.array([[strength]])), PARTS.take(flag)


def along(axis: str, step: int, strength: float, amplitude: np.ndarray[Any, Any] = STEP) -> Term:
    """Peaks at the keys `step` rows or columns from the query."""
    turned = strength * rotated(amplitude, FREQUENCIES * step)
    return PARTS.put(axis, turned), PARTS.take(axis)


def near(strength: float) -> list[Term]:
    """Falls with the distance on the grid."""
    return [along(axis, 0, strength, WIDE) for axis in ("row", "column")]


def said(word_part: str, key_part: str, strength: float) -> Term:
    """strength × (what the word says · what the patch is)."""
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
