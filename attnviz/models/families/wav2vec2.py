"""wav2vec 2.0 (arXiv 2006.11477), HuBERT (2106.07447) and WavLM (2110.13900): an encoder over
samples of sound."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnviz.attention.masks import full
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import Floats, LayerNorm, Linear
from attnviz.models.model import AUDIO
from attnviz.models.network.attention import AnyAttention, Attention, GatedDistances
from attnviz.models.network.blocks import (
    AdaptedBlock,
    Bottleneck,
    FeedForward,
    PostNormBlock,
    PreNormBlock,
)
from attnviz.models.network.embeddings import DistanceBias
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.stem import Convolution, GroupedPositions, Shortened, WaveStem
from attnviz.models.network.tower import Step, Tower

ANCHOR = "encoder.layers.0.attention.q_proj.weight"
WAVLM = "wavlm"
TORCH_EPS = 1e-5  # PyTorch's own: the config's is of the layers
KERNELS, STRIDES = [10, 3, 3, 3, 3, 2, 2], [5, 2, 2, 2, 2, 2, 2]
# Of training, of other heads, of what the config says again.
UNUSED = """
    apply_spec_augment codevector_dim contrastive_logits_temperature ctc_loss_reduction
    ctc_zero_infinity diversity_loss_weight feat_proj_dropout feat_quantizer_dropout final_dropout
    mask_feature_length mask_feature_min_masks mask_feature_prob mask_time_length
    mask_time_min_masks mask_time_prob num_codevector_groups num_codevectors_per_group
    num_feat_extract_layers num_negatives proj_codevector_dim tdnn_dilation tdnn_dim tdnn_kernel
    classifier_proj_size xvector_output_dim vocab_size
    feat_extract_dropout num_ctc_classes
