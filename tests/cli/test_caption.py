"""`attnviz caption`: a sentence about a picture, and where each word looked."""

import json

import pytest

import attnviz
from attnviz.cli import run_command_line
from tests.reference import pictures, vision


@pytest.fixture(scope="module")
def blip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("blip")
    pictures.write("blip", folder)
    pictures.with_words(folder)
    return folder


def words(blip, *more):
    picture = str(blip / "picture.png")
    return ["caption", picture, "--model", str(blip), "--max-new-tokens", "6", *more]


def test_each_word_has_a_picture_with_its_share_of_cls(blip, capsys, tmp_path):
    saved = tmp_path / "caption.npz"
    assert run_command_line(words(blip, "-o", str(saved))) == 0
    told = capsys.readouterr()
    found = attnviz.generate(image=blip / "picture.png", model=str(blip), max_new_tokens=6)
    assert told.out.startswith(f"{found.text}\n")
    assert told.out.count("· [CLS] ") == len(found.text.split())
    assert f"{len(found.ids)} tokens, " in told.err
    assert "tokens/s" in told.err
    assert attnviz.read(saved).made.command.startswith("attnviz caption ")
    assert run_command_line(["view", str(saved), "--show", "caption", "--layer", "all"]) == 0
    assert capsys.readouterr().out in told.out


def test_one_layer_and_a_beginning(blip, capsys):
    assert run_command_line(words(blip, "--text", "a cat", "--layer", "1", "--head", "0")) == 0
    whole = capsys.readouterr().out
    assert run_command_line(words(blip, "--text", "a cat", "--layer", "0")) == 0
    assert capsys.readouterr().out != whole
    assert run_command_line(words(blip, "--text", "a cat", "--json")) == 0
    steps = json.loads(capsys.readouterr().out)["settings"]["steps"]
    assert 1 <= len(steps) <= 6


def test_the_strip_as_a_picture(blip, tmp_path, capsys):
    from PIL import Image

    file = tmp_path / "strip.png"
    assert run_command_line(words(blip, "--show", "caption", "-o", str(file), "-q")) == 0
    with Image.open(file) as image:
        assert image.width > 400
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", ""], "needs a trained model"),
        (["--model", "VIT"], "does not write about pictures"),
        (["--model", "BLIP", "--layer", "7"], "Layer 7"),
        (["--model", "BLIP", "--head", "1.9"], "Head 9"),
        (["--model", "BLIP", "--stack", "nowhere"], "nowhere"),
        (["--model", "BLIP", "-o", "a.mp3"], "mp3"),
        (["--model", "BLIP", "--num-beams", "0"], "num-beams"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(arguments, said, blip, tmp_path, capsys):
    vision.write("vit", tmp_path)
    places = {"VIT": str(tmp_path), "BLIP": str(blip)}
    asked = [places.get(one, one) for one in arguments]
    assert run_command_line(["caption", str(blip / "picture.png"), *asked]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("show", ["timeline", "grid", "heatmap", "top", "none"])
def test_other_views_of_a_caption(blip, show, capsys):
    assert run_command_line(words(blip, "--show", show)) == 0
    out = capsys.readouterr().out
    written, *lines = out.splitlines()
    assert written
    assert bool(lines) == (show != "none")


def test_a_text_is_no_caption(tmp_path, capsys):
    record = attnviz.trace("the cat sat")
    record.save(tmp_path / "a.npz")
    assert run_command_line(["view", str(tmp_path / "a.npz"), "--show", "caption"]) == 2
    assert "no steps" in capsys.readouterr().err
