"""Files written whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from attnviz.errors import cannot_write


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name only once it is complete: written beside, then renamed.

    A device or pipe is written directly. Raises AttnvizError where writing fails, or the file that
    is there may not be written, and leaves what stood at `path` as it was.
    """
    import tempfile  # slow to load, and most runs write no file

    target = Path(os.path.realpath(path))  # a link goes on pointing to what it pointed to
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as file:
                yield file
            return
        if not may_write(target):  # a rename would not ask
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        handle, beside = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())  # the name after the bytes, even if power fails
            os.chmod(beside, target.stat().st_mode if target.exists() else 0o666 & ~_umask())
            os.replace(beside, target)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise cannot_write(path, error.strerror or str(error)) from error


def may_write(path: Path) -> bool:
    """Tell whether a file is not there yet, or may be written by who runs this."""
    by_effect = os.access in os.supports_effective_ids
    return not path.exists() or os.access(path, os.W_OK, effective_ids=by_effect)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
