"""What translating, summarising and answering share: a written text and what it looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from attnviz.cli.command_given import signed, with_origin
from attnviz.errors import EXIT_INTERRUPTED, AttnvizError

if TYPE_CHECKING:
    from attnviz.analysis.alignment import Alignment
    from attnviz.cli.picture_options import Drawing
    from attnviz.cli.writing_options import Writing
    from attnviz.models.trained import TrainedModel
    from attnviz.record.record import AttentionRecord
    from attnviz.tracing.generate import Generated

MOST_TOKENS = 80


def need_model(model: str, what: str, names: str, instead: str) -> None:
    """Raise AttnvizError that names models, and what can be seen without one."""
    if model in ("", "builtin", "random"):
        raise AttnvizError(
            f"A {what} needs a trained model: the built-in heads write nothing.",
            f"Give `model`: {names}, or a folder. Without one, {instead}",
            key="err.needs_trained",
            what=what,
            names=names,
            instead=instead,
        )


def longest(writing: Writing) -> dict[str, Any]:
    """Give chat models, which say no length of their own, room for a few sentences."""
    return {"max_new_tokens": writing.max_new_tokens or MOST_TOKENS}


@dataclass(frozen=True)
class Application:
    """One application: units of the text that are aligned, files, and how it is said."""

    units: str
    output: Sequence[Path] | None
    json: bool
    csv: bool
    lang: str | None
    quiet: bool
    drawing: Drawing

    def check(self, inputs: Sequence[Path | None]) -> None:
        """Refuse before any work what could not be written."""
        from attnviz.cli.output import check_format, check_outputs

        check_format(self.json, self.csv)
        check_outputs(self.output or [], inputs)
        self.drawing.check_drawing(self.output or [], self.lang, self.quiet)

    def write(self, **how: Any) -> None:
        """Let a model write, and show what each part of its text looked at; `how` as in
        `attnviz.generate`."""
        from attnviz.cli.writing import end_of_stream, stream_to_screen
        from attnviz.language.languages import find_language
        from attnviz.tracing.generate import generate

        for_programs = self.json or self.csv
        found = generate(stream=None if for_programs else stream_to_screen, **how)
        end_of_stream(found, find_language(self.lang), json=for_programs, quiet=self.quiet)
        self._show_written(found)
        if found.interrupted:
            raise typer.Exit(EXIT_INTERRUPTED)

    def find(self, model: TrainedModel, question: str, passage: str) -> None:
        """Find the answer in a passage, and show where the question's words look."""
        from attnviz.cli.output import console, put, put_numbers, screen_of
        from attnviz.language.languages import find_language
        from attnviz.tracing.predict import predict
        from attnviz.tracing.trace import trace
        from attnviz.views.terminal.predictions import predictions, question_view

        found = predict(question, pair=passage, model=model)
        record = trace(question, pair=passage, model=model)
        self._save(record)
        if self.json or self.csv:
            put_numbers(found, record.model, csv=self.csv)
            return
        target, language = console(), find_language(self.lang)
        screen = screen_of(target)
        put(target, predictions(found, screen, language))
        put(target, question_view(record, screen, language))

    def _show_written(self, found: Generated) -> None:
        import json

        from rich.console import Group

        from attnviz.analysis.alignment import align, to_csv, to_tree
        from attnviz.cli.output import console, put, put_json, put_text, screen_of, warn_of_arabic
        from attnviz.language.languages import find_language
        from attnviz.views.terminal.alignment import alignment_view

        record, language = signed(found.record), find_language(self.lang)
        aligned = align(record, self.units)
        self._save(record, aligned)
        if self.json:
            steps = [asdict(step) for step in found.steps]
            tree = {"text": found.text, "steps": steps, "alignment": to_tree(aligned)}
            put_json(json.dumps(tree, ensure_ascii=False, indent=1) + "\n")
            return
        if self.csv:
            put_text(with_origin(to_csv(aligned), [record.model]))
            return
        target = console()
        longest = 20 if self.units == "words" else 40
        view = alignment_view(aligned, screen_of(target), language, longest)
        put(target, Group(*view))
        warn_of_arabic(target, language, self.quiet)

    def _save(self, record: AttentionRecord, aligned: Alignment | None = None) -> None:
        from attnviz.cli.output import save, say, say_saved, write_output
        from attnviz.language.languages import find_language
        from attnviz.views.files import PICTURES
        from attnviz.views.look import Look

        language, style = find_language(self.lang), self.drawing.style()
        for path in self.output or []:
            if aligned is not None and path.suffix.lower() in PICTURES:
                from attnviz.views.picture.alignment import alignment_picture

                data = alignment_picture(aligned, path.suffix.lower()[1:], language, style)
                save(path, data, language, self.quiet)
                continue
            for note in write_output(record, path, Look(language=language, figure=style)):
                say(note, self.quiet)
            say_saved(path, language, self.quiet)
