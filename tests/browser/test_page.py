"""What a reader sees and does, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.analysis.rollout import rollout
from attnviz.record.record import AttentionRecord, Origin
from attnviz.record.selection import hide_special, merge
from attnviz.record.stack import Stack
from attnviz.views.look import Look
from attnviz.views.page.page import page
from attnviz.views.palette import MASKED_PAPER

SENTENCE = "The cat sat on the mat because it was tired"
AUDIO = Path(__file__).parents[2] / "samples" / "audio"
VIEWS = ("heads", "heatmap", "links", "text", "table")


def percent(weight):
    exact = 100 * weight
    return f"{exact:.1f}%" if exact >= 0.95 else None  # smaller ones keep one digit


def expected_bars(row, labels):
    order = np.argsort(-row, kind="stable")[:8]
    return [(labels[i], percent(float(row[i]))) for i in order if row[i] >= 1e-3]


def assert_bars(found, row, labels):
    """The bars are the row's strongest keys, to the last digit but one in rounding."""
    wanted = expected_bars(row, labels)
    assert [label for label, _ in found[: len(wanted)]] == [label for label, _ in wanted]
    for (_, shown), (_, exact) in zip(found, wanted, strict=False):
        if exact is not None:
            assert abs(float(shown[:-1]) - float(exact[:-1])) <= 0.11


def pixel(tab, selector, x, y):
    """The colour at a place of a canvas, in shares of its sides."""
    return tab.eval_on_selector(
        selector,
        """(canvas, [x, y]) => [...canvas.getContext("2d").getImageData(
            Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data]""",
        [x, y],
    )


def test_every_view_draws_something(reader, layered):
    tab = reader.open(layered)
    for view in VIEWS:
        reader.view(view)
        box = tab.locator(f"#view-{view}").bounding_box()
        assert box["height"] > 60
        assert tab.locator('[role="tabpanel"]:visible').count() == 1
        assert tab.get_attribute(f"#tab-{view}", "aria-selected") == "true"


def test_the_grid_has_every_layer_and_head_and_opens_one(reader, layered):
    tab = reader.open(layered)
    assert tab.locator(".map").count() == 3 * (4 + 1)  # the mean of each layer too
    colours = {
        tuple(pixel(tab, '[data-place="2 1"] canvas', (i + 0.5) / 8, (j + 0.5) / 8))
        for i in range(8)
        for j in range(8)
    }
    assert len(colours) > 8  # a picture, not a plate
    tab.click('[data-place="2 1"]')
    reader.drawn("heatmap")
    assert tab.input_value("#choose-layer") == "2"
    assert tab.input_value("#choose-head") == "1"
    labels = layered.stack.query_tokens.labels
    assert reader.heading == '"flabbe" looks at'
    assert_bars(reader.bars, layered.stack.weights[2, 1, 1], labels)


def test_brightness_follows_the_weights(reader):
    weights = np.array([[[0.9, 0.1, 0.0], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4]]], np.float32)
    tab = reader.open(attnviz.from_weights(weights, list("abc")), show="grid")
    light = [
        sum(pixel(tab, ".map canvas", (j + 0.5) / 3, (i + 0.5) / 3)[:3])
        for i in range(3)
        for j in range(3)
    ]
    assert list(np.argsort(light, kind="stable")[-2:]) == list(np.argsort(weights.ravel())[-2:])
    assert light[0] > light[4] > light[8] > light[5] > light[1] > light[2]


def test_choosing_a_layer_a_head_and_the_mean(reader, layered):
    reader.open(layered, show="heatmap")
    labels, weights = layered.stack.query_tokens.labels, layered.stack.weights
    for layer, head in ((0, "null"), (2, "3"), (1, "null")):
        reader.choose("layer", str(layer))
        reader.choose("head", head)
        row = weights[layer].mean(axis=0) if head == "null" else weights[layer, int(head)]
        assert_bars(reader.bars, row[1], labels)


def test_hovering_looks_and_clicking_pins(reader, layered):
    tab = reader.open(layered, show="arcs")
    tab.hover("#query-4")
    assert reader.heading == '"cat" looks at'
    tab.hover("#query-6")
    assert reader.heading == '"sat" looks at'
    assert not tab.is_visible(".pinned")
    tab.click("#query-2")
    tab.hover("#query-6")
    assert reader.heading == '"rgas" looks at'
    assert tab.is_visible(".pinned")
    tab.keyboard.press("Escape")
    assert not tab.is_visible(".pinned")
    tab.hover("#key-3")
    assert reader.heading == 'Who looks at "ting"'
    column = layered.stack.weights[0].mean(axis=0)[:, 3]
    assert_bars(reader.bars, column, layered.stack.query_tokens.labels)


