"""A GGUF file as a checkpoint: its keys as a config, its tensors under transformers' names.

The names of keys and tensors are those that llama.cpp's converters write
(https://github.com/ggml-org/llama.cpp/tree/master/gguf-py/gguf/constants.py and
tensor_mapping.py). They also change some tensors on the way, which is undone here: the rows of
Llama's queries and keys are put in another order, and Gemma's norms are stored plus one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.files.gguf import GGUF, open_gguf
from attnviz.files.tensors import Array, Entry, Packed, Tensors, packed
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.gguf_tokenizer import gguf_tokenizer
from attnviz.models.checkpoint.opened import Checkpoint
from attnviz.models.families import MODULE_OF

Config = dict[str, Any]
Change = Callable[[Entry, Config], Entry]

# Keys of an architecture that change no number of the model itself, or repeat what tensors say.
HARMLESS = {
    "vocab_size", "rope.scaling.finetuned", "tensor_data_layout", "pooling_type",
    "expert_used_count",
}  # fmt: skip
# key → the config's field; those that all families of decoders share.
DECODER_KEYS = {
    "embedding_length": "hidden_size",
    "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "rope.freq_base": "rope_theta",
}
DECODER_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_qkv": "self_attn.qkv_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
GEMMA_NAMES = DECODER_NAMES | {
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
BERT_NAMES = {
    "token_embd": "embeddings.word_embeddings",
    "position_embd": "embeddings.position_embeddings",
    "token_types": "embeddings.token_type_embeddings",
    "token_embd_norm": "embeddings.LayerNorm",
    "attn_q": "attention.self.query",
    "attn_k": "attention.self.key",
    "attn_v": "attention.self.value",
    "attn_output": "attention.output.dense",
    "attn_output_norm": "attention.output.LayerNorm",
    "ffn_up": "intermediate.dense",
    "ffn_down": "output.dense",
    "layer_output_norm": "output.LayerNorm",
}
NOMIC_NAMES = {
    "token_embd": "embeddings.word_embeddings",
    "token_types": "embeddings.token_type_embeddings",
    "token_embd_norm": "emb_ln",
    "attn_qkv": "attn.Wqkv",
    "attn_output": "attn.out_proj",
    "attn_output_norm": "norm1",
    "ffn_up": "mlp.fc11",
    "ffn_gate": "mlp.fc12",
    "ffn_down": "mlp.fc2",
    "layer_output_norm": "norm2",
}
BERT_KEYS = {
    "embedding_length": "hidden_size",
    "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.layer_norm_epsilon": "layer_norm_eps",
}
NOMIC_KEYS = BERT_KEYS | {"rope.freq_base": "rope_theta"}
ROPE_FACTORS = ("rope_freqs.weight", "rope_factors_short.weight", "rope_factors_long.weight")


@dataclass(frozen=True)
class Architecture:
    """How one architecture of GGUF files is put into transformers' words.

    keys: key → field. names: tensor → name, in a layer below `layers`. finish: what else its
    config needs. change: undoes what the converter did to a tensor.
    """

    model_type: str
    keys: Mapping[str, str]
    names: Mapping[str, str]
    layers: str
    finish: Callable[[Config, _Keys, GGUF], None]
    change: Mapping[str, Change]


class _Keys:
    """The keys of a file's architecture, and which of them were asked for."""

    def __init__(self, gguf: GGUF, architecture: str):
        self._prefix = f"{architecture}."
        self._gguf = gguf
        self._asked = set(HARMLESS)

    def get(self, key: str, default: Any = None) -> Any:
        """A value as the file gives it; of a list whose items are all the same, the item."""
        self._asked.add(key)
        value = self._gguf.fields.get(self._prefix + key, default)
        if isinstance(value, np.ndarray):
            if not value.size or (value != value[0]).any():
                raise self.unread(key, "it differs from layer to layer")
            value = value[0].item()
        return value

    def unread(self, key: str, why: str) -> AttnvizError:
        """A key whose meaning is not followed."""
        value = self._gguf.fields.get(self._prefix + key)
        return AttnvizError(
            f"{self._gguf.file} says {self._prefix}{key} = {str(value)[:60]}: {why}.",
            "Give the original checkpoint instead of its GGUF file.",
            key="err.says_original",
            place=self._gguf.file,
            prefix=self._prefix,
            name=key,
            value=str(value)[:60],
            why=why,
        )

    def refuse_others(self) -> None:
        """Refuse a key that nobody asked for, unless it is off."""
        for name, value in self._gguf.fields.items():
            key = name.removeprefix(self._prefix)
            if key == name or key in self._asked:
                continue
            if isinstance(value, list | np.ndarray | str) or value:
                raise self.unread(key, "it could change the numbers, and is not read")


