"""LoRA adapters (arXiv 2106.09685) as PEFT saves them: W + α / r · B A, made when W is used."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import AttnvizError
from attnviz.files.tensors import Array, Entry, Tensors, packed
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.folder import ADAPTER, is_adapter
from attnviz.models.checkpoint.json_file import read_object
from attnviz.models.checkpoint.opened import Checkpoint

WEIGHTS, PICKLED = "adapter_model.safetensors", "adapter_model.bin"
WRAPPER = "base_model.model."  # what PEFT puts before the names of the model that it wraps
LOW = re.compile(r"(.+)\.(lora_A|lora_B|lora_embedding_A|lora_embedding_B)(?:\.weight)?")
# Settings with which the numbers are other than W + α / r · B A.
REFUSED = {
    "use_dora": "DoRA", "use_qalora": "QALoRA", "lora_bias": "LoRA with biases",
    "layer_replication": "LoRA with repeated layers", "target_parameters": "LoRA of experts",
    "trainable_token_indices": "LoRA with single tokens", "alora_invocation_tokens": "aLoRA",
}  # fmt: skip


@dataclass(frozen=True)
class Adapter:
    """An adapter's folder, what its settings say, and its tensors."""

    place: Path
    settings: Mapping[str, Any]
    tensors: Tensors

    @property
    def base(self) -> str | None:
        """The name or the folder of the model that it was trained on."""
        found = self.settings.get("base_model_name_or_path")
        return found if isinstance(found, str) and found else None

    def strength(self, module: str, rank: int) -> float:
        """Return what B A is multiplied by in a module: α / r, or α / √r where the settings say
        so."""
        alpha = self._pattern("alpha_pattern", module, self.settings.get("lora_alpha", 8))
        if not isinstance(alpha, int | float) or isinstance(alpha, bool) or not rank:
            raise self.refused(f"lora_alpha = {str(alpha)[:40]} and the rank {rank}")
        return float(alpha) / (math.sqrt(rank) if self.settings.get("use_rslora") else rank)

    def _pattern(self, name: str, module: str, usual: Any) -> Any:
        """A module's own value: the first whose pattern its name ends with, as PEFT looks it up."""
        patterns = self.settings.get(name)
        for pattern, value in (patterns or {}).items() if isinstance(patterns, Mapping) else ():
            try:
                if re.match(rf"(.*\.)?({pattern})$", module):
                    return value
            except (re.error, RecursionError) as error:
                raise self.refused(f"the pattern {pattern[:40]}") from error
        return usual

    def refused(self, what: str) -> AttnvizError:
        """Make the error for a part of the adapter that is not followed."""
        return AttnvizError(
            f"The adapter {self.place} has {what}, which is not read.",
            "Merge it into its base model with PEFT (merge_and_unload) and save that.",
            key="err.adapter_not",
            place=self.place,
            what=what,
        )


def open_adapter(place: Path) -> Adapter:
    """Open an adapter's folder; AttnvizError for other kinds than LoRA, by their names."""
    if not is_adapter(place):
        raise AttnvizError(
            f"{place} has no {ADAPTER}.",
            "Give the folder of an adapter that PEFT has saved.",
            key="err.no_folder_adapter",
            place=place,
            adapter=ADAPTER,
        )
    settings = read_object(place / ADAPTER)
    adapter = Adapter(place, settings, _open_tensors(place))
    kind = settings.get("peft_type")
    if kind != "LORA":
        raise adapter.refused(f"the type {str(kind)[:40]}")
    for name, called in REFUSED.items():
        if settings.get(name):
            raise adapter.refused(f"{called} ({name})")
    return adapter


def _open_tensors(place: Path) -> Tensors:
    if (place / WEIGHTS).is_file():
        from attnviz.files.safetensors import open_files

        return open_files([place / WEIGHTS])
    if (place / PICKLED).is_file():
        from attnviz.files.pickled import open_pickled

        return open_pickled(place / PICKLED)
    raise AttnvizError(
        f"The adapter {place} has neither {WEIGHTS} nor {PICKLED}.",
        "Fetch the whole adapter.",
        key="err.adapter_neither",
        place=place,
        weights=WEIGHTS,
        pickled=PICKLED,
    )


