"""Ways of looking from the command line: measures, words, parts of the text, one row in full."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.analysis.rollout import rollout
from attnviz.attention.value_weights import value_weighted
from attnviz.cli import run_command_line
from attnviz.models.model import Inputs
from tests.reference import checkpoints

TEXT = "The cat sat on the mat because it was tired"


@pytest.fixture
def command(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        status = run_command_line(["run", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny trained-like BERT: ids only."""
    place = tmp_path_factory.mktemp("bert")
    checkpoints.write("bert", place)
    return str(place)


IDS = [3, 7, 11, 5, 9, 2, 30]


def test_rollout_is_a_stack_that_every_view_can_show(command, folder):
    record = attnviz.trace(ids=IDS, model=folder)
    expected = rollout(record.stack).weights
    status, out, _ = command(
        "--ids", ",".join(map(str, IDS)), "--model", folder, "--measure", "rollout", "--json"
    )
    assert status == 0
    found = json.loads(out)
    np.testing.assert_allclose(found["stacks"]["self"]["weights"], expected, atol=1e-6)
    assert found["settings"]["measure"] == "rollout"
    traced = attnviz.trace(ids=IDS, model=folder, measure="rollout")
    np.testing.assert_allclose(traced.stack.weights, expected, atol=1e-6)


