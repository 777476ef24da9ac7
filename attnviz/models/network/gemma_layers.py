"""What layers of Gemma and its relatives are made of: norms of 1 + weight, gated feed-forward parts
with a tanh gelu, and heads whose scores may be capped and whose queries and keys may be normed."""

from __future__ import annotations

from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import RMSNorm
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward


@dataclass(frozen=True)
class GemmaHeads:
    """The heads of a layer, and how their scores are made. normed: queries and keys are."""

    n_heads: int
    n_key_heads: int
    head_dim: int
    scale: float
    softcap: float | None = None
    bias: bool = False
    normed: bool = False
    eps: float = 1e-6


def read_heads(fields: Fields) -> GemmaHeads:
    """Read how many heads there are and how wide; AttnvizError where keys cannot be shared."""
    n_heads, head_dim = fields.number("num_attention_heads", 8), fields.number("head_dim", 256)
    n_key_heads = fields.number("num_key_value_heads", 4)
    if n_heads % n_key_heads:
        raise fields.wrong("num_key_value_heads", n_key_heads, f"a divisor of {n_heads}")
    return GemmaHeads(
        n_heads, n_key_heads, head_dim, head_dim**-0.5, bias=fields.flag("attention_bias"),
        eps=fields.real("rms_norm_eps", 1e-6),
    )  # fmt: skip


def read_softcap(fields: Fields) -> float | None:
    """Read what scores are capped at, if they are."""
    if fields.or_none("attn_logit_softcapping", 50.0) is None:
        return None
    return fields.real("attn_logit_softcapping", 50.0)


def gemma_attention(
    weights: Weights, heads: GemmaHeads, width: int, source: int | None = None
) -> Attention:
    """Read the projections of a layer. source: how wide what it looks at is, where that is not
    its own input."""
    queries, keys = heads.n_heads * heads.head_dim, heads.n_key_heads * heads.head_dim

    def norm(name: str) -> RMSNorm | None:
        return weights.rms_norm(name, heads.head_dim, heads.eps, 1.0) if heads.normed else None

    return Attention(
        weights.linear("q_proj", width, queries, heads.bias),
        weights.linear("k_proj", source or width, keys, heads.bias),
        weights.linear("v_proj", source or width, keys, heads.bias),
        weights.linear("o_proj", queries, width, heads.bias),
        heads.n_heads,
        heads.n_key_heads,
        heads.scale,
        heads.softcap,
        norm("q_norm"),
        norm("k_norm"),
    )


def gemma_feed_forward(
    weights: Weights, fields: Fields, width: int, inner: int, field: str = "hidden_activation"
) -> FeedForward:
    """Read a gated feed-forward part. field: what names its activation."""
    return FeedForward(
        weights.linear("up_proj", width, inner, False),
        weights.linear("down_proj", inner, width, False),
        fields.activation(field, "gelu_pytorch_tanh"),
        weights.linear("gate_proj", width, inner, False),
    )
