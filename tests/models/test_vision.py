"""Vision transformers against stored answers of transformers, and what does not fit them."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.errors import AttnvizError
from attnviz.models import load_writer
from attnviz.models.checkpoint.image_processor import read_image_processor
from attnviz.models.interpolation import taps
from attnviz.models.model import Inputs
from tests.reference import vision


@pytest.fixture(scope="module")
def wanted():
    with np.load(vision.ANSWERS) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize("case", vision.CASES)
def test_pixels_and_every_weight(case, wanted, tmp_path):
    vision.write(case, tmp_path)
    picture = tmp_path / "picture.png"
    pixels = load_writer(str(tmp_path)).prepare(Inputs(image=picture)).features["image"]
    assert np.array_equal(pixels, vision.pixels_of(case))
    record = attnviz.trace(image=picture, model=str(tmp_path))
    np.testing.assert_allclose(record.stack.weights, wanted[f"{case}/weights"], atol=1e-5)
    tokens = record.stack.key_tokens
    assert tokens.labels[0] == "[CLS]"
    height, width = vision.CASES[case][2]
    assert tokens.where.grid == (height // 8, width // 8)
    assert tokens.where.boxes[-1].tolist() == pytest.approx([
        72 * (1 - 8 / width), 48 * (1 - 8 / height), 72, 48,
    ])  # fmt: skip


def test_the_class_of_a_picture(wanted, tmp_path, capsys):
    vision.write("vit", tmp_path)
    logits = wanted["vit/logits"].astype(float)
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    picture = str(tmp_path / "picture.png")
    words = ["predict", "--image", picture, "--model", str(tmp_path), "--json"]
    assert run_command_line(words) == 0
    (place,) = json.loads(capsys.readouterr().out)["places"]
    found = {one["label"]: one["probability"] for one in place["candidates"]}
    assert found == {
        name: pytest.approx(shares[i], abs=1e-5) for i, name in enumerate(("cat", "ball", "box"))
    }
    assert run_command_line(words[:-1]) == 0


def test_cubic_taps_are_those_of_their_definition():
    """A grid that stays keeps its numbers; rows sum to 1; in the middle of two places each has
    (1/2)-kernel shares: k(0.5) = 0.5 - a/8 · (-1) … here worked out for a = -0.75."""
    for antialias in (False, True):
        assert taps(5, 5, -0.75, antialias=antialias) == pytest.approx(np.eye(5))
        assert taps(4, 7, -0.5, antialias=antialias).sum(axis=1) == pytest.approx(np.ones(7))
    near = (-0.75 + 2) * 0.125 - (-0.75 + 3) * 0.25 + 1
    far = -0.75 * 3.375 + 3.75 * 2.25 - 6 * 1.5 + 3
    half = taps(4, 2, -0.75, antialias=False)[1]  # its middle lies at 2.5: half of 2, half of 3
    assert half == pytest.approx([0, far, near, near + far])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"size": {"height": 30, "width": 30}}, "positions"),
        ({"size": {"longest_edge": 9}}, "size"),
        ({"size": -4}, "side"),
        ({"size": 24, "resample": 9}, "resample"),
        ({"size": 24, "image_mean": [1, 2]}, "mean"),
    ],
)
def test_a_processor_that_does_not_fit_is_said(tmp_path, settings, said):
    vision.write("vit", tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings))
    with pytest.raises(AttnvizError, match=said):
        attnviz.trace(image=tmp_path / "picture.png", model=str(tmp_path))


def test_the_new_file_means_the_same(tmp_path):
    vision.write("deit", tmp_path)
    old = read_image_processor(tmp_path, "deit")
    file = tmp_path / "preprocessor_config.json"
    nested = {"image_processor": json.loads(file.read_text())}
    (tmp_path / "processor_config.json").write_text(json.dumps(nested))
    file.unlink()
    assert read_image_processor(tmp_path, "deit") == old


@pytest.mark.parametrize("given", [{"text": "a cat"}, {}, {"audio": "a.wav"}, {"source": "x"}])
def test_a_model_that_looks_is_told_what_it_reads(tmp_path, given):
    vision.write("vit", tmp_path)
    with pytest.raises(AttnvizError):
        attnviz.trace(model=str(tmp_path), **{"text": None, **given})


def test_a_text_for_a_model_that_looks_is_answered_with_what_it_reads(tmp_path):
    vision.write("vit", tmp_path)
    with pytest.raises(AttnvizError, match=r"^A text does not apply to .* Give it `image`\.$"):
        attnviz.trace("a cat", model=str(tmp_path))


def test_a_model_of_texts_reads_no_picture(tmp_path):
    vision.write("vit", tmp_path)
    with pytest.raises(AttnvizError, match="image"):
        attnviz.trace(image=tmp_path / "picture.png", model="induction")
