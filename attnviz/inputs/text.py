"""Text → tokens: by words, characters or bytes, with a tokenizer.json, or as ready ids."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attnviz.digits import grouped
from attnviz.errors import AttnvizError, bad_choice, empty_text, not_found
from attnviz.inputs.tokenizer_size import check_size
from attnviz.inputs.tokens import MOST_TOKENS, Tokens, from_labels, from_spans, numbered

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

TOKENIZERS = ("words", "characters", "bytes")
LARGEST_ID = 1 << 31
LARGEST_TEXT = MOST_TOKENS  # characters, of which each may be a token

# One word: a Han, kana or Thai character; a number; letters with inner apostrophes or hyphens;
# a run of full stops; else one user-perceived character that is not white space. Format characters
# (joiners, soft hyphens, marks of direction) belong to what stands before them, and U+200B, which
# is there to separate, is no token (Unicode, UAX #29, WB4, WB11 and WB12).
_FORMAT = r"[\p{Cf}&&[^\x{200B}]]"
_ALONE = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"
_LETTERS = rf"[^\W{_ALONE}](?:[^\W{_ALONE}]|{_FORMAT})*"
_DIGITS = rf"\d(?:\d|{_FORMAT})*"
WORDS = (
    rf"[{_ALONE}](?:\p{{M}}|{_FORMAT})*"
    rf"|{_DIGITS}(?:[.,:\x{{066B}}\x{{066C}}]{_FORMAT}*{_DIGITS})*(?!{_FORMAT}*\w)"
    rf"|{_LETTERS}(?:['’\-]{_FORMAT}*{_LETTERS})*"
    rf"|\.{{2,}}{_FORMAT}*|(?![\s\x{{200B}}])\X{_FORMAT}*"
)
CHARACTERS = r"\X"


def tokenize(text: str, tokenizer: str = "words", what: str = "text") -> Tokens:
    """Cut `text` by words, characters, bytes, or the tokenizer.json file named by `tokenizer`.

    Raises AttnvizError for an empty text, lone surrogates, an unknown name or a bad file.
    """
    _check_text(text, what)
    if tokenizer in TOKENIZERS:
        return {"words": _words, "characters": _characters, "bytes": _bytes}[tokenizer](text)
    if not tokenizer.endswith(".json"):
        raise bad_choice(tokenizer, "`tokenizer`", [*TOKENIZERS, "a tokenizer.json file"])
    return encode(open_tokenizer(Path(tokenizer)), text)


def _words(text: str) -> Tokens:
    return _split(text, WORDS)


def _characters(text: str) -> Tokens:
    return _split(text, CHARACTERS)


def _split(text: str, pattern: str) -> Tokens:
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split

    found = Split(Regex(pattern), "removed", invert=True).pre_tokenize_str(text)
    if not found:  # only U+200B
        raise empty_text()
    pieces = tuple(piece for piece, _ in found)
    return from_spans(text, pieces, [span for _, span in found], numbered(pieces))


def _bytes(text: str) -> Tokens:
    if len(text.encode()) > LARGEST_TEXT:
        raise AttnvizError(
            f"The text has {grouped(len(text.encode()))} bytes, and {grouped(LARGEST_TEXT)} are "
            f"the most.",
            "Give a part of it.",
            key="err.text_bytes",
            n=len(text.encode()),
            largest_text=LARGEST_TEXT,
        )
    spans = [(i, i + 1) for i, char in enumerate(text) for _ in char.encode()]
    ids = np.frombuffer(text.encode(), dtype=np.uint8).astype(np.int64)
    return from_spans(text, tuple(f"{byte:02X}" for byte in ids.tolist()), spans, ids)


def open_tokenizer(path: Path) -> Tokenizer:
    """Return the tokenizer of a tokenizer.json; AttnvizError if it is none, not there or too
    large."""
    from tokenizers import Tokenizer

    if not path.is_file():
        raise not_found(path)
    try:
        check_size(path)
        with _silent():  # a panic writes lines of its own
            tokenizer = Tokenizer.from_file(str(path))
        _check_frame(tokenizer)
    except AttnvizError:
        raise
    except Exception as error:  # the library raises bare Exception for a file it cannot use
        raise _unusable(path, error) from error
    except BaseException as error:  # what the library was not prepared for
        if type(error).__name__ != "PanicException":
            raise
        raise _unusable(path, error) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@contextmanager
def _silent() -> Iterator[None]:
    """Turn away what is written to standard error past Python."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nothing)
        os.close(kept)


def _check_frame(tokenizer: Tokenizer) -> None:
    """Refuse a frame with a mark that it gives no id: the library would panic at the first text,
    which writes a trace of its own to the terminal."""
    frame = tokenizer.post_processor
    tree = {} if frame is None else json.loads(frame.__getstate__())
    for part in (tree, *tree.get("processors", [])):
        known = part.get("special_tokens")
        for piece in [*part.get("single", []), *part.get("pair", [])]:
            mark = piece.get("SpecialToken", {}).get("id")
            if mark is not None and mark not in known:
                raise ValueError(f"its frame has {mark[:40]}, which it gives no id")


