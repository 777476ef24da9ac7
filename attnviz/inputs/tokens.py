"""Tokens: ids, labels that are slices of the text, and where each token stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import AttnvizError, no_token
from attnviz.frozen import dataclass
from attnviz.inputs.labels import Span, labels_of, shown
from attnviz.inputs.where import Where

MOST_TOKENS = 1 << 19  # each takes half a kilobyte before anything is known of it
SECOND = "²"  # marks the tokens of a pair's second text


@dataclass(frozen=True, eq=False)
class Tokens:
    """The tokens of one text, in order.

    ids: (n,) int64. labels: what to show, safe anywhere, one per token. pieces: the tokenizer's
    own strings. spans: (n, 2) int64, character positions in `text`; (0, 0) for special tokens.
    special: (n,) bool, tokens that are marks and no words, whether the tokenizer added them or the
    text has them. segments: (n,) int64, which text of a pair each token belongs to, or None for
    one text. where: where patches of a picture or frames of a sound stand; None for tokens of a
    text.
    """

    text: str
    ids: NDArray[np.int64]
    labels: tuple[str, ...]
    pieces: tuple[str, ...]
    spans: NDArray[np.int64]
    special: NDArray[np.bool_]
    segments: NDArray[np.int64] | None = None
    where: Where | None = None

    def __repr__(self) -> str:
        shown = " ".join(self.labels[:6])
        return f"Tokens({len(self)}: {shown}{' …' if len(self) > 6 else ''})"

    def __len__(self) -> int:
        return len(self.labels)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Tokens)
            and (self.text, self.labels, self.pieces) == (other.text, other.labels, other.pieces)
            and np.array_equal(self.ids, other.ids)
            and np.array_equal(self.spans, other.spans)
            and np.array_equal(self.special, other.special)
            and _listed(self.segments) == _listed(other.segments)
            and self.where == other.where
        )

    def at(self, places: NDArray[np.int64]) -> Tokens:
        """Return the tokens of these places, of the same text."""
        return replace(
            self,
            ids=self.ids[places],
            labels=tuple(self.labels[i] for i in places.tolist()),
            pieces=tuple(self.pieces[i] for i in places.tolist()),
            spans=self.spans[places],
            special=self.special[places],
            segments=None if self.segments is None else self.segments[places],
            where=None if self.where is None else self.where.at(places),
        )

    def without_media(self) -> Tokens:
        """Return the same tokens without the small copy of what they were cut from."""
        return self if self.where is None else replace(self, where=self.where.without_media())

    def slices(self) -> list[str]:
        """Return the characters of the text that each token covers, unchanged."""
        return [self.text[start:stop] for start, stop in self.spans.tolist()]

    @property
    def names(self) -> tuple[str, ...]:
        """The labels as views show them: those of a pair's second text behind a mark."""
        if self.segments is None:
            return self.labels
        second = (self.segments > 0).tolist()
        return tuple(
            f"{SECOND}{n}" if two else n for n, two in zip(self.labels, second, strict=True)
        )

    def find(self, word: str) -> list[int]:
        """Return positions of a token: a position ("3"), a word (every place), or "word#2" (the
        2nd).

        Where sentences or lines stand in place of tokens, a word is in every one that holds it.

        AttnvizError names the nearest words when there is none.
        """
        if word.removeprefix("-").isdecimal():
            return [self._position(word)]
        places = self._places(word)
        name, _, nth = word.rpartition("#")
        if not places and name and nth.isdecimal() and len(nth) < 10:
            places = self._places(name)[int(nth) - 1 : int(nth)] if int(nth) else []
        if not places:
            raise no_token(word, _nearest(word, self.labels))
        return places

    def _places(self, word: str) -> list[int]:
        if not word:
            return []
        exact = [i for i, piece in enumerate(self.slices()) if piece == word]
        exact = exact or [i for i, label in enumerate(self.labels) if label == word]
        folded = word.casefold()
        exact = exact or [i for i, label in enumerate(self.labels) if label.casefold() == folded]
        return exact or self._holding(folded)

    def _holding(self, folded: str) -> list[int]:
        """Sentences and the like that hold it as a word: no token has white space within."""
        whole = re.compile(rf"(?<!\w){re.escape(folded)}(?!\w)")
        pieces = ((i, piece.casefold()) for i, piece in enumerate(self.slices()))
        return [i for i, piece in pieces if len(piece.split()) > 1 and whole.search(piece)]

    def _position(self, word: str) -> int:
        if len(word) < 19 and 0 <= int(word) < len(self):
            return int(word)
        raise AttnvizError(
            f"There is no token {word}.",
            f"Positions go from 0 to {len(self) - 1}.",
            key="err.no_token_positions",
            name=word,
            value=len(self) - 1,
        )


def from_labels(labels: Iterable[object]) -> Tokens:
    """Return tokens that somebody else made: only their strings are known; the text is these
    joined."""
    pieces = tuple(str(label) for label in labels)
    stops = np.cumsum([len(piece) + 1 for piece in pieces], dtype=np.int64) - 1
    starts = np.array([stop - len(piece) for stop, piece in zip(stops, pieces, strict=True)])
    spans = np.column_stack([starts, stops]).astype(np.int64).reshape(-1, 2)
    special = np.zeros(len(pieces), dtype=np.bool_)
    names = tuple(shown(piece) for piece in pieces)
    return Tokens(" ".join(pieces), numbered(pieces), names, pieces, spans, special)


def from_spans(
    text: str,
    pieces: tuple[str, ...],
    spans: Sequence[Span],
    ids: NDArray[np.int64],
    special: NDArray[np.bool_] | None = None,
) -> Tokens:
    """Return tokens whose characters in the text are known.

    pieces: the tokenizer's own strings. spans: start and stop of each, (0, 0) for special ones.
    special: (n,) bool, none unless given.
    """
    special = np.zeros(len(pieces), dtype=np.bool_) if special is None else special
    labels = labels_of(text, pieces, spans, special)
    array = np.array(spans, dtype=np.int64).reshape(-1, 2)
    return Tokens(text, ids, labels, pieces, array, special)


def numbered(pieces: Sequence[str]) -> NDArray[np.int64]:
    """Return ids by first appearance: equal pieces get equal ids."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(piece, len(seen)) for piece in pieces], dtype=np.int64)


def _listed(numbers: NDArray[np.int64] | None) -> list[int] | None:
    return None if numbers is None else numbers.tolist()


def _nearest(word: str, labels: Iterable[str]) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(word, list(dict.fromkeys(labels))[:5000], n=3)
