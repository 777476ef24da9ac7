"""What a model says of a text: candidates with their probabilities as bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from attnviz.analysis.prediction import Candidate, Continuation, Place, Prediction, Similarity
from attnviz.analysis.timeline import attention_row
from attnviz.inputs.labels import visible
from attnviz.language.language import TERMINAL, Language
from attnviz.record.record import AttentionRecord
from attnviz.views.labels import dim_lines, label_text, padded, widest
from attnviz.views.number_format import percent
from attnviz.views.screen import Screen

LABEL, NUMBER, BAR = 24, 7, 40  # characters
CONTEXT = 8  # tokens that are shown before a place
COSINE = 26  # characters of cosine and logit
LOOKED_AT = 4  # of the passage, for each word of a question


def predictions(found: Prediction, screen: Screen, language: Language) -> RenderableType:
    """Draw what stands at each place, the likeliest first, with its probability as a bar."""
    title = language.say(f"ui.predict.{found.kind.replace(' ', '_')}", TERMINAL, model=found.model)
    lines = [label_text(title, screen.width, "bold")]
    if found.spans:
        spans = [(i, span.text, span.probability) for i, span in enumerate(found.spans)]
        lines += [Text(), *_bars(spans, screen)]
    if found.similarities:
        lines += [Text(), *_near(found.similarities, screen)]
    for place in () if found.spans or found.similarities else found.places:
        lines += [Text(), *dim_lines(_around(found, place), screen.width)]
        lines += _bars(place.candidates, screen)
    if found.answer is not None:
        lines += [Text(), label_text(_asked(found.answer, language), screen.width)]
    return Group(*lines)


def _near(found: Sequence[Similarity], screen: Screen) -> list[Text]:
    """One line per text: how likely it fits, and the cosine of the angle between the vectors."""
    names = [visible(one.text) for one in found]
    label = widest(names, max(screen.width - BAR, LABEL))
    room = min(max(screen.width - label - 2 * NUMBER - COSINE, 4), BAR)
    lines = []
    for name, one in zip(names, found, strict=True):
        line = padded(label_text(name, label), label + 1)
        line.append(f"cos {one.cosine:6.3f}  logit {one.logit:7.2f}", "dim")
        if len(found) > 1 or one.probability < 1:  # alone, a softmax says nothing
            line.append(f" {100 * one.probability:5.1f}% ")
            line.append("█" * round(min(one.probability, 1) * room))
        lines.append(line)
    return lines


def _bars(candidates: Iterable[Candidate], screen: Screen) -> list[Text]:
    """One line per candidate."""
    listed = [(visible(name), share) for _, name, share in candidates]
    label = widest([name for name, _ in listed], LABEL)
    room = min(max(screen.width - label - NUMBER - 3, 4), BAR)
    lines = []
    for name, share in listed:
        line = padded(label_text(name, label), label + 1)
        line.append(f"{100 * share:5.1f}% ").append("█" * round(min(share, 1) * room))
        lines.append(line)
    return lines


def _around(found: Prediction, place: Place) -> str:
    """The tokens up to a place, and a gap where the prediction stands."""
    if found.kind == "class":
        return ""
    names = found.tokens.names
    before = names[max(place.position + 1 - CONTEXT, 0) : place.position + 1]
    if found.kind == "next":
        return f"{place.position} · … {' '.join(before)} ▁"
    return f"{place.position} · … {' '.join(before)}"


def _asked(answer: Continuation, language: Language) -> str:
    return language.say(
        "ui.predict.asked",
        TERMINAL,
        token=visible(answer.text),
        value=f"{answer.log_probability:.3f}",
        reason=f"{100 * exp(answer.log_probability):.2g}%",
    )


def question_view(record: AttentionRecord, screen: Screen, language: Language) -> RenderableType:
    """Draw where each word of a question looks in its passage, by the mean of the last layer's
    heads."""
    stack = record.stack
    tokens = stack.query_tokens
    second = np.zeros(len(tokens), dtype=np.bool_) if tokens.segments is None else (
        tokens.segments > 0
    )  # fmt: skip
    passage = second & ~tokens.special
    asked = np.flatnonzero(~second & ~tokens.special)
    label = widest([tokens.labels[i] for i in asked], LABEL)
    lines = [Text(), *dim_lines(language.say("ui.asks", TERMINAL), screen.width)]
    for i in asked.tolist():
        row = attention_row(stack, i, [stack.n_layers - 1]) * passage
        line = padded(label_text(tokens.labels[i], label), label + 1)
        for key in np.argsort(-row, kind="stable")[:LOOKED_AT].tolist():
            line.append("  ").append_text(label_text(tokens.labels[key], LABEL))
            line.append(f" {percent(row[key])}%", "dim")
        line.truncate(screen.width, overflow="ellipsis")
        lines.append(line)
    return Group(*lines)
