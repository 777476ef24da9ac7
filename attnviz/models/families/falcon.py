"""Falcon (arXiv 2311.16867): one projection for queries, keys and values, few keys for many heads;
rotated, or with distances by ALiBi (2108.12409), which are added once, as the model was trained and
as transformers' fused attention has it; its eager attention adds them twice."""

from __future__ import annotations

from attnviz.attention.masks import causal
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import LayerNorm
from attnviz.models.network.attention import InterleavedAttention
from attnviz.models.network.blocks import FeedForward, PreNormBlock, SideBySideBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.rope import read_rope
from attnviz.models.network.slopes import Slopes, rounded_slopes
from attnviz.models.network.tower import Tower

ANCHOR = "word_embeddings.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    width = fields.number("hidden_size", fields.get("n_embed"))
    n_heads = heads_of(fields, "hidden_size", "num_attention_heads", width, 71)
    n_layers, alibi = fields.number("num_hidden_layers", 32), fields.flag("alibi")
    rope = read_rope(fields, width // n_heads)
    words = weights.embedding("word_embeddings", fields.number("vocab_size", 65024), width)
    return Tower(
        Embeddings(words),
        tuple(_block(weights.under(f"h.{i}."), fields, width, n_heads) for i in range(n_layers)),
        (causal(),) * n_layers,
        _norm(weights, fields, width, "ln_f"),
        {} if alibi else {"": rope},
        () if alibi else ("",) * n_layers,
        (Slopes(rounded_slopes(n_heads), (width // n_heads) ** -0.5),) if alibi else (),
    )


def _norm(weights: Weights, fields: Fields, width: int, name: str) -> LayerNorm:
    return weights.layer_norm(name, width, fields.real("layer_norm_epsilon", 1e-5))


def _block(weights: Weights, fields: Fields, width: int, n_heads: int) -> PreNormBlock:
    inner, bias = fields.number("ffn_hidden_size", 4 * width), fields.flag("bias")
    attention = _attention(weights.under("self_attention."), fields, width, n_heads)
    feed = FeedForward(
        weights.linear("mlp.dense_h_to_4h", width, inner, bias),
        weights.linear("mlp.dense_4h_to_h", inner, width, bias),
        fields.activation("activation", "gelu"),
    )
    beside = fields.flag("parallel_attn", True)
    usual = 2 if fields.flag("new_decoder_architecture") else 1
    two = fields.number("num_ln_in_parallel_attn", usual) == 2
    names = ("ln_attn", "ln_mlp") if beside and two else ("input_layernorm",)
    if not beside:
        names = ("input_layernorm", "post_attention_layernorm")
    norms = [_norm(weights, fields, width, name) for name in names]
    return (SideBySideBlock if beside else PreNormBlock)(norms[0], attention, norms[-1], feed)


def _attention(weights: Weights, fields: Fields, width: int, n_heads: int) -> InterleavedAttention:
    """Newer models keep the queries of each key head together; older ones have one key head for
    all, or one for each."""
    n_key_heads = 1 if fields.flag("multi_query", True) else n_heads
    listed = fields.number("num_kv_heads", n_heads)
    if fields.flag("new_decoder_architecture"):
        n_key_heads = listed
    if n_heads % n_key_heads:
        raise fields.wrong("num_kv_heads", n_key_heads, f"a divisor of {n_heads}")
    n_out = (n_heads + 2 * n_key_heads) * (width // n_heads)
    bias = fields.flag("bias")
    return InterleavedAttention(
        weights.linear("query_key_value", width, n_out, bias),
        weights.linear("dense", width, width, bias),
        n_heads, n_key_heads,
    )  # fmt: skip
