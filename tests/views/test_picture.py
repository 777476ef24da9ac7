"""Pictures, inspected as data: what stands where, in which colour, and that nothing is cut."""

from __future__ import annotations

import dataclasses
import re
import warnings
from itertools import pairwise
from xml.etree import ElementTree

import matplotlib.ft2font
import numpy as np
import pytest
from matplotlib.text import Text

import attnviz
from attnviz.views.figure import DPI
from attnviz.views.look import Look
from attnviz.views.palette import MASKED_PAPER, ramp
from attnviz.views.picture.grid import SMALL_SIDE, Mosaic, grid_figure
from attnviz.views.picture.map import map_figure
from attnviz.views.picture.picture import picture

SENTENCE = "The cat sat on the mat because it was tired"
ARABIC = "القط كيقلب على السمكة حيت فيه الجوع"
SOURCE = "Lmouch gles 3la zerbiya 7it kan 3eyyan"
LONG = "internationalization Constantinople incomprehensibilities responsibility"
ALLOWED = {
    "self": lambda i, j: True,
    "causal": lambda i, j: j <= i,
    "local": lambda i, j: abs(i - j) <= 2,
    "global": lambda i, j: abs(i - j) <= 2 or 0 in (i, j),
    "cross": lambda i, j: True,
}
MARKUP = ["<script>alert(1)</script>", "--><script>", '"><img src=x>', "&amp;", "]]>", "<b>", "'"]
MATHS = ["$x$", "$_$", "$\\bad$", "$", "$$", "\\$", "x_1^2", "$\\frac{1}{2}$", "%", "{", "\\"]
NOWHERE = "\U000f1234"  # private: in no font
AWAY = "\U000f4321"


def sentence(text=SENTENCE, kind="self", **options):
    return attnviz.trace(
        text, type=kind, **({"source": SOURCE} if kind == "cross" else {}) | options
    )


def numbered(n, kind="self", **options):
    return attnviz.trace(" ".join(f"w{i}" for i in range(n)), type=kind, **options)


def given(tokens, heads=1, seed=0):
    n = len(tokens)
    weights = np.random.default_rng(seed).dirichlet(np.full(n, 0.3), size=(heads, n))
    return attnviz.from_weights(weights.astype(np.float32), tokens)


def paint(figure):
    """Draw it; places are known only then."""
    figure.canvas.draw()
    return figure.canvas.get_renderer()


