"""One query through the four steps of attention, in numbers that can be worked out again by hand.

Each step is computed from the numbers that the step before shows, rounded as they are shown, so
that a reader with a pencil gets the same digits. `exact` says how far that is from the weights of
the program itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.files.table import table_text
from attnviz.frozen import dataclass
from attnviz.inputs.tokens import Tokens

Floats = NDArray[np.floating[Any]]
Places = tuple[int, ...]

PARTS = 4  # numbers of a vector that are shown
DIGITS = 3  # decimals of every number that is shown
MOST_KEYS = 10  # keys that are shown one by one


@dataclass(frozen=True)
class Attended:
    """What one query met in one head. outputs: (heads, value_dim), this query's, of every head;
    w_output: (heads × value_dim, width), which merges them."""

    query: Floats  # (head_dim,)
    keys: Floats  # (keys, head_dim)
    values: Floats  # (keys, value_dim)
    allowed: NDArray[np.bool_]  # (keys,)
    scale: float
    outputs: Floats
    w_output: Floats


@dataclass(frozen=True)
class Merged:
    """The heads' outputs merged by W_O, at a few places of the vector.

    shares: (heads, places), what each head adds; sums: (places,).
    """

    places: Places
    shares: Floats
    sums: Floats
    width: int
    inputs: int  # numbers side by side before W_O


@dataclass(frozen=True)
class KeyStep:
    """One key, or the rest of them together, in the four steps."""

    label: str
    parts: Floats  # (PARTS,) of the key vector
    others: float  # what the numbers that are not shown add to the score
    score: float
    scaled: float
    power: float  # e^(scaled - largest scaled)
    weight: float
    unscaled_weight: float  # what it would be if the scores were not divided
    value: Floats  # (PARTS,) of the value vector


@dataclass(frozen=True)
class Steps:
    """The four steps of one query in one head, as they are shown."""

    query: str
    head: str
    head_dim: int
    value_dim: int
    n_keys: int
    masked: int
    query_places: Places
    query_parts: Floats
    value_places: Places
    divisor: float
    keys: tuple[KeyStep, ...]
    rest: int  # keys that are left out of `keys`
    rest_power: float
    rest_weight: float
    rest_value: Floats  # what they add to the output
    total_power: float
    output: Floats
    largest_unscaled: float  # the largest weight if the scores were not divided
    largest: float
    merged: Merged
    exact: float  # largest difference from the program's own weights

    def to_json(self) -> str:
        """Return all of it as one JSON document; vectors as lists."""
        return json.dumps(asdict(self), default=_listed, ensure_ascii=False, indent=1) + "\n"

    def to_csv(self) -> str:
        """Return one line a key: its score, scaled, e to the power of it, and its weight."""
        rows: list[tuple[object, ...]] = [
            (key.label, key.score, key.scaled, key.power, key.weight) for key in self.keys
        ]
        if self.rest:
            rows.append((f"{self.rest} others", "", "", self.rest_power, self.rest_weight))
        return table_text([("key", "score", "scaled", "power", "weight"), *rows])


def _listed(value: Any) -> Any:
    """An array, or a number of NumPy's, as JSON knows it."""
    return value.tolist()


def rounded(values: Any) -> Any:
    """Return rounded as it is shown."""
    return np.round(values, DIGITS) + 0.0  # no minus zero


def steps_of(
    attended: Attended, merged: Merged, tokens: Tokens, sources: Tokens, query: int, head: str
) -> Steps:
    """Work the four steps out from rounded numbers; weights and values as in the record."""
    q, dim = attended.query.astype(np.float64), attended.query.size
    seen = np.flatnonzero(attended.allowed)
    keys = attended.keys[seen].astype(np.float64)
    values = attended.values[seen].astype(np.float64)
    exact = keys @ q * attended.scale  # (seen,)
    true_weights = _softmax(exact)
    shown = np.sort(np.argsort(-true_weights, kind="stable")[:MOST_KEYS])
    places = _places(np.abs(q) * np.abs(keys[shown]).max(axis=0))
    value_places = _places(np.abs(true_weights[shown] @ values[shown]))
    query_parts, key_parts = rounded(q[list(places)]), rounded(keys[:, places])
    scores = rounded(keys @ q)  # (seen,)
    others = rounded(scores - key_parts @ query_parts)
    divisor = _divisor(attended.scale)
    scaled = rounded(scores / divisor)
    powers = rounded(np.exp(scaled - scaled.max()))
    hidden = np.delete(np.arange(seen.size), shown)  # setdiff1d would load numpy.ma
    rest_power = float(rounded(powers[hidden].sum()))
    total = float(rounded(powers[shown].sum() + rest_power))
    weights = rounded(powers / total)
    unscaled = rounded(_softmax(scores))
    value_parts = rounded(values[:, value_places])
    rest_value = rounded((true_weights[hidden, None] * values[hidden][:, value_places]).sum(axis=0))
    numbers = np.stack([others, scores, scaled, powers, weights, unscaled])
    output = rounded(weights[shown] @ value_parts[shown] + rest_value)
    return Steps(
        query=tokens.labels[query],
        head=head,
        head_dim=dim,
        value_dim=values.shape[1],
        n_keys=len(sources),
        masked=len(sources) - seen.size,
        query_places=places,
        query_parts=query_parts,
        value_places=value_places,
        divisor=divisor,
        keys=tuple(
            _key_step(sources.labels[seen[i]], key_parts[i], value_parts[i], numbers[:, i])
            for i in shown
        ),
        rest=hidden.size,
        rest_power=rest_power,
        rest_weight=float(rounded(rest_power / total)),
        rest_value=rest_value,
        total_power=total,
        output=output,
        largest_unscaled=float(unscaled.max()),
        largest=float(weights.max()),
        merged=merged,
        exact=float(np.abs(weights[shown] - true_weights[shown]).max()),
    )


def _divisor(scale: float) -> float:
    """1 / scale, rounded as it is shown: a checkpoint may multiply by so much that the decimals
    of it would be nothing."""
    divisor = 1 / scale
    return float(rounded(divisor)) if divisor >= 1 else float(f"{divisor:.{DIGITS}g}")


def merge(outputs: Floats, w_output: Floats) -> Merged:
    """Return (heads, value_dim) and W_O (heads × value_dim, width) → what each head adds, and the
    sum."""
    heads, width = outputs.shape[0], w_output.shape[1]
    shares = np.einsum("hd,hdw->hw", outputs.astype(np.float64), w_output.reshape(heads, -1, width))
    places = _places(np.abs(shares.sum(axis=0)))
    shown = rounded(shares[:, places])
    return Merged(places, shown, rounded(shown.sum(axis=0)), width, outputs.size)


def _key_step(label: str, parts: Floats, value_parts: Floats, numbers: Floats) -> KeyStep:
    """One key; numbers: (6,) what its scores and powers are, in the order of KeyStep."""
    others, score, scaled, power, weight, unscaled = map(float, numbers)
    return KeyStep(label, parts, others, score, scaled, power, weight, unscaled, value_parts)


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max())
    weights: Floats = powers / powers.sum()
    return weights


def _places(importance: Floats) -> Places:
    """The places that matter most, in the order of the vector."""
    strongest: Sequence[int] = np.sort(np.argsort(-importance, kind="stable")[:PARTS]).tolist()
    return tuple(strongest)
