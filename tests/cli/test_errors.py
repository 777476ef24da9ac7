"""What a user can get wrong ends as one line on standard error, status 2, and no file touched."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

import attnviz
from attnviz.cli import run_command_line

TEXT = "The cat sat"
ROOT = Path(attnviz.__file__).parents[1]
TOO_LONG = "n" * 300  # file names end at 255 bytes
DIGITS = "9" * 5000  # more than Python turns into a number
TOKENIZER = """{"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "WhitespaceSplit"},
"model": {"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"}}"""

# A name, the arguments, and what the message must name.
BAD = [
    # the text
    ("no text", ["run"], "text"),
    ("empty text", ["run", ""], "text"),
    ("blank text", ["run", " \t\n "], "text"),
    ("two texts", ["run", "The", "cat"], "cat"),
    ("text and file", ["run", TEXT, "--file", "story.json"], "--file"),
    ("missing file", ["run", "--file", "missing.txt"], "missing.txt"),
    ("file is a folder", ["run", "--file", "folder"], "folder"),
    ("file name is empty", ["run", "--file", ""], "--file"),
    ("file name is too long", ["run", "--file", TOO_LONG], TOO_LONG),
    ("file is a dead link", ["run", "--file", "dead.txt"], "dead.txt"),
    ("file is a link to itself", ["run", "--file", "loop.txt"], "loop.txt"),
    ("binary file", ["run", "--file", "picture.bin"], "picture.bin"),
    ("file without end", ["run", "--file", "/dev/zero"], "/dev/zero"),
    ("source without end", ["run", TEXT, "--source-file", "/dev/zero"], "2\u202f097\u202f152"),
    ("UTF-16 file", ["run", "--file", "utf16.txt"], "utf16.txt"),
    ("Latin-1 file", ["run", "--file", "latin1.txt"], "latin1.txt"),
    ("blank file", ["run", "--file", "blank.txt"], "text"),
    ("file with only a BOM", ["run", "--file", "bom.txt"], "text"),
    ("lone surrogate", ["run", "cat \udcff"], "udcff"),
    # cross-attention's other text
    ("cross without source", ["run", TEXT, "--type", "cross"], "--source"),
    ("source with self", ["run", TEXT, "--type", "self", "--source", "Lmouch"], "self"),
    ("source with local", ["run", TEXT, "--type", "local", "--source", "Lmouch"], "local"),
    ("empty source", ["run", TEXT, "--source", ""], "source"),
    ("two sources", ["run", TEXT, "--source", "a", "--source-file", "story.json"], "--source-file"),
    ("missing source", ["run", TEXT, "--source-file", "missing.txt"], "missing.txt"),
    ("source is a folder", ["run", TEXT, "--source-file", "folder"], "folder"),
    ("UTF-16 source", ["run", TEXT, "--source-file", "utf16.txt"], "utf16.txt"),
    ("surrogate in source", ["run", TEXT, "--source", "\udcff"], "udcff"),
    # words from a list
    ("unknown type", ["run", TEXT, "--type", "lokal"], "lokal"),
    ("empty type", ["run", TEXT, "--type", ""], "--type"),
    ("type with a control", ["run", TEXT, "--type", "lo\x1b[31mcal"], "\u241b[31m"),
    ("type with a surrogate", ["run", TEXT, "--type", "\udcff"], "DCFF"),
    ("unknown show", ["run", TEXT, "--show", "tabel"], "tabel"),
    ("unknown model", ["run", TEXT, "--model", "gpt-9"], "gpt-9"),
    ("unknown language", ["run", TEXT, "--lang", "fr"], "fr"),
    ("unknown tokenizer", ["run", TEXT, "--tokenizer", "word"], "word"),
    ("missing tokenizer", ["run", TEXT, "--tokenizer", "missing.json"], "missing.json"),
    ("broken tokenizer", ["run", TEXT, "--tokenizer", "notes.json"], "notes.json"),
    ("unknown option", ["run", TEXT, "--colour"], "--colour"),
    ("unknown short option", ["run", TEXT, "-z"], "-z"),
    ("option without value", ["run", TEXT, "--heads"], "--heads"),
    ("unknown command", ["rnu", TEXT], "rnu"),
    ("empty command", [""], "command"),
    ("unknown sample", ["samples", "engilsh"], "engilsh"),
    # numbers
    ("no heads", ["run", TEXT, "--heads", "0"], "0"),
    ("fewer heads than none", ["run", TEXT, "--heads", "-1"], "-1"),
    ("too many heads", ["run", TEXT, "--heads", "65"], "65"),
    ("heads no number", ["run", TEXT, "--heads", "x"], "'x'"),
    ("heads no whole number", ["run", TEXT, "--heads", "1.5"], "1.5"),
    ("random heads, none", ["run", TEXT, "--model", "random", "--heads", "0"], "0"),
    ("negative window", ["run", TEXT, "--type", "local", "--window", "-1"], "-1"),
    ("negative global window", ["run", TEXT, "--type", "global", "--window", "-2"], "-2"),
    ("window no number", ["run", TEXT, "--type", "local", "--window", "wide"], "wide"),
    ("seed no number", ["run", TEXT, "--model", "random", "--seed", "x"], "'x'"),
    ("negative seed", ["run", TEXT, "--model", "random", "--seed", "-1"], "-1"),
    # tokens, layers and heads that are not there
    ("global dog", ["run", TEXT, "--type", "global", "--global-tokens", "dog"], "dog"),
    ("one of two global", ["run", TEXT, "--type", "global", "--global-tokens", "cat,dog"], "dog"),
    ("third cat", ["run", TEXT, "--type", "global", "--global-tokens", "cat#3"], "cat#3"),
    ("position too high", ["run", TEXT, "--type", "global", "--global-tokens", "3"], "3"),
    ("negative position", ["run", TEXT, "--type", "global", "--global-tokens", "-1"], "-1"),
    ("two minuses", ["run", TEXT, "--type", "global", "--global-tokens", "--5"], "--5"),
    ("digits", ["run", TEXT, "--type", "global", "--global-tokens", DIGITS], DIGITS[:9]),
    ("no global token", ["run", TEXT, "--type", "global", "--global-tokens", " , "], "global"),
    ("head past the last", ["run", TEXT, "--head", "4"], "4"),
    ("range past the last", ["run", TEXT, "--head", "0-9"], "9"),
    ("range backwards", ["run", TEXT, "--head", "3-1"], "3-1"),
    ("range without end", ["run", TEXT, "--head", "1-"], "1-"),
    ("negative head", ["run", TEXT, "--head", "-99"], "-99"),
    ("head with a hole", ["run", TEXT, "--head", "0,,1"], "0,,1"),
    ("head no number", ["run", TEXT, "--head", "second"], "second"),
    ("head with many digits", ["run", TEXT, "--head", DIGITS], DIGITS[:9]),
    ("head empty", ["run", TEXT, "--head", ""], "head"),
    ("layer past the last", ["run", TEXT, "--layer", "1"], "1"),
    ("layer no number", ["run", TEXT, "--layer", "top"], "top"),
    # where to write
    ("no such folder", ["run", TEXT, "-o", "missing/map.png"], "missing"),
    ("a file as folder", ["run", TEXT, "-o", "story.json/map.png"], "story.json"),
    ("unknown suffix", ["run", TEXT, "-o", "map.bmp"], ".bmp"),
    ("no suffix", ["run", TEXT, "-o", "map"], "map"),
    ("empty output", ["run", TEXT, "-o", ""], "--output"),
    ("output is a folder", ["run", TEXT, "-o", "folder.png"], "folder.png"),
    ("output too long", ["run", TEXT, "-o", TOO_LONG + ".png"], TOO_LONG),
    ("output is the text", ["run", "--file", "story.json", "-o", "story.json"], "story.json"),
    ("output links to it", ["run", "--file", "story.json", "-o", "link.json"], "link.json"),
    ("the same roundabout", ["run", "--file", "story.json", "-o", "folder/../story.json"], "story"),
    (
        "output is the source",
        ["run", TEXT, "--source-file", "story.json", "-o", "story.json"],
        "st",
    ),
    ("output is the tokenizer", ["run", TEXT, "--tokenizer", "t.json", "-o", "t.json"], "t.json"),
]

# A name, the arguments, what stands on standard input (None: nothing ever), what must be named.
BAD_INPUT = [
    ("nothing", ["run", "-"], b"", "text"),
    ("white space", ["run", "-"], b" \n", "text"),
    ("not UTF-8", ["run", "-"], b"caf\xe9", "0xE9"),
    ("UTF-16", ["run", "--file", "-"], "\ufeffcat".encode("utf-16"), "standard input"),
    ("read twice", ["run", "-", "--source", "-"], b"The cat", "source"),
    ("closed", ["run", "-"], None, "standard input"),
    ("empty source", ["run", TEXT, "--source-file", "-"], b"", "source"),
]

OUTPUTS = ["-o", "kept.json", "-o", "new.csv"]  # nothing of either may be seen afterwards


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    monkeypatch.delenv("ATTNVIZ_LANG", raising=False)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with one file of each bad kind."""
    monkeypatch.chdir(tmp_path)
    contents = {
        "story.json": b"The cat sat on the mat",
        "kept.json": b"what stood here before",
        "blank.txt": b" \n\t\n",
        "bom.txt": b"\xef\xbb\xbf",
        "picture.bin": b"\x89PNG\r\n\x1a\n\x00\x00",
        "utf16.txt": "The cat".encode("utf-16"),
        "latin1.txt": "un café".encode("latin-1"),
        "notes.json": b'{"a": [1, 2}',
        "t.json": TOKENIZER.encode(),
    }
    for name, data in contents.items():
        Path(name).write_bytes(data)
    for name in ("folder", "folder.png"):
        Path(name).mkdir()
    links = {"dead.txt": "gone", "loop.txt": "loop.txt", "link.json": "story.json"}
    for name, target in links.items():
        Path(name).symlink_to(target)
    return tmp_path


