"""Every constructed head looks where its name says, and does so with real matrices."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import unicodedata
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.attention import masks
from attnviz.cli.bundled import load
from attnviz.inputs.text import tokenize
from attnviz.models.builtin.features import features
from attnviz.models.model import Prepared
from attnviz.tracing.doors import with_mask
from attnviz.tracing.recorder import Recorder

ROOT = Path(__file__).parents[2]

SELF_HEADS = [
    "previous",
    "same word",
    "near",
    "first & stops",
    "next",
    "what followed",
    "long & rare",
    "numbers & capitals",
    "sentence ends",
    "all alike",
]
CROSS_HEADS = [
    "similar spelling",
    "aligned position",
    "same kind",
    "long & rare",
    "numbers & capitals",
    "sentence ends",
    "first",
    "all alike",
]

MOST_TOKENS = 1500  # of the long sample, where whole matrices are kept
ENOUGH, ENOUGH_WHEN_LONG, LONG = 0.95, 0.9, 5000


# What a head's name promises: f(queries, keys, rows) -> bool (rows, keys), True = look here.
# The words are the plain strings of the text; nothing here knows how the heads are made.


def fold(word: str) -> str:
    bare = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in bare if not unicodedata.combining(char)) or word


def folded(words):
    return np.array([fold(word) for word in words])


def is_mark(word: str) -> bool:
    return all(unicodedata.category(char)[0] in "PS" for char in word)


def is_stop(word: str) -> bool:
    return set(word) <= set(".!?…。！？؟۔।")


def is_number(word: str) -> bool:
    return re.fullmatch(r"\d+([.,:]\d+)*", word) is not None


def is_capital(word: str) -> bool:
    return word[0].isupper()


def is_name(word: str) -> bool:
    return is_number(word) or is_capital(word)


def at_step(allowed):
    """The keys whose distance from the query is allowed, with its sign."""
    return lambda queries, keys, rows: allowed(np.arange(len(keys)) - rows[:, None])


def any_query(kind):
    """The same keys for every query: those that are of the kind."""
    return lambda queries, keys, rows: np.tile([kind(word) for word in keys], (len(rows), 1))


def first(_, keys, rows):
    return np.tile(np.arange(len(keys)) == 0, (len(rows), 1))


def first_and_marks(queries, keys, rows):
    return first(queries, keys, rows) | any_query(is_mark)(queries, keys, rows)


def same_word(queries, keys, rows):
    return folded(queries)[rows, None] == folded(keys)


def what_followed(queries, keys, rows):
    """The keys that come right after a copy of the query's word."""
    after = np.zeros((len(rows), len(keys)), dtype=bool)
    after[:, 1:] = same_word(queries, keys, rows)[:, :-1]
    return after


def similar_spelling(queries, keys, rows):
    """The words most like the query's, where one has half its pairs of letters."""
    alike = likenesses(queries, keys, rows)
    return (alike == alike.max(axis=1, keepdims=True)) & (alike >= 0.5)


def aligned(queries, keys, rows):
    """Within 6 % of the length of the place where the query belongs (see `places_by_hand`)."""
    here = places_by_hand(queries, keys)[rows, None]
    return np.abs(here - (np.arange(len(keys)) + 0.5) / len(keys)) <= 0.06


def best(runs):
    return min(runs, key=lambda run: (-len(run), run[-1][1]), default=[])


def places_by_hand(queries, keys):
    """Where each query belongs among the keys: straight lines between the pairs of words that look
    alike and that each text has once, of which the most are kept that do not cross (of as many,
    those that end earliest)."""
    n, m = len(queries), len(keys)
    alike = likenesses(queries, keys, np.arange(n))
    mine, theirs = folded(queries), folded(keys)
    pairs = [
        (i, j)
        for i in range(n)
        for j in [int(alike[i].argmax())]
        if alike[i, j] >= 0.5 and (mine == mine[i]).sum() == (theirs == theirs[j]).sum() == 1
    ]
    runs = []  # the longest one that ends at each pair
    for at, (i, j) in enumerate(pairs):
        earlier = [runs[b] for b in range(at) if pairs[b][1] < j]
        runs.append([*best(earlier), (i, j)])
    kept = best(runs)
    ends = [(0, 0), *(((i + 0.5) / n, (j + 0.5) / m) for i, j in kept), (1, 1)]
    places = np.empty(n)
    for (x, y), (x_next, y_next) in pairwise(ends):
        for i in range(n):
            if x <= (i + 0.5) / n <= x_next:
                places[i] = y + ((i + 0.5) / n - x) * (y_next - y) / (x_next - x)
    return places


