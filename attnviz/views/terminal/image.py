"""Weights over a picture in a terminal: two pixels in each character, or shades without colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from attnviz.analysis.caption import picture_of
from attnviz.frozen import dataclass
from attnviz.inputs.where import Boxes
from attnviz.language.language import TERMINAL
from attnviz.record.record import AttentionRecord
from attnviz.record.selection import rows_named
from attnviz.record.stack import Stack
from attnviz.views.labels import dim_lines, label_text, padded, widest
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.overlay import (
    Weights,
    fitting,
    is_even,
    looking_patch,
    patches_of,
    row_of,
    special_names,
    surest_head,
)
from attnviz.views.picture_cells import drawn_picture
from attnviz.views.screen import Screen
from attnviz.views.titles import head_title

BESIDE = 22  # characters beside a large picture
SMALLEST = 12  # characters across of a small picture
LEAST = 3  # lines of it
GAP = 2
STRONGEST = 8  # patches that are named beside a picture


@dataclass(frozen=True)
class Small:
    """One of several small pictures: its name, the weights over it, the query that looks, and the
    share of the weight whose patches are outlined."""

    name: str
    row: Weights
    query: int | None
    mass: float | None = None


def image_view(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw one query's row over the picture, and beside it the strongest patches and what went to
    special tokens. Keys that are no patches are drawn as a heatmap."""
    stack = record.stack
    where = patches_of(stack)
    if where is None:
        from attnviz.views.terminal.heatmap import heatmap_view

        return heatmap_view(record, look, screen)
    query = looking_patch(stack, look)
    row = row_of(stack, look.layer, look.head, query)
    lines = max(screen.height - 7, LEAST)
    room = screen.width - BESIDE - GAP
    drawn = drawn_picture(where, row, _outlined(stack, query), room, lines, screen, look.mass)
    beside = _strongest(stack, row, query, len(drawn), look)
    wide = max((line.cell_len for line in drawn), default=0)
    empty = Text()
    said = [] if look.mass is None else dim_lines(_of_mass(look), screen.width)
    return [
        *said,
        *(
            padded(line, wide + GAP).append_text(beside[i] if i < len(beside) else empty)
            for i, line in enumerate(drawn)
        ),
    ]


