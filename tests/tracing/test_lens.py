"""Depths and shares of the answer on a model whose parts are known."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.errors import AttnvizError
from attnviz.tracing.lens import lens
from tests.reference import checkpoints

FIRST = [18, 4, 21, 10, 11, 2, 22, 6, 23, 3, 20, 8]
IDS = FIRST + FIRST[:11]  # the answer is 8


def test_the_answer_appears_with_the_induction_head():
    found = lens(ids=IDS, model="induction")
    assert found.answer == "8"
    probabilities = [one.probability for one in found.depths]
    assert probabilities[:2] == pytest.approx([1 / 24, 1 / 24], abs=1e-3)
    assert probabilities[2] > 0.999999
    assert [one.name for one in found.depths] == ["embedding", "layer 0", "layer 1"]
    assert found.depths[-1].rank == 1


def test_the_last_depth_is_the_prediction():
    said = attnviz.predict(ids=IDS, model="induction", k=24).places[0].candidates
    shares = {row[0]: row[2] for row in said}
    last = lens(ids=IDS, model="induction", k=5).depths[-1]
    for number, _, share in last.candidates:
        assert share == pytest.approx(shares[number], rel=1e-5)


def test_shares_add_up_to_the_difference_of_logits():
    """The induction head adds nearly all of it; the previous-token head, without which the answer
    is gone, adds exactly nothing by itself."""
    found = lens(ids=IDS, model="induction", against="18").attribution
    logs = {row[0]: np.log(row[2]) for row in attnviz.predict(
        ids=IDS, model="induction", k=24).places[0].candidates}  # fmt: skip
    assert found.total == pytest.approx(logs[8] - logs[18], rel=1e-5)
    parts = found.heads.sum() + found.rest.sum() + found.embedding + found.constant
    assert parts == pytest.approx(found.total, rel=1e-9)
    assert found.heads[1, 2] == pytest.approx(found.total, rel=0.01)
    assert found.heads[0, 1] == 0
    assert found.clean == pytest.approx(1, abs=1e-4)
    assert found.without[1, 2] == pytest.approx(1 / 24, abs=2e-3)
    assert found.without[0, 1] < 0.05
    others = [p for place, p in np.ndenumerate(found.without) if place not in ((0, 1), (1, 2))]
    assert others == pytest.approx([found.clean] * 6, abs=1e-3)


def test_a_model_of_vectors_has_no_answer(tmp_path):
    checkpoints.stand_in_for_minilm(tmp_path / "vectors")
    with pytest.raises(AttnvizError, match="head"):
        lens(ids=[1, 2, 3], model=str(tmp_path / "vectors" / "model"))


def test_an_answer_that_was_asked_for():
    found = lens(ids=IDS, model="induction", answer="4")
    assert found.answer == "4"
    assert found.depths[-1].rank > 1
    assert found.depths[-1].probability < 1e-6


def test_the_command(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    words = ["lens", " ".join(map(str, IDS)), "--model", "induction", "--not", "18"]
    assert run_command_line(words) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "layer 1" in out
    assert next(line.split()[0] for line in out.splitlines() if "+18." in line) == "1.2"
    assert run_command_line([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answer"] == "8"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"model": "builtin"}, "builtin"),
        ({"model": "induction", "answer": "1 2"}, "tokens"),
        ({"model": "induction", "against": "word"}, "not a token"),
    ],
)
def test_what_does_not_fit_is_said(options, named):
    with pytest.raises(AttnvizError, match=named):
        lens(ids=IDS, **options)
