"""safetensors files: what is right reads as it is, what is wrong is refused before it is believed.

Files are built here byte by byte from the format's definition;
tests/parity/test_safetensors.py compares with the official library.
"""

import json
import math
import os
import pickle
import tempfile
import tracemalloc
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attnviz
from attnviz import AttnvizError
from attnviz.digits import grouped
from attnviz.models.checkpoint.folder import open_weights

FILE, INDEX = "model.safetensors", "model.safetensors.index.json"
NAMES = {"f8": "F64", "f4": "F32", "f2": "F16", "i8": "I64", "u1": "U8", "b1": "BOOL"}
BF16, F8 = np.dtype(ml_dtypes.bfloat16), np.dtype(ml_dtypes.float8_e4m3fn)


def blob(header, data=b"", claimed=None):
    """A file of this header (an object, or its bytes) and data, claiming a length of the header."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(raw) if claimed is None else claimed).to_bytes(8, "little") + raw + data


def claim(start=0, stop=8, shape=(2,), dtype="F32", **more):
    """What a header says of a tensor."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop], **more}


def packed(tensors, metadata=None, pad=0):
    """The file of these arrays; `pad` spaces end its header."""
    header, data = {} if metadata is None else {"__metadata__": metadata}, b""
    for name, array in tensors.items():
        array = np.asarray(array)
        dtype = {BF16: "BF16", F8: "F8_E4M3"}.get(array.dtype) or NAMES[array.dtype.str[1:]]
        stop = len(data) + array.nbytes
        header[name] = claim(len(data), stop, array.shape, dtype)
        data += array.tobytes()
    return blob(json.dumps(header).encode() + b" " * pad, data)


