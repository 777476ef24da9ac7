"""GPT-2's layers and learned positions, which GPT-Neo took over with other projections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from attnviz.attention.masks import Rule
from attnviz.models.layers import Embedding, Floats, LayerNorm
from attnviz.models.model import Attend, Layout
from attnviz.models.network.network import Feed, PreNormBlock
from attnviz.threads import by_tokens


@dataclass(frozen=True)
class Gpt:
    """Word and position vectors, layers, a last norm."""

    words: Embedding
    positions: Embedding
    blocks: tuple[PreNormBlock, ...]
    norm: LayerNorm
    masks: tuple[Rule, ...]

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """One stack, the mask of each layer."""
        return {"self": self.blocks[0].attention.layout(self.masks)}

    @property
    def n_ids(self) -> int:
        """Ids that have an embedding."""
        return len(self.words.weight)

    @property
    def n_positions(self) -> int | None:
        """Rows of the position table."""
        return len(self.positions.weight)

    def __call__(self, feed: Feed, attend: Attend) -> Floats:
        """The final hidden state: (tokens, width)."""
        x: Floats = self.words(feed.ids) + self.positions(np.arange(len(feed.ids)))
        for layer, (one, mask) in enumerate(zip(self.blocks, self.masks, strict=True)):
            heads = one.attention(attend, "self", layer, x, mask=mask, norm=one.norm)
            x = by_tokens(one.after, x, heads)
        return self.norm(x)
