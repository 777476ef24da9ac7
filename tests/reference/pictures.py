"""Tiny models that look at pictures: their configs, the shapes of their tensors, and what
transformers computes with them.

pictures.json holds each case's config.json, the names and shapes of its tensors as
`save_pretrained` wrote them, its processor and its ids; pictures.npz what transformers makes of the
picture. `python -m tests.reference.make_pictures` (the parity extra) writes both anew. The values
are drawn here.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from tests.reference.checkpoints import draw, save

RECIPES = Path(__file__).with_name("pictures.json")
ANSWERS = Path(__file__).with_name("pictures.npz")
_recipes = json.loads(RECIPES.read_text()) if RECIPES.exists() else {}
CASES = tuple(_recipes)


def picture():
    """Blocks of colour, the same everywhere: 72 × 48 pixels."""
    levels = np.random.RandomState(5).randint(0, 256, (6, 9, 3)).astype(np.uint8)
    return Image.fromarray(levels.repeat(8, axis=0).repeat(8, axis=1))


def write(case, folder, recipe=None):
    """The checkpoint of a case, and a picture.png beside it; returns its recipe."""
    found = recipe or _recipes[case]
    made = {name: _values(case, name, shape) for name, shape in found["tensors"].items()}
    save(folder, found["config"], made)
    (folder / "preprocessor_config.json").write_text(json.dumps(found["processor"]))
    picture().save(folder / "picture.png")
    return found


def _values(case, name, shape):
    if name in ("logit_scale", "logit_bias"):
        return np.full(shape, 0.7, np.float32)
    made = draw(case, name, shape)
    if "position_bias_table" in name:
        return made * np.float32(4)
    sharp = "query" in name or "q_proj" in name or "in_proj" in name
    return made * np.float32(1.5) if sharp and len(shape) > 1 else made


def with_words(folder):
    """A tokenizer whose words are the ids from 3 on."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["<unk>", "<pad>", "</s>", "a", "cat", "on", "red", "ball", "dog", *"bcdefghijk"]
    words += [f"{letter}o" for letter in "bcdefghijkm"]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))


def expected(case):
    """What transformers computes: "pixels", "<stack>/weights" and others, by name."""
    with np.load(ANSWERS) as file:
        return {n.removeprefix(f"{case}/"): file[n] for n in file.files if n.startswith(f"{case}/")}
