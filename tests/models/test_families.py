"""Every family against what transformers stored, and against checkpoints broken on purpose.

The numbers are in tests/reference; tests/parity/test_checkpoints.py compares live.
"""

from itertools import groupby

import numpy as np
import pytest

import attnviz
from attnviz.inputs.text import from_ids
from attnviz.models.families import EXAMPLES, FAMILIES
from attnviz.models.model import Prepared
from attnviz.tracing.recorder import Recorder
from tests.reference import checkpoints

TOLERANCE = 1e-5  # of weights; of hidden states in proportion to the largest
GELU_MARGIN = 5e-5  # the two gelus differ by 5e-4 at most; 1e-4 is left of it in the results
MARGIN = 1e-3  # what is broken on purpose has to be this far off: 100 times the tolerance


def computed(folder, given):
    """Stack → weights, and "hidden", as attnviz computes them from the inputs in `given`."""
    fed = {name: given[name].tolist() for name in checkpoints.INPUTS if name in given}
    tokens = {"text": from_ids(fed["ids"], segments=fed.get("segments"))}
    if "source_ids" in fed:
        tokens["source"] = from_ids(fed["source_ids"])
    prepared = Prepared(tokens, global_tokens=fed.get("global_tokens", (0,)))
    model = attnviz.load_model(str(folder))
    recorder = Recorder(model.stacks(prepared))
    hidden = model.run(prepared, recorder.attend)
    weights = {name: stack.weights for name, stack in recorder.stacks().items()}
    return weights | {"hidden": hidden}


def answers(stored):
    """What transformers answered, without what it was fed."""
    return {name: stored[name] for name in (*checkpoints.STACKS, "hidden") if name in stored}


def apart(got, expected):
    """The largest difference; of numbers larger than 1 in proportion to the largest."""
    assert set(got) == set(expected)
    assert all(got[name].shape == expected[name].shape for name in expected)
    return max(
        float(np.abs(got[name] - value).max() / max(1, np.abs(value).max()))
        for name, value in expected.items()
    )


# What is done to a checkpoint: edit(config, tensors) changes both in place.


def fields(*without, **changed):
    """Takes config fields away, and sets others."""

    def edit(config, _tensors):
        for name in without:
            del config[name]
        config.update(changed)

    return edit


def rope(layers=None, **changed):
    """Sets numbers of the rotation; of one kind of layers where each kind has its own."""

    def edit(config, _tensors):
        numbers = config["rope_parameters"]
        (numbers if layers is None else numbers[layers]).update(changed)

    return edit


def values(part, change):
    """Changes every tensor that has `part` in its name."""

    def edit(_config, tensors):
        names = [name for name in tensors if part in name]
        assert names, part
        for name in names:
            tensors[name] = np.ascontiguousarray(change(tensors[name]), dtype=np.float32)

    return edit


def both(*edits):
    def edit(config, tensors):
        for one in edits:
            one(config, tensors)

    return edit


def times(factor):
    return lambda array: factor * array


def plus(number):
    return lambda array: array + number


def rolled(by):
    return lambda array: np.roll(array, by, axis=0)


def columns_rolled(by):
    return lambda array: np.roll(array, by, axis=-1)


def ordered(*order):
    """The rows in as many equal blocks, in another order."""
    return lambda array: np.concatenate([np.split(array, len(order))[i] for i in order])


def columns_ordered(*order):
    return lambda array: ordered(*order)(array.T).T if array.ndim == 2 else ordered(*order)(array)


def regrouped(outer, inner):
    """Rows that come as (outer, inner, …) as if they came as (inner, outer, …)."""
    return lambda array: (
        array.reshape(outer, inner, -1, *array.shape[1:]).swapaxes(0, 1).reshape(array.shape)
    )


def interleaved(n_heads):
    """Each head's two halves, as a rotation of neighbours would have them."""
    return lambda array: (
        array.reshape(n_heads, 2, -1, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)
    )


def swapped(first, second):
    """Exchanges the tensors that differ in one part of their names."""

    def edit(_config, tensors):
        for name in [name for name in tensors if first in name]:
            other = name.replace(first, second)
            tensors[name], tensors[other] = tensors[other], tensors[name]

    return edit


FULL, SLIDING = "full_attention", "sliding_attention"
TILED = (0, 2, 1, 3)  # four query heads of two key heads, as if the key heads came 0, 1, 0, 1

