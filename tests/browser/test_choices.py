"""What a reader chooses on a page stays in its address, and what is seen can be taken away."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

import attnviz
from attnviz.record.selection import merge
from tests.browser.conftest import Reader
from tests.browser.test_page import SENTENCE, assert_bars, pixel
from tests.views.test_page import resting


def said(reader):
    """The page's address once it has followed."""
    reader.tab.wait_for_timeout(300)
    return reader.tab.evaluate("location.hash")


def opened_at(reader, record, address):
    tab = reader.open(record)
    tab.goto("about:blank")
    tab.goto((reader.folder / f"page{reader.n}.html").as_uri() + address)
    reader.drawn()
    reader.settled()
    return tab


def test_a_link_opens_on_what_it_was_copied_from(reader, layered):
    tab = opened_at(reader, layered, "#view=heatmap&layer=2&head=3&query=sat&key=cat")
    assert tab.get_attribute("#tab-heatmap", "aria-selected") == "true"
    assert tab.input_value("#choose-layer") == "2"
    assert reader.heading == '"sat" looks at'
    assert tab.is_visible(".pinned")
    assert_bars(reader.bars, layered.stack.weights[2, 3, 6], layered.stack.query_tokens.labels)


@pytest.mark.parametrize(
    ("address", "heading"),
    [
        ("#layer=2&head=8&query=nobody", '"flabbe" looks at'),
        ("#layer=99&head=99&query=99999", '"flabbe" looks at'),
        ("#layer=-1&head=1e9&view=nowhere&scale=x&lang=xx&stack=y", '"flabbe" looks at'),
        ("#query=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&with=1.1,9.9,x,1.1", '"flabbe" looks at'),
        ("#%E0%A4%A&query=4", '"cat" looks at'),
        ("#query=flabbergasting", '"flabbe" looks at'),
        ("#query=sat&key=cat&asked=key", 'Who looks at "cat"'),
    ],
)
def test_an_address_that_does_not_fit_does_no_harm(reader, layered, address, heading):
    opened_at(reader, layered, address)
    assert reader.heading == heading


def test_the_address_follows_clicks_and_not_the_mouse(reader, layered):
    tab = reader.open(layered, show="arcs")
    assert said(reader) == ""
    tab.hover("#query-4")
    assert said(reader) == ""
    reader.choose("layer", "1")
    assert said(reader) == "#view=links&layer=1&head=mean"
    tab.click("#query-6")
    assert said(reader) == "#view=links&layer=1&head=mean&query=sat&key=flabbe"
    reader.choose("language", "ary-Arab")
    assert said(reader).endswith("&lang=ary-Arab")
    tab.evaluate("location.hash = '#view=links&layer=2&head=1&query=cat&key=sat'")
    reader.settled()
    assert tab.input_value("#choose-layer") == "2"
    assert "cat" in reader.heading


def test_a_token_that_stands_twice_is_named_by_its_place(reader):
    weights = np.full((1, 2, 4, 4), 0.25, np.float32)
    tab = reader.open(attnviz.from_weights(weights, ["a", "b", "a", "7"]), show="arcs")
    for i, name in enumerate(("0", "b", "2", "3")):
        tab.click(f"#query-{i}")
        assert f"query={name}&" in said(reader)
        tab.click(f"#query-{i}")


def test_the_weight_of_a_pair_in_every_head(reader, layered):
    tab = reader.open(layered, show="heatmap")
    assert tab.locator(".pair-map").count() == 0
    opened_at(reader, layered, "#view=heatmap&query=cat&key=sat")
    weights = layered.stack.weights[:, :, 4, 6]
    order = np.argsort(-weights.ravel())[:3]
    named = tab.locator(".strongest-heads button").all_inner_texts()
    for text, at in zip(named, order, strict=True):
        layer, head = divmod(int(at), 4)
        assert text.startswith(f"layer {layer} · head {head}")
        assert abs(float(text.split()[-1][:-1]) - 100 * weights.ravel()[at]) < 0.11
    tab.click(".strongest-heads button >> nth=0")
    reader.settled()
    layer, head = divmod(int(order[0]), 4)
    assert tab.input_value("#choose-layer") == str(layer)
    assert tab.input_value("#choose-head") == str(head)
    box = tab.locator(".pair-map").bounding_box()
    cell = (box["width"] - 26) / 4
    tab.mouse.click(box["x"] + 26 + 2.5 * cell, box["y"] + 16 + 1.5 * cell)
    reader.settled()
    assert (tab.input_value("#choose-layer"), tab.input_value("#choose-head")) == ("1", "2")
    reader.choose("merge", "words")
    joined = merge(layered.stack, "words").weights[:, :, 2, 3]
    strongest = tab.inner_text(".strongest-heads b >> nth=0")
    assert abs(float(strongest[:-1]) - 100 * joined.max()) < 0.11