def word_over_image(
    record: AttentionRecord, query: str, look: Look, screen: Screen
) -> list[RenderableType]:
    """Draw where in a picture among the words this word looks, and say the share that the picture
    has; nothing where there is no picture, or rows were not kept."""
    picture, stack = picture_of(record), record.stack
    if picture is None or stack.streamed:
        return []
    smalls = []
    for place in rows_named(stack, query):
        row = row_of(stack, look.layer, look.head, place)[picture[1]]
        said = look.language.say(
            "ui.image_row", TERMINAL, number=f"{percent(float(row.max()))}%", pct=float(row.sum())
        )
        name = TERMINAL.token(stack.query_tokens.names[place])
        smalls.append(Small(f"{name} · {said}", row, None, look.mass))
    lines = max(screen.height // 2, LEAST)
    return [*small_pictures(picture[0], smalls, screen, lines), Text()]


def image_overview(stack: Stack, look: Look, screen: Screen, lines: int) -> list[RenderableType]:
    """Draw small pictures in so many lines: from words at a picture one per word, else one per
    head, all for the same query."""
    where = patches_of(stack)
    assert where is not None  # the caller made sure
    across_texts = stack.query_tokens.where is None
    smalls = _per_word(stack, look) if across_texts else _per_head(stack, look)
    room = lines - len(dim_lines(_what(stack, look, len(smalls)), screen.width))
    across, tall = _layout(where, len(smalls), screen.width, room)
    shown = smalls[: across * max(room // (tall + 1), 1)]
    said = _what(stack, look, len(smalls) - len(shown))
    return [*dim_lines(said, screen.width), *_bands(where, shown, across, tall, screen)]


def small_pictures(
    where: Boxes, smalls: Sequence[Small], screen: Screen, lines: int
) -> list[RenderableType]:
    """Draw all of these pictures, each as large as lets them fit so many lines, and no smaller than
    can be seen."""
    longest = widest([small.name for small in smalls], screen.width)
    across, tall = _layout(where, len(smalls), screen.width, lines, longest)
    return _bands(where, smalls, across, tall, screen)


def _bands(
    where: Boxes, smalls: Sequence[Small], across: int, tall: int, screen: Screen
) -> list[RenderableType]:
    wide = (screen.width - GAP * (across - 1)) // across
    body: list[RenderableType] = []
    for start in range(0, len(smalls), across):
        body += _band(where, smalls[start : start + across], wide, tall, screen)
    return body


def _what(stack: Stack, look: Look, left_out: int) -> str:
    """Say what the small pictures show, and how many more there are."""
    if stack.query_tokens.where is None:
        said = look.language.say("ui.image_words")
    else:
        name = stack.query_tokens.labels[looking_patch(stack, look)]
        said = look.language.say("ui.image_heads", TERMINAL, query=name)
    said = said if look.mass is None else f"{said} · {_of_mass(look)}"
    return f"{said} · +{left_out}" if left_out > 0 else said


def _of_mass(look: Look) -> str:
    return look.language.say("ui.image_mass", TERMINAL, pct=look.mass)


def _per_head(stack: Stack, look: Look) -> list[Small]:
    query = looking_patch(stack, look)
    return [
        Small(
            _with_special(stack, head_title(stack, head), row_of(stack, look.layer, head, query)),
            row_of(stack, look.layer, head, query),
            _outlined(stack, query),
            look.mass,
        )
        for head in look.heads or range(stack.n_heads)
    ]


def _per_word(stack: Stack, look: Look) -> list[Small]:
    """Each word's row: of constructed heads the surest one's, else that of the chosen head."""
    found = []
    for query, word in enumerate(stack.query_tokens.labels):
        named = bool(stack.head_names) and look.head == "mean"
        head = surest_head(stack, look.layer, query) if named else look.head
        row = row_of(stack, look.layer, head, query)
        says = look.language.say("ui.image_even") if is_even(row) else ""
        says = says or (stack.head_name(head) if isinstance(head, int) else "")
        named_word = f"{word} · {says}" if says else word
        found.append(Small(named_word, row * (not is_even(row)), None, look.mass))
    return found


def _with_special(stack: Stack, name: str, row: Weights) -> str:
    """The name, and the share of the row that went to no patch."""
    special = stack.key_tokens.special
    share = float(row[special].sum())
    return f"{name} · {special_names(stack)} {percent(share)}%" if special.any() else name


def _outlined(stack: Stack, query: int) -> int | None:
    """The query, where it is a patch of the same picture."""
    return query if stack.query_tokens.where is not None else None


def _layout(where: Boxes, n: int, width: int, lines: int, name: int = SMALLEST) -> tuple[int, int]:
    """How many small pictures stand side by side, and how many lines each has, so that they are as
    large as they can be and have room for a name."""
    best = (1, 0)
    most = max((width + GAP) // (max(name, SMALLEST) + GAP), 1)
    for across in range(1, min(most, max(n, 1)) + 1):
        down = -(-n // across)
        wide = (width - GAP * (across - 1)) // across
        room = max(lines // down - 1, LEAST)
        tall = -(-fitting(where, wide, 2 * room)[1] // 2)
        if tall > best[1]:
            best = (across, tall)
    return best


def _band(
    where: Boxes, smalls: Sequence[Small], wide: int, tall: int, screen: Screen
) -> list[RenderableType]:
    """Small pictures side by side under their names."""
    drawn = [
        drawn_picture(where, small.row, small.query, wide, tall, screen, small.mass)
        for small in smalls
    ]
    tall = min(tall, max(map(len, drawn)))
    names, pictures = Text(no_wrap=True), [Text(no_wrap=True) for _ in range(tall)]
    for i, (small, lines) in enumerate(zip(smalls, drawn, strict=True)):
        gap = GAP if i + 1 < len(smalls) else 0
        names.append_text(padded(label_text(small.name, wide), wide + gap))
        for line in range(tall):
            part = lines[line] if line < len(lines) else Text()
            pictures[line].append_text(padded(part, wide + gap))
    return [_ended(line) for line in (names, *pictures)]


def _ended(line: Text) -> Text:
    line.rstrip()
    return line


def _strongest(stack: Stack, row: Weights, query: int, lines: int, look: Look) -> list[Text]:
    """The chips of special tokens with their shares, and the strongest patches."""
    special = stack.key_tokens.special
    looks = look.language.say("ui.image_query", TERMINAL, query=stack.query_tokens.labels[query])
    found = [label_text(looks, BESIDE, "bold"), Text()]
    for i in np.flatnonzero(special)[:6].tolist():
        found.append(_chip(stack.key_tokens.labels[i], float(row[i]), "reverse"))
    if special.any():
        found.append(Text())
    patches = np.argsort(-np.where(special, -1, row), kind="stable")
    room = min(max(lines - len(found), 0), STRONGEST)
    for i in patches[:room].tolist():
        found.append(_chip(stack.key_tokens.labels[i], float(row[i]), ""))
    return found


def _chip(label: str, share: float, style: str) -> Text:
    chip = Text(no_wrap=True)
    chip.append_text(label_text(f" {label} " if style else label, BESIDE - 6, style))
    return padded(chip, BESIDE - 8).append(f"{100 * share:5.1f}%")