def on_disk(folder):
    """Every name in the folder, with what it holds."""
    return {
        path.relative_to(folder): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else "folder"
        for path in sorted(folder.rglob("*"))
    }


def assert_refused(status, out, err, named):
    assert status == 2
    assert out == ""
    assert len(err.splitlines()) == 1, err
    assert err.startswith("attnviz: ")
    assert err.endswith("\n")
    assert named in err


def process(*words, **options):
    command = [sys.executable, "-m", "attnviz", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    return subprocess.run(command, env=environment, timeout=60, check=False, **given | options)


@pytest.mark.parametrize(
    ("words", "named"), [row[1:] for row in BAD], ids=[row[0].replace(" ", "-") for row in BAD]
)
def test_what_is_wrong_is_said_in_one_line(folder, capsys, words, named):
    """In English; test_error_words has every error with a sentence of its own in the others."""
    before = on_disk(folder)
    status = run_command_line([*words, *OUTPUTS] if words[0] == "run" else words)
    captured = capsys.readouterr()
    assert_refused(status, captured.out, captured.err, named)
    assert on_disk(folder) == before


@pytest.mark.parametrize(
    ("words", "given", "named"),
    [row[1:] for row in BAD_INPUT],
    ids=[row[0].replace(" ", "-") for row in BAD_INPUT],
)
def test_what_is_wrong_on_standard_input(folder, capsys, monkeypatch, words, given, named):
    before = on_disk(folder)
    stream = None if given is None else io.TextIOWrapper(io.BytesIO(given), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stream)
    status = run_command_line([*words, *OUTPUTS])
    captured = capsys.readouterr()
    assert_refused(status, captured.out, captured.err, named)
    assert on_disk(folder) == before


def test_a_terminal_is_not_waited_for(capsys, monkeypatch):
    class Terminal(io.TextIOWrapper):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO(b"typed later")))
    status = run_command_line(["run", "-"])
    captured = capsys.readouterr()
    assert_refused(status, captured.out, captured.err, "standard input")


