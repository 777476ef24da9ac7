"""How much one word looks at another in every head, against sums by hand."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.analysis.transform import Transform
from attnviz.analysis.word_link import word_link
from attnviz.cli import run_command_line
from attnviz.errors import AttnvizError
from tests.files.tables import below

TOKENS = ["the", "cat", "saw", "the", "dog"]


def record(**more):
    weights = np.random.default_rng(5).dirichlet(np.ones(5), (2, 3, 5))
    return weights, attnviz.from_weights(weights, TOKENS, **more)


def test_the_weight_of_one_pair_in_every_head():
    weights, found = record()
    link = word_link(found.stack, "cat", "dog")
    np.testing.assert_allclose(link.weights, weights[:, :, 1, 4], atol=1e-6)
    np.testing.assert_allclose(link.even, 1 / 5)
    assert (link.rows, link.columns) == ((1,), (4,))


def test_keys_are_added_and_queries_averaged():
    weights, found = record()
    link = word_link(found.stack, "cat,saw", "the")
    expected = (weights[:, :, 1:3, 0] + weights[:, :, 1:3, 3]).mean(axis=-1)
    np.testing.assert_allclose(link.weights, expected, atol=1e-6)
    np.testing.assert_allclose(link.even, 2 / 5)


def test_the_strongest_are_those_above_an_even_spread():
    weights, found = record()
    link = word_link(found.stack, "4", "0")
    sizes = {place: weights[(*place, 4, 0)] for place in np.ndindex(2, 3)}
    above = sorted((place for place in sizes if sizes[place] > 0.2), key=lambda one: -sizes[one])
    assert [place[:2] for place in link.strongest(6)] == above


def test_a_masked_pair_has_no_weight_and_no_even_share():
    found = attnviz.trace("the cat saw it", type="causal", heads=2)
    link = word_link(found.stack, "cat", "it")
    assert not link.weights.any()
    assert not link.even.any()
    assert link.strongest(4) == []
    assert word_link(found.stack, "cat", "the").even.tolist() == [0.5]


def test_words_keep_their_places_where_special_tokens_are_hidden_or_a_part_is_shown():
    weights, found = record()
    part = Transform(rows="1:5", columns="cat,dog").apply(found)
    link = word_link(part.stack, "2", "dog")
    np.testing.assert_allclose(link.weights, weights[:, :, 2, 4], atol=1e-6)
    with pytest.raises(AttnvizError, match="not among the tokens that are shown"):
        word_link(part.stack, "0", "dog")


@pytest.fixture
def command(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        status = run_command_line(["run", "the cat saw a dog", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_heads_that_link_two_words_are_shown_and_named(command):
    status, out, err = command("--query", "cat", "--key", "the")
    assert (status, err) == (0, "")
    weights = attnviz.trace("the cat saw a dog").stack.weights[0, :, 1, 0]
    numbers = [f"{100 * weight:.0f}" for weight in weights.tolist()]
    assert any(line.split() == ["0", *numbers] for line in out.splitlines())
    best = int(weights.argmax())
    assert f"strongest: 0.{best} {numbers[best]}%" in out


@pytest.mark.parametrize("lang", ["en", "darija", "ary-Arab"])
@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_the_screen_is_wide_enough_for_every_head(command, monkeypatch, width, lang):
    monkeypatch.setenv("COLUMNS", str(width))
    _, out, _ = command("--query", "cat", "--key", "the", "--heads", "24", "--lang", lang)
    bare = out.replace("\u200e", "").replace("\u200f", "")
    assert max(map(len, bare.splitlines())) <= width
    assert "…" not in out


def test_numbers_for_programs(command, tmp_path):
    status, out, _ = command("--query", "cat", "--key", "the", "--json")
    found = json.loads(out)
    weights = attnviz.trace("the cat saw a dog").stack.weights[:, :, 1, 0]
    assert status == 0
    np.testing.assert_allclose(found["weights"], weights, atol=1e-6)
    assert found["strongest"][0]["head"] == int(weights.argmax())
    assert found["key"] == {"tokens": ["the"], "positions": [0]}
    assert command("--query", "cat", "--key", "the", "-o", "l.csv", "--show", "none")[:2] == (0, "")
    text = (tmp_path / "l.csv").read_text(encoding="utf-8")
    lines = below(text)
    assert lines[0] == "layer,head,weight,even"
    assert len(lines) == 5
    status, told, _ = command("--query", "cat", "--key", "the", "--csv")
    assert (status, below(told)) == (0, lines)


def test_streamed_weights_are_refused():
    streamed = attnviz.trace("the cat saw a dog", max_memory=0).stack
    with pytest.raises(AttnvizError, match=r"all weights must be kept; .* they are streamed"):
        word_link(streamed, "cat", "the")


@pytest.mark.slow
def test_a_picture_and_a_record_are_written(command, tmp_path):
    files = "-o", "l.png", "-o", "r.npz"
    assert command("--query", "cat", "--key", "the", *files)[0] == 0
    assert (tmp_path / "l.png").read_bytes().startswith(b"\x89PNG")
    assert attnviz.read(tmp_path / "r.npz").stack.shape == (5, 5)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--key", "cat"), "--key needs --query"),
        (("--query", "cat", "--key", "zebra"), '"zebra" is not in the text'),
        (("--query", "zebra", "--key", "cat"), '"zebra" is not in the text'),
        (("--query", "cat", "--key", ""), "names no token"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(command, arguments, reason):
    status, out, err = command(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert reason in err
