"""GGUF files, made here byte by byte: headers that lie are refused before they are believed, blocks
unpack to numbers worked out by hand.

tests/parity/test_gguf.py compares with the gguf library, format by format.
"""

import random
import struct
import tracemalloc
from contextlib import suppress

import ml_dtypes
import numpy as np
import pytest

from attnviz import AttnvizError
from attnviz.files.gguf import open_gguf
from attnviz.files.tensors import Packed

U32, TEXT, LIST = 4, 8, 9


def text(value):
    raw = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(raw)) + raw


def value(kind, raw):
    return struct.pack("<I", kind) + raw


def a_list(kind, raws, count=None):
    return value(LIST, struct.pack("<IQ", kind, len(raws) if count is None else count)) + b"".join(
        raws
    )


def claim(name, shape, kind, offset):
    """What a header says of a tensor; shape as NumPy has it."""
    axes = struct.pack(f"<{len(shape)}Q", *shape[::-1])
    return text(name) + struct.pack("<I", len(shape)) + axes + struct.pack("<IQ", kind, offset)


def blob(keys=(), claims=(), data=b"", version=3, counts=None, magic=b"GGUF", align=32):
    """The bytes of a file: (key, value) pairs and tensors' claims, then the data."""
    n_tensors, n_keys = (len(claims), len(keys)) if counts is None else counts
    head = magic + struct.pack("<IQQ", version, n_tensors, n_keys)
    head += b"".join(text(key) + raw for key, raw in keys) + b"".join(claims)
    return head + bytes(-len(head) % align) + data


NUMBERS = np.float32([[1, 2, 3], [4, 5, 6]])
W = "blk.0.attn_q.weight"
ONE = [claim(W, (2, 3), 0, 0)]
GOOD = blob([("general.architecture", value(TEXT, text("llama")))], ONE, NUMBERS.tobytes())