def test_a_pair_that_is_masked_everywhere(reader):
    tab = opened_at(reader, attnviz.trace(SENTENCE, type="causal"), "#query=cat&key=tired")
    assert "masked" in tab.inner_text(".pair")


def test_heads_side_by_side(reader, layered):
    tab = reader.open(layered, show="heatmap")
    alone = tab.locator(".sheet canvas").bounding_box()
    tab.select_option("#choose-beside", "2.1")
    reader.settled()
    maps = tab.locator(".sheet canvas")
    assert maps.count() == 2
    first, second = (maps.nth(i).bounding_box() for i in (0, 1))
    assert first["y"] == second["y"]
    assert first["x"] + first["width"] <= second["x"]
    assert "layer 2 · head 1" in tab.inner_text(".sheet figcaption >> nth=1")
    # a pair is chosen in either, and both show it
    tab.mouse.move(second["x"] + second["width"] * 0.6, second["y"] + second["height"] * 0.9)
    assert reader.heading == '"sat" looks at' or reader.heading == '"[SEP]" looks at'
    reader.tab.keyboard.press("Escape")
    tab.click(".sheet button.chip")
    reader.settled()
    assert maps.count() == 1
    assert maps.bounding_box() == alone
    tab.mouse.move(0, 0)
    reader.view("heads")
    for place in ("0 null", "1 3", "2 0"):
        tab.click(f'[data-place="{place}"]', modifiers=[] if place == "0 null" else ["Shift"])
        if place == "0 null":
            reader.view("heads")
        reader.settled()
    assert tab.locator('.map[aria-current="true"]').count() == 3
    assert "&with=1.3%2C2.0" in said(reader)


def test_heads_overlaid_in_colour(reader):
    """Each head looks at another token, so that every line has the colour of one head."""
    weights = np.zeros((1, 2, 3, 3), np.float32)
    weights[0, 0, :, 0] = weights[0, 1, :, 2] = 1
    tab = opened_at(
        reader, attnviz.from_weights(weights, list("abc")), "#view=links&head=0&with=0.1&query=b"
    )
    assert tab.locator(".chips .chip").count() == 2
    height = tab.locator(".between canvas").bounding_box()["height"]
    for row, wanted in ((0, (230, 159, 0)), (2, (86, 180, 233))):
        found = pixel(tab, ".between canvas", 0.98, (26 * row + 13) / height)
        assert np.abs(np.array(found[:3]) - wanted).max() < 40
    tab.click("button.chip")
    reader.settled()
    assert tab.locator(".chip").count() == 0


def test_query_and_key_number_by_number(reader):
    record = attnviz.trace(SENTENCE, keep=("query", "key", "scores"))
    stack = record.stack
    tab = opened_at(reader, record, "#view=heatmap&head=2&query=cat&key=mat")
    query, key = stack.query[0, 2, 1], stack.key[0, 2, 5]
    rows = tab.locator(".product tbody tr")
    assert rows.count() == query.size
    first = [float(cell) for cell in rows.first.locator("td").all_inner_texts()]
    at = int(np.argmax(np.abs(query * key)))
    assert first[0] == at
    assert np.allclose(first[1:], [query[at], key[at], query[at] * key[at]], atol=0.006)
    told = tab.inner_text(".pair p.quiet")
    assert f"{float(query @ key):.2f}" in told
    assert f"{float(stack.scores[0, 2, 1, 5]):.2f}" in told
    tab.keyboard.press("Escape")
    reader.choose("head", "null")
    assert "Choose one head" in tab.inner_text(".pair")


