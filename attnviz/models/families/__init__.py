"""One family a file. `FAMILIES` says which model_type of a config.json each of them reads."""

from __future__ import annotations

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
