"""Longformer (arXiv 2004.05150): a window around each token, and a few tokens that see all.

Tokens with global attention have query, key and value projections of their own for their own rows;
their columns are seen through the usual ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from attnviz.attention.masks import Rule, global_, local
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Floats, Linear, merge_heads, split_heads
from attnviz.models.model import Attend, Layout
from attnviz.models.network.encoder import Block, Embeddings, Sizes, bert_embeddings, block, places
from attnviz.models.network.network import Feed
from attnviz.threads import by_tokens

ANCHOR = "embeddings.word_embeddings.weight"


@dataclass(frozen=True)
class GlobalProjections:
    """The projections for the rows of global tokens."""

    query: Linear
    key: Linear
    value: Linear


@dataclass(frozen=True)
class Longformer:
    """RoBERTa's embeddings, then layers with a window each."""

    embeddings: Embeddings
    blocks: tuple[Block, ...]
    globals: tuple[GlobalProjections, ...]
    windows: tuple[Rule, ...]
    padding: int

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """One stack; the window of each layer."""
        layout = self.blocks[0].attention.layout(self.windows)
        return {"self": replace(layout, has_global_tokens=True)}

    @property
    def n_ids(self) -> int:
        """Ids that have an embedding."""
        return len(self.embeddings.words.weight)

    @property
    def n_positions(self) -> int | None:
        """Rows of the position table behind the padding id."""
        assert self.embeddings.positions is not None  # every Longformer has them
        return len(self.embeddings.positions.weight) - self.padding - 1

    def __call__(self, feed: Feed, attend: Attend) -> Floats:
        """The final hidden state: (tokens, width)."""
        x = self.embeddings(feed.ids, places(feed.ids, self.padding), feed.segments)
        chosen = feed.global_positions
        for layer, (one, window) in enumerate(zip(self.blocks, self.windows, strict=True)):
            if chosen:
                heads = self._with_globals(attend, layer, x, window, chosen)
            else:
                heads = one.attention(attend, "self", layer, x, mask=window)
            x = by_tokens(one.after, x, heads)
        return x

    def _with_globals(
        self, attend: Attend, layer: int, x: Floats, window: Rule, chosen: tuple[int, ...]
    ) -> Floats:
        """Both kinds of rows in one call, so that they come out as one map.

        Usual rows ask with [query, 0] and global rows with [0, query_global]; keys stand as
        [key, key_global], so that each row meets the keys that are meant for it. Values stand side
        by side too, and each row takes its half.
        """
        usual, other = self.blocks[layer].attention, self.globals[layer]
        n_heads, is_global = usual.n_heads, np.isin(np.arange(len(x)), chosen)
        query, key, value = (  # (heads, tokens, 2 × head_dim) each
            np.concatenate([split_heads(by_tokens(each, x), n_heads) for each in pair], axis=2)
            for pair in (
                (usual.query, other.query), (usual.key, other.key), (usual.value, other.value)
            )
        )  # fmt: skip
        half = query.shape[2] // 2  # head_dim
        query[:, is_global, :half] = 0
        query[:, ~is_global, half:] = 0
        mask = window | global_(chosen)
        both = attend("self", query, key, value, layer=layer, mask=mask, scale=usual.scale)
        attended = np.where(is_global[:, None], both[..., half:], both[..., :half])
        return merge_heads(attended)


def build(fields: Fields, weights: Weights) -> Longformer:
    """The network that the config and the weights describe."""
    sizes = Sizes.read(fields)
    layers = [
        weights.under(f"encoder.layer.{i}.") for i in range(fields.number("num_hidden_layers", 12))
    ]
    fields.only("attention_mode", "longformer")
    fields.get("attention_dilation")  # of the original code: never read
    fields.only("autoregressive", False)
    fields.get("is_decoder")  # of BERT's code: never read
    return Longformer(
        bert_embeddings(weights, fields, sizes.width, sizes.eps),
        tuple(block(layer, sizes) for layer in layers),
        tuple(_globals(layer.under("attention.self."), sizes.width) for layer in layers),
        _windows(fields, len(layers)),
        fields.number("pad_token_id", 1, 0),
    )


def _globals(weights: Weights, width: int) -> GlobalProjections:
    names = ("query_global", "key_global", "value_global")
    return GlobalProjections(*(weights.linear(name, width, width) for name in names))


def _windows(fields: Fields, n_layers: int) -> tuple[Rule, ...]:
    """The config counts both sides together."""
    given = fields.get("attention_window", 512)
    widths = [given] * n_layers if isinstance(given, int) else given
    even = isinstance(widths, list) and all(type(w) is int and w > 0 and w % 2 == 0 for w in widths)
    if not even or len(widths) != n_layers:
        raise fields.wrong("attention_window", given, f"an even number, or a list of {n_layers}")
    return tuple(local(width // 2) for width in widths)
