"""The explorer's panels: each shows one side of the same state, and says what was pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from attnviz.analysis.facts import Finding
from attnviz.language.language import TERMINAL
from attnviz.record.stack import Which
from attnviz.views.explorer.heads import Thumbnails, grid, shows_blocks
from attnviz.views.explorer.map import heatmap
from attnviz.views.explorer.picture import draw_chips, draw_picture, is_all_picture, pictured
from attnviz.views.explorer.sound import LINES, draw_sound, heard
from attnviz.views.explorer.state import Sheet, State
from attnviz.views.explorer.strongest import strongest
from attnviz.views.explorer.text import WrappedText, draw_queries, draw_text
from attnviz.views.number_format import percent
from attnviz.views.screen import Screen
from attnviz.views.titles import chosen, head_name, layers_said, title
from attnviz.views.words import in_words, listed


@dataclass
class Pointed(Message):
    """Something was clicked: a query, a key, a head of a layer, or steps along the queries. column:
    of a patch, whether who looks at it was asked for, or where it looks; None where neither was."""

    query: int | None = None
    key: int | None = None
    head: Which | None = None
    layer: int | None = None
    steps: int = 0
    column: bool | None = None


class Panel(Widget):
    """A part of the screen under a title. Its lines are drawn for the room that it has."""

    ALLOW_SELECT = False

    def __init__(self, state: State, *, colour: bool, id: str) -> None:
        super().__init__(id=id)
        self.state, self.colour = state, colour

    def on_mount(self) -> None:
        """Say what it is about."""
        self.show(self.state)

    def show(self, state: State) -> None:
        """Show another state."""
        self.state = state
        self.border_title = Content(self.name_of(state))
        self.refresh(layout=self.styles.is_auto_height)

    def name_of(self, state: State) -> str:
        """Return the words above the panel."""
        raise NotImplementedError

    def draw(self, screen: Screen) -> Sequence[Text]:
        """Return the lines of the panel."""
        raise NotImplementedError

    def on_resize(self) -> None:
        """Name the panel anew: its name may follow from how large it is."""
        self.border_title = Content(self.name_of(self.state))

    def render(self) -> RenderableType:
        """Return the panel for the room that it has."""
        width, height = self.content_size
        lines = self.draw(self.room(width, height)) if width and height else ()
        for line in lines:
            line.truncate(width)
        return Text("\n", no_wrap=True).join(lines)

    def room(self, width: int, height: int) -> Screen:
        """Return how much is to be filled."""
        return Screen(width, height, self.colour)

    def on_click(self, event: events.Click) -> None:
        """Choose what stands there."""
        meta = event.style.meta
        names = ("query", "key", "head", "layer")
        if pointed := {name: meta[name] for name in names if name in meta}:
            self.post_message(Pointed(**pointed, column=self.column_of(event)))

    def column_of(self, _: events.Click) -> bool | None:
        """Tell whether a click asks for a column."""
        return None

    def on_mouse_scroll_down(self) -> None:
        """Go on to the next query."""
        self.post_message(Pointed(steps=1))

    def on_mouse_scroll_up(self) -> None:
        """Go back to the query before."""
        self.post_message(Pointed(steps=-1))


class RunningText(Panel):
    """The text, its tokens on the colour of what the query gives them."""

    MOST = 8  # lines

    def name_of(self, state: State) -> str:
        """Name just the text, or what stands beside the picture."""
        return state.look.language.say("ui.picture" if is_all_picture(state) else "ui.text")

    def get_content_height(self, _: Size, viewport: Size, width: int) -> int:
        """Return as many lines as the text has, up to a quarter of the screen."""
        most = max(viewport.height // 4, 1)
        if is_all_picture(self.state):
            return len(draw_chips(self.state, self.room(width, most)))
        queries, keys = self._texts(width)
        if heard(self.state) is not None:
            words = len(queries.lines) if self.state.stack.query_tokens.where is None else 0
            return min(LINES + min(words, 2), most)
        n_lines = len(queries.lines)
        if keys is not None and pictured(self.state) is None:
            n_lines = 2 * max(n_lines, len(keys.lines))
        return min(n_lines, self.MOST, most)

    def draw(self, screen: Screen) -> Sequence[Text]:
        """Return the lines around the query; of a sound, its picture below the words that look at
        it; of a picture, what is no patch of it."""
        if is_all_picture(self.state):
            return draw_chips(self.state, screen)
        queries, keys = self._texts(screen.width)
        where = heard(self.state)
        if keys is not None and pictured(self.state) is not None:
            return draw_queries(self.state, queries, screen)
        if where is None:
            return draw_text(self.state, queries, keys, screen)
        words: list[Text] = []
        if self.state.stack.query_tokens.where is None and screen.height > 1:
            few = Screen(screen.width, min(len(queries.lines), 2), screen.colour)
            words = draw_queries(self.state, queries, few)
        rest = Screen(screen.width, screen.height - len(words), screen.colour)
        return [*words, *draw_sound(self.state, where, rest)]

    _broken: tuple[WrappedText, WrappedText | None] | None = None

    def _texts(self, width: int) -> tuple[WrappedText, WrappedText | None]:
        """The text, or both of two, broken into lines; kept, because a long one takes a while."""
        stack, kept = self.state.stack, self._broken
        if kept is None or kept[0].tokens is not stack.query_tokens or kept[0].width != width:
            two = stack.key_tokens is not stack.query_tokens
            self._broken = kept = (
                WrappedText.of(stack.query_tokens, width),
                WrappedText.of(stack.key_tokens, width) if two else None,
            )
        return kept


class Map(Panel):
    """The heatmap of the current head, or the picture that it looks at."""

    def name_of(self, state: State) -> str:
        """Return which layer and head, and what it is built to look at."""
        parts = [chosen(state.stack, state.look)]
        parts += [] if state.look.head == "mean" else [head_name(state.stack, state.look)]
        parts += [state.look.language.say("key.merge")] if state.merged else []
        return " · ".join(part for part in parts if part)

    def draw(self, screen: Screen) -> Sequence[Text]:
        """Draw as much of it as finds room."""
        where = pictured(self.state)
        if where is None:
            return heatmap(self.state, screen)
        if self.state.near:
            return heatmap(replace(self.state, near=False), screen)
        return draw_picture(self.state, where, screen)

    def column_of(self, event: events.Click) -> bool | None:
        """Tell what a click means: with Shift, who looks at a patch; without, where it looks."""
        return event.shift if pictured(self.state) is not None and not self.state.near else None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Tell the weight below the pointer."""
        cell = self._cell(event)
        name = self.name_of(self.state)
        self.border_title = Content(name if cell is None else name + self._weight_at(*cell))

    def _weight_at(self, query: int, key: int) -> str:
        """A weight between two tokens; nothing of one that was not kept by itself."""
        sheet, stack = self.state.sheet, self.state.stack
        weight = sheet.weight(query, key)
        if sheet.pooled:
            known = dict(sheet.strongest(query, stack.shape[1]))
            if not self.state.near or key not in known:
                return ""
            weight = known[key]
        names = stack.query_tokens.names[query], stack.key_tokens.names[key]
        return f" · {' → '.join(map(TERMINAL.token, names))} {percent(weight)}%"

    def on_leave(self) -> None:
        """Forget what was pointed at."""
        self.border_title = Content(self.name_of(self.state))

    def _cell(self, event: events.MouseMove) -> tuple[int, int] | None:
        meta, offset = event.style.meta, event.get_content_offset(self)
        token = meta.get("query", meta.get("key"))
        if token is not None and "keys" not in meta:
            here = self.state.query
            return (token, here) if self.state.column else (here, token)
        if "keys" not in meta or offset is None:
            return None
        indent, wide, first, each = meta["keys"]
        key = first + (offset.x - indent) // wide * each
        return (meta["query"], key) if first <= key < self.state.stack.shape[1] else None


