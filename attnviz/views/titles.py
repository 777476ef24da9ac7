"""Titles: what the reader is looking at, which layer and head, and where weights come from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnviz.analysis.transform import FOLLOWED
from attnviz.attention.attention_types import in_full
from attnviz.inputs.labels import visible
from attnviz.inputs.tokens import SECOND
from attnviz.language.english import ENGLISH
from attnviz.language.language import PLAIN, Guard, Language
from attnviz.record.numbering import in_runs
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack, Which
from attnviz.views.look import Look


def title(record: AttentionRecord, language: Language = ENGLISH, guard: Guard = PLAIN) -> str:
    """Say what the reader is looking at: type, what it was asked with, where weights come from.

    Names and settings may be of somebody else's file: they are made visible here, for all views.
    """
    stack, settings = record.stack, record.settings
    parts = [visible(in_full(record.kind))]
    if settings.replaces and not stack.two_texts:
        parts.append(language.say("ui.replaces", guard, type=in_full(settings.replaces)))
    if settings.window is not None:
        parts.append(f"window {settings.window}")
    if settings.global_tokens:
        parts.append(f"global {_some(_global_labels(record), language, guard)}")
    if stack.names_layers:
        parts.append(layers_said(stack, language, guard))
    if settings.measure in FOLLOWED and record.model.origin == "trained":
        parts.append(visible(record.model.name))  # heads were fused: what follows says how
    else:
        parts.append(
            language.say(
                f"ui.{record.model.origin}", guard, n_heads=stack.n_heads,
                model=visible(record.model.name),
            )
        )  # fmt: skip
    if stack.shares_keys:
        parts.append(language.say("ui.shared", guard, n=stack.key_heads or 0))
    if (sunk := to_sinks(record)) is not None:
        parts.append(language.say("ui.learned_sinks", guard, pct=sunk))
    if settings.measure:
        parts.append(language.say(f"ui.{settings.measure}", guard))
    if record.units:
        parts.append(language.say(f"ui.{record.units}", guard))
    if settings.hidden is not None:
        parts.append(language.say("ui.hidden", guard, pct=settings.hidden))
    if settings.truncated is not None:
        parts.append(language.say("ui.truncated", guard, n_tokens=settings.truncated))
    if record.shown:
        parts.append(visible(record.shown))
    if stack.query_tokens.segments is not None:
        parts.append(language.say("ui.second", guard, mark=SECOND))
    if settings.seed is not None:
        parts.append(f"seed {settings.seed}")
    return " · ".join(parts)


def layers_said(stack: Stack, language: Language, guard: Guard = PLAIN) -> str:
    """Say how many layers there are, and which, where others have no attention to show."""
    if not stack.numbers:
        return language.count(stack.n_layers, "layer")
    numbers = in_runs(stack.numbers)
    return language.say("ui.gaps", guard, n_layers=stack.n_layers, places=numbers)


def to_sinks(record: AttentionRecord) -> float | None:
    """Say what share of all weight goes to learned sinks, which are no tokens; None where the
    model has none, or its weights were divided anew."""
    settings = record.settings
    divided = settings.measure is not None or settings.hidden is not None
    if divided or record.model.details.get("learned_sinks") is not True:
        return None
    return 1 - float(np.mean(record.stack.measure("total"), dtype=np.float64))


def chosen(stack: Stack, look: Look) -> str:
    """Name the layer and head that a view shows."""
    of_layer = f"{layer_title(stack, look.layer)} · " if stack.names_layers else ""
    if look.head == "mean" and stack.n_heads > 1:
        return of_layer + look.language.say("ui.mean", n=stack.n_heads)
    if stack.names_layers and stack.n_heads == 1:
        return layer_title(stack, look.layer)
    return f"{of_layer}head {head_number(stack, 0 if look.head == 'mean' else look.head)}"


def timeline_title(record: AttentionRecord, look: Look, guard: Guard = PLAIN) -> str:
    """Name the layers and heads that the shares of a timeline are a mean of."""
    stack = record.stack
    if look.apart:
        numbers = stack.layer_numbers
        named = ", ".join(f"{numbers[layer]}.{head}" for layer, head in look.apart)
        return f"{record.name} · heads {named}"
    layers = look.layers or (look.layer,)
    all_layers = len(layers) == stack.n_layers
    layer = (
        guard.phrase(look.language.count(stack.n_layers, "layer"))
        if all_layers
        else f"layer {', '.join(str(stack.layer_numbers[i]) for i in layers)}"
    )
    heads = f"head {', '.join(map(str, look.heads))}"
    if not look.heads:
        heads = look.language.say("ui.mean", guard, n=stack.n_heads)
    return f"{record.name} · {layer} · {heads}"


def head_name(stack: Stack, look: Look) -> str:
    """Name what the head that a view shows is built to look at; "" for a mean of several."""
    if look.head == "mean" and stack.n_heads > 1:
        return ""
    return visible(stack.head_name(0 if look.head == "mean" else look.head))


def layer_title(stack: Stack, layer: Which) -> str:
    """Return the number of a layer, and what it sees where it has a window or layers differ."""
    if layer == "mean":
        return "layer mean"
    number = stack.layer_numbers[layer]
    if not stack.masks:
        return f"layer {number}"
    mask = stack.masks[layer]
    plain = mask.to_dict()["rule"] in ("full", "causal")
    said = "" if plain and len(set(stack.masks)) == 1 else f" ({mask})"
    return f"layer {number}{said}"


def head_number(stack: Stack, head: int) -> str:
    """Return the number of a head, and whose keys and values it shares."""
    return f"{head} (kv {stack.key_head(head)})" if stack.shares_keys else str(head)


def place_title(stack: Stack, layer: int, head: Which) -> str:
    """Return the layer and the number of a head, and what it is built to look at: "2.8"."""
    return f"{stack.layer_numbers[layer]}.{head_title(stack, head)}"


def head_title(stack: Stack, head: Which) -> str:
    """Return the number of a head and what it is built to look at; "mean" for that of all."""
    if head == "mean":
        return head
    return f"{head_number(stack, head)} {visible(stack.head_name(head))}".strip()


def _global_labels(record: AttentionRecord) -> list[str]:
    """The global tokens, by the names that they had before others took their places."""
    settings, labels = record.settings, record.stack.query_tokens.labels
    if settings.global_labels is not None:
        return [*settings.global_labels]
    return [labels[i] for i in settings.global_tokens or ()]


def _some(labels: Sequence[str], language: Language, guard: Guard) -> str:
    """The first few labels, and how many more there are."""
    shown = language.comma.join(guard.token(label) for label in labels[:3])
    return f"{shown} +{len(labels) - 3}" if len(labels) > 3 else shown
