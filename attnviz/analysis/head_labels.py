"""What every head of a stack looks at: its measures, and the label that fits it best.

A label is chosen after the sink is set aside: the first token and the special tokens are taken out
of every row, as keys and as queries, and what is left is compared with what chance would give. The
mean over rows is weighted by the weight that is left in them, so a head that does its work in some
rows and rests in the others is judged by its work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf, isnan
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
from attnviz.analysis.head_patterns import (
    LEAST_ROWS,
    PLACES,
    SPREADS_OF_MANY,
    Fit,
    Label,
    LayerFits,
    Rows,
)
from attnviz.attention import measures
from attnviz.frozen import dataclass
from attnviz.record.stack import Floats, Stack

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

OFFSETS = {"previous": -1, "next": 1, "self": 0}
WITHOUT_PATTERN = ("sink", "spread", "other", "short", "unknown")

NEAR = 2  # tokens to each side that count as nearby
AT_ONCE = 1 << 25  # bytes of weights that are looked at together
NAMED = 0.75  # of the weight set aside that one token must have to be named alone


@dataclass(frozen=True)
class HeadLook:
    """One head: the number of its layer and its own, its name if it has one, its label and its
    measures (NaN: not there)."""

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
    """Return every head of the chosen layers, or of all, in order."""
    wanted = tuple(range(stack.n_layers)) if layers is None else tuple(layers)
    numbers = measured(stack, wanted)
    found = []
    every = labels_of(stack, wanted)
    for place, layer in enumerate(wanted):
        labels = every[layer]
        for head in range(stack.n_heads):
            of_head = {name: float(numbers[name][place, head]) for name in MEASURES}
            found.append(
                HeadLook(
                    stack.layer_numbers[layer], head, stack.head_name(head), labels[head], of_head
                )
            )
    return tuple(found)


def ranked(looks: Sequence[HeadLook], sort: str | None = None) -> list[HeadLook]:
    """Return the heads by a measure, the largest first (entropies: the smallest), what has none
    last.

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


def labels_of(stack: Stack, layers: Sequence[int]) -> dict[int, list[Label]]:
    """Return the labels of every head, by layer."""
    if stack.weights is None:
        return {i: _label_heads(_of_summary(stack, i), range(stack.n_heads)) for i in layers}
    found: dict[int, list[Label]] = {layer: [] for layer in layers}
    for some, n, fits in _looked_at(stack, layers):
        for i, layer in enumerate(some):
            found[layer] += _label_heads(fits, range(i * n, (i + 1) * n))
    return found


def kinds_of(stack: Stack) -> NDArray[np.int64]:
    """Return the kind of every head's label, as places in `head_patterns.KINDS`: (layers, heads)"""
    layers = range(stack.n_layers)
    if stack.weights is None:
        labels = labels_of(stack, layers)
        return np.array([[PLACES[label.kind] for label in labels[layer]] for layer in layers])
    parts: dict[int, list[NDArray[np.int64]]] = {layer: [] for layer in layers}
    for some, n, fits in _looked_at(stack, layers):
        kinds = fits.kinds().reshape(len(some), n)
        for i, layer in enumerate(some):
            short = _is_short(fits, slice(i * n, (i + 1) * n))
            parts[layer].append(np.full(n, PLACES["short"]) if short else kinds[i])
    return np.stack([np.concatenate(parts[layer]) for layer in layers])


