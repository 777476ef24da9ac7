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


@pytest.mark.slow
def test_files_are_written(command, tmp_path):
    status, _, err = command(TEXT, "--type", "self,local", "-o", "c.png", "-o", "c.json")
    assert status == 0
    assert err.count("saved") == 2
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "c.json").read_text())["sides"]


@pytest.mark.slow
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


PATTERN = [[0.7, 0.3, 0.0], [0.1, 0.8, 0.1], [0.25, 0.25, 0.5]]


def apart(p, q):
    """Jensen-Shannon divergence (Lin 1991) in nats: of each from their middle, halved."""
    both = zip([*p, *q], [*(p + q) / 2] * 2, strict=True)
    return sum(x * np.log(x / middle) for x, middle in both if x > 0) / 2


def saved(name, heads, tokens="abc"):
    attnviz.from_weights(np.array(heads)[None], list(tokens)).save(name)


def test_rows_are_named_once_and_columns_numbered(command, monkeypatch):
    saved("saved.npz", [PATTERN, PATTERN[::-1]])
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = command("0.0", "0.1", "saved.npz")
    lines = out.splitlines()
    above = next(i for i, line in enumerate(lines) if line.split() == ["A", "B", "B", "-", "A"])
    assert lines[above + 1].split() == ["0", "1", "2"] * 3
    rows = [line.split() for line in lines[above + 2 : above + 5]]
    assert rows[0] == ["0", "a", "70", "30", "0", "25", "25", "50", "-45", "-5", "+50"]
    assert rows[1] == ["1", "b", "10", "80", "10", "10", "80", "10", "0", "0", "0"]


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("lang", ["en", "darija", "ary-Arab"])
def test_nothing_is_wider_than_the_screen_or_cut(command, monkeypatch, width, lang):
    monkeypatch.setenv("COLUMNS", str(width))
    _, out, _ = command(TEXT, f"{TEXT} now", "--lang", lang)
    bare = out.replace("\u200e", "").replace("\u200f", "")
    assert max(map(len, bare.splitlines())) <= width
    assert "…" not in out
    assert TEXT in " ".join(bare.split())
    assert out.count("because") >= 3  # a name for each row


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("last.1", "-1.0"), ["head 1.1", "head 1.0"]),
        (("--head", "0.1,-1.0"), ["head 0.1", "head 1.0"]),
        (("--head", "all", "--layer", "last"), ["head 1.0", "head 1.1"]),
        (("--layer", "all"), ["layer 0", "layer 1"]),
        (("--layer", "0-1", "--head", "1"), ["head 0.1", "head 1.1"]),
    ],
)
def test_layers_and_heads_are_named_as_everywhere(command, arguments, names):
    weights = np.random.default_rng(0).dirichlet(np.ones(4), (2, 2, 4))
    attnviz.from_weights(weights, list("abcd")).save("saved.npz")
    before = [] if arguments[0].startswith("--") else arguments
    after = () if before else arguments
    status, out, err = command(*before, "saved.npz", *after, "--json")
    assert (status, err) == (0, "")
    assert [side["name"] for side in json.loads(out)["sides"]] == names


def test_the_layer_that_changed_most_is_shown_unless_one_is_named(command):
    same = np.array([PATTERN, PATTERN])
    for name, second in (("a.npz", PATTERN), ("b.npz", PATTERN[::-1])):
        weights = np.stack([same, np.array([PATTERN, second])])
        attnviz.from_weights(weights, list("abc")).save(name)
    status, out, err = command("a.npz", "b.npz", "--json")
    assert (status, err.strip()) == (0, "layer 1: the layer that changed most of 2")
    assert {side["layer"] for side in json.loads(out)["sides"]} == {1}
    assert command("a.npz", "b.npz", "--json", "--layer", "0")[2] == ""


def test_heads_are_ranked_by_their_change(command):
    saved("a.npz", [PATTERN, PATTERN, PATTERN])
    saved("b.npz", [PATTERN, PATTERN[::-1], [PATTERN[0], PATTERN[2], PATTERN[2]]])
    _, out, _ = command("a.npz", "b.npz")
    first, second, third = np.array(PATTERN)
    expected = 2 / 3 * apart(first, third), apart(second, third) / 3
    assert f"in nats: 0.1 {expected[0]:.3f}, 0.2 {expected[1]:.3f}\n" in out


def test_a_table_of_both_and_what_changed(command, tmp_path):
    saved("a.npz", [PATTERN])
    saved("b.npz", [PATTERN[::-1]])
    status, out, err = command("a.npz", "b.npz", "--csv")
    assert (status, err) == (0, "")
    assert out.startswith("# A a.npz")
    header, *lines = [line.split(",") for line in out.splitlines() if not line.startswith("#")]
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    assert len(rows) == 18
    for row in rows:
        place = int(row["row"]), int(row["column"])
        first, second = (np.array(one)[place] for one in (PATTERN, PATTERN[::-1]))
        weight = first if row["side"] == "A" else second
        assert float(row["weight"]) == pytest.approx(weight, abs=1e-6)
        assert float(row["minus_a"]) == pytest.approx(weight - first, abs=1e-6)
    assert command("a.npz", "b.npz", "-o", "t.csv", "-q")[0] == 0
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == out


def test_a_page_of_both_holds_every_number_and_runs_nothing(command, tmp_path):
    saved("a.npz", [PATTERN], ["<b>", "&", "c"])
    saved("b.npz", [PATTERN[::-1]], ["<b>", "&", "c"])
    assert command("a.npz", "b.npz", "-o", "c.html")[0] == 0
    page = (tmp_path / "c.html").read_text(encoding="utf-8")
    assert page.count("<table>") == 3
    assert "<script" not in page
    assert "<b>" not in page
    assert all(f">{number}</td>" in page for number in (70, 80, 25, "+50", "-45"))


def test_special_tokens_units_and_measures_are_those_of_run(command):
    given = TEXT, "--type", "self,causal", "--json"
    plain = json.loads(command(*given)[1])
    part = json.loads(command(*given, "--rows", "3:6", "--merge", "words")[1])
    (change,), (whole,) = part["differences"], plain["differences"]
    assert change["divergence_per_row"] == pytest.approx(whole["divergence_per_row"][3:6], abs=1e-5)
    status, _, err = command("a.npz", "b.npz", "--measure", "nothing")
    assert (status, "not valid for --measure" in err) == (2, True)


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
    "wrong suffix": (TEXT, "--type", "self,local", "-o", "x.npz"),
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
    assert "full at 5 points" in same
    assert "no visible change" in same
    _, types, _ = command(TEXT, "--type", "self,local")
    assert "full at 5 points" not in types
