"""The record as the bytes of a file: pictures, and numbers for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np

from attnviz.explain.english import ENGLISH
from attnviz.explain.language import Language
from attnviz.record import AttentionRecord
from attnviz.stack import Stack
from attnviz.views.choice import Choice

PICTURES = (".png", ".svg", ".pdf")
SUFFIXES = (*PICTURES, ".json", ".csv", ".npz")

HEADER = ("stack", "layer", "head", "query", "key", "query_token", "key_token", "weight")


def write(
    record: AttentionRecord,
    suffix: str,
    choice: Choice,
    *,
    grid: bool = False,
    words: Language = ENGLISH,
    scale: str = "auto",
) -> tuple[bytes, list[str]]:
    """The bytes of one file, and what the reader should know about them.

    .json and .npz hold the whole record, .csv one line per weight that the mask lets through.
    Of a streamed record .csv holds the strongest keys of each query. Pictures show `choice`.
    """
    if suffix == ".json":
        return record.to_json().encode(), []
    if suffix == ".npz":
        return record.to_npz(), []
    if suffix == ".csv":
        streamed = any(stack.weights is None for stack in record.stacks.values())
        return _csv(record).encode(), [words.say("ui.csv_streamed")] if streamed else []
    from attnviz.views.figure import picture  # matplotlib, only when there is something to draw

    return picture(record, suffix[1:], choice, grid=grid, words=words, scale=scale)


def _csv(record: AttentionRecord) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADER)
    for name, stack in record.stacks.items():
        lines = _all_weights(stack) if stack.weights is not None else _strongest_weights(stack)
        for layer, head, query, key, weight in lines:
            tokens = stack.query_tokens.labels[query], stack.key_tokens.labels[key]
            writer.writerow((name, layer, head, query, key, *tokens, weight))
    return buffer.getvalue()


def _all_weights(stack: Stack) -> Iterator[tuple[int, int, int, int, str]]:
    assert stack.weights is not None  # streamed stacks go the other way
    for layer in range(stack.n_layers):
        allowed = stack.allowed(layer, max(stack.shape))
        for head in range(stack.n_heads):
            for query, row in enumerate(stack.weights[layer, head]):
                keys = np.flatnonzero(allowed[query])
                # astype(str) gives the shortest digits that mean the number
                for key, weight in zip(keys.tolist(), row[keys].astype(str).tolist(), strict=True):
                    yield layer, head, query, key, weight


def _strongest_weights(stack: Stack) -> Iterator[tuple[int, int, int, int, str]]:
    for layer in range(stack.n_layers):
        for head in range(stack.n_heads):
            keys, weights = stack.strongest(layer, head, min(8, stack.shape[1]))
            for query, row in enumerate(
                zip(keys.tolist(), weights.astype(str).tolist(), strict=True)
            ):
                for key, weight in zip(*row, strict=True):
                    if float(weight) > 0:
                        yield layer, head, query, key, weight
