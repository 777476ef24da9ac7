"""Quantised layers against the libraries that own the formats, stored by
tests/reference/make_quantised.py, and against arithmetic by hand where the library needs a GPU."""

import json
import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError
from attnviz.files.quantised import METHODS, quantisation, unpacked
from attnviz.files.safetensors import open_files
from attnviz.files.tensors import Packed, Transposed
from tests.files.test_safetensors import blob
from tests.models.test_families import answers, apart, computed
from tests.reference import checkpoints

STORED = np.load(Path(__file__).parents[1] / "reference" / "quantised.npz")
CASES = json.loads(str(STORED["cases"]))
PLACE = Path("folder")


def file_of(tensors):
    """The bytes of a safetensors file; tensors: name → (dtype, shape, bytes)."""
    header, data = {}, b""
    for name, (dtype, shape, raw) in tensors.items():
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": offsets}
        data += raw
    return blob(header, data)


def stored_tensors(case):
    return {
        f"layer{name}": (dtype, shape, STORED[f"{case}/{name}"].tobytes())
        for name, (dtype, shape) in CASES[case]["tensors"].items()
    }


def opened(tmp_path, tensors, settings):
    (tmp_path / "model.safetensors").write_bytes(file_of(tensors))
    config = {"quantization_config": settings}
    return unpacked(open_files([tmp_path / "model.safetensors"]), *quantisation(config), PLACE)


@pytest.mark.parametrize("case", CASES)
def test_a_layer_unpacks_to_what_its_library_says(case, tmp_path):
    tensors = opened(tmp_path, stored_tensors(case), CASES[case]["settings"])
    due = STORED[f"{case}/"]
    (name,) = [name for name in ("layer.weight", "layer") if name in tensors]
    found = tensors.array(name)
    if due.ndim == 3:
        assert isinstance(found, Transposed)
        assert np.array_equal(np.asarray(found[1].T[2:4]), due[1].T[2:4])
    else:
        assert isinstance(found, Packed)
        chosen = [3, 0, 3]
        assert np.array_equal(found[chosen].astype(np.float32), np.asarray(found)[chosen])
        assert found[2:2].astype(np.float32).shape == (0, due.shape[1])
        assert np.array_equal(np.asarray(found[1:4]), np.asarray(found)[1:4])
    assert tensors[name].shape == due.shape
    # to the last bit, but for MLX, which may fuse the multiplication with the addition
    tolerance = 1e-6 if case.startswith("mlx") else 0
    np.testing.assert_allclose(np.asarray(found), due, rtol=0, atol=tolerance)
    assert not [other for other in tensors if other != name and tensors[other].usable]


