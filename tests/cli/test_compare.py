"""`attnviz compare` from the command line: what it shows, what it writes, how it leaves."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line

TEXT = "The cat sat on the mat because it was tired"


@pytest.fixture
def command(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        status = run_command_line(["compare", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_two_types_side_by_side(command):
    status, out, err = command(TEXT, "--type", "self,local")
    assert (status, err) == (0, "")
    assert "A self: 100 of 100" in out
    assert "B local: 44 of 100" in out
    assert "Jensen-Shannon" in out
    assert len(out.splitlines()) <= 24
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    "arguments",
    [
        (TEXT, "--type", "self,causal,local"),
        (TEXT, "--model", "builtin,random"),
        (TEXT, "--head", "0,1,2"),
        (TEXT, "The dog sat on the mat because it was hungry"),
        ("one two three", "a much longer text than the other one"),
    ],
)
def test_one_thing_varies(command, arguments):
    status, out, err = command(*arguments)
    assert (status, err) == (0, "")
    assert out


def test_heads_of_any_layers_stand_before_the_record(command):
    weights = np.random.default_rng(0).dirichlet(np.ones(4), (2, 2, 4))
    attnviz.from_weights(weights, list("abcd")).save("saved.npz")
    status, out, err = command("0.1", "1.0", "saved.npz", "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert [side["name"] for side in found["sides"]] == ["head 0.1", "head 1.0"]
    (change,) = found["differences"]
    apart = weights[1, 0] - weights[0, 1]
    assert abs(change["largest"]) == pytest.approx(np.abs(apart).max(), abs=1e-6)


def test_a_head_before_two_texts_is_the_head_of_both(command):
    given = "The cat was tired", "The dog was tired", "--json"
    assert command("0.2", *given)[1] == command(*given, "--head", "0.2")[1]


def test_heads_are_said_once(command):
    status, out, err = command("0.1", "0.2", TEXT, "--head", "3")
    assert (status, out) == (2, "")
    assert "0.1 0.2 and --head 3 both say which heads. Give one of them." in " ".join(err.split())


def test_json_holds_sides_and_differences(command):
    status, out, _ = command(TEXT, "--type", "self,causal", "--json")
    assert status == 0
    found = json.loads(out)
    assert [side["scores"]["computed"] for side in found["sides"]] == [100, 55]
    (change,) = found["differences"]
    assert len(change["divergence_per_row"]) == 10
    assert len(change["divergence_per_head"][0]) == 4
    assert 0 < change["divergence"] < 0.7


def test_files_are_written(command, tmp_path):
    status, _, err = command(TEXT, "--type", "self,local", "-o", "c.png", "-o", "c.json")
    assert status == 0
    assert err.count("saved") == 2
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "c.json").read_text())["sides"]


def test_a_suffix_may_be_in_capitals(command, tmp_path):
    status, _, _ = command(TEXT, "--type", "self,local", "-o", "c.PNG", "-o", "c.JSON")
    assert status == 0
    assert (tmp_path / "c.PNG").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "c.JSON").read_text())["sides"]


def test_records_are_compared_and_a_tolerance_is_held(command, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        arguments = ["run", TEXT, "--model", "random", "--seed", str(seed), "--show", "none"]
        assert run_command_line([*arguments, "-o", str(tmp_path / f"{name}.npz")]) == 0
    status, out, err = command("a.npz", "b.npz", "--tolerance", "1e-6")
    assert status == 0
    assert "within 1e-06" in err
    status, out, err = command("a.npz", "c.npz", "--tolerance", "1e-6")
    assert status == 1
    assert "over 1e-06" in err
    assert "layer 0, head" in err
    assert "c.npz" in out


BAD = {
    "nothing to compare": (TEXT,),
    "two things vary": (TEXT, "--type", "self,local", "--head", "0,1"),
    "texts and types vary": (TEXT, "another", "--type", "self,local"),
    "unknown type": (TEXT, "--type", "self,foo"),
    "an empty list": (TEXT, "--type", ","),
    "no such head": (TEXT, "--head", "0,99"),
    "no text": ("--type", "self,local"),
    "missing file": ("nowhere.npz", "nowhere.json"),
    "tolerance without records": (TEXT, "--tolerance", "1"),
    "wrong suffix": (TEXT, "--type", "self,local", "-o", "x.csv"),
    "no folder": (TEXT, "--type", "self,local", "-o", "nowhere/x.png"),
    "unknown language": (TEXT, "--type", "self,local", "--lang", "fr"),
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_what_is_wrong_is_said_in_one_line(command, arguments):
    status, out, err = command(*arguments)
    assert status == 2
    assert err.count("\n") == 1
    assert err.startswith("attnviz: ")
    if "--tolerance" not in arguments:
        assert out == ""


def test_a_difference_of_less_than_five_points_is_not_stretched(command):
    """One text twice differs by nothing; two types differ by more than five points."""
    _, same, _ = command(TEXT, TEXT)
    assert "±5%" in same
    _, types, _ = command(TEXT, "--type", "self,local")
    assert "±5%" not in types
