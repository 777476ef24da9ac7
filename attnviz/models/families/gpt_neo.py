"""GPT-Neo (Black et al. 2021), TinyStories: GPT-2 with windows in some layers, scores unscaled."""

from __future__ import annotations

from attnviz.attention.masks import causal, sliding
from attnviz.attention.rules import Rule
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.embeddings import Embeddings, LearnedPositions
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.tower import Tower

ANCHOR = "wte.weight"


def build(fields: Fields, weights: Weights) -> Tower:
    fields.only("is_causal", True)
    width, n_layers = fields.number("hidden_size", 2048), fields.number("num_layers", 24)
    positions = weights.embedding("wpe", fields.number("max_position_embeddings", 2048), width)
    return Tower(
        Embeddings(
            weights.embedding("wte", fields.number("vocab_size", 50257), width),
            LearnedPositions(positions),
        ),
        tuple(_block(weights.under(f"h.{i}."), fields) for i in range(n_layers)),
        _masks(fields, n_layers),
        weights.layer_norm("ln_f", width, fields.real("layer_norm_epsilon", 1e-5)),
    )


def _masks(fields: Fields, n_layers: int) -> tuple[Rule, ...]:
    """[[["global", "local"], 12]] is twelve times a full layer and one with a window."""
    groups = fields.get("attention_types", [[["global", "local"], 12]])
    try:
        written_out = [
            kind for kinds, times in groups for _ in range(min(times, n_layers)) for kind in kinds
        ]
    except (TypeError, ValueError) as error:
        raise fields.wrong("attention_types", groups, "[[[kinds], times], …]") from error
    kinds = fields.get("attention_layers", written_out)
    listed = isinstance(kinds, list) and len(kinds) == n_layers
    if not listed or not all(kind in ("global", "local") for kind in kinds):
        said = "attention_layers" if fields.get("attention_layers") else "attention_types"
        raise fields.wrong(said, kinds, f"global or local for {n_layers} layers")
    window = sliding(fields.number("window_size", 256))
    return tuple(window if kind == "local" else causal() for kind in kinds)


def _block(weights: Weights, fields: Fields) -> PreNormBlock:
    width, eps = fields.number("hidden_size", 2048), fields.real("layer_norm_epsilon", 1e-5)
    n_heads = heads_of(fields, "hidden_size", "num_heads", 2048, 16)
    inner = fields.number("intermediate_size", 4 * width)
    at = weights.under("attn.attention.")
    query, key, value = (at.linear(n, width, width, False) for n in ("q_proj", "k_proj", "v_proj"))
    output = at.linear("out_proj", width, width)
    return PreNormBlock(
        weights.layer_norm("ln_1", width, eps),
        Attention(query, key, value, output, n_heads, n_heads, 1.0),
        weights.layer_norm("ln_2", width, eps),
        FeedForward(
            weights.linear("mlp.c_fc", width, inner),
            weights.linear("mlp.c_proj", inner, width),
            fields.activation("activation_function", "gelu_new"),
        ),
    )
