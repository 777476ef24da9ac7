"""What cannot be attention weights, told with its layer, head, row and column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.attention import measures
from attnviz.attention.rules import Rule
from attnviz.errors import AttnvizError

Floats = NDArray[np.floating[Any]]

ROUNDING = 0.01  # what half precision, or few digits, may add to a weight or to a row of them
CLOSE = 1 / 512  # what bfloat16 may change of a row's sum: not worth a word
DUST = 1e-6  # what stands for zero: less is neither negative nor a leak


# What is checked


def check_numbers(array: Floats, of: str) -> None:
    """Refuse what no softmax gives, and say where."""
    if not (array.min() >= -DUST and array.max() <= 1 + ROUNDING):  # not a number is in no range
        kinds: dict[str, Callable[[Floats], NDArray[np.bool_]]] = {
            "not a finite number": lambda some: ~np.isfinite(some),
            "negative": lambda some: some < -DUST,
            "more than all": lambda some: some > 1 + ROUNDING,
        }
        for what, wrong in kinds.items():
            for layer, head in np.ndindex(array.shape[:2]):
                places = np.argwhere(wrong(array[layer, head]))
                if len(places):
                    row, column = places[0].tolist()
                    raise AttnvizError(
                        f"A weight is {what} ({array[layer, head, row, column]}) in "
                        f"{place_of(of, layer, head, row, column)}.",
                        "Weights come after the softmax, from 0 to 1.",
                        key="err.weight",
                        what=what,
                        array=array[layer, head, row, column],
                        where=place_of(of, layer, head, row, column),
                    )


def check_rows(array: Floats, of: str, notes: list[str]) -> None:
    """Refuse rows that sum to more than 1; tell of those that sum to less."""
    sums = measures.total_weight(array)
    largest = float(sums.max())
    if largest > 1 + ROUNDING + DUST:
        layer, head, row = np.unravel_index(int(sums.argmax()), sums.shape)
        column = int(array[layer, head, row].argmax())
        columns = array[layer, head].sum(axis=0)
        turned = np.allclose(columns, 1, atol=ROUNDING)
        where = place_of(of, int(layer), int(head), int(row), column)
        hint = "Each row sums to 1 after the softmax, unless dropout is on: use model.eval()."
        hint = _turn_round(array) if turned else hint
        raise AttnvizError(
            f"A row sums to {largest:.4g}, which is more than 1, in {where} (its largest weight).",
            hint,
            key="err.row_sum",
            value=f"{largest:.4g}",
            where=where,
            todo=hint,
        )
    n_rows, n_zero = sums.size, int((sums <= DUST).sum())
    less = (sums < 1 - CLOSE) & (sums > DUST)
    if n_zero:
        layer, head, row = np.argwhere(sums <= DUST)[0].tolist()
        notes.append(
            f"{n_zero} of {n_rows} rows are all zero, the first in "
            f"{place_of(of, layer, head, row)}: such a query looks at nothing."
        )
    if less.any() and np.allclose(array.sum(axis=-2), 1, atol=ROUNDING):
        raise AttnvizError(
            f"Rows sum to {float(sums.min()):.4g}, and every column to 1.",
            _turn_round(array),
            key="err.columns_sum",
            value=f"{float(sums.min()):.4g}",
            todo=_turn_round(array),
        )
    if less.any():
        lowest = np.where(less, sums, 2)
        layer, head, row = np.unravel_index(int(lowest.argmin()), sums.shape)
        notes.append(
            f"{int(less.sum())} of {n_rows} rows sum to less than 1, down to {lowest.min():.3g} in "
            f"{place_of(of, int(layer), int(head), int(row))}: a sink took the rest, or they were "
            "cut or rounded."
        )
    if largest > 1 + CLOSE:
        notes.append(f"Rows sum to up to {largest:.4g}: the weights were rounded.")


def _turn_round(array: Floats) -> str:
    """Say which axis is where another should be: keys before queries, or heads after both."""
    if array.shape[-1] == array.shape[-2]:
        return "The columns sum to 1: swap the last two axes."
    return (
        "The columns sum to 1: swap the last two axes, or, where the last one counts heads, move "
        "it before the queries."
    )


def without_dust(weights: Floats, masks: Sequence[Rule]) -> Floats:
    """Return weights whose rounding below 0, and beneath the mask of a layer, is 0."""
    if weights.min() < 0:
        weights = np.maximum(weights, 0)
    for layer, rule in enumerate(masks):
        hidden = ~rule.to_array(*weights.shape[2:])
        if (weights[layer] * hidden).any():
            weights = weights.copy()
            weights[layer, :, hidden] = 0
    return weights


def place_of(of: str, layer: int, head: int, row: int, column: int | None = None) -> str:
    """Return where a weight stands, for people."""
    place = f"layer {layer}, head {head}, row {row}"
    return f"{of}{place}" if column is None else f"{of}{place}, column {column}"


def first_leak(weights: Floats, rule: Rule) -> tuple[int, int, int, int] | None:
    """Return layer, head, row and column of the first weight that a mask should hide."""
    hidden = ~rule.to_array(*weights.shape[2:])
    for layer, heads in enumerate(weights):
        for head, matrix in enumerate(heads):
            if (matrix * hidden).max() > DUST:
                row, column = np.argwhere((matrix > DUST) & hidden)[0].tolist()
                return layer, head, row, column
    return None
