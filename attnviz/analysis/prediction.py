"""What a model said of a text, as values: places, candidates, spans."""

from __future__ import annotations

import json

from attnviz.files.table import table_text
from attnviz.frozen import dataclass
from attnviz.inputs.tokens import Tokens

Candidate = tuple[int, str, float]  # id, label, probability


@dataclass(frozen=True)
class Place:
    """One place where something is predicted. position, label: the token there. candidates: (id,
    label, probability), the best first."""

    position: int
    label: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Span:
    """A piece of a passage that answers: its text, first and last token, and probability."""

    text: str
    first: int
    last: int
    probability: float


@dataclass(frozen=True)
class Continuation:
    """A continuation that was asked about. log_probability: the sum over its tokens, in nats.
    tokens: each with its own (id, label, log-probability)."""

    text: str
    log_probability: float
    tokens: tuple[Candidate, ...]


@dataclass(frozen=True)
class Similarity:
    """How well a text fits a picture. cosine: of the angle between their vectors. probability:
    beside the other texts that were given, or alone, as the model was trained."""

    text: str
    cosine: float
    logit: float
    probability: float


@dataclass(frozen=True, eq=False)
class Prediction:
    """Hold what a model said. kind: "next", "mask", "class", "token class", "answer" or
    "similarity".

    places: where, and what. spans: the likeliest answers, where the kind is "answer". answer: the
    continuation that was asked about. notes: what is odd about the text, a line each. similarities:
    of texts to a picture, the best first.
    """

    kind: str
    places: tuple[Place, ...]
    tokens: Tokens
    model: str
    spans: tuple[Span, ...] = ()
    answer: Continuation | None = None
    notes: tuple[str, ...] = ()
    similarities: tuple[Similarity, ...] = ()

    def to_csv(self) -> str:
        """Return one line a candidate: where, which, and how likely."""
        rows: list[tuple[object, ...]] = [
            (place.position, place.label, rank, i, label, p)
            for place in self.places
            for rank, (i, label, p) in enumerate(place.candidates, start=1)
        ]
        rows += [(one.first, "", rank, "", one.text, one.probability)
                 for rank, one in enumerate(self.spans, start=1)]  # fmt: skip
        rows += [("", "", rank, "", one.text, one.probability)
                 for rank, one in enumerate(self.similarities, start=1)]  # fmt: skip
        names = ("position", "token", "rank", "id", "candidate", "probability")
        return table_text([names, *rows])

    def to_json(self) -> str:
        """Return all of it as one JSON document."""
        of_place = [
            {
                "position": place.position,
                "label": place.label,
                "candidates": [
                    {"id": i, "label": label, "probability": p} for i, label, p in place.candidates
                ],
            }
            for place in self.places
        ]
        found: dict[str, object] = {"model": self.model, "kind": self.kind, "places": of_place}
        if self.spans:
            found["spans"] = [vars(span) for span in self.spans]
        if self.similarities:
            found["similarities"] = [vars(one) for one in self.similarities]
        if self.answer is not None:
            found["answer"] = {
                "text": self.answer.text,
                "log_probability": self.answer.log_probability,
                "tokens": [
                    {"id": i, "label": label, "log_probability": p}
                    for i, label, p in self.answer.tokens
                ],
            }
        return json.dumps(found, ensure_ascii=False) + "\n"
