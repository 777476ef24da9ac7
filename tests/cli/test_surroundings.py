"""What a run owes its surroundings: terminals, streams, signals, settings of other programs, and
modules that it does not need."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.errors import AttnvizError
from tests.reference import in_process

ROOT = Path(attnviz.__file__).parents[1]
TEXT = "The cat sat on the mat"
NASTY = "a\x1b[31mred\x1b]52;c;QQ==\x07b\u202ec\x9b"
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def start(*words, cwd=None, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **variables):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-m", "attnviz", *words]
    return subprocess.Popen(command, cwd=cwd, stdout=stdout, stderr=stderr, env=environment)


def done(*words, **how):
    with start(*words, **how) as running:
        out, err = running.communicate(timeout=60)
    return running.returncode, (out or b"").decode(), (err or b"").decode()


# Terminals and streams.


@pytest.mark.parametrize("size", ["0", "00", ""])
@pytest.mark.parametrize("words", [["run", TEXT], ["--help"]])
def test_a_width_of_nothing_is_not_known(words, size, monkeypatch, capsys):
    shown = []
    for columns in (size, "80"):
        monkeypatch.setenv("COLUMNS", columns)
        assert run_command_line(words) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1] != ""


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["run", "a b", "-o", "x.json"], 0),
        (["run", ""], 2),
        pytest.param(["run", TEXT, "--show", "tabel"], 2, marks=pytest.mark.slow),
    ],
)
def test_a_message_that_cannot_be_written_changes_no_status(words, status, tmp_path):
    with open("/dev/full", "wb") as full:
        assert done(*words, cwd=tmp_path, stderr=full)[0] == status
    assert (tmp_path / "x.json").is_file() == (status == 0)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_loses_no_character(encoding):
    text = 'القط é 😀 \\ " cat'
    status, out, _ = in_process.run("run", text, "--json", encoding=encoding)
    assert status == 0
    assert json.loads(out)["stacks"]["self"]["query_tokens"]["text"] == text


NARROW = "\u202f"  # between thousands


@pytest.mark.parametrize("lang", ["en", "darija", "ary-Arab"])
def test_thousands_stand_apart_by_what_the_encoding_has(lang):
    words = ("cost", "--lengths", "2048", "--no-measure", "--type", "self", "--lang", lang)
    for encoding, space in [("utf-8", NARROW), ("cp1252", " "), ("ascii", " ")]:
        _, out, err = in_process.run(*words, encoding=encoding)
        assert f"2{space}048" in out, err
        _, _, err = in_process.run("cost", "--lengths", "16777217", "--lang", lang,
                                   encoding=encoding)  # fmt: skip
        assert f"16{space}777{space}217" in err


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_programs_are_given_numbers_without_a_space(form):
    words = ("cost", "--lengths", "2048", "--no-measure", form)
    _, out, _ = in_process.run(*words, encoding="utf-8")
    assert "4194304" in out
    assert NARROW not in out


@pytest.mark.parametrize("width", range(20, 40))
def test_no_line_ends_within_a_number(width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr("attnviz.cli.lesson_pictures.LENGTHS", (128,), raising=False)
    assert run_command_line(["explain", "cost"]) == 0
    assert f"4{NARROW}194{NARROW}304" in capsys.readouterr().out


def test_a_closed_stream_is_no_open_file():
    command = 'exec "$@" >&-'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDEVMODE": "1"}
    words = [sys.executable, "-m", "attnviz", "run", TEXT]
    found = subprocess.run(
        ["sh", "-c", command, "sh", *words], env=environment, capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (found.returncode, found.stderr) == (0, b"")


def test_a_file_that_may_not_be_written_stays_what_it_is(capsys):
    with tempfile.TemporaryDirectory() as folder:  # all folders above it are open to everybody
        kept = Path(folder, "kept.json")
        record = attnviz.trace(TEXT)
        assert run_command_line(["run", TEXT, "-o", str(kept)]) == 0  # loads what this needs
        record.save(kept)
        before = kept.read_bytes()
        kept.chmod(0o444)
        Path(folder).chmod(0o777)
        capsys.readouterr()
        administrator = os.geteuid() == 0
        if administrator:  # who may write everything
            os.seteuid(65534)
        try:
            status = run_command_line(["run", TEXT, "-o", str(kept)])
            with pytest.raises(AttnvizError, match="Permission denied"):
                record.save(kept)
        finally:
            if administrator:
                os.seteuid(0)
        assert kept.read_bytes() == before
    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert "it may not be written over" in captured.err


@pytest.mark.parametrize("words", [["-o", "x.csv"], ["--output", "x.png"]])
def test_a_folder_that_was_removed_is_said(words, tmp_path, monkeypatch, capsys):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run_command_line(["run", TEXT, *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "attnviz: The folder you are in was removed. Go to another one: cd ~.\n"


# Signals.


SLOW_IMPORT = """
import time
open({ready!r}, "w").close()
try:
    time.sleep(60)
