"""One query of the tiny model: the four steps, and all vectors and matrices they begin from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.steps import Steps, rounded
from attnviz.frozen import dataclass
from attnviz.inputs.tokens import Tokens
from attnviz.models.builtin.tiny import NUMBERS, TinyModel, vectors

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class TinySteps:
    """The four steps of one query in one head, and what they are made of.

    x: (tokens, 4), what the model knows of each token; w_query, w_key and w_value: (4, 4);
    w_output: (2 × 4, 4), of both heads; outputs: (2, 4), each head's, rounded as they are shown.
    """

    steps: Steps
    labels: tuple[str, ...]
    place: int  # of the query
    x: Floats
    w_query: Floats
    w_key: Floats
    w_value: Floats
    w_output: Floats
    outputs: Floats

    @property
    def merged(self) -> Floats:
        """The heads' outputs side by side, times W_O, rounded: (4,)."""
        found: Floats = rounded(self.outputs.reshape(-1) @ self.w_output)
        return found

    def to_json(self) -> str:
        """Return the document of the steps, with the vectors and the matrices beside them."""
        found: dict[str, Any] = json.loads(self.steps.to_json())
        found["tokens"], found["numbers"] = list(self.labels), list(NUMBERS)
        del found["merged"]
        for name in ("x", "w_query", "w_key", "w_value", "w_output", "outputs", "merged"):
            found[name] = getattr(self, name).tolist()
        return json.dumps(found, ensure_ascii=False, indent=1) + "\n"

    def to_csv(self) -> str:
        """Return one line a key, as the steps of any model have it."""
        return self.steps.to_csv()


def tiny_steps(
    followed: Sequence[Steps], head: int, model: TinyModel, tokens: Tokens, place: int
) -> TinySteps:
    """Put the model's vectors and matrices beside the steps of one of its heads.

    followed: the steps of every head, whose outputs are merged.
    """
    chosen = model.heads[head]
    outputs = np.stack([each.output for each in followed])
    return TinySteps(
        followed[head], tuple(tokens.labels), place, vectors(tokens), chosen.w_query,
        chosen.w_key, chosen.w_value, model.w_output, outputs,
    )  # fmt: skip
