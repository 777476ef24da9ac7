"""Which rows of weights a look lays over a picture: each head's, or each word's, with its name."""

from __future__ import annotations

from attnviz.frozen import dataclass
from attnviz.record.stack import Stack, Which
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.overlay import (
    Weights,
    is_even,
    looking_patch,
    row_of,
    special_names,
    surest_head,
)
from attnviz.views.titles import head_title


@dataclass(frozen=True)
class Drawing:
    """One picture: its name, the weights over it, the query that is outlined, and the share of the
    weight whose patches are."""

    name: str
    row: Weights
    query: int | None
    mass: float | None = None


def drawings(stack: Stack, look: Look) -> list[Drawing]:
    """List what a look at a picture shows: one drawing for each head, or for each word."""
    if stack.query_tokens.where is None:
        return [_of_word(stack, look, query) for query in range(stack.shape[0])]
    query, found = looking_patch(stack, look), []
    for layer, head in look.places(stack):
        row = row_of(stack, layer, head, query)
        place = f"{stack.layer_numbers[layer]}.{head}"
        number = place if stack.names_layers else head_title(stack, head)
        found.append(Drawing(number + _elsewhere(stack, row), row, query, look.mass))
    return found


def _of_word(stack: Stack, look: Look, query: int) -> Drawing:
    """One word: of constructed heads the surest one's row, else that of the chosen head."""
    named = bool(stack.head_names) and look.head == "mean"
    head: Which = surest_head(stack, look.layer, query) if named else look.head
    row = row_of(stack, look.layer, head, query)
    word = stack.query_tokens.labels[query]
    if is_even(row):
        return Drawing(f"{word} · {look.language.say('ui.image_even')}", row * 0, None)
    name = stack.head_name(head) if isinstance(head, int) else ""
    named_word = f"{word} · {name}" if name else word
    return Drawing(named_word + _elsewhere(stack, row), row, None, look.mass)


def _elsewhere(stack: Stack, row: Weights) -> str:
    """The share of a row that went to special tokens, which no picture shows."""
    special = stack.key_tokens.special
    if not special.any():
        return ""
    return f" · {special_names(stack)} {percent(float(row[special].sum()))}%"
