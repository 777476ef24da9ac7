"""The page of a picture: patches that are clicked, words that light up, and how much it weighs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import attnviz
from attnviz.inputs.where import Boxes
from attnviz.record.record import AttentionRecord, Origin
from attnviz.record.stack import Stack
from attnviz.views.look import Look
from attnviz.views.page.page import page
from tests.browser.conftest import Reader
from tests.browser.test_page import pixel

IMAGES = Path(__file__).parents[2] / "samples" / "images"
MOST_BYTES = 8e6
MOST_ELEMENTS = 1000  # that a browser lays out before anything is seen


def tokens_of(labels, where=None):
    tokens = attnviz.from_weights(np.eye(len(labels)), labels).stack.query_tokens
    special = np.array([label.startswith("[") for label in labels])
    return type(tokens)(
        tokens.text, tokens.ids, tokens.labels, tokens.pieces, tokens.spans, special, where=where
    )


def patches(rows, columns, side=16, *, cls=True, picture=True):
    """A grid of patches, [CLS] before them, over a plain grey picture."""
    n = rows * columns
    top, left = np.divmod(np.arange(n), columns)
    boxes = np.stack([left, top, left + 1, top + 1], axis=1) * float(side)
    cells = np.arange(n)
    labels = [f"r{i}c{j}" for i in range(rows) for j in range(columns)]
    if cls:
        boxes, cells = np.vstack([np.zeros((1, 4)), boxes]), np.concatenate([[-1], cells])
        labels = ["[CLS]", *labels]
    size = (columns * side, rows * side)
    thumbnail = np.full((size[1], size[0], 3), 200, np.uint8) if picture else None
    return tokens_of(labels, Boxes(boxes, cells, (rows, columns), size, thumbnail))


def brightest(tab, selector, rows, columns):
    """The cell that is most orange, and how many are orange at all."""
    orange = np.array(
        [
            [
                int(seen[0]) - int(seen[2])
                for j in range(columns)
                for seen in [pixel(tab, selector, (j + 0.5) / columns, (i + 0.3) / rows)]
            ]
            for i in range(rows)
        ]
    )
    return divmod(int(orange.argmax()), columns), int((orange > 20).sum())


def pictured(weights, tokens, keys=None):
    stack = Stack(tokens, keys or tokens, weights.astype(np.float32), two_texts=keys is not None)
    name = "cross" if keys is not None else "self"
    return AttentionRecord(Origin("tiny", "trained"), name, {name: stack})


def test_a_patch_is_clicked_for_its_row_and_with_shift_for_its_column(reader):
    weights = np.full((1, 2, 13, 13), 0.0)
    for i in range(13):
        weights[:, :, i, (i + 5) % 13] = 1  # who is five further on
    tab = reader.open(pictured(weights, patches(3, 4)))
    assert tab.get_attribute("#tab-image", "aria-selected") == "true"
    assert reader.heading == '"[CLS]" looks at'
    place, n = brightest(tab, ".view.image > canvas", 3, 4)
    assert (place, n) == ((1, 0), 1)  # token 5 is the patch with number 4
    box = tab.locator(".view.image > canvas").bounding_box()

    def at(row, column):
        return box["x"] + box["width"] * (column + 0.5) / 4, box["y"] + box["height"] * (
            row + 0.5
        ) / 3

    tab.mouse.move(*at(0, 1))
    assert reader.heading == '"r0c1" looks at'
    assert brightest(tab, ".view.image > canvas", 3, 4)[0] == (1, 2)
    tab.mouse.click(*at(0, 1))
    tab.mouse.move(*at(2, 2))
    assert reader.heading == '"r0c1" looks at'
    tab.keyboard.down("Shift")
    tab.mouse.click(*at(1, 2))
    tab.keyboard.up("Shift")
    assert reader.heading == 'Who looks at "r1c2"'
    assert brightest(tab, ".view.image > canvas", 3, 4)[0] == (0, 1)
    tab.click(".view.image .chips >> nth=0 >> button")
    assert reader.heading == '"r1c2" looks at'
    tab.locator(".view.image > canvas").focus()
    tab.keyboard.press("ArrowRight")
    reader.settled()
    assert reader.heading == '"r1c3" looks at'


def test_a_head_in_small_is_clicked_and_what_lies_elsewhere_is_told(reader):
    weights = np.full((1, 3, 5, 5), 0.0)
    weights[:, 0, :, 0] = weights[:, 1, :, 2] = 1  # one at [CLS], one at a patch
    weights[:, 2] = 0.2
    tab = reader.open(pictured(weights, patches(2, 2)))
    assert tab.locator(".photos .map").count() == 4
    tab.click('[data-head="0"]')
    reader.settled()
    assert "0% of the row lies in the picture" in tab.inner_text("#view-image")
    assert tab.inner_text(".words .chip") == "[CLS]\n100%"
    tab.click('[data-head="1"]')
    reader.settled()
    assert "100% of the row" in tab.inner_text("#view-image")
    assert brightest(tab, ".view.image > canvas", 2, 2) == ((0, 1), 1)
    assert brightest(tab, '[data-head="1"] canvas', 2, 2) == ((0, 1), 1)
    tab.click('[data-head="2"]')
    reader.settled()
    assert "even" in tab.inner_text("#view-image")


def test_patches_that_hold_so_much_are_outlined(reader):
    """Of 2 × 2 patches two have 40% each: they are enclosed together for half of the weight and
    more, and the button goes on to other shares and back."""
    weights = np.full((1, 1, 4, 4), 0.1)
    weights[..., [0, 1]] = 0.4
    tab = reader.open(pictured(weights, patches(2, 2, cls=False)))

    def lined():
        """Whether the line runs along the outer edge, between the two, and below the others."""
        return tab.evaluate(
            """() => {
            const canvas = document.querySelector(".view.image > canvas");
            const { width, height } = canvas, pen = canvas.getContext("2d");
            const at = (x, y) => [...pen.getImageData(x, y, 1, 1).data].slice(0, 3)
              .every((level) => level === 235);
            const middle = Math.round(height / 2), quarter = Math.round(width / 4);
            return [at(3 * quarter, 0), at(quarter, middle - 1), at(2 * quarter, middle >> 1),
                    at(quarter, height - 1)];
            }"""
        )

    tab.click(".view.image .words >> xpath=following-sibling::div >> nth=0 >> button")
    reader.settled()
    assert "50%" in tab.inner_text(".chip.mass")
    assert lined() == [True, True, False, False]
    tab.click(".chip.mass")
    tab.click(".chip.mass")
    reader.settled()
    assert "90%" in tab.inner_text(".chip.mass")
    assert lined()[3]
    tab.click(".chip.mass")
    reader.settled()
    assert not any(lined())


def test_words_of_a_caption_light_up(reader):
    words = ["a", "red", "ball"]
    weights = np.zeros((1, 1, 3, 6))
    for i, patch in enumerate((0, 4, 2)):
        weights[0, 0, i, patch] = 0.7
        weights[0, 0, i, 5] = 0.3
    tab = reader.open(pictured(weights, tokens_of(words), patches(2, 3, cls=False)))
    chips = tab.locator(".words .chip")
    assert chips.all_inner_texts()[:3] == words
    for i, place in enumerate(((0, 0), (1, 1), (0, 2))):
        chips.nth(i).hover()
        reader.settled()
        assert brightest(tab, ".view.image > canvas", 2, 3) == (place, 2)
    box = tab.locator(".view.image > canvas").bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.75)
    assert reader.heading == 'Who looks at "r1c1"'
    assert chips.all_inner_texts() == ["a\n0%", "red\n70%", "ball\n0%"]


def test_without_the_picture_the_weights_are_there(reader):
    weights = np.full((1, 1, 5, 5), 0.2)
    weights[0, 0, 0] = [0, 0, 0, 1, 0]
    tab = reader.open(pictured(weights, patches(2, 2, picture=False)))
    assert brightest(tab, ".view.image > canvas", 2, 2) == ((1, 0), 1)


def test_the_photograph_is_drawn_in_grey(reader):
    record = attnviz.trace(image=IMAGES / "cat.jpg", heads=2)
    tab = reader.open(record)
    tab.wait_for_timeout(200)
    corner = pixel(tab, ".view.image > canvas", 0.999, 0.001)
    seen = {tuple(pixel(tab, ".view.image > canvas", x / 40 + 0.01, 0.9)[:3]) for x in range(40)}
    assert len(seen) > 10
    assert max(corner[:3]) < 128
    for language in ("ary-Latn", "ary-Arab", "en"):
        reader.choose("language", language)
        assert tab.locator(".view.image > canvas").bounding_box()["height"] > 100


def vit_like(seed=3):
    """Twelve layers of twelve heads over 197 tokens of a photograph: as many as ViT-B/16 has."""
    rng = np.random.default_rng(seed)
    photo = attnviz.trace(image=IMAGES / "cat.jpg", heads=1).stack.query_tokens.where.thumbnail
    tokens = patches(14, 14)
    where = tokens.where
    where = Boxes(where.boxes, where.cells, where.grid, where.size, photo)
    scores = rng.normal(size=(12, 12, 197, 197)).astype(np.float32)
    scores *= np.linspace(0.5, 2.5, 12, dtype=np.float32)[:, None, None, None]
    weights = np.exp(scores)
    weights /= weights.sum(axis=-1, keepdims=True)
    return pictured(weights, tokens_of(tokens.labels, where))


def test_all_heads_of_a_vision_transformer_weigh_little_and_need_few_elements(chromium, tmp_path):
    data = page(vit_like(), Look())
    assert len(data) <= MOST_BYTES
    path = tmp_path / "page.html"
    path.write_bytes(data)
    context = chromium.new_context(viewport={"width": 1300, "height": 850}, offline=True)
    reader = Reader(context, tmp_path)
    reader.tab.goto(path.as_uri(), wait_until="commit")
    reader.drawn("image")
    elements = reader.tab.evaluate("document.querySelectorAll('*').length")
    assert elements <= MOST_ELEMENTS
    context.close()
