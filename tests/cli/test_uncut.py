"""Nothing that could stand on the next line is cut with "…", on narrow and on wide screens."""

from __future__ import annotations

import re

import pytest

from tests.reference import checkpoints
from tests.reference.in_process import run

TEXT = "The cat sat on the mat because it was tired"
NUMBERS = "18 4 21 10 11 2 22 6 18 4 21 10 11 2 22"
TRAINED = ("--ids", "5,6,7,8,5,6,7", "--model", "gpt2")
SCREENS = [
    ("run", TEXT),
    ("run", TEXT, "--type", "local", "--explain"),
    ("run", TEXT, "--type", "global", "--show", "heatmap"),
    ("run", TEXT, "--show", "grid", "--heads", "10"),
    ("run", TEXT, "--show", "top"),
    ("run", TEXT, "--show", "arcs"),
    ("run", TEXT, "--query", "it", "--key", "tired"),
    ("run", *TRAINED),
    ("run", *TRAINED, "--layer", "all", "--explain"),
    ("run", *TRAINED, "--query", "3", "--layer", "all"),
    ("run", *TRAINED, "--head", "1.0,0.1"),
    ("run", *TRAINED, "--measure", "rollout"),
    ("heads", *TRAINED),
    ("heads", TEXT, "--heads", "10"),
    ("compare", TEXT, "--type", "self,causal"),
    ("models", "gpt2"),
    ("models",),
    ("samples",),
    ("steps", TEXT, "--query", "it"),
    ("heads", "--model", "induction", "--probe", "--random", "2"),
    ("effect", NUMBERS, "--model", "induction"),
]
LEFT_OUT = re.compile(r"^q = \[…")  # some of many numbers


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("uncut")
    checkpoints.write("gpt2", place / "gpt2")
    return place


@pytest.mark.parametrize("width", [60, 80, 120])
def test_nothing_is_cut_that_could_wrap(folder, width):
    cut = {}
    for words in SCREENS:
        status, out, err = run(
            *words, folder=folder, COLUMNS=str(width), LINES="24", ATTNVIZ_LANG="en", NO_COLOR="1"
        )
        assert status == 0, err
        lines = [line for line in f"{out}\n{err}".splitlines() if "…" in line]
        cut[words] = [line for line in lines if not LEFT_OUT.search(line)]
    assert not {words: lines for words, lines in cut.items() if lines}
