"""Every hint of an error is a promise: here each is obeyed, and what comes of it is looked at."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import attnviz
from tests.files.tables import below
from tests.reference import checkpoints
from tests.reference.in_process import run

TEXT = "The cat sat on the mat"
TWICE = "the cat and the cat"
IDS = ("--ids", "5,6,7,8,5,6,7", "--model", "gpt2")
PLAIN = {"COLUMNS": "200", "LINES": "50", "ATTNVIZ_LANG": "en", "NO_COLOR": "1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with texts, arrays and two checkpoints that somebody may have."""
    place = tmp_path_factory.mktemp("hints")
    for name in ("gpt2", "bert"):
        checkpoints.write(name, place / name)
    (place / "wide.txt").write_bytes(TEXT.encode("utf-16-le"))
    (place / "latin.txt").write_bytes("café".encode("latin-1"))
    (place / "lines.txt").write_text("a b c\nd e\n", encoding="utf-8")
    return place


def ran(folder, *words, piped=None):
    return run(*map(str, words), folder=folder, piped=piped, **PLAIN)


# What is wrong, what the hint says, the command that obeys it, and what has to be in its answer.
OBEYED = {
    "dash": (["run", "- buy milk"], 'Try: attnviz run -- "- buy milk"', ["run", "--", "- buy milk"],
             r"buy +milk"),
    "quotes": (["run", "The", "cat"], 'attnviz run "The cat"', ["run", "The cat"], "The +cat"),
    "type": (["run", TEXT, "--type", "lokal"], "local", ["run", TEXT, "--type", "local"],
             "^local attention"),
    "command": (["rnu", TEXT], "Did you mean 'run'", ["run", TEXT], "^self-attention"),
    "option": (["run", TEXT, "--colour"], "--color", ["run", TEXT, "--color", "never"], "^self"),
    "head": (["run", TEXT, "--head", "9"], "from 0 to 3", ["run", TEXT, "--head", "3"], "head 3"),
    "layer": (["run", TEXT, "--layer", "3"], "only 0", ["run", TEXT, "--layer", "0"], "^self"),
    "cross": (["run", TEXT, "--type", "cross"], "Give a --source",
              ["run", TEXT, "--type", "cross", "--source", "Le chat"], "^cross-attention"),
    "made cross": (["run", TEXT, "--source", "Le chat", "--type", "self"], "Make --type cross",
                   ["run", TEXT, "--source", "Le chat", "--type", "cross"], "^cross-attention"),
    "left out": (["run", TEXT, "--source", "Le chat", "--type", "self"], "leave --source out",
                 ["run", TEXT, "--type", "self"], "^self-attention"),
    "which": (["steps", TWICE, "--query", "cat"], "cat#1, cat#2, or a position: 1, 4",
              ["steps", TWICE, "--query", "cat#2"], "query cat"),
    "position": (["steps", TWICE, "--query", "cat"], "cat#1, cat#2, or a position: 1, 4",
                 ["steps", TWICE, "--query", "4"], "query cat"),
    "key": (["run", TEXT, "--key", "cat"], "Give both: --query it --key tired",
            ["run", TEXT, "--key", "cat", "--query", "mat"], "mat"),
    "one text": (["run", TEXT, "--file", "lines.txt"], "Give one of them",
                 ["run", "--file", "lines.txt"], "d +e"),
    "sample": (["run", "--sample", "darija"], "darija-latin", ["run", "--sample", "darija-latin"],
               "attention"),
    "one view": (["run", *IDS, "--layer", "0,1", "--show", "table"], "or --show grid",
                 ["run", *IDS, "--layer", "0,1", "--show", "grid"], "layer 1"),
    "one layer": (["run", *IDS, "--layer", "0,1", "--show", "table"], "Choose one",
                  ["run", *IDS, "--layer", "1", "--show", "table"], "layer 1"),
    "layer.head": (["run", *IDS, "--head", "1,1.0"], 'as layer.head ("5.3,2.11")',
                   ["run", *IDS, "--head", "0.1,1.0"], r"0\.1 .*1\.0"),
    "layer alone": (["run", *IDS, "--head", "1,1.0"], "or the layer by itself",
                    ["run", *IDS, "--layer", "1", "--head", "1,0"], "(?m)^ *1  +0$"),
    "one head": (["steps", TEXT, "--head", "0.0,0.1"], 'such as "2.8"',
                 ["steps", TEXT, "--head", "0.1"], "head 1"),
    "own heads": (["run", *IDS, "--heads", "2"], "Leave --heads out", ["run", *IDS], "gpt2"),
    "compare": (["compare", TEXT], "--type self,local", ["compare", TEXT, "--type", "self,local"],
                "^B local"),
    "vary one": (["compare", TEXT, "--type", "self,local", "--head", "0,1"], "one thing at a time",
                 ["compare", TEXT, "--head", "0,1"], "head 1"),
    "top": (["heads", TEXT, "--top", "0"], "1 or more", ["heads", TEXT, "--top", "1"], "sure"),
    "sort": (["heads", TEXT, "--sort", "x"], "entropy", ["heads", TEXT, "--sort", "entropy"],
             "by entropy"),
    "window": (["run", TEXT, "--window", "-1", "--type", "local"], "0 or more",
               ["run", TEXT, "--window", "0", "--type", "local"], "window 0"),
    "topic": (["explain", "sofmax"], "softmax", ["explain", "softmax"], "softmax"),
    "exercise": (["explain", "--exercise"], "attnviz explain all --exercise",
                 ["explain", "all", "--exercise"], "1"),
    "range": (["run", TEXT, "--rows", "9:12"], "from 0 to 5", ["run", TEXT, "--rows", "4:6"],
              "mat"),
    "keep": (["run", TEXT, "--keep", "x"], "query, key, value, scores",
             ["run", TEXT, "--keep", "query,key,value,scores"], "^self"),
    "memory": (["run", TEXT, "--max-memory", "x"], "500MB, 1GiB or 4096",
               ["run", TEXT, "--max-memory", "4096"], "^self"),
    "merge": (["run", TEXT, "--merge", "sentence"], "sentences",
              ["run", TEXT, "--merge", "sentences"], "sentences"),
    "lengths": (["cost", "--lengths", "x"], "--lengths 512,2048,8192",
                ["cost", "--lengths", "512,2048,8192", "--no-measure"], "8.192"),
    "ids": (["run", "--ids", "5,x", "--model", "gpt2"], "whole numbers",
            ["run", "--ids", "5,6", "--model", "gpt2"], "gpt2"),
    "random": (["heads", TEXT, "--random", "3"], "Give one of them too",
               ["heads", "--random", "3", "--probe", "--model", "induction"], "induction"),
    "formats": (["run", TEXT, "--json", "--csv"], "Give one of them", ["run", TEXT, "--csv"],
                "The"),
    "suffix": (["run", TEXT, "-o", "a.bmp"], ".json", ["run", TEXT, "-o", "a.json"], "^self"),
    "wide": (["run", TEXT, "--figure", "column", "--size", "3in"], "Give one of them",
             ["run", TEXT, "--size", "3in", "-o", "b.png"], "^self"),
    "rollout": (["run", TEXT, "--source", "Le chat", "--measure", "rollout"], "self-attention",
                ["run", TEXT, "--measure", "rollout"], "rollout"),
    "probe": (["heads", TEXT, "--probe", "--model", "induction"], "Leave the text out",
              ["heads", "--probe", "--model", "induction"], "induction"),
    "mean": (["heads", *IDS, "--head", "mean"], "5.3, -1.0 or last.0-3",
             ["heads", *IDS, "--head", "-1.0"], r"\b1\.0 "),
}  # fmt: skip