def words_of(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def colours(axes, which=0):
    """The picture's own bytes: (rows, columns, 3)."""
    return np.asarray(axes.images[which].get_array())[..., :3]


def box(axes, which, tall=1.0):
    """Where a small map stands in the grid, in pixels: left, top, right, bottom."""
    x, above = axes.texts[which].get_position()
    across = len({round(text.get_position()[0], 6) for text in axes.texts})
    side = SMALL_SIDE * (1 if across <= 4 else 0.7)
    corners = (x, above + 0.06, x + side, above + 0.06 + side * tall)
    return tuple(round(inches * DPI) for inches in corners)


def small_map(axes, which, n):
    """The colours at the middle of every cell of a small map of n tokens."""
    left, top, right, bottom = box(axes, which)
    rows, columns = (
        (low + (np.arange(n) + 0.5) / n * (high - low)).astype(int)
        for low, high in ((top, bottom), (left, right))
    )
    return mosaic(axes)[rows[:, None], columns]


def mosaic(axes):
    """The pixels of all small maps, (rows, columns, 3)."""
    (found,) = (artist for artist in axes.artists if isinstance(artist, Mosaic))
    assert (found.pixels[..., 3] == 255).all()
    return found.pixels[..., :3]


def expected_colours(weights, allowed=None):
    """Each weight's step of the ramp, the largest on the last; paper where masked."""
    weights = np.asarray(weights, dtype=np.float64)
    found = np.array(ramp())[np.rint(63 * weights / weights.max()).astype(int)]
    if allowed is not None:
        found[~allowed] = MASKED_PAPER
    return found


def differing(found, expected):
    """Cells of another colour than the weight's, or the next: a half can round either way."""
    steps = {colour: step for step, colour in enumerate((*ramp(), MASKED_PAPER))}
    got, wanted = (
        np.array([[steps[tuple(cell)] for cell in row] for row in picture.tolist()])
        for picture in (found, expected)
    )
    paper = len(ramp())
    return ((got == paper) != (wanted == paper)) | (np.abs(got - wanted) > 1)


def mask(kind, n_rows, n_columns):
    return np.array([[ALLOWED[kind](i, j) for j in range(n_columns)] for i in range(n_rows)])


def is_inside(figure, box, slack=1.0):
    return (
        box.x0 >= -slack
        and box.y0 >= -slack
        and box.x1 <= figure.bbox.x1 + slack
        and box.y1 <= figure.bbox.y1 + slack
    )


def assert_nothing_is_cut(figure):
    renderer = paint(figure)
    main = figure.axes[0]
    texts = [*figure.texts, *main.texts]
    if main.axison:
        texts += [*main.get_xticklabels(), *main.get_yticklabels(), main.xaxis.label]
        texts += [main.yaxis.label]
    assert len(texts) >= 2
    for text in texts:
        assert is_inside(figure, text.get_window_extent(renderer)), text.get_text()
    for axes in figure.axes:
        assert is_inside(figure, axes.get_window_extent(renderer))
    heading = min(text.get_window_extent(renderer).y0 for text in figure.texts)
    for text in texts[len(figure.texts) :]:  # and all else lies below the heading
        assert text.get_window_extent(renderer).y1 <= heading + 1, text.get_text()
    everything = figure.get_tightbbox(renderer)  # in inches, the colour bar's labels too
    width, height = figure.get_size_inches()
    assert -0.01 <= everything.x0 <= everything.x1 <= width + 0.01
    assert -0.01 <= everything.y0 <= everything.y1 <= height + 0.01


# Tokens.

NAMED = [
    ("one", "cat", "self"),
    ("two", "The cat", "causal"),
    ("sentence", SENTENCE, "local"),
    ("cross", SENTENCE, "cross"),
    ("Arabic", ARABIC, "causal"),
    ("long words", LONG, "self"),
    ("long words, often", " ".join([LONG] * 6), "local"),
    ("Arabic and Latin", f"{SENTENCE} {ARABIC}", "global"),
    ("most that are named", " ".join(f"word{i}" for i in range(64)), "self"),
]


@pytest.mark.parametrize(
    ("text", "kind"), [row[1:] for row in NAMED], ids=[r[0].replace(" ", "-") for r in NAMED]
)
def test_labels_are_the_tokens_in_order(text, kind):
    axes = map_figure(sentence(text, kind), Look()).axes[0]
    rows = text.split()
    columns = SOURCE.split() if kind == "cross" else rows
    assert words_of(axes.yaxis) == rows
    assert words_of(axes.xaxis) == columns
    assert axes.get_xticks().tolist() == list(range(len(columns)))
    assert axes.get_yticks().tolist() == list(range(len(rows)))
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        assert label.get_fontsize() >= 6  # points: readable on paper
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first token at the top,
    assert axes.get_xlim()[0] < axes.get_xlim()[1]  # and at the left, in every script


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "kind"), [row[1:] for row in NAMED], ids=[r[0].replace(" ", "-") for r in NAMED]
)
def test_nothing_is_cut(text, kind):
    assert_nothing_is_cut(map_figure(sentence(text, kind), Look()))
    assert_nothing_is_cut(grid_figure(sentence(text, kind), Look()))


def test_longer_texts_are_numbered():
    for n in (65, 100, 700, 3000):
        weights = np.tril(np.ones((n, n), dtype=np.float32))
        weights /= weights.sum(axis=1, keepdims=True)
        record = attnviz.from_weights(weights, [f"w{i}" for i in range(n)])
        figure = map_figure(record, Look())
        axes = figure.axes[0]
        shape = colours(axes).shape
        assert shape == ((n, n, 3) if n <= 1024 else (750, 750, 3))
        for axis in (axes.xaxis, axes.yaxis):
            numbers = [int(word.replace("\u202f", "")) for word in words_of(axis)]
            places = [tick * (n / shape[0]) for tick in axis.get_ticklocs()]
            assert numbers == pytest.approx(places, abs=0.51)
            assert numbers[0] == 0
            assert 3 <= len(numbers) <= 9
            assert max(numbers) < n
        assert_nothing_is_cut(figure)


def test_a_very_long_label_is_shortened_between_letters():
    letters = "e\u0301" * 40
    axes = map_figure(given([letters, "b"]), Look()).axes[0]
    (shown, other) = words_of(axes.xaxis)
    assert other == "b"
    assert shown.endswith("e\u0301…")
    assert letters.startswith(shown[:-1])
    assert len(shown) < 30


def height_and_hold(label, renderer):
    """How high a label is before it is turned, and where across the paper it is held."""
    angle = label.get_rotation()
    label.set_rotation(0)
    height = label.get_window_extent(renderer).height
    label.set_rotation(angle)
    return height, label.get_transform().transform(label.get_unitless_position())[0]


