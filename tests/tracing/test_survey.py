"""A survey against a loop of single runs, however its texts are shared out."""

import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.analysis.head_labels import look
from attnviz.analysis.head_measures import MEASURES
from attnviz.analysis.survey import Strongest, text_values
from attnviz.analysis.survey_file import read_survey, save_survey, survey_tree
from attnviz.errors import AttnvizError
from attnviz.inputs.corpus import Columns, Corpus
from attnviz.record.saved import to_npz
from attnviz.tracing.survey import CHUNK, survey

ROOT = Path(__file__).parents[2]
WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "because",
    "it",
    "was",
    "tired",
    "and",
    "slept",
    "all",
    "day",
    "long",
    "in",
    "the",
    "sun",
]
DICE = np.random.default_rng(3)
TEXTS = [" ".join(DICE.choice(WORDS, DICE.integers(4, 14))) for _ in range(2 * CHUNK + 5)]


@pytest.fixture(scope="module")
def looks():
    return [look(attnviz.trace(text, heads=6).stack) for text in TEXTS]


@pytest.fixture(scope="module")
def found():
    return survey(TEXTS, heads=6)


@pytest.mark.parametrize("name", MEASURES)
def test_mean_and_deviation_are_those_of_single_runs(looks, found, name):
    values = np.array([[one.measures[name] for one in text] for text in looks])
    known = ~np.isnan(values)
    assert np.array_equal(found.count(name)[0], known.sum(axis=0))
    for head in range(6):
        of_head = values[known[:, head], head]
        if of_head.size:
            assert found.mean(name)[0, head] == pytest.approx(of_head.mean(), rel=1e-9, abs=1e-12)
        if of_head.size > 1:
            assert found.sd(name)[0, head] == pytest.approx(of_head.std(ddof=1), rel=1e-6, abs=1e-9)


def test_labels_are_those_of_most_texts(looks, found):
    for head in range(6):
        kinds = [text[head].label.kind for text in looks]
        share = kinds.count(found.labels[0][head]) / len(kinds)
        assert share == max(kinds.count(kind) for kind in kinds) / len(kinds)
        assert found.label_share[0, head] == pytest.approx(share)
    assert found.n == len(TEXTS)


def test_examples_are_the_strongest_pairs(found):
    best = []
    for number, text in enumerate(TEXTS):
        weights = attnviz.trace(text, heads=6).stack.weights[0, 4].copy()
        weights[:, 0] = -1
        best.append((-float(weights.max()), number))
    examples = found.examples(0, 4)
    assert [one.sort for one in examples] == sorted(best)[:5]
    for one in examples:
        assert one.query in TEXTS[one.sort[1]].split()
        assert one.key in TEXTS[one.sort[1]].split()
    with pytest.raises(AttnvizError, match="Head 6"):
        found.examples(0, 6)


def test_an_example_has_its_map(found, tmp_path):
    save_survey(found, tmp_path / "s.npz")
    for survey_of in (found, read_survey(tmp_path / "s.npz")):
        for one in survey_of.examples(0, 4):
            stack = attnviz.trace(TEXTS[one.sort[1]], heads=6).stack
            assert one.map.queries == one.map.keys == tuple(stack.query_tokens.labels)
            np.testing.assert_allclose(one.map.weights / 255, stack.weights[0, 4], atol=0.5 / 255)
            assert (one.query, one.key) == tuple(one.map.queries[i] for i in one.map.pair)


def test_the_map_of_a_long_text_is_what_lies_around_the_pair():
    words = [f"w{i}" for i in range(90)]
    found = survey([" ".join(words)], heads=6)
    weights = attnviz.trace(" ".join(words), heads=6).stack.weights[0]
    for head in range(6):
        (one,) = found.examples(0, head)
        down, across = (words.index(side[0]) for side in (one.map.queries, one.map.keys))
        shown = weights[head, down : down + 24, across : across + 24]
        np.testing.assert_allclose(one.map.weights / 255, shown, atol=0.5 / 255)
        assert shown[one.map.pair] == pytest.approx(one.weight)


