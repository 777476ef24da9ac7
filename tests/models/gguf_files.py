"""The tiny checkpoints as GGUF files, as llama.cpp's convert_hf_to_gguf.py would write them."""

import re
import struct

import numpy as np

from tests.files.test_gguf import TEXT, a_list, blob, claim, text, value
from tests.reference import checkpoints

BASE = {
    "embedding_length": "hidden_size", "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size", "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads", "context_length": "max_position_embeddings",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps", "attention.key_length": "head_dim",
    "attention.sliding_window": "sliding_window",
    "attn_logit_softcapping": "attn_logit_softcapping",
    "final_logit_softcapping": "final_logit_softcapping",
    "attention.layer_norm_epsilon": "layer_norm_eps",
}  # fmt: skip
NAMES = {
    "embed_tokens": "token_embd", "norm": "output_norm", "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "self_attn.qkv_proj": "attn_qkv",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "mlp.gate_up_proj": "ffn_up",
}  # fmt: skip
BERT = {
    "embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm",
    "attention.self.query": "attn_q", "attention.self.key": "attn_k",
    "attention.self.value": "attn_v", "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm", "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm",
}  # fmt: skip
NOMIC_BERT = {
    "embeddings.word_embeddings": "token_embd", "embeddings.token_type_embeddings": "token_types",
    "emb_ln": "token_embd_norm", "attn.Wqkv": "attn_qkv", "attn.out_proj": "attn_output",
    "norm1": "attn_output_norm", "norm2": "layer_output_norm", "mlp.fc11": "ffn_up",
    "mlp.fc12": "ffn_gate", "mlp.fc2": "ffn_down",
}  # fmt: skip
ARCHITECTURE = {"gemma3_text": "gemma3", "nomic_bert": "nomic-bert"}
ENCODERS = {"bert": BERT, "nomic_bert": NOMIC_BERT}
SANDWICH = ("gemma2", "gemma3_text")


def number(n):
    if isinstance(n, bool):
        return value(7, struct.pack("<?", n))
    return value(4, struct.pack("<I", n)) if isinstance(n, int) else value(6, struct.pack("<f", n))


def keys(config, more=()):
    """(key, value) pairs of the file's header."""
    architecture = ARCHITECTURE.get(config["model_type"], config["model_type"])
    found = {key: config[field] for key, field in BASE.items() if config.get(field) is not None}
    rope = config.get("rope_parameters", {})
    rope = rope.get("full_attention", rope)
    if rope:
        found["rope.freq_base"] = float(rope["rope_theta"])
        head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        found["rope.dimension_count"] = int(head_dim * rope.get("partial_rotary_factor", 1))
    if rope.get("rope_type") in ("linear", "yarn"):
        found["rope.scaling.factor"] = float(rope["factor"])
        found["rope.scaling.type"] = rope["rope_type"]
    if "original_max_position_embeddings" in rope:
        found["rope.scaling.original_context_length"] = rope["original_max_position_embeddings"]
    found |= dict(more)
    pairs = [("general.architecture", value(TEXT, text(architecture)))]
    for key, n in found.items():
        raw = value(TEXT, text(n)) if isinstance(n, str) else number(n)
        pairs.append((f"{architecture}.{key}", raw))
    return pairs


