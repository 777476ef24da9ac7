"""Whisper against transformers: its log-mel picture, every weight, logits, transcripts, times."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)
from transformers.generation import WhisperTimeStampLogitsProcessor
from transformers.models.whisper.generation_whisper import _dynamic_time_warping, _median_filter

import attnviz
from attnviz.analysis.word_times import alignment, warped
from attnviz.inputs.sound import open_sound
from attnviz.models import load_writer
from attnviz.models.checkpoint.feature_extractor import LogMel
from attnviz.models.model import Inputs
from attnviz.tracing.timestamps import TimestampRules
from attnviz.tracing.transcribe import transcribe
from tests.inputs.test_sound import AUDIO, riff
from tests.reference import whisper_folder

SIZES = {
    "vocab_size": 70, "num_mel_bins": 16, "d_model": 24, "encoder_layers": 2, "decoder_layers": 3,
    "encoder_attention_heads": 4, "decoder_attention_heads": 3, "encoder_ffn_dim": 40,
    "decoder_ffn_dim": 36, "max_source_positions": 100, "max_target_positions": 40,
    "pad_token_id": 3, "bos_token_id": 3, "eos_token_id": 3, "decoder_start_token_id": 5,
    "suppress_tokens": None, "begin_suppress_tokens": None, "median_filter_width": 3,
}  # fmt: skip
CASES = {
    "plain": SIZES,
    "distil": SIZES | {"encoder_layers": 3, "decoder_layers": 1, "num_mel_bins": 128},
    "bent": SIZES | {"activation_function": "relu", "scale_embedding": True, "num_mel_bins": 8},
}
SECONDS = 2  # 200 frames, 100 positions
IDS = [5, 9, 22, 40, 61, 8]


@pytest.fixture(params=CASES)
def model(request, tmp_path):
    torch.manual_seed(11)
    config = WhisperConfig(**CASES[request.param])
    found = WhisperForConditionalGeneration._from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for name, weight in found.named_parameters():
            weight.add_(torch.randn_like(weight) * (0.3 if weight.ndim > 1 else 0.2))
            if "q_proj" in name:
                weight.mul_(2)  # peaked attention
    found.save_pretrained(tmp_path)
    found.generation_config.save_pretrained(tmp_path)
    extractor = WhisperFeatureExtractor(feature_size=config.num_mel_bins, chunk_length=SECONDS)
    extractor.save_pretrained(tmp_path)
    draw = np.random.default_rng(0)
    noise = (draw.normal(size=20_000) * np.hanning(20_000) * 8000).astype("<i2")
    sound = riff(tmp_path / "a.wav", 1, 16, 16_000, 1, noise.tobytes())
    return found, tmp_path, sound, extractor, noise / 32768


@pytest.mark.parametrize("n_mels", [80, 128])
def test_the_log_mel_picture(n_mels):
    draw = np.random.default_rng(1)
    samples = (draw.normal(size=50_000) * 0.1).astype(np.float32)
    wanted = WhisperFeatureExtractor(feature_size=n_mels)(
        samples, sampling_rate=16_000, return_tensors="np", device="cpu"
    ).input_features[0]
    found = LogMel(n_mels)(samples)
    assert found.shape == wanted.shape == (n_mels, 3000)
    assert np.abs(found - wanted).max() < 1e-4  # its own float32 path; ours is float64
    float64 = WhisperFeatureExtractor(feature_size=n_mels)._np_extract_fbank_features(
        np.pad(samples, (0, 430_000))[None], "cpu"
    )[0]
    assert np.abs(found - float64).max() < 1e-6


def test_every_weight_and_the_logits(model):
    reference, folder, sound, extractor, samples = model
    features = extractor(samples, sampling_rate=16_000, return_tensors="pt").input_features
    with torch.no_grad():
        out = reference(features, decoder_input_ids=torch.tensor([IDS]), output_attentions=True)
    record = attnviz.trace(audio=sound, ids=IDS, model=str(folder))
    for name, attentions in (
        ("encoder", out.encoder_attentions), ("decoder", out.decoder_attentions),
        ("cross", out.cross_attentions),
    ):  # fmt: skip
        wanted = np.stack([one[0].numpy() for one in attentions])
        found = record.stacks[name].weights
        assert wanted.max() > 0.05
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    opened = load_writer(str(folder))
    hidden = opened.run(opened.prepare(Inputs(ids=IDS, audio=sound)), attend)
    logits = out.logits[0].numpy()
    assert np.abs(opened.logits(hidden) - logits).max() < 1e-5 * np.abs(logits).max()


def attend(_, query, key, value, *, mask=None, scale=None, **_others):
    from attnviz.attention.dense import scaled_dot_product_attention

    return scaled_dot_product_attention(query, key, value, mask=mask, scale=scale)[0]


@pytest.mark.parametrize("fault", ["query bias", "last frame", "no mirror"])
def test_a_fault_would_be_seen(model, fault):
    """The bounds above fail where queries have another bias, the last frame is kept in place of the
    first, or the ends of the sound are not mirrored. A bias of keys changes no weight at all."""
    reference, folder, sound, extractor, samples = model
    features = extractor(samples, sampling_rate=16_000, return_tensors="pt").input_features
    if fault == "query bias":
        reference.model.encoder.layers[0].self_attn.q_proj.bias.data += 0.5
    elif fault == "last frame":
        features = torch.roll(features, 1, dims=-1)
    else:
        features[..., 0] += 0.5
    with torch.no_grad():
        out = reference(features, decoder_input_ids=torch.tensor([IDS]), output_attentions=True)
    found = attnviz.trace(audio=sound, ids=IDS, model=str(folder)).stacks["encoder"].weights
    wanted = np.stack([one[0].numpy() for one in out.encoder_attentions])
    assert np.abs(found - wanted).max() > 1e-4


def test_transcripts_are_those_of_generate(model):
    reference, folder, sound, extractor, samples = model
    features = extractor(samples, sampling_rate=16_000, return_tensors="pt").input_features
    prompt = torch.tensor([[5]])
    with torch.no_grad():
        wanted = reference.generate(
            features, decoder_input_ids=prompt, max_new_tokens=12, do_sample=False, num_beams=1
        )[0].tolist()
    found = transcribe(sound, model=str(folder), max_new_tokens=12)
    written = [i for i in wanted if i not in (3, 5)]  # without start and end
    assert list(found.windows[0].ids) == written
    assert written


LANGUAGES = {"<|en|>": 50, "<|ar|>": 51, "<|fr|>": 52}
TASKS = {"transcribe": 55, "translate": 56}


@pytest.mark.parametrize("asked", [{}, {"language": "ar"}, {"language": "fr", "task": "translate"}])
@pytest.mark.parametrize("timestamps", [False, True])
def test_languages_and_tasks_are_asked_for_as_generate_does(model, asked, timestamps):
    """Prompt tokens of a model of many languages; the language is heard where none is given."""
    reference, folder, sound, extractor, samples = model
    timed(reference, folder, no_timestamps_token_id=59, is_multilingual=True,
          lang_to_id=LANGUAGES, task_to_id=TASKS, begin_suppress_tokens=[4])  # fmt: skip
    features = extractor(samples, sampling_rate=16_000, return_tensors="pt").input_features
    with torch.no_grad():
        wanted = reference.generate(
            features, max_new_tokens=10, do_sample=False, num_beams=1, return_timestamps=timestamps,
            return_segments=timestamps, task=asked.get("task", "transcribe"),
            language=asked.get("language"),
        )  # fmt: skip
    found = transcribe(sound, model=str(folder), max_new_tokens=10, timestamps=timestamps, **asked)
    special = {3, 5, 59, *LANGUAGES.values(), *TASKS.values()}
    ids = wanted["segments"][0][0]["tokens"] if timestamps else wanted[0]
    ours = found.windows[0].segments[0].ids if timestamps else found.windows[0].ids
    heard = [i for i in ids.tolist() if i not in special]
    assert [i for i in ours if i not in special] == heard
    assert heard
    if asked:
        assert found.language == asked["language"]


def test_the_path_through_time_is_the_library_s():
    """20 random matrices: median filters and paths of transformers' own functions."""
    draw = np.random.default_rng(3)
    for _ in range(20):
        n, m = int(draw.integers(2, 12)), int(draw.integers(12, 60))
        weights = draw.random((4, n, m)) ** 4
        tensor = torch.from_numpy(weights)
        normed = (tensor - tensor.mean(-2, keepdim=True)) / tensor.std(
            -2, keepdim=True, correction=0
        )
        wanted = _median_filter(normed, 7).mean(0)
        found = alignment(weights, 7)
        np.testing.assert_allclose(found, wanted.numpy(), atol=1e-12)
        tokens, frames = _dynamic_time_warping(-wanted.double().numpy())
        path = warped(found)
        assert path.tokens.tolist() == tokens.tolist()
        assert path.frames.tolist() == frames.tolist()
        jumps = np.pad(np.diff(tokens), (1, 0), constant_values=1).astype(bool)
        assert path.begins.tolist() == frames[jumps].tolist()