def adapted(checkpoint: Checkpoint, adapter: Adapter) -> Checkpoint:
    """Return the checkpoint with the adapter's changes; nothing is read until it is used.

    Raises AttnvizError for modules that the model does not have, or of other shapes.
    """
    base = checkpoint.tensors
    entries: dict[str, Entry] = dict(base)
    halves: dict[str, dict[str, str]] = {}
    for name in adapter.tensors:
        match = LOW.fullmatch(name.removeprefix(WRAPPER))
        if match is not None:
            halves.setdefault(match[1], {})[match[2]] = name
            continue
        whole = name.removeprefix(WRAPPER).replace(".modules_to_save.", ".")
        if "lora_" in whole or "magnitude" in whole:
            raise adapter.refused(f"the tensor {name[:99]}")
        entries[_full_name(base, whole) or whole] = adapter.tensors[name]
    if not halves:
        raise adapter.refused("no low-rank pairs")
    for module, pair in halves.items():
        full = _full_name(base, f"{module}.weight")
        if full is None:
            raise AttnvizError(
                f"The adapter {adapter.place} changes {module[:99]}, which the model "
                f"{checkpoint.place} does not have.",
                f"It belongs to {adapter.base or 'another model'}: name that as the model.",
                key="err.adapter_changes",
                place=adapter.place,
                module=module[:99],
                place2=checkpoint.place,
                base=adapter.base or "another model",
            )
        entries[full] = _changed(adapter, module, pair, full, entries[full])
    return replace(checkpoint, tensors=Tensors(entries, base.aliases), adapter=adapter.place)


def _full_name(base: Tensors, name: str) -> str | None:
    """The tensor of that name, behind more or fewer prefixes: head models have one more."""
    if name in base:
        return name
    ends = [full for full in base if full.endswith(f".{name}") or name.endswith(f".{full}")]
    return max(ends, key=len) if len(ends) == 1 else None


def _changed(
    adapter: Adapter, module: str, pair: Mapping[str, str], full: str, entry: Entry
) -> Entry:
    """An entry whose rows are those of the base plus the low-rank change."""
    embedding = "lora_embedding_A" in pair
    names = [f"lora_{'embedding_' if embedding else ''}{half}" for half in "AB"]
    if set(names) != pair.keys():
        raise adapter.refused(f"half of a pair for {module[:99]}")
    low, high = (adapter.tensors[pair[name]] for name in names)
    turned = bool(adapter.settings.get("fan_in_fan_out")) or embedding
    shape = entry.shape[::-1] if turned else entry.shape
    due = [(low.shape[0], shape[-1]), (shape[0], low.shape[0])] if low.shape and shape else []
    if [low.shape, high.shape] != due:
        raise AttnvizError(
            f"The adapter {adapter.place} has {list(low.shape)} and {list(high.shape)} for {full}, "
            f"whose shape is {list(entry.shape)}.",
            f"It belongs to {adapter.base or 'another model'}: name that as the model.",
            key="err.adapter_whose",
            place=adapter.place,
            shape=list(low.shape),
            shape2=list(high.shape),
            full=full,
            shape3=list(entry.shape),
            base=adapter.base or "another model",
        )
    strength = np.float32(adapter.strength(module, low.shape[0]))
    read = partial(_read, entry, low, high, strength, turned)
    return replace(entry, read=read, stored=None)


def _read(entry: Entry, low: Entry, high: Entry, strength: np.float32, turned: bool) -> Array:
    whole, a, b = entry.read(), low.read(), high.read()

    def unpack(rows: Any) -> NDArray[np.float32]:
        first, second = (a.T, b.T) if turned else (b, a)
        change = np.asarray(first[rows], np.float32) @ np.asarray(second, np.float32)
        change *= strength
        change += np.asarray(whole[rows], np.float32)
        return change

    return packed(entry.shape, unpack)
