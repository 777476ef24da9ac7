"""One family a file. `FAMILIES` says which model_type of a config.json each of them reads.

A family's `build(fields, weights)` returns the network that its config and tensors describe, and
`ANCHOR` is the name of a tensor that is always there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from attnviz.errors import AttnvizError
from attnviz.models.checkpoint.config import Fields, read_config

if TYPE_CHECKING:
    from attnviz.models.checkpoint.weights import Weights
    from attnviz.models.network.tower import Tower

FAMILIES: dict[str, tuple[str, ...]] = {
    "bert": ("bert", "ernie"),
    "roberta": ("roberta", "xlm-roberta", "camembert", "data2vec-text"),
    "distilbert": ("distilbert",),
    "mpnet": ("mpnet",),
    "electra": ("electra",),
    "albert": ("albert",),
    "modernbert": ("modernbert",),
    "longformer": ("longformer",),
    "big_bird": ("big_bird",),
    "deberta_v2": ("deberta-v2",),
    "roformer": ("roformer",),
    "gte": ("gte",),
    "esm": ("esm",),
    "nomic_bert": ("nomic_bert", "jina_embeddings_v3"),
    "gpt2": ("gpt2",),
    "gpt_neo": ("gpt_neo",),
    "gpt_neox": ("gpt_neox",),
    "gpt_bigcode": ("gpt_bigcode",),
    "gptj": ("gptj", "codegen"),
    "opt": ("opt", "xglm", "biogpt"),
    "phi": ("phi", "starcoder2", "stablelm", "cohere", "cohere2", "nemotron"),
    "bloom": ("bloom",),
    "mpt": ("mpt",),
    "falcon": ("falcon",),
    "llama": (
        "llama",
        "mistral",
        "qwen2",
        "qwen3",
        "phi3",
        "arcee",
        "deepseek_v2",
        "deepseek_v3",
        "dots1",
        "ernie4_5",
        "ernie4_5_moe",
        "eurobert",
        "exaone4",
        "glm",
        "glm4",
        "glm4_moe",
        "glm4_moe_lite",
        "gpt_oss",
        "granite",
        "granitemoe",
        "helium",
        "hunyuan_v1_dense",
        "minicpm3",
        "minimax_m2",
        "ministral",
        "mixtral",
        "olmo2",
        "olmo3",
        "olmoe",
        "phimoe",
        "qwen2_moe",
        "qwen3_moe",
        "seed_oss",
        "smollm3",
        "youtu",
        "qwen2_vl_text",
        "qwen2_5_vl_text",
        "qwen3_vl_text",
    ),
    "gemma": ("gemma", "gemma2", "gemma3_text"),
    "gemma4": ("gemma4_text",),
    "lfm2": ("lfm2", "lfm2_moe"),
    "t5": ("t5", "mt5", "umt5", "longt5", "switch_transformers"),
    "t5gemma": ("t5gemma",),
    "bart": (
        "bart",
        "mbart",
        "marian",
        "m2m_100",
        "pegasus",
        "plbart",
        "blenderbot",
        "nllb-moe",
    ),
    "led": ("led",),
    "whisper": ("whisper",),
    "wav2vec2": ("wav2vec2", "hubert", "wavlm"),
    "vit": (
        "vit",
        "deit",
        "vit_mae",
        "dinov2",
        "dinov2_with_registers",
        "audio-spectrogram-transformer",
    ),
    "dinov3": ("dinov3_vit",),
    "beit": ("beit",),
    "swin": ("swin",),
    "blip": ("blip", "blip_vision_model"),
    "llava": ("llava",),
    "idefics3": ("idefics3", "smolvlm"),
    "paligemma": ("paligemma",),
    "gemma3": ("gemma3",),
    "qwen2_vl": ("qwen2_vl", "qwen2_5_vl", "qwen3_vl"),
    "vision_encoder_decoder": ("vision-encoder-decoder",),
    "clip": (
        "clip",
        "clip_text_model",
        "clip_vision_model",
        "siglip",
        "siglip_text_model",
        "siglip_vision_model",
        "siglip2",
        "siglip2_text_model",
        "siglip2_vision_model",
    ),
}
# What each family is, and a checkpoint of it on the Hugging Face hub.
ENCODER, DECODER, BOTH, IMAGE, SOUND = "encoder", "decoder", "encoder-decoder", "image", "sound"
EXAMPLES: dict[str, tuple[str, str]] = {
    "bert": (ENCODER, "sentence-transformers/all-MiniLM-L6-v2"),
    "roberta": (ENCODER, "FacebookAI/xlm-roberta-base"),
    "distilbert": (ENCODER, "distilbert/distilbert-base-uncased"),
    "mpnet": (ENCODER, "sentence-transformers/all-mpnet-base-v2"),
    "electra": (ENCODER, "google/electra-small-generator"),
    "albert": (ENCODER, "albert/albert-base-v2"),
    "modernbert": (ENCODER, "answerdotai/ModernBERT-base"),
    "longformer": (ENCODER, "allenai/longformer-base-4096"),
    "big_bird": (ENCODER, "google/bigbird-roberta-base"),
    "deberta_v2": (ENCODER, "microsoft/deberta-v3-base"),
    "roformer": (ENCODER, "junnyu/roformer_chinese_base"),
    "gte": (ENCODER, "Alibaba-NLP/gte-base-en-v1.5"),
    "esm": (ENCODER, "facebook/esm2_t6_8M_UR50D"),
    "nomic_bert": (ENCODER, "nomic-ai/nomic-embed-text-v1.5"),
    "gpt2": (DECODER, "openai-community/gpt2"),
    "gpt_neo": (DECODER, "roneneldan/TinyStories-33M"),
    "gpt_neox": (DECODER, "EleutherAI/pythia-70m"),
    "gpt_bigcode": (DECODER, "bigcode/gpt_bigcode-santacoder"),
    "gptj": (DECODER, "EleutherAI/gpt-j-6b"),
    "opt": (DECODER, "facebook/opt-125m"),
    "phi": (DECODER, "microsoft/phi-2"),
    "bloom": (DECODER, "bigscience/bloom-560m"),
    "mpt": (DECODER, "mosaicml/mpt-7b"),
    "falcon": (DECODER, "tiiuae/falcon-7b"),
    "llama": (DECODER, "HuggingFaceTB/SmolLM2-135M"),
    "gemma": (DECODER, "google/gemma-3-270m"),
    "gemma4": (DECODER, "google/gemma-4-e2b-it"),
    "lfm2": (DECODER, "LiquidAI/LFM2-350M"),
    "t5": (BOTH, "google-t5/t5-small"),
    "t5gemma": (BOTH, "google/t5gemma-2b-2b-prefixlm-it"),
    "bart": (BOTH, "facebook/bart-base"),
    "led": (BOTH, "allenai/led-base-16384"),
    "whisper": (SOUND, "openai/whisper-tiny"),
    "wav2vec2": (SOUND, "facebook/wav2vec2-base-960h"),
    "vit": (IMAGE, "google/vit-base-patch16-224"),
    "dinov3": (IMAGE, "facebook/dinov3-vits16-pretrain-lvd1689m"),
    "beit": (IMAGE, "microsoft/beit-base-patch16-224"),
    "swin": (IMAGE, "microsoft/swin-tiny-patch4-window7-224"),
    "blip": (IMAGE, "Salesforce/blip-image-captioning-base"),
    "llava": (IMAGE, "llava-hf/llava-1.5-7b-hf"),
    "idefics3": (IMAGE, "HuggingFaceTB/SmolVLM-256M-Instruct"),
    "paligemma": (IMAGE, "google/paligemma-3b-mix-224"),
    "gemma3": (IMAGE, "google/gemma-3-4b-it"),
    "qwen2_vl": (IMAGE, "Qwen/Qwen2.5-VL-3B-Instruct"),
    "vision_encoder_decoder": (IMAGE, "nlpconnect/vit-gpt2-image-captioning"),
    "clip": (IMAGE, "openai/clip-vit-base-patch32"),
}
# What is read as a part of another model, and never alone: its model_type, and its file.
PARTS = {
    "trocr": "trocr",
    "blip_text_model": "blip",
    "idefics3_vision": "clip",
    "smolvlm_vision": "clip",
    "qwen2_vl_vision": "qwen2_vl",
    "qwen2_5_vl_vision": "qwen2_vl",
    "qwen3_vl_vision": "qwen2_vl",
}
MODULE_OF = {alias: family for family, aliases in FAMILIES.items() for alias in aliases}
# Models of text and images: the model_type of their text half where it does not say its own.
WRAPPERS = {
    "gemma3": "gemma3_text",
    "gemma4": "gemma4_text",
    "idefics3": "llama",
    "internvl": "qwen2",
    "llava": "llama",
    "llava_next": "llama",
    "llava_onevision": "qwen2",
    "mistral3": "mistral",
    "qwen2_5_vl": "qwen2_5_vl_text",
    "qwen2_vl": "qwen2_vl_text",
    "qwen3_vl": "qwen3_vl_text",
    "smolvlm": "llama",
    "vipllava": "llama",
}
# The files that read towers of pictures within such models, by the tower's model_type.
TOWERS = {
    "clip_vision_model": "clip",
    "siglip_vision_model": "clip",
    "idefics3_vision": "clip",
    "idefics3": "clip",  # what early files of both call it
    "smolvlm_vision": "clip",
    "smolvlm": "clip",
}
# Those whose pictures are read, and the towers that read them: else they are read as texts alone.
SEEING = {
    "llava": ("clip_vision_model", "siglip_vision_model"),
    "idefics3": ("idefics3_vision", "idefics3"),
    "smolvlm": ("smolvlm_vision", "smolvlm"),
    "paligemma": ("siglip_vision_model",),
    "gemma3": ("siglip_vision_model",),
    "qwen2_vl": ("qwen2_vl", "qwen2_vl_vision"),
    "qwen2_5_vl": ("qwen2_5_vl", "qwen2_5_vl_vision"),
    "qwen3_vl": ("qwen3_vl", "qwen3_vl_vision"),
}
HALVES = ("_text_model", "_vision_model", "_vl_text")  # how halves end: they are not searched for
NAMED = 5  # kinds of each family that an error names
TEXT_CONFIG = "text_config"
HALF_CONFIGS = (TEXT_CONFIG, "vision_config")
OF_BOTH = ("architectures", "tie_word_embeddings")
# What such models say of their images where the fields of both halves stand together.
OF_IMAGES = (TEXT_CONFIG, "vision_config", "vision_start_token_id", "vision_end_token_id",
             "vision_token_id", "image_token_id", "video_token_id")  # fmt: skip


def read_family(folder: Path) -> tuple[dict[str, Any], str]:
    """Read the config of a checkpoint folder, and find the module of its family.

    Of a model of text and images it is the config of the text half. Raises AttnvizError that names
    the families where it is of none of them.
    """
    config = _text_half(read_config(folder))
    kind = config.get("model_type")
    if kind is None:
        raise AttnvizError(
            f"{folder / 'config.json'} does not say its model_type.",
            "Give the config.json that the model was saved with.",
            key="err.does_not_say_model",
            value=folder / "config.json",
        )
    if not isinstance(kind, str) or kind not in MODULE_OF:
        named, others = _some_kinds()
        raise AttnvizError(
            f"attnviz does not read {_named(kind)} yet (model_type in {folder / 'config.json'}).",
            f"It reads: {', '.join(named)}, and {others} more that `attnviz models` lists.",
            key="err.attnviz_does",
            kind=_named(kind),
            value=folder / "config.json",
            names=", ".join(named),
            others=others,
        )
    return config, MODULE_OF[kind]


def _some_kinds() -> tuple[list[str], int]:
    """The first kinds of every family, and how many others there are."""
    whole = [[kind for kind in kinds if not kind.endswith(HALVES)] for kinds in FAMILIES.values()]
    named = [kind for kinds in whole for kind in kinds[:NAMED]]
    return named, sum(map(len, whole)) - len(named)


def _is_seen(config: Mapping[str, Any]) -> bool:
    """Whether the pictures of a model of text and images are read too."""
    kind, halves = str(config.get("model_type")), [config.get(name) for name in HALF_CONFIGS]
    # The first Qwen 2 VL leaves the tower's own model_type out.
    kinds = [str(h.get("model_type", kind)) if isinstance(h, Mapping) else "" for h in halves]
    towers = SEEING.get(kind, ())
    return kinds[0] in MODULE_OF and kinds[1] in towers


def _named(kind: object) -> str:
    return kind[:80] if isinstance(kind, str) else json.dumps(kind, default=str)[:80]


def _text_half(config: dict[str, Any]) -> dict[str, Any]:
    """The config of the text half of a model of text and images; any other config as it is."""
    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in WRAPPERS:
        return config
    half = config.get(TEXT_CONFIG)
    if not isinstance(half, Mapping):  # all fields stand together in the first Qwen 2 VL
        half = {name: value for name, value in config.items() if name not in OF_IMAGES}
        half["model_type"] = WRAPPERS[kind]
        whole = {n: config[n] for n in ("model_type", *OF_IMAGES, *OF_BOTH) if n in config}
        config = {**whole, TEXT_CONFIG: half}
    if _is_seen(config):
        return config
    shared = {n: config[n] for n in OF_BOTH if n in config}
    return {"model_type": WRAPPERS[kind], **shared, **half}


def fields_of(config: Mapping[str, Any], file: Path) -> Fields:
    """Return a config by its fields, with what its model_type means where it does not state one."""
    known = _known().get(str(config.get("model_type")), {})

    def part(inner: Mapping[str, Any]) -> Fields:
        return fields_of(inner, file)

    return Fields(config, file, known.get("defaults"), known.get("aliases"), part)


@cache
def _known() -> dict[str, dict[str, dict[str, Any]]]:
    """The fields of transformers' classes, as tests/reference/make_fields.py found them."""
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(
        Path(__file__).with_name("fields.json").read_bytes()
    )
    return found


