"""`attnviz samples`: the bundled texts, and how to run each."""

from __future__ import annotations

from typing import Annotated

import typer


def samples(
    name: Annotated[str | None, typer.Argument(help="Print this sample's text.")] = None,
) -> None:
    """List the bundled samples, or print one.

    attnviz samples

    attnviz run --sample chinese

    attnviz samples english | attnviz run --type causal
    """
    from attnviz.cli.bundled import find_sample, load
    from attnviz.cli.output import put_text

    if name is not None:
        put_text(find_sample(name).text())
        return
    listed = load()
    width = max(len(sample.name) for sample in listed)
    for sample in listed:
        put_text(f"{sample.name:<{width}}  {sample.title}\n")
    put_text(f"\nRun one: attnviz run --sample {listed[0].name}\n")
