"""`attnviz translate`: a translation, and which words each of its words looked at."""

from __future__ import annotations

from typing import Annotated

import typer

from attnviz.cli import options
from attnviz.cli.picture_options import Drawing
from attnviz.cli.writing_options import AlignedCsv, AlignedJson, Writing

NAMES = "facebook/nllb-200-distilled-600M, Helsinki-NLP/opus-mt-en-ar"
INSTEAD = 'attnviz run "Lmouch gles" --source "The cat sat" shows constructed cross-attention.'


@options.spread
def translate(
    *,
    text: options.Text = None,
    file: options.File = None,
    model: Annotated[
        str, typer.Option("--model", "-m", help="NLLB, M2M-100, mBART, Marian …")
    ] = "",
    source_lang: Annotated[
        str | None, typer.Option("--from", help="The code of the text's language (eng_Latn).")
    ] = None,
    target_lang: Annotated[
        str | None, typer.Option("--to", help="The code of the other language (ary_Arab).")
    ] = None,
    writing: Writing,
    output: options.Output = None,
    json: AlignedJson = False,
    csv: AlignedCsv = False,
    lang: options.Lang = None,
    quiet: options.Quiet = False,
    drawing: Drawing,
) -> None:  # fmt: skip
    """Translate a text, and show which of its words each written word looked at.

    attnviz translate "A cat." -m facebook/nllb-200-distilled-600M --from eng_Latn --to ary_Arab

    attnviz translate "The cat sleeps." --model Helsinki-NLP/opus-mt-en-fr
    """
    from attnviz.cli.applications import Application, need_model
    from attnviz.cli.read_text import the_text

    need_model(model, "translation", NAMES, INSTEAD)
    job = Application("words", output, json, csv, lang, quiet, drawing)
    job.check([file])
    job.write(
        model=model, source=the_text(text, file), source_lang=source_lang, target_lang=target_lang,
        **writing.settings(),
    )  # fmt: skip
