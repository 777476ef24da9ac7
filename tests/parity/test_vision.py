"""Vision transformers against transformers: pixels, every weight, hidden states, classes."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    BitImageProcessorPil,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    DeiTConfig,
    DeiTImageProcessorPil,
    DeiTModel,
    Dinov2Config,
    Dinov2ForImageClassification,
    Dinov2Model,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersForImageClassification,
    Dinov2WithRegistersModel,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessorPil,
    ViTModel,
)

import attnviz
from attnviz.models import load_writer
from attnviz.models.checkpoint.image_processor import read_image_processor
from attnviz.models.model import Inputs
from attnviz.tracing.cache import KeyValueCache
from tests.reference import dinov2_folder

IMAGES = Path(__file__).parents[2] / "samples" / "images"
SIZES = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4}
PLAIN = SIZES | {"intermediate_size": 48, "image_size": 48, "patch_size": 8}
DINO = SIZES | {"image_size": 56, "patch_size": 14, "mlp_ratio": 2}
MODELS = {  # model, config, processor of its folder
    "vit": (ViTModel, ViTConfig, PLAIN, {"size": {"height": 48, "width": 48}}),
    "vit, relu": (ViTModel, ViTConfig, PLAIN | {"hidden_act": "relu", "qkv_bias": False,
                  "patch_size": 16}, {"size": {"height": 48, "width": 48}, "resample": 3}),
    "deit": (DeiTModel, DeiTConfig, PLAIN, {"size": {"height": 60, "width": 60},
             "do_center_crop": True, "crop_size": {"height": 48, "width": 48}}),
    "deit, other": (DeiTModel, DeiTConfig, PLAIN | {"patch_size": 12, "hidden_act": "gelu_new",
                    "qkv_bias": False}, {"size": {"height": 48, "width": 48}, "resample": 1,
                    "do_center_crop": False}),
    "dinov2": (Dinov2Model, Dinov2Config, DINO, {"size": {"shortest_edge": 60},
               "do_center_crop": True, "crop_size": {"height": 56, "width": 56}}),
    "dinov2, swiglu, wide": (Dinov2Model, Dinov2Config, DINO | {"use_swiglu_ffn": True},
                             {"size": {"height": 42, "width": 70}}),
    "registers": (Dinov2WithRegistersModel, Dinov2WithRegistersConfig,
                  DINO | {"num_register_tokens": 3}, {"size": {"height": 56, "width": 84}}),
    "registers, small": (Dinov2WithRegistersModel, Dinov2WithRegistersConfig,
                         DINO | {"num_register_tokens": 2}, {"size": {"height": 28, "width": 42}}),
}  # fmt: skip


@pytest.fixture(params=MODELS)
def model(request, tmp_path):
    made, config, settings, processor = MODELS[request.param]
    torch.manual_seed(13)
    found = made._from_config(config(**settings), attn_implementation="eager").eval()
    with torch.no_grad():
        for name, weight in found.named_parameters():
            weight.add_(torch.randn_like(weight) * (0.2 if weight.ndim > 1 else 0.3))
            if "query" in name:
                weight.mul_(2)
    found.save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(processor))
    return found, tmp_path


def test_every_weight_and_the_hidden_state(model):
    reference, folder = model
    opened = load_writer(str(folder))
    prepared = opened.prepare(Inputs(image=IMAGES / "shapes.png"))
    (pixels,) = prepared.features.values()
    with torch.no_grad():
        out = reference(torch.from_numpy(pixels)[None], output_attentions=True)
    record = attnviz.trace(image=IMAGES / "shapes.png", model=str(folder))
    wanted = np.stack([one[0].numpy() for one in out.attentions])
    assert wanted.max() > 0.1
    np.testing.assert_allclose(record.stack.weights, wanted, atol=1e-5)
    hidden = opened.run(prepared, KeyValueCache().attend)
    largest = out.last_hidden_state.abs().max()
    assert np.abs(hidden - out.last_hidden_state[0].numpy()).max() < 1e-5 * largest


TOWER = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
         "intermediate_size": 40}  # fmt: skip
SEEN = TOWER | {"image_size": 48, "patch_size": 16}
READ = TOWER | {"vocab_size": 60, "max_position_embeddings": 20}
TOWERS = {
    "clip": (CLIPModel, CLIPConfig, READ, SEEN),
    "clip, gelu": (CLIPModel, CLIPConfig, READ | {"hidden_act": "gelu"},
                   SEEN | {"hidden_act": "gelu", "patch_size": 8}),
    "siglip": (SiglipModel, SiglipConfig, READ, SEEN),
    "siglip, relu": (SiglipModel, SiglipConfig, READ | {"hidden_act": "relu"},
                     SEEN | {"hidden_act": "relu", "patch_size": 8, "num_attention_heads": 2}),
}  # fmt: skip


@pytest.mark.parametrize("name", TOWERS)
def test_two_towers(name, tmp_path):
    made, config, text, image = TOWERS[name]
    torch.manual_seed(6)
    both = config(text_config=text, vision_config=image)
    reference = made._from_config(both, attn_implementation="eager").eval()
    with torch.no_grad():
        for weight in reference.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    reference.save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(
        json.dumps({"size": {"height": 48, "width": 48}, "do_center_crop": False})
    )
    ids = [3, 17, 5, 40, 2, 11]
    given = {"image": IMAGES / "cat.jpg", "ids": ids}
    opened = load_writer(str(tmp_path))
    pixels = opened.prepare(Inputs(image=given["image"])).features["image"]
    with torch.no_grad():
        seen = reference.vision_model(torch.from_numpy(pixels)[None], output_attentions=True)
        read = reference.text_model(torch.tensor([ids]), output_attentions=True)
    record = attnviz.trace(model=str(tmp_path), **given)
    alone = {role: attnviz.trace(model=str(tmp_path), **{role: one}) for role, one in given.items()}
    for stack, out, role in (("image", seen, "image"), ("text", read, "ids")):
        wanted = np.stack([one[0].numpy() for one in out.attentions])
        np.testing.assert_allclose(record.stacks[stack].weights, wanted, atol=1e-5)
        np.testing.assert_allclose(alone[role].stack.weights, wanted, atol=1e-5)
        prepared = opened.prepare(Inputs(**{role: given[role]}))
        hidden = opened.run(prepared, KeyValueCache().attend)
        largest = out.last_hidden_state.abs().max()
        assert np.abs(hidden - out.last_hidden_state[0].numpy()).max() < 1e-5 * largest
    with torch.no_grad():
        whole = reference(torch.tensor([ids]), torch.from_numpy(pixels)[None])
    (found,) = attnviz.predict(model=str(tmp_path), **given).similarities
    logit = float(whole.logits_per_image)
    assert found.logit == pytest.approx(logit, abs=1e-5)
    assert found.cosine == pytest.approx(
        float(whole.text_embeds[0] @ whole.image_embeds[0]), abs=1e-6
    )
    alone = 1 / (1 + np.exp(-logit)) if name.startswith("siglip") else 1
    assert found.probability == pytest.approx(alone, abs=1e-6)
    if name.startswith("siglip"):
        head = reference.vision_model.head
        states = torch.from_numpy(hidden_of(opened, given["image"]))[None]
        with torch.no_grad():
            _, weights = head.attention(head.probe, states, states, average_attn_weights=False)
        np.testing.assert_allclose(record.stacks["pool"].weights[0], weights[0], atol=1e-5)
    with pytest.raises(attnviz.AttnvizError, match="neither"):
        attnviz.trace(model=str(tmp_path))


def hidden_of(opened, image):
    return opened.run(opened.prepare(Inputs(image=image)), KeyValueCache().attend)


OLD_END, NEW_END = 2, 40


@pytest.mark.parametrize("end", [OLD_END, NEW_END])
def test_clip_reads_its_text_where_it_ends(end, tmp_path):
    """Early files say 2 and mean the largest id; others mean the first of their id."""
    both = CLIPConfig(text_config=READ | {"eos_token_id": end}, vision_config=SEEN)
    torch.manual_seed(2)
    reference = CLIPModel._from_config(both, attn_implementation="eager").eval()
    with torch.no_grad():
        for weight in reference.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    reference.save_pretrained(tmp_path)
    processor = {"size": {"height": 48, "width": 48}, "do_center_crop": False}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(processor))
    ids, image = [3, 40, 5, 59, 40, 11], IMAGES / "coffee.jpg"
    pixels = load_writer(str(tmp_path)).prepare(Inputs(image=image)).features["image"]
    with torch.no_grad():
        wanted = reference(torch.tensor([ids]), torch.from_numpy(pixels)[None]).logits_per_image
    (found,) = attnviz.predict(ids=ids, image=image, model=str(tmp_path)).similarities
    assert found.logit == pytest.approx(float(wanted), abs=1e-5)


CLASSES = {
    "vit": (ViTForImageClassification, ViTConfig, PLAIN),
    "dinov2": (Dinov2ForImageClassification, Dinov2Config, DINO),
    "registers": (Dinov2WithRegistersForImageClassification, Dinov2WithRegistersConfig,
                  DINO | {"num_register_tokens": 3}),
}  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
def test_classes_of_a_picture(name, tmp_path):
    made, config, settings = CLASSES[name]
    torch.manual_seed(4)
    labels = {0: "cat", 1: "ball", 2: "box", 3: "cup"}
    reference = made._from_config(config(**settings, id2label=labels)).eval()
    with torch.no_grad():
        for weight in reference.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    reference.save_pretrained(tmp_path)
    side = settings["image_size"]
    (tmp_path / "preprocessor_config.json").write_text(
        json.dumps({"size": {"height": side, "width": side}})
    )
    opened = load_writer(str(tmp_path))
    pixels = opened.prepare(Inputs(image=IMAGES / "cat.jpg")).features["image"]
    with torch.no_grad():
        wanted = reference(torch.from_numpy(pixels)[None]).logits[0].softmax(-1).numpy()
    (place,) = attnviz.predict(image=IMAGES / "cat.jpg", model=str(tmp_path), k=4).places
    found = {label: share for _, label, share in place.candidates}
    for number, label in labels.items():
        assert found[label] == pytest.approx(wanted[number], abs=1e-5)


@pytest.mark.slow
def test_dinov2_small_outlines_what_is_in_the_picture(tmp_path):
    """The real DINOv2-small: every weight is transformers', and [CLS] of the last layer looks at
    the drawn things, three eighths of what it sees, with most of its weight."""
    dinov2_folder.write(tmp_path)
    reference = Dinov2Model.from_pretrained(tmp_path, attn_implementation="eager").eval()
    record = attnviz.trace(image=IMAGES / "shapes.png", model=str(tmp_path))
    pixels = load_writer(str(tmp_path)).prepare(Inputs(image=IMAGES / "shapes.png"))
    fed = torch.from_numpy(pixels.features["image"])[None]
    with torch.no_grad():
        narrow = reference(fed, output_attentions=True).attentions
        exact = reference.double()(fed.double(), output_attentions=True).attentions
    wanted = np.stack([one[0].numpy() for one in exact])
    theirs = max(float((a - b).abs().max()) for a, b in zip(narrow, exact, strict=True))
    assert np.abs(record.stack.weights - wanted).max() < 3 * max(theirs, 5e-6)
    boxes = record.stack.key_tokens.where.boxes[1:]
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    drawn = np.asarray(Image.open(IMAGES / "shapes.png").convert("RGB")).astype(int)
    ground = drawn[0, 0]
    there = np.array([
        np.abs(drawn[int(y), int(x)] - ground).sum() > 40 for x, y in middles.tolist()
    ])  # fmt: skip
    cls = record.stack.weights[-1, :, 0, 1:].mean(axis=0)
    assert there.mean() < 0.4
    assert cls[there].sum() / cls.sum() > 0.6


PROCESSORS = {
    "vit": ViTImageProcessorPil, "deit": DeiTImageProcessorPil, "clip": CLIPImageProcessorPil,
    "siglip": SiglipImageProcessorPil,
    "dinov2": lambda: BitImageProcessorPil(
        size={"shortest_edge": 256}, resample=3, crop_size={"height": 224, "width": 224},
        image_mean=(0.485, 0.456, 0.406), image_std=(0.229, 0.224, 0.225),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def pictures():
    found = [Image.open(IMAGES / name).convert("RGB") for name in ("cat.jpg", "coffee.jpg")]
    draw = np.random.default_rng(2)
    for size in ((61, 97), (600, 90), (224, 224), (500, 20)):
        found.append(Image.fromarray(draw.integers(0, 256, (*size[::-1], 3), dtype=np.uint8)))
    return found


@pytest.mark.parametrize("name", PROCESSORS)
def test_pixels_are_those_of_the_library(name, pictures, tmp_path):
    """No difference at all, read from its file, from its new file, and by default."""
    theirs = PROCESSORS[name]()
    theirs.save_pretrained(tmp_path)
    for ours in (read_image_processor(tmp_path, name), read_image_processor(None, name)):
        for picture in pictures:
            wanted = theirs(picture, return_tensors="np")["pixel_values"][0]
            found, _ = ours(picture)
            assert found.shape == wanted.shape
            assert np.array_equal(found, wanted)


@pytest.mark.parametrize("fault", ["bilinear", "other positions", "no crop"])
def test_a_fault_would_be_seen(fault, pictures):
    """Another filter changes pixels, another rule for positions hidden states."""
    if fault == "other positions":
        from attnviz.models.interpolation import taps

        ours = taps(4, 6, -0.5, antialias=True)
        assert np.abs(ours - taps(4, 6, -0.75, antialias=False)).max() > 0.01
        return
    theirs = CLIPImageProcessorPil(
        **({"resample": 2} if fault == "bilinear" else {"do_center_crop": False})
    )
    wanted = theirs(pictures[0], return_tensors="np")["pixel_values"][0]
    found, _ = read_image_processor(None, "clip")(pictures[0])
    assert found.shape != wanted.shape or np.abs(found - wanted).max() > 0.01
