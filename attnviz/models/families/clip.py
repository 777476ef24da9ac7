"""CLIP (arXiv 2103.00020), SigLIP (2303.15343), SigLIP 2 with pictures of any shape (2502.14786): a
tower for texts, one for pictures, or one."""

from __future__ import annotations

import numpy as np

from attnviz.attention.masks import causal, full
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Floats, Linear
from attnviz.models.model import IMAGE, TEXT
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.embeddings import Embeddings, LearnedPositions
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.network import Network
from attnviz.models.network.patches import FIXED, LINEAR, PatchStem
from attnviz.models.network.pooling import PoolingHead
from attnviz.models.network.tower import Tower
from attnviz.models.network.two_towers import TwoTowers
from attnviz.models.network.vision import wide

ANCHOR = "vision_model.encoder.layers.0.self_attn.q_proj.weight"


@dataclass(frozen=True)
class Kind:
    """How they differ. has_class: a token before the patches, and a norm before the layers.
    is_flexible: pictures keep their shape, and positions stretch to it. has_head: what gathers the
    patches of a tower without such a token, unless the config says otherwise."""

    has_class: bool
    one_way: bool
    activation: str
    eps: float
    n_ids: int
    n_positions: int
    is_flexible: bool = False
    has_head: bool = True


KINDS = {
    "clip": Kind(True, True, "quick_gelu", 1e-5, 49408, 77),
    "siglip": Kind(False, False, "gelu_pytorch_tanh", 1e-6, 32000, 64),
    "siglip2": Kind(False, False, "gelu_pytorch_tanh", 1e-6, 32000, 64, is_flexible=True),
    "idefics3": Kind(False, False, "gelu_pytorch_tanh", 1e-6, 0, 0, has_head=False),
    "smolvlm": Kind(False, False, "gelu_pytorch_tanh", 1e-6, 0, 0, has_head=False),
}


def build(fields: Fields, weights: Weights) -> Network:
    name = str(fields.get("model_type"))
    kind = KINDS[name.partition("_")[0]]
    if name.endswith("_text_model"):
        return _text(fields, weights, kind, "self")
    if name.endswith("_vision_model"):
        return _image(fields, weights, kind, "self")
    for other in ("projection_dim", "logit_scale_init_value"):
        fields.get(other)  # of what comes after both towers
    return TwoTowers(
        _text(fields.part("text_config"), weights, kind, "text"),
        _image(fields.part("vision_config"), weights, kind, "image"),
    )


def image_tower(fields: Fields, weights: Weights, prefix: str) -> Tower:
    """Read the tower of pictures within another model, whose tensors stand under a prefix."""
    kind = KINDS[str(fields.get("model_type")).partition("_")[0]]
    return _image(fields, weights.under(prefix), kind, "image")


def _part_of(weights: Weights, name: str) -> Weights:
    """The tensors of one of the two; a tower that was saved alone may have no prefix."""
    return weights.under(name) if weights.has_any(name) else weights


def _text(fields: Fields, weights: Weights, kind: Kind, stack: str) -> Tower:
    fields.get("projection_dim"), fields.get("projection_size")
    padding = fields.number("pad_token_id", 1, 0)
    at, width = _part_of(weights, "text_model."), fields.number("hidden_size", 512)
    words = at.under("embeddings.")
    n_positions = fields.number("max_position_embeddings", kind.n_positions)
    blocks = _blocks(at, fields, kind, width)
    return Tower(
        Embeddings(
            words.embedding("token_embedding", fields.number("vocab_size", kind.n_ids), width),
            LearnedPositions(words.embedding("position_embedding", n_positions, width)),
            filled_with=None if kind.has_class else padding,
        ),
        blocks,
        (causal() if kind.one_way else full(),) * len(blocks),
        at.layer_norm("final_layer_norm", width, fields.real("layer_norm_eps", kind.eps)),
        stack=stack,
        role=TEXT,
    )


