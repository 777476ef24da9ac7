"""The file that says how a checkpoint's pictures or sounds are prepared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnviz.errors import AttnvizError

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
    try:
        found = json.loads(file.read_bytes())
    except (ValueError, OSError, RecursionError) as error:
        raise AttnvizError(f"{file} cannot be read: {error}.", "Fetch it again.") from error
    if not isinstance(found, dict):
        raise AttnvizError(f"{file} is not a JSON object.", "Fetch it again.")
    inner = found.get(name, found)
    return inner if isinstance(inner, dict) else {}
