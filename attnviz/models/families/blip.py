"""BLIP (arXiv 2201.12086): its tower for pictures, alone or with the decoder of captions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.attention.masks import causal, full
from attnviz.errors import AttnvizError
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.model import IMAGE
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PostNormBlock, PreNormBlock
from attnviz.models.network.encoder import Sizes, bert_embeddings, block, heads_of
from attnviz.models.network.encoder_decoder import EncoderDecoder
from attnviz.models.network.patches import PatchStem
from attnviz.models.network.tower import Tower
from attnviz.models.network.vision import first_tokens

ANCHOR = "embeddings.class_embedding"


def build(fields: Fields, weights: Weights) -> Tower | EncoderDecoder:
    if fields.get("model_type") == "blip_vision_model":
        return _image(fields, weights, "self")
    for name in ("projection_dim", "image_text_hidden_size", "label_smoothing",
                 "logit_scale_init_value"):  # fmt: skip
        fields.get(name)  # of training, and of other heads
    whole = Weights(weights.tensors, weights.folder)
    if whole.has_any("text_encoder.") or not whole.has_any("text_decoder."):
        raise AttnvizError(
            f"{weights.folder} is a BLIP model that answers questions or compares texts.",
            "attnviz reads those that write captions (BlipForConditionalGeneration).",
            key="err.blip_model",
            place=weights.folder,
        )
    image = fields.part("vision_config")
    return EncoderDecoder(
        _image(image, whole.under("vision_model."), "encoder"),
        _text(fields.part("text_config"), whole.under("text_decoder.bert."), image),
    )


def _text(fields: Fields, weights: Weights, image: Fields) -> Tower:
    for name in ("encoder_hidden_size", "projection_dim", "label_smoothing", "is_decoder",
                 "image_size", "patch_size"):  # fmt: skip
        fields.get(name)  # of other heads; how wide pictures are their own tower says
    sizes, n_layers = Sizes.read(fields), fields.number("num_hidden_layers", 12)
    seen = image.number("hidden_size", 768)
    return Tower(
        bert_embeddings(weights, fields, sizes.width, sizes.eps, n_segments=0),
        tuple(
            _crossing(weights.under(f"encoder.layer.{i}."), sizes, seen) for i in range(n_layers)
        ),
        (causal(),) * n_layers,
        stack="decoder",
        source=IMAGE,
    )


def _crossing(weights: Weights, sizes: Sizes, seen: int) -> PostNormBlock:
    """A layer of BERT that looks at the picture between its two parts."""
    at, width, n_heads = weights.under("crossattention."), sizes.width, sizes.n_heads
    cross = Attention(
        at.linear("self.query", width, width),
        at.linear("self.key", seen, width),
        at.linear("self.value", seen, width),
        at.linear("output.dense", width, width),
        n_heads,
        n_heads,
        (width // n_heads) ** -0.5,
    )
    norm = at.layer_norm("output.LayerNorm", width, sizes.eps)
    return replace(block(weights, sizes), cross=cross, cross_norm=norm)


def _image(fields: Fields, weights: Weights, stack: str) -> Tower:
    width, n_layers = fields.number("hidden_size", 768), fields.number("num_hidden_layers", 12)
    fields.get("projection_dim")
    eps = fields.real("layer_norm_eps", 1e-5)
    return Tower(
        _stem(weights.under("embeddings."), fields, width),
        tuple(
            _block(weights.under(f"encoder.layers.{i}."), fields, width, eps)
            for i in range(n_layers)
        ),
        (full(),) * n_layers,
        weights.layer_norm("post_layernorm", width, eps),
        stack=stack,
        role=IMAGE,
    )


def _stem(weights: Weights, fields: Fields, width: int) -> PatchStem:
    size, side = fields.number("patch_size", 16), fields.number("image_size", 384)
    n = (side // size) ** 2 + 1
    return PatchStem(
        weights.patches("patch_embedding", fields.number("num_channels", 3), width, size),
        size,
        first_tokens(weights, "class_embedding", width),
        np.asarray(weights.take("position_embedding", 1, n, width))[0],
    )


def _block(weights: Weights, fields: Fields, width: int, eps: float) -> PreNormBlock:
    n_heads = heads_of(fields, "hidden_size", "num_attention_heads", 768, 12)
    inner = fields.number("intermediate_size", 3072)
    joined = weights.linear("self_attn.qkv", width, 3 * width)
    query, key, value = (joined.rows(i * width, (i + 1) * width) for i in range(3))
    output = weights.linear("self_attn.projection", width, width)
    return PreNormBlock(
        weights.layer_norm("layer_norm1", width, eps),
        Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5),
        weights.layer_norm("layer_norm2", width, eps),
        FeedForward(
            weights.linear("mlp.fc1", width, inner),
            weights.linear("mlp.fc2", inner, width),
            fields.activation("hidden_act", "gelu"),
        ),
    )
