"""The config of what writes in a model: that of its decoder, where it looks at pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attnviz.models.families import SEEING

# Fields of the whole that its decoder does not have, or that take the place of the decoder's.
OF_THE_WHOLE = ("decoder_start_token_id", "bos_token_id", "eos_token_id", "pad_token_id",
                "max_length", "num_beams", "no_repeat_ngram_size", "length_penalty",
                "early_stopping", "min_length", "transformers_version")  # fmt: skip

OF_BOTH = ("architectures", "tie_word_embeddings", "transformers_version")


def writer_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the config that a head for the next token, and how text is chosen, are read from."""
    kind = config.get("model_type")
    if kind == "vision-encoder-decoder":
        inner = config.get("decoder")
        inner = dict(inner) if isinstance(inner, Mapping) else {}
        whole = {n: config[n] for n in OF_THE_WHOLE if config.get(n) is not None}
        return {**inner, **whole, "architectures": ["ForCausalLM"]}
    if kind == "t5gemma":
        inner = config.get("decoder")
        whole = {
            n: config[n] for n in (*OF_THE_WHOLE, "architectures") if config.get(n) is not None
        }
        return {**(inner if isinstance(inner, Mapping) else {}), **whole}
    if kind == "blip":
        inner = config.get("text_config")
        inner = dict(inner) if isinstance(inner, Mapping) else {}
        ends = {"eos_token_id": inner.get("sep_token_id", 102),
                "decoder_start_token_id": inner.get("bos_token_id", 30522)}  # fmt: skip
        return {"pad_token_id": 0, **inner, **ends, "is_decoder": True,
                "model_type": "blip_text_model"}  # fmt: skip
    if kind in SEEING and isinstance(config.get("text_config"), Mapping):
        whole = {n: config[n] for n in OF_BOTH if config.get(n) is not None}
        # Whether words and output share a table is the whole model's to say.
        tied = {n: whole[n] for n in ("tie_word_embeddings",) if n in whole}
        return {**whole, **config["text_config"], **tied}
    return config


def ends_its_own_way(config: Mapping[str, Any]) -> bool:
    """Tell whether generation_config.json is passed over: BLIP's text ends as its config says."""
    return config.get("model_type") == "blip"
