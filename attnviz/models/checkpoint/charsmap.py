"""sentencepiece's table of characters that are written otherwise before a text is cut: a double
array trie (Darts, Aoe 1989) of UTF-8 bytes, and the texts that stand in their place.

The tokenizers library applies such a table to whole graphemes, and loses marks on them; this one
follows sentencepiece, character by character.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import NormalizedString

LEAF = 1 << 31


class Charsmap:
    """The table as a step of a tokenizer."""

    def __init__(self, table: bytes) -> None:
        """table: as sentencepiece writes it. Raises ValueError where it is cut short."""
        if len(table) < 4:
            raise ValueError("its table of characters is cut short")
        (size,) = struct.unpack_from("<I", table)
        if size % 4 or size > len(table) - 4:
            raise ValueError("its table of characters is cut short")
        self._units = struct.unpack_from(f"<{size // 4}I", table, 4)
        self._texts = table[4 + size :]

    def normalize(self, text: NormalizedString) -> None:
        """Write each part of a text as the table says, the longest first."""
        found = self._changes(str(text.normalized))
        for part in sorted(found, key=len, reverse=True):
            text.replace(part, found[part])

    def _changes(self, text: str) -> dict[str, str]:
        """The parts of a text that are written otherwise."""
        data, at, found = text.encode(), 0, {}
        while at < len(data):
            stop, place = self._longest(data, at)
            if place is None:
                at += _width(data[at])
                continue
            part, new = data[at:stop], self._texts[place : self._texts.find(b"\0", place)]
            if part != new:
                found[part.decode(errors="replace")] = new.decode(errors="replace")
            at = stop
        return found

    def _longest(self, data: bytes, at: int) -> tuple[int, int | None]:
        """Where the longest part of the table from here on ends, and where its text stands."""
        units, stop, place = self._units, at, None
        node = _offset(units[0]) if units else 0
        for n in range(at, len(data)):
            node ^= data[n]
            if node >= len(units) or units[node] & (LEAF | 255) != data[n]:
                break
            has_leaf = units[node] >> 8 & 1
            node ^= _offset(units[node])
            if has_leaf and node < len(units):
                stop, place = n + 1, units[node] & ~LEAF
        return stop, place


def _offset(unit: int) -> int:
    return unit >> 10 << ((unit & 1 << 9) >> 6)


def _width(first: int) -> int:
    """How many bytes a character has that begins with this one."""
    return 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
