"""Language models that read patches among their words against transformers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as t

import attnviz
from attnviz.models import load_writer
from attnviz.models.model import Inputs
from tests.parity.test_vision_families import PLAIN, SIZES, SQUARE, perturbed, stacked

IMAGES = Path(__file__).parents[2] / "samples" / "images"
IMAGE = 59
LLAMA = SIZES | {"num_key_value_heads": 2, "vocab_size": 60, "max_position_embeddings": 200,
                 "bos_token_id": 1, "eos_token_id": 4, "num_hidden_layers": 2}  # fmt: skip
IN_SQUARES = {"size": {"longest_edge": 96}, "max_image_size": {"longest_edge": 48}, "resample": 1}
SIGLIP = PLAIN | {"patch_size": 16, "vision_use_head": False}
GEMMA = LLAMA | {"head_dim": 8}
KINDS = ["sliding_attention", "full_attention"]
CASES = {
    "llava": lambda: t.LlavaConfig(
        vision_config=t.CLIPVisionConfig(**PLAIN),
        text_config=t.LlamaConfig(**LLAMA),
        image_token_index=IMAGE,
    ),
    "llava, siglip, mistral": lambda: t.LlavaConfig(
        vision_config=t.SiglipVisionConfig(**PLAIN | {"patch_size": 16}),
        text_config=t.MistralConfig(**LLAMA, sliding_window=7),
        image_token_index=IMAGE,
        vision_feature_layer=-3,
        vision_feature_select_strategy="full",
        projector_hidden_act="relu",
        multimodal_projector_bias=False,
    ),
    "smolvlm": lambda: t.SmolVLMConfig(
        vision_config=PLAIN | {"model_type": "smolvlm_vision"},
        image_token_id=IMAGE,
        text_config=t.LlamaConfig(**LLAMA),
        scale_factor=3,
        tie_word_embeddings=True,
    ),
    "idefics3, qwen2": lambda: t.Idefics3Config(
        vision_config=PLAIN | {"model_type": "idefics3_vision", "hidden_act": "relu"},
        text_config=t.Qwen2Config(**LLAMA),
        image_token_id=IMAGE,
        pad_token_id=1,
    ),
    "paligemma": lambda: t.PaliGemmaConfig(
        vision_config=t.SiglipVisionConfig(**SIGLIP | {"projection_dim": 32}),
        text_config=t.GemmaConfig(**GEMMA),
        projection_dim=32,
        image_token_id=IMAGE,
    ),
    "paligemma 2": lambda: t.PaliGemmaConfig(
        vision_config=t.SiglipVisionConfig(**PLAIN | {"projection_dim": 32}),
        text_config=t.Gemma2Config(**GEMMA, query_pre_attn_scalar=8, sliding_window=7),
        projection_dim=32,
        image_token_id=IMAGE,
    ),
    "gemma3": lambda: t.Gemma3Config(
        vision_config=t.SiglipVisionConfig(**SIGLIP | {"patch_size": 8}),
        text_config=t.Gemma3TextConfig(
            **GEMMA, query_pre_attn_scalar=8, sliding_window=6, layer_types=KINDS
        ),
        mm_tokens_per_image=9,
        image_token_id=IMAGE,
    ),
    "gemma3, few": lambda: t.Gemma3Config(
        vision_config=t.SiglipVisionConfig(**SIGLIP | {"patch_size": 8, "hidden_act": "relu"}),
        text_config=t.Gemma3TextConfig(**GEMMA, query_pre_attn_scalar=16, sliding_window=64),
        mm_tokens_per_image=4,
        image_token_id=IMAGE,
    ),
}
MADE = {"llava": t.LlavaForConditionalGeneration, "smolvlm": t.SmolVLMForConditionalGeneration,
        "idefics3": t.Idefics3ForConditionalGeneration,
        "paligemma": t.PaliGemmaForConditionalGeneration,
        "gemma3": t.Gemma3ForConditionalGeneration}  # fmt: skip

MANY = t.SmolVLMForConditionalGeneration, t.Idefics3ForConditionalGeneration  # pictures are fed


@pytest.fixture(params=CASES)
def model(request, tmp_path):
    config = CASES[request.param]()
    config._attn_implementation = "eager"
    made = MADE[config.model_type]
    how = IN_SQUARES if config.model_type in ("smolvlm", "idefics3") else SQUARE
    return perturbed(made, config, tmp_path, how), tmp_path


def kinds_of(reference, ids, n_prompt=None):
    """What the library's processor says of each token, where its masks ask."""
    kind = reference.config.model_type
    if kind == "paligemma":  # 0 for the prompt, 1 for what is written
        return {"token_type_ids": torch.arange(ids.shape[1])[None] // (n_prompt or ids.shape[1])}
    return {"token_type_ids": (ids == IMAGE).long()} if kind == "gemma3" else {}


def test_every_weight_and_what_is_written(model):
    reference, folder = model
    image, asked = IMAGES / "cat.jpg", [1, 8, IMAGE, 17, 22, 9]
    opened = load_writer(str(folder))
    prepared = opened.prepare(Inputs(image=image, ids=asked))
    pixels = torch.from_numpy(prepared.features["image"])[None]
    pixels = pixels[None] if isinstance(reference, MANY) else pixels
    ids = torch.from_numpy(prepared.text.ids)[None]
    n, beside = int((ids == IMAGE).sum()), kinds_of(reference, ids)
    assert ids[0].tolist() == [1, 8, *[IMAGE] * n, 17, 22, 9]
    assert prepared.text.labels[2] == "r0c0"
    with torch.no_grad():
        out = reference(input_ids=ids, pixel_values=pixels, output_attentions=True, **beside)
        seen = reference.model.get_image_features(pixels, output_attentions=True)
    record = attnviz.trace(image=image, ids=asked, model=str(folder))
    assert record.name == "self"
    np.testing.assert_allclose(record.stack.weights, stacked(out), atol=1e-5)
    tower = record.stacks["image"].weights
    assert (len(tower) < len(seen.attentions)) == (reference.config.model_type == "llava")
    np.testing.assert_allclose(tower, stacked(seen)[: len(tower)], atol=1e-5)
    how = {"max_new_tokens": 10, "no_repeat_ngram_size": 2}
    found = attnviz.generate(image=image, ids=asked, model=str(folder), **how)
    with torch.no_grad():
        wanted = reference.generate(
            input_ids=ids,
            pixel_values=pixels,
            do_sample=False,
            attention_mask=ids * 0 + 1,
            **how,
            **beside,
        )
        whole = torch.tensor([[*ids[0].tolist(), *found.ids]])
        beside = kinds_of(reference, whole, ids.shape[1])
        again = reference(input_ids=whole, pixel_values=pixels, output_attentions=True, **beside)
    np.testing.assert_allclose(found.record.stack.weights, stacked(again), atol=1e-5)
    assert found.ids == wanted[0, ids.shape[1] :].tolist()
    assert len(set(found.ids)) > 2
    assert found.prompt_parts == {"before": (0, 2), "image": (2, 2 + n), "prompt": (2 + n, n + 5)}
    (place,) = attnviz.predict(image=image, ids=asked, model=str(folder), k=60).places
    wanted_shares = out.logits[0, -1].softmax(-1).numpy()
    shares = {i: p for i, _, p in place.candidates}
    assert [shares[i] for i in range(60)] == pytest.approx(wanted_shares, abs=1e-5)


@pytest.mark.parametrize("name", ["paligemma", "paligemma 2", "gemma3"])
def test_a_causal_mask_would_be_wrong(name, tmp_path):
    """What sees both ways is not to be seen in the last row alone: the control of the masks."""
    config = CASES[name]()
    perturbed(MADE[config.model_type], config, tmp_path, SQUARE)
    asked = {"image": IMAGES / "cat.jpg", "ids": [1, 8, IMAGE, 17, 22, 9]}
    opened = load_writer(str(tmp_path))
    plain = replace(opened.network, text=replace(opened.network.text, sees=None))
    right, wrong = (
        attnviz.trace(**asked, model=each).stack.weights
        for each in (opened, replace(opened, network=plain))
    )
    assert np.abs(right[0, :, 0] - wrong[0, :, 0]).max() > 0.01 or name == "gemma3"
    assert np.abs(right[-1, :, -1] - wrong[-1, :, -1]).max() > 1e-3


def test_a_text_alone_and_what_is_missing(model):
    reference, folder = model
    ids = [1, 8, 17, 22, 9]
    with torch.no_grad():
        given = torch.tensor([ids])
        out = reference(given, output_attentions=True, **kinds_of(reference, given))
    record = attnviz.trace(ids=ids, model=str(folder))
    np.testing.assert_allclose(record.stack.weights, stacked(out), atol=1e-5)
    with pytest.raises(attnviz.AttnvizError, match="a place for a picture"):
        attnviz.trace(ids=[1, IMAGE, 9], model=str(folder))
    with pytest.raises(attnviz.AttnvizError, match="Give a text"):
        attnviz.trace(image=IMAGES / "cat.jpg", model=str(folder))
    with pytest.raises(attnviz.AttnvizError, match="places for 2"):
        attnviz.trace(image=IMAGES / "cat.jpg", ids=[IMAGE, 3, IMAGE], model=str(folder))
