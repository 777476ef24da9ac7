"""`attnviz explore`: a text, or a saved record, on the full screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from attnviz.attention.attention_types import OF_ONE_TEXT
from attnviz.cli import options
from attnviz.cli.command_given import signed
from attnviz.cli.model_options import TextPass, TranslationPass
from attnviz.cli.read_text import PICTURES, SOUNDS, file_named, given_text
from attnviz.errors import AttnvizError

if TYPE_CHECKING:
    from rich.console import Console

    from attnviz.cli.progress import Told
    from attnviz.language.language import Language
    from attnviz.models.trained import TrainedModel
    from attnviz.record.record import AttentionRecord
    from attnviz.views.explorer.state import State
    from attnviz.views.look import Look

Trace = Callable[[str, str | None], "AttentionRecord"]
Write = Callable[[str, Callable[[str, "AttentionRecord"], None]], "tuple[str, AttentionRecord]"]
See = Callable[["AttentionRecord"], "AttentionRecord"]

MADE = ("builtin", "random")  # models that need no loading
NEW_TOKENS = 40  # that the key w lets a model write
ENOUGH = ("256", "truecolor")  # colours that the weights' ramp needs; with less, shades of one


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class _Opened(TranslationPass):
    text: Annotated[
        str | None,
        typer.Argument(
            help="A text, a text file, a picture, a sound, a saved record (as for view), or - for "
            "standard input."
        ),
    ] = None
    image: options.Image = None
    audio: options.Audio = None
    start: options.Start = None
    end: options.End = None


@options.spread
def explore(
    *,
    asked: _Opened,
    stack: options.Stack = None,
    layer: Annotated[str, typer.Option(help="The layer to begin with.")] = "first",
    head: Annotated[str, typer.Option(help="The head to begin with, or mean.")] = "mean",
    scale: options.Scale = "auto",
    measure: options.Measure = "weights",
    hide_special: options.HideSpecial = False,
    lang: options.Lang = None,
) -> None:
    """Look around on the full screen, by keyboard or mouse; edit the text and watch it change.

    attnviz explore "The cat sat on the mat because it was tired"

    attnviz explore story.txt --model minilm --layer 2 --head 3

    attnviz explore --image cat.png

    attnviz explore speech.wav

    attnviz explore record.npz --lang darija

    Arrows move the query, h and l the head, j and k the layer; i edits; ? lists all keys; q leaves.
    """
    # Imported here, so that --help and a wrong option answer at once.
    from attnviz.analysis.transform import Transform
    from attnviz.cli.output import console
    from attnviz.language.languages import find_language
    from attnviz.record.open_file import READERS
    from attnviz.views.explorer.state import State
    from attnviz.views.look import choose
    from attnviz.views.scale import check_scale

    language = find_language(lang)
    check_scale(scale)
    transform = Transform(measure, hide_special=hide_special)
    transform.check()
    target = console()
    _check_terminal(target)
    named = file_named(asked.text) if asked.file is None else None

    def see(record: AttentionRecord) -> AttentionRecord:
        return transform.apply(record if stack is None else record.looking_at(stack))

    if named is not None and named.suffix.lower() in READERS:
        begun = _saved(named, asked)
    elif named is not None and named.suffix.lower() in SOUNDS and asked.audio is None:
        begun = _heard(replace(asked, text=None, audio=named), measure, see, language)
    elif named is not None and named.suffix.lower() in PICTURES and asked.image is None:
        begun = _heard(replace(asked, text=None, image=named), measure, see, language)
    elif asked.audio is not None or asked.image is not None:
        begun = _heard(asked, measure, see, language)
    else:
        asked = asked if named is None else replace(asked, text=None, file=named)
        begun = _traced(asked, measure, see, language)
    record = see(begun.record)
    look = choose(record.stack, layer, head, scale=scale, language=language)
    if not look.shows_one:
        raise AttnvizError(
            "The explorer shows one head at a time.",
            "Give one --layer and --head.",
            key="err.explorer_shows",
        )
    inputs = [named, asked.file, asked.source_file, asked.image, asked.audio]
    _fill(target, State.at(record, look), begun, inputs)


class _Begun(NamedTuple):
    """What the explorer starts from. trace: as `Callbacks` has it."""

    record: AttentionRecord
    text: str | None
    type: str | None
    trace: Trace | None = None
    types: Sequence[str | None] = ()
    write: Write | None = None


def _saved(place: Path, asked: TextPass) -> _Begun:
    """A record in a file; AttnvizError for what only means something to a model that runs."""
    from attnviz.record.open_file import open_file

    settings = asked.settings() | {"type": None, "model": asked.model != "builtin"}
    given = next((name for name, value in settings.items() if value), None)
    if given is not None:
        raise AttnvizError(
            f"--{given.replace('_', '-')} does not apply to a saved record: no model runs.",
            "Leave it out, or give a text.",
            key="err.does_not_apply_saved",
            value=given.replace("_", "-"),
        )
    return _Begun(open_file(place, type=asked.type), None, asked.type)


def _traced(asked: TextPass, measure: str, see: See, language: Language) -> _Begun:
    """A text that is traced, with a model that is opened once."""
    from attnviz.cli.progress import progress
    from attnviz.models import load_model
    from attnviz.tracing.plan import other_types
    from attnviz.tracing.trace import trace

    text, settings = asked.read(), asked.settings()
    settings["measure"] = measure if measure == "values" else "weights"  # the rest follows `see`
    types: Sequence[str | None] = OF_ONE_TEXT if settings["source"] is None else ("cross",)
    if asked.model not in MADE:
        settings["model"] = model = load_model(asked.model, adapter=asked.adapter)
        types = (None, *other_types(model))

    def run(text: str, kind: str | None, told: Told | None = None) -> AttentionRecord:
        return trace(text, **settings | {"type": kind}, progress=told)

    kind = asked.type or types[0]
    with progress(quiet=False, language=language) as told:
        begun = run(text, kind, told)
    kind = kind if kind in types else types[0]  # the model's own, called by its name
    write = _writer(settings["model"], run, see) if asked.source is None else None
    return _Begun(begun, text, kind, lambda text, kind: see(_inside(run, text, kind)), types, write)


def _heard(asked: _Opened, measure: str, see: See, language: Language) -> _Begun:
    """A sound or a picture: its moments or patches attend to one another, or the words of a text to
    them; of a model that writes down what it hears, what it writes in its first window."""
    from attnviz.cli.progress import progress
    from attnviz.models import load_model
    from attnviz.models.trained import TrainedModel
    from attnviz.tracing.trace import trace

    settings = asked.settings() | {"measure": measure if measure == "values" else "weights"}
    text = given_text(asked.text, asked.file)
    if asked.model not in MADE:
        settings["model"] = model = load_model(asked.model, adapter=asked.adapter)
        heard = text is None and asked.audio is not None
        if heard and isinstance(model, TrainedModel) and "text" in model.roles:
            return _Begun(see(_written_down(model, asked)), None, None)

    def run(text: str, kind: str | None, told: Told | None = None) -> AttentionRecord:
        return trace(text or None, **settings | {"type": None if text else kind}, progress=told)

    made = asked.model in MADE
    types: Sequence[str | None] = OF_ONE_TEXT if made and text is None else (None,)
    kind = asked.type or types[0]
    with progress(quiet=False, language=language) as told:
        begun = run(text or "", kind, told)
    return _Begun(begun, text or "", kind, lambda text, kind: see(_inside(run, text, kind)), types)


def _written_down(model: TrainedModel, asked: _Opened) -> AttentionRecord:
    """The words of the first window, and where they looked."""
    from attnviz.models.hear import log_mel_of
    from attnviz.tracing.transcribe import transcribe

    assert asked.audio is not None  # the caller made sure
    first = (asked.start or 0.0) + log_mel_of(model).seconds
    end = first if asked.end is None else min(asked.end, first)
    return transcribe(asked.audio, model=model, start=asked.start, end=end).record(0)


def _writer(model: Any, run: Trace, see: See) -> Write | None:
    """What goes on with a text by this model, each longer text with its record; None where it
    cannot be asked to."""
    from attnviz.models.trained import TrainedModel
    from attnviz.tracing.generate import generate

    if not isinstance(model, TrainedModel) or model.reads_source:
        return None

    def write(
        text: str, tell: Callable[[str, AttentionRecord], None]
    ) -> tuple[str, AttentionRecord]:
        grown = [text]

        def grow(piece: str) -> None:
            grown.append(piece)
            whole = "".join(grown)
            tell(whole, see(run(whole, None)))

        found = generate(text, model=model, max_new_tokens=NEW_TOKENS, stream=grow)
        return text + found.text, see(found.record)

    return write


def _inside(run: Trace, text: str, kind: str | None) -> AttentionRecord:
    """Run it in the explorer, where no option can be given any more."""
    try:
        return run(text, kind)
    except AttnvizError as error:
        if error.key != "err.too_long":
            raise
        hint = "Shorten it, or leave and begin again with --truncate."
        raise AttnvizError(error.message, hint, key=error.key, **error.values) from error


def _check_terminal(target: Console) -> None:
    """Refuse before any work what a full screen cannot be on."""
    streams = {"standard output": sys.stdout, "standard error": sys.stderr}
    missing = [name for name, stream in streams.items() if not stream.isatty()]
    if missing or target.is_dumb_terminal:
        raise AttnvizError(
            f"explore needs a terminal, and {(missing or ['this terminal'])[0]} is not one.",
            "Use attnviz run, or attnviz view for a saved record.",
            key="err.explore_needs",
            missing=(missing or ["this terminal"])[0],
        )


def _fill(target: Console, state: State, begun: _Begun, inputs: Sequence[Path | None]) -> None:
    from attnviz.cli.output import check_outputs, write_output
    from attnviz.views.explorer.app import Explorer
    from attnviz.views.explorer.screen import Callbacks

    def save(record: AttentionRecord, path: Path, look: Look) -> list[str]:
        check_outputs([path], inputs, of="a file")
        told = record if begun.trace is None else signed(record)
        return write_output(told, path, look, quiet=True)  # the screen is the explorer's

    _read_keys_from_the_terminal()
    app = Explorer(
        state,
        Callbacks(begun.trace, begun.types, save, begun.write),
        text=begun.text,
        type=begun.type,
        colour=target.color_system in ENOUGH and not target.no_color,
    )
    _forget_keys()
    app.run()
    if app.return_code:
        raise typer.Exit(app.return_code)


def _read_keys_from_the_terminal() -> None:
    """Where the text came from standard input, the keys do not."""
    if sys.stdin is not None and sys.stdin.isatty():
        return
    try:
        with open(os.ctermid(), "rb", buffering=0) as terminal:
            os.dup2(terminal.fileno(), 0)
    except OSError as error:
        raise AttnvizError(
            "There is no terminal to read keys from.", "Use attnviz run.", key="err.no_terminal"
        ) from error


def _forget_keys() -> None:
    """What was pressed before there was anything to see was meant for nothing that is shown."""
    import termios

    # Standard input may have been given as a terminal that is not ours to empty.
    with suppress(termios.error):
        termios.tcflush(0, termios.TCIFLUSH)
