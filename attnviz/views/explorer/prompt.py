"""A line at the bottom of the explorer that asks for something, and pages that lie above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.console import Group, RenderableType
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from attnviz.views.explorer.key_routing import Keystrokes


class Line(Input):
    """The line for an answer."""

    def __init__(self) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self.keystrokes = Keystrokes()

    async def on_event(self, event: events.Event) -> None:
        """Take a key only while this is open."""
        if self.keystrokes.strays(self, event) or await self.keystrokes.obeys(self, event):
            return
        await super().on_event(event)


class Prompt(Horizontal):
    """A question and a line for the answer; hidden until something is asked."""

    def compose(self) -> ComposeResult:
        """Return the question, then the answer, then what answers may be."""
        yield Label(markup=False, id="question")
        yield Line()
        yield Label(markup=False, id="choices")

    def ask(self, question: str, answer: str = "", choices: str = "") -> None:
        """Ask; `answer` stands there already."""
        self.display = True
        self.query_one("#question", Label).update(Content(f" {question}: "))
        self.query_one("#choices", Label).update(Content(choices))
        line = self.query_one(Line)
        with line.prevent(Input.Changed):
            line.value = answer
        line.cursor_position = len(answer)
        self.screen.set_focus(line)  # at once: the next key may be on its way

    def close(self) -> None:
        """Ask no more."""
        self.display = False
        self.screen.set_focus(None)


class Page(ModalScreen[None]):
    """Something to read above the explorer; any of its keys closes it again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,e,enter,question_mark", "dismiss", show=False),
        Binding("j,down", "scroll('scroll_down')", show=False),
        Binding("k,up", "scroll('scroll_up')", show=False),
    ]

    def __init__(self, heading: str, body: Sequence[RenderableType]) -> None:
        super().__init__()
        self._heading, self._body = heading, body

    def compose(self) -> ComposeResult:
        """Return the page, with a scrollbar where it is longer than the screen."""
        with VerticalScroll() as page:
            page.border_title = Content(self._heading)
            page.border_subtitle = "Esc"
            yield Static(Group(*self._body), markup=False)

    def action_scroll(self, how: str) -> None:
        """Line by line."""
        getattr(self.query_one(VerticalScroll), f"action_{how}")()

    def on_click(self) -> None:
        """Close by the mouse too."""
        self.dismiss()
