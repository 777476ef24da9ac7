"""LoRA adapters: the same numbers as from weights merged by hand, W + α / r · B A in float64."""

import json

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError
from attnviz.cli import run_command_line
from attnviz.tracing.verify import verify
from tests.files.test_safetensors import packed
from tests.models import gguf_files
from tests.models.test_families import apart, computed
from tests.reference import checkpoints

WRAPPER = "base_model.model."
SETTINGS = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "base_model_name_or_path": "base"}
RANK = 4


def draw(*shape):
    return np.random.RandomState(sum(shape)).standard_normal(shape).astype(np.float32) / 3


def save_adapter(folder, pairs, **settings):
    """An adapter's folder; pairs: tensor's name → array, without PEFT's own prefix."""
    folder.mkdir(exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps(SETTINGS | settings))
    tensors = {f"{WRAPPER}{name}": array for name, array in pairs.items()}
    (folder / "adapter_model.safetensors").write_bytes(packed(tensors))
    return folder


def low_rank(tensors, names, rank=RANK):
    """A and B for each of these weights."""
    found = {}
    for name in names:
        n_out, n_in = tensors[name].shape
        module = name.removesuffix(".weight")
        found[f"{module}.lora_A.weight"] = draw(rank, n_in)
        found[f"{module}.lora_B.weight"] = draw(n_out, rank)
    return found


def merged(tensors, pairs, strength, turned=False):
    """The weights as PEFT's merge_and_unload leaves them."""
    changed = dict(tensors)
    for name in pairs:
        if name.endswith("lora_A.weight"):
            module = name.removesuffix(".lora_A.weight")
            a = pairs[name].astype(np.float64)
            b = pairs[f"{module}.lora_B.weight"].astype(np.float64)
            change = strength(module) * (b @ a)
            weight = tensors[f"{module}.weight"]
            changed[f"{module}.weight"] = np.float32(weight + (change.T if turned else change))
    return changed


def names_of(case, *ends):
    return [name for name in checkpoints.tensors(case) if name.endswith(ends)]


def assert_as_merged(tmp_path, case, pairs, strength, prefix="", turned=False, **settings):
    config, tensors = checkpoints.config(case), checkpoints.tensors(case)
    checkpoints.save(tmp_path / "base", config, tensors)
    checkpoints.save(tmp_path / "merged", config, merged(tensors, pairs, strength, turned))
    named = {f"{prefix}{name}": array for name, array in pairs.items()}
    adapter = save_adapter(tmp_path / "mine", named, **settings)
    stored = checkpoints.expected(case)
    due = computed(tmp_path / "merged", stored)
    assert apart(computed(tmp_path / "base", stored), due) > 1e-3
    ids = stored["ids"].tolist()
    record = attnviz.trace(ids=ids, model=str(tmp_path / "base"), adapter=str(adapter))
    assert np.abs(record.stack.weights - due["self"]).max() <= 1e-5
    assert record.model.name == "base + mine"
    alone = attnviz.trace(ids=ids, model=str(adapter))  # names its base: a folder beside it
    assert np.array_equal(alone.stack.weights, record.stack.weights)


@pytest.mark.parametrize(
    ("settings", "strength"),
    [
        ({}, lambda _: 2.0),
        ({"use_rslora": True}, lambda _: 4.0),
        ({"alpha_pattern": {"q_proj": 4, "layers.1.self_attn.o_proj": 2}},
         lambda m: 1.0 if m.endswith("q_proj") else 0.5 if m.endswith("1.self_attn.o_proj") else 2),
        ({"alpha_pattern": {r".*layers\.0\..*": 1}}, lambda m: 0.25 if "layers.0" in m else 2.0),
        ({"rank_pattern": {"q_proj": 4}, "inference_mode": True}, lambda _: 2.0),
    ],
)  # fmt: skip
def test_weights_are_those_of_the_merged_model(tmp_path, settings, strength):
    pairs = low_rank(
        checkpoints.tensors("llama"), names_of("llama", "q_proj.weight", "o_proj.weight")
    )
    base = str(tmp_path / "base")
    prefix = "model." if "model.norm.weight" not in checkpoints.tensors("llama") else ""
    assert_as_merged(
        tmp_path, "llama", pairs, strength, prefix, base_model_name_or_path=base, **settings
    )


