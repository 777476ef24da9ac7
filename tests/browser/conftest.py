"""Debian's chromium, driven by Playwright: pages as a reader opens them, from a file, offline."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

import attnviz
from attnviz.views.look import Look
from attnviz.views.page.page import page

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium is not installed"


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox"],  # root has none
        )
        yield browser
        browser.close()


class Reader:
    """A tab with one page, and what went wrong in it."""

    def __init__(self, context, folder):
        self.context, self.folder, self.n = context, folder, 0
        self.tab = context.new_page()
        self.wrong, self.fetched = [], []
        self.tab.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.tab.on(
            "console", lambda said: self.wrong.append(said.text) if said.type == "error" else None
        )
        self.tab.on("dialog", lambda dialog: (self.wrong.append("dialog"), dialog.dismiss()))
        self.tab.on("request", lambda request: self.fetched.append(request.url))

    def open(self, record, look=None, **options):
        """Write the record's page and wait until its picture is there."""
        self.n += 1
        path = self.folder / f"page{self.n}.html"
        path.write_bytes(page(record, replace(look or Look(), **options)))
        return self.open_file(path)

    def open_file(self, path):
        self.tab.goto(path.as_uri())
        self.drawn()
        return self.tab

    def drawn(self, view=None):
        wanted = "html[data-drawn]" if view is None else f"html[data-drawn={view}]"
        self.tab.wait_for_selector(wanted, state="attached")

    def view(self, name):
        self.tab.click(f"#tab-{name}")
        self.drawn(name)

    def choose(self, name, value):
        self.tab.select_option(f"#choose-{name}", value)
        self.settled()

    def settled(self):
        """Two frames later everything that was asked for is drawn."""
        self.tab.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))"  # noqa: E501
        )

    @property
    def heading(self):
        return self.tab.inner_text("aside h2 >> nth=0")

    @property
    def bars(self):
        """The keys beside the picture and their shares, as a reader sees them."""
        rows = self.tab.locator(".bars li")
        return [
            (row.locator("bdi").inner_text(), row.locator("b").inner_text()) for row in rows.all()
        ]


@pytest.fixture
def context(chromium):
    context = chromium.new_context(viewport={"width": 1300, "height": 850}, offline=True)
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def reader(context, tmp_path):
    reader = Reader(context, tmp_path)
    yield reader
    assert reader.wrong == []
    assert [url for url in reader.fetched if not url.startswith("file:")] == []


@pytest.fixture
def layered():
    """Three layers of four heads over eight tokens, pieces and special ones among them."""
    text = "flabbergasting cats sat"
    weights = np.random.default_rng(5).dirichlet(np.full(8, 0.4), size=(3, 4, 8))
    record = attnviz.from_weights(weights.astype(np.float32), list("abcdefgh"))
    tokens = record.stack.query_tokens
    spans = np.array([(0, 0), (0, 6), (6, 10), (10, 14), (15, 18), (18, 19), (20, 23), (0, 0)])
    labels = ("[CLS]", "flabbe", "rgas", "ting", "cat", "s", "sat", "[SEP]")
    pieces = ("[CLS]", "flabbe", "##rgas", "##ting", "cat", "##s", "sat", "[SEP]")
    special = np.array([True] + [False] * 6 + [True])
    tokens = type(tokens)(text, np.arange(8), labels, pieces, spans, special)
    stack = type(record.stack)(tokens, tokens, record.stack.weights)
    return type(record)(record.model, record.type, {"self": stack})
