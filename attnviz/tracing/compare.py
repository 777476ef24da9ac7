"""Two texts, models or records side by side, from Python."""

from __future__ import annotations

from typing import Any

from attnviz.analysis.compare import Difference, Side, difference
from attnviz.errors import AttnvizError, known_arguments, out_of_range
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Which
from attnviz.tracing.plan import Options
from attnviz.tracing.trace import trace

Compared = AttentionRecord | str


@known_arguments(*Options.__annotations__)
def compare(
    a: Compared,
    b: Compared,
    *,
    layer: int | tuple[int, int] = 0,
    head: Which | tuple[Which, Which] = "mean",
    **options: Any,
) -> Difference:
    """Return how `b` differs from `a`: weights, rows and heads.

    a, b: records, or texts that are traced with `options`. layer, head: of both, or of each
    ((2, 4) compares layer 2 of the one with layer 4 of the other). Raises AttnvizError where they
    have not as many tokens, or no such layer or head.
    """
    layers = layer if isinstance(layer, tuple) else (layer, layer)
    heads = head if isinstance(head, tuple) else (head, head)
    sides = (
        _side("a", a, layers[0], heads[0], options),
        _side("b", b, layers[1], heads[1], options),
    )
    found = difference(*sides)
    if found is None:
        (rows, columns), (others, theirs) = (side.stack.shape for side in sides)
        raise AttnvizError(
            f"`a` has {rows} × {columns} tokens and `b` has {others} × {theirs}.",
            "Compare texts of as many tokens.",
            key="err.tokens_b",
            rows=rows,
            columns=columns,
            others=others,
            theirs=theirs,
        )
    return found


def _side(name: str, one: Compared, layer: int, head: Which, options: dict[str, Any]) -> Side:
    record = one if isinstance(one, AttentionRecord) else trace(one, **options)
    stack = record.stack
    if not 0 <= layer < stack.n_layers:
        raise out_of_range("Layer", layer, 0, stack.n_layers - 1)
    if head != "mean" and not 0 <= head < stack.n_heads:
        raise out_of_range("Head", head, 0, stack.n_heads - 1)
    return Side(name, record, layer, head)
