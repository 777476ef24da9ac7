"""`attnviz` and `python -m attnviz`."""

from __future__ import annotations

# The signal module would load enum, which --version does without.
import _signal as signals  # type: ignore[import-not-found]
import gc
import os
import sys

from attnviz._version import __version__
from attnviz.errors import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_TERMINATED,
    EXIT_USER,
    ReaderLeft,
    Terminated,
)

TYPE_CHECKING = False  # typing would load much more
if TYPE_CHECKING:
    from types import FrameType


def main() -> None:
    """Run the command line and leave with its exit status."""
    try:
        _listen()
        _replace_closed_streams()
        status = _run(sys.argv[1:])
        sys.stdout.flush()
    except (BrokenPipeError, ReaderLeft):
        _write_no_more(sys.stdout.fileno())
        status = EXIT_DONE
    except OSError as error:
        _write_no_more(sys.stdout.fileno())
        _say(f"attnviz: Cannot write to standard output: {error.strerror}.")
        status = EXIT_USER
    except KeyboardInterrupt:
        status = EXIT_INTERRUPTED
    except Terminated:
        status = EXIT_TERMINATED
    _say("")
    gc.freeze()  # nothing is collected on the way out: it took 15 % of a short run
    sys.exit(status)


def _run(arguments: list[str]) -> int:
    if arguments == ["--version"]:  # answered before anything is imported
        print(f"attnviz {__version__}")
        return EXIT_DONE
    # BLAS starts its threads as soon as NumPy is imported; a short run has no work for them, they
    # wait in a spin beside it, and a long one has workers of its own (attnviz/threads.py).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Imports make many objects that all stay: looking for garbage among them cost 6 % of a run.
    gc.set_threshold(100_000)
    from attnviz.cli import run_command_line

    return run_command_line(arguments)


def _listen() -> None:
    """Take Ctrl-C as Python does and SIGTERM likewise, unless who started this ignores them."""
    if signals.getsignal(signals.SIGINT) is signals.default_int_handler:
        signals.signal(signals.SIGINT, _stop)
    if signals.getsignal(signals.SIGTERM) == signals.SIG_DFL:
        signals.signal(signals.SIGTERM, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    """End what runs so that it can clean up; an import cannot, and may swallow the exception."""
    interrupted = number == signals.SIGINT
    while frame is not None:
        if frame.f_globals.get("__name__") == "importlib._bootstrap":
            os._exit(EXIT_INTERRUPTED if interrupted else EXIT_TERMINATED)
        frame = frame.f_back
    raise KeyboardInterrupt if interrupted else Terminated


def _replace_closed_streams() -> None:
    """Let a stream that was closed swallow what is written."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_WRONLY)
            # the interpreter's own streams do not close their files either
            setattr(sys, name, open(handle, "w", closefd=False))  # noqa: SIM115


def _say(message: str) -> None:
    """Write to standard error, and let its last flush be silent if it cannot be written."""
    try:
        if message:
            print(message, file=sys.stderr)
        sys.stderr.flush()
    except OSError:
        _write_no_more(sys.stderr.fileno())


def _write_no_more(descriptor: int) -> None:
    """What is still in the buffer has nowhere to go: let the interpreter's last flush be silent."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


if __name__ == "__main__":
    main()
