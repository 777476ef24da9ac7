"""Numbers for other programs: what a file says is what the record holds."""

from __future__ import annotations

import csv
import io
import json
import warnings
from itertools import dropwhile

import numpy as np
import pytest

import attnviz
from attnviz.record.table import TABLE
from attnviz.views.files import SUFFIXES
from attnviz.views.files import write as pieces
from attnviz.views.look import Look

TEXT = "The cat sat on the mat because it was tired"
SOURCE = "Lmouch gles 3la zerbiya"
N = len(TEXT.split())
MAGIC = {".npz": b"PK", ".json": b"{", ".csv": b"# attnviz", ".png": b"\x89PNG", ".pdf": b"%PDF-"}
MAGIC |= dict.fromkeys((".html", ".htm"), b"<!doctype html>")

# A type, its options, how many keys, and which pairs are allowed.
TYPES = [
    ("self", {}, N, lambda i, j: True),
    ("causal", {}, N, lambda i, j: j <= i),
    ("local", {"window": 3}, N, lambda i, j: abs(i - j) <= 3),
    ("global", {"window": 1, "global_tokens": [4]}, N, lambda i, j: abs(i - j) <= 1 or 4 in (i, j)),
    ("cross", {"source": SOURCE}, 4, lambda i, j: True),
]


def write(record, suffix, look):
    """All pieces of a file together, and its notes."""
    data, notes = pieces(record, suffix, look)
    return b"".join(data), notes


def rows_of(data):
    lines = dropwhile(lambda line: line.startswith("#"), io.StringIO(data.decode(), newline=""))
    header, *rows = csv.reader(lines)
    assert tuple(header) == TABLE
    assert all(len(row) == len(TABLE) for row in rows)
    return [
        (stack, int(layer), int(head), int(query), int(key), query_token, key_token, weight)
        for stack, layer, head, query, key, query_token, key_token, weight in rows
    ]


@pytest.mark.parametrize(("kind", "options", "n_keys", "allowed"), TYPES, ids=[t[0] for t in TYPES])
def test_csv_parses_back_to_the_weights(kind, options, n_keys, allowed):
    record = attnviz.trace(TEXT, type=kind, heads=3, **options)
    data, notes = write(record, ".csv", Look())
    assert notes == []
    keys = SOURCE.split() if kind == "cross" else TEXT.split()
    rows = rows_of(data)
    found = np.full((1, 3, N, n_keys), np.nan, dtype=np.float32)
    for stack, layer, head, query, key, query_token, key_token, weight in rows:
        assert stack == ("cross" if kind == "cross" else "self")
        assert (query_token, key_token) == (TEXT.split()[query], keys[key])
        assert np.isnan(found[layer, head, query, key])  # no pair twice
        found[layer, head, query, key] = np.float32(weight)
    present = np.array([[allowed(i, j) for j in range(n_keys)] for i in range(N)])
    assert np.array_equal(~np.isnan(found), np.broadcast_to(present, found.shape))
    assert np.array_equal(np.where(present, found, 0), record.stack.weights)
    order = [row[1:5] for row in rows]
    assert order == sorted(order)


def test_csv_of_given_weights_has_every_layer_and_every_zero():
    weights = np.random.default_rng(0).dirichlet([0.3] * 4, size=(3, 2, 5))
    weights[1, 0, 2] = [0, 0, 1, 0]
    record = attnviz.from_weights(weights, "abcde", "wxyz")
    data, _ = write(record, ".csv", Look(layer=2, heads=(1,)))  # the choice is for pictures
    rows = rows_of(data)
    assert [row[1:5] for row in rows] == list(np.ndindex(weights.shape))
    assert [float(row[7]) for row in rows] == weights.ravel().tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_csv_loses_no_digit(dtype):
    values = np.array([[1 / 3, 1e-30, 0.1, 5e-324 if dtype is np.float64 else 1e-45]], dtype=dtype)
    data, _ = write(attnviz.from_weights(values, ["q"], list("abcd")), ".csv", Look())
    found = [dtype(row[7]) for row in rows_of(data)]
    assert found == values[0].tolist() == [dtype(v) for v in values[0]]


def test_csv_keeps_any_token():
    tokens = ["a,b", 'say "hi"', "'", ";", "[red]", "القط", "字", "$_$", "=1+1", "<b>", " ", ""]
    record = attnviz.from_weights(np.eye(len(tokens)), tokens)
    shown = ["␠" if not token.strip() else token for token in tokens]
    shown[tokens.index("=1+1")] = "'=1+1"  # no formula for a spreadsheet
    rows = rows_of(write(record, ".csv", Look())[0])
    assert [row[5] for row in rows if row[3] == row[4]] == shown
    assert [row[6] for row in rows if row[3] == row[4]] == shown


