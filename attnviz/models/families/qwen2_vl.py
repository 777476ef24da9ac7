"""Qwen 2 VL (arXiv 2409.12191), 2.5 (2502.13923) and 3 (2511.21631): a tower that turns by row and
column, squares of its patches, and a decoder whose positions have three axes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.attention.masks import full
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.config import LARGEST_REAL, Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.families import decoder_within
from attnviz.models.layers import ACTIVATIONS, Floats, Linear, Norm
from attnviz.models.model import IMAGE
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.grid import GRID, StepRope
from attnviz.models.network.network import Network
from attnviz.models.network.patches import CORNERS, FIXED, PatchStem
from attnviz.models.network.places import GridWindows, axes_of
from attnviz.models.network.projectors import Merger
from attnviz.models.network.seeing_decoder import ImageMarks, seeing
from attnviz.models.network.tower import Tower
from attnviz.models.network.vision import wide

ANCHOR = "visual.blocks.0.attn.qkv.weight"
IMAGE_TOKEN, SIDE = 151655, 2
EPS = 1e-6
MARKS = ImageMarks("<|image_pad|>", "<|vision_start|><|image_pad|><|vision_end|>")
OTHERS = ("video_token_id", "vision_start_token_id", "vision_end_token_id", "vision_token_id")
UNREAD = ("tokens_per_second", "in_chans", "spatial_patch_size", "hidden_size")


@dataclass(frozen=True)
class Kind:
    """How the three differ.

    width: the field of the tower's. has_rms: its norms are root-mean-square norms. feed: the names
    of its feed-forward maps, and of the gate. merger: those of the norm and the maps between tower
    and decoder. has_windows: most layers see windows. is_placed: patches have learned positions.
    woven: the axes of positions take turns among the frequencies.
    """

    width: str = "hidden_size"
    has_rms: bool = False
    feed: tuple[str, str, str] = ("mlp.linear_fc1", "mlp.linear_fc2", "")
    merger: tuple[str, str, str] = ("norm", "linear_fc1", "linear_fc2")
    activation: str = "gelu_pytorch_tanh"
    has_windows: bool = False
    is_placed: bool = False
    woven: bool = False


FIRST_MERGER = ("ln_q", "mlp.0", "mlp.2")
KINDS = {
    "qwen2_vl": Kind(
        "embed_dim", feed=("mlp.fc1", "mlp.fc2", ""), merger=FIRST_MERGER, activation="quick_gelu"
    ),
    "qwen2_5_vl": Kind(
        has_rms=True, feed=("mlp.up_proj", "mlp.down_proj", "mlp.gate_proj"),
        merger=FIRST_MERGER, activation="silu", has_windows=True,
    ),
    "qwen3_vl": Kind(is_placed=True, woven=True),
}  # fmt: skip


def build(fields: Fields, weights: Weights) -> Network:
    kind = KINDS[str(fields.get("model_type"))]
    for other in OTHERS:
        fields.get(other)
    written, seen = fields.part("text_config"), fields.part("vision_config")
    text = decoder_within(written, weights, "text_config")
    head_dim = text.layouts[text.stack].head_dim
    axes = axes_of(_sections(written), head_dim // 2, woven=kind.woven)
    if axes is None:
        raise written.wrong("mrope_section", _sections(written), f"three that give {head_dim // 2}")
    turned = {name: replace(rope, axes=axes) for name, rope in text.ropes.items()}
    at, width = weights.under("visual."), seen.number(kind.width, 1280)
    image, side = _tower(at, seen, kind, width), seen.number("spatial_merge_size", SIDE)
    out = text.blocks[-1].attention.output.weight.shape[0]
    for same in ("out_hidden_size", *UNREAD):
        seen.get(same)
    merger = _merger(at.under("merger."), kind, width, out, side)
    token = fields.number("image_token_id", IMAGE_TOKEN, 0)
    found = seeing(image, replace(text, ropes=turned), merger, token, MARKS)
    return replace(found, deep=_deep(at, seen, kind, width, out, side), has_places=True)


def _sections(written: Fields) -> object:
    """How many frequencies follow time, rows and columns."""
    found: object = None
    for name in ("rope_scaling", "rope_parameters"):
        given = written.get(name)
        found = given.get("mrope_section", found) if isinstance(given, dict) else found
    return found


def _tower(weights: Weights, fields: Fields, kind: Kind, width: int) -> Tower:
    n_layers, n_heads = fields.number("depth", 32), fields.number("num_heads", 16)
    if width % n_heads or width // n_heads % 4:
        raise fields.wrong("num_heads", n_heads, f"heads of {width} numbers that four divides")
    at = [weights.under(f"blocks.{i}.") for i in range(n_layers)]
    return Tower(
        _stem(weights, fields, kind, width),
        tuple(_block(one, fields, kind, width, n_heads) for one in at),
        (full(),) * n_layers,
        stack="image",
        role=IMAGE,
        kinds=(GRID,) * n_layers,
        grid_rope=StepRope.of(width // n_heads, _theta(fields)),
        sees=_windows(fields, n_layers) if kind.has_windows else None,
    )


def _theta(fields: Fields) -> float:
    """How slowly the last of the frequencies turns."""
    given = fields.get("rope_parameters", {})
    theta = given.get("rope_theta", 10000.0) if isinstance(given, dict) else 0
    if type(theta) not in (int, float) or not 0 < theta < LARGEST_REAL:
        raise fields.wrong("rope_parameters", given, "an object with a rope_theta")
    if given.get("rope_type", "axial") not in ("axial", "default"):
        raise fields.wrong("rope_parameters.rope_type", given["rope_type"], "axial")
    return float(theta)


def _listed(fields: Fields, name: str, usual: list[int], n: int) -> list[int]:
    """Read numbers of layers."""
    found = fields.get(name, usual)
    if not isinstance(found, list) or not all(type(i) is int and 0 <= i < n for i in found):
        raise fields.wrong(name, found, f"a list of layers below {n}")
    return found


def _windows(fields: Fields, n_layers: int) -> GridWindows:
    """The layers that see squares of patches alone."""
    size, patch = fields.number("window_size", 112), fields.number("patch_size", 14)
    side = fields.number("spatial_merge_size", SIDE)
    whole = _listed(fields, "fullatt_block_indexes", [7, 15, 23, 31], n_layers)
    if not size // patch // side:
        raise fields.wrong("window_size", size, f"{patch * side} pixels or more")
    # Windows hold whole squares of patches that become a token.
    return GridWindows(
        size // side // patch * side, tuple(i for i in range(n_layers) if i not in whole), patch
    )


def _stem(weights: Weights, fields: Fields, kind: Kind, width: int) -> PatchStem:
    """A picture is fed as two frames that are the same: the map of both is the sum of theirs."""
    size, frames = fields.number("patch_size", 14), fields.number("temporal_patch_size", 2)
    shape = (width, fields.number("in_channels", 3), frames, size, size)
    both = np.asarray(weights.take("patch_embed.proj.weight", *shape)).astype(np.float32)
    bias = weights.take("patch_embed.proj.bias", width) if kind.is_placed else None
    positions: Floats | None = None
    if kind.is_placed:
        n = fields.number("num_position_embeddings", 2304)
        positions = wide(np.asarray(weights.take("pos_embed.weight", n, width)))
    return PatchStem(
        Linear(both.sum(axis=2).reshape(width, -1), bias),
        size,
        np.zeros((0, width), np.float32),
        positions,
        CORNERS if kind.is_placed else FIXED,
    )


def _norm(weights: Weights, kind: Kind, name: str, width: int) -> Norm:
    read = weights.rms_norm if kind.has_rms else weights.layer_norm
    return read(name, width, EPS)


def _block(weights: Weights, fields: Fields, kind: Kind, width: int, n_heads: int) -> PreNormBlock:
    joined = weights.linear("attn.qkv", width, 3 * width)
    query, key, value = (joined.rows(i * width, (i + 1) * width) for i in range(3))
    output = weights.linear("attn.proj", width, width)
    up, down, gate = kind.feed
    usual = int(width * fields.real("mlp_ratio", 4)) if kind.width == "embed_dim" else 3420
    inner = usual if kind.width == "embed_dim" else fields.number("intermediate_size", usual)
    return PreNormBlock(
        _norm(weights, kind, "norm1", width),
        Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5),
        _norm(weights, kind, "norm2", width),
        FeedForward(
            weights.linear(up, width, inner),
            weights.linear(down, inner, width),
            fields.activation("hidden_act", kind.activation),
            weights.linear(gate, width, inner) if gate else None,
        ),
    )


def _merger(
    weights: Weights, kind: Kind, width: int, out: int, side: int, *, joined_first: bool = False
) -> Merger:
    norm, inner, outer = kind.merger
    long = width * side**2
    return Merger(
        _norm(weights, kind, norm, long if joined_first else width),
        weights.linear(inner, long, long),
        ACTIVATIONS["gelu"],
        weights.linear(outer, long, out),
        side,
        joined_first,
    )


def _deep(
    weights: Weights, fields: Fields, kind: Kind, width: int, out: int, side: int
) -> tuple[tuple[int, Merger], ...]:
    """What goes from layers of the tower into the first layers of the decoder (DeepStack, arXiv
    2406.04334)."""
    if not kind.is_placed:
        return ()
    n = fields.number("depth", 27)
    layers = _listed(fields, "deepstack_visual_indexes", [8, 16, 24], n)
    at = [weights.under(f"deepstack_merger_list.{i}.") for i in range(len(layers))]
    return tuple(
        (layer, _merger(one, kind, width, out, side, joined_first=True))
        for layer, one in sorted(zip(layers, at, strict=True), key=lambda pair: pair[0])
    )