def test_values_weigh_what_each_key_gives(folder):
    """One layer of the tiny BERT by hand: values and W_O from its own file."""
    model = attnviz.load_model(folder)
    record = attnviz.trace(ids=IDS, model=model)
    found = attnviz.trace(ids=IDS, model=model, measure="values").stack.weights[0]
    x = model.begin(model.prepare(Inputs(ids=IDS))).x
    attention = model.network.blocks[0].attention
    values = attention.value(x).reshape(len(IDS), attention.n_heads, -1).transpose(1, 0, 2)
    lengths = value_weighted(record.stack.weights[0], values, attention.output.weight.T)
    np.testing.assert_allclose(found, lengths / lengths.sum(axis=-1, keepdims=True), atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("measure", ["rollout", "flow", "values"])
def test_the_title_says_what_is_shown(command, folder, measure):
    status, out, _ = command("--ids", "1,2,3,4", "--model", folder, "--measure", measure)
    assert status == 0
    words = {"values": "length of values"}.get(measure, measure)
    assert words in " ".join(out.split())


def test_builtin_heads_have_values_too(command):
    status, out, _ = command(TEXT, "--measure", "values")
    assert status == 0
    assert "length of values" in out


def test_a_wrong_measure_is_refused_before_a_checkpoint_is_opened(tmp_path):
    with pytest.raises(attnviz.AttnvizError, match="fame"):
        attnviz.trace("Hello", model=tmp_path / "nowhere", measure="fame")


def test_a_tokenizer_for_ids_that_is_not_there_is_named_so(command, folder, tmp_path):
    missing = tmp_path / "gone.json"
    status, out, err = command("--ids", "1,2", "--model", folder, "--tokenizer", str(missing))
    assert (status, out) == (2, "")
    assert f"File not found: {missing}" in err


def test_rows_and_columns(command):
    status, out, _ = command(TEXT, "--rows", "cat,it", "--cols", "0:4", "--json")
    assert status == 0
    stack = json.loads(out)["stacks"]["self"]
    assert stack["query_tokens"]["labels"] == ["cat", "it"]
    assert stack["key_tokens"]["labels"] == ["The", "cat", "sat", "on"]
    whole = attnviz.trace(TEXT).stack.weights
    np.testing.assert_allclose(stack["weights"], whole[:, :, [1, 7], :4], atol=1e-7)


def test_a_query_in_full(command):
    status, out, _ = command(TEXT, "--query", "it", "--type", "causal")
    assert status == 0
    lines = [line for line in out.splitlines() if "%" in line and not line.startswith("55")]
    assert len(lines) == 8  # what "it" may see
    weights = attnviz.trace(TEXT, type="causal").stack.weights[0].mean(axis=0)[7]
    shown = [float(line.split("%")[0].split()[-1]) for line in lines]
    assert shown == pytest.approx(sorted(100 * weights[:8], reverse=True), abs=0.006)


STORY = "The cat sat. It was tired!\nA dog came, and a cat... They slept"


def test_sentences_from_the_command_line(command):
    status, out, _ = command(STORY, "--merge", "sentences", "--type", "local", "--json")
    assert status == 0
    found = json.loads(out)
    assert found["settings"]["merge"] == "sentences"
    stack = found["stacks"]["self"]
    labels = ["0 The cat sat.", "1 It was tired!", "2 A dog came, and a cat...", "3 They slept"]
    assert stack["query_tokens"]["labels"] == labels
    whole = attnviz.trace(STORY, type="local").stack.weights.astype(np.float64)
    edges = [0, 4, 8, 16, 18]  # The cat sat . | It was tired ! | A dog came , and a cat ... | …
    for i in range(4):
        for j in range(4):
            cell = whole[:, :, edges[i] : edges[i + 1], edges[j] : edges[j + 1]]
            expected = cell.sum(axis=3).mean(axis=2)
            shown = np.array(stack["weights"])[:, :, i, j]
            np.testing.assert_allclose(shown, expected, atol=1e-6)


def test_a_sentence_is_named_by_its_number_a_word_in_it_or_whole(command):
    for rows in ("0,2", "cat", "0 The cat sat.,cat#2"):
        _, out, _ = command(STORY, "--merge", "sentences", "--rows", rows, "--json")
        labels = json.loads(out)["stacks"]["self"]["query_tokens"]["labels"]
        assert labels == ["0 The cat sat.", "2 A dog came, and a cat..."]
    status, out, _ = command(STORY, "--merge", "lines", "--query", "dog")
    assert status == 0
    assert "1 A dog came, and a cat... They slept · mean" in out


def test_views_of_sentences_do_not_count_or_name_tokens(command):
    """Scores, heads and axes speak of tokens."""
    plain = command(STORY, "--type", "local", "--show", "grid")[1]
    assert "scores" in plain
    assert "same word" in plain
    for show in ("table", "heatmap", "grid", "top", "arcs"):
        status, out, _ = command(STORY, "--type", "local", "--merge", "sentences", "--show", show)
        assert status == 0
        assert "sentences: keys added, queries averaged" in out
        assert not {"scores", "token", "word"} & set(out.replace("tokens", "token").split())
        assert show == "grid" or "0 The" in out


@pytest.mark.parametrize("kind", ["words", "sentences"])
def test_global_tokens_keep_their_names_where_others_take_their_places(command, kind, tmp_path):
    options = ("--type", "global", "--global-tokens", "dog,They", "--merge", kind)
    status, out, _ = command(STORY, *options, "--rows", "0:2", "-o", "some.npz")
    assert status == 0
    assert "global dog, They" in out
    again = attnviz.read(tmp_path / "some.npz")
    assert again.settings["global_labels"] == ["dog", "They"]


def test_a_picture_of_sentences_names_its_axes_without_tokens():
    from attnviz.analysis.transform import Transform
    from attnviz.language.languages import all_languages
    from attnviz.views.look import Look
    from attnviz.views.picture.map import map_figure

    record = Transform(merge="sentences").apply(attnviz.trace(STORY * 40))
    assert len(record.stack.query_tokens) > 64  # numbered places, pooled or not
    for language in all_languages().values():
        axes = map_figure(record, Look(language=language)).axes[0]
        for label in (axes.get_xlabel(), axes.get_ylabel()):
            assert label
            assert "token" not in label
    few = Transform(merge="sentences").apply(attnviz.trace(STORY, type="local"))
    written = [text.get_text() for text in map_figure(few, Look()).texts]
    assert any("grey = masked" in text for text in written)
    assert not any("scores" in text for text in written)


BAD = {
    "unknown measure": (TEXT, "--measure", "importance"),
    "unknown merge": (TEXT, "--merge", "sentence"),
    "a unit that there is not": (TEXT, "--merge", "paragraphs"),
    "rollout of two texts": (TEXT, "--source", "le chat", "--measure", "rollout"),
    "rows beyond the end": (TEXT, "--rows", "99"),
    "no such word": (TEXT, "--cols", "dog"),
    "an empty range": (TEXT, "--rows", "5:2"),
    "an empty wish": (TEXT, "--rows", ""),
    "no such query": (TEXT, "--query", "dog"),
    "unknown scale": (TEXT, "--scale", "loud"),
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_what_is_wrong_is_said_in_one_line(command, arguments):
    status, out, err = command(*arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("attnviz: ")
