"""`attnviz run`: trace a text and show its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attnviz.errors import AttnvizError

TYPES = "self · causal · cross · local · global"
SHOWS = "auto · table · heatmap · grid · top · arcs · none"


def run(
    text: Annotated[
        str | None, typer.Argument(help="The text; - reads standard input.", show_default=False)
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Read the text from a file.", show_default=False)
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            help="Cross-attention: the text looked at (keys, values).", show_default=False
        ),
    ] = None,
    source_file: Annotated[
        Path | None, typer.Option(help="Read the source from a file.", show_default=False)
    ] = None,
    type: Annotated[
        str | None,
        typer.Option("--type", "-t", help=TYPES, show_default="self"),
    ] = None,
    heads: Annotated[
        int, typer.Option("--heads", "-H", help="How many built-in heads, 1 to 64.")
    ] = 4,
    window: Annotated[
        int, typer.Option("--window", "-w", help="Local and global: tokens seen on each side.")
    ] = 2,
    global_tokens: Annotated[
        str,
        typer.Option(help="Global: positions or words, comma between; they see all, all see them."),
    ] = "0",
    model: Annotated[
        str, typer.Option("--model", "-m", help="builtin (constructed heads) or random.")
    ] = "builtin",
    tokenizer: Annotated[
        str, typer.Option(help="words · characters · bytes · the path of a tokenizer.json.")
    ] = "words",
    layer: Annotated[str, typer.Option(help="The layer to show.")] = "0",
    head: Annotated[
        str, typer.Option(help="The head to show: 2 · 0,2 · 0-3 · all · mean.")
    ] = "mean",
    show_: Annotated[str, typer.Option("--show", help=SHOWS)] = "auto",
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            help="Write a file; the suffix chooses: .png .svg .pdf .json .csv .npz. Repeatable.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The record as JSON on stdout.")] = False,
    seed: Annotated[int, typer.Option(help="For --model random.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No messages.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="More messages.")] = False,
) -> None:
    """Show where every token of a text looks.

    attnviz run "The cat sat on the mat because it was tired" --type local

    attnviz run "Lmouch gles" --source "The cat sat" --show arcs

    attnviz run --file story.txt --type causal -o map.png -o weights.csv
    """
    # Imported here, so that --help and a wrong option answer at once.
    from attnviz.cli.output import check_outputs, console, put, say, screen_of, write_outputs
    from attnviz.cli.texts import given_text
    from attnviz.tracing import trace
    from attnviz.views.choice import choose
    from attnviz.views.terminal import check_show, show

    check_show(show_)
    outputs = output or []
    check_outputs(outputs, [file, source_file])
    words = given_text(text, file)
    if words is None:
        raise AttnvizError(
            "There is no text.", "Give one, or --file FILE, or - for standard input."
        )
    record = trace(
        words,
        type=type,
        heads=heads,
        window=window,
        global_tokens=[word.strip() for word in global_tokens.split(",") if word.strip()],
        source=given_text(source, source_file, "--source-file"),
        model=model,
        tokenizer=tokenizer,
        seed=seed,
    )
    choice = choose(record.stack, layer, head)
    if verbose:
        queries, keys = record.stack.shape
        kept = "streamed" if record.stack.weights is None else "kept whole"
        say(f"{queries} queries × {keys} keys, weights {kept}", quiet)
    if json:
        print(record.to_json(), end="")
    else:
        target = console()
        put(target, show(record, show_, choice, screen_of(target)))
    write_outputs(record, outputs, choice, show_, quiet)
