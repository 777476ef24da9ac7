"""Qwen 2 VL, 2.5 and 3 against transformers: every weight of tower and decoder, positions, what is
written, and pixels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as t

import attnviz
from attnviz.models import load_writer
from attnviz.models.checkpoint.image_processor import read_image_processor
from attnviz.models.families.qwen2_vl import KINDS
from attnviz.models.model import Inputs
from attnviz.models.network.places import positions_of
from attnviz.tracing.cache import KeyValueCache
from tests.parity.test_vision_families import perturbed, pictures, stacked
from tests.reference.qwen_vl import PATCH, SIDE, fed, order, tower_weights

IMAGES = Path(__file__).parents[2] / "samples" / "images"
IMAGE = 59
STEP = PATCH * SIDE
TEXT = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 60,
        "intermediate_size": 48, "num_key_value_heads": 2, "max_position_embeddings": 200,
        "bos_token_id": 1, "eos_token_id": 4}  # fmt: skip
SEEN = {"depth": 3, "num_heads": 2, "patch_size": PATCH, "spatial_merge_size": SIDE}
MARKS = {"image_token_id": IMAGE, "vision_start_token_id": 57, "vision_end_token_id": 58,
         "video_token_id": 56}  # fmt: skip
FEW = {"min_pixels": 4 * STEP**2, "max_pixels": 13 * STEP**2, "patch_size": PATCH}


def turned(*sections, theta=10000.0):
    return {"rope_type": "default", "rope_theta": theta, "mrope_section": [*sections]}


CASES = {
    "qwen2_vl": lambda: t.Qwen2VLConfig(
        text_config=TEXT | {"rope_parameters": turned(1, 1, 2)},
        vision_config=SEEN | {"embed_dim": 16, "hidden_size": 32, "mlp_ratio": 2}, **MARKS),
    "qwen2_vl, tied, near": lambda: t.Qwen2VLConfig(
        text_config=TEXT | {"rope_parameters": turned(2, 1, 1, theta=50.0), "sliding_window": 6,
                            "use_sliding_window": True, "max_window_layers": 1},
        vision_config=SEEN | {"embed_dim": 16, "hidden_size": 32, "mlp_ratio": 3,
                              "hidden_act": "gelu"}, tie_word_embeddings=True, **MARKS),
    "qwen2_5_vl": lambda: t.Qwen2_5_VLConfig(
        text_config=TEXT | {"rope_parameters": turned(1, 1, 2)},
        vision_config=SEEN | {"hidden_size": 16, "out_hidden_size": 32, "intermediate_size": 24,
                              "window_size": 32, "fullatt_block_indexes": [1]}, **MARKS),
    "qwen2_5_vl, small windows": lambda: t.Qwen2_5_VLConfig(
        text_config=TEXT | {"rope_parameters": turned(0, 2, 2, theta=100.0)},
        vision_config=SEEN | {"hidden_size": 16, "out_hidden_size": 32, "intermediate_size": 20,
                              "window_size": 20, "fullatt_block_indexes": [2]}, **MARKS),
    "qwen3_vl": lambda: t.Qwen3VLConfig(
        text_config=TEXT | {"head_dim": 16, "rope_parameters": turned(4, 2, 2)},
        vision_config=SEEN | {"hidden_size": 16, "out_hidden_size": 32, "intermediate_size": 24,
                              "num_position_embeddings": 25, "deepstack_visual_indexes": [0, 1]},
        **MARKS),
    "qwen3_vl, one step": lambda: t.Qwen3VLConfig(
        text_config=TEXT | {"head_dim": 8, "rope_parameters": turned(2, 1, 1, theta=30.0)},
        vision_config=SEEN | {"hidden_size": 24, "out_hidden_size": 32, "intermediate_size": 20,
                              "num_position_embeddings": 9, "deepstack_visual_indexes": [1]},
        tie_word_embeddings=True, **MARKS),
}  # fmt: skip
MADE = {"qwen2_vl": t.Qwen2VLForConditionalGeneration,
        "qwen2_5_vl": t.Qwen2_5_VLForConditionalGeneration,
        "qwen3_vl": t.Qwen3VLForConditionalGeneration}  # fmt: skip
ASKED = [1, 8, 57, IMAGE, 58, 17, 22, 9]


@pytest.fixture(params=CASES)
def model(request, tmp_path):
    config = CASES[request.param]()
    config._attn_implementation = "eager"
    return perturbed(MADE[config.model_type], config, tmp_path, FEW), tmp_path


@pytest.mark.parametrize("picture", ["cat.jpg", "shapes.png"])
def test_every_weight_and_what_is_written(model, picture):
    reference, folder = model
    image, opened = IMAGES / picture, load_writer(str(folder))
    prepared = opened.prepare(Inputs(image=image, ids=ASKED))
    ids = prepared.text.ids
    given, grid = fed(prepared.features["image"], ids, IMAGE)
    n = grid[0] * grid[1] // SIDE**2
    assert ids.tolist() == [1, 8, 57, *[IMAGE] * n, 58, 17, 22, 9]
    window = getattr(reference.config.vision_config, "window_size", None)
    wanted, out = tower_weights(reference, given, order(grid, window))
    asked = {"image": image, "ids": ASKED, "model": str(folder)}
    record = attnviz.trace(**asked)
    np.testing.assert_allclose(record.stacks["image"].weights, wanted, atol=1e-5)
    np.testing.assert_allclose(record.stack.weights, stacked(out), atol=1e-5)
    with torch.no_grad():
        hidden = reference.model(**given).last_hidden_state[0].numpy()
    found = opened.run(prepared, KeyValueCache().attend)
    assert np.abs(found - hidden).max() < 1e-5 * np.abs(hidden).max()
    positions, _ = reference.model.get_rope_index(
        given["input_ids"], given["mm_token_type_ids"], given["image_grid_thw"]
    )
    mine = positions_of(ids == IMAGE, (grid[0] // SIDE, grid[1] // SIDE))
    assert np.array_equal(mine, positions[:, 0].numpy())
    how = {"max_new_tokens": 8, "no_repeat_ngram_size": 2}
    with torch.no_grad():
        whole = reference.generate(
            **given, attention_mask=torch.ones(1, len(ids)).long(), do_sample=False, **how
        )
    assert attnviz.generate(**asked, **how).ids == whole[0, len(ids) :].tolist()
    (place,) = attnviz.predict(**asked, k=60).places
    shares = {i: p for i, _, p in place.candidates}
    assert [shares[i] for i in range(60)] == pytest.approx(
        out.logits[0, -1].softmax(-1).numpy(), abs=1e-5
    )


def test_a_text_alone(model):
    reference, folder = model
    ids = [1, 8, 17, 22, 9]
    with torch.no_grad():
        out = reference(input_ids=torch.tensor([ids]), output_attentions=True)
    record = attnviz.trace(ids=ids, model=str(folder))
    np.testing.assert_allclose(record.stack.weights, stacked(out), atol=1e-5)


def test_wrong_positions_windows_and_depth_show(model):
    """Controls: positions as in a text, whole windows, nothing deep, no turn by row and column."""
    _, folder = model
    opened = load_writer(str(folder))
    asked = {"image": IMAGES / "cat.jpg", "ids": ASKED}
    right = attnviz.trace(**asked, model=opened).stacks
    network, kind = opened.network, KINDS[opened.family]
    tower = network.image
    changes = {
        "self": replace(network, has_places=False),
        "image": replace(network, image=replace(tower, grid_rope=None)),
        **({"window": replace(network, image=replace(tower, sees=None))} if tower.sees else {}),
        **({"deep": replace(network, deep=())} if network.deep else {}),
    }
    assert ("window" in changes, "deep" in changes) == (kind.has_windows, kind.is_placed)
    for name, wrong in changes.items():
        stack = "self" if name in ("self", "deep") else "image"
        found = attnviz.trace(**asked, model=replace(opened, network=wrong)).stacks[stack]
        assert np.abs(found.weights - right[stack].weights).max() > 1e-3


@pytest.mark.parametrize("settings", [
    {}, {"min_pixels": 28 * 28 * 9, "max_pixels": 28 * 28 * 40},
    {"size": {"shortest_edge": 4096, "longest_edge": 60000}, "patch_size": 16,
     "image_mean": [0.5] * 3, "image_std": [0.5] * 3},
])  # fmt: skip
def test_pixels_are_those_of_the_library(settings, tmp_path):
    theirs = t.Qwen2VLImageProcessorPil(**settings)
    theirs.save_pretrained(tmp_path)
    patch = settings.get("patch_size", 14)
    for picture in pictures():
        wanted = theirs(picture, return_tensors="np")
        (_, rows, columns) = wanted["image_grid_thw"][0]
        found, _ = read_image_processor(tmp_path, "qwen2_vl")(picture)
        assert found.shape == (3, rows * patch, columns * patch)
        cut = found.reshape(3, rows, patch, columns, patch).transpose(1, 3, 0, 2, 4)
        flat = cut.reshape(-1, 3, 1, patch, patch).repeat(2, axis=2)[order((rows, columns))]
        assert np.array_equal(flat.reshape(len(flat), -1), wanted["pixel_values"])
