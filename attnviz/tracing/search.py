"""Which token comes next: greedy, sampled, or by a search over beams, as transformers does it.

A `Writer` gives the logits of the next token; the search tells it which token was chosen. Beams
are writers that part: each goes on from a copy of what another has seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol, Self

import numpy as np

from attnviz.frozen import dataclass
from attnviz.models.checkpoint.generation import Generation
from attnviz.models.layers import Floats
from attnviz.models.network.prediction_head import log_softmax, softmax
from attnviz.tracing.processors import Ids, Processor, process

FIVE = 5  # others that are kept beside the chosen token
LOST = np.float32(-1e9)  # what transformers adds to the score of a beam that is out


class Writer(Protocol):
    """A model that has read some tokens."""

    def logits(self) -> Floats:
        """Return the logits of the next token: (ids,) float32."""

    def write(self, chosen: int) -> None:
        """Read the chosen token."""

    def part(self) -> Self:
        """Return another writer that has read the same, and goes on by itself."""


@dataclass(frozen=True)
class Choice:
    """One chosen token: its probability, and the likeliest others with theirs, by the model's own
    logits, before any processor."""

    id: int
    probability: float
    others: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Search:
    """How a text is chosen. ids: the prompt (tokens,). max_length: of prompt and new tokens."""

    asked: Generation
    ids: Ids
    max_length: int
    processors: Sequence[Processor]
    random: np.random.Generator

    @property
    def n_prompt(self) -> int:
        """Tokens before the first new one."""
        return len(self.ids)


def choices(search: Search, writer: Writer) -> Iterator[Choice]:
    """Choose token after token; yield each as soon as it is known.

    Beams yield all tokens of the best one at the end.
    """
    if search.asked.num_beams > 1:
        yield from best_beam(search, writer).choices
        return
    ids = search.ids
    while len(ids) < search.max_length:
        logits = writer.logits()
        chosen = _one(search, process(search.processors, ids, logits))
        yield choice_of(logits, chosen)
        if chosen in search.asked.eos_token_id:
            return
        ids = np.append(ids, chosen)
        if len(ids) < search.max_length:
            writer.write(chosen)


def _one(search: Search, scores: Floats) -> int:
    """Choose the largest score, or draw by their softmax."""
    if not search.asked.do_sample:
        return int(scores.argmax())
    return int(search.random.choice(len(scores), p=softmax(scores)))


def choice_of(logits: Floats, chosen: int) -> Choice:
    """Say how likely the chosen token was, and the five likeliest others."""
    shares = softmax(logits)
    likely = np.argpartition(-shares, min(FIVE, len(shares) - 1))[: FIVE + 1]
    likely = likely[np.argsort(-shares[likely], kind="stable")]
    others = [(int(i), float(shares[i])) for i in likely if i != chosen][:FIVE]
    return Choice(chosen, float(shares[chosen]), tuple(others))


# Beams


@dataclass(frozen=True, eq=False)
class Beam:
    """A text on its way: its new tokens, its summed log-probability, and who goes on writing it."""

    choices: tuple[Choice, ...]
    score: np.float32
    writer: Writer | None = None

    @property
    def ids(self) -> list[int]:
        """The new tokens."""
        return [each.id for each in self.choices]


def best_beam(search: Search, writer: Writer) -> Beam:
    """Return the best text that a search over beams finds."""
    return beams(search, writer)[0]


def beams(search: Search, writer: Writer) -> list[Beam]:
    """Search over beams; return as many as there are, the best first.

    The rules are those of `GenerationMixin._beam_search` (transformers 5): the best continuations
    of all beams are candidates; those that end are finished only from among the first, with their
    score divided by length^length_penalty.
    """
    n = search.asked.num_beams
    running = [Beam((), np.float32(0), writer)]
    running += [Beam((), LOST) for _ in range(n - 1)]
    finished = [Beam((), LOST) for _ in range(n)]
    is_finished, improvable = [False] * n, True
    for length in range(search.n_prompt, search.max_length):
        found = _candidates(search, running)
        ended = [_has_ended(search, each, length + 1) for each in found]
        full = all(is_finished) and search.asked.early_stopping is True
        scored = _scored(search, found, ended, length + 1, lost=full + (not improvable))
        finished, is_finished = _best(
            [*finished, *scored], [*is_finished, *(e and i < n for i, e in enumerate(ended))], n
        )
        running = _running(found, ended, n)
        improvable = improvable and _can_improve(search, running, finished, is_finished, length + 1)
        done = all(is_finished) and search.asked.early_stopping is True
        if not improvable or done or all(ended):
            break
        running = _written(running)
    return finished


def _candidates(search: Search, running: Sequence[Beam]) -> list[Beam]:
    """The best continuations over all beams, the best first; their writers have not read them."""
    n, eos = len(running), search.asked.eos_token_id
    alive = next(beam for beam in running if beam.writer is not None)
    heirs = [alive if beam.writer is None else beam for beam in running]  # of beams that are out
    known = [heir.writer.logits() for heir in heirs if heir.writer is not None]
    scores = np.stack([
        _log_probabilities(search, heir, found) + beam.score
        for beam, heir, found in zip(running, heirs, known, strict=True)
    ])  # fmt: skip
    n_ids = scores.shape[1]
    kept = _largest(search, scores.ravel(), max(2, 1 + len(eos)) * n)
    return [_continued(running, known, int(at), scores.ravel()[at], n_ids) for at in kept]


def _log_probabilities(search: Search, beam: Beam, logits: Floats) -> Floats:
    ids = np.append(search.ids, np.array(beam.ids, dtype=np.int64))
    return process(search.processors, ids, log_softmax(logits.astype(np.float32)))


def _continued(
    running: Sequence[Beam], logits: Sequence[Floats], at: int, score: np.float32, n_ids: int
) -> Beam:
    row, chosen = divmod(at, n_ids)
    choice = choice_of(logits[row], chosen)
    return Beam((*running[row].choices, choice), score, running[row].writer)


def _largest(search: Search, scores: Floats, k: int) -> Ids:
    """The places of the k best scores; drawn by their softmax where texts are sampled."""
    k = min(k, len(scores))
    if not search.asked.do_sample:
        near = np.argpartition(-scores, k - 1)[:k]
        order: Ids = near[np.lexsort((near, -scores[near]))]
        return order
    shares = softmax(scores)
    k = min(k, int((shares > 0).sum()))
    drawn: Ids = search.random.choice(len(scores), size=k, replace=False, p=shares)
    return drawn


def _has_ended(search: Search, beam: Beam, length: int) -> bool:
    return beam.choices[-1].id in search.asked.eos_token_id or length >= search.max_length


def _scored(
    search: Search, found: Sequence[Beam], ended: Sequence[bool], length: int, lost: int
) -> list[Beam]:
    """The candidates with the scores that finished texts have; those that are out lose 1e9."""
    penalty = np.float32((length - search.n_prompt) ** search.asked.length_penalty)
    first = search.asked.num_beams
    return [
        replace(
            beam,
            score=np.float32(
                beam.score / penalty + LOST * lost + LOST * (not (has_ended and i < first))
            ),
            writer=None,
        )
        for i, (beam, has_ended) in enumerate(zip(found, ended, strict=True))
    ]


def _best(found: Sequence[Beam], flags: Sequence[bool], n: int) -> tuple[list[Beam], list[bool]]:
    order = sorted(range(len(found)), key=lambda i: -found[i].score)[:n]
    return [found[i] for i in order], [flags[i] for i in order]


def _running(found: Sequence[Beam], ended: Sequence[bool], n: int) -> list[Beam]:
    """The best that did not end."""
    scored = [
        replace(beam, score=np.float32(beam.score + LOST * has_ended))
        for beam, has_ended in zip(found, ended, strict=True)
    ]
    return sorted(scored, key=lambda beam: -beam.score)[:n]


def _can_improve(
    search: Search, running: Sequence[Beam], finished: Sequence[Beam], flags: Sequence[bool],
    length: int,
) -> bool:  # fmt: skip
    """Whether the best running beam could still beat the worst finished one."""
    penalty = search.asked.length_penalty
    longest = search.asked.early_stopping == "never" and penalty > 0
    n_new = (search.max_length if longest else length) - search.n_prompt
    best = running[0].score / np.float32(n_new**penalty)
    worst = min(beam.score for beam in finished)
    return any(best > (worst if flag else LOST) for flag in flags)


def _written(running: Sequence[Beam]) -> list[Beam]:
    """Let each beam's writer read its last token: the last beam of a writer keeps it, the others
    part from it first."""
    found, left = list[Beam](), [beam.writer for beam in running]
    for i, beam in enumerate(running):
        if beam.writer is None or beam.score <= LOST / 2:
            found.append(replace(beam, writer=None))
            continue
        again = any(other is beam.writer for other in left[i + 1 :])
        writer = beam.writer.part() if again else beam.writer
        writer.write(beam.choices[-1].id)
        found.append(replace(beam, writer=writer))
    return found
