"""Token labels in a terminal: their width, their direction, and the words around them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from attnviz.inputs.tokens import SECOND, visible
from attnviz.language.english import ENGLISH
from attnviz.language.language import PLAIN, TERMINAL, Guard, Language
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack, Which


def label_text(label: str, width: int, style: str = "") -> Text:
    """A label cut to `width` cells. Right-to-left letters get a mark on both sides, without which
    some terminals move the number beside them to the wrong token."""
    text = Text(label, style, no_wrap=True)
    text.truncate(width, overflow="ellipsis")
    return Text(TERMINAL.token(text.plain), style, no_wrap=True)


def widest(labels: Sequence[str], at_most: int) -> int:
    """The cells that the widest label needs, up to a limit."""
    return min(max(map(cell_len, labels), default=0), at_most)


def percent(weight: float) -> str:
    """A weight as a whole number of percent, rounded half to even."""
    return f"{round(100 * float(weight))}"


def title(record: AttentionRecord, language: Language = ENGLISH, guard: Guard = PLAIN) -> str:
    """What the reader is looking at: type, what it was asked with, and where weights come from."""
    stack, settings = record.stack, record.settings
    parts = [f"{record.kind} attention"]
    if "replaces" in settings and not stack.two_texts:
        parts.append(language.say("ui.replaces", guard, type=settings["replaces"]))
    if "window" in settings:
        parts.append(f"window {settings['window']}")
    if settings.get("global_tokens"):
        parts.append(f"global {_some(_global_labels(record), language, guard)}")
    if stack.n_layers > 1:
        parts.append(language.count(stack.n_layers, "layer"))
    made = language.say(
        f"ui.{record.model.origin}", guard, n_heads=stack.n_heads, model=record.model.name
    )
    parts.append(made)
    if stack.shares_keys:
        parts.append(language.say("ui.shared", guard, n=stack.key_heads or 0))
    if "measure" in settings:
        parts.append(language.say(f"ui.{settings['measure']}", guard))
    if record.units:
        parts.append(language.say(f"ui.{record.units}", guard))
    if "hidden" in settings:
        parts.append(language.say("ui.hidden", guard, pct=settings["hidden"]))
    if "truncated" in settings:
        parts.append(language.say("ui.truncated", guard, n_tokens=settings["truncated"]))
    if record.shown:
        parts.append(record.shown)
    if stack.query_tokens.segments is not None:
        parts.append(language.say("ui.second", guard, mark=SECOND))
    if "seed" in settings:
        parts.append(f"seed {settings['seed']}")
    return " · ".join(parts)


def chosen(stack: Stack, layer: Which, head: Which, language: Language = ENGLISH) -> str:
    """Which layer and head a view shows, in words."""
    of_layer = f"{layer_title(stack, layer)} · " if stack.n_layers > 1 else ""
    if head == "mean" and stack.n_heads > 1:
        return of_layer + language.say("ui.mean", n=stack.n_heads)
    return f"{of_layer}head {head_number(stack, 0 if head == 'mean' else head)}"


def layer_title(stack: Stack, layer: Which) -> str:
    """The number of a layer, and what it sees where it has a window or layers differ."""
    if layer == "mean" or not stack.masks:
        return f"layer {layer}"
    mask = stack.masks[layer]
    plain = mask.to_dict()["rule"] in ("full", "causal")
    said = "" if plain and len(set(stack.masks)) == 1 else f" ({mask})"
    return f"layer {layer}{said}"


def head_number(stack: Stack, head: int) -> str:
    """The number of a head, and whose keys and values it shares."""
    return f"{head} (kv {stack.key_head(head)})" if stack.shares_keys else str(head)


def head_title(stack: Stack, head: int) -> str:
    """The number of a head and what it is built to look at."""
    return f"{head_number(stack, head)} {stack.head_name(head)}".strip()


def _global_labels(record: AttentionRecord) -> list[str]:
    """The global tokens, by the names that they had before others took their places."""
    named = record.settings.get("global_labels")
    if isinstance(named, list):
        return [visible(str(label)) for label in named]
    return [record.stack.query_tokens.labels[i] for i in record.settings["global_tokens"]]


def _some(labels: Sequence[str], language: Language, guard: Guard) -> str:
    """The first few labels, and how many more there are."""
    shown = language.comma.join(guard.token(label) for label in labels[:3])
    return f"{shown} +{len(labels) - 3}" if len(labels) > 3 else shown
