"""Stacks in which some layers have no attention: what is shown keeps the checkpoint's numbers.

Of the three layers of the checkpoint 0 and 2 have attention, 1 is a short convolution (LFM2).
"""

import json

import numpy as np
import pytest

import attnviz
from attnviz.errors import AttnvizError
from attnviz.models.model import Inputs
from attnviz.tracing.cache import KeyValueCache
from attnviz.tracing.knock_out import KnockOut, Removal
from attnviz.tracing.lens import lens
from attnviz.tracing.writer import ModelWriter
from tests.reference import checkpoints
from tests.reference.in_process import run

CASE, IDS = "lfm2, biases", [5, 17, 60, 3, 9, 23, 41, 30]
GIVEN = ",".join(map(str, IDS))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("gaps") / "model"
    checkpoints.write(CASE, place)
    return place


def command(folder, *words):
    return run(*words, "--ids", GIVEN, "--model", str(folder), COLUMNS="100")


def test_a_record_says_which_layers_it_has_and_every_file_keeps_them(folder, tmp_path):
    record = attnviz.trace(ids=IDS, model=folder)
    stack = record.stacks["self"]
    assert stack.layer_numbers == (0, 2)
    assert stack.weights.shape[0] == 2
    assert sorted({row.layer for row in stack.heads()}) == [0, 2]
    for suffix in (".json", ".npz", ".csv"):
        record.save(tmp_path / f"record{suffix}")
        again = attnviz.read(tmp_path / f"record{suffix}").stacks["self"]
        assert again == stack
    lines = (tmp_path / "record.csv").read_text().splitlines()
    assert {line.split(",")[1] for line in lines if line.startswith("self")} == {"0", "2"}


def test_numbers_that_cannot_be_are_refused(folder, tmp_path):
    attnviz.trace(ids=IDS, model=folder).save(tmp_path / "record.json")
    tree = json.loads((tmp_path / "record.json").read_text())
    for numbers in ([2, 0], [0], [0, 0], [-1, 2], ["0", "2"], [0, 1 << 40]):
        tree["stacks"]["self"]["layer_numbers"] = numbers
        (tmp_path / "wrong.json").write_text(json.dumps(tree))
        with pytest.raises(AttnvizError, match="layer_numbers"):
            attnviz.read(tmp_path / "wrong.json")


@pytest.mark.parametrize("words", [("run",), ("run", "--lang", "darija"), ("generate",)])
def test_a_layer_without_attention_ends_in_one_line_that_names_the_others(folder, words):
    status, out, err = command(folder, *words, "--layer", "1")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert "0, 2" in err


def test_views_number_layers_as_the_checkpoint_does(folder, tmp_path):
    shown = command(folder, "run", "--layer", "all").out
    assert "2 layers with attention: 0, 2" in shown
    begins = [line.split()[0] for line in shown.splitlines() if line.strip()]
    assert "2" in begins
    assert "1" not in begins
    assert "layer 2" in command(folder, "run", "--layer", "last").out
    heads = command(folder, "heads", "--csv").out.splitlines()
    rows = [line for line in heads if line[:1].isdigit()]
    assert {row.split(",")[0] for row in rows} == {"0", "2"}
    for name in ("map.png", "grid.svg", "page.html"):
        place = tmp_path / name
        assert command(folder, "run", "--layer", "last", "-o", str(place)).status == 0
        assert place.stat().st_size > 1000
    assert '"numbers":[0,2]' in (tmp_path / "page.html").read_text().replace(" ", "")
    about = run("models", str(folder), "--json")
    assert json.loads(about.out)["stacks"]["self"]["layer_numbers"] == [0, 2]


def test_the_first_layer_that_has_attention_is_shown_unless_another_is_named(tmp_path):
    checkpoints.write("lfm2", tmp_path)
    ran = command(tmp_path, "run")
    assert ran.status == 0
    assert "layer 1" in ran.out
    assert command(tmp_path, "run", "--layer", "0").status == 2


def test_what_is_written_token_by_token_is_one_pass(folder):
    model = attnviz.load_model(folder)
    whole = model.run(model.prepare(Inputs(ids=IDS)), KeyValueCache().attend)
    wanted = model.logits(whole)
    writer = ModelWriter(model, model.prepare(Inputs(ids=IDS[:3])))
    for place, number in enumerate(IDS[3:], start=3):
        aside = writer.part()
        aside.write(7)  # what another beam reads must not be seen here
        np.testing.assert_allclose(writer.logits(), wanted[place - 1], atol=2e-5)
        writer.write(number)
    np.testing.assert_allclose(writer.logits(), wanted[-1], atol=2e-5)


def test_heads_are_taken_away_in_the_layers_that_have_them(folder):
    found = attnviz.effects(ids=IDS, model=folder, by="zero")
    assert found.layer_numbers == (0, 2)
    assert found.table.shape == (2, 2)
    model = attnviz.load_model(folder)
    prepared = model.prepare(Inputs(ids=IDS))

    def answer(removal):  # alone, and from the first layer on
        hidden = model.run(prepared, KnockOut([removal], -1).attend)
        logits = model.logits(hidden[-1:])[0].astype(np.float64)
        return logits - np.log(np.exp(logits).sum())

    clean = answer(Removal({}))
    for layer in range(2):
        for head in range(2):
            other = answer(Removal({("self", layer): {head: np.zeros((), np.float32)}}))
            wanted = (np.exp(clean) * (clean - other)).sum()
            assert found.table[layer, head] == pytest.approx(wanted, rel=1e-3, abs=1e-6)
    named = attnviz.effects(ids=IDS, model=folder, by="zero", heads="2.1")
    assert named.together == pytest.approx(found.table[1, 1], rel=1e-3, abs=1e-6)
    with pytest.raises(AttnvizError, match="Layer 1 has no attention"):
        attnviz.effects(ids=IDS, model=folder, heads="1.0")


def test_a_lens_reads_every_layer_and_adds_up(folder):
    found = lens(ids=IDS, model=folder, against="5")
    assert [one.name for one in found.depths] == ["embedding", "layer 0", "layer 1", "layer 2"]
    parts = found.attribution
    added = parts.heads.sum() + parts.rest.sum() + parts.between
    assert added + parts.embedding + parts.constant == pytest.approx(parts.total, abs=1e-4)
    assert parts.between != 0


@pytest.mark.parametrize("measure", ["rollout", "flow", "contributions"])
def test_what_cannot_be_followed_is_refused(folder, measure):
    with pytest.raises(AttnvizError):
        attnviz.trace(ids=IDS, model=folder, measure=measure)


def test_a_survey_keeps_the_numbers(folder, tmp_path):
    from attnviz.analysis.survey import Part, Survey, text_values
    from attnviz.analysis.survey_file import read_survey, rows

    stack = attnviz.trace(ids=IDS, model=folder).stack
    values = text_values(stack, 0, "a", None)
    part = Part(values.kinds.shape, values.numbers)
    part.add([values])
    found = Survey("gaps", {}, {}, part)
    assert [row["layer"] for row in rows(found)] == [0, 0, 2, 2]
    found.save(tmp_path / "survey.npz")
    assert read_survey(tmp_path / "survey.npz").layer_numbers == (0, 2)


def test_a_stack_in_which_nothing_attends_is_refused(tmp_path):
    config = checkpoints.config(CASE) | {"layer_types": ["conv"] * 3}
    checkpoints.save(tmp_path, config, checkpoints.tensors(CASE))
    with pytest.raises(AttnvizError, match="some layer has attention"):
        attnviz.load_model(tmp_path)
