"""Checkpoint folders as they come: what is found in them, and what a refusal calls by its name."""

import json

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError
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
    with pytest.raises(AttnvizError, match=r"2 models.*ctx\., question\."):
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
