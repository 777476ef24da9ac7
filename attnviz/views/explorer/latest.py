"""Work in the background of which only the latest request counts."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread
from typing import Generic, TypeVar

Request = TypeVar("Request")
Result = TypeVar("Result")


class LatestOnly(Generic[Request, Result]):
    """Run only the latest request, in one thread; drop older ones that still wait.

    `done` is called in that thread with each request that was worked on, its result or what went
    wrong, and whether no later request had come. The thread is a daemon: who leaves does not wait
    for it.
    """

    def __init__(
        self,
        work: Callable[[Request], Result],
        done: Callable[[Request, Result | Exception, bool], object],
    ) -> None:
        self._work, self._done = work, done
        self._waiting: list[Request] = []
        self._changed = Condition()
        self._thread: Thread | None = None

    def ask(self, request: Request) -> None:
        """Take a request; what waited is forgotten."""
        with self._changed:
            self._waiting = [request]
            self._changed.notify()
        if self._thread is None:
            self._thread = Thread(target=self._run, name="latest-only", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                request = self._waiting.pop()
            try:
                result: Result | Exception = self._work(request)
            except Exception as error:  # told to whoever asked, in its own thread
                result = error
            self._done(request, result, not self._waiting)