@pytest.mark.parametrize(("n_keys", "query", "key"), [(60, 2, 55), (60, 20, 31), (80, 59, 79)])
def test_the_map_of_a_pair_far_apart_has_other_tokens_across(n_keys, query, key):
    weights = np.random.default_rng(0).random((1, 1, 60, n_keys)).astype(np.float32) / 2
    weights[0, 0, query, key] = 0.75
    labels = [f"q{i}" for i in range(60)], [f"k{i}" for i in range(n_keys)]
    cells = np.array([[query * n_keys + key]])
    one = Strongest(np.array([[0.75]]), cells, *labels, 0, "1", weights).example(0, 0)
    down, across = int(one.map.queries[0][1:]), int(one.map.keys[0][1:])
    shown = weights[0, 0, down : down + 24, across : across + 24]
    np.testing.assert_allclose(one.map.weights / 255, shown, atol=0.5 / 255)
    assert (one.map.queries[one.map.pair[0]], one.map.keys[one.map.pair[1]]) == (one.query, one.key)
    assert (one.query, one.key) == (f"q{query}", f"k{key}")


@pytest.mark.parametrize("n", [1, 23, 24, 25, 50])
def test_every_pair_lies_on_its_map(n):
    labels = [f"w{i}" for i in range(n)]
    weights = np.zeros((1, 1, n, n), np.float32)
    for query, key in itertools.product(range(n), repeat=2):
        cells = np.array([[query * n + key]])
        pair = Strongest(np.ones((1, 1)), cells, labels, labels, 0, "1", weights)
        one = pair.example(0, 0)
        assert (one.map.queries[one.map.pair[0]], one.map.keys[one.map.pair[1]]) == (
            f"w{query}", f"w{key}"
        )  # fmt: skip
        assert len(one.map.queries) == len(one.map.keys) == min(n, 24)


def test_a_file_without_maps_is_read(found, tmp_path):
    tree = survey_tree(found)
    del tree["maps"], tree["cells"]
    (tmp_path / "old.npz").write_bytes(to_npz(tree))
    old = read_survey(tmp_path / "old.npz")
    assert old.examples(0, 2) == found.examples(0, 2)
    assert old.examples(0, 2)[0].map is None
    old.save(tmp_path / "old.html")
    assert "<image" not in (tmp_path / "old.html").read_text()


def bytes_of(found, tmp_path, name="s.npz"):
    save_survey(found, tmp_path / name)
    return hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_gives_the_same_bytes(found, tmp_path, workers):
    assert bytes_of(survey(TEXTS, heads=6, workers=workers, model="builtin"), tmp_path) == bytes_of(
        found, tmp_path
    )


def test_what_is_saved_is_read_again(found, tmp_path):
    save_survey(found, tmp_path / "s.npz")
    again = read_survey(tmp_path / "s.npz")
    assert bytes_of(again, tmp_path, "t.npz") == bytes_of(found, tmp_path)
    assert np.array_equal(again.mean("entropy"), found.mean("entropy"))
    assert again.examples(0, 2) == found.examples(0, 2)


def test_tables_for_people(found, tmp_path):
    save_survey(found, tmp_path / "s.csv")
    header, *lines = (tmp_path / "s.csv").read_text().splitlines()
    assert len(lines) == 6
    assert header.startswith("layer,head,n,label,label_share,")
    save_survey(found, tmp_path / "s.json")
    tree = json.loads((tmp_path / "s.json").read_text())
    assert [head["head"] for head in tree["heads"]] == [*range(6)]
    assert tree["heads"][0]["entropy_mean"] == pytest.approx(found.mean("entropy")[0, 0])
    with pytest.raises(AttnvizError, match="suffix"):
        save_survey(found, tmp_path / "s.docx")


