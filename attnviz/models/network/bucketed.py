"""How T5's relatives are put together: unscaled scores, and a bias for each bucket of distances.

Cross-attention has none. Families differ in names, in which layers have a table of biases, and in
their feed-forward parts.
"""

from __future__ import annotations

from collections.abc import Callable

from attnviz.attention.masks import causal, full, local
from attnviz.attention.rules import Rule
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import ACTIVATIONS, Activation
from attnviz.models.model import SOURCE, TEXT
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import AnyFeedForward, CrowdedBlock, FeedForward, PreNormBlock
from attnviz.models.network.embeddings import DistanceBias, Embeddings
from attnviz.models.network.experts import Experts
from attnviz.models.network.tower import Tower

# (tensors of the part, the layer's number, whether in a decoder) → the feed-forward part
ReadFeed = Callable[[Weights, int, bool], AnyFeedForward]


@dataclass(frozen=True)
class Kin:
    """How one model_type differs from the others.

    each_table: each layer has a table of biases, else the first one's serves all. gated:
    feed-forward parts have a gate unless the config says. feed: where a layer keeps them. inside:
    what the encoder's own attention is called. reach: the field of how far its tokens see each way,
    "" where they see all.
    """

    each_table: bool = False
    gated: bool = True
    feed: str = "DenseReluDense."
    inside: str = "SelfAttention"
    reach: str = ""


def bucketed_tower(
    weights: Weights, fields: Fields, kin: Kin, name: str, n_layers: int, read_feed: ReadFeed
) -> Tower:
    """Read the "encoder" or the "decoder". Raises AttnvizError for a config that is not
    understood."""
    at = weights.under(f"{name}.")
    own_words, crossing = at.has("embed_tokens.weight"), name == "decoder"
    words = (at if own_words else weights).embedding(
        "embed_tokens" if own_words else "shared",
        fields.number("vocab_size", 32128),
        _width(fields),
    )
    return Tower(
        Embeddings(words),
        tuple(
            _block(at.under(f"block.{i}."), fields, kin, crossing, i, read_feed)
            for i in range(n_layers)
        ),
        (causal() if crossing else _around(fields, kin),) * n_layers,
        at.rms_norm("final_layer_norm", _width(fields), _eps(fields)),
        distances=_distances(at, fields, kin, n_layers if kin.each_table else 1, crossing),
        stack=name,
        role=TEXT if crossing else SOURCE,
    )  # fmt: skip


def _width(fields: Fields) -> int:
    return fields.number("d_model", 512)


def _eps(fields: Fields) -> float:
    return fields.real("layer_norm_epsilon", 1e-6)


def _inside(kin: Kin, crossing: bool) -> str:
    return "SelfAttention" if crossing else kin.inside


def _around(fields: Fields, kin: Kin) -> Rule:
    return local(fields.number(kin.reach, 127)) if kin.reach else full()


def _distances(
    weights: Weights, fields: Fields, kin: Kin, n_tables: int, crossing: bool
) -> tuple[DistanceBias, ...]:
    n_buckets = fields.number("relative_attention_num_buckets", 32)
    furthest = fields.number("relative_attention_max_distance", 128)
    if n_buckets < 4 or furthest <= n_buckets // 2:
        raise fields.wrong(
            "relative_attention_max_distance", furthest, "more than half the buckets"
        )
    inside, n_heads = _inside(kin, crossing), fields.number("num_heads", 8)
    tables = (
        weights.embedding(f"block.{i}.layer.0.{inside}.relative_attention_bias", n_buckets, n_heads)
        for i in range(n_tables)
    )
    return tuple(DistanceBias(one, n_buckets, furthest, both_ways=not crossing) for one in tables)


def _block(
    weights: Weights, fields: Fields, kin: Kin, crossing: bool, layer: int, read_feed: ReadFeed
) -> PreNormBlock:
    width, eps = _width(fields), _eps(fields)
    last = weights.under(f"layer.{2 if crossing else 1}.")
    feed_forward = read_feed(last.under(kin.feed), layer, crossing)
    crowded = isinstance(feed_forward, Experts) and feed_forward.crowded
    return (CrowdedBlock if crowded else PreNormBlock)(
        weights.rms_norm("layer.0.layer_norm", width, eps),
        _attention(weights.under(f"layer.0.{_inside(kin, crossing)}."), fields),
        last.rms_norm("layer_norm", width, eps),
        feed_forward,
        cross_norm=weights.rms_norm("layer.1.layer_norm", width, eps) if crossing else None,
        cross=_attention(weights.under("layer.1.EncDecAttention."), fields) if crossing else None,
    )


def _attention(weights: Weights, fields: Fields) -> Attention:
    width, n_heads = _width(fields), fields.number("num_heads", 8)
    inner = n_heads * fields.number("d_kv", 64)
    query, key, value = (weights.linear(name, width, inner, False) for name in "qkv")
    output = weights.linear("o", inner, width, False)
    return Attention(query, key, value, output, n_heads, n_heads, 1.0)


def feed_forward(
    weights: Weights, fields: Fields, activation: Activation, gated: bool
) -> FeedForward:
    """Read a feed-forward part without biases, of one map or of two with a gate."""
    width, inner = _width(fields), fields.number("d_ff", 2048)
    down = weights.linear("wo", inner, width, False)
    if not gated:
        return FeedForward(weights.linear("wi", width, inner, False), down, activation)
    gate, up = (weights.linear(part, width, inner, False) for part in ("wi_0", "wi_1"))
    return FeedForward(up, down, activation, gate)


def said_activation(fields: Fields, usual: str) -> tuple[Activation, bool]:
    """Return the activation that `feed_forward_proj` names, and whether there is a gate.

    The releases that say "gated-gelu" were trained with its tanh form; the two derived fields say
    the same again, and are believed where they are there.
    """
    name = str(fields.get("feed_forward_proj", usual))
    gated = name.startswith("gated-")
    derived = "gelu_new" if name == "gated-gelu" else name.removeprefix("gated-")
    gated, derived = fields.flag("is_gated_act", gated), fields.get("dense_act_fn", derived)
    if not isinstance(derived, str) or derived not in ACTIVATIONS:
        said = "dense_act_fn" if fields.get("dense_act_fn") else "feed_forward_proj"
        raise fields.wrong(
            said, fields.get(said, name), f"{', '.join(ACTIVATIONS)}, or gated- and one"
        )
    return ACTIVATIONS[derived], gated
