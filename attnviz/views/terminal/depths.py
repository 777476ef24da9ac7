"""What each depth would answer, as bars, and what each head adds to the answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.analysis.depths import Attribution, Depths
from attnviz.digits import grouped
from attnviz.inputs.labels import visible
from attnviz.views.labels import dim_lines, label_text, padded
from attnviz.views.screen import Screen

NAME, NUMBER, ANSWER, PART = 10, 8, 14, 8  # characters of columns
MOST_PARTS = 12
WITHOUT = 26  # characters of the column on what is lost


def depths(found: Depths, screen: Screen, *, top: int | None = None) -> RenderableType:
    """Return one line a depth, and below it the parts that add most."""
    answer = visible(found.answer)
    title = f'{visible(found.model)} · p of "{answer}" after "{visible(found.label)}", by depth'
    lines = [label_text(title, screen.width, "bold"), *_bars(found, screen)]
    if found.attribution is not None:
        lines += [Text(), *_parts(found.attribution, screen, top or MOST_PARTS)]
    note = "logit lens: each layer read as if it were the last"
    return Group(*lines, *dim_lines(note, screen.width))


def _bars(found: Depths, screen: Screen) -> Iterator[Text]:
    room = max(screen.width - NAME - NUMBER - 2 * ANSWER, 8)
    for one in found.depths:
        line = Text(one.name.ljust(NAME), no_wrap=True)
        line.append(f"{one.probability:7.3f} ").append("█" * round(room * one.probability))
        line.append(" " * (NAME + NUMBER + room + 1 - line.cell_len))
        line.append(
            f"rank {grouped(one.rank)}".ljust(ANSWER - 1) if one.rank > 1 else " " * (ANSWER - 1)
        )
        line.append_text(label_text(one.candidates[0][1], ANSWER, "dim"))
        line.truncate(screen.width)
        yield line


def _ranked(found: Attribution) -> list[tuple[str, float, float | None]]:
    """Name, what it adds, and the answer's probability without it, of every part. Heads without
    which the answer is another come first too: what adds nothing can be needed most."""
    parts: list[tuple[str, float, float | None]] = [
        (
            f"{found.layer_numbers[layer]}.{head}",
            float(found.heads[layer, head]),
            float(found.without[layer, head]),
        )
        for layer, head in np.ndindex(found.heads.shape)
    ]
    rest = zip(found.layer_numbers, found.rest.tolist(), strict=True)
    parts += [(f"feed {layer}", value, None) for layer, value in rest]
    if found.numbers:
        parts.append(("layers without attention", found.between, None))
    parts += [("words", found.embedding, None), ("biases", found.constant, None)]
    return sorted(
        parts, key=lambda part: (-round(abs(part[1]), 6), 1.0 if part[2] is None else part[2])
    )


def _parts(found: Attribution, screen: Screen, top: int) -> Iterator[Text]:
    """Heads, feed-forward parts, words and biases: the largest first, and what all add up to."""
    answer = visible(found.answer)
    title = f'adds to logit("{answer}") − logit("{visible(found.against)}")'
    wide = max(min(screen.width - PART - 12 - WITHOUT, 40), 4)
    line = padded(label_text(title, PART + 11 + wide, "bold"), PART + 11 + wide)
    yield line.append_text(label_text(f'  p of "{answer}" without it', WITHOUT, "bold"))
    parts = _ranked(found)
    largest = max(abs(parts[0][1]), 1e-9)
    for name, value, without in parts[:top]:
        line = padded(Text(name), PART)
        line.append(f"{value:+9.3f}  ").append("█" * round(wide * abs(value) / largest))
        if without is not None:
            line.append(" " * (PART + 13 + wide - line.cell_len))
            line.append(f"{found.clean:.3f} → {without:.3f}")
        line.truncate(screen.width)
        yield line
    left = sum(value for _, value, _ in parts[top:])
    if len(parts) > top:
        yield from dim_lines(f"{len(parts) - top} more parts add {left:+.3f}", screen.width)
    yield from dim_lines(f"all of them add up to {found.total:+.3f}", screen.width)
