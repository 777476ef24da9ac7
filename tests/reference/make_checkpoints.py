"""Makes checkpoints.json and checkpoints.npz: tiny models of every family, run by transformers.

Run it again with the `parity` extra installed when a case is added:

    python -m tests.reference.make_checkpoints

For each case it writes the tiny model with `save_pretrained`, keeps config.json and the names and
shapes of the tensors in the file, and then loads and runs the same folder with the values that
checkpoints.py draws. Attention is transformers' own (`attn_implementation="eager"`, float32).
"""

import importlib
import json
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors import safe_open
from transformers.models.nllb_moe import modeling_nllb_moe

from tests.reference import checkpoints

# Bytes of both files: what a repository can carry without thinking of it. A case of an
# encoder-decoder has three stacks, and there are two cases for each of a hundred kinds.
AT_MOST = 1_800_000
NOISE = 2e-6  # float32 against float64; a case beyond it would measure rounding, not the model


@dataclass(frozen=True)
class Case:
    """A model of transformers, what its config says, and what it is fed.

    It is fed `n` ids; `source` is how many the encoder reads, `pads` where padding ids stand in the
    text (and in the source).
    """

    model: str
    config: dict
    n: int = 12
    source: int | None = None
    pads: tuple = ()
    segments: int | None = None  # where the second text begins
    global_tokens: tuple | None = None
    absent: tuple = ()  # tensors that are left out of the file, as older ones on the hub do


