"""`attnviz models`: which families load, and what a checkpoint holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.cli import options
from attnviz.cli.numbers_output import Numbers

if TYPE_CHECKING:
    from rich.console import RenderableType

    from attnviz.language.language import Language
    from attnviz.models.trained import TrainedModel
    from attnviz.record.record import Origin

DIFFERS = 1  # exit status of --verify where the numbers are other numbers


@options.spread
def models(
    *,
    path: Annotated[
        str | None,
        typer.Argument(help="A checkpoint folder, a .gguf file, a hub id, minilm or smollm2."),
    ] = None,
    adapter: options.Adapter = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare with transformers, layer by layer.")
    ] = False,
    numbers: Numbers,
    lang: options.Lang = None,
) -> None:
    """List the families that load, or say what a checkpoint holds and whether it loads.

    attnviz models

    attnviz models minilm

    attnviz models ./my-bert --verify
    """
    from attnviz.errors import AttnvizError
    from attnviz.language.languages import find_language
    from attnviz.models import load_checkpoint

    language = find_language(lang)
    numbers.check()
    if path is None:
        if verify:
            raise AttnvizError(
                "There is nothing to verify.", "Name a checkpoint.", key="err.nothing_verify"
            )
        _list(numbers, language)
    elif verify:
        _verify(load_checkpoint(path, adapter), numbers, language)
    else:
        _describe(load_checkpoint(path, adapter), numbers, language)


def _list(numbers: Numbers, language: Language) -> None:
    from attnviz.models.families import EXAMPLES, FAMILIES
    from attnviz.views.terminal.models import families

    rows = [
        {"kind": EXAMPLES[family][0], "family": family, "model_type": name,
         "example": EXAMPLES[family][1]}
        for family, names in FAMILIES.items()
        for name in names
    ]  # fmt: skip
    _put(numbers, FAMILIES, rows, families(FAMILIES, EXAMPLES, language), language)


def _describe(model: TrainedModel, numbers: Numbers, language: Language) -> None:
    from attnviz.record.record import Origin
    from attnviz.views.terminal import models as views

    about = model.about() | {"sha256": model.hashes()}
    rows = [{"name": name, "value": value} for name, value in _flat(about)]
    origin = Origin(model.name, model.origin, model.details)
    _put(numbers, about, rows, views.about(about, language), language, origin)


def _flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Everything that a tree holds, each with its path: stacks.encoder.layers."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            listed = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
            yield f"{above}{name}", "" if listed is None else str(listed)


def _verify(model: TrainedModel, numbers: Numbers, language: Language) -> None:
    from attnviz.record.record import Origin
    from attnviz.tracing.verify import verify
    from attnviz.views.terminal.models import verified

    found = verify(model)
    rows: list[dict[str, Any]] = [
        {"stack": stack, "layer": layer, "error": error}
        for stack, layers in found.errors.items()
        for layer, error in zip(found.numbers[stack], layers, strict=True)
    ]
    rows.append({"stack": "hidden", "layer": None, "error": found.hidden})
    tree = {"errors": found.errors, "hidden": found.hidden}
    lines = verified(found.errors, found.numbers, found.hidden, found.agrees, language)
    origin = Origin(model.name, model.origin, model.details)
    _put(numbers, tree, rows, lines, language, origin)
    if not found.agrees:
        raise typer.Exit(DIFFERS)


def _put(
    numbers: Numbers, tree: Any, rows: Sequence[Mapping[str, Any]],
    lines: Sequence[RenderableType], language: Language, origin: Origin | None = None,
) -> None:  # fmt: skip
    from rich.console import Group

    from attnviz.cli.output import console, put

    numbers.put_rows(tree, rows, language, lambda: put(console(), Group(*lines)), [origin])
