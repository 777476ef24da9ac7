"""A tiny Whisper checkpoint: its config, its drawn tensors, and what transformers makes of a sound.

`python -m tests.reference.whisper` (the parity extra) writes whisper.npz anew.
"""

import json
from pathlib import Path

import numpy as np

from tests.reference.checkpoints import draw, save

ANSWERS = Path(__file__).with_name("whisper.npz")
IDS = [5, 9, 22, 27, 8]
WIDTH, MELS, POSITIONS = 16, 8, 50
CONFIG = {
    "model_type": "whisper", "architectures": ["WhisperForConditionalGeneration"],
    "vocab_size": 30, "num_mel_bins": MELS, "d_model": WIDTH, "encoder_layers": 1,
    "decoder_layers": 2, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24, "decoder_ffn_dim": 24, "max_source_positions": POSITIONS,
    "max_target_positions": 20, "pad_token_id": 3, "bos_token_id": 3, "eos_token_id": 3,
    "decoder_start_token_id": 5, "suppress_tokens": None, "begin_suppress_tokens": None,
}  # fmt: skip
GENERATION = {
    "decoder_start_token_id": 5, "eos_token_id": 3, "lang_to_id": {"<|en|>": 20, "<|ar|>": 21},
    "task_to_id": {"transcribe": 24, "translate": 25}, "no_timestamps_token_id": 26,
    "suppress_tokens": [7], "alignment_heads": [[1, 0], [1, 1]], "max_length": 20,
}  # fmt: skip


def samples():
    """A second of noise that swells and fades."""
    noise = np.random.RandomState(0).standard_normal(16_000)
    return (0.2 * noise * np.hanning(16_000)).astype(np.float32)


def tensors():
    """Name → values, drawn so that attention is peaked."""
    shapes = {"model.encoder.conv1.weight": (WIDTH, MELS, 3), "model.encoder.conv1.bias": (WIDTH,),
              "model.encoder.conv2.weight": (WIDTH, WIDTH, 3), "model.encoder.conv2.bias": (WIDTH,),
              "model.encoder.embed_positions.weight": (POSITIONS, WIDTH),
              "model.decoder.embed_tokens.weight": (30, WIDTH),
              "model.decoder.embed_positions.weight": (20, WIDTH)}  # fmt: skip
    for half, n in (("encoder", 1), ("decoder", 2)):
        shapes |= _norm(f"model.{half}.layer_norm")
        for i in range(n):
            at = f"model.{half}.layers.{i}"
            for part in ("self_attn", *(["encoder_attn"] if half == "decoder" else [])):
                shapes |= _norm(f"{at}.{part}_layer_norm")
                for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
                    shapes[f"{at}.{part}.{name}.weight"] = (WIDTH, WIDTH)
                    if name != "k_proj":
                        shapes[f"{at}.{part}.{name}.bias"] = (WIDTH,)
            shapes |= _norm(f"{at}.final_layer_norm")
            shapes |= {f"{at}.fc1.weight": (24, WIDTH), f"{at}.fc1.bias": (24,),
                       f"{at}.fc2.weight": (WIDTH, 24), f"{at}.fc2.bias": (WIDTH,)}  # fmt: skip
    made = {name: draw("whisper", name, shape) for name, shape in shapes.items()}
    for name in made:
        if "q_proj.weight" in name:
            made[name] *= 2
    return made


def _norm(name):
    return {f"{name}.weight": (WIDTH,), f"{name}.bias": (WIDTH,)}


def write(folder):
    """The checkpoint, without a tokenizer."""
    save(folder, CONFIG, tensors())
    (folder / "generation_config.json").write_text(json.dumps(GENERATION))
    extractor = {"feature_size": MELS, "chunk_length": 1, "hop_length": 160, "n_fft": 400,
                 "sampling_rate": 16000}  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(extractor))


def answers():
    """What transformers makes of the sound and the ids."""
    import tempfile

    import torch
    from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration

    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        model = WhisperForConditionalGeneration.from_pretrained(
            folder, attn_implementation="eager"
        ).eval()
    extractor = WhisperFeatureExtractor(feature_size=MELS, chunk_length=1)
    features = extractor(samples(), sampling_rate=16_000, return_tensors="pt").input_features
    with torch.no_grad():
        out = model(features, decoder_input_ids=torch.tensor([IDS]), output_attentions=True)
    stacks = {"encoder": out.encoder_attentions, "decoder": out.decoder_attentions,
              "cross": out.cross_attentions}  # fmt: skip
    found = {name: np.stack([one[0].numpy() for one in each]) for name, each in stacks.items()}
    return found | {"logits": out.logits[0].numpy(), "mels": features[0].numpy()}


if __name__ == "__main__":
    np.savez_compressed(ANSWERS, **answers())