def family_of(fields: Fields, name: str) -> ModuleType:
    """Import the file that reads a part of a model, which the config calls `name`; AttnvizError
    where its model_type is not read."""
    kind = fields.get("model_type")
    found = {**PARTS, **MODULE_OF}.get(kind) if isinstance(kind, str) else None
    if found is None:
        raise fields.wrong(f"{name}.model_type", kind, "one that attnviz reads")
    return import_module(f"attnviz.models.families.{found}")


def tower_within(fields: Fields, weights: Weights, prefix: str) -> Tower:
    """Read the tower of pictures within another model, whose tensors stand under a prefix;
    AttnvizError where its model_type is none that is read."""
    kind = fields.get("model_type")
    found = TOWERS.get(kind) if isinstance(kind, str) else None
    if found is None:
        raise fields.wrong("vision_config.model_type", kind, "a tower that attnviz reads")
    family = import_module(f"attnviz.models.families.{found}")
    tower: Tower = family.image_tower(fields, weights, prefix)
    return tower


def decoder_within(fields: Fields, weights: Weights, name: str) -> Tower:
    """Read the decoder within another model, under whichever prefix it was saved; AttnvizError
    where its model_type, under `name` in the config, is none."""
    from attnviz.models.network.tower import Tower

    family = family_of(fields, name)
    built = family.build(
        fields, type(weights).found(weights.tensors, weights.folder, family.ANCHOR)
    )
    if not isinstance(built, Tower):
        raise fields.wrong(f"{name}.model_type", fields.get("model_type"), "a decoder")
    return built
