"""Facts about a record, without words: each names its sentence and brings the numbers for it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar

from attnviz.frozen import dataclass


@dataclass(frozen=True)
class Finding:
    """One fact. `sentence` names it in every language; `strength` ranks facts of one kind."""

    sentence: ClassVar[str]
    rank: ClassVar[int]  # what matters more for a reader has the lower rank
    most: ClassVar[int] = 1  # of this kind in one list

    strength: float

    def values(self) -> dict[str, Any]:
        """Return the numbers and tokens that the sentence needs."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "strength"}


# What the type of attention computed ---------------------------------------------------------


@dataclass(frozen=True)
class LocalCost(Finding):
    """A window left most scores out."""

    sentence, rank = "cost.local", 0
    window: int
    done: int
    total_scores: int
    pct: float


@dataclass(frozen=True)
class GlobalCost(Finding):
    """What the global tokens cost beside the window."""

    sentence, rank = "cost.global", 0
    extra_scores: int
    done: int
    total_scores: int


@dataclass(frozen=True)
class MaskHides(Finding):
    """The causal mask hid what comes later."""

    sentence, rank = "cost.mask", 0
    masked: int
    total_scores: int


@dataclass(frozen=True)
class FirstSeesItself(Finding):
    """Under a causal mask the first token has no choice."""

    sentence, rank = "causal.first", 7
    token: str
    pct: float


@dataclass(frozen=True)
class MeanDistance(Finding):
    """How far the weight reaches on average."""

    sentence, rank = "dist.mean", 6
    n_tokens: float


@dataclass(frozen=True)
class MeanTimeApart(Finding):
    """How far the weight reaches on average over frames of a sound, in seconds."""

    sentence, rank = "dist.time", 6
    distance: float


@dataclass(frozen=True)
class StaysNearInTime(Finding):
    """Most of the weight stays within so many seconds of the frame that listens."""

    sentence, rank = "dist.near_time", 5
    pct: float
    distance: float


@dataclass(frozen=True)
class HalfOfPicture(Finding):
    """So small a part of a picture holds half of the weight that lies on it."""

    sentence, rank = "image.half", 4
    pct: float


@dataclass(frozen=True)
class HalfOnColour(Finding):
    """Half of the weight lies on patches whose colour is near to that of the one that looks."""

    sentence, rank = "image.half_colour", 3
    pct: float


@dataclass(frozen=True)
class HalfOnPlace(Finding):
    """Half of the weight lies on patches that are near to the one that looks."""

    sentence, rank = "image.half_place", 3
    pct: float


@dataclass(frozen=True)
class StaysNear(Finding):
    """Most of the weight stays close to the query."""

    sentence, rank = "dist.near", 5
    pct: float
    n_tokens: int


@dataclass(frozen=True)
class Aligned(Finding):
    """A target token puts most of its weight on one source token."""

    sentence, rank, most = "cross.align", 1, 3
    query: str
    key: str
    pct: float


@dataclass(frozen=True)
class SharpTargets(Finding):
    """How many target tokens look mostly at one source token."""

    sentence, rank = "cross.sharp", 2
    k: int
    n_tokens: int
    threshold: float


# What one token does -------------------------------------------------------------------------


@dataclass(frozen=True)
class SetAside(Finding):
    """What a trained model rests on, once for all."""

    sentence, rank = "find.aside", 0
    tokens: tuple[str, ...]
    pct: float


@dataclass(frozen=True)
class LooksFirst(Finding):
    """What a token looks at first among what was not set aside. left: the weight on all of that."""

    sentence, rank, most = "find.first", 1, 5
    query: str
    key: str
    pct: float
    left: float


@dataclass(frozen=True)
class StrongestKey(Finding):
    """A token looks mostly at one other."""

    sentence, rank, most = "find.top", 1, 2
    query: str
    key: str
    pct: float


@dataclass(frozen=True)
class SelfWeight(Finding):
    """A token keeps most of its weight."""

    sentence, rank = "find.self", 4
    query: str
    pct: float


@dataclass(frozen=True)
class BiggestWeights(Finding):
    """A few keys share a token's weight, none with a majority."""

    sentence, rank = "find.topk", 3
    query: str
    items: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Tie(Finding):
    """Several keys get the same weight."""

    sentence, rank = "find.tie", 4
    query: str
    tokens: tuple[str, ...]
    pct: float


@dataclass(frozen=True)
class NoKeyStandsOut(Finding):
    """The largest weight is close to an equal share."""

    sentence, rank = "find.flat", 5
    query: str
    pct: float


@dataclass(frozen=True)
class FocusAndSpread(Finding):
    """The most concentrated and the most spread token."""

    sentence, rank = "find.focus", 6
    query: str
    entropy: float
    other: str
    other_entropy: float


@dataclass(frozen=True)
class MostReceived(Finding):
    """The key that gets most."""

    sentence, rank = "find.received", 3
    key: str
    pct: float


# What one head does --------------------------------------------------------------------------


@dataclass(frozen=True)
class LooksBack(Finding):
    """A head looks at the token before."""

    sentence, rank, most = "head.prev", 2, 2
    head: int
    pct: float


@dataclass(frozen=True)
class LooksAhead(Finding):
    """A head looks at the token after."""

    sentence, rank, most = "head.next", 2, 2
    head: int
    pct: float


@dataclass(frozen=True)
class LooksAtItself(Finding):
    """A head looks at the query itself."""

    sentence, rank, most = "head.self", 2, 2
    head: int
    pct: float


@dataclass(frozen=True)
class LooksAtFirst(Finding):
    """A head puts its weight on the first token: an attention sink."""

    sentence, rank = "head.sink", 2
    head: int
    pct: float
    token: str


@dataclass(frozen=True)
class Flat(Finding):
    """A head looks everywhere alike."""

    sentence, rank = "head.flat", 4
    head: int
    entropy: float
    max_entropy: float


@dataclass(frozen=True)
class Sharp(Finding):
    """A head decides each row for one key."""

    sentence, rank = "head.sharp", 5
    head: int
    pct: float
    entropy: float
    max_entropy: float


@dataclass(frozen=True)
class AlikeAndUnlike(Finding):
    """The two heads most alike, and the two most different."""

    sentence, rank = "head.alike", 6
    a: int
    b: int
    sim: float
    c: int
    d: int


# What a sentence or a line does, where they stand in place of tokens --------------------------


@dataclass(frozen=True)
class StrongestUnit(StrongestKey):
    """A sentence or a line looks mostly at one other."""

    sentence = "unit.top"


@dataclass(frozen=True)
class UnitSelfWeight(SelfWeight):
    """A sentence or a line keeps most of its weight."""

    sentence = "unit.self"


@dataclass(frozen=True)
class BiggestWeightsOfUnit(BiggestWeights):
    """A few sentences or lines share the weight of one."""

    sentence = "unit.topk"