def test_groups_differ_where_they_do(tmp_path):
    file = tmp_path / "t.csv"
    rows = [f'"{text}",{"long" if len(text.split()) > 8 else "short"}' for text in TEXTS]
    file.write_text("text,length\n" + "\n".join(rows) + "\n")
    found = survey(Corpus([str(file)], Columns(group="length")), heads=6)
    assert found.groups == ("long", "short")
    values = {group: [] for group in found.groups}
    for text in TEXTS:
        group = "long" if len(text.split()) > 8 else "short"
        values[group].append(attnviz.trace(text, heads=6).stack.measure("entropy")[0, 2].mean())
    means = {group: float(np.mean(of)) for group, of in values.items()}
    assert found.group_mean("entropy", "long")[0, 2] == pytest.approx(means["long"], rel=1e-6)
    gap = found.differences("entropy")
    assert gap.holds[0, 2]  # "near" spreads over more tokens in a longer text
    assert np.sign(gap.effect[0, 2]) == np.sign(means["short"] - means["long"])
    with pytest.raises(AttnvizError, match="group"):
        found.group_mean("entropy", "middling")


def test_what_cannot_be_run_is_named_and_left_out():
    found = survey(["one two", "", "three four", " "], heads=2)
    assert found.n == 2
    assert [one.place for one in found.failed] == ["1", "3"]
    assert "empty" in found.failed[0].reason
    with pytest.raises(AttnvizError, match=r"^1: "):
        survey(["one two", ""], heads=2, strict=True)
    with pytest.raises(AttnvizError, match="None of 1 texts"):
        survey([""], heads=2)
    with pytest.raises(AttnvizError, match="no text"):
        survey([], heads=2)
    with pytest.raises(AttnvizError, match="workers"):
        survey(["a b"], workers=0)


def test_chunks_are_kept_and_used_again(tmp_path):
    folder = tmp_path / "out"
    whole = bytes_of(survey(TEXTS, heads=6), tmp_path)
    survey(TEXTS, heads=6, folder=folder)
    first = folder / "chunk-000000.npz"
    (folder / "survey.npz").unlink()
    (folder / "chunk-000002.npz").unlink()
    before = first.stat().st_mtime_ns
    assert bytes_of(survey(TEXTS, heads=6, folder=folder), tmp_path) == whole
    assert first.stat().st_mtime_ns == before
    assert hashlib.sha256((folder / "survey.npz").read_bytes()).hexdigest() == whole
    with pytest.raises(AttnvizError, match="another survey"):
        survey(TEXTS, heads=5, folder=folder)
    with pytest.raises(AttnvizError, match="have changed"):
        survey(["other words", *TEXTS[1:]], heads=6, folder=folder)
    first.write_bytes(b"PK")
    with pytest.raises(AttnvizError, match="broken"):
        survey(TEXTS, heads=6, folder=folder)


CODE = """
import sys
from attnviz.inputs.corpus import Corpus
from attnviz.tracing.survey import survey
survey(Corpus([sys.argv[1]]), heads=6, folder=sys.argv[2])
"""


