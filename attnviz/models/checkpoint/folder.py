"""A checkpoint by its folder or its file: which files hold its weights, and what else it has."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from attnviz.errors import AttnvizError
from attnviz.files.tensors import Entry, Tensors, broken
from attnviz.inputs.labels import visible
from attnviz.models.checkpoint.config import read_config
from attnviz.models.checkpoint.opened import Checkpoint
from attnviz.models.checkpoint.tokenizer import FILES as TOKENIZER_FILES
from attnviz.models.checkpoint.tokenizer import MARIAN, find_tokenizer
from attnviz.models.families import read_family

ONE_FILE, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLED, PICKLED_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
SPLIT = re.compile(r"-\d{5}-of-\d{5}\.gguf$")
WORDS = "embed_tokens.weight"
ADAPTER = "adapter_config.json"
# The fields of a config that say how its weights are quantised.
QUANTISATION = ("quantization_config", "compression_config", "quantization")
SNAPSHOT = "snapshots/*/config.json"  # of the hub client's cache
SHARDS, PICKLED_SHARDS = "model-*-of-*.safetensors", "pytorch_model-*-of-*.bin"
FOREIGN = {  # files that other programs run, by pattern
    "*.onnx": "as an ONNX graph",
    "onnx/*.onnx": "as an ONNX graph",
    "tf_model.h5": "as a TensorFlow file",
    "flax_model.msgpack": "as a Flax file",
    "params.json": "in the form of its authors' own program",
    "consolidated*.pth": "in the form of its authors' own program",
    "consolidated*.safetensors": "in the form of its authors' own program",
    "*.ckpt.index": "as a TensorFlow file",
    "rust_model.ot": "as a file of Rust's tch",
    "openvino_*model*.xml": "as an OpenVINO graph",
    "*.tflite": "as a TensorFlow Lite graph",
    "*.mlmodel": "as a Core ML graph",
    "*.mlpackage": "as a Core ML graph",
    "*.nemo": "as a NeMo archive",
    "model.bin": "as a CTranslate2 model",
    "*.engine": "as a TensorRT engine",
}
# What training leaves beside the weights, in the same form.
OF_TRAINING = ("training_args", "optimizer", "scheduler", "scaler", "rng_state", "adapter_")
PICKLES, FIRST_BYTES = ("*.bin", "*.pt", "*.pth"), (b"PK", b"\x80")


def open_checkpoint(place: Path) -> Checkpoint:
    """Open a checkpoint's folder, or a GGUF file alone; no tensor is read.

    Raises AttnvizError where config, weights or family are not what they have to be.
    """
    place = _transformer_of(place)
    gguf = _gguf(place)
    if gguf is not None:
        from attnviz.models.checkpoint.gguf_checkpoint import open_gguf_checkpoint

        return open_gguf_checkpoint(gguf)
    if not (place / "config.json").is_file():
        raise _no_config(place)
    config, family = read_family(place)
    tensors = _with_tied_words(open_weights(place), config)
    _check_merged(place, tensors)
    if any(read_config(place).get(name) for name in QUANTISATION):
        from attnviz.files.quantised import quantisation, unpacked  # few checkpoints need it

        quantised = quantisation(read_config(place))
        if quantised is not None:
            tensors = unpacked(tensors, *quantised, place)
            config = {name: value for name, value in config.items() if name not in QUANTISATION}
    file = _tokenizer_file(place)
    return Checkpoint(
        place, place / "config.json", config, family, tensors,
        partial(find_tokenizer, place), file, _licence(place), notes=_notes(place),
        open_source=partial(find_tokenizer, place, source=True) if file == MARIAN else None,
    )  # fmt: skip


def is_adapter(place: Path) -> bool:
    """Tell whether a folder holds an adapter."""
    return (place / ADAPTER).is_file()


def weights_in(adapter: Path) -> list[Path]:
    """Return the files of an adapter's weights."""
    return sorted(adapter.glob("adapter_model.*"))


def _no_config(place: Path) -> AttnvizError:
    """What a folder without a config is, as far as its files say."""
    inner = [file.parent for file in sorted([*place.glob("*/config.json"), *place.glob(SNAPSHOT)])]
    foreign = [kind for pattern, kind in FOREIGN.items() if [*place.glob(pattern)]]
    what = f", and holds a model {foreign[0]}" if foreign else ""
    hint = "Give the folder of a Hugging Face checkpoint."
    if len(inner) == 1:
        hint = f"Its folder {inner[0].relative_to(place)} has one: give that."
    return AttnvizError(
        f"{place} has no config.json{what}.",
        hint,
        key="err.no_config_here",
        place=place,
        what=what,
        todo=hint,
    )