def same_kind(queries, keys, rows):
    both = [
        np.array([kind(queries[row]) for row in rows])[:, None] & np.array([kind(k) for k in keys])
        for kind in (is_mark, is_number, is_capital)
    ]
    return np.logical_or.reduce(both)


@cache
def letter_pairs(word: str) -> frozenset[tuple[str, str]]:
    return frozenset(pairwise(f"^{fold(word)}$"))


@cache
def likeness(one: str, other: str) -> float:
    """The share of neighbouring letters that two words have in common (Dice)."""
    mine, theirs = letter_pairs(one), letter_pairs(other)
    return 2 * len(mine & theirs) / (len(mine) + len(theirs))


def likenesses(queries, keys, rows):
    return np.array([[likeness(queries[row], key) for key in keys] for row in rows])


SELF_TARGETS = {
    "previous": at_step(lambda step: step == -1),
    "same word": same_word,
    "near": at_step(lambda step: abs(step) <= 3),
    "first & stops": first_and_marks,
    "next": at_step(lambda step: step == 1),
    "what followed": what_followed,
    "numbers & capitals": any_query(is_name),
    "sentence ends": any_query(is_stop),
}
CROSS_TARGETS = {
    "similar spelling": similar_spelling,
    "aligned position": aligned,
    "sentence ends": any_query(is_stop),
    "same kind": same_kind,
    "numbers & capitals": any_query(is_name),
    "first": first,
}


# The bundled samples: every text, sources too; and every text as the target of a pair.

SAMPLES = {sample.name: sample for sample in load()}


def all_texts():
    for name, sample in SAMPLES.items():
        yield name, sample.file.read_text(encoding="utf-8")
        if sample.source:
            yield f"{name} source", sample.source.read_text(encoding="utf-8")


def shortened(text: str) -> str:
    spans = tokenize(text).spans
    return text[: spans[min(MOST_TOKENS, len(spans)) - 1][1]]


TEXTS = dict(all_texts())
SHORT = {name: shortened(text) for name, text in TEXTS.items()}
NEIGHBOURS = dict(zip(SAMPLES, [*list(SAMPLES)[1:], "english"], strict=True))
PAIRS = {
    name: (SHORT[name], SHORT[f"{name} source" if sample.source else NEIGHBOURS[name]])
    for name, sample in SAMPLES.items()
} | {"question in the long story": (SHORT["question"], SHORT["long"])}
# One token a character, as the Chinese sample is shown; the others are cut into words.
TOKENIZERS = [(name, "words") for name in TEXTS] + [("chinese", "characters")]


@lru_cache(maxsize=2)
def self_stack(name: str, tokenizer: str):
    return attnviz.trace(SHORT[name], heads=len(SELF_HEADS), tokenizer=tokenizer).stack


@lru_cache(maxsize=2)
def cross_stack(name: str):
    text, source = PAIRS[name]
    return attnviz.trace(text, source=source, heads=len(CROSS_HEADS)).stack


def words_of(stack):
    return stack.query_tokens.slices(), stack.key_tokens.slices()


def least_share(weights, target):
    """The smallest share of a row's weight on its target, of the rows that have one."""
    shares = np.where(target, weights, 0).sum(axis=1, dtype=np.float64)
    return shares[target.any(axis=1)].min(initial=1)


@pytest.mark.parametrize("head", SELF_TARGETS)
@pytest.mark.parametrize(("name", "tokenizer"), TOKENIZERS)
def test_a_head_looks_where_its_name_says(name, tokenizer, head):
    stack = self_stack(name, tokenizer)
    queries, keys = words_of(stack)
    target = SELF_TARGETS[head](queries, keys, np.arange(len(queries)))
    weights = stack.weights[0, stack.head_names.index(head)]
    assert least_share(weights, target) >= ENOUGH


@pytest.mark.parametrize("head", CROSS_TARGETS)
@pytest.mark.parametrize("name", PAIRS)
def test_a_cross_head_looks_where_its_name_says(name, head):
    stack = cross_stack(name)
    queries, keys = words_of(stack)
    target = CROSS_TARGETS[head](queries, keys, np.arange(len(queries)))
    weights = stack.weights[0, stack.head_names.index(head)]
    assert least_share(weights, target) >= ENOUGH


