"""Stack → Stack: units for tokens, no special tokens, or only some rows and columns.

Rows are never scaled: what was hidden or cut away is missing from their sum, and can be seen there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention.masks import from_array
from attnviz.attention.rules import Rule
from attnviz.errors import AttnvizError
from attnviz.inputs import units
from attnviz.inputs.tokens import Tokens
from attnviz.record.stack import Place, Stack

Weights = NDArray[np.floating[Any]]
Places = NDArray[np.int64]

_RANGE = re.compile(r"(-?\d{1,18})?:(-?\d{1,18})?")


def merge(stack: Stack, kind: str) -> Stack:
    """Return the stack with the tokens of each unit as one: their weights are added over keys and
    averaged over queries (Clark et al. 2019), so that rows sum to what they did.

    kind: one of `units.KINDS`; `units.starts` tells which tokens are one unit. Masks allow a cell
    where they allowed any part. Sentences and lines have their positions before their labels, and
    the names of heads, which speak of tokens, are left out.

    Raises AttnvizError for a streamed stack.
    """
    weights = kept_weights(stack, f"merge {kind}")
    rows = units.starts(stack.query_tokens, kind)
    columns = rows if _is_one(stack) else units.starts(stack.key_tokens, kind)
    if (rows.size, columns.size) == stack.shape:
        return stack
    queries = united(stack.query_tokens, rows, kind)
    keys = queries if _is_one(stack) else united(stack.key_tokens, columns, kind)
    lengths = np.diff(rows, append=stack.shape[0]).astype(weights.dtype)
    added = np.add.reduceat(np.add.reduceat(weights, columns, axis=3), rows, axis=2)
    return replace(
        stack,
        query_tokens=queries,
        key_tokens=keys,
        weights=added / lengths[:, None],
        summary=None,
        place=None,
        vectors={},
        masks=_of_each(
            stack,
            lambda rule: np.logical_or.reduceat(
                np.logical_or.reduceat(rule.to_array(*stack.shape), columns, axis=1), rows, axis=0
            ),
        ),
        head_names=stack.head_names if kind == "words" else (),
    )


def united(tokens: Tokens, starts: Places, kind: str) -> Tokens:
    """Return the units of a kind in place of tokens; sentences and lines with their positions."""
    joined = units.joined(tokens, starts)
    return joined if kind == "words" else units.numbered(joined)


def hide_special(stack: Stack) -> tuple[Stack, NDArray[np.float64]]:
    """Return the stack without special tokens, and the share of the weight that went to those keys.

    share: (layers, heads), the weight on dropped keys averaged over the queries that remain; its
    mean is that of the whole stack. Rows are not scaled up: they sum to so much less. Without
    special tokens the stack comes back as it is, with shares of 0.

    Raises AttnvizError where only special tokens are there, or for a streamed stack.
    """
    weights = kept_weights(stack, "hide special tokens")
    special = stack.query_tokens.special, stack.key_tokens.special
    rows, columns = (np.flatnonzero(~flags) for flags in special)
    if not (rows.size and columns.size):
        raise AttnvizError(
            "There are only special tokens.",
            "Show them, or give another text.",
            key="err.only_special",
        )
    hidden = weights[:, :, rows][..., special[1]]
    share = hidden.sum(axis=-1, dtype=np.float64).mean(axis=-1)
    part = _part(stack, rows, columns)
    return part if part is stack else replace(part, place=_place(stack, rows, columns)), share


def crop(stack: Stack, rows: str | None = None, columns: str | None = None) -> Stack:
    """Return the stack with only some queries and keys, in the order of the text; None keeps all.

    Each wish is a list with commas: positions ("3"), half-open ranges as in Python ("2:8", ":5",
    "-3:"), words ("cat" for every place, "cat#2" for the second). A wish that is a token as a
    whole is that token ("," or "1,5#1"); numbers and ranges are always positions.

    Where other queries than keys of one text are left, `two_texts` is set: a row's number is no
    longer that of its own column, and what compares them has no meaning.

    Raises AttnvizError for what is not in the text, an empty choice, or a streamed stack.
    """
    kept_weights(stack, "show a part")
    n_queries, n_keys = stack.shape
    wanted = (
        np.arange(n_queries) if rows is None else np.array(rows_named(stack, rows)),
        np.arange(n_keys) if columns is None else np.array(columns_named(stack, columns)),
    )
    part = _part(stack, *wanted)
    return part if part is stack else replace(part, place=_place(stack, *wanted))


def kept_weights(stack: Stack, what: str) -> Weights:
    """Return the weights, which are needed to do what `what` says; AttnvizError where they were
    streamed."""
    if stack.weights is None:
        raise AttnvizError(
            f"To {what}, all weights must be kept; for a text this long they are streamed.",
            "Give a shorter text.",
            key="err.all_weights",
            what=what,
        )
    return stack.weights


def _place(stack: Stack, rows: Places, columns: Places) -> Place:
    """Where a part of a stack stands in the whole text, of which the stack may be a part itself."""
    if stack.place is None:
        return Place(stack, rows, columns)
    return Place(stack.place.whole, stack.place.rows[rows], stack.place.columns[columns])


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
        vectors={},
        masks=_of_each(stack, lambda rule: np.array(rule(rows, columns))),
        two_texts=stack.two_texts or not same,
    )


def _of_each(stack: Stack, allowed: Callable[[Rule], NDArray[np.bool_]]) -> tuple[Rule, ...]:
    """What is `allowed` of the masks of all layers; layers that share a rule still do."""
    made = {rule: from_array(allowed(rule)) for rule in set(stack.masks)}
    return tuple(made[rule] for rule in stack.masks)


# What was wished for


def chosen(tokens: Tokens, wish: str) -> Places:
    """Return the positions that a wish names (see `crop`), in order."""
    parts = [part.strip() for part in wish.split(",")]
    if len(parts) > 1 and not all(map(_is_numeric, parts)) and (whole := _places(tokens, wish)):
        return np.array(whole, dtype=np.int64)
    if "" in parts:
        raise AttnvizError(
            f'"{wish}" names no token.' if not any(parts) else f'"{wish}" has an empty part.',
            'Write positions, ranges or words: "3", "2:8", "cat", "cat#2", "0,5:9,cat".',
            key="err.empty_part" if any(parts) else "err.names_none",
            wish=wish,
        )
    return np.array(sorted({i for part in parts for i in _of_part(tokens, part)}), dtype=np.int64)


def among(rows: Places, wanted: Places, wish: str) -> Places:
    """Return those of the rows that a wish names; AttnvizError where it names none of them."""
    found = np.intersect1d(rows, wanted)
    if not found.size:
        raise AttnvizError(
            f'"{wish}" is not among the tokens that are shown.',
            "Choose one of them, or show more.",
            key="err.not_among",
            wish=wish,
        )
    return found


def rows_named(stack: Stack, query: str) -> list[int]:
    """Return the rows of a stack that a wish names, by positions and words of the whole text (see
    `crop`); AttnvizError where it names none of them."""
    whole = stack if stack.place is None else stack.place.whole
    return _among(stack.positions[0], whole.query_tokens, query)


def columns_named(stack: Stack, key: str) -> list[int]:
    """Return the columns of a stack that a wish names, likewise."""
    whole = stack if stack.place is None else stack.place.whole
    return _among(stack.positions[1], whole.key_tokens, key)


def _among(places: Places, tokens: Tokens, wish: str) -> list[int]:
    wanted = among(places, chosen(tokens, wish), wish)
    found: list[int] = np.searchsorted(places, wanted).tolist()
    return found


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
            key="err.range_holds",
            part=part,
            value=len(tokens) - 1,
        )
    return found