# name: (case, what is broken in it).
BROKEN = {
    "bert, activation": ("bert, with a head", fields(hidden_act="gelu")),
    "bert, norm epsilon": ("bert, two segments", fields(layer_norm_eps=1e-12)),
    "bert, segments": ("bert, two segments", values("token_type_embeddings", ordered(1, 0))),
    "bert, positions": ("bert", values("position_embeddings", rolled(1))),
    "bert, heads": ("bert", values("self.query", ordered(1, 0))),
    "bert, scale": ("bert", values("self.query", times(4))),
    "bert, not causal": ("bert, causal", fields(is_decoder=False)),
    "ernie, segments": ("ernie", values("token_type_embeddings", ordered(1, 0))),
    "ernie, norm epsilon": ("ernie, with a head", fields(layer_norm_eps=1e-12)),
    "data2vec-text, position offset": ("data2vec-text", fields(pad_token_id=0)),
    "data2vec-text, heads": ("data2vec-text, with a head", values("self.key", ordered(1, 0))),
    "roberta, position offset": ("roberta", fields(pad_token_id=0)),
    "roberta, positions": ("roberta", values("position_embeddings", rolled(1))),
    "roberta, other offset": ("roberta, with a head", fields(pad_token_id=1)),
    "roberta, heads": ("roberta", values("self.key", ordered(1, 0))),
    "xlm-roberta, position offset": ("xlm-roberta", fields(pad_token_id=0)),
    "xlm-roberta, padding id": ("xlm-roberta, with a head", fields(pad_token_id=1)),
    "camembert, position offset": ("camembert", fields(pad_token_id=2)),
    "camembert, activation": ("camembert, with a head", fields(hidden_act="gelu")),
    "distilbert, activation": ("distilbert, with a head", fields(activation="gelu")),
    "distilbert, positions": ("distilbert", values("position_embeddings", rolled(2))),
    "distilbert, heads": ("distilbert", values("v_lin", ordered(1, 0))),
    "mpnet, no position bias": ("mpnet", values("relative_attention_bias", times(0))),
    "mpnet, position bias turned": ("mpnet", values("relative_attention_bias", rolled(16))),
    "mpnet, positions": ("mpnet", values("position_embeddings", rolled(2))),
    "mpnet, norm epsilon": ("mpnet, with a head", fields(layer_norm_eps=0.1)),
    "electra, segments": ("electra", values("token_type_embeddings", ordered(1, 0))),
    "electra, projection": ("electra", values("embeddings_project.bias", times(0))),
    "electra, activation": ("electra, with a head", fields(hidden_act="relu")),
    "albert, groups": ("albert, two groups", swapped("layer_groups.0", "layer_groups.1")),
    "albert, activation": ("albert", fields(hidden_act="relu")),
    "albert, projection": ("albert", values("mapping_in.bias", times(0))),
    "modernbert, window narrower": ("modernbert", fields(local_attention=4)),
    "modernbert, window wider": ("modernbert", fields(local_attention=8)),
    "modernbert, odd window": ("modernbert, with a head", fields(local_attention=6)),
    "modernbert, layer types": (
        "modernbert, with a head",
        fields(layer_types=[SLIDING, FULL, SLIDING]),
    ),
    "modernbert, local rotation": ("modernbert", rope(SLIDING, rope_theta=160000.0)),
    "modernbert, global rotation": ("modernbert", rope(FULL, rope_theta=10000.0)),
    "modernbert, rotation style": (
        "modernbert",
        values("Wqkv", lambda array: np.concatenate([interleaved(4)(array[:64]), array[64:]])),
    ),
    "modernbert, fused per head": ("modernbert", values("Wqkv", regrouped(3, 2))),
    "modernbert, gate first": ("modernbert", values("mlp.Wi", ordered(1, 0))),
    "modernbert, biases": ("modernbert, with a head", values("Wqkv.bias", times(0))),
    "longformer, window narrower": (
        "longformer, two global tokens",
        fields(attention_window=[4, 4]),
    ),
    "longformer, window wider": ("longformer", fields(attention_window=[6, 6])),
    "longformer, one window": (
        "longformer, two global tokens",
        fields(attention_window=[8, 8]),
    ),
    "longformer, windows swapped": (
        "longformer, no global token",
        fields(attention_window=[4, 8]),
    ),
    "longformer, global queries": ("longformer", swapped("self.query.", "self.query_global.")),
    "longformer, global keys": ("longformer", values("key_global.weight", times(0))),
    "longformer, global values": ("longformer", values("value_global.weight", times(0))),
    "longformer, position offset": ("longformer", fields(pad_token_id=0)),
    "nomic_bert, rotation": ("nomic_bert, with a head", rope(rope_theta=1000.0)),
    "nomic_bert, gate and up": ("nomic_bert", swapped("mlp.fc11", "mlp.fc12")),
    "jina_embeddings_v3, rotation": ("jina_embeddings_v3, with a head", rope(rope_theta=20000.0)),
    "jina_embeddings_v3, biases": ("jina_embeddings_v3", values("Wqkv.bias", times(0))),
    "umt5, one table for all layers": (
        "umt5",
        values("encoder.block.1.layer.0.SelfAttention.relative_attention_bias", times(0)),
    ),
    "plbart, embeddings not scaled": ("plbart", fields(scale_embedding=False)),
    "blenderbot, positions": ("blenderbot", values("embed_positions", rolled(1))),
    "gpt2, scale by layer": (
        "gpt2, with a head",
        fields(scale_attn_by_inverse_layer_idx=False),
    ),
    "gpt2, scale": ("gpt2, no scale", fields(scale_attn_weights=True)),
    "gpt2, activation": ("gpt2, no scale", fields(activation_function="gelu_new")),
    "gpt2, fused per head": (
        "gpt2",
        values("c_attn", lambda array: regrouped(3, 2)(array.T).T),
    ),
    "gpt2, queries and keys": ("gpt2", values("c_attn", columns_ordered(1, 0, 2))),
    "gpt2, positions": ("gpt2", values("wpe", rolled(1))),
    "gpt_neo, window narrower": ("gpt_neo", fields(window_size=3)),
    "gpt_neo, window wider": ("gpt_neo", fields(window_size=5)),
    "gpt_neo, layers": (
        "gpt_neo, with a head",
        fields(
            attention_layers=["local", "global", "local"],
            attention_types=[[["local"], 1], [["global"], 1], [["local"], 1]],
        ),
    ),
    "gpt_neo, scale": ("gpt_neo", values("q_proj", times(1 / 4))),
    "gpt_neo, activation": ("gpt_neo", fields(activation_function="relu")),
    "gpt_neox, whole head rotated": ("gpt_neox", rope(partial_rotary_factor=1.0)),
    "gpt_neox, rotation": ("gpt_neox, with a head", rope(rope_theta=10000.0)),
    "gpt_neox, not parallel": ("gpt_neox", fields(use_parallel_residual=False)),
    "gpt_neox, parallel": ("gpt_neox, with a head", fields(use_parallel_residual=True)),
    "gpt_neox, fused as blocks": ("gpt_neox", values("query_key_value", regrouped(2, 3))),
    "gpt_bigcode, fused per head": (
        "gpt_bigcode, a key for each head",
        values("c_attn", regrouped(3, 4)),
    ),
    "gpt_bigcode, key and value": ("gpt_bigcode", values("c_attn", ordered(0, 1, 2, 3, 5, 4))),
    "gpt_bigcode, scale": ("gpt_bigcode, a key for each head", fields(scale_attn_weights=True)),
    "gptj, halves rotated": (
        "gptj, with a head",
        both(values("q_proj", interleaved(2)), values("k_proj", interleaved(2))),
    ),
    "gptj, less rotated": ("gptj", fields(rotary_dim=6)),
    "gptj, feed-forward": ("gptj", values("fc_in.bias", times(0))),
    "codegen, no shards": ("codegen", values("qkv_proj", regrouped(4, 3))),
    "codegen, keys before values": (
        "codegen",
        values("qkv_proj", ordered(0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10)),
    ),
    "opt, position offset": ("opt", values("embed_positions", rolled(2))),
    "opt, norms before": ("opt", values("layers.1.final_layer_norm.weight", times(2))),
    "opt, activation": ("opt", fields(activation_function="gelu")),
    "xglm, position offset": ("xglm", fields(pad_token_id=2)),
    "xglm, embeddings not scaled": ("xglm", fields(scale_embedding=False)),
    "biogpt, embeddings scaled": ("biogpt, with a head", fields(scale_embedding=True)),
    "biogpt, position offset": ("biogpt", values("embed_positions", rolled(1))),
    "phi, whole head rotated": ("phi", rope(partial_rotary_factor=1.0)),
    "phi, norms of heads": ("phi, heads normed", values("q_layernorm.weight", times(3))),
    "phi, biases of the output": ("phi", values("self_attn.dense.bias", times(0))),
    "starcoder2, window": ("starcoder2", fields(sliding_window=3)),
    "starcoder2, norm epsilon": ("starcoder2, no biases", fields(norm_epsilon=0.1)),
    "stablelm, second norm": ("stablelm", values("post_attention_layernorm.weight", times(2))),
    "stablelm, norms of heads": ("stablelm, side by side", values("q_layernorm.norms.0", times(3))),
    "stablelm, one norm for all heads": (
        "stablelm, side by side",
        values("q_layernorm.norms.3", rolled(5)),
    ),
    "cohere, norms of heads": ("cohere, heads normed", values("q_norm.weight", times(3))),
    "cohere, halves rotated": (
        "cohere",
        both(values("q_proj", interleaved(4)), values("k_proj", interleaved(2))),
    ),
    "cohere2, layers": (
        "cohere2, layers",
        fields(layer_types=["sliding_attention", "full_attention"]),
    ),
    "cohere2, window": ("cohere2", fields(sliding_window=5)),
    "nemotron, norms not plus one": ("nemotron", values("layernorm.weight", plus(-1))),
    "nemotron, activation": ("nemotron", fields(hidden_act="relu")),
    "bloom, heads in another order": ("bloom", values("query_key_value", regrouped(2, 3))),
    "bloom, slopes": ("bloom, six heads", values("query_key_value", ordered(5, 0, 1, 2, 3, 4))),
    "bloom, embeddings not normed": ("bloom", values("word_embeddings_layernorm.weight", times(2))),
    "mpt, slopes": ("mpt, three heads", values("Wqkv", ordered(1, 2, 0, 4, 5, 3, 7, 8, 6))),
    "mpt, scale": ("mpt, three heads", fields(attn_config={})),
    "falcon, side by side": (
        "falcon, one after the other",
        values("post_attention_layernorm.weight", times(2)),
    ),
    "falcon, key groups": ("falcon, few keys", values("query_key_value", regrouped(2, 4))),
    "falcon, rotation": ("falcon", rope(rope_theta=50.0)),
    "llama, rotation": ("llama", rope(rope_theta=500.0)),
    "llama, rotation style": (
        "llama",
        both(values("q_proj", interleaved(2)), values("k_proj", interleaved(2))),
    ),
    "llama, plain rotation": (
        "llama, llama3 rotation",
        fields(rope_parameters={"rope_type": "default", "rope_theta": 500.0}),
    ),
    "llama, low frequencies": ("llama, llama3 rotation", rope(low_freq_factor=2.0)),
    "llama, high frequencies": ("llama, llama3 rotation", rope(high_freq_factor=8.0)),
    "llama, rotation factor": ("llama, linear rotation", rope(factor=2.0)),
    "llama, slow waves": ("llama, yarn rotation", rope(factor=2.0)),
    "llama, rotation not scaled": ("llama, yarn rotation", rope(attention_factor=1.0)),
    "llama, base does not grow": ("llama, dynamic rotation", fields(max_position_embeddings=64)),
    "llama, heads tiled": ("llama, biases", values("q_proj", ordered(*TILED))),
    "llama, key heads": ("llama, biases", values("k_proj", ordered(1, 0))),
    "llama, attention biases": ("llama, biases", values("q_proj.bias", times(0))),
    "llama, mlp biases": ("llama, biases", values("up_proj.bias", times(0))),
    "llama, norm epsilon": ("llama, biases", fields(rms_norm_eps=0.1)),
    "llama, activation": ("llama, biases", fields(hidden_act="silu")),
    "mistral, window narrower": ("mistral", fields(sliding_window=3)),
    "mistral, window wider": ("mistral", fields(sliding_window=5)),
    "mistral, no window": ("mistral", fields(sliding_window=None)),
    "mistral, a window": ("mistral, no window", fields(sliding_window=8)),
    "mistral, heads tiled": ("mistral", values("q_proj", ordered(*TILED))),
    "mistral, rotation": ("mistral, no window", rope(rope_theta=10000.0)),
    "qwen2, biases": ("qwen2", values("k_proj.bias", plus(1))),
    "qwen2, heads tiled": ("qwen2", values("q_proj", ordered(*TILED))),
    "qwen2, window narrower": ("qwen2, windows", fields(sliding_window=3)),
    "qwen2, window wider": ("qwen2, windows", fields(sliding_window=5)),
    "qwen2, layer types": ("qwen2, windows", fields(layer_types=[SLIDING, FULL, FULL])),
    "qwen3, query norm": ("qwen3", values("q_norm", lambda array: np.ones_like(array))),
    "qwen3, key norm": ("qwen3", values("k_norm", rolled(3))),
    "qwen3, heads tiled": ("qwen3", values("q_proj", ordered(*TILED))),
    "qwen3, window wider": ("qwen3, windows", fields(sliding_window=6)),
    "qwen3, layer types": ("qwen3, windows", fields(layer_types=[SLIDING, FULL])),
    "phi3, whole head rotated": ("phi3", rope(partial_rotary_factor=1.0)),
    "phi3, window narrower": ("phi3", fields(sliding_window=4)),
    "phi3, window wider": ("phi3", fields(sliding_window=6)),
    "phi3, fused as equal parts": (
        "phi3",
        values("qkv_proj", lambda array: np.concatenate([array[:64], array[96:], array[64:96]])),
    ),
    "phi3, gate last": ("phi3", values("gate_up_proj", ordered(1, 0))),
    "phi3, long as short": (
        "phi3, long rotation",
        lambda config, _: rope(long_factor=config["rope_parameters"]["short_factor"])(config, _),
    ),
    "phi3, rotation not scaled": ("phi3, long rotation", rope(attention_factor=1.0)),
    "phi3, short as long": (
        "phi3, short rotation",
        lambda config, _: rope(short_factor=config["rope_parameters"]["long_factor"])(config, _),
    ),
    "arcee, activation": ("arcee", fields(hidden_act="relu")),
    "arcee, mlp biases": ("arcee, biases", values("up_proj.bias", times(0))),
    "ernie4_5, rotation style": (
        "ernie4_5, biases",
        both(values("q_proj", interleaved(2)), values("k_proj", interleaved(2))),
    ),
    "ernie4_5, biases": ("ernie4_5, biases", values("q_proj.bias", times(0))),
    "eurobert, heads tiled": ("eurobert", values("q_proj", ordered(*TILED))),
    "eurobert, rotation": ("eurobert, with a head", rope(rope_theta=50.0)),
    "exaone4, rotated layers": (
        "exaone4",
        fields(layer_types=[SLIDING, SLIDING, FULL, SLIDING]),
    ),
    "exaone4, key norm": ("exaone4", values("k_norm", rolled(3))),
    "exaone4, norm after attention": (
        "exaone4, no window",
        values("post_attention_layernorm", times(0)),
    ),
    "glm, part of the head rotated": ("glm", rope(partial_rotary_factor=1.0)),
    "glm, gate last": ("glm, no biases", values("gate_up_proj", ordered(1, 0))),
    "glm4, norm after attention": ("glm4", values("post_self_attn_layernorm", times(0))),
    "glm4, norm after mlp": ("glm4", values("post_mlp_layernorm", times(0))),
    "granite, scale": ("granite", fields(attention_multiplier=0.25)),
    "granite, embeddings": ("granite", fields(embedding_multiplier=1.0)),
    "granite, sums": ("granite, with a head", fields(residual_multiplier=1.0)),
    "helium, rotation": ("helium, biases", rope(rope_theta=100000.0)),
    "helium, rotation style": (
        "helium",
        both(values("q_proj", interleaved(4)), values("k_proj", interleaved(2))),
    ),
    "hunyuan_v1_dense, query norm": ("hunyuan_v1_dense", values("query_layernorm", rolled(3))),
    "hunyuan_v1_dense, rotation": (
        "hunyuan_v1_dense, rotation stretched",
        rope(alpha=5.0),
    ),
    "ministral, window wider": ("ministral", fields(sliding_window=5)),
    "ministral, layer types": ("ministral, layers", fields(layer_types=[SLIDING, FULL])),
    "mixtral, experts": ("mixtral", swapped("experts.0.", "experts.1.")),
    "mixtral, gate": ("mixtral", swapped(".w1.", ".w3.")),
    "mixtral, router": ("mixtral", values("gate.weight", rolled(1))),
    "mixtral, window wider": ("mixtral, windows", fields(sliding_window=5)),
    "olmoe, shares rescaled": ("olmoe, shares rescaled", fields(norm_topk_prob=False)),
    "olmoe, query norm": ("olmoe", values("q_norm", ordered(1, 0, 3, 2))),
    "qwen2_moe, shared gate": ("qwen2_moe", values("shared_expert_gate", times(-1))),
    "qwen2_moe, shares": ("qwen2_moe", fields(norm_topk_prob=True)),
    "qwen2_moe, window wider": ("qwen2_moe", fields(sliding_window=5)),
    "qwen3_moe, experts chosen": ("qwen3_moe", fields(num_experts_per_tok=1)),
    "qwen3_moe, window": ("qwen3_moe, windows", fields(use_sliding_window=False)),
    "big_bird, embeddings": ("big_bird, with a head", fields(rescale_embeddings=False)),
    "big_bird, segments": ("big_bird, with a head", values("token_type", rolled(1))),
    "roformer, rotation style": (
        "roformer",
        both(values("self.query", interleaved(2)), values("self.key", interleaved(2))),
    ),
    "roformer, widening": ("roformer, narrow", values("embeddings_project.weight", rolled(1))),
    "gte, rotation": ("gte, no segments", rope(rope_theta=10000.0)),
    "gte, gate first": ("gte", values("up_gate_proj", ordered(1, 0))),
    "esm, rotation style": (
        "esm",
        both(values("self.query", interleaved(2)), values("self.key", interleaved(2))),
    ),
    "esm, masks": ("esm, positions", fields(token_dropout=False)),
    "esm, positions": ("esm, positions", values("position_embeddings", rolled(1))),
    "deberta-v2, distances": ("deberta-v2", values("rel_embeddings", rolled(1))),
    "deberta-v2, position to content": ("deberta-v2", values("pos_query_proj.weight", rolled(5))),
    "deberta-v2, content to position": ("deberta-v2", values("pos_key_proj.weight", rolled(5))),
    "deberta-v2, buckets": ("deberta-v2, one side", fields(max_relative_positions=24)),
    "deberta-v2, norm of distances": (
        "deberta-v2, buckets",
        values("encoder.LayerNorm", rolled(1)),
    ),
    "deberta-v2, positions": ("deberta-v2", values("position_embeddings", rolled(1))),
    "deepseek_v2, groups": ("deepseek_v2, groups", fields(topk_group=2)),
    "deepseek_v2, stretched scores": ("deepseek_v2, groups", rope(mscale_all_dim=0.1)),
    "deepseek_v2, key norm": ("deepseek_v2", values("kv_a_layernorm", rolled(3))),
    "deepseek_v3, rotation style": ("deepseek_v3", fields(rope_interleave=False)),
    "deepseek_v3, dense layers": (
        "deepseek_v3, halves",
        values("layers.0.mlp.down_proj", times(0)),
    ),
    "deepseek_v3, values as wide as keys": ("deepseek_v3", values("kv_b_proj", regrouped(2, 52))),
    "glm4_moe_lite, query norm": ("glm4_moe_lite", values("q_a_layernorm", rolled(3))),
    "glm4_moe_lite, strength": ("glm4_moe_lite", fields(routed_scaling_factor=1.0)),
    "minicpm3, embeddings": ("minicpm3", fields(scale_emb=1)),
    "minicpm3, sums": ("minicpm3", fields(scale_depth=1.6)),
    "youtu, rotation style": ("youtu", fields(rope_interleave=False)),
    "youtu, rotation style of halves": ("youtu, halves", fields(rope_interleave=True)),
    "dots1, window": ("dots1, windows", fields(sliding_window=3)),
    "dots1, edge": ("dots1, windows", fields(layer_types=[SLIDING, FULL])),
    "dots1, key norm": ("dots1", values("k_norm", rolled(3))),
    "glm4_moe, groups": ("glm4_moe, groups", fields(topk_group=3)),
    "glm4_moe, choice": ("glm4_moe", values("e_score_correction_bias", times(-3))),
    "glm4_moe, strength": ("glm4_moe, groups", fields(routed_scaling_factor=1.0)),
    "glm4_moe, shares": ("glm4_moe, groups", fields(norm_topk_prob=True)),
    "glm4_moe, shared expert": ("glm4_moe", values("shared_experts.down_proj", times(0))),
    "gpt_oss, sinks": ("gpt_oss", values("sinks", plus(-9))),
    "gpt_oss, router bias": ("gpt_oss", values("router.bias", times(-3))),
    "gpt_oss, gate and up": (
        "gpt_oss",
        values("gate_up_proj", lambda array: np.roll(array, 1, axis=-1)),
    ),
    "gpt_oss, limit": ("gpt_oss, few experts", fields(swiglu_limit=7.0)),
    "gpt_oss, slope": ("gpt_oss", fields(swiglu_alpha=0.7)),
    "gpt_oss, layer types": ("gpt_oss", fields(layer_types=[FULL, SLIDING])),
    "minimax_m2, choice": ("minimax_m2", values("e_score_correction_bias", times(-3))),
    "minimax_m2, query norm": ("minimax_m2", values("q_norm", ordered(1, 0, 3, 2))),
    "minimax_m2, part rotated": ("minimax_m2, one expert", rope(partial_rotary_factor=1.0)),
    "granitemoe, gate": (
        "granitemoe",
        values("input_linear", lambda array: np.roll(array, array.shape[1] // 2, axis=1)),
    ),
    "granitemoe, sums": ("granitemoe, multipliers", fields(residual_multiplier=1.0)),
    "phimoe, near experts": ("phimoe", fields(router_jitter_noise=0.01)),
    "phimoe, strength of rotation": ("phimoe, longrope", rope(short_mscale=1.0)),
    "phimoe, norm biases": ("phimoe", values("input_layernorm.bias", times(0))),
    "ernie4_5_moe, choice": ("ernie4_5_moe", values("moe_statics", times(-3))),
    "ernie4_5_moe, shared experts": ("ernie4_5_moe", values("shared_experts", times(0))),
    "olmo2, query norm": ("olmo2", values("q_norm", lambda array: np.ones_like(array))),
    "olmo2, query norms of heads": ("olmo2", values("q_norm", ordered(1, 0, 3, 2))),
    "olmo2, norm after mlp": ("olmo2, biases", values("post_feedforward_layernorm", times(0))),
    "olmo3, layer types": ("olmo3", fields(layer_types=[SLIDING, SLIDING, FULL, SLIDING])),
    "olmo3, near rotation": ("olmo3, two rotations", rope(SLIDING, rope_theta=1000.0)),
    "olmo3, far rotation": ("olmo3, two rotations", rope(FULL, factor=1.0)),
    "seed_oss, input biases": ("seed_oss", values("q_proj.bias", times(0))),
    "seed_oss, output biases": ("seed_oss, biases", values("o_proj.bias", plus(1))),
    "smollm3, rotated layers": ("smollm3", fields(no_rope_layers=[1, 1, 0, 1])),
    "smollm3, layer types": ("smollm3, windows", fields(layer_types=[FULL, SLIDING])),
    "gemma, plain norms": ("gemma", values("norm.weight", plus(-1))),
    "gemma, embeddings not scaled": ("gemma", values("embed_tokens", times(32**-0.5))),
    "gemma, rotation": ("gemma, with a head", rope(rope_theta=10000.0)),
    "gemma, heads tiled": ("gemma, with a head", values("q_proj", ordered(*TILED))),
    "gemma2, no softcap": ("gemma2", fields(attn_logit_softcapping=None)),
    "gemma2, softcap": ("gemma2", fields(attn_logit_softcapping=4.0)),
    "gemma2, scale": ("gemma2", fields(query_pre_attn_scalar=16)),
    "gemma2, window narrower": ("gemma2", fields(sliding_window=3)),
    "gemma2, window wider": ("gemma2, no softcap", fields(sliding_window=4)),
    "gemma2, layer types": ("gemma2", fields(layer_types=[FULL, SLIDING, FULL])),
    "gemma2, heads tiled": ("gemma2", values("q_proj", ordered(*TILED))),
    "gemma2, norm after attention": ("gemma2", values("post_attention_layernorm", times(0))),
    "gemma2, norm after mlp": ("gemma2", values("post_feedforward_layernorm", times(0))),
    "gemma3_text, window narrower": ("gemma3_text", fields(sliding_window=3)),
    "gemma3_text, window wider": ("gemma3_text, linear rotation", fields(sliding_window=6)),
    "gemma3_text, layer types": (
        "gemma3_text",
        fields(layer_types=[SLIDING] * 4 + [FULL, SLIDING]),
    ),
    "gemma3_text, local rotation": ("gemma3_text", rope(SLIDING, rope_theta=1000000.0)),
    "gemma3_text, global rotation": ("gemma3_text", rope(FULL, rope_theta=10000.0)),
    "gemma3_text, rotation factor": ("gemma3_text, linear rotation", rope(FULL, factor=1.0)),
    "gemma3_text, scale": ("gemma3_text", fields(query_pre_attn_scalar=24)),
    "gemma3_text, query norm": ("gemma3_text", values("q_norm", plus(-1))),
    "gemma3_text, heads tiled": (
        "gemma3_text, linear rotation",
        values("q_proj", ordered(*TILED)),
    ),
    "t5, no bias in the encoder": (
        "t5",
        values("encoder.block.0.layer.0.SelfAttention.relative", times(0)),
    ),
    "t5, no bias in the decoder": (
        "t5",
        values("decoder.block.0.layer.0.SelfAttention.relative", times(0)),
    ),
    "t5, bias turned": (
        "t5",
        values("encoder.block.0.layer.0.SelfAttention.relative", rolled(6)),
    ),
    "t5, distance": ("t5", fields(relative_attention_max_distance=128)),
    "t5, scale": ("t5", values("SelfAttention.q", times(1 / 4))),
    "t5, scale of cross": ("t5", values("EncDecAttention.q", times(1 / 4))),
    "t5, gate": ("t5, gated", swapped("wi_0", "wi_1")),
    "t5, norm epsilon": ("t5, gated", fields(layer_norm_epsilon=1e-6)),
    "mt5, no bias": ("mt5", values("relative_attention_bias", times(0))),
    "mt5, activation": (
        "mt5, not gated",
        fields(feed_forward_proj="relu", dense_act_fn="relu"),
    ),
    "longt5, reach": ("longt5", fields(local_radius=4)),
    "longt5, further": ("longt5, with a head", fields(local_radius=127)),
    "longt5, bias": ("longt5", values("LocalSelfAttention.relative", rolled(6))),
    "t5gemma, window of the encoder": (
        "t5gemma",
        lambda config, _: config["encoder"].update(sliding_window=3),
    ),
    "t5gemma, softcap": (
        "t5gemma",
        lambda config, _: config["decoder"].update(attn_logit_softcapping=None),
    ),
    "t5gemma, norm after cross": ("t5gemma", values("post_cross_attn_layernorm", plus(-0.5))),
    "t5gemma, rotation": (
        "t5gemma, with a head",
        lambda config, _: config["encoder"]["rope_parameters"].update(rope_theta=50.0),
    ),
    "gemma4_text, rotation of full layers": ("gemma4_text", rope(FULL, partial_rotary_factor=1.0)),
    "gemma4_text, rotation of near layers": ("gemma4_text", rope(SLIDING, rope_theta=10000.0)),
    "gemma4_text, window": ("gemma4_text", fields(sliding_window=3)),
    "gemma4_text, side inputs": (
        "gemma4_text, with a head",
        values("embed_tokens_per_layer", rolled(1)),
    ),
    "gemma4_text, layers of side inputs": (
        "gemma4_text, with a head",
        values("per_layer_model_projection", rolled(6)),
    ),
    "gemma4_text, strength of layers": (
        "gemma4_text, with a head",
        values("layer_scalar", times(2)),
    ),
    "gemma4_text, lent keys": (
        "gemma4_text, with a head",
        values("layers.1.self_attn.k_norm", times(2)),
    ),
    "gemma4_text, experts": (
        "gemma4_text, experts",
        values("experts.down_proj", lambda array: array[::-1]),
    ),
    "gemma4_text, shares of experts": (
        "gemma4_text, experts",
        values("per_expert_scale", rolled(1)),
    ),
    "gemma4_text, what the router is given": (
        "gemma4_text, experts",
        values("router.scale", rolled(3)),
    ),
    "switch_transformers, room for one": ("switch_transformers", fields(expert_capacity=1)),
    "switch_transformers, room for all": ("switch_transformers", fields(expert_capacity=64)),
    "switch_transformers, layers with experts": (
        "switch_transformers",
        swapped("experts.expert_0", "experts.expert_2"),
    ),
    "switch_transformers, router": (
        "switch_transformers, with a head",
        values("router.classifier.bias", rolled(1)),
    ),
    "nllb-moe, room": ("nllb-moe", fields(moe_eval_capacity_token_fraction=1.0)),
    "nllb-moe, room by number": ("nllb-moe, with a head", fields(expert_capacity=3)),
    "nllb-moe, in the order of the text": (
        "nllb-moe, with a head",
        fields(batch_prioritized_routing=False),
    ),
    "nllb-moe, shares": (
        "nllb-moe, with a head",
        fields(normalize_router_prob_before_dropping=False),
    ),
    "nllb-moe, part that is lost": ("nllb-moe", fields(moe_token_dropout=0.0)),
    "nllb-moe, experts": ("nllb-moe", swapped("experts.expert_0", "experts.expert_3")),
    "led, window wider": ("led", fields(attention_window=[6, 6])),
    "led, windows swapped": ("led, with a head", fields(attention_window=[8, 4])),
    "led, global queries": ("led", swapped("attn.query.", "attn.query_global.")),
    "led, global values": ("led, with a head", values("value_global.weight", times(0))),
    "led, positions": ("led, no global token", values("encoder.embed_positions", rolled(2))),
    "bart, positions": ("bart", values("encoder.embed_positions", rolled(2))),
    "bart, decoder's positions": ("bart", values("decoder.embed_positions", rolled(1))),
    "bart, embeddings not scaled": ("bart, with a head", fields(scale_embedding=False)),
    "bart, heads of cross": ("bart", values("encoder_attn.q_proj", ordered(1, 0))),
    "bart, activation": ("bart, with a head", fields(activation_function="gelu")),
    "mbart, positions": ("mbart", values("embed_positions", rolled(2))),
    "mbart, embeddings scaled": ("mbart", fields(scale_embedding=True)),
    "mbart, last norm": ("mbart", values("decoder.layer_norm.weight", plus(0.1))),
    "marian, embeddings not scaled": ("marian", fields(scale_embedding=False)),
    "marian, activation": ("marian", fields(activation_function="gelu")),
    "marian, positions": (
        "marian, positions in the file",
        values("encoder.embed_positions", rolled(1)),
    ),
    "marian, decoder's vocabulary": (
        "marian, two vocabularies",
        values("decoder.embed_tokens", rolled(1)),
    ),
    "m2m_100, padding id": ("m2m_100", fields(pad_token_id=0)),
    "m2m_100, position offset": ("m2m_100, with a head", fields(pad_token_id=1)),
    "m2m_100, embeddings not scaled": ("m2m_100", fields(scale_embedding=False)),
    "m2m_100, heads": ("m2m_100", values("decoder.layers.1.self_attn.k_proj", ordered(1, 0))),
    "pegasus, embeddings not scaled": ("pegasus", fields(scale_embedding=False)),
    "pegasus, positions": ("pegasus, with a head", values("embed_positions", rolled(1))),
    "pegasus, activation": ("pegasus, with a head", fields(activation_function="gelu")),
    "lfm2, window of the convolution": ("lfm2", values("conv.conv", columns_rolled(1))),
    "lfm2, gates": ("lfm2", values("conv.in_proj", ordered(1, 0, 2))),
    "lfm2, biases": ("lfm2, biases", values("conv.conv.bias", times(-1))),
    "lfm2, layers": ("lfm2, biases", swapped("layers.0.", "layers.2.")),
    "lfm2, last norm": ("lfm2", values("embedding_norm", times(-1))),
    "lfm2, key norm": ("lfm2", values("k_layernorm", rolled(3))),
    "lfm2, rotation": ("lfm2, biases", rope(rope_theta=10000.0)),
    "lfm2_moe, choice": ("lfm2_moe", values("expert_bias", times(-8))),
    "lfm2_moe, strength": ("lfm2_moe, shares", fields(routed_scaling_factor=1.0)),
    "lfm2_moe, shares": ("lfm2_moe, shares", fields(norm_topk_prob=True)),
    "lfm2_moe, convolution": ("lfm2_moe", values("conv.conv", columns_rolled(1))),
}

GELUS = {"gelu": "gelu_new", "gelu_new": "gelu", "gelu_pytorch_tanh": "gelu"}
ACTIVATIONS = ("hidden_act", "hidden_activation", "activation", "activation_function")
OTHER_GELU = {
    case: fields(**{name: GELUS[config[name]]})
    for case, config in ((case, checkpoints.config(case)) for case in checkpoints.CASES)
    for name in ACTIVATIONS
    if config.get(name) in GELUS and config["model_type"] != "gemma"  # its "gelu" is either
}

# name: (case, the same said as older files on the hub say it, or with what changes nothing).
OLDER = {
    "bert": (
        "bert",
        fields(
            "is_decoder", "add_cross_attention", "bos_token_id", "dtype", "tie_word_embeddings",
            position_embedding_type="absolute", gradient_checkpointing=False,
            torch_dtype="float32", transformers_version="4.8.2", hidden_dropout_prob=0.3,
            _name_or_path="nreimers/MiniLM-L6-H384-uncased", model_max_length=512,
        ),
    ),
    "roberta": ("roberta", fields("is_decoder", position_embedding_type="absolute")),
    "distilbert": ("distilbert", fields("dtype", tie_weights_=True, output_past=True)),
    "albert": (
        "albert",
        fields(
            down_scale_factor=1, gap_size=0, net_structure_type=0, num_memory_blocks=0,
            layers_to_keep=[],
        ),
    ),
    "modernbert": (
        "modernbert",
        fields(
            "layer_types", "rope_parameters", global_attn_every_n_layers=3,
            global_rope_theta=160000.0, local_rope_theta=10000.0, reference_compile=None,
            position_embedding_type="absolute", repad_logits_with_grad=False, layer_norm_eps=1e-5,
        ),
    ),
    "modernbert, every second layer": (
        "modernbert, with a head",
        fields(
            "layer_types", "rope_parameters", global_rope_theta=500.0, local_rope_theta=50.0
        ),
    ),
    "longformer": ("longformer", fields(attention_window=4, attention_mode="longformer")),
    "gpt2": (
        "gpt2",
        fields("n_inner", "scale_attn_weights", n_ctx=24, reorder_and_upcast_attn=True),
    ),
    "gpt_neo": ("gpt_neo", fields("attention_layers")),
    "gpt_neox": (
        "gpt_neox",
        fields("rope_parameters", "attention_bias", rotary_pct=0.25, rotary_emb_base=10000),
    ),
    "gpt_neox, other rotation": (
        "gpt_neox, with a head",
        fields("rope_parameters", rotary_pct=0.5, rotary_emb_base=500),
    ),
    "llama": (
        "llama",
        fields("rope_parameters", "num_key_value_heads", "head_dim", "attention_bias", "mlp_bias"),
    ),
    "llama, llama3 rotation": (
        "llama, llama3 rotation",
        fields(
            "rope_parameters", "head_dim", rope_theta=500.0,
            rope_scaling={
                "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                "original_max_position_embeddings": 40, "rope_type": "llama3",
            },
        ),
    ),
    "llama, linear rotation": (
        "llama, linear rotation",
        fields(
            "rope_parameters", rope_theta=10000.0, rope_scaling={"type": "linear", "factor": 4.0}
        ),
    ),
    "mistral": ("mistral", fields("rope_parameters", "head_dim", rope_theta=10000.0)),
    "mistral, no window": ("mistral, no window", fields("rope_parameters", rope_theta=50.0)),
    "qwen2, window not used": (
        "qwen2",
        fields("rope_parameters", "layer_types", rope_theta=10000.0, sliding_window=4)
    ),
    "qwen2, windows": (
        "qwen2, windows",
        fields("rope_parameters", "layer_types", rope_theta=1000000.0),
    ),
    "qwen3": (
        "qwen3",
        fields("rope_parameters", "layer_types", rope_theta=10000, rope_scaling=None),
    ),
    "phi3": (
        "phi3",
        fields(
            "rope_parameters", rope_theta=10000.0, rope_scaling=None, partial_rotary_factor=0.5,
            attention_bias=False,
        ),
    ),
    "phi3, long rotation": (
        "phi3, long rotation",
        lambda config, _: config.update(
            rope_theta=10000.0,
            rope_scaling={
                "type": "longrope",
                "short_factor": config["rope_parameters"]["short_factor"],
                "long_factor": config.pop("rope_parameters")["long_factor"],
            },
        ),
    ),
    "gemma": (
        "gemma",
        fields("rope_parameters", rope_theta=10000.0, hidden_act="gelu", hidden_activation=None),
    ),
    "gemma2": (
        "gemma2",
        fields(
            "rope_parameters", "layer_types", "use_bidirectional_attention", rope_theta=10000.0,
            cache_implementation="hybrid", hidden_act="gelu_pytorch_tanh",
        ),
    ),
    "gemma3_text": (
        "gemma3_text",
        fields(
            "rope_parameters", "layer_types", "_sliding_window_pattern", rope_theta=1000000.0,
            rope_local_base_freq=10000.0, sliding_window_pattern=6, rope_scaling=None,
            cache_implementation="hybrid",
        ),
    ),
    "gemma3_text, linear rotation": (
        "gemma3_text, linear rotation",
        fields(
            "rope_parameters", rope_theta=1000.0, rope_local_base_freq=50.0,
            rope_scaling={"factor": 4.0, "rope_type": "linear"},
        ),
    ),
    "t5": (
        "t5",
        fields(
            "dense_act_fn", "is_gated_act", "scale_decoder_outputs", decoder_start_token_id=0,
            n_positions=512, output_past=True, task_specific_params={"summarization": {}},
        ),
    ),
    "t5, gated": (
        "t5, gated",
        fields(
            "dense_act_fn", "is_gated_act", "scale_decoder_outputs", tie_word_embeddings=False
        ),
    ),
    "mt5": ("mt5", fields("dense_act_fn", "is_gated_act", tie_word_embeddings=False)),
    "bart": (
        "bart",
        fields(
            add_bias_logits=False, add_final_layer_norm=False, normalize_before=False,
            normalize_embedding=True, num_hidden_layers=2, gradient_checkpointing=False,
            static_position_embeddings=False, extra_pos_embeddings=2, early_stopping=True,
        ),
    ),
    "mbart": (
        "mbart",
        fields(
            add_bias_logits=False, add_final_layer_norm=True, normalize_before=True,
            normalize_embedding=True, num_hidden_layers=2, static_position_embeddings=False,
        ),
    ),
    "marian": (
        "marian",
        fields(
            "decoder_vocab_size", "share_encoder_decoder_embeddings", add_bias_logits=False,
            add_final_layer_norm=False, bad_words_ids=[[60]], normalize_before=False,
            normalize_embedding=False, num_beams=6, num_hidden_layers=2, max_length=512,
            static_position_embeddings=True,
        ),
    ),
    "m2m_100": ("m2m_100", fields(max_length=200, num_beams=5, tokenizer_class="NllbTokenizer")),
    "pegasus": (
        "pegasus",
        fields(
            add_bias_logits=False, add_final_layer_norm=True, normalize_before=True,
            normalize_embedding=False, static_position_embeddings=True, extra_pos_embeddings=1,
            length_penalty=0.6, num_hidden_layers=2,
        ),
    ),
}  # fmt: skip


def write_edited(case, edit, folder):
    """The case's checkpoint, changed."""
    config, tensors = checkpoints.config(case), checkpoints.tensors(case)
    edit(config, tensors)
    checkpoints.save(folder, config, tensors)


def far_off(case, edit, folder):
    """How far the changed checkpoint takes attnviz from what is stored."""
    write_edited(case, edit, folder)
    stored = checkpoints.expected(case)
    return apart(computed(folder, stored), answers(stored))


@pytest.mark.parametrize("case", checkpoints.CASES)
def test_weights_and_hidden_state_are_those_of_transformers(case, tmp_path):
    checkpoints.write(case, tmp_path)
    stored = checkpoints.expected(case)
    got, expected = computed(tmp_path, stored), answers(stored)
    assert set(got) == set(expected)
    for name, value in expected.items():
        assert got[name].shape == value.shape
        assert got[name].dtype == np.float32
        largest = max(1, np.abs(value).max())
        np.testing.assert_allclose(got[name], value, rtol=0, atol=TOLERANCE * largest, err_msg=name)


# Ready ids are one text, so two segments are not asked for in this way.
@pytest.mark.parametrize(
    "case", [case for case in checkpoints.CASES if "segments" not in checkpoints.expected(case)]
)
def test_trace_gives_the_same_weights(case, tmp_path):
    checkpoints.write(case, tmp_path)
    stored = checkpoints.expected(case)
    fed = {
        name: stored[name].tolist() for name in ("source_ids", "global_tokens") if name in stored
    }
    record = attnviz.trace(ids=stored["ids"].tolist(), model=str(tmp_path), **fed)
    got = {name: stack.weights for name, stack in record.stacks.items()}
    expected = answers(stored)
    del expected["hidden"]
    off = apart(got, expected)
    assert off <= TOLERANCE


@pytest.mark.parametrize("name", OLDER)
def test_older_spellings_of_a_config_say_the_same(name, tmp_path):
    assert far_off(*OLDER[name], tmp_path) <= TOLERANCE


@pytest.mark.parametrize("case", checkpoints.CASES)
def test_fields_left_out_have_their_familys_default(case, tmp_path):
    checkpoints.save(tmp_path, checkpoints.short_config(case), checkpoints.tensors(case))
    stored = checkpoints.expected(case)
    off = apart(computed(tmp_path, stored), answers(stored))
    assert off <= TOLERANCE


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_on_purpose_is_seen(name, tmp_path):
    assert far_off(*BROKEN[name], tmp_path) > MARGIN


@pytest.mark.parametrize("case", OTHER_GELU)
def test_the_exact_gelu_and_its_approximation_are_told_apart(case, tmp_path):
    assert far_off(case, OTHER_GELU[case], tmp_path) > GELU_MARGIN


def test_every_family_has_two_cases_and_is_broken_on_purpose():
    families = [checkpoints.config(case)["model_type"] for case in checkpoints.CASES]
    broken = {checkpoints.config(case)["model_type"] for case, _ in BROKEN.values()}
    assert broken == set(families)
    assert all(families.count(family) >= 2 for family in families)


def test_every_family_that_is_read_is_of_a_kind_and_has_an_example():
    assert list(EXAMPLES) == list(FAMILIES)
    kinds = [kind for kind, _ in groupby(EXAMPLES[family][0] for family in FAMILIES)]
    assert len(kinds) == len(set(kinds))  # so that a list of them names each kind once
