"""Records of every kind with one value changed: refused as no record, or what a record can be.

What is accepted is written again without loss, so that no view meets a type it does not know.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError
from attnviz.analysis.survey_file import read_survey, survey_tree
from attnviz.analysis.transform import Transform
from attnviz.record.saved import to_npz

SAMPLES = Path(__file__).parents[2] / "samples"
KINDS = {
    "text": lambda: attnviz.trace("The cat", type="global", heads=1, global_tokens=["cat"]),
    "streamed": lambda: attnviz.trace("The cat", heads=1, max_memory=0),
    "merged": lambda: attnviz.trace("A cat. A dog.", heads=1, transform=Transform(merge="words")),
    "part": lambda: attnviz.trace(
        "A cat. A dog.", heads=1, max_memory=0, transform=Transform(rows="1:3", columns="0:3")
    ),
    "picture": lambda: attnviz.trace(image=SAMPLES / "images" / "cat.jpg", heads=1),
    "sound": lambda: attnviz.trace(audio=SAMPLES / "audio" / "arabic.wav", end=0.3, heads=1),
    "written": lambda: (
        attnviz.generate(ids=[3, 7, 9, 4, 3, 7], model="induction", max_new_tokens=2).record
    ),
}
ODD = [None, True, -1, 0.5, 1e300, float("nan"), "", "x", [], [[]], ["a"], {}, {"a": 1}, 1 << 70]
FREE = ("attnviz", "details")  # what wrote it, and what a model is: any JSON


def places(tree, path=()):
    """Every place of a tree, the first of each list."""
    if path:
        yield path
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree[:1])
    for name, value in inner:
        if isinstance(value, dict | list):
            yield from places(value, (*path, name))
        else:
            yield (*path, name)


def changed(tree, path, value):
    """The same tree with another value in one place; what does not change is shared."""
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = value if len(path) == 1 else changed(copy[path[0]], path[1:], value)
    return copy


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_record_with_a_lie_is_none(kind, tmp_path):
    tree = json.loads(KINDS[kind]().to_json())
    file, refused = tmp_path / "x.json", 0
    for path in places(tree):
        for odd in ODD[:: 4 if kind == "picture" else 1]:  # a large one
            file.write_text(json.dumps(changed(tree, path, odd)))
            try:
                record = attnviz.read(file)
            except AttnvizError as error:
                assert "is not a record of attnviz" in str(error)  # noqa: PT017
                assert len(str(error)) < 1000  # noqa: PT017
                refused += 1
                continue
            assert json.loads(record.to_json())["format"] == "attnviz-record"
            if path[0] == "stacks" and type(odd) is str and path[-1] not in ("labels", "pieces"):
                assert isinstance(path[-1], int) or path[-1] in ("text", *FREE), path
    assert refused > 100


TYPED = [
    ("two_texts", None), ("two_texts", "x"), ("two_texts", 1), ("masks", ""), ("masks", {}),
    ("head_names", ""), ("head_names", {}), ("head_names", None),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), TYPED)
def test_a_field_of_another_type_is_named(field, value, tmp_path):
    tree = json.loads(attnviz.trace("a b", heads=1).to_json())
    tree["stacks"]["self"][field] = value
    (tmp_path / "x.json").write_text(json.dumps(tree))
    with pytest.raises(AttnvizError, match=f"is not a record of attnviz.*{field}"):
        attnviz.read(tmp_path / "x.json")


def survey():
    return survey_tree(attnviz.survey(["The cat sat", "a b"], heads=2))


LIES = {
    "settings that are no JSON": lambda tree: tree["settings"].update(heads=np.array("x")),
    "a mean below 0": lambda tree: tree["values"]["mean"].__setitem__((3, 0, 0), -0.5),
    "no number": lambda tree: tree["values"]["mean"].__setitem__((3, 0, 0), np.nan),
    "more values than texts": lambda tree: tree["values"]["n"].__setitem__((3, 0, 0), 9),
    "counts of other values": lambda tree: tree["counts"].__setitem__((3, 0, 0, 0), 7),
    "labels of other texts": lambda tree: tree["labels"].__setitem__((0, 0, 0), 9),
    "fewer texts than none": lambda tree: tree.update(n=-1),
    "an example elsewhere": lambda tree: tree["examples"][0].__setitem__(1, 99),
    "an example of no weight": lambda tree: tree["examples"][0].__setitem__(2, float("nan")),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_survey_with_a_lie_is_none(lie, tmp_path):
    tree = survey()
    LIES[lie](tree)
    (tmp_path / "s.npz").write_bytes(to_npz(tree))
    with pytest.raises(AttnvizError, match="is not a survey"):
        read_survey(tmp_path / "s.npz")
