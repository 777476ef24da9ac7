"""GPT-NeoX (arXiv 2204.06745), Pythia: part of each head is rotated, attention and feed-forward
side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from attnviz.attention.masks import causal
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Embedding, Floats, LayerNorm, Linear, Rotation, merge_heads
from attnviz.models.model import Attend, Layout
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.network import Feed, FeedForward
from attnviz.models.network.rope import Rope, read_rope
from attnviz.threads import by_tokens

ANCHOR = "embed_in.weight"


@dataclass(frozen=True)
class Block:
    """One layer. fused: queries, keys and values of one head after another."""

    norm: LayerNorm
    fused: Linear
    output: Linear
    feed_norm: LayerNorm
    feed_forward: FeedForward


@dataclass(frozen=True)
class NeoX:
    """Word vectors, layers, a last norm."""

    words: Embedding
    blocks: tuple[Block, ...]
    norm: LayerNorm
    rope: Rope
    n_heads: int
    side_by_side: bool

    n_positions = None  # rotations have no end

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """One stack, causal in every layer."""
        head_dim = len(self.blocks[0].fused.weight) // (3 * self.n_heads)
        masks = (causal(),) * len(self.blocks)
        return {"self": Layout(self.n_heads, self.n_heads, head_dim, masks)}

    @property
    def n_ids(self) -> int:
        """Ids that have an embedding."""
        return len(self.words.weight)

    def __call__(self, feed: Feed, attend: Attend) -> Floats:
        """The final hidden state: (tokens, width)."""
        x = self.words(feed.ids)
        rotation = self.rope.rotation(len(x))
        for layer, one in enumerate(self.blocks):
            heads = self._heads(attend, layer, one, x, rotation)
            x = by_tokens(partial(self._after, one), x, heads)
        return self.norm(x)

    def _heads(
        self, attend: Attend, layer: int, one: Block, x: Floats, rotation: Rotation
    ) -> Floats:
        fused = by_tokens(lambda part: one.fused(one.norm(part)), x)
        query, key, value = fused.reshape(len(x), self.n_heads, 3, -1).transpose(2, 1, 0, 3)
        query, key = rotation(query), rotation(key)  # (heads, tokens, head_dim) each
        return merge_heads(
            attend(
                "self", query, key, value, layer=layer, mask=causal(), w_output=one.output.weight.T
            )
        )

    def _after(self, one: Block, x: Floats, heads: Floats) -> Floats:
        attended = one.output(heads)
        fed = x if self.side_by_side else x + attended
        return x + attended + one.feed_forward(one.feed_norm(fed))


def build(fields: Fields, weights: Weights) -> NeoX:
    """The network that the config and the weights describe."""
    fields.get("is_decoder")  # it is one, whatever this says
    width = fields.number("hidden_size", 6144)
    n_heads = heads_of(fields, "hidden_size", "num_attention_heads", 6144, 64)
    rope = read_rope(
        fields, width // n_heads, theta_field="rotary_emb_base", partial=0.25,
        partial_field="rotary_pct",
    )  # fmt: skip
    layers = range(fields.number("num_hidden_layers", 44))
    return NeoX(
        weights.embedding("embed_in", fields.number("vocab_size", 50432), width),
        tuple(_block(weights.under(f"layers.{i}."), fields, width) for i in layers),
        weights.layer_norm("final_layer_norm", width, fields.real("layer_norm_eps", 1e-5)),
        rope,
        n_heads,
        fields.flag("use_parallel_residual", True),
    )


def _block(weights: Weights, fields: Fields, width: int) -> Block:
    inner, eps = fields.number("intermediate_size", 24576), fields.real("layer_norm_eps", 1e-5)
    bias = fields.flag("attention_bias", True)
    return Block(
        weights.layer_norm("input_layernorm", width, eps),
        weights.linear("attention.query_key_value", width, 3 * width, bias),
        weights.linear("attention.dense", width, width, bias),
        weights.layer_norm("post_attention_layernorm", width, eps),
        FeedForward(
            weights.linear("mlp.dense_h_to_4h", width, inner),
            weights.linear("mlp.dense_4h_to_h", inner, width),
            fields.activation("hidden_act", "gelu"),
        ),
    )
