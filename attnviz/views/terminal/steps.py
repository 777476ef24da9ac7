"""One query through the four steps in a terminal."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from attnviz.analysis.steps import Steps
from attnviz.language.language import Language
from attnviz.views import step_panels
from attnviz.views.panels import Line, Numbers, Panel
from attnviz.views.terminal.panels import table, written


def all_steps(steps: Steps, language: Language) -> list[RenderableType]:
    """Return the query, its scores, the softmax, the weighted sum and the merge, one under the
    other."""
    sections = (
        step_panels.vectors, step_panels.scores, step_panels.softmax, step_panels.weighted_sum,
        step_panels.merging,
    )  # fmt: skip
    lines: list[RenderableType] = []
    for number, section in enumerate(sections):
        body = _drawn(section(steps, language))
        if 1 <= number <= 4 and isinstance(body[0], Text):
            body[0] = Text(f"{number} ", "bold").append_text(body[0])
        lines += [*([Text()] if lines else []), *body]
    return lines


def softmax(steps: Steps, language: Language) -> list[RenderableType]:
    """Return scores divided, raised to powers of e, and divided by their sum."""
    return _drawn(step_panels.softmax(steps, language))


def _drawn(panels: list[Panel]) -> list[RenderableType]:
    return [
        table(panel) if isinstance(panel, Numbers) else written(panel)
        for panel in panels
        if isinstance(panel, (Numbers, Line))
    ]
