"""`attnviz explore`: a text, or a saved record, on the full screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.cli import options
from attnviz.errors import AttnvizError, not_found

if TYPE_CHECKING:
    from rich.console import Console

    from attnviz.explain.language import Language
    from attnviz.record import AttentionRecord
    from attnviz.views.choice import Choice

Trace = Callable[[str, str | None], "AttentionRecord"]

RECORDS = (".npz", ".npy", ".json", ".csv", ".safetensors")
MADE = ("builtin", "random")  # models that need no loading
TYPES = ("self", "causal", "local", "global")  # that need no second text
ENOUGH = ("256", "truecolor")  # colours that the weights' ramp needs; with less, shades of one


def explore(
    text: Annotated[
        str | None,
        typer.Argument(
            help="A text, a text file, a saved record (as for view), or - for standard input.",
            show_default=False,
        ),
    ] = None,
    file: options.File = None,
    source: options.Source = None,
    source_file: options.SourceFile = None,
    type: options.Type = None,
    heads: options.Heads = None,
    window: options.Window = None,
    global_tokens: options.GlobalTokens = None,
    model: options.Model = "builtin",
    tokenizer: options.Tokenizer = None,
    pair: options.Pair = None,
    target_lang: options.TargetLang = None,
    source_lang: options.SourceLang = None,
    truncate: options.Truncate = False,
    stack: options.Stack = None,
    layer: Annotated[str, typer.Option(help="The layer to begin with.")] = "0",
    head: Annotated[str, typer.Option(help="The head to begin with, or mean.")] = "mean",
    scale: options.Scale = "auto",
    measure: options.Measure = "weights",
    hide_special: options.HideSpecial = False,
    seed: options.Seed = 0,
    lang: options.Lang = None,
) -> None:
    """Look around on the full screen, by keyboard or mouse; edit the text and watch it change.

    attnviz explore "The cat sat on the mat because it was tired"

    attnviz explore story.txt --model minilm --layer 2 --head 3

    attnviz explore record.npz --lang darija

    Arrows move the query, h and l the head, j and k the layer; i edits; ? lists all keys; q leaves.
    """
    # Imported here, so that --help and a wrong option answer at once.
    from attnviz.cli.output import console
    from attnviz.cli.texts import given_text
    from attnviz.explain.language import language
    from attnviz.lens import Lens
    from attnviz.views.choice import choose
    from attnviz.views.scale import check_scale

    words = language(lang)
    check_scale(scale)
    lens = Lens(measure, hide_special=hide_special)
    lens.check()
    target = console()
    _check_terminal(target)
    named = _file_named(text) if file is None else None
    asked = options.of_type(window, global_tokens) | {
        "heads": heads,
        "source": given_text(source, source_file, "--source-file"),
        "tokenizer": tokenizer,
        "pair": pair,
        "target_lang": target_lang,
        "source_lang": source_lang,
        "truncate": truncate,
        "seed": seed,
    }

    def see(record: AttentionRecord) -> AttentionRecord:
        return lens.look(record if stack is None else record.looking_at(stack))

    if named is not None and named.suffix.lower() in RECORDS:
        begun = _saved(named, type, model, asked)
    else:
        asked["measure"] = measure if measure == "values" else "weights"  # the rest follows `see`
        begun = _traced(None if named else text, named or file, type, model, asked, see)
    record = see(begun.record)
    choice = choose(record.stack, layer, head)
    if choice.layers or len(choice.heads) > 1:
        raise AttnvizError("The explorer shows one head at a time.", "Give one --layer and --head.")
    _explore(target, begun, record, choice, scale, words, [named, file, source_file])


@dataclass(frozen=True)
class _Begun:
    """What the explorer starts from. trace: as `Errands` has it."""

    record: AttentionRecord
    text: str | None
    type: str | None
    trace: Trace | None = None
    types: Sequence[str | None] = ()


def _saved(place: Path, type: str | None, model: str, asked: Mapping[str, Any]) -> _Begun:
    """A record in a file; AttnvizError for what only means something to a model that runs."""
    from attnviz.formats import open_file

    given = [name for name, value in asked.items() if value]
    given += ["model"] if model != "builtin" else []
    if given:
        raise AttnvizError(
            f"--{given[0].replace('_', '-')} means nothing to a saved record: no model runs.",
            "Leave it out, or give a text.",
        )
    return _Begun(open_file(place, type=type), None, type)


def _traced(
    text: str | None, file: Path | None, type: str | None, model: str, asked: Mapping[str, Any],
    see: Callable[[AttentionRecord], AttentionRecord],
) -> _Begun:  # fmt: skip
    """A text that is traced, with a model that is opened once."""
    from attnviz.cli.texts import the_text
    from attnviz.models import load_model
    from attnviz.tracing import trace

    given = the_text(text, file)
    opened: Any = model
    types: Sequence[str | None] = TYPES if asked["source"] is None else ("cross",)
    if model not in MADE:
        opened, types = load_model(model), (None, *TYPES)

    def run(text: str, kind: str | None) -> AttentionRecord:
        return trace(text, type=kind, model=opened, **asked)

    kind = type or types[0]
    return _Begun(run(given, kind), given, kind, lambda text, kind: see(run(text, kind)), types)


def _check_terminal(target: Console) -> None:
    """Refuse before any work what a full screen cannot be on."""
    streams = {"standard output": sys.stdout, "standard error": sys.stderr}
    missing = [name for name, stream in streams.items() if not stream.isatty()]
    if missing or target.is_dumb_terminal:
        raise AttnvizError(
            f"explore fills a terminal, and {(missing or ['this terminal'])[0]} cannot be filled.",
            "Use attnviz run, or attnviz view for a saved record.",
        )


def _file_named(text: str | None) -> Path | None:
    """The file that the argument names; AttnvizError if it can only mean one that is not there."""
    if text is None or "\0" in text or "\n" in text:
        return None
    place = Path(text)
    try:
        if place.is_file():
            return place
    except OSError:  # longer than a name may be
        return None
    if place.suffix.lower() in (*RECORDS, ".txt") and text.split() == [text]:
        raise not_found(place)
    return None


def _explore(
    target: Console, begun: _Begun, record: AttentionRecord, choice: Choice, scale: str,
    words: Language, inputs: Sequence[Path | None],
) -> None:  # fmt: skip
    from attnviz.cli.output import check_outputs, write_output
    from attnviz.views.explorer.app import Explorer
    from attnviz.views.explorer.desk import Errands
    from attnviz.views.explorer.look import Look

    def save(
        record: AttentionRecord, path: Path, choice: Choice, words: Language, scale: str
    ) -> list[str]:
        check_outputs([path], inputs)
        return write_output(record, path, choice, words, scale)

    _read_keys_from_the_terminal()
    app = Explorer(
        Look.at(record, choice, scale, words),
        Errands(begun.trace, begun.types, save),
        text=begun.text,
        type=begun.type,
        colour=target.color_system in ENOUGH and not target.no_color,
    )
    app.run()
    if app.return_code:
        raise typer.Exit(app.return_code)


def _read_keys_from_the_terminal() -> None:
    """Where the text came from standard input, the keys do not."""
    if sys.stdin is not None and sys.stdin.isatty():
        return
    try:
        os.dup2(os.open(os.ctermid(), os.O_RDONLY), 0)
    except OSError as error:
        raise AttnvizError("There is no terminal to read keys from.", "Use attnviz run.") from error
