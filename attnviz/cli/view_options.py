"""What of a record is shown, and where: on the terminal, in files, as JSON, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.cli import options

if TYPE_CHECKING:
    from attnviz.language.language import Language
    from attnviz.record.record import AttentionRecord
    from attnviz.views.look import Choice
    from attnviz.views.terminal.show import Screen


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Display:
    """A layer and heads of one stack, the view they are shown in, and the files it goes to."""

    stack: options.Stack = None
    layer: options.Layer = "0"
    head: options.Head = "mean"
    show: options.Show = "auto"
    scale: options.Scale = "auto"
    output: options.Output = None
    json: options.Json = False
    explain: options.Explain = False
    lang: options.Lang = None
    quiet: options.Quiet = False

    def check(self, inputs: Sequence[Path | None]) -> None:
        """Refuse before any work what could not be shown or written; no input is written over."""
        from attnviz.cli.output import check_outputs
        from attnviz.views.scale import check_scale
        from attnviz.views.terminal.show import check_show

        check_show(self.show)
        check_scale(self.scale)
        check_outputs(self.output or [], inputs)

    def choice(self, record: AttentionRecord) -> Choice:
        """The layer and heads; AttnvizError for those that the record has not."""
        from attnviz.views.look import choose

        return choose(record.stack, self.layer, self.head, self.show)

    def put(
        self, record: AttentionRecord, choice: Choice, language: Language, query: str | None = None
    ) -> None:
        """The files, then the terminal. query: whose row is shown in full, in place of a view."""
        from attnviz.cli.output import console, put, put_explanation, put_text, say, screen_of
        from attnviz.views.terminal.show import query_row, show

        for note in record.notes:
            say(note, self.quiet)
        self._write_files(record, choice, language)
        if self.json:
            put_text(record.to_json())
            return
        target = console()
        screen = self._below(record.notes, screen_of(target, language, self.scale))
        if query is None:
            put(target, show(record, self.show, choice, screen))
        else:
            put(target, query_row(record, query, choice, screen))
        if self.explain:
            put_explanation(target, record, choice, language, self.quiet)

    def _write_files(self, record: AttentionRecord, choice: Choice, language: Language) -> None:
        from attnviz.cli.output import say, write_output

        for path in self.output or []:
            for note in write_output(record, path, choice, language, self.scale, show=self.show):
                say(note, self.quiet)
            say(language.say("run.saved", path=path), self.quiet)

    def _below(self, notes: Sequence[str], screen: Screen) -> Screen:
        """What the notes leave of a screen: both are on it."""
        told = 0 if self.quiet else sum(-(-len(note) // screen.width) for note in notes)
        return replace(screen, height=max(screen.height - told, 1))
