"""A written text step by step: how likely each token was, and what the model looked at then.

The row of a step is that of the token before it: there the model stood when it chose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import AttnvizError
from attnviz.frozen import dataclass
from attnviz.record.numbering import HeadPlace
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack, Which

Row = NDArray[np.float64]

SINK, SPECIAL, SOURCE, WRITTEN = "sink", "special", "source", "written"
STRONGEST = 3


@dataclass(frozen=True)
class Step:
    """One token that was written. query: the row where it was chosen. shares: what each block of
    the text took of the attention. strongest: keys and their shares, without the sink."""

    label: str
    probability: float
    alternatives: tuple[tuple[str, float], ...]
    query: int
    shares: tuple[float, ...]
    strongest: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Timeline:
    """All steps. blocks: what the text is made of, in its order."""

    blocks: tuple[str, ...]
    steps: tuple[Step, ...]


def has_steps(record: AttentionRecord) -> bool:
    """Tell whether a record is of a text that a model wrote."""
    return record.settings.steps is not None


def timeline(
    record: AttentionRecord, layers: Sequence[int] = (), heads: Sequence[int] = (),
    apart: Sequence[HeadPlace] = (),
) -> Timeline:  # fmt: skip
    """Follow the steps of a record, by the mean of some layers and heads; of all unless named.

    apart: heads of different layers, in place of both.

    Raises AttnvizError for a record of a text that nobody wrote while it was watched.
    """
    check_steps(record)
    first = (record.settings.prompt or 0) - 1
    parts, rows = blocks(record), step_rows(record, layers, heads, apart)
    found = []
    for i, (step, row) in enumerate(zip(record.settings.steps or (), rows, strict=True)):
        shares = tuple(float(row[columns].sum()) for columns in parts.values())
        found.append(_step(step, first + i, row, shares, parts))
    return Timeline(tuple(parts), tuple(found))


def check_steps(record: AttentionRecord) -> None:
    """Raise AttnvizError for a record of a text that nobody wrote while it was watched."""
    if not has_steps(record):
        raise AttnvizError(
            "This record has no steps: its text was given, and not written by the model.",
            "Save the record of a text that `attnviz generate` wrote.",
            key="err.this_record_no",
        )


def step_rows(
    record: AttentionRecord, layers: Sequence[int] = (), heads: Sequence[int] = (),
    apart: Sequence[HeadPlace] = (),
) -> Row:  # fmt: skip
    """Return the attention of every step, the mean of some layers and heads: (steps, keys)."""
    stack, first = record.stack, (record.settings.prompt or 0) - 1
    n_steps = len(record.settings.steps or ())
    found = [_mean_row(stack, first + i, layers, heads, apart) for i in range(n_steps)]
    return np.array(found).reshape(n_steps, stack.shape[1])


def _step(
    step: Mapping[str, Any], query: int, row: Row, shares: tuple[float, ...],
    parts: Mapping[str, NDArray[np.bool_]],
) -> Step:  # fmt: skip
    shown = row.copy()
    for name in (SINK, SPECIAL):
        if name in parts:
            shown[parts[name]] = 0
    order = np.argsort(-shown, kind="stable")[:STRONGEST]
    others = tuple((str(label), float(p)) for _, label, p in step["alternatives"])
    strongest = tuple((int(key), float(row[key])) for key in order if shown[key] > 0)
    return Step(str(step["label"]), float(step["probability"]), others, query, shares, strongest)


def blocks(record: AttentionRecord) -> dict[str, NDArray[np.bool_]]:
    """Name the blocks of keys: (keys,) booleans each, no key in two of them.

    The first token is a block of its own: many heads rest on it (arXiv 2309.17453).
    """
    stack = record.stack
    n = len(stack.key_tokens)
    places = np.arange(n)
    if stack.two_texts:
        special = stack.key_tokens.special
        return {SOURCE: ~special, SPECIAL: special} if special.any() else {SOURCE: ~special}
    found = {SINK: places == 0}
    for name, (start, stop) in (record.settings.prompt_parts or {}).items():
        inside = (places >= max(start, 1)) & (places < stop)
        if inside.any():
            found[name] = inside
    return found | {WRITTEN: places >= (record.settings.prompt or 0)}


def block_edges(record: AttentionRecord) -> dict[str, int]:
    """Return the first key of every block, in the order of the text."""
    first = {name: int(np.argmax(inside)) for name, inside in blocks(record).items()}
    return dict(sorted(first.items(), key=lambda each: each[1]))


def _mean_row(
    stack: Stack, query: int, layers: Sequence[int], heads: Sequence[int],
    apart: Sequence[HeadPlace],
) -> Row:  # fmt: skip
    if not apart:
        return attention_row(stack, query, layers, heads)
    rows = [
        attention_row(stack, query, (layer,), () if head == "mean" else (head,))
        for layer, head in apart
    ]
    mean: Row = np.mean(rows, axis=0)
    return mean


def attention_row(
    stack: Stack, query: int, layers: Sequence[int] = (), heads: Sequence[int] = ()
) -> Row:
    """Return the weights of one query, the mean of some layers and heads: (keys,). Of streamed
    weights those of its cell of the map."""
    chosen = layers or range(stack.n_layers)
    if stack.weights is not None:
        each = stack.weights[list(chosen), :, query]
        each = each[:, list(heads)] if heads else each
        found: Row = each.mean(axis=(0, 1), dtype=np.float64)
        return found
    n_keys = stack.shape[1]
    rows = []
    for layer in chosen:
        each_head: Sequence[Which] = heads or ("mean",)
        for head in each_head:
            pooled = stack.map(layer, head)
            row = pooled.mean[query // pooled.cells[0]]
            rows.append(np.repeat(row, pooled.cells[1])[:n_keys])
    mean: Row = np.mean(rows, axis=0, dtype=np.float64)
    return mean
