"""Which files of a checkpoint folder hold its weights."""

from __future__ import annotations

import json
from pathlib import Path

from attnviz.errors import AttnvizError
from attnviz.files.tensors import Entry, Tensors, broken

ONE_FILE, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLED, PICKLED_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
SHARDS, PICKLED_SHARDS = "model-*-of-*.safetensors", "pytorch_model-*-of-*.bin"
FOREIGN = {  # files that other programs run, by pattern
    "*.onnx": "an ONNX graph",
    "onnx/*.onnx": "an ONNX graph",
    "tf_model.h5": "a TensorFlow file",
    "flax_model.msgpack": "a Flax file",
    "consolidated*.pth": "in the form of its authors' own program",
    "consolidated*.safetensors": "in the form of its authors' own program",
}


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
            )
    for pattern, kind in FOREIGN.items():
        file = next(iter(sorted(folder.glob(pattern))), None)
        if file is not None:
            return AttnvizError(
                f"{folder} has its weights as {file.relative_to(folder)}, {kind}, which is not "
                "read.",
                f"Give a folder that holds {ONE_FILE}, {INDEX} or {PICKLED}.",
            )
    return AttnvizError(
        f"{folder} has no {ONE_FILE}.",
        f"Give a folder that holds {ONE_FILE}, {INDEX} or {PICKLED}.",
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
    return []


def _open_pickled(files: list[Path]) -> Tensors:
    from attnviz.files.pickled import open_pickled  # fewer checkpoints are of this kind

    entries: dict[str, Entry] = {}
    for file in files:
        entries |= open_pickled(file)
    return Tensors(entries)


def shards_of(index: Path) -> list[Path]:
    """The files that an index names, all of them beside it."""
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
            )
    return files


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except (OSError, ValueError):  # a name that cannot be one
        return False