def _with_tied_words(tensors: Tensors, config: Mapping[str, Any]) -> Tensors:
    """The output's map stands for the words' vectors, where the config ties them and a file kept
    the map alone, without a note of it."""
    named = any(name.endswith(WORDS) for name in (*tensors, *tensors.aliases))
    if named or config.get("tie_word_embeddings") is not True:
        return tensors
    return Tensors(dict(tensors), {**tensors.aliases, f"model.{WORDS}": "lm_head.weight"})


def _transformer_of(place: Path) -> Path:
    """The transformer's folder in one of sentence-transformers, whose modules.json names it."""
    listed = place / "modules.json"
    if (place / "config.json").is_file() or not listed.is_file():
        return place
    try:
        modules = json.loads(listed.read_bytes())
        names = [m["path"] for m in modules if str(m["type"]).endswith(".Transformer")]
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        raise broken(listed, f"it is not a list of modules ({str(error)[:99]})") from error
    if not names or not isinstance(names[0], str) or Path(names[0]).name != names[0]:
        return place  # refused for what it lacks
    return place / names[0]


def has_weights(folder: Path) -> bool:
    """Tell whether a folder holds the weights of a whole model, in a form that is read."""
    return bool(weight_files(folder) or [*folder.glob("*.gguf")])


def _notes(place: Path) -> tuple[str, ...]:
    """What lies in the folder and is not followed."""
    notes = []
    if is_adapter(place):
        notes.append(f"A LoRA adapter lies beside the weights of {place.name} and is not applied.")
    if read_config(place).get("auto_map"):
        notes.append(
            f"{place.name} brings code of its own, which is not run: what is shown is the plain "
            "model of its type."
        )
    return tuple(notes)


def _check_merged(place: Path, tensors: Tensors) -> None:
    """Refuse a model that was saved with its adapter's layers in it."""
    apart = next((name for name in tensors if ".base_layer." in name or ".lora_A" in name), None)
    if apart is not None:
        raise AttnvizError(
            f"The weights of {place} hold LoRA layers that are not merged ({apart[:99]}).",
            "Merge them with PEFT (merge_and_unload) and save the model again.",
            key="err.weights_hold",
            place=place,
            apart=apart[:99],
        )


def _gguf(place: Path) -> Path | None:
    """The GGUF file that was given, or the only one in a folder without other weights."""
    if place.is_file():
        return place
    found = sorted(place.glob("*.gguf"))
    if not found or weight_files(place):
        return None
    if len(found) > 1 and len({SPLIT.sub("", file.name) for file in found}) > 1:
        names = ", ".join(file.name for file in found[:4])
        raise AttnvizError(
            f"{place} holds several GGUF files: {names}.",
            "Name one of them.",
            key="err.holds_several",
            place=place,
            names=names,
        )
    return found[0]


def open_weights(folder: Path) -> Tensors:
    """Map the weights of a checkpoint folder; nothing is read until it is used.

    Looks for safetensors, in one file or in shards, then for PyTorch's own files. Raises
    AttnvizError naming what is missing, or what is wrong with a file.
    """
    files = _safetensors(folder)
    if files:
        from attnviz.files.safetensors import open_files

        return open_files(files)
    files = _pickled(folder)
    if files:
        return _open_pickled(files)
    raise _no_weights(folder)


