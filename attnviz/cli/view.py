"""`attnviz view`: a saved record or somebody else's arrays; no model runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attnviz.cli import options


def view(
    file: Annotated[
        Path,
        typer.Argument(
            help="A record, or weights: .npz .npy .json .csv .safetensors.", show_default=False
        ),
    ],
    tokens: Annotated[
        Path | None,
        typer.Option(
            help="The tokens: a JSON list, or one per line.", show_default="the file's; positions"
        ),
    ] = None,
    key_tokens: Annotated[
        Path | None,
        typer.Option(help="The tokens of the columns, where they are others.", show_default=False),
    ] = None,
    type: Annotated[
        str | None,
        typer.Option(
            "--type",
            "-t",
            help=f"What is masked, if you know: {options.TYPES}.",
            show_default=False,
        ),
    ] = None,
    stack: options.Stack = None,
    layer: options.Layer = "0",
    head: options.Head = "mean",
    show_: options.Show = "auto",
    scale: options.Scale = "auto",
    output: options.Output = None,
    json: options.Json = False,
    explain: options.Explain = False,
    lang: options.Lang = None,
    quiet: options.Quiet = False,
) -> None:
    """Show a saved record, or weights that you already have. No model runs.

    attnviz view record.npz

    attnviz view attention.npy --tokens words.txt --type causal

    attnviz view attentions.safetensors --layer 3 --show grid -o map.png
    """
    # Imported here, so that --help and a wrong option answer at once.
    from dataclasses import replace

    from attnviz.cli.output import (
        check_outputs,
        console,
        put,
        put_explanation,
        put_text,
        say,
        screen_of,
        write_outputs,
    )
    from attnviz.cli.texts import given_text
    from attnviz.explain.language import language
    from attnviz.formats import open_file, tokens_of
    from attnviz.views.choice import choose
    from attnviz.views.scale import check_scale
    from attnviz.views.terminal import check_show, show

    words = language(lang)
    check_show(show_)
    check_scale(scale)
    outputs = output or []
    check_outputs(outputs, [file, tokens, key_tokens])
    labels, key_labels = (
        None if path is None else tokens_of(given_text(None, path, option) or "", str(path))
        for path, option in ((tokens, "--tokens"), (key_tokens, "--key-tokens"))
    )
    record = open_file(file, labels, key_labels, type=type)
    record = record if stack is None else record.looking_at(stack)
    choice = choose(record.stack, layer, head, show_)
    for note in record.notes:
        say(note, quiet)
    write_outputs(record, outputs, choice, show_, words, quiet, scale)
    target = console()
    if json:
        put_text(record.to_json())
    else:
        screen = screen_of(target, words, scale)
        told = 0 if quiet else sum(-(-len(note) // screen.width) for note in record.notes)
        screen = replace(screen, height=max(screen.height - told, 1))  # both on one screen
        put(target, show(record, show_, choice, screen))
    if explain and not json:
        put_explanation(target, record, choice, words, quiet)
