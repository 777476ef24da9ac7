"""`attnviz compare`: types, models, texts, layers, heads or files side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.cli import options
from attnviz.errors import AttnvizError

if TYPE_CHECKING:
    from attnviz.analysis.compare import Side
    from attnviz.language.language import Language
    from attnviz.record.record import AttentionRecord

DIFFERS = 1  # exit status where --tolerance was not kept
HEAD = re.compile(r"[0-9]+\.[0-9]+")  # layer.head
RECORDS = (".npz", ".json")
SUFFIXES = (".png", ".svg", ".pdf", ".json")


def compare(
    items: Annotated[
        list[str] | None,
        typer.Argument(help="Texts, or records that were saved; before them, heads: 2.8 4.9."),
    ] = None,
    type: Annotated[str | None, typer.Option("--type", "-t", help="Types: self,local.")] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", help="Models: builtin,minilm.")
    ] = "builtin",
    layer: Annotated[str, typer.Option(help="Layers: 0,3.")] = "0",
    head: Annotated[str, typer.Option(help="Heads: 0,3 or mean.")] = "mean",
    file: options.File = None,
    source: options.Source = None,
    heads: options.Heads = None,
    window: options.Window = None,
    global_tokens: options.GlobalTokens = None,
    tokenizer: options.Tokenizer = None,
    seed: options.Seed = 0,
    tolerance: Annotated[
        float | None,
        typer.Option(help="Of two records: exit 1 if any weight differs by more.", min=0),
    ] = None,
    sort: Annotated[
        str | None, typer.Option(help="Of two surveys: the measure that is compared.")
    ] = None,
    output: Annotated[
        list[Path] | None, typer.Option("--output", "-o", help="Write .png, .svg, .pdf or .json.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The numbers as JSON on stdout.")] = False,
    lang: options.Lang = None,
    quiet: options.Quiet = False,
) -> None:
    """Show two or more things side by side on one scale, and what changed.

    attnviz compare "The cat sat on the mat because it was tired" --type self,local

    attnviz compare "The cat sat on the mat." --model minilm --head 0,2

    attnviz compare 2.8 4.9 "The cat sat on the mat." --model minilm

    attnviz compare "The cat was tired" "The dog was tired" --model minilm --layer 3

    attnviz compare before.npz after.npz --tolerance 1e-4

    attnviz compare survey1.npz survey2.npz --sort sink
    """
    from json import dumps

    from rich.console import Group

    from attnviz.analysis.survey_file import is_survey
    from attnviz.cli.output import check_outputs, console, put, put_json, save, screen_of
    from attnviz.cli.surveys import compare_files
    from attnviz.language.languages import find_language
    from attnviz.views.terminal import compare as views

    language = find_language(lang)
    items, head = _heads_before(items or [], head)
    check_outputs(output or [], suffixes=SUFFIXES)
    surveys = [Path(item) for item in items if item.endswith(".npz") and is_survey(item)]
    if surveys and len(surveys) == len(items):
        compare_files(
            surveys, sort=sort, output=output or [], json=json, language=language, quiet=quiet
        )
        return
    if sort is not None or surveys:
        raise AttnvizError(
            "A survey is compared with another survey, and --sort is of surveys.",
            "Give two files that attnviz survey wrote.",
        )
    settings: dict[str, Any] = options.of_type(window, global_tokens)
    settings |= {"heads": heads, "source": source, "tokenizer": tokenizer, "seed": seed}
    records = _records(items, file, _listed(type), _listed(model), settings)
    sides = _sides(records, _listed(layer), _listed(head), enough=tolerance is not None)
    difference = None if tolerance is None else _difference(records)  # refused before it is shown
    for path in output or []:
        save(path, _written(sides, path.suffix.lower(), language), language, quiet)
    if json:
        put_json(dumps(views.data(sides)) + "\n")
    else:
        target = console()
        put(target, Group(*views.comparison(sides, language, screen_of(target))))
    if tolerance is not None and difference is not None:
        _hold(*difference, tolerance, quiet)


def _heads_before(items: Sequence[str], head: str) -> tuple[list[str], str]:
    """The items without the heads they begin with (2.8 4.9 TEXT), and the heads to compare."""
    named = list(takewhile(HEAD.fullmatch, items))
    if named and head != "mean":
        raise AttnvizError(
            f"{' '.join(named)} and --head {head} both say which heads.", "Give one of them."
        )
    return list(items[len(named) :]), ",".join(named) or head


def _listed(given: str | None) -> list[str | None]:
    if given is None:
        return [None]
    found = [word.strip() for word in given.split(",") if word.strip()]
    if not found:
        raise AttnvizError("An option that lists something is empty.", "Give one or more values.")
    return list(found)


def _records(
    items: Sequence[str], file: Path | None, types: Sequence[str | None],
    models: Sequence[str | None], settings: dict[str, Any],
) -> list[tuple[str, AttentionRecord]]:  # fmt: skip
    """Names and records: read from files, or traced, one thing varying."""
    from attnviz.cli.read_text import given_text, the_text
    from attnviz.record.record import read
    from attnviz.tracing.trace import trace

    if file is not None and items:
        raise AttnvizError("A text and --file were both given.", "Give one of them.")
    if items and all(Path(item).suffix.lower() in RECORDS for item in items):
        return [(Path(item).name, read(item)) for item in items]
    several = [given_text(item, None) or "" for item in items] if len(items) > 1 else []
    texts = several or [the_text(items[0] if items else None, file)]
    counts = {"texts": len(texts), "types": len(types), "models": len(models)}
    varying, found = _varying(counts) or "texts", []
    for text, kind, model in product(texts, types, models):
        shown = {"texts": _short(text), "types": kind, "models": model}[varying]
        found.append((str(shown), trace(text, type=kind, model=str(model), **settings)))
    return found


def _sides(
    records: Sequence[tuple[str, AttentionRecord]], layers: Sequence[str | None],
    heads: Sequence[str | None], *, enough: bool,
) -> list[Side]:  # fmt: skip
    """Each record with each layer and head; AttnvizError unless that makes two or more."""
    from attnviz.analysis.compare import Side
    from attnviz.views.look import choose

    counts = {"records": len(records), "layers": len(layers), "heads": len(heads)}
    varying, found = _varying(counts), []
    if not varying and not enough:
        raise AttnvizError(
            "There is nothing to compare.",
            "Give two texts, files, types, models, layers or heads: --type self,local.",
        )
    for (name, record), layer, head in product(records, layers, heads):
        look = choose(record.stack, str(layer), str(head))
        label = {"layers": f"layer {layer}", "heads": f"head {head}"}.get(varying, name)
        found.append(Side(label, record, look.layer, look.head))
    return found


def _varying(counts: Mapping[str, int]) -> str:
    """What there are several of, or ""; AttnvizError where that is more than one thing."""
    several = [name for name, n in counts.items() if n > 1]
    if len(several) > 1:
        raise AttnvizError(
            f"Several {' and '.join(several)} were given.", "Vary one thing at a time."
        )
    return "".join(several)


def _written(sides: Sequence[Side], suffix: str, language: Language) -> bytes:
    from json import dumps

    from attnviz.views.terminal import compare as views

    if suffix == ".json":
        return (dumps(views.data(sides), indent=1) + "\n").encode()
    from attnviz.views.picture.compare import compare_picture  # matplotlib, only to draw

    return compare_picture(sides, suffix[1:], language)


def _difference(records: Sequence[tuple[str, AttentionRecord]]) -> tuple[float, str]:
    """The largest difference of two records' weights, and where it lies."""
    from attnviz.analysis.compare import largest_error

    if len(records) != 2:
        raise AttnvizError(
            f"--tolerance compares two records, and there are {len(records)}.", "Give two."
        )
    return largest_error(records[0][1], records[1][1])


def _hold(worst: float, where: str, tolerance: float, quiet: bool) -> None:
    from attnviz.cli.output import say

    kept = worst <= tolerance
    say(
        f"largest difference {worst:.2e} ({where}): {'within' if kept else 'over'} {tolerance:g}",
        quiet,
    )
    if not kept:
        raise typer.Exit(DIFFERS)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 24 else f"{line[:23]}…"
