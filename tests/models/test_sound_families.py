"""Families that hear samples or spectrograms, against stored answers of transformers; and faults
that these answers would show."""

from dataclasses import replace

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.errors import AttnvizError
from attnviz.inputs.spectrogram import kaldi_filters
from attnviz.models import load_writer
from attnviz.models.checkpoint.ctc import read_ctc_head
from attnviz.models.checkpoint.feature_extractor import Fbank, read_log_mel
from attnviz.models.model import Inputs
from attnviz.models.network.network import Feed
from attnviz.tracing.cache import KeyValueCache
from tests.inputs.test_sound import riff
from tests.reference import sounds, whisper


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("sounds")
    for case in sounds.CASES:
        sounds.write(case, place / case)
    riff(place / "a.wav", 3, 32, 16_000, 1, sounds.samples().tobytes())
    return place


@pytest.fixture(scope="module")
def wanted():
    with np.load(sounds.ANSWERS) as file:
        return {name: file[name] for name in file.files}


def logits_of(opened, hidden, case):
    return read_ctc_head(opened).output(hidden) if "adapter" in case else opened.logits(hidden)[0]


@pytest.mark.parametrize("case", sounds.CASES)
def test_every_weight_and_the_logits(case, folders, wanted):
    opened = load_writer(str(folders / case))
    prepared = opened.prepare(Inputs(audio=folders / "a.wav"))
    fed = prepared.features["audio"]
    assert np.abs((fed.T if case == "ast" else fed[0]) - wanted[f"{case}/fed"]).max() < 1e-5
    found = attnviz.trace(audio=folders / "a.wav", model=opened).stack.weights
    if case == "wavlm":  # transformers gives each head the mean of all
        found = np.broadcast_to(found.mean(axis=1, keepdims=True), found.shape)
    assert wanted[f"{case}/weights"].max() > 0.1
    np.testing.assert_allclose(found, wanted[f"{case}/weights"], atol=1e-5)
    hidden = opened.run(prepared, KeyValueCache().attend)
    theirs = wanted[f"{case}/logits"]
    assert np.abs(logits_of(opened, hidden, case) - theirs).max() < 1e-5 * np.abs(theirs).max()


def changed(opened, fault):
    """The network of a model with a fault."""
    stem, first = opened.network.embeddings, opened.network.blocks[0]
    if fault == "group norm for layer norm":
        convolutions = tuple(replace(one, over_time=True) for one in stem.convolutions)
        return replace(opened.network, embeddings=replace(stem, convolutions=convolutions))
    if fault == "layer norm for group norm":
        convolutions = tuple(replace(one, over_time=False) for one in stem.convolutions)
        return replace(opened.network, embeddings=replace(stem, convolutions=convolutions))
    if fault == "no adapter":
        blocks = tuple(replace(one, adapter=None) for one in opened.network.blocks)
        return replace(opened.network, blocks=blocks)
    if fault == "no batch norm":
        positions = replace(stem.positions, strength=None)
        return replace(opened.network, embeddings=replace(stem, positions=positions))
    if fault == "last layer alone":
        return replace(opened.network, shares=())
    linear = replace(first.attention.query, bias=None)
    block = replace(first, attention=replace(first.attention, query=linear))
    return replace(opened.network, blocks=(block, *opened.network.blocks[1:]))


FAULTS = [
    ("wav2vec2, large", "group norm for layer norm"), ("wav2vec2", "layer norm for group norm"),
    ("wav2vec2, large", "no adapter"), ("hubert", "no batch norm"), ("hubert", "last layer alone"),
    ("wav2vec2", "no query bias"), ("ast", "no query bias"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "fault"), FAULTS)
def test_a_fault_would_be_seen(case, fault, folders, wanted):
    opened = load_writer(str(folders / case))
    broken = replace(opened, network=changed(opened, fault))
    hidden = broken.run(opened.prepare(Inputs(audio=folders / "a.wav")), KeyValueCache().attend)
    theirs = wanted[f"{case}/logits"]
    assert np.abs(opened.logits(hidden)[0] - theirs).max() > 1e-3 * np.abs(theirs).max()


def test_a_bias_of_keys_changes_no_weight(folders):
    """It adds the same to all scores of a row: that Whisper has none is seen in its files alone."""
    opened = load_writer(str(folders / "wav2vec2"))
    network, first = opened.network, opened.network.blocks[0]
    key = replace(first.attention.key, bias=first.attention.key.bias + 1)
    block = replace(first, attention=replace(first.attention, key=key))
    other = replace(opened, network=replace(network, blocks=(block, *network.blocks[1:])))
    one, two = (attnviz.trace(audio=folders / "a.wav", model=m).stack.weights
                for m in (opened, other))  # fmt: skip
    np.testing.assert_allclose(one, two, atol=1e-5)


