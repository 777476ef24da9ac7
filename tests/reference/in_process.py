"""A command run in this process, with streams, a working folder and an environment of its own.

Starting Python and importing NumPy takes longer than most commands. What is about that start, about
signals or about a stream that breaks needs a real process.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from typing import NamedTuple
from unittest.mock import patch

from attnviz.cli import run_command_line


class Ran(NamedTuple):
    status: int
    out: str
    err: str


def run(*words, folder=None, stdin=None, piped=None, encoding="utf-8", **variables):
    """Run `attnviz` with these words.

    stdin: an open file; piped: a text that comes through a real pipe; without either there is
    nothing on standard input. encoding: of standard output and of standard error.
    """
    with ExitStack() as stack:
        if folder is not None:
            stack.enter_context(chdir(folder))
        stack.enter_context(patch.dict(os.environ, variables))
        source = stdin or stack.enter_context(_pipe(piped))
        stack.enter_context(patch.object(sys, "stdin", source))
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding, newline="") for _ in range(2))
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        status = run_command_line(words)
    return Ran(status, *(_written(stream, encoding) for stream in (out, err)))


def _pipe(piped):
    if piped is None:
        return open(os.devnull, encoding="utf-8")
    end, start = os.pipe()
    with open(start, "wb") as writer:
        writer.write(piped.encode())  # it must fit into the system's buffer: 64 KiB
    return open(end, encoding="utf-8")


def _written(stream, encoding):
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)
