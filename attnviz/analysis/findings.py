"""A record → facts without words. A language turns each into a sentence.

A fact is found only where it is strong enough to be worth a sentence: each threshold stands beside
its reason, and every number of a fact is computed from the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.analysis.facts import (
    Aligned,
    AlikeAndUnlike,
    BiggestWeights,
    BiggestWeightsOfUnit,
    Finding,
    FirstSeesItself,
    Flat,
    FocusAndSpread,
    GlobalCost,
    LocalCost,
    LooksAhead,
    LooksAtFirst,
    LooksAtItself,
    LooksBack,
    MaskHides,
    MeanDistance,
    MeanTimeApart,
    MostReceived,
    NoKeyStandsOut,
    SelfWeight,
    Sharp,
    SharpTargets,
    StaysNear,
    StaysNearInTime,
    StrongestKey,
    StrongestUnit,
    Tie,
    UnitSelfWeight,
)
from attnviz.analysis.image_facts import of_picture
from attnviz.analysis.links import SINK, links, set_aside
from attnviz.analysis.names import token_names
from attnviz.analysis.sound_facts import BeyondEnd, of_sound
from attnviz.inputs.where import Boxes, Times
from attnviz.language.language import Saving
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack, Which

MOST = 8  # facts that one run is worth

MAJORITY = 0.5  # more than all other keys together
EVEN = 0.95  # of the largest possible entropy: no reader would see a difference from uniform
SHARP = 0.9  # mean of the largest weights: one key decides each row
TIE = 0.005  # two weights that are written as the same percent
WORTH_A_TIE = 0.25  # shared by four keys or fewer
MOST_TIED = 4
TWICE = 2.0  # times the equal share: below that no key stands out, from there on one does
APART = 0.5  # nats between the most focused and the most spread token
ALIKE, UNLIKE = 0.8, 0.5  # 1 - Jensen-Shannon divergence / ln 2
NEAR = 3  # tokens to each side that count as near
LITTLE = 0.25  # a quarter: a key with more does stand out, however few keys there are
FEW = 4  # tokens below which being flat or spread says nothing
EXAMINED = 1024  # cells a side of the mask that is looked at to know what chance would give
DENSE_PAIRS = 1 << 22  # weights of a head up to which heads are compared one by one

Array = NDArray[Any]


# What is said of a token and is as true of a sentence or a line; nothing else is.
OF_UNITS: dict[type[Finding], type[Finding]] = {
    StrongestKey: StrongestUnit,
    Aligned: StrongestUnit,
    SelfWeight: UnitSelfWeight,
    BiggestWeights: BiggestWeightsOfUnit,
}

PLACES: dict[str, type[LooksBack | LooksAhead | LooksAtItself]] = {
    "previous": LooksBack,
    "next": LooksAhead,
    "self": LooksAtItself,
}


def findings(
    record: AttentionRecord,
    layer: int = 0,
    head: Which = "mean",
    heads: tuple[int, ...] = (),
    rows: Sequence[int] = (),
) -> list[Finding]:
    """Return every fact that is strong enough, what matters most first.

    Facts about tokens are taken from `head`, or the mean of the heads; facts about heads from
    `heads`, or from all of them. Several chosen heads have no facts about tokens in common. What a
    trained model rests on is set aside, and its words are ranked by what is left.
    rows: the queries that were asked for; none for all. Of rows there are facts about tokens alone.
    """
    stack = record.stack
    if record.units:
        return _ranked(_of_units(record, layer, head, rows)) if len(heads) < 2 else []
    if rows:
        of_rows = _of_tokens(record, layer, head, rows)
        return [each for each in _ranked(of_sound(record, layer, head, of_rows))
                if not isinstance(each, BeyondEnd)]  # fmt: skip
    on_picture = isinstance(stack.key_tokens.where, Boxes)
    found = [
        *(() if _is_part(record) else _of_type(record, layer)),
        *(_of_two_texts(stack, layer, head) if _two_texts(record) else ()),
        *(() if stack.two_texts or on_picture else _of_reach(stack, layer)),
        *(of_picture(stack, layer, head) if on_picture and len(heads) < 2 else ()),
        *(_of_tokens(record, layer, head) if len(heads) < 2 else ()),
        *_of_heads(stack, layer, heads),
    ]
    return _ranked(of_sound(record, layer, head, found))


def _two_texts(record: AttentionRecord) -> bool:
    """Whether queries and keys are of two texts, and not two parts of one."""
    stack = record.stack
    text = stack.query_tokens.text
    of_one = record.name != "cross" and text and text == stack.key_tokens.text
    return stack.two_texts and not of_one


def _is_part(record: AttentionRecord) -> bool:
    """Whether tokens were cut away or hidden: what was computed is then more than what is there."""
    settings = record.settings
    return any(kept is not None for kept in (settings.rows, settings.columns, settings.hidden))


def _ranked(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda fact: (fact.rank, -round(fact.strength, 2)))


def best(found: list[Finding], most: int = MOST) -> list[Finding]:
    """Return the facts worth a reader's time: the strongest of each kind, at most `most` in all."""
    kept: list[Finding] = []
    for fact in found:
        if sum(isinstance(other, type(fact)) for other in kept) < fact.most and len(kept) < most:
            kept.append(fact)
    return kept


