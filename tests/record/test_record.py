"""The record answers with numbers that can be checked by hand, and a file gives it back whole."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

import attnviz
from attnviz import AttnvizError, from_weights, read, trace

ROOT = Path(__file__).parents[1]
TEXT = "the cat sat on the mat because the cat was so tired"
L, H, Q, K = 2, 3, 5, 7


def random_weights(*shape, dtype=np.float32, seed=0):
    """Rows that sum to 1, a third of the weights 0, and some ties."""
    generator = np.random.default_rng(seed)
    weights = generator.integers(1, 9, shape) * (generator.random(shape) < 2 / 3)
    weights[..., 0] += 1
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(dtype)


WEIGHTS = random_weights(L, H, Q, K)
ONE_TEXT = random_weights(L, H, Q, Q, dtype=np.float64)


@pytest.fixture
def cross():
    return from_weights(WEIGHTS, "abcde", "tuvwxyz").stack


@pytest.fixture
def one_text():
    return from_weights(ONE_TEXT, "abcde").stack


WHICH = [(0, 0), (1, 2), (0, "mean"), ("mean", 1), ("mean", "mean")]


def chosen(weights, layer, head):
    layers = weights if layer == "mean" else weights[layer : layer + 1]
    return layers if head == "mean" else layers[:, head : head + 1]


# Maps


@pytest.mark.parametrize(("layer", "head"), WHICH)
def test_a_map_that_fits_is_the_weights(cross, layer, head):
    pooled = cross.map(layer, head)
    heads = chosen(WEIGHTS, layer, head)
    assert pooled.cells == (1, 1)
    np.testing.assert_allclose(pooled.mean, heads.mean(axis=(0, 1)), rtol=1e-6)
    np.testing.assert_array_equal(pooled.max, heads.max(axis=(0, 1)))
    np.testing.assert_array_equal(np.asarray(pooled), pooled.mean)


@pytest.mark.parametrize(("layer", "head"), WHICH)
@pytest.mark.parametrize("max_size", [1, 2, 3, 4, 6])
def test_a_map_that_does_not_fit_is_pooled(cross, layer, head, max_size):
    pooled = cross.map(layer, head, max_size)
    rows, columns = pooled.cells
    heads = chosen(WEIGHTS, layer, head).astype(np.float64)
    cells = [
        [heads[:, :, r : r + rows, c : c + columns] for c in range(0, K, columns)]
        for r in range(0, Q, rows)
    ]
    assert pooled.mean.shape == pooled.max.shape == (len(cells), len(cells[0]))
    assert max(pooled.mean.shape) <= max_size
    assert math.ceil(Q / rows) >= min(Q, max_size) / 2  # and not coarser than it has to be
    assert math.ceil(K / columns) >= min(K, max_size) / 2
    np.testing.assert_allclose(pooled.mean, [[c.mean() for c in row] for row in cells], rtol=1e-5)
    np.testing.assert_allclose(pooled.max, [[c.max() for c in row] for row in cells], rtol=1e-6)


def test_by_default_a_map_is_of_the_mean_of_the_first_layer(cross):
    np.testing.assert_array_equal(cross.map().mean, cross.map(0, "mean").mean)


# Strongest keys


@pytest.mark.parametrize("k", [1, 2, 3, 7, 50])
@pytest.mark.parametrize(("layer", "head"), [(0, 0), (1, 2), (1, "mean")])
def test_strongest_keys_come_first_and_ties_in_the_order_of_the_text(cross, layer, head, k):
    keys, weights = cross.strongest(layer, head, k)
    mean = chosen(WEIGHTS, layer, head).mean(axis=(0, 1))
    expected = [sorted(range(K), key=lambda j, row=row: (-row[j], j))[:k] for row in mean]
    assert keys.tolist() == expected
    np.testing.assert_array_equal(weights, np.take_along_axis(mean, np.array(expected), axis=1))


def test_a_group_of_columns_is_not_all_one_looks_at():
    """Rows of 6,000 keys are sieved in groups: the largest must come through, ties by place."""
    generator = np.random.default_rng(1)
    weights = generator.integers(0, 50, (3, 6000)) / (50.0 * 6000)
    keys, _ = from_weights(weights, "abc", range(6000)).stack.strongest(0, 0, 4)
    assert keys.tolist() == [
        sorted(range(6000), key=lambda j, row=row: (-row[j], j))[:4] for row in weights
    ]


# Measures, by their definitions

DEFINITIONS = {
    "entropy": lambda row, i: -sum(w * math.log(w) for w in row if w > 0),
    "normalized_entropy": lambda row, i: (
        -sum(w * math.log(w) for w in row if w > 0) / math.log(len(row))
    ),
    "largest": lambda row, i: max(row),
    "total": lambda row, i: sum(row),
    "distance": lambda row, i: sum(w * abs(i - j) for j, w in enumerate(row)) / sum(row),
    "self": lambda row, i: row[i],
    "previous": lambda row, i: row[i - 1] if i > 0 else math.nan,
    "next": lambda row, i: row[i + 1] if i + 1 < len(row) else math.nan,
    "first": lambda row, i: row[0],
}
WITHIN_ONE_TEXT = {"distance", "self", "previous", "next"}


def defined(name, weights):
    return np.array(
        [
            [[DEFINITIONS[name](row.tolist(), i) for i, row in enumerate(head)] for head in layer]
            for layer in weights.astype(np.float64)
        ]
    )


@pytest.mark.parametrize("name", DEFINITIONS)
def test_measures_of_one_text(one_text, name):
    measured = one_text.measure(name)
    assert measured.shape == (L, H, Q)
    assert measured.dtype == np.float64
    np.testing.assert_allclose(measured, defined(name, ONE_TEXT), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", sorted(DEFINITIONS.keys() - WITHIN_ONE_TEXT))
def test_measures_of_two_texts(cross, name):
    np.testing.assert_allclose(cross.measure(name), defined(name, WEIGHTS), atol=1e-6)


@pytest.mark.parametrize("name", sorted(WITHIN_ONE_TEXT))
def test_two_texts_have_no_distances(cross, name):
    for stack in (cross, trace(TEXT, source="a b").stack):
        with pytest.raises(AttnvizError, match=f'"{name}" compares positions in one text'):
            stack.measure(name)


def test_received_is_the_mean_over_queries(cross):
    received = cross.measure("received")
    assert received.shape == (L, H, K)
    np.testing.assert_allclose(received, WEIGHTS.astype(np.float64).mean(axis=2), rtol=1e-12)


def test_entropy_is_measured_against_the_keys_that_the_mask_allows():
    """Under a causal mask row i sees i + 1 keys; a row with one key has no spread."""
    stack = trace(TEXT, type="causal", heads=10).stack
    even = stack.head_names.index("all alike")
    entropy, spread = stack.measure("entropy")[0, even], stack.measure("normalized_entropy")
    np.testing.assert_allclose(entropy, np.log(np.arange(1, 13)), atol=1e-6)
    np.testing.assert_allclose(spread[0, even], [0, *[1] * 11], atol=1e-6)


def test_measures_of_many_rows_are_those_of_few():
    """More rows than are measured together."""
    weights = random_weights(1, 1, 1200, 1200, dtype=np.float64)
    stack = from_weights(weights, range(1200)).stack
    for name in ("distance", "previous", "next", "self"):
        np.testing.assert_allclose(
            stack.measure(name), defined(name, weights), rtol=1e-10, err_msg=name
        )


# Heads, masks


def test_heads_are_averaged_over_the_queries_that_have_the_key(one_text, cross):
    rows = list(one_text.heads())
    assert len(one_text.heads()) == len(rows) == L * H
    assert [(row.layer, row.head) for row in rows] == [(a, b) for a in range(L) for b in range(H)]
    for name in DEFINITIONS:
        means = [np.nanmean(values) for layer in defined(name, ONE_TEXT) for values in layer]
        assert [row.measures[name] for row in rows] == pytest.approx(means)
    assert set(rows[0].measures) == set(DEFINITIONS)
    assert set(cross.heads().rows[0].measures) == set(DEFINITIONS) - WITHIN_ONE_TEXT


def test_a_single_token_has_no_neighbours_to_average():
    measures = trace("cat", heads=1).stack.heads().rows[0].measures
    assert (measures["self"], measures["distance"], measures["entropy"]) == (1, 0, 0)
    assert math.isnan(measures["previous"])
    assert math.isnan(measures["next"])


def test_head_names():
    stack = trace(TEXT, heads=3).stack
    assert [row.name for row in stack.heads()] == ["previous", "same word", "near"]
    assert [stack.head_name(head) for head in range(3)] == list(stack.head_names)


# (arguments of trace, scores that the mask lets through for 12 words)
COMPUTED = [
    ({}, 12 * 12),
    ({"type": "causal"}, 12 * 13 // 2),
    ({"type": "local", "window": 0}, 12),
    ({"type": "local", "window": 2}, 12 * 5 - 2 * (1 + 2)),
    # 5 a row without the ends; row and column 0 add 9 each beyond the window
    ({"type": "global", "window": 2}, 12 * 5 - 2 * (1 + 2) + 2 * 9),
    ({"source": "one two three"}, 12 * 3),
]


@pytest.mark.parametrize(("arguments", "scores"), COMPUTED)
def test_computed_counts_what_the_mask_lets_through(arguments, scores):
    for memory in (None, 0):
        stack = trace(TEXT, max_memory=memory, **arguments).stack
        assert stack.computed() == scores
        assert stack.allowed_keys().shape == (1, 12)
        assert stack.allowed_keys().sum() == scores
        assert stack.allowed().sum() == scores


@pytest.mark.parametrize("max_size", [1, 3, 5, 12])
def test_a_cell_is_allowed_where_anything_in_it_is(max_size):
    for arguments, _ in COMPUTED:
        stack = trace(TEXT, **arguments).stack
        whole = stack.allowed()
        rows, columns = stack.map(0, 0, max_size).cells
        expected = [
            [whole[r : r + rows, c : c + columns].any() for c in range(0, whole.shape[1], columns)]
            for r in range(0, whole.shape[0], rows)
        ]
        assert stack.allowed(0, max_size).tolist() == expected


# Questions that have no answer

NO_ANSWER = {
    "layer too high": (lambda s: s.map(2, 0), "Layer 2 does not exist.*0 to 1"),
    "layer below 0": (lambda s: s.map(-1, 0), "Layer -1 does not exist.*0 to 1"),
    "head too high": (lambda s: s.map(0, 3), "Head 3 does not exist.*0 to 2"),
    "head below 0": (lambda s: s.map(0, -1), "Head -1 does not exist.*0 to 2"),
    "half a head": (lambda s: s.map(0, 0.5), "Head 0.5 does not exist"),
    "a head by a word": (lambda s: s.map(0, "maen"), "Head maen does not exist"),
    "strongest of no layer": (lambda s: s.strongest(9, 0), "Layer 9 does not exist"),
    "strongest of no head": (lambda s: s.strongest(0, 9), "Head 9 does not exist"),
    "fewer than no keys": (lambda s: s.strongest(0, 0, -1), "-1"),
    "allowed in no layer": (lambda s: s.allowed(5), "Layer 5 does not exist"),
    "unknown measure": (lambda s: s.measure("entropie"), '"entropie".*Choose one of: entropy'),
    "no map size": (lambda s: s.map(0, 0, 0), "map size is 0"),
    "map size below 0": (lambda s: s.map(0, 0, -4), "map size is -4"),
}


@pytest.mark.parametrize(("ask", "said"), NO_ANSWER.values(), ids=NO_ANSWER)
def test_no_answer(one_text, ask, said):
    with pytest.raises(AttnvizError, match=said):
        ask(one_text)


@pytest.mark.parametrize("memory", [None, 0])
def test_streamed_stacks_refuse_the_same(memory):
    stack = trace(TEXT, heads=3, max_memory=memory).stack
    for ask in (lambda: stack.map(1, 0), lambda: stack.strongest(0, 3), lambda: stack.measure("x")):
        with pytest.raises(AttnvizError):
            ask()


def test_numbers_that_come_from_numpy_are_numbers(one_text):
    """`stack.measure(...).argmax()` and the like."""
    layer, head = np.int64(1), np.intp(2)
    np.testing.assert_array_equal(one_text.map(layer, head).mean, one_text.map(1, 2).mean)
    np.testing.assert_array_equal(one_text.strongest(layer, head)[0], one_text.strongest(1, 2)[0])


# Equality


def test_equal_records_and_others():
    record = trace(TEXT, heads=2)
    assert record == trace(TEXT, heads=2)
    others = [
        trace(TEXT, heads=3),
        trace(TEXT + "!", heads=2),
        trace(TEXT.upper(), heads=2),
        trace(TEXT, heads=2, type="local", window=50),
        trace(TEXT, heads=2, model="random"),
        trace(TEXT, heads=2, max_memory=0),
        trace(TEXT, heads=2, source=TEXT),
        from_weights(record.stack.weights, TEXT.split()),
    ]
    assert [other for other in others if other == record] == []
    weights = record.stack.weights.copy()
    given = from_weights(weights, TEXT.split())
    weights = weights.copy()
    weights[0, 1, 2, 3] = np.nextafter(weights[0, 1, 2, 3], 1)
    assert given != from_weights(weights, TEXT.split())
    assert record != "record"


def test_a_record_is_frozen():
    record = trace("a b")
    with pytest.raises(AttributeError):
        record.type = "causal"
    with pytest.raises(AttributeError):
        record.stack.weights = None


# Files and back


def from_tokenizer_file(tmp_path):
    tokenizer = Tokenizer(models.BPE({c: i for i, c in enumerate("abcĠ")}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return trace("ab ca", tokenizer=str(tmp_path / "tokenizer.json"))


RECORDS = {
    "self": lambda _: trace(TEXT),
    "causal": lambda _: trace(TEXT, type="causal", heads=11),
    "local": lambda _: trace(TEXT, type="local", window=3),
    "global": lambda _: trace(TEXT, type="global", global_tokens=["cat", 0], window=1),
    "cross": lambda _: trace("the cat sat", source=TEXT),
    "random": lambda _: trace(TEXT, model="random", seed=9),
    "one token": lambda _: trace("cat"),
    "streamed": lambda _: trace(TEXT, max_memory=0),
    "streamed, local": lambda _: trace(TEXT, max_memory=0, type="local", window=1),
    "streamed, cross": lambda _: trace("the cat sat", source=TEXT, max_memory=0),
    "streamed, one token": lambda _: trace("cat", max_memory=0),
    "streamed, pooled": lambda _: trace(TEXT * 50, max_memory=0, heads=1),
    "float64": lambda _: from_weights(random_weights(2, 3, 5, 5, dtype=np.float64), "abcde"),
    "long double": lambda _: from_weights(np.eye(2, dtype=np.longdouble), "ab"),
    "odd float32": lambda _: from_weights(np.float32([[1 / 3, 1e-45], [1e-38, 0.1]]), "ab"),
    "odd float64": lambda _: from_weights(np.array([[1 / 3, 5e-324], [1e-308, 0.1]]), "ab"),
    "two given texts": lambda _: from_weights(WEIGHTS, "abcde", "tuvwxyz"),
    "Arabic": lambda _: trace("كُلُّ القطّ، حيت هو عيان", type="causal"),
    "all scripts": lambda _: trace("naïve 猫 👩‍👩‍👧 🇲🇦 한국 \U0010ffff", source="كُلُّ"),
    "controls": lambda _: trace('a\x1b[31mb \x00 \u202ec\u2028d "\\" \x7f\x85', tokenizer="bytes"),
    "controls given": lambda _: from_weights(np.eye(5), ["\x1b", "\x00\x00", "", "\n", "a\ud800"]),
    "bytes": lambda _: trace("é \n", tokenizer="bytes"),
    "a tokenizer file": from_tokenizer_file,
    "numbers from NumPy": lambda _: trace(
        TEXT, type="global", window=np.int64(1), global_tokens=np.array([2])
    ),
    "a seed from NumPy": lambda _: trace("a b", model="random", seed=np.int64(3)),
}


@pytest.fixture(params=RECORDS)
def record(request, tmp_path):
    return RECORDS[request.param](tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_what_is_saved_is_read_again(record, tmp_path, suffix):
    path = tmp_path / f"record{suffix}"
    record.save(path)
    back = read(path)
    assert back == record
    assert (back.type, back.model) == (record.type, record.model)
    assert dict(back.settings) == dict(record.settings)
    assert list(back.stacks) == list(record.stacks)
    for name, stack in record.stacks.items():
        assert_same_stack(back.stacks[name], stack)


def assert_same_stack(back, stack):
    """Field by field, to the last bit; `==` is the package's own."""
    for mine, other in (
        (stack.query_tokens, back.query_tokens),
        (stack.key_tokens, back.key_tokens),
    ):
        assert (mine.text, mine.labels, mine.pieces) == (other.text, other.labels, other.pieces)
        for field in ("ids", "spans", "special"):
            assert getattr(mine, field).dtype == getattr(other, field).dtype
            assert getattr(mine, field).tolist() == getattr(other, field).tolist()
    assert (back.head_names, back.two_texts) == (stack.head_names, stack.two_texts)
    assert (back.allowed() == stack.allowed()).all()
    assert (back.weights is None) == (stack.weights is None)
    if stack.weights is not None:
        assert back.weights.dtype == stack.weights.dtype
        assert back.weights.tobytes() == stack.weights.tobytes()
    for row, other in zip(stack.heads(), back.heads(), strict=True):
        assert repr(row.measures) == repr(other.measures)
    for name in ("mean", 0):
        assert back.map(0, name).max.tobytes() == stack.map(0, name).max.tobytes()
        for mine, other in zip(stack.strongest(0, name), back.strongest(0, name), strict=True):
            assert mine.tobytes() == other.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_the_same_record_gives_the_same_bytes(record, tmp_path, suffix, monkeypatch):
    record.save(tmp_path / f"a{suffix}")
    monkeypatch.setattr(time, "time", lambda: 1e9)
    record.save(str(tmp_path / f"b{suffix}"))
    read(tmp_path / f"a{suffix}").save(tmp_path / f"c{suffix}")
    files = [(tmp_path / f"{name}{suffix}").read_bytes() for name in "abc"]
    assert files[0] == files[1] == files[2]


