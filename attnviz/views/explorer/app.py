"""The explorer as a program of its own: what the terminal is given back, and who may end it."""

from __future__ import annotations

import asyncio
import signal
from typing import ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType

from attnviz.errors import EXIT_INTERRUPTED
from attnviz.views.explorer.key_routing import passed_on
from attnviz.views.explorer.screen import Callbacks, ExplorerScreen
from attnviz.views.explorer.state import State


class Explorer(App[None]):
    """A full-screen look at one record, over the keyboard and the mouse.

    look: where it begins. text: what was traced, as it was given, or None for a saved record.
    type: the type that was asked for. colour: whether the terminal has 256 colours or more.
    After `run`, `return_code` is the exit status.
    """

    CSS_PATH = "explorer.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False),
    ]

    def __init__(
        self,
        state: State,
        callbacks: Callbacks,
        *,
        text: str | None,
        type: str | None,
        colour: bool,
    ) -> None:
        super().__init__()
        self._only_screen = ExplorerScreen(state, callbacks, text=text, type=type, colour=colour)

    def get_default_screen(self) -> ExplorerScreen:
        """Return the one screen that is not above another."""
        return self._only_screen

    async def on_event(self, event: events.Event) -> None:
        """Handle everything that happens; keys that were overtaken find their way."""
        if not (isinstance(event, events.Key) and passed_on(event, self.focused)):
            await super().on_event(event)

    def on_mount(self) -> None:
        """Keep the terminal's own colours, dark or light, and leave it clean when told to go.

        A hang-up ends the program at once, as it does anywhere: the terminal is gone, and Textual
        would wait for ever to write its last words to it.
        """
        self.theme = "ansi-dark"
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._leave, 128 + number)

    def _leave(self, status: int) -> None:
        self.exit(return_code=status)

    def action_interrupt(self) -> None:
        """Leave as Ctrl-C does anywhere."""
        self.exit(return_code=EXIT_INTERRUPTED)
