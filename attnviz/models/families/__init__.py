"""One family a file. `FAMILIES` says which model_type of a config.json each of them reads.

A family's `build(fields, weights)` returns the network that its config and tensors describe, and
`ANCHOR` is the name of a tensor that is always there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attnviz.errors import bad_choice
from attnviz.models.checkpoint.config import read_config

FAMILIES: dict[str, tuple[str, ...]] = {
    "bert": ("bert",),
    "roberta": ("roberta", "xlm-roberta", "camembert"),
    "distilbert": ("distilbert",),
    "mpnet": ("mpnet",),
    "electra": ("electra",),
    "albert": ("albert",),
    "modernbert": ("modernbert",),
    "longformer": ("longformer",),
    "gpt2": ("gpt2",),
    "gpt_neo": ("gpt_neo",),
    "gpt_neox": ("gpt_neox",),
    "llama": ("llama", "mistral", "qwen2", "qwen3", "phi3"),
    "gemma": ("gemma", "gemma2", "gemma3_text"),
    "t5": ("t5", "mt5"),
    "bart": ("bart", "mbart", "marian", "m2m_100", "pegasus"),
}
MODULE_OF = {alias: family for family, aliases in FAMILIES.items() for alias in aliases}
NESTED = {"gemma3": "text_config"}  # models of text and images: their text half is read


def read_family(folder: Path) -> tuple[dict[str, Any], str]:
    """Read the config of a checkpoint folder, and find the module of its family.

    Raises AttnvizError that names the families where it is of none of them.
    """
    config = read_config(folder)
    inner = NESTED.get(str(config.get("model_type")))
    if inner is not None and isinstance(config.get(inner), dict):
        config = config[inner]
    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in MODULE_OF:
        raise bad_choice(kind, f"model_type in {folder / 'config.json'}", MODULE_OF)
    return config, MODULE_OF[kind]
