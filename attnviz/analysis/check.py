"""Is a ranking of tokens faithful? Curves of deletion and insertion, beside random orders.

Tokens are hidden in an order, from the most important on, and the answer is compared (deletion), or
they are shown in that order (insertion): DeYoung et al. 2020 (arXiv 1911.03429), Samek et al. 2017.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from attnviz._version import __version__
from attnviz.errors import bad_choice
from attnviz.files.table import table_text
from attnviz.files.write import written_whole

Array = NDArray[np.float64]

BETTER, NO_BETTER, UNCLEAR = "better", "no_better", "unclear"
SURE = 0.05  # the share of random orders that may do as well
SUFFIXES = (".json", ".csv")
GRID = 21  # points of a mean curve


@dataclass(frozen=True)
class Curves:
    """Hold what one order does in every text.

    deletion, insertion: (texts,), the mean of a curve between its ends, as shares of the whole.
    hidden, shown: (texts, GRID), the curves over the share of tokens that are hidden, or shown.
    """

    deletion: Array
    insertion: Array
    hidden: Array
    shown: Array


@dataclass(frozen=True)
class Ranking:
    """An order of tokens by one measure. alike: (texts,), its rank correlation with the effects of
    hiding tokens one at a time."""

    name: str
    curves: Curves
    alike: Array


@dataclass(frozen=True)
class Check:
    """Hold what came of hiding tokens in several orders.

    rankings: those asked for; one_by_one: by the effect of hiding each token alone; random: orders
    of chance. skipped: measures that do not suit these texts, with the reason.
    """

    model: str
    read_out: str
    unit: str
    n_texts: int
    rankings: tuple[Ranking, ...]
    one_by_one: Ranking
    random: tuple[Curves, ...]
    skipped: tuple[tuple[str, str], ...] = ()

    def chance(self, kind: str) -> Array:
        """Return the mean over texts of every random order: (orders,). kind: "deletion" or
        "insertion"."""
        return np.array([getattr(one, kind).mean() for one in self.random])

    def verdict(self, ranking: Ranking) -> str:
        """Return BETTER where less than 5 % of random orders do as well in both curves, NO_BETTER
        where more do in both, else UNCLEAR."""
        sure = [self.share_as_good(ranking, kind) < SURE for kind in ("deletion", "insertion")]
        return BETTER if all(sure) else UNCLEAR if any(sure) else NO_BETTER

    def share_as_good(self, ranking: Ranking, kind: str) -> float:
        """Return p = (1 + random orders that do as well) / (1 + random orders)."""
        own = getattr(ranking.curves, kind).mean()
        as_good = int((self.chance(kind) >= own).sum())
        return (1 + as_good) / (1 + len(self.random))

    def ranked(self) -> list[Ranking]:
        """Return the rankings, that of one token at a time too, the best deletion first."""
        every = [*self.rankings, self.one_by_one]
        return sorted(every, key=lambda one: -float(one.curves.deletion.mean()))

    def save(self, path: str | Path) -> None:
        """Write the numbers as `.json` or `.csv`, whole or not at all. Raises AttnvizError for
        another suffix or a place that cannot be written."""
        place = Path(path)
        if place.suffix.lower() not in SUFFIXES:
            raise bad_choice(place.suffix or place.name, "the suffix of a check", SUFFIXES)
        text = self.to_json() if place.suffix.lower() == ".json" else self.to_csv()
        with written_whole(place) as file:
            file.write(text.encode())

    def to_json(self) -> str:
        """Return every number as one JSON document."""
        tree = {
            "format": "attnviz-check", "attnviz": __version__, "model": self.model,
            "read_out": self.read_out, "unit": self.unit, "texts": self.n_texts,
            "rankings": [self._row(one) for one in self.ranked()],
            "random": {
                "orders": len(self.random),
                "deletion": self.chance("deletion").tolist(),
                "insertion": self.chance("insertion").tolist(),
            },
            "skipped": dict(self.skipped),
        }  # fmt: skip
        return json.dumps(tree, ensure_ascii=False, indent=1) + "\n"

    def to_csv(self) -> str:
        """Return one line a ranking."""
        rows = [self._row(one) for one in self.ranked()]
        names = ("order", "deletion", "insertion", "alike", "p_deletion", "p_insertion", "verdict")
        chance = [f"{self.chance(kind).mean()}" for kind in ("deletion", "insertion")]
        last = ("random", *chance, None, None, None, None)
        return table_text([names, *([row[name] for name in names] for row in rows), last])

    def _row(self, one: Ranking) -> dict[str, object]:
        alike = mean_of_known(one.alike)
        return {
            "order": one.name,
            "deletion": float(one.curves.deletion.mean()),
            "insertion": float(one.curves.insertion.mean()),
            "alike": None if alike is None else alike,
            "p_deletion": self.share_as_good(one, "deletion"),
            "p_insertion": self.share_as_good(one, "insertion"),
            "verdict": self.verdict(one),
            "deletion_curve": one.curves.hidden.mean(axis=0).tolist(),
            "insertion_curve": one.curves.shown.mean(axis=0).tolist(),
        }


def mean_of_known(values: Array) -> float | None:
    """Return the mean of what is a number; None where nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None


def joined(parts: Sequence[Curves]) -> Curves:
    """Put the curves of several texts together."""
    names = ("deletion", "insertion", "hidden", "shown")
    return Curves(*(np.concatenate([getattr(one, name) for one in parts]) for name in names))


def curves_of(
    steps: Sequence[int], n: int, deleted: Array, inserted: Array, all_gone: float
) -> Curves:
    """Return one text's curves. steps: how many of n tokens were hidden, or shown; deleted,
    inserted: (steps,), the shares of the answer that were lost, or there. all_gone: the share that
    is lost with all n tokens."""
    at = np.linspace(0, 1, GRID)
    along = np.array([0, *steps, n]) / n
    hidden = np.interp(at, along, [0, *deleted, all_gone])
    shown = np.interp(at, along, [1 - all_gone, *inserted, 1])
    means = np.array([deleted.mean()]), np.array([inserted.mean()])
    return Curves(*means, hidden[None], shown[None])


def rank_correlation(first: Array, second: Array) -> float:
    """Return Spearman's rank correlation of two arrays (n,); NaN where one of them is all alike."""
    a, b = _ranks(first), _ranks(second)
    a, b = a - a.mean(), b - b.mean()
    below = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / below if below else float("nan")


def _ranks(values: Array) -> Array:
    """(n,) ranks from 0; those that are alike share their mean."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts) - 1
    found: Array = (last - (counts - 1) / 2)[places]
    return found
