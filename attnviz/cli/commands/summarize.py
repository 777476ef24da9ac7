"""`attnviz summarize`: a summary, and which sentences each of its sentences looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from attnviz.cli import options
from attnviz.cli.picture_options import Drawing
from attnviz.cli.writing_options import AlignedCsv, AlignedJson, Model, Writing

ASK = "Summarize this text in one or two sentences:\n\n"


@options.spread
def summarize(
    *,
    file: Annotated[Path | None, typer.Argument(help="The text's file; - reads it.")] = None,
    text: Annotated[str | None, typer.Option(help="The text itself.")] = None,
    model: Model = "smollm2",
    writing: Writing,
    output: options.Output = None,
    json: AlignedJson = False,
    csv: AlignedCsv = False,
    lang: options.Lang = None,
    quiet: options.Quiet = False,
    drawing: Drawing,
) -> None:
    """Summarise a text, and show which of its sentences each written sentence looked at.

    attnviz summarize samples/texts/passage.txt --model smollm2 --max-new-tokens 40

    attnviz summarize article.txt --model facebook/bart-large-cnn
    """
    from attnviz.cli.applications import Application, longest
    from attnviz.cli.read_text import the_text
    from attnviz.models import load_checkpoint

    job = Application("sentences", output, json, csv, lang, quiet, drawing)
    job.check([file])
    found = load_checkpoint(model)
    words = the_text(text, file)
    given: dict[str, Any] = {"source": words}
    if not found.reads_source:
        given = {"text": ASK + words, "chat": True} | longest(writing)
    job.write(model=found, **writing.settings() | given)
