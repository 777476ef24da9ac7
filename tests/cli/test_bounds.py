"""What somebody else's file takes stays within `--max-memory` and 400 MiB.

Resident memory is what is measured: of address space OpenBLAS and threads reserve more than a
gigabyte that nobody ever touches, so that a limit on it (`ulimit -v`) would say nothing.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

from attnviz.cli import pieces, run_command_line
from attnviz.record import saved
from attnviz.record.record import AttentionRecord

ALLOWED, BESIDE = 64, 400  # MiB of --max-memory, and beside it


def peak(folder, *words):
    """Run a command; return its exit status and the most memory that it had, in MiB."""
    child = subprocess.Popen(
        [sys.executable, "-m", "attnviz", *words], cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, used.ru_maxrss / 1024


def one_word(folder):
    (folder / "in.txt").write_text("a" + "\u0301" * 300_000)
    return ["run", "--file", "in.txt"]


def weights(folder):
    weights = np.full((1, 1, 4000, 4000), 1 / 4000, np.float32)
    np.save(folder / "in.npy", weights)
    return ["view", "in.npy", "--show", "none"]


def table(folder):
    n = 1200
    rows = np.full((n, n), 1 / n).tolist()
    (folder / "in.json").write_text(str(rows))
    return ["view", "in.json", "--show", "none"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--json"], "48 numbers"),  # 36 weights, and where three words begin and end, twice
        (["-o", "x.json"], "48 numbers"),
        (["-o", "x.csv"], "36 lines"),
    ],
)
def test_numbers_for_other_programs_have_a_bound(words, said, tmp_path, monkeypatch, capsys):
    """Nothing is written then, neither what is too large nor what was asked for beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pieces, "MOST_PRINTED", 35)
    monkeypatch.setattr("attnviz.record.table.MOST_LINES", 35)
    monkeypatch.setattr(AttentionRecord.json_pieces, "__defaults__", (35,))
    status = run_command_line(["run", "a b c", "-o", "y.npz", *words])
    out, err = capsys.readouterr()
    assert (status, out, list(tmp_path.iterdir())) == (2, "", [])
    assert said in err
    assert "35 are the most" in err
    assert "Write .npz" in err


def test_the_largest_json_is_one_that_is_read_back():
    from attnviz.files.arrays import LARGEST_JSON

    assert saved.MOST_NUMBERS * len("0.123456789, ") < LARGEST_JSON


def test_many_heads_have_a_bound_and_the_ten_have_none(capsys):
    words = ["run", "a" * 5000, "--tokenizer", "characters", "--show", "none", "--heads"]
    assert run_command_line([*words, "64"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "64 heads over 5,000 tokens take too long. Give --heads 52 or less" in err


@pytest.mark.slow
@pytest.mark.parametrize("made", [one_word, weights, table], ids=lambda f: f.__name__)
def test_memory_is_bounded(made, tmp_path):
    words = made(tmp_path)
    bound = ["--max-memory", f"{ALLOWED}MiB"] if words[0] == "run" else []
    status, most = peak(tmp_path, *words, *bound)
    assert status in (0, 2)
    assert most <= ALLOWED + BESIDE