SPECIAL = ("bos_token_id", "eos_token_id")  # ids that texts begin and end with


def open_gguf_checkpoint(file: Path) -> Checkpoint:
    """Open a GGUF file as a checkpoint; nothing but its header is read until it is used.

    Raises AttnvizError for architectures, keys and tokenizers that are not read, and for what is
    wrong with the file.
    """
    gguf = open_gguf(file)
    architecture = gguf.fields.get("general.architecture")
    if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
        raise AttnvizError(
            f"{file} is of the architecture {str(architecture)[:60]}, which is not read as GGUF.",
            f"These are: {', '.join(ARCHITECTURES)}. Give the original checkpoint.",
            key="err.architecture_not",
            place=file,
            architecture=str(architecture)[:60],
            names=", ".join(ARCHITECTURES),
        )
    read = ARCHITECTURES[architecture]
    keys = _Keys(gguf, architecture)
    config: Config = {"model_type": read.model_type}
    config |= {field: keys.get(key) for key, field in read.keys.items()}
    config["max_position_embeddings"] = keys.get("context_length")
    embeddings = gguf.tensors.get("token_embd.weight")
    config["vocab_size"] = embeddings.shape[0] if embeddings and embeddings.shape else None
    read.finish(config, keys, gguf)
    keys.refuse_others()
    for name in SPECIAL:
        number = gguf.fields.get(f"tokenizer.ggml.{name}")
        config[name] = number if isinstance(number, int) else None
    licence, chat = (gguf.fields.get(key) for key in ("general.license", "tokenizer.chat_template"))
    return Checkpoint(
        file,
        file,
        {name: value for name, value in config.items() if value is not None},
        MODULE_OF[read.model_type],
        _renamed(gguf, read, config),
        partial(gguf_tokenizer, gguf),
        file.name if "tokenizer.ggml.tokens" in gguf.fields else None,
        licence if isinstance(licence, str) else None,
        chat if isinstance(chat, str) else None,
    )


def _renamed(gguf: GGUF, read: Architecture, config: Config) -> Tensors:
    entries = {}
    for full, entry in gguf.tensors.items():
        if full in ROPE_FACTORS:
            continue
        match = re.fullmatch(r"(?:blk\.(\d{1,5})\.)?(\w+)\.(weight|bias)", full)
        stem = match[2] if match else full
        if match is None or stem not in read.names:
            raise AttnvizError(
                f"{gguf.file} holds the tensor {full[:60]}, which is not known.",
                "Give the original checkpoint instead of its GGUF file.",
                key="err.holds_tensor",
                place=gguf.file,
                full=full[:60],
            )
        layer = "" if match[1] is None else read.layers.format(match[1])
        change = read.change.get(stem)
        entries[f"{layer}{read.names[stem]}.{match[3]}"] = (
            entry if change is None else change(entry, config)
        )
    return Tensors(entries)


