"""Threads that share the work of one call, while BLAS keeps to one thread in each.

NumPy releases the interpreter lock inside its loops, so Python threads run side by side. BLAS
threads besides them would wait in a spin for work that never comes: they are held to one.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from functools import cache, partial
from queue import SimpleQueue
from threading import Lock, Thread, local
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Result = TypeVar("Result")
Job = Callable[[], object]
Task = tuple[Context, Iterator[Job], "SimpleQueue[BaseException | None]"]

MOST = 8  # more threads than that wait for memory
CACHE_LINE = 64  # bytes
KEPT_NUMBERS = 1 << 21
WORTH_SHARING = 1 << 25  # multiply-adds: less is done before another thread wakes up


@cache
def n_workers() -> int:
    """Return how many threads share the work: the processors this process may use, at most 8, and
    no more than OMP_NUM_THREADS says."""
    try:
        here = len(os.sched_getaffinity(0))
    except AttributeError:  # not every system says
        here = os.cpu_count() or 1
    said = os.environ.get("OMP_NUM_THREADS", "")
    return max(min(here, MOST, int(said) if said.isdecimal() else MOST), 1)


def at_once() -> int:
    """Return how many threads share the work of a call made here: one inside of `alone`."""
    return 1 if getattr(_mine, "alone", False) else n_workers()


@contextmanager
def alone() -> Iterator[None]:
    """Let this thread do all of its work by itself in here, BLAS too: then what it computes has the
    same digits on a machine of any number of processors."""
    before = getattr(_mine, "alone", False)
    _mine.alone = True
    _hold(1)
    try:
        yield
    finally:
        _hold(-1)
        _mine.alone = before


_mine = local()


def share(jobs: Iterable[Job]) -> None:
    """Run all jobs, each once, on all workers; returns when the last is done.

    A job may not share in its turn. What a job raises is raised here. Settings of the caller's
    context (np.errstate) hold in every thread.
    """
    listed = list(jobs)
    if len(listed) < 2 or at_once() < 2:
        in_turn(listed)
        return
    with one_blas_thread():
        _run(listed)


def by_tokens(work: Callable[..., Result], *arrays: NDArray[Any]) -> Result:
    """Return what `work` makes of arrays (tokens, …), token by token: an array or several, (tokens,
    …).

    Where BLAS is held to one thread, each worker takes a part of the tokens.
    """
    n_tokens = len(arrays[0])
    n_parts = min(at_once(), n_tokens) if _held else 1
    if n_parts < 2:
        return work(*arrays)
    edges = [n_tokens * i // n_parts for i in range(n_parts + 1)]
    found: list[Any] = [None] * n_parts

    def job(i: int) -> None:
        found[i] = work(*(array[edges[i] : edges[i + 1]] for array in arrays))

    share([partial(job, i) for i in range(n_parts)])
    if isinstance(found[0], tuple):
        return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))  # type: ignore[return-value]
    return np.concatenate(found)  # type: ignore[return-value]


def scratch(size: int, dtype: Any, name: str = "scores") -> NDArray[Any]:
    """Return a flat buffer of `size` numbers, this thread's own, kept under its name from call to
    call while it is no larger than the cache: fresh memory costs more than the sums."""
    kept = getattr(_buffers, name, None)
    if kept is None or kept.size < size or kept.dtype != dtype:
        kept = aligned((size,), dtype)
        if size <= KEPT_NUMBERS:
            setattr(_buffers, name, kept)
    return kept[:size]


_buffers = local()


def aligned(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Return memory that begins with a line of the cache, so that no vector lies in two of them."""
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.empty(n_bytes + CACHE_LINE, np.uint8)
    first = -room.ctypes.data % CACHE_LINE
    memory: NDArray[Any] = room[first : first + n_bytes].view(dtype).reshape(shape)
    return memory


def in_turn(jobs: Iterable[Job]) -> None:
    """Run all jobs here, one after the other: what is small is not worth a thread."""
    for job in jobs:
        job()


def _run(jobs: list[Job]) -> None:
    remaining, done = iter(jobs), SimpleQueue[BaseException | None]()
    others = _team.inboxes(min(n_workers(), len(jobs)) - 1)
    for inbox in others:
        inbox.put((copy_context(), remaining, done))
    failed: BaseException | None = None
    try:
        in_turn(remaining)
    except BaseException as error:
        failed = error
        for _ in remaining:  # what nobody has begun stays undone
            pass
    found = [done.get() for _ in others]
    failed = failed or next((error for error in found if error is not None), None)
    if failed is not None:
        raise failed


class _Team:
    """The threads, made when they are first needed and kept."""

    def __init__(self) -> None:
        self._inboxes: list[SimpleQueue[Task]] = []
        self._lock = Lock()

    def inboxes(self, n: int) -> list[SimpleQueue[Task]]:
        with self._lock:
            while len(self._inboxes) < n:
                inbox: SimpleQueue[Task] = SimpleQueue()
                Thread(target=_work, args=(inbox,), name="attnviz", daemon=True).start()
                self._inboxes.append(inbox)
            return self._inboxes[:n]


def _work(inbox: SimpleQueue[Task]) -> None:
    while True:
        _serve(*inbox.get())  # in a function of its own, so that no job is kept alive here


def _serve(context: Context, jobs: Iterator[Job], done: SimpleQueue[BaseException | None]) -> None:
    try:
        context.run(in_turn, jobs)  # a list's iterator hands each job to one thread
        done.put(None)
    except BaseException as error:
        done.put(error)


_team = _Team()
_blas: ThreadpoolController | None = None
_limit: Any = None  # what gives BLAS its threads back
_held = 0
_holding = Lock()


def _start_anew() -> None:
    global _team, _held, _limit, _holding
    # a forked process has none of the threads, and whoever held the lock is not in it
    _team, _held, _limit, _holding = _Team(), 0, None, Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread in here. Blocks may lie within one another, or run side by side in
    several threads: the last to end gives BLAS its threads back."""
    if at_once() < 2:
        yield
        return
    _hold(1)
    try:
        yield
    finally:
        _hold(-1)


def _hold(more: int) -> None:
    global _blas, _held, _limit
    with _holding:
        if _blas is None:
            from threadpoolctl import ThreadpoolController  # only where threads share work

            _blas = ThreadpoolController()
        _held += more
        if _limit is None:
            _limit = _blas.limit(limits=1, user_api="blas")
        elif not _held:
            _limit.restore_original_limits()
            _limit = None