@pytest.mark.parametrize("text", [SENTENCE, ARABIC, LONG, " ".join([LONG] * 6), SENTENCE * 6])
def test_labels_of_columns_do_not_run_into_each_other(text):
    figure = map_figure(sentence(text), Look())
    renderer = paint(figure)
    labels = figure.axes[0].get_xticklabels()
    boxes = [label.get_window_extent(renderer) for label in labels]
    slanted = {label.get_rotation() for label in labels} == {45.0}
    assert slanted or {label.get_rotation() for label in labels} == {0.0}
    if not slanted:
        assert all(a.x1 <= b.x0 for a, b in pairwise(boxes))
        return
    held = [height_and_hold(label, renderer) for label in labels]
    for (height, x), (_, following) in pairwise(held):
        # two parallel lines of text, as far apart as the step between them, seen at 45°
        assert (following - x) * np.sqrt(0.5) >= height * 0.8
    middle = [figure.axes[0].transData.transform((i, 0))[0] for i in range(len(labels))]
    assert np.abs(np.subtract([x for _, x in held], middle)).max() < 1  # held over its column


def test_short_labels_stand_upright():
    for text in ("a b c d", "The cat sat", "1 2 3 4 5 6 7 8 9"):
        labels = map_figure(sentence(text), Look()).axes[0].get_xticklabels()
        assert {label.get_rotation() for label in labels} == {0.0}


# Words around the picture.

TITLES = [
    ("self", {"heads": 3}, ["self-attention", "3"]),
    ("causal", {"heads": 1}, ["causal", "1"]),
    ("local", {"heads": 4, "window": 7}, ["local", "4", "7"]),
    ("global", {"heads": 2, "window": 1, "global_tokens": ["cat"]}, ["global", "2", "1", "cat"]),
    ("cross", {"heads": 5}, ["cross-attention", "5"]),
    ("self", {"heads": 6, "model": "random", "seed": 11}, ["self-attention", "6", "random", "11"]),
]


@pytest.mark.parametrize(("kind", "options", "named"), TITLES)
def test_the_title_says_what_is_seen(kind, options, named):
    record = sentence(kind=kind, **options)
    for figure in (map_figure(record, Look()), grid_figure(record, Look())):
        words = figure.texts[0].get_text().replace("·", " ").split()
        assert set(named) <= set(words)


@pytest.mark.parametrize("kind", ALLOWED)
def test_the_words_below_say_how_much_was_computed(kind):
    record = sentence(kind=kind)
    allowed = mask(kind, *record.stack.shape)
    words = " ".join(text.get_text() for text in map_figure(record, Look()).texts)
    assert {str(allowed.sum()), str(allowed.size)} <= set(re.findall(r"\d+", words))
    assert ("masked" in words) == (not allowed.all())


def test_the_axes_say_who_looks():
    axes = map_figure(sentence(), Look()).axes[0]
    assert "query" in axes.get_ylabel()
    assert "key" in axes.get_xlabel()


# Colours.


@pytest.mark.parametrize("kind", ALLOWED)
@pytest.mark.parametrize("head", ["mean", 0, 3])
def test_colours_are_the_weights(kind, head):
    record = sentence(kind=kind)
    weights = record.stack.weights[0]
    weights = weights.mean(axis=0) if head == "mean" else weights[head]
    allowed = mask(kind, *weights.shape)
    figure = map_figure(record, Look(heads=() if head == "mean" else (head,), scale="linear"))
    found = colours(figure.axes[0])
    assert found.shape == (*weights.shape, 3)
    assert not differing(found, expected_colours(weights, allowed)).any()
    assert ((found == MASKED_PAPER).all(axis=-1) == ~allowed).all()


