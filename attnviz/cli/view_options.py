"""What of a record is shown, and where: on the terminal, in files, as JSON, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.cli import options
from attnviz.cli.picture_options import Drawing
from attnviz.errors import AttnvizError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from attnviz.record.record import AttentionRecord
    from attnviz.views.look import Look
    from attnviz.views.screen import Screen


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Display(Drawing):
    """A layer and heads of one stack, the view they are shown in, and the files it goes to."""

    stack: options.Stack = None
    layer: options.Layer = "first"
    head: options.Head = "mean"
    show: options.Show = "auto"
    scale: options.Scale = "auto"
    mass: options.Mass = None
    output: options.Output = None
    json: options.Json = False
    csv: options.Csv = False
    explain: options.Explain = False
    lang: options.Lang = None
    quiet: options.Quiet = False

    def check(self, inputs: Sequence[Path | None]) -> None:
        """Refuse before any work what could not be shown or written; no input is written over."""
        from attnviz.cli.output import check_format, check_outputs
        from attnviz.views.scale import check_scale
        from attnviz.views.terminal.show import check_show

        check_format(self.json, self.csv)
        check_show(self.show)
        check_scale(self.scale)
        share_of(self.mass)
        check_outputs(self.output or [], inputs)
        self.check_drawing(self.output or [], self.lang, self.quiet)

    def look(self, record: AttentionRecord, query: str | None = None) -> Look:
        """Return how to look at a record; AttnvizError for a layer, head or query that it has
        not."""
        from attnviz.language.languages import find_language
        from attnviz.views.look import choose, with_query
        from attnviz.views.overlay import with_mass

        language = find_language(self.lang)
        look = choose(
            record.stack, self.layer, self.head, self.show, scale=self.scale, language=language
        )
        look = replace(look, figure=self.style())
        look = with_mass(record, look, share_of(self.mass))
        return look if query is None else with_query(record, look, query)

    def put(self, record: AttentionRecord, look: Look, query: str | None = None) -> None:
        """Write the files, then to the terminal.

        query: whose row is shown in full, in place of a view.
        """
        from attnviz.cli.output import console, put_json, put_text, say, say_saved
        from attnviz.cli.pieces import check_sizes, printed
        from attnviz.language.language import TERMINAL
        from attnviz.language.reworded import reworded_note

        check_sizes(record, self.output or [], json=self.json, csv=self.csv)
        target = console()  # what may be refused is, before anything is written
        notes = [reworded_note(note, look.language, TERMINAL) for note in record.notes]
        screen = self._below(notes, target)
        view = [] if self.json or self.csv else self._view(record, look, query, screen)
        for note in notes:
            say(note, self.quiet)
        self._write_files(record, look)
        if self.json:
            for piece in printed(record, self.quiet):
                put_json(piece)
        elif self.csv:
            for piece in record.csv_pieces():
                put_text(piece)
        else:
            self._put_view(view, look, target)
        for path in self.output or []:  # below the view, where it is still on the screen
            say_saved(path, look.language, self.quiet)

    def _view(
        self, record: AttentionRecord, look: Look, query: str | None, screen: Screen
    ) -> list[RenderableType]:
        """Return what is shown, and the same in words where that is asked for."""
        from attnviz.cli.output import in_words
        from attnviz.record.selection import rows_named
        from attnviz.views.terminal.show import show, show_query

        rows = () if query is None else rows_named(record.stack, query)
        view = [
            show(record, look, screen) if query is None else show_query(record, query, look, screen)
        ]
        return [*view, in_words(record, look, rows)] if self.explain else view

    def _put_view(self, view: Sequence[RenderableType], look: Look, target: Console) -> None:
        from attnviz.cli.output import put, warn_of_arabic

        for part in view:
            put(target, part)
        if self.explain:
            warn_of_arabic(target, look.language, self.quiet)

    def _write_files(self, record: AttentionRecord, look: Look) -> None:
        from attnviz.cli.output import say, write_output

        for path in self.output or []:
            for note in write_output(record, path, look, self.quiet):
                say(note, self.quiet)

    def _below(self, notes: Sequence[str], target: Console) -> Screen:
        """What the notes, and on a terminal a line for each file, leave of a screen: all are on
        it."""
        from attnviz.cli.output import screen_of

        screen = screen_of(target)
        told = 0 if self.quiet else sum(-(-len(note) // screen.width) for note in notes)
        told += len(self.output or []) if target.is_terminal and not self.quiet else 0
        return replace(screen, height=max(screen.height - told, 1))


def share_of(mass: str | None) -> float | None:
    """Read a share: "50%" or "0.5"; AttnvizError unless it is above 0 and 100% at most."""
    if mass is None:
        return None
    number, sign = mass.strip().removesuffix("%"), mass.strip().endswith("%")
    try:
        share = float(number) / (100 if sign else 1)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise AttnvizError(
            f'"{mass}" is not a share of the weight.',
            "Give one above 0% and up to 100%: 50%, or 0.5.",
            key="err.mass",
            value=mass,
        )
    return share