def _of_type(record: AttentionRecord, layer: int) -> Iterator[Finding]:
    stack = record.stack
    (n, m), kind = stack.shape, record.kind
    if not stack.masks:
        return
    done = int(stack.allowed_keys()[layer].sum())
    saved = 1 - done / (n * m)
    window = record.settings.window
    if kind == "local" and done < n * m and window is not None:
        yield LocalCost(saved, window, done, n * m, Saving(saved))
    if kind == "global" and done < n * m and window is not None:
        i = np.arange(n)
        band = np.minimum(i + window, n - 1) - np.maximum(i - window, 0) + 1
        if extra := done - int(band.sum()):
            yield GlobalCost(saved, extra, done, n * m)
    if kind == "causal" and n > 1 and done == n * (n + 1) // 2:  # no window besides
        yield MaskHides(saved, n * m - done, n * m)
        first = float(stack.map(layer, "mean", max(n, m)).mean[0, 0]) if n <= 512 else 1.0
        yield FirstSeesItself(0.0, stack.query_tokens.labels[0], first)


def _of_two_texts(stack: Stack, layer: int, head: Which) -> Iterator[Finding]:
    keys, weights = stack.strongest(layer, head, 1)
    sharp = np.flatnonzero(weights[:, 0] > MAJORITY)
    queries, names = token_names(stack.query_tokens), token_names(stack.key_tokens)
    for row in sharp.tolist():
        labels = queries[row], names[keys[row, 0]]
        yield Aligned(float(weights[row, 0]), *labels, float(weights[row, 0]))
    if sharp.size:
        share = sharp.size / len(keys)
        yield SharpTargets(share, int(sharp.size), len(keys), MAJORITY)


def _of_reach(stack: Stack, layer: int) -> Iterator[Finding]:
    n = stack.shape[0]
    if n < FEW:
        return
    hop = _hop(stack)
    reach = stack.measure("distance")[layer]
    if np.isfinite(reach).any():
        mean = float(np.nanmean(reach))
        even = _even_distance(stack, layer)
        if even and not 0.75 < mean / even < 1.25:  # a quarter off what chance would give
            off = abs(mean / even - 1)
            yield MeanTimeApart(off, mean * hop) if hop else MeanDistance(off, mean)
    if stack.weights is not None and n > 4 * NEAR:  # else everything is near
        i = np.arange(n)
        near = np.abs(np.subtract.outer(i, i)) <= NEAR
        share = float((stack.weights[layer] * near).sum(axis=-1).mean())
        counts = stack.allowed_keys()[layer]
        band = np.minimum(i + NEAR, n - 1) - np.maximum(i - NEAR, 0) + 1
        even = float((np.minimum(band, counts) / np.maximum(counts, 1)).mean())
        if share > MAJORITY and even <= MAJORITY:  # not because of the mask alone
            near_time = StaysNearInTime(share, share, NEAR * (hop or 0))
            yield near_time if hop else StaysNear(share, share, NEAR)


def _hop(stack: Stack) -> float | None:
    """Seconds from one frame of a sound to the next; None for tokens that are no even frames."""
    where = stack.query_tokens.where
    if not isinstance(where, Times) or len(where.times) < 2:
        return None
    steps = np.diff(where.times[:, 0])
    hop = float(steps.mean())
    return hop if hop > 0 and np.allclose(steps, hop, rtol=0.01) else None


