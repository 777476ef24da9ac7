"""Labels and measures of heads: against definitions in plain Python, and on heads made by hand."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

import attnviz
from attnviz.analysis import head_labels as rooms
from attnviz.analysis.head_labels import HeadLook, as_rows, look, ranked
from attnviz.analysis.head_measures import MEASURES, OF_HEADS, check_measure, missing
from attnviz.analysis.head_patterns import MARKS, Label
from attnviz.attention import masks, measures
from attnviz.errors import AttnvizError
from attnviz.inputs.tokens import from_labels
from attnviz.inputs.where import Boxes
from attnviz.record.stack import Stack

NAN = math.nan
SMALLEST_FIRST = ("entropy", "normalized_entropy")  # of these a sharp head is the one to see
NOISE = 0.15  # of each row's weight, spread unevenly


def tokens_of(labels, special=()):
    tokens = from_labels(labels)
    return replace(tokens, special=np.array([label in special for label in tokens.labels]))


def stack_of(weights, labels=None, *, keys=None, mask=None, special=()):
    """A stack of (…, queries, keys) weights; keys: the labels of another text."""
    weights = np.asarray(weights, dtype=np.float64)
    weights = weights.reshape((1,) * (4 - weights.ndim) + weights.shape)
    labels = [f"t{i}" for i in range(weights.shape[2])] if labels is None else labels
    rules = () if mask is None else (mask,) * len(weights)
    queries = tokens_of(labels, special)
    of_keys = queries if keys is None else tokens_of(keys, special)
    return Stack(queries, of_keys, weights, masks=rules, two_texts=keys is not None)


def softmax(scores):
    exponents = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponents / exponents.sum(axis=-1, keepdims=True)


def uneven(shape, allowed, seed=0):
    """Random rows that sum to 1 over what is allowed."""
    scores = np.random.default_rng(seed).normal(size=shape)
    return softmax(np.where(allowed, scores, -np.inf))


def full(n):
    return np.ones((n, n), dtype=bool)


def lower(n):
    return np.tri(n, dtype=bool)


# Measures, by hand.


def test_the_sink_share_leaves_the_key_s_own_row_out():
    weights = np.array([[1.0, 0, 0], [0.5, 0.5, 0], [0.25, 0.25, 0.5]])
    assert measures.sink_share(weights[:, 0]) == 0.375
    assert measures.sink_share(weights[:, 0], two_texts=True) == pytest.approx(1.75 / 3)
    assert math.isnan(measures.sink_share(np.array([1.0])))
    assert measures.sink_share(np.ones((2, 3, 4))).shape == (2, 3)


def test_the_special_share_leaves_special_rows_out():
    weights = np.array([[0.9, 0.05, 0.05], [0.2, 0.5, 0.3], [0.1, 0.8, 0.1]])
    ends = np.array([True, False, True])
    assert measures.special_share(weights, ends, ends) == 0.5
    assert measures.special_share(weights, ends, np.zeros(3, bool)) == pytest.approx(1.65 / 3)
    assert measures.special_share(weights, np.zeros(3, bool), ends) == 0
    assert math.isnan(measures.special_share(weights, ends, np.ones(3, bool)))


def test_patterns_of_a_b_a_b():
    ids = [7, 3, 7, 3]
    assert measures.duplicate_token(ids).tolist() == [
        [False, False, False, False],
        [False, False, False, False],
        [True, False, False, False],
        [False, True, False, False],
    ]
    assert measures.induction(ids).tolist() == [
        [False, False, False, False],
        [False, False, False, False],
        [False, True, False, False],
        [False, False, True, False],
    ]
    # After "a a" the same token is what followed it: j may be i.
    assert measures.induction([1, 1]).tolist() == [[False, False], [False, True]]
    assert measures.induction([5]).tolist() == [[False]]
    assert measures.induction(np.array([], dtype=int)).shape == (0, 0)


def test_pattern_scores_by_hand():
    weights = np.array([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.5, 0.25, 0.25, 0], [0.25] * 4])
    ids = [7, 3, 7, 3]
    duplicate, induction = measures.duplicate_token(ids), measures.induction(ids)
    assert measures.pattern_score(weights, duplicate) == (0.5 + 0.25) / 4
    assert measures.pattern_score(weights, induction) == (0.25 + 0.25) / 4
    # Without column 0 the weights sum to 1.75, and one duplicate is gone.
    assert measures.pattern_score(weights, duplicate, without_first=True) == 0.25 / 1.75
    assert measures.pattern_score(weights, induction, without_first=True) == 0.5 / 1.75
    only_first = np.eye(4)[[0, 0, 0, 0]]
    assert measures.pattern_score(only_first, duplicate) == 0.25
    assert math.isnan(measures.pattern_score(only_first, duplicate, without_first=True))
    many = np.broadcast_to(weights, (2, 3, 4, 4))
    assert measures.pattern_score(many, duplicate).tolist() == [[0.1875] * 3] * 2


def slow(weights, ids, allowed, special):
    """Every measure of one head as the reference writes it, in plain Python."""
    n = len(weights)
    rows = range(n)
    every = math.fsum(map(math.fsum, weights))

    def mean(values):
        values = list(values)
        return math.fsum(values) / len(values) if values else NAN

    def entropy(i):
        return -math.fsum(w * math.log(w) for w in weights[i] if w > 0)

    def score(pattern, least=0):
        inside = [(i, j) for i in rows for j in range(least, n) if pattern(i, j)]
        whole = math.fsum(weights[i][j] for i in rows for j in range(least, n))
        return math.fsum(weights[i][j] for i, j in inside) / whole

    def duplicate(i, j):
        return j < i and ids[j] == ids[i]

    def induction(i, j):
        return 1 <= j <= i and ids[j - 1] == ids[i]

    return {
        "entropy": mean(map(entropy, rows)),
        "normalized_entropy": mean(
            entropy(i) / math.log(sum(allowed[i])) for i in rows if sum(allowed[i]) > 1
        ),
        "distance": math.fsum(weights[i][j] * abs(i - j) for i in rows for j in rows) / every,
        "largest": mean(max(row) for row in weights),
        "sink": mean(weights[i][0] for i in range(1, n)),
        "special": mean(
            math.fsum(weights[i][j] for j in rows if special[j]) for i in rows if not special[i]
        ),
        "self": mean(weights[i][i] for i in rows),
        "previous": mean(weights[i][i - 1] for i in range(1, n)),
        "next": mean(weights[i][i + 1] for i in range(n - 1)),
        "duplicate": score(duplicate),
        "induction": score(induction),
        "duplicate_no_first": score(duplicate, 1),
        "induction_no_first": score(induction, 1),
    }


OF_ANOTHER_RUN = {name for name, each in MEASURES.items() if OF_HEADS in each.needs}
LABELS = ["[CLS]", "a", "b", "a", "c", "c", "b", "[SEP]", "a", "d", "[SEP]"]


@pytest.mark.parametrize(("mask", "allowed"), [(masks.full(), full), (masks.causal(), lower)])
def test_measures_are_those_of_the_definitions(mask, allowed):
    n = len(LABELS)
    weights = uneven((2, 3, n, n), allowed(n), seed=3)
    stack = stack_of(weights, LABELS, mask=mask, special=("[CLS]", "[SEP]"))
    found = look(stack)
    assert [(one.layer, one.head) for one in found] == [(i, j) for i in range(2) for j in range(3)]
    ids, special = stack.key_tokens.ids.tolist(), stack.key_tokens.special.tolist()
    for one in found:
        expected = slow(weights[one.layer, one.head].tolist(), ids, allowed(n).tolist(), special)
        assert one.measures.keys() == set(MEASURES) == expected.keys() | OF_ANOTHER_RUN
        for name, value in expected.items():
            assert one.measures[name] == pytest.approx(value, abs=1e-12), name


def test_rows_that_a_sink_took_from_count_less_for_the_distance():
    weights = np.array([[1.0, 0, 0], [0, 1.0, 0], [0.1, 0, 0]])
    (one,) = look(stack_of(weights))
    assert one.measures["distance"] == pytest.approx(0.2 / 2.1)


def test_a_row_without_a_choice_has_no_evenness():
    even = lower(6) / lower(6).sum(axis=1, keepdims=True)
    (one,) = look(stack_of(even, mask=masks.causal()))
    assert one.measures["normalized_entropy"] == pytest.approx(1)
    assert one.measures["entropy"] == pytest.approx(sum(map(math.log, range(1, 7))) / 6)


def test_two_texts_have_no_positions_in_common():
    weights = uneven((1, 2, 5, 7), np.ones((5, 7), bool))
    stack = stack_of(weights, keys=[f"s{i}" for i in range(7)])
    for one in look(stack):
        there = {name for name, value in one.measures.items() if not math.isnan(value)}
        assert there == {"entropy", "normalized_entropy", "largest", "sink", "special"}
        assert one.measures["sink"] == pytest.approx(weights[0, one.head, :, 0].mean())
    with pytest.raises(AttnvizError, match=r"distance.*`sort`.*entropy"):
        check_measure(stack, "distance")


# Labels, on heads made by hand.

SENTENCE = "the cat sat on the mat and the dog sat on the rug by the door"
WORDS = SENTENCE.split()
N = len(WORDS)


def head_of(targets, n=N, allowed=None, noise=NOISE, seed=0):
    """Each row on its targets alike, the rest of the weight uneven over what is allowed; a row
    without a target is uneven."""
    allowed = full(n) if allowed is None else allowed
    weights = uneven((n, n), allowed, seed)
    for i in range(n):
        there = [j for j in targets(i) if 0 <= j < n and allowed[i, j]]
        if there:
            weights[i] *= noise
            weights[i, there] += (1 - noise) / len(there)
    return weights


def label_of(weights, labels=WORDS, **options):
    ((one,),) = (look(stack_of(weights, labels, **options)),)
    return one.label


def earlier(i):
    return [j for j in range(i) if WORDS[j] == WORDS[i]]


def followed(i):
    return [j for j in range(1, i + 1) if WORDS[j - 1] == WORDS[i]]


BY_TARGET = {
    "previous": lambda i: [i - 1],
    "next": lambda i: [i + 1],
    "self": lambda i: [i],
    "duplicate": earlier,
    "induction": followed,
    "nearby": lambda i: [i - 2, i - 1, i, i + 1, i + 2],
    "one key": lambda i: [5],
    "sink": lambda i: [0],
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("kind", "causal"),
    [(k, causal) for k in BY_TARGET for causal in (False, True) if not (causal and k == "next")],
)
def test_a_head_is_labelled_by_what_it_looks_at(kind, causal, seed):
    allowed = lower(N) if causal else full(N)
    weights = head_of(BY_TARGET[kind], allowed=allowed, seed=seed)
    label = label_of(weights, mask=masks.causal() if causal else masks.full())
    assert label.kind == kind
    assert label.share > 0.8
    assert label.lift > 0.7
    assert label.mark == MARKS[kind]
    assert label.token == {"one key": '"mat"', "sink": '"the"'}.get(kind, "")


@pytest.mark.parametrize("kind", ["previous", "self", "duplicate", "induction", "nearby"])
@pytest.mark.parametrize("sink", [0.5, 0.8, 0.9])
def test_a_sink_hides_no_pattern(kind, sink):
    pattern = head_of(BY_TARGET[kind], allowed=lower(N))
    weights = (1 - sink) * pattern
    weights[:, 0] += sink
    label = label_of(weights, mask=masks.causal())
    assert label.kind == kind
    assert label.share > 0.8  # of what is left


@pytest.mark.parametrize("rest", [1.0, 0.97])
def test_where_nothing_is_left_a_head_rests(rest):
    weights = (1 - rest) * head_of(BY_TARGET["previous"], allowed=lower(N))
    weights[:, 0] += rest
    label = label_of(weights, mask=masks.causal())
    assert (label.kind, str(label)) == ("sink", 'rests on "the"')
    assert label.share == pytest.approx(weights[2:, 0].mean())


def test_what_is_left_of_a_sink_and_uneven_is_no_pattern():
    weights = 0.3 * uneven((N, N), lower(N), seed=1)
    weights[:, 0] += 0.7
    assert label_of(weights, mask=masks.causal()).kind == "sink"


BERT = ["[CLS]", *WORDS, "[SEP]"]
ENDS = ("[CLS]", "[SEP]")


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (0.8, 0.0, "rests on [CLS]"),
        (0.05, 0.8, "rests on [SEP]"),
        (0.4, 0.4, "rests on special tokens"),
    ],
)
def test_special_tokens_are_sinks(first, last, said):
    n = len(BERT)
    weights = (1 - first - last) * uneven((n, n), full(n))
    weights[:, 0] += first
    weights[:, -1] += last
    label = label_of(weights, BERT, mask=masks.full(), special=ENDS)
    assert str(label) == said
    inside = weights[1:-1]
    own = {"[CLS]": inside[:, 0], "[SEP]": inside[:, -1]}
    expected = own.get(label.token, inside[:, 0] + inside[:, -1])
    assert label.share == pytest.approx(expected.mean())
    weights = (1 - first - last) * head_of(lambda i: [i - 1], n)
    weights[:, 0] += first
    weights[:, -1] += last
    assert label_of(weights, BERT, mask=masks.full(), special=ENDS).kind == "previous"


def test_rows_of_special_tokens_do_not_tell():
    n = len(BERT)
    weights = head_of(lambda i: [i - 1], n, noise=0)
    clean = label_of(weights, BERT, mask=masks.full(), special=ENDS)
    weights[[0, -1]] = np.eye(n)[[3, 3]]
    assert label_of(weights, BERT, mask=masks.full(), special=ENDS) == clean
    assert clean.share == 1


EVEN_UNDER = {
    "full": masks.full(),
    "causal": masks.causal(),
    "local": masks.local(2),
    "one beside": masks.local(1),
    "global": masks.local(2) | masks.global_([0]),
    "sliding": masks.causal() & masks.local(3),
}


@pytest.mark.parametrize("name", EVEN_UNDER)
@pytest.mark.parametrize("n", [7, 16, 60])
def test_an_even_head_is_spread_whatever_the_mask(name, n):
    allowed = EVEN_UNDER[name].to_array(n, n)
    labels = [f"w{i % 9}" for i in range(n)]
    weights = allowed / allowed.sum(axis=1, keepdims=True)
    for given in (weights, 0.4 * weights + 0.6 * np.eye(n)[[0] * n] * allowed[:, :1]):
        given = given / given.sum(axis=1, keepdims=True)
        label = label_of(given, labels, mask=EVEN_UNDER[name])
        assert label.kind in ("spread", "sink")
        assert given is not weights or label.kind == "spread"
        if label.kind == "spread":
            assert label.share == pytest.approx(1)


def test_a_mask_that_nobody_told_of_is_read_from_the_weights():
    even = lower(N) / lower(N).sum(axis=1, keepdims=True)
    (one,) = look(stack_of(even, WORDS))
    assert one.label.kind == "spread"
    assert one.measures["normalized_entropy"] == pytest.approx(1)


def test_one_token_over_and_over_is_no_pattern_of_tokens():
    """Every earlier key is a duplicate and follows one: an even head must not seem to seek them."""
    weights = lower(N) / lower(N).sum(axis=1, keepdims=True)
    assert label_of(weights, ["la"] * N, mask=masks.causal()).kind == "spread"


def test_a_head_that_works_in_some_rows_and_rests_in_the_others():
    weights = np.zeros((N, N))
    for i in range(N):
        there = followed(i)
        weights[i, there or [0]] = 1 / max(len(there), 1)
    label = label_of(weights, mask=masks.causal())
    assert (label.kind, label.share) == ("induction", 1)


def test_where_two_patterns_fit_alike_the_plainer_is_named():
    """In "la na la na" the token before is also what followed the last copy."""
    weights = head_of(lambda i: [i - 1], noise=0)
    label = label_of(weights, ["la", "na"] * (N // 2), mask=masks.full())
    assert label.kind == "previous"
    both = head_of(lambda i: [i - 1, i - 3], allowed=lower(N), noise=0)
    label = label_of(both, ["la", "na"] * (N // 2), mask=masks.causal())
    assert label.kind == "induction"  # previous has half of it


def test_a_sharp_head_that_fits_nothing_is_other_and_a_mild_one_is_spread():
    far = [8, 11, 15, 13, 9, 12, 14, 10, 1, 3, 5, 2, 6, 4, 7, 0]
    label = label_of(head_of(lambda i: [far[i]]), [f"w{i}" for i in range(N)], mask=masks.full())
    assert str(label) == "other"
    assert math.isnan(label.share)
    mild = softmax(np.random.default_rng(0).normal(scale=0.5, size=(N, N)))
    label = label_of(mild, mask=masks.full())
    assert label.kind == "spread"
    rest = mild[:, 1:] / mild[:, 1:].sum(axis=1, keepdims=True)
    evenness = -(rest * np.log(rest)).sum(axis=1) / math.log(N - 1)
    assert label.share == pytest.approx(np.average(evenness, weights=1 - mild[:, 0]))


def test_the_own_row_of_the_first_token_does_not_make_it_a_sink():
    weights = head_of(lambda i: [0], noise=0.4)
    weights[0] = np.eye(N)[0]
    label = label_of(weights, mask=masks.full())
    assert label.kind == "sink"
    assert label.share == pytest.approx(weights[1:, 0].mean())


# Of two texts.

CROSS = [f"s{i}" for i in range(12)]


def cross(targets, queries=9, noise=NOISE, seed=0):
    weights = noise * uneven((queries, 12), np.ones((queries, 12), bool), seed)
    for i in range(queries):
        weights[i, targets(i)] += 1 - noise
    return weights


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("kind", "targets", "token"),
    [
        ("diagonal", lambda i: round(i * 11 / 8), ""),
        ("one key", lambda i: 4, '"s4"'),
        ("one key", lambda i: 0, '"s0"'),
        ("aligned", lambda i: (5, 2, 9, 0, 7, 11, 1, 6, 3)[i], ""),
    ],
)
def test_labels_of_two_texts(kind, targets, token, seed):
    label = label_of(cross(targets, seed=seed), [f"t{i}" for i in range(9)], keys=CROSS)
    assert (label.kind, label.token) == (kind, token)


def test_special_and_spread_in_two_texts():
    labels = [f"t{i}" for i in range(9)]
    keys = [*CROSS[:-1], "</s>"]
    label = label_of(cross(lambda i: 11), labels, keys=keys, special=("</s>",))
    assert str(label) == "rests on </s>"
    even = label_of(np.full((9, 12), 1 / 12), labels, keys=keys, special=("</s>",))
    assert (even.kind, even.share) == ("spread", pytest.approx(1))


# Short texts and chance.


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("mask", [masks.full(), masks.causal()])
def test_short_texts_have_no_labels(n, mask):
    allowed = mask.to_array(n, n)
    for weights in (np.eye(n), allowed / allowed.sum(axis=1, keepdims=True), np.eye(n)[[0] * n]):
        label = label_of(weights, [f"t{i}" for i in range(n)], mask=mask)
        assert str(label) == "too short to tell"
        assert math.isnan(label.share)


@pytest.mark.parametrize("n", [5, 6, 7, 8, 10, 16])
@pytest.mark.parametrize("mask", [masks.full(), masks.causal()], ids=["full", "causal"])
@pytest.mark.parametrize("sharp", [1.0, 3.0, 10.0, 100.0])
def test_random_heads_are_seldom_taken_for_anything(n, mask, sharp):
    scores = np.random.default_rng(n).normal(scale=sharp, size=(1, 1000, n, n))
    weights = softmax(np.where(mask.to_array(n, n), scores, -np.inf))
    kinds = Counter(one.label.kind for one in look(stack_of(weights, mask=mask)))
    told = {k: v for k, v in kinds.items() if k not in ("other", "spread", "short", "sink")}
    assert sum(told.values()) <= 30, told


# Streamed.

LONG = " ".join(["the cat sat on the mat because it was tired and then the dog came"] * 12)


def test_a_streamed_stack_tells_what_its_summary_has():
    dense = attnviz.trace(LONG, type="causal", heads=6).stack
    stack = attnviz.trace(LONG, type="causal", heads=6, max_memory=0).stack
    assert stack.weights is None
    gone = {"duplicate", "induction", "duplicate_no_first", "induction_no_first"} | OF_ANOTHER_RUN
    assert set(missing(stack)) == gone
    for one, whole in zip(look(stack), look(dense), strict=True):
        assert {name for name, v in one.measures.items() if math.isnan(v)} == gone
        for name in set(MEASURES) - gone:
            assert one.measures[name] == pytest.approx(whole.measures[name], abs=1e-6), name
        if one.label.kind != "unknown":
            assert one.label.kind == whole.label.kind
            assert one.label.share == pytest.approx(whole.label.share, abs=0.01)
            assert one.label.chance == pytest.approx(whole.label.chance, rel=0.02)
    kinds = [one.label.kind for one in look(stack)]
    assert kinds[0] == "previous"
    assert str(look(stack)[1].label) == "not kept"
    with pytest.raises(AttnvizError, match="induction"):
        check_measure(stack, "induction")


def test_a_streamed_sink_and_two_streamed_texts():
    stack = attnviz.trace("a b c d e f g h. " * 9, type="causal", heads=4, max_memory=0).stack
    tokens = replace(stack.key_tokens, special=np.arange(len(stack.key_tokens)) < 1)
    special = replace(stack, key_tokens=tokens, query_tokens=tokens)
    assert "special" in missing(special)
    assert all(math.isnan(one.measures["special"]) for one in look(special))
    two = attnviz.trace(LONG, source=LONG, heads=2, max_memory=0).stack
    assert two.weights is None
    assert [one.label.kind for one in look(two)] == ["unknown", "unknown"]


def streamed(weights):
    """The stack of one head's causal weights, as if they had not been kept."""
    dense = stack_of(weights, mask=masks.causal())
    summary = attnviz.trace(LONG, heads=1, max_memory=0).stack.summary
    kept = {name: dense.measure(name) for name in measures.PER_QUERY}
    return replace(dense, weights=None, summary=replace(summary, measures=kept))


