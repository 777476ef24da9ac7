"""The JSON files beside a checkpoint's tensors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attnviz.errors import AttnvizError


def read_json(file: Path) -> Any:
    """Return what a file holds; AttnvizError if it cannot be read or is no JSON."""
    try:
        return json.loads(file.read_bytes())
    except (ValueError, OSError, RecursionError) as error:
        raise AttnvizError(
            f"{file} cannot be read: {error}.",
            "Fetch it again.",
            key="err.cannot_read_fetch",
            place=file,
            reason=error,
        ) from error


def read_object(file: Path) -> dict[str, Any]:
    """Return the object that a file holds; AttnvizError if it holds another thing."""
    found = read_json(file)
    if not isinstance(found, dict):
        raise AttnvizError(
            f"{file} is not a JSON object.", "Fetch it again.", key="err.not_json", place=file
        )
    return found
