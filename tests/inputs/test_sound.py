"""Sounds from files: every kind of WAV by its definition, resampled sines, and what is refused."""

import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.inputs.sound import (
    MOST_SECONDS,
    MOST_VOICE,
    frame_tokens,
    open_sound,
    resample,
    sound_length,
    voice_of,
)
from attnviz.inputs.spectrogram import cut_frames, hann, hertz_to_slaney, mel_filters, power

AUDIO = Path(__file__).parents[2] / "samples" / "audio"
RATE = 16_000


def sine(rate, hertz=440.0, seconds=0.5):
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def riff(path, kind, bits, rate, channels, data, extensible=False):
    """A WAV file by its definition (Microsoft, 1994 and 2001)."""
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * block, block, bits)
    if extensible:
        form = struct.pack("<HHIIHH", 0xFFFE, channels, rate, rate * block, block, bits)
        form += struct.pack("<HHI", 22, bits, 0) + struct.pack("<H", kind) + b"\0" * 14
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(form)) + form
    body += b"LIST" + struct.pack("<I", 3) + b"abc\0"  # a chunk of odd length, and its pad
    body += b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def as_bytes(x, kind, bits):
    if kind == 3:
        return x.astype(f"<f{bits // 8}").tobytes()
    if bits == 8:
        return (np.round(x * 127) + 128).astype(np.uint8).tobytes()
    whole = np.round(x * (2 ** (bits - 1) - 1)).astype("<i8")
    cut = whole.view(np.uint8).reshape(-1, 8)[:, : bits // 8]
    return cut.tobytes()


KINDS = [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)]


@pytest.mark.parametrize(("kind", "bits"), KINDS)
@pytest.mark.parametrize("extensible", [False, True])
def test_every_kind_of_samples(tmp_path, kind, bits, extensible):
    x = 0.8 * sine(RATE)
    path = riff(tmp_path / "a.wav", kind, bits, RATE, 1, as_bytes(x, kind, bits), extensible)
    found = open_sound(path)
    step = 2.0 ** -(min(bits, 24) - 2)
    assert found.rate == RATE
    assert found.samples.dtype == np.float32
    assert np.abs(found.samples - x).max() < step


def test_channels_become_their_mean(tmp_path):
    left, right = 0.5 * sine(RATE), 0.3 * sine(RATE, 700)
    both = np.stack([left, right], axis=1)
    path = riff(tmp_path / "a.wav", 1, 16, RATE, 2, as_bytes(both.ravel(), 1, 16))
    assert open_sound(path).samples == pytest.approx((left + right) / 2, abs=1e-4)


def test_eight_channels_become_their_mean_too(tmp_path):
    each = np.stack([0.1 * k * sine(RATE, 200.0 + 50 * k) for k in range(8)], axis=1)
    path = riff(tmp_path / "a.wav", 1, 16, RATE, 8, as_bytes(each.ravel(), 1, 16))
    assert open_sound(path).samples == pytest.approx(each.mean(axis=1), abs=1e-4)


def test_a_part_of_a_sound():
    whole = open_sound(AUDIO / "english.wav")
    part = open_sound(AUDIO / "english.wav", 0.5, 1.0)
    assert part.begin == 0.5
    assert part.duration == 0.5
    assert np.array_equal(part.samples, whole.samples[8000:16000])
    late = open_sound(AUDIO / "english.wav", 2.0, 99)
    assert np.array_equal(late.samples, whole.samples[32000:])


@pytest.mark.parametrize("rate", [4000, 8000, 22_050, 44_100, 48_000, 384_000])
def test_resampled_sines_are_sines(rate):
    for hertz in (100.0, 1000.0, 3000.0)[: 2 if rate == 4000 else 3]:
        found = resample(sine(rate, hertz, 1.0).astype(np.float32), rate, RATE)
        wanted = sine(RATE, hertz, 1.0)[: len(found)]
        assert len(found) == RATE
        inside = slice(2000, -2000)  # the filter reaches beyond the ends
        assert np.abs(found[inside] - wanted[inside]).max() < 1e-6


def test_what_the_new_rate_cannot_hold_is_taken_away():
    found = resample(sine(44_100, 9000.0, 1.0).astype(np.float32), 44_100, RATE)
    assert np.abs(found[2000:-2000]).max() < 1e-6


def test_other_formats_come_through_soundfile(tmp_path):
    soundfile = pytest.importorskip("soundfile", reason="the extra attnviz[audio]")
    x = 0.5 * sine(RATE)
    soundfile.write(tmp_path / "a.flac", x, RATE)
    assert open_sound(tmp_path / "a.flac").samples == pytest.approx(x, abs=1e-4)
    part = open_sound(tmp_path / "a.flac", 0.1, 0.2)
    assert part.samples == pytest.approx(x[1600:3200], abs=1e-4)


def test_frames_have_their_times():
    tokens = frame_tokens(open_sound(AUDIO / "english.wav", 0.5, 1.0), 3, 0.2)
    assert tokens.labels == ("0.50s", "0.70s", "0.90s")
    assert tokens.where.times.tolist() == [
        pytest.approx([0.5, 0.7]), pytest.approx([0.7, 0.9]), pytest.approx([0.9, 1.1]),
    ]  # fmt: skip
    assert tokens.where.duration == pytest.approx(1.0)


