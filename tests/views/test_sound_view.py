"""Weights over time: a line for each head or word, the end of the sound, and the picture."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.inputs.sound import wave_of
from attnviz.inputs.where import Times
from attnviz.language.english import ENGLISH as ENGLISH_WORDS
from attnviz.language.language import PICTURE
from attnviz.views.explorer.sound import draw_sound, heard
from attnviz.views.explorer.state import State
from attnviz.views.look import Look
from attnviz.views.over_time import (
    Matrix,
    beyond_end,
    columns_of,
    end_of_drawing,
    loudness,
    n_heard,
    strips,
)
from attnviz.views.pooled_cells import cells_note
from attnviz.views.screen import Screen
from attnviz.views.terminal.transcript import loudness_lines, matrix_lines

AUDIO = Path(__file__).parents[2] / "samples" / "audio"
ENGLISH = AUDIO / "english.wav"


def run(capsys, *words):
    status = run_command_line(["run", *map(str, words)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_every_head_has_a_line_at_every_width(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    status, out, _ = run(capsys, "--audio", ENGLISH, "--heads", 4)
    lines = out.splitlines()
    assert status == 0
    assert max(map(len, lines)) <= width
    for name in ("same sound", "near in time", "onsets", "same pitch"):
        assert any(name[:8] in line for line in lines)
    assert len(lines) <= 24


def test_words_say_where_they_listen_and_that_nothing_was_recognised(capsys):
    status, out, _ = run(capsys, "my fish", "--audio", ENGLISH, "--start", 0.5, "--end", 2.2)
    assert status == 0
    assert "nothing was recognised" in out
    fish = next(line for line in out.splitlines() if line.startswith("fish"))
    begin = float(fish.split("s ")[-2].split()[-1].rstrip("s"))
    assert 0.5 <= begin <= 2.2
    for lang in ("darija", "ary-Arab"):
        assert "nothing was" not in run(capsys, "my fish", "--audio", ENGLISH, "--lang", lang)[1]


def test_another_moment_listens(capsys):
    status, out, _ = run(capsys, "--audio", ENGLISH, "--query", "0.44s")
    assert status == 0
    assert "0.44s listens" in out
    line = next(line for line in out.splitlines() if "near in time" in line)
    assert line.split()[-2] == "0.44s"


def test_columns_are_the_largest_of_their_frames():
    row = np.array([1.0, 5, 2, 3, 9, 4])
    assert columns_of(row, 3).tolist() == [5, 3, 9]
    assert columns_of(row, 6).tolist() == row.tolist()
    assert columns_of(np.array([1.0, 2]), 4).tolist() == [1, 1, 2, 2]


def test_what_lies_beyond_the_end_is_said():
    times = np.stack([np.arange(4.0), np.arange(4.0) + 1], axis=1)
    assert beyond_end(Times(times, 2.5), np.array([0.1, 0.2, 0.3, 0.4])) == pytest.approx(0.4)
    assert [n_heard(Times(times, end)) for end in (0.0, 2.5, 3.5, 9.0)] == [1, 3, 4, 4]


def test_lines_are_the_rows_of_the_record():
    stack = attnviz.trace(audio=ENGLISH).stack
    for head, one in enumerate(strips(stack, replace(Look(), query=7))):
        assert np.array_equal(one.row, stack.weights[0, head, 7])


def test_a_wave_made_small_by_hand():
    wave = wave_of(np.array([0.0, 0.5, -0.25, 0.1], np.float32))
    assert wave.tolist() == [[128, 255, 64, 153], [128, 255, 64, 153]]
    long = wave_of(np.tile([0.2, -0.4], 3000))
    assert long.shape == (2, 600)
    assert long[:, 5].tolist() == [1, 192]
    assert (wave_of(np.zeros(9)) == 128).all()


def test_loudness_ends_where_the_sound_does():
    times = np.stack([np.arange(4.0), np.arange(4.0) + 1], axis=1)
    wave = np.array([[100, 0], [150, 255]], np.uint8)
    where = Times(times, 2.0, wave=wave)  # two of four frames, of which two are drawn
    assert loudness(where, 4).tolist() == pytest.approx([50 / 255, 50 / 255, 1, 1])
    assert loudness(Times(times, 2.0), 4) is None
    assert end_of_drawing(where) == 3  # an eighth more, and a frame at least


MATRIX = Matrix(("a", "bb", "∎"), np.eye(3, 8), np.array([0, 1, 1, 2]), np.array([0, 1, 2, 3]))


def test_a_matrix_shows_the_path_and_what_lies_beyond():
    times = np.stack([np.arange(8.0), np.arange(8.0) + 1], axis=1)
    lines = matrix_lines(
        MATRIX, Times(times, 4.0), 2, 4, ENGLISH_WORDS, Screen(80, 24, colour=False)
    )
    drawn = [line.plain for line in lines[:3]]
    assert [line[:2].strip() for line in drawn] == ["a", "bb", "∎"]
    assert [line[3:7].replace("░", " ").replace("█", " ") for line in drawn] == [
        "●   ", " ●● ", "   ●"
    ]  # fmt: skip
    assert all("┃" in line for line in drawn)


def test_words_stand_under_how_loud_they_are():
    times = np.stack([np.arange(4.0), np.arange(4.0) + 1], axis=1)
    where = Times(times, 4.0, wave=np.array([[0, 128, 128, 64], [255, 128, 128, 192]], np.uint8))
    bars, words = loudness_lines(where, ["one", "second"], [(0.0, 2.0), (2.0, 4.0)], 1, 16)
    assert bars.plain == " ████        ▅▅▅▅"
    assert words.plain == " one     second"


def test_pooled_frames_say_how_many_seconds_a_cell_is(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    stack = attnviz.trace(audio=ENGLISH).stack
    said = re.sub("[\u2066\u2069]", "", cells_note(stack, (2, 3), ENGLISH_WORDS, PICTURE))
    assert said == "each cell 0.08 × 0.12 seconds · each cell is the mean of up to 2 × 3 weights"
    assert cells_note(stack, (1, 1), ENGLISH_WORDS, PICTURE) == ""
    status, out, _ = run(capsys, "--audio", ENGLISH, "--show", "heatmap")
    assert status == 0
    assert "0.0s" in out.splitlines()[2]


def test_pictures(capsys, tmp_path):
    for name in ("a.png", "b.png", "a.svg"):
        status, _, err = run(
            capsys, "my fish", "--audio", ENGLISH, "--show", "none", "-o", tmp_path / name
        )
        assert (status, "File saved" in err) == (0, True)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    for words in (["--show", "heatmap"], ["--show", "grid"], ["--type", "local", "--window", "3"],
                  ["--type", "causal"], ["--type", "global"], ["--show", "sound"]):  # fmt: skip
        assert run(capsys, "--audio", ENGLISH, *words)[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--audio", "none.wav"], "none.wav"),
        (["--audio", AUDIO], "folder"),
        (["--audio", Path(__file__)], "WAV, FLAC"),
        (["--audio", ENGLISH, "--start", "-1"], "--start"),
        (["--audio", ENGLISH, "--start", "9"], "--start"),
        (["text", "--start", "1"], "--audio"),
        (["--audio", ENGLISH, "--model", "induction"], "--audio"),
        (["--audio", ENGLISH, "--image", ENGLISH], "picture"),
        (["--audio", ENGLISH, "-o", ENGLISH], "suffix"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(capsys, words, said):
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert said in err


def test_the_explorer_draws_a_sound_in_place_of_a_text():
    """Loudness, spectrogram, weights and time; columns are moments that a click chooses."""
    stack_of = attnviz.trace(audio=ENGLISH)
    state = State.at(stack_of, Look()).to_query(31)
    where = heard(state)
    lines = draw_sound(state, where, Screen(62, 8, colour=False))
    assert len(lines) == 8
    assert lines[-2].plain[31] == "▲"
    assert lines[-1].plain.startswith("|0.00s")
    spans = {(span.start, span.style.meta["query"]) for span in lines[0].spans
             if getattr(span.style, "meta", None)}  # fmt: skip
    assert {(0, 0), (31, 31), (61, 61)} <= spans
    assert len(draw_sound(state, where, Screen(62, 1, colour=True))) == 1
    words = State.at(attnviz.trace("my fish", audio=ENGLISH), Look())
    cross = draw_sound(words, heard(words), Screen(40, 6, colour=False))
    assert not any("▲" in line.plain for line in cross)
    assert heard(State.at(attnviz.trace("my fish"), Look())) is None
