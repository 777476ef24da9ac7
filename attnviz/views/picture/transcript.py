"""What was said, over time, as a picture: each word's span on where it looked."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from attnviz.inputs.labels import visible
from attnviz.inputs.where import Times
from attnviz.language.english import ENGLISH
from attnviz.language.language import PICTURE, Language
from attnviz.views.figure import USUAL, FigureStyle
from attnviz.views.over_time import Matrix, Strip
from attnviz.views.picture.output import printed
from attnviz.views.picture.sound import MOST, strips_figure


def picture(
    model: str, found: Sequence[Strip], spans: Sequence[tuple[float, float]], where: Times,
    kind: str, language: Language = ENGLISH, by_letters: bool = False,
    matrix: Matrix | None = None, style: FigureStyle = USUAL,
) -> bytes:  # fmt: skip
    """Return the bytes of a "png", "svg" or "pdf" of one window: a line for each word, its span
    outlined. by_letters: frames said letters, which gave the times. matrix: token by token, drawn
    below."""
    heading = [
        language.say("ui.said", PICTURE, model=visible(model)),
        language.say("ui.said_letters" if by_letters else "ui.said_spans", PICTURE),
    ]
    shown = list(found)[:MOST]

    def draw(chosen: FigureStyle) -> Figure:
        return strips_figure(heading, shown, where, language, list(spans)[:MOST], matrix, chosen)

    return printed(draw, kind, f"transcript of {visible(model)}", style)
