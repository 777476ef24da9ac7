"""The tiny model: its numbers, worked out by hand."""

from __future__ import annotations

import json
import math
import re

import pytest

from attnviz.cli import run_command_line
from attnviz.errors import AttnvizError
from attnviz.tracing.tiny import trace_tiny

TEXT = "The cat drinks milk"


@pytest.fixture
def command(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")

    def run(*words):
        status = run_command_line(list(words))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_previous_by_hand():
    """The query "milk", p = 3: q = (4·3 - 4, -2, 0, 0) = (8, -2, 0, 0); k = (p, p², 0, 0)."""
    found = trace_tiny(TEXT)
    assert found.steps.query == "milk"
    assert found.steps.query_parts.tolist() == [8, -2, 0, 0]
    assert [key.score for key in found.steps.keys] == [0, 6, 8, 6]
    assert [key.scaled for key in found.steps.keys] == [0, 3, 4, 3]
    powers = [math.exp(-4), math.exp(-1), 1, math.exp(-1)]
    for key, power in zip(found.steps.keys, powers, strict=True):
        assert key.others == 0
        assert key.power == pytest.approx(power, abs=0.0005)
        assert key.weight == pytest.approx(power / sum(powers), abs=0.001)
    # 0.010, 0.210, 0.570, 0.210 of (1, p, p², characters):
    assert found.steps.output.tolist() == pytest.approx([1, 1.98, 4.38, 4.92])


def test_long_words_by_hand():
    """q = (1, 0, 0, 0) and k = (characters, 0, 0, 0): 3, 3, 6 and 4 characters."""
    found = trace_tiny(TEXT, "cat", head=1)
    assert [key.score for key in found.steps.keys] == [3, 3, 6, 4]
    powers = [math.exp(-1.5), math.exp(-1.5), 1, math.exp(-1)]
    weights = [power / sum(powers) for power in powers]
    assert [key.weight for key in found.steps.keys] == pytest.approx(weights, abs=0.001)


def test_the_merge_is_the_mean_of_the_outputs():
    found = trace_tiny(TEXT)
    assert found.merged.tolist() == pytest.approx(found.outputs.mean(axis=0).tolist(), abs=0.0006)


def test_a_mask_hides_what_comes_later():
    found = trace_tiny(TEXT, "cat", type="causal")
    assert [key.label for key in found.steps.keys] == ["The", "cat"]
    assert [key.score for key in found.steps.keys] == [0, -2]


@pytest.mark.parametrize("lang", ["en", "darija", "ary-Arab"])
@pytest.mark.parametrize("head", ["0", "1"])
def test_every_product_and_sum_on_the_screen_is_right(command, lang, head):
    status, out, err = command("steps", "--tiny", "--lang", lang, "--head", head)
    assert (status, err) == (0, "")
    assert "others" not in out
    sums = re.findall(r"= ((?:\(?-?[\d.]+\)?·\(?-?[\d.]+\)?(?: \+ )?)+) = (-?[\d.]+)", out)
    assert len(sums) == 4 + 4 + 4 + 4  # q, scores, output, merged
    for written, total in sums:
        products = (part.replace("(", "").replace(")", "").split("·")
                    for part in written.split(" + "))  # fmt: skip
        value = sum(float(a) * float(b) for a, b in products)
        assert value == pytest.approx(float(total), abs=0.000501)


def test_numbers_for_programs(command, tmp_path):
    path = tmp_path / "tiny.json"
    status, out, _ = command("steps", "--tiny", "--json", "-o", str(path))
    assert status == 0
    found = json.loads(out)
    assert json.loads(path.read_text(encoding="utf-8")) == found
    x, w = found["x"], found["w_query"]
    q = [sum(x[3][i] * w[i][j] for i in range(4)) for j in range(4)]
    assert q == found["query_parts"] == [8, -2, 0, 0]
    assert command("steps", "--tiny", "--csv")[1].splitlines()[-1].startswith("milk,6.0,3.0")


@pytest.mark.parametrize(
    ("words", "said"),
    [(["a b c d e"], "reads 4 tokens"), (["--model", "minilm"], "--model"),
     (["--heads", "3"], "--heads"), (["--head", "2"], "2"), (["--query", "dog"], "dog"),
     (["--source", "x"], "--source"), (["--layer", "1"], "1")],
)  # fmt: skip
def test_what_the_tiny_model_cannot_do(command, words, said):
    status, out, err = command("steps", "--tiny", *words)
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_five_tokens_are_refused():
    with pytest.raises(AttnvizError, match="5"):
        trace_tiny("a b c d e")


@pytest.mark.parametrize(
    ("text", "word"), [("The cat sat.", "sat"), ("one", "one"), ("!?", "?"), (TEXT, "milk")]
)
def test_without_a_query_the_last_word_asks(command, text, word):
    found = json.loads(command("steps", text, "--json")[1])
    assert found["query"] == word
