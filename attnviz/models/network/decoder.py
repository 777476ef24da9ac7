"""How Llama's relatives are put together: layers with root-mean-square norms and rotated heads.

They differ in where norms stand, which layers are rotated and how, in windows, biases, constants,
and in which projections are stored as one. A family names its choices as `Traits`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Linear, Norm
from attnviz.models.network.attention import EACH, WHOLE, Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.latent import read_latent
from attnviz.models.network.layer_masks import FULL, SLIDING, layer_kinds, layer_masks
from attnviz.models.network.mixture import Mixture, is_mixed, read_experts
from attnviz.models.network.rope import Rope, read_rope
from attnviz.models.network.tower import Tower

BEFORE, AFTER, AROUND = (
    ("input_layernorm", "", "post_attention_layernorm", ""),
    ("", "post_attention_layernorm", "", "post_feedforward_layernorm"),
    ("input_layernorm", "post_self_attn_layernorm", "post_attention_layernorm",
     "post_mlp_layernorm"),
)  # fmt: skip
GRANITE, MINI_CPM = "granite", "minicpm"  # whose names constants have
HEAD_NORMS = ("q_norm", "k_norm")
UNTURNED = "unturned"  # the kind of layers that know no positions


@dataclass(frozen=True)
class Traits:
    """How one model_type differs from Llama.

    norms: names of those before and after attention, before and after the feed-forward part;
    layer_norms: they are layer norms. head_norms: names of those of queries and of keys;
    head_norm_place: where they apply; head_norm_field: what says whether there are any.
    input_bias, output_bias, feed_bias: the field that says whether there are any, or whether.
    windows: which layers have one ("none", "all", "asked", "listed",
    "late", "beyond", "even", "in turn", "mostly", "unturned"). unturned: which layers are
    not rotated ("none", "listed", "full"). pairs: neighbours are rotated together. gated: whether
    the feed-forward part has a gate. both_ways: all tokens see one another. constants: whose names
    the config has for what embeddings, sums and scores are multiplied by. latent: keys and values
    are made of one short vector. sinks: each head has a learned sink. theta, partial: the usual
    rotation. by_kind: full layers and layers with a window have rotations of their own.
    fixed_base: `alpha` stretches the rotation once for all lengths. mixture: experts in place of
    one feed-forward part.
    """

    input_bias: str | bool = False
    output_bias: str | bool = False
    feed_bias: str | bool = False
    norms: tuple[str, str, str, str] = BEFORE
    head_norms: tuple[str, str] | None = None
    head_norm_place: str = EACH
    head_norm_field: str = ""
    layer_norms: bool = False
    windows: str = "none"
    unturned: str = "none"
    pairs: bool = False
    gated: bool = True
    both_ways: bool = False
    constants: str = ""
    latent: bool = False
    sinks: bool = False
    eps: float = 1e-6
    theta: float = 10000.0
    partial: float | None = None
    whole: int = 2048
    original: int | None = None
    activation: str = "silu"
    by_kind: bool = False
    fixed_base: bool = False
    mixture: Mixture | None = None


@dataclass(frozen=True)
class Sizes:
    """What a layer is measured by, and the constants of its sums and scores."""

    width: int
    inner: int
    n_heads: int
    n_key_heads: int
    head_dim: int
    eps: float
    scale: float
    strength: float


def build_decoder(fields: Fields, weights: Weights, traits: Traits) -> Tower:
    """Read all layers. Raises AttnvizError for a config that is not understood."""
    both_ways = traits.both_ways or not fields.flag("is_causal", True)
    sizes = _sizes(fields, traits)
    n_layers = fields.number("num_hidden_layers", 32)
    unturned = _listed_unturned(fields, n_layers) if traits.unturned == "listed" else ()
    window, kinds = _windows(fields, traits, n_layers, unturned)
    at = [weights.under(f"layers.{i}.") for i in range(n_layers)]
    words = weights.embedding("embed_tokens", fields.number("vocab_size", 32000), sizes.width)
    return Tower(
        Embeddings(words, strength=_embedding_strength(fields, traits)),
        tuple(_block(one, fields, sizes, traits, i) for i, one in enumerate(at)),
        layer_masks(fields, kinds, window, both_ways=both_ways),
        _norm(weights, "norm", sizes, traits),
        _ropes(fields, traits, sizes.head_dim),
        _turns(traits, kinds, window, unturned),
    )


def _sizes(fields: Fields, traits: Traits) -> Sizes:
    width, n_heads = fields.number("hidden_size", 4096), fields.number("num_attention_heads", 32)
    n_key_heads = fields.number("num_key_value_heads", n_heads)
    if n_heads % n_key_heads:
        raise fields.wrong("num_key_value_heads", n_key_heads, f"a divisor of {n_heads}")
    head_dim, scale, strength = fields.number("head_dim", width // n_heads), None, 1.0
    if traits.constants == GRANITE:
        scale = fields.real("attention_multiplier", 1.0)
        strength = fields.real("residual_multiplier", 1.0)
        fields.get("logits_scaling")  # of the prediction head
    if traits.constants == MINI_CPM:
        strength = fields.real("scale_depth", 1.4) / fields.number("num_hidden_layers") ** 0.5
        fields.get("dim_model_base")  # of the prediction head
    if traits.latent:
        head_dim = fields.number("qk_rope_head_dim")  # the part that is rotated
    return Sizes(
        width, fields.number("intermediate_size", 11008), n_heads, n_key_heads, head_dim,
        fields.real("rms_norm_eps", traits.eps), scale or head_dim**-0.5, strength,
    )  # fmt: skip


def _embedding_strength(fields: Fields, traits: Traits) -> float:
    if not traits.constants:
        return 1.0
    return fields.real("embedding_multiplier" if traits.constants == GRANITE else "scale_emb", 1.0)


# Positions


def _ropes(fields: Fields, traits: Traits, head_dim: int) -> dict[str, Rope]:
    if traits.by_kind:
        full = read_rope(fields, head_dim, kind=FULL, theta=traits.theta)
        near = read_rope(fields, head_dim, kind=SLIDING, theta=traits.theta, scaled=False)
        return {FULL: full, SLIDING: near}
    if traits.partial is None:  # whole heads are rotated whatever the field says
        fields.only("partial_rotary_factor", 1.0)
    rope = read_rope(
        fields, head_dim, theta=traits.theta, partial=traits.partial or 1.0, whole=traits.whole,
        original=traits.original, fixed_base=traits.fixed_base,
    )  # fmt: skip
    pairs = traits.pairs and fields.flag("rope_interleave", True)
    return {"": replace(rope, pairs=pairs)}


def _turns(
    traits: Traits, kinds: Sequence[str], window: int | None, unturned: Sequence[int]
) -> tuple[str, ...]:
    """Return which rotation each layer has."""
    if traits.by_kind:
        return tuple(kinds)
    if traits.unturned == "full" and window is not None:
        return tuple("" if kind == SLIDING else UNTURNED for kind in kinds)
    return tuple(UNTURNED if i in unturned else "" for i in range(len(kinds)))


def _listed_unturned(fields: Fields, n_layers: int) -> tuple[int, ...]:
    """Read which layers are not rotated: the zeros of a list, or one in so many."""
    every = fields.number("no_rope_layer_interval", 4)
    listed = fields.get("no_rope_layers", [(i + 1) % every != 0 for i in range(n_layers)])
    if not isinstance(listed, list) or len(listed) < n_layers or set(listed) - {0, 1}:
        raise fields.wrong("no_rope_layers", listed, f"a list of {n_layers}, each 0 or 1")
    return tuple(i for i in range(n_layers) if not listed[i])


def _windows(
    fields: Fields, traits: Traits, n_layers: int, unturned: Sequence[int]
) -> tuple[int | None, list[str]]:
    """Read the window, and which layers have it."""
    if traits.windows == "none":
        return None, [FULL] * n_layers
    window = fields.or_none("sliding_window", None)
    asked = traits.windows not in ("late", "even", "asked") or fields.flag("use_sliding_window")
    window = window if asked else None
    if traits.windows in ("all", "asked"):
        return window, [FULL if window is None else SLIDING] * n_layers
    usual = [FULL] * n_layers
    for unread in ("max_window_layers", "sliding_window_pattern", "use_sliding_window"):
        fields.get(unread)  # they say nothing where there is no window, or layers are listed
    if window is not None:
        near = _near(fields, traits, n_layers, unturned)
        usual = [SLIDING if i in near else FULL for i in range(n_layers)]
    return window, layer_kinds(fields, n_layers, usual)


def _near(fields: Fields, traits: Traits, n_layers: int, unturned: Sequence[int]) -> Sequence[int]:
    """Return the layers that have a window where the config does not list them."""
    if traits.windows == "in turn":
        return range(0, n_layers, 2)
    if traits.windows == "mostly":
        every = fields.number("sliding_window_pattern", 4)
        return [i for i in range(n_layers) if (i + 1) % every]
    if traits.windows == "unturned":
        return unturned if fields.flag("use_sliding_window") else ()
    edge = fields.number("max_window_layers", 28, 0)
    if traits.windows == "even":
        return range(0, min(edge, n_layers), 2)
    return range(edge if traits.windows in ("late", "beyond") else 0, n_layers)


# Layers


def _block(
    weights: Weights, fields: Fields, sizes: Sizes, traits: Traits, layer: int
) -> PreNormBlock:
    def norm(name: str) -> Norm | None:
        return _norm(weights, name, sizes, traits) if name else None

    before, after, before_feed, after_feed = (norm(name) for name in traits.norms)
    return PreNormBlock(
        before,
        read_latent(weights.under("self_attn."), fields, sizes.width, sizes.n_heads)
        if traits.latent
        else _attention(weights.under("self_attn."), fields, sizes, traits),
        before_feed,
        read_experts(weights, fields, traits.mixture, sizes.width, sizes.inner, traits.activation)
        if traits.mixture is not None and is_mixed(fields, traits.mixture, layer)
        else _feed_forward(weights.under("mlp."), fields, sizes, traits),
        after,
        after_feed,
        strength=sizes.strength,
    )


def _norm(weights: Weights, name: str, sizes: Sizes, traits: Traits) -> Norm:
    read = weights.layer_norm if traits.layer_norms else weights.rms_norm
    return read(name, sizes.width, sizes.eps)


def _has(fields: Fields, bias: str | bool) -> bool:
    return fields.flag(bias) if isinstance(bias, str) else bias


def _attention(weights: Weights, fields: Fields, sizes: Sizes, traits: Traits) -> Attention:
    queries, keys = sizes.n_heads * sizes.head_dim, sizes.n_key_heads * sizes.head_dim
    query, key, value = _projections(
        weights, sizes.width, queries, keys, _has(fields, traits.input_bias)
    )
    norms: tuple[Norm | None, Norm | None] = (None, None)
    asked = not traits.head_norm_field or fields.flag(traits.head_norm_field)
    if traits.head_norms is not None and asked:
        wide = (sizes.head_dim,) * 2 if traits.head_norm_place != WHOLE else (queries, keys)
        first, second = traits.head_norms
        norms = (
            weights.rms_norm(first, wide[0], sizes.eps),
            weights.rms_norm(second, wide[1], sizes.eps),
        )
    output = weights.linear("o_proj", queries, sizes.width, _has(fields, traits.output_bias))
    return Attention(
        query, key, value, output, sizes.n_heads, sizes.n_key_heads, sizes.scale, None, *norms,
        traits.head_norm_place, weights.take("sinks", sizes.n_heads) if traits.sinks else None,
    )  # fmt: skip


def _projections(
    weights: Weights, width: int, queries: int, keys: int, bias: bool
) -> tuple[Linear, Linear, Linear]:
    """Apart, or stored as one with queries, keys and values below one another (Phi 3)."""
    if weights.has("qkv_proj.weight"):
        fused = weights.linear("qkv_proj", width, queries + 2 * keys, bias)
        ends = (0, queries, queries + keys, queries + 2 * keys)
        return fused.rows(*ends[0:2]), fused.rows(*ends[1:3]), fused.rows(*ends[2:4])
    return (
        weights.linear("q_proj", width, queries, bias),
        weights.linear("k_proj", width, keys, bias),
        weights.linear("v_proj", width, keys, bias),
    )


def _feed_forward(weights: Weights, fields: Fields, sizes: Sizes, traits: Traits) -> FeedForward:
    inner, width, bias = sizes.inner, sizes.width, _has(fields, traits.feed_bias)
    gate = None
    if weights.has("gate_up_proj.weight"):
        fused = weights.linear("gate_up_proj", width, 2 * inner, bias)
        gate, up = fused.rows(0, inner), fused.rows(inner, 2 * inner)
    else:
        up = weights.linear("up_proj", width, inner, bias)
        if traits.gated:
            gate = weights.linear("gate_proj", width, inner, bias)
    down = weights.linear("down_proj", inner, width, bias)
    return FeedForward(up, down, fields.activation("hidden_act", traits.activation), gate)
