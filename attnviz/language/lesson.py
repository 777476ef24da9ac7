"""The lesson: its topics in their order, the sentences of each, and the live example of each.

The course is one path: each topic asks one question, answers it in three sentences at most, and
shows one picture that is computed on the spot. Beside the path stand further topics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from attnviz.errors import AttnvizError, bad_choice
from attnviz.frozen import dataclass
from attnviz.language.language import TERMINAL, Guard, Language

WINDOW = 1  # of the local and global examples
LONGEST = 2048  # tokens of the cost example
ALL, NEXT, PREVIOUS = "all", "next", "previous"


@dataclass(frozen=True)
class Topic:
    """One topic. `example` names what is computed and shown with it."""

    name: str
    sentences: tuple[str, ...]
    example: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """The key of the question that the topic answers."""
        return f"lesson.ask.{self.name}"


COURSE = (
    Topic("why", ("lesson.why.same", "concept.attention", "lesson.why.below"), "why"),
    Topic("tokens", ("lesson.tokens.read", "lesson.tokens.pieces"), "tokens"),
    Topic("vectors", ("lesson.vectors.made", "lesson.vectors.order"), "order"),
    Topic("query-key-value", ("concept.query", "concept.key", "concept.value"), "vectors"),
    Topic("scores", ("lesson.scores.example",), "scores"),
    Topic("scaling", (), "scaling"),
    Topic("softmax", ("lesson.softmax.shares",), "softmax", {"pct": 1.0}),
    Topic("weighted-sum", ("concept.value", "lesson.sum.added"), "weighted-sum"),
    Topic("self", ("type.self", "heatmap.read", "lesson.self.framed"), "framed"),
    Topic("multi-head", ("step.multihead",), "multi-head", {"n_heads": 4}),
    Topic("causal", ("type.causal", "lesson.causal.writer"), "causal"),
    Topic("cross", ("type.cross", "lesson.cross.order"), "cross"),
    Topic("local-global", ("type.local", "lesson.line.global"), "line", {"n_tokens": WINDOW}),
    Topic("limits", ("cost.full",), "cost",
          {"n_tokens": LONGEST, "total_scores": LONGEST * LONGEST}),
    Topic("trained", ("lesson.trained.learned", "lesson.trained.none"), "trained"),
    Topic("not-explanation", ("limit.explain", "limit.demo"), "random"),
    Topic("applications",
          ("lesson.translation", "lesson.use.texts", "lesson.use.media"), "question"),
    Topic("check", ("lesson.check.ten",), "check"),
)  # fmt: skip

FURTHER = (
    Topic("attention", ("concept.attention", "concept.relevance", "heatmap.read"), "self"),
    Topic("local", ("type.local",), "local", {"n_tokens": WINDOW}),
    Topic("global", ("type.global",), "global"),
    Topic("strengths",
          ("lesson.strength.far", "lesson.strength.parallel", "lesson.strength.heads"), "far"),
    Topic("patches", ("lesson.patches.cut", "lesson.patches.row"), "patches"),
    Topic("picture-heads",
          ("lesson.picture.heads", "lesson.picture.constructed"), "picture-heads"),
    Topic("cls", ("lesson.cls.one", "lesson.cls.share", "lesson.cls.below"), "cls"),
    Topic("image-tokens",
          ("lesson.image_tokens.among", "lesson.image_tokens.below"), "image-tokens"),
    Topic("sound", ("lesson.sound.frames", "lesson.sound.heads"), "sound"),
    Topic("speech", ("lesson.speech", "lesson.speech.lined", "lesson.speech.path"), "speech"),
)  # fmt: skip

TOPICS = (*COURSE, *FURTHER)

# What readers call a topic when they are in a hurry, and its name.
SHORT = {
    "qkv": "query-key-value", "query": "query-key-value", "key": "query-key-value",
    "value": "query-key-value", "q-k-v": "query-key-value", "token": "tokens",
    "tokenizer": "tokens", "vector": "vectors", "order": "vectors", "position": "vectors",
    "positions": "vectors", "embedding": "vectors", "embeddings": "vectors", "score": "scores",
    "dot-product": "scores", "qk": "scores", "scale": "scaling", "weights": "softmax",
    "sum": "weighted-sum", "output": "weighted-sum", "values": "weighted-sum",
    "table": "self", "heatmap": "self", "self-attention": "self", "head": "multi-head",
    "heads": "multi-head", "mha": "multi-head", "mask": "causal",
    "masked": "causal", "masking": "causal", "decoder": "causal", "causal-attention": "causal",
    "cross-attention": "cross", "translation": "applications", "window": "local",
    "local-attention": "local", "global-attention": "global", "global-local": "local-global",
    "cost": "limits", "memory": "limits", "limit": "limits", "training": "trained",
    "minilm": "trained", "explanation": "not-explanation", "reason": "not-explanation",
    "quiz": "check", "exercise": "check", "exercises": "check", "test": "check",
    "uses": "applications", "use": "applications", "application": "applications",
    "strength": "strengths", "audio": "sound", "image": "patches", "images": "patches",
    "picture": "patches", "pictures": "patches", "patch": "patches", "vision": "patches",
    "[cls]": "cls", "register": "cls", "registers": "cls", "image-token": "image-tokens",
    "caption": "image-tokens", "captions": "image-tokens", "captioning": "image-tokens",
    "vlm": "image-tokens", "whisper": "speech",
}  # fmt: skip


def topic(name: str) -> Topic:
    """Find a topic by its name, a short name of it (qkv), or its place in the course (1 is first).

    AttnvizError lists the topics, the nearest first.
    """
    known = {t.name: t for t in TOPICS}
    wanted = "-".join(name.lower().replace("_", " ").split())
    wanted = SHORT.get(wanted, wanted)
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:4]) <= len(COURSE):
        return COURSE[int(wanted[:4]) - 1]
    if wanted not in known:
        raise bad_choice(name, "a topic", (*known, ALL))
    return known[wanted]


def beside(chosen: Topic, step: int) -> Topic | None:
    """Find the topic that comes `step` places after this one; None where the path ends."""
    places = [each.name for each in TOPICS]
    place = places.index(chosen.name) + step
    return TOPICS[place] if 0 <= place < len(TOPICS) else None


def moved(direction: str, name: str | None) -> Topic:
    """Find the topic after or before the named one: "next" or "previous".

    Nothing is remembered from one command to another: without a name the path begins.
    Raises AttnvizError before the first topic and after the last one.
    """
    if name is None and direction == NEXT:
        return TOPICS[0]
    if name is None:
        raise AttnvizError(
            "No topic was named.", "Say before which one: attnviz explain previous softmax.",
            key="err.no_topic",
        )  # fmt: skip
    found = beside(topic(name), 1 if direction == NEXT else -1)
    if found is None and direction == NEXT:
        raise AttnvizError(
            f"{name} is the last topic.", "attnviz explain lists them all.",
            key="err.last_topic", topic=name,
        )  # fmt: skip
    if found is None:
        raise AttnvizError(
            f"{name} is the first topic.", "attnviz explain lists them all.",
            key="err.first_topic", topic=name,
        )  # fmt: skip
    return found


def paragraphs(
    chosen: Topic, language: Language, query: str | None = None, guard: Guard = TERMINAL
) -> list[str]:
    """Return the topic's sentences in one language; query: the reader's, or that of the example."""
    example = language.example
    values = {
        "tokens": (example.global_token,), "query": query or example.query,
        "token": example.station, **chosen.values,
    }  # fmt: skip
    return [language.say(key, guard, **values) for key in chosen.sentences]
