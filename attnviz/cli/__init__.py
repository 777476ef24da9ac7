"""The door to the street: the Typer app, and the one place where all errors end."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from types import ModuleType
from typing import Annotated

import typer

from attnviz._version import __version__
from attnviz.cli.command_given import given
from attnviz.cli.help import Command
from attnviz.digits import THOUSANDS
from attnviz.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_USER, AttnvizError, ReaderLeft

# In the order of --help. Each is the function of its own name in attnviz/cli/commands.
COMMANDS = (
    "run", "steps", "explain", "compare", "heads", "view", "predict", "generate", "translate",
    "summarize", "answer", "caption", "transcribe", "cost", "explore", "models", "samples",
    "survey", "effect", "check", "lens",
)  # fmt: skip


COMPLETE = "_ATTNVIZ_COMPLETE"  # the variable by which a shell asks what may come next


def run_command_line(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; what a user can mend ends here as one line."""
    _prepare()
    try:
        if COMPLETE in os.environ and _is_question():
            return _complete()
        if {"--install-completion", "--show-completion"} & {*arguments[:1]}:
            _check_shell()
        asks_for_all = [*arguments] in ([], ["--help"], ["-h"])
        app = app_of(_wanted(arguments), with_options=not asks_for_all)
        if not arguments or {"--help", "-h"} & {*arguments}:
            _load_help()
        with given(arguments):
            status = app(list(arguments) or ["--help"], prog_name="attnviz", standalone_mode=False)
        return status if isinstance(status, int) else EXIT_DONE
    except AttnvizError as error:
        return _complain(error, arguments)
    except typer.TyperException as error:
        message = getattr(error, "format_message", error.__str__)()
        return _complain(_corrected(message, arguments), arguments)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except SystemExit as leaving:  # the library's own answer to a pipe that was closed
        if isinstance(leaving.__context__, BrokenPipeError):
            raise ReaderLeft from leaving
        raise
    except UnicodeEncodeError:  # a lone surrogate: no shell can type one
        broken = AttnvizError(
            "A word of the command line is not valid Unicode.",
            "Write UTF-8.",
            key="err.word_command",
        )
        return _complain(broken, arguments)
    except MemoryError:
        full = AttnvizError(
            "There is not enough memory.",
            "Use a shorter text or fewer heads.",
            key="err.not_enough",
        )
        return _complain(full, arguments)
    except OSError as error:
        return _complain(_of_the_system(error), arguments)


def _is_question() -> bool:
    """Tell whether a shell asks; what is no question is put aside, for the library would end the
    program over it."""
    from attnviz.cli.completion import is_question

    if is_question(os.environ[COMPLETE]):
        return True
    del os.environ[COMPLETE]
    return False


def _complete() -> int:
    """Answer a shell that asks what may come next; what cannot be answered is not, and no word of
    it reaches the line that somebody is typing."""
    from attnviz.cli.completion import words_typed

    words = words_typed()
    app = app_of(_wanted(words), with_options=bool(words))
    try:
        app([], prog_name="attnviz", complete_var=COMPLETE, standalone_mode=False)
    except (AttnvizError, typer.TyperException):
        return EXIT_USER
    return EXIT_DONE


def _check_shell() -> None:
    from attnviz.cli.completion import check_shell  # only while a shell asks, or is asked for

    check_shell()


def _of_the_system(error: OSError) -> AttnvizError:
    """What the operating system reported; a missing file without a name is the working folder."""
    if isinstance(error, FileNotFoundError) and error.filename is None:
        return AttnvizError(
            "The folder you are in was removed.", "Go to another one: cd ~.", key="err.folder_you"
        )
    return AttnvizError(
        f"The operating system reported: {error}.", key="err.operating_system", reason=error
    )


def app_of(names: Iterable[str], *, with_options: bool = True) -> typer.Typer:
    """Build the app with only the commands of these names: each of them takes time to import.

    with_options: whether they can be run, or only be listed, which takes less time still.
    """
    app = typer.Typer(
        name="attnviz",
        help="See where every token looks: attention in the terminal, as pictures and as numbers.",
        epilog='Start with: attnviz run "The cat sat on the mat because it was tired" --type local',
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    for name in names:
        command = getattr(import_module(f"attnviz.cli.commands.{name}"), name)
        app.command(cls=Command)(command if with_options else _listed(command))
    app.callback()(_before_every_command)
    return app


def _listed(command: Callable[..., None]) -> Callable[[], None]:
    """A command's name and what it says of itself."""

    def listed() -> None:
        pass

    listed.__name__, listed.__doc__ = command.__name__, command.__doc__
    return listed


def _wanted(arguments: Sequence[str]) -> Iterable[str]:
    """The command that was named; all of them for help, for none, and to guess what was meant."""
    return arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"attnviz {__version__}")
        raise typer.Exit


def _before_every_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="The version.")
    ] = False,
) -> None:
    pass


def _prepare() -> None:
    """Take the surroundings as they are meant: a terminal that is not UTF-8 gets "?" for what it
    lacks (a space between thousands), not an exception; a size of 0 is one that is not known."""
    codecs.register_error("attnviz", _in_place_of)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="attnviz")  # type: ignore[union-attr]
    for name in ("COLUMNS", "LINES"):
        if not os.environ.get(name, "1").strip("0 "):
            del os.environ[name]


def _in_place_of(error: UnicodeError) -> tuple[str, int]:
    """Return what is written for characters that an encoding lacks, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(" " if char == THOUSANDS else "?" for char in lost), error.end


def _load_help() -> None:
    """Import what draws help, without what it imports for programs other than this one: Markdown
    and tracebacks bring 60 modules, which take as long as NumPy."""
    stand_ins: list[str] = []
    unused = {"rich.markdown": "Markdown", "rich.traceback": "Traceback"}
    for module, name in unused.items():
        stand_in = ModuleType(module)
        setattr(stand_in, name, None)
        if sys.modules.setdefault(module, stand_in) is stand_in:
            stand_ins.append(module)
    import_module("typer.rich_utils")
    for module in stand_ins:
        del sys.modules[module]


def _corrected(message: str, arguments: Sequence[str]) -> AttnvizError:
    from attnviz.cli.corrected import corrected

    return corrected(message, arguments, COMMANDS)


def _complain(error: AttnvizError, arguments: Sequence[str]) -> int:
    from attnviz.cli.complaint import complain  # sentences are only needed when something is wrong

    complain(error, arguments)
    return EXIT_USER
