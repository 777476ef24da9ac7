"""What commands write: to the terminal, to standard error, to files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console, RenderableType

from attnviz.errors import AttnvizError, bad_choice, cannot_write
from attnviz.storage import written_whole
from attnviz.views.choice import Choice
from attnviz.views.files import SUFFIXES, write
from attnviz.views.terminal import Screen

if TYPE_CHECKING:
    from attnviz.record import AttentionRecord

PLAIN_HEIGHT = 24  # what is not a terminal gets what fits a small one


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the one error boundary."""
        raise BrokenPipeError


def console() -> Console:
    """Standard output. Text from users is never markup, emoji codes or guesses at numbers."""
    return _Console(markup=False, emoji=False, highlight=False, soft_wrap=False)


def screen_of(target: Console) -> Screen:
    """How much room there is, and whether there is colour."""
    height = target.height if target.is_terminal else PLAIN_HEIGHT
    return Screen(target.width, height, target.color_system is not None and not target.no_color)


def put(target: Console, renderable: RenderableType) -> None:
    """Write to standard output."""
    target.print(renderable, no_wrap=True, crop=True)


def say(words: str, quiet: bool = False) -> None:
    """A message beside the result, on standard error."""
    if not quiet:
        print(words, file=sys.stderr)


def check_outputs(outputs: Sequence[Path], inputs: Sequence[Path | None]) -> None:
    """Refuse before any work what could not be written after it."""
    for path in outputs:
        if path.suffix.lower() not in SUFFIXES:
            raise bad_choice(path.suffix or path.name, "the suffix of --output", SUFFIXES)
        if not path.parent.is_dir():
            raise cannot_write(path, f"the folder {path.parent} does not exist.")
        if path.is_dir():
            raise cannot_write(path, "it is a folder.")
        if any(
            given and path.exists() and given.exists() and path.samefile(given) for given in inputs
        ):
            raise AttnvizError(f"{path} is the text that is read.", "Write to another file.")


def write_outputs(
    record: AttentionRecord, outputs: Sequence[Path], choice: Choice, show: str, quiet: bool
) -> None:
    """Write each file, whole or not at all, and say so."""
    for path in outputs:
        data, notes = write(record, path.suffix.lower(), choice, grid=show == "grid")
        with written_whole(path) as file:
            file.write(data)
        for note in notes:
            say(f"attnviz: {note}", quiet)
        say(f"wrote {path}", quiet)
