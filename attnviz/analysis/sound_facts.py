"""Facts about the moments of a sound: what is said of tokens, in words that fit, and what lies
beyond its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from attnviz.analysis.facts import (
    Aligned,
    BiggestWeights,
    Finding,
    Flat,
    FocusAndSpread,
    LooksAhead,
    LooksAtFirst,
    LooksAtItself,
    LooksBack,
    MostReceived,
    NoKeyStandsOut,
    SelfWeight,
    SharpTargets,
    StrongestKey,
    Tie,
)
from attnviz.frozen import dataclass
from attnviz.inputs.where import Times
from attnviz.record.record import AttentionRecord
from attnviz.record.stack import Stack, Which

CELLS = 1024  # along each side of the map that is looked at where weights were not kept
WORTH_SAYING = 0.005  # what is written as less than a percent is no fact


@dataclass(frozen=True)
class BeyondEnd(Finding):
    """Weight on what was filled up with silence."""

    sentence, rank = "sound.beyond", 0
    pct: float


class MomentTop(StrongestKey):
    """A moment looks mostly at one other."""

    sentence = "sound.top"


class MomentItself(SelfWeight):
    """A moment keeps most of its weight."""

    sentence = "sound.self"


class MomentTopK(BiggestWeights):
    """A few moments share the weight of one."""

    sentence = "sound.topk"


class MomentTie(Tie):
    """Several moments get the same weight."""

    sentence = "sound.tie"


class MomentFlat(NoKeyStandsOut):
    """No moment stands out for another."""

    sentence = "sound.none"


class MomentFocus(FocusAndSpread):
    """The most concentrated and the most spread moment."""

    sentence = "sound.focus"


class MomentReceived(MostReceived):
    """The moment that gets most."""

    sentence = "sound.received"


class HearsBack(LooksBack):
    """A head listens to the moment before."""

    sentence = "sound.prev"


class HearsAhead(LooksAhead):
    """A head listens to the moment after."""

    sentence = "sound.next"


class HearsItself(LooksAtItself):
    """A head listens to the moment itself."""

    sentence = "sound.same"


class HearsFirst(LooksAtFirst):
    """A head puts its weight on the first moment."""

    sentence = "sound.sink"


class HearsAll(Flat):
    """A head listens everywhere alike."""

    sentence = "sound.flat"


class WordAt(Aligned):
    """A word puts most of its weight on one moment."""

    sentence = "sound.align"


class SharpWords(SharpTargets):
    """How many words look mostly at one moment."""

    sentence = "sound.sharp"


OF_WORDS: Mapping[type[Finding], type[Finding]] = {
    Aligned: WordAt,
    MostReceived: MomentReceived,
    SharpTargets: SharpWords,
}
OF_MOMENTS: Mapping[type[Finding], type[Finding]] = {
    StrongestKey: MomentTop,
    SelfWeight: MomentItself,
    BiggestWeights: MomentTopK,
    Tie: MomentTie,
    NoKeyStandsOut: MomentFlat,
    FocusAndSpread: MomentFocus,
    MostReceived: MomentReceived,
    LooksBack: HearsBack,
    LooksAhead: HearsAhead,
    LooksAtItself: HearsItself,
    LooksAtFirst: HearsFirst,
    Flat: HearsAll,
}


def of_sound(
    record: AttentionRecord, layer: int, head: Which, found: Iterable[Finding]
) -> Iterator[Finding]:
    """Give facts of a record whose keys are moments of a sound the sentences that fit them, and add
    how much lies beyond its end; facts of any other record stay as they are."""
    stack = record.stack
    if not isinstance(stack.key_tokens.where, Times):
        yield from found
        return
    kinds = OF_WORDS if stack.query_tokens.where is None else OF_MOMENTS
    for fact in found:
        kind = kinds.get(type(fact))
        yield fact if kind is None else kind(**vars(fact))
    share = beyond(stack, layer, head)
    if share >= WORTH_SAYING:
        yield BeyondEnd(share, share)


def beyond(stack: Stack, layer: int, head: Which) -> float:
    """Return the share of the weight on frames that begin after the sound has ended, the mean over
    all queries. Where a map was kept in place of weights, a cell counts for what it holds beyond
    it."""
    where = stack.key_tokens.where
    assert isinstance(where, Times)  # the caller made sure
    late = (where.times[:, 0] >= where.duration).astype(np.float64)
    if not late.any():
        return 0.0
    pooled = stack.map(layer, head, max(stack.shape) if not stack.streamed else CELLS)
    width = pooled.cells[1]
    parts = np.add.reduceat(late, np.arange(0, len(late), width))
    return float((np.nan_to_num(pooled.mean).mean(axis=0) * parts[: pooled.mean.shape[1]]).sum())
