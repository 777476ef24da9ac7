"""Attention among arrays that have names: caches of hooks, mappings, files of tensors."""

import io
import os
import pickle
import zipfile

import numpy as np
import pytest

import attnviz
from attnviz.errors import AttnvizError
from attnviz.record.named_arrays import plan
from attnviz.record.open_file import open_file

L, H, N = 12, 3, 4
WEIGHTS = np.random.default_rng(0).dirichlet(np.ones(N), size=(L, H, N)).astype(np.float32)
TOKENS = list("abcd")
OTHER = np.zeros((1, N, H, 5), dtype=np.float32)


class Cache:
    """What TransformerLens hands over: an object with a dict of names."""

    def __init__(self, arrays):
        self.cache_dict = arrays

    def __getitem__(self, name):
        return self.cache_dict[name]


def hooked(batch=True):
    found = {f"blocks.{i}.hook_resid_pre": OTHER for i in range(L)}
    for i in reversed(range(L)):  # the order is that of the numbers, not of the names
        found[f"blocks.{i}.attn.hook_pattern"] = WEIGHTS[i][None] if batch else WEIGHTS[i]
        found[f"blocks.{i}.attn.hook_q"] = OTHER
        found[f"blocks.{i}.attn.hook_attn_scores"] = WEIGHTS[i][None] - 9
    return found | {"hook_embed": OTHER}


MAPPINGS = {
    "a cache": lambda: Cache(hooked()),
    "a cache without a batch": lambda: Cache(hooked(batch=False)),
    "a dict of hooks": hooked,
    "layers": lambda: {f"layer.{i}": WEIGHTS[i] for i in range(L)},
    "layers, heads last": lambda: {
        f"layer_{i}_head_{h}": WEIGHTS[i, h] for h in range(H) for i in range(L)
    },
    "heads, layers last": lambda: {
        f"head{h}.layer{i}": WEIGHTS[i, h] for h in range(H) for i in range(L)
    },
    "numbers": lambda: {i: WEIGHTS[i] for i in range(L)},
    "names of modules": lambda: {
        f"bert.encoder.layer.{i}.attention.self": WEIGHTS[i] for i in range(L)
    },
    "what modules returned": lambda: {
        f"model.layers.{i}.self_attn": (OTHER[0], WEIGHTS[i][None]) for i in range(L)
    },
    "a number that is always the same": lambda: {
        f"model.2.layers.{i}.attn_weights": WEIGHTS[i] for i in range(L)
    },
    "layers that begin with 1": lambda: {f"layer{i + 1}": WEIGHTS[i] for i in range(L)},
}  # fmt: skip


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_mapping_by_its_names(name):
    record = attnviz.from_weights(MAPPINGS[name](), TOKENS)
    np.testing.assert_array_equal(record.stack.weights, WEIGHTS)


def test_an_encoder_and_its_decoder():
    cross = np.full((L, H, N, 2), 0.5, dtype=np.float32)
    source = np.full((L, H, 2, 2), 0.5, dtype=np.float32)
    given = {f"decoder.{i}.attn.hook_pattern": WEIGHTS[i] for i in range(L)}
    given |= {f"encoder.{i}.attn.hook_pattern": source[i] for i in range(L)}
    given |= {f"decoder.{i}.cross_attn.hook_pattern": cross[i] for i in range(L)}
    record = attnviz.from_weights(given, TOKENS, ["x", "y"])
    np.testing.assert_array_equal(record.stacks["decoder"].weights, WEIGHTS)
    np.testing.assert_array_equal(record.stacks["cross"].weights, cross)
    np.testing.assert_array_equal(record.stacks["encoder"].weights, source)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([f"layer_{i}" for i in (0, 1, 3)], "number 2 is missing"),
        (["layer_0_head_0", "layer_0_head_1", "layer_1_head_0"], "heads are missing"),
        (["query", "key"], "none of its arrays"),
        (["blocks.0.a.pattern", "blocks.0.b.pattern"], "none of its arrays"),
        ([f"a{i}b{i}c{i}" for i in range(3)], "none of its arrays"),
        ([], "holds no arrays"),
    ],
)
def test_names_that_do_not_tell(names, said):
    with pytest.raises(AttnvizError, match=said):
        plan("x", names)
    if names:
        with pytest.raises(AttnvizError):
            attnviz.from_weights(dict.fromkeys(names, WEIGHTS[0]), TOKENS)