FORMULAS = ['=HYPERLINK("http://x","y")', "+cmd|'/c calc'!A0", "-2+3", "@SUM(1)"]


def test_no_cell_of_a_table_runs(tmp_path):
    record = attnviz.from_weights(np.eye(4), FORMULAS)
    data, _ = write(record, ".csv", Look())
    cells = [cell for row in csv.reader(io.StringIO(data.decode(), newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    path = tmp_path / "r.csv"
    path.write_bytes(data)
    assert attnviz.read(path) == record


def test_no_piece_of_the_record_in_a_table_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("attnviz.record.table.CELL", 7)
    record = attnviz.from_weights(np.eye(40), ["=" * 5 + "+-@" * 3] * 40)
    data, _ = write(record, ".csv", Look())
    cells = [cell for row in csv.reader(io.StringIO(data.decode(), newline="")) for cell in row]
    assert sum(cell.startswith("# record: ") for cell in cells) > 300
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    path = tmp_path / "r.csv"
    path.write_bytes(data)
    assert attnviz.read(path) == record


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_numbers_are_never_text_as_a_whole(suffix):
    weights = np.full((2, 2, 200, 200), 1 / 200, dtype=np.float32)
    data, _ = pieces(attnviz.from_weights(weights, ["a"] * 200), suffix, Look())
    sizes = [len(piece) for piece in data]
    assert sum(sizes) > 1_000_000
    assert max(sizes) < 100_000


def test_csv_holds_no_raw_controls():
    tokens = ["a\nb", "c\rd", "\x00", "\x1b[31m", "\u202e", "\u2028"]
    data, _ = write(attnviz.from_weights(np.eye(len(tokens)), tokens), ".csv", Look())
    text = data.decode()
    assert not set("\r\x00\x1b\u202e\u2028") & set(text)
    above = sum(line.startswith("#") for line in text.splitlines())
    assert text.count("\n") == above + 1 + len(tokens) ** 2
    assert text.endswith("\n")


@pytest.mark.parametrize("kind", ["self", "causal", "local"])
def test_csv_of_a_streamed_record_holds_the_strongest_keys(kind):
    words = " ".join(f"w{i % 23}" for i in range(70))
    streamed = attnviz.trace(words, type=kind, heads=2, window=2, max_memory=0)
    dense = attnviz.trace(words, type=kind, heads=2, window=2)
    assert streamed.stack.weights is None
    data, notes = write(streamed, ".csv", Look())
    assert len(notes) == 1
    assert "strongest" in notes[0]
    found = {}
    for stack, layer, head, query, key, query_token, key_token, weight in rows_of(data):
        assert (stack, layer) == ("self", 0)
        assert (query_token, key_token) == (f"w{query % 23}", f"w{key % 23}")
        found.setdefault((head, query), {})[key] = float(weight)
    for head, query in np.ndindex(2, 70):
        row = dense.stack.weights[0, head, query]
        kept = found[head, query]
        assert len(kept) == min(8, np.count_nonzero(row))
        assert np.allclose(list(kept.values()), row[list(kept)], atol=1e-6)
        assert list(kept.values()) == sorted(kept.values(), reverse=True)
        left = np.delete(row, list(kept))
        assert left.max(initial=0) <= min(kept.values()) + 1e-6
        assert min(kept.values()) > 0


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_suffix_is_what_it_says(suffix):
    record = attnviz.trace(TEXT, type="local")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data, notes = write(record, suffix, Look())
    assert isinstance(data, bytes)
    assert notes == []
    assert data.startswith(MAGIC.get(suffix, b"<?xml"))


def test_json_and_npz_hold_the_whole_record(tmp_path):
    for kind, options, _, _ in TYPES:
        record = attnviz.trace(TEXT, type=kind, **options)
        for suffix in (".json", ".npz"):
            path = tmp_path / f"record{suffix}"
            path.write_bytes(write(record, suffix, Look(heads=(1,)))[0])
            assert attnviz.read(path) == record


def test_json_is_plain_json():
    record = attnviz.trace("القط 字 $_$", type="causal", heads=2)

    def no_constants(name):
        raise AssertionError(f"{name} is not JSON")

    data, _ = write(record, ".json", Look())
    tree = json.loads(data, parse_constant=no_constants)
    (stack,) = tree["stacks"].values()
    assert np.array_equal(np.array(stack["weights"], dtype=np.float32), record.stack.weights)
    assert "القط" in data.decode()  # readable as it is


def test_npz_opens_without_pickle():
    record = attnviz.trace(TEXT, heads=2)
    data, _ = write(record, ".npz", Look())
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    (name,) = [name for name, array in arrays.items() if array.shape == (1, 2, N, N)]
    assert np.array_equal(arrays[name], record.stack.weights)