def test_colours_of_a_long_text_are_the_means_of_cells():
    n = 2500
    record = attnviz.from_weights(
        np.random.default_rng(0).random((n, n), dtype=np.float32) / n, range(n)
    )
    found = colours(map_figure(record, Look()).axes[0])
    cell = -(-n // len(found))
    assert len(found) <= 1024
    weights = record.stack.weights[0, 0]
    for i, j in [(0, 0), (5, 600), (len(found) - 1, 3), (len(found) - 1, len(found) - 1)]:
        part = weights[i * cell : (i + 1) * cell, j * cell : (j + 1) * cell].mean()
        largest = record.stack.map(0, "mean", 1024).mean.max()
        step = list(ramp()).index(tuple(found[i, j].tolist()))
        assert abs(step - 63 * part / largest) < 0.51


def test_each_small_map_has_its_own_scale():
    record = sentence(kind="local", heads=5)
    axes = grid_figure(record, Look(scale="linear")).axes[0]
    for head, weights in enumerate(record.stack.weights[0]):
        expected = expected_colours(weights, mask("local", 10, 10))
        assert not differing(small_map(axes, head, 10), expected).any()
        assert tuple(ramp()[-1]) in {
            tuple(c) for row in small_map(axes, head, 10).tolist() for c in row
        }


@pytest.mark.parametrize("kind", ["self", "local", "cross"])
def test_the_colour_bar_ends_at_the_largest_weight(kind):
    record = sentence(kind=kind)
    for head in ("mean", 1):
        weights = record.stack.weights[0]
        largest = 100 * (weights.mean(axis=0) if head == "mean" else weights[head]).max()
        figure = map_figure(record, Look(heads=() if head == "mean" else (head,), scale="linear"))
        paint(figure)
        bar = figure.axes[1]
        assert bar.images[0].get_extent() == pytest.approx([0, 1, 0, largest], abs=1e-3)
        assert bar.get_ylim() == pytest.approx((0, largest), abs=1e-3)
        shown = bar.images[0].to_rgba(bar.images[0].get_array(), bytes=True)[:, 0, :3]
        assert np.array_equal(shown, ramp()[::-1])  # the brightest at the top
        labels = dict(zip(bar.get_yticks().tolist(), words_of(bar.yaxis), strict=True))
        assert all(float(word.rstrip("%")) == pytest.approx(v) for v, word in labels.items())
        assert sum(0 <= value <= largest + 1e-6 for value in labels) >= 2


def test_weights_that_are_all_nothing():
    record = attnviz.from_weights(np.zeros((3, 3)), "abc")
    figure = map_figure(record, Look())
    paint(figure)
    assert {tuple(c) for row in colours(figure.axes[0]).tolist() for c in row} == {ramp()[0]}


# How many.


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 3, 64, 65])
def test_texts_of_every_length_draw(n):
    for kind in ("self", "local"):
        record = numbered(n, kind)
        assert_nothing_is_cut(map_figure(record, Look()))
        assert_nothing_is_cut(grid_figure(record, Look()))


@pytest.mark.parametrize("heads", [1, 2, 3, 4, 5, 16, 17, 64])
def test_every_number_of_heads_draws(heads):
    record = sentence("The cat sat", heads=heads)
    figure = grid_figure(record, Look())
    assert_nothing_is_cut(figure)
    axes = figure.axes[0]
    names = [text.get_text() for text in axes.texts]
    assert [name.split()[0] for name in names] == [str(head) for head in range(heads)]
    picture = mosaic(axes)
    beside = np.ones(picture.shape[:2], dtype=bool)
    for head, weights in enumerate(record.stack.weights[0]):
        left, top, right, bottom = box(axes, head)
        assert beside[top:bottom, left:right].all()  # none lies on another
        beside[top:bottom, left:right] = False
        assert not differing(small_map(axes, head, 3), expected_colours(weights)).any()
    assert (picture[beside] == 255).all()


def test_small_maps_are_painted_under_their_names():
    record = sentence(kind="local", heads=6)
    figure = grid_figure(record, Look(scale="linear"))
    axes = figure.axes[0]
    painted = np.asarray(paint(figure).buffer_rgba())[..., :3]
    left, below = axes.bbox.min
    top = len(painted) - below - len(mosaic(axes))
    for head, weights in enumerate(record.stack.weights[0]):
        x, y = box(axes, head)[:2]
        expected = expected_colours(weights, mask("local", 10, 10))
        for row, column in ((0, 0), (0, 2), (2, 0), (0, 9)):
            middle = [round(SMALL_SIDE * DPI * (place + 0.5) / 10) for place in (row, column)]
            seen = painted[round(top + y + middle[0]), round(left + x + middle[1])]
            assert not differing(seen[None, None], expected[None, None, row, column]).any(), (
                head,
                row,
                column,
            )


def test_some_heads():
    record = sentence(heads=6)
    axes = grid_figure(record, Look(heads=(4, 1), scale="linear")).axes[0]
    assert [text.get_text().split()[0] for text in axes.texts] == ["4", "1"]
    assert not differing(small_map(axes, 0, 10), expected_colours(record.stack.weights[0, 4])).any()


