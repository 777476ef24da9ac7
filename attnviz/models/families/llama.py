"""Llama (arXiv 2302.13971) and its kin: Mistral, Qwen 2, Qwen 3, Phi 3, SmolLM 2 and 3, Granite,
GLM, OLMo 2 and 3, EXAONE 4, Helium … `KINDS` says how each of them differs."""

from __future__ import annotations

from dataclasses import replace

from attnviz.models.checkpoint.config import Fields
from attnviz.models.checkpoint.weights import Weights
from attnviz.models.network.attention import TURNED, WHOLE
from attnviz.models.network.decoder import (
    AFTER,
    AROUND,
    GRANITE,
    HEAD_NORMS,
    MINI_CPM,
    Traits,
    build_decoder,
)
from attnviz.models.network.experts import MIXER, SIGMOID, SOFTMAX
from attnviz.models.network.mixture import ALL as EVERY
from attnviz.models.network.mixture import BETWEEN, DEEPSEEK, NAMED, Mixture
from attnviz.models.network.tower import Tower

ANCHOR = "embed_tokens.weight"
# Text halves of models of text and images, and whose layers they have.
TEXT_HALVES = {"qwen2_vl_text": "qwen2", "qwen2_5_vl_text": "qwen2", "qwen3_vl_text": "qwen3"}

# The fields that say whether queries, keys and values, the output, and the feed-forward part have
# biases.
BOTH = ("attention_bias", "attention_bias")
ALL = (*BOTH, "mlp_bias")
# Where Mixtral keeps its experts, as others after it.
MIXTRAL = Mixture("block_sparse_moe.", names=("w1", "w3", "w2"), inner="intermediate_size",
                  rescaled=True, layers=EVERY)  # fmt: skip

KINDS = {
    "arcee": Traits(*ALL, gated=False, activation="relu2", eps=1e-5),
    "deepseek_v2": Traits(
        feed_bias="mlp_bias", latent=True, pairs=True,
        mixture=replace(
            DEEPSEEK, scores=SOFTMAX, correction="", group_best=1, rescaled=False
        ),
    ),
    "deepseek_v3": Traits(latent=True, pairs=True, mixture=DEEPSEEK),
    "dots1": Traits(*BOTH, head_norms=HEAD_NORMS, windows="beyond", mixture=DEEPSEEK),
    "ernie4_5": Traits(
        "use_bias", "use_bias", "use_bias", pairs=True, eps=1e-5, theta=500000.0
    ),
    "ernie4_5_moe": Traits(
        "use_bias", "use_bias", "use_bias", pairs=True, eps=1e-5, theta=500000.0,
        mixture=Mixture(
            beside="moe_num_shared_experts", rescaled=True, layers=BETWEEN,
            correction="moe_statics.e_score_correction_bias", leading=(1,),
        ),
    ),
    "eurobert": Traits(*ALL, both_ways=True, eps=1e-5),
    "exaone4": Traits(
        norms=AFTER, head_norms=HEAD_NORMS, windows="mostly", unturned="full", eps=1e-5
    ),
    "glm": Traits("attention_bias", pairs=True, partial=0.5),
    "glm4": Traits("attention_bias", norms=AROUND, pairs=True, partial=0.5),
    "glm4_moe": Traits(
        "attention_bias", head_norms=HEAD_NORMS, head_norm_field="use_qk_norm", partial=0.5,
        eps=1e-5, mixture=DEEPSEEK,
    ),
    "glm4_moe_lite": Traits(
        latent=True, pairs=True, eps=1e-5, mixture=replace(DEEPSEEK, layers=NAMED)
    ),
    "gpt_oss": Traits(
        *BOTH, windows="in turn", sinks=True, eps=1e-5, theta=150000.0,
        mixture=Mixture(
            router="router", inner="intermediate_size", rescaled=True, router_bias=True,
            clamped=True, layers=EVERY,
        ),
    ),
    "granite": Traits(*ALL, constants=GRANITE),
    "granitemoe": Traits(
        *BOTH, constants=GRANITE,
        mixture=Mixture(
            "block_sparse_moe.", "router.layer", ("input_linear", "output_linear"),
            "intermediate_size", rescaled=True, layers=EVERY,
        ),
    ),
    "helium": Traits("attention_bias", feed_bias="mlp_bias", pairs=True, theta=100000.0),
    "hunyuan_v1_dense": Traits(
        *BOTH, head_norms=("query_layernorm", "key_layernorm"), head_norm_place=TURNED,
        eps=1e-5, fixed_base=True,
    ),
    "llama": Traits(*ALL),
    "minicpm3": Traits(
        feed_bias="mlp_bias", latent=True, constants=MINI_CPM, eps=1e-5
    ),
    "minimax_m2": Traits(
        head_norms=HEAD_NORMS, head_norm_place=WHOLE, theta=5e6, partial=1.0,
        mixture=replace(MIXTRAL, scores=SIGMOID, correction="e_score_correction_bias"),
    ),
    "ministral": Traits(windows="listed"),
    "mistral": Traits(windows="all"),
    "mixtral": Traits(
        windows="all", eps=1e-5, theta=1e6,
        mixture=MIXTRAL,
    ),
    "olmo2": Traits(
        *BOTH, norms=AFTER, head_norms=HEAD_NORMS, head_norm_place=WHOLE, eps=1e-5
    ),
    "olmo3": Traits(
        *BOTH, norms=AFTER, head_norms=HEAD_NORMS, head_norm_place=WHOLE, eps=1e-5,
        windows="mostly", theta=500000.0, by_kind=True,
    ),
    "olmoe": Traits(
        *BOTH, head_norms=HEAD_NORMS, head_norm_place=WHOLE, eps=1e-5,
        mixture=Mixture(inner="intermediate_size"),
    ),
    "phi3": Traits(windows="all", eps=1e-5, partial=1.0, whole=4096, original=4096),
    "phimoe": Traits(
        *BOTH, layer_norms=True, windows="all", eps=1e-5, theta=1e6,
        mixture=replace(MIXTRAL, scores=MIXER, jitter="router_jitter_noise"),
    ),
    "qwen2": Traits(True, windows="late"),
    "qwen2_moe": Traits(
        "qkv_bias", windows="even", mixture=Mixture(shared="shared_expert_intermediate_size")
    ),
    "qwen3": Traits(*BOTH, head_norms=HEAD_NORMS, windows="late"),
    "qwen3_moe": Traits(
        *BOTH, head_norms=HEAD_NORMS, windows="asked", mixture=Mixture()
    ),
    "seed_oss": Traits("attention_bias", "attention_out_bias", "mlp_bias"),
    "smollm3": Traits(*ALL, unturned="listed", windows="unturned", theta=2000000.0),
    "youtu": Traits(latent=True, pairs=True),
}  # fmt: skip


def build(fields: Fields, weights: Weights) -> Tower:
    kind = fields.get("model_type")
    return build_decoder(fields, weights, KINDS[TEXT_HALVES.get(kind, kind)])
