"""Where Gemma 4 keeps the experts that stand beside a plain feed-forward part."""

from __future__ import annotations

import numpy as np

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Linear, RMSNorm
from attnviz.models.network.blocks import FeedForward
from attnviz.models.network.experts import BesideExperts, Experts, NormedRouter, Router


def read_beside(
    weights: Weights, fields: Fields, before: RMSNorm, plain: FeedForward
) -> BesideExperts:
    """Read the experts of a layer beside its `plain` part, with `before` it its norm. Raises
    AttnvizError for a config that is not understood."""
    width = len(before.weight)

    def norm(name: str) -> RMSNorm:
        return weights.rms_norm(name, width, before.eps)

    n_experts, inner = fields.number("num_experts"), fields.number("moe_intermediate_size")
    both = weights.take("experts.gate_up_proj", n_experts, 2 * inner, width)
    down = weights.take("experts.down_proj", n_experts, width, inner)
    fused = [Linear(both[i]) for i in range(n_experts)]
    experts = tuple(
        FeedForward(
            one.rows(inner, 2 * inner), Linear(down[i]), plain.activation, one.rows(0, inner)
        )
        for i, one in enumerate(fused)
    )
    router = _router(weights.under("router."), fields, width, n_experts, before.eps)
    mixture = Experts(router, experts, norm=norm("pre_feedforward_layernorm_2"))
    return BesideExperts(
        before, plain, norm("post_feedforward_layernorm_1"), mixture,
        norm("post_feedforward_layernorm_2"),
    )  # fmt: skip


def _router(
    weights: Weights, fields: Fields, width: int, n_experts: int, eps: float
) -> NormedRouter:
    n_chosen = fields.number("top_k_experts")
    if n_chosen > n_experts:
        raise fields.wrong("top_k_experts", n_chosen, f"{n_experts} at most")
    scale = np.asarray(weights.take("scale", width)) * np.float32(width**-0.5)
    logits = weights.linear("proj", width, n_experts, False)
    usual = Router(logits, n_chosen, rescaled=True)
    return NormedRouter(RMSNorm(scale, eps), usual, weights.take("per_expert_scale", n_experts))
