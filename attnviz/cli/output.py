"""What commands write: to the terminal, to standard error, to files."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.segment import Segment
from rich.text import Text

from attnviz.cli.command_given import with_origin
from attnviz.cli.pieces import counted
from attnviz.digits import THOUSANDS
from attnviz.errors import AttnvizError, ReaderLeft, bad_choice, both_given, cannot_write
from attnviz.files.write import may_write, written_whole
from attnviz.inputs.labels import moves_or_hides, visible
from attnviz.language.language import (
    LEFT_TO_RIGHT_MARK,
    RIGHT_TO_LEFT_MARK,
    TERMINAL,
    Language,
)
from attnviz.views.files import SUFFIXES, write
from attnviz.views.look import Look
from attnviz.views.number_format import size
from attnviz.views.screen import Screen

if TYPE_CHECKING:
    from attnviz.record.record import AttentionRecord, Origin

PLAIN_HEIGHT = 24  # what is not a terminal gets what fits a small one


class Told(Protocol):
    """A result that writes itself for programs."""

    def to_json(self) -> str:
        """Return one JSON document."""

    def to_csv(self) -> str:
        """Return a table as CSV."""


class Result(Told, Protocol):
    """One that writes itself to files too."""

    def save(self, path: str | Path) -> None:
        """Write a file, whole or not at all, in the format of its suffix."""


def _shown(text: str) -> str:
    """Text with controls in a visible form, but for lines and the marks that keep numbers beside
    right-to-left words in their place."""
    parts = re.split(f"([{LEFT_TO_RIGHT_MARK}{RIGHT_TO_LEFT_MARK}\n])", text)
    return "".join(visible(part) if n % 2 == 0 else part for n, part in enumerate(parts))


# Stands for the space between thousands where rich wraps: it takes any space for a place to break.
_UNBROKEN = "\ufdd0"  # no character, so no text has it


class _Console(Console):
    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Let no control that came with a text or a name reach the terminal, whatever the view, and
        no line end within a number."""
        if isinstance(renderable, str):
            renderable = self.render_str(renderable)
        if isinstance(renderable, Text) and THOUSANDS in renderable.plain:
            renderable = renderable.copy()
            renderable.plain = renderable.plain.replace(THOUSANDS, _UNBROKEN)
        for segment in super().render(renderable, options):
            if _UNBROKEN in segment.text:
                shown = segment.text.replace(_UNBROKEN, THOUSANDS)
                segment = Segment(shown, segment.style, segment.control)
            if segment.control or segment.text.isprintable() or segment.text == "\n":
                yield segment
            else:
                yield Segment(_shown(segment.text), segment.style)

    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the one place that knows what to do."""
        raise ReaderLeft


def console() -> Console:
    """Return standard output. Text from users is never markup, emoji codes or guesses at
    numbers."""
    return _Console(markup=False, emoji=False, highlight=False, soft_wrap=False)


def screen_of(target: Console) -> Screen:
    """Measure how much room there is, and whether there is colour."""
    height = target.height if target.is_terminal else PLAIN_HEIGHT
    colour = target.color_system is not None and not target.no_color
    return Screen(target.width, height, colour)


def put(target: Console, renderable: RenderableType) -> None:
    """Write to standard output."""
    target.print(renderable)


def put_text(text: str) -> None:
    """Write text for programs to standard output, as it is."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise ReaderLeft from error


