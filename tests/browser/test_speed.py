"""Bytes and elements at 72 heads of 512 tokens, on the weights of a run like MiniLM's."""

from __future__ import annotations

import numpy as np

import attnviz
from attnviz.views.look import Look
from attnviz.views.page.page import page

MOST_BYTES = 20e6
MOST_ELEMENTS = 2000  # that a browser lays out before anything is seen


def minilm_like():
    """Six layers of twelve heads over 512 tokens: diagonals, sinks and broad rows."""
    rng = np.random.default_rng(7)
    n, place = 512, np.arange(512)
    scores = rng.normal(size=(6, 12, n, n)).astype(np.float32)
    apart = np.abs(place[:, None] - place)
    for layer, head in np.ndindex(6, 12):
        scores[layer, head] *= 0.5 + 0.15 * head
        if head % 3 == 0:
            scores[layer, head] -= 0.05 * apart
        if layer > 2:
            scores[layer, head, :, 0] += 4
    weights = np.exp(scores)
    weights /= weights.sum(axis=-1, keepdims=True)
    return attnviz.from_weights(weights, [f"w{i % 97}" for i in range(n)])


def test_all_heads_are_on_the_screen_at_once(reader, tmp_path):
    data = page(minilm_like(), Look())
    assert len(data) < MOST_BYTES
    path = tmp_path / "page.html"
    path.write_bytes(data)
    reader.tab.goto(path.as_uri(), wait_until="commit")
    reader.tab.wait_for_selector("html[data-heads]", state="attached")
    assert reader.tab.locator(".map canvas").count() == 6 * 13
    reader.drawn("heads")
    assert reader.tab.evaluate("document.querySelectorAll('*').length") <= MOST_ELEMENTS
