"""`attnviz cost`, as a person or a script sees it."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from attnviz.cli import progress, run_command_line
from tests.files.tables import below
from tests.reference import checkpoints

UNSET = (
    "NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "PYTHONIOENCODING", "ATTNVIZ_LANG",
)  # fmt: skip
QUICK = ("--lengths", "8,16,32", "--heads", "2", "--head-dim", "4")
ARABIC_LETTER = re.compile("[\u0621-\u064a]")


@pytest.fixture(autouse=True)
def plain(monkeypatch, tmp_path):
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in {"COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    checkpoints.stand_in_for_minilm(tmp_path / "small")


@pytest.fixture
def cost(capsys):
    """Run `attnviz cost …`; what it wrote to standard output and standard error."""

    def run(*words):
        status = run_command_line(["cost", *map(str, words)])
        captured = capsys.readouterr()
        assert status == 0, captured.err
        return captured.out, captured.err

    return run


def test_the_default_is_four_types(cost):
    out, err = cost("--no-measure")
    assert err == ""
    for name in ("self", "causal", "local", "global"):
        assert re.search(rf"^{name} +128 ", out, re.MULTILINE)
    assert "cross" not in out
    assert "4 heads of 64 numbers · window 64 · global tokens 0" in out
    assert "\x1b" not in out


def test_json_is_counted_from_the_masks(cost):
    options = ("--type", "self,cross,causal,local,global", "--window", 3, "--global-tokens", "0,7")
    out, _ = cost(*QUICK, *options, "--no-measure", "--json")
    found = json.loads(out)
    assert found["settings"] == {
        "heads": 2, "head_dim": 4, "window": 3, "global_tokens": [0, 7],
    }  # fmt: skip
    sees = {
        "self": lambda i, j: True,
        "cross": lambda i, j: True,
        "causal": lambda i, j: j <= i,
        "local": lambda i, j: abs(i - j) <= 3,
        "global": lambda i, j: abs(i - j) <= 3 or {i, j} & {0, 7},
    }
    assert [one["name"] for one in found["series"]] == list(sees)
    for one in found["series"]:
        for point in one["points"]:
            n = point["length"]
            scores = sum(bool(sees[one["name"]](i, j)) for i in range(n) for j in range(n))
            assert point["scores"] == scores
            assert point["multiply_adds"] == scores * 2 * 4 * 2
            assert point["weight_bytes"] == 2 * n * n * 4
            assert point["seconds"] is point["left_out"] is None
    assert found["run_with_weights"] is found["model"] is None


def test_it_is_run_here(cost):
    out, err = cost(*QUICK, "--json")
    assert err == ""
    found = json.loads(out)
    assert found["run_with_weights"] == "kept"
    for one in found["series"]:
        assert all(point["seconds"] > 0 and point["runs"] >= 1 for point in one["points"])
    for growth in found["growth"]:
        assert growth["measured"]["first"] == growth["predicted"]["first"] == 8
        assert growth["predicted"]["exponent"] == pytest.approx(2, abs=0.1)


def test_a_time_that_is_too_short(cost):
    out, _ = cost("--type", "self", "--lengths", "64,4096", "--seconds", "0.02")
    assert "not run" in out
    assert "to stay within the time limit: self" in out


def test_lengths_are_sorted_and_come_once(cost):
    out, _ = cost("--lengths", "32, 8,32", "--type", "self", "--no-measure", "--json")
    assert [p["length"] for p in json.loads(out)["series"][0]["points"]] == [8, 32]


def test_millions_are_only_counted(cost):
    out, _ = cost("--lengths", "1000,16777216", "--no-measure", "--json", "--type", "self,local")
    first, second = json.loads(out)["series"]
    assert first["points"][1]["scores"] == 1 << 48
    assert second["points"][1]["scores"] == 129 * (1 << 24) - 64 * 65


@pytest.mark.slow
def test_files(cost):
    files = ["cost.png", "cost.svg", "cost.pdf", "cost.json", "cost.csv"]
    outputs = [word for file in files for word in ("-o", file)]
    out, err = cost(*QUICK, *outputs, "--json")
    told = [line.split(" (")[0] for line in err.splitlines()]
    assert told == [f"File saved: {file}" for file in files]
    assert Path("cost.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in Path("cost.svg").read_bytes()
    assert Path("cost.pdf").read_bytes().startswith(b"%PDF")
    assert Path("cost.json").read_text() == out
    rows = list(csv.DictReader(below(Path("cost.csv").read_text())))
    assert [row["name"] for row in rows[::3]] == ["self", "causal", "local", "global"]
    _, quiet = cost(*QUICK, "-o", "again.csv", "--quiet", "--no-measure")
    assert quiet == ""


def test_a_checkpoint(cost):
    out, err = cost("--model", "small/model", "--lengths", "16,64", "--json")
    assert err == ""
    found = json.loads(out)
    about = found["model"]
    linear = 6 * (4 * 48 * 48 + 2 * 48 * 48)  # four projections and two of the feed-forward
    assert about["per_token"] == linear
    assert about["crossing"] == linear // (6 * 2 * 48) + 1  # 2 × 48 for each token that is seen
    assert about["positions"] == 64
    (one,) = found["series"]
    for point in one["points"]:
        n = point["length"]
        assert point["scores"] == 6 * n * n
        assert point["multiply_adds"] == 6 * n * n * 2 * 48
        assert point["rest_multiply_adds"] == n * linear
        assert point["weight_bytes"] == 6 * 12 * n * n * 4
        assert point["cache_bytes"] is None
        assert point["seconds"] > 0
        assert point["rest_seconds"] > 0


def test_a_checkpoint_on_the_screen(cost):
    out, _ = cost("--model", "small/model", "-o", "cost.png")
    assert "6 layers × 12 heads of 4 numbers: full" in out
    assert "From 145 tokens on, attention takes more" in " ".join(out.split())
    assert "positions for 64 tokens" in " ".join(out.split())
    assert Path("cost.png").read_bytes().startswith(b"\x89PNG")


def test_a_decoder_has_a_cache(cost):
    checkpoints.write("mistral", Path("mistral"))
    out, _ = cost("--model", "mistral", "--lengths", "100", "--no-measure", "--json")
    config = checkpoints.config("mistral")
    kept = min(100, config["sliding_window"]) * config["num_hidden_layers"]
    numbers = kept * 2 * config["num_key_value_heads"] * 16
    assert json.loads(out)["series"][0]["points"][0]["cache_bytes"] == numbers * 4


@pytest.mark.parametrize("lang", ["en", "darija", "ary-Arab"])
def test_languages(cost, lang):
    out, err = cost(*QUICK, "--lang", lang)
    assert bool(ARABIC_LETTER.search(out)) == (lang == "ary-Arab")
    assert err == ""
    said = {
        "en": "what attention costs",
        "darija": "ch7al katkellef attention",
        "ary-Arab": "شحال كتكلف",
    }
    assert said[lang] in out


def test_an_option_without_effect(cost):
    _, err = cost(*QUICK, "--type", "self,causal", "--window", 3, "--no-measure")
    assert err == "--window has no effect on self,causal attention.\n"
    _, err = cost(*QUICK, "--type", "self", "--window", 3, "--no-measure", "--quiet")
    assert err == ""


ERRORS = [
    (["--lengths", "x"], '"x" is not a length'),
    (["--lengths", "12.5"], '"12.5" is not a length'),
    (["--lengths", ""], '"" is not a length'),
    (["--lengths", "4,096"], '"096" is not a length'),
    (["--lengths", "-5"], '"-5" is not a length'),
    (["--lengths", "0"], "The length 0 cannot be counted"),
    (["--lengths", "16777217"], "16\u202f777\u202f217 cannot be counted. .* 16\u202f777\u202f216"),
    (["--lengths", "9" * 40], "is not a length"),
    (["--lengths", ",".join(map(str, range(1, 66)))], "65 lengths were given"),
    (["--type", "lokal"], '"lokal" is not valid for --type. Choose one of: local'),
    (["--type", ""], "is not valid for --type"),
    (["--heads", "0"], "--heads is 0. It must be from 1 to 1\u202f024"),
    (["--heads", "1025"], "--heads is 1025"),
    (["--head-dim", "0"], "--head-dim is 0"),
    (["--window", "-1"], "The window is -1"),
    (["--global-tokens", "cat"], '"cat" is not a position'),
    (["--global-tokens", "4096"], "The position 4\u202f096 is in no text of 4\u202f096 tokens"),
    (["--seconds", "0"], "--seconds is 0"),
    (["--seconds", "nan"], "--seconds is nan"),
    (["--seconds", "inf"], "--seconds is inf"),
    (["-o", "cost.npz"], '".npz" is not valid for the suffix of --output'),
    (["-o", "missing/cost.png"], "Cannot write missing/cost.png"),
    (["--model", "nope"], '"nope" is not valid for --model'),
    (["--model", "random"], "random is not a checkpoint"),
    (["--model", "."], "has no config.json"),
    (["--model", "small/model", "--type", "local"], "--type does not apply to a checkpoint"),
    (["--model", "small/model", "--heads", "4"], "--heads does not apply to a checkpoint"),
    (["--model", "small/model", "--window", "4"], "--window does not apply to a checkpoint"),
    (["--model", "small/model", "--global-tokens", "0"], "--global-tokens does not apply to model"),
    (["--model", "small/model", "--lengths", "8,65"], "The length 65 .* positions for: 64"),
    (["--lang", "fr"], 'The language "fr" is not available'),
]


@pytest.mark.parametrize(("words", "said"), ERRORS, ids=[" ".join(w)[:40] for w, _ in ERRORS])
def test_what_is_wrong_is_one_line(capsys, words, said):
    before = sorted(Path().rglob("*"))
    status = run_command_line(["cost", "-o", "cost.csv", *words])
    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert re.match(f"attnviz: .*{said}", captured.err), captured.err
    assert len(captured.err.splitlines()) == 1
    assert sorted(Path().rglob("*")) == before


def test_too_long_a_text_in_darija(capsys):
    words = ["cost", "--model", "small/model", "--lengths", "65", "--lang", "darija"]
    assert run_command_line(words) == 2
    assert "Text twil bezzaf: 65 token, w l7edd howa 64 token" in capsys.readouterr().err


# Progress.


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_comes_after_a_second_and_goes(monkeypatch):
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    now = iter([10.0, 10.9, 11.1, 11.2])  # begun, when each step is told, and shown
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(now)))
    with progress.Ticker() as ticker:
        ticker.tell(0, 3, "self 8")
        assert screen.getvalue() == ""
        ticker.tell(1, 3, "self 16")
        assert "self 16" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K")  # the line is wiped


def test_no_progress_where_nobody_watches(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    with progress.Ticker(quiet=True) as ticker:
        ticker.tell(0, 1, "self")
    assert screen.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress.Ticker() as ticker:
        ticker.tell(0, 1, "self")
    assert sys.stderr.getvalue() == ""


def test_nothing_is_written_when_it_is_broken_off(monkeypatch, capsys):
    from attnviz.tracing.recorder import Recorder

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Recorder, "attend", stop)
    assert run_command_line(["cost", *QUICK, "-o", "cost.json"]) == 130
    assert not Path("cost.json").exists()
    assert capsys.readouterr().out == ""