def test_pointing_at_the_heatmap_finds_its_pair(reader, layered):
    tab = reader.open(layered, show="heatmap")
    place = tab.locator(".sheet canvas")
    box = place.bounding_box()
    seen = set()
    for y in range(40, int(box["height"]), 25):
        tab.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + y)
        seen.add(reader.heading)
    assert {f'"{label}" looks at' for label in layered.stack.query_tokens.labels} <= seen
    tab.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.7)
    pinned = reader.heading
    tab.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.9)
    assert reader.heading == pinned


def test_merged_words_and_hidden_tokens_have_the_numbers_of_the_command_line(reader, layered):
    reader.open(layered, Look(1, (2,)), show="heatmap")
    reader.choose("merge", "words")
    stack = merge(layered.stack, "words")
    assert reader.heading == '"flabbergasting" looks at'
    assert_bars(reader.bars, stack.weights[1, 2, 1], stack.query_tokens.labels)
    reader.tab.check("#choose-hide")
    reader.settled()
    hidden, share = hide_special(stack)
    assert_bars(reader.bars, hidden.weights[1, 2, 0], hidden.query_tokens.labels)
    told = reader.tab.locator("details p").all_inner_texts()
    reader.tab.click("details >> nth=0")
    told = " ".join(reader.tab.locator("details p").all_inner_texts())
    assert f"{round(100 * float(share[1, 2]))}% of the weight" in told


def test_rollout_can_be_chosen(reader, layered):
    reader.open(layered, show="heatmap")
    reader.choose("source", "1")
    reader.choose("layer", "2")
    assert "rollout" in reader.tab.inner_text("h1")
    assert reader.tab.inner_text("aside h2 small").startswith("layer 2 · rollout")
    row = rollout(layered.stack).weights[2, 0, 1]
    assert_bars(reader.bars, row, layered.stack.query_tokens.labels)


def test_scales_change_the_picture_and_say_so(reader):
    weights = np.full((1, 6, 6), 0.02, np.float32)
    weights[..., 0] = 0.8
    weights[:, range(6), range(6)] += 0.1
    weights /= weights.sum(axis=-1, keepdims=True)
    tab = reader.open(attnviz.from_weights(weights, list("abcdef")), show="heatmap")
    assert re.fullmatch(r"\d+% goes to \"a\": scaled without it", tab.inner_text(".note"))
    pictures = set()
    notes = {"linear": "", "log": "log scale", "rank": "rank scale", "no-sink": "goes to"}
    for scale, note in notes.items():
        reader.choose("scale", scale)
        assert note in tab.inner_text(".note")
        pictures.add(tab.eval_on_selector(".sheet canvas", "(canvas) => canvas.toDataURL()"))
    assert len(pictures) == 4


def colours(tab, selector=".sheet canvas"):
    """Every colour of a canvas that fills more than a hundredth of it."""
    return tab.eval_on_selector(
        selector,
        """(canvas) => {
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            const found = {};
            for (let i = 0; i < data.length; i += 4) {
                const name = data.slice(i, i + 4).join(" ");
                found[name] = (found[name] ?? 0) + 1;
            }
            return Object.keys(found).filter((name) => found[name] > data.length / 400);
        }""",
    )


def closer(reader, record, times=6):
    tab = reader.open(record, show="heatmap")
    for _ in range(times):
        tab.click(".zoom button >> nth=0")
        reader.settled()
    return tab


MASKED = " ".join(map(str, (*MASKED_PAPER, 255)))
BLANK = "255 255 255 255"


@pytest.mark.parametrize(
    ("options", "shown", "told"),
    [
        ({"type": "local"}, {MASKED}, ["grey = masked"]),
        ({"type": "causal"}, {MASKED, BLANK}, ["blank = not kept", "grey = masked"]),
        ({}, {BLANK}, ["blank = not kept"]),
        ({"type": "global"}, {BLANK}, ["blank = not kept, or masked"]),
    ],
)
def test_masked_pairs_and_those_that_were_not_kept_look_apart(reader, options, shown, told):
    words = " ".join(f"w{i}" for i in range(1200))
    tab = closer(reader, attnviz.trace(words, heads=2, max_memory=2_000_000, **options), 4)
    assert {MASKED, BLANK} & set(colours(tab)) == shown
    assert tab.inner_text(".note").split(" · ")[1:] == told
    assert ". ·" not in tab.inner_text(".note")


def test_a_pair_without_a_weight_is_told_as_what_it_is(reader):
    words = " ".join(f"w{i}" for i in range(1200))
    for kind, told in (("causal", ("not kept", "masked")), ("self", ("not kept", "not kept"))):
        record = attnviz.trace(words, type=kind, heads=2, max_memory=2_000_000)
        tab = reader.open(record, show="heatmap")
        tab.locator(".sheet canvas").focus()
        for _ in range(50):
            tab.keyboard.press("Shift+ArrowDown")
        for _ in range(12):
            tab.keyboard.press("Shift+ArrowRight")
        assert tab.text_content("#said") == f"w500 → w120: {told[0]}"
        for _ in range(90):
            tab.keyboard.press("Shift+ArrowRight")
        assert tab.text_content("#said") == f"w500 → w1020: {told[1]}"


