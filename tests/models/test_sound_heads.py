"""Heads over sounds listen where their names say: on tones whose notes are known, and on speech.

What a name promises is worked out here from the samples of the file, frame by frame.
"""

from __future__ import annotations

import runpy
import wave
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.errors import AttnvizError
from attnviz.models.builtin.sound_heads import CROSS_HEADS, HEADS

AUDIO = Path(__file__).parents[2] / "samples" / "audio"
MADE = runpy.run_path(str(AUDIO / "make_audio.py"))
TONES, RATE, HOP = MADE["TONES"], 16_000, 640


@cache
def record(name):
    return attnviz.trace(audio=AUDIO / name, heads=len(HEADS))


def weights(name, head):
    return record(name).stack.weights[0, [plan.name for plan in HEADS].index(head)]


@cache
def frames(name):
    """(frames, samples): what is heard from the begin of each frame to its end."""
    with wave.open(str(AUDIO / name)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    n = record(name).stack.shape[0]
    padded = np.zeros(n * HOP)
    padded[: len(samples)] = samples
    return padded.reshape(n, HOP)


def decibels(name):
    return 10 * np.log10((frames(name) ** 2).mean(axis=1) + 1e-10)


def notes():
    """The hertz of each frame of the tones, by its middle: 0 in silence."""
    ends = np.cumsum([seconds for seconds, _ in TONES])
    middles = (np.arange(len(frames("tones.wav"))) + 0.5) * HOP / RATE
    which = np.minimum(np.searchsorted(ends, middles, side="right"), len(TONES) - 1)
    return np.array([TONES[i][1] for i in which])


def edges():
    """Frames in which, or beside which, a note begins or ends."""
    found = notes()
    changed = np.flatnonzero(np.diff(found)) + 1
    near = np.zeros(len(found), bool)
    for i in changed.tolist():
        near[max(i - 1, 0) : i + 1] = True
    return near


def share(weights, promised, rows=None):
    """The share of the weight that goes where the name promises."""
    kept = (weights * promised).sum(axis=1)
    return float(kept[slice(None) if rows is None else rows].mean())


def most(values, part):
    chosen = np.zeros(len(values), bool)
    chosen[np.argsort(-values)[: round(part * len(values))]] = True
    return chosen


@pytest.mark.parametrize("name", ["tones.wav", "english.wav", "arabic.wav"])
def test_steps_and_nearness_in_time(name):
    n = record(name).stack.shape[0]
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    before = np.eye(n, k=-1)
    assert share(weights(name, "previous frame"), before, slice(1, None)) > 0.85
    assert (weights(name, "previous frame")[1:].argmax(axis=1) == np.arange(n - 1)).all()
    assert share(weights(name, "near in time"), apart <= 5) > 0.99  # 0.2 s
    assert np.ptp(weights(name, "all alike")) < 1e-6


def test_the_same_note_has_the_same_pitch():
    found = notes()
    clear = (found > 0) & ~edges()
    same = found[:, None] == found[None, :]
    assert share(weights("tones.wav", "same pitch"), same, clear) > 0.9
    assert share(np.full(same.shape, 1 / len(found)), same, clear) < 0.4  # by chance


def test_flags_of_the_tones():
    found = notes()
    silent, sounding = found == 0, found > 0
    assert share(weights("tones.wav", "silence"), silent[None, :]) > 0.95
    assert share(weights("tones.wav", "voiced"), sounding[None, :]) > 0.95
    starts = np.flatnonzero(np.diff(found, prepend=0) * sounding != 0)
    begun = np.zeros(len(found), bool)
    for i in starts.tolist():
        begun[max(i - 1, 0) : i + 2] = True
    assert share(weights("tones.wav", "onsets"), begun[None, :]) > 0.95


@pytest.mark.parametrize("name", ["english.wav", "arabic.wav"])
def test_flags_of_speech(name):
    loud = decibels(name)
    assert share(weights(name, "loud"), most(loud, 0.25)[None, :]) > 0.4
    assert share(weights(name, "silence"), (loud < loud.max() - 30)[None, :]) > 0.95
    spectrum = np.abs(np.fft.rfft(frames(name), axis=1)) ** 2
    centre = (spectrum @ np.arange(spectrum.shape[1])) / (spectrum.sum(axis=1) + 1e-12)
    heard = centre * (loud > loud.max() - 40)
    assert share(weights(name, "hiss & brightness"), most(heard, 0.25)[None, :]) > 0.8
    assert share(weights(name, "voiced"), (loud > loud.max() - 35)[None, :]) > 0.95


@pytest.mark.parametrize("name", ["english.wav", "arabic.wav"])
def test_sounds_that_are_alike(name):
    """Nearest by the distance of log spectra in 32 bands of equal width."""
    loud = decibels(name)
    heard = np.flatnonzero(loud > loud.max() - 30)
    spectrum = np.abs(np.fft.rfft(frames(name) * np.hanning(HOP), axis=1)) ** 2
    bands = np.log10(spectrum[:, 1:321].reshape(len(loud), 32, 10).sum(axis=2) + 1e-7)
    bands -= bands.mean(axis=1, keepdims=True)
    apart = np.linalg.norm(bands[:, None] - bands[None, :], axis=2)
    near = apart <= np.quantile(apart[:, heard], 0.2, axis=1)[:, None]
    near &= (loud > loud.max() - 30)[None, :]
    assert share(weights(name, "same sound"), near, heard) > 0.6
    n = len(loud)
    far = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) > 5
    assert share(weights(name, "sounded alike, far"), far, heard) > 0.8