def _of_decoder(config: Config, keys: _Keys, gguf: GGUF, *, partly: bool = False) -> None:
    """The sizes that are not stored where they are usual, and the stretching of the rotation."""
    heads, width = config["num_attention_heads"], config["hidden_size"]
    if type(heads) is int and type(width) is int and heads > 0:
        config["head_dim"] = config["head_dim"] or width // heads
    for key in ("attention.value_length", "rope.dimension_count"):
        found = keys.get(key)
        if found not in (None, config["head_dim"]) and not (partly and key.startswith("rope")):
            raise keys.unread(key, f"heads have {config['head_dim']} features")
    if keys.get("expert_count"):
        raise keys.unread("expert_count", "mixtures of experts are not read as GGUF")
    if keys.get("attention.causal") is False:
        raise keys.unread("attention.causal", "the family looks back only")
    _stretch(config, keys, gguf)


def _stretch(config: Config, keys: _Keys, gguf: GGUF) -> None:
    """How far apart positions are: a kind with its factor, or a factor for each wave."""
    kind = keys.get("rope.scaling.type")
    factor = keys.get("rope.scaling.factor")
    original = keys.get("rope.scaling.original_context_length")
    strength = keys.get("rope.scaling.attn_factor")
    factors = [_factors(gguf, name) for name in ROPE_FACTORS]
    same, short, long = factors
    if same is not None or (short is not None and long is not None):
        config["rope_scaling"] = {
            "rope_type": "longrope",
            "short_factor": short if same is None else same,
            "long_factor": long if same is None else same,
            "attention_factor": strength if same is None else 1.0,
            "original_max_position_embeddings": original or config["max_position_embeddings"],
        }
    elif kind not in (None, "none") and factor not in (None, 0.0, 1.0):
        config["rope_scaling"] = {"rope_type": kind, "factor": factor}
        if kind == "yarn":
            config["rope_scaling"]["original_max_position_embeddings"] = original
            config["rope_scaling"]["attention_factor"] = strength


def _factors(gguf: GGUF, name: str) -> list[float] | None:
    if name not in gguf.tensors:
        return None
    found: list[float] = np.asarray(gguf.tensors.array(name), dtype=np.float64).ravel().tolist()
    return found


def _of_phi3(config: Config, keys: _Keys, gguf: GGUF) -> None:
    _of_decoder(config, keys, gguf, partly=True)
    rotated = keys.get("rope.dimension_count")
    if rotated and rotated != config["head_dim"]:
        config["partial_rotary_factor"] = rotated / config["head_dim"]
    window = keys.get("attention.sliding_window")
    config["sliding_window"] = window or None
    scaling = config.get("rope_scaling", {})
    config["original_max_position_embeddings"] = scaling.get("original_max_position_embeddings")


# llama.cpp tells the largest model of each by its layers: its scores are divided by the root of
# width / heads, the others' by that of the heads' features.
LAYERS_OF_27B = {"gemma2": 46, "gemma3_text": 62}


def _of_gemma(config: Config, keys: _Keys, gguf: GGUF) -> None:
    _of_decoder(config, keys, gguf)
    kind = config["model_type"]
    if kind == "gemma":
        return
    is_27b = config["num_hidden_layers"] == LAYERS_OF_27B[kind]
    divided = config["hidden_size"] // config["num_attention_heads"]
    config["query_pre_attn_scalar"] = divided if is_27b else config["head_dim"]
    config["sliding_window"] = keys.get("attention.sliding_window")
    keys.get("final_logit_softcapping")  # of the head, which is not run
    if kind == "gemma2":
        config["attn_logit_softcapping"] = keys.get("attn_logit_softcapping")
    else:
        config["rope_local_base_freq"] = keys.get("rope.freq_base_swa")
        config["sliding_window_pattern"] = keys.get("attention.sliding_window_pattern")


def _of_bert(config: Config, keys: _Keys, gguf: GGUF) -> None:
    if keys.get("attention.causal"):
        raise keys.unread("attention.causal", "the family looks both ways")
    kinds = gguf.tensors.get("token_types.weight")
    config["type_vocab_size"] = kinds.shape[0] if kinds and kinds.shape else 0
    positions = gguf.tensors.get("position_embd.weight")
    if positions and positions.shape:
        config["max_position_embeddings"] = positions.shape[0]


