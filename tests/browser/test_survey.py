"""The page of a survey in a browser: a click on a head shows what it did, with maps."""

import io

import numpy as np
from PIL import Image

import attnviz
from attnviz.views.palette import ramp
from tests.browser.conftest import Reader

TEXTS = ["the cat sat on the mat", "a <b>bold</b> cat & the mat", "قطة على حصيرة"]


def test_a_click_on_a_head_shows_its_examples_with_their_maps(chromium, tmp_path):
    found = attnviz.survey(TEXTS, heads=4)
    found.save(tmp_path / "s.html")
    context = chromium.new_context(device_scale_factor=1, color_scheme="light")
    reader = Reader(context, tmp_path)
    tab = reader.tab
    tab.goto((tmp_path / "s.html").as_uri())
    assert tab.locator("section:visible").count() == 0
    tab.click('a[href="#h0-2"]')
    assert tab.inner_text("section:visible h2") == "head 0.2"
    assert tab.locator("section:visible tr:has-text('entropy') svg").first.is_visible()
    examples = found.examples(0, 2)
    assert tab.locator("section:visible figure").count() == len(examples)
    for i, one in enumerate(examples):
        figure = tab.locator("section:visible figure").nth(i)
        assert figure.locator("text").all_text_contents() == [*one.map.queries, *one.map.keys]
        image = figure.locator("image")
        seen = np.asarray(Image.open(io.BytesIO(image.screenshot())).convert("RGB")).astype(int)
        rows, columns = one.map.weights.shape
        at = np.unravel_index(one.map.weights.argmin(), (rows, columns))
        cell = seen[int(12 * at[0] + 6), int(12 * at[1] + 6)]
        step = round(int(one.map.weights[at]) * 63 / int(one.map.weights.max()))
        assert np.abs(cell - ramp()[step]).max() <= 3
    assert not reader.wrong
    assert all(url.startswith(("file:", "data:")) for url in reader.fetched)
    context.close()
