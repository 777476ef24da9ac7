"""What each written part looked at in what was read, by hand."""

import dataclasses

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError
from attnviz.analysis.alignment import Alignment, align, to_tree
from attnviz.language.languages import find_language
from attnviz.views.picture.alignment import alignment_figure, alignment_picture

STEP = {"id": 1, "label": "w", "probability": 0.5, "alternatives": ()}


def written(weights, text, n_prompt, n_written, parts=None):
    """A record of a text whose last tokens a model wrote. weights: (layers, heads, n, n)."""
    record = attnviz.trace(text, type="causal", heads=1)
    stack = dataclasses.replace(
        record.stack, weights=np.asarray(weights, np.float32), head_names=(),
        masks=record.stack.masks * len(weights),
    )  # fmt: skip
    settings = dataclasses.replace(
        record.settings, prompt=n_prompt, prompt_parts=parts or {"prompt": (0, n_prompt)},
        steps=(STEP,) * n_written,
    )  # fmt: skip
    return dataclasses.replace(record, stacks={"self": stack}, settings=settings)


def sharp(rows, n=7):
    """One head (n, n) whose row i looks at rows[i], at 0.6, and rests on the first token."""
    head = np.zeros((n, n))
    head[:, 0] = 1.0
    for i, key in rows.items():
        head[i] = 0
        head[i, 0], head[i, key] = 0.4, 0.6
    return head


def test_words_by_the_clearest_head():
    # "start a b c" was read, "x y z" written: each was chosen in the row before its own
    clear = sharp({3: 3, 4: 1, 5: 2})
    blunt = sharp({3: 1, 4: 1, 5: 1})
    record = written([[clear] * 4 + [blunt]], "start a b c x y z", 4, 3)
    found = align(record)
    assert found.rows == ("x", "y", "z")
    assert found.columns == ("a", "b", "c")
    assert set(found.heads) == {(0, 0), (0, 1), (0, 2), (0, 3)}
    assert [(row, column) for row, column, _ in found.links] == [(0, 2), (1, 0), (2, 1)]
    assert [weight for *_, weight in found.links] == pytest.approx([1, 1, 1])
    assert found.outside == pytest.approx(0.4)
    links = to_tree(found)["links"]
    assert links[0] == {"read": "c", "written": "x", "weight": 1.0}


def test_sentences_are_the_mean_of_all_heads():
    text = "Go . A cat sat . It ran . Yes it did . No"
    n = len(text.split())
    weights = np.zeros((1, 2, n, n))
    weights[..., 0] = 0.5
    weights[0, 0, :, 3] += 0.5  # "cat", in the second sentence
    weights[0, 1, :, 7] += 0.5  # "ran", in the third
    weights[0, 0, 12] = 0
    weights[0, 0, 12, 0], weights[0, 0, 12, 7] = 0.5, 0.5
    record = written(weights, text, 9, n - 9)
    found = align(record, "sentences")
    # rows of "Yes it did .": before each of its tokens; of "No": the row before it
    yes = found.weights[0]
    assert yes.sum() == pytest.approx(1)
    assert yes[1] == pytest.approx(yes[2])
    assert found.weights[1][2] == pytest.approx(1.0)  # both heads looked at "ran" there
    assert found.heads == ()


def test_only_the_users_words_are_what_was_read():
    head = sharp({4: 2, 5: 3})
    parts = {"system": (0, 2), "prompt": (2, 5)}
    record = written([[head]], "be kind a b c x y", 5, 2, parts)
    assert align(record).columns == ("a", "b", "c")


def test_a_picture_has_the_path():
    record = written([[sharp({3: 3, 4: 1, 5: 2})]], "start a b c x y z", 4, 3)
    found = align(record)
    for name in ("en", "darija", "ary-Arab"):
        language = find_language(name)
        figure = alignment_figure(found, language)
        frames = {tuple(np.add(p.get_xy(), 0.5)) for p in figure.axes[0].patches}
        assert frames == {(2, 0), (0, 1), (1, 2)}
        assert alignment_picture(found, "png", language)[:4] == b"\x89PNG"


def test_a_text_that_nobody_wrote():
    with pytest.raises(AttnvizError, match="Nothing was written"):
        align(attnviz.trace("a cat sat"))


@pytest.mark.slow
def test_a_picture_of_a_long_text_stays_a_picture():
    names = tuple(f"w{i}" for i in range(900))
    weights = np.full((3, 900), 1 / 900)
    long = Alignment(("x", "y", "z"), names, weights, (), 0.5)
    figure = alignment_figure(long, find_language("en"))
    assert max(figure.get_size_inches()) < 50
    assert not any(text.get_visible() for text in figure.axes[0].get_xticklabels())
