"""Token labels in a terminal: their width, their direction, and the words around them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from attnviz.record import AttentionRecord
from attnviz.stack import Stack, Which

LEFT_TO_RIGHT_MARK = "\u200e"

ORIGINS = {
    "constructed": "built-in heads (constructed, not trained)",
    "random": "random heads (never trained)",
    "given": "heads (weights as given)",
}


def label_text(label: str, width: int, style: str = "") -> Text:
    """A label cut to `width` cells. Right-to-left letters get a mark on both sides, without which
    some terminals move the number beside them to the wrong token."""
    text = Text(label, style, no_wrap=True)
    text.truncate(width, overflow="ellipsis")
    if any(unicodedata.bidirectional(char) in ("R", "AL") for char in label):
        text = Text(f"{LEFT_TO_RIGHT_MARK}{text.plain}{LEFT_TO_RIGHT_MARK}", style)
    return text


def widest(labels: Sequence[str], at_most: int) -> int:
    """The cells that the widest label needs, up to a limit."""
    return min(max(map(cell_len, labels), default=0), at_most)


def percent(weight: float) -> str:
    """A weight as a whole number of percent, rounded half to even."""
    return f"{round(100 * float(weight))}"


def title(record: AttentionRecord) -> str:
    """What the reader is looking at: type, what it was asked with, and where weights come from."""
    stack, settings = record.stack, record.settings
    parts = [f"{record.type} attention"]
    if "window" in settings:
        parts.append(f"window {settings['window']}")
    if "global_tokens" in settings:
        parts.append(
            "global " + _listed([stack.query_tokens.labels[i] for i in settings["global_tokens"]])
        )
    layers = f"{stack.n_layers} layers × " if stack.n_layers > 1 else ""
    kind = ORIGINS.get(record.model.origin, f"heads of {record.model.name}")
    if stack.n_heads == 1:
        kind = kind.replace("heads", "head", 1)
    parts.append(f"{layers}{stack.n_heads} {kind}")
    if "seed" in settings:
        parts.append(f"seed {settings['seed']}")
    return " · ".join(parts)


def chosen(stack: Stack, layer: Which, head: Which) -> str:
    """Which layer and head a view shows, in words."""
    of_layer = f"layer {layer} · " if stack.n_layers > 1 else ""
    if head == "mean":
        return of_layer + ("head 0" if stack.n_heads == 1 else f"mean of {stack.n_heads}")
    return f"{of_layer}head {head}"


def head_title(stack: Stack, head: int) -> str:
    """The number of a head and what it is built to look at."""
    return f"{head} {stack.head_name(head)}".strip()


def _listed(labels: Sequence[str]) -> str:
    shown = ", ".join(labels[:3])
    return f"{shown} and {len(labels) - 3} more" if len(labels) > 3 else shown
