"""ViT (arXiv 2010.11929), DeiT (2012.12877), ViT-MAE (2111.06377) with all patches in sight, DINOv2
(2304.07193; with registers 2309.16588), and audio spectrogram transformers (2104.01778), which see
the spectrogram of a sound."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from attnviz.attention.masks import full
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.layers import ACTIVATIONS, Floats
from attnviz.models.model import AUDIO, IMAGE
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.encoder import heads_of
from attnviz.models.network.mel_patches import MelPatchStem
from attnviz.models.network.patches import ANTIALIASED, CUBIC, FIXED, PatchStem
from attnviz.models.network.tower import Tower
from attnviz.models.network.vision import NORMS, first_tokens, scaled, vit_block

SILU = ACTIVATIONS["silu"]
ANCHOR = "embeddings.patch_embeddings.projection.weight"


@dataclass(frozen=True)
class Kind:
    """How one model_type differs. norms: names of the two of a layer. special: tokens before the
    patches, with positions; registers: whether there are others, without."""

    norms: tuple[str, str] = NORMS
    special: tuple[str, ...] = ("cls_token",)
    registers: bool = False
    other_sizes: str = FIXED
    eps: float = 1e-12
    is_dino: bool = False
    of_sound: bool = False


DINO = Kind(("norm1", "norm2"), other_sizes=CUBIC, eps=1e-6, is_dino=True)
KINDS = {
    "vit": Kind(),
    "vit_mae": Kind(),
    "deit": Kind(special=("cls_token", "distillation_token")),
    "audio-spectrogram-transformer": Kind(
        special=("cls_token", "distillation_token"), of_sound=True
    ),
    "dinov2": DINO,
    "dinov2_with_registers": Kind(
        DINO.norms, registers=True, other_sizes=ANTIALIASED, eps=1e-6, is_dino=True
    ),
}


def build(fields: Fields, weights: Weights) -> Tower:
    kind = KINDS[fields.get("model_type")]
    width, n_layers = fields.number("hidden_size", 768), fields.number("num_hidden_layers", 12)
    for name in ("encoder_stride", "pooler_output_size", "pooler_act", "apply_layernorm",
                 "reshape_hidden_states", "use_mask_token", "stage_names", "out_features",
                 "out_indices", "_out_features", "_out_indices", "drop_path_rate", "mask_ratio",
                 "norm_pix_loss", "decoder_hidden_size", "decoder_intermediate_size",
                 "decoder_num_attention_heads", "decoder_num_hidden_layers"):  # fmt: skip
        fields.get(name)  # of other heads, of training, of backbones, of what paints patches anew
    eps = fields.real("layer_norm_eps", kind.eps)
    at = [weights.under(f"encoder.layer.{i}.") for i in range(n_layers)]
    stem = _mel_stem if kind.of_sound else _stem
    return Tower(
        stem(weights.under("embeddings."), fields, kind, width),
        tuple(_block(one, fields, kind, width, eps) for one in at),
        (full(),) * n_layers,
        weights.layer_norm("layernorm", width, eps),
        role=AUDIO if kind.of_sound else IMAGE,
    )


def _stem(weights: Weights, fields: Fields, kind: Kind, width: int) -> PatchStem:
    size, side = fields.number("patch_size", 16), fields.number("image_size", 224)
    channels = fields.number("num_channels", 3)
    special = np.concatenate([first_tokens(weights, name, width) for name in kind.special])
    n = (side // size) ** 2 + len(special)
    n_registers = fields.number("num_register_tokens", 4, 0) if kind.registers else 0
    return PatchStem(
        weights.patches("patch_embeddings.projection", channels, width, size),
        size,
        special,
        np.asarray(weights.take("position_embeddings", 1, n, width))[0],
        kind.other_sizes,
        first_tokens(weights, "register_tokens", width, n_registers) if n_registers else None,
    )


def _mel_stem(weights: Weights, fields: Fields, kind: Kind, width: int) -> MelPatchStem:
    size, bands = fields.number("patch_size", 16), fields.number("num_mel_bins", 128)
    frames = fields.number("max_length", 1024)
    steps = fields.number("frequency_stride", 10), fields.number("time_stride", 10)
    if size > min(bands, frames):
        raise fields.wrong("patch_size", size, f"at most {min(bands, frames)}")
    special = np.concatenate([first_tokens(weights, name, width) for name in kind.special])
    projection = weights.patches("patch_embeddings.projection", 1, width, size)
    stem = MelPatchStem(projection, size, steps, bands, frames, special, special)
    n = math.prod(stem.grid) + len(special)
    return replace(stem, positions=first_tokens(weights, "position_embeddings", width, n))


def _block(weights: Weights, fields: Fields, kind: Kind, width: int, eps: float) -> PreNormBlock:
    n_heads = heads_of(fields, "hidden_size", "num_attention_heads", 768, 12)
    first = second = None
    if kind.is_dino:
        fields.get("layerscale_value")  # what training begins with
        first, second = (np.asarray(weights.take(f"layer_scale{i}.lambda1", width)) for i in (1, 2))
    return vit_block(
        weights, width, n_heads, eps, _feed_forward(weights, fields, kind, width, second),
        biases=(fields.flag("qkv_bias", True),) * 3, strength=first, norms=kind.norms,
    )  # fmt: skip


def _feed_forward(
    weights: Weights, fields: Fields, kind: Kind, width: int, strengths: Floats | None
) -> FeedForward:
    activation = fields.activation("hidden_act", "gelu")
    if not kind.is_dino:
        inner = fields.number("intermediate_size", 3072)
        up = weights.linear("intermediate.dense", width, inner)
        return FeedForward(up, weights.linear("output.dense", inner, width), activation)
    inner = int(width * fields.real("mlp_ratio", 4))
    if fields.flag("use_swiglu_ffn", False):
        inner = (int(inner * 2 / 3) + 7) // 8 * 8
        both = weights.linear("mlp.weights_in", width, 2 * inner)
        gate, up = both.rows(0, inner), both.rows(inner, 2 * inner)
        down = weights.linear("mlp.weights_out", inner, width)
        return FeedForward(up, scaled(down, strengths), SILU, gate)
    up = weights.linear("mlp.fc1", width, inner)
    return FeedForward(up, scaled(weights.linear("mlp.fc2", inner, width), strengths), activation)
