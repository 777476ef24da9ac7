"""`attnviz samples`: the bundled texts, and how to run each."""

from __future__ import annotations

from typing import Annotated

import typer

from attnviz.cli import options


def samples(
    name: Annotated[str | None, typer.Argument(help="Print this sample's text.")] = None,
    lang: options.Lang = None,
) -> None:
    """List the bundled samples, or print one.

    attnviz samples

    attnviz run --sample chinese

    attnviz samples english | attnviz run --type causal
    """
    from attnviz.cli.bundled import find_sample, load
    from attnviz.cli.output import put_text
    from attnviz.language.language import TERMINAL
    from attnviz.language.languages import find_language

    language = find_language(lang)
    if name is not None:
        put_text(find_sample(name).text())
        return
    listed = load()
    width = max(len(sample.name) for sample in listed)
    for sample in listed:
        put_text(f"{sample.name:<{width}}  {language.say(f'sample.{sample.name}', TERMINAL)}\n")
    command = f"attnviz run --sample {listed[0].name}"
    put_text(f"\n{language.say('sample.run', TERMINAL, command=command)}\n")
