"""`attnviz effect`: does it matter? Take heads, layers, tokens or edges away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli import options
from attnviz.cli.picture_options import Drawing
from attnviz.errors import AttnvizError

if TYPE_CHECKING:
    from attnviz.analysis.effects import Effects
    from attnviz.language.language import Language

PICTURES = (".png", ".svg", ".pdf", ".html")


@options.spread
def effect(
    *,
    text: options.Text = None,
    file: options.File = None,
    model: Annotated[
        str,
        typer.Option("--model", "-m", help="minilm · smollm2 · induction · a folder · a hub id."),
    ] = "minilm",
    of: Annotated[str, typer.Option(help="heads · layers · tokens · edges")] = "heads",
    by: Annotated[str, typer.Option(help="What stands in place of a head: mean · zero · text")] = (
        "mean"
    ),
    head: Annotated[
        str | None, typer.Option(help="Heads that go together, as layer.head: 5.3,-1.11")
    ] = None,
    edge: Annotated[
        list[str] | None, typer.Option(help='A query that may not see a key: "it>cat"; repeatable.')
    ] = None,
    answer: Annotated[str | None, typer.Option(help="Measure this answer's probability.")] = None,
    against: Annotated[
        str | None, typer.Option("--not", help="With --answer: the difference of the two.")
    ] = None,
    other: Annotated[
        str | None,
        typer.Option(
            help="The text that --by text takes heads from; else one that is to be alike."
        ),
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="Texts of the mean, one a line.", show_default="ten bundled")
    ] = None,
    pair: options.Pair = None,
    source: options.Source = None,
    stack: options.Stack = None,
    ids: options.Ids = None,
    truncate: options.Truncate = False,
    top: Annotated[
        int | None, typer.Option(min=1, help="Rows of the tables.", show_default="what fits")
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help=".json · .csv · .npz · .png · .svg · .pdf · .html."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The numbers as JSON on stdout.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The numbers as CSV on stdout.")] = False,
    lang: options.Lang = None,
    quiet: options.Quiet = False,
    drawing: Drawing,
) -> None:
    """Measure what changes the answer: each head knocked out, each token hidden, edges cut.

    attnviz effect "The cat sat on the mat because it was tired" --model minilm

    attnviz effect "7 3 11 5 7 3 11" --model induction --head 0.1,1.2

    attnviz effect "The cat sat because it was tired" --model minilm --of edges --edge "it>cat"

    The answer is the next token, the [MASK], the class or the span, or else the vector of the text.
    """
    from attnviz.analysis.effects import SUFFIXES
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
    from attnviz.tracing.effects import effects
    from attnviz.views.terminal.effects import effects as view

    language = find_language(lang)
    check_format(json, csv)
    check_outputs(output or [], [file, reference], (*SUFFIXES, *PICTURES))
    drawing.check_drawing(output or [], lang, quiet)
    numbers = options.token_ids(ids, "--ids")
    read = the_text(text, file) if numbers is None else given_text(text, file)
    texts = None if reference is None else the_text(None, reference).splitlines()
    with Ticker(quiet, language) as ticker:
        found = effects(
            read, model=model, of="edges" if edge and of == "heads" else of, by=by,
            heads=head or (), edges=[_edge(one) for one in edge or []], reference=texts,
            other=other, answer=answer, against=against, stack=stack, pair=pair, source=source,
            ids=numbers, truncate=truncate,
            progress=lambda n, total: ticker.tell(
                n, total, language.say("run.layer", TERMINAL, n=n, total=total)
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
    put(target, view(found, screen_of(target), language, top=top))


def _drawn(found: Effects, kind: str, language: Language, drawing: Drawing) -> bytes:
    """A picture, or a page."""
    if kind == "html":
        from attnviz.views.page.effects import page

        return page(found, language)
    from attnviz.views.picture.effects import picture

    return picture(found, kind, language, drawing.style())


def _edge(wanted: str) -> tuple[str, str]:
    """Read "it>cat"."""
    query, arrow, key = wanted.partition(">")
    if not (arrow and query.strip() and key.strip()):
        raise AttnvizError(
            f'"{wanted[:40]}" is not an edge.',
            'Write query>key, such as "it>cat".',
            key="err.not_edge",
            wanted=wanted[:40],
        )
    return query.strip(), key.strip()
