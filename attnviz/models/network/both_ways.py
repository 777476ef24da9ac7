"""Masks of decoders that see a prompt, or a picture, both ways: they are made of what is read."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from attnviz.attention.masks import block, causal, prefix
from attnviz.attention.rules import Rule
from attnviz.frozen import dataclass
from attnviz.models.model import TEXT
from attnviz.models.network.network import Feed
from attnviz.models.network.places import picture_in

Masks = tuple[Rule, ...]


class Sees(Protocol):
    """What makes the masks of what is read."""

    def __call__(self, masks: Masks, feed: Feed) -> Masks:
        """Return the mask of each layer, of those it has over words alone."""


@dataclass(frozen=True)
class PromptBothWays:
    """The picture and the whole prompt see one another, through windows too; what is written looks
    back (PaliGemma, arXiv 2407.07726). A text without a picture is such a prompt as well."""

    def __call__(self, masks: Masks, feed: Feed) -> Masks:
        """Return the mask of each layer."""
        if feed.start:  # the prompt was read earlier
            return masks
        n = len(feed.ids[TEXT]) if feed.n_prompt is None else feed.n_prompt
        return tuple(prefix(n) if mask == causal() else mask | block(0, n, n) for mask in masks)


@dataclass(frozen=True)
class PicturesBothWays:
    """The tokens of one picture see one another, but for those that a window leaves behind (Gemma
    3, arXiv 2503.19786)."""

    image_token: int

    def __call__(self, masks: Masks, feed: Feed) -> Masks:
        """Return the mask of each layer."""
        if feed.start:
            return masks
        there = np.concatenate([[False], picture_in(feed, self.image_token), [False]])
        edges = np.flatnonzero(there[1:] != there[:-1]).reshape(-1, 2).tolist()
        for first, stop in edges:
            masks = tuple(mask | block(first, stop) for mask in masks)
        return masks
