"""The timeline of a written text as a picture: every number by hand from the record's weights."""

import dataclasses
from functools import cache

import numpy as np
import pytest
from matplotlib.patches import Rectangle

import attnviz
from attnviz import AttnvizError
from attnviz.language.languages import find_language
from attnviz.views.look import Look
from attnviz.views.palette import MASKED_PAPER
from attnviz.views.picture.picture import picture
from attnviz.views.picture.timeline import SHARE, timeline_figure
from attnviz.views.titles import timeline_title

PATTERN = [3, 7, 9, 4, 3, 7]  # `induction` was set to go on with what came after before
BOTH = Look(0, (), (0, 1), "timeline")


@cache
def written():
    return attnviz.generate(ids=PATTERN, model="induction", max_new_tokens=4).record


def long_one(n_steps):
    """A record that says it was written in many steps."""
    n = n_steps + 3
    record = attnviz.trace(" ".join(f"w{i}" for i in range(n)), type="causal")
    step = {"id": 1, "label": "w", "probability": 0.5, "alternatives": ()}
    settings = dataclasses.replace(
        record.settings, prompt=3, prompt_parts={"prompt": (0, 3)}, steps=(step,) * n_steps
    )
    return dataclasses.replace(record, settings=settings)


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_numbers_are_those_of_the_record():
    record = written()
    shown = texts(timeline_figure(record, BOTH))
    weights = record.stack.weights.mean(axis=(0, 1), dtype=np.float64)
    for i, step in enumerate(record.settings.steps):
        row = weights[len(PATTERN) - 1 + i]
        shares = [row[0], row[1 : len(PATTERN)].sum(), row[len(PATTERN) :].sum()]
        numbers = [f"{round(100 * share)}%" for share in shares]
        at = 4 + 4 + 3 * i  # behind the heading and the bars' numbers
        assert shown[4 + i] == f"{round(100 * step['probability'])}%"
        assert shown[at : at + 3] == numbers
    assert shown[:4] == ["p", "sink", "prompt", "written"]
    assert shown[-4:] == [step["label"] for step in record.settings.steps]


def test_the_title_counts_in_the_language_of_the_reader():
    for lang, said in (
        ("en", "self · 2 layers · mean of 4"),
        ("darija", "self · jouj layers · mo3ddal dial 4"),
        ("ary-Arab", "self · جوج layers · المعدل ديال 4"),
    ):
        look = dataclasses.replace(BOTH, language=find_language(lang))
        assert timeline_title(written(), look) == said


def test_bars_are_as_long_as_probabilities():
    record = long_one(2)
    figure = timeline_figure(record, Look(show="timeline"))
    bars = [p for p in figure.axes[0].patches if isinstance(p, Rectangle)][:2]
    whole = attnviz.views.picture.timeline.PROBABILITY - 0.35
    assert [bar.get_width() for bar in bars] == pytest.approx([whole / 2] * 2)


def test_what_was_not_written_yet_is_grey():
    colours = timeline_figure(written(), BOTH).axes[1].images[0].get_array()
    grey = (np.asarray(colours) == MASKED_PAPER).all(axis=-1)
    assert grey.shape == (4, 10)
    assert grey.sum(axis=1).tolist() == [4, 3, 2, 1]


def test_steps_in_the_languages():
    for name, word in (("darija", "mektoub"), ("ary-Arab", "مكتوب")):
        look = dataclasses.replace(BOTH, language=find_language(name))
        assert any(word in text for text in texts(timeline_figure(written(), look)))


def test_the_command_s_picture_is_the_timeline():
    data, _ = picture(written(), "png", BOTH)
    again, _ = picture(written(), "png", BOTH)
    other, _ = picture(written(), "png", dataclasses.replace(BOTH, show="grid"))
    assert data == again != other


@pytest.mark.slow
def test_more_steps_than_can_be_named():
    figure = timeline_figure(long_one(300), Look(show="timeline"))
    assert len(texts(figure)) == 4
    assert figure.get_size_inches()[1] < 30
    assert len([p for p in figure.axes[0].patches if p.get_width() == SHARE]) == 900


def test_a_text_that_nobody_wrote():
    with pytest.raises(AttnvizError, match="no steps"):
        picture(attnviz.trace("a cat sat"), "png", Look(show="timeline"))