def _even_distance(stack: Stack, layer: int) -> float:
    """The mean distance if every query weighed the keys it may see alike."""
    n = stack.shape[0]
    allowed = stack.allowed(layer, min(n, EXAMINED))
    i = np.arange(len(allowed))
    apart = np.abs(np.subtract.outer(i, i)) * allowed
    return float((apart.sum(axis=1) / np.maximum(allowed.sum(axis=1), 1)).mean() * n / len(i))


def _of_tokens(
    record: AttentionRecord, layer: int, head: Which, rows: Sequence[int] = ()
) -> Iterator[Finding]:
    stack = record.stack
    aside = set_aside(record, layer, head)
    if aside.size or (record.settings.hidden and not record.units):
        yield from links(record, layer, head, aside, rows)
        return
    labels, names = token_names(stack.query_tokens), token_names(stack.key_tokens)
    keys, weights = stack.strongest(layer, head, min(MOST_TIED, stack.shape[1]))
    allowed = stack.allowed_keys()[layer]
    queries, columns = _places(stack)
    for row, label in enumerate(labels):
        first, share = int(keys[row, 0]), float(weights[row, 0])
        if (rows and row not in rows) or allowed[row] < 2:  # a row without a choice says nothing
            continue
        if share > MAJORITY and not _two_texts(record):
            itself = queries[row] == columns[first]
            yield (
                SelfWeight(share, label, share)
                if itself
                else StrongestKey(share, label, names[first], share)
            )
        elif share <= MAJORITY:
            yield from _of_shared_row(label, names, keys[row], weights[row], int(allowed[row]))
    if not rows:
        yield from _of_all_tokens(stack, layer, head, allowed)


def _places(stack: Stack) -> tuple[list[object], list[object]]:
    """What tells each query and each key from the others of their text."""
    if stack.place is not None or not stack.two_texts:
        rows, columns = stack.positions
        return list(rows.tolist()), list(columns.tolist())
    # a part that was saved knows the characters that its tokens cover, and no more
    rows, columns = stack.query_tokens.spans, stack.key_tokens.spans
    return [tuple(span) for span in rows.tolist()], [tuple(span) for span in columns.tolist()]


def _of_units(
    record: AttentionRecord, layer: int, head: Which, rows: Sequence[int]
) -> Iterator[Finding]:
    """Facts about sentences or lines. Those about places, masks and costs count tokens, and what is
    received or spread evenly depends on how long each is."""
    of_two = _of_two_texts(record.stack, layer, head) if _two_texts(record) else ()
    for fact in (*of_two, *_of_tokens(record, layer, head, rows)):
        if type(fact) in OF_UNITS:
            yield OF_UNITS[type(fact)](**vars(fact))


def _of_shared_row(
    label: str, names: tuple[str, ...], keys: Array, weights: Array, allowed: int
) -> Iterator[Finding]:
    largest, second = float(weights[0]), float(weights[1])
    if largest < TWICE / allowed and largest <= LITTLE:
        yield NoKeyStandsOut(1 - largest * allowed / TWICE, label, largest)
    if largest - second < TIE and second >= WORTH_A_TIE:
        equal = [int(k) for k, w in zip(keys, weights, strict=True) if largest - w < TIE]
        yield Tie(largest, label, tuple(names[k] for k in equal), largest)
    together = float(weights[:3].sum())
    if allowed > FEW and together >= 0.75:  # three keys explain the row
        items = tuple((names[k], float(w)) for k, w in zip(keys[:3], weights[:3], strict=True))
        yield BiggestWeights(together, label, items)


def _of_all_tokens(stack: Stack, layer: int, head: Which, allowed: Array) -> Iterator[Finding]:
    entropies = _of_head(stack.measure("entropy")[layer], head)
    free = np.flatnonzero(allowed >= 2)
    if free.size > 1:
        low, high = free[np.argmin(entropies[free])], free[np.argmax(entropies[free])]
        gap = float(entropies[high] - entropies[low])
        if gap >= APART:
            labels = token_names(stack.query_tokens)
            yield FocusAndSpread(
                gap, labels[low], float(entropies[low]), labels[high], float(entropies[high])
            )
    received = _of_head(stack.measure("received")[layer], head)
    key = int(np.argmax(received))
    if received.size >= FEW and received[key] >= TWICE / received.size:
        yield MostReceived(
            float(received[key]), token_names(stack.key_tokens)[key], float(received[key])
        )


