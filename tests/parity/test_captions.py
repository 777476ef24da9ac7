"""Models that write about a picture against transformers: every weight, and what they write."""

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as t

import attnviz
from attnviz.models import load_writer
from attnviz.models.model import Inputs
from tests.parity.test_vision_families import PLAIN, SQUARE, perturbed

IMAGES = Path(__file__).parents[2] / "samples" / "images"
IDS = {"bos_token_id": 3, "eos_token_id": 4, "pad_token_id": 1}
GPT = IDS | {"n_layer": 2, "n_head": 4, "vocab_size": 60, "n_positions": 40}
TROCR = IDS | {"decoder_layers": 2, "decoder_attention_heads": 4, "decoder_ffn_dim": 40,
               "vocab_size": 60, "max_position_embeddings": 40, "d_model": 24,
               "cross_attention_hidden_size": 32, "decoder_start_token_id": 5}  # fmt: skip
BLIP = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 60,
        "intermediate_size": 40, "max_position_embeddings": 40, "encoder_hidden_size": 32,
        "bos_token_id": 5, "sep_token_id": 4, "pad_token_id": 0}  # fmt: skip


def beside(encoder, decoder, **more):
    found = t.VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    found.decoder_start_token_id, found.pad_token_id, found.eos_token_id = 5, 1, 4
    for name, value in more.items():
        setattr(found, name, value)
    return found


CASES = {
    "vit-gpt2": (t.VisionEncoderDecoderModel, lambda: beside(
        t.ViTConfig(**PLAIN), t.GPT2Config(**GPT, n_embd=32))),
    "deit-gpt2, narrower": (t.VisionEncoderDecoderModel, lambda: beside(
        t.DeiTConfig(**PLAIN), t.GPT2Config(**GPT, n_embd=24, activation_function="relu"))),
    "trocr": (t.VisionEncoderDecoderModel, lambda: beside(
        t.ViTConfig(**PLAIN), t.TrOCRConfig(**TROCR))),
    "trocr, small": (t.VisionEncoderDecoderModel, lambda: beside(
        t.DeiTConfig(**PLAIN), t.TrOCRConfig(
            **TROCR, use_learned_position_embeddings=False, scale_embedding=True,
            layernorm_embedding=False, activation_function="relu"))),
    "blip": (t.BlipForConditionalGeneration, lambda: t.BlipConfig(
        vision_config=PLAIN, text_config=BLIP)),
    "blip, other": (t.BlipForConditionalGeneration, lambda: t.BlipConfig(
        vision_config=PLAIN | {"patch_size": 16}, text_config=BLIP | {
            "num_attention_heads": 2, "hidden_act": "relu"})),
}  # fmt: skip


@pytest.fixture(params=CASES)
def model(request, tmp_path):
    made, config = CASES[request.param]
    found = config()
    found._attn_implementation = "eager"
    reference = perturbed(made, found, tmp_path, SQUARE)
    return reference, tmp_path


def fed(folder, image):
    pixels = load_writer(str(folder)).prepare(Inputs(image=image, ids=[5])).features["image"]
    return torch.from_numpy(pixels)[None]


def test_every_weight(model):
    reference, folder = model
    image, ids = IMAGES / "shapes.png", [5, 17, 40, 9, 33, 12]
    record = attnviz.trace(image=image, ids=ids, model=str(folder))
    pixels, asked = fed(folder, image), torch.tensor([ids])
    with torch.no_grad():
        if hasattr(reference, "text_decoder"):  # its forward gives no weights of its decoder
            seen = reference.vision_model(pixels, output_attentions=True)
            written = reference.text_decoder(
                asked, encoder_hidden_states=seen.last_hidden_state, output_attentions=True
            )
            wanted = {"encoder": seen.attentions, "decoder": written.attentions,
                      "cross": written.cross_attentions}  # fmt: skip
        else:
            out = reference(pixels, decoder_input_ids=asked, output_attentions=True)
            wanted = {"encoder": out.encoder_attentions, "decoder": out.decoder_attentions,
                      "cross": out.cross_attentions}  # fmt: skip
    assert set(record.stacks) == set(wanted)
    for name, layers in wanted.items():
        values = np.stack([one[0].numpy() for one in layers])
        assert values.max() > 0.15
        np.testing.assert_allclose(record.stacks[name].weights, values, atol=1e-5)


@pytest.mark.parametrize("n_beams", [1, 3])
def test_what_is_written(model, n_beams):
    reference, folder = model
    image = IMAGES / "cat.jpg"
    how = {"max_new_tokens": 12, "num_beams": n_beams, "no_repeat_ngram_size": 2}
    found = attnviz.generate(image=image, model=str(folder), **how)
    with torch.no_grad():
        wanted = reference.generate(pixel_values=fed(folder, image), do_sample=False, **how)
    assert [5, *found.ids] == wanted[0].tolist()[: 1 + len(found.ids)]
    assert len(found.ids) == 12 or found.ids[-1] == 4
    assert len(set(found.ids)) > 2
    whole = found.record
    assert whole.name == "cross"
    assert len(whole.stack.query_tokens) == 1 + len(found.ids)
    assert whole.stack.key_tokens.where is not None


def test_a_fault_would_be_seen(tmp_path):
    """A later layer of the tower, or a token less of the caption, moves every weight."""
    made, config = CASES["blip"]
    reference = perturbed(made, config(), tmp_path, SQUARE)
    image = IMAGES / "shapes.png"
    record = attnviz.trace(image=image, ids=[5, 17, 40], model=str(tmp_path))
    with torch.no_grad():
        seen = reference.vision_model(fed(tmp_path, image), output_hidden_states=True)
        other = reference.text_decoder(
            torch.tensor([[5, 17, 40]]), encoder_hidden_states=seen.hidden_states[-1],
            output_attentions=True,
        )  # fmt: skip
    wrong = np.stack([one[0].numpy() for one in other.cross_attentions])
    assert np.abs(record.stack.weights - wrong).max() > 0.01
