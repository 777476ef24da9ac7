"""The lesson: its topics, the sentences of each, and which live example goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from attnviz.errors import bad_choice
from attnviz.frozen import dataclass
from attnviz.language.language import Language

WINDOW = 1  # of the local and global examples


@dataclass(frozen=True)
class Topic:
    """One topic. `example` names what is computed and shown with it."""

    name: str
    sentences: tuple[str, ...]
    example: str
    values: Mapping[str, Any] = field(default_factory=dict)


TOPICS = (
    Topic("attention", ("concept.attention", "concept.relevance", "heatmap.read"), "self"),
    Topic("query-key-value", ("concept.query", "concept.key", "concept.value"), "vectors"),
    Topic("scores", ("lesson.scores.example",), "scores"),
    Topic("scaling", (), "scaling"),
    Topic("softmax", (), "softmax"),
    Topic("weighted-sum", ("concept.value",), "weighted-sum"),
    Topic("multi-head", ("step.multihead",), "multi-head", {"n_heads": 4}),
    Topic("self", ("type.self",), "self"),
    Topic("causal", ("type.causal",), "causal"),
    Topic("cross", ("type.cross",), "cross"),
    Topic("local", ("type.local",), "local", {"n_tokens": WINDOW}),
    Topic("global", ("type.global",), "global"),
    Topic(
        "applications",
        (
            "lesson.translation", "lesson.summarisation", "lesson.answering",
            "lesson.captioning", "lesson.speech",
        ),
        "cross",
    ),
    Topic(
        "strengths",
        ("lesson.strength.far", "lesson.strength.parallel", "lesson.strength.heads"),
        "arcs",
    ),
    Topic("limits", ("cost.full",), "cost", {"n_tokens": 2048, "total_scores": 2048 * 2048}),
    Topic("not-explanation", ("limit.explain", "limit.demo"), "random"),
    Topic("sound", ("lesson.sound.frames", "lesson.sound.heads"), "sound"),
    Topic("speech", ("lesson.speech", "lesson.speech.lined", "lesson.speech.path"), "speech"),
)  # fmt: skip


def topic(name: str) -> Topic:
    """The topic of that name; AttnvizError lists them, the nearest first."""
    known = {t.name: t for t in TOPICS}
    if name not in known:
        raise bad_choice(name, "a topic", (*known, "all"))
    return known[name]


def paragraphs(chosen: Topic, language: Language) -> list[str]:
    """The topic's sentences in one language."""
    from attnviz.language.language import TERMINAL

    example = language.example
    values = {"tokens": (example.global_token,), "query": example.query, **chosen.values}
    return [language.say(key, TERMINAL, **values) for key in chosen.sentences]