class _Escaped(dict[int, str]):
    """A table for str.translate: what would move the cursor or turn text around, as JSON escapes
    it. Lines and tabs stay: in JSON they stand between values only."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        odd = char not in "\t\n\r" and moves_or_hides(char)
        self[code] = f"\\u{code:04x}" if odd else char
        return self[code]


_ESCAPED = _Escaped()


def put_json(text: str) -> None:
    """Write JSON to standard output; what its encoding lacks becomes escapes, and so does what a
    terminal would obey."""
    text = text.translate(_ESCAPED)
    if (sys.stdout.encoding or "").lower().replace("-", "") != "utf8":
        text = re.sub(r"[^\x00-\x7f]+", lambda found: json.dumps(found[0])[1:-1], text)
    put_text(text)


def check_format(json: bool, csv: bool) -> None:
    """Refuse two formats for one standard output."""
    if json and csv:
        raise both_given("--json", "--csv")


def put_numbers(found: Told, model: Origin | str, *, csv: bool) -> None:
    """Write numbers of a model to standard output for programs: as CSV, or else as JSON."""
    if csv:
        put_text(with_origin(found.to_csv(), [model]))
    else:
        put_json(found.to_json())


def say(message: str, quiet: bool = False) -> None:
    """Write a message beside the result, on standard error; drop it where it cannot be written."""
    if not quiet:
        with suppress(OSError):
            print(visible(message), file=sys.stderr, flush=True)


def warn_of_arabic(target: Console, language: Language, quiet: bool) -> None:
    """Say what joins and reorders Arabic letters: many terminals do neither."""
    if language.right_to_left and target.is_terminal:
        say(language.say("warn.rtl", TERMINAL, option="--lang darija"), quiet)


def put_explanation(
    target: Console, record: AttentionRecord, look: Look, quiet: bool, rows: Sequence[int] = ()
) -> None:
    """Say the record in words, below what was shown of it; rows: queries that were asked for."""
    put(target, in_words(record, look, rows))
    warn_of_arabic(target, look.language, quiet)


def in_words(record: AttentionRecord, look: Look, rows: Sequence[int] = ()) -> RenderableType:
    """Return what stands below a view: the record in words."""
    from attnviz.views.words import explanation

    return Group(Text(), *explanation(record, look, rows))


def check_outputs(
    outputs: Sequence[Path], inputs: Sequence[Path | None] = (),
    suffixes: Sequence[str] = SUFFIXES, *, of: str = "--output",
) -> None:  # fmt: skip
    """Refuse before any work what could not be written after it; `of`: where it was named."""
    for path in outputs:
        if path.suffix.lower() not in suffixes:
            raise bad_choice(path.suffix or path.name, f"the suffix of {of}", suffixes)
        if not path.parent.is_dir():
            raise cannot_write(path, f"the folder {path.parent} does not exist.")
        if path.is_dir():
            raise cannot_write(path, "it is a folder.")
        if not may_write(path):
            raise cannot_write(path, "it may not be written over.")
        if any(
            given and path.exists() and given.exists() and path.samefile(given) for given in inputs
        ):
            raise AttnvizError(
                f"{path} is the input file.",
                "Write to another file.",
                key="err.input_file",
                place=path,
            )


def write_output(record: AttentionRecord, path: Path, look: Look, quiet: bool = False) -> list[str]:
    """Write one file, whole or not at all; return what the reader should know about it."""
    suffix = path.suffix.lower()
    data, notes = write(record, suffix, look)
    with written_whole(path) as file:
        file.writelines(counted(data, record, suffix, visible(path.name), quiet))
    return notes


def save(path: Path, data: bytes, language: Language, quiet: bool) -> None:
    """Write a file, whole or not at all, and say so."""
    with written_whole(path) as file:
        file.write(data)
    say_saved(path, language, quiet)


def save_numbers(
    found: Result, paths: Sequence[Path], pictures: Sequence[str],
    draw: Callable[[str], bytes], language: Language, quiet: bool,
    model: str,
) -> None:  # fmt: skip
    """Write numbers of a model to files, each whole or not at all, and say so; draw: a kind of
    picture, such as "png", to its bytes, for the suffixes in `pictures`."""
    for path in paths:
        suffix = path.suffix.lower()
        if suffix in pictures:
            save(path, draw(suffix[1:]), language, quiet)
        elif suffix == ".csv":
            save(path, with_origin(found.to_csv(), [model]).encode(), language, quiet)
        else:
            found.save(path)
            say_saved(path, language, quiet)


def say_saved(path: Path, language: Language, quiet: bool) -> None:
    """Say that a file was written, and how large it is."""
    with suppress(OSError):  # a reader may have moved it already
        value = size(path.stat().st_size)
        say(language.say("run.saved", path=path, value=value), quiet)
