"""`attnviz check` as a user runs it, on the model whose answer is known."""

import json

import pytest

from attnviz.cli import run_command_line
from tests.files.tables import below

TEXT = "18 4 21 10 11 2 22 6 23 3 20 8 18 4 21 10 11 2 22 6 23 3 20"


def run(capsys, *words):
    status = run_command_line(["check", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_tokens_that_carry_the_answer_rank_first(capsys):
    """Without the answer itself (place 11) or the token before it (10) the answer is gone, so the
    curve of one token at a time is at its height from the first token on; so do values and
    contributions find them, whose heads that write nothing weigh nothing."""
    words = (TEXT, "--model", "induction", "--measure", "values,contributions", "--json")
    status, out, _ = run(capsys, *words)
    tree = json.loads(out)
    rows = {row["order"]: row for row in tree["rankings"]}
    assert status == 0
    assert rows["one token at a time"]["verdict"] == "better"
    assert rows["one token at a time"]["alike"] == pytest.approx(1)
    for name in ("values", "contributions"):
        assert rows[name]["verdict"] == "better"
        assert max(tree["random"]["deletion"]) < rows[name]["deletion"]


def test_the_screen_says_it_in_every_language(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for lang, said in (("en", "no better"), ("darija", "machi 7sen"), ("ary-Arab", "ماشي حسن")):
        words = (TEXT, "--model", "induction", "--measure", "length", "--lang", lang)
        status, out, _ = run(capsys, *words)
        assert status == 0
        assert said in out
        assert max(map(len, out.replace("\u200e", "").splitlines())) <= 80


def test_a_text_a_line_a_csv_and_a_picture(capsys, tmp_path):
    lines = tmp_path / "texts.txt"
    lines.write_text("1 2 3 1 2\n\n4 5 6 4 5\n")
    words = ("--texts", str(lines), "--model", "induction", "--measure", "values", "--csv")
    status, out, _ = run(capsys, *words, "-o", str(tmp_path / "c.png"))
    assert status == 0
    assert below(out)[0].startswith("order,deletion,insertion")
    assert (tmp_path / "c.png").read_bytes()[:4] == b"\x89PNG"


BAD = [
    (["1 2 3", "--measure", "saliency"], "contributions"),
    (["1 2", "--model", "induction"], "at least 3"),
    (["1 2 3", "--model", "induction", "--random", "5"], "20"),
    (["1 2 3", "--model", "induction", "--layer", "9", "--measure", "weights"], "0 to 1"),
    (["1 2 3", "--model", "builtin"], "checkpoint"),
    (["1 2 3", "--model", "induction", "-o", "c.gif"], ".png"),
    (["1 2 3", "--texts", "none.txt", "--model", "induction"], "none.txt"),
    (["1 2 3", "--json", "--csv"], "both"),
]


@pytest.mark.parametrize(("words", "named"), BAD, ids=lambda value: " ".join(value)[-30:])
def test_what_is_wrong_is_said_in_one_line(capsys, words, named):
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert named in err
