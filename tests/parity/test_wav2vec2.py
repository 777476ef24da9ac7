"""wav2vec 2.0, HuBERT and WavLM against transformers: weights, hidden states, and CTC texts."""

import json

import numpy as np
import pytest
import torch
from transformers import (
    HubertConfig,
    HubertForSequenceClassification,
    HubertModel,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    Wav2Vec2ForSequenceClassification,
    Wav2Vec2Model,
    WavLMConfig,
    WavLMForSequenceClassification,
    WavLMModel,
)

import attnviz
from attnviz.cli import run_command_line
from attnviz.models import load_writer
from attnviz.models.model import Inputs
from attnviz.tracing.cache import KeyValueCache
from attnviz.tracing.transcribe import transcribe
from tests.inputs.test_sound import riff

SIZES = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 40,
    "conv_dim": [12, 14, 16], "conv_kernel": [10, 3, 2], "conv_stride": [5, 4, 2],
    "num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 4, "vocab_size": 12,
}  # fmt: skip
LARGE = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True,
         "num_conv_pos_embeddings": 7}  # fmt: skip
MODELS = {
    "wav2vec2": (Wav2Vec2Model, Wav2Vec2Config, SIZES),
    "wav2vec2, large": (Wav2Vec2Model, Wav2Vec2Config, SIZES | LARGE),
    "wav2vec2, adapter": (
        Wav2Vec2Model,
        Wav2Vec2Config,
        SIZES | {"add_adapter": True, "output_hidden_size": 24, "num_adapter_layers": 2},
    ),
    "wav2vec2, languages": (Wav2Vec2Model, Wav2Vec2Config, SIZES | LARGE | {"adapter_attn_dim": 6}),
    "hubert, batch norm": (HubertModel, HubertConfig, SIZES | {"conv_pos_batch_norm": True}),
    "hubert": (HubertModel, HubertConfig, SIZES | {"feat_proj_layer_norm": False}),
    "hubert, large": (HubertModel, HubertConfig, SIZES | LARGE),
    "wavlm": (WavLMModel, WavLMConfig, SIZES),
    "wavlm, large": (
        WavLMModel,
        WavLMConfig,
        SIZES | LARGE | {"num_buckets": 16, "max_bucket_distance": 40},
    ),
}


def made(model, config, settings, folder):
    torch.manual_seed(8)
    found = model._from_config(config(**settings), attn_implementation="eager").eval()
    with torch.no_grad():
        for name, weight in found.named_parameters():
            weight.add_(torch.randn_like(weight) * 0.15)
            if "q_proj" in name:
                weight.mul_(2)
        for name, buffer in found.named_buffers():
            if "running" in name:
                buffer.add_(torch.rand_like(buffer))
    found.save_pretrained(folder)
    return found


@pytest.fixture
def sound(tmp_path):
    draw = np.random.default_rng(0)
    noise = (draw.normal(size=9_000) * np.hanning(9_000) * 6000).astype("<i2")
    return riff(tmp_path / "a.wav", 1, 16, 16_000, 1, noise.tobytes()), noise / 32768


@pytest.mark.parametrize("case", MODELS)
def test_every_weight_and_the_hidden_state(case, tmp_path, sound):
    reference = made(*MODELS[case], tmp_path)
    path, samples = sound
    fed = Wav2Vec2FeatureExtractor()(samples, sampling_rate=16_000, return_tensors="pt")
    opened = load_writer(str(tmp_path))
    prepared = opened.prepare(Inputs(audio=path))
    assert np.abs(prepared.features["audio"] - fed.input_values.numpy()).max() < 1e-5
    with torch.no_grad():
        out = reference(fed.input_values, output_attentions=True)
    record = attnviz.trace(audio=path, model=str(tmp_path))
    wanted = np.stack([one[0].numpy() for one in out.attentions])
    assert wanted.max() > 0.05
    found = record.stack.weights
    if case.startswith("wavlm"):  # transformers gives each head the mean of all
        assert np.abs(found - found.mean(axis=1, keepdims=True)).max() > 0.01
        found = np.broadcast_to(found.mean(axis=1, keepdims=True), found.shape)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    hidden = opened.run(prepared, KeyValueCache().attend)
    largest = out.last_hidden_state.abs().max()
    assert np.abs(hidden - out.last_hidden_state[0].numpy()).max() < 1e-5 * largest
    times = record.stack.key_tokens.where.times
    assert times[1, 0] - times[0, 0] == pytest.approx(40 / 16_000)


