"""More models that look at pictures against transformers: pixels, every weight, hidden states."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as t
from PIL import Image
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil
from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil
from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil

import attnviz
from attnviz.models import load_writer
from attnviz.models.checkpoint.image_processor import read_image_processor
from attnviz.models.interpolation import LINEAR, taps
from attnviz.models.model import Inputs
from attnviz.tracing.cache import KeyValueCache

IMAGES = Path(__file__).parents[2] / "samples" / "images"
SIZES = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4,
         "intermediate_size": 48}  # fmt: skip
PLAIN = SIZES | {"image_size": 48, "patch_size": 8}
SQUARE = {"size": {"height": 48, "width": 48}, "do_center_crop": False}
WIDE = {"size": {"height": 40, "width": 72}, "do_center_crop": False}
STEPS = {"use_relative_position_bias": True}
COMMON = {"use_shared_relative_position_bias": True}
MODELS = {  # model, config, processor of its folder, what it is told beside the pixels
    "dinov3": (t.DINOv3ViTModel, t.DINOv3ViTConfig, PLAIN | {"num_register_tokens": 3}, SQUARE, {}),
    "dinov3, gated, wide": (t.DINOv3ViTModel, t.DINOv3ViTConfig, PLAIN | {
        "use_gated_mlp": True, "hidden_act": "silu", "key_bias": True, "query_bias": False,
    }, WIDE, {}),
    "beit": (t.BeitModel, t.BeitConfig, PLAIN | STEPS, SQUARE, {}),
    "beit, wide": (t.BeitModel, t.BeitConfig, PLAIN | STEPS, WIDE, {}),
    "beit, shared, placed": (t.BeitModel, t.BeitConfig, PLAIN | COMMON | {
        "use_absolute_position_embeddings": True, "use_mean_pooling": False}, SQUARE, {}),
    "beit, both": (t.BeitModel, t.BeitConfig, PLAIN | STEPS | COMMON | {"hidden_act": "relu"},
                   SQUARE, {}),
    "vit_mae": (t.ViTMAEModel, t.ViTMAEConfig, PLAIN | {"mask_ratio": 0.0}, SQUARE,
                {"noise": torch.arange(36.0)[None]}),
    "vit_mae, other": (t.ViTMAEModel, t.ViTMAEConfig, PLAIN | {
        "mask_ratio": 0.0, "patch_size": 16, "qkv_bias": False}, SQUARE,
        {"noise": torch.arange(9.0)[None]}),
    "blip": (t.BlipVisionModel, t.BlipVisionConfig, PLAIN, SQUARE, {}),
    "blip, relu": (t.BlipVisionModel, t.BlipVisionConfig, PLAIN | {
        "patch_size": 12, "hidden_act": "relu"}, SQUARE, {}),
}  # fmt: skip


def perturbed(made, config, folder, processor):
    """A model with weights that peak, saved."""
    torch.manual_seed(13)
    found = made._from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for name, weight in found.named_parameters():
            weight.add_(torch.randn_like(weight) * (0.2 if weight.ndim > 1 else 0.3))
            if "query" in name or "q_proj" in name:
                weight.mul_(2)
    found.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return found


def check_hidden(opened, prepared, wanted):
    hidden = opened.run(prepared, KeyValueCache().attend)
    largest = wanted.abs().max()
    assert np.abs(hidden - wanted[0].numpy()).max() < 1e-5 * largest


def stacked(out):
    return np.stack([one[0].numpy() for one in out.attentions])


@pytest.mark.parametrize("name", MODELS)
def test_every_weight_and_the_hidden_state(name, tmp_path):
    made, config, settings, processor, beside = MODELS[name]
    reference = perturbed(made, config(**settings), tmp_path, processor)
    opened = load_writer(str(tmp_path))
    prepared = opened.prepare(Inputs(image=IMAGES / "shapes.png"))
    (pixels,) = prepared.features.values()
    with torch.no_grad():
        out = reference(torch.from_numpy(pixels)[None], output_attentions=True, **beside)
    record = attnviz.trace(image=IMAGES / "shapes.png", model=str(tmp_path))
    assert stacked(out).max() > 0.1
    np.testing.assert_allclose(record.stack.weights, stacked(out), atol=1e-5)
    check_hidden(opened, prepared, out.last_hidden_state)


READ = SIZES | {"vocab_size": 60, "max_position_embeddings": 20}
FLEXIBLE = {
    "siglip2": ({"num_patches": 16, "patch_size": 16}, {"max_num_patches": 12, "patch_size": 16}),
    "siglip2, finer": ({"num_patches": 9, "patch_size": 8, "hidden_act": "relu"},
                       {"max_num_patches": 40, "patch_size": 8}),
}  # fmt: skip


@pytest.mark.parametrize("name", FLEXIBLE)
@pytest.mark.parametrize("file", ["cat.jpg", "shapes.png"])
def test_siglip2_on_pictures_that_keep_their_shape(name, file, tmp_path):
    """The library fills the patches up and masks them; ours leaves them out."""
    image, processor = FLEXIBLE[name]
    config = t.Siglip2Config(text_config=READ, vision_config=SIZES | image)
    reference = perturbed(t.Siglip2Model, config, tmp_path, processor)
    picture = Image.open(IMAGES / file).convert("RGB")
    fed = Siglip2ImageProcessorPil(**processor)(picture, return_tensors="pt")
    shape = {n: fed[n] for n in ("pixel_values", "pixel_attention_mask", "spatial_shapes")}
    rows, columns = fed["spatial_shapes"][0].tolist()
    n, ids = rows * columns, [3, 17, 5, 40, 11]
    with torch.no_grad():
        seen = reference.vision_model(
            fed["pixel_values"], fed["pixel_attention_mask"], fed["spatial_shapes"],
            output_attentions=True,
        )  # fmt: skip
        whole = reference(input_ids=torch.tensor([ids]), **shape)
    record = attnviz.trace(image=IMAGES / file, model=str(tmp_path))
    assert record.stacks["image"].key_tokens.where.grid == (rows, columns)
    np.testing.assert_allclose(
        record.stacks["image"].weights, stacked(seen)[..., :n, :n], atol=1e-5
    )
    (found,) = attnviz.predict(image=IMAGES / file, ids=ids, model=str(tmp_path)).similarities
    assert found.logit == pytest.approx(float(whole.logits_per_image[0, 0]), abs=2e-5)


CLASSES = {
    "beit": (t.BeitForImageClassification, t.BeitConfig, PLAIN | STEPS),
    "beit, first": (t.BeitForImageClassification, t.BeitConfig, PLAIN | STEPS | {
        "use_mean_pooling": False}),
    "deit": (t.DeiTForImageClassification, t.DeiTConfig, PLAIN),
    "deit, taught": (t.DeiTForImageClassificationWithTeacher, t.DeiTConfig, PLAIN),
}  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
def test_classes_of_a_picture(name, tmp_path):
    made, config, settings = CLASSES[name]
    labels = {0: "cat", 1: "ball", 2: "box", 3: "cup"}
    reference = perturbed(made, config(**settings, id2label=labels), tmp_path, SQUARE)
    opened = load_writer(str(tmp_path))
    pixels = opened.prepare(Inputs(image=IMAGES / "cat.jpg")).features["image"]
    with torch.no_grad():
        wanted = reference(torch.from_numpy(pixels)[None]).logits[0].softmax(-1).numpy()
    (place,) = attnviz.predict(image=IMAGES / "cat.jpg", model=str(tmp_path), k=4).places
    found = {label: share for _, label, share in place.candidates}
    assert [found[label] for label in labels.values()] == pytest.approx(wanted, abs=1e-5)


def pictures():
    found = [Image.open(IMAGES / name).convert("RGB") for name in ("cat.jpg", "coffee.jpg")]
    draw = np.random.default_rng(2)
    for size in ((61, 97), (600, 90), (224, 224), (500, 20)):
        found.append(Image.fromarray(draw.integers(0, 256, (*size[::-1], 3), dtype=np.uint8)))
    return found


PROCESSORS = {
    "siglip2": Siglip2ImageProcessorPil, "blip": t.BlipImageProcessorPil,
    "beit": t.BeitImageProcessorPil,
    "vit_mae": lambda: t.ViTImageProcessorPil(
        resample=3, image_mean=(0.485, 0.456, 0.406), image_std=(0.229, 0.224, 0.225)
    ),
    "idefics3": lambda: Idefics3ImageProcessorPil(do_image_splitting=False),
    "paligemma": t.SiglipImageProcessorPil, "gemma3": t.Gemma3ImageProcessorPil,
    "smolvlm": lambda: SmolVLMImageProcessorPil(
        do_image_splitting=False, size={"longest_edge": 512}, max_image_size={"longest_edge": 128}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROCESSORS)
def test_pixels_are_those_of_the_library(name, tmp_path):
    """No difference at all, read from its file and by default."""
    theirs = PROCESSORS[name]()
    theirs.save_pretrained(tmp_path)
    usual = [read_image_processor(None, name)] if name != "smolvlm" else []
    for ours in (read_image_processor(tmp_path, name), *usual):
        for picture in pictures():
            wanted = theirs(picture, return_tensors="np")["pixel_values"][0]
            wanted = wanted[0] if wanted.ndim == 4 else wanted  # pictures may come in parts
            found, _ = ours(picture)
            if name == "siglip2":
                size, (_, height, width) = 16, found.shape
                cut = found.reshape(3, height // size, size, width // size, size)
                flat = cut.transpose(1, 3, 2, 4, 0).reshape(-1, 3 * size * size)
                assert not wanted[len(flat) :].any()
                found, wanted = flat, wanted[: len(flat)]
            assert np.array_equal(found, wanted)


def test_dinov3_resizes_floats_as_torch_does():
    """As torch does in float64: in float32 it is off by 1e-5 itself."""
    ours = read_image_processor(None, "dinov3_vit")
    mean, std = (torch.tensor(three)[:, None, None] for three in (ours.mean, ours.std))
    for picture in pictures():
        levels = torch.tensor(np.asarray(picture)).permute(2, 0, 1).double() / 255
        wide = torch.nn.functional.interpolate(
            levels[None], size=(224, 224), mode="bilinear", antialias=True
        )
        found, _ = ours(picture)
        np.testing.assert_allclose(found, ((wide[0] - mean) / std).numpy(), atol=2e-6)


@pytest.mark.parametrize("fault", ["no antialias", "another kernel", "another grid"])
def test_a_fault_would_be_seen(fault):
    """Each of these moves what is tested above by more than it allows."""
    right = taps(4, 3, LINEAR, antialias=True)
    wrong = {
        "no antialias": lambda: taps(4, 3, LINEAR, antialias=False),
        "another kernel": lambda: taps(4, 3, -0.5, antialias=True),
        "another grid": lambda: np.eye(4)[:3],
    }[fault]()
    assert np.abs(right - wrong).max() > 0.05
