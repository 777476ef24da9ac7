"""Contributions on a model that is understood by hand, and what is refused."""

import numpy as np
import pytest

import attnviz
from attnviz.errors import AttnvizError
from tests.tracing.test_effects import IDS


def test_the_answer_comes_from_the_two_places_that_carry_it():
    """The induction model copies from place 11, which the previous-token head told of place 10; the
    rest is the last token's own, and what its previous-token head told of place 21."""
    stack = attnviz.trace(ids=IDS, model="induction", measure="contributions").stack
    assert stack.weights.sum(axis=-1) == pytest.approx(1, abs=1e-6)
    last = stack.weights[-1, 0, -1]
    assert {*np.argsort(-last)[:4].tolist()} == {10, 11, 21, 22}
    assert last[[10, 11, 21, 22]].sum() > 0.95


def test_a_causal_model_takes_nothing_from_what_comes_later():
    stack = attnviz.trace(ids=IDS, model="induction", measure="contributions").stack
    assert not np.triu(stack.weights[:, 0], 1).any()


@pytest.mark.parametrize("options", [{}, {"type": "cross", "source": "a b"}])
def test_built_in_heads_have_no_layers_to_follow(options):
    with pytest.raises(AttnvizError, match="Contributions"):
        attnviz.trace("one two three", measure="contributions", **options)