def test_a_streamed_head_that_rests_and_one_that_does_not():
    n = 40
    sink, previous = np.eye(n)[[0] * n], np.eye(n, k=-1)
    (one,) = look(streamed(sink))
    assert str(one.label) == 'rests on "t0"'
    assert one.label.share == pytest.approx(1)
    (one,) = look(streamed(0.6 * sink + 0.4 * previous))
    assert one.label.kind == "previous"
    assert one.label.share == pytest.approx(1)


# Order, and what programs get.


def one_look(head, kind, share=NAN, chance=0.0, **numbers):
    return HeadLook(0, head, "", Label(kind, share, chance), dict.fromkeys(MEASURES, 0.5) | numbers)


def test_the_surest_of_each_kind_comes_first():
    looks = [
        one_look(0, "previous", 0.7),
        one_look(1, "previous", 0.9),
        one_look(2, "spread", 0.99, normalized_entropy=0.9),
        one_look(3, "self", 0.8),
        one_look(4, "sink", 0.95, normalized_entropy=0.1),
        one_look(5, "previous", 0.8),
        one_look(6, "other", normalized_entropy=0.4),
        one_look(7, "nearby", 0.95, chance=0.9),  # the surer is the one further from chance
    ]
    assert [one.head for one in ranked(looks)] == [1, 3, 7, 5, 0, 4, 6, 2]


