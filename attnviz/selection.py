"""Stack → Stack: words for pieces, no special tokens, or only some rows and columns.

Rows are never scaled: what was hidden or cut away is missing from their sum, and can be seen there.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.masks import Rule, from_array
from attnviz.errors import AttnvizError
from attnviz.stack import Stack
from attnviz.tokens import Span, Tokens, from_labels, tokenize

Weights = NDArray[np.floating[Any]]
Places = NDArray[np.int64]

_RANGE = re.compile(r"(-?\d{1,18})?:(-?\d{1,18})?")
_SURROGATES = re.compile("[\ud800-\udfff]")


def merge_words(stack: Stack) -> Stack:
    """The stack with the sub-tokens of each word as one: their weights are added over keys and
    averaged over queries (Clark et al. 2019), so that rows sum to what they did.

    A word is what `tokenize(text, "words")` finds. A token belongs to the word that its span
    begins in, white space aside; neighbours of one word, or that share characters, join. Special
    tokens, tokens without characters and those that cover several words stay alone, and words
    never join across the two texts of a pair. Masks allow a cell where they allowed any part.

    Raises AttnvizError for a streamed stack.
    """
    weights = _kept_weights(stack, "merge words")
    rows = word_starts(stack.query_tokens)
    columns = rows if _is_one(stack) else word_starts(stack.key_tokens)
    if (rows.size, columns.size) == stack.shape:
        return stack
    queries = joined(stack.query_tokens, rows)
    keys = queries if _is_one(stack) else joined(stack.key_tokens, columns)
    lengths = np.diff(rows, append=stack.shape[0]).astype(weights.dtype)
    added = np.add.reduceat(np.add.reduceat(weights, columns, axis=3), rows, axis=2)
    return replace(
        stack,
        query_tokens=queries,
        key_tokens=keys,
        weights=added / lengths[:, None],
        summary=None,
        masks=_remade(
            stack,
            lambda allowed: np.logical_or.reduceat(
                np.logical_or.reduceat(allowed, columns, axis=1), rows, axis=0
            ),
        ),
    )


def hide_special(stack: Stack) -> tuple[Stack, NDArray[np.float64]]:
    """The stack without special tokens, and the share of the weight that went to those keys.

    share: (layers, heads), the weight on dropped keys averaged over the queries that remain; its
    mean is that of the whole stack. Rows are not scaled up: they sum to so much less. Without
    special tokens the stack comes back as it is, with shares of 0.

    Raises AttnvizError where only special tokens are there, or for a streamed stack.
    """
    weights = _kept_weights(stack, "hide special tokens")
    special = stack.query_tokens.special, stack.key_tokens.special
    rows, columns = (np.flatnonzero(~flags) for flags in special)
    if not (rows.size and columns.size):
        raise AttnvizError("There are only special tokens.", "Show them, or give another text.")
    hidden = weights[:, :, rows][..., special[1]]
    share = hidden.sum(axis=-1, dtype=np.float64).mean(axis=-1)
    return _part(stack, rows, columns), share


def crop(stack: Stack, rows: str | None = None, columns: str | None = None) -> Stack:
    """The stack with only some queries and keys, in the order of the text; None keeps all.

    Each wish is a list with commas: positions ("3"), half-open ranges as in Python ("2:8", ":5",
    "-3:"), words ("cat" for every place, "cat#2" for the second). A wish that is a token as a
    whole is that token ("," or "1,5#1"); numbers and ranges are always positions.

    Where other queries than keys of one text are left, `two_texts` is set: a row's number is no
    longer that of its own column, and what compares them has no meaning.

    Raises AttnvizError for what is not in the text, an empty choice, or a streamed stack.
    """
    _kept_weights(stack, "show a part")
    n_queries, n_keys = stack.shape
    return _part(
        stack,
        np.arange(n_queries) if rows is None else _chosen(stack.query_tokens, rows),
        np.arange(n_keys) if columns is None else _chosen(stack.key_tokens, columns),
    )


def _kept_weights(stack: Stack, what: str) -> Weights:
    if stack.weights is None:
        raise AttnvizError(
            f"To {what} takes all weights, and those of a text this long were streamed, not kept.",
            "Give a shorter text.",
        )
    return stack.weights


def _is_one(stack: Stack) -> bool:
    """Whether queries and keys are the same tokens."""
    return stack.key_tokens is stack.query_tokens


def _part(stack: Stack, rows: Places, columns: Places) -> Stack:
    if (rows.size, columns.size) == stack.shape:
        return stack
    assert stack.weights is not None  # the caller made sure
    same = np.array_equal(rows, columns)
    queries = stack.query_tokens.at(rows)
    return replace(
        stack,
        query_tokens=queries,
        key_tokens=queries if same and _is_one(stack) else stack.key_tokens.at(columns),
        weights=stack.weights[:, :, rows[:, None], columns],
        summary=None,
        masks=_remade(stack, lambda allowed: allowed[rows[:, None], columns]),
        two_texts=stack.two_texts or not same,
    )


def _remade(
    stack: Stack, change: Callable[[NDArray[np.bool_]], NDArray[np.bool_]]
) -> tuple[Rule, ...]:
    """The masks of all layers, changed as arrays; layers that share a rule still do."""
    made = {rule: from_array(change(rule.to_array(*stack.shape))) for rule in set(stack.masks)}
    return tuple(made[rule] for rule in stack.masks)


# Which tokens make a word


def word_starts(tokens: Tokens) -> Places:
    """The first token of every word (see `merge_words`), and every token that stands alone."""
    spans = _trimmed(tokens)
    words = _words_of(spans, tokens.text)
    segments = [0] * len(tokens) if tokens.segments is None else tokens.segments.tolist()
    starts, reach = [], 0
    for i, (start, stop) in enumerate(spans):
        one_word = i > 0 and words[i] is not None and words[i] == words[i - 1]
        if not ((one_word or start < min(reach, stop)) and segments[i] == segments[i - 1]):
            starts.append(i)
        reach = max(reach, stop)
    return np.array(starts, dtype=np.int64)


def _trimmed(tokens: Tokens) -> list[Span]:
    """The span of each token without white space at its ends; (0, 0) where nothing is left."""
    trimmed = []
    for (start, stop), special in zip(tokens.spans.tolist(), tokens.special.tolist(), strict=True):
        piece = "" if special else tokens.text[start:stop]
        start += len(piece) - len(piece.lstrip())
        length = len(piece.strip())
        trimmed.append((start, start + length) if length else (0, 0))
    return trimmed


def _words_of(spans: Sequence[Span], text: str) -> list[int | None]:
    """The number of the word that holds each span; None where it covers more or nothing."""
    whole = _SURROGATES.sub("\ufffd", text)  # as long as the text, and can be cut into words
    words = tokenize(whole, "words").spans.tolist() if whole.strip() else []
    firsts = [start for start, _ in words]
    found: list[int | None] = []
    for start, stop in spans:
        word = bisect_right(firsts, start) - 1
        inside = start < stop and word >= 0 and stop <= words[word][1]
        found.append(word if inside else None)
    return found


def joined(tokens: Tokens, starts: Places) -> Tokens:
    """The tokens with each group, from its start to the next, as one."""
    bounds = list(zip(starts.tolist(), [*starts.tolist()[1:], len(tokens)], strict=True))
    trimmed = _trimmed(tokens)
    spans = [
        _covered(tokens.text, trimmed[first:stop]) if stop - first > 1 else tokens.spans[first]
        for first, stop in bounds
    ]
    words = from_labels(tokens.text[start:stop] for start, stop in spans).labels  # safe to show
    return replace(
        tokens,
        ids=tokens.ids[starts],
        labels=tuple(
            word if stop - first > 1 else tokens.labels[first]
            for word, (first, stop) in zip(words, bounds, strict=True)
        ),
        pieces=tuple("".join(tokens.pieces[first:stop]) for first, stop in bounds),
        spans=np.array(spans, dtype=np.int64).reshape(-1, 2),
        special=tokens.special[starts],  # those never join
        segments=None if tokens.segments is None else tokens.segments[starts],
    )


def _covered(text: str, spans: Sequence[Span]) -> Span:
    """From the first character to the last, with the combining marks that follow it."""
    start, stop = min(start for start, _ in spans), max(stop for _, stop in spans)
    while stop < len(text) and unicodedata.category(text[stop])[0] == "M":
        stop += 1
    return start, stop


# What was wished for


def _chosen(tokens: Tokens, wish: str) -> Places:
    """The positions that a wish names, in order."""
    parts = [part.strip() for part in wish.split(",")]
    if len(parts) > 1 and not all(map(_is_numeric, parts)) and (whole := _places(tokens, wish)):
        return np.array(whole, dtype=np.int64)
    if "" in parts:
        raise AttnvizError(
            f'"{wish}" names no token.' if not any(parts) else f'"{wish}" has an empty part.',
            'Write positions, ranges or words: "3", "2:8", "cat", "cat#2", "0,5:9,cat".',
        )
    return np.array(sorted({i for part in parts for i in _of_part(tokens, part)}), dtype=np.int64)


def _is_numeric(part: str) -> bool:
    return part.removeprefix("-").isdecimal() or _RANGE.fullmatch(part) is not None


def _places(tokens: Tokens, word: str) -> list[int]:
    """Every place of a token, or none."""
    try:
        return tokens.find(word.strip())
    except AttnvizError:
        return []


def _of_part(tokens: Tokens, part: str) -> Sequence[int]:
    bounds = _RANGE.fullmatch(part)
    if bounds is None:
        return tokens.find(part)
    found = range(len(tokens))[
        slice(*(None if end is None else int(end) for end in bounds.groups()))
    ]
    if not found:
        raise AttnvizError(
            f"The range {part} holds no token.",
            f"Positions go from 0 to {len(tokens) - 1}; the end of a range is not in it.",
        )
    return found
