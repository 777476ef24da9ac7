"""Nomic BERT (arXiv 2402.01613) and Jina embeddings v3 (2409.10173): BERT with rotated heads.

Their files have the names of transformers' classes, or those of the authors' own code, which
transformers also writes.
"""

from __future__ import annotations

from attnviz.attention.masks import full
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Activation, Linear
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PostNormBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.rope import read_rope
from attnviz.models.network.tower import Tower

ANCHOR = "embeddings.word_embeddings.weight"


@dataclass(frozen=True)
class Names:
    """Where a file keeps the parts. fused: queries, keys and values in one map. feed: up, down and
    gate."""

    layers: str
    first_norm: str
    attention: str
    fused: str
    output: str
    norms: tuple[str, str]
    feed: tuple[str, str, str]


OWN = Names(
    "layers", "embeddings.LayerNorm", "self_attn.", "", "o_proj",
    ("post_attention_layernorm", "post_mlp_layernorm"),
    ("mlp.up_proj", "mlp.down_proj", "mlp.gate_proj"),
)  # fmt: skip
AUTHORS = Names(
    "encoder.layers", "emb_ln", "attn.", "Wqkv", "out_proj", ("norm1", "norm2"),
    ("mlp.fc11", "mlp.fc2", "mlp.fc12"),
)  # fmt: skip
JINA = ("mlp.fc1", "mlp.fc2", "")


@dataclass(frozen=True)
class Sizes:
    """What a layer is measured by; bias: whether its maps have biases; gated: whether the
    feed-forward part has a gate."""

    width: int
    n_heads: int
    inner: int
    eps: float
    activation: Activation
    bias: bool


def build(fields: Fields, weights: Weights) -> Tower:
    jina = fields.get("model_type") == "jina_embeddings_v3"
    sizes = _sizes(fields, jina)
    names = OWN if weights.has(f"{OWN.first_norm}.weight") else AUTHORS
    n_layers = fields.number("n_layer", fields.number("num_hidden_layers", 12))
    kinds = fields.number("type_vocab_size", 2, 0)
    words = weights.embedding(
        "embeddings.word_embeddings", fields.number("vocab_size"), sizes.width
    )
    segments = (
        weights.embedding("embeddings.token_type_embeddings", kinds, sizes.width) if kinds else None
    )
    norm = weights.layer_norm(names.first_norm, sizes.width, sizes.eps)
    rope = read_rope(
        fields, sizes.width // sizes.n_heads, theta=20000.0 if jina else 1000.0,
        theta_field="rotary_emb_base" if fields.get("rotary_emb_base") else "rope_theta",
    )  # fmt: skip
    at = [weights.under(f"{names.layers}.{i}.") for i in range(n_layers)]
    return Tower(
        Embeddings(words, segments=segments, norm=norm),
        tuple(_block(one, names, sizes, jina) for one in at),
        (full(),) * n_layers,
        ropes={"": rope},
        kinds=("",) * n_layers,
    )


def _sizes(fields: Fields, jina: bool) -> Sizes:
    """Read the fields of transformers' class, or those of the authors' code."""
    for name, value in (
        ("causal", False), ("prenorm", False), ("parallel_block", False), ("use_rms_norm", False),
        ("rotary_emb_interleaved", False), ("rotary_emb_fraction", 1.0), ("qkv_proj_bias", False),
        ("mlp_fc1_bias", False), ("mlp_fc2_bias", False), ("scale_attn_weights", True),
        ("rotary_emb_scale_base", None), ("rotary_scaling_factor", None),
        ("activation_function", "swiglu"),
    ):  # fmt: skip
        fields.only(name, value)
    width = fields.number("n_embd", fields.number("hidden_size", 768))
    n_heads = fields.number("n_head", fields.number("num_attention_heads", 12))
    if width % n_heads:
        raise fields.wrong("num_attention_heads", n_heads, f"a divisor of {width}")
    fields.only("head_dim", width // n_heads)
    return Sizes(
        width, n_heads, fields.number("n_inner", fields.number("intermediate_size", 3072)),
        fields.real("layer_norm_epsilon", fields.real("layer_norm_eps", 1e-12)),
        fields.activation("hidden_act", "gelu" if jina else "silu"), jina,
    )  # fmt: skip


def _block(weights: Weights, names: Names, sizes: Sizes, jina: bool) -> PostNormBlock:
    width, inner = sizes.width, sizes.inner
    up, down, gate = JINA if jina else names.feed
    return PostNormBlock(
        _attention(weights, names, sizes),
        weights.layer_norm(names.norms[0], width, sizes.eps),
        FeedForward(
            weights.linear(up, width, inner, sizes.bias),
            weights.linear(down, inner, width, sizes.bias),
            sizes.activation,
            weights.linear(gate, width, inner, sizes.bias) if gate else None,
        ),
        weights.layer_norm(names.norms[1], width, sizes.eps),
    )


def _attention(weights: Weights, names: Names, sizes: Sizes) -> Attention:
    width, n_heads, bias = sizes.width, sizes.n_heads, sizes.bias
    at = weights.under("mixer." if weights.has("mixer.Wqkv.weight") else names.attention)
    parts: tuple[Linear, ...]
    if names.fused:
        fused = at.linear(names.fused, width, 3 * width, bias)
        parts = tuple(fused.rows(i * width, (i + 1) * width) for i in range(3))
    else:
        parts = tuple(at.linear(f"{name}_proj", width, width, bias) for name in "qkv")
    query, key, value = parts
    output = at.linear(names.output, width, width, bias)
    return Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5)
