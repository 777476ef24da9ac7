"""Where families keep the experts of their layers, and how those are read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Activation, Linear
from attnviz.models.network.blocks import AnyFeedForward, ClampedFeedForward, FeedForward
from attnviz.models.network.experts import LEAST, SIGMOID, SOFTMAX, Experts, Router

GATED = ("gate_proj", "up_proj", "down_proj")
# Which layers have experts: all, or as some fields say.
ALL, LISTED, LATER, BETWEEN, NAMED = "all", "listed", "later", "between", "named"
DENSE, SPARSE = "dense", "sparse"
METHODS = ("", "greedy", "group_limited_greedy", "noaux_tc")  # of the choice, in DeepSeek's files


@dataclass(frozen=True)
class Mixture:
    """Where a family keeps the experts of its layers.

    at: the prefix of router and experts. names: of gate, up and down of each; or of gate and up in
    one tensor of all experts, and down in another. inner: the field of their inner width. rescaled:
    whether the chosen shares add up to 1, or the field that says so. shared: the field of the inner
    width of the one that all tokens pass behind a gate, "" where there is none; beside: the field
    of how many experts' width all tokens pass without one. scores: how logits become shares.
    correction: the tensor of what is added for the choice, behind axes of size `leading`.
    group_best: by how many of its best experts a group is chosen, where they stand in groups.
    strength: the field of what shares are multiplied by.
    jitter: the field that says how near the best others count. router_bias: whether it has one.
    clamped: experts are those of gpt-oss. layers: which have experts. least: what is added to the
    sum of shares before they are divided by it.
    """

    at: str = "mlp."
    router: str = "gate"
    names: tuple[str, ...] = GATED
    inner: str = "moe_intermediate_size"
    rescaled: str | bool = "norm_topk_prob"
    shared: str = ""
    beside: str = ""
    scores: str = SOFTMAX
    correction: str = ""
    leading: tuple[int, ...] = ()
    group_best: int = 0
    strength: str = ""
    jitter: str = ""
    router_bias: bool = False
    clamped: bool = False
    layers: str = LISTED
    least: float = LEAST


# What DeepSeek-V3 (arXiv 2412.19437) began, and others took over.
DEEPSEEK = Mixture(
    beside="n_shared_experts", scores=SIGMOID, correction="gate.e_score_correction_bias",
    group_best=2, strength="routed_scaling_factor", layers=LATER,
)  # fmt: skip


def is_mixed(fields: Fields, mixture: Mixture, layer: int) -> bool:
    """Say whether a layer has experts: AttnvizError where the fields make no sense."""
    if mixture.layers == LISTED:
        every, plain = fields.number("decoder_sparse_step", 1), fields.get("mlp_only_layers", [])
        if not isinstance(plain, list):
            raise fields.wrong("mlp_only_layers", plain, "a list of layers")
        return (layer + 1) % every == 0 and layer not in plain
    if mixture.layers == LATER:
        return layer >= fields.number("first_k_dense_replace", 0, 0)
    if mixture.layers == NAMED:
        n_layers = fields.number("num_hidden_layers")
        usual = [DENSE, *[SPARSE] * (n_layers - 1)]
        kinds = fields.per_layer("mlp_layer_types", n_layers, usual, (DENSE, SPARSE))
        return bool(kinds[layer] == SPARSE)
    if mixture.layers == BETWEEN:
        every, first = (
            fields.number("moe_layer_interval", 1),
            fields.number("moe_layer_start_index", 0, 0),
        )
        last = fields.number("moe_layer_end_index", fields.number("num_hidden_layers") - 1, -1)
        inside = last < 0 or layer <= last  # -1 means the last layer
        return (layer + 1) % every == 0 and layer >= first and inside
    return True


def read_experts(
    weights: Weights, fields: Fields, mixture: Mixture, width: int, inner: int, activation: str
) -> Experts:
    """Read router and experts of a layer of this width. inner: the experts' inner width where the
    config does not say it. Raises AttnvizError for a config that is not understood."""
    at, inner = weights.under(mixture.at), fields.number(mixture.inner, inner)
    n_experts = fields.number("num_local_experts", _counted(fields))
    act = fields.activation("hidden_act", activation)
    shared = gate = None
    if mixture.shared:
        wide = fields.number(mixture.shared)
        shared = _expert(at.under("shared_expert."), GATED, width, wide, act)
        gate = at.linear("shared_expert_gate", width, 1, False)
    if mixture.beside and (n_beside := fields.number(mixture.beside, 0, 0)):
        shared = _expert(at.under("shared_experts."), GATED, width, inner * n_beside, act)
    if mixture.clamped:
        experts = _clamped(at.under("experts."), fields, n_experts, width, inner)
    elif len(mixture.names) == 2:
        experts = _taken_apart(at, mixture.names, n_experts, width, inner, act)
    else:
        each = (at.under(f"experts.{i}.") for i in range(n_experts))
        experts = tuple(_expert(one, mixture.names, width, inner, act) for one in each)
    return Experts(_router(at, fields, mixture, width, n_experts), experts, shared, gate)


def _expert(
    weights: Weights, names: Sequence[str], width: int, inner: int, act: Activation
) -> FeedForward:
    gate, up, down = names
    return FeedForward(
        weights.linear(up, width, inner, False), weights.linear(down, inner, width, False), act,
        weights.linear(gate, width, inner, False),
    )  # fmt: skip


def _taken_apart(
    weights: Weights, names: Sequence[str], n_experts: int, width: int, inner: int, act: Activation
) -> tuple[AnyFeedForward, ...]:
    """Take experts out of two tensors: of gate above up, and of down."""
    both = weights.take(f"{names[0]}.weight", n_experts, 2 * inner, width)
    down = weights.take(f"{names[1]}.weight", n_experts, width, inner)
    fused = [Linear(both[i]) for i in range(n_experts)]
    return tuple(
        FeedForward(one.rows(inner, 2 * inner), Linear(down[i]), act, one.rows(0, inner))
        for i, one in enumerate(fused)
    )


def _clamped(
    weights: Weights, fields: Fields, n_experts: int, width: int, inner: int
) -> tuple[AnyFeedForward, ...]:
    """Take experts out of two tensors with biases, stored (experts, in, out)."""
    both = weights.take("gate_up_proj", n_experts, width, 2 * inner)
    down = weights.take("down_proj", n_experts, inner, width)
    biases = weights.take("gate_up_proj_bias", n_experts, 2 * inner)
    down_biases = weights.take("down_proj_bias", n_experts, width)
    slope, limit = fields.real("swiglu_alpha", 1.702), fields.real("swiglu_limit", 7.0)
    return tuple(
        ClampedFeedForward(
            Linear(both[i].T, biases[i]), Linear(down[i].T, down_biases[i]), slope, limit
        )
        for i in range(n_experts)
    )


def _counted(fields: Fields) -> int | None:
    """The number of experts by its other names."""
    for name in ("num_experts", "n_routed_experts", "moe_num_experts"):
        if fields.get(name) is not None:
            return fields.number(name)
    return None


def _router(
    weights: Weights, fields: Fields, mixture: Mixture, width: int, n_experts: int
) -> Router:
    n_chosen = fields.number("num_experts_per_tok", fields.get("moe_k", 2))
    if n_chosen > n_experts:
        raise fields.wrong("num_experts_per_tok", n_chosen, f"{n_experts} at most")
    groups = kept = 1
    if mixture.group_best and fields.get("topk_method", "") != "greedy":
        fields.only("topk_method", *METHODS)
        groups, kept = fields.number("n_group", 1), fields.number("topk_group", 1)
        if n_experts % groups or kept > groups or n_chosen > kept * n_experts // groups:
            raise fields.wrong("n_group", groups, f"a divisor of {n_experts} that leaves enough")
    rescaled = mixture.rescaled
    return Router(
        weights.linear(mixture.router, width, n_experts, mixture.router_bias),
        n_chosen,
        fields.flag(rescaled) if isinstance(rescaled, str) else rescaled,
        mixture.scores,
        np.asarray(weights.take(mixture.correction, *mixture.leading, n_experts)).ravel()
        if mixture.correction
        else None,
        groups,
        kept,
        mixture.group_best,
        strength=fields.real(mixture.strength, 1.0) if mixture.strength else 1.0,
        jitter=fields.real(mixture.jitter, 0.01) if mixture.jitter else 0.0,
        least=mixture.least,
    )
