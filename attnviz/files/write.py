"""Files written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from attnviz.errors import cannot_write

UNNAMED = getattr(os, "O_TMPFILE", 0)  # Linux: a file without a name until it is linked


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that appears under its name only once it is complete and on the disk.

    Where the system can, it has no name until then, so that a process that is killed leaves
    nothing behind. A device or pipe is written directly. Raises AttnvizError where writing fails or
    the file may not be written, and leaves what stood at `path` as it was.
    """
    target = Path(os.path.realpath(path))  # a link goes on pointing to what it pointed to
    try:
        before = target.stat() if target.exists() else None
        if before is not None and not stat.S_ISREG(before.st_mode):
            with target.open("wb") as file:
                yield file
            return
        if not may_write(target):  # a rename would not ask
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        mode = None if before is None else stat.S_IMODE(before.st_mode)
        unnamed = _open_unnamed(target.parent)
        with _linked(unnamed, target, mode) if unnamed else _renamed(target, mode) as file:
            yield file
    except OSError as error:
        raise cannot_write(path, error.strerror or str(error)) from error


def may_write(path: Path) -> bool:
    """Tell whether a file is not there yet, or may be written by who runs this."""
    by_effect = os.access in os.supports_effective_ids
    return not path.exists() or os.access(path, os.W_OK, effective_ids=by_effect)


def _open_unnamed(folder: Path) -> IO[bytes] | None:
    """A new file without a name, None where the system or the file system has none."""
    if not UNNAMED or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.fdopen(os.open(folder, UNNAMED | os.O_WRONLY, 0o666), "wb")
    except OSError:  # this file system cannot: what is really wrong shows on the other way
        return None


@contextmanager
def _linked(file: IO[bytes], target: Path, mode: int | None) -> Iterator[IO[bytes]]:
    """Give an unnamed file its name once it is complete."""
    with file:
        yield file
        _finish(file, mode)
        _link(file.fileno(), target)


def _link(number: int, target: Path) -> None:
    here = os.open("/proc/self/fd", os.O_RDONLY)
    try:  # with a folder given, the link of /proc is followed to the file itself
        try:
            os.link(str(number), target, src_dir_fd=here, follow_symlinks=True)
        except FileExistsError:  # a link replaces nothing: a second name does, by a rename
            beside = _name_beside(target)
            try:
                os.link(str(number), beside, src_dir_fd=here, follow_symlinks=True)
                os.replace(beside, target)
            except BaseException:  # Ctrl-C may fall between the two
                beside.unlink(missing_ok=True)
                raise
    finally:
        os.close(here)


@contextmanager
def _renamed(target: Path, mode: int | None) -> Iterator[IO[bytes]]:
    """Write beside the target, then rename."""
    beside = _name_beside(target)
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            yield file
            _finish(file, mode)
        os.replace(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _name_beside(target: Path) -> Path:
    return target.with_name(f".{target.name[:40]}.{os.getpid():x}{os.urandom(4).hex()}")


def _finish(file: IO[bytes], mode: int | None) -> None:
    """Bring a file to the disk before it gets its name: a rename may be there sooner than bytes."""
    file.flush()
    if mode is not None:
        os.fchmod(file.fileno(), mode)
    os.fsync(file.fileno())
