"""Live against the official safetensors library: what it refuses is refused here, what it writes
is read here. Run it by name: pytest tests/parity."""

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save_file
from safetensors.torch import save_model

from attnviz.models.checkpoint.folder import open_weights
from tests.files.test_safetensors import (
    FILE,
    GOOD,
    HEADERS,
    HOSTILE,
    MORE,
    blob,
    data_for,
    loads_or_is_refused,
)

# What the library reads and attnviz does not; why.
STRICTER = {
    "a name twice": "the library keeps one of the two",
    "a shape of 0 and 2^63": "no array can have it; the library fails when the tensor is asked for",
    "dtype 'C64'": "opened, and refused when it is used: no model has complex weights",
    "66 axes": "NumPy's arrays have 64 at most; the library fails as above",
}


def is_read(content):
    try:
        deserialize(content)
    except SafetensorError:
        return False
    return True


def test_the_library_refuses_the_same_files_but_for_a_few():
    assert {name for name, (content, _) in HOSTILE.items() if is_read(content)} == set(STRICTER)


@given(HEADERS, MORE)
@settings(max_examples=2000, deadline=None)
def test_no_header_is_read_that_the_library_refuses(header, more):
    content = blob(header, data_for(header, more))
    assert is_read(content) or not loads_or_is_refused(content)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
@settings(max_examples=2000, deadline=None)
def test_no_flipped_byte_is_read_that_the_library_refuses(place, byte):
    content = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    assert is_read(content) or not loads_or_is_refused(content)


DTYPES = (np.float64, np.float32, np.float16, ml_dtypes.bfloat16)
SHAPES = ((), (0,), (5,), (3, 0), (3, 7), (2, 3, 4, 5))


@pytest.mark.parametrize("metadata", [None, {"format": "np", "é": "猫"}])
@pytest.mark.parametrize("n_names", [1, 40])  # headers of many lengths
def test_what_the_library_writes_reads_the_same(tmp_path, metadata, n_names):
    generator = np.random.RandomState(6)
    arrays = {
        f"{'n' * i}.{np.dtype(dtype)}.{len(shape)}.{i}": generator.standard_normal(shape).astype(
            dtype
        )
        for i in range(n_names)
        for dtype in DTYPES
        for shape in SHAPES
    }
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    save_file(arrays, tmp_path / FILE, metadata)
    tensors = open_weights(tmp_path)
    assert sorted(tensors) == sorted(arrays)
    for name, array in arrays.items():
        got = tensors.array(name)
        assert (got.dtype, got.shape) == (array.dtype, array.shape)
        assert got.tobytes() == array.tobytes()


def test_what_save_model_leaves_out_is_found_under_the_name_it_kept(tmp_path):
    model = torch.nn.ModuleDict({"a": torch.nn.Linear(3, 2), "b": torch.nn.Linear(3, 2)})
    model["b"].weight = model["a"].weight
    save_model(model, tmp_path / FILE)
    tensors = open_weights(tmp_path)
    assert len(tensors) == 3
    for name, tensor in model.state_dict().items():
        assert np.array_equal(tensors.array(name), tensor.numpy())
