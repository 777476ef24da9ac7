"""Checkpoint folders: what is wrong with a config or its weights is said in one line, and what is
right gives the same numbers in whichever form it is stored."""

import hashlib
import json
import math
import re
import signal
import tracemalloc
from contextlib import contextmanager

import ml_dtypes
import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError
from attnviz.language.languages import find_language
from attnviz.models.checkpoint.config import BOOKKEEPING
from attnviz.models.model import Inputs
from attnviz.tracing.recorder import Recorder
from tests.files.test_safetensors import F8, FILE, packed, packed_in_shards
from tests.reference import checkpoints

BF16 = np.dtype(ml_dtypes.bfloat16)
IDS = [5, 17, 60, 3, 0, 23, 41]
SOURCE = [9, 8, 30, 2]
TOLERANCE = 1e-5


def save(folder, case, tensors=None, *, config=None, without=(), **changed):
    """A tiny checkpoint of the case with other tensors and config fields; gives the folder."""
    config = (checkpoints.config(case) if config is None else config) | changed
    for name in without:
        del config[name]
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / FILE).write_bytes(packed(checkpoints.tensors(case) if tensors is None else tensors))
    return folder


def traced(folder, **options):
    """A run on a few ids, which fit every tiny checkpoint."""
    model = attnviz.load_model(folder)
    fed = {"ids": IDS} | ({"source_ids": SOURCE} if model.reads_source else {})
    return attnviz.trace(model=model, **(fed | options))


def numbers(folder, ids=IDS):
    """Stack → weights, and the final hidden state."""
    model = attnviz.load_model(folder)
    fed = Inputs(ids=ids, source_ids=SOURCE if model.reads_source else None)
    prepared = model.prepare(fed)
    recorder = Recorder(model.stacks(prepared))
    hidden = model.run(prepared, recorder.attend)
    return {name: stack.weights for name, stack in recorder.stacks().items()} | {"hidden": hidden}


def assert_close(got, expected, tolerance):
    assert set(got) == set(expected)
    for name, value in expected.items():
        off = tolerance * max(1, np.abs(value).max())
        np.testing.assert_allclose(got[name], value, rtol=0, atol=off, err_msg=name)


def refusal(work, *named):
    """The error that `work` ends with: one line that names all of `named`."""
    with pytest.raises(AttnvizError) as caught:
        work()
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 1000
    for name in named:
        assert str(name) in said
    return said


def loading(folder):
    return lambda: attnviz.load_model(folder)


# The config as a file.

DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
CONFIGS = {
    "empty": b"",
    "not JSON": b"model_type: bert",
    "half": b'{"model_type": "bert"',
    "binary": bytes(range(256)),
    "deep": DEEP,
    "list": b'["bert"]',
    "null": b"null",
    "text": b'"bert"',
    "number": b"12",
    "5000 digits": b'{"model_type": "bert", "hidden_size": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("name", CONFIGS)
def test_configs_that_are_none(tmp_path, name):
    save(tmp_path, "bert")
    (tmp_path / "config.json").write_bytes(CONFIGS[name])
    refusal(loading(tmp_path), tmp_path / "config.json")


def test_a_folder_without_config(tmp_path):
    save(tmp_path, "bert")
    (tmp_path / "config.json").unlink()
    refusal(loading(tmp_path), tmp_path, "config.json")
    (tmp_path / "config.json").mkdir()
    refusal(loading(tmp_path), tmp_path, "config.json")
    refusal(loading(tmp_path / "none"), tmp_path / "none")
    refusal(loading(tmp_path / FILE), FILE, "folder")


FAMILIES = (
    "bert", "roberta", "xlm-roberta", "camembert", "distilbert", "mpnet", "electra", "albert",
    "modernbert", "longformer", "gpt2", "gpt_neo", "gpt_neox", "llama", "mistral", "qwen2", "qwen3",
    "phi3", "gemma2", "gemma3_text", "t5", "mt5", "bart", "mbart", "marian", "m2m_100", "pegasus",
)  # fmt: skip


@pytest.mark.parametrize(
    "kind", ["jamba", "mamba", "Llama", "bert ", "", 3, ["bert"], {"bert": 1}, True]
)
def test_an_unknown_family_is_named_beside_those_that_are_read(tmp_path, kind):
    said = refusal(loading(save(tmp_path, "bert", model_type=kind)), "model_type", *FAMILIES)
    named = kind if isinstance(kind, str) else json.dumps(kind)
    assert said.startswith(f"attnviz does not read {named} yet")


def test_a_missing_family_is_said(tmp_path):
    for how in ({"without": ["model_type"]}, {"model_type": None}):
        said = refusal(loading(save(tmp_path, "bert", **how)), "does not say its model_type")
        assert "the model was saved with" in said


# Its fields.

MATTER = [
    *[(case, "alibi", 1) for case in ("bert", "gpt2", "llama", "t5", "bart")],
    ("bert", "pruned_heads", {"0": [3]}),
    ("gpt2", "add_cross_attention", True),
    *[(case, "is_causal", False) for case in ("gpt2", "gpt_neo", "gpt_neox", "gemma")],
    ("mistral", "num_local_experts", 8),
    ("roberta", "position_embedding_type", "relative_key"),
]
HARMLESS = {
    "is_llama_config": True, "rope_interleaved": False, "unsloth_fixed": True,
    "unsloth_version": "2025.1", "full_attn_mod": 1, "interpolate_factor": 1,
    "sentence_transformers": {"version": "4.0"}, "transformers.js_config": {"dtype": "q8"},
    "neftune_noise_alpha": 5, "max_sequence_length": 2048, "extra": {"a": 1}, "kernels": [3],
}  # fmt: skip


@pytest.mark.parametrize(("case", "field", "value"), MATTER)
def test_a_field_that_changes_the_numbers_is_named_unless_it_is_off(tmp_path, case, field, value):
    folder = save(tmp_path, case, **{field: value})
    refusal(loading(folder), folder / "config.json", f"{field} = {json.dumps(value)}")
    attnviz.load_model(save(tmp_path, case, **{field: None}))


@pytest.mark.parametrize("case", ["bert", "gpt2", "llama", "t5", "bart"])
def test_fields_that_no_code_reads_change_nothing_and_are_named(tmp_path, case):
    plain = numbers(save(tmp_path / "plain", case))
    folder = save(tmp_path / "more", case, **HARMLESS)
    assert_close(numbers(folder), plain, 0)
    [note] = attnviz.load_model(folder).notes
    assert note.startswith("Fields of config.json that were not read: ")
    assert all((name in note) == bool(value) for name, value in HARMLESS.items())
    assert traced(folder).notes == (note,)
    assert attnviz.load_model(tmp_path / "plain").notes == ()


def test_other_names_of_fields_are_read(tmp_path):
    """As GPT-2's hidden_size for n_embd; two that differ are refused."""
    config = checkpoints.config("gpt2")
    plain = numbers(save(tmp_path / "a", "gpt2"))
    other = save(tmp_path / "b", "gpt2", without=["n_embd"], hidden_size=config["n_embd"])
    both = save(tmp_path / "c", "gpt2", hidden_size=config["n_embd"])
    for folder in (other, both):
        assert_close(numbers(folder), plain, 0)
        assert not attnviz.load_model(folder).notes
    refusal(loading(save(tmp_path / "d", "gpt2", hidden_size=999)), "hidden_size = 999")


def test_a_long_list_of_fields_is_cut(tmp_path):
    folder = save(tmp_path, "bert", **{f"field_{i}": 1 for i in range(999)})
    assert len(attnviz.load_model(folder).notes[0]) < 300


# Halves and towers.


@pytest.mark.parametrize("flat", [False, True])
def test_the_text_half_of_a_model_of_text_and_images(tmp_path, flat):
    """The same numbers as the half alone: in transformers text_config is of the same class."""
    config, tensors = checkpoints.config("qwen2"), checkpoints.tensors("qwen2")
    plain = numbers(save(tmp_path / "text", "qwen2"))
    half = config | {"model_type": "qwen2_vl_text"}
    rope = {"type": "mrope", "mrope_section": [1, 1, 0]}
    half = {n: v for n, v in half.items() if n != "rope_parameters"}
    half |= {"rope_scaling": rope, "rope_theta": config["rope_parameters"]["rope_theta"]}
    whole = {"model_type": "qwen2_vl", "image_token_id": 9}
    whole["vision_config"] = {"model_type": "another_tower", "depth": 2}
    whole |= half | {"model_type": "qwen2_vl"} if flat else {"text_config": half}
    named = {f"model.language_model.{name}": value for name, value in tensors.items()}
    named["visual.patch_embed.proj.weight"] = np.zeros((2, 2), np.float32)
    folder = save(tmp_path / "whole", "", named, config=whole)
    assert_close(numbers(folder), plain, 0)
    assert attnviz.load_model(folder).notes == ()


def test_a_text_half_of_a_family_that_is_not_read_is_named(tmp_path):
    config = {"model_type": "llava", "text_config": {"model_type": "bamba"}}
    refusal(loading(save(tmp_path, "bert", config=config)), "does not read bamba yet")


def test_an_encoder_of_t5_alone(tmp_path):
    tensors = checkpoints.tensors("t5")
    whole = numbers(save(tmp_path / "whole", "t5"), ids=SOURCE)
    half = {name: v for name, v in tensors.items() if not name.startswith("decoder.")}
    folder = save(tmp_path / "half", "t5", half, architectures=["T5EncoderModel"])
    model = attnviz.load_model(folder)
    assert (list(model.layouts), model.type, model.reads_source) == (["self"], "self", False)
    assert_close({"self": numbers(folder, SOURCE)["self"]}, {"self": whole["encoder"]}, 0)


def test_two_towers_in_one_file_are_named(tmp_path):
    tensors = checkpoints.tensors("bert")
    both = {f"{who}.{name}": v for who in ("ctx", "question") for name, v in tensors.items()}
    refusal(loading(save(tmp_path, "bert", both)), "2 models", "ctx, question.")


@pytest.mark.parametrize("case", ["llama", "qwen3"])
def test_a_decoder_made_to_look_both_ways(tmp_path, case):
    model = attnviz.load_model(save(tmp_path, case, is_causal=False))
    assert {str(mask) for mask in model.layouts["self"].masks} == {"full"}
    assert model.type == "self"


@pytest.mark.parametrize("case", ["bert", "llama", "gpt2", "m2m_100"])
@pytest.mark.parametrize(
    "how", [{"quant_method": "gptq", "bits": 4}, {"load_in_8bit": True}, "awq"]
)
def test_whole_weights_whose_config_calls_them_quantised_are_refused(tmp_path, case, how):
    named = "quantization_config" if how == "awq" else "none of them is"
    refusal(loading(save(tmp_path, case, quantization_config=how)), named)


# case: whole numbers of its config, and numbers.
NUMBERS = {
    "bert": (
        "hidden_size num_attention_heads num_hidden_layers intermediate_size vocab_size "
        "max_position_embeddings", "layer_norm_eps",
    ),
    "gpt2": ("n_embd n_head n_layer vocab_size n_positions", "layer_norm_epsilon"),
    "llama": (
        "hidden_size num_attention_heads num_key_value_heads num_hidden_layers head_dim "
        "vocab_size intermediate_size", "rms_norm_eps",
    ),
    "mistral": ("sliding_window", ""),
    "gpt_neo": ("hidden_size num_heads num_layers window_size", "layer_norm_epsilon"),
    "gemma2": ("sliding_window", "query_pre_attn_scalar attn_logit_softcapping"),
    "modernbert": ("local_attention", "norm_eps"),
    "t5": ("d_model d_kv d_ff num_heads num_layers relative_attention_num_buckets", ""),
    "bart": ("d_model encoder_layers decoder_attention_heads max_position_embeddings", ""),
}  # fmt: skip
NO_NUMBERS = ("12", "x", True, [12], {"a": 1}, float("nan"), float("inf"))
NO_WHOLE_NUMBERS = (*NO_NUMBERS, -1, 0, 0.5, 2.5, 12.0, 1e300, -(10**30))
WRONG = [
    (case, field, value)
    for case, lists in NUMBERS.items()
    for names, values in zip(lists, (NO_WHOLE_NUMBERS, NO_NUMBERS), strict=True)
    for field in names.split()
    for value in values
]


def test_wrong_values_are_named(tmp_path):
    """Every field of `NUMBERS` with every value that it cannot have."""
    missed = []
    for case, field, value in WRONG:
        folder = tmp_path / case.replace("_", "")
        config = checkpoints.config(case) | {field: value}
        if folder.exists():
            (folder / "config.json").write_text(json.dumps(config))
        else:
            save(folder, case, **{field: value})
        try:
            attnviz.load_model(folder)
            missed.append((case, field, value, "loads"))
        except AttnvizError as error:
            # a shape that cannot be is as good a name
            named = f"{field} = {json.dumps(value)}" in str(error)
            if not named or str(folder) not in str(error) or "\n" in str(error):
                missed.append((case, field, value, str(error)))
    assert missed == []


@pytest.mark.parametrize(
    ("case", "field", "value"),
    [
        ("bert", "num_attention_heads", 3),
        ("bert", "hidden_act", "gelu_old"),
        ("bert", "position_embedding_type", "relative_key"),
        ("bert", "add_cross_attention", True),
        ("bert", "is_decoder", "yes"),
        ("bert", "is_decoder", 1),
        ("gpt2", "n_head", 5),
        ("gpt2", "activation_function", "mish"),
        ("gpt2", "scale_attn_weights", "no"),
        ("gpt_neo", "attention_layers", ["global"]),
        ("gpt_neo", "attention_layers", ["global", "none"]),
        ("llama", "num_key_value_heads", 3),
        ("llama", "rope_parameters", "default"),
        ("llama", "rope_parameters", [1]),
        ("mistral", "sliding_window", -4),
        ("qwen2, windows", "layer_types", ["full_attention"]),
        ("qwen2, windows", "layer_types", ["full_attention", "chunked", "full_attention"]),
        ("gemma2", "layer_types", "full_attention"),
        ("t5", "dense_act_fn", "mish"),
        ("bart", "encoder_attention_heads", 5),
        ("bart", "activation_function", ""),
    ],
)
def test_values_that_the_family_does_not_have(tmp_path, case, field, value):
    folder = save(tmp_path, case, **{field: value})
    refusal(loading(folder), folder / "config.json", field, json.dumps(value))


@pytest.mark.parametrize("case", ["bert", "gpt2", "llama", "t5", "bart"])
def test_config_and_weights_of_different_models(tmp_path, case):
    """Each size of the config, one more: the tensor is named, and both shapes."""
    wanted = r"The tensor [\w.]+ in .+ has shape \[[\d, ]+\], and config.json means \[[\d, ]+\]"
    for field in NUMBERS[case][0].split():
        if any(part in field for part in ("head", "layers", "n_layer", "d_kv")):
            continue
        value = checkpoints.config(case)[field]
        heads = {"hidden_size", "n_embd", "d_model"} & {field}
        said = refusal(
            loading(save(tmp_path, case, **{field: 2 * value if heads else value + 1})), tmp_path
        )
        assert re.search(wanted, said), field


def test_more_layers_than_there_are(tmp_path):
    folder = save(tmp_path, "bert", num_hidden_layers=3)
    refusal(loading(folder), tmp_path, "encoder.layer.2.")
    attnviz.load_model(save(tmp_path, "bert", num_hidden_layers=1))


ODD = (
    "x", "", -1, 0, 3, -0.5, True, [], [[1]], [{}], {"a": 1}, 1e300, 10**7, 10**20, 10**400,
    float("inf"), "gelu",
)  # fmt: skip
# One of each family, and the rotations that read most numbers.
ODD_CASES = (
    "bert", "roberta", "distilbert", "mpnet", "electra", "albert", "modernbert", "longformer",
    "gpt2", "gpt_neo", "gpt_neox", "llama", "llama, llama3 rotation", "llama, linear rotation",
    "llama, yarn rotation", "llama, dynamic rotation", "mistral", "qwen2, windows", "qwen3", "phi3",
    "phi3, long rotation", "gemma", "gemma2", "gemma3_text", "t5", "bart", "mbart", "marian",
    "m2m_100", "pegasus",
)  # fmt: skip


class TooLongError(Exception):
    """It would have gone on for ever."""


@contextmanager
def at_most(seconds):
    """Of this process's own time: how busy the machine is does not matter."""

    def stop(*_):
        raise TooLongError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def places_in(tree, path=()):
    for key, value in tree.items():
        yield (*path, key)
        if isinstance(value, dict) and key.startswith(("rope", "full_", "sliding_")):
            yield from places_in(value, (*path, key))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer")
@pytest.mark.parametrize("case", ODD_CASES)
def test_any_value_of_any_field_runs_or_is_refused(tmp_path, case):
    """Nothing but AttnvizError comes out (nor a warning), and nothing goes on for ever."""
    folder, found = save(tmp_path, case), {}
    ids = checkpoints.expected(case)["ids"].tolist()  # more than some rotations were made for
    for path in places_in(checkpoints.config(case)):
        for odd in ODD if path[0] not in BOOKKEEPING else ():
            config = at = checkpoints.config(case)
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = odd
            (folder / "config.json").write_text(json.dumps(config))
            try:
                with at_most(0.5):
                    traced(folder, ids=ids)
            except AttnvizError as error:
                if "\n" in str(error):
                    found["two lines"] = str(error)
            except Exception as error:
                found[f"{type(error).__name__}: {error}"[:70]] = f"{'.'.join(path)} = {odd!r:.20}"
    assert not found, "\n".join(f"{what} ← {why}" for what, why in found.items())


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer")
def test_a_pattern_of_layers_that_never_ends(tmp_path):
    endless = [[["global", "local"], 10**12]]
    folder = save(tmp_path, "gpt_neo", without=["attention_layers"], attention_types=endless)
    with at_most(0.3):
        refusal(loading(folder), "attention_types")


# Its tensors.

# What a model can be without: heads, poolers, and what is tied or made anew.
NOT_NEEDED = re.compile(r"^(pooler|cls|lm_head|final_logits_bias)\.?|masked_bias|rotary_emb")


@pytest.mark.parametrize(
    "case", ["bert", "distilbert", "modernbert", "gpt2", "llama, biases", "gemma2", "t5", "bart"]
)
def test_a_missing_tensor_and_a_wrong_shape_are_named(tmp_path, case):
    tensors = checkpoints.tensors(case)
    for name, array in tensors.items():
        rest = {other: values for other, values in tensors.items() if other != name}
        wide = np.concatenate([array, array[:1]])
        if NOT_NEEDED.search(name):
            attnviz.load_model(save(tmp_path, case, rest))
            attnviz.load_model(save(tmp_path, case, rest | {name: wide}))
            continue
        if not name.endswith(".bias"):  # some are told by their presence
            refusal(loading(save(tmp_path, case, rest)), tmp_path)
        said = refusal(loading(save(tmp_path, case, rest | {name: wide})), name, tmp_path / FILE)
        assert f"{list(wide.shape)}" in said
        assert f"{list(array.shape)}" in said


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("bert", "encoder.layer.1.attention.self.key.weight"),
        ("bert", "encoder.layer.0.intermediate.dense.bias"),
        ("bert, with a head", "bert.embeddings.LayerNorm.weight"),
        ("gpt2", "h.1.attn.c_attn.weight"),
        ("llama", "layers.1.mlp.up_proj.weight"),
        ("t5", "decoder.block.2.layer.1.EncDecAttention.q.weight"),
        ("t5", "shared.weight"),
        ("bart", "decoder.layers.0.encoder_attn_layer_norm.bias"),
        ("m2m_100", "encoder.layer_norm.weight"),
    ],
)
def test_a_missing_tensor_is_named_with_the_folder(tmp_path, case, name):
    tensors = checkpoints.tensors(case)
    del tensors[name]
    refusal(loading(save(tmp_path, case, tensors)), f"tensor {name} ", tmp_path)


