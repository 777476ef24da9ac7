"""No warning of NumPy's reaches who calls attnviz or who runs it: numbers are checked instead."""

import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError, measures

ROOT = Path(attnviz.__file__).parents[1]
HUGE = np.float32(3e38)


def two_layers():
    return attnviz.trace("a b c", type="causal")


ATTACKS = {
    "weights": lambda: attnviz.from_weights(np.full((2, 2), HUGE), ["a", "b"]),
    "half of them": lambda: attnviz.from_weights(np.array([[1e300, 0], [0, 1]]), ["a", "b"]),
    "measures": lambda: measures.entropy(np.full((2, 2, 2), HUGE)),
    "infinity": lambda: measures.entropy(np.full((2, 2, 2), np.inf)),
    "nothing": lambda: measures.entropy(np.zeros((2, 0, 2))),
    "scores": lambda: attnviz.scaled_dot_product_attention(
        np.full((1, 2, 4), HUGE), np.full((1, 2, 4), HUGE), np.ones((1, 2, 4), np.float32)
    ),
    "values": lambda: attnviz.scaled_dot_product_attention(
        np.ones((1, 2, 4)), np.ones((1, 2, 4)), np.full((1, 2, 4), 1e308) * 1.7
    ),
    "heads": lambda: two_layers().heads(),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_caller_is_warned_of_nothing(name):
    with warnings.catch_warnings(), suppress(AttnvizError):
        warnings.simplefilter("error")
        ATTACKS[name]()


@pytest.mark.parametrize("factor", [1e19, 1e30, 3e38])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_beyond_float32_give_right_weights(factor, dtype):
    """By hand: equal keys share, the opposite gets nothing."""
    query = np.ones((1, 3, 4), dtype) * dtype(factor)
    key = query.copy()
    key[0, 1] *= -1
    _, weights = attnviz.scaled_dot_product_attention(query, key, query)
    np.testing.assert_allclose(weights[0], [[0.5, 0, 0.5]] * 3)


@pytest.mark.slow
def test_a_reader_is_warned_of_nothing_however_python_was_asked(tmp_path):
    np.save(tmp_path / "x.npy", np.full((2, 2), HUGE))
    done = subprocess.run(
        [sys.executable, "-W", "always", "-m", "attnviz", "view", "x.npy"],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
