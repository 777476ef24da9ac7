"""How far a run is, on standard error: for what takes over a second, in front of somebody."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.recorder import Part

AFTER = 1.0  # seconds before anything is shown

Told = Callable[[Mapping[str, "Part"], str, int, int], None]


@contextmanager
def progress(quiet: bool) -> Iterator[Told | None]:
    """What a run may tell its progress to: a bar with tokens, layers and the time left; None where
    nobody would see it. It is gone when the run is over, whatever happens."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    bar = _Bar()
    try:
        yield bar.told
    finally:
        bar.stop()


class _Bar:
    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._done: dict[str, int] = {}
        self._stop: Callable[[], None] | None = None

    def told(self, parts: Mapping[str, Part], stack: str, layer: int, rows: int) -> None:
        """Rows of a layer are done; called from any thread."""
        self._done[stack] = self._done.get(stack, 0) + rows
        if time.monotonic() - self._begun < AFTER:
            return
        if self._stop is None:
            self._start(sum(part.n_layers * len(part.queries) for part in parts.values()))
        n = len(parts[stack].queries)
        here = min(self._done[stack] - layer * n, n)
        told = f"{stack} · layer {layer + 1} of {parts[stack].n_layers} · {here:,} of {n:,} tokens"
        self._bar.update(self._task, completed=sum(self._done.values()), description=told)

    def _start(self, total: int) -> None:
        from rich.console import Console  # only for what takes long
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=12),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=Console(stderr=True, markup=False, highlight=False),
            transient=True,
        )
        self._task = self._bar.add_task("", total=total)
        self._stop = self._bar.stop
        self._bar.start()

    def stop(self) -> None:
        """Take the bar away."""
        if self._stop is not None:
            self._stop()
