"""The picture of things compared: white where nothing changed, and all of it on the paper."""

import numpy as np
import pytest

import attnviz
from attnviz.analysis.compare import Side
from attnviz.language.languages import find_language
from attnviz.views.palette import tinted

pytestmark = pytest.mark.slow

A = np.array([[0.7, 0.3, 0.0], [0.1, 0.8, 0.1], [0.25, 0.25, 0.5]])


def sides(*heads):
    records = [attnviz.from_weights(head, ["cat", "sat", "longest word"]) for head in heads]
    return [Side(f"record {i}", record) for i, record in enumerate(records)]


@pytest.mark.parametrize("lang", ["en", "darija", "ary-Arab"])
def test_names_bars_and_titles_do_not_overlap_and_stay_on_the_paper(lang):
    from attnviz.views.picture.compare import compare_figure

    figure = compare_figure(sides(A, A[::-1], A), find_language(lang))
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    heading = [text.get_window_extent(renderer) for text in figure.texts]
    maps = [axes for axes in figure.axes if axes.get_visible() and axes.axison]
    names = [text.get_window_extent(renderer) for axes in maps for text in axes.texts]
    ticks = [label.get_window_extent(renderer) for axes in maps for label in
             (*axes.get_xticklabels(), *axes.get_yticklabels()) if label.get_text()]  # fmt: skip
    for box in (*heading, *names, *ticks):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.width
        assert box.y1 <= figure.bbox.height
    assert not [1 for title in heading for box in (*names, *ticks) if title.overlaps(box)]
    assert len(names) == 5


def test_what_did_not_change_is_white_and_what_did_is_not():
    from attnviz.views.picture.compare import compare_figure

    figure = compare_figure(sides(A, A[[0, 2, 1]]))
    change = np.asarray(figure.axes[3].images[0].get_array())
    assert (change[0] == 255).all()
    assert (change[1:] < 255).any()
    assert (tinted(0), tinted(1) == tinted(2.0)) == ((255, 255, 255), True)