@pytest.mark.parametrize("name", PAIRS)
def test_a_word_without_a_look_alike_is_spread_evenly(name):
    stack = cross_stack(name)
    queries, keys = words_of(stack)
    weights = stack.weights[0, stack.head_names.index("similar spelling")]
    alike = likenesses(queries, keys, np.arange(len(queries))).max(axis=1)
    alone = weights[alike < 0.5]
    assert len(alone) > 0
    assert np.abs(alone * len(keys) - 1).max() < 1e-5


# Darija and English, and the pairs that a reader of both would draw.
TRANSLATIONS = [
    (
        "Lbare7 khouya chra 3 kilo dial l7out f Rabat.",
        "Yesterday my brother bought 3 kilos of fish in Rabat.",
        "Yesterday my bought 3 kilos of fish in Rabat .",
    ),
    (
        "Karim khda tren mn Rabat l Tanger f 8",
        "Karim took trains from Rabat to Tanger at 8",
        "Karim took trains from Rabat to Tanger at 8",
    ),
    (
        "Lbare7 mn Casa l Agadir khda tren Karim",
        "Karim took the train yesterday from Casa to Agadir",
        None,  # the day and the name have moved: what stands between Casa and Agadir has not
    ),
]


@pytest.mark.parametrize(("text", "source", "strongest"), TRANSLATIONS)
def test_the_default_heads_align_sentences_across_texts(text, source, strongest):
    stack = attnviz.trace(text, source=source).stack
    queries, keys = words_of(stack)
    found = [keys[j] for j in stack.weights[0].mean(axis=0).argmax(axis=1)]
    if strongest is not None:
        assert found == strongest.split()
    else:
        of = dict(zip(queries, found, strict=True))
        assert [of[word] for word in ("Casa", "l", "Agadir")] == ["Casa", "to", "Agadir"]


# (text, positions of words that are one word but for case and marks)
SAME_WORD = [
    ("Un Café de la gare , un café ou un CAFÉ cafe\u0301 , cafe ?", [1, 7, 10, 11, 13]),
    ("القط كُلُّ عيان و كل الحوت كلّ", [1, 4, 6]),
    ("γη ΤΙΣ τις τίς", [1, 2, 3]),
]


@pytest.mark.parametrize(("text", "places"), SAME_WORD)
def test_case_and_marks_make_no_other_word(text, places):
    same = attnviz.trace(text, heads=2).stack.weights[0, SELF_HEADS.index("same word")]
    across = attnviz.trace(text, source=text, heads=1).stack.weights[0, 0]
    for weights in (same, across):
        assert weights[np.ix_(places, places)] == pytest.approx(1 / len(places), abs=0.01)


def test_every_target_is_there_to_be_found():
    """The two tests above look only at rows with a target: each head has some, in some sample."""
    for targets, texts in ((SELF_TARGETS, [(t, t) for t in SHORT.values()]), (CROSS_TARGETS, None)):
        for head, target in targets.items():
            found = [
                target(queries, keys, np.arange(len(queries))).any(axis=1).sum()
                for queries, keys in (
                    (tokenize(text).slices(), tokenize(source).slices())
                    for text, source in (texts or PAIRS.values())
                    if len(text) + len(source) < 2000
                )
            ]
            assert sum(found) >= 10, head


@pytest.mark.parametrize("head", SELF_TARGETS)
def test_a_head_looks_there_in_a_text_of_thousands_of_tokens_too(head):
    """Rows spread over the whole long story, computed here from the head's matrices."""
    tokens, x = long_story()
    words = tokens.slices()
    rows = np.linspace(0, len(words) - 1, 120).astype(int)
    weights = by_hand(one_head(head), x[rows], x)
    assert len(words) > LONG
    assert least_share(weights, SELF_TARGETS[head](words, words, rows)) >= ENOUGH_WHEN_LONG


@lru_cache(maxsize=1)
def long_story():
    tokens = tokenize(TEXTS["long"])
    return tokens, features(tokens)


def one_head(name: str):
    model = attnviz.load_model("builtin", heads=len(SELF_HEADS))
    return next(head for head in model.heads if head.name == name)