CLASSES = {
    "wav2vec2": (Wav2Vec2ForSequenceClassification, Wav2Vec2Config, {}),
    "wav2vec2, layers": (Wav2Vec2ForSequenceClassification, Wav2Vec2Config,
                         {"use_weighted_layer_sum": True}),
    "wav2vec2, large, layers": (Wav2Vec2ForSequenceClassification, Wav2Vec2Config,
                                LARGE | {"use_weighted_layer_sum": True}),
    "hubert": (HubertForSequenceClassification, HubertConfig, {"use_weighted_layer_sum": True}),
    "wavlm": (WavLMForSequenceClassification, WavLMConfig, {"use_weighted_layer_sum": True}),
}  # fmt: skip


@pytest.mark.parametrize("case", CLASSES)
def test_classes(case, tmp_path, sound, capsys):
    """Probabilities of `predict --audio`, from the last layer or from the weighted sum of all."""
    model, config, more = CLASSES[case]
    labels = {"id2label": {0: "yes", 1: "no", 2: "stop"}, "classifier_proj_size": 10}
    reference = made(model, config, SIZES | more | labels, tmp_path)
    path, samples = sound
    fed = Wav2Vec2FeatureExtractor()(samples, sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        wanted = reference(fed.input_values).logits[0].softmax(-1).numpy()
    place = attnviz.predict(audio=path, model=str(tmp_path)).places[0]
    found = {label: share for _, label, share in place.candidates}
    assert found == pytest.approx(dict(zip(("yes", "no", "stop"), wanted.tolist(), strict=True)),
                                  abs=1e-5)  # fmt: skip
    assert run_command_line(["predict", "--audio", str(path), "--model", str(tmp_path)]) == 0
    assert "stop" in capsys.readouterr().out


@pytest.mark.parametrize("fault", ["no gate", "strength", "nearer"])
def test_a_fault_of_wavlm_would_be_seen(fault, tmp_path, sound):
    """The bound above fails where the gate, its strength or the buckets are others."""
    reference = made(WavLMModel, WavLMConfig, SIZES, tmp_path)
    path, samples = sound
    for layer in reference.encoder.layers:
        if fault == "no gate":
            layer.attention.gru_rel_pos_linear.weight.data.zero_()
        elif fault == "strength":
            layer.attention.gru_rel_pos_const.data.add_(0.5)
        else:
            layer.attention.max_distance = 100
    fed = Wav2Vec2FeatureExtractor()(samples, sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        out = reference(fed.input_values, output_attentions=True)
    found = attnviz.trace(audio=path, model=str(tmp_path)).stack.weights.mean(axis=1)
    wanted = np.stack([one[0, 0].numpy() for one in out.attentions])
    assert np.abs(found - wanted).max() > 2e-5


def test_texts_are_those_of_ctc(tmp_path, sound, capsys):
    """The likeliest id of each frame, repeats joined, blanks left out."""
    reference = made(Wav2Vec2ForCTC, Wav2Vec2Config, SIZES | {"pad_token_id": 0}, tmp_path)
    letters = ["<pad>", "|", *"abcdefghij"]
    (tmp_path / "vocab.json").write_text(json.dumps({c: i for i, c in enumerate(letters)}))
    path, samples = sound
    fed = Wav2Vec2FeatureExtractor()(samples, sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        best = reference(fed.input_values).logits[0].argmax(-1).tolist()
    joined = [i for i, before in zip(best, [None, *best[:-1]], strict=True) if i != before and i]
    wanted = "".join(letters[i] for i in joined).replace("|", " ").strip()
    found = transcribe(path, model=str(tmp_path))
    assert found.text.split() == wanted.split()
    assert found.text
    begins = [word.begin for word in found.words]
    assert begins == sorted(begins)
    assert run_command_line(["transcribe", str(path), "--model", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "frames that say letters" in out
    assert "align" not in out
