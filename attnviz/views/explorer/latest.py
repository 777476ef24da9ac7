"""Work in the background of which only the newest wish counts."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread
from typing import Generic, TypeVar

Wish = TypeVar("Wish")
Result = TypeVar("Result")


class Newest(Generic[Wish, Result]):
    """One thread that works on one wish at a time.

    A wish that comes while it works waits; a newer one takes its place. `done` is called in that
    thread with each wish that was worked on and its result, or what went wrong, and with whether
    no newer wish had come. The thread is a daemon: who leaves does not wait for it.
    """

    def __init__(
        self,
        work: Callable[[Wish], Result],
        done: Callable[[Wish, Result | Exception, bool], object],
    ) -> None:
        self._work, self._done = work, done
        self._waiting: list[Wish] = []
        self._changed = Condition()
        self._thread: Thread | None = None

    def ask(self, wish: Wish) -> None:
        """Wish for something; what waited is forgotten."""
        with self._changed:
            self._waiting = [wish]
            self._changed.notify()
        if self._thread is None:
            self._thread = Thread(target=self._run, name="newest", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                wish = self._waiting.pop()
            try:
                result: Result | Exception = self._work(wish)
            except Exception as error:  # told to whoever asked, in its own thread
                result = error
            self._done(wish, result, not self._waiting)