def by_hand(head, x, y):
    """softmax(X W_Q (Y W_K)ᵀ / sqrt(d)) in float64."""
    queries = x.astype(np.float64) @ head.w_query.astype(np.float64)
    keys = y.astype(np.float64) @ head.w_key.astype(np.float64)
    scores = queries @ keys.T / np.sqrt(queries.shape[1])
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("name", "tokenizer"), TOKENIZERS)
def test_long_and_rare_prefers_the_longest_word(name, tokenizer):
    prefers_the_longest_word(self_stack(name, tokenizer))


@pytest.mark.parametrize("name", PAIRS)
def test_long_and_rare_prefers_the_longest_word_across_texts(name):
    prefers_the_longest_word(cross_stack(name))


def prefers_the_longest_word(stack):
    _, keys = words_of(stack)
    lengths = np.array([0 if is_mark(word) else len(word) for word in keys])
    longest = lengths == lengths.max()
    weights = stack.weights[0, stack.head_names.index("long & rare")]
    assert (weights[:, longest].mean(axis=1) > 1.5 * weights[:, ~longest].mean(axis=1)).all()


@pytest.mark.parametrize(("name", "tokenizer"), TOKENIZERS)
def test_all_alike_is_even(name, tokenizer):
    is_even(self_stack(name, tokenizer), "all alike")


@pytest.mark.parametrize("name", PAIRS)
def test_all_alike_is_even_across_texts(name):
    is_even(cross_stack(name), "all alike")


def is_even(stack, head):
    weights = stack.weights[0, stack.head_names.index(head)]
    np.testing.assert_allclose(weights, np.full(stack.shape, 1 / stack.shape[1]), rtol=1e-5)


@pytest.mark.parametrize("head", ["numbers & capitals", "sentence ends"])
@pytest.mark.parametrize("type", ["self", "cross"])
def test_with_nothing_to_look_at_a_head_is_even(head, type):
    source = "حدا الباب" if type == "cross" else None
    record = attnviz.trace("القط ناعس حدا الباب", source=source, heads=10)
    is_even(record.stack, head)


# "What followed" under a causal mask: induction.


def causal_stack(name):
    return attnviz.trace(SHORT[name], type="causal", heads=len(SELF_HEADS)).stack


def followers(words):
    """What follows an earlier copy of each row's word, and is not later than the row."""
    rows = np.arange(len(words))
    return what_followed(words, words, rows) & np.tri(len(words), dtype=bool)


@pytest.mark.parametrize("name", SHORT)
def test_what_followed_an_earlier_copy_is_found_again(name):
    stack = causal_stack(name)
    weights = stack.weights[0, SELF_HEADS.index("what followed")]
    assert least_share(weights, followers(words_of(stack)[0])) >= ENOUGH


@pytest.mark.parametrize("name", [name for name in SHORT if name != "long"])
def test_without_an_earlier_copy_it_rests_on_the_first_token(name):
    """Where no earlier word looks alike either: likeness of half the letters may be followed."""
    stack = causal_stack(name)
    words, _ = words_of(stack)
    copied = followers(words).any(axis=1)
    new = [
        row
        for row, word in enumerate(words)
        if not copied[row] and all(likeness(word, earlier) < 0.5 for earlier in words[:row])
    ]
    weights = stack.weights[0, SELF_HEADS.index("what followed")]
    assert len(new) >= 5
    assert {words[row]: weights[row, 0] for row in new if weights[row, 0] < ENOUGH} == {}


# The weights come from matrices, and the output from the weights.

MODELS = [
    ("builtin", 20, "english", None, masks.full()),
    ("builtin", 20, "darija-arabic", None, masks.causal()),
    ("builtin", 16, "translation", "translation source", masks.full()),
    ("builtin", 16, "chinese", "french", masks.full()),
    ("random", 4, "english", None, masks.full()),
    ("random", 4, "french", None, masks.local(2)),
    ("random", 4, "question", "question source", masks.full()),
]


