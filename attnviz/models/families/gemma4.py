"""The text half of Gemma 4: layers that see all have wider heads, fewer of keys and a rotation of
their own; the last layers look at keys and values of earlier ones; each layer may be given a few
numbers of every token beside the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import RMSNorm
from attnviz.models.network.blocks import PreNormBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.gemma_experts import read_beside
from attnviz.models.network.gemma_layers import (
    GemmaHeads,
    gemma_feed_forward,
    lending_attention,
    read_heads,
    read_lenders,
    read_sides,
)
from attnviz.models.network.layer_masks import FULL, SLIDING, layer_kinds, layer_masks
from attnviz.models.network.rope import Rope, read_rope
from attnviz.models.network.tower import Tower

ANCHOR = "embed_tokens.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    fields.only("use_bidirectional_attention", None, "vision")  # which is of pictures
    width, n_layers = fields.number("hidden_size", 2304), fields.number("num_hidden_layers", 30)
    usual = [FULL if (i + 1) % 6 == 0 or i + 1 == n_layers else SLIDING for i in range(n_layers)]
    kinds = layer_kinds(fields, n_layers, usual)
    heads = [_heads(fields, kinds[i], i) for i in range(n_layers)]
    borrows = read_lenders(fields, kinds, 0)
    for unread in ("num_experts", "top_k_experts", "moe_intermediate_size"):
        fields.get(unread)  # they say nothing where no layer has experts
    n_ids = fields.number("vocab_size", 262144)
    at = [weights.under(f"layers.{i}.") for i in range(n_layers)]
    sides, gates = read_sides(weights, at, fields, width)
    return Tower(
        Embeddings(
            weights.embedding("embed_tokens", n_ids, width),
            strength=float(np.float32(width**0.5)),
        ),
        tuple(_block(one, fields, heads[i], width, i in borrows) for i, one in enumerate(at)),
        layer_masks(fields, kinds, fields.number("sliding_window", 512)),
        weights.rms_norm("norm", width, heads[0].eps),
        _ropes(fields, {kind: one.head_dim for kind, one in zip(kinds, heads, strict=True)}),
        tuple(kinds),
        borrows=borrows,
        sides=sides,
        gates=gates,
        strengths=tuple(float(np.asarray(one.take("layer_scalar", 1))[0]) for one in at),
    )


def _ropes(fields: Fields, dims: Mapping[str, int]) -> dict[str, Rope]:
    """Read the rotation of each kind of layer, by how wide its heads are."""
    found = {SLIDING: read_rope(fields, dims.get(SLIDING, 256), kind=SLIDING)}
    if FULL in dims:
        found[FULL] = read_rope(
            fields, dims[FULL], kind=FULL, theta=1e6, usual="proportional", partial=0.25
        )
    return found


def _heads(fields: Fields, kind: str, layer: int) -> GemmaHeads:
    """Read the heads of a layer, of which those that see all have sizes of their own."""
    usual, same = read_heads(fields), fields.flag("attention_k_eq_v")
    wide, few = fields.number("global_head_dim", 512), fields.get("num_global_key_value_heads")
    listed = fields.get("per_layer_config")
    if listed is None:
        all_seen = {"head_dim": wide, "num_key_value_heads": few if same else None}
        listed = {str(layer): all_seen} if kind == FULL else {}
    own = listed.get(str(layer), {}) if isinstance(listed, Mapping) else None
    if not isinstance(own, Mapping) or set(own) - {"head_dim", "num_key_value_heads"}:
        raise fields.wrong("per_layer_config", listed, "head_dim and num_key_value_heads by layer")
    head_dim = own.get("head_dim") or usual.head_dim
    n_key_heads = own.get("num_key_value_heads") or usual.n_key_heads
    whole = type(head_dim) is int and head_dim > 0 and type(n_key_heads) is int and n_key_heads > 0
    if not whole or usual.n_heads % n_key_heads:
        raise fields.wrong("per_layer_config", own, f"whole numbers, a divisor of {usual.n_heads}")
    joined = same and kind == FULL
    return replace(usual, n_key_heads=n_key_heads, head_dim=head_dim, joined=joined, scale=1.0)


def _block(
    weights: Weights, fields: Fields, heads: GemmaHeads, width: int, borrows: bool
) -> PreNormBlock:
    def norm(name: str) -> RMSNorm:
        return weights.rms_norm(f"{name}_layernorm", width, heads.eps)

    inner = fields.number("intermediate_size", 9216)
    inner *= 2 if fields.flag("use_double_wide_mlp") and borrows else 1
    before, plain = (
        norm("pre_feedforward"),
        gemma_feed_forward(weights.under("mlp."), fields, width, inner),
    )
    mixed = fields.flag("enable_moe_block")
    return PreNormBlock(
        norm("input"),
        lending_attention(weights.under("self_attn."), heads, width, borrows),
        None if mixed else before,
        read_beside(weights, fields, before, plain) if mixed else plain,
        norm("post_attention"),
        norm("post_feedforward"),
    )
