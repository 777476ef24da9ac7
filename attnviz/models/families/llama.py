"""Llama (arXiv 2302.13971) and its kin: Mistral, Qwen 2, Qwen 3, Phi 3, SmolLM 2, TinyLlama …

They differ in their windows, biases, head norms, and in which projections are stored as one.
"""

from __future__ import annotations

from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Linear
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.layer_masks import FULL, SLIDING, layer_kinds, layer_masks
from attnviz.models.network.rope import Rope, read_rope
from attnviz.models.network.tower import Tower

ANCHOR = "embed_tokens.weight"
# Text halves of models of text and images, and whose layers they have.
TEXT_HALVES = {"qwen2_vl_text": "qwen2", "qwen2_5_vl_text": "qwen2", "qwen3_vl_text": "qwen3"}


@dataclass(frozen=True)
class Sizes:
    """What a layer is measured by, and which of its parts have what."""

    width: int
    inner: int
    n_heads: int
    n_key_heads: int
    head_dim: int
    eps: float
    input_bias: bool
    output_bias: bool
    feed_bias: bool
    head_norms: bool


def build(fields: Fields, weights: Weights) -> Tower:
    kind = fields.get("model_type")
    kind = TEXT_HALVES.get(kind, kind)
    both_ways = not fields.flag("is_causal", True)  # embedding models made of decoders say false
    sizes = _sizes(fields, kind)
    n_layers = fields.number("num_hidden_layers", 32)
    window, kinds = _windows(fields, kind, n_layers)
    at = [weights.under(f"layers.{i}.") for i in range(n_layers)]
    n_ids = fields.number("vocab_size", 32000)
    return Tower(
        Embeddings(weights.embedding("embed_tokens", n_ids, sizes.width)),
        tuple(_block(one, fields, sizes) for one in at),
        layer_masks(fields, kinds, window, both_ways=both_ways),
        weights.rms_norm("norm", sizes.width, sizes.eps),
        {"": _rope(fields, kind, sizes.head_dim)},
        ("",) * n_layers,
    )


def _rope(fields: Fields, kind: str, head_dim: int) -> Rope:
    if kind == "phi3":
        return read_rope(fields, head_dim, whole=4096, original=4096)
    fields.only("partial_rotary_factor", 1.0)  # the others rotate whole heads whatever it says
    return read_rope(fields, head_dim)


def _sizes(fields: Fields, kind: str) -> Sizes:
    width, n_heads = fields.number("hidden_size", 4096), fields.number("num_attention_heads", 32)
    n_key_heads = fields.number("num_key_value_heads", n_heads)
    if n_heads % n_key_heads:
        raise fields.wrong("num_key_value_heads", n_key_heads, f"a divisor of {n_heads}")
    usual_dim = 128 if kind == "qwen3" else width // n_heads
    both = fields.flag("attention_bias") if kind in ("llama", "qwen3") else False
    return Sizes(
        width,
        fields.number("intermediate_size", 11008),
        n_heads,
        n_key_heads,
        fields.number("head_dim", usual_dim),
        fields.real("rms_norm_eps", 1e-5 if kind == "phi3" else 1e-6),
        input_bias=both or kind == "qwen2",
        output_bias=both,
        feed_bias=fields.flag("mlp_bias") if kind == "llama" else False,
        head_norms=kind == "qwen3",
    )


def _windows(fields: Fields, kind: str, n_layers: int) -> tuple[int | None, list[str]]:
    """Read the window, and which layers have it."""
    if kind == "llama":
        return None, [FULL] * n_layers
    if kind in ("mistral", "phi3"):
        window = fields.or_none("sliding_window", 4096 if kind == "mistral" else None)
        return window, [FULL if window is None else SLIDING] * n_layers
    window = fields.or_none("sliding_window", 4096) if fields.flag("use_sliding_window") else None
    fields.get("sliding_window")
    first = fields.number("max_window_layers", 28, 0)
    usual = [SLIDING if window is not None and i >= first else FULL for i in range(n_layers)]
    return window, layer_kinds(fields, n_layers, usual)


def _block(weights: Weights, fields: Fields, sizes: Sizes) -> PreNormBlock:
    return PreNormBlock(
        weights.rms_norm("input_layernorm", sizes.width, sizes.eps),
        _attention(weights.under("self_attn."), sizes),
        weights.rms_norm("post_attention_layernorm", sizes.width, sizes.eps),
        _feed_forward(weights.under("mlp."), fields, sizes),
    )


def _attention(weights: Weights, sizes: Sizes) -> Attention:
    norms = (
        (weights.rms_norm(name, sizes.head_dim, sizes.eps) for name in ("q_norm", "k_norm"))
        if sizes.head_norms
        else (None, None)
    )
    query, key, value = _projections(weights, sizes)
    heads_width = sizes.n_heads * sizes.head_dim
    output = weights.linear("o_proj", heads_width, sizes.width, sizes.output_bias)
    scale = sizes.head_dim**-0.5
    return Attention(
        query, key, value, output, sizes.n_heads, sizes.n_key_heads, scale, None, *norms
    )


def _projections(weights: Weights, sizes: Sizes) -> tuple[Linear, Linear, Linear]:
    """Apart, or stored as one with queries, keys and values below one another (Phi 3)."""
    queries, keys = sizes.n_heads * sizes.head_dim, sizes.n_key_heads * sizes.head_dim
    if weights.has("qkv_proj.weight"):
        fused = weights.linear("qkv_proj", sizes.width, queries + 2 * keys, sizes.input_bias)
        ends = (0, queries, queries + keys, queries + 2 * keys)
        return fused.rows(*ends[0:2]), fused.rows(*ends[1:3]), fused.rows(*ends[2:4])
    return (
        weights.linear("q_proj", sizes.width, queries, sizes.input_bias),
        weights.linear("k_proj", sizes.width, keys, sizes.input_bias),
        weights.linear("v_proj", sizes.width, keys, sizes.input_bias),
    )


def _feed_forward(weights: Weights, fields: Fields, sizes: Sizes) -> FeedForward:
    inner, width, bias = sizes.inner, sizes.width, sizes.feed_bias
    if weights.has("gate_up_proj.weight"):
        fused = weights.linear("gate_up_proj", width, 2 * inner, bias)
        gate, up = fused.rows(0, inner), fused.rows(inner, 2 * inner)
    else:
        gate, up = (weights.linear(name, width, inner, bias) for name in ("gate_proj", "up_proj"))
    down = weights.linear("down_proj", inner, width, bias)
    return FeedForward(up, down, fields.activation("hidden_act", "silu"), gate)
