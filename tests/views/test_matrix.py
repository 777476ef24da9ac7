"""Every head of every layer on one screen."""

import io
import re

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

import attnviz
from attnviz.cli import run_command_line
from attnviz.views.look import choose
from attnviz.views.screen import Screen
from attnviz.views.terminal.show import show, show_query


def record(n_layers=6, n_heads=12, n=12):
    weights = np.random.default_rng(2).dirichlet(np.full(n, 0.3), (n_layers, n_heads, n))
    weights[-1, -1] = np.eye(n)[[0, *range(n - 1)]]  # the previous token
    return attnviz.from_weights(weights, [f"t{i}" for i in range(n)])


def drawn(found, width=80, height=24, layer="all", head="mean", show_as="auto"):
    look = choose(found.stack, layer, head, show_as)
    console = Console(file=io.StringIO(), width=1000, color_system=None, markup=False)
    console.print(show(found, look, Screen(width, height, False)))
    return console.file.getvalue().splitlines()


def test_all_layers_and_heads_fit_a_small_terminal_and_are_numbered():
    lines = drawn(record())
    assert len(lines) <= 24
    assert max(map(cell_len, lines)) <= 80
    header = next(line for line in lines if line.startswith("layer"))
    assert header.split() == ["layer", *map(str, range(12))]
    numbers = [line[:5].strip() for line in lines if re.match(r" +\d ", line)]
    assert numbers == list("012345")


@pytest.mark.parametrize("width", [40, 60, 120, 200])
@pytest.mark.parametrize("shape", [(6, 12), (30, 9), (2, 32), (2, 1)])
def test_nothing_is_wider_than_the_screen_and_every_head_is_there(width, shape):
    found = record(*shape) if shape == (6, 12) else attnviz.from_weights(
        np.full((*shape, 4, 4), 0.25), list("abcd")
    )  # fmt: skip
    lines = drawn(found, width)
    assert max(map(cell_len, lines)) <= width
    assert "…" not in "".join(lines)
    headers = [line.split()[1:] for line in lines if line.startswith("layer")]
    assert [head for line in headers for head in line] == [str(i) for i in range(shape[1])]


def test_heads_with_a_pattern_are_named_below():
    assert any("previous 5.11" in line for line in drawn(record()))


def test_all_heads_share_one_scale():
    """A head that spreads its weight evenly is darker than one that puts all of it in one place."""
    even = np.full((8, 8), 1 / 8)
    weights = np.stack([np.stack([even, np.eye(8)]), np.stack([even, even])])
    found = attnviz.from_weights(weights, list("abcdefgh"))
    assert any(line.endswith("100%") for line in drawn(found))
    even_only = attnviz.from_weights(weights[1:].repeat(2, axis=0), list("abcdefgh"))
    assert any(line.endswith("12%") for line in drawn(even_only))


def test_several_layers_and_a_choice_of_heads(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    record().save(tmp_path / "saved.npz")
    file = str(tmp_path / "saved.npz")
    assert run_command_line(["view", file, "--layer", "1,4", "--head", "0-2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if "layer " in line).split() == ["layer", "0", "1", "2"]
    assert [line[:5].strip() for line in lines if re.match(r" +\d ", line)] == ["1", "4"]


def test_the_grid_is_still_there_where_it_is_asked_for():
    lines = drawn(record(), show_as="grid")
    assert sum(line.startswith("layer") for line in lines) == 6


def test_one_query_in_every_layer_and_in_several_heads(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = "the cat saw a dog"
    assert run_command_line(["run", text, "--query", "saw", "--head", "0,2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    weights = attnviz.trace(text).stack.weights[0]
    for head in (0, 2):
        numbers = [f"{100 * weight:.0f}" for weight in weights[head, 2].tolist()]
        assert any(line.split() == ["head", str(head), *numbers] for line in lines)
    found = record(n_layers=3, n_heads=2)
    look = choose(found.stack, "all", "mean")
    for width, shown in ((80, 12), (40, 3)):
        console = Console(file=io.StringIO(), width=1000, color_system=None, markup=False)
        console.print(show_query(found, "t4", look, Screen(width, 24, False)))
        lines = console.file.getvalue().splitlines()
        assert max(map(cell_len, lines)) <= width
        rows = [line.split() for line in lines if line.startswith("layer ")]
        assert [row[1] for row in rows] == ["0", "1", "2"]
        assert all(len(row) >= 2 + shown for row in rows)
        if width == 80:
            expected = found.stack.weights[1, :, 4].mean(axis=0)
            assert rows[1][2:] == [f"{100 * weight:.0f}" for weight in expected.tolist()]