@pytest.mark.parametrize("turn", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("case", ["bert", "gpt2", "llama", "gemma2", "t5", "bart", "longformer"])
def test_numbers_that_are_none_are_traced_to_their_tensor(tmp_path, case, turn):
    """Every other tensor is infinite; in the slow run the others are."""
    tensors = checkpoints.tensors(case)
    for i, (name, array) in enumerate(tensors.items()):
        if NOT_NEEDED.search(name):
            continue
        value = (np.nan, np.inf)[(i + turn) % 2]
        spoilt = tensors | {name: np.full_like(array, value)}
        save(tmp_path, case, spoilt)
        refusal(lambda: traced(tmp_path), f"tensor {name} ", tmp_path / FILE)


@pytest.mark.parametrize("dtype", [np.float16, BF16, np.float64], ids=str)
def test_one_nan_in_weights_of_any_precision_is_found(tmp_path, dtype):
    tensors = {k: v.astype(dtype) for k, v in checkpoints.tensors("bert").items()}
    tensors["encoder.layer.1.output.dense.weight"][3, 5] = np.nan
    # what nobody uses and could not be read takes no part in the search
    tensors = {"a.position_ids": np.arange(4), "a.scale": np.zeros(4, F8), **tensors}
    save(tmp_path, "bert", tensors)
    refusal(lambda: traced(tmp_path), "encoder.layer.1.output.dense.weight")


def test_numbers_that_grow_too_large_are_told_apart_from_damage(tmp_path):
    tensors = {k: v * np.float32(1e30) for k, v in checkpoints.tensors("gpt2").items()}
    said = refusal(lambda: traced(save(tmp_path, "gpt2", tensors)), "NaN or infinity")
    assert "tensor" not in said


@pytest.mark.parametrize(
    "name", ["encoder.layer.0.output.dense.weight", "embeddings.LayerNorm.bias"]
)
def test_integers_for_weights_are_named(tmp_path, name):
    tensors = checkpoints.tensors("bert")
    tensors[name] = tensors[name].astype(np.int64)
    refusal(loading(save(tmp_path, "bert", tensors)), name, "I64", tmp_path / FILE)


def renamed(tensors, change):
    return {change(name): array for name, array in tensors.items()}


@pytest.mark.parametrize(
    "change",
    [
        lambda name: name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ),
        lambda name: f"bert.{name}",
        lambda name: f"model.text.encoder_1.{name}",
        lambda name: name.replace("LayerNorm.weight", "LayerNorm.gamma").join(["old.bert.", ""]),
    ],
    ids=["gamma and beta", "bert.", "a long prefix", "both"],
)
def test_other_names_for_the_same_tensors(tmp_path, change):
    expected = numbers(save(tmp_path / "usual", "bert"))
    tensors = renamed(checkpoints.tensors("bert"), change)
    more = {"cls.predictions.bias": np.ones(3, np.float32), "my_embeddings.x": np.ones(1)}
    assert_close(numbers(save(tmp_path / "other", "bert", tensors | more)), expected, 0)


