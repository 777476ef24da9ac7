"""`attnviz view`: a saved record or somebody else's arrays; no model runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attnviz.cli import options
from attnviz.cli.view_options import Display


@options.spread
def view(
    *,
    file: Annotated[
        Path, typer.Argument(help="A record, or weights: .npz .npy .json .csv .safetensors.")
    ],
    tokens: Annotated[
        Path | None,
        typer.Option(
            help="The tokens: a JSON list, or one per line.", show_default="the file's; positions"
        ),
    ] = None,
    key_tokens: Annotated[
        Path | None, typer.Option(help="The tokens of the columns, where they are others.")
    ] = None,
    type: Annotated[
        str | None,
        typer.Option("--type", "-t", help=f"What is masked, if you know: {options.TYPES}."),
    ] = None,
    display: Display,
) -> None:
    """Show a saved record, or weights that you already have. No model runs.

    attnviz view record.npz

    attnviz view attention.npy --tokens words.txt --type causal

    attnviz view attentions.safetensors --layer 3 --show grid -o map.png
    """
    # Imported here, so that --help and a wrong option answer at once.
    from attnviz.language.languages import find_language
    from attnviz.record.open_file import open_file

    find_language(display.lang)  # refused before any work
    display.check([file, tokens, key_tokens])
    labels = _labels(tokens, "--tokens")
    record = open_file(file, labels, _labels(key_tokens, "--key-tokens"), type=type)
    record = record if display.stack is None else record.looking_at(display.stack)
    display.put(record, display.look(record))


def _labels(path: Path | None, option: str) -> list[str] | None:
    from attnviz.cli.read_text import given_text
    from attnviz.record.open_file import tokens_of

    return None if path is None else tokens_of(given_text(None, path, option) or "", str(path))
