"""Numbers of every command: JSON, tables and files; - is standard output, sizes are told."""

import csv
import json
import shlex

import pytest

from attnviz.cli import run_command_line

COMMANDS = [
    ["run", "a b c"],
    ["heads", "a b c d a"],
    ["steps", "a b c", "--query", "b"],
    ["cost", "--no-measure", "--lengths", "8,16"],
    ["compare", "a b c", "--type", "self,local"],
    ["lens", "7 3 11 5 7 3 11", "--model", "induction"],
    ["predict", "7 3 11 5 7 3 11", "--model", "induction"],
    ["samples"],
    ["samples", "english"],
    ["models"],
    ["models", "induction"],
]


def done(words, capsys):
    status = run_command_line([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:3]))
def test_each_as_json_as_a_table_and_in_files(words, capsys, tmp_path):
    status, told, _ = done([*words, "--json"], capsys)
    assert status == 0
    assert json.loads(told)
    assert done([*words, "-o", "-"], capsys)[:2] == (0, told)
    status, table, _ = done([*words, "--csv"], capsys)
    assert status == 0
    lines = [line for line in table.splitlines() if not line.startswith("#")]
    header, *rows = csv.reader(lines)
    assert rows
    assert all(len(row) == len(header) for row in rows)
    assert done([*words, "--csv", "-o", "-"], capsys)[:2] == (0, table)
    files = [tmp_path / "n.json", tmp_path / "n.csv"]
    status, _, err = done([*words, "-o", files[0], "-o", files[1]], capsys)
    assert status == 0
    assert json.loads(files[0].read_text()) == json.loads(told)
    assert files[1].read_text() == table
    last = err.splitlines()[-2:]
    assert last[0].startswith(f"File saved: {files[0]} (")
    assert last[1].startswith(f"File saved: {files[1]} (")
    assert all(line.endswith("B)") for line in last)  # bytes, kB, MB


def test_the_size_that_is_told_is_that_of_the_file(capsys, tmp_path):
    path = tmp_path / "n.csv"
    *_, err = done(["heads", "a b c", "-o", path], capsys)
    assert err.endswith(f"({path.stat().st_size / 1000:.3g} kB)\n")


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:3]))
def test_both_are_refused(words, capsys):
    status, out, err = done([*words, "--json", "--csv"], capsys)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1


def test_vectors_that_are_kept_and_names_that_are_none(capsys, tmp_path):
    path = tmp_path / "r.npz"
    assert done(["run", "a b", "--keep", "query,scores", "-o", path], capsys)[0] == 0
    import attnviz

    stack = attnviz.read(path).stack
    assert stack.scores.shape == (1, 4, 2, 2)
    for wrong in ("queries", ","):
        status, out, err = done(["run", "a b", "--keep", wrong], capsys)
        assert (status, out, len(err.splitlines())) == (2, "", 1)


def test_options_of_pictures_without_one_are_named(capsys, tmp_path):
    *_, err = done(["run", "a b", "--figure", "column", "--no-title"], capsys)
    assert err == "No picture is written: --figure, --no-title has no effect.\n"
    status, out, err = done(["run", "a b", "--size", "1 mile", "-o", tmp_path / "x.png"], capsys)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert not list(tmp_path.iterdir())


QUIET = ("run", "effect", "check", "survey")
EVERY_TABLE = [
    *COMMANDS,
    ["run", "a b c", "--query", "a", "--key", "b"],
    ["heads", "--model", "induction", "--probe", "--random", "20"],
    ["effect", "7 3 11 5 7 3 11", "--model", "induction"],
    ["check", "7 3 11 5 7 3 11", "--model", "induction", "--random", "20"],
    ["survey", "samples/corpora/reference.txt", "--limit", "2"],
]


@pytest.mark.slow
@pytest.mark.parametrize("words", EVERY_TABLE, ids=lambda words: " ".join(words[:4]))
def test_above_every_table_stands_what_made_it(words, capsys, tmp_path):
    from hashlib import sha256

    from attnviz._version import __version__
    from attnviz.files.samples import samples_folder

    status, told, _ = done(
        [*words, "--csv", "-q"] if words[0] in QUIET else [*words, "--csv"], capsys
    )
    assert status == 0
    above = [line.rstrip(",") for line in told.splitlines() if line.startswith("# ")]
    assert f"# attnviz: {__version__}" in above
    if "induction" in words:
        weights = samples_folder() / "models" / "induction" / "model.safetensors"
        digest = sha256(weights.read_bytes()).hexdigest()
        assert "# model: induction" in above
        assert f"# sha256 of model.safetensors: {digest}" in above
    if words[0] != "run" or "--key" in words:  # a record has its command in its own line
        typed = shlex.join(["attnviz", *words]).replace(",", "%2C")
        assert f"# command: {typed}" in above
    file = tmp_path / "n.csv"
    assert done([*words, "-o", file], capsys)[0] == 0
    assert file.read_text("utf-8") == told
    table = [line for line in told.splitlines(keepends=True) if not line.startswith("#")]
    assert len({len(row) for row in csv.reader(table)}) == 1


def test_what_a_shell_would_read_as_two_lines_stays_in_one(capsys):
    status, told, _ = done(["heads", "a\nb, c d\x1b[2J", "--csv"], capsys)
    assert status == 0
    (command,) = [line for line in told.splitlines() if line.startswith("# command")]
    assert "\x1b" not in command
    assert command.count(",") == told.splitlines()[-1].count(",")


def test_every_command_writes_json_a_table_and_files():
    """`explore` has none, it is a screen; a lesson has its exercises as JSON, and no table."""
    from typer.main import get_command

    from attnviz.cli import COMMANDS as EVERY
    from attnviz.cli import app_of

    lacking = {
        f"{name} {option}"
        for name, command in get_command(app_of(EVERY)).commands.items()
        for option in ("--json", "--csv", "--output")
        if not any(option in each.opts for each in command.params)
    }
    assert lacking == {
        "explore --json",
        "explore --csv",
        "explore --output",
        "explain --csv",
    }
