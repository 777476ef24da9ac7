"""Swin against transformers: every window of every block, laid out over all patches."""

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as t

import attnviz
from attnviz.models import load_writer
from attnviz.models.model import Inputs
from tests.parity.test_vision_families import check_hidden, perturbed

IMAGE = Path(__file__).parents[2] / "samples" / "images" / "shapes.png"
CASES = {
    "two stages": {"image_size": 48, "patch_size": 4, "embed_dim": 16, "depths": [2, 2],
                   "num_heads": [2, 4], "window_size": 3},
    "three stages, the last whole": {
        "image_size": 32, "patch_size": 2, "embed_dim": 12, "depths": [1, 4, 2],
        "num_heads": [3, 3, 6], "window_size": 4, "qkv_bias": False, "hidden_act": "relu",
        "mlp_ratio": 2.0},
}  # fmt: skip


def watched(reference, pixels):
    """What each attention gave: (windows, heads, size², size²) each, in order."""
    seen = []
    hooks = [
        part.register_forward_hook(lambda _, __, out: seen.append(out[1].numpy()))
        for name, part in reference.named_modules()
        if name.endswith("attention")
    ]
    with torch.no_grad():
        out = reference(pixels)
    for hook in hooks:
        hook.remove()
    return seen, out


def laid_out(found, side, size, shift):
    """Weights of windows as one matrix over all patches, zero where windows differ."""
    places = np.roll(np.arange(side * side).reshape(side, side), (-shift, -shift), (0, 1))
    cut = places.reshape(side // size, size, side // size, size).swapaxes(1, 2)
    whole = np.zeros((found.shape[1], side * side, side * side), np.float32)
    for window, inside in zip(found, cut.reshape(-1, size * size), strict=True):
        whole[:, inside[:, None], inside] = window
    return whole


@pytest.mark.parametrize("name", CASES)
def test_every_weight_and_the_class(name, tmp_path):
    settings = CASES[name]
    side, size = settings["image_size"], settings["window_size"]
    labels = {0: "cat", 1: "ball", 2: "box"}
    processor = {"size": {"height": side, "width": side}}
    config = t.SwinConfig(**settings, id2label=labels)
    reference = perturbed(t.SwinForImageClassification, config, tmp_path, processor)
    opened = load_writer(str(tmp_path))
    prepared = opened.prepare(Inputs(image=IMAGE))
    pixels = torch.from_numpy(prepared.features["image"])[None]
    seen, out = watched(reference, pixels)
    record = attnviz.trace(image=IMAGE, model=str(tmp_path))
    grid, found = side // settings["patch_size"], iter(seen)
    assert list(record.stacks) == [f"stage{i}" for i in range(len(settings["depths"]))]
    for stage, depth in enumerate(settings["depths"]):
        stack = record.stacks[f"stage{stage}"]
        assert stack.key_tokens.where.grid == (grid, grid)
        for layer in range(depth):
            whole = grid <= size
            shift = 0 if whole else size // 2 * (layer % 2)
            wanted = laid_out(next(found), grid, min(size, grid), shift)
            assert wanted.max() > 0.1
            np.testing.assert_allclose(stack.weights[layer], wanted, atol=1e-5)
            assert (stack.weights[layer][0] > 0).sum() == stack.masks[layer].to_array(
                grid**2, grid**2
            ).sum()
        grid //= 2
    with torch.no_grad():
        check_hidden(opened, prepared, reference.swin(pixels).last_hidden_state)
    (place,) = attnviz.predict(image=IMAGE, model=str(tmp_path), k=3).places
    shares = {label: share for _, label, share in place.candidates}
    wanted = out.logits[0].softmax(-1).numpy()
    assert [shares[labels[i]] for i in range(3)] == pytest.approx(wanted, abs=1e-5)


def test_a_window_by_one_would_be_seen():
    """A shift that is one off, or windows that are one larger, let other patches see each other."""
    right = attnviz.masks.windows(6, 3, 1).to_array(36, 36)
    assert not np.array_equal(right, attnviz.masks.windows(6, 3, 2).to_array(36, 36))
    assert not np.array_equal(right, attnviz.masks.windows(6, 4, 1).to_array(36, 36))
    assert right.sum() != attnviz.masks.windows(6, 3).to_array(36, 36).sum()
