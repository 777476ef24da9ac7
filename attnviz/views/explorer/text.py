"""The explorer's running text: each token on the colour of what the query gives it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from attnviz.frozen import dataclass
from attnviz.inputs.tokens import Tokens
from attnviz.views.cells import background, levels
from attnviz.views.explorer.state import State
from attnviz.views.labels import label_text
from attnviz.views.screen import Screen

FAINT = 4  # steps of the ramp that are as good as nothing: these tokens stay plain
MUCH = 32  # steps from which a token is underlined where there is no colour

Line = list[tuple[int, str]]  # tokens, each with what stands before it: a space, or nothing


@dataclass(frozen=True)
class WrappedText:
    """Tokens broken into lines of a width."""

    tokens: Tokens
    width: int
    lines: Sequence[Line]

    @classmethod
    def of(cls, tokens: Tokens, width: int) -> WrappedText:
        """Return lines of at most `width` characters; spaces stand where the text has any."""
        lines: list[Line] = [[]]
        used, reach = 0, 0
        for i, (name, (start, stop)) in enumerate(
            zip(tokens.names, tokens.spans.tolist(), strict=True)
        ):
            joined = start < stop and start <= reach and not _begins_with_space(tokens, i)
            gap = "" if used == 0 or joined else " "
            long = min(cell_len(name), width)
            if used and used + len(gap) + long > width:
                lines.append([])
                used, gap = 0, ""
            lines[-1].append((i, gap))
            used += len(gap) + long
            reach = stop if start < stop else -1
        return cls(tokens, width, lines)

    def line_of(self, token: int) -> int:
        """Return the line that a token is in."""
        return next((n for n, line in enumerate(self.lines) if line[-1][0] >= token), 0)


def _begins_with_space(tokens: Tokens, i: int) -> bool:
    """Whether the space before a word is a part of its token, and has no sign in its name."""
    start, stop = tokens.spans[i].tolist()
    word = tokens.text[start:stop]
    return word[:1] == " " and bool(word.strip())


def draw_text(
    state: State, queries: WrappedText, keys: WrappedText | None, screen: Screen
) -> list[Text]:
    """Draw the lines around the query that fit `screen.height`, shaded by what it gives each token.

    keys: the other text, of two: then that one is shaded, below the one that looks. Each token
    carries meta: its "query", or "key".
    """
    styles = _styles(state, screen)
    if keys is None:
        return _window(state, queries, styles, screen.height, state.query, "query")
    height = max(screen.height // 2, 1)
    strongest = state.sheet.strongest(state.query, 1)
    upper = _window(state, queries, {}, screen.height - height, state.query, "query")
    at = strongest[0][0] if strongest else 0
    return [*upper, *_window(state, keys, styles, height, at, "key")]


def draw_queries(state: State, queries: WrappedText, screen: Screen) -> list[Text]:
    """Draw the lines around the query that fit, without what it looks at."""
    return _window(state, queries, {}, screen.height, state.query, "query")


def _styles(state: State, screen: Screen) -> dict[int, Style]:
    """How each key of the query is drawn; keys that get next to nothing are not in it."""
    shares, allowed = state.sheet.row(state.query, state.look.scale)
    steps = levels(shares, allowed)
    found: dict[int, Style] = {}
    for key, step in enumerate(steps.tolist()):
        if step < 0:
            found[key] = Style(dim=True)
        elif step >= FAINT:
            painted = background(step) if screen.colour else None
            found[key] = painted or Style(underline=step >= MUCH, bold=step >= MUCH)
    return found


def _window(
    state: State, text: WrappedText, styles: dict[int, Style], height: int, centre: int, what: str
) -> list[Text]:
    first = max(min(text.line_of(centre) - height // 2, len(text.lines) - height), 0)
    return [_line(state, text, line, styles, what) for line in text.lines[first : first + height]]


def _line(
    state: State, text: WrappedText, tokens: Line, styles: dict[int, Style], what: str
) -> Text:
    line = Text(no_wrap=True)
    for i, gap in tokens:
        token = label_text(text.tokens.names[i], text.width)
        token.stylize(styles.get(i, Style()))
        if what == "query" and i in state.pins:
            token.stylize("underline")
        if what == "query" and i == state.query:
            token.stylize("bold reverse" if i not in styles else "bold underline reverse")
        token.apply_meta({what: i})
        line.append(gap).append_text(token)
    return line
