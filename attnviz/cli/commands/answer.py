"""`attnviz answer`: where a passage answers a question, and where the question's words look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attnviz.cli import options
from attnviz.cli.picture_options import Drawing
from attnviz.cli.writing_options import AlignedCsv, AlignedJson, Model, Writing


@options.spread
def answer(
    *,
    question: Annotated[str, typer.Argument(help="The question.")],
    passage: Annotated[Path | None, typer.Option(help="The file of the passage.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="The passage itself.")] = None,
    model: Model = "smollm2",
    writing: Writing,
    output: options.Output = None,
    json: AlignedJson = False,
    csv: AlignedCsv = False,
    lang: options.Lang = None,
    quiet: options.Quiet = False,
    drawing: Drawing,
) -> None:
    """Answer a question from a passage, and show what in it was looked at.

    attnviz answer "Who sat on the mat?" --passage samples/texts/passage.txt --model smollm2

    attnviz answer "Who sat?" --text "The cat sat." --model distilbert-base-cased-distilled-squad
    """
    from attnviz.cli.applications import Application, longest
    from attnviz.cli.read_text import the_text
    from attnviz.models import load_checkpoint
    from attnviz.models.network.prediction_head import ANSWER

    job = Application("words", output, json, csv, lang, quiet, drawing)
    job.check([passage])
    words, found = the_text(text, passage), load_checkpoint(model)
    if found.head.kind == ANSWER:
        job.find(found, question, words)
    elif found.reads_source:
        job.write(
            model=found, source=f"question: {question} context: {words}", **writing.settings()
        )
    else:
        asked = f"{words}\n\nAnswer from this text alone: {question}"
        job.write(model=found, text=asked, chat=True, **writing.settings() | longest(writing))
