"""Live against torch.save: every view, dtype and wrapper that it writes reads the same."""

import random
from collections import OrderedDict

import numpy as np
import pytest
import torch

from attnviz import AttnvizError
from attnviz.files.pickled import open_pickled
from tests.files.test_pickled import OLD, RICH, mutated, reads_or_refuses

X = torch.arange(24.0).reshape(2, 3, 4)
VIEWS = {
    "whole": X, "turned": X.permute(2, 0, 1), "rows": X[1:, ::2], "cut": X[:, 1:, 1:3],
    "expanded": X[:1].expand(5, 3, 4), "number": torch.tensor(3.0), "empty": torch.zeros(0, 3),
    "diagonal": X[0].diagonal(), "double": X.double(), "half": X.half(), "narrow": X.bfloat16(),
    "parameter": torch.nn.Parameter(X[0].T), "last": X.flatten()[-1:],
}  # fmt: skip


def assert_same(tensors, due):
    assert list(tensors) == list(due)
    for name, tensor in due.items():
        found = tensors.array(name)
        assert found.shape == tuple(tensor.shape)
        wide = tensor.detach().double().numpy()
        assert np.array_equal(found.astype(np.float64), wide), name


@pytest.mark.parametrize("wrap", [dict, OrderedDict, lambda d: {"epoch": 3, "model": d}])
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("zipped", [True, False])
def test_views_and_dtypes(tmp_path, wrap, protocol, zipped):
    torch.save(
        wrap(VIEWS), tmp_path / "m.pt", pickle_protocol=protocol,
        _use_new_zipfile_serialization=zipped,
    )  # fmt: skip
    assert_same(open_pickled(tmp_path / "m.pt"), VIEWS)


def test_state_dicts_with_their_training(tmp_path):
    model = torch.nn.TransformerEncoderLayer(8, 2, 16)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 8)).sum().backward()
    optimizer.step()
    state = {"state_dict": model.state_dict(), "optimizer": optimizer.state_dict(), "lr": 0.1,
             "shape": X.shape, "dtype": torch.float16, "device": torch.device("cpu")}  # fmt: skip
    torch.save(state, tmp_path / "m.pt")
    assert_same(open_pickled(tmp_path / "m.pt"), model.state_dict())


def test_a_whole_model_is_refused_by_name(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "m.pt")
    with pytest.raises(AttnvizError, match=r"torch\.nn\.modules\.linear\.Linear"):
        open_pickled(tmp_path / "m.pt")


def test_other_dtypes_are_named_as_in_safetensors(tmp_path):
    dtypes = {torch.int64: "I64", torch.int8: "I8", torch.bool: "BOOL", torch.uint16: "U16",
              torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2"}  # fmt: skip
    torch.save({str(d): torch.ones(3).to(d) for d in dtypes}, tmp_path / "m.pt")
    found = open_pickled(tmp_path / "m.pt")
    assert [found[str(dtype)].dtype for dtype in dtypes] == list(dtypes.values())


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # sums of numbers that flips made infinite
def test_two_thousand_mutations_are_read_or_refused(tmp_path, seed):
    generator = random.Random(1000 + seed)
    for _ in range(100):
        (tmp_path / "m.pt").write_bytes(mutated(generator.choice([OLD, RICH]), generator))
        reads_or_refuses(tmp_path / "m.pt")