def backgrounds(tab, selector):
    return tab.eval_on_selector_all(selector, "(all) => all.map((one) => one.style.background)")


def test_lines_and_text_are_on_the_scale_that_the_legend_names(reader):
    weights = np.full((1, 6, 6), 0.02, np.float32)
    weights[..., 0] = 0.8
    weights += np.random.default_rng(2).random((6, 6), np.float32) / 9
    weights /= weights.sum(axis=-1, keepdims=True)
    tab = reader.open(attnviz.from_weights(weights, list("abcdef")), show="arcs")
    for view, tokens in (("links", ".keys div"), ("text", ".token")):
        reader.view(view)
        tab.keyboard.press("ArrowDown")
        seen = {}
        for scale in ("linear", "log", "rank", "no-sink"):
            reader.choose("scale", scale)
            seen[scale] = backgrounds(tab, tokens)
        assert len(set(map(tuple, seen.values()))) == 4
        assert len(set(seen["rank"])) == 6  # evenly from darkest to brightest
        assert len({seen[scale][0] for scale in seen}) == 1  # the sink is brightest on each


@pytest.mark.parametrize("view", ["heatmap", "links"])
def test_what_was_kept_is_on_the_chosen_scale(reader, view):
    record = attnviz.trace(" ".join(["a", "b"] * 600), type="local", heads=2, max_memory=2_000_000)
    tab = reader.open(record, show="heatmap")
    for _ in range(6):
        tab.click(".zoom button >> nth=0")
        reader.settled()
    reader.view(view)
    pictures = set()
    for scale in ("linear", "log", "rank"):
        reader.choose("scale", scale)
        assert scale == "linear" or f"{scale} scale" in tab.inner_text(".note")
        canvas = f"#view-{view} canvas"
        pictures.add(tab.eval_on_selector(canvas, "(canvas) => canvas.toDataURL()"))
    assert len(pictures) == 3


def test_masked_pairs_are_told_from_small_ones(reader):
    tab = reader.open(attnviz.trace(SENTENCE, type="causal"), show="heatmap")
    assert "grey = masked" in tab.inner_text(".note")
    reader.view("table")
    cells = tab.locator("#view-table tbody tr >> nth=2").locator("td").all_inner_texts()
    assert ["·" in cell for cell in cells] == [False] * 3 + [True] * 7
    assert tab.locator("#view-table td.hidden-pair").count() == 45


def test_the_table_reads_as_a_table(reader, layered):
    tab = reader.open(layered, Look(1, (2,)), show="heatmap")
    reader.view("table")
    labels = list(layered.stack.query_tokens.labels)
    assert tab.locator('#view-table thead th[scope="col"]').all_inner_texts() == labels
    assert tab.locator('#view-table tbody th[scope="row"]').all_inner_texts() == labels
    assert "layer 1 · head 2" in tab.inner_text("#view-table caption")
    tree = tab.locator("#view-table").aria_snapshot()
    assert "table" in tree
    assert 'rowheader "flabbe"' in tree
    assert 'columnheader "[CLS]"' in tree
    shown = tab.locator("#view-table tbody tr >> nth=3").locator("td").all_inner_texts()
    for cell, weight in zip(shown, layered.stack.weights[1, 2, 3], strict=True):
        assert abs(float(cell[:-1]) / 100 - weight) < max(0.00055, weight * 0.1)


@pytest.mark.parametrize("n", [3, 41])
def test_the_table_cuts_long_labels_for_the_eye_only(reader, n):
    weights = np.full((1, n, n), 1 / n, np.float32)
    long = "W" * 500
    tab = reader.open(attnviz.from_weights(weights, [long, *map(str, range(1, n))]))
    reader.view("table")
    header = tab.locator('#view-table tbody th[scope="row"]').first
    assert header.bounding_box()["width"] < 200
    assert header.inner_text() == long
    assert header.locator("bdi").get_attribute("title") == long
    for cell in tab.locator("#view-table tbody tr >> nth=1").locator("td").all():
        assert cell.bounding_box()["width"] < 300


def test_the_text_is_the_text_and_shows_where_a_token_looks(reader):
    text = "The cat,  it's\nnot-so 7 big."
    tab = reader.open(attnviz.trace(text, heads=1))
    reader.view("text")
    assert tab.locator(".plate").inner_text() == text
    tab.hover('.token >> text="cat"')
    assert reader.heading == '"cat" looks at'
    assert tab.locator(".token.chosen").inner_text() == "cat"
    strongest = reader.bars[0][0]
    backs = {
        token.inner_text(): token.evaluate("(one) => getComputedStyle(one).backgroundColor")
        for token in tab.locator(".token").all()
    }
    assert backs[strongest] == "rgb(251, 244, 136)"  # the ramp's brightest