def test_a_prefix_ends_where_a_name_begins(tmp_path):
    decoy = {f"x{k}": v * 2 for k, v in checkpoints.tensors("bert").items()}
    tensors = renamed(checkpoints.tensors("bert"), lambda name: f"bert.{name}")
    got = numbers(save(tmp_path / "other", "bert", decoy | tensors))
    assert_close(got, numbers(save(tmp_path / "usual", "bert")), 0)


# The same numbers in other forms.

SOME = ("bert", "gpt2", "llama", "gpt_neox", "gemma3_text", "modernbert", "t5", "bart", "m2m_100")


@pytest.mark.parametrize("case", ["bert", "llama", "t5"])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_shards_give_the_numbers_of_the_whole(tmp_path, case, n):
    expected = numbers(save(tmp_path / "whole", case))
    folder = save(tmp_path / "parts", case)
    (folder / FILE).unlink()
    packed_in_shards(folder, checkpoints.tensors(case), n)
    assert_close(numbers(folder), expected, 0)


@pytest.mark.parametrize("case", SOME)
@pytest.mark.parametrize("dtype", [np.float16, BF16], ids=str)
def test_half_precision_is_the_float32_of_the_same_numbers(tmp_path, case, dtype):
    halves = {name: array.astype(dtype) for name, array in checkpoints.tensors(case).items()}
    wide = {name: array.astype(np.float32) for name, array in halves.items()}
    got = numbers(save(tmp_path / "half", case, halves))
    assert all(value.dtype == np.float32 for value in got.values())
    assert_close(got, numbers(save(tmp_path / "wide", case, wide)), 1e-6)
    mixed = {name: (halves if i % 2 else wide)[name] for i, name in enumerate(wide)}
    assert_close(numbers(save(tmp_path / "mixed", case, mixed)), got, 1e-6)


