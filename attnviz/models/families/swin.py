"""Swin (arXiv 2103.14030): windows on a grid that becomes coarser from stage to stage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.attention.masks import full, windows
from attnviz.attention.rules import Rule
from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.model import IMAGE
from attnviz.models.network.attention import Attention
from attnviz.models.network.blocks import FeedForward, PreNormBlock
from attnviz.models.network.grid import WindowBias
from attnviz.models.network.patches import PatchStem
from attnviz.models.network.stages import Merging, Stages
from attnviz.models.network.tower import Tower
from attnviz.models.network.vision import wide

ANCHOR = "embeddings.patch_embeddings.projection.weight"
EPS = 1e-5  # of the norms that the config does not speak of


def build(fields: Fields, weights: Weights) -> Stages:
    for name in ("hidden_size", "num_layers", "drop_path_rate", "encoder_stride", "stage_names",
                 "out_features", "out_indices", "_out_features", "_out_indices"):  # fmt: skip
        fields.get(name)  # says embed_dim and depths again; of training, of backbones
    fields.only("use_absolute_embeddings", False)
    depths, heads = _listed(fields, "depths"), _listed(fields, "num_heads")
    if len(depths) != len(heads):
        raise fields.wrong("num_heads", heads, f"a list of {len(depths)}")
    size, side = fields.number("patch_size", 4), fields.number("image_size", 224)
    width, grid = fields.number("embed_dim", 96), (side // size, side // size)
    stem = PatchStem(
        weights.patches("embeddings.patch_embeddings.projection",
                        fields.number("num_channels", 3), width, size),
        size, np.zeros((0, width), np.float32), None,
        norm=weights.layer_norm("embeddings.norm", width, EPS),
    )  # fmt: skip
    towers, grids, mergings = list[Tower](), list[tuple[int, int]](), list[Merging]()
    for stage, (depth, n_heads) in enumerate(zip(depths, heads, strict=True)):
        at, is_last = weights.under(f"encoder.layers.{stage}."), stage + 1 == len(depths)
        tower = _stage(at, fields, stem, stage, depth, n_heads, width, grid)
        if is_last:
            eps = fields.real("layer_norm_eps", EPS)
            tower = _with_norm(tower, weights, width, eps)
        towers.append(tower)
        grids.append(grid)
        if not is_last:
            down = at.under("downsample.")
            mergings.append(
                Merging(down.layer_norm("norm", 4 * width, EPS),
                        down.linear("reduction", 4 * width, 2 * width, bias=False))
            )  # fmt: skip
            width, grid = 2 * width, (-(-grid[0] // 2), -(-grid[1] // 2))
    return Stages(tuple(towers), tuple(grids), tuple(mergings))


def _with_norm(tower: Tower, weights: Weights, width: int, eps: float) -> Tower:
    return replace(tower, last_norm=weights.layer_norm("layernorm", width, eps))


def _listed(fields: Fields, name: str) -> list[int]:
    found = fields.get(name, [2, 2, 6, 2] if name == "depths" else [3, 6, 12, 24])
    if not isinstance(found, list) or not all(type(n) is int and 0 < n < 1000 for n in found):
        raise fields.wrong(name, found, "a list of whole numbers")
    if not 0 < len(found) <= 16:
        raise fields.wrong(name, found, "a list of 1 to 16 numbers")
    return found


def _stage(
    weights: Weights, fields: Fields, stem: PatchStem, stage: int, depth: int, n_heads: int,
    width: int, grid: tuple[int, int],
) -> Tower:  # fmt: skip
    size = fields.number("window_size", 7)
    whole = min(grid) <= size  # one window holds the grid
    if not whole and grid[0] % size:
        raise fields.wrong(
            "window_size", size, f"a divisor of the {grid[0]} patches of stage {stage}"
        )
    if width % n_heads:
        raise fields.wrong("num_heads", n_heads, f"a divisor of {width}")
    if whole and grid[0] < size:
        raise fields.wrong("window_size", size, f"{grid[0]}, the patches of stage {stage}")
    at = [weights.under(f"blocks.{i}.") for i in range(depth)]
    masks = tuple(_mask(grid, size, size // 2 * (i % 2), whole) for i in range(depth))
    role = IMAGE if stage == 0 else f"stage{stage}"
    return Tower(
        stem,
        tuple(_block(one, fields, width, n_heads) for one in at),
        masks,
        stack=f"stage{stage}",
        role=role,
        grid_biases=tuple(_bias(one, size, n_heads) for one in at),
    )


def _mask(grid: tuple[int, int], size: int, shift: int, whole: bool) -> Rule:
    return full() if whole else windows(grid[1], size, shift)


def _bias(weights: Weights, size: int, n_heads: int) -> WindowBias:
    table = weights.take(
        "attention.self.relative_position_bias_table", (2 * size - 1) ** 2, n_heads
    )
    return WindowBias(wide(np.asarray(table)), size)


def _block(weights: Weights, fields: Fields, width: int, n_heads: int) -> PreNormBlock:
    eps, bias = fields.real("layer_norm_eps", EPS), fields.flag("qkv_bias", True)
    inner = int(width * fields.real("mlp_ratio", 4.0))
    query, key, value = (
        weights.linear(f"attention.self.{name}", width, width, bias)
        for name in ("query", "key", "value")
    )
    output = weights.linear("attention.output.dense", width, width)
    return PreNormBlock(
        weights.layer_norm("layernorm_before", width, eps),
        Attention(query, key, value, output, n_heads, n_heads, (width // n_heads) ** -0.5),
        weights.layer_norm("layernorm_after", width, eps),
        FeedForward(
            weights.linear("intermediate.dense", width, inner),
            weights.linear("output.dense", inner, width),
            fields.activation("hidden_act", "gelu"),
        ),
    )