def test_keys_do_everything(reader, layered):
    tab = reader.open(layered)
    for i, view in enumerate(VIEWS, start=1):
        tab.keyboard.press(str(i))
        reader.drawn(view)
    tab.keyboard.press("2")
    reader.drawn("heatmap")
    tab.keyboard.press("j")
    tab.keyboard.press("l")
    tab.keyboard.press("l")
    reader.settled()
    assert (tab.input_value("#choose-layer"), tab.input_value("#choose-head")) == ("1", "1")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowRight")
    assert reader.heading == '"ting" looks at'
    weight = layered.stack.weights[1, 1, 3, 2]
    assert tab.inner_text("#said").startswith("ting → rgas: ")
    assert f"{round(100 * float(weight))}%" in tab.inner_text("#said")
    tab.keyboard.press("Enter")
    assert tab.is_visible(".pinned")
    tab.keyboard.press("Escape")
    assert not tab.is_visible(".pinned")
    tab.keyboard.press("m")
    reader.settled()
    assert tab.input_value("#choose-merge") == "words"
    tab.keyboard.press("x")
    reader.settled()
    assert tab.is_checked("#choose-hide")
    tab.keyboard.press("s")
    reader.settled()
    assert tab.input_value("#choose-scale") == "linear"
    tab.keyboard.press("d")
    reader.settled()
    assert tab.get_attribute("html", "data-theme") == "dark"
    tab.keyboard.press("g")
    reader.settled()
    assert tab.get_attribute("html", "lang") == "ary-Latn"


def language(tab):
    return tab.get_attribute("html", "lang")


def test_the_keys_go_on_in_the_next_language(reader, layered):
    tab = reader.open(layered)
    for wanted in ("ary-Latn", "ary-Arab", "en"):
        tab.keyboard.press("g")
        reader.settled()
        assert language(tab) == wanted
    tab.keyboard.press("2")
    reader.drawn("heatmap")
    place = ".sheet canvas"
    tab.focus(place)
    tab.keyboard.press("g")
    reader.settled()
    assert tab.evaluate(f"document.activeElement === document.querySelector('{place}')")
    tab.keyboard.press("ArrowDown")
    assert '"rgas"' in reader.heading


def test_the_focus_stays_where_the_language_was_chosen(reader, layered):
    tab = reader.open(layered)
    tab.focus("#choose-language")
    reader.choose("language", "ary-Latn")
    assert tab.evaluate("document.activeElement.id") == "choose-language"
    tab.focus('[data-place="1 2"]')
    tab.keyboard.press("g")
    reader.settled()
    assert tab.evaluate("document.activeElement.dataset.place") == "1 2"


def test_tab_reaches_every_control_and_the_view(reader, layered):
    tab = reader.open(layered, show="heatmap")
    reached = set()
    for _ in range(40):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("document.activeElement.id || document.activeElement.tagName"))
    choices = ("language", "theme", "source", "layer", "head", "scale", "merge", "hide")
    wanted = {f"choose-{name}" for name in choices}
    assert wanted | {"tab-heatmap", "CANVAS", "SUMMARY"} <= reached
    reader.view("heads")
    tab.focus('[data-place="0 null"]')
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("document.activeElement.dataset.place") == "1 0"
    tab.keyboard.press("Enter")
    reader.drawn("heatmap")
    assert tab.input_value("#choose-layer") == "1"


def test_three_languages_with_a_switch(reader):
    tab = reader.open(attnviz.trace(SENTENCE, type="local"))
    assert tab.get_attribute("html", "dir") == "ltr"
    assert "What the weights show" in tab.inner_text("aside")
    reader.choose("language", "ary-Latn")
    assert "Chno kaybeyyno had lweights" in tab.inner_text("aside")
    assert "9ell b 56%" in tab.inner_text(".findings")
    reader.choose("language", "ary-Arab")
    assert tab.get_attribute("html", "dir") == "rtl"
    assert tab.get_attribute("html", "lang") == "ary-Arab"
    assert "شنو كيبينو هاد الـ weights" in tab.inner_text("aside")
    assert tab.locator(".findings bdi").count() > 5
    assert not tab.evaluate("/[\\u2066-\\u2069{}]/.test(document.getElementById('page').innerText)")
    aside, picture = (tab.locator(one).bounding_box() for one in ("aside", ".picture"))
    assert aside["x"] < picture["x"]  # the page runs from right to left
    box = tab.locator(".sheet canvas").bounding_box()
    tab.mouse.move(box["x"] + 90, box["y"] + box["height"] - 12)
    last = reader.heading
    tab.mouse.move(box["x"] + box["width"] - 20, box["y"] + 60)
    assert "tired" in last  # and the picture from left to right, from the top down
    assert "The" in reader.heading


