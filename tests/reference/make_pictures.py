"""Write pictures.json and pictures.npz anew, with PyTorch and transformers (the parity extra)."""

import json
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers as t
from safetensors import safe_open

from attnviz.models import load_writer
from attnviz.models.model import Inputs
from tests.reference import pictures

TOWER = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
         "intermediate_size": 24}  # fmt: skip
SEEN = TOWER | {"image_size": 24, "patch_size": 8}
READ = TOWER | {"vocab_size": 30, "max_position_embeddings": 12}
SQUARE = {"size": {"height": 24, "width": 24}, "do_center_crop": False}
IDS = [3, 17, 5, 2, 11]


def _towers(model, pixels):
    seen = model.vision_model(pixels, output_attentions=True)
    read = model.text_model(torch.tensor([IDS]), output_attentions=True)
    both = model(torch.tensor([IDS]), pixels)
    found = {"image/weights": _stacked(seen), "text/weights": _stacked(read),
             "logit": both.logits_per_image[0].numpy()}  # fmt: skip
    head = getattr(model.vision_model, "head", None)
    if head is not None:
        states = seen.last_hidden_state
        _, weights = head.attention(head.probe, states, states, average_attn_weights=False)
        found["pool/weights"] = weights.numpy()
    return found


def _stacked(out):
    return np.stack([one[0].numpy() for one in out.attentions])


CASES = {  # class, config, processor, what is run
    "clip": (t.CLIPModel, t.CLIPConfig(text_config=READ, vision_config=SEEN), SQUARE, _towers),
    "siglip": (t.SiglipModel, t.SiglipConfig(text_config=READ, vision_config=SEEN), SQUARE,
               _towers),
}  # fmt: skip


def recipe(made, config, processor):
    """A model's config and shapes as it would be saved."""
    with tempfile.TemporaryDirectory() as folder:
        made._from_config(config).save_pretrained(folder)
        with safe_open(Path(folder) / "model.safetensors", "np") as file:
            shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
        said = json.loads((Path(folder) / "config.json").read_text())
    said.pop("transformers_version")
    return {"config": said, "tensors": shapes, "processor": processor}


def main():
    """Write all cases."""
    recipes, answers = {}, {}
    for case, (made, config, processor, run) in CASES.items():
        recipes[case] = recipe(made, config, processor)
        with tempfile.TemporaryDirectory() as folder:
            pictures.write(case, Path(folder), recipes[case])
            model = made.from_pretrained(folder, attn_implementation="eager").eval()
            opened = load_writer(folder)
            fed = opened.prepare(Inputs(image=Path(folder) / "picture.png")).features["image"]
        with torch.no_grad():
            found = run(model, torch.from_numpy(fed)[None])
        answers |= {f"{case}/{name}": values for name, values in found.items()}
    pictures.RECIPES.write_text(json.dumps(recipes, indent=1, sort_keys=True) + "\n")
    np.savez_compressed(pictures.ANSWERS, **answers)


if __name__ == "__main__":
    main()
