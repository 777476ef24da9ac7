"""Effects on a model whose answers are known, and identities that hold for every model.

The known answers are arithmetic: without its induction head the model spreads over 24 numbers, so
the divergence from a certain answer is ln 24; a head that writes nothing changes nothing.
"""

import json
import math

import numpy as np
import pytest

import attnviz
from attnviz.analysis.effects import NONE
from attnviz.errors import AttnvizError

FIRST = [18, 4, 21, 10, 11, 2, 22, 6, 23, 3, 20, 8]
IDS = FIRST + FIRST[:11]  # the answer is 8
MATTER = {(0, 1), (1, 2)}  # the previous-token head and the induction head


def effects(**options):
    return attnviz.effects(ids=IDS, model="induction", **options)


@pytest.mark.parametrize("by", ["zero", "mean"])
def test_only_the_two_heads_that_carry_the_answer_matter(by):
    found = effects(by=by)
    assert (found.unit, found.answer) == ("KL (nats)", "8")
    assert {(layer, head) for layer, head, size in found.ranked() if size > 0.01} == MATTER
    for layer, head, size in found.ranked():
        if (layer, head) not in MATTER | {(0, 2)}:  # 0.2 writes a bag of all words
            assert size < NONE
    assert found.layers == pytest.approx(found.table.max(axis=1), rel=0.1)
    if by == "zero":
        assert found.table[1, 2] == pytest.approx(math.log(24), abs=2e-3)


def test_only_the_two_tokens_that_carry_the_answer_matter():
    """The answer itself, and the token before it, from which it is copied."""
    found = effects(of="tokens")
    assert np.flatnonzero(found.tokens > 0.01).tolist() == [10, 11]
    assert np.isnan(found.table).all()


def test_only_the_two_edges_that_carry_the_answer_matter():
    edges = [(22, 11), (11, 10), (22, 5), (11, 4)]
    assert [edge.effect > 1 for edge in effects(of="edges", edges=edges).edges] == [
        True, True, False, False,
    ]  # fmt: skip
    in_one = effects(of="edges", edges=[(22, 11)], heads=[(1, 2)]).edges[0]
    in_other = effects(of="edges", edges=[(22, 11)], heads=[(1, 0)]).edges[0]
    assert in_one.effect > 1
    assert in_other.effect < NONE
    assert in_one.heads == ((1, 2),)


def test_patching_brings_the_answer_of_the_other_text():
    """With 1.2 from a text whose first half ends otherwise, its answer comes."""
    other = [*FIRST[:11], 9, *FIRST[:11]]
    found = effects(by="text", other_ids=other, answer="8", against="9")
    assert found.table[1, 2] < -30  # from +18 to −18
    others = [abs(size) for layer, head, size in found.ranked() if (layer, head) not in MATTER]
    assert max(others) < 0.1


def test_the_change_of_an_answer_s_probability():
    found = effects(by="zero", answer="8")
    assert found.unit == "change of log p"
    assert found.table[1, 2] == pytest.approx(-math.log(24), abs=2e-3)
    assert found.table[0, 0] == pytest.approx(0, abs=NONE)


def test_together_is_not_the_sum():
    found = effects(by="zero", heads=[(0, 1), (1, 2)])
    assert found.together == pytest.approx(found.table[1, 2], rel=1e-3)  # 1.2 is what speaks
    alone = effects(by="zero", heads=[(1, 2)])
    assert alone.together == pytest.approx(alone.table[1, 2], rel=1e-4)


def test_a_layer_is_all_its_heads_together():
    found = effects(by="zero", heads=[(0, head) for head in range(4)])
    assert found.together == pytest.approx(found.layers[0], rel=1e-4)


def test_files(tmp_path):
    found = effects()
    found.save(tmp_path / "e.json")
    tree = json.loads((tmp_path / "e.json").read_text())
    np.testing.assert_allclose(tree["heads"], found.table)
    found.save(tmp_path / "e.npz")
    with np.load(tmp_path / "e.npz") as arrays:
        assert np.array_equal(arrays["table"], found.table)
    found.save(tmp_path / "e.csv")
    lines = (tmp_path / "e.csv").read_text().splitlines()
    assert len(lines) == 1 + 8 + 2 + len(IDS)
    with pytest.raises(AttnvizError, match="suffix"):
        found.save(tmp_path / "e.docx")


BAD = [
    ({"of": "head"}, "heads"),
    ({"by": "mena"}, "mean"),
    ({"of": "edges"}, "no edge"),
    ({"by": "text"}, "needs another"),
    ({"other_ids": IDS}, "gives answers"),
    ({"by": "text", "other_ids": IDS[:5]}, "23 tokens and the other 5"),
    ({"heads": [(2, 0)]}, "Layer 2"),
    ({"heads": [(0, 4)]}, "Head 4"),
    ({"heads": [(0, 1), (0, 1)]}, "twice"),
    ({"of": "edges", "edges": [(23, 0)]}, "Position 23"),
    ({"answer": "1 2"}, "tokens"),
    ({"reference": [" "]}, "reference"),
    ({"stack": "cross"}, "self"),
]


@pytest.mark.parametrize(("options", "named"), BAD, ids=str)
def test_what_does_not_fit_is_said(options, named):
    with pytest.raises(AttnvizError, match=named):
        effects(**options)


def test_a_text_is_no_reference_of_itself():
    text = " ".join(map(str, IDS))
    with pytest.raises(AttnvizError, match="noise"):
        attnviz.effects(text, model="induction", reference=["1 2 3", text])


def test_built_in_heads_have_no_answer():
    with pytest.raises(AttnvizError, match="checkpoint"):
        attnviz.effects("a b", model="builtin")
