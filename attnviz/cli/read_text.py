"""Where a text comes from: the command line, a file, or standard input."""

from __future__ import annotations

import codecs
import os
import stat
import sys
from pathlib import Path
from typing import IO

from attnviz.digits import grouped
from attnviz.errors import AttnvizError, both_given, not_found

TEXTS = (".txt", ".text", ".md", ".markdown", ".rst", ".tex", ".org", ".log", ".html", ".htm")
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
SOUNDS = (".wav", ".flac", ".ogg", ".mp3")
ROOTS = ("/", "./", "../", "~")  # that a path begins with


def given_text(text: str | None, file: Path | None, option: str = "--file") -> str | None:
    """Return the one text that was given, or None; AttnvizError if it was given twice or is
    unreadable.

    text: words, the name of a text file, or - for standard input.
    """
    if text is not None and file is not None:
        raise both_given("A text", option)
    if file is not None:
        return _from_standard_input() if str(file) == "-" else _from_file(file, option)
    if text == "-":
        return _from_standard_input()
    named = file_named(text)
    return text if named is None else _from_file(_a_text(named), option)


def the_text(text: str | None, file: Path | None) -> str:
    """Return the text of a command, which may also be piped into it; AttnvizError if there is
    none."""
    words = given_text(text, file)
    if words is None and _is_piped():
        return _from_standard_input()
    if words is None:
        raise AttnvizError(
            "There is no text.",
            "Give one, or --file FILE, or - for standard input.",
            key="err.no_text",
            option="--file",
        )
    return words


def file_named(text: str | None) -> Path | None:
    """Return the file that a text names; AttnvizError if it can only mean one that is not there."""
    if not text or "\0" in text or "\n" in text:
        return None
    place = Path(text)
    try:
        if place.is_file():
            return place
        if place.is_dir():
            raise AttnvizError(
                f"{place} is a folder.",
                "Name a text file or a saved record.",
                key="err.folder",
                place=place,
            )
        if _is_path(text):
            raise not_found(place)
    except OSError:  # longer than a name may be
        pass
    return None


def _is_path(text: str) -> bool:
    """Whether a name of no file is meant as one. Sentences are not, nor are words like and/or."""
    from attnviz.record.open_file import READERS

    place = Path(text)
    if text.split() == [text]:
        known = place.suffix.lower() in (*READERS, *TEXTS, *PICTURES, *SOUNDS)
        return known or text.startswith(ROOTS) or ("/" in text and place.parent.is_dir())
    in_folder = "/" in text and Path(place.parts[0]).is_dir()
    return in_folder and place.suffix.lower() in (*READERS, *TEXTS)


def _a_text(place: Path) -> Path:
    """The file, unless its name says that it holds weights, a picture or a sound."""
    from attnviz.record.open_file import READERS

    if place.suffix.lower() in READERS:
        raise AttnvizError(
            f"{place} is named as a saved record or weights, not as a text.",
            f"Show it with attnviz view {place}.",
            key="err.named_saved",
            place=place,
        )
    if place.suffix.lower() in PICTURES:
        raise AttnvizError(
            f"{place} is named as a picture, not as a text.",
            "Give it with --image.",
            key="err.named_picture",
            place=place,
        )
    if place.suffix.lower() in SOUNDS:
        raise AttnvizError(
            f"{place} is named as a sound, not as a text.",
            "Give it with --audio.",
            key="err.named_sound",
            place=place,
        )
    return place


def _is_piped() -> bool:
    """Whether standard input is a pipe or a file: neither a terminal nor /dev/null has a text."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def _from_file(path: Path, option: str) -> str:
    if path.is_dir():
        raise AttnvizError(
            f"{option} {path} is a folder.",
            "Name a text file.",
            key="err.folder_name",
            option=option,
            place=path,
        )
    if not path.exists():
        raise not_found(path)
    try:
        with path.open("rb") as file:
            return _decoded(_bounded(file, str(path)), str(path))
    except OSError as error:
        raise AttnvizError(
            f"Cannot read {path}: {error.strerror}.",
            key="err.cannot_read",
            place=path,
            reason=error.strerror,
        ) from error


def _from_standard_input() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise AttnvizError(
            "There is nothing on standard input.",
            "Pipe a text into the command.",
            key="err.nothing_on",
        )
    return _decoded(_bounded(sys.stdin.buffer, "standard input"), "standard input")


def _bounded(file: IO[bytes], name: str) -> bytes:
    """Read a text, and no more than the largest that there may be: /dev/zero has no end."""
    from attnviz.inputs.text import LARGEST_TEXT

    most = 4 * LARGEST_TEXT  # bytes of its characters in UTF-8
    data = file.read(most + 1)
    if len(data) > most:
        raise AttnvizError(
            f"{name} is larger than {grouped(most)} bytes, the most that a text may have.",
            "Give a part of it, or survey many short texts.",
            key="err.larger_than",
            name=name,
            most=most,
        )
    return data


def _decoded(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AttnvizError(
            f"{name} is not a text in UTF-8 (byte {error.start} is 0x{data[error.start]:02X}).",
            _hint_for(data),
            key="err.not_utf8",
            name=name,
            start=error.start,
            byte=f"{data[error.start]:02X}",
            todo=_hint_for(data),
        ) from error
    if "\0" in text:
        raise AttnvizError(
            f"{name} is not a text (byte {data.index(0)} is NUL).",
            _hint_for(data),
            key="err.nul",
            name=name,
            start=data.index(0),
            todo=_hint_for(data),
        )
    return text


def _hint_for(data: bytes) -> str:
    """Say how to make UTF-8 of it, where it looks like UTF-16: with a mark at its beginning, or
    with NUL in every other byte, as Latin letters have."""
    head = data[:1024]
    zeros = [head[side::2].count(0) for side in (0, 1)]
    encoding = None
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = "UTF-16"
    elif max(zeros) > len(head) // 4 and min(zeros) * 8 < max(zeros):
        encoding = "UTF-16BE" if zeros[0] > zeros[1] else "UTF-16LE"
    if encoding is None:
        return "Give a plain text file, converted to UTF-8 if need be."
    return f"It looks like UTF-16: convert it with iconv -f {encoding} -t UTF-8."
