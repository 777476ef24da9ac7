"""gpt-oss: experts in four bits are those of their numbers, and learned sinks show."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.files.safetensors import open_files
from tests.reference import checkpoints
from tests.reference.in_process import run_command_line

IDS = [5, 17, 60, 3, 9, 23, 41, 30]
# The sixteen numbers of MXFP4 (OCP Microscaling Formats 1.0, table 4).
NUMBERS = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], "f4")
INNER = 32  # numbers share a scale by 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("gpt_oss")
    checkpoints.write("gpt_oss", place)
    return place


def save_bytes(folder, config, tensors):
    """As checkpoints.save, of float32 and of bytes."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    header, data = {}, b""
    for name, values in tensors.items():
        kind = "U8" if values.dtype == np.uint8 else "F32"
        place = [len(data), len(data) + values.nbytes]
        header[name] = {"dtype": kind, "shape": values.shape, "data_offsets": place}
        data += values.tobytes()
    head = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + data)


def packed(draw, n_experts, n_out, n_in):
    """Blocks and scales as openai/gpt-oss-20b stores them, and the numbers, (experts, in, out)."""
    codes = draw.randint(0, 16, size=(n_experts, n_out, n_in // 32, 32)).astype(np.uint8)
    scales = draw.randint(122, 126, size=codes.shape[:3]).astype(np.uint8)
    blocks = codes[..., ::2] | codes[..., 1::2] << 4
    numbers = NUMBERS[codes] * np.exp2(scales.astype("f4") - 127)[..., None]
    return blocks, scales, numbers.reshape(n_experts, n_out, n_in).swapaxes(1, 2)


def test_experts_in_four_bits_are_those_of_their_numbers(folder, tmp_path):
    file = open_files([folder / "model.safetensors"])
    plain = {name: np.array(file.array(name)) for name in file}
    config = json.loads((folder / "config.json").read_text())
    width, n_experts = config["hidden_size"], config["num_local_experts"]
    small, draw = dict(plain), np.random.RandomState(4)
    for i in range(config["num_hidden_layers"]):
        at = f"layers.{i}.mlp.experts."
        biases = f"{at}gate_up_proj_bias"
        plain[biases] = small[biases] = draw.standard_normal((n_experts, 2 * INNER)).astype("f4")
        for name, sizes in (("gate_up_proj", (2 * INNER, width)), ("down_proj", (width, INNER))):
            blocks, scales, plain[at + name] = packed(draw, n_experts, *sizes)
            del small[at + name]
            small |= {f"{at}{name}_blocks": blocks, f"{at}{name}_scales": scales}
    config["intermediate_size"] = INNER
    plain = {name: np.ascontiguousarray(values) for name, values in plain.items()}
    save_bytes(tmp_path / "plain", config, plain)
    save_bytes(
        tmp_path / "small", config | {"quantization_config": {"quant_method": "mxfp4"}}, small
    )
    whole, four = (attnviz.trace(ids=IDS, model=str(tmp_path / n)) for n in ("plain", "small"))
    np.testing.assert_allclose(four.stack.weights, whole.stack.weights, atol=1e-6)


def test_what_goes_to_learned_sinks_is_said(folder, capsys):
    line = ["run", "--ids", ",".join(map(str, IDS)), "--model", str(folder)]
    weights = attnviz.trace(ids=IDS, model=str(folder)).stack.weights
    assert run_command_line(line) == 0
    share = f"{100 * (1 - weights.sum(axis=-1).mean()):.0f}%"
    assert f"{share} of all weight goes to learned sinks" in capsys.readouterr().out
    assert run_command_line([*line, "--query", "4", "--layer", "1", "--head", "2"]) == 0
    rows = capsys.readouterr().out.splitlines()
    (sunk,) = [row.split()[-1] for row in rows if row.strip().startswith("learned sink ")]
    assert float(sunk.rstrip("%")) == pytest.approx(100 * (1 - weights[1, 2, 4].sum()), abs=0.006)


def test_what_was_divided_anew_has_no_sinks(folder, capsys):
    line = ["run", "--ids", "5,17,60", "--model", str(folder), "--measure", "values"]
    assert run_command_line(line) == 0
    assert "learned sinks" not in capsys.readouterr().out