def packed_in_shards(folder, tensors, n):
    """The arrays in n files, and the index that names them."""
    where, names = {}, sorted(tensors)
    edges = [len(names) * i // n for i in range(n + 1)]
    for i, (start, stop) in enumerate(pairwise(edges), start=1):
        file = f"model-{i:05}-of-{n:05}.safetensors"
        part = {name: tensors[name] for name in names[start:stop]}
        (folder / file).write_bytes(packed(part))
        where |= dict.fromkeys(part, file)
    text = json.dumps({"metadata": {"total_size": 0}, "weight_map": where})
    (folder / INDEX).write_text(text)


W = "layer.7.weight"
FIRST = {"a": claim()}
RAW = json.dumps({W: claim()}).encode()
EIGHT = bytes(8)
DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
GOOD = packed({W: np.float32([1, 2]), "other": np.float16([[3]])})

# name: (file, what the error has to name beside it).
HOSTILE = {
    **{f"{n} bytes": (GOOD[:n], "") for n in range(9)},
    "ends in the header": (GOOD[:40], ""),
    "ends after the header": (blob({W: claim()}), ""),
    "ends in the data": (GOOD[:-1], ""),
    "header longer than the file": (blob({W: claim()}, EIGHT, claimed=1000), "1\u202f000"),
    "header of 100 MB and more": (
        blob({W: claim()}, EIGHT, claimed=100_000_001),
        "100\u202f000\u202f001",
    ),
    "header of 2^64 - 1": (blob({W: claim()}, EIGHT, claimed=2**64 - 1), grouped(2**64 - 1)),
    "header of length 0": (blob(b"", EIGHT), ""),
    "not JSON": (blob(b"tensors!", EIGHT), ""),
    "half of a JSON": (blob(RAW[:-1], EIGHT), ""),
    "more than a JSON": (blob(RAW + b"{}", EIGHT), ""),
    "NULs after the JSON": (blob(RAW + b"\0\0", EIGHT), ""),
    "not UTF-8": (blob(RAW.replace(b"layer", b"l\xffyer"), EIGHT), ""),
    "UTF-16": (blob(RAW.decode().encode("utf-16-le"), EIGHT), ""),
    "UTF-16 with its mark": (blob(RAW.decode().encode("utf-16"), EIGHT), ""),
    "UTF-8 with a mark": (blob(b"\xef\xbb\xbf" + RAW, EIGHT), ""),
    "a lone surrogate": (blob(RAW.replace(b"layer", rb"l\ud800yer"), EIGHT), ""),
    **{f"not an object: {raw}": (blob(raw.encode()), "") for raw in ("[]", "3", "null", '"a"')},
    "deep": (blob(DEEP), ""),
    "deep list": (blob(b"[" * 100_000), ""),
    "metadata no object": (blob({"__metadata__": ["a"], W: claim()}, EIGHT), ""),
    "metadata no strings": (blob({"__metadata__": {"a": 1}, W: claim()}, EIGHT), ""),
    "a name twice": (blob(RAW[:-1] + b"," + RAW[1:], EIGHT), ""),
    "a field twice": (blob(RAW.replace(b'{"dtype', b'{"dtype": "F32", "dtype'), EIGHT), ""),
    **{
        f"{kind} for a tensor": (blob({W: value}, EIGHT), "")
        for kind, value in (("null", None), ("list", [1]), ("text", "F32"), ("number", 8))
    },
    **{
        f"without {field}": (blob({W: {k: v for k, v in claim().items() if k != field}}, EIGHT), "")
        for field in claim()
    },
    # places
    "overlap": (blob(FIRST | {W: claim(4, 12)}, bytes(12)), W),
    "overlap whole": (blob(FIRST | {W: claim()}, bytes(16)), ""),
    "hole": (blob(FIRST | {W: claim(12, 20)}, bytes(20)), W),
    "hole at the start": (blob({W: claim(4, 12)}, bytes(12)), W),
    "bytes after the last": (blob({W: claim()}, EIGHT + b"!"), ""),
    "past the end": (blob({W: claim(0, 16, (4,))}, EIGHT), ""),
    "far past the end": (blob({W: claim(2**64, 2**64 + 8)}, EIGHT), W),
    "empty past the end": (blob(FIRST | {W: claim(12, 12, (0,))}, EIGHT), W),
    "ends before it starts": (blob({W: claim(8, 0)}, EIGHT), W),
    "shape takes less": (blob({W: claim(0, 8, (1,))}, EIGHT), W),
    "shape takes more": (blob({W: claim(0, 8, (2, 2))}, EIGHT), W),
    "dtype takes less": (blob({W: claim(dtype="F16")}, EIGHT), W),
    # numbers that are none
    "negative offsets": (blob({W: claim(-8, 0)}, EIGHT), W),
    "negative shape": (blob({W: claim(shape=(-1, -2))}, EIGHT), W),
    "booleans in a shape": (blob({W: claim(shape=(True, 2))}, EIGHT), W),
    "booleans for offsets": (blob({W: claim(False, True, (1,), "U8")}, b"!"), W),
    "fractions in a shape": (blob({W: claim(shape=(2.0,))}, EIGHT), W),
    "fractions for offsets": (blob({W: claim(0.0, 8.0)}, EIGHT), W),
    "text in a shape": (blob({W: claim(shape=("2",))}, EIGHT), W),
    "NaN in a shape": (blob({W: claim(shape=(float("nan"),))}, EIGHT), W),
    "5000 digits": (blob(RAW.replace(b"[2]", b"[" + b"9" * 5000 + b"]"), EIGHT), ""),
    "shape a number": (blob({W: claim(0, 4, 1)}, bytes(4)), W),
    "shape a text": (blob({W: claim(0, 4, "")}, bytes(4)), W),
    "shape an object": (blob({W: claim(0, 4, {})}, bytes(4)), W),
    "shape null": (blob({W: claim(0, 4, None)}, bytes(4)), W),
    "one offset": (blob({W: {"dtype": "F32", "shape": [2], "data_offsets": [0]}}, EIGHT), W),
    "three offsets": (blob({W: claim() | {"data_offsets": [0, 8, 8]}}, EIGHT), W),
    "offsets a number": (blob({W: claim() | {"data_offsets": 8}}, EIGHT), W),
    "a shape of 2^64 bytes": (blob({W: claim(shape=(2**31, 2**31))}, EIGHT), W),
    "a shape of 2^64 numbers and some": (blob({W: claim(shape=(2**63 + 1, 2))}, EIGHT), W),
    "a shape of 2^80 and 0": (blob({W: claim(0, 0, (2**40, 2**40, 0))}), W),
    "a shape of 0 and 2^64": (blob({W: claim(0, 0, (0, 2**64))}), W),
    "a shape of 0 and 2^63": (blob({W: claim(0, 0, (0, 2**63))}), W),
    "66 axes": (blob({W: claim(shape=[1] * 65 + [2])}, EIGHT), W),
    "dtype 'C64'": (blob({W: claim(shape=(1,), dtype="C64")}, EIGHT), W),
    "10,000 axes": (blob({W: claim(shape=[2] * 10_000)}, EIGHT), W),
    "dtype of 10,000 letters": (blob({W: claim(dtype="F" * 10_000)}, EIGHT), W),
    **{
        f"dtype {dtype!r}": (blob({W: claim(dtype=dtype)}, EIGHT), W)
        for dtype in ("f32", "float32", "", None, 4, [], {})
    },
}


@pytest.fixture
def put(tmp_path):
    """Writes a file of the checkpoint and gives its folder."""

    def write(content, name=FILE):
        (tmp_path / name).write_bytes(content)
        return tmp_path

    return write


def read_all(folder):
    """Name → array, of every tensor."""
    tensors = open_weights(folder)
    return {name: tensors.array(name) for name in tensors}


def refusal(folder, *named):
    """The error that opening the folder's tensors ends with: one line that names all of `named`."""
    with pytest.raises(AttnvizError) as caught:
        read_all(folder)
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 1000
    for name in (folder.name, *named):
        assert str(name) in said
    return said


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_by_name(put, name):
    content, named = HOSTILE[name]
    refusal(put(content), FILE, named)


# Weights as arrays.


def numbers(dtype, shape=(3, 5)):
    return np.random.RandomState(4).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("pad", range(9))
def test_numbers_are_right_wherever_the_data_starts(put, pad):
    arrays = {str(dtype): numbers(dtype) for dtype in (np.float64, np.float32, np.float16, BF16)}
    arrays = {"shift": numbers(np.float16, (1,))} | arrays | {"last": numbers(BF16, (7, 1, 2))}
    tensors = open_weights(put(packed(arrays, pad=pad)))
    assert sorted(tensors) == sorted(arrays)
    assert len(tensors) == len(arrays)
    for name, array in arrays.items():
        got = tensors.array(name)
        assert (got.dtype, got.shape) == (array.dtype, array.shape)
        assert got.tobytes() == array.tobytes()
        assert tensors[name].shape == array.shape
        assert tensors[name].n_bytes == array.nbytes
        doubled = got.astype(np.float64) @ np.full(got.shape[-1], 2.0)
        np.testing.assert_allclose(doubled, 2 * array.astype(np.float64).sum(axis=-1), rtol=1e-12)


def test_bfloat16_is_the_upper_half_of_float32(put):
    bits = np.array([0x3F80, 0xC000, 0x3EAA, 0x7F80, 0x0001], dtype="<u2")
    header = {W: claim(0, 10, (5,), "BF16")}
    got = open_weights(put(blob(header, bits.tobytes()))).array(W)
    expected = (bits.astype(np.uint32) << 16).view(np.float32)
    assert np.array_equal(got.astype(np.float32), expected)
    assert got[:2].tolist() == [1, -2]


def test_empty_tensors_scalars_and_metadata(put):
    arrays = {
        "scalar": np.float32(3.5), "none": np.zeros(0, np.float32),
        "no rows": np.zeros((0, 4), np.float16), "one": np.float64([[2]]),
        "none at the end": np.zeros((2, 0), np.float32),
    }  # fmt: skip
    tensors = open_weights(put(packed(arrays, {"format": "pt"})))
    assert sorted(tensors) == sorted(arrays)
    for name, array in arrays.items():
        assert np.array_equal(tensors.array(name), array)
        assert tensors.array(name).shape == array.shape


def test_empty_tensors_stand_anywhere_in_a_header(put):
    header = {"z": claim(8, 8, (0,)), "a": claim(), "y": claim(0, 0, (0,)), "b": claim(8, 16)}
    data = np.float32([1, 2, 3, 4]).tobytes()
    tensors = open_weights(put(blob(header, data)))
    assert {name: tensors.array(name).tolist() for name in header} == {
        "z": [], "a": [1, 2], "y": [], "b": [3, 4],
    }  # fmt: skip


def test_a_file_without_tensors_is_a_file(put):
    assert len(open_weights(put(blob({})))) == 0


def test_arrays_are_views_of_one_mapping_and_cannot_be_written(put):
    tensors = open_weights(put(packed({"a": numbers(np.float32), W: numbers(BF16)}, pad=3)))
    for name in tensors:
        first, second = tensors.array(name), tensors.array(name)
        assert np.shares_memory(first, second)
        assert not first.flags.owndata
        assert not first.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            first[0] = 0


@contextmanager
def in_little_memory():
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_what_is_not_touched_is_not_read(put):
    n = 1 << 28  # 1 GiB of float32 that the file system does not store
    raw = json.dumps({W: claim(0, 4 * n, (n,))}).encode()
    folder = put(blob(raw))
    os.truncate(folder / FILE, 8 + len(raw) + 4 * n)
    with in_little_memory():
        array = open_weights(folder).array(W)
        assert array[[0, n // 2, -1]].tolist() == [0, 0, 0]


def test_a_header_of_more_than_100_mb_is_not_even_read(put):
    folder = put(blob({W: claim()}, claimed=100_000_001))
    os.truncate(folder / FILE, 200_000_000)
    with in_little_memory():
        refusal(folder, FILE, "100\u202f000\u202f001")


@pytest.mark.parametrize(
    ("dtype", "n"), [("I64", 1), ("U8", 8), ("BOOL", 8), ("I16", 4), ("F8_E4M3", 8)]
)
def test_numbers_that_are_no_weights_are_named(put, dtype, n):
    folder = put(blob({W: claim(shape=(n,), dtype=dtype)}, EIGHT))
    assert open_weights(folder)[W].dtype == dtype  # buffers of old files: nobody uses them
    refusal(folder, FILE, W, dtype)


def test_a_tied_name_in_the_metadata_stands_for_the_tensor_that_is_kept(put):
    notes = {"tied": W, "format": "pt", W: "tied", "gone": "nowhere"}
    tensors = open_weights(put(packed({W: np.float32([1, 2])}, notes)))
    assert tensors.array("tied").tolist() == [1, 2]
    assert list(tensors) == [W]
    assert ["tied" in tensors, "format" in tensors, "gone" in tensors] == [True, False, False]


def test_metadata_may_be_null(put):
    assert len(open_weights(put(blob({"__metadata__": None, W: claim()}, EIGHT)))) == 1


BITS = {
    "C64": 64, "U64": 64, "U32": 32, "I32": 32, "U16": 16, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "F8_E8M0": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}  # fmt: skip


@pytest.mark.parametrize("dtype", BITS)
def test_every_dtype_of_the_format_may_lie_in_a_file(put, dtype):
    stop = BITS[dtype]  # bytes that 8 numbers take
    header = {"odd": claim(0, stop, (8,), dtype), W: claim(stop, stop + 8)}
    tensors = open_weights(put(blob(header, bytes(stop) + np.float32([1, 2]).tobytes())))
    assert tensors.array(W).tolist() == [1, 2]
    assert tensors["odd"].n_bytes == stop
    with pytest.raises(AttnvizError, match=f"odd.*{dtype}"):
        tensors.array("odd")


# Several files.


def test_shards_are_one_checkpoint(tmp_path):
    arrays = {f"t{i}": numbers(np.float32, (i + 1,)) for i in range(7)}
    packed_in_shards(tmp_path, arrays, 3)
    tensors = open_weights(tmp_path)
    assert sorted(tensors) == sorted(arrays)
    assert all(np.array_equal(tensors.array(name), array) for name, array in arrays.items())
    assert {tensors[name].file.name for name in arrays} == {
        f"model-0000{i}-of-00003.safetensors" for i in (1, 2, 3)
    }


def test_one_file_of_another_name_is_found(put):
    assert list(open_weights(put(GOOD, "weights.safetensors"))) == [W, "other"]


def index(**files):
    return json.dumps({"weight_map": files}).encode()


LONG = "n" * 300 + ".safetensors"  # file names end at 255 bytes
# name: (index, what the error has to name).
INDICES = {
    "empty": (b"", INDEX),
    "not JSON": (b"weight_map", INDEX),
    "binary": (bytes(range(256)), INDEX),
    "deep": (DEEP, INDEX),
    "a list": (b"[]", INDEX),
    "null": (b"null", INDEX),
    "no map": (b'{"metadata": {}}', INDEX),
    "map is a list": (b'{"weight_map": ["a.safetensors"]}', INDEX),
    "map is null": (b'{"weight_map": null}', INDEX),
    "a number": (index(a=3), INDEX),
    "null for a file": (index(a=None), INDEX),
    "a list for a file": (index(a=["s.safetensors"]), INDEX),
    "numbers and names": (index(a=3, b="s.safetensors"), INDEX),
    "no name": (index(a=""), INDEX),
    "the folder itself": (index(a="."), INDEX),
    "the folder above": (index(a=".."), ".."),
    "a file above": (index(a="../secret.safetensors"), "secret.safetensors"),
    "above and back": (index(a="sub/../../secret.safetensors"), "secret.safetensors"),
    "a folder below": (index(a="sub/s.safetensors"), "s.safetensors"),
    "from the root": (index(a="/etc/passwd"), "passwd"),
    "a missing shard": (index(a="s.safetensors", b="gone.safetensors"), "gone.safetensors"),
    "a name too long": (index(a=LONG), LONG[:50]),
    "NUL in a name": (index(a="s\0.safetensors"), INDEX),
    "not a safetensors file": (index(a="config.json"), "config.json"),
}


@pytest.mark.parametrize("name", INDICES)
def test_an_index_is_not_believed_either(tmp_path, name):
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    for place in ("s.safetensors", "sub/s.safetensors", "../secret.safetensors"):
        (folder / place).write_bytes(GOOD)
    content, named = INDICES[name]
    (folder / INDEX).write_bytes(content)
    refusal(folder, named)


def test_of_a_tensor_in_two_shards_the_later_counts_as_in_transformers(put):
    put(index(a="a.safetensors", b="b.safetensors"), INDEX)
    put(packed({"mine": numbers(np.float32), W: np.float32([1, 2])}), "a.safetensors")
    tensors = open_weights(put(packed({W: np.float32([3, 4])}), "b.safetensors"))
    assert tensors.array(W).tolist() == [3, 4]


def test_shards_without_their_index_are_named(put):
    refusal(put(GOOD, "model-00001-of-00002.safetensors"), "model-00001-of-00002", INDEX)


@pytest.mark.parametrize(
    "name", ["model.onnx", "tf_model.h5", "flax_model.msgpack", "consolidated.00.pth"]
)
def test_files_of_other_programs_are_named(put, name):
    refusal(put(b"anything", name), name, FILE)


def test_a_broken_shard_is_named(put):
    put(index(a="a.safetensors", b="b.safetensors"), INDEX)
    put(GOOD, "a.safetensors")
    refusal(put(GOOD[:-1], "b.safetensors"), "b.safetensors")


def test_no_weights_and_too_many(put, tmp_path):
    refusal(tmp_path, FILE)
    put(GOOD, "one.safetensors")
    refusal(put(GOOD, "two.safetensors"), FILE)
    (tmp_path / FILE).mkdir()  # a folder is no file
    refusal(tmp_path, FILE)


class Evil:
    """Opening the pickle makes a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_a_pickle_that_is_no_zip_is_refused_and_never_run(put, tmp_path):
    evil, config = pickle.dumps(Evil(tmp_path / "made")), b'{"model_type": "bert"}'
    put(config, "config.json")
    said = refusal(put(evil, "pytorch_model.bin"), "pytorch_model.bin")
    with pytest.raises(AttnvizError) as caught:
        attnviz.load_model(tmp_path)
    assert str(caught.value) == said
    assert not (tmp_path / "made").exists()
    pickle.loads(evil)
    assert (tmp_path / "made").exists()  # so it would have been seen


def test_a_pickle_beside_safetensors_is_left_alone(put, tmp_path):
    put(pickle.dumps(Evil(tmp_path / "made")), "pytorch_model.bin")
    assert len(open_weights(put(GOOD))) == 2
    assert not (tmp_path / "made").exists()


# Whatever the bytes are.


def loads_or_is_refused(content):
    """Opens the file and touches all of it; whether that went well. Any other error passes on."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_bytes(content)
        try:
            arrays = read_all(Path(folder))
        except AttnvizError:
            return False
        assert sum(array.nbytes for array in arrays.values()) <= len(content)
        assert all(array.tobytes() in content for array in arrays.values())
    return True


BYTES = st.integers(0, 255)
FLIPS = st.lists(st.tuples(st.integers(0, len(GOOD) - 1), BYTES), max_size=4)
SIZES = st.sampled_from([0, 1, 2, 3, 4, 8, -1, 2**31, 2**32, 2**62, 2**63, 2**64, 2**100])
WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "U8": 1}


def nearly_right(dtype, shape, start, off):
    return claim(start, start + math.prod(shape) * WIDTHS[dtype] + off, shape, dtype)


CLAIMS = st.builds(
    nearly_right,
    st.sampled_from([*WIDTHS]),
    st.lists(SIZES, max_size=4),
    st.sampled_from([0, 0, 0, 8]),
    st.sampled_from([0, 0, 0, 1, -8]),
)
VALUES = st.recursive(
    st.none() | st.booleans() | SIZES | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
ODD = VALUES | st.dictionaries(st.sampled_from([*claim(), "more"]), VALUES)
HEADERS = st.dictionaries(st.sampled_from("ab"), CLAIMS, min_size=1) | st.dictionaries(
    st.sampled_from(["a", "__metadata__"]), CLAIMS | ODD
)
MORE = st.sampled_from([0, 0, 0, 1, 8])


def data_for(header, more):
    """As many bytes as the header claims, and some more."""
    offsets = [c.get("data_offsets") for c in header.values() if isinstance(c, dict)]
    ends = [o[-1] for o in offsets if isinstance(o, list) and o and type(o[-1]) is int]
    return bytes(min(max([*ends, 0]), 256) + more)


@given(FLIPS, st.integers(0, len(GOOD)) | st.just(len(GOOD)), st.binary(max_size=2))
@settings(max_examples=300, deadline=None)
def test_any_bytes_load_or_are_refused(flips, length, more):
    content = bytearray(GOOD)
    for place, byte in flips:
        content[place] = byte
    loads_or_is_refused(bytes(content[:length]) + more)


@pytest.mark.slow
@given(HEADERS, MORE)
@settings(max_examples=500, deadline=None)
def test_any_header_loads_or_is_refused(header, more):
    loads_or_is_refused(blob(header, data_for(header, more)))
