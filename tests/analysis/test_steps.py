"""`attnviz steps`: every number on the screen worked out again from the numbers above it."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.inputs.text import tokenize
from attnviz.models.builtin.features import features
from attnviz.models.builtin.heads import builtin, random

ENGLISH = "The cat sat on the mat"
LATIN = "L9ett na3es 7da lbab, l9ett 3eyyan"
ARABIC = "القط ناعس حدا الباب حيت كان عيان"
SOURCE = "Milk is what the cat likes."
LONG = " ".join(f"{a}{b}" for a in "abcdef" for b in "qrstuvwxyz")  # 60 words
HALF = 0.0005 + 1e-9  # half of the last digit shown
MOST_KEYS = 10
SEEN = {}  # each case is run once

# A name, the text, the query (its place), the options of the type, and the pairs it allows.
CASES = [
    ("english", ENGLISH, 1, [], {}),
    ("first", ENGLISH, 0, ["--head", "3"], {"head": 3}),
    ("last", ENGLISH, 5, ["--head", "2"], {"head": 2}),
    ("latin", LATIN, 1, ["--lang", "darija", "--head", "2"], {"head": 2}),
    ("arabic", ARABIC, 3, ["--lang", "ary-Arab", "--head", "1"], {"head": 1}),
    ("arabic-near", ARABIC, 4, ["--lang", "darija", "--head", "2"], {"head": 2}),
    ("long", LONG, 30, ["--head", "2"], {"head": 2}),
    ("long-even", LONG, 7, ["--head", "9", "--heads", "10"], {"head": 9, "heads": 10}),
    ("long-random", LONG, 59, ["--model", "random"], {"model": "random"}),
    ("long-causal", LONG, 40, ["--type", "causal", "--head", "2"], {"type": "causal", "head": 2}),
    ("causal", ENGLISH, 3, ["--type", "causal", "--head", "2"], {"type": "causal", "head": 2}),
    ("causal-first", ENGLISH, 0, ["--type", "causal"], {"type": "causal"}),
    (
        "local",
        LATIN,
        3,
        ["--type", "local", "--window", "1", "--head", "2"],
        {"type": "local", "window": 1, "head": 2},
    ),
    (
        "global",
        ENGLISH,
        4,
        ["--type", "global", "--window", "1", "--global-tokens", "cat", "--head", "2"],
        {"type": "global", "window": 1, "global_tokens": [1], "head": 2},
    ),
    ("cross", ENGLISH, 1, ["--source", SOURCE], {"source": SOURCE}),
    (
        "cross-arabic",
        ENGLISH,
        2,
        ["--source", ARABIC, "--head", "1"],
        {"source": ARABIC, "head": 1},
    ),
    (
        "random",
        ENGLISH,
        1,
        ["--model", "random", "--seed", "5", "--heads", "3", "--head", "2"],
        {"model": "random", "seed": 5, "heads": 3, "head": 2},
    ),
    ("one", "word", 0, ["--heads", "1"], {"heads": 1}),
]
NUMBER = re.compile(r"-?\d+\.\d{3}(?!\d)")
SUMS = ("sum", "lmajmou3", "المجموع")  # the last line of a table, in each language


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """Room for each sentence on its own line, no colour, no language but what is asked for."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "ATTNVIZ_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture
def steps(capsys):
    def run(text, query, *options):
        status = run_command_line(["steps", text, "--query", str(query), *options])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


class Screen:
    """What is on the screen, number by number."""

    def __init__(self, out):
        lines = [line.replace("\u200e", "").rstrip() for line in out.splitlines()]
        blocks = "\n".join(lines).strip().split("\n\n")
        assert len(blocks) == 5
        first, *self.blocks = [block.splitlines() for block in blocks]
        self.name = first[0].removeprefix("query ").rpartition("   head ")[0]
        self.query = numbers(first[1])
        self.width, self.places = size(first[2])
        self.scores, self.softmax, self.sums, self.merged = (self.table(b) for b in self.blocks)

    @staticmethod
    def table(block):
        """The rows of a block: label, numbers. The header: names of columns."""
        start = next(i for i, line in enumerate(block) if re.match(r"(key|head) ", line))
        rows = [(line.split()[0], numbers(line)) for line in block[start + 1 :] if numbers(line)]
        return block[start], rows

    def columns(self, letter, which):
        return [int(place) for place in re.findall(rf"{letter}\[(\d+)\]", which[0])]