def encode(
    tokenizer: Tokenizer, text: str, pair: str | None = None, *, special: bool = True,
    what: str = "text",
) -> Tokens:  # fmt: skip
    """Cut `text`, or two texts, with a tokenizer of the Hugging Face library.

    special: whether it adds its own tokens ([CLS], </s> …). Of a pair `text` holds both, a line
    apart. Raises AttnvizError for an empty text or one that gives no tokens.
    """
    for each, name in ((text, what), (pair, "second text")):
        if each is not None:
            _check_text(each, name)
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
            f"The tokenizer cut the {what} into no tokens.",
            "Try another text or tokenizer.",
            key="err.tokenizer_cut",
            what=what,
        )
    ids = np.array(encoding.ids, dtype=np.int64)
    flags = np.array(encoding.special_tokens_mask, dtype=np.bool_)
    flags |= _typed_marks(tokenizer, encoding, (text, pair or ""))
    if pair is None:
        return from_spans(text, tuple(encoding.tokens), encoding.offsets, ids, flags)
    segments = _segments(encoding)
    spans = [
        (start + len(text) + 1, stop + len(text) + 1) if second else (start, stop)
        for (start, stop), second in zip(encoding.offsets, encoding.sequence_ids, strict=True)
    ]
    both = f"{text}\n{pair}"
    return replace(from_spans(both, tuple(encoding.tokens), spans, ids, flags), segments=segments)


def _typed_marks(
    tokenizer: Tokenizer, encoding: Encoding, texts: tuple[str, str]
) -> NDArray[np.bool_]:
    """Which tokens are marks that a text has itself ("[SEP]"), and no words that are unknown."""
    added = tokenizer.get_added_tokens_decoder()
    marks = {number: token.content for number, token in added.items() if token.special}
    places = zip(encoding.ids, encoding.offsets, encoding.sequence_ids, strict=True)
    return np.array(
        [
            n in marks and texts[nth or 0][slice(*span)].strip() == marks[n]
            for n, span, nth in places
        ],
        dtype=np.bool_,
    )


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
        key="err.not_tokenizer",
        place=path,
        reason=error,
    )


def from_ids(
    ids: Sequence[int], tokenizer: Tokenizer | None = None, segments: Sequence[int] | None = None
) -> Tokens:
    """Make tokens of ready ids, named by the tokenizer, or by their numbers where there is none."""
    if not len(ids):
        raise AttnvizError("There are no token ids.", "Give at least one.", key="err.no_token_ids")
    whole = (isinstance(i, int | np.integer) and not isinstance(i, bool) for i in ids)
    if not all(whole) or not all(0 <= i < LARGEST_ID for i in ids):
        raise AttnvizError(
            f"The token ids are {list(ids)[:8]}.",
            "Give whole numbers from 0.",
            key="err.token_ids",
            ids=list(ids)[:8],
        )
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
    """Return tokens that a model wrote, in the text that they make: what `encode` gives for a text,
    from its ids. Tokens that share one character have the same span."""
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
    return from_spans(text, named.pieces, spans, named.ids, named.special)


def _name(tokenizer: Tokenizer, number: int) -> tuple[str, bool]:
    """What an id stands for, and whether it is a special token."""
    piece = tokenizer.id_to_token(number)
    if piece is None:
        return str(number), False
    added = tokenizer.get_added_tokens_decoder().get(number)
    text = tokenizer.decode([number], skip_special_tokens=False)
    text = text.strip() or text.replace(" ", "") or text  # a line's end is named by itself
    return (text if text and "\ufffd" not in text else piece), bool(added and added.special)


def _check_text(text: str, what: str) -> None:
    """Refuse a text that is empty, too large, or not valid Unicode."""
    if not text.strip():
        raise empty_text(what)
    if len(text) > LARGEST_TEXT:
        raise AttnvizError(
            f"The {what} has {grouped(len(text))} characters, and {grouped(LARGEST_TEXT)} are the "
            f"most.",
            "Give a part of it, or survey many short texts.",
            key="err.characters_most",
            what=what,
            n=len(text),
            largest_text=LARGEST_TEXT,
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise AttnvizError(
            f"The {what} has a broken character ({text[error.start]!a}) at position {error.start}:",
            "it is not valid Unicode. Write the text in UTF-8.",
            key="err.broken_character",
            what=what,
            text=ascii(text[error.start]),
            start=error.start,
        ) from error


def last_word(tokens: Tokens) -> int:
    """Find the last token that is no mark and has a letter or a number; the last of all if none
    has."""
    special = tokens.special
    places = [
        i for i, label in enumerate(tokens.labels)
        if not special[i] and any(map(str.isalnum, label))
    ]  # fmt: skip
    return places[-1] if places else len(tokens) - 1
