"""The terminal views: they fit, they tell the truth about the weights, and no text breaks them."""

from __future__ import annotations

import io
import re
import unicodedata
from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment

import attnviz
from attnviz.views.look import Look, choose
from attnviz.views.palette import ramp
from attnviz.views.screen import Screen
from attnviz.views.terminal import show as views
from attnviz.views.terminal.show import show

# Thirty different words; the first one or more of them make a sentence.
SENTENCE = (
    "the cat sat on a mat because it was very tired and nobody had told this small animal about "
    "Constantinople or internationalization which is 12,5 km away isn't far now"
)
WORDS = SENTENCE.split()
SOURCE = "Lmouch gles 3la zerbiya 7it kan 3eyyan bezzaf"
KINDS = ("self", "causal", "local", "global", "cross")
WRITTEN = ("timeline", "caption")  # views of texts that a model wrote
SHOWS = tuple(name for name in views.SHOWS if name not in WRITTEN)
VIEWS = tuple(name for name in SHOWS if name not in ("auto", "none"))
WIDTHS = (20, 40, 60, 80, 120, 200)
SGR = re.compile(r"\x1b\[[0-9;]*m")
MARK = "\u200e"
MASKED = -1


def sentence(n, kind, **options):
    source = {"source": SOURCE} if kind == "cross" else {}
    record = attnviz.trace(" ".join(WORDS[:n]), type=kind, **source, **options)
    assert record.stack.query_tokens.labels == tuple(WORDS[:n])
    return record


def weighted(weights, n_keys=None):
    """A record of given weights whose tokens are t0, t1, … and, in another text, s0, s1, …"""
    weights = np.asarray(weights)
    keys = None if n_keys is None else [f"s{i}" for i in range(n_keys)]
    return attnviz.from_weights(weights, [f"t{i}" for i in range(weights.shape[-2])], keys)


def random_weights(*shape, seed=0, sharp=3.0):
    scores = np.random.default_rng(seed).normal(scale=sharp, size=shape)
    exponents = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponents / exponents.sum(axis=-1, keepdims=True)


def drawn(record, what, width=80, height=24, colour=False, look=None, paper=None):
    """The lines of a view with their styles as SGR sequences. `paper` is wider than the screen
    that the view was told of, so that what is too long shows."""
    screen = Screen(width, height, colour)
    console = Console(
        file=io.StringIO(), width=paper or width, height=height, force_terminal=colour,
        color_system="truecolor" if colour else None, no_color=not colour, markup=False,
        emoji=False, highlight=False, legacy_windows=False,
    )  # fmt: skip
    console.print(show(record, replace(look or Look(), show=what), screen))
    return console.file.getvalue().splitlines()


def plain(lines):
    return [SGR.sub("", line) for line in lines]


def styled(record, what, look=None, width=80, height=24):
    """The lines of a coloured view as [(character, style), …]."""
    console = Console(
        file=io.StringIO(), width=width, height=height, force_terminal=True, no_color=False,
        color_system="truecolor", markup=False, emoji=False, highlight=False,
    )  # fmt: skip
    view = show(record, replace(look or Look(), show=what), Screen(width, height, True))
    lines = Segment.split_lines(console.render(view))
    return [[(c, s.style) for s in line for c in s.text] for line in lines]


# It fits.


# By default lengths take turns in colour; the others are for where there is time.
TURNS = [0, pytest.param(1, marks=pytest.mark.slow)]


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_default_view_fits_a_small_terminal(kind, turn):
    for n in range(1, len(WORDS) + 1):
        record = sentence(n, kind)
        lines = plain(drawn(record, "auto", colour=n % 2 == turn, paper=1000))
        assert len(lines) < 24, (n, len(lines))  # the last line is the prompt's
        assert max(map(cell_len, lines)) <= 80, n
        assert kind in lines[0]


