"""`attnviz transcribe`: what is said in a sound, and when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.cli import options
from attnviz.cli.command_given import with_origin
from attnviz.cli.picture_options import Drawing
from attnviz.digits import grouped
from attnviz.errors import AttnvizError

if TYPE_CHECKING:
    from attnviz.language.language import Language
    from attnviz.tracing.transcript import Transcript, Window
    from attnviz.views.over_time import Matrix
    from attnviz.views.screen import Screen

PICTURES, PAGES = (".png", ".svg", ".pdf"), (".html", ".htm")


@options.spread
def transcribe(
    *,
    sound: Annotated[Path, typer.Argument(help="A WAV file; FLAC, OGG, MP3 with attnviz[audio].")],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="A Whisper checkpoint: a folder, a hub id.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="What is spoken: ar, fr, en …", show_default="heard")
    ] = None,
    task: Annotated[str | None, typer.Option(help="transcribe · translate (into English)")] = None,
    timestamps: Annotated[
        bool | None,
        typer.Option(
            help="Segments with times; over 30 seconds the window moves by them.",
            show_default="for sounds over 30 s",
        ),
    ] = None,
    start: options.Start = None,
    end: options.End = None,
    max_new_tokens: Annotated[
        int | None, typer.Option(help="At most so many tokens in each window of 30 seconds.")
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", help=".srt · .vtt · .csv · .json · .txt · .html · .png · .svg · .pdf."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Words and times as JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Words and times as CSV.")] = False,
    show: Annotated[bool, typer.Option("--show/--no-show", help="Draw words over time.")] = True,
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Draw tokens over time, and the path through them.")
    ] = False,
    lang: options.Lang = None,
    quiet: options.Quiet = False,
    drawing: Drawing,
) -> None:
    """Write down what is said in a sound, and show where each word looked in it.

    attnviz transcribe speech.wav --model openai/whisper-tiny

    attnviz transcribe speech.wav --model FOLDER --language ar -o words.srt

    attnviz transcribe speech.wav --model FOLDER --timestamps -o segments.vtt

    attnviz transcribe speech.wav --model FOLDER --task translate --json

    The text comes as it is written; Ctrl-C keeps what is there.
    """
    from attnviz.cli.output import (
        check_format,
        check_outputs,
        console,
        put,
        put_json,
        put_text,
        say,
        screen_of,
    )
    from attnviz.language.languages import find_language
    from attnviz.tracing.listener import KEPT
    from attnviz.tracing.transcribe import transcribe as written
    from attnviz.tracing.transcript import SUFFIXES
    from attnviz.views.number_format import duration

    said = find_language(lang)
    check_format(json, csv)
    if model is None:
        raise AttnvizError(
            "The built-in heads recognise nothing: a transcript needs a model that listens.",
            "Give --model, such as openai/whisper-tiny; `attnviz run TEXT --audio FILE` lines a "
            "text up by length.",
            key="err.built_heads",
        )
    check_outputs(output or [], [sound], (*SUFFIXES, *PICTURES, *PAGES))
    drawing.check_drawing(output or [], lang, quiet)
    for_programs = json or csv
    found = written(
        sound, model=model, language=language, task=task, timestamps=timestamps, start=start,
        end=end, max_new_tokens=max_new_tokens, stream=None if for_programs else put_text,
    )  # fmt: skip
    if json:
        put_json(found.to_json())
    elif csv:
        put_text(with_origin(found.to_csv(), [model]))
    else:
        put_text("\n" if found.text else "")
        target = console()
        if show:
            drawn = [i for i, window in enumerate(found.windows) if window.where is not None]
            for index in drawn:
                put(target, _window(found, index, said, screen_of(target), matrix))
            left = sum(bool(w.words) for w in found.windows[KEPT:])
            if left and drawn:
                say(said.say("ui.said_more", value=grouped(left)), quiet)
    for path in output or []:
        _save(found, path, said, quiet, drawing, model)
    heard = found.windows[-1].end - found.windows[0].begin
    rate = said.say("ui.said_rate", value=f"{heard:.1f}", time=duration(found.seconds))
    say(rate if found.text else f"{rate} · {said.say('ui.said_nothing')}", quiet)


def _strips(found: Transcript, index: int) -> tuple[list[Any], list[tuple[float, float]]]:
    from attnviz.views.over_time import Strip

    window = found.windows[index]
    rows = window.shares if window.shares is not None else []
    lines = [Strip(w.text.strip(), row, None) for w, row in zip(window.words, rows, strict=False)]
    return lines, [(word.begin, word.end) for word in window.words[: len(lines)]]


def _matrix(window: Window) -> Matrix | None:
    """Token by token, where words have their times from a path."""
    from attnviz.views.over_time import Matrix

    if window.aligned is None:
        return None
    path = window.aligned.path
    return Matrix(window.aligned.labels, window.aligned.weights, path.tokens, path.frames)


def _window(
    found: Transcript, index: int, language: Language, screen: Screen, by_tokens: bool
) -> Any:
    from rich.text import Text

    from attnviz.views.terminal.transcript import transcript

    window, (lines, spans) = found.windows[index], _strips(found, index)
    if not lines or window.where is None:
        return Text()
    return transcript(
        found.model, lines, spans, window.where, window.beyond, language, screen, found.by_letters,
        _matrix(window) if by_tokens else None,
    )  # fmt: skip


def _page(found: Transcript, language: Language) -> bytes:
    """The words of the first window over the sound, to click at and to listen to."""
    from attnviz.views.look import Look
    from attnviz.views.page.page import page

    record = found.words_over_time()
    spans = [(word.begin, word.end) for word in found.windows[0].words]
    return page(record, Look(language=language), spans)


def _save(
    found: Transcript, path: Path, language: Language, quiet: bool, drawing: Drawing, model: str
) -> None:
    """Write one file; a picture or a page is of the first window."""
    from attnviz.cli.output import save, say_saved

    if path.suffix.lower() in PAGES:
        save(path, _page(found, language), language, quiet)
        return
    if path.suffix.lower() == ".csv":
        save(path, with_origin(found.to_csv(), [model]).encode(), language, quiet)
        return
    if path.suffix.lower() not in PICTURES:
        found.save(path)
        say_saved(path, language, quiet)
        return
    from attnviz.views.picture.transcript import picture

    window, (lines, spans) = found.windows[0], _strips(found, 0)
    if not lines or window.where is None:
        raise AttnvizError(
            "Nothing was written down: there is no picture.",
            "Save a .json.",
            key="err.nothing_written_down",
        )
    kind = path.suffix.lower()[1:]
    data = picture(
        found.model, lines, spans, window.where, kind, language, found.by_letters, _matrix(window),
        drawing.style(),
    )  # fmt: skip
    save(path, data, language, quiet)
