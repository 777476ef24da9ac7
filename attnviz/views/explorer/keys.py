"""The explorer's keys: what each does, in the line at the bottom and in the list of all."""

from __future__ import annotations

from collections.abc import Callable

from rich.table import Table
from rich.text import Text
from textual import events
from textual.widget import Widget

from attnviz.analysis.timeline import has_steps
from attnviz.frozen import dataclass
from attnviz.language.language import TERMINAL, Language
from attnviz.views.explorer.picture import pictured
from attnviz.views.explorer.state import State
from attnviz.views.files import SUFFIXES


@dataclass(frozen=True)
class Key:
    """One key, or two that belong together. name: of its sentences, "key.…" and "help.…". action:
    what a click on it does."""

    shown: str
    name: str
    action: str
    when: Callable[[State], bool] = lambda state: True


def _is_long(state: State) -> bool:
    return max(state.stack.shape) > 16


def _may_be_written_on(state: State) -> bool:
    record = state.record
    return record.model.origin == "trained" and record.kind == "causal"


def _has_columns(state: State) -> bool:
    return pictured(state) is not None and not state.stack.two_texts


# In the order of the line at the bottom, which is cut where it is full.
KEYS = (
    Key("← →", "query", "step(1)"),
    Key("h l", "head", "head(1)", lambda state: state.stack.n_heads > 1),
    Key("j k", "layer", "layer(1)", lambda state: state.stack.n_layers > 1),
    Key("z", "matrix", "near", lambda state: pictured(state) is not None),
    Key("c", "column", "column", _has_columns),
    Key("i", "edit", "edit"),
    Key("w", "write", "write", _may_be_written_on),
    Key("T", "timeline", "timeline", lambda state: has_steps(state.record)),
    Key("e", "explain", "explain"),
    Key("/", "search", "search"),
    Key("t", "type", "type"),
    Key("s", "scale", "scale"),
    Key("g", "language", "language"),
    Key("p", "pin", "pin"),
    Key("z", "near", "near", lambda state: _is_long(state) and pictured(state) is None),
    Key("m", "merge", "merge"),
    Key("o", "save", "save"),
)
LAST = (Key("?", "help", "help"), Key("q", "quit", "quit"))
ALL = (*KEYS, *LAST)


class Hints(Widget):
    """One line of keys, as many as fit; a click does what the key does."""

    ALLOW_SELECT = False

    def __init__(self, state: State) -> None:
        super().__init__(id="hints")
        self.state = state

    def show(self, state: State) -> None:
        """Show another state: other keys make sense, or their names are in another language."""
        self.state = state
        self.refresh()

    def render(self) -> Text:
        """Return the keys that fit, and always the last two."""
        last = [_hint(key, self.state.look.language) for key in LAST]
        room = self.size.width - sum(hint.cell_len for hint in last)
        line = Text(no_wrap=True)
        for key in KEYS:
            hint = _hint(key, self.state.look.language)
            if key.when(self.state) and line.cell_len + hint.cell_len <= room:
                line.append_text(hint)
        return line.append(" " * max(room - line.cell_len, 0)).append_text(Text().join(last))

    async def on_click(self, event: events.Click) -> None:
        """Do as if the key were pressed."""
        if "does" in event.style.meta:
            await self.screen.run_action(event.style.meta["does"])


def _hint(key: Key, language: Language) -> Text:
    hint = Text.assemble((f" {key.shown}", "bold"), (f" {language.say(f'key.{key.name}')} ", "dim"))
    hint.apply_meta({"does": key.action})
    return hint


def table(state: State) -> Table:
    """Return every key and what it does, in a sentence."""
    language = state.look.language
    lines = Table.grid(padding=(0, 2))
    lines.add_column(no_wrap=True)
    lines.add_column()
    for key in ALL:
        said = language.say(f"help.{key.name}", TERMINAL, choices=" ".join(SUFFIXES))
        lines.add_row(Text(key.shown, "bold"), Text(said))
    lines.add_row(Text("◉", "bold"), Text(language.say("help.mouse")))
    return lines
