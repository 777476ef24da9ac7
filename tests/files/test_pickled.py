"""PyTorch files, made here instruction by instruction: tensors are read, nothing is ever run.

tests/parity/test_pickled.py compares with torch.save.
"""

import io
import json
import pickle
import random
import struct
import tracemalloc
import zipfile
from contextlib import suppress

import ml_dtypes
import numpy as np
import pytest

from attnviz import AttnvizError
from attnviz.files.pickled import open_pickled
from attnviz.models.checkpoint.folder import open_weights

FILE = "pytorch_model.bin"
TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"


def plain(value):
    """The instructions that push a number, text or tuple."""
    return pickle.dumps(value, protocol=2)[2:-1]


def tensor(key, kind, count, shape, strides=None, offset=0):
    """The instructions that push a tensor of a storage of `count` numbers."""
    steps = [int(np.prod(shape[i + 1 :])) for i in range(len(shape))]
    storage = b"(" + plain("storage") + b"ctorch\n%sStorage\n" % kind.encode()
    storage += plain(key) + plain("cpu") + plain(count) + b"tQ"
    view = plain(offset) + plain(tuple(shape)) + plain(tuple(steps if strides is None else strides))
    return TENSOR + b"(" + storage + view + b"\x89ccollections\nOrderedDict\n)RtR"


def a_dict(items):
    return b"}(" + b"".join(plain(name) + value for name, value in items.items()) + b"u"


