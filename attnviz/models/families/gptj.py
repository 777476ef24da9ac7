"""GPT-J (Wang and Komatsuzaki 2021) and CodeGen (arXiv 2203.13474): a part of each head is rotated,
neighbour with neighbour; attention and feed-forward share one norm and stand side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.attention.masks import causal
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Linear
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, SideBySideBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.rope import read_rope
from attnviz.models.network.tower import Tower

ANCHOR = "wte.weight"
SHARDS = 4  # CodeGen was trained on so many processors: queries, values and keys of each follow


def build(fields: Fields, weights: Weights) -> Tower:
    width, n_layers = fields.number("n_embd", 4096), fields.number("n_layer", 28)
    n_heads = heads_of(fields, "n_embd", "n_head", 4096, 16)
    turned = fields.number("rotary_dim", width // n_heads)
    if turned > width // n_heads:
        raise fields.wrong("rotary_dim", turned, f"{width // n_heads} at most, a head's features")
    fields.get("n_positions")  # how far its table of rotations went
    at = [weights.under(f"h.{i}.") for i in range(n_layers)]
    return Tower(
        Embeddings(weights.embedding("wte", fields.number("vocab_size", 50400), width)),
        tuple(_block(one, fields, n_heads) for one in at),
        (causal(),) * n_layers,
        weights.layer_norm("ln_f", width, fields.real("layer_norm_epsilon", 1e-5)),
        {"": replace(read_rope(fields, turned), pairs=True)},
        ("",) * n_layers,
    )


def _block(weights: Weights, fields: Fields, n_heads: int) -> SideBySideBlock:
    width, at = fields.number("n_embd", 4096), weights.under("attn.")
    inner = fields.number("n_inner", 4 * width)
    norm = weights.layer_norm("ln_1", width, fields.real("layer_norm_epsilon", 1e-5))
    output = at.linear("out_proj", width, width, False)
    scale = (width // n_heads) ** -0.5
    return SideBySideBlock(
        norm,
        Attention(*_projections(at, fields, width, n_heads), output, n_heads, n_heads, scale),
        norm,
        FeedForward(
            weights.linear("mlp.fc_in", width, inner),
            weights.linear("mlp.fc_out", inner, width),
            fields.activation("activation_function", "gelu_new"),
        ),
    )


def _projections(
    weights: Weights, fields: Fields, width: int, n_heads: int
) -> tuple[Linear, Linear, Linear]:
    if not weights.has("qkv_proj.weight"):
        query, key, value = (
            weights.linear(n, width, width, False) for n in ("q_proj", "k_proj", "v_proj")
        )
        return query, key, value
    if n_heads % SHARDS:
        raise fields.wrong("n_head", n_heads, f"a multiple of {SHARDS}")
    fused = np.asarray(weights.linear("qkv_proj", width, 3 * width, False).weight)
    shards = fused.reshape(SHARDS, 3, -1, width)  # (shards, query value key, features, width)
    query, value, key = (
        Linear(np.ascontiguousarray(shards[:, i]).reshape(width, width)) for i in range(3)
    )
    return query, key, value
