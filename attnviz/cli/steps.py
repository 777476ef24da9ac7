"""`attnviz steps`: one query through the four steps, in numbers."""

from __future__ import annotations

from typing import Annotated

import typer

from attnviz.cli import options
from attnviz.errors import AttnvizError


def steps(
    text: options.Text = None,
    query: Annotated[
        str | None,
        typer.Option("--query", help='The word that looks: "cat", "cat#2" or a position.'),
    ] = None,
    head: Annotated[int, typer.Option(help="The head to follow.")] = 0,
    layer: Annotated[int, typer.Option(help="The layer, of a checkpoint.")] = 0,
    file: options.File = None,
    source: options.Source = None,
    source_file: options.SourceFile = None,
    type: options.Type = None,
    heads: options.Heads = None,
    window: options.Window = None,
    global_tokens: options.GlobalTokens = None,
    model: options.Model = "builtin",
    tokenizer: options.Tokenizer = None,
    pair: options.Pair = None,
    truncate: options.Truncate = False,
    seed: options.Seed = 0,
    lang: options.Lang = None,
) -> None:
    """Follow one query through the four steps: scores, softmax, weighted sum, merging.

    attnviz steps "The cat sat on the mat" --query cat --head 2

    Every number can be worked out from the numbers above it, to the digits shown.
    """
    from rich.console import Group

    from attnviz.cli.output import console, put
    from attnviz.cli.texts import given_text, the_text
    from attnviz.explain.language import language
    from attnviz.tracing import trace_steps
    from attnviz.views.steps import all_steps

    words = language(lang)
    if query is None:
        raise AttnvizError("No query was chosen.", "Name a word of the text with --query.")
    found = trace_steps(
        the_text(text, file),
        query,
        head=head,
        layer=layer,
        type=type,
        heads=heads,
        **options.of_type(window, global_tokens),
        source=given_text(source, source_file, "--source-file"),
        model=model,
        tokenizer=tokenizer,
        pair=pair,
        truncate=truncate,
        seed=seed,
    )
    put(console(), Group(*all_steps(found, words)))
