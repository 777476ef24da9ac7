"""The command that is running, as somebody can type it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.record.record import AttentionRecord, Origin

# They say where numbers go, and change none.
FLAGS = ("--json", "--csv", "--quiet", "-q", "--verbose", "-v")
VALUED = ("--output", "-o", "--color")

_GIVEN: ContextVar[tuple[str, ...] | None] = ContextVar("arguments", default=None)


@contextmanager
def given(arguments: Sequence[str]) -> Iterator[None]:
    """Remember the arguments of the command while it runs."""
    before = _GIVEN.set(tuple(arguments))
    try:
        yield
    finally:
        _GIVEN.reset(before)


def signed(record: AttentionRecord) -> AttentionRecord:
    """Put the command into a record of a trained model: built-in heads are the same for all, and
    their records hold what they were asked with."""
    arguments = _GIVEN.get()
    known = record.made.command is not None
    if arguments is None or known or record.model.origin != "trained":
        return record
    from attnviz.record.provenance import provenance_of

    made = provenance_of(record.made.version, shlex.join(["attnviz", *arguments]))
    return replace(record, made=made)


def with_origin(table: str, models: Iterable[Origin | str | Path | None] = ()) -> str:
    """Put lines above a table that say where its numbers come from: the program, the command, and
    of trained models which weights they have. Who reads tables skips lines that begin with #.

    models: each as a record tells of it, or by the name that it is opened by.
    """
    from attnviz._version import __version__
    from attnviz.files.table import is_comment
    from attnviz.record.provenance import comments

    lines = table.splitlines(keepends=True)
    above = [*takewhile(is_comment, lines)]  # what a table says of itself stands first
    n_columns = lines[len(above)].count(",") + 1  # no name of a column has a comma
    told = {"attnviz": __version__, "command": _numbers_of(_GIVEN.get())}
    above += comments(told, {}, n_columns)
    origins: list[Origin] = []
    for model in models:
        origin = None if model is None else _origin(model)
        if origin is not None and origin not in origins:
            origins.append(origin)
            above += comments({"model": origin.name}, origin.details, n_columns)
    return "".join([*above, *dropwhile(is_comment, lines)])


def _numbers_of(arguments: Sequence[str] | None) -> str | None:
    """The command that gives these numbers, wherever they went."""
    if arguments is None:
        return None
    words, left = [], iter(arguments)
    for word in left:
        if word == "--":
            words += [word, *left]
        elif word in VALUED:
            next(left, None)
        elif word not in FLAGS and not word.startswith(("--output=", "--color=")):
            words.append(word)
    return shlex.join(["attnviz", *words])


def _origin(model: Origin | str | Path) -> Origin:
    from attnviz.models import CONSTRUCTED, RANDOM, load_checkpoint
    from attnviz.record.record import Origin

    if isinstance(model, Origin):
        return model
    if model in (CONSTRUCTED, RANDOM):
        return Origin(str(model), "constructed")
    opened = load_checkpoint(model)
    return Origin(opened.name, "trained", opened.details)
