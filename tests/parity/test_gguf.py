"""Live against the gguf library: the same keys, and the same numbers to the last bit."""

import random

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter

from attnviz.files.gguf import open_gguf
from attnviz.files.gguf_blocks import BLOCKS, PLAIN, UNREAD, rows_of_blocks
from tests.files.test_gguf import RICH, mutated, reads_or_refuses


def test_types_have_the_librarys_names_and_sizes():
    own = {kind: (b.name, b.n_columns, b.n_bytes) for kind, b in BLOCKS.items()} | UNREAD
    own |= {kind: (name, 1, int(name[-2:]) // 8) for kind, name in PLAIN.items()}
    assert own == {int(kind): (kind.name, *sizes) for kind, sizes in gguf.GGML_QUANT_SIZES.items()}


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the library's, where a scale is infinite
def test_blocks_of_any_bytes_unpack_to_the_librarys_bits(kind):
    blocks = BLOCKS[kind]
    raw = np.random.RandomState(kind).randint(0, 256, (200, 3, blocks.n_bytes)).astype(np.uint8)
    due = gguf.dequantize(raw.reshape(200, -1), GGMLQuantizationType(kind))
    unpack = rows_of_blocks(blocks, raw)
    assert np.array_equal(unpack(slice(0, 200)).view(np.uint32), due.view(np.uint32))
    chosen = np.array([7, 199, 7, 0])
    assert np.array_equal(unpack(chosen).view(np.uint32), due[chosen].view(np.uint32))


def test_what_the_library_writes_reads_the_same(tmp_path):
    file = tmp_path / "m.gguf"
    arrays = {
        f"t{n}": np.random.RandomState(n).standard_normal((3, 2, 256)[-n:]).astype(np.float32)
        for n in (1, 2, 3)
    }
    writer = GGUFWriter(file, "llama")
    writer.add_array("texts", ["a", "", "كسكسو"])
    writer.add_array("ids", [1, 2, 3])
    writer.add_float32("eps", 1e-5)
    writer.add_bool("yes", True)
    for name, array in arrays.items():
        writer.add_tensor(name, array)
        packed = gguf.quantize(array, GGMLQuantizationType.Q5_1)
        writer.add_tensor(name + "q", packed, raw_dtype=GGMLQuantizationType.Q5_1)
    for step in ("header", "kv_data", "tensors"):
        getattr(writer, f"write_{step}_to_file")()
    writer.close()
    own, theirs = open_gguf(file), GGUFReader(file)
    assert own.fields["texts"] == ["a", "", "كسكسو"]
    assert own.fields["ids"].tolist() == [1, 2, 3]
    assert (own.fields["eps"], own.fields["yes"]) == (np.float32(1e-5), True)
    assert [tensor.name for tensor in theirs.tensors] == list(own.tensors)
    for tensor in theirs.tensors:
        due = gguf.dequantize(tensor.data, tensor.tensor_type)
        assert np.array_equal(np.asarray(own.tensors.array(tensor.name)), due)


@pytest.mark.parametrize("seed", range(20))
def test_two_thousand_mutations_are_read_or_refused(tmp_path, seed):
    generator = random.Random(1000 + seed)
    for _ in range(100):
        (tmp_path / "m.gguf").write_bytes(mutated(RICH, generator))
        reads_or_refuses(tmp_path / "m.gguf")