""".split()  # noqa: SIM905 a list of so many names reads worse


def build(fields: Fields, weights: Weights) -> Tower:
    for name in UNUSED:
        fields.get(name)
    width, n_layers = fields.number("hidden_size", 768), fields.number("num_hidden_layers", 12)
    norm_first, eps = (
        fields.flag("do_stable_layer_norm", False),
        fields.real("layer_norm_eps", 1e-5),
    )
    last = weights.layer_norm("encoder.layer_norm", width, eps)
    at = [weights.under(f"encoder.layers.{i}.") for i in range(n_layers)]
    distances = (_distances(at[0], fields),) if fields.get("model_type") == WAVLM else ()
    return Tower(
        _stem(weights, fields, width, eps, None if norm_first else last),
        tuple(_block(one, fields, width, eps, norm_first) for one in at),
        (full(),) * n_layers,
        last if norm_first else None,
        distances=distances,
        role=AUDIO,
        shares=_shares(weights, fields, n_layers),
        after=tuple(_adapter(weights.under("adapter."), fields, width)),
    )


def _shares(weights: Weights, fields: Fields, n_layers: int) -> tuple[float, ...]:
    """How much the embeddings and each layer add to what a class is read from; none where it is
    read from the last layer."""
    whole = Weights(weights.tensors, weights.folder)
    if not fields.flag("use_weighted_layer_sum", False) or not whole.has("layer_weights"):
        return ()
    stored = np.asarray(whole.take("layer_weights", n_layers + 1)).astype(np.float64)
    powers = np.exp(stored - stored.max())
    return tuple((powers / powers.sum()).tolist())


def _adapter(weights: Weights, fields: Fields, width: int) -> Iterator[Step]:
    """What shortens the final state, where the config adds it."""
    n_layers, size = fields.number("num_adapter_layers", 3), fields.number("adapter_kernel_size", 3)
    step, given = fields.number("adapter_stride", 2), fields.get("output_hidden_size")
    inner = width if given is None else fields.number("output_hidden_size", width)
    if not fields.flag("add_adapter", False):
        return
    if inner != width:
        yield weights.linear("proj", width, inner)
        yield weights.layer_norm("proj_layer_norm", inner, TORCH_EPS)
    for i in range(n_layers):
        yield Shortened(weights.convolution(f"layers.{i}.conv", inner, 2 * inner, size), size, step)


def _distances(first: Weights, fields: Fields) -> DistanceBias:
    """Read what distances add to scores: a table in the first layer, for all of them."""
    n_heads = heads_of(fields, "hidden_size", "num_attention_heads", 768, 12)
    n_buckets = fields.number("num_buckets", 320, 4)
    furthest = fields.number("max_bucket_distance", 800)
    if n_buckets % 2 or furthest <= n_buckets // 4:
        raise fields.wrong("num_buckets", n_buckets, "even, and less than 4 times the distance")
    table = first.embedding("attention.rel_attn_embed", n_buckets, n_heads)
    return DistanceBias(table, n_buckets, furthest, both_ways=True)


def _stem(
    weights: Weights, fields: Fields, width: int, eps: float, norm: LayerNorm | None
) -> WaveStem:
    convolutions = tuple(_convolutions(weights.under("feature_extractor.conv_layers."), fields))
    last, at = convolutions[-1].linear.weight.shape[0], weights.under("feature_projection.")
    normed = fields.flag("feat_proj_layer_norm", True)
    return WaveStem(
        convolutions,
        at.layer_norm("layer_norm", last, eps) if normed else None,
        at.linear("projection", last, width),
        _positions(weights.under("encoder.pos_conv_embed."), fields, width),
        norm,
    )


def _convolutions(weights: Weights, fields: Fields) -> Iterator[Convolution]:
    dims = _numbers(fields, "conv_dim", [512] * 7)
    sizes, steps = (
        _numbers(fields, "conv_kernel", KERNELS),
        _numbers(fields, "conv_stride", STRIDES),
    )
    if not len(dims) == len(sizes) == len(steps):
        raise fields.wrong(
            "conv_dim", dims, f"{len(sizes)} numbers, as many as kernels and strides"
        )
    fields.only("feat_extract_norm", "group", "layer")
    grouped, bias = fields.get("feat_extract_norm", "group") == "group", fields.flag("conv_bias")
    activation = fields.activation("feat_extract_activation", "gelu")
    for i, (n_in, n_out, size, step) in enumerate(
        zip([1, *dims], dims, sizes, steps, strict=False)
    ):
        at = weights.under(f"{i}.")
        flat = np.asarray(at.take("conv.weight", n_out, n_in, size)).reshape(n_out, n_in * size)
        linear = Linear(flat, at.take("conv.bias", n_out) if bias else None)
        normed = i == 0 or not grouped
        norm = at.layer_norm("layer_norm", n_out, TORCH_EPS) if normed else None
        yield Convolution(linear, size, step, norm, grouped, activation)


def _numbers(fields: Fields, name: str, usual: list[int]) -> list[int]:
    found = fields.get(name, usual)
    good = isinstance(found, list) and all(type(n) is int and 0 < n <= 1 << 16 for n in found)
    if not good or not found or len(found) > 64:
        raise fields.wrong(name, found, "a list of whole numbers")
    return list(found)


def _positions(weights: Weights, fields: Fields, width: int) -> GroupedPositions:
    """The convolution over many frames, in groups of channels."""
    size = fields.number("num_conv_pos_embeddings", 128)
    n_groups = fields.number("num_conv_pos_embedding_groups", 16)
    if width % n_groups:
        raise fields.wrong("num_conv_pos_embedding_groups", n_groups, f"a divisor of {width}")
    each, at = width // n_groups, weights.under("conv.")
    strength = shift = None
    if fields.flag("conv_pos_batch_norm", False):
        directions = np.asarray(at.take("weight", width, each, size))
        whole: Floats = directions.reshape(width, each * size)
        strength, shift = _batch_norm(weights.under("batch_norm."), width)
    else:
        whole = _weight_normed(at, width, each, size)
    bias = np.asarray(at.take("bias", width))
    groups = tuple(Linear(whole[i : i + each], bias[i : i + each]) for i in range(0, width, each))
    activation = fields.activation("feat_extract_activation", "gelu")
    return GroupedPositions(groups, size, activation, strength, shift)


def _weight_normed(weights: Weights, width: int, each: int, size: int) -> Floats:
    """A weight that is stored as directions and lengths of taps: (width, each × size)."""
    new = weights.has("parametrizations.weight.original0")
    length, way = (
        ("parametrizations.weight.original0", "parametrizations.weight.original1") if new
        else ("weight_g", "weight_v")
    )  # fmt: skip
    directions = np.asarray(weights.take(way, width, each, size))
    directions = directions if directions.dtype == np.float64 else directions.astype(np.float32)
    lengths = np.asarray(weights.take(length, 1, 1, size)).astype(directions.dtype)
    long = np.sqrt(np.square(directions).sum(axis=(0, 1), keepdims=True))
    whole: Floats = (directions * (lengths / long)).reshape(width, each * size)
    return whole


def _batch_norm(weights: Weights, width: int) -> tuple[Floats, Floats]:
    """What a trained batch norm multiplies by and adds, (width,) each (arXiv 1502.03167)."""
    weight, bias, mean, variance = (
        np.asarray(weights.take(name, width)).astype(np.float64)
        for name in ("weight", "bias", "running_mean", "running_var")
    )
    strength = weight / np.sqrt(variance + TORCH_EPS)
    return strength, bias - mean * strength


def _block(
    weights: Weights, fields: Fields, width: int, eps: float, norm_first: bool
) -> PreNormBlock | PostNormBlock:
    n_heads = heads_of(fields, "hidden_size", "num_attention_heads", 768, 12)
    inner, at = fields.number("intermediate_size", 3072), weights.under("attention.")
    query, key, value, output = (
        at.linear(name, width, width) for name in ("q_proj", "k_proj", "v_proj", "out_proj")
    )
    usual = Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5)
    attention: AnyAttention = usual
    if fields.get("model_type") == WAVLM:
        strength = np.asarray(at.take("gru_rel_pos_const", 1, n_heads, 1, 1))[0]
        strength = strength.astype(np.float64 if strength.dtype == np.float64 else np.float32)
        gate = at.linear("gru_rel_pos_linear", width // n_heads, 8)
        attention = GatedDistances(usual, gate, strength)
    norm = weights.layer_norm("layer_norm", width, eps)
    last = weights.layer_norm("final_layer_norm", width, eps)
    feed = FeedForward(
        weights.linear("feed_forward.intermediate_dense", width, inner),
        weights.linear("feed_forward.output_dense", inner, width),
        fields.activation("hidden_act", "gelu"),
    )
    inner = 0 if fields.get("adapter_attn_dim") is None else fields.number("adapter_attn_dim", 16)
    if norm_first and inner:
        at = weights.under("adapter_layer.")
        down, up = at.linear("linear_1", width, inner), at.linear("linear_2", inner, width)
        adapter = Bottleneck(at.layer_norm("norm", width, TORCH_EPS), down, up)
        return AdaptedBlock(norm, attention, last, feed, adapter=adapter)
    if norm_first:
        return PreNormBlock(norm, attention, last, feed)
    return PostNormBlock(attention, norm, feed, last)
