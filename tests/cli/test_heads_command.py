"""`attnviz heads`, as a person or a script sees it."""

from __future__ import annotations

import csv
import json

import pytest

import attnviz
from attnviz.analysis.head_labels import as_rows, look, ranked
from attnviz.analysis.head_measures import MEASURES, OF_HEADS
from attnviz.attention.attention_types import in_full
from attnviz.cli import run_command_line
from attnviz.language.languages import find_language
from tests.files.tables import below

TEXT = "The cat sat on the mat because it was tired"
SOURCE = "Lmouch gles 3la zerbiya 7it kan 3eyyan"
UNSET = (
    "NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "PYTHONIOENCODING", "ATTNVIZ_LANG",
)  # fmt: skip


@pytest.fixture(autouse=True)
def plain(monkeypatch, tmp_path):
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in {"COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def heads(capsys):
    """Run `attnviz heads …`; what it wrote to standard output and standard error."""

    def run(*words):
        status = run_command_line(["heads", *map(str, words)])
        captured = capsys.readouterr()
        assert status == 0, captured.err
        return captured.out, captured.err

    return run


def rows_of(*args, **options):
    return list(as_rows(look(attnviz.trace(*args, **options).stack)))


@pytest.mark.parametrize("kind", ["self", "causal", "local", "global"])
def test_one_screen_of_every_type(heads, kind):
    out, err = heads(TEXT, "--type", kind)
    assert err == ""
    assert out.startswith(f"{in_full(kind)} · ")
    assert len(out.splitlines()) < 24
    assert "0.0 previous" in out
    assert "worth a look" in out
    assert "\x1b" not in out


def test_two_texts(heads):
    out, _ = heads(TEXT, "--source", SOURCE, "--heads", 3)
    assert out.startswith("cross-attention")
    assert " prev" not in out
    assert "diagonal" in out


def test_colour_where_it_is_asked_for(heads, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    out, _ = heads(TEXT)
    assert "\x1b[" in out
    monkeypatch.delenv("FORCE_COLOR")
    monkeypatch.setenv("NO_COLOR", "1")
    out, _ = heads(TEXT)
    assert "\x1b[" not in out


def test_json_is_every_head_in_order(heads):
    out, err = heads(TEXT, "--json", "--type", "causal", "--heads", 10)
    assert err == ""
    assert json.loads(out) == rows_of(TEXT, type="causal", heads=10)


def test_csv_is_the_same(heads):
    out, _ = heads(TEXT, "--csv", "--heads", 6)
    lines = list(csv.DictReader(below(out)))
    expected = rows_of(TEXT, heads=6)
    assert [line["label"] for line in lines] == [row["label"] for row in expected]
    for line, row in zip(lines, expected, strict=True):
        for name, measure in MEASURES.items():
            if OF_HEADS in measure.needs:  # of checkpoints only
                assert line[name] == ""
                assert row[name] is None
            else:
                assert float(line[name]) == row[name]


def test_programs_get_the_order_and_number_that_they_ask_for(heads):
    looks = look(attnviz.trace(TEXT, heads=10).stack)
    for words, sort in ((["--sort", "distance"], "distance"), ([], None)):
        out, _ = heads(TEXT, "--heads", 10, "--json", "--top", 3, *words)
        expected = [one.head for one in ranked(looks, sort)[:3]]
        assert [row["head"] for row in json.loads(out)] == expected
    out, _ = heads(TEXT, "--heads", 10, "--json", "--sort", "entropy")
    values = [row["entropy"] for row in json.loads(out)]
    assert values == sorted(values)
    assert len(values) == 10


def test_sort_and_top_on_the_screen(heads):
    out, _ = heads(TEXT, "--heads", 30, "--sort", "largest", "--top", 30)
    assert "by largest, largest first" in out
    assert len([line for line in out.splitlines() if line.startswith("0.")]) >= 20
    out, _ = heads(TEXT, "--heads", 30, "--sort", "entropy")
    assert "by entropy, smallest first" in out
    assert len(out.splitlines()) < 24


def test_a_file_and_ids_and_a_seed(heads, tmp_path):
    (tmp_path / "story.txt").write_text(TEXT)
    assert heads("--file", "story.txt") == heads(TEXT)
    once = heads(TEXT, "--model", "random", "--seed", 1)
    assert once == heads(TEXT, "--model", "random", "--seed", 1)
    assert once != heads(TEXT, "--model", "random", "--seed", 2)


def test_layers_of_a_checkpoint(heads, tmp_path):
    from tests.reference import checkpoints

    checkpoints.write("gpt2", tmp_path / "gpt2")
    ids = "5,6,7,8,5,6,7,8,9,10,5,6,7"
    out, _ = heads("--ids", ids, "--model", tmp_path / "gpt2", "--json")
    everything = json.loads(out)
    n_layers = 1 + max(row["layer"] for row in everything)
    assert n_layers > 1
    out, _ = heads("--ids", ids, "--model", tmp_path / "gpt2", "--json", "--layer", "1")
    assert json.loads(out) == [row for row in everything if row["layer"] == 1]
    out, _ = heads("--ids", ids, "--model", tmp_path / "gpt2", "--layer", "1")
    assert "  1.0 " in f"  {out}" or " 1.0 " in out
    assert "\n    0 " not in out
    checkpoints.write("t5", tmp_path / "t5")
    of_t5 = ["--ids", ids, "--source-ids", "5,6,7,8,9,10", "--model", tmp_path / "t5"]
    for stack in ("encoder", "decoder", "cross"):
        out, _ = heads(*of_t5, "--stack", stack, "--csv")
        (row, *_) = csv.DictReader(below(out))
        assert (row["distance"] == "") == (stack == "cross")


def test_what_the_heads_of_a_checkpoint_write_orders_them(heads):
    """In the induction model two heads carry the answer; 0.0 and 0.3 write nothing at all."""
    ids = "18 4 21 10 11 2 22 6 23 3 20 8 18 4 21 10 11 2 22 6 23 3 20"
    out, _ = heads(ids, "--model", "induction", "--json", "--top", 8, "--sort", "writes")
    rows = {f"{row['layer']}.{row['head']}": row for row in json.loads(out)}
    assert [*rows][:2] == ["0.1", "1.2"]
    assert rows["0.3"]["writes"] == pytest.approx(0, abs=1e-6)
    out, _ = heads(ids, "--model", "induction", "--json", "--effect")
    found = {f"{row['layer']}.{row['head']}": row["effect"] for row in json.loads(out)}
    assert {place for place, effect in found.items() if effect > 0.01} == {"0.1", "1.2"}


def test_a_probe_on_the_screen_and_for_programs(heads):
    out, _ = heads("--model", "induction", "--probe")
    rows = {line.split()[0]: line.split() for line in out.splitlines() if line[:1].isdigit()}
    assert rows["1.2"][1:3] == ["induction", "8/8"]
    out, _ = heads("--model", "induction", "--probe", "--json", "--random", 2)
    assert json.loads(out)["heads"][1]["label"] == "previous"
    out, _ = heads("--model", "induction", "--probe", "--csv", "--random", 2)
    assert len(below(out)) == 9


def test_what_became_of_claims_and_a_probe_go_to_files_and_to_programs(heads, tmp_path):
    claims = ("--check", "1.2 induction", "--check", "0.3 next")
    files = tmp_path / "claims.json", tmp_path / "claims.csv", tmp_path / "probe.csv"
    out, _ = heads("--model", "induction", *claims, "--json", "-o", files[0], "-o", files[1])
    answered = json.loads(out)["claims"]
    assert [(one["place"], one["verdict"]) for one in answered] == [
        ("1.2", "holds"), ("0.3", "fails"),
    ]  # fmt: skip
    assert json.loads(files[0].read_text())["claims"] == answered
    rows = list(csv.DictReader(below(files[1].read_text())))
    assert [row["pattern"] for row in rows] == ["induction", "next"]
    heads("--model", "induction", "--probe", "-o", files[2])
    assert len(list(csv.DictReader(below(files[2].read_text())))) == 8


def test_a_claim_is_answered(heads):
    out, _ = heads("--model", "induction", "--check", "1.2 induction", "--check", "0.3 next")
    first, second = (line.split(":")[1].split(".")[0].strip() for line in out.splitlines()[:3:2])
    assert (first, second) == ("yes", "no")


@pytest.mark.parametrize("lang", ["darija", "ary-Arab"])
def test_the_reader_s_language(heads, lang):
    out, err = heads(TEXT, "--lang", lang)
    assert find_language(lang).say("ui.worth") in out
    assert "previous" in out
    assert err == ""


def test_an_option_without_effect_is_said(heads):
    out, err = heads(TEXT, "--window", 3)
    assert "--window" in err
    assert out


BAD = [
    (["heads"], "text"),
    (["heads", ""], "text"),
    (["heads", TEXT, "--sort", "entrop"], "entropy"),
    (["heads", TEXT, "--sort", ""], "--sort"),
    (["heads", TEXT, "--sort", "first\x1b[31m"], "--sort"),
    (["heads", TEXT, "--source", SOURCE, "--sort", "induction"], "induction"),
    (["heads", TEXT, "--top", "0"], "--top"),
    (["heads", TEXT, "--top", "-3"], "-3"),
    (["heads", TEXT, "--top", "many"], "many"),
    (["heads", TEXT, "--json", "--csv"], "--csv"),
    (["heads", TEXT, "--effect"], "checkpoint"),
    (["heads", TEXT, "--probe", "--model", "induction"], "own texts"),
    (["heads", "--probe"], "checkpoint"),
    (["heads", "--probe", "--model", "induction", "--random", "1"], "2"),
    (["heads", "--probe", "--model", "induction", "--type", "self"], "--type"),
    (["heads", "--check", "1.2", "--model", "induction"], "induction"),
    (["heads", TEXT, "--random", "4"], "--probe"),
    (["heads", TEXT, "--reference", "missing.txt"], "--effect"),
    (["heads", TEXT, "--sort", "writes"], "writes"),
    (["heads", TEXT, "--layer", "1"], "Layer 1"),
    (["heads", TEXT, "--layer", "x"], "layer"),
    (["heads", TEXT, "--layer", "3-1"], "3-1"),
    (["heads", TEXT, "--stack", "decoder"], "decoder"),
    (["heads", TEXT, "--type", "lokal"], "lokal"),
    (["heads", TEXT, "--heads", "0"], "0"),
    (["heads", TEXT, "--model", "gpt-9"], "gpt-9"),
    (["heads", TEXT, "--file", "missing.txt"], "--file"),
    (["heads", "--file", "missing.txt"], "missing.txt"),
    (["heads", TEXT, "--lang", "fr"], "fr"),
    (["heads", TEXT, "--colour"], "--colour"),
    (["heads", "--ids", "1,x"], "x"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "named"), BAD, ids=[" ".join(words)[:60] for words, _ in BAD])
def test_what_a_user_gets_wrong_is_one_line_and_status_2(words, named, capsys):
    assert run_command_line(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert named in captured.err
    assert "Traceback" not in captured.err
    assert "\x1b" not in captured.err


def test_heads_that_are_named(heads, tmp_path, capsys):
    from tests.reference import checkpoints

    checkpoints.write("gpt2", tmp_path / "gpt2")
    given = ("--ids", "5,6,7,8,5,6,7,8,9,10,5,6,7", "--model", str(tmp_path / "gpt2"))
    everything = json.loads(heads(*given, "--json")[0])

    def named(head, *words):
        rows = json.loads(heads(*given, "--json", "--head", head, *words)[0])
        return [(row["layer"], row["head"]) for row in rows if row in everything]

    assert sorted(named("1.0,0.1")) == [(0, 1), (1, 0)]
    assert sorted(named("1.0,1.1")) == [(1, 0), (1, 1)]
    assert sorted(named("1")) == [(0, 1), (1, 1)]
    assert named("1", "--layer", "last") == [(1, 1)]
    table = heads(*given, "--head", "1.0,0.1")[0].split("head looks at")[1]
    assert {line.split()[0] for line in table.splitlines()[1:3]} == {"1.0", "0.1"}
    for wrong in (["--head", "mean"], ["--head", "0.mean,1.mean"], ["--head", "1,1.0"],
                  ["--probe", "--head", "1"], ["--probe", "--layer", "1"]):  # fmt: skip
        text = [] if "--probe" in wrong else [TEXT]
        assert run_command_line(["heads", *text, "--model", str(tmp_path / "gpt2"), *wrong]) == 2
        assert capsys.readouterr().out == ""
