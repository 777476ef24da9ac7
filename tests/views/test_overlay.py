"""Weights over a picture: where each pixel's colour comes from, and what a terminal shows."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

import attnviz
from attnviz.analysis.transform import Transform
from attnviz.cli import run_command_line
from attnviz.inputs.image import open_picture, patch_tokens
from attnviz.views.look import Look, choose
from attnviz.views.overlay import MASS, OUTLINE, fitting, holding, overlay, patches_of, row_of
from attnviz.views.picture.picture import picture
from attnviz.views.screen import Screen
from attnviz.views.terminal.show import show, show_query

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "samples" / "images"
CAT = IMAGES / "cat.jpg"


@pytest.fixture
def where(tmp_path):
    """Four patches over the middle of a white picture of 80 × 40; 20 on each side lie outside."""
    Image.new("RGB", (80, 40), (255, 255, 255)).save(tmp_path / "a.png")
    return patch_tokens(
        open_picture(tmp_path / "a.png"), (2, 2), (20, 0, 60, 40), first=("[CLS]",)
    ).where


def test_pixels_are_those_of_their_patches(where):
    drawn = overlay(where, np.array([0.9, 0, 0.1, 0, 0]), (80, 40)).astype(int)
    orange = drawn[..., 0] - drawn[..., 2] > 50
    assert orange[:20, 40:60].all()  # the second patch
    assert orange.sum() == 400
    assert (drawn[:, :20] < 50).all()  # outside of every patch: darker than a patch without weight
    assert (drawn[30, 30] > 100).all()


def test_brightness_goes_with_the_root(where):
    drawn = overlay(where, np.array([0, 0.25, 1, 0, 0]), (80, 40)).astype(float)
    none, quarter, whole = drawn[30, 30], drawn[10, 30], drawn[10, 50]
    np.testing.assert_allclose(quarter, (none + whole) / 2, atol=1)


def test_the_query_is_outlined(where):
    drawn = overlay(where, np.full(5, 0.2), (80, 40), query=4)
    outlined = (drawn == OUTLINE).all(axis=2)
    assert outlined[20, 40:60].all()
    assert outlined[20:40, 40].all()
    assert outlined.sum() == 4 * 19
    assert not (overlay(where, np.full(5, 0.2), (80, 40), query=0) == OUTLINE).all(axis=2).any()


@pytest.mark.parametrize(
    ("mass", "held"),
    [(0.3, [[0, 1], [0, 0]]), (0.5, [[0, 1], [0, 0]]), (0.6, [[0, 1], [1, 0]]),
     (0.75, [[0, 1], [1, 0]]), (0.8, [[0, 1], [1, 1]]), (1.0, [[0, 1], [1, 1]])],
)  # fmt: skip
def test_the_fewest_patches_that_hold_so_much(where, mass, held):
    """[CLS] has 60%: of the 40% on the picture patches have none, a half, a quarter, a quarter."""
    assert holding(where, np.array([0.6, 0, 0.2, 0.1, 0.1]), mass).tolist() == held


def test_a_row_that_gives_the_picture_nothing_holds_nothing(where):
    assert not holding(where, np.array([1.0, 0, 0, 0, 0]), 0.5).any()


def test_the_line_runs_around_patches_that_touch(where):
    """Two patches above one another of 20 × 20 pixels: one rectangle, no line between them."""
    drawn = overlay(where, np.array([0, 0, 0.5, 0, 0.5]), (80, 40), mass=1.0)
    line = (drawn == MASS).all(axis=2)
    expected = np.zeros_like(line)
    expected[:, [40, 59]] = expected[[0, 39], 40:60] = True
    assert np.array_equal(line, expected)


def test_without_colour_only_what_holds_it_is_drawn():
    record = attnviz.trace(image=CAT)
    row = record.stack.weights[0, 1, 5 * 17 + 8]
    n = int(np.searchsorted(np.cumsum(-np.sort(-row)), 0.5 * row.sum() - 1e-9)) + 1
    look = Look(heads=(1,), show="image", mass=0.5)
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(show(record, look, Screen(80, 24, colour=False)))
    drawn = console.file.getvalue()
    picture = [line[:34] for line in drawn.splitlines()[4:-2]]
    assert "50%" in drawn
    assert sum(sum(line.count(sign) for sign in "░▒▓█◎") for line in picture) == 2 * n


@pytest.mark.parametrize("mass", ["0", "0%", "101%", "-5%", "nan", "inf", "half", "", "%"])
def test_what_is_no_share_is_refused(mass, capsys):
    assert run_command_line(["run", "--image", str(CAT), "--mass", mass]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "is not a share of the weight" in err


def test_of_a_text_there_is_no_outline(capsys):
    assert run_command_line(["run", "a b", "--mass", "50%"]) == 2
    assert "--mass is for pictures" in capsys.readouterr().err


def test_without_the_picture_weights_are_still_drawn(where):
    row = np.array([0, 0, 1, 0, 0])
    drawn = overlay(where.without_media(), row, (80, 40)).astype(int)
    assert (drawn[..., 0] - drawn[..., 2] > 50).sum() == 400


def test_the_shape_of_the_picture_is_kept(where):
    assert fitting(where, 40, 100) == (40, 20)
    assert fitting(where, 400, 10) == (20, 10)


def printed(*arguments):
    """What `run` prints to a pipe."""
    command = [sys.executable, "-m", "attnviz", "run", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def drawn(record, look, colour=True):
    console = Console(width=80, color_system="truecolor", force_terminal=True, file=io.StringIO())
    with console.capture() as caught:
        console.print(show(record, look, Screen(80, 24, colour)))
    return caught.get()


def test_a_screen_of_heads():
    record = attnviz.trace(image=CAT)
    lines = drawn(record, choose(record.stack, "0", "mean"), colour=False).splitlines()
    assert len(lines) <= 23
    assert "0 same colour" in "\n".join(lines)
    assert "3 stands out" in "\n".join(lines)
    assert "\n".join(lines).count("◎") == 4  # each head's picture marks who looks
    assert "▀" in drawn(record, choose(record.stack, "0", "mean"))


def test_one_head_large():
    record = attnviz.trace(image=CAT)
    text = drawn(record, choose(record.stack, "0", "1"), colour=False)
    assert "head 1 · near" in text
    assert "r5c8 looks at" in text
    weight = record.stack.weights[0, 1, record.stack.query_tokens.find("r5c8")[0]].max()
    assert f"{100 * weight:.1f}%" in text


def test_another_patch_looks():
    record = attnviz.trace(image=CAT)
    query = record.stack.query_tokens.find("r0c0")[0]
    one = picture(record, "png", Look(query=query))[0]
    assert one != picture(record, "png", Look())[0]
    assert one == picture(record, "png", Look(query=query))[0]
    text = drawn(record, Look(heads=(1,), query=query), colour=False)
    assert "r0c0 looks at" in text
    assert show_query(record, "r0c0", Look(query=query), Screen(80, 24, True)) is not None


def test_words_over_a_picture():
    record = attnviz.trace("a red ball", image=IMAGES / "shapes.png")
    text = drawn(record, Look(), colour=False)
    assert "a · even" in text
    assert "red · colour words" in text


def test_a_saved_record_shows_the_same(tmp_path):
    record = attnviz.trace(image=CAT)
    record.save(tmp_path / "a.npz")
    assert drawn(attnviz.read(tmp_path / "a.npz"), Look()) == drawn(record, Look())


@pytest.mark.parametrize("lang", ["en", "darija", "ary-Arab"])
def test_no_media(tmp_path, lang):
    path = tmp_path / "a.json"
    printed("--image", str(CAT), "--no-media", "-o", str(path), "--lang", lang)
    assert attnviz.read(path).stack.key_tokens.where.thumbnail is None


def test_rollout_over_patches_is_the_product_of_its_layers(where):
    """(A + I) / 2 of each layer, multiplied by hand, drawn over the same patches (Abnar & Zuidema
    2020)."""
    tokens = attnviz.from_weights(np.eye(5), ["[CLS]", "a", "b", "c", "d"]).stack.query_tokens
    tokens = replace(tokens, where=where, special=np.arange(5) == 0)
    weights = np.random.default_rng(0).dirichlet(np.ones(5), size=(2, 3, 5))
    begun = attnviz.from_weights(weights.astype("f4"), list("vwxyz"))
    stack = replace(begun.stack, query_tokens=tokens, key_tokens=tokens)
    rolled = Transform("rollout").apply(replace(begun, stacks={begun.name: stack})).stack
    first, second = (weights.mean(axis=1) + np.eye(5)) / 2
    np.testing.assert_allclose(row_of(rolled, 1, "mean", 0), (second @ first)[0], atol=1e-6)
    assert patches_of(rolled) == where