def reads_from_the_right(tab, selector):
    """Whether the first letters of a sentence stand at the right of its last ones."""
    return tab.locator(selector).evaluate(
        """(sentence) => {
            const walk = document.createTreeWalker(sentence, NodeFilter.SHOW_TEXT), texts = [];
            while (walk.nextNode()) if (walk.currentNode.length) texts.push(walk.currentNode);
            const box = (text, at) => {
                const range = document.createRange();
                range.setStart(text, at);
                range.setEnd(text, at + 1);
                return range.getBoundingClientRect();
            };
            const last = texts.at(-1);
            return box(texts[0], 0).left > box(last, last.length - 1).left;
        }"""
    )


def test_sentences_beside_pictures_read_in_their_own_direction(reader):
    causal = attnviz.trace("القط ناعس حدا الباب", type="causal", heads=2)
    tab = reader.open(causal, show="heatmap")
    reader.choose("language", "ary-Arab")
    for scale in ("auto", "no-sink"):
        reader.choose("scale", scale)
        assert reads_from_the_right(tab, ".note > bdi >> nth=0")
        assert tab.locator(".legend .note").get_attribute("dir") == "rtl"
    assert tab.locator(".note bdi bdi >> text=%").count() == 1  # its number by itself
    reader.view("table")
    assert tab.locator("caption").get_attribute("dir") == "rtl"
    assert reads_from_the_right(tab, "caption")
    reader.choose("language", "en")
    assert tab.locator("caption").get_attribute("dir") == "ltr"
    assert not reads_from_the_right(tab, "caption")


def test_the_range_of_a_long_text_reads_in_its_own_direction(reader):
    record = attnviz.trace(" ".join(["w"] * 1200), type="local", heads=1, max_memory=2_000_000)
    tab = reader.open(record, show="heatmap")
    reader.choose("language", "ary-Arab")
    for _ in range(4):
        tab.click(".zoom button >> nth=0")
        reader.settled()
    assert reads_from_the_right(tab, ".zoom .part > bdi >> nth=0")
    numbers = tab.locator(".zoom .part > bdi").first.locator("bdi").all_inner_texts()
    assert [number.replace("\u202f", "").isdigit() for number in numbers] == [True] * 3
    for view in ("links", "text"):
        reader.view(view)
        assert reads_from_the_right(tab, f"#view-{view} .part")


def test_keys_that_are_told_keep_their_names_apart(reader, layered):
    tab = reader.open(layered)
    reader.choose("language", "ary-Arab")
    tab.click("aside details >> nth=1")
    assert "Heatmap" in tab.locator("dd").first.locator("bdi").all_inner_texts()


def test_a_screen_reader_hears_tokens_and_shares_apart(reader, layered):
    tab = reader.open(layered, show="arcs")
    tab.keyboard.press("ArrowDown")
    told = ", ".join(f"{label} {share}" for label, share in reader.bars[:3])
    assert tab.text_content("#said") == f"{reader.heading} {told}"


def test_arabic_text_reads_from_the_right(reader):
    tab = reader.open(attnviz.trace("القط ناعس حدا الباب", heads=2))
    reader.view("text")
    plate = tab.locator(".plate")
    assert plate.get_attribute("dir") == "rtl"
    first, second = (plate.locator(".token >> nth=" + str(i)).bounding_box() for i in (0, 1))
    assert first["x"] > second["x"]
    plate.focus()
    tab.keyboard.press("ArrowLeft")  # onward, as the text runs
    assert "ناعس" in reader.heading
    assert tab.locator("aside h2 bdi").first.get_attribute("dir") == "auto"


def test_light_and_dark(chromium, tmp_path, layered):
    from tests.browser.conftest import Reader

    for scheme in ("light", "dark"):
        context = chromium.new_context(color_scheme=scheme)
        reader = Reader(context, tmp_path)
        tab = reader.open(layered)
        paper = "getComputedStyle(document.body).backgroundColor"
        assert tab.get_attribute("html", "data-theme") == scheme
        first = tab.evaluate(paper)
        tab.select_option("#choose-theme", "light" if scheme == "dark" else "dark")
        reader.settled()
        assert tab.evaluate(paper) != first
        assert reader.wrong == []
        context.close()


