"""What is said of things side by side, wherever they are drawn: titles, legends and changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnviz.analysis.compare import CELLS, Difference, Side
from attnviz.inputs.labels import visible
from attnviz.language.language import Guard, Language
from attnviz.views.look import Look
from attnviz.views.scale import Shades
from attnviz.views.titles import chosen, title

SAME = 1e-6  # nats: two views of one record differ by nothing
VISIBLE = 0.005  # of a weight: what rounds to no point is no change that is seen
HEADS = 5  # that changed most


def letter(i: int) -> str:
    """Return A, B … Z, AA …: what a map is called."""
    return (letter(i // 26 - 1) if i >= 26 else "") + chr(ord("A") + i % 26)


def minus(change: Difference, sides: Sequence[Side]) -> str:
    """Return what a map of differences is called: "B - A"."""
    number = next(i for i, side in enumerate(sides) if side is change.side)
    return f"{letter(number)} - A"


def title_of_all(sides: Sequence[Side], language: Language, guard: Guard) -> str:
    """Return what all sides have in common: where their weights come from, layer and head."""
    parts = [_parts(side, language, guard) for side in sides]
    return " · ".join(part for part in parts[0] if all(part in others for others in parts))


def titles_of_each(sides: Sequence[Side], language: Language, guard: Guard) -> list[str]:
    """Return a line for each side: its letter, its name, what it cost, and what only it is."""
    parts = [_parts(side, language, guard) for side in sides]
    costs = [side.cost() for side in sides]
    alike = len(set(costs)) == 1 and costs[0][0] == costs[0][1]
    found = []
    for i, (side, own, (done, total)) in enumerate(zip(sides, parts, costs, strict=True)):
        named = f"{letter(i)} {guard.token(visible(side.name))}"
        if not alike:
            named += ": " + language.say("ui.scores", guard, done=done, total_scores=total)
        only = [part for part in own if not all(part in others for others in parts)]
        if side.name.startswith(("layer ", "head ")):  # it says itself what only it is
            only = []
        found.append(" · ".join([named, *only]))
    return found


def _parts(side: Side, language: Language, guard: Guard) -> list[str]:
    """What a side is: the parts of its record's title, its layer and its head."""
    shown = chosen(side.stack, _look(side, language))
    return f"{title(side.record, language, guard)} · {shown}".split(" · ")


def legend(
    sides: Sequence[Side], changes: Sequence[Difference], bright: Sequence[Shades],
    language: Language, guard: Guard, *, colour: bool = True,
) -> list[str]:  # fmt: skip
    """Return how to read the colours: a sink that is left out of them, and what differences
    mean."""
    found = []
    for i, (side, of_side) in enumerate(zip(sides, bright, strict=True)):
        note = of_side.note(side.stack.key_tokens.names, language, guard)
        if note:
            found.append(f"{letter(i)}: {note}")
    if changes:
        what = ", ".join(minus(change, sides) for change in changes)
        meant = language.say("compare.colours" if colour else "compare.signs", guard)
        full = language.say("compare.full", guard, value=f"{100 * widest_span(changes):.0f}")
        found.append(f"{what}: {meant}{language.comma}{full}")
    rest = [letter(i) for i, side in enumerate(sides) if side.stack.shape != sides[0].stack.shape]
    if rest:
        found.append(language.say("compare.lengths", guard, what=", ".join(rest)))
    return found


def widest_span(changes: Sequence[Difference]) -> float:
    """Return the change that gets the full colour in every map of differences."""
    return max((change.span for change in changes), default=1.0)


def change_in_words(
    change: Difference, sides: Sequence[Side], language: Language, guard: Guard
) -> list[str]:
    """Return how far one side is from the first: on average, at most, and in which heads."""
    apart = language.say(
        "compare.apart", guard, what=minus(change, sides), value=f"{change.per_row.mean():.3f}",
        max=f"{np.log(2):.3f}",
    )  # fmt: skip
    found = [apart]
    if abs(change.largest) < VISIBLE:
        found.append(language.say("compare.none", guard))
    elif max(sides[0].stack.shape) <= CELLS:
        row, column = change.where
        query = sides[0].stack.query_tokens.names[row]
        key = sides[0].stack.key_tokens.names[column]
        points = f"{100 * change.largest:+.0f}"
        found.append(language.say("compare.largest", guard, query=query, key=key, value=points))
    heads = change.heads_changed_most(HEADS, SAME)
    if heads:
        numbers = sides[0].stack.layer_numbers
        places = ", ".join(f"{numbers[layer]}.{head} {nats:.3f}" for layer, head, nats in heads)
        found.append(language.say("compare.heads", guard, places=places))
    return found


def row_names(sides: Sequence[Side]) -> tuple[str, ...]:
    """Return the names of rows that several sides share: both where they differ ("cat/dog")."""
    each = [side.stack.query_tokens.names for side in sides]
    return tuple("/".join(dict.fromkeys(names)) for names in zip(*each, strict=True))


def column_names(sides: Sequence[Side]) -> tuple[str, ...]:
    """Return the names of columns that several sides share, likewise."""
    each = [side.stack.key_tokens.names for side in sides]
    return tuple("/".join(dict.fromkeys(names)) for names in zip(*each, strict=True))


def _look(side: Side, language: Language) -> Look:
    heads = () if side.head == "mean" else (side.head,)
    return Look(side.layer, heads, language=language)
