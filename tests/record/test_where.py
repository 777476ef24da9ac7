"""Patches and frames in a saved record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import attnviz
from attnviz.errors import AttnvizError
from attnviz.inputs.tokens import from_labels
from attnviz.inputs.where import Boxes, Times
from attnviz.record.record import AttentionRecord, Origin
from attnviz.record.stack import Stack
from attnviz.record.where import LONGEST_VOICE, where_of, where_tree

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
BOXES = Boxes(
    np.array([[0, 0, 0, 0], [0, 0, 4, 4.5], [4, 0, 8, 4.5]]), np.array([-1, 0, 1]), (1, 2), (8, 9),
    PIXELS,
)  # fmt: skip
FRAMES = np.array([[0, 0.04], [0.04, 0.08], [0.08, 0.12]])
TIMES = Times(FRAMES, 0.1, PIXELS[..., 0], PIXELS[:, :, 1], np.arange(800, dtype=np.uint8))


def record(where):
    tokens = replace(from_labels(["[CLS]", "a", "b"]), where=where)
    weights = np.full((1, 1, 3, 3), 1 / 3, np.float32)
    return AttentionRecord(Origin("m", "given"), "self", {"self": Stack(tokens, tokens, weights)})


@pytest.mark.parametrize("where", [BOXES, TIMES, BOXES.without_media(), TIMES.without_media()])
@pytest.mark.parametrize("suffix", [".json", ".npz", ".csv"])
def test_read_back(tmp_path, where, suffix):
    path, saved = tmp_path / f"a{suffix}", record(where)
    if suffix == ".csv":
        path.write_text(saved.to_csv())
    else:
        saved.save(path)
    again = attnviz.read(path)
    assert again == saved
    assert again.stack.key_tokens.where == where


def broken(**changes):
    return where_tree(BOXES) | changes


@pytest.mark.parametrize(
    "tree",
    [
        broken(boxes=np.zeros((2, 4))),
        broken(boxes=np.full((3, 4), np.nan)),
        broken(cells=np.array([-1, 0, 2])),
        broken(cells=np.array([-2, 0, 1])),
        broken(grid=[0, 2]),
        broken(grid=[1 << 20, 1 << 20]),
        broken(size=[0, 1]),
        broken(media={"shape": [2, 4, 3], "base64": ""}),
        broken(media={"shape": [24, 1, 1], "base64": where_tree(BOXES)["media"]["base64"]}),
        broken(media={"shape": [1 << 40, 4, 3], "base64": ""}),
        where_tree(TIMES) | {"times": np.zeros((2, 2))},
        where_tree(TIMES)
        | {"wave": {"shape": [1, 8], "base64": where_tree(TIMES)["media"]["base64"]}},
    ],
)
def test_what_does_not_fit_is_refused(tree):
    with pytest.raises(ValueError):  # noqa: PT011 read_tree names the file
        where_of(tree, 3)


def test_a_record_with_broken_places_is_refused_in_one_line(tmp_path):
    path = tmp_path / "a.json"
    record(BOXES).save(path)
    path.write_text(path.read_text().replace('"grid": [1, 2]', '"grid": [1, 1]'))
    with pytest.raises(AttnvizError, match="not a record"):
        attnviz.read(path)


def test_a_voice_longer_than_any_that_is_kept():
    tree = where_tree(TIMES) | {"voice": {"shape": [LONGEST_VOICE + 1], "base64": ""}}
    with pytest.raises(ValueError, match="small copy has shape"):
        where_of(tree, 3)
    older = {key: value for key, value in where_tree(TIMES).items() if key != "voice"}
    assert where_of(older, 3).voice is None
