"""Which experts each token of a text passes in one layer."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from attnviz.files.table import table_text
from attnviz.frozen import dataclass


@dataclass(frozen=True, eq=False)
class Routing:
    """What the router of one layer chose.

    tokens: the labels of the text. chosen: (tokens, experts of each), the most wanted first; shares
    of the same shape: what the output of each is multiplied by. n_experts: from how many. An expert
    that had no room left is -1, and its share 0.
    """

    model: str
    layer: int
    tokens: tuple[str, ...]
    n_experts: int
    chosen: NDArray[np.int64]
    shares: NDArray[np.floating]

    @property
    def used(self) -> NDArray[np.int64]:
        """Count the tokens that pass each expert: (experts,)."""
        return np.bincount(self.chosen[self.chosen >= 0], minlength=self.n_experts)

    def to_json(self) -> str:
        """Write one object: model, layer, experts, tokens with what each was given, and counts."""
        tokens = [
            {"token": token, "experts": numbers, "shares": shares}
            for token, numbers, shares in zip(
                self.tokens, self.chosen.tolist(), self.shares.tolist(), strict=True
            )
        ]
        return json.dumps(
            {
                "model": self.model, "layer": self.layer, "n_experts": self.n_experts,
                "tokens": tokens, "used": self.used.tolist(),
            },
            ensure_ascii=False, indent=1,
        ) + "\n"  # fmt: skip

    def to_csv(self) -> str:
        """Write a line for each token and expert: position, token, rank, expert, share."""
        lines: list[tuple[object, ...]] = [("position", "token", "rank", "expert", "share")]
        for place, rank in np.ndindex(self.chosen.shape):
            share = float(self.shares[place, rank])
            lines.append((place, self.tokens[place], rank, int(self.chosen[place, rank]), share))
        return table_text(lines)
