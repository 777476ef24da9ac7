"""Tiny vision transformers: configs, drawn tensors, and what transformers makes of a picture.

`python -m tests.reference.vision` (the parity extra) writes vision.npz anew.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from tests.reference.checkpoints import draw, save

ANSWERS = Path(__file__).with_name("vision.npz")
SHARED = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
PLAIN = SHARED | {"intermediate_size": 24, "image_size": 24, "patch_size": 8}
DINO = SHARED | {"image_size": 32, "patch_size": 8, "mlp_ratio": 2}
CASES = {  # model_type, the rest of the config, height and width that pictures are made
    "vit": ("vit", PLAIN | {"architectures": ["ViTForImageClassification"],
            "id2label": {"0": "cat", "1": "ball", "2": "box"}}, (24, 24)),
    "deit": ("deit", PLAIN, (24, 24)),
    "dinov2, other size": ("dinov2", DINO, (24, 40)),
    "dinov2, swiglu": ("dinov2", DINO | {"use_swiglu_ffn": True}, (32, 32)),
    "registers": ("dinov2_with_registers", DINO | {"num_register_tokens": 2}, (40, 24)),
}  # fmt: skip


def picture():
    """Blocks of colour, the same everywhere."""
    levels = np.random.RandomState(5).randint(0, 256, (6, 9, 3)).astype(np.uint8)
    return Image.fromarray(levels.repeat(8, axis=0).repeat(8, axis=1))


def config(case):
    kind, rest, _ = CASES[case]
    return {"model_type": kind, **rest}


def shapes(case):
    """Name → shape of every tensor, as the hub's files have them."""
    kind, rest, _ = CASES[case]
    width, size, side = rest["hidden_size"], rest["patch_size"], rest["image_size"]
    prefix = "vit." if "architectures" in rest else ""
    n = (side // size) ** 2 + 1 + (kind == "deit")
    found = {f"{prefix}embeddings.cls_token": (1, 1, width),
             f"{prefix}embeddings.position_embeddings": (1, n, width),
             f"{prefix}embeddings.patch_embeddings.projection.weight": (width, 3, size, size),
             f"{prefix}embeddings.patch_embeddings.projection.bias": (width,)}  # fmt: skip
    if kind == "deit":
        found["embeddings.distillation_token"] = (1, 1, width)
    if kind == "dinov2_with_registers":
        found["embeddings.register_tokens"] = (1, rest["num_register_tokens"], width)
    if prefix:
        found |= {"classifier.weight": (3, width), "classifier.bias": (3,)}
    found |= _pair(f"{prefix}layernorm", width)
    for i in range(rest["num_hidden_layers"]):
        at = f"{prefix}encoder.layer.{i}"
        for name in ("attention.query", "attention.key", "attention.value", "output.dense"):
            found |= _linear(f"{at}.attention.{name}", width, width)
        if kind in ("vit", "deit"):
            found |= _pair(f"{at}.layernorm_before", width) | _pair(f"{at}.layernorm_after", width)
            found |= _linear(f"{at}.intermediate.dense", width, 24)
            found |= _linear(f"{at}.output.dense", 24, width)
            continue
        found |= _pair(f"{at}.norm1", width) | _pair(f"{at}.norm2", width)
        found |= {f"{at}.layer_scale{j}.lambda1": (width,) for j in (1, 2)}
        if rest.get("use_swiglu_ffn"):
            inner = (int(2 * width * 2 / 3) + 7) // 8 * 8
            found |= _linear(f"{at}.mlp.weights_in", width, 2 * inner)
            found |= _linear(f"{at}.mlp.weights_out", inner, width)
        else:
            found |= _linear(f"{at}.mlp.fc1", width, 2 * width)
            found |= _linear(f"{at}.mlp.fc2", 2 * width, width)
    return found


def _pair(name, width):
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _linear(name, n_in, n_out):
    return {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}


def write(case, folder):
    """The checkpoint of a case, and a picture.png beside it."""
    made = {name: draw(case, name, shape) for name, shape in shapes(case).items()}
    for name in made:
        if "attention.query.weight" in name:
            made[name] *= 2
    save(folder, config(case), made)
    height, width = CASES[case][2]
    mean, std = norms(case)
    processor = {"size": {"height": height, "width": width}, "resample": 3,
                 "do_center_crop": False, "image_mean": mean, "image_std": std}  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    picture().save(folder / "picture.png")


def norms(case):
    """Mean and deviation of the levels."""
    if CASES[case][0].startswith("dinov2"):
        return [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    return [0.5] * 3, [0.5] * 3


def answers():
    """What transformers makes of the pixels."""
    import tempfile

    import torch
    from transformers import AutoModel, AutoModelForImageClassification

    found = {}
    for case in CASES:
        heads = "architectures" in CASES[case][1]
        auto = AutoModelForImageClassification if heads else AutoModel
        with tempfile.TemporaryDirectory() as folder:
            write(case, Path(folder))
            model = auto.from_pretrained(folder, attn_implementation="eager").eval()
        pixels = torch.from_numpy(pixels_of(case))[None]
        with torch.no_grad():
            out = model(pixels, output_attentions=True)
        found[f"{case}/weights"] = np.stack([one[0].numpy() for one in out.attentions])
        if heads:
            found[f"{case}/logits"] = out.logits[0].numpy()
    return found


def pixels_of(case):
    """The picture as the processor makes it, by its definition: (3, height, width)."""
    height, width = CASES[case][2]
    resized = picture().resize((width, height), Image.Resampling.BICUBIC)
    levels = (np.asarray(resized).astype(np.float64) / 255).astype(np.float32)
    mean, std = (np.float32(three) for three in norms(case))
    normed = (levels - mean) / std
    return np.ascontiguousarray(normed.transpose(2, 0, 1))


if __name__ == "__main__":
    np.savez_compressed(ANSWERS, **answers())