@pytest.mark.parametrize("case", SOME)
def test_float64_stays_float64(tmp_path, case):
    doubles = {name: array.astype(np.float64) for name, array in checkpoints.tensors(case).items()}
    got = numbers(save(tmp_path / "double", case, doubles))
    assert all(value.dtype == np.float64 for value in got.values())
    assert_close(got, numbers(save(tmp_path / "single", case)), TOLERANCE)
    own = [stack.masks for stack in traced(tmp_path / "double").stacks.values()]
    assert all(len(masks) for masks in own)
    for name, weights in got.items():  # rows that sum to 1 as only float64 does
        if name != "hidden":
            assert np.abs(weights.sum(axis=-1) - 1).max() < 1e-14


@pytest.mark.parametrize(("dtype", "width"), [(BF16, 1024), (np.float32, 512)], ids=str)
def test_weights_are_never_copied_whole(tmp_path, dtype, width):
    inner, block = 4 * width, np.linspace(-0.03, 0.03, 1 << 18).astype(dtype)
    config = checkpoints.config("bert") | {
        "hidden_size": width, "intermediate_size": inner, "num_attention_heads": 8,
    }  # fmt: skip
    sizes = {32: width, 40: inner}
    tensors = {
        name: np.resize(block, [sizes.get(n, n) for n in shape])
        for name, shape in checkpoints.recipe("bert")["tensors"].items()
    }
    folder = save(tmp_path, "bert", tensors, config=config)
    del tensors, block
    size = (folder / FILE).stat().st_size
    assert size > 25e6
    traced(folder)  # what is imported once is not counted
    tracemalloc.start()
    try:
        traced(folder, ids=[*range(8)])
        assert tracemalloc.get_traced_memory()[1] < size / 4  # a block, not a tensor
    finally:
        tracemalloc.stop()