def words_of(columns, bits, order=None):
    """(rows, n) whole numbers → (rows, n × bits / 32) words, bit by bit from the definition."""
    per_word = 32 // bits
    rows, n = columns.shape
    words = np.zeros((rows, n // per_word), np.uint32)
    for row in range(rows):
        for column in range(n):
            place = column % per_word
            place = place if order is None else order[place]
            words[row, column // per_word] |= int(columns[row, column]) << (bits * place)
    return words


def gptq_layer(q, zeros, scales, bits, groups=None):
    """q (in, out), zeros and scales (groups, out) → the tensors of a layer."""
    packed, packed_zeros = words_of(q.T, bits).T, words_of(zeros, bits)
    tensors = {
        "qweight": ("I32", packed.shape, np.ascontiguousarray(packed).tobytes()),
        "qzeros": ("I32", packed_zeros.shape, packed_zeros.tobytes()),
        "scales": ("F16", scales.shape, scales.astype(np.float16).tobytes()),
    }
    if groups is not None:
        tensors["g_idx"] = ("I32", groups.shape, groups.astype(np.int32).tobytes())
    return tensors


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("layout", ["gptq", "gptq_v2"])
def test_gptq_by_hand(tmp_path, bits, ordered, layout):
    generator = np.random.RandomState(bits)
    q = generator.randint(0, 2**bits, (64, 32))
    zeros = generator.randint(0, 2**bits, (4, 32))
    scales = generator.rand(4, 32).astype(np.float16)
    groups = np.arange(64) // 16 if ordered else generator.randint(0, 4, 64)
    parts = gptq_layer(q, zeros, scales, bits, None if ordered else groups)
    tensors = {f"model.fc.{name}": tensor for name, tensor in parts.items()}
    settings = {"quant_method": "gptq", "bits": bits, "group_size": 16, "checkpoint_format": layout}
    found = opened(tmp_path, tensors, settings)
    due = np.empty((32, 64), np.float32)
    for out in range(32):
        for i in range(64):
            zero = int(zeros[groups[i], out]) + (layout == "gptq")
            due[out, i] = np.float32(scales[groups[i], out]) * np.float32(int(q[i, out]) - zero)
    assert list(found) == ["model.fc.weight"]
    assert np.array_equal(np.asarray(found.array("model.fc.weight")), due)
    assert np.array_equal(np.asarray(found.array("model.fc.weight")[5:9]), due[5:9])


def test_awq_by_hand(tmp_path):
    generator = np.random.RandomState(1)
    q, zeros = generator.randint(0, 16, (32, 24)), generator.randint(0, 16, (2, 24))
    scales = generator.rand(2, 24).astype(np.float16)
    order = [0, 4, 1, 5, 2, 6, 3, 7]  # column 1 lies in the word's fifth place, and so on
    tensors = {
        "fc.qweight": ("I32", (32, 3), words_of(q, 4, order).tobytes()),
        "fc.qzeros": ("I32", (2, 3), words_of(zeros, 4, order).tobytes()),
        "fc.scales": ("F16", (2, 24), scales.tobytes()),
    }
    found = opened(tmp_path, tensors, {"quant_method": "awq", "bits": 4, "version": "gemm"})
    due = (q - np.repeat(zeros, 16, axis=0)) * np.repeat(scales, 16, axis=0).astype(np.float32)
    weight = found.array("fc.weight")
    assert np.array_equal(np.asarray(weight), due.T.astype(np.float32))
    assert np.array_equal(np.asarray(weight[9:19]), due.T[9:19].astype(np.float32))


def test_a_quantised_checkpoint_runs_and_says_so(tmp_path):
    config, tensors = checkpoints.config("llama"), checkpoints.tensors("llama")
    packed, plain = {}, dict(tensors)
    for name, array in tensors.items():
        if "_proj" not in name or array.shape[1] % 32 or array.shape[0] % 8:
            packed[name] = ("F32", array.shape, array.tobytes())
            continue
        n_out, n_in = array.shape
        scales = (np.abs(array).reshape(n_out, n_in // 32, 32).max(-1).T / 7.5).astype(np.float16)
        zeros = np.full(scales.shape, 7)
        spread = np.repeat(scales, 32, axis=0).astype(np.float32)
        q = np.clip(np.rint(array.T / spread) + 8, 0, 15).astype(int)
        plain[name] = ((q - 8) * spread).T.astype(np.float32)
        for part, tensor in gptq_layer(q, zeros, scales, 4).items():
            packed[name.replace("weight", part)] = tensor
    assert any("qweight" in name for name in packed)
    checkpoints.save(tmp_path / "plain", config, plain)
    settings = {"quant_method": "gptq", "bits": 4, "group_size": 32}
    checkpoints.save(tmp_path / "packed", config | {"quantization_config": settings}, plain)
    (tmp_path / "packed" / "model.safetensors").write_bytes(file_of(packed))
    stored = checkpoints.expected("llama")
    due = computed(tmp_path / "plain", stored)
    assert apart(computed(tmp_path / "packed", stored), due) <= 1e-6
    assert apart(due, answers(stored)) > 1e-3  # rounding to four bits is not nothing
    assert "gptq" in attnviz.load_model(str(tmp_path / "packed")).about()["dtypes"]


UNREAD = {
    "hqq, 3 bit": {"quant_method": "hqq", "quant_config": {}, "nbits": 3},
    "hqq, 2 bit": {
        "quant_method": "hqq", "quant_config": {"weight_quant_params": {"nbits": 2}},
    },
    "aqlm": {"quant_method": "aqlm"},
    "compressed-tensors, nvfp4-pack-quantized": {
        "quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized",
        "config_groups": {"a": {"weights": {"num_bits": 4}}},
    },
    "unknown": {"anything": 1},
}  # fmt: skip


@pytest.mark.parametrize("named", UNREAD)
def test_what_is_not_read_is_called_by_its_name(named, tmp_path):
    config = checkpoints.config("llama") | {"quantization_config": UNREAD[named]}
    checkpoints.save(tmp_path, config, checkpoints.tensors("llama"))
    with pytest.raises(AttnvizError, match=r"quantised \(.*give the original") as caught:
        attnviz.load_model(str(tmp_path))
    assert named in str(caught.value)


def test_layers_of_mlx_may_have_widths_of_their_own(tmp_path):
    """As mlx_lm writes them: under the name of the layer, beside the width of all others."""
    tensors = {}
    for case in ("mlx 4", "mlx 8"):
        own = {name.replace("layer", case): each for name, each in stored_tensors(case).items()}
        tensors |= own
    settings = CASES["mlx 4"]["settings"] | {"mlx 8": CASES["mlx 8"]["settings"]}
    found = opened(tmp_path, tensors, settings)
    for case in ("mlx 4", "mlx 8"):
        assert np.array_equal(np.asarray(found.array(f"{case}.weight")), STORED[f"{case}/"])


def test_mlx_is_known_by_its_own_field():
    assert quantisation({"quantization": {"bits": 4, "group_size": 64}})[0] == "mlx"
    both = {"group_size": 64, "bits": 4, "mode": "affine"}
    assert quantisation({"quantization": both, "quantization_config": both})[0] == "mlx"
    assert quantisation({"quantization_config": None}) is None
    assert quantisation({}) is None


@pytest.mark.parametrize(
    "settings",
    [{"bits": 3}, {"bits": None}, {"bits": 1 << 40}, {}, {"bits": [4]}, {"bits": 4.5}],
)
@pytest.mark.parametrize("method", ["gptq", "awq"])
def test_other_widths_are_refused_by_name(tmp_path, settings, method):
    parts = gptq_layer(np.ones((8, 8), int), np.ones((1, 8), int), np.ones((1, 8)), 4)
    tensors = {f"fc.{name}": tensor for name, tensor in parts.items()}
    with pytest.raises(AttnvizError, match=r"fc .*quantised \("):
        opened(tmp_path, tensors, {"quant_method": method, **settings})


def test_every_method_has_a_case_here():
    tested = {CASES[case]["settings"].get("quant_method", "mlx") for case in CASES}
    assert tested | {"gptq", "awq", "fbgemm_fp8"} == set(METHODS)


def bent(tensors, generator):
    """The tensors with a dtype, a shape, a few bytes or a part of a layer changed."""
    name = generator.choice(list(tensors))
    dtype, shape, raw = tensors[name]
    change = generator.choice(["gone", "bytes", "bytes", "shape", "dtype", "short"])
    if change == "gone":
        return {other: tensor for other, tensor in tensors.items() if other != name}
    if change == "bytes":
        raw = bytearray(raw)
        for _ in range(min(len(raw), 4)):
            raw[generator.randrange(len(raw))] = generator.choice(
                [0, 255, generator.randrange(256)]
            )
    elif change == "shape":
        shape = list(shape)
        generator.shuffle(shape)
        shape = generator.choice([shape, [1, *shape], [int(np.prod(shape, dtype=int))]])
    elif change == "dtype":
        same = {1: ["I8", "U8", "F8_E4M3", "BOOL"], 2: ["F16", "BF16", "I16"],
                4: ["F32", "I32", "U32"], 8: ["I64", "F64"]}  # fmt: skip
        width = len(raw) // max(int(np.prod(shape, dtype=int)), 1)
        dtype = generator.choice(same.get(width, [dtype]))
    elif shape and shape[0] > 1:
        raw = raw[: len(raw) // shape[0]]
        shape = [1, *shape[1:]]
    return tensors | {name: (dtype, shape, bytes(raw))}


def unpacks_or_refuses(folder, case, generator):
    """Open a case that was bent, and touch all of it; anything but a refusal passes on."""
    tensors = bent(stored_tensors(case), generator)
    with suppress(AttnvizError), np.errstate(all="ignore"):
        for entry in opened(folder, tensors, CASES[case]["settings"]).values():
            array = np.asarray(entry.read())
            assert array.nbytes <= 64 * sum(len(raw) for *_, raw in tensors.values()) + 4096


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numbers that flips made infinite
def test_any_parts_unpack_or_are_refused(case, tmp_path):
    generator = random.Random(case)
    for _ in range(8):
        unpacks_or_refuses(tmp_path, case, generator)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_two_thousand_bent_layers_unpack_or_are_refused(case, tmp_path):
    generator = random.Random(f"many {case}")
    for _ in range(150):
        unpacks_or_refuses(tmp_path, case, generator)
