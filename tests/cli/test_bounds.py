"""What somebody else's file takes stays within `--max-memory` and 400 MiB.

Resident memory is what is measured: of address space OpenBLAS and threads reserve more than a
gigabyte that nobody ever touches, so that a limit on it (`ulimit -v`) would say nothing.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

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


@pytest.mark.slow
@pytest.mark.parametrize("made", [one_word, weights, table], ids=lambda f: f.__name__)
def test_memory_is_bounded(made, tmp_path):
    words = made(tmp_path)
    bound = ["--max-memory", f"{ALLOWED}MiB"] if words[0] == "run" else []
    status, most = peak(tmp_path, *words, *bound)
    assert status in (0, 2)
    assert most <= ALLOWED + BESIDE