except BaseException:
    print("swallowed")
"""


def wait_for(file):
    for _ in range(600):
        if file.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{file} never came")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_an_import_ends_silently(tmp_path, number, status):
    ready = tmp_path / "ready"
    (tmp_path / "typer.py").write_text(SLOW_IMPORT.format(ready=str(ready)))
    with start("run", TEXT, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}") as running:
        wait_for(ready)
        running.send_signal(number)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (status, b"", b"")


SLOW = """
import sys, time
from attnviz.views import files
def slow(record, suffix, look):
    return [b"half", *wait()], []
from attnviz.cli import output
from contextlib import contextmanager
from attnviz import __main__
whole = output.written_whole
@contextmanager
def slowly(path):
    with whole(path) as file:
        file.write(b"half")
        file.flush()
        open("ready", "w").close()
        time.sleep(60)
        yield file
output.written_whole = slowly
sys.argv = ["attnviz", "run", "a b", "-o", "x.json"]
__main__.main()
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_writing_leaves_nothing_half(tmp_path, number, status):
    (tmp_path / "x.json").write_bytes(b"old")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", SLOW], cwd=tmp_path, env=environment, stderr=subprocess.PIPE
    ) as running:
        wait_for(tmp_path / "ready")
        running.send_signal(number)
        _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (status, b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ready", "x.json"]
    assert (tmp_path / "x.json").read_bytes() == b"old"


# Settings of matplotlib that are not ours.


@pytest.mark.slow  # three processes draw
def test_no_setting_of_matplotlib_reaches_a_picture(tmp_path):
    words = ("run", TEXT, "--show", "none", "-o", "x.png", "-o", "x.svg")
    pictures = []
    for n, (backend, settings) in enumerate([
        ("", ""),
        ("module://no.such.backend", ""),
        ("agg", "text.usetex: True\nno.such.key: 3\nfigure.facecolor: red\nfont.size: 30\n"),
    ]):  # fmt: skip
        folder = tmp_path / str(n)
        folder.mkdir()
        if settings:
            (folder / "matplotlibrc").write_text(settings)
        variables = {"MPLBACKEND": backend} if backend else {}
        status, _, err = done(*words, cwd=folder, **variables)
        assert status == 0
        assert [line.split(" (")[0] for line in err.splitlines()] == [
            "File saved: x.png", "File saved: x.svg",
        ]  # fmt: skip
        pictures.append([(folder / name).read_bytes() for name in ("x.png", "x.svg")])
    assert pictures[0] == pictures[1] == pictures[2]


@pytest.mark.slow
def test_settings_that_cannot_be_read_are_not_read(tmp_path):
    plain, broken, home = (tmp_path / name for name in ("plain", "broken", "home"))
    for folder in (plain, broken, home):
        folder.mkdir()
    (broken / "matplotlibrc").write_bytes(b"font.size: \xff\n")
    (home / "matplotlibrc").write_bytes("image.origin: lower".encode("utf-16"))
    words = ("run", TEXT, "--show", "none", "-o", "x.png")
    pictures = []
    for cwd, variables in (
        (plain, {}), (broken, {}), (plain, {"MPLCONFIGDIR": str(home)}),
        (plain, {"MATPLOTLIBRC": str(broken / "matplotlibrc")}),
    ):  # fmt: skip
        status, out, err = done(*words, cwd=cwd, **variables)
        assert (status, out) == (0, ""), err
        assert len(err.splitlines()) == 1
        pictures.append((cwd / "x.png").read_bytes())
    assert all(picture == pictures[0] for picture in pictures)


@pytest.mark.slow
def test_a_home_that_cannot_be_written_is_no_news(tmp_path):
    nowhere = {"HOME": "/proc/none", "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": ""}
    status, _, err = done("run", TEXT, "-o", "x.png", cwd=tmp_path, **nowhere)
    assert (status, err.split(" (")[0]) == (0, "File saved: x.png")


@pytest.mark.slow
def test_a_home_that_is_no_whole_path_makes_no_folder_here(tmp_path):
    relative = {"HOME": "there", "XDG_CACHE_HOME": "cache", "XDG_CONFIG_HOME": "config"}
    status, _, err = done("run", TEXT, "-o", "x.png", cwd=tmp_path, **relative)
    assert (status, err.split(" (")[0]) == (0, "File saved: x.png")
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]


