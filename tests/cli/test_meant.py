"""What is not understood is answered with the command that was meant; and where texts come from."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reference.in_process import run

ROOT = Path(__file__).parents[2]


def attnviz(*arguments, folder=ROOT, **how):
    """A command with an English answer: (status, out, err)."""
    return run(*arguments, folder=folder, COLUMNS="100", ATTNVIZ_LANG="en", **how)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["The cat sat"], ["run", "The cat sat"]),
        (["The", "cat", "sat", "--type", "local"], ["run", "The cat sat", "--type", "local"]),
        (["run", "The", "cat", "--head", "1"], ["run", "The cat", "--head", "1"]),
        (["heads", "The", "cat"], ["heads", "The cat"]),
        (["run", "-x is less", "--type", "local"], ["run", "--type", "local", "--", "-x is less"]),
        (["-x is less"], ["run", "--", "-x is less"]),
        (["it costs $5 today"], ["run", "it costs $5 today"]),
    ],
)
def test_the_command_that_was_meant_is_said_and_runs(given, meant):
    status, out, err = attnviz(*given)
    assert (status, out, err.count("\n")) == (2, "", 1)
    _, said = err.split(" Try: attnviz ")
    assert shlex.split(said) == meant
    status, out, err = attnviz(*shlex.split(said))
    assert (status, err) == (0, "")


@pytest.mark.parametrize("given", [["rum", "x y"], ["run", "a b", "--no-such"], ["--no-such"]])
def test_no_command_is_invented(given):
    status, out, err = attnviz(*given)
    assert (status, out) == (2, "")
    assert "Try:" not in err


def test_a_text_is_read_from_a_pipe_a_file_or_its_name(tmp_path):
    words = "Wind moves the mill"
    (tmp_path / "mill.txt").write_text(words + "\n", encoding="utf-8")
    expected = attnviz("run", words)
    assert expected[0] == 0
    assert attnviz("run", piped=words) == expected
    assert attnviz("run", "-", piped=words) == expected
    assert attnviz("run", "mill.txt", folder=tmp_path) == expected
    with (tmp_path / "mill.txt").open() as file:
        assert attnviz("run", stdin=file) == expected
    assert attnviz("run")[2].startswith("attnviz: There is no text.")


def test_a_file_that_is_read_is_not_written_over(tmp_path):
    place = tmp_path / "page.html"
    place.write_text("Wind moves", encoding="utf-8")
    for given in ([str(place)], ["Mills turn", "--source", str(place)]):
        status, out, err = attnviz("run", *given, "-o", str(place))
        assert (status, out) == (2, "")
        assert "Write to another file." in err
    assert place.read_text(encoding="utf-8") == "Wind moves"


@pytest.mark.parametrize(
    ("name", "said"),
    [("missing.txt", "File not found"), (".", "is a folder"), ("w.npz", "attnviz view w.npz")],
)
def test_what_is_no_text_file(name, said, tmp_path):
    (tmp_path / "w.npz").write_bytes(b"PK")
    status, out, err = attnviz("run", name, folder=tmp_path)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err


@pytest.mark.parametrize("name", ["chinese", "french", "translation"])
def test_a_sample_is_run_by_its_name_as_its_options_show_it(name):
    from attnviz.cli.bundled import find_sample

    sample = find_sample(name)
    source = ["--source-file", str(sample.source)] if sample.source else []
    by_hand = attnviz("run", "--file", str(sample.file), *source, *sample.options)
    assert by_hand[0] == 0
    assert attnviz("run", "--sample", name) == by_hand


def test_a_sample_and_a_text():
    assert "both given" in attnviz("run", "a b", "--sample", "english")[2]
    assert "Choose one of: english" in attnviz("run", "--sample", "englsh")[2]


def test_saved_is_said_after_the_view(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "attnviz", "run", "a b", "-o", str(tmp_path / "m.csv")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    assert done.stdout.splitlines()[-1].startswith("File saved: ")


@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-16LE", "UTF-16BE"])
def test_a_text_in_utf_16_is_refused_and_its_hint_is_right(encoding, tmp_path):
    words = "Wind moves the mill"
    (tmp_path / "mill.txt").write_bytes(words.encode(encoding))
    status, out, err = attnviz("run", "--file", "mill.txt", folder=tmp_path)
    assert (status, out, err.count("\n")) == (2, "", 1)
    _, said = err.split("convert it with ")
    program, *how = shlex.split(said.strip().removesuffix("."))
    assert how == ["-f", encoding, "-t", "UTF-8"]
    if shutil.which(program) is None:
        pytest.skip("this system has no iconv")
    read = (tmp_path / "mill.txt").read_bytes()
    made = subprocess.run([program, *how], input=read, capture_output=True, check=True).stdout
    assert made.decode("utf-8") == words


def test_bytes_with_nul_are_no_text(tmp_path):
    (tmp_path / "odd.txt").write_bytes(b"a long line of letters, and one \0 in it")
    status, out, err = attnviz("run", "--file", "odd.txt", folder=tmp_path)
    assert (status, out) == (2, "")
    assert "byte 32 is NUL" in err
    assert "UTF-16" not in err


def test_compare_reads_files_and_records_by_their_names(tmp_path):
    for name, words in (("one.txt", "Wind moves"), ("two.txt", "Wind sleeps")):
        (tmp_path / name).write_text(words, encoding="utf-8")
    expected = attnviz("compare", "Wind moves", "Wind sleeps")
    assert expected[0] == 0
    assert attnviz("compare", "one.txt", "two.txt", folder=tmp_path) == expected
    for words, name in (("Wind moves", "A.JSON"), ("Wind sleeps", "B.JSON")):
        assert attnviz("run", words, "-o", name, folder=tmp_path)[0] == 0
    status, _, err = attnviz("compare", "A.JSON", "B.JSON", "-o", "D.PNG", folder=tmp_path)
    assert (status, err.split(" (")[0]) == (0, "File saved: D.PNG")
    said = attnviz("compare", "A.JSON", "B.JSON", "--json", folder=tmp_path)[1]
    (change,) = json.loads(said)["differences"]
    assert len(change["divergence_per_row"]) == 2  # tokens of the records, not of their names
    assert (tmp_path / "D.PNG").read_bytes().startswith(b"\x89PNG")
