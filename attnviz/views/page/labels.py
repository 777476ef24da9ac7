"""What each head was seen to look at, in a word, for the names that a page gives to heads."""

from __future__ import annotations

from functools import partial

from attnviz.analysis.head_labels import WITHOUT_PATTERN, labels_of
from attnviz.analysis.head_patterns import Label
from attnviz.inputs.labels import visible
from attnviz.record.stack import Stack
from attnviz.threads import share

MOST_LOOKED_AT = 1 << 23  # weights of which labels are found while nobody waits


def labels_tree(stack: Stack) -> list[list[str]] | None:
    """Return a label per head, by layer, "" where nothing stands out. None where heads have names
    that they were built for, where there is nothing to tell apart, or too much to look at."""
    if any(stack.head_names) or stack.n_layers * stack.n_heads == 1 or _is_much(stack):
        return None
    found: list[list[str]] = [[] for _ in range(stack.n_layers)]

    def look(layer: int) -> None:
        found[layer] = [_said(label) for label in labels_of(stack, (layer,))[layer]]

    share(partial(look, layer) for layer in range(stack.n_layers))
    return found if any(map(any, found)) else None


def _is_much(stack: Stack) -> bool:
    return stack.weights is not None and stack.weights.size > MOST_LOOKED_AT


def _said(label: Label) -> str:
    known = label.kind not in WITHOUT_PATTERN or label.kind == "sink"
    return visible(str(label)) if known else ""