def test_ranks_may_differ(tmp_path):
    tensors = checkpoints.tensors("qwen2")
    pairs = low_rank(tensors, names_of("qwen2", "v_proj.weight", "k_proj.weight"))
    pairs |= low_rank(tensors, names_of("qwen2", "down_proj.weight", "q_proj.weight"), rank=2)
    ranks = {"down_proj": 2, "q_proj": 2}
    base = str(tmp_path / "base")

    def strength(module):
        return 8 / (2 if module.endswith(tuple(ranks)) else 4)

    assert_as_merged(
        tmp_path, "qwen2", pairs, strength, rank_pattern=ranks, base_model_name_or_path=base
    )


def test_weights_stored_the_other_way_round(tmp_path):
    tensors, pairs = checkpoints.tensors("gpt2"), {}
    for name in names_of("gpt2", "c_attn.weight"):
        n_in, n_out = tensors[name].shape
        module = name.removesuffix(".weight")
        pairs |= {f"{module}.lora_A.weight": draw(RANK, n_in)}
        pairs |= {f"{module}.lora_B.weight": draw(n_out, RANK)}
    assert_as_merged(
        tmp_path, "gpt2", pairs, lambda _: 2.0, turned=True, fan_in_fan_out=True,
        base_model_name_or_path=str(tmp_path / "base"),
    )  # fmt: skip


def test_embeddings_and_whole_modules(tmp_path):
    config, tensors = checkpoints.config("llama"), checkpoints.tensors("llama")
    words = next(name for name in tensors if name.endswith("embed_tokens.weight"))
    norm = next(name for name in tensors if name.endswith("layers.0.input_layernorm.weight"))
    n_ids, width = tensors[words].shape
    a, b = draw(RANK, n_ids), draw(width, RANK)
    module = words.removesuffix(".weight")
    pairs = {f"{module}.lora_embedding_A": a, f"{module}.lora_embedding_B": b, norm: draw(width)}
    checkpoints.save(tmp_path / "base", config, tensors)
    adapter = save_adapter(tmp_path / "mine", pairs)
    changed = tensors | {words: np.float32(tensors[words] + 2 * (b @ a).T), norm: draw(width)}
    checkpoints.save(tmp_path / "merged", config, changed)
    stored = checkpoints.expected("llama")
    due = computed(tmp_path / "merged", stored)["self"]
    record = attnviz.trace(
        ids=stored["ids"].tolist(), model=str(tmp_path / "base"), adapter=str(adapter)
    )
    assert np.abs(record.stack.weights - due).max() <= 1e-5


def test_predictions_are_those_of_the_merged_model_too(tmp_path, capsys):
    case = "gpt2, with a head"
    config, tensors, pairs = checkpoints.config(case), checkpoints.tensors(case), {}
    for name in names_of(case, "c_attn.weight"):
        n_in, n_out = tensors[name].shape
        module = name.removesuffix(".weight")
        pairs |= {f"{module}.lora_A.weight": draw(RANK, n_in)}
        pairs |= {f"{module}.lora_B.weight": draw(n_out, RANK)}
    checkpoints.save(tmp_path / "base", config, tensors)
    checkpoints.save(tmp_path / "merged", config, merged(tensors, pairs, lambda _: 2.0, True))
    adapter = save_adapter(tmp_path / "mine", pairs, fan_in_fan_out=True)
    folders = [[str(tmp_path / "base"), "--adapter", str(adapter)], [str(tmp_path / "merged")]]
    said = []
    for folder in [*folders, [str(tmp_path / "base")]]:
        assert run_command_line(["predict", "--ids", "3,5,7", "--json", "--model", *folder]) == 0
        (place,) = json.loads(capsys.readouterr().out)["places"]
        said.append({one["id"]: one["probability"] for one in place["candidates"]})
    assert said[0] == pytest.approx(said[1], abs=1e-5)
    assert said[0] != pytest.approx(said[2], abs=1e-3)


def test_an_adapter_changes_a_gguf_file_too(tmp_path):
    file = gguf_files.write("llama", tmp_path / "base.gguf")
    tensors = checkpoints.tensors("llama")
    pairs = low_rank(tensors, names_of("llama", "q_proj.weight"))
    checkpoints.save(
        tmp_path / "merged", checkpoints.config("llama"), merged(tensors, pairs, lambda _: 2.0)
    )
    adapter = save_adapter(tmp_path / "mine", pairs)
    stored = checkpoints.expected("llama")
    due = computed(tmp_path / "merged", stored)["self"]
    record = attnviz.trace(ids=stored["ids"].tolist(), model=str(file), adapter=str(adapter))
    assert np.abs(record.stack.weights - due).max() <= 1e-5


