"""Heads over pictures look where their names say, on a drawing and on two photographs.

What a name promises is worked out here from the pixels of the file, patch by patch.
"""

from __future__ import annotations

import runpy
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import attnviz
from attnviz.models.builtin.image_heads import CROSS_HEADS, HEADS
from attnviz.models.builtin.image_words import knows

IMAGES = Path(__file__).parents[2] / "samples" / "images"
PHOTOS = ("cat.jpg", "coffee.jpg")
SHAPES = runpy.run_path(str(IMAGES / "draw_shapes.py"))
ALL = (*PHOTOS, "shapes.png")


@cache
def record(name):
    return attnviz.trace(image=IMAGES / name, heads=len(HEADS))


def weights(name, head):
    names = [plan.name for plan in HEADS]
    return record(name).stack.weights[0, names.index(head)]


def boxes(name):
    return record(name).stack.key_tokens.where.boxes


def grid(name):
    rows, columns = record(name).stack.key_tokens.where.grid
    return np.divmod(np.arange(rows * columns), columns)


def lightness_and_colour(rgb):
    """CIE Lab (1976, D65) of sRGB bytes: another measure of colour than the one the heads use."""
    encoded = np.asarray(rgb) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = linear @ np.array(matrix).T / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1
    )


@cache
def patches(name):
    """The pixels of each patch, in Lab, cut from the file."""
    lab = lightness_and_colour(np.asarray(Image.open(IMAGES / name).convert("RGB")))
    cut = []
    for left, top, right, bottom in boxes(name).round().astype(int):
        cut.append(lab[top:bottom, left:right])
    return cut


def colours(name):
    return np.array([patch.mean(axis=(0, 1)) for patch in patches(name)])


def most(values, share):
    """The patches with the largest values."""
    chosen = np.zeros(len(values), bool)
    chosen[np.argsort(-values)[: round(share * len(values))]] = True
    return chosen


def share(name, head, promised):
    """The share of the weight that goes where the name promises."""
    return float((weights(name, head) * promised).sum(axis=1).mean())


@pytest.mark.parametrize("name", PHOTOS)
def test_same_colour(name):
    lab = colours(name)
    apart = np.linalg.norm(lab[:, None] - lab, axis=2)
    nearest = apart <= np.quantile(apart, 0.2, axis=1)[:, None]
    assert share(name, "same colour", nearest) > 0.7 > 2 * nearest.mean()


@pytest.mark.parametrize("colour", ["blue", "black"])
def test_same_colour_in_the_drawing(colour):
    left, top, right, bottom = SHAPES["BOXES"][colour]
    x0, y0, x1, y1 = boxes("shapes.png").T
    inside = (x0 >= left) & (x1 <= right) & (y0 >= top) & (y1 <= bottom)
    found = weights("shapes.png", "same colour")[inside][:, touching(colour)]
    assert found.sum(axis=1).min() > 0.99


def distance(name):
    rows, columns = grid(name)
    return np.maximum(abs(rows[:, None] - rows), abs(columns[:, None] - columns))


@pytest.mark.parametrize("name", ALL)
def test_near(name):
    close = distance(name) <= 2
    assert share(name, "near", close) > 0.8
    assert 0.1 < np.diag(weights(name, "near")).mean() < 0.4  # and not at itself alone
    assert share(name, "same colour, near", close) > 0.95


@pytest.mark.parametrize("name", ALL)
def test_rows_columns_and_neighbours(name):
    rows, columns = grid(name)
    assert share(name, "same row", rows[:, None] == rows) > 0.9
    assert share(name, "same column", columns[:, None] == columns) > 0.9
    width = int(columns.max()) + 1
    inner, lower = np.flatnonzero(columns > 0), np.flatnonzero(rows > 0)
    assert weights(name, "left neighbour")[inner, inner - 1].min() > 0.95
    assert weights(name, "patch above")[lower, lower - width].min() > 0.95


@pytest.mark.parametrize("name", PHOTOS)
def test_light_dark_vivid_and_centre(name):
    lab = colours(name)
    vivid = np.hypot(lab[:, 1], lab[:, 2])
    assert share(name, "bright", most(lab[:, 0], 0.25)) > 0.7
    assert share(name, "dark", most(-lab[:, 0], 0.25)) > 0.7
    assert share(name, "vivid colour", most(vivid, 0.25)) > 0.6
    rows, columns = (2 * (places + 0.5) / (places.max() + 1) - 1 for places in grid(name))
    assert share(name, "centre", np.hypot(rows, columns) < 0.6) > 0.75


@pytest.mark.parametrize("name", PHOTOS)
def test_edges_and_what_stands_out(name):
    light = [patch[..., 0] for patch in patches(name)]
    steps = [sum(np.abs(np.diff(part, axis=axis)).mean() for axis in (0, 1)) for part in light]
    assert share(name, "edges & texture", most(np.array(steps), 0.25)) > 0.7
    lab = colours(name)
    away = np.linalg.norm(lab - np.median(lab, axis=0), axis=1)
    assert share(name, "stands out", most(away, 0.25)) > 0.8


