"""`attnviz cost`: what attention costs against length, counted from its mask and run here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.attention.attention_types import ATTENTION_TYPES, OF_ONE_TEXT, in_full, mask_of
from attnviz.cli import options
from attnviz.cli.picture_options import Drawing
from attnviz.digits import grouped
from attnviz.errors import AttnvizError, bad_choice

if TYPE_CHECKING:
    from attnviz.analysis.cost import Report
    from attnviz.language.language import Language
    from attnviz.tracing.timing import Tell

TYPES = ",".join(OF_ONE_TEXT)
LENGTHS = (128, 256, 512, 1024, 2048, 4096)
HEADS, HEAD_DIM, WINDOW, GLOBAL_TOKENS = 4, 64, 64, "0"
MOST, MOST_LENGTHS = 1024, 64  # of heads and of their numbers; of lengths
SECONDS, MOST_SECONDS = 8.0, 3600.0  # for all runs of one command
SUFFIXES = (".png", ".svg", ".pdf", ".json", ".csv")


@options.spread
def cost(
    *,
    type: Annotated[
        str | None,
        typer.Option("--type", "-t", help=f"Types: {options.TYPES}.", show_default=TYPES),
    ] = None,
    lengths: Annotated[
        str | None,
        typer.Option(
            help="Numbers of tokens: 512,2048,8192.",
            show_default="128 to 4096; of a checkpoint, 32 to what it has positions for",
        ),
    ] = None,
    heads: Annotated[
        int | None, typer.Option("--heads", "-H", help="How many heads.", show_default=str(HEADS))
    ] = None,
    head_dim: Annotated[
        int | None,
        typer.Option(help="Length of a query, key or value vector.", show_default=str(HEAD_DIM)),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            "--window",
            "-w",
            help="Local and global: tokens seen on each side.",
            show_default=str(WINDOW),
        ),
    ] = None,
    global_tokens: Annotated[
        str | None,
        typer.Option(help="Positions that see all and are seen by all.", show_default="0"),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="minilm · smollm2 · a folder · a hub id.")
    ] = None,
    measure: Annotated[
        bool, typer.Option("--measure/--no-measure", help="Run it here, or only count.")
    ] = True,
    seconds: Annotated[float, typer.Option(help="How long all runs together may take.")] = SECONDS,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="Write .png, .svg, .pdf, .json or .csv. Repeatable."),
    ] = None,
    json: options.NumbersJson = False,
    csv: options.NumbersCsv = False,
    lang: options.Lang = None,
    quiet: options.Quiet = False,
    drawing: Drawing,
) -> None:
    """Show what attention costs against length: scores, multiply-adds, memory and time.

    attnviz cost

    attnviz cost --type self,local --lengths 1000,10000,100000,1000000 --no-measure

    attnviz cost --model minilm -o cost.png

    Scores are counted from the mask of each type, time is measured on this machine; what would
    take too long or not fit the memory is not run, and a line says so.
    """
    from attnviz.cli.output import (
        check_format,
        check_outputs,
        console,
        put,
        put_json,
        put_text,
        save,
        say,
        screen_of,
        warn_of_arabic,
    )
    from attnviz.cli.progress import Ticker
    from attnviz.language.languages import find_language
    from attnviz.views.terminal import cost as views

    language = find_language(lang)
    check_format(json, csv)
    check_outputs(output or [], suffixes=SUFFIXES)
    drawing.check_drawing(output or [], lang, quiet)
    asked = None if lengths is None else _lengths(lengths)
    chosen = {"--type": type, "--heads": heads, "--head-dim": head_dim, "--window": window}
    _check_seconds(seconds)
    count = _of_types if model is None else partial(_of_model, model)
    with Ticker(quiet, language) as ticker:
        report = count(asked, chosen, global_tokens, seconds if measure else 0, ticker.tell)
    for option in options.unused(report.settings, window, global_tokens):
        say(language.say("warn.unused", option=option, type=in_full(type or TYPES)), quiet)
    for path in output or []:
        data = _written(report, model, path.suffix.lower(), language, drawing)
        save(path, data, language, quiet)
    if json or csv:
        put_json(views.to_json(report)) if json else put_text(_table(report, model))
        return
    target = console()
    put(target, views.cost(report, language, screen_of(target)))
    warn_of_arabic(target, language, quiet)


def _of_types(
    lengths: Sequence[int] | None, chosen: dict[str, Any], global_tokens: str | None,
    seconds: float, tell: Tell,
) -> Report:  # fmt: skip
    from attnviz.tracing.timing import of_types

    names = _types(chosen["--type"])
    lengths = LENGTHS if lengths is None else lengths
    n_heads = _size("--heads", chosen["--heads"], HEADS)
    head_dim = _size("--head-dim", chosen["--head-dim"], HEAD_DIM)
    window = WINDOW if chosen["--window"] is None else chosen["--window"]
    positions = _positions(GLOBAL_TOKENS if global_tokens is None else global_tokens, lengths[-1])
    settings: dict[str, Any] = {"heads": n_heads, "head_dim": head_dim}
    given = {"window": window, "global_tokens": positions}
    shaping = {setting for name in names for setting in ATTENTION_TYPES[name].settings}
    settings |= {name: value for name, value in given.items() if name in shaping}
    rules = {name: mask_of(name, window, positions) for name in names}
    return of_types(rules, lengths, n_heads, head_dim, settings, seconds=seconds, tell=tell)


def _of_model(
    name: str, lengths: Sequence[int] | None, chosen: dict[str, Any], global_tokens: str | None,
    seconds: float, tell: Tell,
) -> Report:  # fmt: skip
    from attnviz.models import load_checkpoint
    from attnviz.tracing.timing import of_model

    given = next((option for option, value in chosen.items() if value is not None), None)
    if given is not None:
        raise AttnvizError(
            f"{given} does not apply to a checkpoint.",
            "It has its own heads and masks.",
            key="err.does_not_apply",
            value=given,
        )
    model = load_checkpoint(name)
    if global_tokens is not None and not model.has_global_tokens:
        raise AttnvizError(
            f"--global-tokens does not apply to {model.name}.",
            "It is for Longformer.",
            key="err.global_tokens",
            model=model.name,
        )
    n = lengths[-1] if lengths else model.n_positions
    positions = None if global_tokens is None else _positions(global_tokens, n)
    return of_model(model, lengths, global_tokens=positions, seconds=seconds, tell=tell)


def _table(report: Report, model: str | None) -> str:
    from attnviz.cli.command_given import with_origin
    from attnviz.views.terminal import cost as views

    return with_origin(views.to_csv(report), [model])


def _written(
    report: Report, model: str | None, suffix: str, language: Language, drawing: Drawing
) -> bytes:
    from attnviz.views.terminal import cost as views

    if suffix == ".json":
        return views.to_json(report).encode()
    if suffix == ".csv":
        return _table(report, model).encode()
    from attnviz.views.picture.cost import picture  # matplotlib, only when there is a picture

    return picture(report, suffix[1:], language, drawing.style())


# What was asked for --------------------------------------------------------------------------


def _types(wish: str | None) -> list[str]:
    names = [word.strip() for word in (TYPES if wish is None else wish).split(",")]
    for name in names:
        if name not in ATTENTION_TYPES:
            raise bad_choice(name, "--type", ATTENTION_TYPES)
    return list(dict.fromkeys(names))


def _lengths(wish: str) -> list[int]:
    """Lengths in rising order, each once."""
    from attnviz.analysis.cost import LONGEST

    found = set()
    for word in wish.split(","):
        number = _whole(word, "a length", "--lengths 512,2048,8192")
        if not 1 <= number <= LONGEST:
            raise AttnvizError(
                f"The length {grouped(number)} cannot be counted.",
                f"Give numbers of tokens from 1 to {grouped(LONGEST)}.",
                key="err.length_cannot",
                number=number,
                longest=LONGEST,
            )
        found.add(number)
    if len(found) > MOST_LENGTHS:
        raise AttnvizError(
            f"{len(found)} lengths were given.",
            f"At most {MOST_LENGTHS} are allowed.",
            key="err.lengths_given",
            n=len(found),
            most_lengths=MOST_LENGTHS,
        )
    return sorted(found)


def _positions(wish: str, n_tokens: int | None) -> list[int]:
    example = "--global-tokens 0,512"
    found = sorted({_whole(word, "a position", example) for word in wish.split(",")})
    if n_tokens is not None and found[-1] >= n_tokens:
        raise AttnvizError(
            f"The position {grouped(found[-1])} is in no text of {grouped(n_tokens)} tokens.",
            f"Positions go from 0 to {grouped(n_tokens - 1)}.",
            key="err.position_no",
            found=found[-1],
            n_tokens=n_tokens,
            value=n_tokens - 1,
        )
    return found


def _whole(word: str, what: str, example: str) -> int:
    """A whole number; one that begins with 0 is most likely half of "4,096"."""
    digits = word.strip()
    whole = digits.isdecimal() and len(digits) <= 18
    if not whole or (len(digits) > 1 and digits.startswith("0")):
        raise AttnvizError(
            f'"{digits}" is not {what}.',
            f"Give whole numbers separated by commas: {example}.",
            key="err.not",
            digits=digits,
            what=what,
            example=example,
        )
    return int(digits)


def _size(option: str, given: int | None, usual: int) -> int:
    number = usual if given is None else given
    if not 1 <= number <= MOST:
        raise AttnvizError(
            f"{option} is {number}.",
            f"It must be from 1 to {grouped(MOST)}.",
            key="err.must_from",
            option=option,
            number=number,
            most=MOST,
        )
    return number


def _check_seconds(seconds: float) -> None:
    if not 0 < seconds <= MOST_SECONDS:
        raise AttnvizError(
            f"--seconds is {seconds:g}.",
            f"It must be above 0, at most {grouped(MOST_SECONDS, 'g')}.",
            key="err.seconds",
            seconds=f"{seconds:g}",
            most_seconds=grouped(MOST_SECONDS, "g"),
        )
