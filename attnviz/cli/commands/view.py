"""`attnviz view`: a saved record or somebody else's arrays; no model runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attnviz.cli import options
from attnviz.cli.view_options import Display
from attnviz.errors import AttnvizError


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
        Path | None, typer.Option(help="Column tokens, if they differ from the row tokens.")
    ] = None,
    type: Annotated[
        str | None,
        typer.Option("--type", "-t", help=f"What is masked, if you know: {options.TYPES}."),
    ] = None,
    sort: Annotated[
        str | None, typer.Option(help="Of a survey: order and colour by a measure.")
    ] = None,
    top: Annotated[int | None, typer.Option(min=1, help="Of a survey: rows of the table.")] = None,
    measure: Annotated[str, typer.Option(help="weights · rollout · flow.")] = "weights",
    merge: options.Merge = None,
    hide_special: options.HideSpecial = False,
    rows: options.Rows = None,
    cols: options.Columns = None,
    query: options.Query = None,
    key: options.Key = None,
    display: Display,
) -> None:
    """Show a saved record, a survey, or weights that you already have. No model runs.

    attnviz view record.npz

    attnviz view survey.npz --sort sink -o survey.html

    attnviz view record.npz --query it --key tired

    attnviz view attention.npy --tokens words.txt --type causal

    attnviz view attentions.safetensors --layer 3 --show grid -o map.png
    """
    # Imported here, so that --help and a wrong option answer at once.
    from attnviz.analysis.survey_file import is_survey, read_survey
    from attnviz.analysis.transform import Transform
    from attnviz.cli.linked import check_key, put_link
    from attnviz.cli.output import check_outputs, say
    from attnviz.cli.surveys import check_sort, show_survey, write_survey
    from attnviz.language.language import TERMINAL
    from attnviz.language.languages import find_language
    from attnviz.record.open_file import open_file
    from attnviz.views.provenance import provenance
    from attnviz.views.survey_files import SUFFIXES

    language = find_language(display.lang)  # refused before any work
    if file.suffix.lower() == ".npz" and is_survey(file):
        outputs = list(display.output or [])
        check_outputs(outputs, [file], SUFFIXES)
        display.check_drawing(outputs, display.lang, display.quiet)
        check_sort(sort)
        found = read_survey(file)
        write_survey(found, outputs, sort, language, display.quiet, display.style())
        show_survey(found, language, display.quiet, json=display.json, sort=sort, top=top)
        return
    if sort is not None or top is not None:
        raise AttnvizError(
            "--sort and --top are of a survey, and this is none.",
            "Leave them out.",
            key="err.sort_top",
        )
    display.check([file, tokens, key_tokens])
    check_key(query, key)
    transform = Transform(measure, merge, hide_special, rows, cols, query)
    transform.check()
    labels = _labels(tokens, "--tokens")
    record = open_file(file, labels, _labels(key_tokens, "--key-tokens"), type=type)
    record = record if display.stack is None else record.looking_at(display.stack)
    record = transform.apply_to_saved(record)
    look = display.look(record, query)
    if query is not None and key is not None:
        put_link(record, look, display, query, key)
    else:
        display.put(record, look, query)
    for sentence in provenance(record, look.language, TERMINAL):
        say(sentence, display.quiet)


def _labels(path: Path | None, option: str) -> list[str] | None:
    from attnviz.cli.read_text import given_text
    from attnviz.record.open_file import tokens_of

    return None if path is None else tokens_of(given_text(None, path, option) or "", str(path))