TIMES = 40  # the id of 0.00 s


@pytest.mark.parametrize("latest", [None, 3])
def test_timestamp_rules_ban_what_transformers_bans(latest):
    """200 random texts: the same ids are left."""
    draw, asked = np.random.default_rng(5), GenerationConfig(eos_token_id=3)
    asked.no_timestamps_token_id, asked.max_initial_timestamp_index = TIMES - 1, latest
    theirs = WhisperTimeStampLogitsProcessor(asked, begin_index=2)
    ours = TimestampRules(TIMES, 3, 2, latest)
    banned = 0
    for _ in range(200):
        new = draw.integers(0, 70, size=draw.integers(0, 5))
        ids = np.concatenate([[5, 9], new, draw.integers(TIMES, 70, size=draw.integers(0, 3))])
        scores = draw.normal(size=70).astype(np.float32) * 3
        wanted = theirs(torch.from_numpy(ids)[None], torch.from_numpy(scores)[None])[0].numpy()
        np.testing.assert_array_equal(ours(ids, scores), wanted)
        banned += np.isinf(wanted).sum()
    assert banned > 2000


def timed(reference, folder, **more):
    """Let the tokens from 40 on be timestamps of 0.02 s, in the model and in its folder."""
    asked = reference.generation_config
    asked.no_timestamps_token_id, asked.max_initial_timestamp_index = TIMES - 1, 8
    asked.suppress_tokens = [7, 8]
    for name, value in more.items():
        setattr(asked, name, value)
    asked.save_pretrained(folder)


