"""The explorer's editor: the text itself, its tokens shaded while one writes."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.content import Content
from textual.widgets import TextArea

from attnviz.inputs.labels import visible
from attnviz.views.cells import background, levels
from attnviz.views.explorer.key_routing import Keystrokes
from attnviz.views.explorer.state import State, at_character
from attnviz.views.explorer.text import FAINT


class Editor(TextArea):
    """A text area whose characters have the colours that the query under the cursor gives them,
    as soon as the weights of this very text are known."""

    ALLOW_SELECT = False

    def __init__(self, text: str, state: State, *, colour: bool) -> None:
        super().__init__(text, id="editor", soft_wrap=True, show_line_numbers=False)
        self.state, self.colour = state, colour
        self.keystrokes = Keystrokes()
        self.highlight_cursor_line = False

    async def on_event(self, event: events.Event) -> None:
        """Take a key only while this is open."""
        if self.keystrokes.strays(self, event) or await self.keystrokes.obeys(self, event):
            return
        await super().on_event(event)

    def on_mount(self) -> None:
        """Say how to leave."""
        self.show(self.state)

    def show(self, state: State) -> None:
        """Show another state."""
        self.state = state
        self.border_title = Content(f"{state.look.language.say('key.edit')} · Esc")
        self.notify_style_update()  # drawn lines are kept until styles change
        self.refresh()

    def query_at_cursor(self) -> int:
        """Return the token that the cursor is in, or just behind."""
        return at_character(
            self.state.stack.query_tokens, max(self._character(self.cursor_location) - 1, 0)
        )

    def get_line(self, line_index: int) -> Text:
        """Return a line with its colours. What would move the cursor gets a visible form as
        wide."""
        line = super().get_line(line_index).plain
        text = Text("".join(map(_as_wide, line)), end="", no_wrap=True)
        self._shade(text, self._character((line_index, 0)))
        return text

    def _shade(self, line: Text, first: int) -> None:
        tokens, sheet = self.state.stack.key_tokens, self.state.sheet
        if not self.colour or self.state.stack.two_texts or not tokens.text.startswith(self.text):
            return
        steps = levels(*sheet.row(self.state.query, self.state.look.scale))
        for (start, stop), step in zip(tokens.spans.tolist(), steps.tolist(), strict=True):
            if step >= FAINT and start < first + len(line) and stop > first:
                line.stylize(background(step) or "", max(start - first, 0), stop - first)

    def _character(self, place: tuple[int, int]) -> int:
        """How many characters stand before a place (line, column)."""
        line, column = place
        before = sum(len(self.document.get_line(i)) for i in range(line))
        return before + line * len(self.document.newline) + column

    async def _on_key(self, event: events.Key) -> None:
        if event.key in ("escape", "tab", "shift+tab"):  # for the screen: leave, or the next head
            return
        await super()._on_key(event)


def _as_wide(char: str) -> str:
    """A character as it can be shown: one for one, so that places stay what they are."""
    shown = visible(char)
    return shown if len(shown) == 1 or char == "\t" else "\ufffd"