def test_the_picture_of_every_view_is_saved(context, tmp_path, layered):
    reader = Reader(context, tmp_path)
    tab = reader.open(layered)
    for view in ("heads", "heatmap", "links", "text", "table"):
        reader.view(view)
        with tab.expect_download() as download:
            tab.click("#save")
        assert download.value.suggested_filename == f"attnviz-{view}-0.mean.png"
        image = Image.open(io.BytesIO(download.value.path().read_bytes())).convert("RGB")
        seen = tab.locator(f"#view-{view}").bounding_box()
        assert image.width >= 2 * seen["width"]
        assert len(image.getcolors(1 << 24)) > 30
    assert "attnviz-table" in tab.inner_text(".told")
    assert reader.wrong == []


def test_numbers_are_copied_as_a_table(context, tmp_path, layered):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    reader = Reader(context, tmp_path)
    labels = ("=1+1", *layered.stack.query_tokens.labels[1:])
    tokens = replace(layered.stack.query_tokens, labels=labels)
    stack = replace(layered.stack, query_tokens=tokens, key_tokens=tokens)
    tab = opened_at(reader, replace(layered, stacks={"self": stack}), "#layer=1&head=2&with=2.0")
    tab.click("#copy")
    tab.wait_for_selector(".told:not(:empty)")
    lines = [
        line.split("\t") for line in tab.evaluate("navigator.clipboard.readText()").split("\n")
    ]
    assert lines[0] == ["layer 1 · head 2", "'=1+1", *labels[1:]]
    numbers = np.array([line[1:] for line in lines[1:9]], float)
    assert np.abs(numbers - stack.weights[1, 2]).max() < 2e-5
    assert lines[9] == [""]
    assert np.abs(np.array([x[1:] for x in lines[11:19]], float) - stack.weights[2, 0]).max() < 2e-5
    assert reader.wrong == []


@pytest.mark.parametrize("language", ["en", "ary-Latn", "ary-Arab"])
@pytest.mark.parametrize("show", ["grid", "heatmap", "arcs"])
def test_on_a_phone_the_picture_is_near_the_top(chromium, tmp_path, layered, show, language):
    size = {"width": 390, "height": 844}
    context = chromium.new_context(viewport=size, is_mobile=True, has_touch=True)
    reader = Reader(context, tmp_path)
    tab = reader.open(layered, show=show)
    reader.choose("language", language)
    assert tab.locator('[role="tabpanel"]:visible').bounding_box()["y"] <= 200
    assert tab.locator("canvas:visible").first.bounding_box()["y"] <= 200
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_heads_are_named_by_what_they_look_at(reader):
    n = 12
    weights = np.full((2, 3, n, n), 1 / n, np.float32)
    weights[1, 2] = 0
    weights[1, 2, range(1, n), range(n - 1)] = 1
    weights[1, 2, 0, 0] = 1
    tab = reader.open(attnviz.from_weights(weights, [f"w{i}" for i in range(n)]))
    assert tab.locator('[data-place="1 2"] span').all_inner_texts() == ["2", "previous"]
    assert tab.locator('[data-place="1 1"] span').all_inner_texts() == ["1"]
    reader.choose("layer", "1")
    assert tab.locator("#choose-head option").all_inner_texts()[3] == "2 previous"


def test_what_goes_to_special_tokens_is_not_told_where_they_are_hidden(reader):
    tab = reader.open(resting([0]))
    found = tab.locator(".findings")
    expect(found).to_contain_text("left out here")
    tab.check("#choose-hide")
    expect(found).not_to_contain_text("left out here")
    expect(found).to_contain_text("looks at")
    tab.uncheck("#choose-hide")
    expect(found).to_contain_text("left out here")


def test_heads_of_different_layers_are_open_side_by_side(reader, layered):
    tab = reader.open(layered, apart=((2, 1), (0, 3)))
    assert tab.locator(".chip").count() == 2
    assert tab.locator("canvas:visible").count() >= 2