@pytest.mark.parametrize("name", MEASURES)
def test_sorting_by_a_measure(name):
    values = [0.3, NAN, 0.9, 0.1, 0.3]
    looks = [one_look(i, "other", **{name: value}) for i, value in enumerate(values)]
    expected = [3, 0, 4, 2, 1] if name in SMALLEST_FIRST else [2, 0, 4, 3, 1]
    assert [one.head for one in ranked(looks, name)] == expected


def test_chosen_layers_only():
    weights = uneven((3, 2, 8, 8), full(8))
    everything = look(stack_of(weights, mask=masks.full()))
    chosen = look(stack_of(weights, mask=masks.full()), (2, 0))
    assert [one.place for one in chosen] == ["2.0", "2.1", "0.0", "0.1"]
    assert set(map(repr, chosen)) <= set(map(repr, everything))


def test_heads_looked_at_one_by_one_are_the_same(monkeypatch):
    stack = attnviz.trace(SENTENCE, type="causal", heads=10).stack
    together = look(stack)
    monkeypatch.setattr(rooms, "AT_ONCE", 1)
    assert repr(look(stack)) == repr(together)


def test_the_weights_stay_as_they_are():
    weights = uneven((1, 2, N, N), full(N))
    stack = stack_of(weights.copy(), WORDS, mask=masks.full())
    look(stack)
    assert np.array_equal(stack.weights, weights)


