"""`attnviz lens`: what each layer would answer."""

from __future__ import annotations

from typing import Annotated

import typer

from attnviz.cli import options
from attnviz.cli.numbers_output import Numbers


@options.spread
def lens(
    *,
    text: options.Text = None,
    file: options.File = None,
    model: Annotated[
        str, typer.Option("--model", "-m", help="smollm2 · induction · a folder · a hub id.")
    ] = "smollm2",
    answer: Annotated[
        str | None, typer.Option(help="Follow this answer.", show_default="the model's own")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option("--not", help="Another answer: what adds to the difference of the two."),
    ] = None,
    source: options.Source = None,
    ids: options.Ids = None,
    top: Annotated[int | None, typer.Option(min=1, help="Rows of parts.")] = None,
    numbers: Numbers,
    lang: options.Lang = None,
) -> None:
    """Read the prediction at every depth, as if each layer were the last.

    attnviz lens "18 4 21 10 11 2 22 6 18 4 21 10 11 2 22" --model induction

    attnviz lens "The capital of Morocco is" --model smollm2 --answer Rabat --not Paris

    With --not, every head's direct share in logit(answer) − logit(not) is listed; the rest is what
    feed-forward parts, words and biases add.
    """
    from attnviz.cli.output import console, put, screen_of
    from attnviz.cli.read_text import given_text, the_text
    from attnviz.language.languages import find_language
    from attnviz.tracing.lens import lens as read_depths
    from attnviz.views.terminal.depths import depths

    language = find_language(lang)
    numbers.check([file])
    given = options.token_ids(ids, "--ids")
    read = the_text(text, file) if given is None else given_text(text, file)
    found = read_depths(read, model=model, answer=answer, against=against, source=source, ids=given)

    def show() -> None:
        target = console()
        put(target, depths(found, screen_of(target), top=top))

    numbers.put(found.to_json, found.to_csv, language, show, [model])
