"""`attnviz steps`: one query through the four steps, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli import options
from attnviz.cli.model_options import TextPass
from attnviz.cli.numbers_output import Numbers
from attnviz.errors import both_given

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from attnviz.analysis.steps import Steps
    from attnviz.analysis.tiny import TinySteps
    from attnviz.language.language import Language


@options.spread
def steps(
    *,
    query: Annotated[
        str | None,
        typer.Option(
            "--query",
            help='The word that looks: "cat", "cat#2" or a position; the last one unless given.',
        ),
    ] = None,
    head: Annotated[str, typer.Option(help="The head to follow: 2, or layer.head: 2.8.")] = "0",
    layer: Annotated[
        str, typer.Option(help="The layer, of a checkpoint: 2 · -1 · last.")
    ] = "first",
    tiny: Annotated[
        bool,
        typer.Option("--tiny", help="A model of 4 tokens, 4 numbers and 2 heads, shown whole."),
    ] = False,
    asked: TextPass,
    numbers: Numbers,
    lang: options.Lang = None,
) -> None:
    """Follow one query through the four steps: scores, softmax, weighted sum, merging.

    attnviz steps "The cat sat on the mat" --query cat --head 2

    attnviz steps --tiny

    Every number can be worked out from the numbers above it, to the digits shown.
    """
    from rich.console import Group

    from attnviz.cli.output import console, put
    from attnviz.language.languages import find_language

    language = find_language(lang)
    numbers.check([asked.file])
    found, view = _followed(asked, query, head, layer, language, tiny=tiny)

    def show() -> None:
        put(console(), Group(*view()))

    numbers.put(found.to_json, found.to_csv, language, show, [asked.model])


def _followed(
    asked: TextPass, query: str | None, head: str, layer: str, language: Language, *, tiny: bool
) -> tuple[Steps | TinySteps, Callable[[], list[RenderableType]]]:
    """The steps, and what draws them."""
    if not tiny:
        from attnviz.tracing.trace import trace_steps
        from attnviz.views.terminal.steps import all_steps

        found = trace_steps(asked.read(), query, head=head, layer=layer, **asked.settings())
        return found, lambda: all_steps(found, language)
    from attnviz.tracing.tiny import trace_tiny
    from attnviz.views.terminal.tiny import tiny_view

    _refuse_beside_tiny(asked)
    given = any(one is not None for one in (asked.text, asked.file, asked.sample))
    text = asked.read() if given else language.example.tiny
    settings = asked.settings()
    kept = {name: settings[name] for name in ("type", "window", "global_tokens")
            if settings.get(name) is not None}  # fmt: skip
    traced = trace_tiny(text, query, head=head, layer=layer, **kept)
    return traced, lambda: tiny_view(traced, language)


def _refuse_beside_tiny(asked: TextPass) -> None:
    """Refuse options that the tiny model has no use for. Raises AttnvizError."""
    plain = {"model": "builtin", "truncate": False, "seed": 0}
    for name in ("model", "heads", "adapter", "tokenizer", "pair", "source", "source_file",
                 "truncate"):  # fmt: skip
        if getattr(asked, name) != plain.get(name):
            raise both_given("--tiny", f"--{name.replace('_', '-')}")