def _of_heads(stack: Stack, layer: int, heads: tuple[int, ...]) -> Iterator[Finding]:
    if min(stack.shape) >= FEW:
        names = ["entropy", "normalized_entropy", "largest", "first", "received"]
        names += [] if stack.two_texts else list(PLACES)
        allowed = stack.allowed_keys()[layer]
        free = allowed >= 2  # a row without a choice says nothing
        most = float(np.log(allowed[free]).mean()) if free.any() else 0.0
        measured = {
            name: values if name == "received" else np.where(free, values, np.nan)
            for name, values in ((name, stack.measure(name)[layer]) for name in names)
        }
        for head in heads or range(stack.n_heads):
            yield from _of_one_head(stack, head, {n: m[head] for n, m in measured.items()}, most)
    if not heads:
        yield from _of_pairs(stack, layer)


def _of_one_head(
    stack: Stack, head: int, measured: dict[str, Array], most: float
) -> Iterator[Finding]:
    places = sorted(_of_place(stack, head, measured), key=lambda fact: -fact.strength)
    yield from places[:1]
    entropy, even, largest = (
        _mean(measured[name]) for name in ("entropy", "normalized_entropy", "largest")
    )
    if even >= EVEN and stack.computed() * 2 > stack.shape[0] * stack.shape[1]:
        yield Flat(even, head, entropy, most)  # and it sees most of the tokens: "all" is true
    elif largest >= SHARP and not places:
        yield Sharp(largest, head, largest, entropy, most)


def _of_place(stack: Stack, head: int, measured: dict[str, Array]) -> Iterator[Finding]:
    for name, kind in PLACES.items():
        if name in measured and (share := _mean(measured[name])) > MAJORITY:
            yield kind(share, head, share)
    # The first row of one text has little choice but the first token.
    first = _mean(measured["first"][0 if stack.two_texts else 1 :])
    special = np.flatnonzero(stack.key_tokens.special)
    built = stack.head_name(head)
    may_rest = not built or built.startswith("first")  # a head built for another thing has no sink
    if may_rest and first >= max(SINK, TWICE / stack.shape[1]) and 0 not in special:
        yield LooksAtFirst(first, head, first, stack.key_tokens.labels[0])


def _mean(values: Array) -> float:
    """The mean over the queries that have such a key."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else 0.0


def _of_pairs(stack: Stack, layer: int) -> Iterator[Finding]:
    if stack.weights is None or stack.n_heads < 3 or stack.weights[0, 0].size > DENSE_PAIRS:
        return
    pairs = list(combinations(range(stack.n_heads), 2))
    heads = stack.weights[layer]
    known = [_information(head) for head in heads]
    alike = [1 - _divergence(heads[a], heads[b], known[a] + known[b]) for a, b in pairs]
    high, low = int(np.argmax(alike)), int(np.argmin(alike))
    if alike[high] >= ALIKE and alike[low] <= UNLIKE:
        yield AlikeAndUnlike(alike[high], *pairs[high], alike[high], *pairs[low])


def _divergence(first: Array, second: Array, known: float) -> float:
    """The mean Jensen-Shannon divergence of their rows / ln 2: 0 equal, 1 nothing shared.

    known: the sum of both heads' information."""
    middle = np.add(first, second, dtype=np.float64)
    middle /= 2
    return known / 2 - _information(middle)


def _information(weights: Array) -> float:
    """The mean over the rows of the sum of w log2 w: minus the entropy in bits."""
    exact = weights.astype(np.float64, copy=False)
    logarithms = np.maximum(exact, np.finfo(np.float64).tiny)  # 0 log 0 is 0
    np.log2(logarithms, out=logarithms)
    return float(np.einsum("qk,qk->", exact, logarithms)) / len(weights)


def _of_head(values: Array, head: Which) -> Array:
    """One head's values (tokens,), or the mean of all heads'."""
    chosen: Array = values.mean(axis=0) if head == "mean" else values[head]
    return chosen