def test_rows_for_programs_have_no_nan():
    stack = stack_of(uneven((1, 2, 5, 7), np.ones((5, 7), bool)), keys=CROSS[:7])
    for row in as_rows(look(stack)):
        assert {"layer", "head", "name", "label", "kind", "share", "chance"} < row.keys()
        assert row["distance"] is None
        assert not [v for v in row.values() if isinstance(v, float) and math.isnan(v)]


def test_the_builtin_heads_are_what_they_are_made_for():
    labels = [one.label for one in look(attnviz.trace(SENTENCE, heads=10).stack)]
    assert [labels[i].kind for i in (0, 2, 4, 9)] == ["previous", "nearby", "next", "spread"]
    text = "one two three four. one two three four. one two three four"
    causal = look(attnviz.trace(text, type="causal", heads=6).stack)
    assert causal[5].label.kind == "induction"


def patches(rows, columns, special=0):
    """Tokens of a grid of patches, `special` [CLS] before them."""
    n = special + rows * columns
    where = Boxes(
        boxes=np.zeros((n, 4)),
        cells=np.r_[np.full(special, -1), np.arange(rows * columns)],
        grid=(rows, columns),
        size=(columns, rows),
    )
    tokens = from_labels(["[CLS]"] * special + [f"p{i}" for i in range(rows * columns)])
    return replace(tokens, special=np.arange(n) < special, where=where)


