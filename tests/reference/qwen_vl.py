"""What transformers' Qwen 2 VL and its kin are fed, and the weights of their tower."""

from importlib import import_module

import numpy as np
import torch
from transformers.vision_utils import get_vision_window_index

PATCH, SIDE = 8, 2


def order(grid, window=None):
    """Which of the patches, counted row by row, stands where for the library."""
    index = torch.arange(grid[0] * grid[1]).reshape(grid[0] // SIDE, SIDE, grid[1] // SIDE, SIDE)
    squares = index.permute(0, 2, 1, 3).reshape(-1, SIDE**2)
    if window is not None:
        found, _ = get_vision_window_index(torch.tensor([[1, *grid]]), SIDE, window, PATCH)
        squares = squares[found]
    return squares.flatten().numpy()


def fed(pixels, ids, image_token):
    """What the library is fed of pixels (3, height, width) and ids, and the grid of patches."""
    grid = (pixels.shape[1] // PATCH, pixels.shape[2] // PATCH)
    cut = pixels.reshape(3, grid[0], PATCH, grid[1], PATCH).transpose(1, 3, 0, 2, 4)
    flat = cut.reshape(-1, 3, 1, PATCH, PATCH).repeat(2, axis=2)[order(grid)]
    ids = torch.from_numpy(ids)[None]
    return {"input_ids": ids, "pixel_values": torch.from_numpy(flat.reshape(len(flat), -1)),
            "image_grid_thw": torch.tensor([[1, *grid]]),
            "mm_token_type_ids": (ids == image_token).long()}, grid  # fmt: skip


def tower_weights(reference, given, places):
    """The tower's weights, laid out over patches that are counted row by row, and the answer.

    The library gives none of them: windows are cut apart before attention.
    """
    module, calls = import_module(type(reference).__module__), []
    usual = module.eager_attention_forward

    def kept(layer, *args, **how):
        out = usual(layer, *args, **how)
        if "Vision" in type(layer).__name__:
            calls.append(out[1][0].numpy())
        return out

    module.eager_attention_forward = kept
    try:
        with torch.no_grad():
            out = reference(**given, output_attentions=True)
    finally:
        module.eager_attention_forward = usual
    whole, start = [], 0
    for weights in calls:
        if not start:
            whole.append(np.zeros((weights.shape[0], len(places), len(places)), np.float32))
        rows = places[start : start + weights.shape[1]]
        whole[-1][:, rows[:, None], rows] = weights
        start = (start + len(rows)) % len(places)
    return np.stack(whole), out
