"""What a record was made with, so that others can make it again."""

from __future__ import annotations

from typing import Any

from attnviz._version import __version__
from attnviz.frozen import dataclass
from attnviz.inputs.labels import visible

MOST = 4000  # characters of a command that are kept


@dataclass(frozen=True)
class Provenance:
    """version: of the program that ran the model. command: what was typed, where it was."""

    version: str = __version__
    command: str | None = None


def provenance_of(version: Any, command: Any = None) -> Provenance:
    """Read both from a file; ValueError where they are no text."""
    for value in (version, command):
        if value is not None and not isinstance(value, str):
            raise ValueError("its version or its command is no text")
    kept = None if command is None else visible(command)[:MOST]
    return Provenance(__version__ if version is None else visible(version)[:40], kept)
