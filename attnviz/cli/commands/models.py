"""`attnviz models`: which families load, and what a checkpoint holds."""

from __future__ import annotations

from typing import Annotated

import typer

from attnviz.cli import options

DIFFERS = 1  # exit status of --verify where the numbers are other numbers


def models(
    path: Annotated[
        str | None,
        typer.Argument(help="A checkpoint folder, a .gguf file, a hub id, minilm or smollm2."),
    ] = None,
    adapter: options.Adapter = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare with transformers, layer by layer.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON on stdout.")] = False,
    lang: options.Lang = None,
) -> None:
    """List the families that load, or say what a checkpoint holds and whether it loads.

    attnviz models

    attnviz models minilm

    attnviz models ./my-bert --verify
    """
    from json import dumps

    from rich.console import Group

    from attnviz.cli.output import console, put, put_json
    from attnviz.errors import AttnvizError
    from attnviz.language.languages import find_language
    from attnviz.models import load_checkpoint
    from attnviz.models.families import EXAMPLES, FAMILIES
    from attnviz.views.terminal import models as views

    language = find_language(lang)
    if path is None:
        if verify:
            raise AttnvizError(
                "There is nothing to verify.", "Name a checkpoint.", key="err.nothing_verify"
            )
        if json:
            put_json(dumps(FAMILIES) + "\n")
        else:
            put(console(), Group(*views.families(FAMILIES, EXAMPLES, language)))
        return
    model = load_checkpoint(path, adapter)
    if not verify:
        about = model.about() | {"sha256": model.hashes()}
        if json:
            put_json(dumps(about) + "\n")
        else:
            put(console(), Group(*views.about(about, language)))
        return
    from attnviz.tracing.verify import verify as compare

    found = compare(model)
    if json:
        put_json(dumps({"errors": found.errors, "hidden": found.hidden}) + "\n")
    else:
        put(console(), Group(*views.verified(found.errors, found.hidden, found.agrees, language)))
    if not found.agrees:
        raise typer.Exit(DIFFERS)
