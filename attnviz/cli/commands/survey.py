"""`attnviz survey`: every head over many texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from attnviz.cli import options
from attnviz.cli.picture_options import Drawing

Files = Annotated[
    list[str],
    typer.Argument(
        help="Texts: .txt (one a line) .csv .tsv .jsonl .parquet · pictures, sounds, or a "
        "folder of them · patterns · - (stdin)."
    ),
]


@options.spread
def survey(
    *,
    files: Files,
    model: options.Model = "builtin",
    type: options.Type = None,
    heads: options.Heads = None,
    window: options.Window = None,
    tokenizer: options.Tokenizer = None,
    truncate: options.Truncate = False,
    seed: options.Seed = 0,
    stack: options.Stack = None,
    column: Annotated[
        str | None, typer.Option(help="The column of the texts.", show_default="text")
    ] = None,
    pair_column: Annotated[
        str | None, typer.Option(help="The column of second texts, for models that take two.")
    ] = None,
    group_column: Annotated[
        str | None, typer.Option(help="Compare by the values of this column; pictures by 'folder'.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many texts.")] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="So many texts, drawn from all with --seed.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes of this machine.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="The address of a Dask scheduler: tcp://host:8786.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Keep finished parts here; the same command goes on.")
    ] = None,
    effect: Annotated[
        bool, typer.Option(help="Measure what changes without each head; slow.")
    ] = False,
    strict: Annotated[bool, typer.Option(help="Stop at a text that cannot be run.")] = False,
    sort: Annotated[
        str | None,
        typer.Option(help="Order and colour by a measure.", show_default="evenness, or effect"),
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, help="Rows of the table.", show_default="what fits")
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", help=".npz .json .csv .parquet · .png .svg .pdf · .html; repeatable."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The heads as JSON on stdout.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The heads as CSV on stdout.")] = False,
    lang: options.Lang = None,
    quiet: options.Quiet = False,
    drawing: Drawing,
) -> None:
    """Measure every head over many texts: means, spreads, labels and examples.

    attnviz survey reviews.csv --column review --model minilm -o survey.npz

    attnviz survey prompts.txt --model ./checkpoint --workers 2 --folder out

    Weights are never kept. With --folder, what ended is kept: after Ctrl-C or a crash the same
    command goes on where it was and gives the same bytes.
    """
    from attnviz.cli.model_options import of_no_checkpoint
    from attnviz.cli.output import check_format, check_outputs, say
    from attnviz.cli.progress import texts_done
    from attnviz.cli.surveys import best_so_far, check_sort, show_survey, write_survey
    from attnviz.inputs.corpus import Columns, Corpus
    from attnviz.language.languages import find_language
    from attnviz.tracing.survey import survey as run_survey
    from attnviz.views.survey_files import SUFFIXES

    language = find_language(lang)
    check_outputs(output or [], [Path(file) for file in files if file != "-"], SUFFIXES)
    check_format(json, csv)
    check_sort(sort)
    if effect and model in ("builtin", "random"):
        raise of_no_checkpoint()
    drawing.check_drawing(output or [], lang, quiet)
    corpus = Corpus(files, Columns(column, pair_column, group_column), limit, sample, seed)
    given: dict[str, Any] = {"type": type, "heads": heads, "tokenizer": tokenizer}
    asked = {name: value for name, value in given.items() if value is not None}
    asked |= options.of_type(window, None) | ({"truncate": True} if truncate else {})
    asked |= {"seed": seed} if model == "random" else {}
    if scheduler is not None:
        from attnviz.tracing.engines import dashboard

        address = dashboard(scheduler)
        if address:
            say(language.say("survey.dashboard", path=address), quiet)
    with texts_done(quiet, language, lambda: corpus.share) as told:
        found = run_survey(
            corpus, model=model, workers=workers, scheduler=scheduler, folder=folder, stack=stack,
            strict=strict, effect=effect, so_far=told and best_so_far(told, sort), **asked,
        )  # fmt: skip
    write_survey(found, output or [], sort, language, quiet, drawing.style())
    show_survey(found, language, quiet, json=json, csv=csv, sort=sort, top=top)
