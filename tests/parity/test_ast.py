"""Audio spectrogram transformers against transformers: filter banks, weights, states, classes."""

import numpy as np
import pytest
import torch
from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

import attnviz
from attnviz.models import load_writer
from attnviz.models.checkpoint.feature_extractor import Fbank
from attnviz.models.model import Inputs
from attnviz.tracing.cache import KeyValueCache
from tests.inputs.test_sound import riff

SIZES = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 40,
    "max_length": 60, "num_mel_bins": 40, "id2label": {0: "siren", 1: "bell", 2: "rain"},
}  # fmt: skip
CASES = {
    "plain": SIZES,
    "bent": SIZES | {"patch_size": 8, "frequency_stride": 8, "time_stride": 5, "qkv_bias": False,
                     "hidden_act": "gelu_new", "num_mel_bins": 26},
}  # fmt: skip


# transformers warns that the narrowest of 128 bands hold no bin at 16 kHz, its own setting.
@pytest.mark.filterwarnings("ignore:At least one mel filter")
@pytest.mark.parametrize("n", [5_000, 9_000, 12_000])
@pytest.mark.parametrize("settings", [{}, {"num_mel_bins": 40, "max_length": 60},
                                      {"do_normalize": False}])  # fmt: skip
def test_filter_banks(n, settings):
    samples = (np.random.default_rng(n).normal(size=n) * 0.1).astype(np.float32)
    wanted = ASTFeatureExtractor(**settings)(samples, sampling_rate=16_000, return_tensors="np")
    found = Fbank(**settings)(samples)
    assert np.abs(found.T - wanted.input_values[0]).max() < 1e-5
    silent = Fbank()(np.zeros(n, np.float32)).T
    theirs = ASTFeatureExtractor()(np.zeros(n, np.float32), sampling_rate=16_000,
                                   return_tensors="np").input_values[0]  # fmt: skip
    assert np.abs(silent - theirs).max() < 1e-5


@pytest.fixture(params=CASES)
def model(request, tmp_path):
    torch.manual_seed(4)
    config = ASTConfig(**CASES[request.param])
    found = ASTForAudioClassification._from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for name, weight in found.named_parameters():
            weight.add_(torch.randn_like(weight) * 0.15)
            if "q_proj" in name or "query" in name:
                weight.mul_(2)
    found.save_pretrained(tmp_path)
    extractor = ASTFeatureExtractor(
        num_mel_bins=config.num_mel_bins, max_length=config.max_length, mean=-3.5, std=3.0
    )
    extractor.save_pretrained(tmp_path)
    noise = (np.random.default_rng(0).normal(size=8_000) * np.hanning(8_000) * 6000).astype("<i2")
    sound = riff(tmp_path / "a.wav", 1, 16, 16_000, 1, noise.tobytes())
    fed = extractor(noise / 32768, sampling_rate=16_000, return_tensors="pt").input_values
    return found, tmp_path, sound, fed.float()


def test_every_weight_the_hidden_state_and_classes(model):
    reference, folder, sound, fed = model
    with torch.no_grad():
        out = reference(fed, output_attentions=True, output_hidden_states=True)
        base = reference.audio_spectrogram_transformer(fed)
    record = attnviz.trace(audio=sound, model=str(folder))
    wanted = np.stack([one[0].numpy() for one in out.attentions])
    assert wanted.max() > 0.2
    np.testing.assert_allclose(record.stack.weights, wanted, atol=1e-5)
    opened = load_writer(str(folder))
    prepared = opened.prepare(Inputs(audio=sound))
    assert np.abs(prepared.features["audio"].T - fed[0].numpy()).max() < 1e-5
    hidden = opened.run(prepared, KeyValueCache().attend)
    largest = base.last_hidden_state.abs().max()
    assert np.abs(hidden - base.last_hidden_state[0].numpy()).max() < 1e-5 * largest
    found = attnviz.predict(audio=sound, model=str(folder)).places[0].candidates
    shares = dict(zip(("siren", "bell", "rain"), out.logits[0].softmax(-1).tolist(), strict=True))
    assert {label: share for _, label, share in found} == pytest.approx(shares, abs=1e-5)


@pytest.mark.parametrize("fault", ["time outer", "no emphasis", "shifted"])
def test_a_fault_would_be_seen(model, fault):
    """The bounds above fail where patches lie in another order, or the picture is another."""
    reference, folder, sound, fed = model
    if fault == "time outer":
        positions = reference.audio_spectrogram_transformer.embeddings.position_embeddings
        positions.data[:, 2:] = positions.data[:, 2:].flip(1)
    elif fault == "no emphasis":
        fed = fed + 0.05
    else:
        fed = torch.roll(fed, 1, dims=1)
    with torch.no_grad():
        out = reference(fed, output_attentions=True)
    found = attnviz.trace(audio=sound, model=str(folder)).stack.weights
    assert np.abs(found - np.stack([one[0].numpy() for one in out.attentions])).max() > 1e-4
