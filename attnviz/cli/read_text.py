"""Where a text comes from: the command line, a file, or standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from attnviz.errors import AttnvizError, not_found


def given_text(text: str | None, file: Path | None, option: str = "--file") -> str | None:
    """The one text that was given, or None; AttnvizError if it was given twice or is unreadable."""
    if text is not None and file is not None:
        raise AttnvizError(f"A text and {option} were both given.", "Give one of them.")
    if file is not None:
        return _from_standard_input() if str(file) == "-" else _from_file(file, option)
    return _from_standard_input() if text == "-" else text


def the_text(text: str | None, file: Path | None) -> str:
    """The text of a command; AttnvizError if there is none."""
    words = given_text(text, file)
    if words is None:
        raise AttnvizError(
            "There is no text.", "Give one, or --file FILE, or - for standard input."
        )
    return words


def _from_file(path: Path, option: str) -> str:
    if path.is_dir():
        raise AttnvizError(f"{option} {path} is a folder.", "Name a text file.")
    if not path.exists():
        raise not_found(path)
    try:
        with path.open("rb") as file:
            return _decoded(_bounded(file, str(path)), str(path))
    except OSError as error:
        raise AttnvizError(f"Cannot read {path}: {error.strerror}.") from error


def _from_standard_input() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise AttnvizError("There is nothing on standard input.", "Pipe a text into the command.")
    return _decoded(_bounded(sys.stdin.buffer, "standard input"), "standard input")


def _bounded(file: IO[bytes], name: str) -> bytes:
    """Read a text, and no more than the largest that there may be: /dev/zero has no end."""
    from attnviz.inputs.text import LARGEST_TEXT

    most = 4 * LARGEST_TEXT  # bytes of its characters in UTF-8
    data = file.read(most + 1)
    if len(data) > most:
        raise AttnvizError(
            f"{name} is larger than {most:,} bytes, the most that a text may have.",
            "Give a part of it, or survey many short texts.",
        )
    return data


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AttnvizError(
            f"{name} is not a text in UTF-8 (byte {error.start} is 0x{data[error.start]:02X}).",
            "Give a plain text file, converted to UTF-8 if need be.",
        ) from error