def test_segments_and_moving_windows_are_those_of_generate(model, tmp_path):
    """A sound of three windows and a half: the same tokens, segments and their times."""
    reference, folder, _, extractor, _ = model
    timed(reference, folder)
    draw = np.random.default_rng(2)
    noise = draw.normal(size=112_000) * (2 + np.sin(np.arange(112_000) / 3000)) * 2500
    noise = noise.astype("<i2")
    sound = riff(tmp_path / "long.wav", 1, 16, 16_000, 1, noise.tobytes())
    features = extractor(
        noise / 32768,
        sampling_rate=16_000,
        return_tensors="pt",
        truncation=False,
        padding="longest",
        device="cpu",
    ).input_features
    with torch.no_grad():
        wanted = reference.generate(
            features, return_timestamps=True, return_segments=True, max_new_tokens=14,
            do_sample=False, num_beams=1,
        )["segments"][0]  # fmt: skip
    found = transcribe(sound, model=str(folder), max_new_tokens=14)
    segments = [one for window in found.windows for one in window.segments]
    assert len(segments) == len(wanted)
    assert len(found.windows) >= 4
    for one, other in zip(segments, wanted, strict=True):
        assert list(one.ids) == other["tokens"].tolist()
        assert one.begin == pytest.approx(float(other["start"]))
        assert one.end == pytest.approx(float(other["end"]))


