"""Models that look at pictures against stored answers of transformers."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.errors import AttnvizError
from attnviz.models import load_writer
from attnviz.models.model import Inputs
from tests.reference import pictures

IDS = [3, 17, 5, 2, 11]
TOWERS = ("clip", "siglip")


def given(folder, *, ids=True):
    found = {"image": folder / "picture.png", "model": str(folder)}
    return found | ({"ids": IDS} if ids else {})


@pytest.mark.parametrize("case", pictures.CASES)
def test_every_weight(case, tmp_path):
    pictures.write(case, tmp_path)
    wanted = pictures.expected(case)
    record = attnviz.trace(**given(tmp_path, ids=case in TOWERS))
    stacks = {name.removesuffix("/weights") for name in wanted if name.endswith("/weights")}
    assert stacks == set(record.stacks)
    for stack in stacks:
        found = record.stacks[stack].weights
        assert wanted[f"{stack}/weights"].max() > 0.2
        np.testing.assert_allclose(found, wanted[f"{stack}/weights"], atol=1e-5)


@pytest.mark.parametrize("case", TOWERS)
def test_how_well_a_text_fits_a_picture(case, tmp_path, capsys):
    pictures.write(case, tmp_path)
    words = ["predict", "--ids", ",".join(map(str, IDS)), "--image", str(tmp_path / "picture.png"),
             "--model", str(tmp_path)]  # fmt: skip
    assert run_command_line([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    wanted = pictures.expected(case)["logit"][0]
    assert found["kind"] == "similarity"
    (one,) = found["similarities"]
    assert one["logit"] == pytest.approx(wanted, abs=1e-5)
    share = 1 / (1 + np.exp(-wanted)) if case == "siglip" else 1
    assert one["probability"] == pytest.approx(share, abs=1e-6)
    assert run_command_line(words) == 0
    assert f"logit {wanted:7.2f}" in capsys.readouterr().out


def test_each_line_is_a_text_and_they_share_one_softmax(tmp_path, capsys):
    pictures.write("clip", tmp_path)
    pictures.with_words(tmp_path)
    texts = ["a cat", "a red ball", "dog on dog"]
    asked = {"image": tmp_path / "picture.png", "model": str(tmp_path)}
    found = attnviz.predict("\n".join([*texts, ""]), **asked).similarities
    assert sorted(one.text for one in found) == sorted(texts)
    shares = [one.probability for one in found]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)
    gaps = np.exp(found[0].logit - found[1].logit)
    assert shares[0] / shares[1] == pytest.approx(gaps)
    alone = {text: attnviz.predict(text, **asked).similarities[0].cosine for text in texts}
    assert {one.text: one.cosine for one in found} == pytest.approx(alone)
    words = ["predict", "\n".join(texts), "--image", str(asked["image"]), "-m", asked["model"]]
    assert run_command_line(words) == 0
    assert capsys.readouterr().out.count("█") > 10


def test_siglip_reads_a_text_filled_up_to_its_length(tmp_path):
    pictures.write("siglip", tmp_path)
    pictures.with_words(tmp_path)
    tokens = load_writer(str(tmp_path)).prepare(Inputs(text="a cat")).text
    assert tokens.ids.tolist() == [3, 4] + [1] * 10
    assert tokens.special.tolist() == [False] * 2 + [True] * 10
    asked = {"image": tmp_path / "picture.png", "model": str(tmp_path)}
    (short,) = attnviz.predict("a cat", **asked).similarities
    (ready,) = attnviz.predict(ids=tokens.ids.tolist(), **asked).similarities
    assert short.logit == ready.logit


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"text": "a cat"}, "no picture"),
        ({"image": True}, "no text"),
        ({"text": " \n ", "image": True}, "no text"),
        ({"text": "a cat", "image": True, "answer": "b"}, "answer"),
        ({"text": "a cat", "image": True, "chat": True}, "chat"),
    ],
)
def test_what_cannot_be_compared_is_said(asked, said, tmp_path):
    pictures.write("clip", tmp_path)
    pictures.with_words(tmp_path)
    if "image" in asked:
        asked = asked | {"image": tmp_path / "picture.png"}
    with pytest.raises(AttnvizError, match=said):
        attnviz.predict(model=str(tmp_path), **asked)
