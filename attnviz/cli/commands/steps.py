"""`attnviz steps`: one query through the four steps, in numbers."""

from __future__ import annotations

from typing import Annotated

import typer

from attnviz.cli import options
from attnviz.cli.model_options import TextPass
from attnviz.cli.numbers_output import Numbers
from attnviz.errors import AttnvizError


@options.spread
def steps(
    *,
    query: Annotated[
        str | None,
        typer.Option("--query", help='The word that looks: "cat", "cat#2" or a position.'),
    ] = None,
    head: Annotated[str, typer.Option(help="The head to follow: 2, or layer.head: 2.8.")] = "0",
    layer: Annotated[str, typer.Option(help="The layer, of a checkpoint: 2 · -1 · last.")] = "0",
    asked: TextPass,
    numbers: Numbers,
    lang: options.Lang = None,
) -> None:
    """Follow one query through the four steps: scores, softmax, weighted sum, merging.

    attnviz steps "The cat sat on the mat" --query cat --head 2

    Every number can be worked out from the numbers above it, to the digits shown.
    """
    from rich.console import Group

    from attnviz.cli.output import console, put
    from attnviz.language.languages import find_language
    from attnviz.tracing.trace import trace_steps
    from attnviz.views.terminal.steps import all_steps

    language = find_language(lang)
    numbers.check([asked.file])
    if query is None:
        raise AttnvizError(
            "No query was chosen.", "Name a word of the text with --query.", key="err.no_query"
        )
    found = trace_steps(asked.read(), query, head=head, layer=layer, **asked.settings())

    def show() -> None:
        put(console(), Group(*all_steps(found, language)))

    numbers.put(found.to_json, found.to_csv, language, show, [asked.model])
