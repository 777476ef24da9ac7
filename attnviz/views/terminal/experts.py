"""Which experts each token passes in one layer, and how often each is chosen."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.analysis.routing import Routing
from attnviz.inputs.labels import visible
from attnviz.language.language import TERMINAL, Language
from attnviz.views.labels import dim_lines, label_text, widest
from attnviz.views.number_format import percent
from attnviz.views.screen import Screen

NAME = 16  # characters that a token's label may take
CELL = 10  # of an expert and its share


def experts_view(found: Routing, language: Language, screen: Screen) -> RenderableType:
    """Draw a line for each token with the experts that it passes, the most wanted first."""
    title = language.say(
        "experts.title", TERMINAL, model=visible(found.model), layer=found.layer,
        n=found.chosen.shape[1], n_experts=found.n_experts,
    )  # fmt: skip
    label = widest(found.tokens, NAME)
    shown = max((screen.width - label - 1) // CELL, 1)
    lines: list[RenderableType] = [*dim_lines(title, screen.width), Text()]
    for token, numbers, shares in zip(found.tokens, found.chosen, found.shares, strict=True):
        line = label_text(token, label)
        line.pad_right(label + 1 - line.cell_len)
        for number, share in list(zip(numbers.tolist(), shares.tolist(), strict=True))[:shown]:
            if number < 0:  # which had no room left
                line.append(f"{'–':>4}{'':{CELL - 4}}", "dim")
            else:
                line.append(f"{number:4}").append(f" {percent(share):>3}% ", "dim")
        lines.append(line)
    often = sorted(enumerate(found.used.tolist()), key=lambda pair: (-pair[1], pair[0]))
    used = " · ".join(f"{number}: {count}" for number, count in often if count)
    said = language.say("experts.used", TERMINAL, used=used)
    return Group(*lines, Text(), *dim_lines(said, screen.width))
