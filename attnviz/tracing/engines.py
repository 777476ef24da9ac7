"""Where chunks of work run: here, in processes of this machine, or on a Dask cluster.

Results come back in the order of the chunks, so that what is made of them does not depend on how
many workers there are or which of them is quicker.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from contextvars import copy_context
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from attnviz._version import __version__
from attnviz.errors import AttnvizError
from attnviz.threads import n_workers

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")
AHEAD = 2  # chunks for each worker that wait or run at once
ADDRESS = re.compile(r"((tcp|tls|ws|wss)://)?(\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}|inproc://\S+")
PATIENCE = "10s"  # for a scheduler to answer


class LostWorkersError(AttnvizError):
    """Workers died, or who leads them: what ended before is not lost, where somebody kept it."""


def run_here(work: Callable[[Chunk], Result], chunks: Iterable[Chunk]) -> Iterator[Result]:
    """Run chunks in this process, one thread for each processor; work uses no others."""
    n = n_workers()
    if n < 2:
        yield from map(work, chunks)
        return
    waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def submit(chunk: Chunk) -> Future[Result]:
        found: Future[Result] = Future()
        context = copy_context()  # settings such as np.errstate
        waiting.put(lambda: context.run(_settle, found, work, chunk))
        return found

    for _ in range(n):  # of no pool, whose threads are waited for at the end, after Ctrl-C too
        Thread(target=_serve, args=(waiting,), name="attnviz-chunks", daemon=True).start()
    try:
        yield from _in_order(submit, chunks, n + 1)
    finally:
        while not waiting.empty():
            waiting.get_nowait()
        for _ in range(n):
            waiting.put(None)


def _serve(waiting: SimpleQueue[Callable[[], None] | None]) -> None:
    while (job := waiting.get()) is not None:
        job()
        del job  # or the last chunk would be kept while it waits


def _settle(found: Future[Result], work: Callable[[Chunk], Result], chunk: Chunk) -> None:
    try:
        found.set_result(work(chunk))
    except BaseException as error:
        found.set_exception(error)


def run_in_processes(
    work: Callable[[Chunk], Result], chunks: Iterable[Chunk], workers: int
) -> Iterator[Result]:
    """Run chunks in `workers` new processes with one BLAS thread each.

    work and its chunks are pickled. Raises LostWorkersError where a process dies.
    """
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, get_context("spawn"), _one_thread) as pool:
        try:
            yield from _in_order(lambda chunk: pool.submit(work, chunk), chunks, AHEAD * workers)
        except BrokenProcessPool as error:
            raise LostWorkersError(
                "A worker process died, perhaps for want of memory.", key="err.worker_process"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _one_thread() -> None:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def run_on_dask(
    work: Callable[[Chunk], Result], chunks: Iterable[Chunk], scheduler: str
) -> Iterator[Result]:
    """Run chunks on the Dask cluster whose scheduler has this address ("tcp://host:8786").

    Raises AttnvizError where Dask is not installed, the scheduler cannot be reached, or a worker
    has another version of attnviz; LostWorkersError where the scheduler dies.
    """
    with closing(_client(scheduler)) as client:
        from distributed import KilledWorker

        _check_workers(client)
        n_there = max(len(client.scheduler_info(n_workers=-1)["workers"]), 1)
        try:
            yield from _in_order(
                lambda chunk: client.submit(work, chunk, pure=False), chunks, AHEAD * n_there
            )
        except (OSError, TimeoutError, CancelledError, KilledWorker) as error:
            raise LostWorkersError(
                "The scheduler or a worker was lost.", key="err.scheduler_worker"
            ) from error


def dashboard(scheduler: str) -> str:
    """Return the address of a cluster's own dashboard, "" where it has none."""
    with closing(_client(scheduler)) as client:
        return str(client.dashboard_link or "")


def _client(scheduler: str) -> Any:
    """Reach a scheduler; AttnvizError where it is not there, or its address is none."""
    try:
        from distributed import Client  # the extra `attnviz[dask]`
    except ImportError as error:
        raise AttnvizError(
            "A scheduler takes Dask, which is not installed.",
            "Run: pip install 'attnviz[dask]'.",
            key="err.scheduler_takes",
        ) from error
    try:
        if not ADDRESS.fullmatch(scheduler):  # a client that failed half-way complains at its end
            raise ValueError
        return Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise AttnvizError(
            f"The scheduler {scheduler[:100]} cannot be reached.",
            "Check its address, such as tcp://127.0.0.1:8786, and that it runs.",
            key="err.scheduler_cannot",
            scheduler=scheduler[:100],
        ) from error


def _check_workers(client: Any) -> None:
    versions = {name: found for name, found in client.run(_version).items() if found != __version__}
    for name, found in versions.items():
        raise AttnvizError(
            f"The worker {name} has attnviz {found}, and this is {__version__}.",
            "Install the same version everywhere.",
            key="err.worker_attnviz",
            name=name,
            found=found,
            version=__version__,
        )


def _version() -> str:
    return __version__


def _in_order(submit: Callable[[Chunk], Any], chunks: Iterable[Chunk], ahead: int) -> Iterator[Any]:
    """Submit chunks, never more than `ahead` at once, and yield results in their order."""
    waiting: deque[Future[Any]] = deque()
    for chunk in chunks:
        waiting.append(submit(chunk))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