@pytest.mark.parametrize("case", OBEYED)
def test_the_hint_of_a_command_is_obeyed(folder, case):
    wrong, hint, obeyed, shown = OBEYED[case]
    status, out, err = ran(folder, *wrong)
    assert (status, out) == (2, "")
    assert hint in err
    status, out, err = ran(folder, *obeyed)
    assert status == 0, err
    assert re.search(shown, out, re.MULTILINE)


def test_the_size_that_fits_is_drawn(folder):
    tried = ("run", TEXT, "--size", "0.5in", "-o", "small.png")
    status, _, err = ran(folder, *tried)
    assert status == 2
    assert not (folder / "small.png").exists()
    size = re.search(r"What fits: --size ([\d.]+in)", err)[1]
    status, _, err = ran(folder, "run", TEXT, "--size", size, "-o", "small.png")
    assert status == 0, err
    assert (folder / "small.png").stat().st_size


@pytest.mark.parametrize(("name", "told"), [("wide", "UTF-16LE"), ("latin", "UTF-8")])
def test_a_text_in_another_coding_is_read_once_it_is_converted(folder, name, told):
    status, _, err = ran(folder, "run", "--file", f"{name}.txt")
    assert status == 2
    assert told in err
    coding = re.search(r"iconv -f (\S+)", err)
    data = (folder / f"{name}.txt").read_bytes()
    words = data.decode(coding[1] if coding else "latin-1")
    (folder / f"{name}8.txt").write_text(words, encoding="utf-8")
    status, out, err = ran(folder, "run", "--file", f"{name}8.txt", "--csv")
    assert status == 0, err
    assert out == ran(folder, "run", words, "--csv").out.replace(
        f"run '{words}'", f"run --file {name}8.txt"
    ).replace(f"run {words}", f"run --file {name}8.txt")


