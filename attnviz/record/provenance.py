"""What a record was made with, so that others can make it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attnviz._version import __version__
from attnviz.files.table import comment
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


def comments(told: Mapping[str, Any], details: Mapping[str, Any], n_columns: int) -> Iterator[str]:
    """Yield the lines that stand above a table, for people: what is told, and which weights a
    model has, by their revision, their sha-256 or their bytes."""
    for name, value in told.items():
        if isinstance(value, str | int | float):
            yield comment(f"{name}: {visible(str(value))}", n_columns)
    if "revision" in details:
        yield comment(f"revision: {visible(str(details['revision']))}", n_columns)
    for kind in ("sha256", "bytes"):
        files = details.get(kind)
        for file, value in files.items() if isinstance(files, Mapping) else ():
            yield comment(f"{kind} of {visible(str(file))}: {visible(str(value))}", n_columns)
