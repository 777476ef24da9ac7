"""Checkpoint folders as they come: what is found in them, and what a refusal calls by its name."""

import json

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError
from attnviz.models.checkpoint.folder import open_weights, weight_files
from attnviz.models.find import find_folder
from tests.files.test_pickled import GOOD
from tests.files.test_safetensors import packed
from tests.models.test_families import computed
from tests.reference import checkpoints


def test_a_folder_whose_own_code_is_not_run_says_so(tmp_path):
    config = checkpoints.config("llama") | {"auto_map": {"AutoModel": "modeling_mine.Mine"}}
    checkpoints.save(tmp_path, config, checkpoints.tensors("llama"))
    record = attnviz.trace(ids=[1, 2, 3], model=str(tmp_path))
    assert "not run" in " ".join(record.notes)
    assert attnviz.load_model(str(tmp_path)).about()["notes"] == list(record.notes)


def test_two_models_in_one_file_are_named(tmp_path):
    config, tensors = checkpoints.config("bert"), checkpoints.tensors("bert")
    both = {f"{side}.{name}": a for side in ("ctx", "question") for name, a in tensors.items()}
    checkpoints.save(tmp_path, config, both)
    with pytest.raises(AttnvizError, match=r"2 models.*ctx, question\. "):
        attnviz.load_model(str(tmp_path))


@pytest.mark.parametrize("name", ["0_Transformer", "."])
def test_the_transformer_of_a_sentence_model_is_found(tmp_path, name):
    checkpoints.write("bert", tmp_path / name)
    modules = [
        {"idx": 0, "name": "0", "path": name, "type": "sentence_transformers.models.Transformer"}
    ]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    stored = checkpoints.expected("bert")
    assert np.abs(computed(tmp_path, stored)["self"] - stored["self"]).max() <= 1e-5


def test_words_that_a_file_keeps_under_the_outputs_name_alone(tmp_path):
    config, tensors = checkpoints.config("llama"), checkpoints.tensors("llama")
    words = next(name for name in tensors if name.endswith("embed_tokens.weight"))
    kept = {f"model.{name}": a for name, a in tensors.items() if name != words}
    kept["lm_head.weight"] = tensors[words]
    stored = checkpoints.expected("llama")
    for n, (notes, tied) in enumerate(
        [({f"model.{words}": "lm_head.weight"}, False), (None, True)]
    ):
        folder = tmp_path / str(n)
        checkpoints.save(folder, config | {"tie_word_embeddings": tied}, {})
        (folder / "model.safetensors").write_bytes(packed(kept, notes))
        assert np.abs(computed(folder, stored)["self"] - stored["self"]).max() <= 1e-5


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (["params.json", "consolidated.00.pth"], "authors' own program"),
        (["model.onnx"], "ONNX"),
        (["inner/config.json", "other/a"], "inner has one"),
        (["snapshots/abc/config.json"], "snapshots/abc has one"),
        (["a/config.json", "b/config.json"], "Give the folder of a Hugging Face checkpoint"),
    ],
)
def test_a_folder_without_a_config_is_told_apart(tmp_path, files, says):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    with pytest.raises(AttnvizError, match=rf"has no config\.json.*({says})"):
        attnviz.load_model(str(tmp_path))


FOREIGN = {
    "model.onnx": "ONNX", "tf_model.h5": "TensorFlow", "model.ckpt.index": "TensorFlow",
    "flax_model.msgpack": "Flax", "rust_model.ot": "Rust", "openvino_model.xml": "OpenVINO",
    "model.tflite": "TensorFlow Lite", "a.nemo": "NeMo", "model.bin": "CTranslate2",
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_weights_of_another_program_are_called_by_its_name(tmp_path, name):
    (tmp_path / "config.json").write_text(json.dumps(checkpoints.config("bert")))
    (tmp_path / name).write_bytes(b"\x06\0\0\0")
    with pytest.raises(AttnvizError, match=rf"{FOREIGN[name]}.*{name}"):
        attnviz.load_model(str(tmp_path))


def test_the_only_file_of_pytorch_holds_the_weights_whatever_its_name(tmp_path):
    """What training leaves beside them is none of them."""
    for name in ("best.pt", "optimizer.pt", "rng_state_0.pth", "training_args.bin"):
        (tmp_path / name).write_bytes(GOOD)
    assert weight_files(tmp_path) == [tmp_path / "best.pt"]
    assert list(open_weights(tmp_path)) == ["w"]
    (tmp_path / "config.json").write_text(json.dumps(checkpoints.config("bert")))
    assert find_folder(str(tmp_path / "best.pt"), ()) == tmp_path
    with pytest.raises(AttnvizError, match=r"optimizer\.pt is a file"):
        find_folder(str(tmp_path / "optimizer.pt"), ())
    (tmp_path / "last.pt").write_bytes(GOOD)
    with pytest.raises(AttnvizError, match=r"several files of weights: best\.pt, last\.pt"):
        open_weights(tmp_path)


def test_a_config_without_a_type_is_said_to_have_none(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(AttnvizError, match="does not say its model_type"):
        attnviz.load_model(str(tmp_path))