def weights(shape, seed=0):
    numbers = np.random.default_rng(seed).random(shape) ** 4 + 1e-3
    return (numbers / numbers.sum(axis=-1, keepdims=True)).astype(np.float32)


SWAPPED = "swap the last two axes"
MOVED = "where the last one counts heads, move it before the queries"
PERCENT = "from 0 to 1"


@pytest.mark.parametrize(
    ("right", "wrong", "hint", "obey"),
    [
        ((2, 5, 5), lambda a: a.swapaxes(-1, -2), SWAPPED, lambda a: a.swapaxes(-1, -2)),
        ((2, 5, 7), lambda a: a.swapaxes(-1, -2), SWAPPED, lambda a: a.swapaxes(-1, -2)),
        ((2, 5, 5), lambda a: np.moveaxis(a, 0, -1), MOVED, lambda a: np.moveaxis(a, -1, -3)),
        ((3, 2, 5, 5), lambda a: np.moveaxis(a, 1, -1), MOVED, lambda a: np.moveaxis(a, -1, -3)),
        ((2, 5, 5), lambda a: 100 * a, PERCENT, lambda a: a / 100),
    ],
    ids=["turned", "turned, two texts", "heads last", "heads last, layers", "percent"],
)
def test_the_hint_about_arrays_leads_to_their_weights(folder, right, wrong, hint, obey):
    expected = weights(right)
    np.save(folder / "given.npy", wrong(expected))
    status, out, err = ran(folder, "view", "given.npy")
    assert (status, out) == (2, "")
    assert hint in err
    np.save(folder / "given.npy", obey(wrong(expected)))
    status, out, err = ran(folder, "view", "given.npy", "--json")
    assert status == 0, err
    (stack,) = json.loads(out)["stacks"].values()
    shown = np.array(stack["weights"])
    assert np.abs(shown.reshape(expected.shape) - expected).max() < 1e-6


def test_what_a_record_lacks_is_kept_when_it_is_asked_for():
    record = attnviz.trace(TEXT)
    with pytest.raises(attnviz.AttnvizError) as refused:
        _ = record.stack.scores
    keep = re.search(r'keep=\("(\w+)",\)', refused.value.hint)[1]
    scores = attnviz.trace(TEXT, keep=(keep,)).stack.scores
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    ratio = exponentials / exponentials.sum(axis=-1, keepdims=True)
    assert np.abs(ratio - record.stack.weights).max() < 1e-5


def test_a_layer_and_a_head_that_heads_names_are_taken_by_run(folder):
    status, out, _ = ran(folder, "heads", *IDS, "--csv")
    assert status == 0
    lines = [line.split(",") for line in below(out)][1:]
    for layer, head in ((line[0], line[1]) for line in lines):
        status, out, err = ran(folder, "run", *IDS, "--head", f"{layer}.{head}")
        assert status == 0, err
        assert f"layer {layer} · head {head}" in out
