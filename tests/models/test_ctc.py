"""Letters for frames, and convolutions over samples, worked out by hand."""

import numpy as np
import pytest

from attnviz.models.checkpoint.ctc import CtcHead
from attnviz.models.layers import ACTIVATIONS, LayerNorm, Linear
from attnviz.models.network.stem import Convolution, GroupedPositions, WaveStem

SAME = ACTIVATIONS["relu"]  # of numbers above 0


def test_repeats_are_joined_and_blanks_left_out():
    """Frames that say a a _ a b b _ are "aab", and begin at frames 0, 3 and 4."""
    said = [1, 1, 0, 1, 2, 2, 0]
    head = CtcHead(Linear(8 * np.eye(3, dtype=np.float32)), 0, ("_", "a", "b"))
    ids, frames, shares = head.read(np.eye(3, dtype=np.float32)[said])
    assert (ids, frames) == ([1, 1, 2], [0, 3, 4])
    assert shares == pytest.approx([np.exp(8) / (np.exp(8) + 2)] * 3)


def test_a_convolution_is_its_definition():
    """PyTorch's: out[t, o] = Σ_{c,k} weight[o, c, k] x[t·step + k, c], without padding."""
    draw = np.random.default_rng(0)
    x, weight = draw.random((11, 2)), draw.random((3, 2, 4))
    found = Convolution(Linear(weight.reshape(3, 8)), 4, 3, None, False, SAME)(x)
    wanted = np.array([
        [sum(weight[o, c, k] * x[3 * t + k, c] for c in range(2) for k in range(4))
         for o in range(3)] for t in range(3)
    ])  # fmt: skip
    assert found == pytest.approx(wanted)


def test_a_norm_over_time_and_positions_in_groups():
    x = np.array([[1.0, 10], [3, 30]])
    norm = LayerNorm(np.ones(2), np.full(2, 5.0), 0.0)
    one = Convolution(Linear(np.eye(2)), 1, 1, norm, True, SAME)
    assert one(x) == pytest.approx(np.array([[4.0, 4], [6, 6]]))
    # Two groups of one channel, three taps: the sum of neighbours, and the frame before it.
    sums, before = Linear(np.ones((1, 3))), Linear(np.array([[1.0, 0, 0]]))
    positions = GroupedPositions((sums, before), 3, SAME)
    assert positions(x) == pytest.approx(np.array([[4.0, 0], [4, 10]]))


def test_frames_are_counted_as_the_convolutions_cut():
    sizes, steps = [10, 3, 3, 3, 3, 2, 2], [5, 2, 2, 2, 2, 2, 2]
    layers = tuple(
        Convolution(Linear(np.ones((1, size))), size, step, None, False, SAME)
        for size, step in zip(sizes, steps, strict=True)
    )
    stem = WaveStem(layers, None, Linear(np.ones((1, 1))), None, None)
    assert stem.hop == 320
    # The published figures: 400 samples give one frame, 16,000 give 49.
    assert [stem.n_frames(n) for n in (399, 400, 719, 720, 16_000)] == [0, 1, 1, 2, 49]