def _no_weights(folder: Path) -> AttnvizError:
    """What lies there in their place, by its name."""
    for pattern, index in (SHARDS, INDEX), (PICKLED_SHARDS, PICKLED_INDEX):
        shard = next(iter(sorted(folder.glob(pattern))), None)
        if shard is not None:
            return AttnvizError(
                f"{folder} holds shards ({shard.name} …) and not {index}, which lists them.",
                f"Fetch {index} too.",
                key="err.holds_shards",
                place=folder,
                shard=shard.name,
                index=index,
            )
    several = _other_pickles(folder)
    if several:
        return AttnvizError(
            f"{folder} holds several files of weights: "
            f"{', '.join(visible(file.name)[:60] for file in several[:4])}.",
            f"Rename the one that you want to look at to {PICKLED}.",
            key="err.holds_several_files",
            place=folder,
            names=", ".join(visible(file.name)[:60] for file in several[:4]),
            pickled=PICKLED,
        )
    for pattern, kind in FOREIGN.items():
        file = next(iter(sorted(folder.glob(pattern))), None)
        if file is not None:
            return AttnvizError(
                f"{folder} has its weights {kind} ({file.relative_to(folder)}), which is not read.",
                f"Give a folder that holds {ONE_FILE}, {INDEX} or {PICKLED}.",
                key="err.weights_not",
                place=folder,
                kind=kind,
                value=file.relative_to(folder),
                one_file=ONE_FILE,
                index=INDEX,
                pickled=PICKLED,
            )
    return AttnvizError(
        f"{folder} has no {ONE_FILE}.",
        f"Give a folder that holds {ONE_FILE}, {INDEX} or {PICKLED}.",
        key="err.no_folder_that",
        place=folder,
        one_file=ONE_FILE,
        index=INDEX,
        pickled=PICKLED,
    )


def _safetensors(folder: Path) -> list[Path]:
    if (folder / ONE_FILE).is_file():
        return [folder / ONE_FILE]
    if (folder / INDEX).is_file():
        return shards_of(folder / INDEX)
    others = [
        file
        for file in sorted(folder.glob("*.safetensors"))
        if not file.name.startswith(("adapter_", "consolidated")) and not file.match(SHARDS)
    ]
    return others if len(others) == 1 else []


def _pickled(folder: Path) -> list[Path]:
    if (folder / PICKLED).is_file():
        return [folder / PICKLED]
    if (folder / PICKLED_INDEX).is_file():
        return shards_of(folder / PICKLED_INDEX)
    others = _other_pickles(folder)
    return others if len(others) == 1 else []


def _other_pickles(folder: Path) -> list[Path]:
    """PyTorch's files under other names, but for what training leaves beside the weights."""
    return [
        file
        for pattern in PICKLES
        for file in sorted(folder.glob(pattern))
        if not file.name.startswith((*OF_TRAINING, "consolidated"))
        and not file.match(PICKLED_SHARDS)
        and _begins_as_pickle(file)
    ]


def _begins_as_pickle(file: Path) -> bool:
    with suppress(OSError), file.open("rb") as stream:
        return stream.read(2).startswith(FIRST_BYTES)
    return False


def weight_files(folder: Path) -> list[Path]:
    """Return the files that hold the weights of a folder's model, of the forms that are read."""
    return _safetensors(folder) or _pickled(folder)


def _open_pickled(files: list[Path]) -> Tensors:
    from attnviz.files.pickled import open_pickled  # fewer checkpoints are of this kind

    entries: dict[str, Entry] = {}
    for file in files:
        entries |= open_pickled(file)
    return Tensors(entries)


def shards_of(index: Path) -> list[Path]:
    """Return the files that an index names, all of them beside it."""
    try:
        names = json.loads(index.read_bytes())["weight_map"].values()
        files = [index.parent / name for name in sorted(set(names))]
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        raise broken(index, f"it is not an index of shards ({error})") from error
    for file in files:
        if file.parent != index.parent:
            raise broken(index, f"it names {file}, which lies elsewhere")
        if not _is_there(file):
            raise AttnvizError(
                f"The shard {file.name[:99]} is missing from {index.parent}.",
                f"{index.name} names it: fetch the whole checkpoint.",
                key="err.shard_missing",
                place=file.name[:99],
                parent=index.parent,
                index=index.name,
            )
    return files


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except (OSError, ValueError):  # a name that cannot be one
        return False


def _licence(folder: Path) -> str | None:
    """What the model card says at its head, if there is one."""
    card = folder / "README.md"
    if not card.is_file():
        return None
    lines = card.read_text(encoding="utf-8", errors="replace").splitlines()[:100]
    said = [line.partition(":")[2].strip() for line in lines if line.startswith("license:")]
    return said[0].strip("\"'") if said else None


def _tokenizer_file(folder: Path) -> str | None:
    found = [name for name in TOKENIZER_FILES if (folder / name).is_file()]
    return found[0] if found and found[0] != TOKENIZER_FILES[-1] else None
