"""GPT-NeoX (arXiv 2204.06745), Pythia: part of each head is rotated, attention and feed-forward
side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attnviz.attention.masks import causal
from attnviz.models.checkpoint import Fields, Weights
from attnviz.models.encoder import heads_of
from attnviz.models.layers import Embedding, Floats, LayerNorm, Linear, Rotation, merge_heads
from attnviz.models.network import Attend, FeedForward, Inputs, Layout
from attnviz.models.rope import Rope, read_rope

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
    def stacks(self) -> Mapping[str, Layout]:
        """One stack, causal in every layer."""
        return {"self": Layout(self.n_heads, self.n_heads, (causal(),) * len(self.blocks))}

    @property
    def n_ids(self) -> int:
        """Ids that have an embedding."""
        return len(self.words.weight)

    def __call__(self, inputs: Inputs, attend: Attend) -> Floats:
        """The final hidden state: (tokens, width)."""
        x = self.words(inputs.ids)
        rotation = self.rope.rotation(len(x))
        for layer, one in enumerate(self.blocks):
            attended = self._attended(attend, layer, one, x, rotation)
            fed = x if self.side_by_side else x + attended
            x = x + attended + one.feed_forward(one.feed_norm(fed))
        return self.norm(x)

    def _attended(
        self, attend: Attend, layer: int, one: Block, x: Floats, rotation: Rotation
    ) -> Floats:
        fused = one.fused(one.norm(x)).reshape(len(x), self.n_heads, 3, -1)
        query, key, value = fused.transpose(2, 1, 0, 3)  # (heads, tokens, head_dim) each
        query, key = rotation(query), rotation(key)
        attended = attend(
            "self", query, key, value, layer=layer, mask=causal(), w_output=one.output.weight.T
        )
        return one.output(merge_heads(attended))


def build(fields: Fields, weights: Weights) -> NeoX:
    """The network that the config and the weights describe."""
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
