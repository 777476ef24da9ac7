"""What each depth would answer, as bars, and what each head adds to the answer."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.analysis.depths import Attribution, Depths
from attnviz.inputs.labels import visible
from attnviz.views.labels import dim_line, label_text, padded
from attnviz.views.screen import Screen

NAME, NUMBER, ANSWER, PART = 10, 8, 14, 8  # characters of columns
MOST_PARTS = 12


def depths(found: Depths, screen: Screen, *, top: int | None = None) -> RenderableType:
    """Return one line a depth, and below it the parts that add most."""
    answer = visible(found.answer)
    title = f'{visible(found.model)} · p of "{answer}" after "{visible(found.label)}", by depth'
    lines = [label_text(title, screen.width, "bold"), *_bars(found, screen)]
    if found.attribution is not None:
        lines += [Text(), *_parts(found.attribution, screen, top or MOST_PARTS)]
    note = "logit lens: each layer read as if it were the last"
    return Group(*lines, dim_line(note, screen.width))


def _bars(found: Depths, screen: Screen) -> Iterator[Text]:
    room = max(screen.width - NAME - NUMBER - 2 * ANSWER, 8)
    for one in found.depths:
        line = Text(one.name.ljust(NAME), no_wrap=True)
        line.append(f"{one.probability:7.3f} ").append("█" * round(room * one.probability))
        line.append(" " * (NAME + NUMBER + room + 1 - line.cell_len))
        line.append(f"rank {one.rank:,}".ljust(ANSWER - 1) if one.rank > 1 else " " * (ANSWER - 1))
        line.append_text(label_text(one.candidates[0][1], ANSWER, "dim"))
        line.truncate(screen.width)
        yield line


def _parts(found: Attribution, screen: Screen, top: int) -> Iterator[Text]:
    """Heads, feed-forward parts, words and biases: the largest first, and what all add up to."""
    title = f'adds to logit("{visible(found.answer)}") − logit("{visible(found.against)}")'
    yield label_text(title, screen.width, "bold")
    layers, heads = found.heads.shape
    parts = [
        (f"{layer}.{head}", float(found.heads[layer, head]))
        for layer in range(layers)
        for head in range(heads)
    ]
    parts += [(f"feed {layer}", float(value)) for layer, value in enumerate(found.rest)]
    parts += [("words", found.embedding), ("biases", found.constant)]
    ranked = sorted(parts, key=lambda part: -abs(part[1]))
    largest = max(abs(ranked[0][1]), 1e-9)
    room = max(min(screen.width - PART - 12, 40), 4)
    for name, value in ranked[:top]:
        line = padded(Text(name), PART)
        line.append(f"{value:+9.3f}  ").append("█" * round(room * abs(value) / largest))
        yield line
    left = sum(value for _, value in ranked[top:])
    if len(ranked) > top:
        yield dim_line(f"{len(ranked) - top} more parts add {left:+.3f}", screen.width)
    yield dim_line(f"all of them add up to {found.total:+.3f}", screen.width)