# From words at a sound -------------------------------------------------------------------------

WORDS = "sun and a big elephant, walked home"


@pytest.fixture
def spoken(tmp_path):
    """Even speech: each word a burst of noise as long as its letters, gaps of 60 ms between them,
    0.5 s at the comma. Returns the file, and where each word begins and ends in seconds."""
    draw, parts, spans, at = np.random.default_rng(0), [], [], 0.0
    for word in WORDS.split():
        seconds = 0.08 * len(word.strip(","))
        burst = draw.normal(size=round(seconds * RATE)) * 0.2
        gap = 0.5 if "," in word else 0.06
        parts += [burst, np.zeros(round(gap * RATE))]
        spans.append((at, at + seconds))
        at += seconds + gap
    path = tmp_path / "spoken.wav"
    MADE["write"](path, np.concatenate(parts))
    return path, spans


def listened(path):
    found = attnviz.trace(WORDS, audio=path, heads=len(CROSS_HEADS)).stack
    times = found.key_tokens.where.times
    names = [plan.name for plan in CROSS_HEADS]
    return dict(zip(names, found.weights[0], strict=True)), times.mean(axis=1)


def test_words_are_lined_up_by_their_length(spoken):
    path, spans = spoken
    heads, middles = listened(path)
    rows = [row for i, row in enumerate(heads["aligned in time"]) if i != 5]  # without the comma
    for row, (begin, end) in zip(rows, spans, strict=True):
        inside = (middles > begin - 0.05) & (middles < end + 0.05)
        assert begin - 0.05 < middles[row.argmax()] < end + 0.05
        assert row[inside].sum() > 0.6
    comma = (middles > spans[4][1]) & (middles < spans[5][0])
    assert heads["pauses"][5, comma].sum() > 0.8
    assert np.ptp(heads["aligned in time"][5]) < 1e-6  # a comma says nothing of its own
    starts = [row for i, row in enumerate(heads["word starts"]) if i != 5]
    near = [np.abs(middles - begin) < 0.1 for begin, _ in spans]  # gaps make speech uneven
    assert np.mean([row[here].sum() for row, here in zip(starts, near, strict=True)]) > 0.5
    assert np.mean([here.mean() for here in near]) < 0.08  # by chance
    assert np.ptp(heads["hiss letters"][3]) < 1e-6  # "big" has none
    assert np.ptp(heads["hiss letters"][0]) > 0.01  # "sun" has


def test_what_does_not_go_together():
    english = AUDIO / "english.wav"
    for options, said in (
        ({"audio": english, "image": english}, "picture"),
        ({"audio": english, "source": "a"}, "source"),
        ({"audio": english, "model": "random"}, "audio"),
        ({"audio": english, "heads": 65}, "64"),
        ({"audio": english, "type": "cross"}, "text|cross"),
    ):
        with pytest.raises(AttnvizError, match=said):
            attnviz.trace(**options)


def test_a_record_of_a_sound_comes_back(tmp_path):
    made = attnviz.trace("my fish", audio=AUDIO / "english.wav", start=0.5, end=1.5)
    for name in ("a.json", "a.npz"):
        made.save(tmp_path / name)
        found = attnviz.read(tmp_path / name)
        assert found.stack.key_tokens == made.stack.key_tokens
    bare = made.without_media()
    assert bare.stack.key_tokens.where.picture is None
    assert bare.stack.key_tokens.where.times[0, 0] == pytest.approx(0.5)
