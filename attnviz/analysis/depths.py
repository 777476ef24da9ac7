"""What a model would answer at each depth, and what each head adds to the answer."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from attnviz._version import __version__
from attnviz.analysis.prediction import Candidate
from attnviz.files.table import table_text
from attnviz.frozen import dataclass
from attnviz.record.numbering import numbered

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Depth:
    """One depth read as if it were the last: its name, the likeliest answers, and the rank (from 1)
    and probability of the one that was asked for."""

    name: str
    candidates: tuple[Candidate, ...]
    rank: int
    probability: float


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each part adds to a difference of two logits; all of it adds up to `total`.

    heads: (layers, heads). rest: (layers,), feed-forward parts and biases of each layer. embedding,
    constant: the words themselves; biases of the last norm and of the output map. without:
    (layers, heads), the probability of the answer when each head gives zeros; clean: with all.
    numbers: of the layers in the checkpoint, where some have no attention; what those add is in
    `between`.
    """

    answer: str
    against: str
    heads: Array
    rest: Array
    embedding: float
    constant: float
    total: float
    without: Array
    clean: float
    numbers: tuple[int, ...] = ()
    between: float = 0.0

    @property
    def layer_numbers(self) -> tuple[int, ...]:
        """The number of each layer in its checkpoint."""
        return numbered(self.numbers, len(self.rest))


@dataclass(frozen=True, eq=False)
class Depths:
    """A model read at every depth, at one place. answer: the one whose rank is followed."""

    model: str
    kind: str
    position: int
    label: str
    answer: str
    depths: tuple[Depth, ...]
    attribution: Attribution | None = None

    def to_csv(self) -> str:
        """Return one line a depth: the rank and probability of the answer, and the likeliest."""
        rows = [
            (one.name, one.rank, one.probability, *one.candidates[0][1:]) for one in self.depths
        ]
        names = ("depth", "rank", "probability", "likeliest", "its_probability")
        return table_text([names, *rows])

    def to_json(self) -> str:
        """Return all of it as one JSON document."""
        depths = [
            {"name": one.name, "rank": one.rank, "probability": one.probability,
             "candidates": [list(row) for row in one.candidates]} for one in self.depths
        ]  # fmt: skip
        tree = {
            "format": "attnviz-depths", "attnviz": __version__, "model": self.model,
            "kind": self.kind, "position": self.position, "label": self.label,
            "answer": self.answer, "depths": depths, "attribution": self._attributed(),
        }  # fmt: skip
        return json.dumps(tree, ensure_ascii=False, indent=1) + "\n"

    def _attributed(self) -> dict[str, object] | None:
        found = self.attribution
        if found is None:
            return None
        return {
            "answer": found.answer, "against": found.against, "heads": found.heads.tolist(),
            "rest": found.rest.tolist(), "embedding": found.embedding,
            "constant": found.constant, "total": found.total,
            "without": found.without.tolist(), "clean": found.clean,
            "layer_numbers": list(found.layer_numbers), "between": found.between,
        }  # fmt: skip
