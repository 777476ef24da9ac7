"""Which experts the tokens pass: what the router of a layer really chose."""

import csv
import io
import json

import numpy as np
import pytest

import attnviz
from attnviz.errors import AttnvizError
from attnviz.models.network.experts import CrowdedRouter, NormedRouter, Router
from attnviz.tracing.routing import routing
from tests.reference import checkpoints
from tests.reference.in_process import run_command_line

IDS = [5, 17, 60, 3, 9, 23]
LINE = ["run", "--ids", "5,17,60,3,9,23", "--show", "experts"]


def written(case, folder):
    checkpoints.write(case, folder)
    return str(folder)


@pytest.mark.parametrize("case", ["mixtral", "glm4_moe", "gpt_oss"])
def test_they_are_those_of_a_whole_run(case, tmp_path, monkeypatch):
    """Seen at the router itself, while the model runs from end to end."""
    model, seen, plain = attnviz.load_model(written(case, tmp_path)), [], Router.__call__

    def watched(router, x):
        seen.append(plain(router, x))
        return seen[-1]

    monkeypatch.setattr(Router, "__call__", watched)
    attnviz.trace(ids=IDS, model=model)
    chosen, shares = seen[-1]  # of the last layer of the whole run
    found = routing(ids=IDS, model=model, layer=-1)
    np.testing.assert_array_equal(found.chosen, chosen)
    np.testing.assert_allclose(found.shares, shares, atol=1e-6)
    assert found.used.sum() == found.chosen.size
    assert found.shares.shape == found.chosen.shape


def test_experts_beside_a_plain_part_are_those_of_a_whole_run(tmp_path, monkeypatch):
    model = attnviz.load_model(written("gemma4_text, experts", tmp_path))
    seen, plain = [], NormedRouter.__call__

    def watched(router, x):
        seen.append(plain(router, x))
        return seen[-1]

    monkeypatch.setattr(NormedRouter, "__call__", watched)
    attnviz.trace(ids=IDS, model=model)
    chosen, shares = seen[-1]
    found = routing(ids=IDS, model=model, layer=-1)
    np.testing.assert_array_equal(found.chosen, chosen)
    np.testing.assert_allclose(found.shares, shares, atol=1e-6)


@pytest.mark.parametrize("case", ["switch_transformers, with a head", "nllb-moe, with a head"])
def test_experts_of_a_decoder_are_those_of_a_whole_run(case, tmp_path, monkeypatch):
    model, seen, plain = attnviz.load_model(written(case, tmp_path)), [], CrowdedRouter.__call__

    def watched(router, x):
        seen.append(plain(router, x))
        return seen[-1]

    monkeypatch.setattr(CrowdedRouter, "__call__", watched)
    attnviz.trace(ids=IDS, source_ids=IDS[::-1], model=model)
    found = routing(ids=IDS, source_ids=IDS[::-1], model=model, layer=-1)
    np.testing.assert_array_equal(found.chosen, seen[-2][0])  # the last is this run's own
    np.testing.assert_allclose(found.shares, seen[-2][1], atol=1e-6)
    assert found.used.sum() == (found.chosen >= 0).sum()


def test_an_expert_without_room_is_a_dash(tmp_path, capsys):
    folder = written("switch_transformers", tmp_path)
    line = [*LINE, "--model", folder, "--source-ids", "9,8", "--layer", "1"]
    assert run_command_line(line) == 0
    shown = capsys.readouterr().out
    found = routing(ids=IDS, source_ids=[9, 8], model=folder, layer=1)
    assert shown.count("–") == (found.chosen < 0).sum() > 0


def test_shares_by_hand(tmp_path):
    """Mixtral: a softmax over the two best of the router's map of what it is given."""
    found = routing(ids=IDS, model=written("mixtral", tmp_path))
    np.testing.assert_allclose(found.shares.sum(axis=1), 1, atol=1e-6)
    assert (found.shares[:, 0] >= found.shares[:, 1]).all()


def test_a_line_for_each_token(tmp_path, capsys):
    folder = written("mixtral", tmp_path)
    found = routing(ids=IDS, model=folder)
    assert run_command_line([*LINE, "--model", folder, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["experts"] for one in told["tokens"]] == found.chosen.tolist()
    assert told["used"] == found.used.tolist()
    assert run_command_line([*LINE, "--model", folder, "--csv"]) == 0
    text = capsys.readouterr().out.splitlines()
    rows = list(csv.DictReader(io.StringIO("\n".join(x for x in text if x[0] != "#"))))
    assert [int(row["expert"]) for row in rows] == found.chosen.ravel().tolist()
    assert run_command_line([*LINE, "--model", folder]) == 0
    shown = capsys.readouterr().out
    assert f"each token passes 2 of {found.n_experts} experts" in shown
    assert len([one for one in shown.splitlines() if "%" in one]) == len(IDS)


def test_who_has_none(tmp_path, capsys):
    plain = written("llama", tmp_path / "plain")
    with pytest.raises(AttnvizError, match="has no experts"):
        routing(ids=IDS, model=plain)
    for model in ("builtin", plain):
        assert run_command_line(["run", "the cat", *LINE[3:], "--model", model]) == 2
        told = capsys.readouterr()
        assert not told.out
        assert "has no experts" in told.err
    with pytest.raises(AttnvizError, match=r"Layer 0 of .* has no experts. These have: 1"):
        routing(ids=IDS, model=written("glm4_moe", tmp_path / "some"))


def test_a_record_does_not_keep_them(tmp_path, capsys):
    saved = tmp_path / "record.npz"
    attnviz.trace("the cat").save(saved)
    assert run_command_line(["view", str(saved), "--show", "experts"]) == 2
    assert "Run the text again" in capsys.readouterr().err
