"""`attnviz check`: is what a measure says of tokens true of the answer?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli import options
from attnviz.cli.picture_options import Drawing

if TYPE_CHECKING:
    from attnviz.analysis.check import Check
    from attnviz.language.language import Language

PICTURES = (".png", ".svg", ".pdf")


@options.spread
def check(
    *,
    text: options.Text = None,
    file: options.File = None,
    model: Annotated[
        str, typer.Option("--model", "-m", help="minilm · smollm2 · a folder · a hub id.")
    ] = "minilm",
    measure: Annotated[
        str,
        typer.Option(
            help="Of weights · values · contributions · rollout · flow · length, with commas; all."
        ),
    ] = "all",
    texts: Annotated[
        Path | None,
        typer.Option(help="Several texts, one a line.", show_default="ten bundled sentences"),
    ] = None,
    layer: Annotated[
        str, typer.Option(help="Whose attention is taken: 2 · -1 · last.", show_default="last")
    ] = "-1",
    answer: Annotated[str | None, typer.Option(help="Measure this answer's probability.")] = None,
    against: Annotated[
        str | None, typer.Option("--not", help="With --answer: the difference of the two.")
    ] = None,
    random: Annotated[int, typer.Option(help="Random orders of each text: 20 or more.")] = 20,
    seed: Annotated[int, typer.Option(help="Draws the random orders.")] = 0,
    pair: options.Pair = None,
    source: options.Source = None,
    ids: options.Ids = None,
    truncate: options.Truncate = False,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help=".json · .csv · .png · .svg · .pdf; repeatable."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The numbers as JSON on stdout.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The numbers as CSV on stdout.")] = False,
    lang: options.Lang = None,
    quiet: options.Quiet = False,
    drawing: Drawing,
) -> None:
    """Test whether tokens that get much attention matter: hide them in that order, and look.

    attnviz check "The cat sat on the mat because it was tired" --model minilm

    attnviz check --texts reviews.txt --model minilm --measure values,rollout -o check.png

    Every order stands beside random ones, and beside hiding tokens one at a time.
    """
    from attnviz.analysis.check import SUFFIXES
    from attnviz.cli.output import (
        check_format,
        check_outputs,
        console,
        put,
        put_numbers,
        save_numbers,
        screen_of,
    )
    from attnviz.cli.progress import Ticker
    from attnviz.cli.read_text import given_text, the_text
    from attnviz.language.language import TERMINAL
    from attnviz.language.languages import find_language
    from attnviz.record.numbering import layer_number
    from attnviz.tracing.check import check as checked
    from attnviz.views.terminal.check import check as view

    language = find_language(lang)
    check_format(json, csv)
    check_outputs(output or [], [file, texts], (*SUFFIXES, *PICTURES))
    drawing.check_drawing(output or [], lang, quiet)
    lines = None if texts is None else the_text(None, texts).splitlines()
    with Ticker(quiet, language) as ticker:
        found = checked(
            given_text(text, file), model=model, measures=[*map(str.strip, measure.split(","))],
            texts=lines, layer=layer_number(layer), answer=answer, against=against,
            n_random=random, seed=seed, pair=pair, source=source,
            ids=options.token_ids(ids, "--ids"), truncate=truncate,
            progress=lambda n, total: ticker.tell(
                n, total, language.say("run.text", TERMINAL, n=n, total=total)
            ),
        )  # fmt: skip
    save_numbers(
        found,
        output or [],
        PICTURES,
        lambda kind: _drawn(found, kind, language, drawing),
        language,
        quiet,
        model,
    )
    if json or csv:
        put_numbers(found, model, csv=csv)
        return
    target = console()
    put(target, view(found, screen_of(target), language))


def _drawn(found: Check, kind: str, language: Language, drawing: Drawing) -> bytes:
    from attnviz.views.picture.check import picture

    return picture(found, kind, language, drawing.style())