@pytest.mark.parametrize("fault", ["no mirror", "last frame kept", "no clamp"])
def test_a_fault_of_the_log_mel_picture_would_be_seen(fault, tmp_path):
    whisper.write(tmp_path)
    extractor = read_log_mel(tmp_path, whisper.MELS)
    with np.load(whisper.ANSWERS) as file:
        theirs = file["mels"]
    samples = whisper.samples()
    mode = "constant" if fault == "no mirror" else "reflect"
    logs = extractor.logs(np.pad(samples, 200, mode=mode))
    logs = logs[1:] if fault == "last frame kept" else logs[:-1]
    found = extractor.scaled(logs, logs.max())
    if fault == "no clamp":
        quiet = np.zeros(16_000)
        quiet[:4_000] = samples[6_000:10_000]
        theirs, logs = extractor(quiet), extractor.logs(np.pad(quiet, 200, mode="reflect"))[:-1]
        found = ((logs.T + 4) / 4).astype(np.float32)
    assert np.abs(found - theirs).max() > 1e-2


def test_triangles_of_kaldi_by_hand():
    """Two bands from 0 to 8000 Hz: straight sides on the mel scale, 1 at the top, none outside."""
    top = 1127 * np.log(1 + 8000 / 700)
    filters = kaldi_filters(257, 2, 16_000, 0.0, 8000)
    mels = 1127 * np.log(1 + np.arange(257) * 31.25 / 700)
    rise = np.clip(mels / (top / 3), 0, None)
    wanted = np.clip(np.minimum(rise, 2 - rise), 0, None)
    np.testing.assert_allclose(filters[:, 0], wanted, atol=1e-12)
    assert filters[-1].tolist() == pytest.approx([0, 0])
    assert Fbank().n_frames(399) == 0
    assert Fbank().n_frames(400) == 1
    assert Fbank().n_frames(10**6) == 1024


def test_patches_of_a_spectrogram(folders):
    """Low bands come first and lie at the bottom of the picture."""
    record = attnviz.trace(audio=folders / "a.wav", model=str(folders / "ast"))
    tokens = record.stack.key_tokens
    assert tokens.labels[:5] == ("[CLS]", "[DIST]", "0.00s b0", "0.10s b0", "0.20s b0")
    assert tokens.labels[5] == "0.00s b10"
    where = tokens.where
    assert where.grid == (2, 3)
    assert where.size == (36, 26)
    assert where.boxes[2].tolist() == [0, 10, 16, 26]
    assert where.boxes[5].tolist() == [0, 0, 16, 16]
    assert where.cells.tolist() == [-1, -1, 3, 4, 5, 0, 1, 2]
    stem = load_writer(str(folders / "ast")).network.embeddings
    one = Feed({}, features={"audio": np.arange(26 * 36.0).reshape(26, 36)})
    first = stem(one, "audio")[2] - stem.positions[2]
    cut = one.features["audio"][:16, :16].reshape(1, -1)
    np.testing.assert_allclose(first, stem.projection(cut.astype(np.float32))[0], rtol=1e-5)


def test_classes_of_a_sound(folders, capsys):
    words = ["predict", "--audio", str(folders / "a.wav"), "--model"]
    for case in ("ast", "wavlm"):
        assert run_command_line([*words, str(folders / case)]) == 0
        assert "voice" in capsys.readouterr().out
    assert run_command_line([*words, str(folders / "wav2vec2, adapter")]) == 2
    assert "classes" in capsys.readouterr().err
    with pytest.raises(AttnvizError, match="`audio`"):
        attnviz.predict("a text", model=str(folders / "ast"))


def test_what_does_not_fit_is_said(folders, tmp_path):
    long = riff(tmp_path / "b.wav", 1, 16, 16_000, 1, b"\1\0" * 16_000)
    with pytest.raises(AttnvizError, match="at a time"):
        attnviz.trace(audio=long, model=str(folders / "ast"))
    short = riff(tmp_path / "c.wav", 1, 16, 16_000, 1, b"\1\0" * 200)
    with pytest.raises(AttnvizError, match="too short"):
        attnviz.trace(audio=short, model=str(folders / "ast"))
