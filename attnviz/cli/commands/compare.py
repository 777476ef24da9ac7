"""`attnviz compare`: types, models, texts, layers, heads or files side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.cli import options
from attnviz.cli.compared import RECORDS, Named, changed_layer, heads_before, records_of, sides_of
from attnviz.cli.picture_options import Drawing
from attnviz.errors import AttnvizError

if TYPE_CHECKING:
    from attnviz.analysis.compare import Side
    from attnviz.language.language import Language
    from attnviz.record.record import Origin
    from attnviz.views.figure import FigureStyle

DIFFERS = 1  # exit status where --tolerance was not kept


@options.spread
def compare(
    *,
    items: Annotated[
        list[str] | None,
        typer.Argument(help="Texts, or records that were saved; before them, heads: 2.8 4.9."),
    ] = None,
    type: Annotated[str | None, typer.Option("--type", "-t", help="Types: self,local.")] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", help="Models: builtin,minilm.")
    ] = "builtin",
    layer: Annotated[
        str | None,
        typer.Option(
            help="Layers: 2 · 0,3 · 0-3 · last · all.", show_default="the one that changed most"
        ),
    ] = None,
    head: Annotated[
        str, typer.Option(help="Heads: 3 · 0,3 · all · mean, or layer.head: 2.8,4.9.")
    ] = "mean",
    file: options.File = None,
    source: options.Source = None,
    pair: options.Pair = None,
    heads: options.Heads = None,
    window: options.Window = None,
    global_tokens: options.GlobalTokens = None,
    tokenizer: options.Tokenizer = None,
    truncate: options.Truncate = False,
    seed: options.Seed = 0,
    measure: options.Measure = "weights",
    merge: options.Merge = None,
    hide_special: options.HideSpecial = False,
    rows: options.Rows = None,
    cols: options.Columns = None,
    scale: options.Scale = "auto",
    tolerance: Annotated[
        float | None,
        typer.Option(help="Of two records: exit 1 if any weight differs by more.", min=0),
    ] = None,
    sort: Annotated[
        str | None, typer.Option(help="Of two surveys: the measure that is compared.")
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="Write .png, .svg, .pdf, .html, .csv or .json."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The numbers as JSON on stdout.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The weights as CSV on stdout.")] = False,
    lang: options.Lang = None,
    quiet: options.Quiet = False,
    drawing: Drawing,
) -> None:
    """Show two or more things side by side on one scale, and what changed.

    attnviz compare "The cat sat on the mat because it was tired" --type self,local

    attnviz compare "The cat sat on the mat." --model minilm --head 0,2

    attnviz compare 2.8 4.9 "The cat sat on the mat." --model minilm

    attnviz compare "The cat was tired" "The dog was tired" --model minilm --layer 3

    attnviz compare before.npz after.npz --tolerance 1e-4

    attnviz compare survey1.npz survey2.npz --sort sink
    """
    from attnviz.analysis.transform import Transform
    from attnviz.cli.output import check_format, check_outputs, say
    from attnviz.language.languages import find_language
    from attnviz.views.compare_files import SUFFIXES
    from attnviz.views.scale import check_scale

    language = find_language(lang)
    items, head = heads_before(items or [], head)
    check_scale(scale)
    check_outputs(output or [], _inputs(items, file), SUFFIXES)
    check_format(json, csv)
    drawing.check_drawing(output or [], lang, quiet)
    style = drawing.style()
    if _are_surveys(
        items, sort, output or [], style, csv=csv, json=json, language=language, quiet=quiet
    ):
        return
    transform = Transform(measure, merge, hide_special, rows, cols)
    transform.check()
    settings: dict[str, Any] = options.of_type(window, global_tokens)
    settings |= {"heads": heads, "source": source, "pair": pair, "tokenizer": tokenizer}
    settings |= {"truncate": truncate, "seed": seed}
    records = records_of(items, file, type, model, transform, settings)
    most = changed_layer(records, layer, head)
    sides = sides_of(
        records, layer if most is None else str(most), head, enough=tolerance is not None
    )
    difference = None if tolerance is None else _difference(records)  # refused before it is shown
    if most is not None:
        of_all = language.say("compare.layer", n=records[0][1].stack.n_layers)
        say(f"layer {most}: {of_all}", quiet)
    models = [record.model for _, record in records]
    _put(sides, models, output or [], language, scale, style, json=json, csv=csv, quiet=quiet)
    if tolerance is not None and difference is not None:
        _hold(*difference, tolerance, language, quiet)


def _inputs(items: Sequence[str], file: Path | None) -> list[Path | None]:
    """The files that are read, which nothing is written over."""
    return [file, *(Path(item) for item in items if Path(item).suffix.lower() in RECORDS)]


def _are_surveys(
    items: Sequence[str], sort: str | None, output: Sequence[Path], style: FigureStyle, *,
    csv: bool, json: bool, language: Language, quiet: bool,
) -> bool:  # fmt: skip
    """Compare surveys, where all items are; AttnvizError where only some are."""
    from attnviz.analysis.survey_file import is_survey
    from attnviz.cli.output import check_outputs
    from attnviz.cli.surveys import COMPARED, compare_files

    surveys = [Path(item) for item in items if item.endswith(".npz") and is_survey(item)]
    if surveys and len(surveys) == len(items):
        if csv:
            raise AttnvizError(
                "Two surveys are compared as JSON, not as CSV.",
                "Use --json.",
                key="err.two_surveys",
            )
        check_outputs(output, suffixes=COMPARED)
        compare_files(
            surveys, sort=sort, output=output, json=json, language=language, quiet=quiet,
            style=style,
        )  # fmt: skip
        return True
    if sort is not None or surveys:
        raise AttnvizError(
            "A survey is compared with another survey, and --sort is of surveys.",
            "Give two files that attnviz survey wrote.",
            key="err.survey_compared",
        )
    return False


def _put(
    sides: Sequence[Side], models: Sequence[Origin], output: Sequence[Path], language: Language,
    scale: str, style: FigureStyle, *, json: bool, csv: bool, quiet: bool,
) -> None:  # fmt: skip
    """Write to the terminal, or as numbers, and to files, which are named last."""
    from json import dumps

    from rich.console import Group

    from attnviz.cli.command_given import with_origin
    from attnviz.cli.output import console, put, put_json, put_text, save, screen_of, warn_of_arabic
    from attnviz.views import compare_files
    from attnviz.views.terminal.compare import comparison

    def table() -> str:
        return with_origin(compare_files.table(sides, language), models)

    written = [
        table().encode()
        if one.suffix.lower() == ".csv"
        else compare_files.written(sides, one.suffix.lower(), language, scale, style)
        for one in output
    ]
    if json:
        put_json(dumps(compare_files.data(sides)) + "\n")
    elif csv:
        put_text(table())
    else:
        target = console()
        put(target, Group(*comparison(sides, language, screen_of(target), scale)))
        warn_of_arabic(target, language, quiet)
    for path, data in zip(output, written, strict=True):
        save(path, data, language, quiet)


def _difference(records: Named) -> tuple[float, str]:
    """The largest difference of two records' weights, and where it lies."""
    from attnviz.analysis.compare import largest_error

    if len(records) != 2:
        raise AttnvizError(
            f"--tolerance compares two records, and there are {len(records)}.",
            "Give two.",
            key="err.tolerance_compares",
            n=len(records),
        )
    return largest_error(records[0][1], records[1][1])


def _hold(worst: float, where: str, tolerance: float, language: Language, quiet: bool) -> None:
    from attnviz.cli.output import say

    key = "compare.within" if worst <= tolerance else "compare.over"
    say(language.say(key, value=f"{worst:.2e}", places=where, max=f"{tolerance:g}"), quiet)
    if worst > tolerance:
        raise typer.Exit(DIFFERS)
