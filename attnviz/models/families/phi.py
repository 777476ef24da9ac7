"""Decoders with layer norms and rotated heads, named as Llama names its parts: Phi, StarCoder 2
(arXiv 2402.19173), StableLM (2402.17834), Command R, Nemotron (2402.16819). `KINDS` says how each
differs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import HeadNorm, LayerNorm
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock, SideBySideBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.layer_masks import FULL, SLIDING, layer_kinds, layer_masks
from attnviz.models.network.rope import read_rope
from attnviz.models.network.tower import Tower

ANCHOR = "embed_tokens.weight"
UNTURNED = "unturned"  # the kind of layers that know no positions


@dataclass(frozen=True)
class Kind:
    """How one model_type differs from the others.

    feed: names of gate ("" for none), up and down. output: of what merges the heads. last: of the
    last norm. eps: the field of the norms' epsilon. bias, output_bias, feed_bias: whether those
    maps have biases, or the field that says so. norm_bias: whether norms have any; one_more: their
    weights are stored less 1. side_by_side: attention and feed-forward share a norm, or the field
    that says so. head_norms: names of those of queries and keys; head_field: the field that says
    whether there are any. pairs, partial, theta: the rotation. windows: which layers have one
    ("none", "all", "mostly": full layers are not rotated then).
    """

    feed: tuple[str, str, str] = ("", "up_proj", "down_proj")
    output: str = "o_proj"
    last: str = "norm"
    eps: str = "layer_norm_eps"
    bias: str | bool = True
    output_bias: str | bool = True
    feed_bias: str | bool = True
    norm_bias: bool = True
    one_more: bool = False
    side_by_side: str | bool = False
    head_norms: tuple[str, str] = ("q_norm", "k_norm")
    head_field: str = ""
    pairs: bool = False
    partial: float | None = None
    theta: float = 10000.0
    windows: str = "none"


GATED = ("gate_proj", "up_proj", "down_proj")
COHERE = Kind(
    GATED, bias="attention_bias", output_bias="attention_bias", feed_bias=False, norm_bias=False,
    side_by_side=True, pairs=True,
)  # fmt: skip
KINDS = {
    "cohere": replace(COHERE, head_field="use_qk_norm", theta=500000.0),
    "cohere2": replace(COHERE, windows="mostly"),
    "nemotron": Kind(
        eps="norm_eps", bias="attention_bias", output_bias="attention_bias", feed_bias="mlp_bias",
        one_more=True, partial=0.5,
    ),
    "phi": Kind(
        ("", "fc1", "fc2"), "dense", "final_layernorm", side_by_side=True, partial=0.5,
        head_norms=("q_layernorm", "k_layernorm"), head_field="qk_layernorm",
    ),
    "stablelm": Kind(
        GATED, bias="use_qkv_bias", output_bias=False, feed_bias=False, partial=0.25,
        side_by_side="use_parallel_residual",
        head_norms=("q_layernorm", "k_layernorm"), head_field="qk_layernorm",
    ),
    "starcoder2": Kind(
        ("", "c_fc", "c_proj"), eps="norm_epsilon", bias="use_bias", output_bias="use_bias",
        feed_bias="use_bias", windows="all",
    ),
}  # fmt: skip


def build(fields: Fields, weights: Weights) -> Tower:
    kind = KINDS[fields.get("model_type")]
    width, n_layers = fields.number("hidden_size"), fields.number("num_hidden_layers")
    window, kinds = _windows(fields, kind, n_layers)
    fields.get("logit_scale")  # of the prediction head
    at = [weights.under(f"layers.{i}.") for i in range(n_layers)]
    n_heads = fields.number("num_attention_heads")
    head_dim = fields.number("head_dim", width // n_heads)
    if kind.partial is None:  # whole heads are rotated whatever the field says
        fields.only("partial_rotary_factor", 1.0)
    rope = read_rope(fields, head_dim, partial=kind.partial or 1.0, theta=kind.theta)
    full_kind = UNTURNED if kind.windows == "mostly" and window is not None else ""
    return Tower(
        Embeddings(weights.embedding("embed_tokens", fields.number("vocab_size"), width)),
        tuple(_block(one, fields, kind, head_dim) for one in at),
        layer_masks(fields, kinds, window),
        _norm(weights, kind.last, fields, kind),
        {"": replace(rope, pairs=kind.pairs)},
        tuple(full_kind if one == FULL else "" for one in kinds),
    )


def _windows(fields: Fields, kind: Kind, n_layers: int) -> tuple[int | None, list[str]]:
    if kind.windows == "none":
        return None, [FULL] * n_layers
    window = fields.or_none("sliding_window", None)
    if kind.windows == "all" or window is None:
        return window, [FULL if window is None else SLIDING] * n_layers
    every = fields.number("sliding_window_pattern", 4)
    usual = [SLIDING if (i + 1) % every else FULL for i in range(n_layers)]
    return window, layer_kinds(fields, n_layers, usual)


def _has(fields: Fields, said: str | bool) -> bool:
    return fields.flag(said) if isinstance(said, str) else said


def _norm(weights: Weights, name: str, fields: Fields, kind: Kind) -> LayerNorm:
    width, eps = fields.number("hidden_size"), fields.real(kind.eps, 1e-5)
    norm = weights.layer_norm(name, width, eps, kind.norm_bias)
    if not kind.one_more:
        return norm
    return replace(norm, weight=np.asarray(norm.weight).astype(np.float32) + np.float32(1))


def _block(weights: Weights, fields: Fields, kind: Kind, head_dim: int) -> PreNormBlock:
    width, inner = fields.number("hidden_size"), fields.number("intermediate_size")
    beside = _has(fields, kind.side_by_side)
    at, bias = weights.under("mlp."), _has(fields, kind.feed_bias)
    gate, up, down = kind.feed
    norm = _norm(weights, "input_layernorm", fields, kind)
    return (SideBySideBlock if beside else PreNormBlock)(
        norm,
        _attention(weights.under("self_attn."), fields, kind, head_dim),
        norm if beside else _norm(weights, "post_attention_layernorm", fields, kind),
        FeedForward(
            at.linear(up, width, inner, bias),
            at.linear(down, inner, width, bias),
            fields.activation("hidden_act", "silu"),
            at.linear(gate, width, inner, bias) if gate else None,
        ),
    )


def _attention(weights: Weights, fields: Fields, kind: Kind, head_dim: int) -> Attention:
    width, n_heads = fields.number("hidden_size"), fields.number("num_attention_heads")
    n_key_heads = fields.number("num_key_value_heads", n_heads)
    if n_heads % n_key_heads:
        raise fields.wrong("num_key_value_heads", n_key_heads, f"a divisor of {n_heads}")
    queries, keys, bias = n_heads * head_dim, n_key_heads * head_dim, _has(fields, kind.bias)
    norms: tuple[HeadNorm | None, HeadNorm | None] = (None, None)
    if kind.head_field and fields.flag(kind.head_field):
        eps, (first, second) = fields.real(kind.eps, 1e-5), kind.head_norms
        norms = (
            weights.head_norm(first, n_heads, head_dim, eps),
            weights.head_norm(second, n_key_heads, head_dim, eps),
        )
    return Attention(
        weights.linear("q_proj", width, queries, bias),
        weights.linear("k_proj", width, keys, bias),
        weights.linear("v_proj", width, keys, bias),
        weights.linear(kind.output, queries, width, _has(fields, kind.output_bias)),
        n_heads, n_key_heads, head_dim**-0.5, None, *norms,
    )  # fmt: skip
