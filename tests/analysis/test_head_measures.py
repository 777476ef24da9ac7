"""The registry of head measures: a row is all that a new measure needs."""

import numpy as np
import pytest
from rich.console import Console

import attnviz
from attnviz.analysis.head_labels import as_rows, look, ranked
from attnviz.analysis.head_measures import LARGEST, MEASURES, SMALLEST, Measure, check_measure
from attnviz.errors import AttnvizError
from attnviz.language.english import ENGLISH
from attnviz.views.screen import Screen
from attnviz.views.terminal.heads import heads, to_csv, to_json

TEXT = "The cat sat on the mat because the cat was tired"


def of_last_key(of):
    return of.of_weights(lambda weights: weights[..., -1].mean(axis=-1))


@pytest.fixture(params=[LARGEST, SMALLEST])
def last(monkeypatch, request):
    row = Measure("last", "last", "last key", 2, request.param, ("weights",), of_last_key)
    monkeypatch.setitem(MEASURES, "last", row)
    return row


def test_a_row_is_all_that_a_new_measure_needs(last):
    record = attnviz.trace(TEXT, heads=6)
    looks = look(record.stack)
    expected = record.stack.weights[0, :, :, -1].mean(axis=-1)
    np.testing.assert_allclose([one.measures["last"] for one in looks], expected, rtol=1e-6)
    order = np.argsort(expected if last.order == SMALLEST else -expected, kind="stable")
    assert [one.head for one in ranked(looks, "last")] == order.tolist()
    assert [row["last"] for row in as_rows(looks)] == [one.measures["last"] for one in looks]
    assert '"last": ' in to_json(looks)
    assert to_csv(looks).splitlines()[0].endswith(",last")
    console = Console(width=200, height=40, force_terminal=False)
    screen = Screen(200, 40, False)
    with console.capture() as shown:
        console.print(heads(record, looks, ranked(looks, "last"), ENGLISH, screen, sort="last"))
    assert "last key" in shown.get()
    assert f"{expected[order[0]]:.2f}" in shown.get()


@pytest.mark.usefixtures("last")
def test_what_it_needs_is_asked_for():
    check_measure(attnviz.trace(TEXT).stack, "last")
    with pytest.raises(AttnvizError, match="last"):
        check_measure(attnviz.trace(TEXT, max_memory=0).stack, "last")


def test_names_are_told_apart():
    for names in (
        {each.short for each in MEASURES.values()},
        {each.long for each in MEASURES.values()},
    ):
        assert len(names) == len(MEASURES)