# One head is 16 wide at least: the rotations of narrower ones hide behind each other.
ENCODER = {
    "vocab_size": 61, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 40, "max_position_embeddings": 24,
}  # fmt: skip
ESM = ENCODER | {"pad_token_id": 1, "mask_token_id": 20}
DEBERTA = ENCODER | {"relative_attention": True, "type_vocab_size": 2}
DISTIL = {
    "vocab_size": 61, "dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 40,
    "max_position_embeddings": 24,
}  # fmt: skip
ALBERT = ENCODER | {"embedding_size": 20, "num_hidden_layers": 3}
MODERN = {
    "vocab_size": 61, "hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 2,
    "intermediate_size": 40, "max_position_embeddings": 64, "pad_token_id": 0, "bos_token_id": 1,
    "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2,
}  # fmt: skip
GPT2 = {
    "vocab_size": 61, "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 24,
    "bos_token_id": 0, "eos_token_id": 0,
}  # fmt: skip
NEO = {
    "vocab_size": 61, "hidden_size": 32, "num_layers": 2, "num_heads": 2, "window_size": 4,
    "attention_types": [[["global", "local"], 1]], "max_position_embeddings": 24,
    "bos_token_id": 0, "eos_token_id": 0,
}  # fmt: skip
NEOX = {
    "vocab_size": 61, "hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 48, "max_position_embeddings": 64,
}  # fmt: skip
DECODER = {
    "vocab_size": 61, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "intermediate_size": 40, "max_position_embeddings": 64,
    "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
OPT = {
    "vocab_size": 61, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "ffn_dim": 40, "max_position_embeddings": 24, "word_embed_proj_dim": 32,
}  # fmt: skip
XGLM = {
    "vocab_size": 61, "d_model": 32, "num_layers": 2, "attention_heads": 2, "ffn_dim": 40,
    "max_position_embeddings": 24,
}  # fmt: skip
BLOOM = {"vocab_size": 61, "hidden_size": 32, "n_layer": 2, "n_head": 2}
MPT = {
    "vocab_size": 61, "d_model": 32, "n_layers": 2, "n_heads": 2, "max_seq_len": 24,
}  # fmt: skip
FALCON = {
    "vocab_size": 61, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "max_position_embeddings": 64,
}  # fmt: skip
YARN_SLOW = {
    "rope_type": "yarn", "rope_theta": 150000.0, "factor": 32.0, "beta_fast": 32.0,
    "beta_slow": 1.0, "truncate": False, "original_max_position_embeddings": 16,
}  # fmt: skip
GROUPED = DECODER | {"hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2}
MIXED = GROUPED | {"intermediate_size": 24, "num_experts_per_tok": 2}
SHARED = MIXED | {"moe_intermediate_size": 20}
OSS = MIXED | {
    "num_local_experts": 4, "head_dim": 16, "sliding_window": 4,
    "rope_parameters": YARN_SLOW,
}  # fmt: skip
SHORT = {  # of latent attention
    "vocab_size": 61, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 4, "intermediate_size": 40, "max_position_embeddings": 64,
    "q_lora_rank": 24, "kv_lora_rank": 20, "qk_nope_head_dim": 12, "qk_rope_head_dim": 8,
    "v_head_dim": 14, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
LATENT = SHORT | {
    "moe_intermediate_size": 20, "n_routed_experts": 4, "num_experts_per_tok": 2,
    "n_shared_experts": 1,
}  # fmt: skip
PHI = GROUPED | {"pad_token_id": 0}
# Layers without attention among others: few and narrow, for what is stored of them is small.
GAPS = {
    "vocab_size": 61, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2,
    "num_key_value_heads": 1, "intermediate_size": 24, "max_position_embeddings": 64,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
LFM2 = GAPS | {"layer_types": ["conv", "full_attention", "conv"], "block_multiple_of": 8}
LFM2_MOE = LFM2 | {"num_experts": 3, "num_experts_per_tok": 2, "moe_intermediate_size": 12}
T5 = {
    "vocab_size": 61, "d_model": 32, "d_kv": 16, "d_ff": 40, "num_layers": 2, "num_heads": 3,
    "relative_attention_num_buckets": 12, "relative_attention_max_distance": 9,
}  # fmt: skip
BART = {
    "vocab_size": 61, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2,
    "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 40,
    "decoder_ffn_dim": 48, "max_position_embeddings": 24,
}  # fmt: skip
LED = {name: value for name, value in BART.items() if name != "max_position_embeddings"} | {
    "max_encoder_position_embeddings": 24, "max_decoder_position_embeddings": 20,
    "attention_window": 4,
}  # fmt: skip
UNEVEN = BART | {
    "d_model": 64, "encoder_layers": 1, "decoder_layers": 2, "encoder_attention_heads": 2,
    "decoder_attention_heads": 4,
}  # fmt: skip
GEMMA_HALF = {
    "vocab_size": 61, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "intermediate_size": 24, "max_position_embeddings": 64,
    "head_dim": 16, "sliding_window": 4, "query_pre_attn_scalar": 20,
    "attn_logit_softcapping": 3.0,
}  # fmt: skip
GEMMA4 = {
    "vocab_size": 61, "hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 20, "max_position_embeddings": 64,
    "head_dim": 16, "global_head_dim": 24, "num_global_key_value_heads": 1, "sliding_window": 4,
    "attention_k_eq_v": True, "vocab_size_per_layer_input": 61, "hidden_size_per_layer_input": 6,
    "num_kv_shared_layers": 2, "use_double_wide_mlp": True,
    "layer_types": ["sliding_attention", "full_attention"] * 2,
    "rope_parameters": {
        "sliding_attention": {"rope_type": "default", "rope_theta": 100.0},
        "full_attention": {
            "rope_type": "proportional", "partial_rotary_factor": 0.5, "rope_theta": 1000.0,
        },
    },
}  # fmt: skip
SWITCH = T5 | {
    "num_heads": 2, "num_experts": 3, "expert_capacity": 2, "num_sparse_encoder_layers": 1,
    "num_sparse_decoder_layers": 1, "num_decoder_layers": 2, "d_ff": 20,
}  # fmt: skip
NLLB_MOE = BART | {
    "num_experts": 4, "encoder_sparse_step": 1, "decoder_sparse_step": 2, "encoder_ffn_dim": 20,
    "decoder_ffn_dim": 24, "moe_eval_capacity_token_fraction": 0.25,
}  # fmt: skip
MARIAN = {"pad_token_id": 60, "decoder_start_token_id": 60}
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0,
    "high_freq_factor": 4.0, "original_max_position_embeddings": 40,
}  # fmt: skip
YARN = {
    "rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0,
    "original_max_position_embeddings": 16,
}  # fmt: skip
DYNAMIC = {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0}
LONG = {
    "rope_type": "longrope",
    "short_factor": [1.0, 1.02, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5],
    "long_factor": [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0],
}
LONG_SMALL = {
    "rope_type": "longrope", "rope_theta": 100.0,
    "short_factor": [1.0, 1.3, 1.6, 2.5], "long_factor": [1.0, 2.0, 4.0, 8.0],
}  # fmt: skip
BY_LAYER = {
    "full_attention": {"rope_type": "linear", "rope_theta": 1000.0, "factor": 4.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 50.0},
}

CASES = {
    "bert": Case("BertModel", ENCODER),
    "bert, two segments": Case(
        "BertModel",
        ENCODER
        | {"hidden_size": 64, "num_attention_heads": 4, "hidden_act": "gelu_new"}
        | {"layer_norm_eps": 0.1},
        segments=7,
    ),
    "bert, with a head": Case(
        "BertForMaskedLM", ENCODER | {"hidden_act": "relu", "num_hidden_layers": 3}
    ),
    "bert, causal": Case("BertLMHeadModel", ENCODER | {"is_decoder": True}),
    "ernie": Case("ErnieModel", ENCODER, segments=5),
    "ernie, with a head": Case(
        "ErnieForMaskedLM", ENCODER | {"hidden_act": "gelu_new", "layer_norm_eps": 0.1}
    ),
    "data2vec-text": Case("Data2VecTextModel", ENCODER | {"type_vocab_size": 1}, pads=(4, 5)),
    "data2vec-text, with a head": Case(
        "Data2VecTextForMaskedLM", ENCODER | {"pad_token_id": 5, "hidden_act": "gelu_new"}
    ),
    "roberta": Case("RobertaModel", ENCODER | {"type_vocab_size": 1}, pads=(4, 5)),
    "roberta, with a head": Case(
        "RobertaForMaskedLM",
        ENCODER | {"pad_token_id": 5, "hidden_act": "gelu_new"},
        segments=8,
    ),
    "xlm-roberta": Case("XLMRobertaModel", ENCODER | {"type_vocab_size": 1}),
    "xlm-roberta, with a head": Case(
        "XLMRobertaForSequenceClassification",
        ENCODER | {"type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 3},
        pads=(2, 9),
    ),
    "camembert": Case("CamembertModel", ENCODER | {"type_vocab_size": 1}, pads=(6,)),
    "camembert, with a head": Case(
        "CamembertForMaskedLM", ENCODER | {"hidden_size": 64, "hidden_act": "relu"}
    ),
    "distilbert": Case("DistilBertModel", DISTIL),
    "distilbert, with a head": Case(
        "DistilBertForMaskedLM",
        DISTIL | {"dim": 64, "n_heads": 4, "activation": "relu", "sinusoidal_pos_embds": True},
    ),
    "mpnet": Case("MPNetModel", ENCODER, n=14, pads=(5,)),
    "mpnet, with a head": Case(
        "MPNetForMaskedLM",
        ENCODER
        | {"relative_attention_num_buckets": 40, "pad_token_id": 7, "layer_norm_eps": 1e-5}
        | {"hidden_act": "gelu_new"},
        n=14,
    ),
    "electra": Case("ElectraModel", ENCODER | {"embedding_size": 20}, segments=5),
    "electra, with a head": Case(
        "ElectraForPreTraining",
        ENCODER | {"embedding_size": 32, "hidden_act": "gelu_new", "num_attention_heads": 1},
    ),
    "albert": Case("AlbertModel", ALBERT, segments=6),
    "albert, two groups": Case(
        "AlbertForMaskedLM", ALBERT | {"num_hidden_groups": 2, "hidden_act": "gelu"}
    ),
    "modernbert": Case("ModernBertModel", MODERN | {"local_attention": 6}, n=14),
    "modernbert, with a head": Case(
        "ModernBertForMaskedLM",
        MODERN
        | {"num_hidden_layers": 3, "global_attn_every_n_layers": 2, "local_attention": 5}
        | {"norm_bias": True, "attention_bias": True, "mlp_bias": True, "norm_eps": 1e-3}
        | {"hidden_activation": "gelu_new"}
        | {"global_rope_theta": 500.0, "local_rope_theta": 50.0},
        n=13,
    ),
    "longformer": Case(
        "LongformerModel", ENCODER | {"attention_window": 4}, n=13, global_tokens=(0,)
    ),
    "longformer, two global tokens": Case(
        "LongformerForMaskedLM",
        ENCODER | {"attention_window": [4, 8], "hidden_act": "gelu_new"},
        n=14,
        pads=(8,),
        global_tokens=(0, 5),
    ),
    "longformer, no global token": Case(
        "LongformerModel",
        ENCODER | {"attention_window": [8, 4], "hidden_size": 64, "num_attention_heads": 4},
        n=11,
        segments=6,
        global_tokens=(),
    ),
    "big_bird": Case("BigBirdModel", ENCODER | {"attention_type": "original_full"}, n=9),
    "big_bird, with a head": Case(
        "BigBirdForMaskedLM",
        ENCODER
        | {"rescale_embeddings": True, "attention_type": "original_full"}
        | {"hidden_act": "relu"},
        n=9,
        segments=5,
    ),
    "deberta-v2": Case("DebertaV2Model", DEBERTA | {"pos_att_type": ["p2c", "c2p"]}, n=9),
    "deberta-v2, buckets": Case(
        "DebertaV2ForMaskedLM",
        DEBERTA
        | {"position_buckets": 4, "share_att_key": True, "norm_rel_ebd": "layer_norm"}
        | {"pos_att_type": "p2c|c2p", "position_biased_input": False, "type_vocab_size": 0},
        n=11,
    ),
    "deberta-v2, one side": Case(
        "DebertaV2ForMaskedLM",
        DEBERTA
        | {"position_buckets": 6, "pos_att_type": ["c2p"], "layer_norm_eps": 0.1}
        | {"max_relative_positions": 12, "norm_rel_ebd": "layer_norm"},
        n=9,
        segments=5,
    ),
    "roformer": Case("RoFormerModel", ENCODER, n=9, segments=4),
    "roformer, narrow": Case(
        "RoFormerForMaskedLM",
        ENCODER | {"embedding_size": 20, "hidden_act": "relu", "layer_norm_eps": 0.1},
        n=9,
    ),
    "gte": Case("GteModel", ENCODER, n=9),
    "gte, no segments": Case(
        "GteForMaskedLM",
        ENCODER
        | {"type_vocab_size": 0, "hidden_act": "relu", "layer_norm_eps": 0.1}
        | {"rope_parameters": {"rope_type": "default", "rope_theta": 100.0}},
        n=9,
    ),
    "esm": Case("EsmModel", ESM | {"position_embedding_type": "rotary"}, n=9),
    "esm, positions": Case(
        "EsmForMaskedLM",
        ESM
        | {"position_embedding_type": "absolute", "token_dropout": True}
        | {"emb_layer_norm_before": True},
        n=9,
    ),
    "nomic_bert": Case("NomicBertModel", ENCODER, segments=5),
    "nomic_bert, with a head": Case(
        "NomicBertForMaskedLM",
        ENCODER
        | {"hidden_act": "gelu", "layer_norm_eps": 1e-3}
        | {"rope_parameters": {"rope_type": "default", "rope_theta": 100.0}},
    ),
    "jina_embeddings_v3": Case("JinaEmbeddingsV3Model", ENCODER),
    "jina_embeddings_v3, with a head": Case(
        "JinaEmbeddingsV3ForMaskedLM",
        ENCODER
        | {"hidden_act": "gelu_new", "hidden_size": 64, "num_attention_heads": 4}
        | {"rope_parameters": {"rope_type": "default", "rope_theta": 100.0}},
    ),
    "gpt2": Case("GPT2Model", GPT2),
    "gpt2, with a head": Case(
        "GPT2LMHeadModel", GPT2 | {"scale_attn_by_inverse_layer_idx": True, "n_inner": 40}
    ),
    "gpt2, no scale": Case(
        "GPT2LMHeadModel",
        GPT2
        | {"scale_attn_weights": False, "activation_function": "relu", "n_head": 4, "n_embd": 64}
        | {"n_inner": 40, "layer_norm_epsilon": 1e-3},
    ),
    "gpt_neo": Case("GPTNeoModel", NEO),
    "gpt_neo, with a head": Case(
        "GPTNeoForCausalLM",
        NEO
        | {"attention_types": [[["local"], 2], [["global"], 1]], "num_layers": 3}
        | {"window_size": 3, "intermediate_size": 40, "activation_function": "gelu"},
    ),
    "gpt_neox": Case("GPTNeoXModel", NEOX | {"rotary_pct": 0.25}),
    "gpt_neox, with a head": Case(
        "GPTNeoXForCausalLM",
        NEOX
        | {"hidden_size": 64, "rotary_pct": 0.5, "rotary_emb_base": 500, "num_attention_heads": 4}
        | {"use_parallel_residual": False, "attention_bias": False, "hidden_act": "gelu_new"},
    ),
    "gpt_bigcode": Case("GPTBigCodeModel", GPT2 | {"n_embd": 64, "n_head": 4, "n_inner": 40}),
    "gpt_bigcode, a key for each head": Case(
        "GPTBigCodeForCausalLM",
        GPT2
        | {"multi_query": False, "scale_attn_weights": False, "n_inner": 40, "n_head": 4}
        | {"activation_function": "relu", "layer_norm_epsilon": 1e-3},
    ),
    "gptj": Case("GPTJModel", GPT2 | {"rotary_dim": 8, "n_inner": 40}),
    "gptj, with a head": Case(
        "GPTJForCausalLM",
        GPT2 | {"rotary_dim": 16, "n_inner": 48, "activation_function": "relu"},
    ),
    "codegen": Case(
        "CodeGenModel", GPT2 | {"n_embd": 64, "n_head": 4, "rotary_dim": 8, "n_inner": 40}
    ),
    "codegen, with a head": Case(
        "CodeGenForCausalLM",
        GPT2
        | {"n_embd": 128, "n_head": 8, "rotary_dim": 12, "n_inner": 32, "n_layer": 1}
        | {"activation_function": "gelu", "layer_norm_epsilon": 1e-3},
    ),
    "opt": Case("OPTModel", OPT),
    "opt, norms after": Case(
        "OPTForCausalLM",
        OPT | {"do_layer_norm_before": False, "enable_bias": False, "activation_function": "gelu"},
    ),
    "xglm": Case("XGLMModel", XGLM),
    "xglm, with a head": Case(
        "XGLMForCausalLM",
        XGLM | {"scale_embedding": False, "activation_function": "relu", "attention_heads": 1},
    ),
    "biogpt": Case("BioGptModel", ENCODER),
    "biogpt, with a head": Case(
        "BioGptForCausalLM", ENCODER | {"scale_embedding": False, "hidden_act": "relu"}
    ),
    "phi": Case("PhiModel", GROUPED),
    "phi, heads normed": Case(
        "PhiForCausalLM",
        DECODER
        | {"qk_layernorm": True, "hidden_act": "gelu", "layer_norm_eps": 1e-3}
        | {"rope_parameters": {"partial_rotary_factor": 1.0, "rope_theta": 100.0}},
    ),
    "starcoder2": Case("Starcoder2Model", GROUPED | {"sliding_window": 4}),
    "starcoder2, no biases": Case(
        "Starcoder2ForCausalLM",
        DECODER | {"use_bias": False, "hidden_act": "relu", "norm_epsilon": 1e-3},
    ),
    "stablelm": Case("StableLmModel", GROUPED | {"use_qkv_bias": True}),
    "stablelm, side by side": Case(
        "StableLmForCausalLM",
        GROUPED
        | {"use_parallel_residual": True, "qk_layernorm": True, "hidden_act": "gelu"}
        | {"rope_parameters": {"partial_rotary_factor": 0.5, "rope_theta": 100.0}},
    ),
    "cohere": Case("CohereModel", GROUPED | {"pad_token_id": 0}),
    "cohere, heads normed": Case(
        "CohereForCausalLM",
        GROUPED
        | {"pad_token_id": 0, "use_qk_norm": True, "attention_bias": True, "logit_scale": 0.5},
    ),
    "cohere2": Case(
        "Cohere2Model",
        DECODER | {"pad_token_id": 0, "num_hidden_layers": 4, "sliding_window": 4},
    ),
    "cohere2, layers": Case(
        "Cohere2ForCausalLM",
        GROUPED
        | {"pad_token_id": 0, "layer_types": ["full_attention", "sliding_attention"]}
        | {"sliding_window": 3, "attention_bias": True, "rope_theta": 100.0},
    ),
    "nemotron": Case("NemotronModel", GROUPED | {"head_dim": 16}),
    "nemotron, biases": Case(
        "NemotronForCausalLM",
        DECODER
        | {"head_dim": 24, "attention_bias": True, "mlp_bias": True, "hidden_act": "silu"}
        | {"rope_parameters": {"partial_rotary_factor": 1.0, "rope_theta": 100.0}},
    ),
    "bloom": Case("BloomModel", BLOOM),
    "bloom, six heads": Case(
        "BloomForCausalLM", BLOOM | {"hidden_size": 48, "n_head": 6, "layer_norm_epsilon": 1e-3}
    ),
    "mpt": Case("MptModel", MPT),
    "mpt, three heads": Case(
        "MptForCausalLM",
        MPT
        | {"n_heads": 3, "d_model": 48, "layer_norm_epsilon": 1e-3}
        | {"attn_config": {"softmax_scale": 0.5}},
    ),
    "falcon": Case("FalconModel", FALCON),
    "falcon, few keys": Case(
        "FalconForCausalLM",
        FALCON
        | {"new_decoder_architecture": True, "num_kv_heads": 2, "bias": True}
        | {"ffn_hidden_size": 40, "activation": "relu"},
    ),
    "falcon, one after the other": Case(
        "FalconForCausalLM",
        FALCON
        | {"parallel_attn": False, "multi_query": False, "bias": True, "ffn_hidden_size": 40}
        | {"layer_norm_epsilon": 1e-3},
    ),
    "llama": Case("LlamaModel", DECODER),
    "llama, biases": Case(
        "LlamaForCausalLM",
        GROUPED
        | {"head_dim": 24, "attention_bias": True, "mlp_bias": True, "rms_norm_eps": 1e-3}
        | {"hidden_act": "gelu"},
    ),
    "llama, llama3 rotation": Case(
        "LlamaForCausalLM", GROUPED | {"num_key_value_heads": 1, "rope_parameters": LLAMA3}
    ),
    "llama, linear rotation": Case(
        "LlamaForCausalLM",
        DECODER
        | {"rope_parameters": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}}
        | {"tie_word_embeddings": True},
    ),
    "llama, yarn rotation": Case("LlamaModel", DECODER | {"rope_parameters": YARN}),
    "llama, dynamic rotation": Case(  # its base grows with texts that are longer than positions
        "LlamaModel", DECODER | {"rope_parameters": DYNAMIC, "max_position_embeddings": 8}
    ),
    "mistral": Case("MistralModel", GROUPED | {"sliding_window": 4}),
    "mistral, no window": Case(
        "MistralForCausalLM", GROUPED | {"sliding_window": None, "head_dim": 32, "rope_theta": 50.0}
    ),
    "qwen2": Case("Qwen2Model", GROUPED),
    "qwen2, windows": Case(
        "Qwen2ForCausalLM",
        GROUPED
        | {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1}
        | {"num_hidden_layers": 3, "tie_word_embeddings": True, "rope_theta": 1000000.0},
    ),
    "qwen3": Case("Qwen3Model", GROUPED | {"head_dim": 24}),
    "qwen3, windows": Case(
        "Qwen3ForCausalLM",
        GROUPED
        | {"head_dim": 16, "attention_bias": True, "rms_norm_eps": 1e-3}
        | {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 1},
    ),
    "phi3": Case(
        "Phi3Model", PHI | {"rope_parameters": {"partial_rotary_factor": 0.5}, "sliding_window": 5}
    ),
    "phi3, long rotation": Case(
        "Phi3ForCausalLM",
        PHI
        | {"original_max_position_embeddings": 8, "max_position_embeddings": 16}
        | {"rope_parameters": LONG},
    ),
    "phi3, short rotation": Case(
        "Phi3ForCausalLM",
        PHI
        | {"num_attention_heads": 2, "hidden_act": "gelu", "original_max_position_embeddings": 32}
        | {"rope_parameters": LONG | {"partial_rotary_factor": 0.5}},
    ),
    "arcee": Case("ArceeModel", GROUPED),
    "arcee, biases": Case(
        "ArceeForCausalLM",
        DECODER | {"attention_bias": True, "mlp_bias": True, "head_dim": 24, "hidden_act": "gelu"},
    ),
    "ernie4_5": Case("Ernie4_5Model", GROUPED | {"head_dim": 16}),
    "ernie4_5, biases": Case(
        "Ernie4_5ForCausalLM", DECODER | {"head_dim": 24, "use_bias": True, "rope_theta": 50.0}
    ),
    "eurobert": Case("EuroBertModel", GROUPED | {"pad_token_id": 0, "mask_token_id": 3}),
    "eurobert, with a head": Case(
        "EuroBertForMaskedLM",
        DECODER | {"pad_token_id": 0, "mask_token_id": 3, "attention_bias": True, "mlp_bias": True},
    ),
    "exaone4": Case("Exaone4Model", GROUPED | {"num_hidden_layers": 4, "sliding_window": 4}),
    "exaone4, no window": Case(
        "Exaone4ForCausalLM",
        DECODER
        | {"sliding_window": None, "layer_types": ["full_attention"] * 2, "rope_theta": 100.0},
    ),
    "glm": Case("GlmModel", GROUPED | {"head_dim": 16, "pad_token_id": 0}),
    "glm, no biases": Case(
        "GlmForCausalLM",
        DECODER
        | {"head_dim": 24, "pad_token_id": 0, "attention_bias": False}
        | {"rope_parameters": {"partial_rotary_factor": 1.0, "rope_theta": 100.0}},
    ),
    "glm4": Case("Glm4Model", GROUPED | {"head_dim": 16, "pad_token_id": 0}),
    "glm4, whole head rotated": Case(
        "Glm4ForCausalLM",
        DECODER
        | {"head_dim": 24, "pad_token_id": 0, "hidden_act": "gelu"}
        | {"rope_parameters": {"partial_rotary_factor": 1.0, "rope_theta": 100.0}},
    ),
    "granite": Case(
        "GraniteModel",
        GROUPED
        | {"attention_multiplier": 0.2, "embedding_multiplier": 3.0, "residual_multiplier": 0.4},
    ),
    "granite, with a head": Case(
        "GraniteForCausalLM",
        DECODER
        | {"attention_multiplier": 0.3, "logits_scaling": 4.0, "residual_multiplier": 1.5}
        | {"attention_bias": True, "mlp_bias": True},
    ),
    "helium": Case(
        "HeliumModel", GROUPED | {"head_dim": 16, "num_key_value_heads": 2, "rms_norm_eps": 1e-3}
    ),
    "helium, biases": Case(
        "HeliumForCausalLM",
        DECODER | {"head_dim": 16, "attention_bias": True, "mlp_bias": True, "rope_theta": 50.0},
    ),
    "hunyuan_v1_dense": Case("HunYuanDenseV1Model", GROUPED | {"head_dim": 16}),
    "hunyuan_v1_dense, rotation stretched": Case(
        "HunYuanDenseV1ForCausalLM",
        DECODER
        | {"head_dim": 24, "attention_bias": True}
        | {"rope_parameters": DYNAMIC | {"alpha": 50.0, "factor": 1.0}},
    ),
    "ministral": Case("MinistralModel", GROUPED | {"sliding_window": 4, "head_dim": 16}),
    "ministral, layers": Case(
        "MinistralForCausalLM",
        GROUPED
        | {"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 3}
        | {"head_dim": 24},
    ),
    "olmo2": Case("Olmo2Model", GROUPED | {"pad_token_id": 0}),
    "olmo2, biases": Case(
        "Olmo2ForCausalLM",
        DECODER | {"pad_token_id": 0, "attention_bias": True, "rope_theta": 100.0},
    ),
    "olmo3": Case(
        "Olmo3Model", GROUPED | {"pad_token_id": 0, "num_hidden_layers": 4, "sliding_window": 4}
    ),
    "olmo3, two rotations": Case(
        "Olmo3ForCausalLM",
        DECODER
        | {"pad_token_id": 0, "layer_types": ["full_attention", "sliding_attention"]}
        | {"sliding_window": 5, "attention_bias": True, "rope_parameters": BY_LAYER},
    ),
    "seed_oss": Case("SeedOssModel", GROUPED | {"head_dim": 16}),
    "seed_oss, biases": Case(
        "SeedOssForCausalLM",
        DECODER
        | {"head_dim": 24, "attention_bias": False, "attention_out_bias": True, "mlp_bias": True},
    ),
    "smollm3": Case("SmolLM3Model", DECODER | {"num_hidden_layers": 4, "pad_token_id": 0}),
    "smollm3, windows": Case(
        "SmolLM3ForCausalLM",
        DECODER
        | {"no_rope_layers": [0, 1], "use_sliding_window": True, "sliding_window": 4}
        | {"pad_token_id": 0, "attention_bias": True, "mlp_bias": True, "rope_theta": 100.0},
    ),
    "mixtral": Case("MixtralModel", MIXED | {"num_local_experts": 4}),
    "mixtral, windows": Case(
        "MixtralForCausalLM",
        MIXED
        | {"num_local_experts": 3, "num_experts_per_tok": 1, "head_dim": 24}
        | {"sliding_window": 4, "hidden_act": "gelu"},
    ),
    "olmoe": Case("OlmoeModel", MIXED | {"pad_token_id": 0, "num_experts": 4}),
    "olmoe, shares rescaled": Case(
        "OlmoeForCausalLM",
        MIXED
        | {"pad_token_id": 0, "num_experts": 3, "norm_topk_prob": True, "attention_bias": True},
    ),
    "qwen2_moe": Case(
        "Qwen2MoeModel",
        MIXED
        | {"num_experts": 4, "moe_intermediate_size": 20, "shared_expert_intermediate_size": 28}
        | {"use_sliding_window": True, "sliding_window": 4},
    ),
    "qwen2_moe, one plain layer": Case(
        "Qwen2MoeForCausalLM",
        MIXED
        | {"num_experts": 3, "moe_intermediate_size": 24, "shared_expert_intermediate_size": 20}
        | {"norm_topk_prob": True, "qkv_bias": False, "mlp_only_layers": [0]},
    ),
    "qwen3_moe": Case(
        "Qwen3MoeModel", MIXED | {"num_experts": 4, "moe_intermediate_size": 20, "head_dim": 16}
    ),
    "qwen3_moe, windows": Case(
        "Qwen3MoeForCausalLM",
        MIXED
        | {"num_experts": 3, "moe_intermediate_size": 24, "head_dim": 16, "attention_bias": True}
        | {"norm_topk_prob": True, "decoder_sparse_step": 2}
        | {"use_sliding_window": True, "sliding_window": 5},
    ),
    "deepseek_v2": Case("DeepseekV2Model", LATENT | {"num_key_value_heads": 4}, n=9),
    "deepseek_v2, groups": Case(
        "DeepseekV2ForCausalLM",
        LATENT
        | {"q_lora_rank": None, "topk_method": "group_limited_greedy", "n_group": 2}
        | {"topk_group": 1, "first_k_dense_replace": 1, "routed_scaling_factor": 1.6}
        | {
            "attention_bias": True,
            "rope_parameters": YARN | {"mscale": 1.0, "mscale_all_dim": 0.8},
        },
        n=9,
    ),
    "deepseek_v3": Case(
        "DeepseekV3Model", LATENT | {"n_group": 2, "topk_group": 2, "first_k_dense_replace": 0}, n=9
    ),
    "deepseek_v3, halves": Case(
        "DeepseekV3ForCausalLM",
        LATENT
        | {"n_group": 2, "topk_group": 1, "first_k_dense_replace": 1, "q_lora_rank": None}
        | {"rope_interleave": False, "attention_bias": True, "rope_parameters": YARN},
        n=9,
    ),
    "glm4_moe_lite": Case("Glm4MoeLiteModel", LATENT, n=9),
    "glm4_moe_lite, layers": Case(
        "Glm4MoeLiteForCausalLM",
        LATENT | {"mlp_layer_types": ["sparse", "dense"], "n_shared_experts": 2},
        n=9,
    ),
    "minicpm3": Case("MiniCPM3Model", SHORT | {"scale_emb": 2, "scale_depth": 1.1}, n=9),
    "minicpm3, longrope": Case(
        "MiniCPM3ForCausalLM",
        SHORT
        | {"scale_emb": 3, "dim_model_base": 16, "attention_bias": True}
        | {"rope_parameters": LONG_SMALL | {"original_max_position_embeddings": 32}},
        n=9,
    ),
    "youtu": Case("YoutuModel", SHORT, n=9),
    "youtu, halves": Case(
        "YoutuForCausalLM", SHORT | {"rope_interleave": False, "q_lora_rank": None}, n=9
    ),
    "dots1": Case("Dots1Model", SHARED | {"n_routed_experts": 4, "n_shared_experts": 1}, n=9),
    "dots1, windows": Case(
        "Dots1ForCausalLM",
        SHARED
        | {"n_routed_experts": 4, "n_shared_experts": 2, "n_group": 2, "topk_group": 1}
        | {"sliding_window": 4, "max_window_layers": 1, "norm_topk_prob": True}
        | {"first_k_dense_replace": 1, "attention_bias": True},
        n=9,
    ),
    "glm4_moe": Case(
        "Glm4MoeModel",
        SHARED | {"n_routed_experts": 4, "n_shared_experts": 1, "first_k_dense_replace": 1},
        n=9,
    ),
    "glm4_moe, groups": Case(
        "Glm4MoeForCausalLM",
        SHARED
        | {"n_routed_experts": 6, "n_group": 3, "topk_group": 2, "n_shared_experts": 2}
        | {"first_k_dense_replace": 0, "norm_topk_prob": False, "routed_scaling_factor": 1.7}
        | {"use_qk_norm": True, "attention_bias": True, "head_dim": 24},
        n=9,
    ),
    "gpt_oss": Case("GptOssModel", OSS, n=9),
    "gpt_oss, few experts": Case(
        "GptOssForCausalLM",
        OSS
        | {"num_local_experts": 3, "num_experts_per_tok": 1, "head_dim": 24, "swiglu_limit": 0.6}
        | {"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 3}
        | {"swiglu_alpha": 1.2, "rope_parameters": {"rope_type": "default", "rope_theta": 100.0}},
        n=9,
    ),
    "minimax_m2": Case("MiniMaxM2Model", MIXED | {"num_local_experts": 4, "head_dim": 16}, n=9),
    "minimax_m2, one expert": Case(
        "MiniMaxM2ForCausalLM",
        MIXED
        | {"num_local_experts": 3, "num_experts_per_tok": 1, "head_dim": 24}
        | {"rope_parameters": {"rope_theta": 100.0, "partial_rotary_factor": 0.5}},
        n=9,
    ),
    "granitemoe": Case(
        "GraniteMoeModel", MIXED | {"num_local_experts": 4, "attention_multiplier": 0.2}, n=9
    ),
    "granitemoe, multipliers": Case(
        "GraniteMoeForCausalLM",
        MIXED
        | {"num_local_experts": 3, "num_experts_per_tok": 1, "attention_bias": True}
        | {"embedding_multiplier": 1.4, "residual_multiplier": 0.6, "attention_multiplier": 0.3},
        n=9,
    ),
    "phimoe": Case(
        "PhimoeModel", MIXED | {"num_local_experts": 4, "router_jitter_noise": 0.2}, n=9
    ),
    "phimoe, longrope": Case(
        "PhimoeForCausalLM",
        MIXED
        | {"num_local_experts": 3, "attention_bias": True, "sliding_window": 4}
        | {"lm_head_bias": True, "router_jitter_noise": 0.4}
        | {
            "rope_parameters": LONG
            | {"rope_theta": 100.0, "short_mscale": 1.2, "long_mscale": 1.4}
            | {"original_max_position_embeddings": 32}
        },
        n=9,
    ),
    "ernie4_5_moe": Case(
        "Ernie4_5_MoeModel",
        SHARED | {"moe_num_experts": 4, "moe_k": 2, "moe_num_shared_experts": 2},
        n=9,
    ),
    "ernie4_5_moe, some layers": Case(
        "Ernie4_5_MoeForCausalLM",
        SHARED
        | {"num_hidden_layers": 4, "moe_num_experts": 3, "moe_k": 1, "moe_num_shared_experts": 0}
        | {"moe_layer_interval": 2, "moe_layer_start_index": 0, "moe_layer_end_index": 2}
        | {"use_bias": True},
        n=9,
    ),
    "gemma": Case("GemmaModel", DECODER | {"num_key_value_heads": 1, "head_dim": 24}),
    "gemma, with a head": Case(
        "GemmaForCausalLM",
        GROUPED | {"head_dim": 16, "attention_bias": True, "rope_theta": 100.0},
    ),
    "gemma2": Case(
        "Gemma2Model",
        GROUPED
        | {"num_hidden_layers": 3, "head_dim": 16, "query_pre_attn_scalar": 9}
        | {"sliding_window": 4, "attn_logit_softcapping": 3.0},
    ),
    "gemma2, no softcap": Case(
        "Gemma2ForCausalLM",
        DECODER
        | {"head_dim": 32, "num_key_value_heads": 1, "query_pre_attn_scalar": 16}
        | {"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 3}
        | {"attn_logit_softcapping": None, "hidden_activation": "gelu"},
    ),
    "gemma3_text": Case(
        "Gemma3TextModel",
        DECODER
        | {"num_hidden_layers": 6, "head_dim": 24, "num_key_value_heads": 1}
        | {"query_pre_attn_scalar": 20, "sliding_window": 4},
    ),
    "gemma3_text, linear rotation": Case(
        "Gemma3ForCausalLM",
        GROUPED
        | {"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 5}
        | {"head_dim": 16, "query_pre_attn_scalar": 16, "attention_bias": True}
        | {"rope_parameters": BY_LAYER},
    ),
    "lfm2": Case("Lfm2Model", LFM2, n=8),
    "lfm2, biases": Case(
        "Lfm2ForCausalLM",
        LFM2
        | {"layer_types": ["full_attention", "conv", "full_attention"], "conv_bias": True}
        | {"conv_L_cache": 4, "block_auto_adjust_ff_dim": False}
        | {"rope_parameters": {"rope_theta": 100.0, "rope_type": "default"}},
        n=8,
    ),
    "lfm2_moe": Case("Lfm2MoeModel", LFM2_MOE | {"num_dense_layers": 1}, n=8),
    "lfm2_moe, shares": Case(
        "Lfm2MoeForCausalLM",
        LFM2_MOE
        | {"num_dense_layers": 0, "norm_topk_prob": False, "routed_scaling_factor": 1.6}
        | {"use_expert_bias": False},
        n=8,
    ),
    "t5": Case("T5Model", T5 | {"num_decoder_layers": 3}, n=11, source=14),
    "t5, gated": Case(
        "T5ForConditionalGeneration",
        T5
        | {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
        | {"relative_attention_num_buckets": 8, "relative_attention_max_distance": 20}
        | {"layer_norm_epsilon": 1e-3},
        n=13,
        source=9,
    ),
    "mt5": Case("MT5Model", T5 | {"num_decoder_layers": 1}, n=12, source=10),
    "mt5, not gated": Case(
        "MT5ForConditionalGeneration",
        T5 | {"feed_forward_proj": "gelu", "d_kv": 20, "num_heads": 2},
        n=9,
        source=12,
    ),
    "umt5": Case("UMT5Model", T5 | {"num_decoder_layers": 1}, n=9, source=11),
    "umt5, not gated": Case(
        "UMT5ForConditionalGeneration",
        T5
        | {"feed_forward_proj": "relu", "d_kv": 20, "num_heads": 2}
        | {"relative_attention_num_buckets": 8, "relative_attention_max_distance": 20},
        n=9,
        source=10,
    ),
    "longt5": Case("LongT5Model", T5 | {"local_radius": 3, "num_heads": 2}, n=6, source=11),
    "longt5, with a head": Case(
        "LongT5ForConditionalGeneration",
        T5
        | {"num_heads": 2, "local_radius": 4, "feed_forward_proj": "gated-gelu"}
        | {"num_decoder_layers": 1, "tie_word_embeddings": False},
        n=7,
        source=13,
    ),
    "switch_transformers": Case("SwitchTransformersModel", SWITCH, n=9, source=11),
    "switch_transformers, with a head": Case(
        "SwitchTransformersForConditionalGeneration",
        SWITCH
        | {"dense_act_fn": "gelu_new", "router_bias": True, "expert_capacity": 64}
        | {"num_sparse_encoder_layers": 2, "num_decoder_layers": 1},
        n=8,
        source=9,
    ),
    "gemma4_text": Case(
        "Gemma4TextModel",
        GEMMA4
        | {"num_kv_shared_layers": 0, "attention_k_eq_v": False, "hidden_size_per_layer_input": 0}
        | {"num_hidden_layers": 2, "layer_types": GEMMA4["layer_types"][:2]}
        | {"global_head_dim": 32},
        n=9,
    ),
    "gemma4_text, with a head": Case(
        "Gemma4ForCausalLM", GEMMA4 | {"final_logit_softcapping": 4.0}, n=10
    ),
    "gemma4_text, experts": Case(
        "Gemma4TextModel",
        GEMMA4
        | {
            "num_kv_shared_layers": 0,
            "hidden_size_per_layer_input": 0,
            "use_double_wide_mlp": False,
        }
        | {"num_hidden_layers": 2, "layer_types": GEMMA4["layer_types"][:2]}
        | {"enable_moe_block": True, "num_experts": 4, "top_k_experts": 2}
        | {"moe_intermediate_size": 12},
        n=8,
    ),
    "t5gemma": Case(
        "T5GemmaModel",
        {"encoder": GEMMA_HALF, "decoder": GEMMA_HALF, "vocab_size": 61},
        n=7,
        source=11,
    ),
    "t5gemma, with a head": Case(
        "T5GemmaForConditionalGeneration",
        {
            "encoder": GEMMA_HALF | {"hidden_size": 64, "attn_logit_softcapping": None},
            "decoder": GEMMA_HALF
            | {"num_hidden_layers": 1, "layer_types": ["sliding_attention"]}
            | {"num_attention_heads": 4, "num_key_value_heads": 1, "hidden_activation": "relu"},
            "vocab_size": 61,
        },
        n=8,
        source=9,
    ),
    "bart": Case("BartModel", BART, n=11, source=13, pads=(4,)),
    "bart, with a head": Case(
        "BartForConditionalGeneration",
        UNEVEN | {"scale_embedding": True, "activation_function": "relu"},
        n=12,
        source=9,
    ),
    "mbart": Case("MBartModel", BART, n=11, source=13),
    "mbart, with a head": Case(
        "MBartForConditionalGeneration",
        UNEVEN | {"scale_embedding": True, "activation_function": "gelu_new"},
        n=9,
        source=12,
    ),
    "marian": Case(
        "MarianMTModel",
        BART | MARIAN | {"scale_embedding": True, "activation_function": "swish"},
        n=11,
        source=13,
    ),
    "marian, two vocabularies": Case(
        "MarianMTModel",
        UNEVEN
        | MARIAN
        | {"share_encoder_decoder_embeddings": False, "decoder_vocab_size": 70}
        | {"tie_word_embeddings": False},
        n=12,
        source=9,
    ),
    "marian, positions in the file": Case("MarianModel", BART | MARIAN, n=9, source=12),
    "m2m_100": Case("M2M100Model", BART, n=11, source=13, pads=(4, 7)),
    "m2m_100, with a head": Case(
        "M2M100ForConditionalGeneration",
        UNEVEN | {"scale_embedding": False, "activation_function": "gelu", "pad_token_id": 3},
        n=12,
        source=9,
    ),
    "nllb-moe": Case("NllbMoeModel", NLLB_MOE, n=9, source=11),
    "nllb-moe, with a head": Case(
        "NllbMoeForConditionalGeneration",
        NLLB_MOE
        | {"batch_prioritized_routing": True, "normalize_router_prob_before_dropping": True}
        | {"moe_eval_capacity_token_fraction": -1.0, "expert_capacity": 2, "router_bias": True}
        | {"moe_token_dropout": 0.5, "activation_function": "gelu_new", "pad_token_id": 3},
        n=8,
        source=9,
    ),
    "pegasus": Case(
        "PegasusModel",
        BART | {"scale_embedding": True},
        n=11,
        source=13,
        absent=("encoder.embed_positions.weight", "decoder.embed_positions.weight"),
    ),
    "pegasus, with a head": Case(
        "PegasusForConditionalGeneration",
        UNEVEN | {"activation_function": "relu"},
        n=9,
        source=12,
    ),
    "led": Case("LEDModel", LED, n=8, source=11, global_tokens=(0,)),
    "led, with a head": Case(
        "LEDForConditionalGeneration",
        LED
        | {"attention_window": [4, 8], "activation_function": "relu", "decoder_layers": 1}
        | {"encoder_attention_heads": 2, "decoder_attention_heads": 4},
        n=7,
        source=9,
        global_tokens=(2, 7),
    ),
    "led, no global token": Case("LEDModel", LED, n=5, source=10, global_tokens=()),
    "plbart": Case("PLBartModel", BART, n=9, source=11),
    "plbart, with a head": Case(
        "PLBartForConditionalGeneration",
        UNEVEN | {"scale_embedding": False, "activation_function": "relu"},
        n=9,
        source=8,
    ),
    "blenderbot": Case("BlenderbotModel", BART, n=9, source=11),
    "blenderbot, with a head": Case(
        "BlenderbotForConditionalGeneration",
        UNEVEN | {"scale_embedding": True, "activation_function": "relu"},
        n=9,
        source=8,
    ),
}


def model_class(case):
    return getattr(transformers, case.model)


def inputs(name):
    """What is fed, as it is stored."""
    case = CASES[name]
    saved = checkpoints.config(name)
    pad = 1 if saved["model_type"] == "mpnet" else saved.get("pad_token_id")  # MPNet's is built in
    generator = np.random.RandomState(len(name))
    lengths = {"ids": case.n} | ({} if case.source is None else {"source_ids": case.source})
    given = {}
    for field_name, n in lengths.items():
        ids = generator.randint(8, 60, size=n)
        ids[n - 2] = ids[2]  # a token that comes again: only its position tells it apart
        if case.pads:
            ids[list(case.pads)] = pad
        given[field_name] = ids
    if case.segments is not None:
        given["segments"] = (np.arange(case.n) >= case.segments).astype(np.int64)
    if case.global_tokens is not None:
        given["global_tokens"] = np.array(case.global_tokens, dtype=np.int64)
    return given


def recipe(name):
    """config.json and the tensors in the file, as transformers saves them.

    "unsaid" are the fields that have their family's default: without them it is the same model.
    """
    case = CASES[name]
    cls = model_class(case)
    config = cls.config_class(**case.config)
    with tempfile.TemporaryDirectory() as folder:
        cls(config).save_pretrained(folder)
        text = (Path(folder) / "config.json").read_text()
        with safe_open(Path(folder) / "model.safetensors", "pt") as file:
            names = [key for key in file.keys() if key not in case.absent]  # noqa: SIM118
            shapes = {key: file.get_slice(key).get_shape() for key in names}
    saved = json.loads(text)
    assert text == json.dumps(saved, indent=2, sort_keys=True) + "\n", name
    defaults = cls.config_class().to_dict()
    unsaid = [
        key for key, value in saved.items() if key != "model_type" and value == defaults.get(key)
    ]
    return {"config": saved, "unsaid": unsaid, "tensors": shapes}


def through_chosen_experts(experts, hidden, _, shares):
    """What a layer of NLLB-MoE gives: (tokens, width). shares: (tokens, experts).

    transformers 5 takes what the router returns first for numbers of experts; it is a mask, and
    all tokens pass experts 0 and 1. This is what transformers 4 did, and fairseq, which trained it.
    """
    given = torch.zeros_like(hidden)
    for number, share in enumerate(shares.T[..., None]):
        given += torch.where(share > 0, experts[f"expert_{number}"](hidden) * share, 0)
    return given * (1 - experts.moe_token_dropout)


modeling_nllb_moe.NllbMoeExperts.forward = through_chosen_experts


def load(name, folder, dtype=torch.float32):
    """The model, with every tensor of the file in its place."""
    case = CASES[name]
    # The quick kernels for experts know no float64.
    has_experts = {"num_experts_per_tok", "top_k_experts"} & set(case.config)
    mixed = {"experts_implementation": "eager"} if has_experts else {}
    model, report = model_class(case).from_pretrained(
        folder, attn_implementation="eager", dtype=dtype, output_loading_info=True, **mixed
    )
    assert set(report.pop("missing_keys")) == set(case.absent), (name, report)
    assert not any(report.values()), (name, report)
    return model.eval()


def dense(local, globally, window, places):
    """Longformer's band and the rows of its global tokens, as one (heads, n, n) map.

    local: (heads, n, global tokens + window + 1). globally: (heads, keys, global tokens) or None;
    its keys are not cut back to n where the text was padded to fill a window.
    """
    heads, n, _ = local.shape
    weights = np.zeros((heads, n, n), dtype=local.dtype)
    for column in range(window + 1):
        for row in range(n):
            key = row - window // 2 + column
            if 0 <= key < n:
                weights[:, row, key] += local[:, row, len(places) + column]
    for column, place in enumerate(places):
        weights[:, :, place] += local[:, :, column]
    for column, place in enumerate(places):
        weights[:, place, :] = globally[:, :n, column]
    return weights


def windowed(out, config, given, whose=""):
    """Weights of all layers with Longformer's windows: (layers, heads, n, n)."""
    locally, places = out[f"{whose}attentions"], given["global_tokens"]
    windows = config.attention_window
    windows = [windows] * len(locally) if isinstance(windows, int) else windows
    globally = out[f"{whose}global_attentions"] if len(places) else [[None]] * len(windows)
    return np.stack(
        [
            dense(one[0].numpy(), None if g[0] is None else g[0].numpy(), window, places)
            for one, g, window in zip(locally, globally, windows, strict=True)
        ]
    )


def blocks(layers, n):
    """LongT5's weights, (1, blocks, heads, size, 3 × size) each, as (layers, heads, n, n)."""
    found = np.zeros((len(layers), layers[0].shape[2], n, n), layers[0].numpy().dtype)
    for layer, weights in enumerate(layers):
        size = weights.shape[3]
        for row in range(n):
            first = (row // size - 1) * size  # the key of the first column
            for key in range(max(first, 0), min(first + 3 * size, n)):
                found[layer, :, row, key] = weights[0, row // size, :, row % size, key - first]
    return found


@contextmanager
def default_dtype(dtype):
    """XGLM makes its mask of the default dtype, which has no room for the least float64."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype or before)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def reference(name, folder, given=None, dtype=torch.float32):
    """What transformers makes of the checkpoint in `folder`: stack → weights, and "hidden".

    given: what is fed; by default what is stored with the case.
    """
    given = inputs(name) if given is None else given
    model = load(name, folder, dtype).base_model
    ids = {key: torch.tensor(given[key])[None] for key in ("ids", "source_ids") if key in given}
    feed = {"input_ids": ids.get("source_ids", ids["ids"])}
    if "source_ids" in ids:
        feed["decoder_input_ids"] = ids["ids"]
    if "segments" in given:
        feed["token_type_ids"] = torch.tensor(given["segments"])[None]
    if "global_tokens" in given:
        feed["global_attention_mask"] = torch.zeros_like(feed["input_ids"])
        feed["global_attention_mask"][0, given["global_tokens"]] = 1
    with torch.no_grad(), default_dtype(dtype if model.config.model_type == "xglm" else None):
        out = model(**feed, output_attentions=True, output_hidden_states=True)

    def stacked(layers):
        return np.stack([layer[0].numpy() for layer in layers if layer is not None])

    if "source_ids" in ids:
        answer = {
            "encoder": windowed(out, model.config, given, "encoder_")
            if "global_tokens" in given
            else blocks(out.encoder_attentions, len(given["source_ids"]))
            if model.config.model_type == "longt5"
            else stacked(out.encoder_attentions),
            "decoder": stacked(out.decoder_attentions),
            "cross": stacked(out.cross_attentions),
        }
    elif "global_tokens" in given:
        answer = {"self": windowed(out, model.config, given)}
    else:
        answer = {"self": stacked(out.attentions)}
    for weights in answer.values():
        lost = 1 - weights.sum(axis=-1)  # where heads have learned sinks
        assert lost.min() > -1e-5
        assert lost.max() < 1e-5 or model.config.model_type == "gpt_oss"
    last = "last_hidden_state" if "last_hidden_state" in out else "decoder_hidden_states"
    hidden = out[last] if last == "last_hidden_state" else out[last][-1]  # T5 has no model inside
    return answer | {"hidden": hidden[0].numpy()}


def noise(found, wide):
    """How far float32 is from float64: of weights, and of hidden in proportion to its size."""
    return max(
        np.abs(found[key] - wide[key]).max() / max(1, np.abs(wide[key]).max()) for key in found
    )


def make():
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    recipes = {name: recipe(name) for name in CASES}
    close = (",", ":")
    lines = [
        f"{json.dumps(name)}:{json.dumps(recipe, separators=close)}"
        for name, recipe in recipes.items()
    ]
    checkpoints.RECIPES.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    importlib.reload(checkpoints)
    arrays = {}
    for name in CASES:
        with tempfile.TemporaryDirectory() as folder:
            checkpoints.write(name, Path(folder))
            given = inputs(name)
            answer = reference(name, folder)
            apart = noise(answer, reference(name, folder, dtype=torch.float64))
            checkpoints.save(
                Path(folder), checkpoints.short_config(name), checkpoints.tensors(name)
            )
            assert noise(answer, reference(name, folder)) == 0, name
        largest = {key: value.max(axis=-1).mean() for key, value in answer.items()}
        print(f"{name:32} noise {apart:.1e} ", *(f"{k} {v:.2f}" for k, v in largest.items()))
        assert apart < NOISE, name
        assert all(0.2 < v < 0.95 for k, v in largest.items() if k != "hidden"), name
        arrays |= {f"{name}/{key}": value for key, value in (given | answer).items()}
    np.savez_compressed(checkpoints.ANSWERS, **arrays)
    sizes = [place.stat().st_size for place in (checkpoints.RECIPES, checkpoints.ANSWERS)]
    print(f"{len(CASES)} cases; recipes {sizes[0] / 1000:.0f} kB, answers {sizes[1] / 1000:.0f} kB")
    assert sum(sizes) < AT_MOST


if __name__ == "__main__":
    make()