# Names that send terminal codes.


@pytest.mark.parametrize("colour", ["", "1"])
def test_no_control_of_a_text_or_a_name_reaches_the_terminal(tmp_path, colour):
    weights = attnviz.trace("a b")
    weights.save(tmp_path / "plain.npz")
    (tmp_path / f"{NASTY.replace('/', '')}.npz").write_bytes((tmp_path / "plain.npz").read_bytes())
    variables = {"FORCE_COLOR": colour} if colour else {}
    for words in (
        ["compare", NASTY, "The cat"],
        ["compare", f"{NASTY}.npz", "plain.npz"],
        ["run", NASTY],
        ["view", f"{NASTY}.npz", "--show", "top"],
        ["run", "a b", "--model", f"./{NASTY}"],
        ["view", f"{NASTY}.json"],
        ["run", "a b", "--stack", NASTY],
    ):
        _, out, err = in_process.run(*words, folder=tmp_path, **variables)
        shown = re.sub(r"\x1b\[[0-9;]*m", "", out) if colour else out
        assert not CONTROLS.search((shown + err).replace("\n", "")), words


def test_a_drawing_with_controls_in_its_words_is_xml():
    from xml.etree import ElementTree

    from attnviz.views.files import write
    from attnviz.views.look import Look

    record = attnviz.from_weights([[1.0, 0.0], [0.5, 0.5]], ["a\x1b[31m", "b\x00"])
    data, _ = write(record, ".svg", Look())
    ElementTree.fromstring(b"".join(data))


# What is not loaded.


def loaded(*words):
    code = (
        "import io, sys, json\nfrom attnviz.__main__ import _run\nshown = sys.stdout\n"
        "sys.stdout = io.TextIOWrapper(io.BytesIO(), encoding='utf-8')\n"
        f"_run({list(words)!r})\nshown.write(json.dumps(sorted(sys.modules)))\nshown.flush()"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    return set(json.loads(found.stdout))


HEAVY = {"numpy.ma", "zipfile", "_hashlib", "markdown_it", "pygments", "matplotlib", "textual"}


@pytest.mark.parametrize(
    "words", [["run", TEXT, "--type", "local"], ["explain", "softmax"], ["--help"]]
)
def test_what_a_short_run_does_without(words):
    modules = loaded(*words)
    assert modules & HEAVY == set()
    commands = {m for m in modules if m.startswith("attnviz.cli.commands.")}
    assert words != ["--help"] or "numpy" not in modules
    assert words == ["--help"] or commands == {f"attnviz.cli.commands.{words[0]}"}


def test_the_version_is_known_before_anything_is_loaded():
    modules = loaded("--version")
    assert modules & (HEAVY | {"numpy", "rich", "typer", "attnviz.cli"}) == set()


def without_usage(shown):
    """Help without the line that names the program as it was called."""
    lines = shown.splitlines()
    assert "Usage:" in lines[1]
    return [lines[0], *lines[2:]]


@pytest.mark.slow
def test_help_is_what_it_is_with_all_of_rich():
    code = (
        "import sys\nimport rich.markdown, rich.traceback\n"
        "from attnviz.cli import run_command_line\nsys.exit(run_command_line(sys.argv[1:]))"
    )
    for words in (["--help"], ["run", "--help"]):
        found = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, timeout=60, check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"},
        )  # fmt: skip
        shown = done(*words, COLUMNS="80")[1]
        assert without_usage(shown) == without_usage(found.stdout.decode())
