"""Tokenizers of sentence pieces (arXiv 1808.06226): pieces with scores, spaces written as ▁."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer

SPACE = "▁"


def merged_by_score(
    pieces: Sequence[str], scores: Sequence[float], normal: Collection[int], unknown: str | None,
    *, prefix: bool, squeezed: bool = False, charsmap: bytes | None = None,
) -> Tokenizer:  # fmt: skip
    """Build the tokenizer that merges the neighbours whose piece has the highest score (BPE).

    normal: ids of pieces that merges may make; what no piece covers falls apart into bytes where
    there are pieces for them (<0x0A> …). prefix: put a space before a text. squeezed, charsmap: as
    in `likeliest`.
    """
    from tokenizers import Tokenizer
    from tokenizers.decoders import ByteFallback, Fuse, Replace, Sequence, Strip
    from tokenizers.models import BPE
    from tokenizers.normalizers import Sequence as Steps

    ids = {piece: n for n, piece in enumerate(pieces)}
    ranked = sorted(normal, key=lambda n: -scores[n])  # stable: equal scores in order of ids
    merges = [
        pair
        for n in ranked
        for pair in sorted(halves(pieces[n], ids), key=lambda h: (ids[h[0]], ids[h[1]]))
    ]
    tokenizer = Tokenizer(
        BPE(ids, merges, unk_token=unknown, fuse_unk=True, byte_fallback="<0x0A>" in ids)
    )
    tokenizer.normalizer = Steps([*_normal(squeezed, charsmap), *_spaces(prefix)])
    end = [Strip(" ", 1, 0)] if prefix else []
    tokenizer.decoder = Sequence([Replace(SPACE, " "), ByteFallback(), Fuse(), *end])
    return tokenizer


def halves(piece: str, ids: Collection[str]) -> list[tuple[str, str]]:
    """Return the pairs of pieces that a piece can be merged from."""
    cuts = ((piece[:n], piece[n:]) for n in range(1, len(piece)))
    return [(first, second) for first, second in cuts if first in ids and second in ids]


def _spaces(prefix: bool) -> list[Normalizer]:
    from tokenizers.normalizers import Prepend, Replace

    return [*([Prepend(SPACE)] if prefix else []), Replace(" ", SPACE)]


def _normal(squeezed: bool, charsmap: bytes | None) -> list[Normalizer]:
    """What sentencepiece does to a text before it cuts it."""
    from tokenizers import Regex
    from tokenizers.normalizers import Precompiled, Replace, Strip

    steps: list[Normalizer] = [Precompiled(charsmap)] if charsmap else []
    return [*steps, *([Strip(), Replace(Regex(" {2,}"), " ")] if squeezed else [])]


def likeliest(
    pieces: Sequence[str], scores: Sequence[float], unknown: int,
    *, prefix: bool, squeezed: bool, charsmap: bytes | None,
) -> Tokenizer:  # fmt: skip
    """Build the tokenizer that cuts a text into the likeliest pieces (unigram, arXiv 1804.10959).

    charsmap: sentencepiece's own table for normalising characters. squeezed: runs of spaces count
    as one, and those at the ends not at all.
    """
    from tokenizers import Tokenizer
    from tokenizers.decoders import Metaspace as Decoder
    from tokenizers.models import Unigram
    from tokenizers.normalizers import Sequence
    from tokenizers.pre_tokenizers import Metaspace

    vocabulary = list(zip(pieces, map(float, scores), strict=True))
    tokenizer = Tokenizer(Unigram(vocabulary, unknown, byte_fallback="<0x0A>" in pieces))
    tokenizer.normalizer = Sequence(_normal(squeezed, charsmap))
    scheme = "always" if prefix else "never"
    tokenizer.pre_tokenizer = Metaspace(SPACE, scheme, split=squeezed)
    tokenizer.decoder = Decoder(SPACE, scheme)
    return tokenizer