@pytest.fixture
def put(tmp_path):
    def write(content, name="model.gguf"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


def test_keys_of_every_type(put):
    numbers = {0: ("B", 200), 1: ("b", -3), 2: ("H", 60000), 3: ("h", -3), 4: ("I", 2**32 - 1),
               5: ("i", -3), 6: ("f", 0.5), 7: ("?", True), 10: ("Q", 2**64 - 1),
               11: ("q", -(2**60)), 12: ("d", 0.1)}  # fmt: skip
    keys = [(str(kind), value(kind, struct.pack("<" + c, n))) for kind, (c, n) in numbers.items()]
    keys += [
        ("text", value(TEXT, text("كسكسو 🫖"))),
        ("broken", value(TEXT, text(b"\xff"))),
        ("texts", a_list(TEXT, [text("a"), text(""), text("é")])),
        ("ids", a_list(5, [struct.pack("<i", n) for n in (1, -2, 3)])),
        ("empty", a_list(TEXT, [])),
    ]
    fields = open_gguf(put(blob(keys))).fields
    assert [fields[str(kind)] for kind in numbers] == [n for _, n in numbers.values()]
    assert (fields["text"], fields["broken"]) == ("كسكسو 🫖", "\ufffd")
    assert (fields["texts"], fields["empty"]) == (["a", "", "é"], [])
    assert fields["ids"].tolist() == [1, -2, 3]


@pytest.mark.parametrize("align", [1, 8, 32, 256])
@pytest.mark.parametrize("version", [2, 3])
def test_plain_tensors_are_views_in_numpys_order(put, version, align):
    halves, narrow = NUMBERS.astype(np.float16), NUMBERS.astype(ml_dtypes.bfloat16)
    arrays = {W: NUMBERS, "h": halves, "b": narrow, "d": NUMBERS.astype(np.float64)}
    data, claims = b"", []
    for (name, array), kind in zip(arrays.items(), (0, 1, 30, 28), strict=True):
        claims.append(claim(name, array.shape, kind, len(data)))
        data += array.tobytes() + bytes(-array.nbytes % align)
    keys = [("general.alignment", value(U32, struct.pack("<I", align)))]
    tensors = open_gguf(put(blob(keys, claims, data, version, align=align))).tensors
    for name, array in arrays.items():
        found = tensors.array(name)
        assert (found.dtype, found.tolist()) == (array.dtype, array.tolist())
        assert not found.flags.owndata
        assert not found.flags.writeable


def half(number):
    return np.float16(number).tobytes()


NIBBLES = bytes(range(16))  # the low halves 0 … 15, the high ones 0
LEVELS = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
E2M1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6]
# type: (one block, its numbers)
BY_HAND = {
    2: (half(2) + NIBBLES, [2 * (n - 8) for n in range(16)] + [-16] * 16),
    3: (half(2) + half(5) + NIBBLES, [2 * n + 5 for n in range(16)] + [5] * 16),
    6: (
        half(2) + bytes([1, 0, 1, 0]) + NIBBLES,
        [2 * (n - 16 + 16 * (n == 0)) for n in range(16)] + [2 * (16 - 16)] + [-32] * 15,
    ),
    7: (
        half(2) + half(1) + bytes([2, 0, 0, 0]) + NIBBLES,
        [2 * (n + 16 * (n == 1)) + 1 for n in range(16)] + [1] * 16,
    ),
    8: (half(0.5) + np.arange(-16, 16, dtype=np.int8).tobytes(), [n / 2 for n in range(-16, 16)]),
    20: (half(1) + NIBBLES, LEVELS + [-127] * 16),
    39: (bytes([129]) + NIBBLES, [4 * n for n in E2M1] + [0] * 16),
    # d, dmin, eight scales of 3 and minima of 1, low halves 0 … 15 twice and high ones 0
    12: (
        half(2) + half(4) + bytes([3] * 4 + [1] * 4 + [0x13] * 4) + NIBBLES * 8,
        ([6 * n - 4 for n in range(16)] * 2 + [-4] * 32) * 4,
    ),
    14: (  # low halves 0 … 15, high ones and third bits 0, scales of 2, d of 1 / 2
        NIBBLES * 8 + bytes(64) + bytes([2] * 16) + half(0.5),
        ([n - 32 for n in range(16)] * 4 + [-32] * 64) * 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BY_HAND)
def test_blocks_by_hand(put, kind):
    block, due = BY_HAND[kind]
    claims = [claim(W, (3, 2 * len(due)), kind, 0)]
    tensors = open_gguf(put(blob((), claims, block * 6))).tensors
    packed = tensors.array(W)
    assert isinstance(packed, Packed)
    assert packed.shape == tensors[W].shape == (3, 2 * len(due))
    assert np.asarray(packed).tolist() == [due * 2] * 3


def test_rows_stay_packed_until_they_are_used(put):
    generator = np.random.default_rng(5)
    blocks = [half(n) + generator.bytes(32) for n in generator.standard_normal(48)]
    claims = [claim(W, (4, 6, 64), 8, 0)]
    packed = open_gguf(put(blob((), claims, b"".join(blocks)))).tensors.array(W)
    whole = np.asarray(packed)
    scales = np.stack([np.frombuffer(b, np.float16, 1) for b in blocks]).astype(np.float32)
    numbers = np.stack([np.frombuffer(b, np.int8, 32, 2) for b in blocks]).astype(np.float32)
    assert np.array_equal(whole, (numbers * scales).reshape(4, 6, 64))
    for index in (2, slice(1, 3), [3, 0, 0], np.array([[1, 2], [3, 0]]), slice(4, 4)):
        assert isinstance(packed[index], Packed)
        assert packed[index].shape == whole[index].shape
        assert np.array_equal(packed[index].astype(np.float32), whole[index])
    assert np.array_equal(packed[1][2:5][[2, 0]].astype(np.float64), whole[1][2:5][[2, 0]])
    assert np.array_equal(packed[1, 2, 3:9], whole[1, 2, 3:9])
    assert np.array_equal(np.asarray(packed[1].T), whole[1].T)
    assert np.array_equal(packed[0] @ np.ones((64, 2), np.float32), whole[0] @ np.ones((64, 2)))


def test_a_packed_row_alone_is_unpacked_at_once(put):
    found = open_gguf(put(blob((), [claim("norm", (32,), 8, 0)], BY_HAND[8][0]))).tensors
    assert found.array("norm").tolist() == BY_HAND[8][1]


def test_types_that_are_not_read_are_opened_and_named_when_used(put):
    tensors = open_gguf(put(blob((), [claim(W, (256,), 16, 0)], bytes(66)))).tensors
    assert tensors[W].dtype == "IQ2_XXS"
    with pytest.raises(AttnvizError, match=r"IQ2_XXS.* Q4_K"):
        tensors.array(W)


def test_split_files_are_one(put):
    count = [("split.count", value(2, struct.pack("<H", 2)))]
    first = put(blob(count, ONE, NUMBERS.tobytes()), "m-00001-of-00002.gguf")
    second = put(blob(count, [claim("b", (3,), 0, 0)], bytes(12)), "m-00002-of-00002.gguf")
    for file in (first, second):
        assert sorted(open_gguf(file).tensors) == ["b", W]
    refusal(put(first.read_bytes(), "other.gguf"))
    second.unlink()
    refusal(first, second.name)


def read_all(file):
    return {name: np.asarray(entry.read()) for name, entry in open_gguf(file).tensors.items()}


def refusal(file, *named):
    with pytest.raises(AttnvizError) as caught:
        read_all(file)
    said = str(caught.value)
    assert "\n" not in said
    for name in named or (file.name,):
        assert name in said, said


LONG = 2**63
HOSTILE = {
    "empty": b"",
    "magic alone": b"GGUF",
    "another magic": blob(magic=b"GGML"),
    "version 1": blob(version=1),
    "version 4": blob(version=4),
    "big-endian": blob(version=3 << 24),
    "2^63 tensors": blob(counts=(LONG, 0)),
    "2^63 keys": blob(counts=(0, LONG)),
    "a million tensors": blob(counts=(1 << 18, 0)),
    "a key of 2^63 bytes": blob([(b"", b"")], counts=(0, 1))[:-24] + struct.pack("<Q", LONG),
    "a text of 2^63 bytes": blob([("k", value(TEXT, struct.pack("<Q", LONG)))]),
    "a list of 2^63 texts": blob([("k", a_list(TEXT, [], LONG))]),
    "a list of a million texts": blob([("k", a_list(TEXT, [], 1 << 20))], data=bytes(100)),
    "a text in a list too long": blob([("k", a_list(TEXT, [struct.pack("<Q", LONG)]))]),
    "a list of 2^63 numbers": blob([("k", a_list(U32, [], LONG))]),
    "lists in lists": blob([("k", a_list(LIST, []))]),
    "an unknown type": blob([("k", value(77, b""))]),
    "a key twice": blob([("k", value(0, b"1"))] * 2),
    "a tensor twice": blob((), ONE * 2, NUMBERS.tobytes()),
    "an unknown type of tensor": blob((), [claim(W, (2, 3), 99, 0)], bytes(64)),
    "2^32 axes": blob((), [text(W) + struct.pack("<I", 2**32 - 1)]),
    "2^63 rows": blob((), [claim(W, (LONG, 3), 0, 0)], bytes(64)),
    "2^63 rows of none": blob((), [claim(W, (LONG, LONG, 0), 0, 0)], bytes(64)),
    "2^40 times 2^40": blob((), [claim(W, (2**40, 2**40), 0, 0)], bytes(64)),
    "past the end": blob((), ONE, NUMBERS.tobytes()[:-1]),
    "offset past the end": blob((), [claim(W, (2, 3), 0, 2**40)], NUMBERS.tobytes()),
    "offset of 2^64 - 1": blob((), [claim(W, (2, 3), 0, 2**64 - 1)], NUMBERS.tobytes()),
    "half a block": blob((), [claim(W, (2, 33), 2, 0)], bytes(360)),
    "a number in blocks": blob((), [claim(W, (), 2, 0)], bytes(360)),
    "alignment 0": blob([("general.alignment", value(U32, bytes(4)))], ONE, NUMBERS.tobytes()),
    "alignment 3": blob([("general.alignment", value(U32, struct.pack("<I", 3)))]),
    "alignment text": blob([("general.alignment", value(TEXT, text("32")))]),
    "2^15 parts": blob([("split.count", value(2, struct.pack("<H", 1 << 15)))]),
    **{f"cut at {n}": GOOD[:n] for n in range(5, len(GOOD), 7)},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_headers_that_lie_are_refused_in_one_line_and_little_memory(put, name):
    file = put(HOSTILE[name])
    tracemalloc.start()
    try:
        refusal(file)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


RICH = blob(
    [
        ("general.architecture", value(TEXT, text("llama"))),
        ("tokens", a_list(TEXT, [text("a"), text("bc")])),
        ("ids", a_list(5, [bytes(4)] * 3)),
        ("n", value(U32, struct.pack("<I", 7))),
    ],
    [claim(W, (2, 3), 0, 0), claim("q", (2, 32), 3, 32), claim("k", (1, 256), 12, 96)],
    NUMBERS.tobytes() + bytes(8) + BY_HAND[3][0] * 2 + bytes(24) + BY_HAND[12][0],
)


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
        arrays = read_all(file)
        assert sum(array.nbytes for array in arrays.values()) <= 8 * file.stat().st_size


@pytest.mark.parametrize("seed", range(150))
def test_any_bytes_are_read_or_refused(put, seed):
    reads_or_refuses(put(mutated(RICH, random.Random(seed))))