def _image(fields: Fields, weights: Weights, kind: Kind, stack: str) -> Tower:
    fields.get("projection_dim")
    at, width = _part_of(weights, "vision_model."), fields.number("hidden_size", 768)
    eps, blocks = fields.real("layer_norm_eps", kind.eps), _blocks(at, fields, kind, width)
    pooled = not kind.has_class and fields.flag("vision_use_head", kind.has_head)
    # CLIP norms only the state of its first token, and after the last layer.
    return Tower(
        _stem(at, fields, kind, width, eps),
        blocks,
        (full(),) * len(blocks),
        None if kind.has_class else at.layer_norm("post_layernorm", width, eps),
        stack=stack,
        role=IMAGE,
        pool=_pool(at.under("head."), fields, kind, width) if pooled else None,
    )


def _pool(weights: Weights, fields: Fields, kind: Kind, width: int) -> PoolingHead:
    n_heads, eps = fields.number("num_attention_heads", 12), fields.real("layer_norm_eps", kind.eps)
    joined = Linear(
        weights.take("attention.in_proj_weight", 3 * width, width),
        weights.take("attention.in_proj_bias", 3 * width),
    )
    query, key, value = (joined.rows(i * width, (i + 1) * width) for i in range(3))
    output = weights.linear("attention.out_proj", width, width)
    return PoolingHead(
        np.asarray(weights.take("probe", 1, 1, width))[0],
        Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5),
        weights.layer_norm("layernorm", width, eps),
        _feed_forward(weights, fields, kind, width),
    )


def _stem(weights: Weights, fields: Fields, kind: Kind, width: int, eps: float) -> PatchStem:
    size, at = fields.number("patch_size", 32), weights.under("embeddings.")
    channels = fields.number("num_channels", 3)
    if kind.is_flexible:
        n = fields.number("num_patches", 256)
        projection = _by_channels(at, channels, width, size)
    else:
        n = (fields.number("image_size", 224) // size) ** 2 + kind.has_class
        projection = at.patches("patch_embedding", channels, width, size, bias=not kind.has_class)
    special: Floats = np.zeros((0, width), np.float32)
    if kind.has_class:
        special = wide(np.asarray(at.take("class_embedding", width))[None])
    return PatchStem(
        projection,
        size,
        special,
        np.asarray(at.take("position_embedding.weight", n, width)).astype(special.dtype),
        LINEAR if kind.is_flexible else FIXED,
        norm=weights.layer_norm("pre_layrnorm", width, eps) if kind.has_class else None,
    )


def _by_channels(weights: Weights, channels: int, width: int, size: int) -> Linear:
    """A map of patches whose numbers go by row, column and channel, for numbers that go by channel,
    row and column."""
    found = weights.linear("patch_embedding", channels * size * size, width)
    weight = np.asarray(found.weight).reshape(width, size, size, channels)
    return Linear(weight.transpose(0, 3, 1, 2).reshape(width, -1), found.bias)


def _blocks(weights: Weights, fields: Fields, kind: Kind, width: int) -> tuple[PreNormBlock, ...]:
    n_layers = fields.number("num_hidden_layers", 12)
    return tuple(
        _block(weights.under(f"encoder.layers.{i}."), fields, kind, width) for i in range(n_layers)
    )


def _block(weights: Weights, fields: Fields, kind: Kind, width: int) -> PreNormBlock:
    eps = fields.real("layer_norm_eps", kind.eps)
    n_heads = heads_of(fields, "hidden_size", "num_attention_heads", width, 12)
    query, key, value, output = (
        weights.linear(f"self_attn.{name}", width, width)
        for name in ("q_proj", "k_proj", "v_proj", "out_proj")
    )
    return PreNormBlock(
        weights.layer_norm("layer_norm1", width, eps),
        Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5),
        weights.layer_norm("layer_norm2", width, eps),
        _feed_forward(weights, fields, kind, width),
    )


def _feed_forward(weights: Weights, fields: Fields, kind: Kind, width: int) -> FeedForward:
    inner = fields.number("intermediate_size", 3072)
    return FeedForward(
        weights.linear("mlp.fc1", width, inner),
        weights.linear("mlp.fc2", inner, width),
        fields.activation("hidden_act", kind.activation),
    )
