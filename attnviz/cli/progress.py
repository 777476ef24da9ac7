"""How far a long run is, on standard error: for what takes over a second, in front of somebody."""

from __future__ import annotations

import shutil
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from attnviz.digits import grouped

if TYPE_CHECKING:
    from rich.progress import Progress

    from attnviz.models.model import StackShape

PATIENCE = 1.0  # seconds that need no word
PAUSE = 0.1  # seconds between two looks at the same line
WINDOW = 30.0  # seconds whose pace tells the time left


class Ticker:
    """A line with what is done and the time left, from the second second on, gone at the end.

    Nothing is written where standard error is no terminal, or when quiet. Any thread may tell.
    """

    def __init__(self, quiet: bool = False):
        self.silent = quiet or not sys.stderr.isatty()
        self._next = time.monotonic() + PATIENCE
        self._line: Progress | None = None
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._line is not None:
            self._line.stop()

    def tell(self, done: int, total: int, what: str) -> None:
        """Tell what comes next, after `done` of `total` steps."""
        if self.silent or time.monotonic() < self._next:
            return
        with self._lock:
            self._next = time.monotonic() + PAUSE
            if self._line is None:
                self._line = _line()
                self._line.add_task("", total=total)
            self._line.update(
                self._line.task_ids[0], completed=done, description=what, refresh=True
            )


def _line() -> Progress:
    from rich.console import Console  # only for what takes long
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    line = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=12),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=Console(stderr=True, markup=False, highlight=False),
        transient=True,
        auto_refresh=False,  # a thread that draws would disturb what is measured
    )
    line.start()
    return line


Told = Callable[[Mapping[str, "StackShape"], str, int, int], None]


@contextmanager
def progress(quiet: bool) -> Iterator[Told | None]:
    """Return what a run may tell its progress to: tokens and layers; None where nobody would see
    it."""
    with Ticker(quiet) as ticker:
        done: dict[str, int] = {}

        def told(shapes: Mapping[str, StackShape], stack: str, layer: int, rows: int) -> None:
            done[stack] = done.get(stack, 0) + rows
            n, n_layers = len(shapes[stack].queries), shapes[stack].n_layers
            here = min(done[stack] - layer * n, n)
            total = sum(shape.n_layers * len(shape.queries) for shape in shapes.values())
            seen = f"{grouped(here)} of {grouped(n)} tokens"
            what = f"{stack} · layer {layer + 1} of {n_layers} · {seen}"
            ticker.tell(sum(done.values()), total, what)

        yield None if ticker.silent else told


@contextmanager
def texts_done(
    quiet: bool, share: Callable[[], float | None] = lambda: None
) -> Iterator[Callable[[int, int, str], None] | None]:
    """Yield what a survey tells its progress to: texts and tokens done, and what it found so far;
    None where nobody would see it.

    share: says how much of the texts was read, 0 to 1, where that is known; of it the time left is
    reckoned, at the pace of the last half minute, so that parts kept from an earlier run do not
    make it look fast.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    seen = deque([(time.monotonic(), 0, 0.0)])
    shown, drawn = [seen[0][0] + PATIENCE - PAUSE], list[bool]()

    def told(n_texts: int, n_tokens: int, found: str = "") -> None:
        now, part = time.monotonic(), share()
        if now - shown[0] < PAUSE:
            return
        shown[0] = now
        seen.append((now, n_texts, part or 0.0))
        while seen[0][0] < now - WINDOW:
            seen.popleft()
        line = _texts_line(n_tokens, seen, part is not None)
        line = f"{line} · {found}" if found else line
        room = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[2K{line[:room]}", end="", file=sys.stderr, flush=True)
        drawn.append(True)

    try:
        yield told
    finally:
        if drawn:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def _texts_line(n_tokens: int, seen: Sequence[tuple[float, int, float]], known: bool) -> str:
    """What is done, the pace, and the time left. seen: when, texts done by then, share read."""
    (before, n_before, part_before), (now, n_texts, part) = seen[0], seen[-1]
    took = max(now - before, 1e-9)
    pace = (n_texts - n_before) / took
    line = f"{grouped(n_texts)} texts · {grouped(n_tokens)} tokens · {pace:.1f} texts/s"
    if not known or part <= part_before:
        return line
    minutes, seconds = divmod(round((1 - part) / (part - part_before) * took), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{line} · {hours}:{minutes:02}:{seconds:02} left"
