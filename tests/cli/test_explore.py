"""`attnviz explore` on a terminal of its own, and where there is none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.cli.commands.explore import _Opened, _traced
from attnviz.cli.read_text import file_named
from attnviz.errors import AttnvizError
from attnviz.language.english import ENGLISH
from attnviz.tracing.plan import other_types
from tests.cli.test_hostile import HOSTILE
from tests.reference import checkpoints
from tests.reference.on_terminal import READY, OnTerminal

ROOT = Path(__file__).parents[2]
EXPLORE = [sys.executable, "-m", "attnviz", "explore"]
CAT = "The cat sat on the mat"
SHOWN = b"What the weights show"


def on_terminal(*arguments, before="", cwd=ROOT, **environment):
    """`attnviz explore` with these arguments; `before` is a shell's pipe into it."""
    command = [*EXPLORE, *arguments]
    if before:
        command = ["sh", "-c", f'{before} | "$@"', "sh", *command]
    settings = {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)} | environment
    sized = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return OnTerminal(command, cwd=cwd, env=sized | settings)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_not_a_terminal(stream):
    with OnTerminal([*EXPLORE, CAT], cwd=ROOT, **{stream: subprocess.PIPE}) as running:
        assert running.end() == 2
        with running.process.stderr or running.process.stdout as pipe:
            told = running.written + pipe.read()
        assert told.decode().startswith("attnviz: explore needs a terminal, and standard ")
        assert "attnviz run" in told.decode()
        assert READY not in told


def test_a_terminal_that_can_do_nothing():
    with on_terminal(CAT, TERM="dumb") as running:
        assert running.end() == 2
        assert b"attnviz run" in running.written


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["missing.npz"], "File not found: missing.npz."),
        (["missing.txt"], "File not found: missing.txt."),
        (["missing.png"], "File not found: missing.png."),
        (["missing.wav"], "File not found: missing.wav."),
        (["note.md"], "File not found: note.md."),
        (["NOTE.RST"], "File not found: NOTE.RST."),
        (["missing/x.md"], "File not found: missing/x.md."),
        (["./missing"], "File not found: missing."),
        (["/missing/x"], "File not found: /missing/x."),
        (["notes/missing"], "File not found: notes/missing."),
        (["notes/my day.md"], "File not found: notes/my day.md."),
        (["notes"], "notes is a folder."),
        (["/tmp"], "/tmp is a folder."),
        (["--file", "missing"], "File not found: missing."),
        (["broken.npz"], "broken.npz"),
        (["latin.txt"], "not a text in UTF-8"),
        ([""], "The text is empty."),
        ([], "There is no text."),
        ([CAT, "--layer", "3"], "Layer 3 does not exist"),
        ([CAT, "--head", "0,1"], "one head at a time"),
        ([CAT, "--scale", "loud"], '"loud" is not valid for --scale'),
        ([CAT, "--type", "cross"], "there is no source"),
        ([CAT, "--model", "nothing-like-it"], '"nothing-like-it" is not valid for --model'),
        (["record.npz", "--heads", "3"], "--heads does not apply to a saved record"),
        (["record.npz", "--image", "a.png"], "--image does not apply to a saved record"),
        (["--image", "missing.png"], "File not found: missing.png."),
        (["record.npz", "--model", "random"], "--model does not apply to a saved record"),
    ],
)
def test_bad_input_is_one_line(arguments, told, tmp_path, monkeypatch, capsys):
    attnviz.trace(CAT).save(tmp_path / "record.npz")
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 no archive")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    (tmp_path / "notes").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert run_command_line(["explore", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert told in err


@pytest.mark.parametrize(
    "text",
    ["and/or", "cats/dogs.", "Read the notes in README.md", "1/2", "either / or", "e.g.", "…"],
)
def test_what_only_looks_like_a_path_is_a_text(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert file_named(text) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "by", "status"),
    [
        (b"q", None, 0), (b"\x11", None, 0), (b"\x03", None, 130),
        (b"", signal.SIGINT, 130), (b"", signal.SIGTERM, 143),
    ],
)  # fmt: skip
def test_the_terminal_is_left_as_it_was(key, by, status):
    with on_terminal(CAT) as running:
        running.wait_for(SHOWN)
        assert not running.is_clean()
        running.press(key)
        assert running.end(by=by) == status
        assert running.is_clean()