def of_patches(weights, tokens):
    weights = np.asarray(weights, np.float32)
    return Stack(tokens, tokens, weights)


@pytest.mark.parametrize("special", [0, 1])
def test_patches_are_apart_as_they_are_on_the_grid(special):
    """2 × 2 patches, all alike: each is 0, 1, 1 and √2 away; what is special is nowhere."""
    n = special + 4
    (one,) = look(of_patches(np.full((1, 1, n, n), 1 / n), patches(2, 2, special)))
    assert one.measures["distance"] == pytest.approx((2 + math.sqrt(2)) / 4)
    for name in ("previous", "next", "duplicate", "induction"):
        assert math.isnan(one.measures[name])


def test_a_head_that_looks_below_and_above_is_near_on_the_grid():
    tokens = patches(5, 6)
    rows, columns = np.divmod(np.arange(30), 6)
    beside = (columns[:, None] == columns) & (np.abs(rows[:, None] - rows) == 1)
    far = (columns[:, None] == (columns + 3) % 6) & (rows[:, None] == rows)
    stack = of_patches([[one / one.sum(-1, keepdims=True) for one in (beside, far)]], tokens)
    assert [one.label.kind for one in look(stack)] == ["nearby", "other"]


def test_the_last_patch_of_a_row_is_not_before_the_first_of_the_next():
    weights = np.eye(30, k=-1)
    weights[0, 0] = 1
    (one,) = look(of_patches([[weights]], patches(5, 6)))
    assert one.label.kind == "nearby"
    assert one.label.share == pytest.approx(24 / 28)
    assert "previous" in missing(of_patches([[weights]], patches(5, 6)))
