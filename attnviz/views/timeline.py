"""A written text step by step: its probabilities, and what the model looked at."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from attnviz.analysis.timeline import Step, Timeline, timeline
from attnviz.language.language import TERMINAL
from attnviz.record.record import AttentionRecord
from attnviz.views.cells import background, full_rows, levels
from attnviz.views.labels import dim_lines, label_text, padded, widest
from attnviz.views.look import Look
from attnviz.views.number_format import percent
from attnviz.views.palette import level
from attnviz.views.screen import Screen
from attnviz.views.titles import timeline_title

LABEL, SHARE, NUMBER = 16, 9, 6  # characters of the columns
ELSEWHERE = 12  # of the label of a key that was looked at


def timeline_view(record: AttentionRecord, look: Look, screen: Screen) -> list[RenderableType]:
    """Draw one line per written token: its probability, each block's share, the strongest keys."""
    found = timeline(record, look.layers or (look.layer,), look.heads, look.apart)
    label = max(widest([step.label for step in found.steps], LABEL), 5)
    lines: list[RenderableType] = list(
        dim_lines(timeline_title(record, look, TERMINAL), screen.width)
    )
    lines.append(_header(found, label, look, screen))
    for step in found.steps:
        line = padded(label_text(step.label, label), label + 1)
        line.append_text(_share(step.probability, NUMBER, screen.colour))
        for share in step.shares:
            line.append(" ").append_text(_share(share, SHARE, screen.colour))
        line.append("  ").append_text(_strongest(record, step, screen.width - line.cell_len))
        line.truncate(screen.width, overflow="ellipsis")
        lines.append(line)
    note = look.language.say("ui.timeline", TERMINAL)
    return [*lines, Text(), *dim_lines(note, screen.width)]


def _header(found: Timeline, label: int, look: Look, screen: Screen) -> Text:
    line = Text(" " * (label + 1), "dim", no_wrap=True)
    line.append("p".rjust(NUMBER - 1).ljust(NUMBER))
    for name in found.blocks:
        line.append(f" {look.language.say(f'ui.block.{name}', TERMINAL)[:SHARE]:>{SHARE}}")
    line.append(f"  {look.language.say('ui.looks_at', TERMINAL)}")
    line.truncate(screen.width, overflow="ellipsis")
    return line


def _share(share: float, width: int, colour: bool) -> Text:
    """A share on its colour; without colour with a bar beside the number."""
    number = f"{percent(share)}%"
    if colour:
        return Text(f"{number.rjust(width - 1)} ", background(level(share, 1.0)) or "")
    bar = width - 5
    if bar < 2:
        return Text(number.rjust(width - 1) + " ")
    import numpy as np

    steps = levels(np.array([[share]]), np.array([[True]]))
    shade = full_rows(steps, bar, False)[0]
    return Text(number.rjust(4), no_wrap=True).append(" ").append_text(shade)


def _strongest(record: AttentionRecord, step: Step, room: int) -> Text:
    """The keys that a step looked at most, as many as find room whole."""
    names = record.stack.key_tokens.names
    line = Text(no_wrap=True)
    for i, (key, share) in enumerate(step.strongest):
        told = Text("  " if i else "").append_text(label_text(names[key], ELSEWHERE))
        told.append(f" {percent(share)}%", "dim")
        if i == 0 or line.cell_len + told.cell_len <= room:
            line.append_text(told)
    return line
