"""What a tokenizer.json takes once it is open, known before it is opened.

The library keeps the text of a file, a tree of it and its own tables at once, and ends the program
where there is no more memory. What each part takes was measured over files that hold much of it
(tokenizers 0.22) and rounded up; strings are counted by their quotes, so that looking needs no more
than the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from attnviz.digits import grouped
from attnviz.errors import AttnvizError

MiB = 1 << 20
USUAL, BESIDE = 1 << 30, 1 << 28  # bytes: what may be taken, and what may be taken beside it

# Bytes that are taken by a string and by a byte of a part. Added tokens become a tree of their
# characters; merges are two strings each, or one with both.
OF_STRING = {b"vocab": 380, b"merges": 270}
OF_BYTE = {b"vocab": 4, b"merges": 4, b"added_tokens": 80, b"precompiled_charsmap": 8}
OF_RULES = 3500  # by a byte of all else: regular expressions, and lists of rules
OF_PIECE, OF_PLACE = 500, 360  # by a unigram piece, and by a place in the tree of their bytes
LEAST = 4  # by a byte of any file

_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_PIECE = re.compile(rb'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_FLAT = rb"(?:[^\"\[\]{}]++|" + _STRING + rb")*+"
_NESTED = rb"\[(?:[^\"\[\]{}]++|" + _STRING + rb"|\[" + _FLAT + rb"\]|\{" + _FLAT + rb"\})*+\]"
_PART = re.compile(
    rb'"(vocab|merges|added_tokens|precompiled_charsmap)"\s*+:\s*+'
    rb"(\{" + _FLAT + rb"\}|" + _NESTED + rb"|" + _STRING + rb")",
    re.DOTALL,
)

_BUDGET: ContextVar[int | None] = ContextVar("bytes that weights may take", default=None)


@contextmanager
def within(budget: int | None) -> Iterator[None]:
    """Let tokenizers take as many bytes as weights may; None for what is usual."""
    before = _BUDGET.set(budget)
    try:
        yield
    finally:
        _BUDGET.reset(before)


def check_size(path: Path) -> None:
    """Refuse a tokenizer.json that takes more memory than there may be; AttnvizError says how much.

    Raises ValueError for a file that ends too early.
    """
    budget = _BUDGET.get()
    room = (USUAL if budget is None else budget) + BESIDE
    size = path.stat().st_size
    if OF_RULES * size <= room:
        return
    taken = LEAST * size
    if taken <= room:
        taken = _taken(path.read_bytes(), room)
    if taken > room:
        raise _too_much(path, taken, room)


def _taken(data: bytes, room: int) -> int:
    """Count the bytes that a file takes; no further than needed to see that they are too many."""
    if not data.rstrip().endswith(b"}"):
        raise ValueError("it ends too early")
    taken, rest = 0, len(data)
    for found in _PART.finditer(data):
        name, part = found.groups()
        rest -= len(part)
        if name == b"vocab" and part.startswith(b"["):
            taken += _of_pieces(part, room - taken)
        else:
            taken += OF_STRING.get(name, 0) * (part.count(b'"') // 2) + OF_BYTE[name] * len(part)
    return taken + OF_RULES * rest


def _of_pieces(part: bytes, room: int) -> int:
    """Count the bytes of unigram pieces: those that begin alike share places in their tree."""
    taken = OF_PIECE * (part.count(b'"') // 2) + LEAST * len(part)
    if taken > room:
        return taken
    pieces = _PIECE.findall(part)  # as they are written: an escape is no shorter than what it means
    if taken + OF_PLACE * sum(map(len, pieces)) <= room:
        return taken + OF_PLACE * sum(map(len, pieces))
    return taken + OF_PLACE * _places(pieces)


def _places(pieces: Sequence[bytes]) -> int:
    """Count the different beginnings of pieces, themselves among them."""
    count, before = 0, b""
    for piece in sorted(pieces):
        alike = 0
        for one, other in zip(before, piece, strict=False):
            if one != other:
                break
            alike += 1
        count += len(piece) - alike
        before = piece
    return count


def _too_much(path: Path, taken: int, room: int) -> AttnvizError:
    takes, most = f"{grouped(taken // MiB)} MiB", f"{grouped(room // MiB)} MiB"
    needed = f"{-(-(taken - BESIDE) // (100 * MiB)) * 100}MiB"
    return AttnvizError(
        f"{path} takes about {takes} once it is open, and {most} may be used.",
        f"Give another tokenizer, or `max_memory` {needed}.",
        key="err.tokenizer_takes",
        place=path,
        taken=takes,
        most=most,
        needed=needed,
    )