@pytest.mark.slow
def test_a_record_a_text_file_and_a_pipe(tmp_path):
    attnviz.trace(CAT, type="causal").save(tmp_path / "record.npz")
    (tmp_path / "story.txt").write_text("Once upon a time")
    for argument, before, sign in [
        ("record.npz", "", b"causal attention"),
        ("story.txt", "", b"upon"),
        ("-", "echo there was a pipe", b"pipe"),
    ]:
        with on_terminal(argument, before=before, cwd=tmp_path) as running:
            running.wait_for(sign)
            running.wait_for(SHOWN)
            running.press(b"q")
            assert running.end() == 0


# What no screen of the explorer has to send: the clipboard, a link, a turned direction, markup.
SENT = (
    b"\x1b]52",
    b"\x1b]8;",
    "\u202e".encode(),
    "\u2066".encode(),
    "\x9b2J".encode(),
    b"\x1b[31mR",
)


@pytest.mark.slow
@pytest.mark.parametrize("field", ["label", "name", "head", "text"])
def test_strings_of_strangers_are_shown_and_do_nothing(field, tmp_path):
    """Each as a token, the model, a head and the text that was typed, while keys are pressed."""
    bare = HOSTILE.replace("\r", "")
    tree = json.loads(attnviz.trace("The cat sat", heads=1).to_json())
    stack = tree["stacks"]["self"]
    if field == "label":
        stack["query_tokens"]["labels"][0] = HOSTILE
    elif field == "head":
        stack["head_names"] = [HOSTILE]
    elif field == "name":
        tree["model"]["name"] = HOSTILE
    (tmp_path / "x.json").write_text(json.dumps(tree))
    argument = bare if field == "text" else "x.json"
    with on_terminal(argument, cwd=tmp_path) as running:
        running.wait_for(SHOWN)
        running.press(b"hjklm?")
        running.settle()
        running.press(b"\x11")
        assert running.end() == 0
        assert b"Traceback" not in running.written
        assert not [sent for sent in SENT if sent in running.written]


@pytest.mark.slow
def test_saving_for_real(tmp_path):
    with on_terminal(CAT, cwd=tmp_path) as running:
        running.wait_for(SHOWN)
        for name, told in [
            (b"no/where.csv", b"Cannot write no/where.csv"),
            (b"map.x", b'".x" is not valid'),
            (b"weights.csv", b"saved: weights.csv"),  # only cells that change are drawn
        ]:
            for keys in (b"o", b"\x15", name, b"\r"):  # ctrl+u empties the line
                running.press(keys)
                running.settle()
            running.wait_for(told)
        running.press(b"q")
        assert running.end() == 0
        assert b"--output" not in running.written  # nobody can give an option here
    assert [file.name for file in tmp_path.iterdir()] == ["weights.csv"]
    assert attnviz.read(tmp_path / "weights.csv").stack.query_tokens.labels == tuple(CAT.split())


def test_keys_that_come_all_at_once():
    """As over a slow line: some arrive before what they are for is open."""
    with on_terminal(CAT) as running:
        running.wait_for(SHOWN)
        running.press(b"/sat\r")
        running.wait_for('"sat" · 2'.encode())
        running.settle()
        running.press(b"ixyz")  # at the beginning of the text
        running.wait_for('"xyzThe" · 0'.encode())
        running.press(b"\x03")
        assert running.end() == 130