def test_stacks_of_an_encoder_decoder(reader):
    rng = np.random.default_rng(3)
    given = {
        n: attnviz.from_weights(np.eye(n), list("abcd")[:n]).stack.query_tokens for n in (3, 4)
    }
    sides = {"encoder": (4, 4), "decoder": (3, 3), "cross": (3, 4)}
    stacks = {
        name: Stack(
            given[q], given[k], rng.dirichlet(np.ones(k), size=(2, 2, q)).astype(np.float32),
            two_texts=q != k,
        )
        for name, (q, k) in sides.items()
    }  # fmt: skip
    tab = reader.open(AttentionRecord(Origin("tiny", "trained"), "cross", stacks), show="heatmap")
    assert_bars(reader.bars, stacks["cross"].weights[0].mean(axis=0)[0], "abcd")
    reader.view("text")
    assert tab.locator(".plate").count() == 2
    reader.choose("stack", "1")
    assert tab.locator(".plate").count() == 1
    assert_bars(reader.bars, stacks["encoder"].weights[0].mean(axis=0)[0], "abcd")


def test_a_long_record_zooms_down_to_what_was_kept(reader):
    words = " ".join(f"w{i}" for i in range(3000))
    record = attnviz.trace(words, type="local", heads=2, max_memory=6_000_000)
    assert record.stack.weights is None
    tab = reader.open(record, show="heatmap")
    assert reader.heading == '"w0" looks at'
    assert not tab.locator("#choose-merge").count()
    for _ in range(9):
        tab.click(".zoom button >> nth=0")
        reader.settled()
    part = re.search(r"tokens (\d+) to (\d+) of 3\u202f000", tab.inner_text(".zoom"))
    assert int(part[2]) - int(part[1]) < 12
    tab.locator(".sheet canvas").focus()
    for _ in range(3):
        tab.keyboard.press("Shift+ArrowDown")
        tab.keyboard.press("Shift+ArrowRight")
    reader.settled()
    assert reader.heading == '"w30" looks at'
    keys, weights = record.stack.strongest(0, "mean", 8)
    row = np.zeros(3000)
    row[keys[30]] = weights[30]
    assert_bars(reader.bars, row, [f"w{i}" for i in range(3000)])
    assert "for each query the" in tab.inner_text(".note")
    for view in ("links", "text", "table"):
        reader.view(view)
        assert "of 3\u202f000" in tab.inner_text(f"#view-{view}")


@pytest.mark.parametrize("kept", [True, False])
def test_the_chosen_token_is_in_sight_in_every_view(reader, kept):
    words = " ".join(f"w{i}" for i in range(1400 if kept else 500))
    memory = 2_000_000 if kept else None
    tab = reader.open(attnviz.trace(words, heads=1, max_memory=memory), show="heatmap")
    box = tab.locator(".sheet canvas").bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    chosen = {
        "links": ".queries [aria-selected]", "text": ".token.chosen", "table": "tr.chosen",
    }  # fmt: skip
    for i, (view, selector) in enumerate(chosen.items(), start=3):
        tab.keyboard.press(str(i))
        reader.drawn(view)
        place = tab.locator(selector).bounding_box()
        assert 0 <= place["y"] <= 850 - place["height"]
    tab.evaluate("scrollTo(0, 0)")  # what a reader scrolls to stays
    reader.choose("scale", "log")
    assert tab.evaluate("scrollY") == 0


def test_a_phone_has_no_sideways_scrolling(chromium, tmp_path, layered):
    from tests.browser.conftest import Reader

    size = {"width": 390, "height": 844}
    context = chromium.new_context(viewport=size, is_mobile=True, has_touch=True)
    reader = Reader(context, tmp_path)
    for record in (layered, attnviz.trace(SENTENCE)):
        for language in ("en", "ary-Arab"):
            tab = reader.open(record)
            reader.choose("language", language)
            for view in VIEWS:
                reader.view(view)
                assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.tap("#tab-links")
    tab.tap("#query-3")
    assert tab.is_visible(".pinned")
    assert reader.wrong == []
    context.close()


def test_what_goes_on_beyond_an_edge_fades_there(chromium, tmp_path):
    from tests.browser.conftest import Reader

    weights = np.full((2, 12, 5, 5), 0.2, np.float32)
    record = attnviz.from_weights(weights, list("abcde"))
    for width, fades in ((390, True), (1024, False), (1300, False)):
        context = chromium.new_context(viewport={"width": width, "height": 800})
        reader = Reader(context, tmp_path)
        tab = reader.open(record)
        heads = tab.locator("#view-heads")
        assert heads.evaluate("(one) => one.matches('.more')") == fades
        assert heads.evaluate("(one) => one.scrollWidth > one.clientWidth + 2") == fades
        heads.evaluate("(one) => one.scrollTo(5000, 0)")
        reader.settled()
        assert not heads.evaluate("(one) => one.matches('.more')")
        assert reader.wrong == []
        context.close()


def test_small_weights_are_told_from_none(reader):
    weights = np.array([[[0.99998, 0.00002, 0.0]] * 3], np.float32)
    tab = reader.open(attnviz.from_weights(weights, list("abc")))
    reader.view("table")
    cells = tab.locator("#view-table tbody tr >> nth=0").locator("td").all_inner_texts()
    assert cells == ["100.0%", "<0.01%", "0%"]


