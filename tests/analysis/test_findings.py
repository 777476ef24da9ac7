"""Findings on weights made by hand: where each must fire, just beyond where it must not, and every
number of every finding worked out again from the record."""

from __future__ import annotations

import dataclasses
import math
from itertools import combinations

import numpy as np
import pytest

import attnviz
from attnviz import masks
from attnviz.analysis import facts
from attnviz.analysis.findings import PLACES, best, findings
from attnviz.analysis.transform import Transform
from attnviz.inputs.tokens import from_labels
from attnviz.inputs.where import Boxes, Times
from attnviz.record.record import AttentionRecord, Origin
from attnviz.record.stack import Stack

WORDS = [
    "ab", "cd", "ef", "gh", "ij", "kl", "mn", "op", "qr", "st",
    "uv", "wx", "yz", "ba", "dc", "fe", "hg", "ji", "lk", "nm",
]  # fmt: skip
TEXT = "The cat sat on a mat because it was tired, and slept there all day long"
DARIJA = "L9ett gles 7da lbab 7it kan 3eyyan bezzaf"
ARABIC = "القط ناعس حدا الباب حيت كان عيان بزاف"
SOURCE = "Yesterday my brother bought 3 kilos of fish in Rabat."
MOST = 8  # facts in one answer
OF_PICTURES = {"HalfOfPicture", "HalfOnColour", "HalfOnPlace"}
DENSE_ONLY = {"StaysNear", "StaysNearInTime", "AlikeAndUnlike"} | OF_PICTURES  # need every weight
POSITIONAL = {
    "MeanTimeApart", "StaysNearInTime",
    "MeanDistance", "StaysNear", "LooksBack", "LooksAhead", "LooksAtItself", "SelfWeight",
    "StrongestKey", "LooksFirst", "LocalCost", "GlobalCost", "MaskHides", "FirstSeesItself",
}  # fmt: skip


def subclasses(kind):
    return {kind} | {deep for sub in kind.__subclasses__() for deep in subclasses(sub)}


# Facts of sound are these in other words; `kind_of` says which.
KINDS = {
    kind.__name__: kind for kind in subclasses(facts.Finding)
    if kind is not facts.Finding and kind.__module__ == facts.__name__
}  # fmt: skip


def kind_of(fact):
    return next(kind.__name__ for kind in type(fact).__mro__ if kind.__name__ in KINDS)


def made(weights, kind="self", *, mask=None, special=(), two_texts=False, **settings):
    """A record of (q, k), (heads, q, k) or (layers, heads, q, k) weights."""
    array = np.array(weights, dtype=np.float64)
    array = array.reshape((1,) * (4 - array.ndim) + array.shape)
    n, m = array.shape[2:]
    queries = from_labels(WORDS[:n])
    keys = from_labels([word.upper() for word in WORDS[:m]]) if two_texts else queries
    flags = np.isin(np.arange(m), special)
    keys = dataclasses.replace(keys, special=flags)
    rules = () if mask is None else (mask,) * array.shape[0]
    stack = Stack(queries, keys, array, masks=rules, two_texts=two_texts)
    name = "cross" if two_texts else "self"
    return AttentionRecord(Origin("given", "given"), kind, {name: stack}, settings)


def of_frames(record, hop, jump=0.0):
    """The record as one of a sound's frames; with a jump, frames that do not follow evenly."""
    stack = record.stack
    begins = 1.5 + hop * np.arange(stack.shape[0]) + jump * (np.arange(stack.shape[0]) > 2)
    where = Times(np.stack([begins, begins + hop], axis=1), 99.0)
    tokens = dataclasses.replace(stack.query_tokens, where=where)
    heard = dataclasses.replace(stack, query_tokens=tokens, key_tokens=tokens)
    return dataclasses.replace(record, stacks={"self": heard})