@pytest.mark.parametrize("window", [10**18, 10**19, 10**40])
def test_a_window_far_wider_than_the_text(capsys, window):
    """It hides nothing, as a window of the text's length; or it is refused as any bad value is."""
    words = ["run", TEXT, "--type", "local", "--json", "--window"]
    assert run_command_line([*words, "3"]) == 0
    everything = capsys.readouterr().out.partition('"weights"')[2]
    status = run_command_line([*words, str(window)])
    captured = capsys.readouterr()
    if status:
        assert_refused(status, captured.out, captured.err, str(window))
    else:
        assert captured.out.partition('"weights"')[2] == everything != ""


@pytest.mark.parametrize("suffix", [".json", ".npz", ".csv", ".png", ".svg", ".pdf"])
def test_a_full_disk(tmp_path, monkeypatch, capsys, suffix):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    monkeypatch.chdir(tmp_path)
    full = Path(f"full{suffix}")
    full.symlink_to("/dev/full")
    status = run_command_line(["run", TEXT, "--show", "none", "-o", full.name])
    captured = capsys.readouterr()
    assert_refused(status, captured.out, captured.err, full.name)
    assert "space" in captured.err  # the system's own reason
    assert [path.name for path in tmp_path.iterdir()] == [full.name]


def test_nothing_is_shown_when_a_file_cannot_be_written(tmp_path, capsys):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    full = tmp_path / "full.json"
    full.symlink_to("/dev/full")
    for words in ([], ["--json"], ["--show", "top"]):
        status = run_command_line(["run", TEXT, *words, "-o", str(full)])
        captured = capsys.readouterr()
        assert_refused(status, captured.out, captured.err, full.name)


