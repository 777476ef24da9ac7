"""Tokens that would like to be markup or script: nothing of them runs, nothing moves."""

from __future__ import annotations

import dataclasses
import json

import numpy as np

import attnviz
from attnviz.views.look import Look
from attnviz.views.page.page import page

RUN = "document.documentElement.dataset.run = 1"
HOSTILE = [
    f"</script><script>{RUN}</script>", f'<img src=x onerror="{RUN}">', f"<svg/onload={RUN}>",
    "<!--",
    "<!--<script>", "-->", "]]>", f'"><script>{RUN}</script>', f"'-{RUN}-'", f"javascript:{RUN}",
    "</title>", "</style>", "\\u003cscript\\u003e", "&lt;script&gt;", "\u202eabc", "\u2066\u2067",
    "\u2069", "\ud800", "\udfff\ud800", "\x00", "\u2028", "{{script}}", "a" * 300, "ﷺ" * 40,
    "e" + "\u0301" * 60,
]  # fmt: skip
WATCH = """
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) => {
        violations.push(event.violatedDirective);
    });
"""


def hostile():
    n = len(HOSTILE)
    weights = np.random.default_rng(0).dirichlet(np.ones(n), size=(2, 3, n)).astype(np.float32)
    record = attnviz.from_weights(weights, HOSTILE)
    model = dataclasses.replace(record.model, name=HOSTILE[0])
    settings = {"rows": HOSTILE[1], "global_tokens": [0, 1], "notes": [HOSTILE[7], "\u202e"]}
    return dataclasses.replace(record, model=model, settings=settings)


def everything(reader):
    tab = reader.tab
    for language in ("en", "ary-Latn", "ary-Arab"):
        reader.choose("language", language)
        for view in ("heads", "heatmap", "links", "text", "table"):
            reader.view(view)
            tab.keyboard.press("ArrowDown")
            tab.keyboard.press("ArrowDown")
    reader.choose("language", "en")


def assert_untouched(tab):
    assert tab.evaluate("document.documentElement.dataset.run") is None
    assert tab.evaluate("window.violations ?? []") == []
    assert tab.locator("img, svg, iframe, object, embed, link, [onerror], [onload]").count() == 0
    assert tab.locator("script:not([type]), script[type='']").count() == 1
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nothing_in_a_token_runs_or_moves_the_page(reader, context):
    context.add_init_script(WATCH)
    tab = reader.open(hostile())
    everything(reader)
    assert_untouched(tab)
    reader.view("heatmap")
    labels = hostile().stack.query_tokens.labels
    reader.view("links")
    shown = tab.locator(".queries bdi").all_text_contents()
    assert shown == list(labels)


def test_a_hostile_record_from_a_file(reader, context, tmp_path):
    """Files are not trusted: their labels, names and settings are anything."""
    context.add_init_script(WATCH)
    tree = json.loads(attnviz.trace("a b c d", type="local").to_json())
    tokens = tree["stacks"]["self"]["query_tokens"]
    tokens["labels"] = HOSTILE[:2] + HOSTILE[14:16]
    tree["model"]["name"] = HOSTILE[7]
    tree["settings"]["notes"] = HOSTILE[:1]
    tree["stacks"]["self"]["head_names"] = HOSTILE[:4]
    path = tmp_path / "record.json"
    path.write_text(json.dumps(tree))
    tab = reader.open(attnviz.read(path))
    everything(reader)
    assert_untouched(tab)


def test_the_policy_holds(reader, context, tmp_path):
    """What the page itself never does is refused by the browser."""
    context.add_init_script(WATCH)
    path = tmp_path / "changed.html"
    data = page(attnviz.trace("a b c"), Look())
    added = f"<script>{RUN}</script><img src=x onerror='{RUN}'><p style='color:red'></p></body>"
    path.write_bytes(data.replace(b"</body>", added.encode()))
    tab = reader.open_file(path)
    refused = tab.evaluate(
        """() => {
            try { document.body.innerHTML = "<b>x</b>"; return false } catch { return true }
        }"""
    )
    assert refused
    assert tab.evaluate("document.documentElement.dataset.run") is None
    kinds = set(tab.evaluate("window.violations"))
    assert {"script-src-elem", "img-src", "style-src-attr", "require-trusted-types-for"} <= kinds
    reader.wrong.clear()  # the browser said so on the console


def test_in_a_notebook_the_page_runs_in_its_frame(reader, tmp_path):
    record = hostile()
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><body>{record._repr_html_()}", "utf-8")
    reader.tab.goto(path.as_uri())
    frame = reader.tab.frame_locator("iframe")
    frame.locator("html[data-drawn]").wait_for(state="attached")
    assert frame.locator(".map").count() > 2
    frame.locator("#tab-text").click()
    frame.locator("html[data-drawn=text]").wait_for(state="attached")
    assert reader.tab.locator("iframe").get_attribute("sandbox") == "allow-scripts allow-downloads"
    assert reader.tab.evaluate("document.documentElement.dataset.run") is None
