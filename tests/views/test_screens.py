"""Whole screens as they are asked for on a terminal: what is on them, and that they fit."""

from __future__ import annotations

import re

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line

pytestmark = pytest.mark.slow

CAT = "The cat sat on the mat because it was tired"
PROMPT = 2  # lines of the command above and of the prompt below


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


def test_wide_terminals_show_every_cell_of_every_head(screen):
    """Two characters and a line a cell: no head in a corner, none left out."""
    lines = screen(200, 50, CAT)
    named = [part for line in lines for part in re.findall(r"(?:^|\s{2,})(\d+)(?= \D|\s*$)", line)]
    assert set(map(str, range(4))) <= set(named)
    filled = [line for line in lines if re.search("[█▓▒░]", line)]
    assert len(filled) == 10
    assert not any("+" in line for line in lines)


def test_what_is_saved_is_told_last_and_has_its_line(tmp_path, monkeypatch, capsys):
    saved_screen([], tmp_path, monkeypatch, capsys)


def saved_screen(model, tmp_path, monkeypatch, capsys):
    """Ask for a picture on a small terminal: its file is the last thing told, and all fits."""
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    assert run_command_line(["run", CAT, *model, "-o", str(tmp_path / "m.png")]) == 0
    told = capsys.readouterr()
    assert re.fullmatch(r"File saved: .*m\.png \([\d.]+ [kM]B\)\n", told.err)
    assert told.out.count("\n") + 1 <= 24 - PROMPT
