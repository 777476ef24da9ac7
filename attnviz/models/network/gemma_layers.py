"""What layers of Gemma and its relatives are made of: norms of 1 + weight, gated feed-forward parts
with a tanh gelu, and heads whose scores may be capped and whose queries and keys may be normed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import RMSNorm
from attnviz.models.network.attention import Attention, BorrowingAttention
from attnviz.models.network.blocks import FeedForward
from attnviz.models.network.side_inputs import SideGate, SideInputs


@dataclass(frozen=True)
class GemmaHeads:
    """The heads of a layer, and how their scores are made. normed: queries and keys
    are. joined: keys are values too."""

    n_heads: int
    n_key_heads: int
    head_dim: int
    scale: float
    softcap: float | None = None
    bias: bool = False
    normed: bool = False
    joined: bool = False
    eps: float = 1e-6


def read_heads(fields: Fields) -> GemmaHeads:
    """Read how many heads there are and how wide; AttnvizError where keys cannot be shared."""
    n_heads, head_dim = fields.number("num_attention_heads", 8), fields.number("head_dim", 256)
    n_key_heads = fields.number("num_key_value_heads", 4)
    if n_heads % n_key_heads:
        raise fields.wrong("num_key_value_heads", n_key_heads, f"a divisor of {n_heads}")
    return GemmaHeads(
        n_heads, n_key_heads, head_dim, head_dim**-0.5, bias=fields.flag("attention_bias"),
        eps=fields.real("rms_norm_eps", 1e-6),
    )  # fmt: skip


def read_softcap(fields: Fields) -> float | None:
    """Read what scores are capped at, if they are."""
    if fields.or_none("attn_logit_softcapping", 50.0) is None:
        return None
    return fields.real("attn_logit_softcapping", 50.0)


def gemma_attention(
    weights: Weights, heads: GemmaHeads, width: int, source: int | None = None
) -> Attention:
    """Read the projections of a layer. source: how wide what it looks at is, where that is not
    its own input."""
    queries, keys = heads.n_heads * heads.head_dim, heads.n_key_heads * heads.head_dim

    def norm(name: str) -> RMSNorm | None:
        return weights.rms_norm(name, heads.head_dim, heads.eps, 1.0) if heads.normed else None

    return Attention(
        weights.linear("q_proj", width, queries, heads.bias),
        weights.linear("k_proj", source or width, keys, heads.bias),
        weights.linear("v_proj", source or width, keys, heads.bias),
        weights.linear("o_proj", queries, width, heads.bias),
        heads.n_heads,
        heads.n_key_heads,
        heads.scale,
        heads.softcap,
        norm("q_norm"),
        norm("k_norm"),
    )


def lending_attention(
    weights: Weights, heads: GemmaHeads, width: int, borrows: bool
) -> Attention | BorrowingAttention:
    """Read a layer whose queries, keys and values are normed, and whose keys and values are those
    of an earlier layer where it `borrows` them."""
    queries, keys = heads.n_heads * heads.head_dim, heads.n_key_heads * heads.head_dim
    query = weights.linear("q_proj", width, queries, heads.bias)
    output = weights.linear("o_proj", queries, width, heads.bias)
    query_norm = weights.rms_norm("q_norm", heads.head_dim, heads.eps)
    counts = (heads.n_heads, heads.n_key_heads, heads.scale)
    if borrows:
        return BorrowingAttention(query, output, *counts, query_norm)
    key = weights.linear("k_proj", width, keys, heads.bias)
    value = key if heads.joined else weights.linear("v_proj", width, keys, heads.bias)
    key_norm = weights.rms_norm("k_norm", heads.head_dim, heads.eps)
    value_norm = RMSNorm(np.ones(heads.head_dim, np.float32), heads.eps)
    return Attention(
        query, key, value, output, *counts, query_norm=query_norm, key_norm=key_norm,
        value_norm=value_norm,
    )  # fmt: skip


def gemma_feed_forward(
    weights: Weights, fields: Fields, width: int, inner: int, field: str = "hidden_activation"
) -> FeedForward:
    """Read a gated feed-forward part. field: what names its activation."""
    return FeedForward(
        weights.linear("up_proj", width, inner, False),
        weights.linear("down_proj", inner, width, False),
        fields.activation(field, "gelu_pytorch_tanh"),
        weights.linear("gate_proj", width, inner, False),
    )


def read_lenders(fields: Fields, kinds: Sequence[str], usual: int) -> dict[int, int]:
    """Read which layers look at keys and values of an earlier one, and at which: the last layer of
    their kind that has its own."""
    n_shared = fields.number("num_kv_shared_layers", usual, 0)
    own = list(kinds[: len(kinds) - n_shared])
    if n_shared >= len(kinds) or (n_shared and set(kinds) - set(own)):
        raise fields.wrong(
            "num_kv_shared_layers", n_shared, "a number that leaves a layer of each kind"
        )
    lenders = {kind: layer for layer, kind in enumerate(own)}
    return {layer: lenders[kinds[layer]] for layer in range(len(own), len(kinds))}


def read_sides(
    weights: Weights, layers: Sequence[Weights], fields: Fields, width: int
) -> tuple[SideInputs | None, tuple[SideGate, ...]]:
    """Read what layers are given beside the state, and what each makes of it; None where they are
    given nothing."""
    n_ids = fields.number("vocab_size_per_layer_input", 262144)
    size, eps = (
        fields.number("hidden_size_per_layer_input", 256, 0),
        fields.real("rms_norm_eps", 1e-6),
    )
    if not size:
        return None, ()
    all_of_them = len(layers) * size
    made = weights.linear("per_layer_model_projection", width, all_of_them, False)
    norm = weights.rms_norm("per_layer_projection_norm", size, eps)
    table = weights.embedding("embed_tokens_per_layer", n_ids, all_of_them)
    gates = tuple(
        SideGate(
            one.linear("per_layer_input_gate", width, size, False),
            one.linear("per_layer_projection", size, width, False),
            one.rms_norm("post_per_layer_input_norm", width, eps),
            fields.activation("hidden_activation", "gelu_pytorch_tanh"),
        )
        for one in layers
    )
    return SideInputs(table, made, norm, len(layers)), gates
