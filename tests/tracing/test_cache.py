"""Rows through the cache, against one pass over all tokens; memory that is given back."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.files.safetensors import open_files
from attnviz.files.tensors import let_go
from attnviz.tracing.cache import KeyValueCache

N, HEADS, KEY_HEADS, DIM = 9, 4, 2, 8


def drawn(heads, dtype, seed):
    return np.random.default_rng(seed).standard_normal((heads, N, DIM)).astype(dtype)


OPTIONS = {
    "plain": {},
    "scale": {"scale": 0.7},
    "softcap": {"softcap": 1.5},
    "sinks": {"sinks": np.array([0.5, -1.0, 4.0, 0.0])},
    "bias": {"bias": np.random.default_rng(4).standard_normal((HEADS, N, N))},
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mask", ["causal", "window"])
@pytest.mark.parametrize("name", OPTIONS)
def test_token_by_token_is_one_pass(name, mask, dtype):
    query, key, value = (
        drawn(HEADS, dtype, 1),
        drawn(KEY_HEADS, dtype, 2),
        drawn(KEY_HEADS, dtype, 3),
    )
    rule = attnviz.masks.causal()
    if mask == "window":
        rule = rule & attnviz.masks.local(3)
    options = dict(OPTIONS[name])
    bias = options.pop("bias", None)
    given = {} if bias is None else {"bias": bias.astype(dtype)}
    whole, _ = attnviz.scaled_dot_product_attention(
        query, key, value, mask=rule, enable_gqa=True, **options, **given
    )
    cache, rows = KeyValueCache(), []
    for start, stop in ((0, 3), *((i, i + 1) for i in range(3, N))):
        cache.start = start
        part = slice(start, stop)
        near = None if bias is None else bias[:, part, :stop].astype(dtype)
        rows.append(
            cache.attend(
                "self", query[:, part], key[:, part], value[:, part], mask=rule, bias=near,
                **options,
            )
        )  # fmt: skip
    within = 1e-6 if dtype == np.float32 else 1e-14
    np.testing.assert_allclose(np.concatenate(rows, axis=1), whole, atol=within)


def test_keys_and_values_stay_what_they_are_when_their_room_grows():
    n = 150  # there is room for 64 at first, which doubles
    query, key, value = np.random.default_rng(5).standard_normal((3, 1, n, DIM))
    whole, _ = attnviz.scaled_dot_product_attention(query, key, value, is_causal=True)
    cache, rows = KeyValueCache(), []
    for i in range(n):
        cache.start = i
        new = slice(i, i + 1)
        given = query[:, new], key[:, new], value[:, new]
        rows.append(cache.attend("self", *given, mask=attnviz.masks.causal()))
    np.testing.assert_allclose(np.concatenate(rows, axis=1), whole, atol=1e-14)


def test_memory_of_a_mapped_file_comes_back(tmp_path):
    kept = np.random.default_rng(0).standard_normal((300, 500)).astype(np.float16)
    parts = {"a": kept[:7], "b": kept, "c": kept[:9] + 1}
    spans = np.cumsum([0, *(part.nbytes for part in parts.values())]).tolist()
    claims = {
        name: {"dtype": "F16", "shape": part.shape, "data_offsets": spans[i : i + 2]}
        for i, (name, part) in enumerate(parts.items())
    }
    header, file = json.dumps(claims).encode(), tmp_path / "some.safetensors"
    data = b"".join(part.tobytes() for part in parts.values())
    file.write_bytes(len(header).to_bytes(8, "little") + header + data)
    tensors = open_files([file])
    arrays = {name: tensors.array(name) for name in tensors}
    let_go(arrays["b"])
    let_go(kept)  # nobody's file: nothing happens
    assert np.array_equal(arrays["b"], kept)
    assert np.array_equal(arrays["a"], kept[:7])
    assert np.array_equal(arrays["c"], kept[:9] + 1)