def test_a_sound_of_one_window_with_timestamps(model, tmp_path):
    reference, folder, _, extractor, _ = model
    timed(reference, folder)
    noise = (np.random.default_rng(4).normal(size=32_000) * 3000).astype("<i2")
    sound = riff(tmp_path / "b.wav", 1, 16, 16_000, 1, noise.tobytes())
    features = extractor(noise / 32768, sampling_rate=16_000, return_tensors="pt").input_features
    with torch.no_grad():
        wanted = reference.generate(
            features, return_timestamps=True, return_segments=True, do_sample=False, num_beams=1,
            max_new_tokens=16,
        )["segments"][0]  # fmt: skip
    found = transcribe(sound, model=str(folder), timestamps=True, max_new_tokens=16)
    segments = [one for window in found.windows for one in window.segments]
    assert [list(one.ids) for one in segments] == [one["tokens"].tolist() for one in wanted]


@pytest.mark.slow
def test_whisper_tiny_writes_what_transformers_writes(tmp_path):
    """The real Whisper tiny.en on the bundled sentence: token for token, and its words in order."""
    whisper_folder.write(tmp_path)
    reference = WhisperForConditionalGeneration.from_pretrained(
        tmp_path, attn_implementation="eager"
    ).eval()
    found = transcribe(AUDIO / "english.wav", model=str(tmp_path))
    samples = open_sound(AUDIO / "english.wav").samples
    features = WhisperFeatureExtractor.from_pretrained(tmp_path)(
        samples, sampling_rate=16_000, return_tensors="pt"
    ).input_features
    with torch.no_grad():
        wanted = reference.generate(features)[0].tolist()
    marks = {50256, 50257, 50362}
    assert list(found.windows[0].ids) == [i for i in wanted if i not in marks]
    assert found.text == "Yesterday my brother bought fish."
    begins = [word.begin for word in found.words]
    assert [word.text.strip() for word in found.words][-1] == "fish."
    assert begins == sorted(begins)
    assert begins[-1] > 1.5
    for one, after in pairwise(found.words):
        assert one.end == after.begin
    record = found.record(0)
    with torch.no_grad():
        out = reference(
            features, decoder_input_ids=torch.tensor([[50257, 50362, *found.windows[0].ids]]),
            output_attentions=True,
        )  # fmt: skip
    wide = np.stack([one[0].numpy() for one in out.cross_attentions])
    np.testing.assert_allclose(record.stacks["cross"].weights, wide, atol=1e-5)


@pytest.mark.slow
def test_whisper_tiny_moves_its_window_as_transformers_does(tmp_path):
    """The bundled sentence 14 times, 35 seconds: the same tokens, segments and their times."""
    whisper_folder.write(tmp_path)
    once = (open_sound(AUDIO / "english.wav").samples * 32768).round().astype("<i2")
    sound = riff(tmp_path / "long.wav", 1, 16, 16_000, 1, np.tile(once, 14).tobytes())
    reference = WhisperForConditionalGeneration.from_pretrained(tmp_path).eval()
    features = WhisperFeatureExtractor.from_pretrained(tmp_path)(
        open_sound(sound).samples, sampling_rate=16_000, return_tensors="pt", truncation=False,
        padding="longest",
    ).input_features  # fmt: skip
    with torch.no_grad():
        wanted = reference.generate(features, return_timestamps=True, return_segments=True)
    found = transcribe(sound, model=str(tmp_path))
    assert len(found.windows) > 1
    theirs = [(each["tokens"].tolist(), float(each["start"]), float(each["end"]))
              for each in wanted["segments"][0]]  # fmt: skip
    ours = [(list(one.ids), one.begin, one.end) for w in found.windows for one in w.segments]
    assert [ids for ids, *_ in ours] == [ids for ids, *_ in theirs]
    np.testing.assert_allclose([t for _, *t in ours], [t for _, *t in theirs])
