"""How far a long run is, on standard error."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 1.0  # seconds that need no word


class Ticker:
    """A line with the steps done and the time left, from the second second on, gone at the end.

    Nothing is written where standard error is no terminal, or when quiet.
    """

    def __init__(self, quiet: bool = False):
        self._silent = quiet or not sys.stderr.isatty()
        self._begun = time.monotonic()
        self._line: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._line is not None:
            self._line.stop()

    def tell(self, done: int, total: int, what: str) -> None:
        """What comes next, after `done` of `total` steps."""
        if self._silent or time.monotonic() - self._begun < PATIENCE:
            return
        if self._line is None:
            self._line = _line()
            self._line.add_task("", total=total)
        self._line.update(self._line.task_ids[0], completed=done, description=what, refresh=True)


def _line() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    line = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeLeft(),
        console=Console(stderr=True),
        transient=True,
        auto_refresh=False,  # a thread that draws would disturb what is measured
    )
    line.start()
    return line
