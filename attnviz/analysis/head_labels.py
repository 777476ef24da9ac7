"""What every head of a stack looks at: its measures, and the label that fits it best.

A label is chosen after the sink is set aside: the first token and the special tokens are taken out
of every row, as keys and as queries, and what is left is compared with what chance would give. The
mean over rows is weighted by the weight that is left in them, so a head that does its work in some
rows and rests in the others is judged by its work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf, isnan, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.head_measures import (
    MEASURES,
    divided,
    measured,
    neighbours,
    on_grid,
    pairs_allowed,
    sign,
)
from attnviz.attention import measures
from attnviz.frozen import dataclass
from attnviz.record.stack import Stack

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

# What a head may be labelled, and the mark that stands for it in a grid.
MARKS = {
    "previous": "p",
    "next": "n",
    "self": "s",
    "duplicate": "d",
    "induction": "i",
    "nearby": "±",
    "diagonal": "\\",
    "one key": "|",
    "aligned": "a",
    "sink": "¹",
    "spread": "~",
    "other": "-",
    "short": "?",
    "unknown": "?",
}
OFFSETS = {"previous": -1, "next": 1, "self": 0}
WITHOUT_PATTERN = ("sink", "spread", "other", "short", "unknown")

FITS = 0.5  # of the way from chance to all of the weight: more than everything else together
NEAR = 2  # tokens to each side that count as nearby
LEAST_ROWS = 4  # that a label must rest on: rows with two keys to choose from, sink set aside
SPREADS = 3.0  # standard deviations from chance: a few rows are not taken for a pattern
SPREADS_OF_MANY = 4.0  # where the best of all keys was chosen
LITTLE = 0.05  # weight left beside the sink below which there is nothing to tell
EVEN = 0.8  # of the largest possible entropy, from which a head counts as spread
SURER = 0.05  # by which a rarer pattern must fit better than a plainer one to be named
NO_CHANCE = 0.9  # chance level above which a pattern says nothing: the mask leaves no choice
AT_ONCE = 1 << 25  # bytes of weights that are looked at together
NAMED = 0.75  # of the weight set aside that one token must have to be named alone


@dataclass(frozen=True)
class Label:
    """What a head looks at. share: of the weight it is judged by; chance: what an even head would
    have; token: the key, where there is one. Share and chance are NaN where nothing was found."""

    kind: str
    share: float = nan
    chance: float = nan
    token: str = ""

    def __str__(self) -> str:
        if self.kind == "sink":
            return f"rests on {self.token}"
        said = {"short": "too short to tell", "unknown": "not kept"}.get(self.kind, self.kind)
        return f"{said} {self.token}".strip()

    @property
    def mark(self) -> str:
        """One letter for it."""
        return MARKS[self.kind]

    @property
    def lift(self) -> float:
        """The share with chance taken out: 0 is no better than chance, 1 is all of the weight."""
        return _lift(self.share, self.chance)


@dataclass(frozen=True)
class HeadLook:
    """One head: its place, its name if it has one, its label and its measures (NaN: not there)."""

    layer: int
    head: int
    name: str
    label: Label
    measures: Mapping[str, float]

    @property
    def place(self) -> str:
        """ "3.7": layer and head."""
        return f"{self.layer}.{self.head}"


def look(stack: Stack, layers: Iterable[int] | None = None) -> tuple[HeadLook, ...]:
    """Every head of the chosen layers, or of all, in order."""
    wanted = tuple(range(stack.n_layers)) if layers is None else tuple(layers)
    numbers = measured(stack, wanted)
    found = []
    every = labels_of(stack, wanted)
    for place, layer in enumerate(wanted):
        labels = every[layer]
        for head in range(stack.n_heads):
            of_head = {name: float(numbers[name][place, head]) for name in MEASURES}
            found.append(HeadLook(layer, head, stack.head_name(head), labels[head], of_head))
    return tuple(found)


def ranked(looks: Sequence[HeadLook], sort: str | None = None) -> list[HeadLook]:
    """The heads by a measure, the largest first (entropies: the smallest), what has none last.

    Without one: the surest head of each label first, then the second of each, and so on; heads
    that rest, spread, or fit nothing come last, the sharpest first.
    """
    if sort is not None:
        return sorted(looks, key=lambda one: _or_last(sign(sort) * one.measures[sort]))
    surest = sorted(looks, key=lambda one: _or_last(-one.label.lift))
    seen: dict[str, int] = {}
    order = []
    for one in surest:
        nth = seen[one.label.kind] = seen.get(one.label.kind, -1) + 1
        if one.label.kind in WITHOUT_PATTERN:
            order.append((1, _or_last(one.measures["normalized_entropy"]), one))
        else:
            order.append((0, nth, one))
    return [one for *_, one in sorted(order, key=lambda entry: entry[:2])]


def _or_last(value: float) -> float:
    return inf if isnan(value) else value


# Labels ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fit:
    """How much of each head's weight is where a pattern says: (heads,) each, NaN where too few
    rows can tell. tokens: the key that it is about, per head, for patterns that have one."""

    kind: str
    share: Array
    chance: Array
    tokens: Sequence[str] = ()

    def label(self, head: int) -> Label:
        token = self.tokens[head] if self.tokens else ""
        return Label(self.kind, float(self.share[head]), float(self.chance[head]), token)


@dataclass(frozen=True)
class _Rows:
    """The rows of a layer that can tell what its heads look at.

    weight, squares: (heads, queries), the sum of a row's weights and of their squares, 0 in rows
    that cannot tell. free: (queries,), how many keys there are to choose from.
    """

    weight: Array
    squares: Array
    free: NDArray[np.int64]

    def fit(self, kind: str, mass: Array, keys: NDArray[Any], *, least: float = 0) -> _Fit:
        """A pattern with `mass` (heads, queries) on `keys` (queries,) keys of each row. Rows in
        which it has no key are left out; it needs `least` others."""
        one = self.fits(mass[..., None] * (keys > 0)[:, None], keys[:, None], least)
        return _Fit(kind, one[0][:, 0], one[1][:, 0])

    def fits(
        self, mass: Array, keys: NDArray[Any], least: float = 0, spreads: float = SPREADS
    ) -> tuple[Array, Array]:
        """Share and chance, (heads, patterns), of several patterns at once: mass (heads, queries,
        patterns) or its sum over the queries, keys (queries, patterns).

        NaN where fewer than LEAST_ROWS rows can tell, or where shuffling the keys of every row
        would bring the share that far from chance: sampling without replacement, `spreads` standard
        deviations.
        """
        told = mass.sum(axis=1) if mass.ndim == 3 else mass
        seen, free = (keys > 0).astype(np.float64), np.maximum(self.free, 2)
        base = self.weight @ seen
        chance = (self.weight / free) @ keys
        each = (self.squares - self.weight**2 / free) / (free - 1)
        spread = np.sqrt(np.maximum(each @ (keys * (1 - keys / free[:, None])), 0))
        rows = np.nan_to_num(divided(base**2, self.weight**2 @ seen))  # of equal weight
        enough = (rows >= LEAST_ROWS - 1e-6) & (seen.sum(axis=0) >= least)
        base = np.where(enough & (told - chance >= spreads * spread), base, 0)
        return divided(told, base), divided(chance, base)


@dataclass(frozen=True)
class _Layer:
    """What there is to label the heads of a layer with.

    left: what is left with the sink set aside; total: (heads,), the weight of the same rows with
    it. narrow patterns are named before wide ones, and these before where a head rests. evenness:
    of what is left, (heads,), or None where single weights were not kept.
    """

    left: _Rows
    total: Array
    narrow: Sequence[_Fit]
    wide: Sequence[_Fit]
    resting: _Fit | None
    evenness: Array | None

    def label(self, head: int) -> Label:
        """The pattern that fits a head best, or else where it rests, or that it spreads."""
        if self.left.weight[head].sum() >= LITTLE * self.total[head]:
            for fits in (self.narrow, self.wide):
                best, highest = None, FITS
                for fit in fits:
                    lift = _lift(fit.share[head], fit.chance[head])
                    if lift >= FITS and (best is None or lift > highest + SURER):
                        best, highest = fit, lift
                if best is not None:
                    return best.label(head)
        if self.resting is not None and (rest := self.resting.label(head)).lift >= FITS:
            return rest
        if self.evenness is None:
            return Label("unknown")
        even = float(self.evenness[head])
        return Label("spread", even) if even >= EVEN else Label("other")


def labels_of(stack: Stack, layers: Sequence[int]) -> dict[int, list[Label]]:
    """Return the labels of every head, by layer."""
    if stack.weights is None:
        return {i: _label_heads(_of_summary(stack, i), range(stack.n_heads)) for i in layers}
    found: dict[int, list[Label]] = {layer: [] for layer in layers}
    # Heads are looked at one after the other where many would need much memory; of a short text,
    # those of all layers that see the same at once.
    together = max(AT_ONCE // max(stack.weights[0, 0].nbytes, 1), 1)
    for group in _alike(stack, layers):
        seen = _Seen.of(stack, group[0])
        at_once = max(together // stack.n_heads, 1)
        for start in range(0, len(group), at_once):
            some = group[start : start + at_once]
            for first in range(0, stack.n_heads, together):
                weights = stack.weights[list(some), first : first + together]
                n = weights.shape[1]
                flat = weights.reshape(-1, *weights.shape[2:]).astype(np.float64)
                seen_by_all = _of_weights(stack, flat, seen)
                for i, layer in enumerate(some):
                    found[layer] += _label_heads(seen_by_all, range(i * n, (i + 1) * n))
    return found


def _alike(stack: Stack, layers: Sequence[int]) -> list[list[int]]:
    """The layers in groups that have the same mask; without masks each layer shows its own."""
    groups: dict[Any, list[int]] = {}
    for layer in layers:
        groups.setdefault(stack.masks[layer] if stack.masks else layer, []).append(layer)
    return list(groups.values())


def _label_heads(layer: _Layer, heads: range) -> list[Label]:
    """The labels of the heads of one layer, among all that were looked at together."""
    own = slice(heads.start, heads.stop)
    if layer.left.weight[own].any(axis=0).sum() < LEAST_ROWS and not _rests(layer, own):
        return [Label("short")] * len(heads)
    return [layer.label(head) for head in heads]


def _rests(layer: _Layer, heads: slice) -> bool:
    """Whether the rows would be enough, had the heads left anything in them."""
    return layer.resting is not None and bool(np.isfinite(layer.resting.share[heads]).any())


@dataclass(frozen=True)
class _Seen:
    """What the heads of a layer may look at.

    allowed: (queries, keys), by the mask, in the rows that can tell. open_to: of these, what is
    not set aside. aside: (keys,). patterns: (queries, keys) 0 or 1, what heads of a kind would
    look at, of what is open; those that are offsets need no array.
    """

    allowed: Bools
    open_to: Bools
    aside: Bools
    patterns: Mapping[str, Array]

    @staticmethod
    def of(stack: Stack, layer: int) -> _Seen:
        """Work it out from the mask and the tokens."""
        allowed, aside = pairs_allowed(stack, layer), _aside(stack)
        free = (allowed & ~aside).sum(axis=1)
        allowed[stack.query_tokens.special | (free < 2)] = False
        open_to = allowed & ~aside
        if stack.two_texts:
            patterns = {"diagonal": _band(stack)}
        elif on_grid(stack):
            patterns = {"nearby": neighbours(stack)}
        else:
            ids = stack.key_tokens.ids
            patterns = {
                "duplicate": measures.duplicate_token(ids),
                "induction": measures.induction(ids),
            }
        told = {kind: (pattern & open_to).astype(np.float64) for kind, pattern in patterns.items()}
        return _Seen(allowed, open_to, aside, told)


def _of_weights(stack: Stack, weights: Array, seen: _Seen) -> _Layer:
    """Some heads of a layer: (heads, queries, keys), written over."""
    weights *= seen.allowed
    total = measures.total_weight(weights).sum(axis=-1)
    resting = _resting(stack, weights, seen)
    weights[:, :, seen.aside] = 0
    squares, free = np.einsum("hqk,hqk->hq", weights, weights), seen.open_to.sum(axis=1)
    left = _Rows(measures.total_weight(weights), squares, free)
    fits = [
        left.fit(kind, measures.on_pattern(weights, pattern), pattern.sum(axis=1))
        for kind, pattern in seen.patterns.items()
    ]
    narrow = [*fits, _one_key(stack, weights, left, seen.open_to)]
    wide = []
    if stack.two_texts:
        wide.append(_aligned(weights, left))
    elif on_grid(stack):
        own = left.fit("self", _beside(weights, 0), _beside(seen.open_to[None], 0)[0])
        wide, narrow = narrow[:1], [own, *narrow[1:]]
    else:
        near = range(-NEAR, NEAR + 1)
        mass = {offset: _beside(weights, offset) for offset in near}
        keys = {offset: _beside(seen.open_to[None], offset)[0] for offset in near}
        places = [left.fit(kind, mass[offset], keys[offset]) for kind, offset in OFFSETS.items()]
        narrow = [*places, *narrow]
        wide.append(left.fit("nearby", *(np.sum(list(of.values()), axis=0) for of in (mass, keys))))
    return _Layer(left, total, narrow, wide, resting, _evenness(weights, left))


def _beside(array: Any, offset: int) -> Array:
    """array[…, i, i + offset] for every i, 0 where there is none: (…, queries)."""
    n = array.shape[-2]
    found = np.zeros(array.shape[:-1])
    found[..., max(-offset, 0) : min(n, n - offset)] = np.diagonal(array, offset, -2, -1)
    return found


def _of_summary(stack: Stack, layer: int) -> _Layer:
    """The same of a streamed stack, as far as its summary tells: only the first token can be set
    aside, and only offsets are known."""
    n, places = stack.shape[0], np.arange(stack.shape[0])
    counts = stack.allowed_keys()[layer]
    first, total = (stack.measure(name)[layer] for name in ("first", "total"))
    if stack.two_texts:
        rows = counts > 1
        left = _Rows(total * rows, (total * rows) ** 2, counts)
        return _Layer(left, left.weight.sum(axis=-1), [], [], None, None)
    rows = ~stack.query_tokens.special & (counts > 2) & (places > 0)
    # Without the single weights their squares are taken as large as they can be.
    whole = _Rows(total * rows, (total * rows) ** 2, counts)
    rest = np.maximum(total - first, 0) * rows
    left = _Rows(rest, rest**2, counts - 1)
    resting = whole.fit("sink", first * rows, rows.astype(np.int64))
    named = [_shown(stack, 0)] * stack.n_heads
    exists = {"self": places > 0}
    if not on_grid(stack):
        exists = {"previous": places > 1, "next": places < n - 1, **exists}
    narrow = [
        left.fit(kind, np.nan_to_num(stack.measure(kind)[layer]), here & rows)
        for kind, here in exists.items()
    ]
    resting = _Fit("sink", resting.share, resting.chance, named)
    return _Layer(left, whole.weight.sum(axis=-1), narrow, [], resting, None)


def _aside(stack: Stack) -> Bools:
    """The keys that are set aside: special tokens, and in one text the first, where sinks form in
    models that have none."""
    aside = stack.key_tokens.special.copy()
    if not stack.two_texts:
        aside[:1] = True
    return aside


def _shown(stack: Stack, key: int) -> str:
    """A key in a label: special tokens as they are, others in quotes."""
    name = stack.key_tokens.names[key]
    return name if stack.key_tokens.special[key] else f'"{name}"'


def _resting(stack: Stack, weights: Array, seen: _Seen) -> _Fit | None:
    """How much each head puts on what is set aside, and on which token.

    One token is named alone when it has most of it; the share is then its own.
    """
    columns = np.flatnonzero(seen.aside)
    if not columns.size:
        return None
    rows = np.asarray(seen.allowed.any(axis=1))
    if not stack.two_texts:
        rows[:1] = False  # the first token's own row
    whole = _Rows(
        measures.total_weight(weights) * rows,
        np.einsum("hqk,hqk->hq", weights, weights) * rows,
        seen.allowed.sum(axis=1),
    )
    on = weights[:, :, columns] * rows[:, None]
    keys = (seen.allowed[:, columns] & rows[:, None]).astype(np.int64)
    each, chances = whole.fits(on, keys, rows.sum() / 2)
    together = whole.fit("sink", on.sum(axis=-1), keys.sum(axis=1), least=rows.sum() / 2)
    sums, heads = on.sum(axis=1), np.arange(len(on))
    top = sums.argmax(axis=1)
    alone = sums[heads, top] >= NAMED * sums.sum(axis=1)
    several = "special tokens" if stack.key_tokens.special[columns].all() else "first & special"
    return _Fit(
        "sink",
        np.where(alone, each[heads, top], together.share),
        np.where(alone, chances[heads, top], together.chance),
        [
            _shown(stack, int(columns[t])) if one else several
            for one, t in zip(alone.tolist(), top.tolist(), strict=True)
        ],
    )


def _one_key(stack: Stack, weights: Array, left: _Rows, open_to: Bools) -> _Fit:
    """The key that gets most, its own row left out; half of the rows must see it."""
    received = weights.sum(axis=1)
    if not stack.two_texts:
        received -= np.diagonal(weights, axis1=1, axis2=2)
    best = received.argmax(axis=1)
    columns, at = np.unique(best, return_inverse=True)
    seen = open_to[:, columns].astype(np.float64)
    if not stack.two_texts:
        seen[columns, np.arange(columns.size)] = 0
    least = open_to.any(axis=1).sum() / 2
    shares, chances = left.fits(weights[:, :, columns] * seen, seen, least, SPREADS_OF_MANY)
    heads = np.arange(len(best))
    names = [_shown(stack, key) for key in best.tolist()]
    return _Fit("one key", shares[heads, at], chances[heads, at], names)


def _aligned(weights: Array, left: _Rows) -> _Fit:
    """Every query at a key of its own choice: the mean of the largest weights."""
    base = left.weight.sum(axis=-1)
    share = divided(weights.max(axis=-1, initial=0).sum(axis=-1), base)
    return _Fit("aligned", share, divided((left.weight / np.maximum(left.free, 1)).sum(-1), base))


def _band(stack: Stack) -> Bools:
    """Keys within one of the line from the first to the last, special tokens left out."""
    queries, keys = (
        np.cumsum(~tokens.special) - 1 for tokens in (stack.query_tokens, stack.key_tokens)
    )
    slope = max(int(keys.max(initial=0)), 0) / max(int(queries.max(initial=0)), 1)
    return np.asarray(np.abs(np.subtract.outer(queries * slope, keys)) <= 1)


def _evenness(weights: Array, left: _Rows) -> Array:
    """Entropy of what is left, each row made to sum to 1, over its largest possible: 1 is even.
    Rows count by their weight. (heads,)"""
    some = left.weight > 0
    logs = np.log(left.weight, out=np.zeros_like(left.weight), where=some)
    # of w / W: -Σ (w/W) ln (w/W) = -Σ w ln w / W + ln W
    entropies = (
        np.divide(measures.entropy(weights), left.weight, out=logs.copy(), where=some) + logs
    )
    spread = np.where(some, measures.normalized(entropies, left.free), 0)
    return np.nan_to_num(divided((spread * left.weight).sum(-1), left.weight.sum(-1)))


def _lift(share: float, chance: float) -> float:
    """(share - chance) / (1 - chance); 0 where nothing is known or the mask leaves no choice."""
    if isnan(share) or isnan(chance) or chance > NO_CHANCE:
        return 0.0
    return (share - chance) / (1 - chance)


def as_rows(looks: Iterable[HeadLook]) -> Iterator[dict[str, Any]]:
    """Each head as names and plain values, for programs; None where a number is not there."""
    for one in looks:
        numbers = {"share": one.label.share, "chance": one.label.chance, **one.measures}
        yield {
            "layer": one.layer,
            "head": one.head,
            "name": one.name,
            "label": str(one.label),
            "kind": one.label.kind,
            **{name: None if isnan(value) else value for name, value in numbers.items()},
        }
