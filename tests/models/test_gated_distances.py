"""WavLM's gate on distances, worked out by hand."""

import numpy as np
import pytest

from attnviz.attention.dense import scaled_dot_product_attention
from attnviz.attention.masks import full
from attnviz.models.layers import Linear
from attnviz.models.network.attention import Attention, GatedDistances, LayerDoor


def one_head(gate, strength):
    zero, same = Linear(np.zeros((1, 1))), Linear(np.eye(1))
    usual = Attention(zero, zero, same, same, 1, 1, 1.0)
    return GatedDistances(usual, Linear(np.asarray(gate)), np.full((1, 1, 1), strength))


def test_gates_are_those_of_the_definition():
    """Rows 0-3 and 4-7 are summed; first (second strength - 1) + 2 of their sigmoids."""
    gate = one_head(np.array([[0.5], [0.5], [0], [0], [1], [1], [1], [0]]), 3.0)
    for x in (-1.0, 0.0, 2.0):
        first, second = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(-3 * x))
        assert gate.gates(np.array([[x]])).item() == pytest.approx(first * (3 * second - 1) + 2)


def test_the_gate_of_a_query_weighs_its_distances():
    """Queries and keys are 0, so scores are gate × bias, and the gate is 2."""
    seen = []

    def attend(_, query, key, value, *, mask=None, bias=None, scale=None, **_others):
        output, weights = scaled_dot_product_attention(
            query, key, value, mask=mask, scale=scale, bias=bias
        )
        seen.append(weights)
        return output

    bias = np.array([[[0.0, 1.0], [1.0, 0.0]]])
    door = LayerDoor(attend, "self", 0, full(), bias=bias)
    heads = one_head(np.zeros((8, 1)), 2.0)(door, np.array([[1.0], [3.0]]))
    # sigmoids of 0 are a half: 0.5 (0.5 × 2 - 1) + 2 = 2, scores 2 × distance
    far = np.exp(2) / (1 + np.exp(2))
    assert seen[0] == pytest.approx(np.array([[[1 - far, far], [far, 1 - far]]]))
    assert heads == pytest.approx(np.array([[1 - far + 3 * far], [far + 3 * (1 - far)]]))
