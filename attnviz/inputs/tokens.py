"""Text to tokens: ids, labels that are slices of the text, and where each token stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import AttnvizError, bad_choice, empty_text, no_token, not_found
from attnviz.frozen import dataclass
from attnviz.inputs.where import Where

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

Span = tuple[int, int]  # half open, in characters of the text

TOKENIZERS = ("words", "characters", "bytes")
LARGEST_ID = 1 << 31
SECOND = "²"  # marks the tokens of a pair's second text

# One word: a Han, kana or Thai character; a number; letters with inner apostrophes or hyphens;
# a run of full stops; else one user-perceived character that is not white space.
WORDS = (
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]\p{M}*"
    r"|\d+(?:[.,:]\d+)*(?!\w)"
    r"|[^\W\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]+"
    r"(?:['’\-][^\W\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]+)*"
    r"|\.{2,}|(?!\s)\X"
)
CHARACTERS = r"\X"

# Controls, line separators, bidi controls and lone surrogates would move the cursor, hide text or
# reorder it wherever a label is shown; each gets a visible form instead.
_MOVE_OR_HIDE = ("Cc", "Cs", "Zl", "Zp")
_REORDER = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)


class _Visible(dict[int, str]):
    """A table for str.translate that works out each character when it first meets it."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        odd = unicodedata.category(char) in _MOVE_OR_HIDE or char in _REORDER
        shown = char if not odd else chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"
        self[code] = shown
        return shown


_VISIBLE = _Visible()


@dataclass(frozen=True, eq=False)
class Tokens:
    """The tokens of one text, in order.

    ids: (n,) int64. labels: what to show, safe anywhere, one per token. pieces: the tokenizer's
    own strings. spans: (n, 2) int64, character positions in `text`; (0, 0) for special tokens.
    special: (n,) bool, tokens that the tokenizer added. segments: (n,) int64, which text of a pair
    each token belongs to, or None for one text. where: where patches of a picture or frames of a
    sound stand; None for tokens of a text.
    """

    text: str
    ids: NDArray[np.int64]
    labels: tuple[str, ...]
    pieces: tuple[str, ...]
    spans: NDArray[np.int64]
    special: NDArray[np.bool_]
    segments: NDArray[np.int64] | None = None
    where: Where | None = None

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
        """The tokens of these places, of the same text."""
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
        """The same tokens without the small copy of what they were cut from."""
        return self if self.where is None else replace(self, where=self.where.without_media())

    def slices(self) -> list[str]:
        """The characters of the text that each token covers, unchanged."""
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
        """Positions of a token: a position ("3"), a word (every place), or "word#2" (the 2nd).

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
        raise AttnvizError(f"There is no token {word}.", f"Positions go from 0 to {len(self) - 1}.")


def tokenize(text: str, tokenizer: str = "words", what: str = "text") -> Tokens:
    """Cut `text` by words, characters, bytes, or the tokenizer.json file named by `tokenizer`.

    Raises AttnvizError for an empty text, lone surrogates, an unknown name or a bad file.
    """
    if not text.strip():
        raise empty_text(what)
    _refuse_surrogates(text, what)
    if tokenizer in TOKENIZERS:
        return {"words": _words, "characters": _characters, "bytes": _bytes}[tokenizer](text)
    if not tokenizer.endswith(".json"):
        raise bad_choice(tokenizer, "`tokenizer`", [*TOKENIZERS, "a tokenizer.json file"])
    return encode(open_tokenizer(Path(tokenizer)), text)


def from_labels(labels: Iterable[object]) -> Tokens:
    """Tokens that somebody else made: only their strings are known; the text is these joined."""
    pieces = tuple(str(label) for label in labels)
    stops = np.cumsum([len(piece) + 1 for piece in pieces], dtype=np.int64) - 1
    starts = np.array([stop - len(piece) for stop, piece in zip(stops, pieces, strict=True)])
    spans = np.column_stack([starts, stops]).astype(np.int64).reshape(-1, 2)
    special = np.zeros(len(pieces), dtype=np.bool_)
    shown = tuple(_show(piece) for piece in pieces)
    return Tokens(" ".join(pieces), _numbered(pieces), shown, pieces, spans, special)


def _listed(numbers: NDArray[np.int64] | None) -> list[int] | None:
    return None if numbers is None else numbers.tolist()


def visible(text: str) -> str:
    """`text` with every control, bidi control and lone surrogate in a visible form."""
    return text.translate(_VISIBLE)


def shortened(label: str, most: int) -> str:
    """The label in at most `most` characters, cut between those that stand together (letters and
    their marks)."""
    if len(label) <= most:
        return label
    end = most - 1
    while end and unicodedata.combining(label[end]):
        end -= 1
    return label[:end].rstrip() + "…"


def _words(text: str) -> Tokens:
    return _split(text, WORDS)


def _characters(text: str) -> Tokens:
    return _split(text, CHARACTERS)


def _split(text: str, pattern: str) -> Tokens:
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split

    found = Split(Regex(pattern), "removed", invert=True).pre_tokenize_str(text)
    pieces = tuple(piece for piece, _ in found)
    return _tokens(text, pieces, [span for _, span in found], _numbered(pieces))


def _bytes(text: str) -> Tokens:
    spans = [(i, i + 1) for i, char in enumerate(text) for _ in char.encode()]
    ids = np.frombuffer(text.encode(), dtype=np.uint8).astype(np.int64)
    return _tokens(text, tuple(f"{byte:02X}" for byte in ids.tolist()), spans, ids)


def open_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a tokenizer.json; AttnvizError if it is none, or not there."""
    from tokenizers import Tokenizer

    if not path.is_file():
        raise not_found(path)
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception for a file it cannot use
        raise _unusable(path, error) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def encode(
    tokenizer: Tokenizer, text: str, pair: str | None = None, *, special: bool = True,
    what: str = "text",
) -> Tokens:  # fmt: skip
    """Cut `text`, or two texts, with a tokenizer of the Hugging Face library.

    special: whether it adds its own tokens ([CLS], </s> …). Of a pair `text` holds both, a line
    apart. Raises AttnvizError for an empty text or one that gives no tokens.
    """
    for each, name in ((text, what), (pair, "second text")):
        if each is not None and not each.strip():
            raise empty_text(name)
        _refuse_surrogates(each or "", name)
    try:
        encoding: Encoding = tokenizer.encode(text, pair, add_special_tokens=special)
    except Exception as error:  # as above
        raise _unusable("The tokenizer", error) from error
    except BaseException as error:  # what the library was not prepared for
        if type(error).__name__ != "PanicException":
            raise
        raise _unusable("The tokenizer", error) from error
    lengths = {len(encoding.tokens), len(encoding.offsets), len(encoding.special_tokens_mask)}
    if lengths != {len(encoding.ids)}:
        raise _unusable("The tokenizer", ValueError("its tokens and ids are not as many"))
    if not encoding.ids:
        raise AttnvizError(
            f"The tokenizer cut the {what} into no tokens.", "Try another text or tokenizer."
        )
    flags = np.array(encoding.special_tokens_mask, dtype=np.bool_)
    ids = np.array(encoding.ids, dtype=np.int64)
    if pair is None:
        return _tokens(text, tuple(encoding.tokens), encoding.offsets, ids, flags)
    segments = _segments(encoding)
    spans = [
        (start + len(text) + 1, stop + len(text) + 1) if second else (start, stop)
        for (start, stop), second in zip(encoding.offsets, encoding.sequence_ids, strict=True)
    ]
    both = f"{text}\n{pair}"
    return replace(_tokens(both, tuple(encoding.tokens), spans, ids, flags), segments=segments)


