"""T5 (arXiv 1910.10683), mT5 (2010.11934), UMT5 (2304.09151), LongT5 (2112.07916) and Switch
Transformers (2101.03961): unscaled scores with a bias for each distance.

The first layer's table of biases serves all layers of its tower, in UMT5 each layer has its own.
Some layers of Switch Transformers have experts that take only so many tokens of a text.
"""

from __future__ import annotations

from dataclasses import replace

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.model import TEXT
from attnviz.models.network.blocks import AnyFeedForward
from attnviz.models.network.bucketed import Kin, bucketed_tower, feed_forward, said_activation
from attnviz.models.network.encoder_decoder import EncoderDecoder
from attnviz.models.network.experts import CrowdedRouter, Experts, Router
from attnviz.models.network.tower import Tower

ANCHOR = "encoder.block.0.layer.0.layer_norm.weight"
SWITCH = "switch_transformers"
KINDS = {
    "t5": Kin(gated=False),
    "mt5": Kin(),
    "umt5": Kin(each_table=True),
    "longt5": Kin(gated=False, inside="LocalSelfAttention", reach="local_radius"),
    SWITCH: Kin(gated=False, feed="mlp."),
}


def build(fields: Fields, weights: Weights) -> EncoderDecoder | Tower:
    n_layers = fields.number("num_layers", 6)
    for unused in ("is_decoder", "n_positions"):  # of a half, and of the data it was trained on
        fields.get(unused)
    fields.only("add_cross_attention", False)
    fields.only("encoder_attention_type", "local")  # LongT5's other has keys that are no tokens
    fields.get("global_block_size")  # of that other
    if not weights.has_any("decoder."):  # encoders of texts for search, or for images
        fields.get("num_decoder_layers")
        return replace(_tower(weights, fields, "encoder", n_layers), stack="self", role=TEXT)
    return EncoderDecoder(
        _tower(weights, fields, "encoder", n_layers),
        _tower(weights, fields, "decoder", fields.number("num_decoder_layers", n_layers)),
    )


def _tower(weights: Weights, fields: Fields, name: str, n_layers: int) -> Tower:
    kind = fields.get("model_type")
    every = _sparse_step(fields, name, n_layers) if kind == SWITCH else 0

    def read(part: Weights, layer: int, _: bool) -> AnyFeedForward:
        if every == 1 or (every and layer % every == 1):
            return _experts(part, fields)
        if kind == SWITCH:
            return _plain(part, fields)
        usual = "gated-gelu" if KINDS[kind].gated else "relu"
        return feed_forward(part, fields, *said_activation(fields, usual))

    return bucketed_tower(weights, fields, KINDS[kind], name, n_layers, read)


# Switch Transformers


def _sparse_step(fields: Fields, name: str, n_layers: int) -> int:
    """Return that one in so many layers has experts; what the file says of it is worked out."""
    for derived in (f"{name}_sparse_step", "router_type", "feed_forward_proj", "is_gated_act"):
        fields.get(derived)
    n_sparse = fields.number(f"num_sparse_{name}_layers", 3, 0)
    if n_sparse > n_layers:
        raise fields.wrong(f"num_sparse_{name}_layers", n_sparse, f"{n_layers} at most")
    return n_layers // n_sparse if n_sparse else n_layers


def _plain(weights: Weights, fields: Fields) -> AnyFeedForward:
    return feed_forward(weights, fields, fields.activation("dense_act_fn", "relu"), False)


def _experts(weights: Weights, fields: Fields) -> Experts:
    n_experts, width = fields.number("num_experts", 8), fields.number("d_model", 768)
    bias = fields.flag("router_bias")
    for unused in ("router_ignore_padding_tokens", "router_dtype", "add_router_probs"):
        fields.get(unused)  # no text is padded here; rounding; training
    logits = weights.linear("router.classifier", width, n_experts, bias)
    return Experts(
        CrowdedRouter(Router(logits, 1), fields.number("expert_capacity", 64)),
        tuple(_plain(weights.under(f"experts.expert_{i}."), fields) for i in range(n_experts)),
    )
