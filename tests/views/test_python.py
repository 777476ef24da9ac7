"""A record from Python: axes, files, tables, comparisons, and the vectors that were kept."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import attnviz
from attnviz.errors import AttnvizError
from attnviz.views.palette import MASKED_PAPER, ramp

TEXT = "The cat sat on the $mat$ because it was tired"
RECORD = attnviz.trace(TEXT, type="causal")


def drawn(**look):
    axes = Figure().subplots()
    assert RECORD.plot(ax=axes, **look) is axes
    return axes


def test_a_plot_has_the_colours_of_the_weights_and_grey_where_masked():
    axes = drawn(head=0, scale="linear")
    (image,) = axes.images
    pixels = np.asarray(image.get_array())
    weights = RECORD.stack.weights[0, 0]
    steps = np.rint(weights / weights.max() * (len(ramp()) - 1)).astype(int)
    for row in range(len(weights)):
        for column in range(len(weights)):
            wanted = ramp()[steps[row, column]] if column <= row else MASKED_PAPER
            assert tuple(pixels[row, column]) == tuple(wanted)
    assert image.origin == "upper"
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "The", "cat", "sat", "on", "the", "$", "mat", "$", "because", "it", "was", "tired",
    ]  # fmt: skip


def test_names_are_no_mathtext():
    axes = drawn()
    axes.figure.savefig("/dev/null", format="png")
    assert not any(text.get_parse_math() for text in axes.get_xticklabels())


def test_numbers_stand_in_the_cells_that_are_asked_for():
    axes = drawn(annotate=True, head=1)
    weights = RECORD.stack.weights[0, 1]
    n = len(weights)
    assert len(axes.texts) == n * (n + 1) // 2
    for text in axes.texts:
        column, row = map(int, text.get_position())
        assert text.get_text() == f"{100 * weights[row, column]:.0f}"


def test_without_axes_it_draws_on_pyplot_s_own():
    mpl.use("agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2)
    assert RECORD.plot() is right
    assert not left.images
    pyplot.close(figure)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".html", ".csv", ".npz", ".json"])
def test_every_kind_of_file(tmp_path, suffix):
    place = tmp_path / f"record{suffix}"
    RECORD.save(place)
    start = {".png": b"\x89PNG", ".pdf": b"%PDF", ".npz": b"PK"}
    assert place.read_bytes().startswith(start.get(suffix, b""))
    if suffix in (".npz", ".json"):
        assert attnviz.read(place) == RECORD


def test_files_show_what_is_asked_for(tmp_path):
    RECORD.save(tmp_path / "one.svg", head=1)
    RECORD.save(tmp_path / "mean.svg")
    assert (tmp_path / "one.svg").read_bytes() != (tmp_path / "mean.svg").read_bytes()
    for wrong in ({"head": 9}, {"layer": 1}, {"lang": "xx"}):
        with pytest.raises(AttnvizError):
            RECORD.save(tmp_path / "no.png", **wrong)
    with pytest.raises(AttnvizError, match="suffix"):
        RECORD.save(tmp_path / "no.docx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mean.svg", "one.svg"]


def test_heads_are_a_table():
    rows = RECORD.heads()
    assert [(row["layer"], row["head"]) for row in rows] == [(0, head) for head in range(4)]
    entropy = RECORD.stack.measure("entropy").mean(axis=-1)[0]
    assert [row["entropy"] for row in rows] == pytest.approx(entropy)


def test_the_page_as_text():
    assert RECORD.to_html().startswith("<!doctype html>")


def test_a_comparison_of_records_and_of_texts():
    other = attnviz.trace(TEXT)
    found = attnviz.compare(RECORD, other, head=(0, 1))
    np.testing.assert_allclose(
        found.weights, other.stack.weights[0, 1] - RECORD.stack.weights[0, 0], atol=1e-7
    )
    assert attnviz.compare("a b c", "a b c", heads=2).largest == 0
    with pytest.raises(AttnvizError, match="3 × 3"):
        attnviz.compare("a b", "a b c")
    with pytest.raises(AttnvizError, match="Head 4"):
        attnviz.compare(RECORD, other, head=4)


def softmax(scores):
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("model", ["builtin", "induction"])
def test_kept_vectors_make_the_weights(model, tmp_path):
    options = {"ids": [3, 1, 4, 1, 5]} if model == "induction" else {"text": "a b c a b"}
    keep = ("query", "key", "value", "scores")
    record = attnviz.trace(model=model, type="causal", keep=keep, **options)
    stack = record.stack
    scale = stack.query.shape[-1] ** -0.5
    by_hand = stack.query @ stack.key.swapaxes(-1, -2) * scale
    np.testing.assert_allclose(stack.scores, by_hand, rtol=1e-5, atol=1e-5)
    hidden = np.triu(np.ones((5, 5), bool), 1)
    weights = softmax(np.where(hidden, -np.inf, stack.scores.astype(float)))
    np.testing.assert_allclose(stack.weights, weights, atol=1e-6)
    assert stack.value.shape[:3] == stack.query.shape[:3]
    record.save(tmp_path / "kept.npz")
    assert attnviz.read(tmp_path / "kept.npz") == record
    record.save(tmp_path / "kept.json")
    np.testing.assert_array_equal(attnviz.read(tmp_path / "kept.json").stack.key, stack.key)


def test_what_was_not_kept_is_said():
    with pytest.raises(AttnvizError, match=r'keep=\("query",\)'):
        _ = RECORD.stack.query
    with pytest.raises(AttnvizError, match="key, query, value, scores"):
        attnviz.trace("a b", keep=("keys",))
    with pytest.raises(AttnvizError, match="streamed"):
        attnviz.trace("a b c", keep=("key",), max_memory=0)


def test_vectors_that_cannot_be_are_refused(tmp_path):
    record = attnviz.trace("a b c", keep=("key",))
    from attnviz.record import saved

    for change in ({"keys": np.zeros((1, 4, 3, 2))}, {"key": np.zeros((1, 4, 2, 2))},
                   {"key": np.full((1, 4, 3, 2), np.nan)}):  # fmt: skip
        tree = record._tree()
        tree["stacks"]["self"]["vectors"] = change
        (tmp_path / "r.npz").write_bytes(saved.to_npz(tree))
        with pytest.raises(AttnvizError, match="not a record"):
            attnviz.read(tmp_path / "r.npz")