# What only a real process can show.


def test_bytes_that_are_no_text(folder):
    before = on_disk(folder)
    done = process(b"run", b"cat \xff dog", b"-o", b"new.png", cwd=folder)
    assert_refused(done.returncode, done.stdout.decode(), done.stderr.decode(), "position 4")
    assert on_disk(folder) == before


@pytest.mark.parametrize("words", [["run", TEXT], ["run", TEXT, "--json"], ["--version"]])
def test_a_full_disk_behind_standard_output(words):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "wb") as full:
        done = process(*words, stdout=full)
    assert_refused(done.returncode, "", done.stderr.decode(), "space")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".json", ".csv", ".png"])
def test_a_disk_that_fills_up_leaves_no_half_of_a_file(folder, suffix):
    resource = pytest.importorskip("resource")
    kept, new = f"kept{suffix}", f"new{suffix}"
    (folder / kept).write_bytes(b"what stood here before")
    before = on_disk(folder)
    for name in (kept, new):
        done = process(
            "run", TEXT, "--show", "none", "-o", name, cwd=folder,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (99, 99)),
        )  # fmt: skip
        assert_refused(done.returncode, done.stdout.decode(), done.stderr.decode(), name)
        assert on_disk(folder) == before


@pytest.mark.parametrize(
    ("closed", "words", "status"),
    [(1, ["run", TEXT], {0, 2}), (2, ["run", TEXT], {0}), (2, ["run", ""], {2})],
)
def test_a_closed_output_is_no_crash(closed, words, status):
    shell = ["sh", "-c", f'exec "$@" {closed}>&-', "sh", sys.executable, "-m", "attnviz", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(shell, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode in status
    assert b"Traceback" not in done.stderr


def test_a_real_process_leaves_with_status_2():
    done = process("run", TEXT, "--type", "lokal")
    assert_refused(done.returncode, done.stdout.decode(), done.stderr.decode(), "lokal")