def _looked_at(
    stack: Stack, layers: Sequence[int]
) -> Iterator[tuple[Sequence[int], int, LayerFits]]:
    """Heads that are looked at together: their layers, how many of each, and what fits them.

    Heads are looked at one after the other where many would need much memory; of a short text,
    those of all layers that see the same at once.
    """
    assert stack.weights is not None
    together = max(AT_ONCE // max(stack.weights[0, 0].nbytes, 1), 1)
    for group in _alike(stack, layers):
        seen = _Seen.of(stack, group[0])
        at_once = max(together // stack.n_heads, 1)
        for start in range(0, len(group), at_once):
            some = group[start : start + at_once]
            for first in range(0, stack.n_heads, together):
                weights = stack.weights[some, first : first + together]
                flat = weights.reshape(-1, *weights.shape[2:])
                yield some, weights.shape[1], _of_weights(stack, flat, seen)


def _alike(stack: Stack, layers: Sequence[int]) -> list[list[int]]:
    """The layers in groups that have the same mask; without masks each layer shows its own."""
    groups: dict[Any, list[int]] = {}
    for layer in layers:
        groups.setdefault(stack.masks[layer] if stack.masks else layer, []).append(layer)
    return list(groups.values())


def _label_heads(layer: LayerFits, heads: range) -> list[Label]:
    """The labels of the heads of one layer, among all that were looked at together."""
    own = slice(heads.start, heads.stop)
    if _is_short(layer, own):
        return [Label("short")] * len(heads)
    return [layer.label(head) for head in heads]


def _is_short(layer: LayerFits, heads: slice) -> bool:
    """Whether too few rows are left to tell anything of these heads."""
    rows = int(layer.left.weight[heads].any(axis=0).sum())
    return rows < LEAST_ROWS and not _rests(layer, heads)


def _rests(layer: LayerFits, heads: slice) -> bool:
    """Whether the rows would be enough, had the heads left anything in them."""
    return layer.resting is not None and bool(np.isfinite(layer.resting.share[heads]).any())


@dataclass(frozen=True)
class _Seen:
    """What the heads of a layer may look at.

    allowed: (queries, keys), by the mask, in the rows that can tell. open_to: of these, what is
    not set aside. aside: (keys,). patterns: (queries, keys), what heads of a kind would look
    at, of what is open; those that are offsets need no array.
    """

    allowed: Bools
    open_to: Bools
    aside: Bools
    patterns: Mapping[str, Bools]

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
        told = {kind: pattern & open_to for kind, pattern in patterns.items()}
        return _Seen(allowed, open_to, aside, told)


def _of_weights(stack: Stack, every: Floats, seen: _Seen) -> LayerFits:
    """Some heads of a layer: (heads, queries, keys)."""
    weights: Array = np.multiply(every, seen.allowed.astype(np.float64))
    whole = Rows(
        measures.total_weight(weights),
        np.einsum("hqk,hqk->hq", weights, weights),
        seen.allowed.sum(axis=1),
    )
    resting = _resting(stack, weights, whole, seen)
    weights[:, :, seen.aside] = 0
    squares, free = np.einsum("hqk,hqk->hq", weights, weights), seen.open_to.sum(axis=1)
    left = Rows(measures.total_weight(weights), squares, free)
    told = {
        kind: (measures.on_pattern(weights, pattern), pattern.sum(axis=1))
        for kind, pattern in seen.patterns.items()
        if pattern.any()  # nothing fits what is not there
    }
    found = left.fit_each(_places_of(stack, weights, seen) | told)
    wide = [found.pop(kind) for kind in ("nearby",) if kind in found]
    if stack.two_texts:
        wide.append(_aligned(weights, left))
    narrow = [*found.values(), _one_key(stack, weights, left, seen.open_to)]
    total = whole.weight.sum(axis=-1)
    return LayerFits(left, total, narrow, wide, resting, _evenness(weights, left))


def _places_of(stack: Stack, weights: Array, seen: _Seen) -> dict[str, tuple[Array, Array]]:
    """What heads put on keys at a place beside the query, and how many such keys there are."""
    if stack.two_texts:
        return {}
    if on_grid(stack):
        return {"self": (_beside(weights, 0), _beside(seen.open_to[None], 0)[0])}
    near = range(-NEAR, NEAR + 1)
    mass = {offset: _beside(weights, offset) for offset in near}
    keys = {offset: _beside(seen.open_to[None], offset)[0] for offset in near}
    together = np.sum([*mass.values()], axis=0), np.sum([*keys.values()], axis=0)
    places = {kind: (mass[offset], keys[offset]) for kind, offset in OFFSETS.items()}
    return {**places, "nearby": together}


def _beside(array: Any, offset: int) -> Array:
    """array[…, i, i + offset] for every i, 0 where there is none: (…, queries)."""
    n = array.shape[-2]
    found = np.zeros(array.shape[:-1])
    found[..., max(-offset, 0) : min(n, n - offset)] = np.diagonal(array, offset, -2, -1)
    return found


def _of_summary(stack: Stack, layer: int) -> LayerFits:
    """The same of a streamed stack, as far as its summary tells: only the first token can be set
    aside, and only offsets are known."""
    n, places = stack.shape[0], np.arange(stack.shape[0])
    counts = stack.allowed_keys()[layer]
    first, total = (stack.measure(name)[layer] for name in ("first", "total"))
    if stack.two_texts:
        rows = counts > 1
        left = Rows(total * rows, (total * rows) ** 2, counts)
        return LayerFits(left, left.weight.sum(axis=-1), [], [], None, None)
    rows = ~stack.query_tokens.special & (counts > 2) & (places > 0)
    # Without the single weights their squares are taken as large as they can be.
    whole = Rows(total * rows, (total * rows) ** 2, counts)
    rest = np.maximum(total - first, 0) * rows
    left = Rows(rest, rest**2, counts - 1)
    resting = whole.fit("sink", first * rows, rows.astype(np.int64))
    named = [_shown(stack, 0)] * stack.n_heads
    exists = {"self": places > 0}
    if not on_grid(stack):
        exists = {"previous": places > 1, "next": places < n - 1, **exists}
    narrow = [
        left.fit(kind, np.nan_to_num(stack.measure(kind)[layer]), here & rows)
        for kind, here in exists.items()
    ]
    resting = Fit("sink", resting.share, resting.chance, named)
    return LayerFits(left, whole.weight.sum(axis=-1), narrow, [], resting, None)


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


def _resting(stack: Stack, weights: Array, whole: Rows, seen: _Seen) -> Fit | None:
    """How much each head puts on what is set aside, and on which token.

    One token is named alone when it has most of it; the share is then its own.
    """
    columns = np.flatnonzero(seen.aside)
    if not columns.size:
        return None
    rows = np.asarray(seen.allowed.any(axis=1))
    if not stack.two_texts:
        rows[:1] = False  # the first token's own row
    whole = Rows(whole.weight * rows, whole.squares * rows, whole.free)
    on = weights[:, :, columns] * rows[:, None]
    keys = (seen.allowed[:, columns] & rows[:, None]).astype(np.int64)
    each, chances = whole.fits(on, keys, rows.sum() / 2)
    together = whole.fit("sink", on.sum(axis=-1), keys.sum(axis=1), least=rows.sum() / 2)
    sums, heads = on.sum(axis=1), np.arange(len(on))
    top = sums.argmax(axis=1)
    alone = sums[heads, top] >= NAMED * sums.sum(axis=1)
    several = "special tokens" if stack.key_tokens.special[columns].all() else "first & special"
    return Fit(
        "sink",
        np.where(alone, each[heads, top], together.share),
        np.where(alone, chances[heads, top], together.chance),
        [
            _shown(stack, int(columns[t])) if one else several
            for one, t in zip(alone.tolist(), top.tolist(), strict=True)
        ],
    )


def _one_key(stack: Stack, weights: Array, left: Rows, open_to: Bools) -> Fit:
    """The key that gets most, its own row left out; half of the rows must see it."""
    received = weights.sum(axis=1)
    if not stack.two_texts:
        received -= np.diagonal(weights, axis1=1, axis2=2)
    best = received.argmax(axis=1)
    seen = open_to.T[best].astype(np.float64)  # (heads, queries)
    if not stack.two_texts:
        seen[np.arange(best.size), best] = 0
    mass = np.take_along_axis(weights, best[:, None, None], axis=2)[..., 0] * seen
    least = open_to.any(axis=1).sum() / 2
    share, chance = left.fits_own(mass, seen, least, SPREADS_OF_MANY)
    named = {key: _shown(stack, key) for key in set(best.tolist())}
    return Fit("one key", share, chance, [named[key] for key in best.tolist()])


def _aligned(weights: Array, left: Rows) -> Fit:
    """Every query at a key of its own choice: the mean of the largest weights."""
    base = left.weight.sum(axis=-1)
    share = divided(weights.max(axis=-1, initial=0).sum(axis=-1), base)
    return Fit("aligned", share, divided((left.weight / np.maximum(left.free, 1)).sum(-1), base))


def _band(stack: Stack) -> Bools:
    """Keys within one of the line from the first to the last, special tokens left out."""
    queries, keys = (
        np.cumsum(~tokens.special) - 1 for tokens in (stack.query_tokens, stack.key_tokens)
    )
    slope = max(int(keys.max(initial=0)), 0) / max(int(queries.max(initial=0)), 1)
    return np.asarray(np.abs(np.subtract.outer(queries * slope, keys)) <= 1)


def _evenness(weights: Array, left: Rows) -> Array:
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


def as_rows(looks: Iterable[HeadLook]) -> Iterator[dict[str, Any]]:
    """Return each head as names and plain values, for programs; None where a number is not
    there."""
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