def test_the_spectrum_of_a_sine_is_one_band():
    """440 Hz is bin 28.16 of 1,024 at 16 kHz, and lies in the mel band whose edges hold it."""
    frames = cut_frames(sine(RATE, 440.0, 1.0), 1024, 640)
    spectrum = power(frames, hann(1024))
    assert {*spectrum.argmax(axis=1).tolist()} == {28}
    filters = mel_filters(513, 24, RATE, 50, 8000)
    edges = np.linspace(*(hertz_to_slaney(np.array(f)) for f in (50.0, 8000.0)), 26)
    mel = float(hertz_to_slaney(np.array(440.0)))
    band = int((spectrum @ filters)[0].argmax())
    assert edges[band] < mel < edges[band + 2]


BAD = {
    "text": (b"not a sound at all", "WAV, FLAC"),
    "empty": (b"", "WAV, FLAC"),
    "no samples": (None, "no samples"),
    "one sample": (None, "too short"),
    "cut head": (b"RIFF\x10\0\0\0WAVEfmt ", "cannot? be found|can be found"),
    "NaN": (None, "not numbers"),
    "4 bits": (None, "16 bits"),
    "500 Hz": (None, "samples a second"),
    "70 channels": (None, "channels"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_sound_is_said(tmp_path, name):
    data, said = BAD[name]
    path = tmp_path / "bad.wav"
    if data is not None:
        path.write_bytes(data)
    elif name == "no samples":
        riff(path, 1, 16, RATE, 1, b"")
        path.write_bytes(path.read_bytes()[: -0 or None])
    elif name == "one sample":
        riff(path, 1, 16, RATE, 1, b"\1\0")
    elif name == "NaN":
        riff(path, 3, 32, RATE, 1, np.full(4000, np.nan, "<f4").tobytes())
    elif name == "4 bits":
        riff(path, 17, 4, RATE, 1, b"\1" * 4000)
    elif name == "500 Hz":
        riff(path, 1, 16, 500, 1, b"\1\0" * 4000)
    else:
        riff(path, 1, 16, RATE, 70, b"\1\0" * 7000)
    with pytest.raises(AttnvizError, match=said):
        open_sound(path)


def test_a_sound_that_is_cut_off_is_refused_wherever_it_is_cut(tmp_path):
    """In its head, in its format, in its samples by one byte; never heard as a shorter sound."""
    whole = (AUDIO / "tones.wav").read_bytes()
    path = tmp_path / "cut.wav"
    for length in (13, 20, 21, 30, 35, 36, 40, 44, 45, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        for opens in (open_sound, sound_length):
            with pytest.raises(AttnvizError, match=r"cut off|can be found"):
                opens(path)


@pytest.mark.parametrize("value", [np.inf, 1e300, 3e38, 1e20, np.nan])
def test_floats_that_no_sound_has_are_refused_without_a_warning(tmp_path, value):
    """Two channels of opposite signs: their mean would be 0, or no number."""
    data = np.tile([value, -value], 4000).astype("<f8").tobytes()
    with pytest.raises(AttnvizError, match=r"not numbers|far beyond"):
        open_sound(riff(tmp_path / "loud.wav", 3, 64, RATE, 2, data))


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [(9, None, "2.4"), (-1, None, "`start`"), (1, 1, "empty"), (2, 1, "empty"), (0, -3, "`end`")],
)
def test_a_part_that_is_not_there(start, end, said):
    with pytest.raises(AttnvizError, match=said):
        open_sound(AUDIO / "english.wav", start, end)


def test_a_sound_of_three_hours_is_read_in_parts(tmp_path):
    """A hole in a file is zeros: 3 hours that take no room."""
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.setnframes(3 * 3600 * 8000)
        file._ensure_header_written(0)
    with path.open("r+b") as file:
        file.truncate(44 + 3 * 3600 * 8000 * 2)
        file.seek(40)
        file.write(struct.pack("<I", 3 * 3600 * 8000 * 2))
    with pytest.raises(AttnvizError, match=grouped(MOST_SECONDS)):
        open_sound(path)
    assert open_sound(path, 3600, 3601).duration == 1.0


def test_a_sound_is_kept_to_listen_to():
    """A tone comes back within the steps of the curve: 8 bits, finer where it is quiet."""
    n, rate = 1600, 16_000
    tone = 0.25 * np.sin(2 * np.pi * 440 * np.arange(n) / rate)
    levels = voice_of(tone.astype(np.float32), rate)
    assert (levels.dtype, levels.shape) == (np.uint8, (n // 2,))
    shares = (levels.astype(float) - 127.5) / 127.5
    heard = np.sign(shares) * (256 ** np.abs(shares) - 1) / 255
    wanted = tone[::2] / np.abs(tone[::2]).max()
    inner = slice(64, -64)  # the filter rings at the ends
    assert np.abs(heard - wanted)[inner].max() < 0.03
    assert voice_of(np.zeros(MOST_VOICE * rate + 1), rate) is None
    assert set(voice_of(np.zeros(800), rate).tolist()) <= {127, 128}