def test_names_of_heads_do_not_run_into_each_other():
    for heads in (4, 10, 20, 64):
        figure = grid_figure(sentence(heads=heads), Look())
        renderer = paint(figure)
        boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
        for one, following in pairwise(boxes):
            assert one.x1 <= following.x0 or one.y0 >= following.y1, heads


# Characters.


@pytest.mark.slow
def test_labels_are_no_formulas():
    figure = map_figure(given(MATHS), Look())
    paint(figure)
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        assert words_of(axis) == MATHS
        assert not any(label.get_parse_math() for label in axis.get_ticklabels())
    for kind in ("png", "svg", "pdf"):
        assert picture(given(MATHS), kind, Look())[1] == []


def test_titles_and_heads_are_no_formulas():
    record = given(MATHS)
    record = dataclasses.replace(record, settings={"global_tokens": [2, 0]})
    stack = dataclasses.replace(record.stack, head_names=("$\\bad$",))
    record = dataclasses.replace(record, stacks={"self": stack})
    for figure in (map_figure(record, Look()), grid_figure(record, Look())):
        paint(figure)
        assert "$\\bad$" in figure.texts[0].get_text()
        for text in figure.findobj(Text):
            assert "$" not in text.get_text() or not text.get_parse_math()


def test_arabic_letters_are_joined():
    assert matplotlib.ft2font.__libraqm_version__
    figure = map_figure(given(["ب", "ببب", "cat"]), Look())
    renderer = paint(figure)
    letter, word, _ = (
        label.get_window_extent(renderer).width for label in figure.axes[0].get_yticklabels()
    )
    assert word < 2.2 * letter  # joined, the letters inside are short


def test_what_no_font_has_is_said_once(caplog, capfd):
    record = given([f"a{NOWHERE}", NOWHERE, f"{NOWHERE}{AWAY}", "b", "字", "القط", "😀", "é"])
    for kind in ("png", "svg", "pdf"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            data, notes = picture(record, kind, Look())
        assert data
        assert len(notes) == 1
        assert notes[0].count(NOWHERE) == notes[0].count(AWAY) == 1
        assert "القط" not in notes[0]
        assert "é" not in notes[0]
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_what_is_not_drawn_is_not_missed():
    words = [f"w{i}" for i in range(70)]
    cases = [
        (given(["a", "b"]), False, []),
        (given([NOWHERE, "b"], heads=2), True, []),  # the grid names heads, not tokens
        (given([NOWHERE, *words]), False, []),  # numbers along the axes
        (
            dataclasses.replace(given([NOWHERE, *words]), settings={"global_tokens": [0]}),
            False,
            [1],
        ),
    ]
    for record, grid, expected in cases:
        _, notes = picture(record, "png", Look(show="grid" if grid else "auto"))
        assert len(notes) == len(expected)


# Files.


@pytest.mark.parametrize(
    ("kind", "magic", "end"),
    [("png", b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"), ("svg", b"<?xml", b"</svg>\n"),
     ("pdf", b"%PDF-", b"%%EOF\n")],
)  # fmt: skip
def test_the_bytes_are_of_their_kind(kind, magic, end):
    for record, grid in ((sentence(), False), (sentence(ARABIC), True), (numbered(65), False)):
        data, notes = picture(record, kind, Look(show="grid" if grid else "auto"))
        assert data.startswith(magic)
        assert data.endswith(end)
        assert notes == []
        assert picture(record, kind, Look(show="grid" if grid else "auto"))[0] == data


def test_several_heads_make_a_grid():
    record = sentence()
    grid, _ = picture(record, "png", Look(show="grid"))
    assert picture(record, "png", Look(heads=(0, 1, 2, 3)))[0] == grid
    assert picture(record, "png", Look())[0] != grid
    assert picture(record, "png", Look(heads=(0,)))[0] != grid


@pytest.mark.parametrize("grid", [False, True], ids=["map", "grid"])
def test_svg_holds_no_markup_of_the_text(grid):
    for places in ([0, 1, 2], [3, 4, 5], [6]):
        record = dataclasses.replace(given(MARKUP), settings={"global_tokens": places})
        data, _ = picture(record, "svg", Look(show="grid" if grid else "auto"))
        assert b"<script" not in data.lower()
        assert b"<img" not in data
        tree = ElementTree.fromstring(data)
        names = {node.tag.rpartition("}")[2] for node in tree.iter()}
        assert not names & {"script", "img", "foreignObject", "a", "b"}
        assert not any(name.startswith("on") for node in tree.iter() for name in node.attrib)
        titles = [node.text for node in tree.iter() if node.tag.rpartition("}")[2] == "title"]
        assert all(MARKUP[place] in titles[0] for place in places)