def numbers(line):
    return [float(number) for number in NUMBER.findall(line)]


def size(line):
    width, places = re.search(r"\(\d+ \w+ (\d+) \w+: \w+ ([\d, ،]+)\)", line).groups()
    return int(width), [int(place) for place in re.split("[,،] ", places)]


def softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def allowed(i, n_keys, type=None, window=2, global_tokens=(0,), **_):
    keys = range(n_keys)
    if type == "causal":
        return [j for j in keys if j <= i]
    if type == "local":
        return [j for j in keys if abs(i - j) <= window]
    if type == "global":
        chosen = set(global_tokens)
        return [j for j in keys if abs(i - j) <= window or i in chosen or j in chosen]
    return list(keys)


class Again:
    """The same attention in float64, from the model's matrices and the tokens' features."""

    def __init__(self, text, i, heads=4, head=0, source=None, model="builtin", seed=0, **options):
        tokens = tokenize(text)
        sources = tokens if source is None else tokenize(source)
        made = random(heads, seed) if model == "random" else builtin(heads, cross=bool(source))
        beside = sources if source and model == "builtin" else None
        x, y = (f.astype(np.float64) for f in (features(tokens, beside), features(sources)))
        self.seen = allowed(i, len(sources), **options)
        self.labels = [sources.labels[j] for j in self.seen]
        outputs = []
        for number, one in enumerate(made.heads):
            q, k, v = (
                a @ w.astype(np.float64)
                for a, w in ((x[i], one.w_query), (y, one.w_key), (y, one.w_value))
            )
            weights = softmax(k[self.seen] @ q / math.sqrt(q.size))
            outputs.append(weights @ v[self.seen])
            if number == head:
                self.q, self.k, self.v = q, k[self.seen], v[self.seen]
                self.weights = weights
        w_output = made.w_output.astype(np.float64)
        self.output = outputs[head]
        self.merged = np.concatenate(outputs) @ w_output
        parts = np.split(w_output, heads)
        self.shares = np.array([o @ w for o, w in zip(outputs, parts, strict=True)])

    def shown(self, labels):
        """Which of the seen keys are on the screen; their labels are all different."""
        assert len(set(self.labels)) == len(self.labels)
        return [self.labels.index(label) for label in labels]


@pytest.fixture(params=CASES, ids=[case[0] for case in CASES])
def both(request, steps):
    """The screen, and the same attention worked out again."""
    name, text, query, options, values = request.param
    if name not in SEEN:
        status, out, err = steps(text, query, *options)
        assert (status, err) == (0, "")
        SEEN[name] = Screen(out), Again(text, query, **values), out
    return SEEN[name]


def test_the_scores(both):
    """q · k = Σ k[i] × q[i] + others."""
    screen, _, _ = both
    _, (times, *rows) = screen.scores
    assert times[1] == screen.query
    assert screen.columns("k", screen.scores) == screen.places
    for _, (*parts, others, score) in rows:
        total = sum(k * q for k, q in zip(parts, screen.query, strict=True)) + others
        assert abs(total - score) <= HALF


def test_the_softmax(both):
    """÷ sqrt(d), e^(x - max), ÷ sum; the lines of the rest and of the sum."""
    screen, _, _ = both
    header, rows = screen.softmax[0], list(screen.softmax[1])
    (divisor,) = re.findall(r"÷ (\d+(?:\.\d+)?) ", header)
    assert abs(float(divisor) - math.sqrt(screen.width)) <= HALF
    (sum_name, (total, whole)) = rows.pop()
    assert sum_name in SUMS
    rest = rows.pop()[1] if rows[-1][0] == "+" else [0.0, 0.0]
    assert [row[0] for row in rows] == [row[0] for row in screen.scores[1][1:]]
    assert [row[1][0] for row in rows] == [row[1][-1] for row in screen.scores[1][1:]]
    largest = max(row[1][1] for row in rows)
    for _, (score, scaled, power, weight) in rows:
        assert abs(score / float(divisor) - scaled) <= HALF
        assert abs(math.exp(scaled - largest) - power) <= HALF
        assert abs(power / total - weight) <= HALF
    assert abs(sum(row[1][2] for row in rows) + rest[0] - total) <= 1e-9
    assert abs(rest[0] / total - rest[1]) <= HALF
    assert abs(sum(row[1][3] for row in rows) + rest[1] - whole) <= 1e-9
    assert abs(whole - 1) <= HALF * (len(rows) + 1)


