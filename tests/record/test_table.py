"""Numbers as files hold them: NumPy's own shortest text of float32 is the reference."""

import csv
import json

import numpy as np
import pytest

import attnviz
from attnviz.record.digits import row_texts, shortest

RANDOM = np.random.default_rng(0)
ODD = [0, -0.0, np.nan, np.inf, -np.inf, 1, 0.1, 1e-45, 3.4e38, 16777216, 999999.94, 123456.7]
KINDS = {
    "weights": RANDOM.random(20_000, dtype=np.float32),
    "small weights": np.exp(-30 * RANDOM.random(20_000)).astype(np.float32),
    "all sizes": (RANDOM.normal(size=20_000) * 10.0 ** RANDOM.integers(-44, 38, 20_000)),
    "odd ones": np.array(ODD),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_shortest_digits_are_numpys(kind):
    values = KINDS[kind].astype(np.float32)
    wanted = values.astype(np.str_).astype(np.float64)
    np.testing.assert_array_equal(shortest(values), wanted)
    np.testing.assert_array_equal(shortest(values).astype(np.float32), values)


@pytest.mark.parametrize("power", [1, 4, 12, 25])
def test_rows_are_the_json_of_each_number(power):
    """Python's own text of every number is the reference."""
    rows = RANDOM.random((5, 60), dtype=np.float32) ** np.float32(power)
    rows[rows < 1e-12] = 0
    rows[0, :9] = [0, 1, 0.5, 0.1, 0.01, 1e-4, 9.9999997e-5, 1.5e-5, 1e-10]
    wanted = [json.dumps([float(str(number)) for number in row])[1:-1] for row in rows]
    assert row_texts(rows) == wanted


@pytest.mark.parametrize("odd", [np.nan, np.inf, -0.0, -0.5, 1.5, 1e-45])
def test_rows_of_what_is_no_weight_are_written_one_by_one(odd):
    assert row_texts(np.array([[0.5, odd]], np.float32)) is None


def test_every_line_names_the_weight_that_it_holds(tmp_path):
    record = attnviz.trace("the cat sat", type="causal", heads=2)
    record.save(tmp_path / "a.csv")
    labels, found = record.stack.query_tokens.labels, np.zeros((1, 2, 3, 3))
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        numbers = (line for line in file if not line.startswith("#"))  # where they come from
        for line in csv.DictReader(numbers):
            layer, head, query, key = (int(line[n]) for n in ("layer", "head", "query", "key"))
            assert (line["query_token"], line["key_token"]) == (labels[query], labels[key])
            found[layer, head, query, key] = float(line["weight"])
    np.testing.assert_allclose(found, record.stack.weights, rtol=1e-6)
    assert found[0, 0, 2, 0] > 0 == found[0, 0, 0, 2]
