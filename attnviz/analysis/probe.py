"""What heads do on texts that are made to find it out: random tokens, twice; and plain sentences.

In a text of random tokens that comes twice nothing but its order can be looked at: a head that
looks at the token before it does so here too, and only a head that copies looks at what came after
the earlier place of its own token (induction, Olsson et al. 2022, arXiv 2209.11895).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz._version import __version__
from attnviz.analysis.head_labels import HeadLook, look
from attnviz.analysis.head_measures import pairs_allowed
from attnviz.files.table import table_text
from attnviz.record.stack import Stack

Array = NDArray[np.float64]

PATTERNS = ("previous", "next", "self", "duplicate", "induction", "first")
HOLDS, PARTLY, FAILS = "holds", "partly", "fails"
FITS = 0.5  # of the way from chance to all of the weight
SPREADS = 3.0  # standard deviations over texts


@dataclass(frozen=True)
class Scores:
    """The share of its weight that a head puts where each pattern says: (layers, heads) each.

    chance: what an even head would have, by pattern.
    """

    shares: dict[str, Array]
    chance: dict[str, float]


@dataclass(frozen=True)
class HeadProbe:
    """One head: what most texts call it, of how many; its scores over random texts."""

    layer: int
    head: int
    random: tuple[str, int]  # the label and how many random texts give it
    sentences: tuple[str, int]
    means: dict[str, float]
    sds: dict[str, float]

    @property
    def place(self) -> str:
        """ "3.7": layer and head."""
        return f"{self.layer}.{self.head}"


@dataclass(frozen=True)
class Claim:
    """Hold what came of a claim such as "5.3 induction".

    score: mean share over random texts; sd over texts; chance; rank among all heads, 1 the largest;
    texts: how many of n_random call the head so. verdict: HOLDS where the mean is over half of the
    way from chance to all of the weight, PARTLY where it is 3 standard deviations above chance,
    else FAILS.
    """

    place: str
    pattern: str
    score: float
    sd: float
    chance: float
    rank: int
    n_heads: int
    texts: int
    verdict: str


@dataclass(frozen=True)
class Probe:
    """All heads of a stack; n_random texts of twice `length` tokens, and n_sentences."""

    model: str
    stack: str
    heads: tuple[HeadProbe, ...]
    chance: dict[str, float]
    n_random: int
    length: int
    n_sentences: int
    agreement: tuple[float, float]  # of two random texts, of two sentences: share of equal labels

    def ranked(self) -> list[HeadProbe]:
        """Return the heads whose label most texts agree on first, those with a pattern first."""
        return sorted(self.heads, key=lambda one: (one.random[0] not in PATTERNS, -one.random[1],
                                                   -one.means.get(one.random[0], 0.0)))  # fmt: skip

    def check(self, layer: int, head: int, pattern: str) -> Claim:
        """Answer the claim that a head looks where a pattern says."""
        (one,) = (each for each in self.heads if (each.layer, each.head) == (layer, head))
        score, sd, chance = one.means[pattern], one.sds[pattern], self.chance[pattern]
        rank = 1 + sum(each.means[pattern] > score for each in self.heads)
        above = (score - chance) / (1 - chance)
        clear = score - chance > SPREADS * max(sd, 1e-3)
        verdict = HOLDS if above >= FITS else PARTLY if clear else FAILS
        texts = one.random[1] if one.random[0] == pattern else 0
        return Claim(one.place, pattern, score, sd, chance, rank, len(self.heads), texts, verdict)

    def to_json(self, claims: Sequence[Claim] = ()) -> str:
        """Return every number, and what became of claims, as one JSON document."""
        tree = {
            "format": "attnviz-probe", "attnviz": __version__, "model": self.model,
            "stack": self.stack, "random_texts": self.n_random, "length": self.length,
            "sentences": self.n_sentences, "agreement": list(self.agreement),
            "chance": self.chance, "heads": [*self._rows()],
        } | ({"claims": [asdict(one) for one in claims]} if claims else {})  # fmt: skip
        return json.dumps(tree, ensure_ascii=False, indent=1) + "\n"

    def to_csv(self, claims: Sequence[Claim] = ()) -> str:
        """Return one line a head, or one a claim where there are claims."""
        rows = [asdict(one) for one in claims] or [*self._rows()]
        return table_text([[*rows[0]], *([*row.values()] for row in rows)])

    def _rows(self) -> Iterator[dict[str, Any]]:
        for one in self.heads:
            scores = {name: one.means[name] for name in PATTERNS}
            spread = {f"{name}_sd": one.sds[name] for name in PATTERNS}
            yield {
                "layer": one.layer, "head": one.head, "label": one.random[0],
                "texts": one.random[1], "label_on_sentences": one.sentences[0],
                "sentences": one.sentences[1], **scores, **spread,
            }  # fmt: skip


def scores_of(stack: Stack, start: int, length: int) -> Scores:
    """Measure a text whose tokens `start` … `start + length` come twice.

    Rows are those of the second time: only there induction and duplicates can be. Shares are means
    over these rows; "first" is the first token of the text.
    """
    assert stack.weights is not None  # probe texts are short
    rows = np.arange(start + length, start + 2 * length)
    keys = {
        "previous": rows - 1, "next": rows + 1, "self": rows,
        "duplicate": rows - length, "induction": rows - length + 1, "first": np.zeros_like(rows),
    }  # fmt: skip
    none_after = ((0, 0), (0, 1))  # the last token of a text has no next one
    allowed = np.pad(pairs_allowed(stack, 0)[rows], none_after)
    even = 1 / np.maximum(allowed.sum(axis=1), 1)
    weights = np.pad(stack.weights[:, :, rows], ((0, 0), (0, 0), *none_after))
    shares = {
        name: weights[:, :, np.arange(length), place].mean(axis=-1, dtype=np.float64)
        for name, place in keys.items()
    }
    chance = {
        name: float((even * allowed[np.arange(length), place]).mean())
        for name, place in keys.items()
    }
    return Scores(shares, chance)


def probed(
    model: str, stack: str, random: Sequence[Stack], sentences: Sequence[Stack], start: int,
    length: int,
) -> Probe:  # fmt: skip
    """Put the texts together: random ones of twice `length` tokens from `start` on, sentences."""
    scores = [scores_of(one, start, length) for one in random]
    named = [_kinds(one) for one in random]
    told = [_kinds(one) for one in sentences] or named
    shares = {name: np.stack([one.shares[name] for one in scores]) for name in PATTERNS}
    heads = tuple(
        HeadProbe(
            number, head, _most([one[number, head] for one in named]),
            _most([one[number, head] for one in told]),
            {name: float(each[:, layer, head].mean()) for name, each in shares.items()},
            {name: float(each[:, layer, head].std(ddof=1)) for name, each in shares.items()},
        )
        for layer, number in enumerate(random[0].layer_numbers)
        for head in range(random[0].n_heads)
    )  # fmt: skip
    chance = {name: float(np.mean([one.chance[name] for one in scores])) for name in PATTERNS}
    agreement = _agreement(named), _agreement(told)
    return Probe(model, stack, heads, chance, len(random), length, len(sentences), agreement)


def _kinds(stack: Stack) -> dict[tuple[int, int], str]:
    looks: Sequence[HeadLook] = look(stack)
    return {(one.layer, one.head): one.label.kind for one in looks}


def _most(kinds: Sequence[str]) -> tuple[str, int]:
    return Counter(kinds).most_common(1)[0]


def _agreement(texts: Sequence[dict[tuple[int, int], str]]) -> float:
    """The share of heads that two texts call the same, the mean over all pairs of texts."""
    shares = [
        np.mean([one[place] == other[place] for place in one])
        for one, other in combinations(texts, 2)
    ]
    return float(np.mean(shares)) if shares else float("nan")