@pytest.mark.slow
def test_after_being_killed_it_goes_on_and_gives_the_same_bytes(tmp_path):
    file = tmp_path / "texts.txt"
    file.write_text("\n".join(TEXTS * 20) + "\n")
    command = [sys.executable, "-c", CODE, str(file)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([*command, str(tmp_path / "whole")], env=environment, check=True)
    for n_kept in (2, 20):
        process = subprocess.Popen([*command, str(tmp_path / "cut")], env=environment)
        while not (tmp_path / "cut" / f"chunk-{n_kept:06d}.npz").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run([*command, str(tmp_path / "cut")], env=environment, check=True)
    results = [(tmp_path / name / "survey.npz").read_bytes() for name in ("whole", "cut")]
    assert results[0] == results[1]


@pytest.mark.parametrize(
    "change",
    [
        {"format": "x"}, {"version": 2}, {"n": -1}, {"n": 3.5}, {"measures": []},
        {"labels": np.zeros((2, 2, 2), np.int64)}, {"details": 3}, {"failed": 5},
        {"examples": [[0, 99, 0.5, 0, "a", "b", "c", "d"]]},
        {"examples": [[0, 0, 7.5, 0, "a", "b", "c", "d"]]},
        {"counts": np.zeros(3, np.uint32)},
        {"maps": []}, {"cells": np.zeros(3, np.uint8)}, {"maps": 5}, {"cells": "x"},
        {"maps": [[["a"] * 99, ["b"], [0, 0]]]}, {"maps": [[["a"], ["b"], [0, 1]]]},
    ],
    ids=str,
)  # fmt: skip
def test_a_file_that_cannot_be_is_refused(found, tmp_path, change):
    from attnviz.analysis.survey_file import survey_tree
    from attnviz.record.saved import to_npz

    (tmp_path / "s.npz").write_bytes(to_npz(survey_tree(found) | change))
    with pytest.raises(AttnvizError, match="not a survey"):
        read_survey(tmp_path / "s.npz")


def test_texts_that_were_cut_are_counted(tmp_path):
    texts = ["3 7 " * 40, "3 7 9 4 3 7", "5 1 " * 60]
    found = survey(texts, model="induction", truncate=True)
    assert (found.n, found.part.n_cut) == (3, 2)
    found.save(tmp_path / "s.npz")
    assert read_survey(tmp_path / "s.npz").part.n_cut == 2
    assert survey(texts[1:2], model="induction").part.n_cut == 0


def test_when_workers_die_it_says_what_is_kept(tmp_path, monkeypatch):
    import attnviz.tracing.survey as room
    from attnviz.tracing.engines import LostWorkersError

    def dies(work, chunks, _):
        for chunk in itertools.islice(chunks, 2):
            yield work(chunk)
        raise LostWorkersError("A worker process died.", key="err.worker_process")

    monkeypatch.setattr(room, "run_in_processes", dies)
    with pytest.raises(AttnvizError, match=r"2 finished chunks are kept in .*kept\.") as caught:
        survey(TEXTS, heads=2, workers=2, folder=tmp_path / "kept")
    assert caught.value.key == "err.worker_process_kept"
    with pytest.raises(AttnvizError, match="Nothing is kept without a `folder`"):
        survey(TEXTS, heads=2, workers=2)


def test_only_texts_that_run_together_have_their_weights_kept(monkeypatch):
    """A chunk of long texts would else take the memory of all of them."""
    import weakref

    import attnviz.tracing.trace as room

    alive = weakref.WeakSet()
    begun = room._begun

    def watched(*given):
        run = begun(*given)
        alive.add(run.recorder)
        return run

    monkeypatch.setattr(room, "_begun", watched)
    model = attnviz.load_model("induction")
    asked = [("3 7 9 4 3 7 " * 4, {"model": model})] * 8
    monkeypatch.setattr("attnviz.tracing.batch.MOST_TOKENS", 48)
    n_alive = [len(alive) for _ in room.trace_all(asked)]
    assert n_alive == sorted(n_alive, reverse=True)
    assert n_alive[-1] <= 2


def test_a_chunk_is_done_by_one_thread_and_chunks_side_by_side(monkeypatch):
    from attnviz.threads import at_once
    from attnviz.tracing import engines

    monkeypatch.setattr(engines, "n_workers", lambda: 2)
    together = threading.Barrier(2)
    monkeypatch.setattr("attnviz.tracing.survey.text_values", lambda *a: seen(*a))
    widths = []

    def seen(*given):
        widths.append(at_once())
        if len(widths) <= 2:
            together.wait(20)  # both threads are here, or the barrier breaks
        return text_values(*given)

    assert bytes_of_tree(survey(TEXTS, heads=2)) == bytes_of_tree(survey(TEXTS, heads=2))
    assert set(widths) == {1}


def bytes_of_tree(found):
    return to_npz(survey_tree(found))