def of_patches(record, thumbnail=True):
    """The record as one of 4 × 4 patches, of eight greys, each on two patches side by side."""
    down, across = np.divmod(np.arange(16), 4)
    boxes = np.stack([across, down, across + 1, down + 1], axis=1) * 10.0
    greys = (30 * (np.arange(16) // 2) + 10).reshape(4, 4).repeat(10, axis=0).repeat(10, axis=1)
    small = np.repeat(greys[..., None], 3, axis=2).astype(np.uint8) if thumbnail else None
    where = Boxes(boxes, np.arange(16), (4, 4), (40, 40), small)
    tokens = dataclasses.replace(record.stack.query_tokens, where=where)
    seen = dataclasses.replace(record.stack, query_tokens=tokens, key_tokens=tokens)
    return dataclasses.replace(record, stacks={"self": seen})


def in_pairs(share):
    """16 rows with this share on each of both patches of one grey."""
    return [row(16, {i: share, i ^ 1: share}) for i in range(16)]


def row(n, at):
    """One row with these weights, what is left spread equally over the other keys."""
    left = (1 - sum(at.values())) / max(n - len(at), 1)
    return [at.get(j, left) for j in range(n)]


def even(n, m=None):
    return np.full((n, m or n), 1 / (m or n))


def one_row(at, n=8):
    """The first row as told; the others, which say nothing that is asked for here, are even."""
    return [row(n, at), *even(n)[1:].tolist()]


def shifted(n, offset, share):
    """Every query gives `share` to the key `offset` places on; where there is none, it is even."""
    return [row(n, {i + offset: share}) if 0 <= i + offset < n else row(n, {}) for i in range(n)]


def turned(n, offset, share):
    return [row(n, {(i + offset) % n: share}) for i in range(n)]


def mixed(first, second, share):
    return (1 - share) * np.array(first) + share * np.array(second)


def under(rule, n):
    """Even over what the rule allows."""
    allowed = np.array([[rule(i, j) for j in range(n)] for i in range(n)], dtype=float)
    return allowed / allowed.sum(axis=1, keepdims=True)


def causal(n):
    return made(under(lambda i, j: j <= i, n), "causal", mask=masks.causal())


def local(n, window):
    rows = under(lambda i, j: abs(i - j) <= window, n)
    return made(rows, "local", mask=masks.local(window), window=window)


def with_global(n, window, *places):
    rows = under(lambda i, j: abs(i - j) <= window or i in places or j in places, n)
    mask = masks.local(window) | masks.global_(places)
    return made(rows, "global", mask=mask, window=window, global_tokens=list(places))


def cross(rows):
    return made(rows, "cross", mask=masks.full(), two_texts=True)


def near_share(n, share):
    """Each query gives `share` to the keys at most 3 places away."""
    rows = []
    for i in range(n):
        close = [abs(i - j) <= 3 for j in range(n)]
        rows.append([share / sum(close) if c else (1 - share) / (n - sum(close)) for c in close])
    return rows


def farthest(n):
    return [row(n, {(0 if i >= n / 2 else n - 1): 1.0}) for i in range(n)]


def heads_apart(one, two):
    """Head 0 certain, head 1 unsure by `one`, head 2 unsure by `two`."""
    return [[row(4, {i: 1 - e, (i + 1) % 4: e}) for i in range(4)] for e in (0.0, one, two)]


def on_first(n, share):
    return [row(n, {}), *[row(n, {0: share}) for _ in range(n - 1)]]


LN = math.log
EVEN8 = 63 / 24  # mean |i - j| over all pairs of 8
# How much the heads of `heads_apart` share, in bits: from the definition of Jensen-Shannon.
ALMOST = 1 - 0.5 * (LN(1 / 0.83, 2) + 0.66 * LN(0.66 / 0.83, 2) + 0.34)
H29 = 0.29 * LN(1 / 0.29) + 0.71 * LN(7 / 0.71)
H90 = 0.9 * LN(1 / 0.9) + 0.1 * LN(7 / 0.1)
H73 = 0.73 * LN(1 / 0.73) + 0.27 * LN(1 / 0.09)

# kind, a record in which it must be found, its values, records in which it must not.
CASES = [
    (
        "LocalCost",
        local(12, 1),
        {"window": 1, "done": 34, "total_scores": 144, "pct": 1 - 34 / 144},
        [local(12, 11)],
    ),
    (
        "GlobalCost",
        with_global(12, 1, 0),
        {"extra_scores": 20, "done": 54, "total_scores": 144},
        [with_global(3, 1, 1), with_global(3, 2, 0)],
    ),
    ("MaskHides", causal(4), {"masked": 6, "total_scores": 16}, [causal(1), made(even(4))]),
    ("FirstSeesItself", causal(4), {"token": "ab", "pct": 1.0}, [causal(1)]),
    (  # a sink took two fifths of it
        "FirstSeesItself",
        made(0.6 * under(lambda i, j: j <= i, 4), "causal", mask=masks.causal()),
        {"token": "ab", "pct": 0.6},
        [],
    ),
    (
        "MeanDistance",
        made(mixed(even(8), np.eye(8), 0.26)),
        {"n_tokens": 0.74 * EVEN8},
        [made(mixed(even(8), np.eye(8), 0.24)), made(np.eye(3))],
    ),
    (
        "MeanDistance",
        made(mixed(even(8), farthest(8), 0.24)),
        {"n_tokens": 0.76 * EVEN8 + 0.24 * 5.5},
        [made(mixed(even(8), farthest(8), 0.22))],
    ),
    (
        "MeanTimeApart",
        of_frames(made(mixed(even(8), np.eye(8), 0.26)), 0.04),
        {"distance": 0.04 * 0.74 * EVEN8},
        [
            of_frames(made(mixed(even(8), np.eye(8), 0.24)), 0.04),
            of_frames(made(mixed(even(8), np.eye(8), 0.26)), 0.04, jump=1.0),
            made(mixed(even(8), np.eye(8), 0.26)),
        ],
    ),
    (
        "StaysNearInTime",
        of_frames(made(near_share(13, 0.51)), 0.02),
        {"pct": 0.51, "distance": 0.06},
        [of_frames(made(near_share(13, 0.49)), 0.02), made(near_share(13, 0.51))],
    ),
    (
        "HalfOfPicture",
        of_patches(made([row(16, {3: 0.3, 9: 0.21})] * 16)),
        {"pct": 2 / 16},
        [
            of_patches(made(even(16))),
            made([row(16, {3: 0.3, 9: 0.21})] * 16),
            of_patches(made([row(16, dict.fromkeys(range(5), 0.124))] * 16)),
        ],
    ),
    (
        "HalfOnColour",
        of_patches(made(in_pairs(0.26))),
        {"pct": 2 / 16},
        [
            of_patches(made(in_pairs(0.1))),
            made(in_pairs(0.26)),
            of_patches(made(in_pairs(0.26)), thumbnail=False),
        ],
    ),
    (
        "HalfOnPlace",
        of_patches(made(np.eye(16))),
        {"pct": 1 / 16},
        [of_patches(made(even(16))), made(np.eye(16))],
    ),
    (
        "StaysNear",
        made(near_share(13, 0.51)),
        {"pct": 0.51, "n_tokens": 3},
        [made(near_share(13, 0.49)), made(near_share(12, 1.0))],
    ),
    (
        "Aligned",
        cross([row(4, {2: 0.51}), *even(4)[1:].tolist()]),
        {"query": "ab", "key": "EF", "pct": 0.51},
        [cross([row(4, {2: 0.5}), *even(4)[1:].tolist()]), made(one_row({2: 0.9}))],
    ),
    (
        "SharpTargets",
        cross([row(4, {2: 0.51}), row(4, {}), row(4, {0: 0.9}), row(4, {}), row(4, {})]),
        {"k": 2, "n_tokens": 5, "threshold": 0.5},
        [cross([row(4, {2: 0.5})] * 5), made(one_row({2: 0.9}))],
    ),
    (
        "StrongestKey",
        made(one_row({5: 0.51})),
        {"query": "ab", "key": "kl", "pct": 0.51},
        [made(one_row({5: 0.49})), made(one_row({0: 0.9})), cross(one_row({5: 0.9}))],
    ),
    (
        "SelfWeight",
        made(one_row({0: 0.51})),
        {"query": "ab", "pct": 0.51},
        [made(one_row({0: 0.49})), made(one_row({5: 0.9})), cross(one_row({0: 0.9}))],
    ),
    (
        "BiggestWeights",
        made(one_row({5: 0.375, 1: 0.25, 2: 0.125})),
        {"query": "ab", "items": (("kl", 0.375), ("cd", 0.25), ("ef", 0.125))},
        [
            made(one_row({5: 0.375, 1: 0.25, 2: 0.12})),
            made([row(4, {0: 0.4, 1: 0.3, 2: 0.2})] * 4),
            made(one_row({5: 0.51, 1: 0.25, 2: 0.125})),
        ],
    ),
    (
        "Tie",
        made(one_row({5: 0.3, 2: 0.299})),
        {"query": "ab", "tokens": ("kl", "ef"), "pct": 0.3},
        [made(one_row({5: 0.3, 2: 0.294})), made(one_row({5: 0.24, 2: 0.24}))],
    ),
    (
        "Tie",
        made(one_row({5: 0.3, 1: 0.3, 2: 0.3})),
        {"query": "ab", "tokens": ("cd", "ef", "kl"), "pct": 0.3},
        [],
    ),
    (
        "NoKeyStandsOut",
        made([row(8, {0: 0.24})] + [row(8, {0: 0.9})] * 7),
        {"query": "ab", "pct": 0.24},
        [made([row(8, {0: 0.26})] + [row(8, {0: 0.9})] * 7)],
    ),
    (
        "NoKeyStandsOut",
        made([row(12, {0: 0.16})] + [row(12, {0: 0.9})] * 11),
        {"query": "ab", "pct": 0.16},
        [made([row(12, {0: 0.17})] + [row(12, {0: 0.9})] * 11)],
    ),
    (  # of five keys two fifths is twice the equal share, but a quarter stands out by itself
        "NoKeyStandsOut",
        made([row(5, {0: 0.25})] + [row(5, {0: 0.9})] * 4),
        {"query": "ab", "pct": 0.25},
        [made([row(5, {0: 0.26})] + [row(5, {0: 0.9})] * 4)],
    ),
    (
        "FocusAndSpread",
        made([row(4, {0: 0.73}), *even(4)[1:].tolist()]),
        {"query": "ab", "entropy": H73, "other": "cd", "other_entropy": LN(4)},
        [made([row(4, {0: 0.725}), *even(4)[1:].tolist()])],
    ),
    (
        "MostReceived",
        made([row(8, {3: 0.25})] * 8),
        {"key": "gh", "pct": 0.25},
        [made([row(8, {3: 0.24})] * 8), made([row(3, {1: 1.0})] * 3)],
    ),
    (
        "LooksBack",
        made(shifted(8, -1, 0.51)),
        {"head": 0, "pct": 0.51},
        [made(shifted(8, -1, 0.49)), made(shifted(3, -1, 0.9)), cross(shifted(8, -1, 0.9))],
    ),
    (
        "LooksAhead",
        made(shifted(8, 1, 0.51)),
        {"head": 0, "pct": 0.51},
        [made(shifted(8, 1, 0.49)), made(shifted(3, 1, 0.9)), cross(shifted(8, 1, 0.9))],
    ),
    (
        "LooksAtItself",
        made(shifted(8, 0, 0.51)),
        {"head": 0, "pct": 0.51},
        [made(shifted(8, 0, 0.49)), made(shifted(3, 0, 0.9)), cross(shifted(8, 0, 0.9))],
    ),
    (
        "LooksAtFirst",
        made(on_first(8, 0.31)),
        {"head": 0, "pct": 0.31, "token": "ab"},
        [made(on_first(8, 0.29)), made(on_first(3, 0.9)), made(on_first(8, 0.9), special=[0])],
    ),
    (  # of five keys, twice the equal share is more than 30 %
        "LooksAtFirst",
        made(on_first(5, 0.41)),
        {"head": 0, "pct": 0.41, "token": "ab"},
        [made(on_first(5, 0.39))],
    ),
    (
        "SetAside",
        made([row(8, {0: 0.25, 7: 0.26})] * 8, special=[0, 7]),
        {"tokens": ("ab", "op"), "pct": 0.51},
        [made([row(8, {0: 0.25, 7: 0.26})] * 8)],
    ),
    (  # a third of what is left: twice what chance gives each of six other keys
        "LooksFirst",
        made([row(8, {0: 0.4}), row(8, {0: 0.4, 5: 0.21}), *[row(8, {0: 0.4})] * 6], special=[0]),
        {"query": "cd", "key": "kl", "pct": 0.21, "left": 0.6},
        [
            made([row(8, {0: 0.4}), row(8, {0: 0.4, 5: 0.19}), *even(8)[2:].tolist()], special=[0]),
            made([row(8, {0: 0.4}), row(8, {0: 0.4, 1: 0.3}), *even(8)[2:].tolist()], special=[0]),
            made(one_row({0: 0.4, 5: 0.21})),
        ],
    ),
    (
        "Flat",
        made(turned(8, 3, 0.29)),
        {"head": 0, "entropy": H29, "max_entropy": LN(8)},
        [made(turned(8, 3, 0.30)), made(even(3))],
    ),
    (
        "Sharp",
        made(turned(8, 3, 0.901)),
        {"head": 0, "pct": 0.901},
        [made(turned(8, 3, 0.899)), made(shifted(8, 0, 0.99))],
    ),
    (
        "AlikeAndUnlike",
        made(heads_apart(0.34, 1.0)),
        {"a": 0, "b": 1, "sim": ALMOST, "c": 0, "d": 2},
        [made(heads_apart(0.35, 1.0)), made(heads_apart(0.1, 1.0)[1:])],
    ),
    (
        "AlikeAndUnlike",
        made(heads_apart(0.0, 0.72)),
        {"a": 0, "b": 1, "sim": 1.0, "c": 0, "d": 2},
        [made(heads_apart(0.0, 0.70))],
    ),
    (
        "StrongestUnit",
        made(one_row({5: 0.51}), merge="sentences"),
        {"query": "ab", "key": "kl", "pct": 0.51},
        [made(one_row({5: 0.49}), merge="sentences"), made(one_row({5: 0.9}), merge="words")],
    ),
    (
        "StrongestUnit",
        made([row(4, {2: 0.51}), *even(4)[1:].tolist()], "cross", two_texts=True, merge="lines"),
        {"query": "ab", "key": "EF", "pct": 0.51},
        [made([row(4, {2: 0.5})] * 4, "cross", two_texts=True, merge="lines")],
    ),
    (
        "UnitSelfWeight",
        made(one_row({0: 0.51}), merge="lines"),
        {"query": "ab", "pct": 0.51},
        [made(one_row({0: 0.49}), merge="lines"), made(one_row({0: 0.9}))],
    ),
    (
        "BiggestWeightsOfUnit",
        made(one_row({5: 0.375, 1: 0.25, 2: 0.125}), merge="sentences"),
        {"query": "ab", "items": (("kl", 0.375), ("cd", 0.25), ("ef", 0.125))},
        [made(one_row({5: 0.375, 1: 0.25, 2: 0.12}), merge="sentences")],
    ),
]
OF_UNITS = {"StrongestUnit", "UnitSelfWeight", "BiggestWeightsOfUnit"}


def of_kind(record, name, **options):
    return [fact for fact in findings(record, **options) if type(fact).__name__ == name]


def plain(value):
    """Comparable with pytest.approx: tuples flat, numbers as they are."""
    if isinstance(value, tuple):
        return [part for item in value for part in plain(item)]
    return [value]


def alike(found, expected):
    """The same numbers, to 1e-6, and the same words."""
    pairs = list(zip(plain(found), plain(expected), strict=True))
    return all(
        a == pytest.approx(b, abs=1e-6) if isinstance(b, float) else a == b for a, b in pairs
    )


@pytest.mark.parametrize(("name", "record", "values", "_"), CASES)
def test_it_is_found_with_its_values(name, record, values, _):
    found = of_kind(record, name)
    assert found
    shown = [fact.values() for fact in found]
    fits = [all(alike(each[key], wanted) for key, wanted in values.items()) for each in shown]
    assert any(fits), shown


@pytest.mark.parametrize(("name", "_record", "_values", "beyond"), CASES)
def test_just_beyond_its_threshold_it_is_not_found(name, _record, _values, beyond):
    for record in beyond:
        assert of_kind(record, name) == []


def test_every_kind_has_a_case_and_a_recomputation():
    assert {case[0] for case in CASES} == KINDS.keys()
    assert {case[0] for case in CASES if case[3]} == KINDS.keys()
    assert RECOMPUTED.keys() == KINDS.keys()


def test_a_tie_of_four_names_all_four():
    (tie,) = of_kind(made([row(4, {})] + [row(4, {0: 0.9})] * 3), "Tie")
    assert tie.tokens == tuple(WORDS[:4])


# Every number again, from the record alone.


class Seen:
    """One record's weights and mask, by plain loops and sums."""

    def __init__(self, record, layer, head):
        stack = record.stack
        self.record, self.two_texts = record, stack.two_texts
        self.heads = np.asarray(stack.weights[layer], dtype=np.float64)
        self.shown = self.heads.mean(axis=0) if head == "mean" else self.heads[head]
        self.which = range(len(self.heads)) if head == "mean" else [head]
        self.queries, self.keys = stack.query_tokens.labels, stack.key_tokens.labels
        self.special = stack.key_tokens.special
        self.n, self.m = self.shown.shape
        window = record.settings.get("window")
        chosen = record.settings.get("global_tokens", ())
        self.allowed = np.array(
            [[self.may(i, j, window, chosen) for j in range(self.m)] for i in range(self.n)]
        )

    def may(self, i, j, window, chosen):
        kind = self.record.type
        if kind == "causal":
            return j <= i
        if kind in ("local", "global"):
            return abs(i - j) <= window or i in chosen or j in chosen
        return True

    def rows(self, label):
        return [i for i, name in enumerate(self.queries) if name == label]

    def columns(self, label):
        return [j for j, name in enumerate(self.keys) if name == label]

    def entropies(self, head):
        return [-sum(w * LN(w) for w in row if w > 0) for row in self.heads[head].tolist()]

    def mean_entropies(self):
        return np.mean([self.entropies(head) for head in self.which], axis=0)

    def at_offset(self, head, offset):
        places = [(i, i + offset) for i in range(self.n) if 0 <= i + offset < self.m]
        return np.mean([self.heads[head, i, j] for i, j in places])

    def most_entropy(self):
        return np.mean([LN(max(sum(row), 1)) for row in self.allowed.tolist()])

    def distance(self):
        apart = [[abs(i - j) for j in range(self.m)] for i in range(self.n)]
        each = (self.heads * apart).sum(axis=-1) / self.heads.sum(axis=-1)
        return each.mean()

    def hop(self):
        return np.ptp(self.record.stack.query_tokens.where.times[:, 0]) / (self.n - 1)

    def similarity(self, a, b):
        def bits(p, middle):
            return sum(x * LN(x / y, 2) for x, y in zip(p, middle, strict=True) if x > 0)

        each = []
        for p, q in zip(self.heads[a].tolist(), self.heads[b].tolist(), strict=True):
            middle = [(x + y) / 2 for x, y in zip(p, q, strict=True)]
            each.append((bits(p, middle) + bits(q, middle)) / 2)
        return 1 - sum(each) / len(each)


def close(a, b):
    return math.isclose(float(a), float(b), rel_tol=1e-4, abs_tol=2e-6)


def local_again(fact, seen):
    done = int(seen.allowed.sum())
    return (
        fact.window == seen.record.settings["window"]
        and (fact.done, fact.total_scores) == (done, seen.n * seen.m)
        and close(fact.pct, 1 - done / (seen.n * seen.m))
    )


def global_again(fact, seen):
    window = seen.record.settings["window"]
    band = sum(abs(i - j) <= window for i in range(seen.n) for j in range(seen.m))
    done = int(seen.allowed.sum())
    return (fact.extra_scores, fact.done, fact.total_scores) == (done - band, done, seen.n * seen.m)


def mask_again(fact, seen):
    return (fact.masked, fact.total_scores) == (int((~seen.allowed).sum()), seen.n * seen.m)


def near_again(fact, seen):
    inside = [
        seen.heads[h, i, max(i - 3, 0) : i + 4].sum()
        for h in range(len(seen.heads))
        for i in range(seen.n)
    ]
    return fact.n_tokens == 3 and close(fact.pct, np.mean(inside)) and fact.pct >= 0.5


def strongest_again(fact, seen):
    return any(
        close(seen.shown[i].max(), fact.pct) and any(close(seen.shown[i, j], fact.pct) for j in to)
        for i in seen.rows(fact.query)
        for to in [seen.columns(fact.key)]
    )


def aligned_again(fact, seen):
    return seen.two_texts and fact.pct > 0.5 and strongest_again(fact, seen)


def sharp_targets_again(fact, seen):
    k = sum(max(row) > 0.5 for row in seen.shown.tolist())
    return (fact.k, fact.n_tokens, fact.threshold) == (k, seen.n, 0.5)


def top_again(fact, seen):
    rows = [i for i in seen.rows(fact.query) if seen.keys[np.argmax(seen.shown[i])] == fact.key]
    return fact.pct >= 0.5 and any(close(seen.shown[i].max(), fact.pct) for i in rows)


def self_again(fact, seen):
    return fact.pct >= 0.5 and any(
        close(seen.shown[i, i], fact.pct) and close(seen.shown[i].max(), fact.pct)
        for i in seen.rows(fact.query)
    )


def biggest_again(fact, seen):
    def fits(i):
        largest = sorted(seen.shown[i].tolist(), reverse=True)[:3]
        held = [any(close(seen.shown[i, j], w) for j in seen.columns(k)) for k, w in fact.items]
        return all(held) and all(close(a, w) for a, (_, w) in zip(largest, fact.items, strict=True))

    return sum(w for _, w in fact.items) >= 0.75 - 1e-6 and any(map(fits, seen.rows(fact.query)))


def tie_again(fact, seen):
    def fits(i):
        largest = seen.shown[i].max()
        equal = sorted(seen.keys[j] for j in range(seen.m) if largest - seen.shown[i, j] < 0.005)
        return close(largest, fact.pct) and set(fact.tokens) <= set(equal)

    return len(fact.tokens) > 1 and any(map(fits, seen.rows(fact.query)))


def flat_row_again(fact, seen):
    return any(
        close(seen.shown[i].max(), fact.pct) and fact.pct * seen.allowed[i].sum() < 2
        for i in seen.rows(fact.query)
    )


def focus_again(fact, seen):
    entropies = seen.mean_entropies()
    free = [i for i in range(seen.n) if seen.allowed[i].sum() > 1]
    low, high = min(entropies[free]), max(entropies[free])
    return (
        close(fact.entropy, low)
        and close(fact.other_entropy, high)
        and any(close(entropies[i], low) for i in seen.rows(fact.query))
        and any(close(entropies[i], high) for i in seen.rows(fact.other))
    )


def received_again(fact, seen):
    means = seen.heads[list(seen.which)].mean(axis=(0, 1))
    return close(fact.pct, means.max()) and any(
        close(means[j], fact.pct) for j in seen.columns(fact.key)
    )


def first_again(fact, seen):
    rows = seen.heads[fact.head][0 if seen.two_texts else 1 :]
    return fact.token == seen.keys[0] and close(fact.pct, rows[:, 0].mean())


def aside_again(fact, seen):
    share = seen.shown[:, seen.special].sum(axis=1).mean()
    names = [name for name, flag in zip(seen.keys, seen.special, strict=True) if flag]
    return close(fact.pct, share) and set(fact.tokens) == set(names)


def looks_first_again(fact, seen):
    free = np.where(seen.special, 0, seen.shown)
    return any(
        close(free[i, j], fact.pct) and close(free[i].sum(), fact.left)
        for i in seen.rows(fact.query)
        for j in seen.columns(fact.key)
        if i != j and close(np.delete(free[i], i).max(), free[i, j])
    )


def entropy_again(fact, seen):
    free = seen.allowed.sum(axis=1) >= 2
    mean = np.mean(np.array(seen.entropies(fact.head))[free])
    most = np.mean(np.log(seen.allowed.sum(axis=1)[free]))
    return close(fact.entropy, mean) and close(fact.max_entropy, most)


def sharp_again(fact, seen):
    largest = seen.heads[fact.head].max(axis=1).mean()
    return close(fact.pct, largest) and fact.pct >= 0.9 and entropy_again(fact, seen)


def pairs_again(fact, seen):
    pairs = list(combinations(range(len(seen.heads)), 2))
    shared = {pair: seen.similarity(*pair) for pair in pairs}
    return (
        close(fact.sim, max(shared.values()))
        and close(shared[fact.a, fact.b], fact.sim)
        and close(shared[fact.c, fact.d], min(shared.values()))
    )


def half_again(fact, seen, apart=None):
    """Patches by what `apart` says, or by their weight; the mean of their rows until half."""
    ordered = [
        sorted(range(16), key=lambda j: (-w[j] if apart is None else apart(i, j), j))
        for i, w in enumerate(seen.shown.tolist())
    ]
    held = 0.0
    for n in range(1, 17):
        held += np.mean([seen.shown[i, order[n - 1]] for i, order in enumerate(ordered)])
        if held >= 0.5 - 1e-9:
            return close(fact.pct, n / 16)
    return False


RECOMPUTED = {
    "HalfOfPicture": half_again,
    "HalfOnColour": lambda f, s: half_again(f, s, lambda i, j: abs(i // 2 - j // 2)),
    "HalfOnPlace": lambda f, s: half_again(
        f, s, lambda i, j: (i // 4 - j // 4) ** 2 + (i % 4 - j % 4) ** 2
    ),
    "LocalCost": local_again,
    "GlobalCost": global_again,
    "MaskHides": mask_again,
    "FirstSeesItself": lambda f, s: f.token == s.queries[0] and close(f.pct, s.shown[0, 0]),
    "MeanDistance": lambda f, s: close(f.n_tokens, s.distance()),
    "StaysNear": near_again,
    "MeanTimeApart": lambda f, s: close(f.distance, s.distance() * s.hop()),
    "StaysNearInTime": lambda f, s: (
        close(f.distance, 3 * s.hop()) and near_again(facts.StaysNear(f.strength, f.pct, 3), s)
    ),
    "Aligned": aligned_again,
    "SharpTargets": sharp_targets_again,
    "StrongestKey": top_again,
    "SelfWeight": self_again,
    "BiggestWeights": biggest_again,
    "Tie": tie_again,
    "NoKeyStandsOut": flat_row_again,
    "FocusAndSpread": focus_again,
    "MostReceived": received_again,
    "LooksBack": lambda f, s: close(f.pct, s.at_offset(f.head, -1)),
    "LooksAhead": lambda f, s: close(f.pct, s.at_offset(f.head, 1)),
    "LooksAtItself": lambda f, s: close(f.pct, s.at_offset(f.head, 0)),
    "LooksAtFirst": first_again,
    "SetAside": aside_again,
    "LooksFirst": looks_first_again,
    "Flat": entropy_again,
    "Sharp": sharp_again,
    "AlikeAndUnlike": pairs_again,
    "StrongestUnit": top_again,
    "UnitSelfWeight": self_again,
    "BiggestWeightsOfUnit": biggest_again,
}


def random_record(seed):
    """Weights between even and decided, of any small shape, sometimes of two texts."""
    draw = np.random.default_rng(seed)
    layers, heads, n = draw.integers(1, 3), draw.integers(1, 5), int(draw.integers(1, 19))
    m = int(draw.integers(1, 19)) if seed % 3 == 0 else n
    spread = float(draw.choice([0.03, 0.2, 1.0, 20.0]))
    weights = draw.dirichlet(np.full(m, spread), size=(layers, heads, n))
    special = [0, m - 1] if seed % 5 == 0 else []
    return made(weights, "cross" if seed % 3 == 0 else "self", special=special,
                two_texts=seed % 3 == 0)  # fmt: skip


def real_records(**options):
    for text in (TEXT, DARIJA, ARABIC, "one", "two words"):
        for kind in ("self", "causal", "local", "global"):
            yield attnviz.trace(text, type=kind, window=1, **options)
        yield attnviz.trace(text, source=SOURCE, heads=8, **options)
    yield attnviz.trace(TEXT, heads=12, **options)
    yield attnviz.trace(TEXT, model="random", heads=3, seed=4, **options)


def records_of_units():
    """The real ones with their tokens called sentences or lines."""
    for nth, record in enumerate(real_records()):
        merged = {**record.settings, "merge": ("sentences", "lines")[nth % 2]}
        yield dataclasses.replace(record, settings=merged)


def records_of_patches():
    """Weights of 16 patches that fall with the distance in place or in grey, or with neither."""
    down, across = np.divmod(np.arange(16), 4)
    place = np.hypot(down[:, None] - down, across[:, None] - across)
    grey = np.abs(np.arange(16)[:, None] // 2 - np.arange(16) // 2)
    draw = np.random.default_rng(9)
    for apart in (place, grey, 0 * grey):
        for sharp in (1, 4):
            scores = draw.standard_normal((16, 16)) - sharp * apart
            weights = np.exp(scores if apart.any() else sharp * scores)
            yield of_patches(made(weights / weights.sum(axis=1, keepdims=True)))


EVERY_RECORD = {
    **{f"random {seed}": lambda seed=seed: [random_record(seed)] for seed in range(40)},
    "made": lambda: [case[1] for case in CASES] + [r for case in CASES for r in case[3]],
    "real": lambda: list(real_records()),
    "of units": lambda: list(records_of_units()),
    "of patches": lambda: list(records_of_patches()),
}


@pytest.mark.parametrize("records", EVERY_RECORD.values(), ids=EVERY_RECORD)
def test_every_number_is_in_the_record(records):
    for record in records():
        stack = record.stack
        for layer in range(stack.n_layers):
            for head in ("mean", *range(min(stack.n_heads, 3))):
                seen = Seen(record, layer, head)
                for fact in findings(record, layer, head):
                    assert RECOMPUTED[kind_of(fact)](fact, seen), (fact, layer, head)


def test_the_random_and_real_records_show_most_kinds():
    """Else the law above proves little."""
    shown = {
        kind_of(fact)
        for name, records in EVERY_RECORD.items()
        if name != "made"
        for record in records()
        for fact in findings(record)
    }
    assert len(shown) >= len(KINDS) - 4, KINDS.keys() - shown


def test_of_sentences_and_lines_only_what_is_true_of_them_is_said():
    """No costs, no places, no heads, and no share that is larger only because a unit is longer."""
    shown = {type(f).__name__ for record in records_of_units() for f in findings(record)}
    assert shown == OF_UNITS
    several = made([one_row({5: 0.9}), one_row({2: 0.8})], merge="lines")
    assert of_kind(several, "StrongestUnit", head=0)
    assert findings(several, heads=(0, 1)) == []


def test_a_long_sentence_is_quoted_from_its_beginning():
    record = made(one_row({5: 0.9}), merge="sentences")
    long = dataclasses.replace(
        record.stack.key_tokens, labels=tuple(f"{i} {'word ' * 30}" for i in range(8))
    )
    stack = dataclasses.replace(record.stack, query_tokens=long, key_tokens=long)
    (fact,) = of_kind(dataclasses.replace(record, stacks={"self": stack}), "StrongestUnit")
    assert fact.key == "5 word word word word word word word word word…"
    assert len(fact.key) <= 48


def test_a_head_is_asked_about_alone():
    record = made([one_row({5: 0.9}), one_row({2: 0.8})])
    for head, key, share in ((0, "kl", 0.9), (1, "ef", 0.8)):
        (fact,) = of_kind(record, "StrongestKey", head=head)
        assert (fact.key, fact.pct) == (key, pytest.approx(share))
    assert of_kind(record, "StrongestKey") == []  # on average neither has a majority


def test_a_layer_is_asked_about_alone():
    record = made([[shifted(8, -1, 0.9)], [shifted(8, 1, 0.8)]])
    assert [len(of_kind(record, "LooksBack", layer=layer)) for layer in (0, 1)] == [1, 0]
    assert [len(of_kind(record, "LooksAhead", layer=layer)) for layer in (0, 1)] == [0, 1]


def test_the_head_is_named_that_does_it():
    heads = [even(8), shifted(8, -1, 0.9), even(8)]
    (fact,) = of_kind(made(heads), "LooksBack")
    assert fact.head == 1


@pytest.mark.parametrize("source", [None, "The dog. The cat sat on the mat."])
def test_a_built_in_head_has_a_sink_only_if_it_is_built_as_one(source):
    record = attnviz.trace("The cat sat on the mat, it was tired.", source=source, heads=10)
    found = [f for head in range(10) for f in findings(record, head=head)]
    resting = {record.stack.head_name(f.head) for f in found if isinstance(f, facts.LooksAtFirst)}
    assert resting == ({"first"} if source else {"first & stops"})


# The best of them.


@pytest.mark.parametrize("records", EVERY_RECORD.values(), ids=EVERY_RECORD)
def test_the_best_are_few_and_in_order(records):
    for record in records():
        found = findings(record)
        chosen = best(found)
        assert len(chosen) <= MOST
        for kind in set(map(type, chosen)):
            strengths = [fact.strength for fact in chosen if type(fact) is kind]
            others = [fact.strength for fact in found if type(fact) is kind]
            assert len(strengths) <= kind.most
            assert min(strengths) >= sorted(others)[-len(strengths)] - 0.011  # to whole percents
        assert [fact.rank for fact in chosen] == sorted(fact.rank for fact in chosen)
        kept_out = [fact for fact in found if fact not in chosen]
        full = len(chosen) == MOST
        for fact in kept_out:
            same = sum(type(fact) is type(other) for other in chosen)
            assert same == type(fact).most or (full and fact.rank >= chosen[-1].rank)


def test_the_best_of_many_and_of_none():
    many = [facts.StrongestKey(s / 100, "a", "b", s / 100) for s in range(90, 50, -1)]
    many += [facts.LooksBack(0.9, head, 0.9) for head in range(20)]
    assert best(many) == [*many[:2], *many[40:42]]
    assert best([]) == []
    every = [kind(0.5, *range(len(dataclasses.fields(kind)) - 1)) for kind in KINDS.values()]
    assert len(best(every)) == MOST
    assert len(best(every, 3)) == 3


# Streamed, weak and tiny records.


def told(record, leave_out):
    """Each fact as words and numbers apart, in an order that small differences do not change."""
    found = []
    for fact in findings(record):
        parts = [part for value in fact.values().values() for part in plain(value)]
        if type(fact).__name__ not in leave_out:
            words = tuple(str(part) for part in parts if not isinstance(part, float))
            numbers = [part for part in parts if isinstance(part, float)]
            found.append((type(fact).__name__, words, numbers))
    return sorted(found)


def test_a_streamed_record_says_the_same():
    for dense, streamed in zip(real_records(), real_records(max_memory=0), strict=True):
        assert streamed.stack.weights is None
        expected, found = told(dense, DENSE_ONLY), told(streamed, ())
        assert [fact[:2] for fact in found] == [fact[:2] for fact in expected]
        for one, other in zip(found, expected, strict=True):
            assert one[2] == pytest.approx(other[2], abs=1e-5)


def test_a_long_streamed_record():
    text = " ".join(f"{WORDS[i % 20]}{WORDS[i // 20 % 20]}" for i in range(400)) + " end" * 200
    for kind in ("causal", "self"):
        found = findings(attnviz.trace(text, type=kind, max_memory=0))
        assert found
        for fact in found:
            if isinstance(fact, facts.FirstSeesItself):
                assert fact.pct == pytest.approx(1)


@pytest.mark.parametrize("n", [2, 5, 10, 20])
def test_even_weights_say_only_that_they_are_even(n):
    record = made([even(n)] * 4)
    names = {type(fact).__name__ for fact in findings(record)}
    assert names <= {"Flat", "NoKeyStandsOut", *(["Tie"] if n < 4 else [])}
    assert ("Flat" in names) == (n >= 4)
    across = made([even(n)] * 4, "cross", two_texts=True)
    assert {type(fact).__name__ for fact in findings(across)} <= names


@pytest.mark.parametrize("seed", range(8))
def test_heads_that_learned_nothing_say_little(seed):
    text = " ".join(WORDS)
    found = best(findings(attnviz.trace(text, model="random", heads=4, seed=seed)))
    assert len(found) <= 5
    places = {"LooksBack", "LooksAhead", "LooksAtItself", "LooksAtFirst", "Sharp", "StaysNear"}
    assert {type(fact).__name__ for fact in found} & (places | {"StrongestKey"}) == set()


@pytest.mark.parametrize("seed", range(0, 40, 3))
def test_two_texts_get_no_facts_about_places(seed):
    record = random_record(seed)
    assert record.stack.two_texts
    assert {type(fact).__name__ for fact in findings(record)} & POSITIONAL == set()
    n = min(record.stack.shape)
    square = cross(shifted(8, -1, 0.95) if n % 2 else np.eye(8))
    assert {type(fact).__name__ for fact in findings(square)} & POSITIONAL == set()
    real = attnviz.trace(TEXT, source=TEXT, heads=8)
    assert {type(fact).__name__ for fact in findings(real)} & POSITIONAL == set()


def test_one_and_two_tokens():
    for text in ("a", "a b"):
        for max_memory in (None, 0):
            for kind in ("self", "causal", "local", "global"):
                for window in (0, 1):
                    record = attnviz.trace(text, type=kind, window=window, max_memory=max_memory)
                    for fact in findings(record):
                        assert type(fact) not in set(PLACES.values())
            for source in ("x", "x y", SOURCE):
                findings(attnviz.trace(text, source=source, max_memory=max_memory))
    assert findings(made([[1.0]])) == []
    assert findings(made([[0.0]])) == []


def test_a_row_without_a_choice_says_nothing():
    """With a window of 0 every query can only look at itself: no head chose that."""
    names = {type(fact).__name__ for fact in findings(local(8, 0))}
    assert names & {"SelfWeight", "StrongestKey", "LooksAtItself", "Sharp"} == set()


@pytest.mark.parametrize("saved", [False, True])
@pytest.mark.parametrize("kind", ["self", "local", "causal"])
@pytest.mark.parametrize(
    "transform",
    [
        Transform(rows="cat,it", columns="0:6"),
        Transform(rows="2:6", columns="2:6"),
        Transform(rows="it"),
    ],
)
def test_a_part_of_one_text_is_no_second_text_and_says_nothing_of_the_whole(
    transform, kind, saved, tmp_path
):
    record = attnviz.trace(TEXT, type=kind, transform=transform)
    if saved:
        record.save(tmp_path / "part.json")
        record = attnviz.read(tmp_path / "part.json")
    kinds = {type(fact).__name__ for fact in findings(record)}
    of_whole = {"LocalCost", "GlobalCost", "MaskHides", "FirstSeesItself"}
    assert not kinds & {"Aligned", "SharpTargets"}
    assert not kinds & of_whole


def test_a_token_of_a_part_looks_at_itself_where_it_is_itself():
    weights = np.zeros((1, 1, 4, 4))
    weights[..., :, 2] = 1  # all look at the third token
    tokens = from_labels(WORDS[:4])
    whole = AttentionRecord(
        Origin("given", "given"), "self", {"self": Stack(tokens, tokens, weights)}, {}
    )
    part = Transform(rows="1:3", columns="2:4").apply(whole)
    told = {
        type(f).__name__: f
        for f in findings(part)
        if type(f).__name__ in ("SelfWeight", "StrongestKey")
    }
    assert told["SelfWeight"].query == WORDS[2]
    assert (told["StrongestKey"].query, told["StrongestKey"].key) == (WORDS[1], WORDS[2])


def test_hidden_tokens_were_computed_all_the_same():
    record = attnviz.trace(TEXT, type="causal")
    assert "MaskHides" in {type(fact).__name__ for fact in findings(record)}
    hidden = dataclasses.replace(record, settings=dataclasses.replace(record.settings, hidden=0.1))
    assert "MaskHides" not in {type(fact).__name__ for fact in findings(hidden)}


def trained(weights, **settings):
    """A record of a trained model whose first token is a mark."""
    record = made(weights, **settings)
    tokens = dataclasses.replace(record.stack.query_tokens, special=np.arange(len(weights)) == 0)
    stack = dataclasses.replace(record.stack, query_tokens=tokens, key_tokens=tokens)
    return dataclasses.replace(record, model=Origin("m", "trained"), stacks={"self": stack})


ON_A_MARK = [row(8, {0: 0.6}) for _ in range(8)]
ON_A_MARK[3] = row(8, {0: 0.6, 5: 0.3})
ON_A_MARK[6] = row(8, {0: 0.6, 2: 0.25})


def test_what_is_hidden_or_set_aside_leaves_the_same_links():
    record = trained(ON_A_MARK)
    seen, *hidden = (
        [(f.query, f.key, f.pct, f.left) for f in findings(each) if isinstance(f, facts.LooksFirst)]
        for each in (record, Transform(hide_special=True).apply(record))
    )
    assert [found[:2] for found in seen] == [("gh", "kl"), ("mn", "ef")]
    assert [found[2:] for found in seen] == [pytest.approx((0.3, 0.4)), pytest.approx((0.25, 0.4))]
    assert [found[:2] for found in hidden[0]] == [found[:2] for found in seen]


def test_facts_follow_the_rows_that_were_asked_for():
    record = trained(ON_A_MARK)
    (aside, link) = findings(record, rows=[6])
    assert (aside.pct, link.query, link.key) == (pytest.approx(0.6), "mn", "ef")
    (_, nothing) = findings(record, rows=[4])
    assert (type(nothing).__name__, nothing.query) == ("NoKeyStandsOut", "ij")


def test_punctuation_comes_after_words():
    weights = [row(8, {0: 0.6}) for _ in range(8)]
    weights[3], weights[6] = row(8, {0: 0.6, 5: 0.2}), row(8, {0: 0.6, 2: 0.35})
    record = trained(weights)
    labels = tuple("." if i == 2 else label for i, label in enumerate(WORDS[:8]))
    tokens = dataclasses.replace(record.stack.query_tokens, labels=labels)
    stack = dataclasses.replace(record.stack, query_tokens=tokens, key_tokens=tokens)
    record = dataclasses.replace(record, stacks={"self": stack})
    found = [f.key for f in findings(record) if isinstance(f, facts.LooksFirst)]
    assert found == ["kl", "."]


def test_the_first_word_is_set_aside_where_a_trained_model_rests_on_it():
    weights = np.array(ON_A_MARK)
    record = dataclasses.replace(made(weights), model=Origin("m", "trained"))
    (aside,) = (f for f in findings(record) if isinstance(f, facts.SetAside))
    assert (aside.tokens, aside.pct) == (("ab",), pytest.approx(0.6))
    built = dataclasses.replace(record, model=Origin("built-in heads", "constructed"))
    assert not [f for f in findings(built) if isinstance(f, facts.SetAside)]


def ending(record, seconds):
    """The same frames of a sound that ends after so many seconds."""
    stack = record.stack
    tokens = dataclasses.replace(
        stack.query_tokens, where=dataclasses.replace(stack.query_tokens.where, duration=seconds)
    )
    heard = dataclasses.replace(stack, query_tokens=tokens, key_tokens=tokens)
    return dataclasses.replace(record, stacks={"self": heard})


def test_moments_of_a_sound_are_called_moments():
    """A head that looks back, another that stays, and the share beyond the end, worked out."""
    back, same = np.eye(8, k=-1), np.eye(8)
    back[0, 0] = 1
    record = of_frames(made(np.stack([back, same])[None]), 0.5)
    said = {fact.sentence for fact in findings(record)}
    assert {"sound.prev", "sound.same"} <= said
    assert not any(name.startswith(("find.", "head.prev", "head.self")) for name in said)
    late = ending(record, 4.5)  # frames from 4.5 s on: the last two of eight
    (fact,) = [one for one in findings(late) if one.sentence == "sound.beyond"]
    assert fact.pct == pytest.approx((1 + 2) / 2 / 8)  # one row of the first head, two of the other
    assert [one for one in findings(late, rows=(1,)) if one.sentence == "sound.beyond"] == []
