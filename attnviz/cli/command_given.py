"""The command that is running, as somebody can type it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.record.record import AttentionRecord

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
