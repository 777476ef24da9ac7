"""Probes of the model whose heads are known by construction, and of weights made by hand."""

import numpy as np
import pytest

from attnviz.analysis.probe import FAILS, HOLDS, PARTLY, HeadProbe, Probe, scores_of
from attnviz.attention import masks
from attnviz.errors import AttnvizError
from attnviz.inputs.tokens import from_labels
from attnviz.record.stack import Stack
from attnviz.tracing.probe import check_claim, probe


@pytest.fixture(scope="module")
def found():
    return probe("induction", n_random=3)


def test_known_heads_are_found(found):
    """0.1 looks at the token before, 1.2 copies; the first row of the second half has nothing to
    copy by, so 11 of its 12 rows, and its own share of the sink, do."""
    heads = {one.place: one for one in found.heads}
    assert heads["0.1"].random == ("previous", 3)
    assert heads["1.2"].random == ("induction", 3)
    assert heads["0.1"].means["previous"] == pytest.approx(1, abs=1e-3)
    assert heads["1.2"].means["induction"] == pytest.approx(0.96, abs=0.01)
    even = heads["1.0"]
    rows = np.arange(12, 24)  # an even causal head gives each of its i + 1 keys the same
    assert even.means["induction"] == pytest.approx(float((1 / (rows + 1)).mean()), abs=1e-4)
    assert found.chance["induction"] == pytest.approx(even.means["induction"], abs=1e-6)
    assert found.agreement[0] == 1


def test_claims(found):
    assert check_claim(found, "1.2 induction").verdict == HOLDS
    assert check_claim(found, "1.2 induction").rank == 1
    assert check_claim(found, "0.1 induction").verdict == FAILS
    assert check_claim(found, "0.0 sink").verdict == HOLDS


def test_a_head_clearly_above_chance_and_not_most_is_partly_so():
    means = dict.fromkeys(found_patterns(), 0.3)
    spread = dict.fromkeys(found_patterns(), 0.02)
    one = HeadProbe(0, 0, ("other", 2), ("other", 2), means, spread)
    made = Probe("m", "self", (one,), dict.fromkeys(means, 0.02), 2, 8, 0, (1.0, 1.0))
    assert made.check(0, 0, "next").verdict == PARTLY


def found_patterns():
    return ("previous", "next", "self", "duplicate", "induction", "first")


def test_scores_are_read_where_each_pattern_says():
    """One head a pattern, all of its weight on the key that the definition names: x a b c a b c."""
    n, start, length = 7, 1, 3
    keys = {
        "previous": lambda i: i - 1, "self": lambda i: i, "duplicate": lambda i: i - length,
        "induction": lambda i: i - length + 1, "first": lambda i: 0,
        "next": lambda i: min(i + 1, n - 1),
    }  # fmt: skip
    weights = np.zeros((1, len(keys), n, n))
    for head, key in enumerate(keys.values()):
        for i in range(n):
            weights[0, head, i, key(i) % n] = 1
    tokens = from_labels(["x", *"abcabc"])
    stack = Stack(tokens, tokens, weights, masks=(masks.full(),))
    scores = scores_of(stack, start, length)
    for head, name in enumerate(keys):
        wanted = 2 / 3 if name == "next" else 1  # the last token has no next one
        assert scores.shares[name][0, head] == pytest.approx(wanted)
        chance = (2 / 3 if name == "next" else 1) / n
        assert scores.chance[name] == pytest.approx(chance)


@pytest.mark.parametrize("claim", ["1.2", "1.2 copying", "9.9 induction", "a.b induction", ""])
def test_what_is_no_claim(found, claim):
    with pytest.raises(AttnvizError):
        check_claim(found, claim)