def test_edges_of_the_drawing():
    """Patches that a border of a shape passes, by the boxes that the drawing is made of."""
    passed = np.zeros(len(boxes("shapes.png")), bool)
    for name, (left, top, right, bottom) in SHAPES["BOXES"].items():
        if name == "red":
            continue  # a circle
        for i, (x0, y0, x1, y1) in enumerate(boxes("shapes.png")):
            touches = x0 <= right and left <= x1 and y0 <= bottom and top <= y1
            inside = left < x0 and x1 < right and top < y0 and y1 < bottom
            passed[i] |= touches and not inside
        circle = SHAPES["BOXES"]["red"]
    for i, (x0, y0, x1, y1) in enumerate(boxes("shapes.png")):
        passed[i] |= x0 <= circle[2] and circle[0] <= x1 and y0 <= circle[3] and circle[1] <= y1
    assert share("shapes.png", "edges & texture", passed) > 0.95


def test_same_edge_direction():
    """Lines: upright on the left, level on the right."""
    lines = np.full((240, 320), 255, np.uint8)
    lines[:, 4:140:10] = 0
    lines[4::10, 180:] = 0
    found = trace_of(Image.fromarray(lines).convert("RGB"))
    names = [plan.name for plan in HEADS]
    weights = found.stack.weights[0, names.index("same edge direction")]
    where = found.stack.key_tokens.where
    left, right = where.boxes[:, 2] <= 130, where.boxes[:, 0] >= 190
    for here in (left, right):
        assert weights[here][:, here].sum(axis=1).mean() > 0.85


def trace_of(image, **how):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.png"
        image.save(path)
        return attnviz.trace(image=path, heads=len(HEADS), **how)


def test_all_alike_and_rows_sum_to_one():
    found = record("cat.jpg").stack.weights
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(weights("cat.jpg", "all alike"), 1 / found.shape[-1], rtol=1e-5)


def test_a_window_is_a_square_on_the_grid():
    local = attnviz.trace(image=IMAGES / "cat.jpg", type="local", window=1).stack
    assert ((local.weights[0, 0] > 0) == (distance("cat.jpg") <= 1)).all()
    both = attnviz.trace(image=IMAGES / "cat.jpg", type="global", window=1, global_tokens=["r5c8"])
    row = record("cat.jpg").stack.key_tokens.find("r5c8")[0]
    assert (both.stack.weights[0, 0][row] > 0).all()
    assert (both.stack.weights[0, 0][:, row] > 0).all()


def test_the_drawing_is_what_its_script_draws():
    assert np.array_equal(
        np.asarray(SHAPES["draw"]()), np.asarray(Image.open(IMAGES / "shapes.png"))
    )


# From words at a picture ---------------------------------------------------------------------


def looked(text, head):
    """The weights of each word of a text, by its word."""
    found = attnviz.trace(text, image=IMAGES / "shapes.png", heads=len(CROSS_HEADS))
    names = [plan.name for plan in CROSS_HEADS]
    rows = found.stack.weights[0, names.index(head)]
    return dict(zip(found.stack.query_tokens.labels, rows, strict=True))


def touching(name):
    left, top, right, bottom = SHAPES["BOXES"][name]
    x0, y0, x1, y1 = boxes("shapes.png").T
    return (x0 < right) & (x1 > left) & (y0 < bottom) & (y1 > top)


@pytest.mark.parametrize(
    "words",
    [
        {"red": "red", "blue": "blue", "green": "green", "black": "black"},
        {"red": "rouge", "blue": "bleu", "green": "verte", "black": "noir"},
        {"red": "7mer", "blue": "zre9", "green": "khdar", "black": "k7el"},
        {"red": "حمر", "blue": "زرق", "green": "خضر", "black": "كحل"},
        {"red": "أحمر", "blue": "أزرق", "green": "أخضر", "black": "أسود"},
    ],
)
def test_colour_words_in_every_language(words):
    rows = looked(" ".join(words.values()), "colour words")
    for name, word in words.items():
        assert rows[word][touching(name)].sum() > 0.85, word


@pytest.mark.parametrize(
    "words", ["left right top bottom", "gauche droite haut bas", "liser limen fo9 te7t",
              "ليسر ليمن فوق تحت"],
)  # fmt: skip
def test_place_words(words):
    x0, y0, x1, y1 = boxes("shapes.png").T
    halves = [x1 <= 160, x0 >= 160, y1 <= 121, y0 >= 119]
    rows = looked(words, "place words")
    for word, half in zip(words.split(), halves, strict=True):
        assert rows[word][half].sum() > 0.95, word


def test_light_and_surface_words():
    shapes = sum(touching(name) for name in SHAPES["BOXES"]) > 0  # all darker than the ground
    lights = ("bright", "dark"), ("clair", "sombre"), ("ddow", "dlam"), ("ضو", "ظلام")
    rows = looked(" ".join(word for pair in lights for word in pair), "light words")
    for light, dark in lights:
        assert rows[dark][shapes].sum() > 0.95
        assert rows[light][shapes].sum() < 0.05
    surfaces = ("striped", "smooth"), ("rayé", "lisse"), ("zghab", "rteb"), ("زغب", "رطب")
    rows = looked(" ".join(word for pair in surfaces for word in pair), "surface words")
    for rough, smooth in surfaces:
        assert rows[rough][shapes].sum() > 0.95
        assert rows[smooth][shapes].sum() < 0.3


def test_a_word_outside_of_the_lists_is_even():
    assert knows("Red")
    assert not knows("donkey")
    for plan in CROSS_HEADS:
        row = looked("a donkey", plan.name)["donkey"]
        np.testing.assert_allclose(row, 1 / row.size, rtol=1e-5)