def test_outputs_without_attentions_still_name_the_way():
    with pytest.raises(AttnvizError, match="eager"):
        attnviz.from_weights({"logits": OTHER, "last_hidden_state": OTHER}, TOKENS)


def test_files_of_the_same(tmp_path):
    np.savez(tmp_path / "cache.npz", **hooked())
    np.savez(tmp_path / "heads.npz", tokens=TOKENS, **MAPPINGS["layers, heads last"]())
    for name in ("cache.npz", "heads.npz"):
        found = open_file(tmp_path / name)
        np.testing.assert_array_equal(found.stack.weights, WEIGHTS)
    assert found.stack.query_tokens.labels == tuple(TOKENS)
    again = attnviz.from_weights(tmp_path / "heads.npz", None)
    assert again.stack.query_tokens.labels == tuple(TOKENS)
    with pytest.raises(AttnvizError, match="File not found"):
        attnviz.from_weights("nowhere.npy", None)
    with pytest.raises(AttnvizError, match="suffix"):
        attnviz.from_weights(__file__, None)


class _Storage:
    """A storage as PyTorch's pickles name it, written without PyTorch."""


def torch_file(path, found):
    """Write what torch.save writes of arrays in containers: a pickle, and raw storages."""
    storages = []

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            if isinstance(value, _Storage):
                return ("storage", value.kind, value.key, "cpu", value.n)
            return None

        def reducer_override(self, value):
            if isinstance(value, np.ndarray):
                storage = _Storage()
                storage.kind, storage.key, storage.n = FloatStorage, str(len(storages)), value.size
                storages.append(value.astype(np.float32).tobytes())
                strides = tuple(step // value.itemsize for step in value.strides)
                return rebuild, (storage, 0, value.shape, strides, False, None)
            return NotImplemented

    data = io.BytesIO()
    Pickler(data, protocol=2).dump(found)
    named = data.getvalue().replace(
        b"c" + __name__.encode() + b"\nFloatStorage\n", b"ctorch\nFloatStorage\n"
    )
    named = named.replace(
        b"c" + __name__.encode() + b"\nrebuild\n", b"ctorch._utils\n_rebuild_tensor_v2\n"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", named)
        for i, storage in enumerate(storages):
            archive.writestr(f"archive/data/{i}", storage)


class FloatStorage:
    """Named so in the file."""


def rebuild(*_):
    """Named so in the file; never called."""
    raise AssertionError


SAVED = {
    "one tensor": lambda: WEIGHTS,
    "a list of layers": lambda: [layer[None] for layer in WEIGHTS],
    "outputs": lambda: {"attentions": tuple(layer[None] for layer in WEIGHTS), "logits": OTHER},
    "a cache": hooked,
}


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".npz"])
@pytest.mark.parametrize("name", SAVED)
def test_tensors_of_pytorch_s_files(tmp_path, name, suffix):
    path = tmp_path / f"w{suffix}"
    torch_file(path, SAVED[name]())
    for record in (open_file(path, TOKENS), attnviz.from_weights(path, TOKENS)):
        np.testing.assert_array_equal(record.stack.weights, WEIGHTS)


class Running:
    """Whoever loads it makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_what_a_pickle_would_run_is_not_run(tmp_path):
    ran = tmp_path / "ran"
    harm = pickle.dumps({"a": Running(str(ran))}, 2)
    with zipfile.ZipFile(tmp_path / "w.pt", "w") as archive:
        archive.writestr("archive/data.pkl", harm)
    (tmp_path / "p.pt").write_bytes(harm)
    for name in ("w.pt", "p.pt"):
        with pytest.raises(AttnvizError) as error:
            open_file(tmp_path / name)
        assert "\n" not in str(error.value)
    assert not ran.exists()
    pickle.loads(harm)
    assert ran.exists()