def test_an_npz_opens_without_pickle(record, tmp_path):
    record.save(tmp_path / "record.npz")
    with np.load(tmp_path / "record.npz", allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive}
    assert {array.dtype.kind for array in arrays.values()} <= set("fiubU")
    if record.stack.weights is not None:
        (weights,) = [a for name, a in arrays.items() if name.endswith("/weights")]
        assert (weights == record.stack.weights).all()


def no_constant(name):
    raise AssertionError(f"{name} is not JSON")


@pytest.mark.slow
def test_json_is_json(record, tmp_path):
    record.save(tmp_path / "record.json")
    written = (tmp_path / "record.json").read_bytes().decode("utf-8")
    tree = json.loads(written, parse_constant=no_constant)
    assert tree["format"] == "attnviz-record"
    if record.stack.weights is not None:
        (weights,) = [stack["weights"] for stack in tree["stacks"].values()]
        assert (np.array(weights, record.stack.weights.dtype) == record.stack.weights).all()


def test_json_keeps_scripts_readable(tmp_path):
    trace("القط 猫").save(tmp_path / "record.json")
    assert "القط" in (tmp_path / "record.json").read_text(encoding="utf-8")


# Files that are no record

SAVED = trace(TEXT, heads=2)
STREAMED = trace(TEXT, heads=2, max_memory=0)
CROSS = trace(TEXT, heads=2, source="one two")


