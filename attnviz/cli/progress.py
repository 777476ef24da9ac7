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

from attnviz.language.english import ENGLISH
from attnviz.language.language import TERMINAL

if TYPE_CHECKING:
    from rich.progress import Progress

    from attnviz.language.language import Language
    from attnviz.models.model import StackShape

PATIENCE = 1.0  # seconds that need no word
PAUSE = 0.1  # seconds between two looks at the same line
WINDOW = 30.0  # seconds whose pace tells the time left


class Ticker:
    """A line with what is done and the time left, from the second second on, gone at the end.

    Nothing is written where standard error is no terminal, or when quiet. Any thread may tell.
    """

    def __init__(self, quiet: bool = False, language: Language = ENGLISH):
        self.language = language
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
                self._line = _line(self.language)
                self._line.add_task("", total=total)
            self._line.update(
                self._line.task_ids[0], completed=done, description=what, refresh=True
            )


def _line(language: Language) -> Progress:
    from rich.console import Console  # only for what takes long
    from rich.progress import BarColumn, Progress, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Left(TimeRemainingColumn):
        """The time left, in a sentence."""

        def render(self, task: Task) -> Text:
            return Text(language.say("run.left", TERMINAL, time=super().render(task).plain))

    line = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=12),
        Left(),
        console=Console(stderr=True, markup=False, highlight=False),
        transient=True,
        auto_refresh=False,  # a thread that draws would disturb what is measured
    )
    line.start()
    return line


Told = Callable[[Mapping[str, "StackShape"], str, int, int], None]


@contextmanager
def progress(quiet: bool, language: Language) -> Iterator[Told | None]:
    """Return what a run may tell its progress to: tokens and layers; None where nobody would see
    it."""
    with Ticker(quiet, language) as ticker:
        done: dict[str, int] = {}

        def told(shapes: Mapping[str, StackShape], stack: str, layer: int, rows: int) -> None:
            done[stack] = done.get(stack, 0) + rows
            n, n_layers = len(shapes[stack].queries), shapes[stack].n_layers
            here = min(done[stack] - layer * n, n)
            total = sum(shape.n_layers * len(shape.queries) for shape in shapes.values())
            seen = language.say("run.tokens", TERMINAL, n=here, n_tokens=n)
            place = language.say("run.layer", TERMINAL, n=layer + 1, total=n_layers)
            ticker.tell(sum(done.values()), total, f"{stack} · {place} · {seen}")

        yield None if ticker.silent else told


@contextmanager
def texts_done(
    quiet: bool, language: Language, share: Callable[[], float | None] = lambda: None
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
        line = _texts_line(language, n_tokens, seen, part is not None)
        line = f"{line} · {found}" if found else line
        room = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[2K{line[:room]}", end="", file=sys.stderr, flush=True)
        drawn.append(True)

    try:
        yield told
    finally:
        if drawn:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def _texts_line(
    language: Language, n_tokens: int, seen: Sequence[tuple[float, int, float]], known: bool
) -> str:
    """What is done, the pace, and the time left. seen: when, texts done by then, share read."""
    (before, n_before, part_before), (now, n_texts, part) = seen[0], seen[-1]
    took = max(now - before, 1e-9)
    pace = (n_texts - n_before) / took
    line = language.say(
        "run.texts", TERMINAL, n_texts=n_texts, n_tokens=n_tokens, value=f"{pace:.1f}"
    )
    if not known or part <= part_before:
        return line
    minutes, seconds = divmod(round((1 - part) / (part - part_before) * took), 60)
    hours, minutes = divmod(minutes, 60)
    time_left = f"{hours}:{minutes:02}:{seconds:02}"
    return f"{line} · {language.say('run.left', TERMINAL, time=time_left)}"