@pytest.mark.parametrize(("model", "heads", "name", "source", "rule"), MODELS)
def test_weights_and_output_are_those_of_the_matrices(model, heads, name, source, rule):
    queries = tokenize(TEXTS[name])
    keys = None if source is None else tokenize(TEXTS[source])
    made = attnviz.load_model(model, heads=heads, cross=keys is not None, seed=3)
    prepared = Prepared({"text": queries} if keys is None else {"text": queries, "source": keys})
    recorder = Recorder(made.stacks(prepared))
    output = made.run(prepared, with_mask(recorder.attend, rule, made.stacks(prepared)))
    (stack,) = recorder.stacks().values()

    beside = keys if model == "builtin" else None
    x, y = features(queries, beside), features(keys or queries)
    allowed = np.array([[bool(rule(i, j)) for j in range(len(y))] for i in range(len(x))])
    expected = np.stack([by_hand(head, x, y) for head in made.heads]) * allowed
    expected /= expected.sum(axis=-1, keepdims=True)
    # the sharpest heads have scores near 100, of which float32 keeps five decimals
    assert np.abs(stack.weights[0] - expected).max() < 2e-5

    seen = [w @ (y @ head.w_value) for w, head in zip(expected, made.heads, strict=True)]
    assert output.shape == (len(x), x.shape[1])
    assert np.abs(output - np.concatenate(seen, axis=1) @ made.w_output).max() < 1e-4


# How many heads there are.

KINDS = [pytest.param(False, SELF_HEADS, id="self"), pytest.param(True, CROSS_HEADS, id="cross")]


@pytest.mark.parametrize(("cross", "names"), KINDS)
def test_n_heads_are_the_first_n_of_the_list(cross, names):
    every = [head.name for head in attnviz.load_model(heads=64, cross=cross).heads]
    assert every[: len(names)] == names
    for n in range(1, 65):
        heads = attnviz.load_model(heads=n, cross=cross).heads
        assert [head.name for head in heads] == every[:n]


@pytest.mark.parametrize(("cross", "names"), KINDS)
def test_beyond_the_list_heads_come_again_with_another_sharpness(cross, names):
    heads = attnviz.load_model(heads=64, cross=cross).heads
    for i, head in enumerate(heads[len(names) :], start=len(names)):
        base = heads[i % len(names)]
        name, times, sharpness = head.name.partition(" ×")
        assert (name, times) == (base.name, " ×"), f"head {i}"
        scores, base_scores = head.w_query @ head.w_key.T, base.w_query @ base.w_key.T
        assert float(sharpness) != 1
        np.testing.assert_allclose(scores, float(sharpness) * base_scores, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("cross", [False, True])
def test_no_two_of_64_heads_have_the_same_name(cross):
    found = [head.name for head in attnviz.load_model(heads=64, cross=cross).heads]
    assert sorted({name for name in found if found.count(name) > 1}) == []


@pytest.mark.parametrize("model", ["builtin", "random"])
@pytest.mark.parametrize("heads", [0, -1, 65])
def test_a_number_of_heads_that_cannot_be(model, heads):
    with pytest.raises(attnviz.AttnvizError, match=rf"{heads}.*from 1 to 64"):
        attnviz.load_model(model, heads=heads)


# Random heads.


def random_weights(seed, heads=4):
    return attnviz.trace(TEXTS["english"], model="random", seed=seed, heads=heads).stack.weights


def test_a_seed_decides_the_random_heads():
    assert np.array_equal(random_weights(7), random_weights(7))
    weights = [random_weights(seed) for seed in range(4)]
    for i, one in enumerate(weights):
        for other in weights[:i]:
            assert np.abs(one - other).max() > 0.05


def test_random_heads_differ_from_one_another():
    weights = random_weights(0, heads=8)[0]
    for i, one in enumerate(weights):
        for other in weights[:i]:
            assert np.abs(one - other).max() > 0.05


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "long"])
def test_random_heads_look_almost_everywhere(name):
    stack = attnviz.trace(TEXTS[name], model="random", heads=8, seed=1).stack
    weights = stack.weights[0].astype(np.float64)
    entropy = -(weights * np.log(weights)).sum(axis=-1)
    assert entropy.mean() / np.log(stack.shape[1]) > 0.5


# The same weights on every run.

PRINT_HASHES = """
import hashlib, attnviz
for source in (None, "the house of the cat was Green, 12 times."):
    record = attnviz.trace("The green cat, the house! 12 القط", source=source, heads=64)
    print(hashlib.sha256(record.stack.weights.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_no_head_depends_on_the_seed_of_hash():
    printed = [
        subprocess.run(
            [sys.executable, "-c", PRINT_HASHES],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert len(set(printed[0].split())) == 2
    assert len(printed[0].split()[0]) == hashlib.sha256().digest_size * 2