@pytest.mark.parametrize(
    ("lengths", "numbers"),
    [((1, 30), (1, 10, 64)), pytest.param((1, 9, 30), (1, 4, 10, 64), marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("height", [16, 24, 40, 60])
def test_the_default_view_fits_every_usual_height(height, lengths, numbers):
    for n, heads, width in product(lengths, numbers, WIDTHS[1:]):
        record = sentence(n, "local", heads=heads)
        assert len(drawn(record, "auto", width, height, colour=True)) < height, (n, heads, width)


@pytest.mark.parametrize(
    ("lengths", "turn"),
    [((1, 3, 30), 0), *(pytest.param((1, 3, 12, 30), n, marks=pytest.mark.slow) for n in (0, 1))],
)
@pytest.mark.parametrize("what", SHOWS)
def test_every_line_keeps_to_the_width(what, lengths, turn):
    for i, (n, width, kind) in enumerate(product(lengths, WIDTHS, ("local", "cross"))):
        colour = i // 2 % 2 != turn
        lines = plain(drawn(sentence(n, kind), what, width, colour=colour, paper=1000))
        assert max(map(cell_len, lines), default=0) <= width, (n, kind, width)


@pytest.mark.parametrize("what", SHOWS)
def test_a_long_text_keeps_to_the_width(what):
    record = attnviz.trace(" ".join(f"w{i % 50}" for i in range(300)), type="causal")
    for width, colour in product((20, 40, 80), (False, True)):
        lines = plain(drawn(record, what, width, colour=colour, paper=1000))
        assert max(map(cell_len, lines), default=0) <= width, (width, colour)
        assert what != "auto" or len(lines) < 24


def test_nothing_is_nothing():
    assert drawn(sentence(5, "self"), "none") == []


# It tells the truth.

ALLOWED = {
    "self": lambda i, j: True,
    "causal": lambda i, j: j <= i,
    "local": lambda i, j: abs(i - j) <= 2,
    "global": lambda i, j: abs(i - j) <= 2 or 0 in (i, j),
    "cross": lambda i, j: True,
}


def table_rows(lines, labels, n_keys):
    """Each query's cells, and the words after them."""
    rows = [line.replace(MARK, "").split() for line in lines if line.strip()]
    found = [row[1:] for row in rows if row[0] in labels and len(row) > n_keys]
    assert len(found) == len(labels)
    return [(row[:n_keys], row[n_keys:]) for row in found]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("head", ["mean", 0, 1, 2, 3])
def test_the_table_holds_the_weights(kind, head):
    record = sentence(11, kind)
    stack = record.stack
    weights = stack.weights[0].mean(axis=0) if head == "mean" else stack.weights[0, head]
    assert np.allclose(stack.map(0, head, 1024).mean, weights, atol=1e-7)
    lines = drawn(record, "table", 200, look=choose(stack, "0", str(head)))
    rows = table_rows(lines, WORDS[:11], weights.shape[1])
    for i, (cells, rest) in enumerate(rows):
        for j, cell in enumerate(cells):
            if ALLOWED[kind](i, j):
                assert abs(int(cell) - 100 * weights[i, j]) <= 0.5 + 1e-4, (i, j)
            else:
                assert cell == "·", (i, j)
        share, label = rest
        best = [k for k, w in enumerate(weights[i]) if w >= weights[i].max() - 1e-6]
        assert label in [stack.key_tokens.labels[k] for k in best]
        assert abs(int(share.rstrip("%")) - 100 * weights[i].max()) <= 0.5 + 1e-4


def test_the_table_marks_each_rows_strongest_key():
    weights = random_weights(9, 9)
    lines = styled(weighted(weights), "table", width=120)
    for i, row in enumerate(weights):
        line = next(line for line in lines if "".join(c for c, _ in line).startswith(f"t{i} "))
        cells = [(c, s) for c, s in line if s is not None and s.bgcolor is not None]
        bold = "".join(c for c, s in cells if s.bold)
        assert bold.split() == [str(round(100 * row.max()))]
        width = len(cells) // len(row)
        assert "".join(c for c, s in cells).index(bold) == width * row.argmax()


def test_the_tables_colours_are_the_weights():
    weights = random_weights(9, 9)
    lines = styled(weighted(weights), "table", width=120)
    for i, row in enumerate(weights):
        line = next(line for line in lines if "".join(c for c, _ in line).startswith(f"t{i} "))
        steps = [step_of(s.bgcolor) for _, s in line if s is not None and s.bgcolor is not None]
        each = len(steps) // len(row)
        expected = np.rint(63 * row / weights.max())
        assert steps == np.repeat(expected, each).tolist()


@pytest.mark.parametrize("width", [80, 200])
def test_top_lists_the_strongest_keys_in_order(width):
    for record in (weighted(random_weights(2, 9, 9)), weighted(random_weights(2, 7, 5), n_keys=5)):
        weights = record.stack.weights[0].mean(axis=0)
        lines = drawn(record, "top", width)
        for i, row in enumerate(weights):
            (line,) = [line for line in lines if line.startswith(f"t{i} ")]
            found = re.findall(r"([ts])(\d+) (\d+)%", line)
            order = np.argsort(-row, kind="stable")[:3]
            assert [int(key) for _, key, _ in found] == order.tolist()
            assert [int(share) for *_, share in found] == np.rint(100 * row[order]).tolist()


def test_top_bars_are_as_long_as_the_weights():
    shares = np.linspace(0.5, 1, 6)
    weights = np.array([[share, 1 - share] for share in shares])
    lines = drawn(weighted(weights, n_keys=2), "top", 120)
    bars = [line.count("█") for line in lines if line.startswith("t")]
    full = bars[-1]
    assert full >= 10
    assert all(abs(bar - full * share) <= 0.5 for bar, share in zip(bars, shares, strict=True))


# Arcs, walked along the lines as an eye does.

WAYS = {"UP": (-1, 0), "DOWN": (1, 0), "LEFT": (0, -1), "RIGHT": (0, 1)}


def ways(char):
    """Where a box-drawing character leads, from its Unicode name."""
    name = unicodedata.name(char, "")
    if not name.startswith("BOX DRAWINGS"):
        return set()
    words = set(name.replace("VERTICAL", "UP DOWN").replace("HORIZONTAL", "LEFT RIGHT").split())
    return words & WAYS.keys()


def links_drawn(rows):
    """The pairs of rows that a line joins: out from the one, down a lane, back to the other."""
    height, width = len(rows), max(map(len, rows))
    canvas = [[ways(c) for c in row.ljust(width)] for row in rows]

    def reaches_the_margin(row, column):
        margin = next(c for c in range(width) if canvas[row][c])
        return all({"LEFT", "RIGHT"} <= canvas[row][c] for c in range(margin, column))

    found = Counter()
    for column in range(width):
        for top in range(height):
            if "DOWN" not in canvas[top][column] or "UP" in canvas[top][column]:
                continue
            bottom = top + 1
            while "DOWN" in canvas[bottom][column]:
                assert "UP" in canvas[bottom][column]
                bottom += 1
            for end in (top, bottom):
                assert "LEFT" in canvas[end][column]
                assert reaches_the_margin(end, column)
            found[top, bottom] += 1
    return found


def arcs_of(record, width):
    lines = drawn(record, "arcs", width)
    rows = [line for line in lines if re.match(r"t\d+\b", line)]
    assert len(rows) == len(record.stack.query_tokens)
    return rows


@pytest.mark.parametrize("n", range(2, 13))
def test_arcs_lead_from_each_query_to_its_strongest_other_key(n):
    for seed in range(6):
        weights = random_weights(n, n, seed=seed)
        rows = arcs_of(weighted(weights), 200)
        others = np.where(np.eye(n, dtype=bool), -1, weights)
        keys = others.argmax(axis=1).tolist()
        expected = Counter(tuple(sorted(pair)) for pair in enumerate(keys))
        assert links_drawn(rows) == expected
        assert {i for i, row in enumerate(rows) if "◂" in row} == set(keys)
        for i, (row, key) in enumerate(zip(rows, keys, strict=True)):
            assert row.split()[-2:] == [f"{round(100 * weights[i, key])}%", f"t{key}"]


def test_arcs_without_room_leave_the_words():
    weights = random_weights(12, 12, seed=3)
    keys = np.where(np.eye(12, dtype=bool), -1, weights).argmax(axis=1).tolist()
    expected = Counter(tuple(sorted(pair)) for pair in enumerate(keys))
    drawn_at = []
    for width in (20, 26, 30, 200):
        rows = arcs_of(weighted(weights), width)
        assert [row.split()[-1] for row in rows] == [f"t{key}" for key in keys]
        found = links_drawn(rows)
        assert found <= expected
        drawn_at.append(found.total())
    assert drawn_at == sorted(drawn_at)
    assert drawn_at[-1] == 12


def test_arcs_leave_out_what_a_trained_model_rests_on():
    """Else every line would end in [CLS]; heavy lines have more than half of the weight."""
    labels = ["[CLS]", "a", "b", "c", "[SEP]"]
    weights = np.array([[1, 0, 0, 0, 0], [0.6, 0.1, 0.3, 0, 0], [0.2, 0, 0, 0.8, 0],
                        [0.5, 0.1, 0.3, 0.1, 0], [0.9, 0.1, 0, 0, 0]])  # fmt: skip
    record = attnviz.from_weights(weights, labels)
    record = replace(record, model=replace(record.model, origin="trained"))
    special = np.array([True, False, False, False, True])
    tokens = replace(record.stack.query_tokens, special=special)
    stack = replace(record.stack, query_tokens=tokens, key_tokens=tokens)
    lines = plain(drawn(replace(record, stacks={"self": stack}), "arcs", 80))
    share = round(100 * (0.6 + 0.2 + 0.5) / 3)
    assert any(
        line.startswith(f'{share}% of the weight goes to "[CLS]", "[SEP]"') for line in lines
    )
    rows = [line for line in lines if re.match(r"(\[|[abc] )", line)]
    assert [row.split()[-2:] for row in rows[1:4]] == [["30%", "b"], ["80%", "c"], ["30%", "b"]]
    assert (rows[0].split(), rows[4].split()) == (["[CLS]"], ["[SEP]"])
    assert any(char in rows[2] for char in "━┳┻")
    assert not any(char in rows[1] for char in "━┳┓")


def test_arcs_of_two_texts_join_no_two_queries():
    """In cross-attention a query looks at the other text: a line to a query would be a lie."""
    for seed in range(4):
        weights = random_weights(6, 6, seed=seed)
        rows = arcs_of(weighted(weights, n_keys=6), 100)
        assert links_drawn(rows) == Counter()
        for row, share in zip(rows, weights, strict=True):
            assert row.split()[-2:] == [f"{round(100 * share.max())}%", f"s{share.argmax()}"]


# Colours of the heatmap, read back.


def step_of(colour):
    return list(ramp()).index(tuple(colour.triplet))


def halves(char, style):
    """The steps in the upper and the lower half of one cell of the screen; -1 where masked."""
    front = MASKED if style is None or style.color is None else style.color
    back = MASKED if style is None or style.bgcolor is None else style.bgcolor
    upper, lower = {
        "▀": (front, back),
        "▄": (back, front),
        " ": (back, back),
        "·": (MASKED, MASKED),
    }[char]
    return tuple(c if c == MASKED else step_of(c) for c in (upper, lower))


def heatmap_steps(lines):
    """The steps of the cells, two rows for each line."""
    texts = ["".join(c for c, _ in line) for line in lines]
    top = next(i for i, text in enumerate(texts) if re.fullmatch(r" +0( +\d+)*", text))
    left = texts[top].index("0")
    named = [re.match(r" *\d+ [tw]\d", text) for text in texts]
    body = [line[left:] for line, name in zip(lines, named, strict=True) if name]
    cells = np.array([[halves(*cell) for cell in line] for line in body])
    pairs = cells.transpose(0, 2, 1)
    return pairs.reshape(-1, pairs.shape[2])


def pooled(weights, rows, columns):
    n = weights.shape[-1]
    return np.array([
        [weights[i : i + rows, j : j + columns].mean() for j in range(0, n, columns)]
        for i in range(0, n, rows)
    ])  # fmt: skip


@pytest.mark.parametrize(("n", "cell"), [(100, (1, 2)), (67, (1, 1)), (90, (1, 2)), (201, (2, 3))])
def test_half_blocks_hold_the_pooled_weights(n, cell):
    weights = random_weights(1, n, n, sharp=1.0)
    steps = heatmap_steps(styled(weighted(weights), "heatmap", width=80, height=24))
    expected = pooled(weights[0], *cell)
    size = len(expected)
    assert steps.shape == (size + size % 2, expected.shape[1])
    assert np.abs(steps[:size] - 63 * expected / expected.max()).max() <= 0.5 + 1e-6
    assert (steps[size:] == MASKED).all()


def test_half_blocks_leave_masked_cells_without_colour():
    n = 67
    record = attnviz.trace(" ".join(f"w{i}" for i in range(n)), type="causal")
    look = Look(scale="linear")
    steps = heatmap_steps(styled(record, "heatmap", look, width=80, height=24))[:n]
    future = np.triu(np.ones((n, n), dtype=bool), k=1)
    assert ((steps == MASKED) == future).all()
    weights = record.stack.weights[0].mean(axis=0)
    assert np.abs(steps - 63 * weights / weights.max())[~future].max() <= 0.5 + 1e-4


@pytest.mark.parametrize(("n", "width"), [(5, 80), (12, 80), (30, 80), (60, 80), (20, 200)])
def test_whole_cells_hold_the_weights(n, width):
    weights = random_weights(1, n, n)
    steps = heatmap_steps(styled(weighted(weights), "heatmap", width=width, height=70))[::2]
    assert len(steps) == n
    wide = steps.shape[1] // n
    assert np.array_equal(steps, np.repeat(np.rint(63 * weights[0] / weights.max()), wide, axis=1))


@pytest.mark.parametrize("n", [3, 8, 11])
def test_small_maps_hold_the_weights(n):
    weights = random_weights(3, n, n)
    for head in range(3):
        look = choose(weighted(weights).stack, "0", str(head))
        lines = styled(weighted(weights), "grid", look, height=8)  # too low for a line each
        name = next(i for i, line in enumerate(lines) if line and line[0][0] == str(head))
        body = lines[name + 1 : name + 1 + -(-n // 2)]
        cells = np.array([[halves(*cell) for cell in line[:n]] for line in body])
        steps = cells.transpose(0, 2, 1).reshape(-1, n)[:n]
        assert np.array_equal(steps, np.rint(63 * weights[head] / weights[head].max()))


def test_rows_of_small_maps_are_named_once_where_all_fit():
    weights = random_weights(2, 9, 9)
    lines = styled(weighted(weights), "grid", width=60)
    rows = [
        line for line in lines if "".join(c for c, _ in line[:2]) in {f"t{i}" for i in range(9)}
    ]
    assert len(rows) == 9
    above = next(text for text in plain(drawn(weighted(weights), "grid", 60)) if "≤" in text)
    start = re.search(r" 1\b", above).start() + 1
    for head, first in ((0, 3), (1, start)):
        steps = [[halves(*cell)[0] for cell in row[first : first + 18 : 2]] for row in rows]
        assert np.array_equal(steps, np.rint(63 * weights[head] / weights[head].max()))


def test_rows_of_small_maps_are_not_named_where_maps_would_leave_the_screen():
    named = plain(drawn(sentence(10, "self"), "grid", 120))
    assert any(line.startswith("cat ") for line in named)
    for width, height in ((80, 24), (120, 14)):
        lines = plain(drawn(sentence(10, "self"), "grid", width, height))
        assert not any(line.startswith("cat ") for line in lines), (width, height)


def test_small_maps_without_colour_show_what_is_half_of_the_largest():
    shares = np.array([[1.0, 0.0, 0.0], [0.7, 0.3, 0.0], [0.45, 0.45, 0.1], [0.1, 0.3, 0.6]])
    lines = drawn(weighted(shares, n_keys=3), "grid", height=8)
    name = next(i for i, line in enumerate(lines) if line.startswith("0"))
    dark = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}
    seen = [[dark[c] for c in line.ljust(3)] for line in lines[name + 1 : name + 3]]
    steps = np.array(seen).transpose(0, 2, 1).reshape(-1, 3)
    assert np.array_equal(steps, 2 * shares >= shares.max(axis=1, keepdims=True))


def test_shades_without_colour_rise_with_the_weight():
    shares = np.linspace(0, 1, 9)
    weights = np.array([[share, 1 - share] for share in shares])
    lines = drawn(weighted(weights, n_keys=2), "heatmap", height=40)
    start = next(line for line in lines if re.fullmatch(r" +0( +\d+)*", line)).index("0")
    shades = [line.ljust(start + 1)[start] for line in lines if re.match(r"\d t", line)]
    order = [" ░▒▓█".index(shade) for shade in shades]
    assert order == sorted(order)
    assert set(order) == set(range(5))


def test_masked_cells_are_dots_without_colour():
    n = 20
    record = attnviz.trace(" ".join(f"w{i}" for i in range(n)), type="local", window=3)
    lines = drawn(record, "heatmap", width=80, height=40)
    start = next(line for line in lines if re.fullmatch(r" +0( +\d+)*", line)).index("0")
    rows = [line[start:] for line in lines if re.match(r" *\d+ w", line)]
    wide = len(rows[0]) // n
    cells = [[row[wide * j : wide * (j + 1)] for j in range(n)] for row in rows]
    dots = np.array([["·" in cell for cell in row] for row in cells])
    assert np.array_equal(dots, [[abs(i - j) > 3 for j in range(n)] for i in range(n)])


@pytest.mark.parametrize("what", ["auto", "heatmap", "grid"])
def test_blank_is_not_called_masked(what):
    """Without colour a weight that is too small to draw is blank as well: masked is not little."""
    record = sentence(10, "causal")
    seen = record.stack.weights[0].mean(axis=0)[np.tril_indices(10)]
    assert (seen < 0.005).any()
    assert not re.search(r"blank\b[^·]*masked", "\n".join(drawn(record, what)))


# Colour, scripts, and any characters at all.


@pytest.mark.parametrize("what", ["table", "top", "arcs"])
def test_colour_adds_only_colour(what):
    for n, kind, width in product((1, 5, 11), KINDS, WIDTHS[1:]):
        record = sentence(n, kind)
        coloured = drawn(record, what, width, colour=True)
        assert plain(coloured) == drawn(record, what, width), (n, kind, width)
        assert plain(coloured) != coloured


RIGHT_TO_LEFT = "القط كيقلب على الحوت والكلب شافو"


def assert_marked(lines):
    words = [word for line in lines for word in re.findall(r"\S?[\u0600-\u06ff]+\S?", line)]
    for word in words:
        assert word[0] == MARK, ascii(word)
        assert word[-1] in (MARK, "…"), ascii(word)
    assert all(line.count(MARK) % 2 == 0 for line in lines)
    return len(words)


@pytest.mark.parametrize("what", ["auto", "table", "top", "arcs", "heatmap"])
@pytest.mark.parametrize("kind", ["causal", "global"])
def test_right_to_left_words_have_a_mark_on_both_sides(what, kind):
    record = attnviz.trace(RIGHT_TO_LEFT, type=kind, global_tokens=[1, 3])
    _, *body = drawn(record, what, 120, height=40)
    assert assert_marked(body) >= len(RIGHT_TO_LEFT.split())


def test_right_to_left_words_in_the_title_have_a_mark_on_both_sides():
    """Without it a terminal shows the number that follows on the word's other side."""
    record = attnviz.trace(RIGHT_TO_LEFT, type="global", global_tokens=[1, 3])
    assert assert_marked(drawn(record, "top", 120)[:1]) == 2


def test_left_to_right_words_have_no_mark():
    for what in VIEWS:
        assert MARK not in "\n".join(drawn(sentence(9, "self"), what))


# Characters that have been trouble: controls, markup, marks, wide ones, joiners, half an emoji.
TROUBLE = [
    "\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9b", "\n", "\r", "\t", "\u2028", "\u2029", "\u061c",
    "\u200b", "\u200d", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff", "[",
    "]", "[/]", "[red]", ":cat:", "$", "\\", "%", "{}", "<b>", "&", "\u0301", "\u0651", "字", "😀",
    "👩\u200d👩", "\ud83d", "\U000e0001", "الله", "א", "é", "…", "·", " ", "",
]  # fmt: skip
tokens = st.lists(
    st.lists(st.one_of(st.sampled_from(TROUBLE), st.text(max_size=6)), max_size=5).map("".join),
    min_size=1,
    max_size=9,
)


@settings(deadline=None, max_examples=150, derandomize=True)
@given(
    tokens=tokens, what=st.sampled_from(SHOWS), width=st.sampled_from(WIDTHS), colour=st.booleans(),
    two_texts=st.booleans(), heads=st.integers(1, 3),
)  # fmt: skip
def test_any_tokens_at_all(tokens, what, width, colour, two_texts, heads):
    weights = random_weights(heads, len(tokens), len(tokens), seed=len(tokens))
    record = attnviz.from_weights(weights, tokens, tokens[::-1] if two_texts else None)
    lines = plain(drawn(record, what, width, colour=colour))
    for line in lines:
        assert cell_len(line) <= width
        for char in line:
            assert unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp"), ascii(line)
            assert char == MARK or unicodedata.bidirectional(char) not in (
                "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
            ), ascii(line)  # fmt: skip
            assert char not in "\u200f\u061c", ascii(line)
        cut = cell_len(line) >= width - 1
        assert cut or line.count(MARK) % 2 == 0, ascii(line)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 20), (120, 40), (200, 50)])
def test_the_numbers_of_many_heads_come_before_all_else(width, height):
    weights = random_weights(12, 12, 12)
    lines = plain(drawn(weighted(weights), "auto", width, height))
    rows = table_rows(lines, [f"t{i}" for i in range(12)], 12)
    shown = np.array([[int(cell) for cell in cells] for cells, _ in rows])
    assert np.abs(shown - 100 * weights.mean(axis=0)).max() <= 0.5 + 1e-9
    assert len(lines) < height
    assert all(len(line) <= width for line in lines)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_all_heads_stand_in_one_strip(width):
    lines = plain(drawn(weighted(random_weights(12, 12, 12)), "auto", width, 24))
    assert [str(head) for head in range(12)] in [line.split() for line in lines]
    assert not any("+" in line for line in lines)


def test_a_name_too_long_for_its_column_goes_on_in_a_second_line():
    words = ["understanding", "cat", "because"]
    record = attnviz.from_weights(random_weights(3, 3), words)
    lines = plain(drawn(record, "table", 29))
    first = next(i for i, line in enumerate(lines) if re.match(r"understandi…\s+\d", line))
    above = [line.ljust(29) for line in lines[first - 3 : first]]
    columns = [(13 + 5 * i, 18 + 5 * i) for i in range(3)]
    read = ["".join(line[a:b].strip() for line in above) for a, b in columns]
    assert read[1:] == words[1:]
    assert read[0].startswith("under")


@pytest.mark.parametrize("width", [24, 40, 60])
def test_what_is_said_below_is_wrapped_and_not_cut(width):
    lines = plain(drawn(sentence(10, "local"), "auto", width, 40))
    below = " ".join(lines)
    assert "rows sum to 100%" in below.replace("  ", " ")
    assert "--show top, arcs, grid" in below
    assert all(len(line) <= width for line in lines)


def test_who_sees_one_head_is_not_told_how_to():
    lines = plain(drawn(sentence(10, "self"), "auto", look=Look(heads=(2,))))
    assert "--show top" in lines[-1]
    assert "--head" not in lines[-1]


def test_the_legend_marks_where_the_scale_is_cut_and_no_other_view_speaks_of_it():
    weights = np.full((1, 12, 12), 0.02)
    weights[:, :, 0] = 0.78
    record = weighted(weights)
    assert "≥ 2%" in "".join(plain(drawn(record, "heatmap")))
    for view in ("table", "heatmap", "auto"):
        assert "scaled without it" in "".join(plain(drawn(record, view)))
    for view in ("top", "arcs", "grid"):
        assert "scaled without it" not in "".join(plain(drawn(record, view)))


def test_a_small_map_names_its_largest_weight_for_each_has_its_own_scale():
    weights = np.stack([np.full((8, 8), 1 / 8), np.eye(8), np.full((8, 8), 1 / 8)])
    weights[2, 3] = [0.6, 0.4, 0, 0, 0, 0, 0, 0]
    lines = plain(drawn(weighted(weights), "grid"))
    assert next(line for line in lines if "≤" in line).split() == [
        "0", "≤12%", "1", "self", "2", "≤60%",
    ]  # fmt: skip


def test_a_sink_is_left_out_of_the_scale_of_pooled_cells_too():
    """The cell of a sink and its neighbour is as bright as the legend says: from there on."""
    n, width = 96, 60
    weights = np.full((1, 1, n, n), 0.5 / (n - 1), dtype=np.float32)
    weights[..., 0] = 0.5
    shown = "\n".join(
        "".join(c for c, _ in line)
        for line in styled(weighted(weights[0]), "heatmap", width=width, height=20)
    )
    pair = (0.5 + 0.5 / (n - 1)) / 2
    assert f"{pair:.0%}" not in shown
    assert "≥ 0.53%" in shown
    assert "scaled without it" in shown
