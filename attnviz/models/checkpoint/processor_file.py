"""The file that says how a checkpoint's pictures or sounds are prepared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnviz.models.checkpoint.json_file import read_object

FILES = ("preprocessor_config.json", "processor_config.json")


def read_processor(folder: Path | None, name: str) -> Mapping[str, Any]:
    """Read the settings of an "image_processor" or a "feature_extractor"; {} without a file.

    A processor_config.json holds several of them by name, the older file holds one alone. Raises
    AttnvizError for a file that cannot be read, or is not a JSON object.
    """
    files = [folder / file for file in FILES] if folder is not None else []
    file = next(filter(Path.is_file, files), None)
    if file is None:
        return {}
    found = read_object(file)
    inner = found.get(name, found)
    return inner if isinstance(inner, dict) else {}