# More tokens than positions.

# case: how many it has positions for; of a table with 24 rows RoBERTa's first two are not used
POSITIONS = {"bert": 24, "roberta": 22, "xlm-roberta": 22, "gpt2": 24, "bart": 24, "distilbert": 24}


@pytest.mark.parametrize("case", POSITIONS)
def test_more_tokens_than_positions(tmp_path, case):
    folder, limit = save(tmp_path, case), POSITIONS[case]
    assert traced(folder, ids=[7] * limit).stack.shape[0] == limit
    refusal(lambda: traced(folder, ids=[7] * (limit + 1)), limit + 1, limit, "`truncate`")


def test_more_tokens_than_positions_in_every_language(tmp_path):
    with pytest.raises(AttnvizError) as caught:
        traced(save(tmp_path, "bert"), ids=[7] * 25)
    for name in ("en", "darija", "ary-Arab"):
        said = find_language(name).say(caught.value.key, **caught.value.values)
        assert "25" in said
        assert "24" in said


@pytest.mark.parametrize("case", POSITIONS)
def test_ids_are_cut_where_that_is_asked_for(tmp_path, case):
    folder, most = save(tmp_path, case), [*range(8, 8 + POSITIONS[case])]
    record = traced(folder, ids=[*most, 7, 7, 7], truncate=True)
    assert record.stack.query_tokens.ids.tolist() == most
    assert record.settings["truncated"]
    assert "truncated" not in traced(folder, ids=most, truncate=True).settings


def test_a_source_longer_than_the_positions(tmp_path):
    folder = save(tmp_path, "bart")
    refusal(lambda: traced(folder, source_ids=[7] * 25), "source", 25, 24, "`truncate`")
    assert traced(folder, source_ids=[7] * 25, truncate=True).stack.shape == (len(IDS), 24)


@pytest.mark.parametrize("case", ["llama", "t5", "m2m_100", "gpt_neox"])
def test_computed_positions_have_no_end(tmp_path, case):
    record = traced(save(tmp_path, case), ids=[7] * 70)
    assert len(record.stack.query_tokens) == 70
    assert np.isfinite(record.stack.weights).all()


# What is asked of a checkpoint.


@pytest.mark.parametrize("case", ["bert", "gpt2", "llama", "t5"])
@pytest.mark.parametrize(
    ("ids", "named"),
    [
        ([], "no token ids"), ([-1], "-1"), ([3, -5, 2], "-5"), ([1.5], "1.5"), ([2.0], "2.0"),
        ([True], "True"), (["5"], "5"), ([None], "None"), ("5 6", "5"), ([61], "61"),
        ([3, 10**9], 10**9), ([2**63], 2**63), ([2**70], 2**70), ([[1, 2]], "1, 2"),
    ],
)  # fmt: skip
def test_ids_that_are_none(tmp_path, case, ids, named):
    folder = save(tmp_path, case)
    refusal(lambda: traced(folder, ids=ids), named)
    if case == "t5":
        refusal(lambda: traced(folder, source_ids=ids), named)


