"""Whole screens as they are asked for on a terminal: what is on them, and that they fit."""

from __future__ import annotations

import re

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line

pytestmark = pytest.mark.slow

CAT = "The cat sat on the mat because it was tired"
WORDS = (CAT + " and the dog slept near that old door until late").split()
TRAINED = ["--model", "minilm", "--layer", "2"]
PROMPT = 2  # lines of the command above and of the prompt below
EVERY_HEAD = 15  # rows up to which 24 lines also have room for all heads
WITH_COMMAND = 18  # rows up to which the command stays on the screen


@pytest.fixture
def screen(monkeypatch, capsys):
    """The lines of a command on a terminal of that size, without colour."""

    def asked(width, height, *args):
        monkeypatch.setattr("attnviz.cli.output.PLAIN_HEIGHT", height)
        monkeypatch.setenv("COLUMNS", str(width))
        assert run_command_line(["run", *args]) == 0
        return capsys.readouterr().out.splitlines()

    return asked


def numbers(lines, names):
    """The weights of a table, whose every row begins with its name; -1 where there is a dot."""
    start = next(i for i, line in enumerate(lines) if re.match(rf"{re.escape(names[0])} +\d", line))
    rows = []
    for name, line in zip(names, lines[start:], strict=False):
        assert line.startswith(f"{name} ")
        cells = re.findall(r"100|\d\d?|·", line[len(name) :])[: len(names)]
        rows.append([-1 if cell == "·" else int(cell) for cell in cells])
    return np.array(rows)


@pytest.mark.parametrize("n", range(8, 19))
def test_a_layer_of_a_trained_model_is_one_screen(screen, n):
    """Every number, every row's name and all twelve heads of the layer."""
    text = " ".join(WORDS[:n])
    record = attnviz.trace(text, model="minilm")
    names = record.stack.query_tokens.names
    assert len(names) == n + 2  # [CLS] and [SEP]
    lines = screen(80, 24, text, *TRAINED)
    assert all(len(line) <= 80 for line in lines)
    shown = numbers(lines, names)
    expected = 100 * record.stack.weights[2].mean(axis=0)
    assert np.abs(shown - expected).max() <= 0.5 + 1e-4
    heads = [str(head) for head in range(12)]
    assert (heads in [line.split() for line in lines]) == (n + 2 <= EVERY_HEAD)
    assert len(lines) <= 24 - (PROMPT if n + 2 <= WITH_COMMAND else 1)


@pytest.mark.parametrize("kind", ["self", "causal", "local", "global"])
@pytest.mark.parametrize(("width", "height"), [(60, 20), (80, 24), (120, 40), (200, 50)])
def test_ten_words_keep_their_numbers(screen, kind, width, height):
    record = attnviz.trace(CAT, type=kind)
    lines = screen(width, height, CAT, "--type", kind)
    assert len(lines) <= height - PROMPT
    assert all(len(line) <= width for line in lines)
    shown = numbers(lines, record.stack.query_tokens.names)
    allowed = record.stack.allowed(0, 10)
    assert ((shown >= 0) == allowed).all()
    expected = 100 * record.stack.weights[0].mean(axis=0)
    assert np.abs(shown - expected)[allowed].max() <= 0.5 + 1e-4


@pytest.mark.parametrize("model", [[], TRAINED])
def test_wide_terminals_show_every_cell_of_every_head(screen, model):
    """Two characters and a line a cell: no head in a corner, none left out."""
    lines = screen(200, 50, CAT, *model)
    n_heads = 12 if model else 4
    named = [part for line in lines for part in re.findall(r"(?:^|\s{2,})(\d+)(?= \D|\s*$)", line)]
    assert set(map(str, range(n_heads))) <= set(named)
    n = 12 if model else 10
    filled = [line for line in lines if re.search("[█▓▒░]", line)]
    assert len(filled) == n * (2 if model else 1)
    assert not any("+" in line for line in lines)


@pytest.mark.parametrize("model", [[], TRAINED])
def test_what_is_saved_is_told_last_and_has_its_line(model, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    assert run_command_line(["run", CAT, *model, "-o", str(tmp_path / "m.png")]) == 0
    told = capsys.readouterr()
    assert re.fullmatch(r"File saved: .*m\.png \([\d.]+ [kM]B\)\n", told.err)
    assert told.out.count("\n") + 1 <= 24 - PROMPT
