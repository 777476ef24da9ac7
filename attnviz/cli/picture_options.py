"""How pictures are drawn: the same options in every command that writes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.cli import options

if TYPE_CHECKING:
    from attnviz.views.figure import FigureStyle


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Drawing:
    """Size, letters, resolution and colours of pictures."""

    figure: options.Figure = None
    size: options.Size = None
    font_size: options.FontSize = None
    dpi: options.Dpi = None
    no_title: options.NoTitle = False
    annotate: options.Annotate = False
    transparent: options.Transparent = False
    cmap: options.Cmap = None

    def style(self) -> FigureStyle:
        """Return how to draw; AttnvizError for what is out of range or unknown."""
        from attnviz.views.figure import figure_style

        return figure_style(
            self.figure, self.size, self.font_size, self.dpi, title=not self.no_title,
            annotate=self.annotate, transparent=self.transparent, cmap=self.cmap,
        )  # fmt: skip

    def check_drawing(
        self, outputs: Sequence[Path], lang: str | None = None, quiet: bool = False
    ) -> None:
        """Refuse before any work what is out of range; say which options draw nothing, where no
        picture is written."""
        from attnviz.language.languages import find_language
        from attnviz.views.files import PICTURES

        language = find_language(lang)
        self.style()
        given = [
            f"--{field.name.replace('_', '-')}"
            for field in fields(Drawing)
            if getattr(self, field.name) not in (None, False)
        ]
        if given and not any(path.suffix.lower() in PICTURES for path in outputs):
            from attnviz.cli.output import say

            say(language.say("warn.no_picture", option=", ".join(given)), quiet)