def _segments(encoding: Encoding) -> NDArray[np.int64]:
    """What the tokenizer says, or, where it says 0 for all, the text that each token is from."""
    if any(encoding.type_ids):
        return np.array(encoding.type_ids, dtype=np.int64)
    found, last = [], 0
    for sequence in encoding.sequence_ids:
        last = last if sequence is None else sequence
        found.append(last)
    return np.array(found, dtype=np.int64)


def _unusable(path: object, error: BaseException) -> AttnvizError:
    return AttnvizError(
        f"{path} is not a tokenizer that can be used: {error}.",
        "Give a tokenizer.json written by the Hugging Face tokenizers library.",
    )


def from_ids(
    ids: Sequence[int], tokenizer: Tokenizer | None = None, segments: Sequence[int] | None = None
) -> Tokens:
    """Ready token ids, named by the tokenizer, or by their numbers where there is none."""
    if not len(ids):
        raise AttnvizError("There are no token ids.", "Give at least one.")
    whole = (isinstance(i, int | np.integer) and not isinstance(i, bool) for i in ids)
    if not all(whole) or not all(0 <= i < LARGEST_ID for i in ids):
        raise AttnvizError(f"The token ids are {list(ids)[:8]}.", "Give whole numbers from 0.")
    array = np.array(ids, dtype=np.int64)
    named = [(str(i), False) if tokenizer is None else _name(tokenizer, int(i)) for i in ids]
    tokens = replace(
        from_labels(name for name, _ in named),
        ids=array,
        special=np.array([special for _, special in named], dtype=np.bool_),
    )
    if segments is None:
        return tokens
    return replace(tokens, segments=np.array(segments, dtype=np.int64))