def test_a_browser_that_cannot_unpack_says_so(context, tmp_path, layered):
    from tests.browser.conftest import Reader

    context.add_init_script("delete globalThis.DecompressionStream")
    reader = Reader(context, tmp_path)
    path = tmp_path / "page.html"
    from attnviz.views.page.page import page

    path.write_bytes(page(layered, Look()))
    reader.tab.goto(path.as_uri())
    reader.tab.wait_for_selector(".old")
    assert "cannot unpack" in reader.tab.inner_text(".old")
    assert reader.wrong == []


@pytest.mark.parametrize("word", ["</bdi>", "{query}", "$&", "{{tree}}", "\u2067"])
def test_a_token_is_shown_as_it_is(reader, word):
    weights = np.full((1, 3, 3), 1 / 3, np.float32)
    reader.open(attnviz.from_weights(weights, [word, "b", "c"]), show="heatmap")
    shown = "⟨U+2067⟩" if word == "\u2067" else word
    assert reader.heading == f'"{shown}" looks at'
    assert (shown, "33.3%") in reader.bars


def test_the_wheel_comes_closer_and_dragging_moves(reader):
    tab = reader.open(attnviz.trace(" ".join(f"w{i}" for i in range(60)), heads=1), show="heatmap")
    box = tab.locator(".sheet canvas").bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.keyboard.down("Control")
    for _ in range(3):
        tab.mouse.wheel(0, -100)
        reader.settled()
    tab.keyboard.up("Control")

    def part():
        return [int(n) for n in re.findall(r"tokens (\d+) to (\d+)", tab.inner_text(".zoom"))[0]]

    before = part()
    assert before[1] - before[0] < 30
    box = tab.locator(".sheet canvas").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.mouse.move(*middle)
    tab.mouse.down()
    tab.mouse.move(middle[0] + 80, middle[1] + 80, steps=4)
    tab.mouse.up()
    reader.settled()
    assert part()[0] < before[0]
    assert part()[1] - part()[0] == before[1] - before[0]
    assert not tab.is_visible(".pinned")  # dragging is no click
    tab.keyboard.press("0")
    reader.settled()
    assert "tokens" not in tab.inner_text(".zoom")


@pytest.mark.parametrize(("layers", "heads", "n"), [(1, 1, 1), (1, 1, 2), (24, 16, 5), (2, 1, 40)])
def test_any_shape(reader, layers, heads, n):
    rng = np.random.default_rng(n)
    weights = rng.dirichlet(np.ones(n), size=(layers, heads, n)).astype(np.float32)
    tab = reader.open(attnviz.from_weights(weights, [f"t{i}" for i in range(n)]))
    for view in VIEWS:
        reader.view(view)
    assert tab.locator(".map").count() == layers * (heads + (heads > 1))
    assert_bars(reader.bars, weights[0].mean(axis=0)[0], [f"t{i}" for i in range(n)])


def test_a_step_of_a_written_text_is_clicked(reader):
    written = attnviz.generate(ids=[3, 7, 9, 4, 3, 7], model="induction", max_new_tokens=4)
    record = written.record
    tab = reader.open(record, Look(0, (), (0, 1), "timeline"))
    assert tab.get_attribute("#tab-timeline", "aria-selected") == "true"
    rows = tab.locator(".steps tr[data-row]")
    assert rows.count() == 4
    weights = record.stack.weights.mean(axis=(0, 1), dtype=np.float64)
    for i, step in enumerate(written.steps):
        row = weights[5 + i]
        shares = [row[0], row[1:6].sum(), row[6:].sum()]
        cells = rows.nth(i).locator("td.share").all_inner_texts()
        assert cells == [f"{round(100 * share)}%" for share in shares]
        assert rows.nth(i).locator("th").inner_text() == step.label
    rows.nth(2).click()
    reader.settled()
    assert reader.heading == f'"{record.stack.query_tokens.labels[7]}" looks at'
    assert tab.locator("tr.others small").count() == 5
    assert_bars(reader.bars, record.stack.weights[0].mean(axis=0)[7], record.stack.key_tokens.names)
    tab.keyboard.press("ArrowDown")
    reader.settled()
    assert tab.locator("tr.chosen").get_attribute("data-row") == "3"
    reader.choose("language", "ary-Latn")
    assert "mektoub" in tab.locator(".steps thead").inner_text()


def shown_weights(tab, line):
    """How many frames a line of the sound draws, and which of them is brightest."""
    return tab.evaluate(
        """(line) => {
            const canvas = document.querySelectorAll(".over-time > canvas")[line];
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, 1).data;
            const sums = Array.from({ length: canvas.width }, (_, i) =>
                data[4 * i] + data[4 * i + 1] + data[4 * i + 2]);
            return [canvas.width, sums.indexOf(Math.max(...sums))];
        }""",
        line,
    )