def npz_of(record, folder):
    record.save(folder / "good.npz")
    return (folder / "good.npz").read_bytes()


def refuses(path):
    with pytest.raises(AttnvizError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


NO_RECORD = {
    "empty.json": b"",
    "empty.npz": b"",
    "text.json": b"the cat sat",
    "text.npz": b"the cat sat",
    "text.txt": b"the cat sat",
    "list.json": b"[1, 2]",
    "number.json": b"7",
    "null.json": b"null",
    "other.json": b'{"format": "else", "version": 1}',
    "bytes.json": b"\xff\xfe\x80",
    "deep.json": b"[" * 100_000,
    "huge.json": b'{"format": "attnviz-record", "version": 1' + b"0" * 5000 + b"}",
}


@pytest.mark.parametrize(("name", "content"), NO_RECORD.items(), ids=NO_RECORD)
def test_a_file_that_is_no_record(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    refuses(tmp_path / name)


def test_a_file_that_is_not_there(tmp_path):
    for name in ("none.npz", "none.json"):
        assert "not found" in refuses(tmp_path / name)
    (tmp_path / "folder.json").mkdir()
    refuses(tmp_path / "folder.json")


def test_arrays_that_are_no_record(tmp_path):
    np.savez(tmp_path / "else.npz", weights=np.eye(3))
    np.savez(tmp_path / "scalar.npz", record=np.array(5))
    with (tmp_path / "array.npz").open("wb") as file:
        np.save(file, np.eye(3))
    for name in ("else", "scalar", "array"):
        refuses(tmp_path / f"{name}.npz")


def test_the_suffix_says_what_is_inside(tmp_path):
    SAVED.save(tmp_path / "a.npz")
    SAVED.save(tmp_path / "a.json")
    (tmp_path / "b.json").write_bytes((tmp_path / "a.npz").read_bytes())
    (tmp_path / "b.npz").write_bytes((tmp_path / "a.json").read_bytes())
    refuses(tmp_path / "b.json")
    refuses(tmp_path / "b.npz")


def test_an_npz_that_was_cut_short(tmp_path):
    whole, path = npz_of(SAVED, tmp_path), tmp_path / "cut.npz"
    for length in range(1, len(whole), 41):
        path.write_bytes(whole[:length])
        refuses(path)


def test_an_npz_with_a_broken_byte(tmp_path):
    """It is refused, or the byte did not matter."""
    whole, path = npz_of(SAVED, tmp_path), tmp_path / "broken.npz"
    wrong = {}
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            assert read(path) == SAVED
        except AttnvizError:
            pass
        except Exception as error:
            wrong[f"{type(error).__name__}: {error}"] = place
    assert wrong == {}


def test_a_json_that_was_cut_short(tmp_path):
    SAVED.save(tmp_path / "good.json")
    whole, path = (tmp_path / "good.json").read_bytes(), tmp_path / "cut.json"
    for length in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:length])
        refuses(path)