def test_an_adapter_beside_a_whole_model_is_named_and_not_applied(tmp_path):
    checkpoints.write("llama", tmp_path)
    tensors = checkpoints.tensors("llama")
    save_adapter(tmp_path, low_rank(tensors, names_of("llama", "q_proj.weight")))
    stored = checkpoints.expected("llama")
    record = attnviz.trace(ids=stored["ids"].tolist(), model=str(tmp_path))
    assert np.abs(record.stack.weights - stored["self"]).max() <= 1e-5
    assert "not applied" in " ".join(record.notes)


def test_an_adapted_model_is_not_compared_with_the_plain_one(tmp_path):
    checkpoints.write("llama", tmp_path / "base")
    pairs = low_rank(checkpoints.tensors("llama"), names_of("llama", "q_proj.weight"))
    adapter = save_adapter(tmp_path / "mine", pairs)
    model = attnviz.load_model(str(tmp_path / "base"), adapter=str(adapter))
    with pytest.raises(AttnvizError, match="adapter"):
        verify(model)


def refusal(tmp_path, *named, pairs=None, **settings):
    tensors = checkpoints.tensors("llama")
    checkpoints.write("llama", tmp_path / "base")
    pairs = low_rank(tensors, names_of("llama", "q_proj.weight")) if pairs is None else pairs
    adapter = save_adapter(tmp_path / "mine", pairs, **settings)
    with pytest.raises(AttnvizError) as caught:
        attnviz.load_model(str(tmp_path / "base"), adapter=str(adapter))
    for name in named:
        assert name in str(caught.value), str(caught.value)


PAIR = "layers.0.self_attn.q_proj.lora_"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"use_dora": True}, "DoRA"),
        ({"peft_type": "IA3"}, "IA3"),
        ({"peft_type": None}, "None"),
        ({"lora_bias": True}, "biases"),
        ({"lora_alpha": "8"}, "lora_alpha"),
        ({"alpha_pattern": {"(": 2}}, "pattern ("),
    ],
)
def test_other_kinds_are_refused_by_name(tmp_path, settings, named):
    refusal(tmp_path, named, "merge_and_unload", **settings)


@pytest.mark.parametrize(
    ("pairs", "named"),
    [
        ({}, "no low-rank pairs"),
        ({f"{PAIR}A.weight": draw(4, 64)}, "half of a pair"),
        ({f"{PAIR}magnitude_vector": draw(4)}, "magnitude_vector"),
        ({"layers.9.q.lora_A.weight": draw(4, 64), "layers.9.q.lora_B.weight": draw(64, 4)},
         "layers.9.q"),
        ({f"{PAIR}A.weight": draw(4, 63), f"{PAIR}B.weight": draw(64, 4)}, "[4, 63]"),
        ({f"{PAIR}A.weight": draw(4, 64), f"{PAIR}B.weight": draw(64, 5)}, "[64, 5]"),
        ({f"{PAIR}A.weight": draw(4), f"{PAIR}B.weight": draw(64, 4)}, "[4]"),
    ],
)  # fmt: skip
def test_tensors_that_do_not_fit_are_named(tmp_path, pairs, named):
    refusal(tmp_path, named, pairs=pairs)


def test_an_adapter_without_its_base_names_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pairs = low_rank(checkpoints.tensors("llama"), names_of("llama", "q_proj.weight"))
    for base, named in (("./gone/model", "./gone/model"), (None, "does not name")):
        adapter = save_adapter(tmp_path / "mine", pairs, base_model_name_or_path=base)
        with pytest.raises(AttnvizError, match=r"LoRA adapter of .*`adapter`") as caught:
            attnviz.load_model(str(adapter))
        assert named in str(caught.value)


def test_layers_that_are_not_merged_are_named(tmp_path):
    tensors = checkpoints.tensors("llama")
    changed = {name.replace("q_proj.", "q_proj.base_layer."): a for name, a in tensors.items()}
    checkpoints.save(tmp_path, checkpoints.config("llama"), changed)
    with pytest.raises(AttnvizError, match=r"not merged.*merge_and_unload"):
        attnviz.load_model(str(tmp_path))


def test_a_broken_file_of_settings_is_refused(tmp_path):
    checkpoints.write("llama", tmp_path / "base")
    adapter = save_adapter(tmp_path / "mine", {})
    for content in (b"", b"[]", b"\xff", b"[" * 100_000):
        (adapter / "adapter_config.json").write_bytes(content)
        with pytest.raises(AttnvizError, match="adapter_config"):
            attnviz.load_model(str(tmp_path / "base"), adapter=str(adapter))
    (adapter / "adapter_config.json").write_text(json.dumps(SETTINGS))
    (adapter / "adapter_model.safetensors").unlink()
    with pytest.raises(AttnvizError, match="adapter_model"):
        attnviz.load_model(str(tmp_path / "base"), adapter=str(adapter))
