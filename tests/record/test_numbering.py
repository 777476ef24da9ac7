"""How layers and heads are named on a command line."""

from __future__ import annotations

import pytest

from attnviz.errors import AttnvizError
from attnviz.record.numbering import (
    heads_apart,
    heads_of_layers,
    in_runs,
    layer_number,
    layers_and_heads,
    one_of,
)


@pytest.mark.parametrize(
    ("layer", "head", "layers", "heads"),
    [
        ("0", "2.8", (2,), (8,)),
        ("0", "5.3,5.11", (5,), (3, 11)),
        ("0", "2.0-3", (2,), (0, 1, 2, 3)),
        ("0", "-1.0", (5,), (0,)),
        ("0", "last.-1", (5,), (11,)),
        ("last", "mean", (5,), ()),
        ("-2", "last", (4,), (11,)),
        ("0,last", "all", (0, 5), tuple(range(12))),
        ("3--1", "1,1", (3, 4, 5), (1,)),
    ],
)
def test_layers_and_heads_are_found_by_their_names(layer, head, layers, heads):
    assert layers_and_heads(layer, head, range(6), 12) == (layers, heads)


@pytest.mark.parametrize(
    ("layer", "head", "reason"),
    [
        ("6", "0", "Layer 6"),
        ("-7", "0", "Layer -7"),
        ("0", "2.12", "Head 12"),
        ("0", "9.1", "Layer 9"),
        ("0", "5.3,2.1", "not all name"),
        ("0", "5.3,1", "not all name"),
        ("0", "2.", "not a head"),
        ("0", "2.8.1", "not a head"),
        ("0", "3-1", "not a head"),
        ("nine", "0", "not a layer"),
        ("0", "1" * 5000, "not a head"),
        ("0", "1" * 5000 + ".1", "not a head"),
    ],
)
def test_other_names_are_refused(layer, head, reason):
    with pytest.raises(AttnvizError, match=reason):
        layers_and_heads(layer, head, range(6), 12)


def test_steps_follow_one_head():
    assert one_of("0", "2.8", range(6), 12) == (2, 8)
    for several in ("2.8,2.9", "2.8,5.3", "mean"):
        with pytest.raises(AttnvizError, match="not one head"):
            one_of("0", several, range(6), 12)


@pytest.mark.parametrize(
    ("head", "places"),
    [
        ("2.8,5.3", ((2, 8), (5, 3))),
        ("-1.0, 2.last,2.11", ((5, 0), (2, 11))),
        ("0.mean,last.mean", ((0, "mean"), (5, "mean"))),
        ("0.0-2,1.all", ((0, 0), (0, 1), (0, 2), *((1, head) for head in range(12)))),
        ("5.3,5.11", ()),  # of one layer
        ("2.8,1", ()),
        ("mean", ()),
    ],
)
def test_heads_of_different_layers_keep_their_layers(head, places):
    assert heads_apart(head, range(6), 12) == places


def test_heads_of_several_layers_are_named_together():
    assert heads_of_layers("5.3, 2.11", range(6), 12) == [(5, 3), (2, 11)]
    assert heads_of_layers("-1.0,last.-1", range(6), 12) == [(5, 0), (5, 11)]
    assert heads_of_layers("1.0-2", range(6), 12) == [(1, 0), (1, 1), (1, 2)]
    for wrong in ("3", "5.x", "6.0", "2.12", ""):
        with pytest.raises(AttnvizError):
            heads_of_layers(wrong, range(6), 12)


def test_one_layer_is_a_number_or_the_last():
    assert [layer_number(word) for word in ("2", "-1", " last ")] == [2, -1, -1]
    for wrong in ("2-3", "all", "", "x", "2.8"):
        with pytest.raises(AttnvizError, match="not a layer"):
            layer_number(wrong)


# Of twelve layers 2, 5 and 8 have attention.
GAPS = (2, 5, 8)


@pytest.mark.parametrize(
    ("layer", "layers"),
    [
        ("2", (0,)), ("first", (0,)), ("last", (2,)), ("-1", (2,)), ("-3", (0,)), ("5,8", (1, 2)),
        ("0-5", (0, 1)), ("3-8", (1, 2)), ("first-last", (0, 1, 2)), ("all", (0, 1, 2)),
    ],
)  # fmt: skip
def test_layers_keep_their_numbers_where_others_have_no_attention(layer, layers):
    assert layers_and_heads(layer, "mean", GAPS, 4) == (layers, ())


@pytest.mark.parametrize("layer", ["0", "3", "3-4", "9", "-4", "2-9", "5,6"])
def test_a_layer_without_attention_is_refused_in_a_line_that_names_the_others(layer):
    with pytest.raises(AttnvizError, match=r"no attention to show.\n?.*2, 5, 8") as error:
        layers_and_heads(layer, "mean", GAPS, 4)
    assert error.value.key == "err.no_attention_there"


def test_heads_of_layers_between_others():
    assert heads_of_layers("5.3,last.0", GAPS, 4) == [(1, 3), (2, 0)]
    with pytest.raises(AttnvizError, match="Layer 4 has no attention"):
        heads_of_layers("4.0", GAPS, 4)


def test_of_many_layers_some_are_named():
    assert in_runs(GAPS) == "2, 5, 8"
    assert in_runs(range(3, 64, 4)) == "3, 7, 11 … 63"