def _of_nomic_bert(config: Config, keys: _Keys, gguf: GGUF) -> None:
    """A gate of silu, whole heads rotated, and no biases: what files of this kind mean."""
    _of_bert(config, keys, gguf)
    heads, width = config["num_attention_heads"], config["hidden_size"]
    if type(heads) is int and type(width) is int and heads > 0:
        config["head_dim"] = width // heads
    for key in ("attention.key_length", "attention.value_length", "rope.dimension_count"):
        if keys.get(key) not in (None, config.get("head_dim")):
            raise keys.unread(key, f"heads have {config.get('head_dim')} features")
    config["hidden_act"] = "silu"
    _stretch(config, keys, gguf)


def _nothing_more(config: Config, keys: _Keys, gguf: GGUF) -> None:
    _of_decoder(config, keys, gguf)


def _heads_in_order(entry: Entry, config: Config, field: str) -> Entry:
    """Queries or keys whose rotated pairs lie side by side, (heads, half, 2), as transformers
    has them: (heads, 2, half)."""
    n_heads = config.get(field) or config["num_attention_heads"]
    n_rows = entry.shape[0] if entry.shape else 0
    if type(n_heads) is not int or n_heads < 1 or n_rows % (2 * n_heads):
        return entry  # its shape is refused by name when the layer is built
    order = np.arange(n_rows).reshape(n_heads, -1, 2).swapaxes(1, 2).ravel()
    return replace(entry, read=lambda: _rows(entry.read(), order))


def _rows(array: Array, order: np.ndarray[Any, np.dtype[np.int64]]) -> Array:
    if isinstance(array, Packed) or array.ndim == 1:
        chosen: Array = array[order]
        return chosen
    return packed(array.shape, lambda rows: array[order[rows]].astype(np.float32))


def _less_one(entry: Entry, _: Config) -> Entry:
    return replace(entry, read=lambda: np.asarray(entry.read(), dtype=np.float32) - np.float32(1))


def _all(names: Iterable[str], change: Change) -> dict[str, Change]:
    return dict.fromkeys(names, change)


GEMMA_NORMS = (
    "output_norm", "attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm",
    "attn_q_norm", "attn_k_norm",
)  # fmt: skip
LLAMA_ROWS: dict[str, Change] = {
    "attn_q": partial(_heads_in_order, field="num_attention_heads"),
    "attn_k": partial(_heads_in_order, field="num_key_value_heads"),
}
LAYERS = "model.layers.{}."
_decoder = partial(Architecture, keys=DECODER_KEYS, layers=LAYERS)
_gemma = partial(_decoder, names=GEMMA_NAMES, finish=_of_gemma, change=_all(GEMMA_NORMS, _less_one))
ARCHITECTURES = {
    "llama": _decoder("llama", names=DECODER_NAMES, finish=_nothing_more, change=LLAMA_ROWS),
    "qwen2": _decoder("qwen2", names=DECODER_NAMES, finish=_nothing_more, change={}),
    "qwen3": _decoder("qwen3", names=DECODER_NAMES, finish=_nothing_more, change={}),
    "phi3": _decoder(
        "phi3",
        names=DECODER_NAMES | {"ffn_up": "mlp.gate_up_proj"},
        finish=_of_phi3,
        change={},
    ),
    "gemma": _decoder(
        "gemma", names=DECODER_NAMES, finish=_of_gemma, change=_all(GEMMA_NORMS, _less_one)
    ),
    "gemma2": _gemma("gemma2"),
    "gemma3": _gemma("gemma3_text"),
    "bert": Architecture("bert", BERT_KEYS, BERT_NAMES, "encoder.layer.{}.", _of_bert, {}),
    "nomic-bert": Architecture(
        "nomic_bert", NOMIC_KEYS, NOMIC_NAMES, "encoder.layers.{}.", _of_nomic_bert, {}
    ),
}