def test_ids_as_arrays(tmp_path):
    folder = save(tmp_path, "bart")
    got = traced(folder, ids=np.array(IDS), source_ids=np.array(SOURCE, dtype=np.int32))
    assert got == traced(folder)


# case, options → what the error has to name
ASKED = {
    "a text and ids": ("bert", {"text": "the cat", "ids": IDS}, ["`ids`"]),
    "a pair and ids": ("bert", {"pair": "the cat", "ids": IDS}, ["`ids`"]),
    "a source and its ids": ("t5", {"source": "cat", "source_ids": SOURCE}, ["`source_ids`"]),
    "no text": ("bert", {"ids": None}, ["text"]),
    "no source": ("t5", {"source_ids": None}, ["`source`"]),
    "no source, type cross": ("bart", {"source_ids": None, "type": "cross"}, ["`source`"]),
    "ids of a source for an encoder": ("bert", {"source_ids": SOURCE}, ["`source_ids`"]),
    "an array of them": ("bert", {"source_ids": np.array(SOURCE)}, ["`source_ids`"]),
    "a pair for a decoder": ("gpt2", {"ids": None, "text": "a", "pair": "b"}, ["`pair`"]),
    "a pair for an encoder-decoder": ("t5", {"ids": None, "text": "a", "pair": "b"}, ["`pair`"]),
    "a pair for a causal bert": (
        "bert, causal",
        {"ids": None, "text": "a", "pair": "b"},
        ["`pair`"],
    ),
    "heads": ("bert", {"heads": 2}, ["`heads`"]),
    "cross without an encoder": ("gpt2", {"type": "cross"}, ["cross-attention", "`type`"]),
    "an unknown type": ("bert", {"type": "lokal"}, ["lokal", "local"]),
    "a window of -1": ("bert", {"type": "local", "window": -1}, ["-1"]),
    "a global token past the end": ("bert", {"type": "global", "global_tokens": [7]}, ["7"]),
}


@pytest.mark.parametrize("name", ASKED)
def test_what_a_checkpoint_cannot_be_asked(tmp_path, name):
    case, options, named = ASKED[name]
    folder = save(tmp_path, case)
    options = dict(options)
    text = options.pop("text", None)

    def run():
        model = attnviz.load_model(folder)
        fed = {"ids": IDS} | ({"source_ids": SOURCE} if model.reads_source else {})
        attnviz.trace(text, model=model, **(fed | options))

    refusal(run, *named)


def test_a_source_given_to_an_encoder(tmp_path):
    model = attnviz.load_model(save(tmp_path, "bert"))
    refusal(lambda: model.prepare(Inputs(ids=IDS, source="source")), "source")


def test_a_model_is_named_by_text_path_or_itself(tmp_path):
    folder = save(tmp_path / "my-bert", "bert")
    expected = attnviz.trace(ids=IDS, model=str(folder))
    assert expected.model.name == "my-bert"
    assert expected.model.origin == "trained"
    assert expected.model.details["model_type"] == "bert"
    assert attnviz.trace(ids=IDS, model=folder) == expected
    for given in (folder, str(folder), f"{folder}/"):
        model = attnviz.load_model(given)
        for _ in range(2):  # it keeps nothing of a run
            assert attnviz.trace(ids=IDS, model=model) == expected


# What if: another mask.

# type and options → whether query i may see key j
OTHER_MASKS = {
    "local": ({"window": 3}, lambda i, j: abs(i - j) <= 3),
    "causal": ({}, lambda i, j: j <= i),
    "global": (
        {"window": 1, "global_tokens": [0, 4]},
        lambda i, j: (abs(i - j) <= 1) | np.isin(i, [0, 4]) | np.isin(j, [0, 4]),
    ),
    "self": ({}, lambda i, j: i == i),
}
OWN = {"bert": "self", "gpt2": "causal", "bart": "self and causal", "t5": "self and causal"}
UNCHANGED = {("bert", "self"), ("gpt2", "causal")}


