"""The explorer's list of the strongest keys of the query, with bars, and of the pinned ones."""

from __future__ import annotations

from rich.text import Text

from attnviz.language.language import TERMINAL
from attnviz.views.cells import background
from attnviz.views.explorer.state import State
from attnviz.views.labels import label_text, widest
from attnviz.views.number_format import LEAST_SHARE, percent
from attnviz.views.palette import level
from attnviz.views.screen import Screen

LABEL = 14  # characters of a key's name
EIGHTHS = " ▏▎▍▌▋▊▉█"
PINNED = 3  # keys told of a pinned query
LEAST = 3  # lines that pins leave to the query


def strongest(state: State, screen: Screen) -> list[Text]:
    """Return the keys of the query, the strongest first, and below them a line for each pin.

    Each line carries meta: its "key", or the "query" that is pinned.
    """
    pins = [pin for pin in state.pins if pin != state.query][: max(screen.height - LEAST, 0)]
    height = max(screen.height - len(pins) - bool(pins), 1)
    keys = state.sheet.strongest(state.query, state.stack.shape[1])
    shown = [(key, weight) for key, weight in keys if weight >= LEAST_SHARE]
    shown = shown if len(shown) == len(keys) <= height else shown[: max(height - 1, 1)]
    names = state.stack.key_tokens.names
    label = widest([names[key] for key, _ in shown], min(LABEL, screen.width // 3))
    lines = [_bar(names[key], key, weight, label, screen) for key, weight in shown]
    if len(shown) < len(keys):
        lines.append(_faint("ui.more_keys", state, screen, n_keys=len(keys) - len(shown)))
    elif len(lines) < height and (hidden := _masked(state)):
        total = state.stack.shape[1]
        lines.append(_faint("ui.masked_keys", state, screen, n=hidden, total=total))
    blank = [Text()] * max(height - len(lines) + bool(pins), 0) if pins else []
    return [*lines, *blank, *(_pin(state, pin, screen) for pin in pins)]


def _bar(name: str, key: int, weight: float, label: int, screen: Screen) -> Text:
    line = label_text(name, label)
    line.append(" " * (label + 1 - line.cell_len))
    style = (background(level(weight, 1.0)) or "") if screen.colour else ""
    line.append(f"{percent(weight)}% ".rjust(6), style).append(" ")
    eighths = round(8 * max(screen.width - line.cell_len - 1, 1) * min(max(weight, 0.0), 1.0))
    line.append("█" * (eighths // 8) + EIGHTHS[eighths % 8].strip(), "cyan")
    line.apply_meta({"key": key})
    return line


def _pin(state: State, pin: int, screen: Screen) -> Text:
    line = Text(no_wrap=True).append("◆ ", "bold")
    line.append_text(label_text(state.stack.query_tokens.names[pin], LABEL, "bold"))
    keys = state.sheet.strongest(pin, PINNED)
    for nth, (key, weight) in enumerate(pair for pair in keys if pair[1] >= LEAST_SHARE):
        line.append(" → " if not nth else " · ", "dim")
        line.append_text(label_text(state.stack.key_tokens.names[key], LABEL))
        line.append(f" {percent(weight)}%", "dim")
    line.truncate(screen.width, overflow="ellipsis")
    line.apply_meta({"query": pin})
    return line


def _masked(state: State) -> int:
    """How many keys the query may not see, where that is known key by key."""
    _, allowed = state.sheet.row(state.query, state.look.scale)
    return 0 if state.stack.weights is None else int((~allowed).sum())


def _faint(sentence: str, state: State, screen: Screen, **values: int) -> Text:
    line = Text(state.look.language.say(sentence, TERMINAL, **values), "dim", no_wrap=True)
    line.truncate(screen.width, overflow="ellipsis")
    return line
