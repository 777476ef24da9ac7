"""Tiny models that hear samples or spectrograms: configs, drawn tensors, what transformers gives.

`python -m tests.reference.sounds` (the parity extra) writes sounds.json, the shapes of the tensors
that transformers saves, and sounds.npz anew.
"""

import json
from pathlib import Path

import numpy as np

from tests.reference.checkpoints import draw, save

RECIPES = Path(__file__).with_name("sounds.json")
ANSWERS = Path(__file__).with_name("sounds.npz")
SHARED = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 20,
    "id2label": {"0": "bell", "1": "rain", "2": "voice"},
}  # fmt: skip
WAVES = SHARED | {
    "conv_dim": [6, 8], "conv_kernel": [10, 4], "conv_stride": [8, 5], "vocab_size": 5,
    "num_conv_pos_embeddings": 6, "num_conv_pos_embedding_groups": 2, "classifier_proj_size": 8,
}  # fmt: skip
LARGE = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
AST = SHARED | {"num_mel_bins": 26, "max_length": 36, "frequency_stride": 10, "time_stride": 10}
CASES = {  # model_type, the rest of the config, the class of transformers
    "wav2vec2": ("wav2vec2", WAVES, "Wav2Vec2ForSequenceClassification"),
    "wav2vec2, large": (
        "wav2vec2", WAVES | LARGE | {"adapter_attn_dim": 3}, "Wav2Vec2ForSequenceClassification"
    ),
    "wav2vec2, adapter": (
        "wav2vec2",
        WAVES | {"add_adapter": True, "num_adapter_layers": 1, "output_hidden_size": 12},
        "Wav2Vec2ForCTC",
    ),
    "hubert": (
        "hubert", WAVES | {"conv_pos_batch_norm": True, "use_weighted_layer_sum": True},
        "HubertForSequenceClassification",
    ),
    "wavlm": ("wavlm", WAVES | LARGE, "WavLMForSequenceClassification"),
    "ast": ("audio-spectrogram-transformer", AST, "ASTForAudioClassification"),
}  # fmt: skip


def samples():
    """A third of a second of noise that swells and fades."""
    noise = np.random.RandomState(1).standard_normal(1_500) * np.hanning(1_500)
    return (0.2 * noise).astype(np.float32)


def config(case):
    kind, rest, name = CASES[case]
    return {"model_type": kind, "architectures": [name], **rest}


def tensors(case):
    """Name → values; what a batch norm divides by is above 0."""
    shapes = json.loads(RECIPES.read_text())[case]
    made = {name: draw(case, name, shape) for name, shape in shapes.items()}
    for name in made:
        if "q_proj.weight" in name or "query.weight" in name:
            made[name] *= 2
        if "running_var" in name:
            made[name] = np.abs(made[name]) + np.float32(0.5)
    return made


def write(case, folder):
    """The checkpoint of a case."""
    save(folder, config(case), tensors(case))
    if case == "ast":
        extractor = {"num_mel_bins": 26, "max_length": 36, "mean": -4.0, "std": 3.5}
        (folder / "preprocessor_config.json").write_text(json.dumps(extractor))


def write_long(folder, frames=1024):
    """The spectrogram transformer with positions for a longer sound."""
    made, name = tensors("ast"), "audio_spectrogram_transformer.embeddings.position_embeddings"
    made[name] = draw("ast", name, (1, 2 * ((frames - 16) // 10 + 1) + 2, 16))
    save(folder, config("ast") | {"max_length": frames}, made)


def _model(case, folder=None):
    import transformers

    kind = getattr(transformers, CASES[case][2])
    if folder is None:
        return kind(kind.config_class(**CASES[case][1]))
    return kind.from_pretrained(folder, attn_implementation="eager").eval()


def _shapes(case):
    import tempfile

    from safetensors.numpy import load_file

    with tempfile.TemporaryDirectory() as folder:
        _model(case).save_pretrained(folder)
        found = load_file(Path(folder) / "model.safetensors")
    return {name: list(value.shape) for name, value in found.items() if value.ndim}


def answers():
    """What transformers makes of the samples."""
    import tempfile

    import torch
    from transformers import ASTFeatureExtractor, Wav2Vec2FeatureExtractor

    found = {}
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            write(case, Path(folder))
            model = _model(case, folder)
            ast = case == "ast"
            extractor = (ASTFeatureExtractor.from_pretrained(folder) if ast
                         else Wav2Vec2FeatureExtractor())  # fmt: skip
        fed = extractor(samples(), sampling_rate=16_000, return_tensors="pt").input_values.float()
        with torch.no_grad():
            out = model(fed, output_attentions=True)
        found[f"{case}/weights"] = np.stack([one[0].numpy() for one in out.attentions])
        found[f"{case}/logits"] = out.logits[0].numpy()
        found[f"{case}/fed"] = fed[0].numpy()
    return found


if __name__ == "__main__":
    RECIPES.write_text(json.dumps({case: _shapes(case) for case in CASES}, indent=1) + "\n")
    np.savez_compressed(ANSWERS, **answers())