class Strongest(Panel):
    """The strongest keys of the query."""

    def name_of(self, state: State) -> str:
        """Return whose keys."""
        name = state.stack.query_tokens.names[state.query]
        return f"{state.look.language.say('ui.keys_of', TERMINAL, query=name)} · {state.query}"

    def draw(self, screen: Screen) -> Sequence[Text]:
        """Draw bars, and pins."""
        return strongest(self.state, screen)


class Heads(Panel):
    """Every head as a small map."""

    _thumbnails: Thumbnails | None = None

    def name_of(self, state: State) -> str:
        """Return how many."""
        stack, language = state.stack, state.look.language
        said = [layers_said(stack, language)] if stack.names_layers else []
        named = " × ".join([*said, state.look.language.count(state.stack.n_heads, "head")])
        blocks = shows_blocks(state, self.room(*self.content_size))
        return f"{named} · {state.look.language.say('ui.bright')}" if blocks else named

    def draw(self, screen: Screen) -> Sequence[Text]:
        """Return the grid; small maps are drawn once for each record."""
        if self._thumbnails is None or self._thumbnails.stack is not self.state.stack:
            self._thumbnails = Thumbnails(self.state.stack)
        return grid(self.state, self._thumbnails, screen)


class Findings(Panel):
    """What the weights of the head show, in words. Faint while it is still about another head."""

    found: Sequence[Finding] | None = None
    about: Sheet | None = None

    def name_of(self, state: State) -> str:
        """Return what the weights show."""
        return state.look.language.say("ui.findings")

    def tell(self, found: Sequence[Finding], about: Sheet) -> None:
        """Show facts, and what they are about."""
        self.found, self.about = found, about
        self.refresh()

    def render(self) -> RenderableType:
        """Return a list whose long lines hang under themselves."""
        if self.found is None:
            return Text(self.state.look.language.say("run.computing"), "dim")
        table = listed(in_words(self.found, self.state.look.language, TERMINAL))
        table.style = "" if self.about is self.state.sheet else "dim"
        return table


class Heading(Widget):
    """The line above everything: what the weights are of, and whether new ones are on the way."""

    ALLOW_SELECT = False

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state
        self._waited: float | None = None

    def show(self, state: State) -> None:
        """Show another state."""
        self.state = state
        self.refresh()

    def wait(self, waited: float | None) -> None:
        """Say for how many seconds new weights have been on the way, or that none are."""
        if waited != self._waited:
            self._waited = waited
            self.refresh()

    def render(self) -> Text:
        """Return the record's title; before it, while one waits, for how long."""
        line = Text(" ", no_wrap=True)
        if self._waited is not None:
            turning = "◐◓◑◒"[int(4 * self._waited) % 4]
            said = f"{turning} {self.state.look.language.say('run.computing')} {self._waited:.0f} s"
            line.append(said, "reverse").append(" ")
        line.append(title(self.state.seen, self.state.look.language, TERMINAL))
        line.truncate(self.size.width, overflow="ellipsis")
        return line