@pytest.mark.parametrize("name", ["sums", "maxima", "strongest_weights", "received"])
def test_a_streamed_record_holds_numbers(tmp_path, name):
    trace("the cat sat", max_memory=0).save(tmp_path / "good.json")
    tree = json.loads((tmp_path / "good.json").read_text("utf-8"))
    found = tree["stacks"]["self"]["summary"][name]
    while isinstance(found[0], list):
        found = found[0]
    found[0] = None
    (tmp_path / "bad.json").write_text(json.dumps(tree), "utf-8")
    refuses(tmp_path / "bad.json")


class Payload:
    """An object that does something when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("entry", ["record", "weights"])
def test_pickled_objects_are_refused_unread(tmp_path, entry):
    with np.load(io.BytesIO(npz_of(SAVED, tmp_path))) as archive:
        arrays = {name: archive[name] for name in archive}
    (name,) = [name for name in arrays if name.split("/")[-1] == entry]
    arrays[name] = np.array([Payload(tmp_path / "mark")], dtype=object)
    np.savez(tmp_path / "evil.npz", **arrays)
    refuses(tmp_path / "evil.npz")
    assert not (tmp_path / "mark").exists()
    with np.load(tmp_path / "evil.npz", allow_pickle=True) as archive:
        archive[name]  # the payload works, where it is let in
    assert (tmp_path / "mark").exists()


# JSON records that were tampered with: (record, where, what is put there).
REMOVED = object()
SELF, SUMMARY = ("stacks", "self"), ("stacks", "self", "summary")
TOKENS = (*SELF, "query_tokens")
N_KEYS = SAVED.stack.shape[1]
STEP = {"id": 1, "label": "a", "probability": 0.5, "alternatives": []}
TAMPERED = {
    "no format": (SAVED, ("format",), REMOVED),
    "another format": (SAVED, ("format",), "else"),
    "an older version": (SAVED, ("version",), 0),
    "a newer version": (SAVED, ("version",), 2),
    "a version in words": (SAVED, ("version",), "1"),
    "no model": (SAVED, ("model",), None),
    "a model without name": (SAVED, ("model", "name"), 5),
    "a type in numbers": (SAVED, ("type",), 5),
    "settings in a list": (SAVED, ("settings",), ["a"]),
    "no settings": (SAVED, ("settings",), None),
    "a window in words": (SAVED, ("settings", "window"), "\x1b[31mwide"),
    "a window in halves": (SAVED, ("settings", "window"), 2.5),
    "a window below 0": (SAVED, ("settings", "window"), -1),
    "a window that is true": (SAVED, ("settings", "window"), True),
    "a setting that is none": (SAVED, ("settings", "windw"), 2),
    "a setting that is null": (SAVED, ("settings", "window"), None),
    "a global token beyond the text": (SAVED, ("settings", "global_tokens"), [99]),
    "a global token without end": (SAVED, ("settings", "global_tokens"), [10**30]),
    "global tokens in words": (SAVED, ("settings", "global_tokens"), "abc"),
    "hidden in words": (SAVED, ("settings", "hidden"), "x"),
    "more hidden than all": (SAVED, ("settings", "hidden"), 1e300),
    "an unknown measure": (SAVED, ("settings", "measure"), "beauty"),
    "an unknown unit": (SAVED, ("settings", "merge"), "chapters"),
    "an unknown type replaced": (SAVED, ("settings", "replaces"), "\x1b[31m"),
    "truncated in words": (SAVED, ("settings", "truncated"), "short"),
    "a seed in words": (SAVED, ("settings", "seed"), "corn"),
    "notes of numbers": (SAVED, ("settings", "notes"), [5]),
    "a note alone": (SAVED, ("settings", "notes"), "note"),
    "steps of tokens that are not there": (SAVED, ("settings", "steps"), [STEP] * 99),
    "steps without a probability": (SAVED, ("settings", "steps"), [{"id": 1, "label": "a"}]),
    "a part that ends before it begins": (SAVED, ("settings", "prompt_parts"), {"a": [3, 1]}),
    "an unknown type": (SAVED, ("type",), "nonsense"),
    "an unknown origin": (SAVED, ("model", "origin"), "stolen"),
    "details of nothing": (SAVED, ("model", "details"), None),
    "details in a list": (SAVED, ("model", "details"), [1]),
    "a weight below 0": (SAVED, (*SELF, "weights", 0, 0, 0, 0), -1),
    "a weight above all": (SAVED, (*SELF, "weights", 0, 0, 0, 0), 5),
    "a weight beyond its dtype": (SAVED, (*SELF, "weights", 0, 0, 0, 0), 1e300),
    "a row that is more than all": (SAVED, (*SELF, "weights", 0, 0, 0), [0.9] * N_KEYS),
    "a weight that the mask hides": (SAVED, (*SELF, "masks"), [{"rule": "local", "window": 0}]),
    "a span beyond the text": (SAVED, (*TOKENS, "spans", 0), [0, 9999]),
    "a span from right to left": (SAVED, (*TOKENS, "spans", 1), [5, 2]),
    "an id below 0": (SAVED, (*TOKENS, "ids", 0), -1),
    "an id in halves": (SAVED, (*TOKENS, "ids", 0), 0.5),
    "special in words": (SAVED, (*TOKENS, "special", 0), "x"),
    "key heads that are true": (SAVED, (*SELF, "key_heads"), True),
    "a sum below 0": (STREAMED, (*SUMMARY, "sums", 0, 0, 0, 0), -1),
    "a sum of more than its cell": (STREAMED, (*SUMMARY, "sums", 0, 0, 0, 0), 99),
    "a largest weight above all": (STREAMED, (*SUMMARY, "maxima", 0, 0, 0, 0), 2),
    "a strongest weight beyond float32": (
        STREAMED,
        (*SUMMARY, "strongest_weights", 0, 0, 0, 0),
        1e300,
    ),
    "strongest weights out of order": (STREAMED, (*SUMMARY, "strongest_weights", 0, 0, 1, 0), 0.0),
    "received below 0": (STREAMED, (*SUMMARY, "received", 0, 0, 0), -1),
    "an entropy below 0": (STREAMED, (*SUMMARY, "measures", "entropy", 0, 0, 1), -1),
    "an endless distance": (STREAMED, (*SUMMARY, "measures", "distance", 0, 0, 1), 1e300),
    "no stacks": (SAVED, ("stacks",), {}),
    "stacks in a list": (SAVED, ("stacks",), []),
    "no weights": (SAVED, (*SELF, "weights"), REMOVED),
    "weights of three axes": (SAVED, (*SELF, "weights", 0), [0.5]),
    "weights of one number": (SAVED, (*SELF, "weights"), 0.5),
    "no layers": (SAVED, (*SELF, "weights"), []),
    "no heads": (SAVED, (*SELF, "weights"), [[]]),
    "a row too few": (SAVED, (*SELF, "weights", 0, 0, 0), REMOVED),
    "a weight too few": (SAVED, (*SELF, "weights", 0, 0, 0, 0), REMOVED),
    "a weight that is none": (SAVED, (*SELF, "weights", 0, 0, 0, 0), None),
    "a weight in words": (SAVED, (*SELF, "weights", 0, 0, 0, 0), "much"),
    "weights of text": (SAVED, (*SELF, "dtype"), "U5"),
    "weights of objects": (SAVED, (*SELF, "dtype"), "O"),
    "weights of whole numbers": (SAVED, (*SELF, "dtype"), "int64"),
    "weights of complex numbers": (SAVED, (*SELF, "dtype"), "complex64"),
    "weights of nothing known": (SAVED, (*SELF, "dtype"), "float7"),
    "too few head names": (SAVED, (*SELF, "head_names", 0), REMOVED),
    "head names in numbers": (SAVED, (*SELF, "head_names"), [1, 2]),
    "an unknown mask": (SAVED, (*SELF, "masks"), [{"rule": "peephole"}]),
    "a mask for no layer": (SAVED, (*SELF, "masks"), [{"rule": "full"}, {"rule": "full"}]),
    "a mask of words": (SAVED, (*SELF, "masks"), [{"rule": "local", "window": "wide"}]),
    "a mask of fewer tokens": (SAVED, (*SELF, "masks"), [{"rule": "document", "ids": [1]}]),
    "a label too few": (SAVED, (*TOKENS, "labels", 0), REMOVED),
    "a label in numbers": (SAVED, (*TOKENS, "labels", 0), 5),
    "a piece too few": (SAVED, (*TOKENS, "pieces", 0), REMOVED),
    "an id too few": (SAVED, (*TOKENS, "ids", 0), REMOVED),
    "an id too large": (SAVED, (*TOKENS, "ids", 0), 10**30),
    "a span too few": (SAVED, (*TOKENS, "spans", 0), REMOVED),
    "a span of three": (SAVED, (*TOKENS, "spans", 0), [0, 1, 2]),
    "a special too few": (SAVED, (*TOKENS, "special", 0), REMOVED),
    "a text in numbers": (SAVED, (*TOKENS, "text"), 5),
    "no key tokens": (CROSS, ("stacks", "cross", "key_tokens"), None),
    "sums of three axes": (STREAMED, (*SUMMARY, "sums"), [[[0.5]]]),
    "sums of fewer rows": (STREAMED, (*SUMMARY, "sums"), [[[[0.5] * 12]] * 2]),
    "maxima of fewer rows": (STREAMED, (*SUMMARY, "maxima"), [[[[0.5] * 12]] * 2]),
    "cells of no tokens": (STREAMED, (*SUMMARY, "cells"), [0, 0]),
    "cells of other tokens": (STREAMED, (*SUMMARY, "cells"), [2, 2]),
    "no strongest keys": (STREAMED, (*SUMMARY, "strongest_keys"), []),
    "strongest keys beyond the text": (STREAMED, (*SUMMARY, "strongest_keys", 0, 0, 0, 0), 99),
    "strongest weights of fewer heads": (STREAMED, (*SUMMARY, "strongest_weights", 0, 0), REMOVED),
    "received by fewer": (STREAMED, (*SUMMARY, "received"), [[[1.0]] * 2]),
    "a measure too few": (STREAMED, (*SUMMARY, "measures", "entropy"), REMOVED),
    "a measure of fewer queries": (STREAMED, (*SUMMARY, "measures", "entropy"), [[[1.0]] * 2]),
}


def tampered(record, where, what):
    tree = json.loads(record.to_json())
    *path, last = where
    inside = tree
    for step in path:
        inside = inside[step]
    if what is REMOVED:
        del inside[last]
    else:
        inside[last] = what
    return tree


@pytest.mark.parametrize(("good", "where", "what"), TAMPERED.values(), ids=TAMPERED)
def test_a_record_that_was_tampered_with(tmp_path, good, where, what):
    path = tmp_path / "tampered.json"
    path.write_text(json.dumps(tampered(good, where, what)), encoding="utf-8")
    refuses(path)


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        ((*TOKENS, "labels", 1), lambda r: r.stack.query_tokens.labels[1]),
        ((*SELF, "head_names", 1), lambda r: r.stack.head_name(1)),
        (("model", "name"), lambda r: r.model.name),
        (("settings", "notes"), lambda r: r.notes[0]),
        (("settings", "tokenizer"), lambda r: r.settings["tokenizer"]),
    ],
)
def test_what_could_move_the_cursor_is_shown_cleaned(tmp_path, where, shown):
    path = tmp_path / "tampered.json"
    hostile = "\x1b[31mcat\u202e\x07"
    tree = tampered(SAVED, where, [hostile] if where[-1] == "notes" else hostile)
    path.write_text(json.dumps(tree), encoding="utf-8")
    assert shown(read(path)) == "␛[31mcat⟨U+202E⟩␇"


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_notes_of_given_weights_are_kept(tmp_path, suffix):
    record = from_weights([[0.5, 0.0], [0.5, 0.5]], "ab")
    record.save(tmp_path / f"r{suffix}")
    assert read(tmp_path / f"r{suffix}").notes == record.notes != ()


def test_an_error_about_a_file_is_not_led_by_the_file(tmp_path):
    """The format is quoted in the message: its controls must not reach the terminal."""
    path = tmp_path / "tampered.json"
    path.write_text(json.dumps(tampered(SAVED, ("format",), "\x1b[2J")), encoding="utf-8")
    assert "\x1b" not in refuses(path)


# Writing


@pytest.mark.parametrize("name", ["record", "record.txt", "record.pkl", "record.json.gz", ".json"])
def test_an_unknown_suffix_is_not_written(tmp_path, name):
    with pytest.raises(AttnvizError, match=r"Choose one of: .*\.npz"):
        SAVED.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["record.json", "record.npz"])
def test_a_folder_that_is_not_there(tmp_path, name):
    with pytest.raises(AttnvizError, match=r"Cannot write.*No such file"):
        SAVED.save(tmp_path / "none" / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_not_written_over(tmp_path):
    (tmp_path / "record.json").mkdir()
    with pytest.raises(AttnvizError, match="Cannot write"):
        SAVED.save(tmp_path / "record.json")
    assert [path.is_dir() for path in tmp_path.iterdir()] == [True]


WRITE_WITHOUT_ROOM = """
import resource, sys
import attnviz
record = attnviz.trace("the cat sat on the mat " * 20)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    record.save(sys.argv[1])
except attnviz.AttnvizError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["record.json", "record.npz"])
@pytest.mark.parametrize("old", [None, b"what stood here before"])
def test_a_write_that_fails_leaves_all_as_it_was(tmp_path, name, old):
    if old is not None:
        (tmp_path / name).write_bytes(old)
    done = subprocess.run(
        [sys.executable, "-c", WRITE_WITHOUT_ROOM, str(tmp_path / name)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"Cannot write {tmp_path / name}" in done.stdout
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == (
        {} if old is None else {name: old}
    )


def test_what_cannot_be_put_in_a_file_leaves_all_as_it_was(tmp_path):
    """Whatever goes wrong on the way."""
    record = trace("a b")
    model = type(record.model)("odd", "given", {"object": object()})
    odd = type(record)(model, "self", record.stacks)
    (tmp_path / "record.json").write_bytes(b"before")
    with pytest.raises((AttnvizError, TypeError)):
        odd.save(tmp_path / "record.json")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"record.json": b"before"}


def test_writing_again_replaces_the_file(tmp_path):
    for record in (SAVED, CROSS, STREAMED):
        record.save(tmp_path / "record.json")
        assert read(tmp_path / "record.json") == record
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        SAVED.save(tmp_path / "record.npz")
        left = os.umask(umask)
    finally:
        os.umask(before)
    assert (tmp_path / "record.npz").stat().st_mode & 0o777 == mode
    assert left == umask


def test_an_old_file_keeps_its_mode(tmp_path):
    path = tmp_path / "record.json"
    path.touch()
    path.chmod(0o640)
    SAVED.save(path)
    assert path.stat().st_mode & 0o777 == 0o640


def test_repr_is_one_line_that_says_what_it_is():
    shown = repr(trace("القط ناعس", source="the cat sleeps", heads=3))
    assert shown == "AttentionRecord(cross, builtin, 1 layer × 3 heads, 2 × 3 tokens)"
    assert "1 layer × 1 head, 2 × 2 tokens" in repr(trace("a b", heads=1))
    two = attnviz.from_weights(np.full((2, 2, 1, 1), 1.0), ["a"])
    assert repr(two.stack) == "Stack(2 layers × 2 heads, 1 × 1 tokens, float64)"
    assert isinstance(attnviz.trace("a"), attnviz.AttentionRecord)


@pytest.mark.parametrize("rule", ["full", "causal"])
def test_dust_of_somebody_elses_rounding_is_swept_away(tmp_path, rule):
    tree = json.loads(from_weights([[1.0, 0.0], [0.5, 0.5]], "ab").to_json())
    tree["stacks"]["self"]["masks"] = [{"rule": rule}]
    tree["stacks"]["self"]["weights"][0][0][0] = [1.0, -1e-9 if rule == "full" else 1e-9]
    path = tmp_path / "dust.json"
    path.write_text(json.dumps(tree), encoding="utf-8")
    assert read(path).stack.weights.tolist() == [[[[1.0, 0.0], [0.5, 0.5]]]]


def test_a_table_that_nobody_could_open_is_refused(monkeypatch):
    monkeypatch.setattr("attnviz.record.table.MOST_LINES", 35)
    record = attnviz.trace("a b c")  # 9 weights in each of 4 heads
    with pytest.raises(AttnvizError, match="36 lines"):
        record.to_csv()
    monkeypatch.setattr("attnviz.record.table.MOST_LINES", 36)
    lines = record.to_csv().splitlines()
    assert sum(not line.startswith("#") for line in lines) == 37
