"""What a terminal shows of the real MiniLM: every number of a layer, and all its heads."""

import re

import numpy as np
import pytest

import attnviz
from tests.views.test_screens import CAT, PROMPT, numbers, saved_screen, screen

__all__ = ["screen"]  # a fixture
WORDS = (CAT + " and the dog slept near that old door until late").split()
TRAINED = ["--model", "minilm", "--layer", "2"]
EVERY_HEAD = 15  # rows up to which 24 lines also have room for all heads
WITH_COMMAND = 18  # rows up to which the command stays on the screen


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


def test_wide_terminals_show_every_cell_of_every_head(screen):
    """Two characters and a line a cell: no head in a corner, none left out."""
    lines = screen(200, 50, CAT, *TRAINED)
    named = [part for line in lines for part in re.findall(r"(?:^|\s{2,})(\d+)(?= \D|\s*$)", line)]
    assert set(map(str, range(12))) <= set(named)
    assert len([line for line in lines if re.search("[█▓▒░]", line)]) == 12 * 2
    assert not any("+" in line for line in lines)


def test_what_is_saved_is_told_last_and_has_its_line(tmp_path, monkeypatch, capsys):
    saved_screen(TRAINED, tmp_path, monkeypatch, capsys)