def lit(tab):
    """Which frame of the spectrogram is lit most."""
    return tab.evaluate(
        """() => {
            const canvas = document.querySelector(".light");
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, 1).data;
            const alphas = Array.from({ length: canvas.width }, (_, i) => data[4 * i + 3]);
            return alphas.indexOf(Math.max(...alphas));
        }"""
    )


def test_a_word_that_is_pointed_at_lights_its_moment(reader):
    record = attnviz.trace("Yesterday my brother bought fish", audio=AUDIO / "english.wav")
    tab = reader.open(record)
    reader.drawn("sound")
    weights = record.stack.weights[0].mean(axis=0)
    lines = tab.locator(".over-time button")
    assert lines.all_inner_texts() == list(record.stack.query_tokens.labels)
    for i, row in enumerate(weights):
        assert shown_weights(tab, i) == [weights.shape[1], int(row.argmax())]
        lines.nth(i).hover()
        reader.settled()
        assert lit(tab) == int(row.argmax())
    assert "nothing was recognised" in tab.locator("#view-sound").inner_text()
    tab.keyboard.press("ArrowUp")
    reader.settled()
    assert lit(tab) == int(weights[-2].argmax())
    reader.choose("language", "ary-Latn")
    assert tab.locator("#tab-sound").inner_text() == "M3a lwe9t"


def test_a_moment_that_is_clicked_listens(reader):
    record = attnviz.trace(audio=AUDIO / "tones.wav")
    tab = reader.open(record)
    reader.drawn("sound")
    assert tab.locator(".over-time button").count() == 1 + record.stack.n_heads
    box = tab.locator(".spectrogram").bounding_box()
    n = record.stack.shape[1]
    tab.mouse.click(box["x"] + box["width"] * (20.5 / n), box["y"] + 20)
    reader.settled()
    assert reader.heading == f'"{record.stack.query_tokens.labels[20]}" looks at'
    assert lit(tab) == int(record.stack.weights[0].mean(axis=0)[20].argmax())
    tab.locator(".over-time button").nth(3).click()
    reader.settled()
    assert tab.input_value("#choose-head") == "2"
    assert lit(tab) == int(record.stack.weights[0, 2, 20].argmax())


def test_a_text_that_nobody_wrote_has_no_timeline(reader, layered):
    tab = reader.open(layered)
    assert tab.locator("#tab-timeline").count() == 0


def test_a_sound_that_was_kept_is_played(reader):
    """The browser plays what the record holds, and a line runs along until its end."""
    record = attnviz.trace(audio=AUDIO / "english.wav", heads=2)
    where = record.stack.key_tokens.where
    tab = reader.open(record)
    played = tab.evaluate(
        """() => {
            const real = AudioContext.prototype.createBuffer;
            AudioContext.prototype.createBuffer = function (...given) {
                const buffer = real.apply(this, given), put = buffer.copyToChannel;
                window.told = given;
                buffer.copyToChannel = (samples, channel) => {
                    window.samples = [...samples.slice(0, 4000)];
                    return put.call(buffer, samples, channel);
                };
                return buffer;
            };
        }"""
    )
    assert played is None
    tab.click("#play")
    tab.wait_for_selector(".cursor:not([hidden])", state="attached")
    assert tab.evaluate("told") == [1, where.voice.size, 8000]
    shares = (where.voice[:4000].astype(float) - 127.5) / 127.5
    heard = np.sign(shares) * (256 ** np.abs(shares) - 1) / 255
    assert np.abs(np.array(tab.evaluate("samples")) - heard).max() < 1e-5
    tab.click("#play")
    assert not tab.is_visible(".cursor")
    assert "Play" in tab.inner_text("#play")
    tab = reader.open(record.without_media())
    assert tab.locator("#play").count() == 0


def test_words_of_a_transcript_light_the_moment_they_were_said(reader):
    record = attnviz.trace("Yesterday my brother bought fish", audio=AUDIO / "english.wav")
    spans = [(0.0, 0.5), (0.5, 0.8), (0.8, 1.2), (1.2, 1.6), (1.6, 2.0)]
    path = reader.folder / "words.html"
    path.write_bytes(page(record, Look(), spans))
    tab = reader.open_file(path)
    whole = tab.locator(".spectrogram").bounding_box()
    last = record.stack.key_tokens.where.times[-1, 1]
    for i, (begin, end) in enumerate(spans):
        tab.locator(".over-time button").nth(i).hover()
        reader.settled()
        lit = tab.locator(".said-span").bounding_box()
        assert abs((lit["x"] - whole["x"]) / whole["width"] - begin / last) < 0.03
        assert abs(lit["width"] / whole["width"] - (end - begin) / last) < 0.03