def test_the_weighted_sum(both):
    """Σ weight × v, with what the keys left out add."""
    screen, _, _ = both
    rows = list(screen.sums[1])
    (name, output) = rows.pop()
    assert name == "output"
    rest = rows.pop()[1][1:] if rows[-1][0] == "+" else [0.0] * len(output)
    weights = [row[1][3] for row in screen.softmax[1] if len(row[1]) == 4]
    assert [row[1][0] for row in rows] == weights
    for place, shown in enumerate(output):
        total = sum(values[0] * values[1 + place] for _, values in rows) + rest[place]
        assert abs(total - shown) <= HALF


def test_the_merge(both):
    """The sum of what the heads add."""
    screen, again, _ = both
    rows = list(screen.merged[1])
    (name, sums) = rows.pop()
    assert name in SUMS
    assert [int(head) for head, _ in rows] == list(range(len(again.shares)))
    for place, shown in enumerate(sums):
        assert abs(sum(values[place] for _, values in rows) - shown) <= 1e-9


def test_the_vectors_are_the_model_s(both):
    screen, again, _ = both
    labels = [row[0] for row in screen.softmax[1] if len(row[1]) == 4]
    kept = again.shown(labels)
    assert screen.width == again.q.size
    assert screen.query == pytest.approx(again.q[screen.places], abs=HALF + 1e-4)
    for (_, (*parts, _, score)), key in zip(screen.scores[1][1:], kept, strict=True):
        assert parts == pytest.approx(again.k[key][screen.places], abs=HALF + 1e-4)
        assert score == pytest.approx(again.k[key] @ again.q, abs=HALF + 1e-3)
    places = screen.columns("v", screen.sums)
    for row, key in zip(screen.sums[1], kept, strict=False):
        assert row[1][1:] == pytest.approx(again.v[key][places], abs=HALF + 1e-4)
    assert screen.sums[1][-1][1] == pytest.approx(again.output[places], abs=0.01)


def test_the_merged_vector_is_the_model_s(both):
    """concat(outputs) @ W_O; each head is rounded, so the sum is off by as many halves."""
    screen, again, _ = both
    places = screen.columns("o", screen.merged)
    shares, sums = [row[1] for row in screen.merged[1][:-1]], screen.merged[1][-1][1]
    assert np.array(shares) == pytest.approx(again.shares[:, places], abs=1e-3)
    assert sums == pytest.approx(again.merged[places], abs=max(1e-3, HALF * len(shares)))
    size_line = screen.blocks[-1][-1]
    inputs, width = (int(n) for n in re.match(r"(\d+) → W_O → (\d+)", size_line).groups())
    assert (inputs, width) == (again.shares.shape[0] * again.output.size, again.merged.size)


def test_the_strongest_keys_are_shown_in_the_order_of_the_text(both):
    screen, again, out = both
    labels = [row[0] for row in screen.softmax[1] if len(row[1]) == 4]
    kept = again.shown(labels)
    assert kept == sorted(kept)
    assert len(kept) == min(MOST_KEYS, len(again.seen))
    left = [w for j, w in enumerate(again.weights) if j not in kept]
    assert max(left, default=0) <= min(again.weights[kept]) + 1e-6
    assert (f"+ {len(left)} " in out) == bool(left)
    (rest,) = [row[1] for row in screen.softmax[1] if row[0] == "+"] or [[0, 0]]
    assert rest[1] == pytest.approx(sum(left), abs=0.01)


