"""What each step of the explorer leads to, without a screen."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import attnviz
from attnviz.errors import AttnvizError
from attnviz.views.explorer.latest import LatestOnly
from attnviz.views.explorer.state import State, same_places
from attnviz.views.look import Look

MEAN = Look()
CAT = "The cat sat on the mat because it was tired"


def state(text=CAT, look=MEAN, **options):
    return State.at(attnviz.trace(text, **options), look)


def given(layers, heads, n=4):
    weights = np.random.default_rng(0).dirichlet(np.ones(n), size=(layers, heads, n))
    return State.at(attnviz.from_weights(weights, [f"t{i}" for i in range(n)]), Look())


def pieces(*labels):
    """A record whose tokens are pieces of words, as a checkpoint's are."""
    from attnviz.inputs.tokens import Tokens

    text = "".join(labels)
    stops = np.cumsum([len(label) for label in labels])
    spans = np.column_stack([stops - [len(label) for label in labels], stops])
    shown = tuple(label.strip() for label in labels)
    special = np.zeros(len(labels), dtype=bool)
    tokens = Tokens(text, np.arange(len(labels)), shown, shown, spans, special)
    n = len(labels)
    record = attnviz.from_weights(np.full((1, 1, n, n), 1 / n), list(shown))
    stack = record.stack
    from dataclasses import replace

    stack = replace(stack, query_tokens=tokens, key_tokens=tokens)
    return State.at(replace(record, stacks={record.name: stack}), Look())


def test_heads_go_round_through_the_mean():
    at = given(1, 3)
    seen = []
    for _ in range(5):
        seen.append(at.sheet.head)
        at = at.next_head(1)
    assert seen == ["mean", 0, 1, 2, "mean"]
    assert given(1, 3).next_head(-1).sheet.head == 2


def test_one_head_stays():
    assert given(1, 1).next_head(1).sheet.head == 0


def test_layers_go_round():
    at = given(3, 2).to_head(1)
    places = [at.next_layer(step).sheet for step in (1, 2, 3, -1)]
    assert [(sheet.layer, sheet.head) for sheet in places] == [(1, 1), (2, 1), (0, 1), (2, 1)]


def test_queries_end_where_the_text_does():
    assert [state().to_query(n).query for n in (-3, 0, 7, 10, 10**9)] == [0, 0, 7, 9, 9]


def test_pins_come_in_the_order_of_the_text_and_go_again():
    at = state().to_query(7).pin().to_query(2).pin()
    assert at.pins == (2, 7)
    assert at.pin().pins == (7,)


def test_scales_and_languages_go_round():
    at, scales, tags = state(), [], []
    for _ in range(6):
        scales.append(at.look.scale)
        at = at.next_scale()
    for _ in range(4):
        tags.append(at.look.language.tag)
        at = at.next_language()
    assert scales == ["auto", "linear", "log", "rank", "no-sink", "auto"]
    assert tags == ["en", "ary-Latn", "ary-Arab", "en"]


@pytest.mark.parametrize(
    ("word", "start", "step", "place"),
    [
        ("the", 0, 0, 4),  # as it is written, before any other case
        ("THE", 0, 0, 0),  # else in any case
        ("THE", 0, 1, 4),
        ("THE", 4, 1, 0),  # and round again
        ("THE", 4, -1, 0),
        ("THE", 0, -1, 4),
        ("caus", 0, 0, 6),  # else a part of a name
        ("8", 0, 0, 8),  # a position
    ],
)
def test_search(word, start, step, place):
    assert state().to_query(start).search(word, step).query == place


@pytest.mark.parametrize("word", ["dog", ""])
def test_search_in_vain(word):
    with pytest.raises(AttnvizError):
        state().search(word)


def test_the_strongest_keys_are_those_of_the_weights():
    at = state(heads=3, look=Look(0, (2,)))
    row = at.stack.weights[0, 2, 7]
    found = at.sheet.strongest(7, 4)
    assert [key for key, _ in found] == np.argsort(-row, kind="stable")[:4].tolist()
    assert [weight for _, weight in found] == pytest.approx(np.sort(row)[::-1][:4])


def test_masked_keys_are_not_among_them():
    found = state(type="local", window=1).sheet.strongest(0, 10)
    assert sorted(key for key, _ in found) == [0, 1]


def test_of_a_streamed_text_the_kept_ones_are_shown():
    dense, text = state(CAT * 3), CAT * 3
    streamed = State.at(attnviz.trace(text, max_memory=0), Look())
    assert streamed.stack.weights is None
    known, whole = streamed.sheet.strongest(5, 100), dense.sheet.strongest(5, 8)
    assert len(known) == 8
    assert [key for key, _ in known] == [key for key, _ in whole]
    assert [w for _, w in known] == pytest.approx([w for _, w in whole], abs=1e-6)
    shares, _ = streamed.sheet.row(5, "auto")
    assert np.flatnonzero(shares).tolist() == sorted(key for key, _ in known)
    assert shares.max() == 1


def test_words_for_pieces_keep_the_query_and_the_pins():
    at = pieces("Lm", "ouch", " gles", " f", " R", "bat").to_query(5).pin().to_query(1)
    merged = at.merge()
    assert merged.stack.query_tokens.labels == ("Lmouch", "gles", "f", "Rbat")
    assert (merged.query, merged.pins) == (0, (3,))
    back = merged.merge()
    assert back.stack.query_tokens.labels[back.query] == "Lm"
    assert not back.merged


def test_a_streamed_text_cannot_be_merged():
    with pytest.raises(AttnvizError):
        State.at(attnviz.trace(CAT, max_memory=0), Look()).merge()


def test_another_record_in_the_same_place():
    at = state(heads=4).to_head(3).to_query(9)
    shorter = at.with_record(attnviz.trace("The cat", heads=2))
    assert shorter.query == 1
    assert shorter.sheet.head == "mean"
    assert at.with_record(attnviz.trace(f"Now {CAT}", heads=4)).sheet.head == 3


def test_special_tokens_find_themselves_again():
    from attnviz.inputs.tokens import Tokens

    def tokens(*labels):
        inner = len(labels) - 2
        spans = [(0, 0), *((2 * i, 2 * i + 1) for i in range(inner)), (0, 0)]
        flags = [True] + [False] * inner + [True]
        text = " ".join(labels[1:-1])
        return Tokens(
            text, np.arange(len(labels)), labels, labels, np.array(spans), np.array(flags)
        )

    before, after = tokens("[CLS]", "a", "b", "[SEP]"), tokens("[CLS]", "a", "b", "c", "[SEP]")
    assert same_places(before, after, range(4)) == [0, 1, 2, 4]


def test_only_the_latest_request_counts():
    begun, going, finished, told = *(threading.Event() for _ in range(3)), []

    def work(request):
        begun.set()
        going.wait(10)
        return request * 10

    def done(*answer):
        told.append(answer)
        if answer[0] == 4:
            finished.set()

    latest = LatestOnly(work, done)
    latest.ask(1)
    assert begun.wait(10)  # the thread has taken it up
    for request in (2, 3, 4):
        latest.ask(request)
    going.set()
    assert finished.wait(10)
    assert told == [(1, 10, False), (4, 40, True)]


def test_what_goes_wrong_is_told_and_the_next_request_worked_on():
    told, finished = [], threading.Event()

    def work(request):
        return 1 // request

    def done(request, result, _):
        told.append((request, type(result)))
        (finished.set if request else lambda: latest_of.ask(1))()

    latest_of = LatestOnly(work, done)
    latest_of.ask(0)
    assert finished.wait(10)
    assert told == [(0, ZeroDivisionError), (1, int)]