@pytest.mark.parametrize("case", OWN)
@pytest.mark.parametrize("kind", OTHER_MASKS)
def test_another_mask_takes_the_place_of_every_self_attention(tmp_path, case, kind):
    folder, (options, allows) = save(tmp_path, case), OTHER_MASKS[kind]
    fed = {"ids": [*range(10, 22)]}
    fed |= {"source_ids": [*range(30, 41)]} if case in ("bart", "t5") else {}
    own, record = traced(folder, **fed), traced(folder, type=kind, **fed, **options)
    assert record.settings.get("replaces") == (None if (case, kind) in UNCHANGED else OWN[case])
    assert "replaces" not in own.settings
    assert record.type == kind
    if kind in ("local", "global"):
        assert record.settings["window"] == options["window"]
    for name, stack in record.stacks.items():
        i, j = np.indices(stack.shape)
        usual = j <= i if name == "decoder" or case == "gpt2" else i == i
        allowed = i == i if name == "cross" else allows(i, j)
        assert (stack.weights[..., ~allowed] == 0).all()
        assert (stack.weights[..., allowed] > 0).all()
        np.testing.assert_allclose(stack.weights.sum(axis=-1), 1, rtol=0, atol=1e-5)
        same = np.array_equal(stack.weights[0], own.stacks[name].weights[0])
        assert same == (name != "cross" and np.array_equal(allowed, usual))


def test_another_mask_starts_from_the_same_scores(tmp_path):
    """In the first layer the rows are the model's own, shared out among what is still seen."""
    folder, ids = save(tmp_path, "bert"), [*range(10, 22)]
    own = traced(folder, ids=ids).stack.weights[0].astype(np.float64)
    record = traced(folder, ids=ids, type="local", window=3)
    i, j = np.indices(record.stack.shape)
    kept = own * (abs(i - j) <= 3)
    expected = kept / kept.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(record.stack.weights[0], expected, rtol=0, atol=1e-6)


# Query heads that share keys.


@pytest.mark.parametrize(
    ("case", "n_heads", "n_key_heads"),
    [("bert", 2, 2), ("llama", 2, 2), ("llama, biases", 4, 2), ("qwen2", 4, 2), ("mistral", 4, 2)],
)
def test_which_heads_share_keys_is_in_the_record(tmp_path, case, n_heads, n_key_heads):
    record = traced(save(tmp_path / "model", case))
    for suffix in ("json", "npz"):
        record.save(tmp_path / f"record.{suffix}")
        assert attnviz.read(tmp_path / f"record.{suffix}") == record
    stack = attnviz.read(tmp_path / "record.json").stack
    assert (stack.n_heads, stack.key_heads) == (n_heads, n_key_heads)
    assert stack.shares_keys is (n_key_heads < n_heads)
    expected = [head // (n_heads // n_key_heads) for head in range(n_heads)]
    assert [stack.key_head(head) for head in range(n_heads)] == expected
    rows = [(row.layer, row.head, row.key_head) for row in stack.heads()]
    assert rows == [
        (layer, h, expected[h]) for layer in range(stack.n_layers) for h in range(n_heads)
    ]


def test_heads_with_the_same_queries_tell_who_shares(tmp_path):
    """All query heads made equal: those of one key head see the same, the others do not."""
    case = "llama, biases"
    tensors = checkpoints.tensors(case)
    for name in tensors:
        if "q_proj" in name:
            tensors[name] = np.concatenate([tensors[name][: len(tensors[name]) // 4]] * 4)
    weights = traced(save(tmp_path, case, tensors)).stack.weights[0]
    for first in range(4):
        for second in range(4):
            same = np.allclose(weights[first], weights[second], rtol=0, atol=1e-6)
            assert same == (first // 2 == second // 2)


def test_what_a_model_says_of_itself(tmp_path):
    model = attnviz.load_model(save(tmp_path, "llama, biases"))
    tensors = checkpoints.tensors("llama, biases")
    about = model.about()
    assert about["parameters"] == sum(math.prod(array.shape) for array in tensors.values())
    assert about["bytes"] == 4 * about["parameters"]
    assert about["vocabulary"] == 61
    assert about["positions"] is None
    assert json.loads(json.dumps(about)) == about


def test_models_gives_the_hash_of_the_weights(tmp_path):
    folder = save(tmp_path, "bert")
    digest = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    assert attnviz.load_model(folder).hashes() == {FILE: digest}


@pytest.mark.parametrize(
    ("case", "config", "due"),
    [
        ("llama", {"architectures": ["LlamaForCausalLM"], "tie_word_embeddings": True}, "next"),
        ("bert", {}, None),
    ],
)
def test_models_says_what_a_checkpoint_predicts(tmp_path, case, config, due):
    checkpoints.save(tmp_path, checkpoints.config(case) | config, checkpoints.tensors(case))
    about = attnviz.load_model(tmp_path).about()
    assert about["predicts"] == due
    assert about["labels"] == []
    assert json.loads(json.dumps(about)) == about


def test_big_bird_is_read_where_it_looks_at_all_tokens(tmp_path):
    whole = save(tmp_path / "whole", "big_bird")
    sparse = {"attention_type": "block_sparse", "block_size": 1, "num_random_blocks": 1}
    some = save(tmp_path / "some", "big_bird", **sparse)  # (5 + 2 · 1) · 1 tokens at most
    assert_close(numbers(some), numbers(whole), 0)
    refusal(lambda: numbers(some, [*IDS, 9]), "7")
    numbers(whole, [*IDS, 9])