def archive(program, storages, compression=zipfile.ZIP_STORED, order=b"little", folder="archive"):
    """The bytes of a file: a pickle and the storages that it speaks of."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compression) as file:
        file.writestr(f"{folder}/data.pkl", b"\x80\x02" + program + b".")
        file.writestr(f"{folder}/byteorder", order)
        for key, numbers in storages.items():
            file.writestr(f"{folder}/data/{key}", np.asarray(numbers).tobytes())
    return written.getvalue()


NUMBERS = np.arange(12, dtype=np.float32)
WHOLE = a_dict({"w": tensor("0", "Float", 12, (3, 4))})
GOOD = archive(WHOLE, {"0": NUMBERS})


@pytest.fixture
def put(tmp_path):
    def write(content, name=FILE):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


def read_all(file):
    return {name: entry.read() for name, entry in open_pickled(file).items()}


def refusal(file, *named):
    with pytest.raises(AttnvizError) as caught:
        read_all(file)
    said = str(caught.value)
    assert "\n" not in said
    for name in (file.name, *named):
        assert name in said, said
    return said


def test_views_and_strides_are_those_of_the_storage(put):
    views = {
        "whole": ((3, 4), None, 0),
        "turned": ((4, 3), (1, 4), 0),
        "rows": ((2, 4), None, 4),
        "cut": ((2, 2), (8, 1), 1),
        "repeated": ((2, 3), (0, 1), 2),
        "number": ((), (), 7),
        "empty": ((0, 3), (3, 1), 0),
    }
    program = a_dict(
        {name: tensor("0", "Float", 12, shape, strides, offset)
         for name, (shape, strides, offset) in views.items()}
    )  # fmt: skip
    tensors = open_pickled(put(archive(program, {"0": NUMBERS})))
    square = NUMBERS.reshape(3, 4)
    due = {
        "whole": square, "turned": square.T, "rows": square[1:], "cut": square[::2, 1:3],
        "repeated": np.float32([[2, 3, 4], [2, 3, 4]]), "number": np.float32(7),
        "empty": np.empty((0, 3), np.float32),
    }  # fmt: skip
    for name, array in due.items():
        assert tensors[name].shape == array.shape
        assert np.array_equal(tensors.array(name), array), name
        assert not tensors.array(name).flags.writeable


@pytest.mark.parametrize(
    ("kind", "dtype", "name"),
    [("Double", "<f8", "F64"), ("Half", "<f2", "F16"), ("BFloat16", ml_dtypes.bfloat16, "BF16")],
)
def test_dtypes(put, kind, dtype, name):
    numbers = NUMBERS.astype(dtype)
    tensors = open_pickled(
        put(archive(a_dict({"w": tensor("a", kind, 12, (12,))}), {"a": numbers}))
    )
    assert tensors["w"].dtype == name
    assert tensors.array("w").dtype == numbers.dtype
    assert tensors.array("w").tolist() == numbers.tolist()


def test_whole_numbers_are_opened_and_refused_when_used(put):
    program = a_dict({"ids": tensor("0", "Long", 6, (6,))})
    file = put(archive(program, {"0": np.arange(6)}))
    assert open_pickled(file)["ids"].dtype == "I64"
    refusal(file, "ids", "I64")


def test_parameters_untyped_storages_and_wrapped_state_dicts(put):
    inner = tensor("0", "Float", 12, (3, 4))
    parameter = b"ctorch._utils\n_rebuild_parameter\n(" + inner + b"\x88}tR"
    untyped = inner.replace(TENSOR, b"ctorch._utils\n_rebuild_tensor_v3\n")
    untyped = untyped.replace(b"ctorch\nFloatStorage", b"ctorch.storage\nUntypedStorage")
    untyped = untyped.replace(plain(12) + b"tQ", plain(48) + b"tQ")
    untyped = untyped.removesuffix(b"tR") + b"ctorch\nfloat32\ntR"
    state = a_dict({"p": parameter, "u": untyped})
    wrapped = a_dict({"epoch": plain(3), "state_dict": state, "note": plain("x")})
    tensors = open_pickled(put(archive(wrapped, {"0": NUMBERS})))
    assert [np.array_equal(tensors.array(n), NUMBERS.reshape(3, 4)) for n in tensors] == [True] * 2


def test_state_dicts_in_shards_are_one_checkpoint(put, tmp_path):
    parts = {"pytorch_model-00001-of-00002.bin": "a", "pytorch_model-00002-of-00002.bin": "b"}
    for name, key in parts.items():
        put(archive(a_dict({key: tensor("0", "Float", 12, (12,))}), {"0": NUMBERS}), name)
    where = {key: name for name, key in parts.items()}
    put(json.dumps({"weight_map": where}).encode(), "pytorch_model.bin.index.json")
    assert sorted(open_weights(tmp_path)) == ["a", "b"]


def call(module, name, *arguments):
    return f"c{module}\n{name}\n".encode() + b"(" + b"".join(map(plain, arguments)) + b"tR"


CYCLE = b"]q\x00h\x00a"  # a list that holds itself
DEEP = b"(" * 100_000 + b"t" * 100_000
# name: (program, storages, what the error names)
HOSTILE = {
    "a call": (call("os", "system", "touch made"), {}, "os.system"),
    "a call in an item": (a_dict({"w": call("os", "mkdir", "made")}), {}, "os.mkdir"),
    "built in": (call("builtins", "eval", "1"), {}, "builtins.eval"),
    "a name alone": (b"cos\nsystem\n", {}, "os.system"),
    "of two texts": (plain("os") + plain("system") + b"\x93", {}, "os.system"),
    "instance": (b"(" + plain("touch made") + b"ios\nsystem\n", {}, "INST"),
    "object": (b"(cos\nsystem\n" + plain("x") + b"o", {}, "os.system"),
    "new object": (b"ccollections\nOrderedDict\n)\x81", {}, "NEWOBJ"),
    "an extension": (b"\x82\x01", {}, "EXT1"),
    "torch's own loader": (call("torch", "load", "x"), {}, "torch.load"),
    "a module": (call("torch.nn.modules.linear", "Linear", 2, 2), {}, "Linear"),
    "a number": (plain(3), {}, "dict"),
    "no tensors": (a_dict({"a": plain(3)}), {}, "no tensors"),
    "tensor of a text": (TENSOR + b"(" + plain("x") + b"tR", {}, ""),
    "cycle": (a_dict({"a": CYCLE}), {}, "no tensors"),
    "a cycle for a key": (b"}" + CYCLE + plain(1) + b"s", {}, ""),
    "deep": (a_dict({"a": DEEP}), {}, "no tensors"),
    "deep key": (b"}" + DEEP + plain(1) + b"s", {}, ""),
    "empty stack": (b"00", {}, ""),
    "no mark": (b"t", {}, ""),
    "unknown memo": (b"h\x07", {}, ""),
    "memo of 2^31": (b"}r\xff\xff\xff\x7f", {}, "no tensors"),
    "text of 2^63": (b"\x8d" + b"\xff" * 7 + b"\x7f", {}, ""),
    "number of 5000 digits": (b"L" + b"9" * 5000 + b"L\n", {}, ""),
    "missing storage": (WHOLE, {}, "w"),
    "short storage": (WHOLE, {"0": NUMBERS[:11]}, "w"),
    "past the end": (a_dict({"w": tensor("0", "Float", 12, (3, 4), offset=1)}), None, "w"),
    "wide strides": (a_dict({"w": tensor("0", "Float", 12, (2, 2), (12, 1))}), None, "w"),
    "negative": (a_dict({"w": tensor("0", "Float", 12, (2,), (-1,), 5)}), None, "w"),
    "negative offset": (a_dict({"w": tensor("0", "Float", 12, (2,), (1,), -4)}), None, "w"),
    "2^62 numbers": (a_dict({"w": tensor("0", "Float", 12, (2**62,), (0,))}), None, "w"),
    "2^80 numbers": (a_dict({"w": tensor("0", "Float", 12, (2**40,) * 2, (0, 0))}), None, "w"),
    "66 axes": (a_dict({"w": tensor("0", "Float", 12, (1,) * 66)}), None, "w"),
    "shape and strides": (a_dict({"w": tensor("0", "Float", 12, (2, 2), (1,))}), None, "w"),
    "unknown storage": (a_dict({"w": tensor("0", "Odd", 12, (2,))}), None, "OddStorage"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_anything_but_tensors_is_refused_by_name(put, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    program, storages, named = HOSTILE[name]
    content = archive(program, {"0": NUMBERS} if storages is None else storages)
    tracemalloc.start()
    try:
        refusal(put(content), named)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
    assert not (tmp_path / "made").exists()


FILES = {
    "empty": b"",
    "a pickle alone": b"\x80\x02" + WHOLE + b".",
    "no end": GOOD[:-30],
    "not PyTorch's": archive(WHOLE, {}, folder="").replace(b"data.pkl", b"data.bin"),
    "compressed": archive(WHOLE, {"0": np.zeros(1 << 20, np.float32)}, zipfile.ZIP_DEFLATED),
    "big-endian": archive(WHOLE, {"0": NUMBERS}, order=b"big"),
    "a pickle without end": archive(WHOLE, {"0": NUMBERS}).replace(b"u.", b"uN", 1),
    "of a million steps": archive(b"N" * (1 << 22), {}),
    "a pickle of 9 MB": archive(b"N" * (9 << 20), {}),
}


def many_entries(size, wide):
    """An archive whose list of entries has so many bytes, one entry again and again."""
    start = GOOD.index(b"PK\x01\x02")
    entry = GOOD[start : GOOD.index(b"PK\x01\x02", start + 4)]
    listed = entry * (size // len(entry))
    end = b"PK\x05\x06" + bytes(4) + b"\xff\xff" * 2
    end += (0xFFFFFFFF if wide else len(listed)).to_bytes(4, "little")
    end += (0xFFFFFFFF if wide else start).to_bytes(4, "little") + bytes(2)
    big = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, len(listed), start)
    at = start + len(listed)
    big += b"PK\x06\x07" + struct.pack("<IQI", 0, at, 1)
    return GOOD[:start] + listed + (big if wide else b"") + end


@pytest.mark.parametrize("wide", [True, False])
def test_a_list_of_entries_without_end_is_not_even_read(put, wide):
    file = put(many_entries(17 << 20, wide))
    tracemalloc.start()
    try:
        refusal(file, "list of entries")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_not_what_they_claim(put, name):
    refusal(put(FILES[name]))


def old_file(program, storages, order=None, machine=None):
    """The bytes of a file as PyTorch wrote it before 1.6."""
    machine = {"protocol_version": 1001, "little_endian": True} if machine is None else machine
    order = list(storages) if order is None else order
    pickles = [plain(0x1950A86A20F9469CFC6C), plain(1001), plain(machine), program, plain(order)]
    data = b"".join(
        len(numbers).to_bytes(8, "little") + numbers.tobytes() for numbers in storages.values()
    )
    return b"".join(b"\x80\x02" + part + b"." for part in pickles) + data


TWO = a_dict(
    {"a": tensor("x", "Float", 12, (4, 3), (1, 4)), "b": tensor("y", "Half", 5, (2,), offset=3)}
)
OLD = old_file(TWO, {"y": np.arange(5, dtype=np.float16), "x": NUMBERS})


def test_files_from_before_pytorch_1_6(put):
    tensors = open_pickled(put(OLD))
    assert np.array_equal(tensors.array("a"), NUMBERS.reshape(3, 4).T)
    assert tensors.array("b").tolist() == [3, 4]


OLD_HOSTILE = {
    "a call": old_file(call("os", "system", "touch made"), {}),
    "a call before": old_file(b"}", {}, machine={}).replace(plain({}), call("os", "getpid"), 1),
    "ends in the data": OLD[:-1],
    "ends before it": OLD[:-60],
    "another order": old_file(TWO, {"y": np.arange(5, dtype=np.float16), "x": NUMBERS}, ["x", "y"]),
    "an unknown storage": old_file(TWO, {"x": NUMBERS}, ["z"]),
    "no list": old_file(TWO, {"x": NUMBERS}, 3),
    "big-endian": old_file(TWO, {"x": NUMBERS}, machine={"little_endian": False}),
    "another version": OLD.replace(plain(1001), plain(1002), 1),
    "2^63 numbers": OLD.replace((5).to_bytes(8, "little"), (2**63).to_bytes(8, "little")),
    "a missing storage": old_file(TWO, {"x": NUMBERS}),
}


@pytest.mark.parametrize("name", OLD_HOSTILE)
def test_old_files_that_are_not_what_they_claim(put, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    refusal(put(OLD_HOSTILE[name]))
    assert not (tmp_path / "made").exists()


def mutated(content, generator):
    """The bytes with a few of them changed, sometimes cut."""
    changed = bytearray(content)
    for _ in range(generator.choice([1, 1, 2, 5])):
        changed[generator.randrange(len(changed))] = generator.choice(
            [0, 255, generator.randrange(256)]
        )
    return changed[: generator.randrange(len(changed))] if generator.random() < 0.2 else changed


def reads_or_refuses(file):
    """Open a file and touch all of it; anything but a refusal passes on."""
    with suppress(AttnvizError):
        for array in read_all(file).values():
            np.asarray(array).sum()


RICH = archive(
    a_dict(
        {"a": tensor("0", "Float", 12, (3, 4)), "b": tensor("0", "Float", 12, (4, 3), (1, 4)),
         "c": plain(("x", 2)), "h": tensor("1", "Half", 5, (5,))}
    ),
    {"0": NUMBERS, "1": np.ones(5, np.float16)},
)  # fmt: skip


@pytest.mark.parametrize("seed", range(150))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # sums of numbers that flips made infinite
def test_any_bytes_are_read_or_refused(put, seed):
    reads_or_refuses(put(mutated(OLD if seed % 3 == 0 else RICH, random.Random(seed))))
