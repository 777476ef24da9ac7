"""Attention whose keys and values are made of one short vector a token (multi-head latent
attention, arXiv 2405.04434, section 2.1)."""

from __future__ import annotations

import math

import numpy as np

from attnviz.attention.rules import Rule
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Floats, Linear, Norm, merge_heads, split_heads
from attnviz.models.model import TEXT, Layout
from attnviz.models.network.attention import LayerDoor
from attnviz.threads import by_tokens

EPS = 1e-6  # of the norms of the short vectors, whatever the config says of the others


@dataclass(frozen=True)
class LatentAttention:
    """Each token's short vector is normed and widened to the keys and values of all heads; beside
    it stands one part that is rotated, the same in the key of every head.

    shorten: (rank + rotated, width). widen: (heads × (plain + value_dim), rank). query: (heads ×
    (plain + rotated), width or the rank of `query_shorten`). plain: features of a key that are not
    rotated.
    """

    query: Linear
    shorten: Linear
    norm: Norm
    widen: Linear
    output: Linear
    n_heads: int
    plain: int
    scale: float
    query_shorten: Linear | None = None
    query_norm: Norm | None = None

    def layout(self, masks: tuple[Rule, ...], queries: str = TEXT, keys: str = TEXT) -> Layout:
        """Describe the stack whose layers all have heads like these."""
        head_dim = len(self.query.weight) // self.n_heads
        return Layout(self.n_heads, self.n_heads, head_dim, masks, queries, keys)

    def __call__(self, door: LayerDoor, x: Floats, norm: Norm | None = None) -> Floats:
        """(tokens, width) → (tokens, heads × value_dim), before `output`"""
        query, widened, turned = by_tokens(
            lambda part: self._project(part if norm is None else norm(part)), x
        )
        query = split_heads(query, self.n_heads)  # (heads, tokens, plain + rotated)
        both = split_heads(widened, self.n_heads)  # (heads, tokens, plain + value_dim)
        plain = self.plain
        own, value = both[..., :plain], np.ascontiguousarray(both[..., plain:])
        same = np.broadcast_to(door.rotate(turned[None]), (*own.shape[:2], turned.shape[1]))
        query = np.concatenate([query[..., :plain], door.rotate(query[..., plain:])], axis=2)
        key = np.concatenate([own, same], axis=2)
        return merge_heads(door(query, key, value, scale=self.scale, w_output=self.output.weight.T))

    def _project(self, x: Floats) -> tuple[Floats, Floats, Floats]:
        """(tokens, width) → queries, keys and values of all heads, and what is to be rotated."""
        asking = x
        if self.query_shorten is not None and self.query_norm is not None:
            asking = self.query_norm(self.query_shorten(x))
        short = self.shorten(x)  # (tokens, rank + rotated)
        rank = self.widen.weight.shape[1]
        return self.query(asking), self.widen(self.norm(short[:, :rank])), short[:, rank:]


def read_latent(weights: Weights, fields: Fields, width: int, n_heads: int) -> LatentAttention:
    """Read the attention of one layer. Raises AttnvizError for a config that is not understood."""
    plain, turned = fields.number("qk_nope_head_dim"), fields.number("qk_rope_head_dim")
    rank, value_dim = fields.number("kv_lora_rank"), fields.number("v_head_dim")
    fields.only("qk_head_dim", None, plain + turned)
    fields.only("num_key_value_heads", n_heads)
    bias, short = fields.flag("attention_bias"), fields.or_none("q_lora_rank", None)
    shorten = norm = None
    if short is not None:
        short = fields.number("q_lora_rank")
        shorten = weights.linear("q_a_proj", width, short, bias)
        norm = weights.rms_norm("q_a_layernorm", short, EPS)
    query = "q_proj" if short is None else "q_b_proj"
    return LatentAttention(
        weights.linear(query, short or width, n_heads * (plain + turned), False),
        weights.linear("kv_a_proj_with_mqa", width, rank + turned, bias),
        weights.rms_norm("kv_a_layernorm", rank, EPS),
        weights.linear("kv_b_proj", rank, n_heads * (plain + value_dim), False),
        weights.linear("o_proj", n_heads * value_dim, width, bias),
        n_heads,
        plain,
        _stretched(fields) / math.sqrt(plain + turned),
        shorten,
        norm,
    )


def _stretched(fields: Fields) -> float:
    """What scores are multiplied by where the rotation is stretched (YaRN, arXiv 2309.00071)."""
    found = fields.get("rope_parameters", fields.get("rope_scaling", {}))
    if not isinstance(found, dict) or found.get("rope_type", found.get("type")) == "default":
        return 1.0
    factor, weight = found.get("factor", 1), found.get("mscale_all_dim", 0)
    if not isinstance(factor, int | float) or not isinstance(weight, int | float):
        raise fields.wrong("rope_parameters", found, "whole")
    growth = 1.0 if factor <= 1 or not weight else 0.1 * weight * math.log(factor) + 1.0
    return growth * growth
