"""BART (arXiv 1910.13461), mBART (2001.08210), Marian, M2M-100 and NLLB (2207.04672), also with its
experts, Pegasus, PLBART (2103.06333), Blenderbot (2004.13637)."""

from __future__ import annotations

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.blocks import AnyFeedForward
from attnviz.models.network.encoder_decoder import EncoderDecoder
from attnviz.models.network.experts import CrowdedRouter, Experts, Router
from attnviz.models.network.translator import Kin, build_translator, plain_feed_forward

ANCHOR = "encoder.layers.0.self_attn.q_proj.weight"


def build(fields: Fields, weights: Weights) -> EncoderDecoder:
    return build_translator(fields, weights, KINDS[fields.get("model_type")])


# NLLB with experts. Each token passes the two that it chose, as in transformers 4 and as the model
# was trained; transformers 5.24 takes the router's mask for numbers: all pass experts 0 and 1.


def _feed_forward(weights: Weights, fields: Fields, name: str, layer: int) -> AnyFeedForward:
    """Read the feed-forward part of a layer, which has experts in one of so many."""
    every, at = fields.number(f"{name}_sparse_step", 4, 0), weights.under("ffn.")
    if not every or (layer + 1) % every:
        return plain_feed_forward(at, fields, name, "relu")
    n_experts, width = fields.number("num_experts", 128), fields.number("d_model", 1024)
    logits = at.linear("router.classifier", width, n_experts, fields.flag("router_bias"))
    each = (at.under(f"experts.expert_{i}.") for i in range(n_experts))
    return Experts(
        _router(fields, Router(logits, min(2, n_experts))),
        tuple(plain_feed_forward(one, fields, name, "relu") for one in each),
    )


def _router(fields: Fields, usual: Router) -> CrowdedRouter:
    for unused in ("router_ignore_padding_tokens", "router_dtype", "router_z_loss_coef"):
        fields.get(unused)  # no text is padded here; rounding; training
    fields.only("second_expert_policy", "all")  # the others draw lots
    before = fields.flag("normalize_router_prob_before_dropping")
    fraction, lost = (
        _share(fields, name, usual)
        for name, usual in (("moe_eval_capacity_token_fraction", 1.0), ("moe_token_dropout", 0.2))
    )
    return CrowdedRouter(
        usual, fields.number("expert_capacity", 64), fraction,
        fields.flag("batch_prioritized_routing"), "before" if before else "after", 1 - lost,
    )  # fmt: skip


def _share(fields: Fields, name: str, usual: float) -> float:
    """Read a number up to 1; none below 0 is told from another."""
    value = fields.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e30 < value <= 1:
        raise fields.wrong(name, value, "a number of 1 at most")
    return max(float(value), 0.0)


KINDS = {
    "bart": Kin(False, True, "learned"),
    "mbart": Kin(True, True, "learned"),
    "marian": Kin(False, False, "sinusoids"),
    "m2m_100": Kin(True, False, "after padding", True, "relu"),
    "nllb-moe": Kin(
        True, False, "after padding", True, cross=("cross_attention", "cross_attention_layer_norm"),
        feed_norm="ff_layer_norm", feed_forward=_feed_forward,
    ),
    "pegasus": Kin(True, False, "sinusoids"),
    "plbart": Kin(False, True, "learned", True),
    "blenderbot": Kin(True, False, "sinusoids"),  # its file has a table in their place
}  # fmt: skip