def test_the_first_wait_is_told_and_what_is_pressed_meanwhile_means_nothing():
    code = (
        "import sys; from attnviz.cli import progress, run_command_line as run;"
        f"progress.PATIENCE = 0; sys.exit(run(['explore', {CAT!r}]))"
    )
    settings = os.environ | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    with OnTerminal([sys.executable, "-c", code], cwd=ROOT, env=settings) as running:
        running.press(b"q")
        running.wait_for("layer 1 of 1 · 6 of 6 tokens".encode())
        assert READY not in running.written.split(b"layer 1 of 1")[0]
        running.wait_for(SHOWN)
        running.settle()
        running.press(b"\x03")
        assert running.end() == 130


@pytest.mark.parametrize("given", [(), pytest.param(("--type", "self"), marks=pytest.mark.slow)])
def test_the_first_other_type_is_another_than_the_model_s_own(given, tmp_path):
    checkpoints.stand_in_for_minilm(tmp_path / "package")
    model = ("--model", str(tmp_path / "package" / "model"))
    with on_terminal("the cat sat on the mat", *model, *given) as running:
        running.wait_for(SHOWN)
        running.press(b"t")
        running.wait_for(b"instead of the model's own self-attention")
        running.press(b"q")
        assert running.end() == 0


def test_a_text_that_grew_too_long_is_told_what_can_be_done_from_inside(tmp_path):
    checkpoints.stand_in_for_minilm(tmp_path / "package")
    asked = _Opened(text=CAT, model=str(tmp_path / "package" / "model"))
    begun = _traced(asked, "weights", lambda record: record, ENGLISH)
    with pytest.raises(AttnvizError, match="leave and begin again with --truncate") as told:
        begun.trace("cat " * 100, None)
    assert told.value.values["limit_tokens"] == 64


@pytest.mark.parametrize(
    ("case", "own"),
    [("bert", "self"), ("gpt2", "causal"), ("mistral", None), ("longformer", None), ("t5", None)],
)
def test_the_types_of_a_checkpoint_leave_out_its_own(case, own, tmp_path):
    checkpoints.write(case, tmp_path)
    types = other_types(attnviz.load_model(tmp_path))
    assert types == [kind for kind in ("self", "causal", "local", "global") if kind != own]


def test_nothing_else_imports_textual():
    code = (
        "import sys; from attnviz.cli import run_command_line as run;"
        f"run(['run', {CAT!r}, '--show', 'none']); assert 'textual' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)


@pytest.mark.parametrize("term", [pytest.param("xterm", marks=pytest.mark.slow), "xterm-256color"])
def test_without_true_colour(term):
    with on_terminal(CAT, TERM=term, COLORTERM="") as running:
        running.wait_for(SHOWN)
        running.press(b"q")
        assert running.end() == 0
        assert b"\x1b[38;2;" not in running.written
        assert b";48;2;" not in running.written
        shades = any(shade.encode() in running.written for shade in "░▒▓")
        assert shades == (term == "xterm")
        assert (b"48;5;" in running.written) == (term == "xterm-256color")


@pytest.mark.slow
@pytest.mark.parametrize("words", [[], ["--text-of-it"]], ids=["alone", "with words"])
def test_a_sound_is_looked_around_in(words):
    """A sound alone, and with words that look at it; a key moves on."""
    sound = "samples/audio/english.wav"
    given = ["my brother", "--audio", sound] if words else [sound]
    with on_terminal(*given) as running:
        running.wait_for(SHOWN)
        running.press(b"\x1b[C")
        running.settle()
        running.press(b"q")
        assert running.end() == 0
        assert running.is_clean()
    with on_terminal("record.npz", "--start", "1") as running:
        assert running.end() == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "given",
    [
        ["samples/images/cat.jpg"],
        ["--image", "samples/images/cat.jpg", "--type", "local"],
        ["a red ball", "--image", "samples/images/shapes.png"],
    ],
    ids=["by name", "by option", "with words"],
)
def test_a_picture_is_looked_around_in(given):
    """A picture alone, and with words that look at it; a key moves on."""
    with on_terminal(*given) as running:
        running.wait_for(SHOWN)
        assert b"in the picture" in running.written
        running.press(b"\x1b[B")
        running.settle()
        running.press(b"q")
        assert running.end() == 0
        assert running.is_clean()
