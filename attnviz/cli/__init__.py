"""The door to the street: the Typer app, and the one place where errors become words."""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from typing import Annotated

import typer

from attnviz._version import __version__
from attnviz.cli.commands.compare import compare
from attnviz.cli.commands.cost import cost
from attnviz.cli.commands.explain import explain
from attnviz.cli.commands.explore import explore
from attnviz.cli.commands.heads import heads
from attnviz.cli.commands.models import models
from attnviz.cli.commands.run import run
from attnviz.cli.commands.samples import samples
from attnviz.cli.commands.steps import steps
from attnviz.cli.commands.survey import survey
from attnviz.cli.commands.view import view
from attnviz.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_USER, AttnvizError, ReaderLeft

app = typer.Typer(
    name="attnviz",
    help="See where every token looks: attention in the terminal, as pictures and as numbers.",
    epilog='Start with: attnviz run "The cat sat on the mat because it was tired" --type local',
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for command in (run, steps, explain, compare, heads, view, cost, explore, models, samples, survey):
    app.command()(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"attnviz {__version__}")
        raise typer.Exit


@app.callback()
def _before_every_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="The version.")
    ] = False,
) -> None:
    pass


def run_command_line(arguments: list[str]) -> int:
    """Run one command; everything a user can mend ends here as one line and a status."""
    _write_what_can_be_written()
    try:
        status = app(arguments or ["--help"], standalone_mode=False)
        return status if isinstance(status, int) else EXIT_DONE
    except AttnvizError as error:
        return _complain(error, arguments)
    except typer.TyperException as error:
        message = getattr(error, "format_message", error.__str__)()
        return _complain(AttnvizError(message), arguments)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except SystemExit as leaving:  # the library's own answer to a pipe that was closed
        if isinstance(leaving.__context__, BrokenPipeError):
            raise ReaderLeft from leaving
        raise
    except MemoryError:
        full = AttnvizError("There is not enough memory.", "Use a shorter text or fewer heads.")
        return _complain(full, arguments)
    except OSError as error:
        return _complain(AttnvizError(f"The system refused: {error}."), arguments)


def _write_what_can_be_written() -> None:
    """A terminal that is not UTF-8 gets "?" for what it lacks, not an exception."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def _complain(error: AttnvizError, arguments: list[str]) -> int:
    """One line on standard error, in the language that was asked for."""
    message = _in_words(error, arguments)
    print(f"attnviz: {' '.join(message.split())}", file=sys.stderr)
    return EXIT_USER


def _in_words(error: AttnvizError, arguments: list[str]) -> str:
    from attnviz.language.languages import find_language
    from attnviz.views.words import complaint

    names = [*arguments, ""]
    asked = [os.environ.get("ATTNVIZ_LANG", "")]
    asked += [after for name, after in pairwise(names) if name == "--lang"]
    asked += [name.removeprefix("--lang=") for name in names if name.startswith("--lang=")]
    try:
        return complaint(error, find_language(asked[-1]))
    except AttnvizError:  # which is what is being complained of
        return complaint(error, find_language("en"))
