"""The known-answer model: what its heads are is known, because its weights were set by hand."""

import numpy as np
import pytest

import attnviz

FIRST = [18, 4, 21, 10, 11, 2, 22, 6, 23, 3, 20, 8]
IDS = FIRST + FIRST[:11]  # the answer is the twelfth: 8
LAST = len(IDS) - 1


@pytest.fixture(scope="module")
def weights():
    return attnviz.trace(ids=IDS, model="induction").stack.weights


def test_its_heads_do_what_they_are_named_for(weights):
    rows = np.arange(1, len(IDS))
    assert weights[0, 0, :, 0].min() > 0.999  # first
    assert weights[0, 1, rows, rows - 1].min() > 0.999  # previous
    assert weights[0, 3, rows, rows].min() > 0.999  # self
    later = np.arange(13, len(IDS))  # the first place has no token before it: it wrote itself
    assert weights[1, 2, later, later - 11].min() > 0.999  # induction: after the earlier copy
    for layer, head in ((0, 2), (1, 0), (1, 1), (1, 3)):  # spread
        np.testing.assert_allclose(weights[layer, head, LAST], 1 / len(IDS), atol=1e-6)


def test_text_and_ids_are_the_same():
    text = " ".join(map(str, IDS))
    assert (
        attnviz.trace(text, model="induction").stack
        == attnviz.trace(ids=IDS, model="induction").stack
    )
