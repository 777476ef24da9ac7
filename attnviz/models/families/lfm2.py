"""LFM2 (arXiv 2511.23404): short convolutions, and a few layers with attention among them."""

from __future__ import annotations

from dataclasses import replace

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import ACTIVATIONS
from attnviz.models.network.attention import AnyAttention, Attention
from attnviz.models.network.blocks import AnyFeedForward, FeedForward, PreNormBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.experts import SIGMOID
from attnviz.models.network.layer_masks import FULL, gap_masks
from attnviz.models.network.mixture import Mixture, read_experts
from attnviz.models.network.recurrence import Unattended
from attnviz.models.network.rope import read_rope
from attnviz.models.network.short_convolution import GatedConvolution, read_convolution
from attnviz.models.network.tower import Tower

ANCHOR = "embed_tokens.weight"
CONVOLUTION = "conv"
EXPERTS = Mixture(
    "", names=("w1", "w3", "w2"), scores=SIGMOID, strength="routed_scaling_factor", least=1e-6
)


def build(fields: Fields, weights: Weights) -> Tower:
    fields.only("is_causal", True)
    width, n_layers = fields.number("hidden_size"), fields.number("num_hidden_layers")
    kinds = _kinds(fields, n_layers)
    masks = gap_masks(fields, kinds)
    at = [weights.under(f"layers.{i}.") for i in range(n_layers)]
    return Tower(
        Embeddings(weights.embedding("embed_tokens", fields.number("vocab_size"), width)),
        tuple(_block(one, fields, width, kinds[i], i) for i, one in enumerate(at)),
        masks,
        weights.rms_norm("embedding_norm", width, _eps(fields)),
        {"": read_rope(fields, width // fields.number("num_attention_heads"), theta=1e6)},
        ("",) * n_layers,
    )


def _kinds(fields: Fields, n_layers: int) -> list[str]:
    """Listed by kind, or, in older files, only those that attend."""
    listed = fields.get("full_attn_idxs", [*range(n_layers)])
    if not isinstance(listed, list):
        raise fields.wrong("full_attn_idxs", listed, "a list of layers")
    usual = [FULL if i in listed else CONVOLUTION for i in range(n_layers)]
    kinds: list[str] = fields.per_layer("layer_types", n_layers, usual, (FULL, CONVOLUTION))
    return kinds


def _eps(fields: Fields) -> float:
    return fields.real("norm_eps", 1e-5)


def _block(weights: Weights, fields: Fields, width: int, kind: str, layer: int) -> PreNormBlock:
    return PreNormBlock(
        weights.rms_norm("operator_norm", width, _eps(fields)),
        _attention(weights.under("self_attn."), fields, width)
        if kind == FULL
        else Unattended(_convolution(weights.under("conv."), fields, width)),
        weights.rms_norm("ffn_norm", width, _eps(fields)),
        _feed_forward(weights.under("feed_forward."), fields, width, layer),
    )


def _attention(weights: Weights, fields: Fields, width: int) -> AnyAttention:
    n_heads = fields.number("num_attention_heads")
    n_key_heads, dim = fields.number("num_key_value_heads", n_heads), width // n_heads
    if n_heads % n_key_heads:
        raise fields.wrong("num_key_value_heads", n_key_heads, f"a divisor of {n_heads}")
    return Attention(
        weights.linear("q_proj", width, n_heads * dim, False),
        weights.linear("k_proj", width, n_key_heads * dim, False),
        weights.linear("v_proj", width, n_key_heads * dim, False),
        weights.linear("out_proj", n_heads * dim, width, False),
        n_heads,
        n_key_heads,
        dim**-0.5,
        query_norm=weights.rms_norm("q_layernorm", dim, _eps(fields)),
        key_norm=weights.rms_norm("k_layernorm", dim, _eps(fields)),
    )


def _convolution(weights: Weights, fields: Fields, width: int) -> GatedConvolution:
    bias, size = fields.flag("conv_bias"), fields.number("conv_L_cache", 3)
    return GatedConvolution(
        weights.linear("in_proj", width, 3 * width, bias),
        read_convolution(weights, "conv", width, size, bias),
        weights.linear("out_proj", width, width, bias),
    )


def _feed_forward(weights: Weights, fields: Fields, width: int, layer: int) -> AnyFeedForward:
    inner = fields.number("intermediate_size")
    moe = fields.get("model_type") == "lfm2_moe"
    if moe and layer >= fields.number("num_dense_layers", 2, 0):
        correction = "expert_bias" if fields.flag("use_expert_bias", True) else ""
        mixture = replace(EXPERTS, correction=correction)
        return read_experts(weights, fields, mixture, width, inner, "silu")
    adjusted = inner if moe else _adjusted(fields, inner)
    if not moe and fields.flag("block_auto_adjust_ff_dim", True):
        inner = adjusted
    gate, up, down = (weights.linear("w1", width, inner, False),
                      weights.linear("w3", width, inner, False),
                      weights.linear("w2", inner, width, False))  # fmt: skip
    return FeedForward(up, down, ACTIVATIONS["silu"], gate)


def _adjusted(fields: Fields, inner: int) -> int:
    """Two thirds, times a factor, rounded up to a multiple."""
    step = fields.number("block_multiple_of", 256)
    inner = int(fields.real("block_ffn_dim_multiplier", 1.0) * int(2 * inner / 3))
    return step * -(-inner // step)
