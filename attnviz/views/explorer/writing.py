"""A text that a model goes on with in the background of the explorer, token by token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

from textual.message import Message

from attnviz.record.record import AttentionRecord

Tell = Callable[[str, AttentionRecord], None]
Write = Callable[[str, Tell], tuple[str, AttentionRecord]]


@dataclass
class Grown(Message):
    """A text grew, and this is its record; or writing has ended, or could not go on.

    record: None where it was stopped before anything was written, or failed.
    """

    text: str
    record: AttentionRecord | None
    ended: bool = False
    error: Exception | None = None


class Writer:
    """Write in one thread until the text ends or somebody stops it; what is there stays.

    write: goes on with a text and tells each longer one; it ends early, as by Ctrl-C, where
    telling raises KeyboardInterrupt. tell: is given every `Grown`, in that thread. The thread is a
    daemon: who leaves does not wait for it.
    """

    def __init__(self, write: Write, tell: Callable[[Grown], None]) -> None:
        self._write, self._tell = write, tell
        self._thread: Thread | None = None
        self._stopped = False

    @property
    def is_writing(self) -> bool:
        """Whether a text is growing."""
        return self._thread is not None

    def start(self, text: str) -> None:
        """Go on with a text."""
        self._stopped = False
        self._thread = Thread(target=self._run, args=(text,), name="writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End with the token that is being written."""
        self._stopped = True

    def ended(self) -> None:
        """Be ready for another text."""
        self._thread = None

    def _grown(self, text: str, record: AttentionRecord) -> None:
        if self._stopped:
            raise KeyboardInterrupt
        self._tell(Grown(text, record))

    def _run(self, text: str) -> None:
        try:
            whole, record = self._write(text, self._grown)
        except KeyboardInterrupt:  # before there was anything to keep
            self._tell(Grown(text, None, ended=True))
        except Exception as error:  # told on the screen, in its own thread
            self._tell(Grown(text, None, ended=True, error=error))
        else:
            self._tell(Grown(whole, record, ended=True))
