"""Which parts of what was read each part of a written text looked at: words, or sentences.

Weights of special tokens are set aside and each row is made to sum to 1 again: what is aligned is
what a row looks at beside the places where heads rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.timeline import has_steps
from attnviz.errors import AttnvizError
from attnviz.files.table import table_text
from attnviz.inputs.tokens import Tokens
from attnviz.inputs.units import joined, starts
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack

Floats = NDArray[np.floating[Any]]
HEADS = 4  # that are taken together for words: the clearest


@dataclass(frozen=True, eq=False)
class Alignment:
    """Written parts against parts that were read. weights: (rows, columns), rows sum to 1. heads:
    (layer, head) of those whose mean it is; empty: all. outside: the share of the attention that
    went elsewhere, before rows were made to sum to 1."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    weights: Floats
    heads: tuple[tuple[int, int], ...]
    outside: float

    @property
    def links(self) -> list[tuple[int, int, float]]:
        """Each row's strongest column, with its weight."""
        best = self.weights.argmax(axis=1)
        return [(row, int(column), float(self.weights[row, column]))
                for row, column in enumerate(best)]  # fmt: skip


def to_tree(found: Alignment) -> dict[str, Any]:
    """Return an alignment for JSON: its parts, weights, and each written part's strongest."""
    return {
        "written": list(found.rows),
        "read": list(found.columns),
        "weights": [[round(float(w), 6) for w in row] for row in found.weights],
        "heads": [list(place) for place in found.heads],
        "outside": round(found.outside, 6),
        "links": [
            {"read": found.columns[column], "written": found.rows[row], "weight": round(weight, 6)}
            for row, column, weight in found.links
        ],
    }


def to_csv(found: Alignment) -> str:
    """Return an alignment as a table, a line for each written part and each part that was read."""
    rows = [
        (row, column, written, read, round(float(found.weights[row, column]), 6))
        for row, written in enumerate(found.rows)
        for column, read in enumerate(found.columns)
    ]
    return table_text([("row", "column", "written", "read", "weight"), *rows])


def align(record: AttentionRecord, kind: str = "words") -> Alignment:
    """Align what a model wrote with what it read: by cross-attention, or, in a decoder alone, by
    how the written tokens looked at the prompt.

    kind: "words" takes the mean of the heads that align most clearly, "sentences" of all heads.
    Raises AttnvizError for records without steps, and for weights that were streamed.
    """
    if not has_steps(record):
        raise AttnvizError(
            "Nothing was written in this record.",
            "Take one of a written text.",
            key="err.nothing_written",
        )
    stack = record.stack
    if stack.weights is None:
        raise AttnvizError(
            "The text is so long that its weights were streamed.",
            "Give more `max_memory`.",
            key="err.text_so",
        )
    first, n = record.settings.prompt or 0, len(record.settings.steps or ())
    written = (record.stacks.get("decoder") or stack).query_tokens
    rows = _groups(written, kind, range(first, first + n))
    columns = _groups(stack.key_tokens, kind, _read(record, stack))
    if not rows or not columns:
        raise AttnvizError(
            "There is nothing to align.",
            "Write and read at least one word.",
            key="err.nothing_align",
        )
    each = _gathered(stack, rows, columns)  # (layers, heads, rows, columns)
    sums = each.sum(axis=-1, keepdims=True)
    shares = each / np.maximum(sums, np.finfo(each.dtype).tiny)
    heads = _clearest(shares) if kind == "words" else ()
    chosen = [shares[place] for place in heads] or [shares.mean(axis=(0, 1))]
    weights: Floats = np.mean(chosen, axis=0)
    names = (_names(written, rows), _names(stack.key_tokens, columns))
    return Alignment(*names, weights, heads, 1 - float(sums.mean()))


def _read(record: AttentionRecord, stack: Stack) -> range:
    """The places that hold what was read."""
    if stack.two_texts:
        return range(stack.shape[1])
    parts, whole = record.settings.prompt_parts or {}, (0, record.settings.prompt or 0)
    start, stop = parts.get("prompt", whole)
    return range(max(start, 1), stop)  # the first token is where heads rest


def _groups(tokens: Tokens, kind: str, places: range) -> list[list[int]]:
    """The tokens of each unit that lies among some places; special tokens are in none."""
    begins = starts(tokens, kind).tolist()
    stops = [*begins[1:], len(tokens)]
    found = (
        [i for i in range(first, stop) if i in places and not tokens.special[i]]
        for first, stop in zip(begins, stops, strict=True)
    )
    return [group for group in found if group]


def _names(tokens: Tokens, groups: Sequence[Sequence[int]]) -> tuple[str, ...]:
    names = []
    for group in groups:
        part = tokens.at(np.array(group, dtype=np.int64))
        names.append(joined(part, np.zeros(1, dtype=np.int64)).labels[0])
    return tuple(names)


def _gathered(
    stack: Stack, rows: Sequence[Sequence[int]], columns: Sequence[Sequence[int]]
) -> Floats:
    """Sums over the tokens of each column, means over those of each row. A token was chosen in the
    row before its own."""
    assert stack.weights is not None  # who asks has looked
    wide = np.stack([stack.weights[..., group].sum(axis=-1) for group in columns], axis=-1)
    return np.stack(
        [wide[:, :, [i - 1 for i in group]].mean(axis=2) for group in rows], axis=2
    )  # fmt: skip


def _clearest(shares: Floats) -> tuple[tuple[int, int], ...]:
    """The heads whose rows are sharp and look at different columns: the mean of each row's largest
    share, times how many columns are some row's largest, of those that could be."""
    best = shares.argmax(axis=-1)
    n_layers, n_heads, n_rows, n_columns = shares.shape
    distinct = np.array(
        [[len(np.unique(best[la, h])) for h in range(n_heads)] for la in range(n_layers)]
    )
    score = shares.max(axis=-1).mean(axis=-1) * distinct / min(n_rows, n_columns)
    order = np.argsort(-score, axis=None, kind="stable")[:HEADS]
    return tuple((int(place) // n_heads, int(place) % n_heads) for place in order)
