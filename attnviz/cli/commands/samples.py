"""`attnviz samples`: the bundled texts, and how to run each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli import options
from attnviz.cli.numbers_output import Numbers

if TYPE_CHECKING:
    from attnviz.cli.bundled import Sample
    from attnviz.language.language import Language


@options.spread
def samples(
    *,
    name: Annotated[str | None, typer.Argument(help="Print this sample's text.")] = None,
    numbers: Numbers,
    lang: options.Lang = None,
) -> None:
    """List the bundled samples, or print one.

    attnviz samples

    attnviz run --sample chinese

    attnviz samples english | attnviz run --type causal
    """
    from attnviz.cli.bundled import find_sample, load
    from attnviz.language.languages import find_language

    language = find_language(lang)
    numbers.check()
    listed = load() if name is None else [find_sample(name)]

    def show() -> None:
        _show(listed, language, whole=name is not None)

    rows = [_row(sample, whole=name is not None) for sample in listed]
    numbers.put_rows(rows if name is None else rows[0], rows, language, show)


def _row(sample: Sample, *, whole: bool) -> dict[str, str]:
    row = {
        "name": sample.name, "title": sample.title, "language": sample.language,
        "command": f"attnviz run --sample {sample.name}",
    }  # fmt: skip
    return row | {"text": sample.text()} if whole else row


def _show(listed: Sequence[Sample], language: Language, *, whole: bool) -> None:
    from attnviz.cli.output import put_text
    from attnviz.language.language import TERMINAL

    if whole:
        put_text(listed[0].text())
        return
    width = max(len(sample.name) for sample in listed)
    for sample in listed:
        put_text(f"{sample.name:<{width}}  {language.say(f'sample.{sample.name}', TERMINAL)}\n")
    command = f"attnviz run --sample {listed[0].name}"
    put_text(f"\n{language.say('sample.run', TERMINAL, command=command)}\n")
