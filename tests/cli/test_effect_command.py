"""`attnviz effect` as a user runs it."""

import json

import numpy as np
import pytest

from attnviz.analysis.effects import Effects
from attnviz.cli import run_command_line
from attnviz.views.page.effects import page as effects_page
from tests.reference import checkpoints

TEXT = "18 4 21 10 11 2 22 6 23 3 20 8 18 4 21 10 11 2 22 6 23 3 20"


def run(capsys, *words):
    status = run_command_line(["effect", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_screen_ranks_heads_and_tokens(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = run(capsys, TEXT, "--model", "induction", "--head", "0.1,1.2")
    lines = out.splitlines()
    assert status == 0
    assert lines[0] == 'induction · the next token · "8"'
    assert max(map(len, lines)) <= 80
    start = next(i for i, line in enumerate(lines) if line.startswith("head "))
    first, second = (line.split() for line in lines[start + 1 : start + 3])
    assert {first[0], second[0]} == {"0.1", "1.2"}
    assert {first[2], second[2]} == {"8", "20"}
    assert "0.1, 1.2 together: " in out
    assert "because" not in out.lower()


def test_numbers_edges_and_files(capsys, tmp_path):
    status, out, _ = run(capsys, TEXT, "--model", "induction", "--json")
    assert json.loads(out)["unit"] == "KL (nats)"
    status, out, _ = run(capsys, TEXT, "--model", "induction", "--edge", "22>11")
    assert '"20" → "8" cut in every head: ' in out
    status, _, err = run(capsys, TEXT, "--model", "induction", "-o", str(tmp_path / "e.csv"))
    assert (status, "e.csv" in err) == (0, True)


def test_findings_are_said_in_every_language_and_say_changes_only(capsys):
    for lang, said in (("en", "changes"), ("darija", "kaytbeddel"), ("ary-Arab", "كيتبدل")):
        status, out, _ = run(capsys, TEXT, "--model", "induction", "--lang", lang)
        assert status == 0
        assert said in out
        assert not {"because", "7it", "حيت"} & {*out.lower().split()}


def test_no_effect_is_a_word_of_the_language(capsys):
    """Of the induction model only some heads act; the others' effect is none, in every layer's sum
    and row."""
    for lang, none in (("en", "none"), ("darija", "walo"), ("ary-Arab", "والو")):
        words = ("--lang", lang, "--top", "12")
        status, out, _ = run(capsys, TEXT, "--model", "induction", *words)
        assert status == 0
        shown = {"none", "walo", "والو"} & {*out.split()}
        assert shown == {none}


@pytest.mark.slow
def test_a_picture_is_the_same_every_time(capsys, tmp_path):
    for name in ("a.png", "b.png", "a.svg"):
        assert run(capsys, TEXT, "--model", "induction", "-o", str(tmp_path / name))[0] == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"


def test_a_page_holds_every_number_and_no_script(capsys, tmp_path):
    for lang in ("en", "ary-Arab"):
        place = tmp_path / f"{lang}.html"
        words = (TEXT, "--model", "induction", "--lang", lang, "-o", str(place), "--json")
        status, out, _ = run(capsys, *words)
        page = place.read_text(encoding="utf-8")
        assert status == 0
        assert "<script" not in page
        assert "default-src 'none'" in page
        assert page.count('<td class="c') == 8
        largest = max(max(row) for row in json.loads(out)["heads"])
        assert f"{largest:.3f}" in page


def test_a_token_that_is_markup_is_text_on_the_page():
    effects = Effects(
        "<b>m</b>", "self", "the next token", "KL (nats)", "zero", "<i>", np.zeros((1, 1)),
        np.zeros(1), np.array([1.0]), ("<script>alert(1)</script>",), (False,),
    )  # fmt: skip
    page = effects_page(effects).decode()
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page


BAD = [
    ([], "no text"),
    ([TEXT, "--model", "induction", "--head", "1"], "layer.head"),
    ([TEXT, "--model", "induction", "--edge", "1-2"], "query>key"),
    ([TEXT, "--model", "induction", "--of", "words"], "tokens"),
    ([TEXT, "--model", "induction", "--json", "--csv"], "both"),
    ([TEXT, "--model", "induction", "-o", "e.gif"], ".json"),
    ([TEXT, "--model", "builtin"], "checkpoint"),
    ([TEXT, "--model", "induction", "--answer", "99"], "not a token"),
    ([TEXT, "--model", "induction", "--by", "text", "--other", TEXT], "nothing to recover"),
    ([TEXT, "--model", "induction", "--edge", "99>8"], "99"),
]


@pytest.mark.parametrize(("words", "named"), BAD, ids=lambda value: " ".join(value)[-30:])
def test_what_is_wrong_is_said_in_one_line(capsys, words, named):
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert named in err


def test_an_edge_of_a_word_that_is_there_twice(capsys, tmp_path):
    checkpoints.stand_in_for_minilm(tmp_path / "vectors")
    folder = str(tmp_path / "vectors" / "model")
    status, _, err = run(capsys, "the cat sat on the mat", "--model", folder, "--edge", "cat>the")
    assert status == 2
    assert "2 times" in err
