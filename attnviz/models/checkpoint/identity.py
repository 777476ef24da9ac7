"""Which weights a model has: what a reader needs to fetch the same ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

REVISION = re.compile(r"[0-9a-f]{40}")
OF_FILES = ("revision", "bytes", "sha256")  # what is found by looking at them
MOST_BYTES = 1 << 30  # that are read to name the weights in a record: 0.6 s of one core


class Identity(Mapping[str, Any]):
    """What is known of a checkpoint, JSON-ready, and last of all which weights it has: the revision
    of a snapshot of the hub, else the sha-256 of each file of weights, else, where they have more
    than MOST_BYTES, how many bytes each of them has.

    Files are read when that is asked for: a run that is only shown reads none of them twice.
    """

    def __init__(self, stated: Mapping[str, Any], place: Path, files: tuple[Path, ...]) -> None:
        """stated: what is known without reading. place: the folder or the file that was opened."""
        self._stated, self._place, self._files = dict(stated), place, files

    def __getitem__(self, name: str) -> Any:
        if name in self._stated or name not in OF_FILES:
            return self._stated[name]
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._stated, **self._found})

    def __len__(self) -> int:
        return len(self._stated) + len(self._found)

    @cached_property
    def _found(self) -> dict[str, Any]:
        named = revision_of(self._place)
        if named is not None:
            return {"revision": named}
        sizes = {file.name: file.stat().st_size for file in self._files if file.is_file()}
        if sum(sizes.values()) > MOST_BYTES:
            return {"bytes": sizes}
        return {"sha256": hashes(self._files)}


def revision_of(place: Path) -> str | None:
    """Return the commit of a snapshot in the cache of the hub client, by the name of its folder."""
    for folder in (place, *place.parents):
        if folder.parent.name == "snapshots" and REVISION.fullmatch(folder.name):
            return folder.name
    return None


def hashes(files: tuple[Path, ...]) -> dict[str, str]:
    """Return the sha-256 of each file, by its name: all of it is read."""
    from hashlib import file_digest  # few runs hash a file

    found = {}
    for file in files:
        with file.open("rb") as stream:
            found[file.name] = file_digest(stream, "sha256").hexdigest()
    return found
