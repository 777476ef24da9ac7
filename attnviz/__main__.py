"""`attnviz` and `python -m attnviz`."""

from __future__ import annotations

import gc
import os
import sys

from attnviz._version import __version__
from attnviz.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_USER, ReaderLeft


def main() -> None:
    """Run the command line and leave with its exit status."""
    for name in ("stdout", "stderr"):  # a stream that was closed swallows what is written
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 it stays open to the end
    try:
        status = _run(sys.argv[1:])
        sys.stdout.flush()
    except (BrokenPipeError, ReaderLeft):
        _write_no_more()
        status = EXIT_DONE
    except OSError as error:
        _write_no_more()
        print(f"attnviz: Cannot write to standard output: {error.strerror}.", file=sys.stderr)
        status = EXIT_USER
    except KeyboardInterrupt:  # while still importing
        status = EXIT_INTERRUPTED
    sys.exit(status)


def _run(arguments: list[str]) -> int:
    if arguments == ["--version"]:  # answered before anything is imported
        print(f"attnviz {__version__}")
        return EXIT_DONE
    # BLAS starts its threads as soon as NumPy is imported; a short run has no work for them, they
    # wait in a spin beside it, and a long one has workers of its own (attnviz/workers.py).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Imports make many objects that all stay: looking for garbage among them cost 6 % of a run.
    gc.set_threshold(100_000)
    from attnviz.cli import run_command_line

    return run_command_line(arguments)


def _write_no_more() -> None:
    """What is still in the buffer has nowhere to go: let the interpreter's last flush be silent."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
