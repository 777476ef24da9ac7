"""`attnviz survey` as a user runs it."""

import json
from pathlib import Path

import pytest

import attnviz
from attnviz.analysis.survey_file import read_survey
from attnviz.cli import run_command_line

REVIEWS = str(Path(__file__).parents[2] / "samples" / "corpora" / "reviews.csv")


def run(capsys, *words):
    status = run_command_line(["survey", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_screen_names_texts_heads_and_groups(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = run(capsys, REVIEWS, "--group-column", "label", "--heads", "6")
    assert status == 0
    assert "survey of builtin · 1 × 6 heads · 16 texts" in out
    assert "groups: bad, good" in out
    assert [line.split()[1] for line in out.splitlines() if line.startswith("0.0 ")] == ["previous"]
    assert max(map(len, out.splitlines())) <= 80


def test_numbers_for_programs(capsys):
    status, out, _ = run(capsys, REVIEWS, "--heads", "3", "--json")
    assert status == 0
    heads = json.loads(out)["heads"]
    found = attnviz.survey([line.rsplit(",", 1)[0].strip('"') for line in
                            Path(REVIEWS).read_text().splitlines()[1:]], heads=3)  # fmt: skip
    assert [head["entropy_mean"] for head in heads] == pytest.approx(found.mean("entropy")[0])
    status, out, _ = run(capsys, REVIEWS, "--heads", "3", "--csv")
    assert len(out.splitlines()) == 4


def test_files(capsys, tmp_path):
    status, _, err = run(capsys, REVIEWS, "-o", str(tmp_path / "s.npz"))
    assert (status, "s.npz" in err) == (0, True)
    assert read_survey(tmp_path / "s.npz").n == 16


BAD = [
    ([], "files"),
    (["nothing.txt"], "nothing.txt"),
    ([REVIEWS, "--column", "stars"], "text, label"),
    ([REVIEWS, "--workers", "0"], "workers"),
    ([REVIEWS, "--sort", "size"], "entropy"),
    ([REVIEWS, "--json", "--csv"], "both"),
    ([REVIEWS, "-o", "s.docx"], ".npz"),
    ([REVIEWS, "-o", "nowhere/s.npz"], "nowhere"),
    ([REVIEWS, "--model", "minilmm"], "minilm"),
    ([REVIEWS, "--type", "lokal"], "local"),
]


@pytest.mark.parametrize(("words", "named"), BAD, ids=lambda value: " ".join(value)[-30:])
def test_what_is_wrong_is_said_in_one_line(capsys, tmp_path, monkeypatch, words, named):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert named in err
    assert [*tmp_path.iterdir()] == []


def test_one_bad_text_is_named_and_the_rest_goes_on(capsys, tmp_path):
    (tmp_path / "t.txt").write_text("one two\n[MASK] three\n")
    status, out, _ = run(capsys, str(tmp_path / "t.txt"), "--type", "global", "--heads", "2")
    assert status == 0
    assert "2 texts" in out
