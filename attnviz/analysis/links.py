"""What words look at once sinks and special tokens are set aside: links between words, best first.

A trained head puts the weight it does not need on a special token or on the first one (Clark et al.
2019; Xiao et al. 2023). What it does with the rest is what a reader asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.facts import Finding, LooksFirst, NoKeyStandsOut, SetAside
from attnviz.analysis.names import token_names
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Link, Stack, Which

RESTING = ("trained", "given")  # origins of a model that may rest on a token
SINK = 0.3  # share of the first token from which it counts as a sink (Gu et al. 2024)
TIMES = 3.0  # the weight of the next: a first token with more swallows the picture too
TWICE = 2.0  # times chance: what a link between words has to reach
MOSTLY = 0.75  # of what is left: as good, where there are too few keys for that
FEW = 4  # tokens below which one column's share says nothing
AMONG = 16  # strongest keys of each query that are looked at in a text that was streamed
PUNCTUATION = 1.0  # a link of punctuation comes after every link between words

Array = NDArray[Any]


def set_aside(record: AttentionRecord, layer: int, head: Which) -> NDArray[np.int64]:
    """Return places of the keys that a trained model rests on: special tokens, and a first token
    that is a sink. None for heads that were constructed or drawn by chance: these rest on nothing.
    """
    stack = record.stack
    if record.model.origin not in RESTING or not _one_text(stack):
        return np.zeros(0, dtype=np.int64)
    aside = stack.key_tokens.special.copy()
    received = stack.measure("received")[layer]
    received = received.mean(axis=0) if head == "mean" else received[head]
    first_may = record.model.origin == "trained" and len(aside) >= FEW
    if first_may and stack.positions[1][0] == 0 and not aside[0]:
        others = received[1:][~aside[1:]]
        next_most = float(others.max(initial=0))
        aside[0] = received[0] >= SINK or received[0] > TIMES * next_most > 0
    return np.flatnonzero(aside)


def links(
    record: AttentionRecord,
    layer: int,
    head: Which,
    aside: NDArray[np.int64],
    rows: Sequence[int] = (),
) -> Iterator[Finding]:
    """Return one line for what is set aside, then what each word looks at first of what is left.

    rows: the queries that were asked for, of which each gets its line; none for all, of which
    those get one that look twice as much at a key as chance would."""
    stack = record.stack
    special = stack.query_tokens.special
    queries = list(rows) or np.flatnonzero(~special).tolist()
    keys, weights, left = _left(stack, layer, head, aside)
    if aside.size and queries:
        share = 1 - float((left / _total(stack, layer, head))[queries].mean())
        yield SetAside(share, _names(stack, aside), share)
    allowed = stack.allowed_keys()[layer] - aside.size
    for row in queries:
        yield from _of_row(stack, row, keys[row], weights[row], left[row], allowed[row], rows)


def _of_row(
    stack: Stack, row: int, keys: Array, weights: Array, left: float, allowed: int,
    asked: Sequence[int],
) -> Iterator[Finding]:  # fmt: skip
    """What one query looks at first, itself left out. keys, weights: (k,), the largest first."""
    places, columns = stack.positions
    itself = columns[keys] == places[row] if _one_text(stack) else np.zeros(len(keys), np.bool_)
    others = np.flatnonzero(~itself)
    choices = allowed - int(itself.any())
    if not others.size or left <= 0 or choices < 2:
        return
    key, share = int(keys[others[0]]), float(weights[others[0]])
    query, name = token_names(stack.query_tokens)[row], token_names(stack.key_tokens)[key]
    if share / left >= min(TWICE / choices, MOSTLY):
        words = is_word(query) and is_word(name)
        yield LooksFirst(share if words else share - PUNCTUATION, query, name, share, float(left))
    elif asked:
        yield NoKeyStandsOut(share, query, share)


def strongest_others(record: AttentionRecord, layer: int, head: Which) -> list[Link]:
    """Return each query's strongest key; within one text, its strongest key that is not itself and
    that is not set aside. Special tokens ask nothing there."""
    stack = record.stack
    aside = set_aside(record, layer, head)
    most = stack.shape[1] if stack.summary is None else stack.summary.strongest_keys.shape[-1]
    keys, weights = stack.strongest(layer, head, min(2 + aside.size, most, stack.shape[1]))
    silent = stack.query_tokens.special if aside.size else np.zeros(len(keys), dtype=np.bool_)
    found = []
    for query in np.flatnonzero(~silent).tolist():
        for key, weight in zip(keys[query].tolist(), weights[query].tolist(), strict=True):
            itself = not stack.two_texts and key == query
            if weight > 0 and not itself and key not in aside:
                found.append(Link(query, key, weight))
                break
    return found


def left_out(record: AttentionRecord, layer: int, head: Which) -> SetAside | None:
    """Return what `strongest_others` leaves out and its share of the weight of the words, or None
    where nothing is."""
    stack = record.stack
    aside = set_aside(record, layer, head)
    queries = np.flatnonzero(~stack.query_tokens.special)
    if not aside.size or not queries.size:
        return None
    left = _left(stack, layer, head, aside)[2]
    share = 1 - float((left / _total(stack, layer, head))[queries].mean())
    return SetAside(share, _names(stack, aside), share)


def _names(stack: Stack, places: NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stack.key_tokens.labels[i] for i in places.tolist()))


def _one_text(stack: Stack) -> bool:
    return not stack.two_texts or stack.place is not None


def _left(stack: Stack, layer: int, head: Which, aside: Array) -> tuple[Array, Array, Array]:
    """The strongest keys that are not set aside and their weights, (queries, k) each, and what is
    left of every query's weight, (queries,)."""
    n_keys = stack.shape[1]
    keys, weights = stack.strongest(layer, head, min(n_keys, AMONG + aside.size))
    taken = np.isin(keys, aside)
    left = _total(stack, layer, head) - (weights * taken).sum(axis=1)
    order = np.argsort(taken, axis=1, kind="stable")[:, : max(keys.shape[1] - aside.size, 1)]
    found = np.where(taken, 0.0, weights)
    return (
        np.take_along_axis(keys, order, axis=1),
        np.take_along_axis(found, order, axis=1),
        np.clip(left, 0, None),
    )


def _total(stack: Stack, layer: int, head: Which) -> Array:
    totals = stack.measure("total")[layer]
    total: Array = totals.mean(axis=0) if head == "mean" else totals[head]
    return np.maximum(total, np.finfo(np.float32).tiny)


def is_word(name: str) -> bool:
    """Tell a word, which holds a letter or a number, from punctuation; "#2" is no part of it."""
    return any(map(str.isalnum, name.partition("#")[0]))