def tensors(config, given):
    """Name → values, renamed and changed as the converter does."""
    kind = config["model_type"]
    names = ENCODERS.get(kind, NAMES | {"post_attention_layernorm": "ffn_norm"})
    if kind in SANDWICH:
        names = names | {
            "post_attention_layernorm": "post_attention_norm",
            "pre_feedforward_layernorm": "ffn_norm",
            "post_feedforward_layernorm": "post_ffw_norm",
        }
    found = {}
    for full, array in given.items():
        name = full.removeprefix("model.").removeprefix("bert.")
        match = re.fullmatch(r"(?:(?:encoder\.)?layers?\.(\d+)\.)?(.+)\.(weight|bias)", name)
        if match[2] not in names:
            continue  # pooler
        renamed = f"{names[match[2]]}.{match[3]}"
        if kind == "llama" and renamed.startswith(("attn_q", "attn_k")):
            heads = config["num_attention_heads" if "q" in renamed else "num_key_value_heads"]
            array = (
                array.reshape(heads, 2, len(array) // heads // 2, -1)
                .swapaxes(1, 2)
                .reshape(array.shape)
            )
        if kind.startswith("gemma") and "norm" in renamed:
            array = array + np.float32(1)
        found[renamed if match[1] is None else f"blk.{match[1]}.{renamed}"] = array
    return found | rope_factors(config)


def rope_factors(config):
    rope = config.get("rope_parameters", {})
    if rope.get("rope_type") == "longrope":
        return {
            f"rope_factors_{n}.weight": np.float32(rope[f"{n}_factor"]) for n in ("short", "long")
        }
    if rope.get("rope_type") != "llama3":
        return {}
    # As LlamaModel.generate_extra_tensors does.
    dim, factor = config["head_dim"], rope["factor"]
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    old = rope["original_max_position_embeddings"]
    factors = []
    for frequency in 1.0 / rope["rope_theta"] ** (np.arange(0, dim, 2, dtype=np.float32) / dim):
        wave = 2 * np.pi / frequency
        smooth = (old / wave - low) / (high - low)
        between = 1 / ((1 - smooth) / factor + smooth)
        factors.append(1 if wave < old / high else factor if wave > old / low else between)
    return {"rope_freqs.weight": np.float32(factors)}


def packed(pairs, arrays):
    """The bytes of a file of these float32 arrays."""
    claims, data = [], b""
    for name, array in arrays.items():
        claims.append(claim(name, array.shape, 0, len(data)))
        data += array.tobytes() + bytes(-array.nbytes % 32)
    return blob(pairs, claims, data)


def write(case, file, edit=None):
    """The case as a GGUF file."""
    config, arrays = checkpoints.config(case), checkpoints.tensors(case)
    if edit is not None:
        edit(config, arrays)
    file.write_bytes(packed(keys(config), tensors(config, arrays)))
    return file


def vocabulary(kind, tokens, **more):
    """Keys of a tokenizer: tokens (text, type), merges …"""
    pairs = [
        ("tokenizer.ggml.model", value(TEXT, text(kind))),
        ("tokenizer.ggml.tokens", a_list(TEXT, [text(token) for token, _ in tokens])),
        ("tokenizer.ggml.token_type", a_list(5, [struct.pack("<i", n) for _, n in tokens])),
    ]
    for name, n in more.items():
        if isinstance(n, list) and n and isinstance(n[0], str):
            raw = a_list(TEXT, [text(part) for part in n])
        elif isinstance(n, list):
            raw = a_list(6, [struct.pack("<f", part) for part in n])
        else:
            raw = value(TEXT, text(n)) if isinstance(n, str) else number(n)
        pairs.append((f"tokenizer.ggml.{name}", raw))
    return pairs


CHAT = "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}[assistant]"


def stand_in_for_smollm2(package):
    """A package of that name whose model has as many layers and heads, untrained and small: the
    real one does not come with what the tests need (tests/parity runs it)."""
    width, heads, key_heads, layers = 72, 9, 3, 30
    tokens = [("<|endoftext|>", 3), *((chr(n), 1) for n in range(33, 127)), ("Ġ", 1)]
    config = {
        "model_type": "llama", "hidden_size": width, "num_hidden_layers": layers,
        "intermediate_size": width, "num_attention_heads": heads, "head_dim": width // heads,
        "num_key_value_heads": key_heads, "max_position_embeddings": 8192, "rms_norm_eps": 1e-5,
        "rope_parameters": {"rope_theta": 100000.0},
    }  # fmt: skip
    keyed = width * key_heads // heads
    shapes = {"embed_tokens": (len(tokens), width), "norm": (width,)}
    for layer in (f"layers.{n}." for n in range(layers)):
        linear = [f"mlp.{name}_proj" for name in ("gate", "up", "down")]
        linear += ["self_attn.q_proj", "self_attn.o_proj"]
        shapes |= {f"{layer}{name}": (width, width) for name in linear}
        shapes |= {f"{layer}self_attn.{name}_proj": (keyed, width) for name in "kv"}
        shapes |= {f"{layer}{name}_layernorm": (width,) for name in ("input", "post_attention")}
    draw = np.random.RandomState(0).standard_normal
    arrays = {f"{name}.weight": draw(shape).astype("f4") for name, shape in shapes.items()}
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    pairs = keys(config) + vocabulary("gpt2", tokens, pre="smollm", merges=[])
    pairs += [("tokenizer.chat_template", value(TEXT, text(CHAT)))]
    (package / "SmolLM2.gguf").write_bytes(packed(pairs, tensors(config, arrays)))
