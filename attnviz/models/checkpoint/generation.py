"""How a checkpoint is meant to write: generation_config.json, and what config.json says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.json_file import read_object

FILE = "generation_config.json"
USUAL_NEW_TOKENS = 20
# What would change the text and is not known here: said, not passed over.
NOT_KNOWN = (
    "sequence_bias", "exponential_decay_length_penalty", "typical_p", "epsilon_cutoff",
    "eta_cutoff", "top_h", "guidance_scale", "watermarking_config", "penalty_alpha",
    "constraints", "force_words_ids", "diversity_penalty", "dola_layers",
)  # fmt: skip
HARMLESS = {"typical_p": 1.0, "epsilon_cutoff": 0.0, "eta_cutoff": 0.0, "diversity_penalty": 0.0}
# Some config.json of before generation_config.json carry these; transformers reads them there too.
OLD_PLACES = ("forced_bos_token_id", "forced_eos_token_id", "num_beams", "length_penalty",
              "no_repeat_ngram_size", "min_length", "early_stopping", "bad_words_ids",
              "suppress_tokens", "begin_suppress_tokens", "repetition_penalty", "max_length",
              "bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")  # fmt: skip


@dataclass(frozen=True)
class Generation:
    """How text is chosen; names and meaning are those of transformers' GenerationConfig."""

    max_new_tokens: int | None = None
    max_length: int | None = None
    min_length: int = 0
    min_new_tokens: int = 0
    do_sample: bool = False
    num_beams: int = 1
    temperature: float = 1.0
    top_k: int = 50
    top_p: float = 1.0
    min_p: float | None = None
    repetition_penalty: float = 1.0
    encoder_repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    encoder_no_repeat_ngram_size: int = 0
    length_penalty: float = 1.0
    early_stopping: bool | str = False
    bad_words_ids: tuple[tuple[int, ...], ...] = ()
    suppress_tokens: tuple[int, ...] = ()
    begin_suppress_tokens: tuple[int, ...] = ()
    forced_bos_token_id: int | None = None
    forced_eos_token_id: tuple[int, ...] = ()
    bos_token_id: int | None = None
    eos_token_id: tuple[int, ...] = ()
    pad_token_id: int | None = None
    decoder_start_token_id: int | None = None
    remove_invalid_values: bool = False
    renormalize_logits: bool = False

    def with_changes(self, **given: Any) -> Generation:
        """Take what is not None in place of what stands; raise AttnvizError for impossible
        values."""
        changed = replace(self, **{name: v for name, v in given.items() if v is not None})
        for name, (is_due, due) in DUE.items():
            value = getattr(changed, name)
            if value is not None and not is_due(value):
                raise AttnvizError(
                    f"`{name}` is {value!r}.", f"It must be {due}.",
                    key="err.must", name=name, value=repr(value), due=due,
                )  # fmt: skip
        return changed


def _whole(lowest: int) -> Any:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= lowest


def _real(lowest: float, highest: float = 1e30) -> Any:
    return lambda v: (
        isinstance(v, int | float) and not isinstance(v, bool) and lowest < v <= highest
    )


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


MOST_BEAMS = 64
DUE: Mapping[str, tuple[Any, str]] = {
    "max_new_tokens": (_whole(1), "a whole number from 1"),
    "max_length": (_whole(1), "a whole number from 1"),
    "min_length": (_whole(0), "a whole number from 0"),
    "min_new_tokens": (_whole(0), "a whole number from 0"),
    "num_beams": (lambda v: _whole(1)(v) and v <= MOST_BEAMS, f"1 to {MOST_BEAMS}"),
    "temperature": (_real(0), "a number above 0"),
    "top_k": (_whole(0), "a whole number from 0 (0: all)"),
    "top_p": (lambda v: _share(v) and v > 0, "above 0, at most 1"),
    "min_p": (_share, "0 to 1"),
    "repetition_penalty": (_real(0), "a number above 0"),
    "encoder_repetition_penalty": (_real(0), "a number above 0"),
    "no_repeat_ngram_size": (_whole(0), "a whole number from 0"),
    "encoder_no_repeat_ngram_size": (_whole(0), "a whole number from 0"),
    "length_penalty": (_real(-1e6, 1e6), "a number"),
    "early_stopping": (lambda v: v in (True, False, "never"), "true, false or never"),
    **dict.fromkeys(
        ("forced_bos_token_id", "bos_token_id", "pad_token_id", "decoder_start_token_id"),
        (_whole(0), "a token id"),
    ),
    **dict.fromkeys(
        ("do_sample", "remove_invalid_values", "renormalize_logits"),
        (lambda v: isinstance(v, bool), "true or false"),
    ),
    **dict.fromkeys(
        ("forced_eos_token_id", "eos_token_id", "suppress_tokens", "begin_suppress_tokens"),
        (lambda v: isinstance(v, tuple) and all(map(_whole(0), v)), "token ids"),
    ),
    "bad_words_ids": (
        lambda v: isinstance(v, tuple) and all(map(_is_word, v)), "lists of token ids"
    ),
}  # fmt: skip


def _is_word(word: Any) -> bool:
    return isinstance(word, tuple) and bool(word) and all(map(_whole(0), word))


def read_generation(config: Mapping[str, Any], folder: Path | None) -> Generation:
    """Read how a checkpoint writes, from generation_config.json, else from config.json.

    folder: None for a checkpoint of one file, which has its config alone. Raises AttnvizError where
    the file cannot be read, or asks for what is not known here.
    """
    file = Path(FILE) if folder is None else folder / FILE
    there = folder is not None and file.is_file()
    given = read_object(file) if there else {name: config.get(name) for name in OLD_PLACES}
    for name in ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id"):
        given.setdefault(name, config.get(name))
        if given[name] is None:
            given[name] = config.get(name)
    for name in NOT_KNOWN:
        if given.get(name) not in (None, False, HARMLESS.get(name)):
            raise AttnvizError(
                f"{file} asks for {name} = {json.dumps(given[name], default=str)[:60]}, which is "
                "not done here.",
                "Delete it in a copy of the file to write without it.",
                key="err.asks_not",
                place=file,
                name=name,
                value=json.dumps(given[name], default=str)[:60],
            )
    known = {each.name for each in fields(Generation)}
    chosen = {name: _frozen(name, value) for name, value in given.items() if name in known}
    return Generation().with_changes(**chosen)


SEVERAL = ("eos_token_id", "forced_eos_token_id", "suppress_tokens", "begin_suppress_tokens")


def _frozen(name: str, value: Any) -> Any:
    """Lists as tuples; one id where several may stand as one of several; null limits as none."""
    if name == "bad_words_ids" and isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(tuple(word) if isinstance(word, list) else word for word in value)
    if name in SEVERAL and value is not None:
        return tuple(value) if isinstance(value, list) else (value,)
    if name == "top_k" and value is None:
        return 0
    return value