def test_the_program_s_weights_differ_by_no_more_than_is_said(steps):
    wrong = {}
    for name, text, query, options, values in CASES:
        _, out, _ = steps(text, query, *options)
        screen, again = Screen(out), Again(text, query, **values)
        (said,) = re.findall(r"\b0\.\d{4,}", out)
        record = attnviz.trace(text, **{k: v for k, v in values.items() if k != "head"})
        exact = record.stack.weights[0, values.get("head", 0), query]
        rows = [row for row in screen.softmax[1] if len(row[1]) == 4]
        kept = np.array(again.seen)[again.shown([row[0] for row in rows])]
        found = float(np.abs(np.array([row[1][3] for row in rows]) - exact[kept]).max())
        assert float(said) <= found + 1e-4  # it says no more than it must
        if found > float(said) + 1e-6:
            wrong[name] = (said, found)
    assert wrong == {}


def test_masked_keys_are_counted(steps):
    for options, masked, total in (
        (["--type", "causal"], 4, 6), (["--type", "local", "--window", "1"], 3, 6), ([], 0, 6),
    ):  # fmt: skip
        _, out, _ = steps(ENGLISH, 1, *options)
        assert (f"{masked} of {total} keys are masked" in out) == bool(masked)
        assert ("masked" in out) == bool(masked)


def test_the_rest_is_counted(steps):
    _, out, _ = steps(LONG, 30)
    assert "50 keys more" in out


def test_the_sentences_are_in_the_language(steps):
    for lang, words in (
        ("en", "Softmax turns the scores into weights"),
        ("darija", "Scores kayt7awlo l weights b softmax"),
        ("ary-Arab", "كيتحولو ل weights ب softmax"),
    ):
        status, out, _ = steps(ENGLISH, "cat", "--lang", lang)
        assert status == 0
        assert words in out
    assert not re.search(r"[a-z] Softmax turns", out)


TWICE = "the cat and the cat sat"


def test_a_word_can_be_named_by_its_nth_place_or_position(steps):
    by_position = {place: steps(TWICE, place, "--head", "2")[1] for place in (1, 4)}
    assert by_position[1] != by_position[4]
    for name, place in (("cat#1", 1), ("cat#2", 4), ("CAT#2", 4), ("sat", 5)):
        status, out, _ = steps(TWICE, name, "--head", "2")
        assert status == 0
        assert out == (by_position.get(place) or steps(TWICE, place, "--head", "2")[1])
    causal = Screen(steps(TWICE, "cat#2", "--type", "causal", "--head", "2")[1])
    assert len(causal.scores[1]) - 1 == 5


# The arguments after `steps`, and what is named in each language.
ERRORS = [
    ("no text", ["--query", "cat"], "text"),
    ("absent", [ENGLISH, "--query", "caat"], "caat"),
    ("absent nth", [ENGLISH, "--query", "cat#2"], "cat#2"),
    ("zeroth", [ENGLISH, "--query", "cat#0"], "cat#0"),
    ("twice", [TWICE, "--query", "cat"], "cat#1, cat#2"),
    ("far", [ENGLISH, "--query", "6"], "6"),
    ("negative", [ENGLISH, "--query", "-1"], "-1"),
    ("empty", [ENGLISH, "--query", ""], "oken"),
    ("head", [ENGLISH, "--query", "cat", "--head", "4"], "4"),
    ("negative head", [ENGLISH, "--query", "cat", "--head", "-9"], "-9"),
    ("type", [ENGLISH, "--query", "cat", "--type", "lokal"], "lokal"),
    ("empty text", ["", "--query", "cat"], "ext"),
]


@pytest.mark.parametrize("lang", ["en", "darija", "ary-Arab"])
@pytest.mark.parametrize(
    ("words", "named"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS]
)
def test_what_is_wrong_is_said(capsys, words, named, lang):
    status = run_command_line(["steps", *words, "--lang", lang])
    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert len(captured.err.splitlines()) == 1
    plain = captured.err.replace("،", ",")
    assert named in plain
    assert bool(re.search("[\u0621-\u064a]", captured.err)) == (lang == "ary-Arab")


def test_what_to_do_is_said(steps):
    _, _, err = steps(ENGLISH, "caat")
    assert 'Nearest in the text: "cat"' in err
    _, _, err = steps(TWICE, "cat")
    assert "2 times" in err
    assert "1, 4" in err
    assert "jouj merrat" in steps(TWICE, "cat", "--lang", "darija")[2]
    assert "جوج مرات" in steps(TWICE, "cat", "--lang", "ary-Arab")[2]
    assert "from 0 to 3" in steps(ENGLISH, "cat", "--head", "4")[2]
