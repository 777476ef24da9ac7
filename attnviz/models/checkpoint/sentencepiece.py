"""sentencepiece's own files: a message of protocol buffers with pieces, scores and a normaliser.

The numbers of the fields are those of sentencepiece_model.proto. Nothing is nested deeper than one
message in another, so that no file can make the reader go deeper.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.models.checkpoint.pieces import likeliest, merged_by_score

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MOST_BYTES = 1 << 26  # of a file: the largest vocabularies in use have 5 MB
NORMAL, UNKNOWN, CONTROL, USER_DEFINED = 1, 2, 3, 4  # kinds of pieces
UNIGRAM, BPE = 1, 2
VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5  # how a field is written


@dataclass(frozen=True)
class Pieces:
    """What a file holds: pieces with their scores and kinds, and how texts are normalised."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    kinds: tuple[int, ...]
    model: int = UNIGRAM
    charsmap: bytes = b""
    prefix: bool = True
    squeezed: bool = True

    def tokenizer(self) -> Tokenizer:
        """Build the tokenizer that cuts texts as sentencepiece does.

        Raises ValueError where no piece is for what is unknown, or the kind is not read.
        """
        pieces, kinds, scores = [*self.pieces], [*self.kinds], [*self.scores]
        if UNKNOWN not in kinds or self.model not in (UNIGRAM, BPE):
            raise ValueError("it has no piece for what is unknown, or cuts by other rules")
        unknown = kinds.index(UNKNOWN)
        charsmap = self.charsmap or None
        if self.model == BPE:
            normal = [n for n, kind in enumerate(kinds) if kind == NORMAL]
            made = merged_by_score(
                pieces, scores, normal, pieces[unknown],
                prefix=self.prefix, squeezed=self.squeezed, charsmap=charsmap,
            )  # fmt: skip
        else:
            made = likeliest(
                pieces, scores, unknown,
                prefix=self.prefix, squeezed=self.squeezed, charsmap=charsmap,
            )  # fmt: skip
        _keep_whole(made, pieces, kinds)
        return made


def _keep_whole(tokenizer: Tokenizer, pieces: list[str], kinds: list[int]) -> None:
    """Let marks, and pieces that a user defined, stand wherever a text has them."""
    from tokenizers import AddedToken

    for piece, kind in zip(pieces, kinds, strict=True):
        if kind in (UNKNOWN, CONTROL):
            tokenizer.add_special_tokens([AddedToken(piece, special=True, normalized=False)])
        elif kind == USER_DEFINED:
            tokenizer.add_tokens([AddedToken(piece, normalized=False)])


def read_pieces(file: Path) -> Pieces:
    """Read a file of sentencepiece; AttnvizError if it is none."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ValueError("it is too large")
        return _model(file.read_bytes())
    except (ValueError, OSError, struct.error) as error:
        raise AttnvizError(
            f"{file} is not a vocabulary of sentencepiece ({str(error)[:99]}).",
            "Give a tokenizer.json as `tokenizer`, or token `ids`.",
            key="err.not_vocabulary",
            place=file,
            reason=str(error)[:99],
        ) from error


def _model(data: bytes) -> Pieces:
    found: list[tuple[str, float, int]] = []
    training: dict[int, int | bytes] = {}
    normalising: dict[int, int | bytes] = {}
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            found.append(_piece(value))
        elif number == 2 and isinstance(value, bytes):
            training = dict(_fields(value))
        elif number == 3 and isinstance(value, bytes):
            normalising = dict(_fields(value))
    if not found:
        raise ValueError("it holds no pieces")
    pieces, scores, kinds = zip(*found, strict=True)
    model, charsmap = training.get(3, UNIGRAM), normalising.get(2, b"")
    return Pieces(
        pieces, scores, kinds,
        model if isinstance(model, int) else 0, charsmap if isinstance(charsmap, bytes) else b"",
        bool(normalising.get(3, 1)), bool(normalising.get(4, 1)),
    )  # fmt: skip


def _piece(data: bytes) -> tuple[str, float, int]:
    piece, score, kind = "", 0.0, NORMAL
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            piece = value.decode()
        elif number == 2 and isinstance(value, bytes):
            (score,) = struct.unpack("<f", value)
        elif number == 3 and isinstance(value, int):
            kind = value
    return piece, score, kind


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of one message: whole numbers, or bytes that stand for all else."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, how = key >> 3, key & 7
        if how == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if how == LENGTH:
            size, at = _varint(data, at)
        elif how in (EIGHT_BYTES, FOUR_BYTES):
            size = 8 if how == EIGHT_BYTES else 4
        else:
            raise ValueError(f"a field is written in the way {how}")
        if size > len(data) - at:
            raise ValueError("it ends too early")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, and where it ends."""
    value = 0
    for n in range(10):
        if at + n >= len(data):
            raise ValueError("it ends too early")
        value |= (data[at + n] & 127) << 7 * n
        if data[at + n] < 128:
            return value, at + n + 1
    raise ValueError("a number is too long")