def from_written(ids: Sequence[int], tokenizer: Tokenizer) -> Tokens:
    """Tokens that a model wrote, in the text that they make: what `encode` gives for a text, from
    its ids. Tokens that share one character have the same span."""
    from tokenizers.decoders import DecodeStream

    named, stream = from_ids(ids, tokenizer), DecodeStream(skip_special_tokens=True)
    text, spans, waiting = "", [(0, 0)] * len(ids), list[int]()
    for i, (number, special) in enumerate(zip(ids, named.special.tolist(), strict=True)):
        if special:
            continue
        waiting.append(i)
        new = stream.step(tokenizer, int(number))
        if new is None:  # some bytes of a character are still missing
            continue
        for place in waiting:
            spans[place] = (len(text), len(text) + len(new))
        text, waiting = text + new, []
    return _tokens(text, named.pieces, spans, named.ids, named.special)


def _name(tokenizer: Tokenizer, number: int) -> tuple[str, bool]:
    """What an id stands for, and whether it is a special token."""
    piece = tokenizer.id_to_token(number)
    if piece is None:
        return str(number), False
    added = tokenizer.get_added_tokens_decoder().get(number)
    text = tokenizer.decode([number], skip_special_tokens=False)
    text = text.strip() or text.replace(" ", "")  # a line's end has no name but itself
    return (text if text and "\ufffd" not in text else piece), bool(added and added.special)


def _tokens(
    text: str,
    pieces: tuple[str, ...],
    spans: Sequence[Span],
    ids: NDArray[np.int64],
    special: NDArray[np.bool_] | None = None,
) -> Tokens:
    special = np.zeros(len(pieces), dtype=np.bool_) if special is None else special
    labels = _labels(text, pieces, spans, special)
    array = np.array(spans, dtype=np.int64).reshape(-1, 2)
    return Tokens(text, ids, labels, pieces, array, special)


def _numbered(pieces: Sequence[str]) -> NDArray[np.int64]:
    """Ids by first appearance: equal pieces get equal ids."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(piece, len(seen)) for piece in pieces], dtype=np.int64)


def _labels(
    text: str, pieces: Sequence[str], spans: Sequence[Span], special: NDArray[np.bool_]
) -> tuple[str, ...]:
    """What to show for each token: the user's own characters, never the tokenizer's coding.

    A span loses white space at its ends and gains the combining marks that follow it and begin no
    other token. Tokens that share characters get a part number.
    """
    starts = {start for start, _ in spans}
    flags = special.tolist()
    trimmed = [
        (0, 0) if flag or _is_space(piece, text, span) else _trim(text, span, starts)
        for piece, span, flag in zip(pieces, spans, flags, strict=True)
    ]
    parts = _parts(trimmed)
    return tuple(
        visible(piece) if flag else _show(text[slice(*span)], text[slice(*whole)]) + part
        for piece, flag, span, whole, part in zip(pieces, flags, trimmed, spans, parts, strict=True)
    )


def _is_space(piece: str, text: str, span: Span) -> bool:
    """Whether a piece is only a tokenizer's sign for a space, and not that sign in the text."""
    return set(piece) <= {"▁", "Ġ"} and text[slice(*span)] != piece


def _trim(text: str, span: Span, starts: set[int]) -> Span:
    start, stop = span
    while start < stop and text[start].isspace():
        start += 1
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    while start < stop < len(text) and stop not in starts and _is_mark(text[stop]):
        stop += 1
    return start, stop


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _parts(spans: Sequence[Span]) -> list[str]:
    """ "·1/2" and "·2/2" for two neighbours that share characters, "" for a token of its own."""
    runs: list[list[int]] = []
    reach = 0
    for i, (start, stop) in enumerate(spans):
        if start < stop and start < reach and runs:
            runs[-1].append(i)
        else:
            runs.append([i])
        reach = max(reach, stop) if start < stop else reach
    parts = [""] * len(spans)
    for run in runs:
        for nth, i in enumerate(run, start=1):
            parts[i] = f"·{nth}/{len(run)}" if len(run) > 1 else ""
    return parts


def _show(piece: str, whole: str = "") -> str:
    if not piece.strip():
        white = piece or whole
        return "⏎" if "\n" in white else "⇥" if "\t" in white else "␠"
    if all(unicodedata.category(char) == "Cf" for char in piece):  # nothing that could be seen
        return "".join(f"⟨U+{ord(char):04X}⟩" for char in piece)
    return visible(f"◌{piece}" if all(map(_is_mark, piece)) else piece)


def _nearest(word: str, labels: Iterable[str]) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(word, list(dict.fromkeys(labels))[:5000], n=3)


def _refuse_surrogates(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise AttnvizError(
            f"The {what} has a broken character ({text[error.start]!a}) at position {error.start}:",
            "it is not valid Unicode. Write the text in UTF-8.",
        ) from error
