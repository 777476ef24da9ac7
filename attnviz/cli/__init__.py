"""The door to the street: the Typer app, and the one place where errors become words."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from attnviz import __version__
from attnviz.cli.run import run
from attnviz.cli.samples import samples
from attnviz.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_USER, AttnvizError

app = typer.Typer(
    name="attnviz",
    help="See where every token looks: attention in the terminal, as pictures and as numbers.",
    epilog='Start with: attnviz run "The cat sat on the mat because it was tired" --type local',
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
app.command()(run)
app.command()(samples)


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
        sys.stdout.flush()
        return status if isinstance(status, int) else EXIT_DONE
    except AttnvizError as error:
        return _complain(str(error))
    except typer.TyperException as error:
        return _complain(getattr(error, "format_message", error.__str__)())
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE
    except MemoryError:
        return _complain("There is not enough memory. Use a shorter text or fewer heads.")
    except OSError as error:
        return _complain(f"The system refused: {error}.")


def _write_what_can_be_written() -> None:
    """A terminal that is not UTF-8 gets "?" for what it lacks, not an exception."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def _complain(message: str) -> int:
    from attnviz.tokens import visible

    one_line = " ".join(visible(message.replace("\n", " ")).split())
    print(f"attnviz: {one_line}", file=sys.stderr)
    return EXIT_USER
