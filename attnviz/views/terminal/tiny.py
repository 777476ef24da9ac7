"""The tiny model in a terminal: vectors and matrices whole, and every product written out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from attnviz.analysis.tiny import Floats, TinySteps
from attnviz.language.language import TERMINAL, Language
from attnviz.models.builtin.tiny import NUMBERS
from attnviz.views.labels import label_text
from attnviz.views.terminal.steps import softmax

LABEL = 12


def tiny_view(tiny: TinySteps, language: Language) -> list[RenderableType]:
    """Draw the vectors, q, k and v, then the four steps with all their products."""
    parts = (_vectors, _projected, _scores, _weights, _sums, _merged)
    lines: list[RenderableType] = []
    for part in parts:
        lines += [*([Text()] if lines else []), *part(tiny, language)]
    return lines


def _vectors(tiny: TinySteps, language: Language) -> list[RenderableType]:
    query = Text("query ", "bold", no_wrap=True)
    query.append_text(label_text(tiny.steps.query, 2 * LABEL))
    query.append(f"   head {tiny.steps.head}", "dim")
    table = _table("x", *NUMBERS)
    for label, row in zip(tiny.labels, tiny.x, strict=True):
        table.add_row(label_text(label, LABEL), *map(_number, row))
    return [query, Text(language.say("tiny.vectors", TERMINAL)), table]


def _projected(tiny: TinySteps, language: Language) -> list[RenderableType]:
    """The matrices, each product of q, and the keys and values that come of them."""
    matrices = [("W_Q", tiny.w_query), ("W_K", tiny.w_key), ("W_V", tiny.w_value)]
    lines: list[RenderableType] = [Text(language.say("tiny.matrices", TERMINAL)), _side(matrices)]
    x = tiny.x[tiny.place]
    lines += [
        Text(f"q[{place}] = {_products(x, tiny.w_query[:, place])}") for place in range(len(x))
    ]
    keys, values = tiny.x @ tiny.w_key, tiny.x @ tiny.w_value
    table = _table("x · W", *(f"k[{i}]" for i in range(4)), *(f"v[{i}]" for i in range(4)))
    for label, key, value in zip(tiny.labels, keys, values, strict=True):
        table.add_row(label_text(label, LABEL), *map(_number, (*key, *value)))
    return [*lines, table]


def _scores(tiny: TinySteps, language: Language) -> list[RenderableType]:
    steps = tiny.steps
    lines = [_headed("1", language.say("step.score", TERMINAL))]
    for key in steps.keys:
        lines.append(_line(key.label, f"q · k = {_products(steps.query_parts, key.parts)}"))
    if steps.masked:
        hidden = language.say("ui.masked_keys", TERMINAL, n=steps.masked, total=steps.n_keys)
        lines.append(Text(hidden, "dim"))
    return [*lines]


def _weights(tiny: TinySteps, language: Language) -> list[RenderableType]:
    said, *rest = softmax(tiny.steps, language)
    return [_headed("2", str(said)), *rest]


def _sums(tiny: TinySteps, language: Language) -> list[RenderableType]:
    steps = tiny.steps
    weights = [key.weight for key in steps.keys]
    lines = [_headed("3", language.say("step.sum", TERMINAL))]
    for place, total in enumerate(steps.output):
        column = [key.value[place] for key in steps.keys]
        lines.append(Text(f"o[{place}] = {_products(weights, column, float(total))}"))
    return [*lines]


def _merged(tiny: TinySteps, language: Language) -> list[RenderableType]:
    n_heads, width = tiny.outputs.shape
    said = language.say("lesson.merge", TERMINAL, n_heads=n_heads)
    beside = _table("output", *(f"o[{i}]" for i in range(width)))
    whole = _table("W_O", *(f"m[{i}]" for i in range(tiny.w_output.shape[1])))
    for head, output in enumerate(tiny.outputs):
        beside.add_row(Text(f"head {head}"), *map(_number, output))
    for i, row in enumerate(tiny.w_output):
        whole.add_row(Text(f"head {i // width} o[{i % width}]"), *map(_number, row))
    flat = tiny.outputs.reshape(-1)
    sums = [
        Text(f"m[{i}] = {_products(flat, tiny.w_output[:, i], float(total))}")
        for i, total in enumerate(tiny.merged)
    ]
    return [_headed("4", said), beside, whole, *sums]


def _products(
    left: Sequence[float] | Floats, right: Sequence[float] | Floats, total: float | None = None
) -> str:
    """ "1·2 + 0·3 = 2": every product, and their sum."""
    pairs = zip(left, right, strict=True)
    written = " + ".join(f"{_factor(float(a))}·{_factor(float(b))}" for a, b in pairs)
    found = float(np.dot(left, right)) if total is None else total
    return f"{written} = {_number(found)}"


def _factor(value: float) -> str:
    return f"({_number(value)})" if value < 0 else _number(value)


def _number(value: float) -> str:
    """Three decimals at most: a whole number has none."""
    return f"{value + 0.0:.0f}" if value == round(value) else f"{value:.3f}"


def _headed(number: str, sentence: str) -> Text:
    return Text.assemble((f"{number} ", "bold"), sentence)


def _line(label: str, rest: str) -> Text:
    line = label_text(label, LABEL)
    line.pad_right(max(LABEL + 1 - line.cell_len, 1))
    return line.append(rest)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim", show_edge=False)
    table.add_column(first, min_width=LABEL, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _side(matrices: Sequence[tuple[str, Floats]]) -> Table:
    """Matrices of four rows and columns, side by side."""
    table = Table.grid(padding=(0, 4))
    table.add_row(*(Text(name, "dim") for name, _ in matrices))
    for row in range(4):
        cells = ("".join(f"{_number(each):>4}" for each in matrix[row]) for _, matrix in matrices)
        table.add_row(*map(Text, cells))
    return table
